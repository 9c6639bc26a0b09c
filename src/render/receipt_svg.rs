//! A receipt as one SVG page.

use crate::report::ReceiptView;

/// A QR code as a square of modules, quiet zone not included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    size: usize,
    dark: Vec<bool>,
}

impl Matrix {
    /// A square of `size` modules; `dark` is asked for each column and row.
    pub fn new(size: usize, dark: impl Fn(usize, usize) -> bool) -> Self {
        let cells = (0..size).flat_map(|row| (0..size).map(move |column| (column, row)));
        Matrix { size, dark: cells.map(|(column, row)| dark(column, row)).collect() }
    }

    /// Modules a side.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether a module is dark; outside the code everything is light.
    pub fn is_dark(&self, column: usize, row: usize) -> bool {
        column < self.size && self.dark.get(row * self.size + column).copied().unwrap_or(false)
    }
}

/// The receipt with the codes of its note and its proof; none for a draft.
pub fn receipt(_view: &ReceiptView, _codes: Option<(&Matrix, &Matrix)>) -> String {
    String::new()
}

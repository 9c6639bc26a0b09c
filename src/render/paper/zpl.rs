//! Dots for label printers that speak ZPL II (Zebra and others): one graphic field
//! (`^GF`), since no such printer has Japanese type, and the code keeps its dots.

use super::bitmap::Bitmap;

/// One label format.
pub fn zpl(bitmap: &Bitmap) -> Vec<u8> {
    let bytes = bitmap.width().div_ceil(8);
    let total = bytes * bitmap.height();
    let mut out = format!(
        "^XA\n^PW{}\n^LL{}\n^LH0,0\n^FO0,0^GFA,{total},{total},{bytes},\n",
        bitmap.width(),
        bitmap.height()
    );
    for row in 0..bitmap.height() {
        out.push_str(&data_encoding::HEXUPPER.encode(&bitmap.row(row)));
        out.push('\n');
    }
    out.push_str("^FS\n^PQ1\n^XZ\n");
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_printer_gets() {
        let text = String::from_utf8(zpl(&Bitmap::blank(12, 2))).unwrap();
        assert_eq!(
            text,
            "^XA\n^PW12\n^LL2\n^LH0,0\n^FO0,0^GFA,4,4,2,\n0000\n0000\n^FS\n^PQ1\n^XZ\n"
        );
    }
}

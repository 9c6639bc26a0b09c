//! Reports as text for a terminal or a sheet of paper.

mod bound;
mod certificate;
mod check;
mod comparison;
mod copies;
mod due;
mod evidence;
mod history;
mod incident;
mod labels;
mod layout;
mod log;
mod medium;
mod notices;
mod parties;
mod policy;
mod printing;
mod proven;
mod receipt;
mod register;
mod registration;
mod requests;
mod scan;
mod searches;
mod sheet;
mod simulation;
mod soundness;
mod statement;
mod status;
mod verification;
mod watch;
mod workbook;

pub use bound::bounds;
pub use certificate::{erasure, retirement};
pub use check::{check, drawn, open_round};
pub use comparison::comparison;
pub use copies::{backup, checkpoint_signed, continuation, publication, restoration};
pub use due::due;
pub use evidence::evidence;
pub use history::history;
pub use incident::incident;
pub use labels::labels;
pub use log::log;
pub use medium::medium;
pub use notices::notices;
pub use parties::{parties, party};
pub use policy::policy;
pub use printing::{print_jobs, printers};
pub use proven::proven;
pub use receipt::receipt;
pub use register::register;
pub use registration::registration;
pub use requests::{request, requests};
pub use scan::scan;
pub use searches::searches;
pub use sheet::{check_sheet, round};
pub use simulation::simulation;
pub use soundness::soundness;
pub use statement::statement_summary;
pub use status::status;
pub use verification::{ledger_verification, receipt_verification};
pub use watch::watch_event;
pub use workbook::workbook;

/// How text is laid out. Whoever prints decides both: nothing here looks at a
/// terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns; a Japanese character takes two. Fewer than 40 count as 40.
    pub width: usize,
    /// Whether to use ANSI colours.
    pub colour: bool,
}

impl Style {
    /// 80 columns without colour: a file, a pipe, a sheet of paper.
    pub const PLAIN: Style = Style { width: 80, colour: false };
}

//! The dossier of a loss: what the ledger can say, what it may not, and the proofs.

mod fixture;
#[path = "office/mod.rs"]
mod office;
#[path = "told/mod.rs"]
mod told;

#[path = "incident/dossier.rs"]
mod dossier;
#[path = "incident/program.rs"]
mod program;

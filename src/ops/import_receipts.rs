//! What can be proven after a total loss: every receipt that people still hold, verified
//! and put in order. It is no ledger, and nothing can be recorded in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::OpsError;
use super::gather::{Evidence, gather};
use super::verify::{Judge, verify_evidence};
use crate::model::VerifierKey;
use crate::proof::receipt::Receipt;
use crate::render::{csv, text};
use crate::report::proven::{Gathered, Proven};
use crate::store::StoreError;
use crate::wire::statement;

/// Folders in folders are looked into so far.
const DEPTH: usize = 8;

/// Verifies every receipt below `folder`: files, PDFs and pictures of both codes. With
/// `out` the receipts that hold, their notes and the report are laid out there.
///
/// # Errors
/// The folder cannot be read; `out` is not empty or cannot be written. A file that proves
/// nothing is no error: it is named.
pub fn import_receipts(
    folder: &Path,
    log: &VerifierKey,
    out: Option<&Path>,
) -> Result<Proven, OpsError> {
    let origin =
        log.name().as_str().parse().map_err(|error| OpsError::input("--log-key", error))?;
    if let Some(out) = out {
        make_vacant(out)?;
    }
    let mut files = Vec::new();
    collect(folder, DEPTH, &mut files)?;
    files.sort();
    let mut gathered = Gathered::default();
    let mut best: BTreeMap<u64, Receipt> = BTreeMap::new();
    for path in &files {
        let shown = path.strip_prefix(folder).unwrap_or(path).display().to_string();
        match proven(path, log) {
            Ok(receipt) => {
                let said =
                    statement::parse(receipt.note().text()).map_err(OpsError::ReceiptText)?;
                if gathered.take(&shown, &receipt, &said) {
                    best.insert(receipt.proof().index(), receipt);
                }
            }
            Err(why) => gathered.leave_out(&shown, why),
        }
    }
    let report = gathered.conclude(log, origin);
    if let Some(out) = out {
        lay_out(out, &best, &report)?;
    }
    Ok(report)
}

/// The receipt in a file, verified; or why there is none.
fn proven(path: &Path, log: &VerifierKey) -> Result<Receipt, String> {
    let name = path.to_str().ok_or("its name is no text")?;
    let evidence = gather(&[name.to_owned()], None).map_err(|error| error.to_string())?;
    let judged = verify_evidence(&evidence, &Judge::LogKey(log)).map_err(|e| e.to_string())?;
    let failed = judged.checks.iter().find(|check| !check.passed);
    match evidence {
        Evidence::Half(..) => Err("one of the two codes alone proves nothing".to_owned()),
        Evidence::Whole(receipt) if judged.passed() => Ok(*receipt),
        Evidence::Whole(_) => {
            Err(failed.map_or("it does not verify".to_owned(), |check| check.detail.clone()))
        }
    }
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), OpsError> {
    let failed = |error| OpsError::file("cannot read", folder, error);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() && depth > 0 {
            collect(&entry.path(), depth - 1, files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn make_vacant(out: &Path) -> Result<(), OpsError> {
    std::fs::create_dir_all(out)
        .map_err(|error| OpsError::file("cannot make the folder", out, error))?;
    let mut there =
        std::fs::read_dir(out).map_err(|error| OpsError::file("cannot read", out, error))?;
    if there.next().is_some() {
        return Err(StoreError::NotEmpty { path: out.to_owned() }.into());
    }
    Ok(())
}

/// `entries/<index>.receipt` and `.note`, and the report in three forms.
fn lay_out(out: &Path, best: &BTreeMap<u64, Receipt>, report: &Proven) -> Result<(), OpsError> {
    let write = |name: &str, bytes: &[u8]| {
        let path = out.join(name);
        std::fs::write(&path, bytes).map_err(|error| OpsError::file("cannot write", &path, error))
    };
    let entries = out.join("entries");
    std::fs::create_dir(&entries)
        .map_err(|error| OpsError::file("cannot make the folder", &entries, error))?;
    for (index, receipt) in best {
        write(&format!("entries/{index:06}.receipt"), &receipt.to_bytes())?;
        write(&format!("entries/{index:06}.note"), &receipt.note().to_bytes())?;
    }
    let json = serde_json::to_vec_pretty(report).unwrap_or_default();
    write("report.json", &[&json[..], b"\n"].concat())?;
    write("report.csv", &csv::proven(report))?;
    write("report.txt", text::proven(report, text::Style::PLAIN).as_bytes())
}

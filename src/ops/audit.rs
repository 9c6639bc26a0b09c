//! The audit of an open store: the whole of it, or what is new since an earlier audit.

use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::mpsc::{self, SyncSender};

use super::error::OpsError;
use super::known::put;
use crate::audit::{Audit, Auditor, Cause, Earlier, Record};
use crate::model::{Hash, Seen, VerifierKey};
use crate::proof::consistency::{prove_consistency, verify_consistency};
use crate::proof::inclusion::ProveError;
use crate::proof::tree::Frontier;
use crate::store::{Key, Progress, Store, StoreError};

/// Notes read and verified at a time; some hundred kilobytes.
pub(super) const CHUNK: usize = 512;
/// Entries after which the record is kept again: some seconds of work, which is what an audit
/// that is stopped has to do once more.
const SPAN: u64 = 65_536;
/// The largest record that is read. The state of a million media takes less.
const RECORD_MAX: u64 = 1 << 30;

/// The audit of an open store, from the first entry on.
///
/// # Errors
/// What the store says when even the sizes cannot be read.
pub fn audit_store(
    store: &dyn Store,
    trusted: Option<&VerifierKey>,
    progress: Progress<'_>,
) -> Result<Audit, OpsError> {
    audit_store_on(store, trusted, None, progress).map(|(audit, _)| audit)
}

/// The audit of the entries alone: whatever lies beside them as a checkpoint is not asked.
///
/// # Errors
/// As [`audit_store`].
pub(super) fn audit_entries(store: &dyn Store, progress: Progress<'_>) -> Result<Audit, OpsError> {
    let size = store.head().size;
    let mut auditor = audit_part(store, Auditor::new(), 0..size, size, progress)?;
    auditor.settle(&Kept(store))?;
    Ok(auditor.finish_part())
}

/// The same, going on from what the file `record` holds, if it is there, and kept in it now
/// and then and at the end, as long as nothing is found. The second answer is the number of
/// entries that the record covered and that were not read again.
///
/// # Errors
/// As [`audit_store`], and what is wrong with the record.
pub fn audit_store_on(
    store: &dyn Store,
    trusted: Option<&VerifierKey>,
    record: Option<&Path>,
    progress: Progress<'_>,
) -> Result<(Audit, u64), OpsError> {
    // Others may append behind an owner, so what is audited ends where its checkpoint does.
    let checkpoint = store.checkpoint()?;
    let size = match &checkpoint {
        Some(bytes) if store.owned_elsewhere() => stated_size(bytes),
        _ => store.head().size,
    };
    let mut auditor = begin(store, size, record)?;
    let before = auditor.taken();
    let earlier = Kept(store);
    let mut from = before;
    while from < size {
        let end = record.map_or(size, |_| size.min(from.saturating_add(SPAN)));
        auditor = audit_part(store, auditor, from..end, size, progress)?;
        auditor.settle(&earlier)?;
        if let (Some(file), Some(record)) = (record, auditor.record()) {
            keep(file, &record)?;
        }
        from = end;
    }
    Ok((auditor.finish_behind(&earlier, checkpoint.as_deref(), trusted)?, before))
}

/// An auditor that goes on where the record ends. Where the ledger does not begin with what
/// the record covers, that is the first finding, and all of it is read.
fn begin(store: &dyn Store, size: u64, file: Option<&Path>) -> Result<Auditor, OpsError> {
    let Some(record) = file.map(read_record).transpose()?.flatten() else {
        return Ok(Auditor::new());
    };
    let covered = record.covers();
    let stands =
        covered.size <= size && Frontier::load(store, covered.size)?.root() == covered.root;
    if stands {
        return Ok(Auditor::resume(record));
    }
    let mut auditor = Auditor::new();
    auditor.report(None, Cause::AuditedBefore(covered));
    Ok(auditor)
}

fn read_record(file: &Path) -> Result<Option<Record>, OpsError> {
    let about = match std::fs::metadata(file) {
        Ok(about) => about,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OpsError::file("cannot read", file, error)),
    };
    let named = |why: &dyn std::fmt::Display| {
        OpsError::input(
            "--record",
            format!("{}: {why}; name another file to begin anew", file.display()),
        )
    };
    if about.len() > RECORD_MAX {
        return Err(named(&"it is too large to be a record of an audit"));
    }
    let bytes = std::fs::read(file).map_err(|error| OpsError::file("cannot read", file, error))?;
    Record::parse(&bytes).map(Some).map_err(|flaw| named(&flaw))
}

/// Puts the record in place of the one before, whole or not at all.
fn keep(file: &Path, record: &Record) -> Result<(), OpsError> {
    let bytes = record.to_bytes().map_err(|error| OpsError::ReadBack(error.to_string()))?;
    put(file, &bytes)
}

/// The entries that an earlier audit covers, as the store has them. It proves what it says
/// of the tree; that a nonce is nowhere among them it cannot prove.
struct Kept<'a>(&'a dyn Store);

impl Earlier for Kept<'_> {
    type Error = OpsError;

    fn begins_with(&self, seen: Seen, audited: Seen) -> Result<bool, OpsError> {
        let path = match prove_consistency(self.0, seen.size, audited.size) {
            Ok(path) => path,
            Err(ProveError::Nodes(error)) => return Err(error.into()),
            Err(_) => return Ok(false),
        };
        Ok(verify_consistency(seen.size, &seen.root, audited.size, &audited.root, &path).is_ok())
    }

    fn first_with(&self, nonce: [u8; 16]) -> Result<Option<u64>, OpsError> {
        Ok(self.0.find(&Key::Nonce(nonce))?.first().copied())
    }
}

/// Reading and verifying go on side by side: the store is read here, one chunk ahead of the
/// auditor.
fn audit_part(
    store: &dyn Store,
    mut auditor: Auditor,
    part: Range<u64>,
    size: u64,
    progress: Progress<'_>,
) -> Result<Auditor, OpsError> {
    let (sender, chunks) = mpsc::sync_channel(1);
    let (auditor, read) = std::thread::scope(|scope| {
        let auditing = scope.spawn(move || {
            for chunk in chunks {
                match chunk {
                    Chunk::Notes(notes) => auditor.take(&notes),
                    Chunk::Damaged(leaf, cause) => auditor.take_damaged(leaf, cause),
                }
            }
            auditor
        });
        let read = read_all(store, part, size, &sender, progress);
        drop(sender);
        (auditing.join(), read)
    });
    let auditor = auditor.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    read?;
    Ok(auditor)
}

/// What was read, on its way to the auditor.
enum Chunk {
    Notes(Vec<Vec<u8>>),
    Damaged(Option<Hash>, Cause),
}

/// The size in a checkpoint that the owner of the ledger has just signed
/// (c2sp.org/tlog-checkpoint: its second line). Who signed it is the auditor's to ask.
fn stated_size(checkpoint: &[u8]) -> u64 {
    let second = checkpoint.split(|byte| *byte == b'\n').nth(1).unwrap_or_default();
    std::str::from_utf8(second).ok().and_then(|line| line.parse().ok()).unwrap_or_default()
}

/// Reads a part of a ledger of `size` entries; progress is of the whole.
fn read_all(
    store: &dyn Store,
    part: Range<u64>,
    size: u64,
    out: &SyncSender<Chunk>,
    progress: Progress<'_>,
) -> Result<(), StoreError> {
    let mut from = part.start;
    while from < part.end {
        let mut at = |done, _| progress(done, size);
        let (next, stopped) = read_on(store, from..part.end, out, &mut at);
        from = next;
        match stopped {
            Ok(()) => {}
            Err(StoreError::Damaged(damages)) => {
                let said = damages.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                send(out, Chunk::Damaged(store.node(0, from).ok(), Cause::Stored(said)));
                from += 1;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

/// Nobody takes it only after the auditor panicked, and that is passed on.
fn send(out: &SyncSender<Chunk>, chunk: Chunk) {
    let _ = out.send(chunk);
}

/// Reads until the end of the part or the first entry that cannot be read; the index of the
/// next one is given back.
fn read_on(
    store: &dyn Store,
    part: Range<u64>,
    out: &SyncSender<Chunk>,
    progress: Progress<'_>,
) -> (u64, Result<(), StoreError>) {
    let mut chunk: Vec<Vec<u8>> = Vec::with_capacity(CHUNK);
    let (mut next, size) = (part.start, part.end);
    let stopped = store.visit(part, &mut |index, note| {
        chunk.push(note.to_vec());
        next = index + 1;
        if chunk.len() == CHUNK {
            let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK));
            send(out, Chunk::Notes(full));
            progress(next, size);
        }
        ControlFlow::Continue(())
    });
    send(out, Chunk::Notes(chunk));
    progress(next, size);
    (next, stopped)
}

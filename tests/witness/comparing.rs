//! Receipts as light witnesses: one history, a fork with its proof, or not enough.

use media_custody::proof::fork::ForkProof;

use crate::desk::{Desk, ORIGIN};
use crate::office::Case;
use crate::story::{copy, grow};

const KEY: &str = "--log-key ledger/log.vkey";

/// A second handover in the case's ledger, and its receipt.
fn hand_over(case: &Case, purpose: &str, file: &str) {
    let with = "--passphrase-file words";
    case.ok(&format!(
        "handover USB-0421 --from yamada --to sato --purpose {purpose} --yes {with} --keep-tokens"
    ));
    case.ok(&format!("receipt SZ-2026-000002 --file {file}"));
}

#[test]
fn receipts_of_one_ledger_lie_on_one_history() {
    let case = Case::new();
    hand_over(&case, "印刷", "later.receipt");
    grow(&case);
    let found = case.json(0, &format!("compare held.receipt later.receipt ledger {KEY}"));
    assert_eq!(found["history"], "one");
    // The later receipt is entry 10 and tells of the 10 entries before it.
    let found = case.json(0, &format!("compare later.receipt held.receipt {KEY}"));
    assert_eq!(found["history"], "one", "{found}");
    std::fs::copy(case.path("ledger/checkpoint"), case.path("checkpoint")).expect("copied");
    let open = case.exits(3, &format!("compare held.receipt checkpoint {KEY}"));
    assert!(open.stdout.contains("UNDECIDED"), "{}", open.stdout);
    case.ok(&format!("compare held.receipt checkpoint ledger {KEY}"));
    assert!(!case.path("fork.proof").exists());
}

#[test]
fn a_fork_is_written_out_and_verified_by_others() {
    let case = Case::new();
    copy(&case.path("ledger"), &case.path("second"));
    hand_over(&case, "印刷", "ours.receipt");
    std::fs::rename(case.path("ledger"), case.path("first")).expect("renamed");
    std::fs::rename(case.path("second"), case.path("ledger")).expect("renamed");
    hand_over(&case, "製本", "theirs.receipt");
    grow(&case);
    case.ok("receipt SZ-2026-000002 --file longer.receipt");
    for given in [
        "ours.receipt theirs.receipt",
        "ours.receipt longer.receipt",
        "ours.receipt ledger",
        "theirs.receipt first",
        "held.receipt first ledger",
    ] {
        let found = case.json(4, &format!("compare {given} {KEY}"));
        assert_eq!(found["history"], "forked", "{given}: {found}");
        assert_eq!(found["fork"]["proven"], true, "{given}: {found}");
        let shown = case.exits(4, &format!("compare --check fork.proof {KEY}"));
        assert!(shown.stdout.starts_with("FORK: the log custody.example.jp"), "{}", shown.stdout);
        std::fs::rename(case.path("fork.proof"), case.path("kept.proof")).expect("kept");
    }
    let text = case.text("kept.proof");
    assert!(text.contains(&format!("The log {ORIGIN} signed both checkpoints below")), "{text}");
    ForkProof::parse(text.as_bytes()).expect("one spelling");
    case.write("altered.proof", text.replacen("proof ", "proof A", 1));
    let refused = case.exits(4, &format!("compare --check altered.proof {KEY}"));
    assert!(refused.stderr.contains("proves no fork"), "{}", refused.stderr);
}

/// Two receipts whose trees cannot be compared, but which tell two entries of one index.
#[test]
fn two_receipts_of_one_entry_are_evidence_themselves() {
    let case = Case::empty();
    let desk = Desk::new();
    let (notes, tree) = desk.ledger(20);
    let others: Vec<_> =
        (0..20).map(|number| desk.handover(number + usize::from(number > 3) * 50)).collect();
    let other =
        others.iter().map(|note| media_custody::proof::tree::leaf_hash(&note.to_bytes())).collect();
    case.write("a.receipt", desk.receipt(&notes, &tree, 5, 7).to_bytes());
    case.write("b.receipt", desk.receipt(&others, &other, 5, 20).to_bytes());
    case.write("c.receipt", desk.receipt(&notes, &tree, 1, 20).to_bytes());
    let log = media_custody::wire::signature::Signer::key(&desk.log).to_string();
    let found = case.json(4, &format!("compare a.receipt b.receipt --log-key {log}"));
    assert_eq!(found["fork"]["proven"], false, "{found}");
    assert!(!case.path("fork.proof").exists());
    let found = case.json(4, &format!("compare b.receipt c.receipt --log-key {log}"));
    assert_eq!(found["fork"]["proven"], true, "{found}");
    case.exits(3, &format!("compare a.receipt c.receipt --log-key {log}"));
}

/// What is published as c2sp.org/tlog-tiles tells as much as the ledger itself.
#[test]
fn a_published_ledger_is_read_for_its_tree() {
    use media_custody::proof::tiles::{TileKind, encode_tile, tiles_of};
    use media_custody::proof::tree::Nodes as _;
    let case = Case::empty();
    let desk = Desk::new();
    let leaf = |at: u64| media_custody::proof::tree::leaf_hash(&at.to_be_bytes());
    let tree: media_custody::proof::memory::MemoryTree = (0..700).map(leaf).collect();
    for tile in tiles_of(700) {
        let TileKind::Hashes(level) = tile.kind() else { continue };
        let first = tile.index() * 256;
        let hashes: Vec<_> = (first..first + u64::from(tile.width()))
            .map(|at| tree.node(level * 8, at).expect("a node"))
            .collect();
        let path = case.path("published").join(tile.to_string());
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, encode_tile(&hashes).expect("a tile")).expect("written");
    }
    case.write("published/checkpoint", desk.checkpoint(&tree, 700).to_bytes());
    let log = media_custody::wire::signature::Signer::key(&desk.log).to_string();
    let mut files = String::new();
    for size in [1, 2, 255, 256, 257, 300, 511, 512, 699] {
        case.write(&format!("{size}.checkpoint"), desk.checkpoint(&tree, size).to_bytes());
        files.push_str(&format!("{size}.checkpoint "));
    }
    let found = case.json(0, &format!("compare {files}published --log-key {log}"));
    assert_eq!(found["history"], "one", "{found}");
    let other: media_custody::proof::memory::MemoryTree =
        (0..700).map(|at| leaf(at % 299)).collect();
    case.write("forked.checkpoint", desk.checkpoint(&other, 300).to_bytes());
    case.exits(4, &format!("compare forked.checkpoint published --log-key {log}"));
    case.exits(4, &format!("compare --check fork.proof --log-key {log}"));
    // A damaged tile shows nothing, and above all no fork.
    let tile = case.path("published/tile/0/000");
    let mut bytes = std::fs::read(&tile).expect("read");
    bytes[40] ^= 1;
    std::fs::write(&tile, bytes).expect("written");
    let refused = case.exits(2, &format!("compare 2.checkpoint published --log-key {log}"));
    assert!(refused.stderr.contains("damaged"), "{}", refused.stderr);
}

//! Two parties, a log and what they sign, from fixed seeds, for tests.
#![allow(dead_code, reason = "each test binary uses its part")]

use media_custody::model::VerifierKey;
use media_custody::proof::checkpoint::{Checkpoint, SignedCheckpoint};
use media_custody::proof::inclusion::prove_inclusion;
use media_custody::proof::memory::MemoryTree;
use media_custody::proof::receipt::Receipt;
use media_custody::proof::tlog_proof::TlogProof;
use media_custody::proof::tree::leaf_hash;
use media_custody::wire::Note;
use media_custody::wire::signature::{Signer, SigningKey, sign_statement};

pub const ORIGIN: &str = "custody.example.jp/shizuoka";

/// Everyone's keys.
pub struct Desk {
    pub log: SigningKey,
    pub giver: SigningKey,
    pub receiver: SigningKey,
    pub witness: SigningKey,
}

impl Desk {
    pub fn new() -> Self {
        let key =
            |name: &str, seed| SigningKey::from_seed(name.parse().expect("key name"), &[seed; 32]);
        let witness = "witness.example.org/w1".parse().expect("key name");
        Desk {
            log: key(ORIGIN, 0x10),
            giver: key("yamada.shizuoka.example.jp", 0x11),
            receiver: key("sato.printer.example.jp", 0x12),
            witness: SigningKey::cosigner_from_seed(witness, &[0x13; 32]),
        }
    }

    /// Who has to sign a handover, in order.
    pub fn parties(&self) -> Vec<VerifierKey> {
        vec![self.giver.key().clone(), self.receiver.key().clone()]
    }

    /// A handover between the two, as the design prints it.
    pub fn handover(&self, number: usize) -> Note {
        let text = format!(
            "custody/handover/v1\n\
             ledger: {ORIGIN}\n\
             receipt: SZ-2026-{number:06}\n\
             at: 2026-11-22T10:15:00+09:00\n\
             seen: 1041 CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
             medium: USB-0421 0951:1666 1C6F65D8ABCDE1234567\n\
             encryption: USB-0421 luks2 aes-xts-plain64 verified\n\
             giver: 山田 花子, 静岡支部\n\
             giver-key: {}\n\
             receiver: 佐藤 一郎, さくら印刷\n\
             receiver-key: {}\n\
             purpose: 被保険者台帳の印刷・製本\n\
             contents: 氏名,住所,生年月日,電話番号\n\
             persons: 3775\n\
             place: さくら印刷 第二工場\n\
             due: 2026-12-06\n\
             nonce: AAECAwQFBgcICQoLDA0ODw==\n",
            self.giver.key(),
            self.receiver.key()
        );
        sign_statement(&text, &[&self.giver, &self.receiver]).expect("signs")
    }

    /// The log's checkpoint of the first `size` entries.
    pub fn checkpoint(&self, tree: &MemoryTree, size: u64) -> SignedCheckpoint {
        let root = tree.root_at(size).expect("a tree that large");
        let checkpoint = Checkpoint::new(ORIGIN, size, root).expect("checkpoint");
        checkpoint.sign(&self.log).expect("signs")
    }

    /// The receipt of entry `index`, proven in the first `size` entries.
    pub fn receipt(&self, notes: &[Note], tree: &MemoryTree, index: u64, size: u64) -> Receipt {
        let path = prove_inclusion(tree, index, size).expect("an entry");
        let proof = TlogProof::new(index, path, self.checkpoint(tree, size));
        let at = usize::try_from(index).expect("index");
        Receipt::new(notes[at].clone(), proof).expect("receipt")
    }

    /// A ledger of `size` handovers.
    pub fn ledger(&self, size: usize) -> (Vec<Note>, MemoryTree) {
        let notes: Vec<Note> = (0..size).map(|number| self.handover(number)).collect();
        let tree = notes.iter().map(|note| leaf_hash(&note.to_bytes())).collect();
        (notes, tree)
    }
}

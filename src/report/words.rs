//! What an entry says, in plain words; and the words of the vocabularies.

use super::evidence::Bilingual;
use crate::ledger::schedule::Standing;
use crate::model::evidence::Unread;
use crate::model::statement::{Check, Handover, Retire, RollCall};
use crate::model::vocabulary::{EncryptionGrade, ErasureMethod, Role, SightingGrade, Verdict};
use crate::model::{
    AlarmLine, EncryptionLine, MediumId, MediumLine, Phrase, SeenLine, Statement, Token,
};

/// How a medium was seen, in words.
pub fn sighting(grade: SightingGrade) -> &'static str {
    match grade {
        SightingGrade::Device => "device and content seen",
        SightingGrade::Profile => "device seen",
        SightingGrade::Label => "label scanned",
        SightingGrade::Attested => "on a person's word",
    }
}

/// The same in both languages.
pub fn how_seen(grade: SightingGrade) -> Bilingual {
    let ja = match grade {
        SightingGrade::Device => "機器と内容を確認",
        SightingGrade::Profile => "機器を確認",
        SightingGrade::Label => "ラベルを読取",
        SightingGrade::Attested => "本人の申告",
    };
    Bilingual { en: sighting(grade), ja }
}

/// How a drive stands, in both languages.
pub fn standing(standing: Standing) -> Bilingual {
    let (en, ja) = match standing {
        Standing::Lost => ("lost", "紛失"),
        Standing::Missing => ("missing", "所在不明"),
        Standing::Left => ("left without a handover", "授受記録なしの持出し"),
        Standing::ReturnOverdue => ("return overdue", "返却期限超過"),
        Standing::CheckOverdue => ("check overdue", "点検期限超過"),
        Standing::CheckDue => ("check due", "点検時期"),
        Standing::Out => ("out", "貸出中"),
        Standing::Home => ("in its place", "所定の場所"),
        Standing::Retired => ("retired", "廃棄済み"),
    };
    Bilingual { en, ja }
}

/// A kind of entry, in both languages; one this program does not know is an entry.
pub fn kind(kind: &str) -> Bilingual {
    let (en, ja) = match kind {
        "genesis" => ("founding", "台帳の開設"),
        "party" => ("enrolment", "当事者の登録"),
        "key-revoke" => ("key revoked", "鍵の失効"),
        "policy" => ("policy", "規程の変更"),
        "register" => ("registration", "登録"),
        "request" => ("request", "持出申請"),
        "approve" => ("answer", "承認"),
        "handover" => ("handover", "授受"),
        "attach" => ("document", "書面の添付"),
        "sighting" => ("sighting", "所在確認"),
        "roll-call" => ("roll-call", "自動点呼"),
        "check" => ("check", "点検"),
        "missing" => ("missing", "所在不明"),
        "search" => ("search", "捜索"),
        "acknowledge" => ("acknowledged", "対応の引受け"),
        "found" => ("found", "発見"),
        "lost" => ("lost", "紛失"),
        "erase" => ("erasure", "消去"),
        "retire" => ("retirement", "廃棄"),
        "correct" => ("correction", "訂正"),
        "override" => ("override", "注意の承認"),
        "log-key" => ("log key", "台帳の鍵の交換"),
        "link" => ("link", "他台帳への参照"),
        _ => ("entry", "記録"),
    };
    Bilingual { en, ja }
}

/// How well encryption is known, in words.
pub fn encryption_grade(grade: EncryptionGrade) -> &'static str {
    match grade {
        EncryptionGrade::Verified => "verified",
        EncryptionGrade::Partial => "plaintext beside it",
        EncryptionGrade::Claimed => "claimed by the model",
        EncryptionGrade::Stated => "stated, not examined",
        EncryptionGrade::Opaque => "looks random, not proven",
        EncryptionGrade::None => "NOT ENCRYPTED",
        EncryptionGrade::Unreadable => "unreadable, not counted as encrypted",
        EncryptionGrade::NotExamined => "not examined",
    }
}

/// Scheme, cipher and how well they are known: `luks2 aes-xts-plain64, verified`.
pub fn encryption(line: &EncryptionLine) -> String {
    encrypted(line.scheme.as_ref(), line.cipher.as_ref(), line.grade)
}

/// The same of its parts.
pub fn encrypted(scheme: Option<&Token>, cipher: Option<&Token>, grade: EncryptionGrade) -> String {
    let named: Vec<&str> = [scheme, cipher].into_iter().flatten().map(Token::as_str).collect();
    let known = encryption_grade(grade);
    match named.is_empty() {
        true => known.to_owned(),
        // The second word is the state in which such a drive was seen.
        false if grade == EncryptionGrade::Claimed => {
            format!("{}, {known}", named.join(" seen "))
        }
        false => format!("{}, {known}", named.join(" ")),
    }
}

/// Why a drive's own bytes were not read. It is said wherever encryption is, so that
/// "not read" is never taken for "encrypted".
pub fn unread(why: Unread) -> Bilingual {
    let (en, ja) = match why {
        Unread::NotAsked => ("not read (not asked for)", "未読取（指定なし）"),
        Unread::NotHere => {
            ("not read (not attached to this computer)", "未読取（この端末に未接続）")
        }
        Unread::NoDisk => ("not read (the system shows no disk)", "未読取（ディスクが見えません）"),
        Unread::NoPermission => ("not read (no permission)", "未読取（権限がありません）"),
        Unread::NotOpened => {
            ("not read (its disk could not be opened)", "未読取（ディスクを開けません）")
        }
    };
    Bilingual { en, ja }
}

/// A sanitisation method, in both languages.
pub fn erasure_method(method: ErasureMethod) -> Bilingual {
    let (en, ja) = match method {
        ErasureMethod::Clear => ("clear (overwritten)", "クリア（上書き消去）"),
        ErasureMethod::Purge => {
            ("purge (beyond laboratory recovery)", "パージ（研究室での復元も不可）")
        }
        ErasureMethod::Destroy => ("destroy (unusable)", "物理破壊（使用不能）"),
    };
    Bilingual { en, ja }
}

/// A role, in words.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Outside => "outside party",
        Role::PrivacyOfficer => "privacy officer",
        _ => role.as_str(),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `1 drive`, `3 drives`.
pub fn drives(count: usize) -> String {
    if count == 1 { "1 drive".to_owned() } else { format!("{count} drives") }
}

/// An alarm in words; one this program does not know keeps its name.
pub fn alarm(name: &str) -> String {
    match super::alarm::words(name) {
        Some(words) => format!("{} ({name})", words.en),
        None => name.to_owned(),
    }
}

/// An entry in one line, for the log.
pub(super) fn summary(said: &Statement) -> String {
    match said {
        Statement::Genesis(said) => format!("founded: {}, {}", said.organisation, said.site),
        Statement::Party(said) => {
            let roles: Vec<&str> = said.roles.iter().map(|one| role(*one)).collect();
            format!("{} enrolled as {}", said.party.spoken(), listed(&roles))
        }
        Statement::KeyRevoke(said) => {
            format!("key {} of {} revoked: {}", said.key.name(), said.party.spoken(), said.reason)
        }
        Statement::Policy(said) => format!(
            "seen every {} days, {} days of grace, back within {} days",
            said.interval_days, said.grace_days, said.loan_days
        ),
        Statement::Register(said) => format!("{} at {}", said.medium.id, said.home),
        Statement::Override(said) => {
            let names: Vec<&str> = said.alarm.iter().map(|line| line.alarm.as_str()).collect();
            format!("{}: {} let pass, {}", said.medium.id, names.join(", "), said.reason)
        }
        Statement::Request(said) => {
            format!("{} for {}: {}", ids(&said.medium), said.receiver.spoken(), said.purpose)
        }
        Statement::Approve(said) => format!("request {} {}", said.request.index, said.verdict),
        Statement::Handover(said) => format!("{} {}", ids(&said.medium), from_to(said)),
        Statement::Attach(said) => {
            format!("{} of {} bytes to {}", said.media_type, said.length, said.receipt)
        }
        Statement::Sighting(said) => {
            format!("{} at {}, {}", said.medium.id, said.place, sighting(said.grade))
        }
        Statement::RollCall(said) => {
            let (present, absent) = (said.present.len(), said.absent.len());
            match said.as_in {
                None => format!("{}: {present} present, {absent} absent", said.place),
                Some(_) if present + absent == 0 => format!("{}: all as before", said.place),
                Some(_) => format!("{}: {present} came, {absent} left", said.place),
            }
        }
        Statement::Check(said) => check_summary(said),
        Statement::Missing(said) => format!("{} MISSING: {}", said.medium.id, said.detail),
        Statement::Found(said) => format!("{} found at {}", said.medium.id, said.place),
        Statement::Lost(said) => format!("{} LOST: {}", said.medium.id, said.detail),
        Statement::Search(said) => {
            format!("{} looked for at {}, not found", said.medium.id, said.place)
        }
        Statement::Acknowledge(said) => {
            format!("{}: {}, taken note of", said.medium.id, said.concern)
        }
        Statement::Erase(said) => {
            format!("{}: {} ({})", said.medium.id, said.method, said.technique)
        }
        Statement::Retire(said) => format!("{}: {}", said.medium.id, said.reason),
        Statement::Correct(said) => {
            format!("entry {}, {}: {}", said.entry.index, said.field, said.correction)
        }
        Statement::LogKey(said) => format!("new log key, {}", said.reason),
        Statement::Link(said) => format!("{} {}", said.relation, said.other),
    }
}

fn check_summary(said: &Check) -> String {
    let mut parts = vec![format!("{} found", said.found.len())];
    for (count, word) in [
        (said.missing.len(), "MISSING"),
        (said.unverified.len(), "unverified"),
        (said.unexpected.len(), "unexpected"),
        (said.unknown.len(), "unknown"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    format!("{}: {}", said.place, parts.join(", "))
}

/// The first three asset ids and how many more there are.
fn ids(lines: &[MediumLine]) -> String {
    let shown: Vec<String> = lines.iter().take(3).map(|line| line.id.to_string()).collect();
    match lines.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn from_to(said: &Handover) -> String {
    format!("from {} to {}", said.giver.party.spoken(), said.receiver.party.spoken())
}

/// What an entry tells of one medium.
pub(super) struct Told {
    pub words: String,
    pub details: Vec<String>,
    pub alarming: bool,
}

impl Told {
    fn new(words: String) -> Self {
        Told { words, details: Vec::new(), alarming: false }
    }

    fn alarm(words: String) -> Self {
        Told { alarming: true, ..Told::new(words) }
    }

    fn line(mut self, name: &str, value: Option<impl ToString>) -> Self {
        self.details.extend(value.map(|value| format!("{name}: {}", value.to_string())));
        self
    }

    fn remark(self, detail: &Option<Phrase>) -> Self {
        self.line("remark", detail.as_ref())
    }

    /// Adds the alarms of this medium; any makes the event alarming.
    fn alarms(mut self, lines: &[AlarmLine], id: &MediumId) -> Self {
        for line in lines.iter().filter(|line| line.id == *id) {
            self.details.push(format!("alarm: {}", alarm(line.alarm.as_str())));
            self.alarming = true;
        }
        self
    }
}

/// What an entry tells of `id`, where it names it.
pub(super) fn told_of(said: &Statement, id: &MediumId) -> Option<Told> {
    if !super::named::media(said).contains(id) {
        return None;
    }
    Some(match said {
        Statement::Register(said) => {
            let known = encryption(&said.encryption);
            Told::new(format!("registered, home {}", said.home))
                .line("encryption", Some(known))
                .remark(&said.detail)
                .alarms(&said.alarm, id)
        }
        Statement::Request(said) => {
            Told::new(format!("asked for, to go to {}", said.receiver.spoken()))
                .line("purpose", Some(&said.purpose))
                .line("due back", said.due)
        }
        Statement::Handover(said) => handover_told(said, id),
        Statement::Sighting(said) => {
            Told::new(format!("seen at {}, {}", said.place, sighting(said.grade)))
                .remark(&said.detail)
                .alarms(&said.alarm, id)
        }
        Statement::RollCall(said) => roll_call_told(said, id),
        Statement::Check(said) => check_told(said, id),
        Statement::Missing(said) => Told::alarm(format!("MISSING: {}", said.detail)),
        Statement::Found(said) => {
            Told::new(format!("found at {}, {}", said.place, sighting(said.grade)))
                .remark(&said.detail)
                .alarms(&said.alarm, id)
        }
        Statement::Lost(said) => Told::alarm(format!("LOST: {}", said.detail)),
        Statement::Search(said) => {
            Told::new(format!("looked for at {}, not found", said.place)).remark(&said.detail)
        }
        Statement::Acknowledge(said) => {
            Told::new(format!("{}, taken note of", said.concern)).remark(&said.detail)
        }
        Statement::Erase(said) => Told::new(format!("erased: {}, {}", said.method, said.technique))
            .line("tool", Some(&said.tool))
            .line(
                "verified",
                Some(format!("{}, by {}", said.verification, said.verifier.party.spoken())),
            )
            .line("read afterwards", said.encryption.as_ref().map(encryption))
            .line("at", said.place.as_ref())
            .line("goes to", said.destination.as_ref())
            .remark(&said.detail)
            .alarms(&said.alarm, id),
        Statement::Retire(said) => retire_told(said),
        // Entries that name no medium were turned away above.
        other => Told::new(summary(other)),
    })
}

/// What an entry that answers, corrects or completes another one tells.
pub(super) fn told_beside(said: &Statement) -> Told {
    match said {
        Statement::Approve(said) => {
            let words = format!("request {} {}", said.request.index, said.verdict);
            let told = if said.verdict == Verdict::Approved { Told::new } else { Told::alarm };
            told(words).remark(&said.detail)
        }
        Statement::Attach(said) => Told::new(format!("document added to {}", said.receipt))
            .line("kind", Some(&said.media_type))
            .line("sha-256", Some(said.sha256)),
        Statement::Correct(said) => Told::new(format!("entry {} corrected", said.entry.index))
            .line(said.field.as_str(), Some(&said.correction))
            .line("reason", Some(&said.reason)),
        other => Told::new(summary(other)),
    }
}

fn handover_told(said: &Handover, id: &MediumId) -> Told {
    let paper =
        |side: &crate::model::Side| side.key().is_none().then(|| side.party.name.to_string());
    let others = said.medium.len().saturating_sub(1);
    Told::new(format!("handed over {}", from_to(said)))
        .line("purpose", Some(&said.purpose))
        .line("place", Some(&said.place))
        .line("due back", said.due)
        .line("witness", said.witness.as_ref().map(|witness| witness.party.spoken()))
        .line("sealed on paper only", paper(&said.giver))
        .line("sealed on paper only", paper(&said.receiver))
        .line("together with", (others > 0).then(|| drives(others)))
        .alarms(&said.alarm, id)
}

fn retire_told(said: &Retire) -> Told {
    Told::new(format!("retired: {}", said.reason))
        .line("method", said.method)
        .line("technique", said.technique.as_ref())
        .line("tool", said.tool.as_ref())
        .line("verified", said.verification.as_ref())
        .line("verifier", said.verifier.as_ref().map(|verifier| verifier.party.spoken()))
        .line("at", said.place.as_ref())
        .line("went to", said.destination.as_ref())
        .remark(&said.detail)
}

fn grade_in(lines: &[SeenLine], id: &MediumId) -> Option<SightingGrade> {
    lines.iter().find(|line| line.id == *id).map(|line| line.grade)
}

fn check_told(said: &Check, id: &MediumId) -> Told {
    let place = &said.place;
    let told = if let Some(grade) = grade_in(&said.found, id) {
        Told::new(format!("found in a check at {place}, {}", sighting(grade)))
    } else if let Some(grade) = grade_in(&said.unverified, id) {
        Told::new(format!("seen in a check at {place}, too weakly to count, {}", sighting(grade)))
    } else if let Some(grade) = grade_in(&said.unexpected, id) {
        Told::alarm(format!(
            "seen in a check at {place}, where it does not belong, {}",
            sighting(grade)
        ))
    } else {
        Told::alarm(format!("NOT FOUND in a check at {place}"))
    };
    told.remark(&said.detail).alarms(&said.alarm, id)
}

fn roll_call_told(said: &RollCall, id: &MediumId) -> Told {
    let place = &said.place;
    let told = match grade_in(&said.present, id) {
        Some(grade) => Told::new(format!("seen at {place}, {}", sighting(grade))),
        None => Told::alarm(format!("not seen at {place}")),
    };
    told.alarms(&said.alarm, id)
}

/// What is wrong, for readers of Japanese: by the name of an audit's cause or of a check of
/// a receipt. The English message beside it has the particulars.
pub fn wrong(name: &str) -> Option<&'static str> {
    Some(match name {
        "stored-bytes" => "保存されたデータが壊れているか、改ざんされています。",
        "note" => "署名付き文書の形式ではありません。",
        "statement" => "本文が定められた形式ではありません。",
        "signatures" => "署名が正しくありません。",
        "refused" => "規則に反しており、記載されるはずのない内容です。",
        "seen-root" => "署名者が見た台帳の内容と一致しません。",
        "duplicate" => "同じ内容が以前にも記載されています。",
        "no-checkpoint" => "署名されたチェックポイントがありません。",
        "checkpoint" => "チェックポイントが正しくありません。",
        "checkpoint-root" => "署名された後に、台帳の内容が書き換えられています。",
        "truncated" | "ledger-behind" => "記載が失われています（途中で切られたか、古い複製です）。",
        "log-key-differs" => "台帳の鍵が、指定された鍵と違います。",
        "ledger-forked" | "history" => "同じ鍵で署名された別の履歴があります。",
        "cosigned" => "立会署名が正しくないか、別の履歴に対するものです。",
        "witnesses" | "policy" => "立会署名が方針を満たしていません。",
        "inclusion" => "台帳に記載されていることを確認できません。",
        "belonging" => "二つのコードは別々の受領書のものです。",
        "ledger" => "別の台帳のものです。",
        "seen" => "署名者が見たという台帳の件数が、記載の位置より先です。",
        "entry" => "この文書は、その位置の記載ではありません。",
        "keys" => "その時点で有効でない鍵で署名されています。",
        _ => return None,
    })
}

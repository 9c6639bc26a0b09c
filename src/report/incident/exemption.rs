//! Whether the encryption of a lost drive can count as strong (高度な暗号化), in which
//! case the rules of Japan ask for no report. The ledger answers what it can; some of
//! the conditions are never in it, so it never says that all are met.
//!
//! The conditions are those of the Commission's answers on Article 7 of the Enforcement
//! Rules: encryption of a kind that a competent body has found sound, used properly, and
//! the means of reading the data kept in a way that others cannot use.

use serde::Serialize;

use super::{Sentence, Sighted, Sources};
use crate::ledger::Medium;
use crate::model::vocabulary::{EncryptionGrade, SightingGrade};
use crate::model::{EncryptionLine, MediumId, Statement};
use crate::report::evidence::Bilingual;
use crate::report::words;

/// What the ledger says about the conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exemption {
    /// Which rule.
    pub rule: Bilingual,
    /// What it comes to.
    pub support: Support,
    /// The same in words.
    pub words: Bilingual,
    /// Encryption as the ledger knew it, in words.
    pub encryption: Sentence,
    /// How well that was known.
    pub grade: EncryptionGrade,
    /// The entry that this rests on.
    pub entry: Option<u64>,
    /// Each condition.
    pub criteria: Vec<Criterion>,
}

/// What the conditions come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Support {
    /// The ledger speaks against at least one.
    Against,
    /// It speaks against none, and some are for a person to show.
    Open,
}

/// How far a condition is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The ledger shows it.
    Shown,
    /// The ledger does not know; a person has to.
    Missing,
    /// The ledger shows that it is not met.
    NotMet,
}

impl Answer {
    /// In both languages.
    #[must_use]
    pub fn words(self) -> Bilingual {
        let (en, ja) = match self {
            Answer::Shown => ("shown by the ledger", "台帳で確認"),
            Answer::Missing => ("MISSING", "不足"),
            Answer::NotMet => ("NOT MET", "満たさない"),
        };
        Bilingual { en, ja }
    }
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Criterion {
    /// Its name, for programs.
    pub name: &'static str,
    /// What it asks.
    pub question: Bilingual,
    /// How far it is met.
    pub answer: Answer,
    /// On what that rests, or what is missing.
    pub because: Sentence,
    /// The entry it rests on.
    pub entry: Option<u64>,
}

const RULE: Bilingual = Bilingual {
    en: "strong encryption (Enforcement Rules, Article 7: data protected by strong encryption \
         or other measures)",
    ja: "高度な暗号化その他の個人の権利利益を保護するために必要な措置（施行規則第7条）",
};

/// Alarms after which what was read before cannot be relied on.
const DISTURBED: [&str; 5] =
    ["encryption-weaker", "mark-drift", "sequence-backwards", "token-missing", "token-stale"];

/// Ciphers of CRYPTREC's list for the government and of ISO/IEC 18033-3, as headers
/// name them.
const LISTED: [&str; 2] = ["aes", "camellia"];

impl Exemption {
    pub(super) fn new(from: &Sources<'_>, before: &Medium, last: &Sighted) -> Self {
        let line = &before.encryption;
        let entry = read_in(from);
        let criteria = vec![
            read(line, entry),
            listed(line, entry),
            unchanged(from, last, entry),
            missing(
                "key-apart",
                "Was the means of reading it kept so that others cannot use it?",
                "見読可能にする手段が適切に管理されていたか",
                "The ledger knows nothing of keys and passphrases. State that they were kept \
                 apart and protected, or that the drive or key can be wiped from afar, or that \
                 nobody else can use the key; and who knew the passphrase.",
                "台帳は鍵やパスワードを記録しません。①鍵を分離し漏えいを防ぐ措置、②遠隔消去、\
                 ③第三者が鍵を行使できない設計、のいずれかと、パスワードを知る者を記載してください。",
            ),
            missing(
                "locked",
                "Was it locked when it was lost?",
                "紛失時に施錠（ロック）されていたか",
                "The ledger does not see it. Say whether it can have been lost while unlocked, \
                 for example attached to a computer.",
                "台帳では分かりません。パソコンに接続したまま等、解錠状態での紛失があり得るか\
                 記載してください。",
            ),
        ];
        let against = criteria.iter().any(|criterion| criterion.answer == Answer::NotMet);
        Exemption {
            rule: RULE,
            support: if against { Support::Against } else { Support::Open },
            words: if against {
                Bilingual {
                    en: "The ledger does not support the exemption: a condition is not met.",
                    ja: "台帳の記録は適用除外を裏付けません（満たさない条件があります）。",
                }
            } else {
                Bilingual {
                    en: "The ledger alone does not establish the exemption: what is marked \
                         MISSING has to be shown by a person.",
                    ja: "台帳だけでは適用除外を示せません。「不足」の事項を担当者が示す必要があります。",
                }
            },
            encryption: told(line),
            grade: line.grade,
            entry,
            criteria,
        }
    }

    /// The conditions that a person has to show.
    pub fn open(&self) -> impl Iterator<Item = &Criterion> {
        self.criteria.iter().filter(|criterion| criterion.answer != Answer::Shown)
    }
}

fn missing(
    name: &'static str,
    en: &'static str,
    ja: &'static str,
    because_en: &str,
    because_ja: &str,
) -> Criterion {
    Criterion {
        name,
        question: Bilingual { en, ja },
        answer: Answer::Missing,
        because: Sentence { ja: because_ja.to_owned(), en: because_en.to_owned() },
        entry: None,
    }
}

/// The entry that last read the drive's encryption, or first stated what was believed.
/// A handover repeats what was known, and counts only where that changed.
fn read_in(from: &Sources<'_>) -> Option<u64> {
    let mut found: Option<(u64, EncryptionLine)> = None;
    for (entry, said) in from.history.iter().filter(|(entry, _)| *entry < from.loss.known) {
        let Some((line, anew)) = stated(said, from.id) else { continue };
        if anew || found.as_ref().is_none_or(|(_, known)| known != line) {
            found = Some((*entry, line.clone()));
        }
    }
    found.map(|(entry, _)| entry)
}

/// What an entry says of the drive's encryption, and whether it was read for that entry.
fn stated<'a>(said: &'a Statement, id: &MediumId) -> Option<(&'a EncryptionLine, bool)> {
    let own = |line: &&EncryptionLine| line.id == *id;
    match said {
        Statement::Register(said) => Some(&said.encryption).filter(own).map(|line| (line, true)),
        Statement::Check(said) => said.encryption.iter().find(own).map(|line| (line, true)),
        Statement::Erase(said) => said.encryption.as_ref().filter(own).map(|line| (line, true)),
        Statement::Handover(said) => said.encryption.iter().find(own).map(|line| (line, false)),
        _ => None,
    }
}

fn read(line: &EncryptionLine, entry: Option<u64>) -> Criterion {
    let (answer, en, ja) = match line.grade {
        EncryptionGrade::Verified => (
            Answer::Shown,
            "Its header was read: scheme and cipher are known, and nothing readable was found \
             beside it. Areas that were not sampled were not read.",
            "ヘッダーを読み取り、方式と暗号を確認。隣接する平文は見つかっていません（抽出していない\
             領域は未読）。",
        ),
        EncryptionGrade::Claimed => (
            Answer::Missing,
            "It is claimed by the model and was not verified. Obtain the maker's statement of \
             the cipher and its certification (JCMVP, FIPS 140).",
            "製品仕様による主張のみで、検証されていません。暗号方式と認証（JCMVP、FIPS 140等）の\
             製造者資料を添えてください。",
        ),
        EncryptionGrade::Stated => (
            Answer::Missing,
            "A person stated it; nobody read the drive. Show by other means that it was \
             encrypted.",
            "人による申告のみで、媒体は読み取られていません。暗号化を示す別の資料が必要です。",
        ),
        EncryptionGrade::Opaque => (
            Answer::Missing,
            "Its content looked random, which proves nothing. Show which software encrypted it.",
            "内容は乱数に見えましたが、暗号化の証明にはなりません。使用した暗号化ソフトを示して\
             ください。",
        ),
        EncryptionGrade::Unreadable | EncryptionGrade::NotExamined => (
            Answer::Missing,
            "Nobody could read it or did. Show by other means that it was encrypted.",
            "読み取れなかったか、読み取られていません。暗号化を示す別の資料が必要です。",
        ),
        EncryptionGrade::Partial => (
            Answer::NotMet,
            "Readable data or free plaintext space was found beside the encrypted part.",
            "暗号化領域の隣に平文の領域が見つかっています。",
        ),
        EncryptionGrade::None => (
            Answer::NotMet,
            "It was found NOT to be encrypted.",
            "暗号化されていないことが確認されています。",
        ),
    };
    Criterion {
        name: "encrypted",
        question: Bilingual {
            en: "Was the data encrypted?", ja: "データは暗号化されていたか"
        },
        answer,
        because: Sentence { ja: ja.to_owned(), en: en.to_owned() },
        entry,
    }
}

fn listed(line: &EncryptionLine, entry: Option<u64>) -> Criterion {
    let read = line.grade == EncryptionGrade::Verified;
    let cipher = line.cipher.as_ref().map(|cipher| cipher.as_str()).filter(|_| read);
    let known = cipher.filter(|cipher| LISTED.iter().any(|name| cipher.starts_with(name)));
    let (answer, because) = match (known, cipher) {
        (Some(name), _) => (
            Answer::Shown,
            Sentence {
                en: format!(
                    "The header names {name}, a cipher of CRYPTREC's e-Government list and of \
                     ISO/IEC 18033-3. Key length and implementation are not in the ledger."
                ),
                ja: format!(
                    "ヘッダーの暗号は {name}（電子政府推奨暗号リスト・ISO/IEC 18033-3掲載の暗号）。\
                     鍵長と実装の適切さは台帳にありません。"
                ),
            },
        ),
        (None, Some(name)) => (
            Answer::Missing,
            Sentence {
                en: format!("The header names {name}; show that it is on such a list."),
                ja: format!(
                    "ヘッダーの暗号は {name}。リスト掲載の暗号であることを示してください。"
                ),
            },
        ),
        (None, None) => (
            Answer::Missing,
            Sentence {
                en: "No cipher was read. Name it, and show that it is on such a list.".to_owned(),
                ja: "暗号は読み取られていません。暗号名とリストへの掲載を示してください。"
                    .to_owned(),
            },
        ),
    };
    Criterion {
        name: "cipher-listed",
        question: Bilingual {
            en: "Is the cipher on the e-Government list (CRYPTREC) or in ISO/IEC 18033?",
            ja: "電子政府推奨暗号リストやISO/IEC 18033等に掲載の暗号か",
        },
        answer,
        because,
        entry,
    }
}

/// An alarm about what is on the drive counts even where two people let it pass: a report
/// may be asked for it. That there is none shows something only where it was read.
fn unchanged(from: &Sources<'_>, last: &Sighted, read: Option<u64>) -> Criterion {
    let told = |en: String, ja: String| Sentence { ja, en };
    let (answer, entry, because) = if let Some((entry, name)) = alarm(from) {
        let en = format!("The ledger has the alarm {name}: explain it before relying on this.");
        let ja = format!("注意事項 {name} の記録があります。依拠する前に説明が必要です。");
        (Answer::NotMet, entry, told(en, ja))
    } else if last.grade == SightingGrade::Device || read == Some(last.entry) {
        let en = "It was read at the last sighting, and nothing had changed.".to_owned();
        let ja = "最後の確認の際に読み取っており、変化はありません。".to_owned();
        (Answer::Shown, last.entry, told(en, ja))
    } else {
        let since = read.map_or_else(|| "-".to_owned(), |entry| entry.to_string());
        let en = format!(
            "The last sighting did not read it: {}. What is known of its encryption is from entry \
             {since}; whether it was formatted since is not in the ledger.",
            last.how.en
        );
        let ja = format!(
            "最後の確認では内容を読んでいません（{}）。暗号化は記録{since}によるもので、その後の\
             初期化の有無は台帳にありません。",
            last.how.ja
        );
        (Answer::Missing, last.entry, told(en, ja))
    };
    Criterion {
        name: "unchanged",
        question: Bilingual {
            en: "Was it still so when it was last seen?",
            ja: "最後の確認まで変化がなかったか",
        },
        answer,
        because,
        entry: Some(entry),
    }
}

/// The first alarm about its content until it was missed.
fn alarm(from: &Sources<'_>) -> Option<(u64, String)> {
    let before = from.history.iter().filter(|(entry, _)| *entry < from.loss.known);
    before.filter_map(|(entry, said)| Some((*entry, disturbed(said, from.id)?))).next()
}

fn disturbed(said: &Statement, id: &MediumId) -> Option<String> {
    let lines = crate::report::monthly::alarms(said).iter();
    let mut own = lines.filter(|line| line.id == *id).map(|line| line.alarm.as_str());
    own.find(|name| DISTURBED.contains(name)).map(str::to_owned)
}

/// Scheme and cipher, and how well they are known.
fn told(line: &EncryptionLine) -> Sentence {
    let ja = match line.grade {
        EncryptionGrade::Verified => "読取りにより検証済み",
        EncryptionGrade::Partial => "平文の領域が併存",
        EncryptionGrade::Claimed => "製品仕様による（未検証）",
        EncryptionGrade::Stated => "申告のみ（未確認）",
        EncryptionGrade::Opaque => "乱数様（未証明）",
        EncryptionGrade::None => "暗号化されていない",
        EncryptionGrade::Unreadable => "読取り不能（暗号化とはみなさない）",
        EncryptionGrade::NotExamined => "未確認",
    };
    let named = [line.scheme.as_ref(), line.cipher.as_ref()];
    let named: Vec<&str> = named.into_iter().flatten().map(|word| word.as_str()).collect();
    let ja = [named.join(" "), ja.to_owned()].join("、");
    Sentence { ja: ja.trim_start_matches('、').to_owned(), en: words::encryption(line) }
}

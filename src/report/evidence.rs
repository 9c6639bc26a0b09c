//! What a probe found, in words: each reason has one sentence in English and one in
//! Japanese, for people who keep drives and not for engineers.

use serde::Serialize;

use crate::model::evidence::{Evidence, Reason};
use crate::model::vocabulary::EncryptionGrade;

/// The answer of one probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvidenceReport {
    /// What was probed, as it was named.
    pub device: String,
    /// What was found.
    #[serde(flatten)]
    pub evidence: Evidence,
    /// The grade in words.
    pub verdict: Bilingual,
    /// Every reason that occurs, once, in words.
    pub explained: Vec<Explained>,
}

/// One sentence, twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bilingual {
    /// In English.
    pub en: &'static str,
    /// In Japanese.
    pub ja: &'static str,
}

/// What a reason says for the drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bearing {
    /// It is in favour of encryption.
    Good,
    /// It is worth knowing.
    Note,
    /// It is against it.
    Bad,
}

/// A reason in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Its name.
    pub reason: Reason,
    /// What it says for the drive.
    pub bearing: Bearing,
    /// In both languages.
    #[serde(flatten)]
    pub words: Bilingual,
}

impl EvidenceReport {
    /// The report on `device`.
    #[must_use]
    pub fn new(device: String, evidence: Evidence) -> Self {
        let of_volumes = evidence.volumes.iter().flat_map(|volume| &volume.reasons);
        let mut reasons: Vec<Reason> = evidence.reasons.iter().chain(of_volumes).copied().collect();
        reasons.sort_unstable();
        reasons.dedup();
        let verdict = verdict(evidence.grade);
        let explained = reasons.into_iter().map(explain).collect();
        EvidenceReport { device, evidence, verdict, explained }
    }
}

/// What a grade means for whoever has to decide.
#[must_use]
pub fn verdict(grade: EncryptionGrade) -> Bilingual {
    let (en, ja) = match grade {
        EncryptionGrade::Verified => (
            "Encrypted: all data areas belong to an encryption whose method was read from the drive.",
            "暗号化済み：データ領域はすべて暗号化されており、その方式を媒体から読み取りました。",
        ),
        EncryptionGrade::Partial => (
            "PARTLY ENCRYPTED: beside the encrypted area there is data that anyone can read.",
            "一部のみ暗号化：暗号化された領域のほかに、誰でも読めるデータがあります。",
        ),
        EncryptionGrade::Claimed => (
            "Claimed: the drive is said to encrypt by itself, which reading it cannot prove.",
            "自称：媒体自身が暗号化するとされていますが、読み取りでは証明できません。",
        ),
        EncryptionGrade::Stated => (
            "Stated by a person; nothing was examined.",
            "人の申告によるもので、検査はしていません。",
        ),
        EncryptionGrade::Opaque => (
            "Not proven: the data looks random, but nothing says that it is encrypted.",
            "証明不可：データは乱数のように見えますが、暗号化されている証拠はありません。",
        ),
        EncryptionGrade::None => (
            "NOT ENCRYPTED: whoever has the drive can read what is on it.",
            "暗号化なし：媒体を手にした人は誰でも中身を読めます。",
        ),
        EncryptionGrade::Unreadable => (
            "Could not be examined: do not count this drive as encrypted.",
            "検査できませんでした。暗号化済みとして扱わないでください。",
        ),
        EncryptionGrade::NotExamined => ("Nobody has looked yet.", "まだ検査していません。"),
    };
    Bilingual { en, ja }
}

fn explain(reason: Reason) -> Explained {
    let (bearing, en, ja) = words(reason);
    Explained { reason, bearing, words: Bilingual { en, ja } }
}

type Words = (Bearing, &'static str, &'static str);

fn words(reason: Reason) -> Words {
    luks_words(reason)
        .or_else(|| vendor_words(reason))
        .or_else(|| header_words(reason))
        .or_else(|| plaintext_words(reason))
        .unwrap_or_else(|| table_words(reason))
}

fn luks_words(reason: Reason) -> Option<Words> {
    use Bearing::{Bad, Good, Note};
    Some(match reason {
        Reason::LuksHeader => (
            Good,
            "A LUKS header was read and checked; it names the cipher of the data behind it.",
            "LUKSヘッダーを読み取り、検査しました。後に続くデータの暗号方式が記されています。",
        ),
        Reason::CipherNull => (
            Bad,
            "The encryption is set to a method that changes nothing: the data can be read.",
            "何も暗号化しない方式が設定されており、データはそのまま読めます。",
        ),
        Reason::UnknownCipher => (
            Bad,
            "The header names an encryption method that is not known here.",
            "ヘッダーに記された暗号方式は、このソフトウェアの知らないものです。",
        ),
        Reason::LinearSegment => (
            Bad,
            "Part of the encrypted volume is stored without encryption.",
            "暗号化ボリュームの一部が暗号化されずに保存されています。",
        ),
        Reason::Reencrypting => (
            Bad,
            "Encrypting or decrypting was begun and is not finished.",
            "暗号化または復号の処理が途中で、終わっていません。",
        ),
        Reason::HardwareSegment => (
            Note,
            "The encryption is left to the drive's own hardware, which cannot be checked by reading.",
            "暗号化は媒体自身のハードウェアに任されており、読み取りでは確認できません。",
        ),
        Reason::UnknownSegment => (
            Bad,
            "The header describes an area in a way that is not known here.",
            "ヘッダーに、このソフトウェアの知らない種類の領域があります。",
        ),
        _ => return None,
    })
}

fn vendor_words(reason: Reason) -> Option<Words> {
    use Bearing::{Bad, Good, Note};
    Some(match reason {
        Reason::BitlockerHeader => (
            Good,
            "A BitLocker header was read and checked; protection is on.",
            "BitLockerヘッダーを読み取り、検査しました。保護は有効です。",
        ),
        Reason::ApfsEncrypted => (
            Good,
            "An Apple (APFS) volume says that it is encrypted.",
            "Apple（APFS）ボリュームが暗号化されていると記録されています。",
        ),
        Reason::ClearKey => (
            Bad,
            "The key lies unprotected on the drive itself: anyone can unlock it.",
            "鍵が保護されずに媒体上にあり、誰でも解除できます。",
        ),
        Reason::UsedSpaceOnly => (
            Note,
            "Only space that was in use is encrypted; what was deleted earlier may still be readable.",
            "使用中の領域だけが暗号化されています。以前に削除したデータは読めるかもしれません。",
        ),
        Reason::ReaderInFront => (
            Note,
            "The front of the drive is readable on purpose: it holds the program that asks for the password.",
            "媒体の先頭は意図的に読めるようになっています。パスワードを尋ねるプログラムの領域です。",
        ),
        Reason::Decrypted => (
            Bad,
            "The volume has the form of an encrypted one, and its data is decrypted.",
            "暗号化ボリュームの形式ですが、データは復号されています。",
        ),
        Reason::ApfsPlaintext => (
            Bad,
            "An Apple (APFS) volume is not encrypted.",
            "Apple（APFS）ボリュームが暗号化されていません。",
        ),
        Reason::ApfsContainerOnly => (
            Note,
            "An Apple (APFS) container was found; whether its volumes are encrypted could not be read.",
            "Apple（APFS）コンテナが見つかりましたが、ボリュームの暗号化は確認できませんでした。",
        ),
        _ => return None,
    })
}

fn header_words(reason: Reason) -> Option<Words> {
    use Bearing::{Bad, Note};
    Some(match reason {
        Reason::OneHeaderDamaged => (
            Note,
            "One of the two copies of the header is damaged; make a new header backup soon.",
            "ヘッダーの二つの写しのうち一つが壊れています。早めにヘッダーを修復してください。",
        ),
        Reason::HeadersDiffer => (
            Note,
            "The two copies of the header differ; the newer one was used.",
            "ヘッダーの二つの写しが異なります。新しい方を使いました。",
        ),
        Reason::HeaderDamaged => (
            Bad,
            "An encryption header is there, but it is damaged and proves nothing.",
            "暗号化ヘッダーはありますが、壊れていて何も証明できません。",
        ),
        Reason::HeaderUnknownVersion => (
            Bad,
            "An encryption header of an unknown version was found.",
            "未知の版の暗号化ヘッダーが見つかりました。",
        ),
        Reason::NoKeyslot => (
            Note,
            "No passphrase opens this volume any more: its data is lost to everybody.",
            "このボリュームを開けるパスフレーズはもうありません。データは誰にも読めません。",
        ),
        Reason::CheapPassphrase => (
            Note,
            "Guessing the passphrase costs an attacker little; use a long one or renew the key slot.",
            "パスフレーズの推測にかかる手間が小さい設定です。長いものを使うか設定し直してください。",
        ),
        Reason::RemainsInEncryptedArea => (
            Bad,
            "Readable data lies inside the encrypted area, probably from before it was encrypted.",
            "暗号化領域の中に読めるデータがあります。暗号化する前のデータの残りと思われます。",
        ),
        Reason::UnwrittenArea => (
            Note,
            "Parts of the encrypted area have never been written.",
            "暗号化領域に、まだ一度も書き込まれていない部分があります。",
        ),
        _ => return None,
    })
}

fn plaintext_words(reason: Reason) -> Option<Words> {
    use Bearing::{Bad, Note};
    Some(match reason {
        Reason::PlaintextFilesystem => (
            Bad,
            "There is an ordinary file system that any computer can read.",
            "どのコンピューターでも読める通常のファイルシステムがあります。",
        ),
        Reason::FileLevelEncryption => (
            Note,
            "Single files may be encrypted, but not the drive as a whole.",
            "ファイル単位で暗号化されている可能性はありますが、媒体全体ではありません。",
        ),
        Reason::ContainerNotFollowed => (
            Note,
            "A container for further volumes was found; what is inside was only sampled.",
            "別のボリュームを収める領域が見つかりました。中身は抜き取り検査だけしました。",
        ),
        Reason::LauncherDisc => (
            Note,
            "This is a disc image, as drives with built-in encryption show to start their program.",
            "暗号化機能付きの媒体が起動用に見せるような、ディスクイメージです。",
        ),
        Reason::SwapSpace => (
            Bad,
            "Parts of a computer's memory were stored here without encryption.",
            "コンピューターのメモリーの内容が暗号化されずに保存される領域です。",
        ),
        Reason::SystemPartition => (
            Note,
            "A partition for starting computers is readable; make sure that nothing else is in it.",
            "コンピューター起動用の区画は誰でも読めます。ほかのものを入れないでください。",
        ),
        Reason::PlaintextData => (
            Bad,
            "There is readable data in no known format.",
            "形式は不明ですが、暗号化されていないデータがあります。",
        ),
        Reason::PlaintextPartition => (
            Bad,
            "A readable partition stands beside the encrypted one.",
            "暗号化された区画の隣に、読める区画があります。",
        ),
        Reason::PlaintextGap => (
            Bad,
            "There is readable data outside the encrypted partitions, perhaps from earlier use.",
            "暗号化された区画の外に読めるデータがあります。以前の使用の残りかもしれません。",
        ),
        Reason::RandomLooking => (
            Note,
            "The data looks random: encrypted without a header (as VeraCrypt does), compressed or wiped.",
            "乱数のようなデータです。ヘッダーのない暗号化（VeraCryptなど）、圧縮、消去のどれかです。",
        ),
        Reason::CompressedData => (
            Bad,
            "The data is compressed, which anyone can unpack; it does not look encrypted.",
            "データは圧縮されているだけで、誰でも展開できます。暗号化されているようには見えません。",
        ),
        Reason::Blank => (
            Note,
            "Nothing is written where this probe looked: there is nothing encrypted yet.",
            "検査した範囲には何も書かれていません。まだ暗号化されたものはありません。",
        ),
        _ => return None,
    })
}

fn table_words(reason: Reason) -> Words {
    use Bearing::{Bad, Note};
    match reason {
        Reason::GptPrimaryDamaged => (
            Note,
            "The partition table is damaged; its copy at the end of the drive was used.",
            "区画表が壊れているため、媒体の末尾にある写しを使いました。",
        ),
        Reason::GptBackupDamaged => (
            Note,
            "The copy of the partition table at the end of the drive is damaged or missing.",
            "媒体の末尾にある区画表の写しが、壊れているか見つかりません。",
        ),
        Reason::GptCopiesDiffer => (
            Bad,
            "The two copies of the partition table name different partitions.",
            "区画表の二つの写しの内容が異なります。",
        ),
        Reason::TableDamaged => (
            Bad,
            "The partition table is damaged, so that partitions may have been missed.",
            "区画表が壊れており、見落とした区画があるかもしれません。",
        ),
        Reason::HybridTable => (
            Note,
            "There are two partition tables of different kinds; the partitions of both were examined.",
            "種類の異なる区画表が二つあります。両方の区画を検査しました。",
        ),
        Reason::PartitionsOverlap => (
            Bad,
            "Partitions overlap, which no sound tool makes.",
            "区画が重なっています。正常なソフトウェアでは起こりません。",
        ),
        Reason::PartitionBeyondEnd => (
            Bad,
            "A partition is larger than the drive: a cut image, or a drive that lies about its size.",
            "媒体より大きい区画があります。不完全なイメージか、容量を偽った媒体です。",
        ),
        Reason::TooManyPartitions => (
            Bad,
            "There are more partitions than this probe examines.",
            "この検査で調べられる数より多くの区画があります。",
        ),
        Reason::BudgetExhausted => (
            Bad,
            "More would have to be read than this probe allows itself.",
            "検査で読み取れる量の上限を超えました。",
        ),
        Reason::NoMedium => (
            Bad,
            "There is no medium, or it is locked and shows no bytes.",
            "媒体が入っていないか、ロックされていて何も見えません。",
        ),
        // `ReadError`; the others were answered above.
        _ => (Bad, "Parts of the drive could not be read.", "媒体の一部を読み取れませんでした。"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A reason without words of its own would be told as a read error.
    #[test]
    fn every_reason_has_its_own_words_in_both_languages() {
        let told: Vec<Explained> = Reason::ALL.iter().map(|reason| explain(*reason)).collect();
        let english: BTreeSet<&str> = told.iter().map(|one| one.words.en).collect();
        let japanese: BTreeSet<&str> = told.iter().map(|one| one.words.ja).collect();
        assert_eq!((english.len(), japanese.len()), (told.len(), told.len()));
        for one in told {
            assert!(one.words.en.is_ascii() && one.words.en.ends_with('.'), "{}", one.words.en);
            assert!(one.words.ja.ends_with('。') && !one.words.ja.is_ascii(), "{}", one.words.ja);
        }
    }
}

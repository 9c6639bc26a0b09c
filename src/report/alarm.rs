//! Alarms in words: each has one sentence in English and one in Japanese.

use super::evidence::Bilingual;

/// What an alarm means for whoever has the drive in hand; none for a name that this
/// program does not know.
#[must_use]
pub fn words(name: &str) -> Option<Bilingual> {
    let all = ABOUT_CONTENT.iter().chain(ABOUT_DEVICE).chain(ODDITIES);
    let (_, en, ja) = all.into_iter().find(|(known, ..)| *known == name)?;
    Some(Bilingual { en, ja })
}

type Words = (&'static str, &'static str, &'static str);

/// What is on the drive is not what it was.
const ABOUT_CONTENT: &[Words] = &[
    (
        "mark-drift",
        "what is on it was formatted anew since it was registered",
        "記録された内容と異なり、初期化し直されています。",
    ),
    (
        "sequence-backwards",
        "its encryption header is older than one seen before: a copy?",
        "暗号化ヘッダーが以前に確認したものより古くなっています。複製ではありませんか。",
    ),
    (
        "token-missing",
        "the token file that was written on it is not there",
        "書き込まれていた識別用ファイル（トークン）がありません。",
    ),
    (
        "token-stale",
        "its token file is not the last one that was written: a copy?",
        "識別用ファイル（トークン）が最後に書き込まれたものではありません。複製ではありませんか。",
    ),
    (
        "mark-remains",
        "an identifier that erasing should have removed is still on it: was it erased?",
        "消去で無くなるはずの識別子が残っています。本当に消去されましたか。",
    ),
    (
        "encryption-weaker",
        "reading it shows weaker encryption than the ledger has of it",
        "読み取った暗号化の状態が、台帳の記録より弱くなっています。",
    ),
];

/// The device is not what it was, or not where it should be.
const ABOUT_DEVICE: &[Words] = &[
    (
        "identity-twice",
        "two devices answer to its identity: one is not the registered drive",
        "同じ識別を名乗る機器が二つあります。どちらかは登録された媒体ではありません。",
    ),
    (
        "in-other-custody",
        "it is here, while the ledger has it with somebody outside",
        "台帳では外部の人が持っている媒体が、ここにあります。",
    ),
    (
        "interfaces-drift",
        "it offers other interfaces than when it was registered",
        "登録時と異なるインターフェースを持っています。",
    ),
    (
        "configurations-drift",
        "it offers another number of configurations than registered",
        "登録時と構成の数が異なります。",
    ),
    (
        "capacity-drift",
        "it has another size than when it was registered",
        "登録時と容量が異なります。",
    ),
    (
        "inquiry-drift",
        "its disk calls itself otherwise than when it was registered",
        "ディスクの名乗りが登録時と異なります。",
    ),
    (
        "units-drift",
        "it shows other disks than when it was registered: locked or unlocked?",
        "登録時と異なるディスクが見えます。施錠中か解錠中ではありませんか。",
    ),
    (
        "release-drift",
        "its release number changed: other firmware, or another device",
        "リリース番号が変わりました。ファームウェアの更新か、別の機器です。",
    ),
    (
        "product-drift",
        "it calls itself otherwise than when it was registered",
        "名乗りが登録時と異なります。",
    ),
];

/// The device is odd in itself.
const ODDITIES: &[Words] = &[
    (
        "vendor-beside-storage",
        "an interface only its maker knows stands beside the storage",
        "記憶装置のほかに、メーカー独自のインターフェースがあります。",
    ),
    (
        "input-beside-storage",
        "a keyboard or other input device hides beside the storage",
        "記憶装置のほかに、キーボードなどの入力装置が隠れています。",
    ),
    (
        "network-beside-storage",
        "a network interface hides beside the storage",
        "記憶装置のほかに、ネットワーク装置が隠れています。",
    ),
    (
        "hub-beside-storage",
        "a hub hides beside the storage",
        "記憶装置のほかに、ハブが隠れています。",
    ),
    (
        "hub-claims-storage",
        "it declares itself a hub and offers storage",
        "ハブを名乗りながら、記憶装置を提供しています。",
    ),
    (
        "id-mismatch",
        "its own descriptor names other numbers than the system",
        "機器自身の記述が、システムの示す番号と異なります。",
    ),
    ("several-configurations", "it offers several configurations", "複数の構成を提供しています。"),
    ("serial-missing", "it has no serial number", "シリアル番号がありません。"),
    ("serial-blank", "its serial number is empty", "シリアル番号が空です。"),
    (
        "hostile-text",
        "its names hold control or invisible characters",
        "名前に制御文字や見えない文字が含まれています。",
    ),
    ("descriptor-unsound", "its descriptors contradict themselves", "機器の記述が矛盾しています。"),
    (
        "no-medium",
        "it shows no medium: locked, or an empty slot",
        "媒体が見えません。施錠中か、空のスロットです。",
    ),
    ("capacity-zero", "it says it has no bytes", "容量がゼロだと名乗っています。"),
    (
        "storage-without-block",
        "it offers storage and shows no disk",
        "記憶装置を名乗りながら、ディスクが見えません。",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Policy;

    /// Whoever reads a policy or a refusal finds every alarm in words.
    #[test]
    fn every_alarm_of_the_policy_has_words() {
        let policy = Policy::default();
        for alarm in policy.alarm_refuses.iter().chain(&policy.alarm_override) {
            assert!(words(alarm.as_str()).is_some(), "{alarm}");
        }
    }
}

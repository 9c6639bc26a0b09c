//! An entry in one line of Japanese, as far as it tells of one drive.

use crate::model::vocabulary::Verdict;
use crate::model::{MediumId, Phrase, Statement};
use crate::report::words;

/// What the entry says of the drive.
pub(super) fn told(said: &Statement, id: &MediumId) -> String {
    let remark = |detail: &Option<Phrase>| {
        detail.as_ref().map_or_else(String::new, |detail| format!("。備考: {detail}"))
    };
    match said {
        Statement::Register(said) => {
            format!("登録。保管場所 {}{}", said.home, remark(&said.detail))
        }
        Statement::Request(said) => {
            format!("持出申請。受け取る人 {}、目的 {}", said.receiver.spoken(), said.purpose)
        }
        Statement::Approve(said) => {
            let verdict = if said.verdict == Verdict::Approved { "承認" } else { "却下" };
            format!("申請（記録{}）を{verdict}{}", said.request.index, remark(&said.detail))
        }
        Statement::Handover(said) => {
            let due = said.due.map_or_else(String::new, |due| format!("、返却期限 {due}"));
            let (from, to) = (said.giver.party.spoken(), said.receiver.party.spoken());
            format!("{from} から {to} へ授受。目的 {}、所在 {}{due}", said.purpose, said.place)
        }
        Statement::Sighting(said) => {
            let how = words::how_seen(said.grade).ja;
            format!("{} で確認（{how}）{}", said.place, remark(&said.detail))
        }
        Statement::Check(said) => {
            let seen = said.found.iter().chain(&said.unverified).chain(&said.unexpected);
            let seen = seen.into_iter().find(|line| line.id == *id);
            let what = seen.map_or_else(
                || "見つからず".to_owned(),
                |line| format!("確認（{}）", words::how_seen(line.grade).ja),
            );
            format!("{} の点検で{what}{}", said.place, remark(&said.detail))
        }
        Statement::RollCall(said) => {
            let seen = said.present.iter().any(|line| line.id == *id);
            format!("{} の自動点呼で{}", said.place, if seen { "確認" } else { "不在" })
        }
        Statement::Missing(said) => format!("所在不明。{}", said.detail),
        Statement::Search(said) => {
            format!("{} を捜索、見つからず{}", said.place, remark(&said.detail))
        }
        Statement::Acknowledge(said) => format!("対応を引受け{}", remark(&said.detail)),
        Statement::Found(said) => {
            let how = words::how_seen(said.grade).ja;
            format!("{} で発見（{how}）{}", said.place, remark(&said.detail))
        }
        Statement::Lost(said) => format!("紛失と判断。{}", said.detail),
        Statement::Erase(said) => format!("消去（{}）{}", said.technique, remark(&said.detail)),
        Statement::Retire(said) => format!("廃棄。{}{}", said.reason, remark(&said.detail)),
        Statement::Override(said) => format!("注意事項を二名で承認。{}", said.reason),
        Statement::Attach(said) => format!("受領書 {} に書面を添付", said.receipt),
        Statement::Correct(said) => format!(
            "記録{}の {} を「{}」に訂正。理由 {}",
            said.entry.index,
            said.field.as_str(),
            said.correction,
            said.reason
        ),
        other => words::kind(other.kind()).ja.to_owned(),
    }
}

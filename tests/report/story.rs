//! Eight months of a small office, told until 2026-11-22: every standing there is.

use media_custody::model::{MediumId, MediumLine, Stamp, Statement};

use crate::fixture::{World, stamp, vkey};

pub const NOW: &str = "2026-11-22T10:15:00+09:00";
pub const SHELF: &str = "資料室 棚A";
pub const LAB: &str = "検査室";

pub fn now() -> Stamp {
    stamp(NOW)
}

pub fn id(text: &str) -> MediumId {
    text.parse().expect("asset id")
}

fn owned(lines: &[(&str, &str)]) -> Vec<(String, String)> {
    lines.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Says something at `at` and appends it.
fn said(world: &mut World, at: &str, kind: &str, by: &str, lines: &[(&str, &str)]) {
    world.clock = stamp(at);
    let statement = world.say(kind, by, &owned(lines));
    world.append(statement).expect("accepted");
}

fn enrol(world: &mut World, spoken: &str, role: &str, key: Option<&str>) {
    let key = key.map(|label| vkey(label).to_string());
    let mut lines = vec![("party", spoken), ("role", role)];
    lines.extend(key.as_deref().map(|key| ("key", key)));
    said(world, "2026-04-01T09:10:00+09:00", "party", "admin", &lines);
}

fn register(world: &mut World, at: &str, medium: &str, grade: &str, home: &str) {
    let line: MediumLine = medium.parse().expect("medium");
    let (hardware, encryption) =
        (line.hardware().to_string(), format!("{} luks2 aes-xts-plain64 verified", line.id));
    let lines = [
        ("medium", medium),
        ("hw", &hardware),
        ("serial-grade", grade),
        ("product", "Kingston DataTraveler Vault"),
        ("capacity", "31004295168"),
        ("interfaces", "08:06:50"),
        ("encryption", &encryption),
        ("home", home),
        ("owner", "静岡支部"),
        ("class", "被保険者台帳"),
    ];
    said(world, at, "register", "yamada", &lines);
}

/// A handover by yamada of these media.
fn hand_over(world: &mut World, at: &str, receipt: &str, media: &[&str], rest: &[(&str, &str)]) {
    let state = &world.state;
    let lines: Vec<String> =
        media.iter().map(|one| state.media[&id(one)].line.to_string()).collect();
    let encryption: Vec<String> =
        media.iter().map(|one| state.media[&id(one)].encryption.to_string()).collect();
    let mut all = vec![("receipt", receipt)];
    all.extend(lines.iter().map(|line| ("medium", line.as_str())));
    all.extend(encryption.iter().map(|line| ("encryption", line.as_str())));
    all.extend_from_slice(rest);
    world.clock = stamp(at);
    // In a handover the receipt's number stands before the time.
    let statement = say_handover(world, &all);
    world.append(statement).expect("accepted");
}

fn say_handover(world: &mut World, lines: &[(&str, &str)]) -> Statement {
    use media_custody::wire::statement;
    let frame = world.frame();
    let mut text = format!("custody/handover/v1\nledger: {}\n", crate::fixture::ORIGIN);
    for (at, (key, value)) in lines.iter().enumerate() {
        text.push_str(&format!("{key}: {value}\n"));
        if at == 0 {
            text.push_str(&format!("at: {}\nseen: {}\n", frame.at, frame.seen));
        }
    }
    text.push_str(&format!("nonce: {}\n", frame.nonce));
    statement::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The whole story.
pub fn told() -> World {
    let mut world = World::empty();
    let genesis = world.genesis();
    world.append(genesis).expect("founded");
    people(&mut world);
    let october = "2026-10-10T09:00:00+09:00";
    for (medium, grade, home) in [
        ("USB-0419 0951:1666 1C6F65D8ABCDE1230419", "A", SHELF),
        ("USB-0420 0951:1666 1C6F65D8ABCDE1230420", "A", SHELF),
        ("USB-0421 0951:1666 1C6F65D8ABCDE1234567", "A", SHELF),
        ("USB-0422 0781:5583 4C530001A2B3", "A", SHELF),
        ("USB-0423 0781:5583 4C530001A2B4", "A", SHELF),
        ("USB-0424 abcd:1234 -", "C", LAB),
    ] {
        register(&mut world, october, medium, grade, home);
    }
    register(&mut world, "2026-10-20T09:00:00+09:00", "USB-0425 0781:5583 4C53X5", "B", LAB);
    register(&mut world, "2026-10-20T09:05:00+09:00", "USB-0426 0781:5583 4C530001A2C6", "A", LAB);
    register(&mut world, "2026-10-20T09:10:00+09:00", "USB-0427 0781:5583 4C530001A2C7", "A", LAB);
    register(&mut world, "2026-10-20T09:15:00+09:00", "USB-0428 0781:5583 4C530001A2C8", "A", LAB);
    autumn(&mut world);
    world.clock = now();
    world
}

fn people(world: &mut World) {
    enrol(world, "yamada 山田 花子, 静岡支部", "custodian", Some("yamada"));
    enrol(world, "suzuki 鈴木 次郎, 静岡支部", "auditor", Some("suzuki"));
    enrol(world, "sato 佐藤 一郎, さくら印刷", "outside", Some("sato"));
    enrol(world, "tanaka 田中 三郎, 清水製本株式会社 東京営業所 制作管理部", "outside", None);
    let old = vkey("suzuki").to_string();
    let lines = [
        ("party", "suzuki 鈴木 次郎, 静岡支部"),
        ("key", old.as_str()),
        ("reason", "lost"),
        ("detail", "ノートPCの故障"),
    ];
    said(world, "2026-05-07T10:00:00+09:00", "key-revoke", "admin", &lines);
    enrol_again(world, "suzuki:2");
}

fn enrol_again(world: &mut World, label: &str) {
    let key = vkey(label).to_string();
    let lines =
        [("party", "suzuki 鈴木 次郎, 静岡支部"), ("role", "auditor"), ("key", key.as_str())];
    said(world, "2026-05-07T10:05:00+09:00", "party", "admin", &lines);
}

fn autumn(world: &mut World) {
    let (yamada, sato) = (vkey("yamada").to_string(), vkey("sato").to_string());
    let giver = [("giver", "yamada 山田 花子, 静岡支部"), ("giver-key", yamada.as_str())];
    let receiver = [("receiver", "sato 佐藤 一郎, さくら印刷"), ("receiver-key", sato.as_str())];
    let job = [("purpose", "被保険者証の印刷"), ("place", "さくら印刷 第二工場")];
    let mut first: Vec<(&str, &str)> = Vec::new();
    first.extend(giver.iter().chain(&receiver).chain(&job));
    first.push(("due", "2026-11-15"));
    hand_over(world, "2026-10-20T10:00:00+09:00", "SZ-2026-000001", &["USB-0419"], &first);
    let check = [
        ("place", SHELF),
        ("found", "USB-0421 profile"),
        ("found", "USB-0422 profile"),
        ("found", "USB-0423 label"),
        ("missing", "USB-0420"),
        ("unexpected", "USB-0425 profile"),
        ("unknown", "13fe:4200 07AB1234567890AB"),
        ("alarm", "USB-0422 release-drift"),
        ("detail", "抜き打ち点検"),
    ];
    // USB-0425 was seen at the wrong shelf.
    said(world, "2026-11-20T16:40:00+09:00", "check", "suzuki", &check);
    let lost = world.state.media[&id("USB-0426")].line.to_string();
    let detail = ("detail", "検査室を二度捜索したが見つからず");
    said(world, "2026-11-20T17:00:00+09:00", "missing", "yamada", &[("medium", &lost), detail]);
    said(world, "2026-11-21T09:00:00+09:00", "lost", "admin", &[("medium", &lost), detail]);
    let old = world.state.media[&id("USB-0427")].line.to_string();
    let lines = [("medium", old.as_str()), ("reason", "故障"), ("method", "destroy")];
    said(world, "2026-11-21T09:30:00+09:00", "retire", "admin", &lines);
    let paper = [
        ("receiver", "tanaka 田中 三郎, 清水製本株式会社 東京営業所 制作管理部"),
        ("receiver-seal", "paper"),
        ("purpose", "被保険者台帳の製本"),
        ("place", "清水製本 東京営業所"),
        ("due", "2026-12-20"),
        ("alarm", "USB-0422 release-drift"),
    ];
    let lines: Vec<(&str, &str)> = giver.iter().chain(&paper).copied().collect();
    hand_over(world, "2026-11-21T10:00:00+09:00", "SZ-2026-000002", &["USB-0422"], &lines);
    latest(world, &giver, &receiver);
}

/// The handover of the design, with a witness.
fn latest(world: &mut World, giver: &[(&str, &str)], receiver: &[(&str, &str)]) {
    let suzuki = vkey("suzuki:2").to_string();
    let rest = [
        ("witness", "suzuki 鈴木 次郎, 静岡支部"),
        ("witness-key", suzuki.as_str()),
        ("purpose", "被保険者台帳の印刷・製本"),
        ("contents", "氏名,住所,生年月日,電話番号"),
        ("persons", "3775"),
        ("place", "さくら印刷 第二工場"),
        ("due", "2026-12-06"),
    ];
    let lines: Vec<(&str, &str)> = giver.iter().chain(receiver).chain(&rest).copied().collect();
    hand_over(world, "2026-11-22T10:15:00+09:00", "SZ-2026-000003", &["USB-0421"], &lines);
}

/// `by` or `verifier` with the key, as it stands in a statement.
fn signing(world: &World, key: &str, id: &str) -> String {
    let signatory = world.signatory(id);
    format!("{}\n{key}-key: {}", signatory.party, signatory.key)
}

/// The story and its last day: the sealed sheet is attached, a drive is erased, the
/// certificate corrected, the drive retired.
pub fn ended() -> World {
    let mut world = told();
    let scan = [
        ("receipt", "SZ-2026-000002"),
        ("sha-256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        ("length", "48213"),
        ("media-type", "application/pdf"),
    ];
    said(&mut world, "2026-11-22T11:00:00+09:00", "attach", "yamada", &scan);
    let line = world.state.media[&id("USB-0425")].line.to_string();
    let (by, verifier) = (signing(&world, "by", "yamada"), signing(&world, "verifier", "suzuki"));
    let erase = [
        ("medium", line.as_str()),
        ("media-type", "フラッシュメモリ"),
        ("method", "purge"),
        ("technique", "暗号化消去"),
        ("tool", "cryptsetup 2.7.0"),
        ("verification", "ヘッダーの消去を確認、全読取"),
        ("destination", "静岡リサイクル"),
        ("place", "静岡支部 作業室"),
        ("encryption", "USB-0425 - - none"),
        ("alarm", "USB-0425 release-drift"),
        ("detail", "年度末の消去"),
        ("by", &by),
        ("verifier", &verifier),
    ];
    said(&mut world, "2026-11-22T11:30:00+09:00", "erase", "yamada", &erase);
    let index = world.entries.len() - 1;
    let entry = format!("{index} {}", world.entries[index].leaf);
    let slip = [
        ("entry", entry.as_str()),
        ("field", "tool"),
        ("correction", "cryptsetup 2.7.5"),
        ("reason", "転記誤り"),
    ];
    said(&mut world, "2026-11-22T11:40:00+09:00", "correct", "yamada", &slip);
    let (by, verifier) = (signing(&world, "by", "admin"), signing(&world, "verifier", "suzuki"));
    let retire = [
        ("medium", line.as_str()),
        ("reason", "耐用年数"),
        ("method", "destroy"),
        ("media-type", "フラッシュメモリ"),
        ("technique", "破砕"),
        ("tool", "MBD-16"),
        ("verification", "6 mm 以下の破片"),
        ("destination", "静岡リサイクル"),
        ("place", "静岡支部 作業室"),
        ("detail", "立会いのうえ破砕"),
        ("by", &by),
        ("verifier", &verifier),
    ];
    said(&mut world, "2026-11-22T11:50:00+09:00", "retire", "admin", &retire);
    world.clock = stamp("2026-11-22T12:00:00+09:00");
    world
}

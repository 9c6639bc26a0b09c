//! The signed text of a statement has one reading, and that reading has one
//! spelling: over arbitrary statements of all kinds, made from the list of fields
//! that the code itself reads by.

use media_custody::model::hardware::Serial;
use media_custody::model::key::VerifierKey;
use media_custody::model::statement::FieldShape;
use media_custody::model::text::check_line;
use media_custody::model::vocabulary::*;
use media_custody::model::{Hash, Nonce, Statement, Zone};
use media_custody::wire::statement::{TEXT_MAX, parse, to_text};
use proptest::prelude::*;
use proptest::sample::select;

type Lines = BoxedStrategy<Vec<String>>;

/// A line of text that a person might write, or an attacker.
fn text(max: usize) -> BoxedStrategy<String> {
    let written = "[A-Za-z0-9 :;#>—、。山田花子葛\u{e0100}が𠮷é\u{1f4be}\u{3000}-]{1,40}";
    let fits = move |text: &String| check_line(text, max).is_ok();
    prop_oneof![3 => written.prop_filter("fits", fits), 1 => ".{1,30}".prop_filter("fits", fits)]
        .boxed()
}

fn words<T: ToString + Copy + std::fmt::Debug + 'static>(
    all: &'static [T],
) -> BoxedStrategy<String> {
    select(all).prop_map(|word| word.to_string()).boxed()
}

fn vkey() -> BoxedStrategy<String> {
    ("[a-z0-9./-]{1,30}", any::<[u8; 32]>())
        .prop_map(|(name, public)| {
            VerifierKey::new(name.parse().expect("name"), public).to_string()
        })
        .boxed()
}

fn hash() -> BoxedStrategy<String> {
    any::<[u8; 32]>().prop_map(|bytes| Hash(bytes).to_string()).boxed()
}

fn serial() -> BoxedStrategy<String> {
    prop::collection::vec(any::<u16>(), 0..20)
        .prop_map(|raw| Serial::from_utf16(&raw).to_string())
        .boxed()
}

fn medium_id() -> BoxedStrategy<String> {
    "[A-Z0-9]{1,8}(-[A-Z0-9]{1,7})?".boxed()
}

fn stamp() -> BoxedStrategy<String> {
    let zones = select(&["UTC", "Asia/Tokyo", "America/St_Johns", "Pacific/Kiritimati"][..]);
    (946_900_000i64..253_300_000_000, zones)
        .prop_map(|(at, zone)| {
            let zone = Zone::named(zone).expect("zone");
            media_custody::model::Stamp::from_unix(at, &zone).expect("stamp").to_string()
        })
        .boxed()
}

fn party() -> BoxedStrategy<String> {
    let name = text(120).prop_filter("no comma", |name| !name.contains(','));
    let organisation = prop::option::of(text(120));
    ("[a-z0-9]{1,15}([.-][a-z0-9]{1,15})?", name, organisation)
        .prop_map(|(id, name, organisation)| match organisation {
            Some(organisation) => format!("{id} {name}, {organisation}"),
            None => format!("{id} {name}"),
        })
        .boxed()
}

fn rule() -> BoxedStrategy<String> {
    let number = || prop_oneof![Just("-".to_owned()), any::<u32>().prop_map(|n| n.to_string())];
    let grade = prop_oneof![Just("-".to_owned()), words(SightingGrade::ALL)];
    let checker = prop_oneof![Just("-".to_owned()), words(CheckerRule::ALL)];
    (words(RuleScope::ALL), number(), number(), grade, checker, number(), text(120))
        .prop_map(|(scope, interval, grace, grade, checker, draw, name)| {
            format!(
                "{scope} interval-days={interval} grace-days={grace} grade={grade} \
                 checker={checker} draw-percent={draw} {name}"
            )
        })
        .boxed()
}

/// The values of one Rust type, as they are written.
fn value(rust: &str) -> BoxedStrategy<String> {
    let token = "[a-z0-9]{1,12}([.-][a-z0-9]{1,12}){0,2}";
    let vid_pid = "[0-9a-f]{4}:[0-9a-f]{4}";
    let token_or = prop_oneof![Just("-".to_owned()), token];
    match rust {
        "Origin" => "[a-z0-9]{1,20}([./-][a-z0-9]{1,20}){0,3}".boxed(),
        "Stamp" => stamp(),
        "Day" => stamp().prop_map(|stamp| stamp[..10].to_owned()).boxed(),
        "Seen" => (any::<u64>(), hash()).prop_map(|(n, h)| format!("{n} {h}")).boxed(),
        "EntryRef" => (any::<u64>(), hash()).prop_map(|(n, h)| format!("{n} {h}")).boxed(),
        "Name" => text(120),
        "Phrase" => text(300),
        "ReceiptPrefix" => "[A-Z0-9]{1,8}".boxed(),
        "ReceiptId" => "[A-Z0-9]{1,8}-[2-8][0-9]{3}-0[0-9]{4}[1-9]".boxed(),
        "Token" => token.boxed(),
        "Signs" | "VerifierKey" => vkey(),
        "PartyRef" => party(),
        "Nonce" => any::<[u8; 16]>().prop_map(|bytes| Nonce(bytes).to_string()).boxed(),
        "Hash" => hash(),
        "HardwareIdentity" => "[0-9a-f]{64}".boxed(),
        "Grade" => "[ABC]".boxed(),
        "u32" => any::<u32>().prop_map(|n| n.to_string()).boxed(),
        "u64" => any::<u64>().prop_map(|n| n.to_string()).boxed(),
        "MediumId" => medium_id(),
        "MediumLine" => (medium_id(), vid_pid, serial())
            .prop_map(|(id, vid_pid, serial)| format!("{id} {vid_pid} {serial}"))
            .boxed(),
        "UnknownLine" => (vid_pid, serial()).prop_map(|(v, s)| format!("{v} {s}")).boxed(),
        "EncryptionLine" => (medium_id(), token_or.clone(), token_or, words(EncryptionGrade::ALL))
            .prop_map(|(id, scheme, cipher, grade)| format!("{id} {scheme} {cipher} {grade}"))
            .boxed(),
        "SeenLine" => (medium_id(), words(SightingGrade::ALL))
            .prop_map(|(id, grade)| format!("{id} {grade}"))
            .boxed(),
        "AlarmLine" => (medium_id(), token).prop_map(|(id, alarm)| format!("{id} {alarm}")).boxed(),
        "MarkLine" => (medium_id(), token, "[A-Za-z0-9-]{1,64}")
            .prop_map(|(id, kind, value)| format!("{id} {kind} {value}"))
            .boxed(),
        "SequenceLine" => (medium_id(), token, any::<u64>())
            .prop_map(|(id, volume, number)| format!("{id} {volume} {number}"))
            .boxed(),
        "TokenLine" => (medium_id(), hash()).prop_map(|(id, hash)| format!("{id} {hash}")).boxed(),
        "RuleLine" => rule(),
        "DrawLine" => (1u32..=100, 1u64.., any::<u64>(), hash())
            .prop_map(|(percent, number, size, root)| format!("{percent} {number} {size} {root}"))
            .boxed(),
        "Concern" => words(Concern::ALL),
        "LooseningRule" => words(LooseningRule::ALL),
        "Role" => words(Role::ALL),
        "SightingGrade" => words(SightingGrade::ALL),
        "CheckerRule" => words(CheckerRule::ALL),
        "WitnessRule" => words(WitnessRule::ALL),
        "PaperRule" => words(PaperRule::ALL),
        "RevocationReason" => words(RevocationReason::ALL),
        "Verdict" => words(Verdict::ALL),
        "ErasureMethod" => words(ErasureMethod::ALL),
        "LinkRelation" => words(LinkRelation::ALL),
        other => panic!("no strategy for {other}: add one"),
    }
}

/// The lines of one field.
fn field(shape: &FieldShape) -> Lines {
    let key = shape.key;
    let rust: String = shape.rust.chars().filter(|c| !c.is_whitespace()).collect();
    let inner = rust.split('<').next_back().expect("a type").trim_end_matches('>');
    let one = match inner {
        "Signatory" => (party(), vkey())
            .prop_map(move |(party, vkey)| {
                vec![format!("{key}: {party}"), format!("{key}-key: {vkey}")]
            })
            .boxed(),
        "Side" => (party(), prop::option::of(vkey()))
            .prop_map(move |(party, vkey)| {
                let seal = vkey.map_or("-seal: paper".to_owned(), |vkey| format!("-key: {vkey}"));
                vec![format!("{key}: {party}"), format!("{key}{seal}")]
            })
            .boxed(),
        plain => value(plain).prop_map(move |value| vec![format!("{key}: {value}")]).boxed(),
    };
    let times = match shape.occurs {
        "1" => 1..2,
        "0..1" => 0..2,
        "0..n" => 0..4,
        "1..n" => 1..4,
        other => panic!("{other}"),
    };
    prop::collection::vec(one, times).prop_map(|lines| lines.concat()).boxed()
}

/// The lines of an arbitrary statement of an arbitrary kind, the first included.
fn statement() -> Lines {
    select(Statement::KINDS)
        .prop_flat_map(|(kind, fields)| {
            let fields: Vec<Lines> = fields.iter().map(field).collect();
            fields.prop_map(move |lines| {
                let first = vec![format!("custody/{kind}/v1")];
                [vec![first], lines].concat().concat()
            })
        })
        .boxed()
}

fn join(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_the_same(lines in statement()) {
        let text = join(&lines);
        let statement = parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(to_text(&statement), text.clone());
        let (kind, found) = (statement.kind(), statement.lines());
        prop_assert_eq!(found.text_len(kind), text.len());
        let json = serde_json::to_string(&statement).expect("writes");
        prop_assert_eq!(serde_json::from_str::<Statement>(&json).expect("reads"), statement);
    }

    /// Any change of lines is refused, or says something else and says it canonically.
    #[test]
    fn a_changed_line_never_says_the_same(
        lines in statement(),
        how in 0u8..8,
        at in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
    ) {
        let original = parse(&join(&lines)).expect("a statement");
        let (at, other) = (at.index(lines.len()), other.index(lines.len()));
        let mut changed = lines.clone();
        match how {
            0 => drop(changed.remove(at)),
            1 => changed.insert(at, lines[at].clone()),
            2 => changed.swap(at, other),
            3 => changed.push("remark: unknown".to_owned()),
            4 => changed.insert(at, "remark: unknown".to_owned()),
            5 => changed.insert(other, lines[at].clone()),
            6 => changed[at].push(' '),
            _ => changed[at] = changed[at].replacen(": ", ":  ", 1),
        }
        prop_assume!(changed != lines);
        let text = join(&changed);
        if let Ok(statement) = parse(&text) {
            prop_assert_ne!(&statement, &original);
            prop_assert_eq!(to_text(&statement), text);
        }
    }

    /// Bytes changed anywhere, and text that never was a statement.
    #[test]
    fn no_text_panics_and_what_is_read_is_canonical(
        lines in statement(),
        at in any::<prop::sample::Index>(),
        with in "[ -~\n—が\u{202e}]{0,3}",
    ) {
        let mut text = join(&lines);
        let place = at.index(text.len());
        if text.is_char_boundary(place) && text.is_char_boundary(place + 1) {
            text.replace_range(place..=place, &with);
        }
        if let Ok(statement) = parse(&text) {
            prop_assert_eq!(to_text(&statement), text);
        }
        let _ = parse(&with);
    }
}

#[test]
fn the_frame_is_strict() {
    for text in [
        "",
        "\n",
        "custody/genesis/v1",
        "custody/genesis/v1\n",
        "custody/genesis/v1\r\n",
        "custody/genesis/v01\n",
        "custody/genesis/v2\nledger: x\n",
        "custody/genesis/v\nledger: x\n",
        "custody/genesis\nledger: x\n",
        "custody//v1\nledger: x\n",
        "custody/nothing/v1\nledger: x\n",
        "Custody/genesis/v1\nledger: x\n",
        "custody/genesis/v1\nledger:x\n",
        "custody/genesis/v1\n\nledger: x\n",
    ] {
        assert!(parse(text).is_err(), "{text:?}");
    }
    let long = format!("custody/genesis/v1\nledger: {}\n", "x".repeat(TEXT_MAX));
    assert!(parse(&long).is_err());
    // An error repeats foreign text, but not what a terminal would obey.
    let hostile =
        parse("custody/link/v1\n\u{1b}[2J\u{202e}: x\n").expect_err("refused").to_string();
    assert!(hostile.is_ascii() && !hostile.contains('\u{1b}'), "{hostile:?}");
}

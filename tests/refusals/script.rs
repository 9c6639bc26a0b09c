//! Runs the reproducers. The grammar stands in `README.md`.

use std::fs;
use std::path::Path;

use media_custody::cli::error::Failure;
use media_custody::model::{Day, EntryRef, Hash, PartyRef, Stamp};
use media_custody::ops::Draft;
use media_custody::proof::receipt::Receipt;
use media_custody::proof::tree::leaf_hash;
use media_custody::wire::label::Label;
use media_custody::wire::qr::{PayloadKind, encode};
use media_custody::wire::statement;

use crate::by_hand;
use crate::office::{Case, Ran, key_name, of, sign, split};

/// Runs one file and compares; `Err` says what differs.
pub fn check(name: &str, path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let (script, expected) = text.split_once("\nexit ").ok_or("no line 'exit CODE'")?;
    if script.lines().next().is_none_or(|line| line.len() < 20 || !line.starts_with("# ")) {
        return Err("the first line says when people meet it".to_owned());
    }
    let case = Case::new();
    let mut refused = None;
    let mut lines = script.lines().peekable();
    while let Some(line) = lines.next().filter(|line| !line.is_empty()) {
        let mut block = Vec::new();
        while let Some(more) = lines.next_if(|line| line.starts_with("  ")) {
            block.push(more.trim());
        }
        match step(&case, line, &block) {
            Ok(said) => refused = said.or(refused),
            Err(why) if why.starts_with("skipped") => {
                eprintln!("{name}: {why}");
                return Ok(());
            }
            Err(why) => return Err(why),
        }
    }
    let refused = refused.ok_or("no line '! ...'")?;
    if !refused.names.iter().any(|said| said == name) {
        return Err(format!("it is named {:?} in JSON", refused.names));
    }
    // What is shown before the refusal, such as the statement to be signed, is not it.
    let from = refused.stderr.find("custody: ").unwrap_or(0);
    let said = format!("{}\n{}", refused.code, steady(&refused.stderr[from..]));
    if said == expected {
        return Ok(());
    }
    if std::env::var_os("CUSTODY_BLESS").is_some() {
        fs::write(path, format!("{script}\nexit {said}")).map_err(|error| error.to_string())?;
    }
    Err(format!("-- expected exit {expected}-- said exit {said}"))
}

/// What the refused step said.
struct Refused {
    code: i32,
    stderr: String,
    /// The kind, and the names of the problems.
    names: Vec<String>,
}

fn step(case: &Case, line: &str, block: &[&str]) -> Result<Option<Refused>, String> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (first, second) = rest.split_once(' ').unwrap_or((rest, ""));
    match verb {
        "#" => {}
        "$" | "$3" => {
            let done = run(case, rest)?;
            if done.code != if verb == "$" { 0 } else { 3 } {
                return Err(format!("{line}\nexit {}\n{}", done.code, done.stderr));
            }
        }
        "!" if first == "call" => return by_hand::error(second, case).map(refused).map(Some),
        "!" => return refusal(case, rest).map(Some),
        "edit" => edit(case, first, second)?,
        "say" => say(case, first, second, block)?,
        "sign" => {
            let mut draft = Draft::parse(&case.read(first)).map_err(|e| e.to_string())?;
            sign(&mut draft, &case.keys());
            case.write(first, draft.to_bytes());
        }
        "write" => case.write(first, format!("{second}\n")),
        "copy" => case.write(second, case.read(first)),
        "remove" => fs::remove_file(case.path(first)).map_err(|e| format!("{line}: {e}"))?,
        "call" => by_hand::prepare(rest, case)?,
        _ => return Err(format!("not understood: {line}")),
    }
    Ok(None)
}

fn run(case: &Case, line: &str) -> Result<Ran, String> {
    let words = split(line);
    let (program, args) = words.split_first().ok_or("no command")?;
    if program != "custody" {
        return Err(format!("not custody: {line}"));
    }
    let mut given: Vec<String> = Vec::new();
    for word in args {
        let word = expanded(case, &dated(word));
        match word.split_once('^') {
            Some((word, times)) if times.parse::<usize>().is_ok() => {
                given.extend(vec![word.to_owned(); times.parse().unwrap_or(1)]);
            }
            _ => given.push(word.replace("DEVICES", &crate::office::devices(""))),
        }
    }
    Ok(case.run(&given))
}

/// `LABEL(USB-0421)`, `CODE(note)` and `CODE(proof)` of the held receipt, `NUMBER` from
/// the file of that name, and characters that no file of ours holds.
fn expanded(case: &Case, word: &str) -> String {
    let inside = |name: &str| word.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(id) = inside("LABEL") {
        let registered = case.ledger().state().media[&of(id)].registered.leaf;
        return Label::new(id, &registered).expect("a label").to_string();
    }
    if let Some(id) = inside("OTHERLABEL") {
        return Label::new(id, &Hash([7; 32])).expect("a label").to_string();
    }
    if let Some(half) = inside("CODE") {
        let receipt = Receipt::parse(&case.read("held.receipt")).expect("a receipt");
        let (kind, bytes) = match half {
            "note" => (PayloadKind::Note, receipt.note().to_bytes()),
            _ => (PayloadKind::Proof, receipt.proof().to_bytes()),
        };
        return encode(kind, &bytes).expect("a code");
    }
    if word == "NUMBER" {
        return case.text("number");
    }
    if let Some(times) = word.strip_prefix("あ*") {
        return "あ".repeat(of(times));
    }
    word.replace("[ESC]", "\u{1b}[").replace("[RLO]", "\u{202e}")
}

fn refusal(case: &Case, line: &str) -> Result<Refused, String> {
    let said = run(case, line)?;
    // The first refusal must have changed nothing, or the second would differ.
    let again = run(case, &format!("{line} --json"))?;
    if (said.code, again.code) == (0, 0) {
        return Err(format!("not refused: {line}\n{}", said.stdout));
    }
    let answer: serde_json::Value = serde_json::from_str(json_of(&again.stderr))
        .map_err(|error| format!("{error} in {}", again.stderr))?;
    let mut names = vec![answer["kind"].to_string()];
    for problem in answer["problems"].as_array().into_iter().flatten() {
        names.push(problem["name"].to_string());
    }
    let names = names.into_iter().map(|name| name.trim_matches('"').to_owned()).collect();
    Ok(Refused { code: said.code, stderr: said.stderr, names })
}

/// What stands before the answer are notes.
fn json_of(stderr: &str) -> &str {
    stderr.find("{\n").map_or(stderr, |at| &stderr[at..])
}

fn refused(failure: Failure) -> Refused {
    let names = failure.problems.iter().map(|problem| problem.name.clone());
    let names = names.chain([failure.kind.name().to_owned()]).collect();
    Refused { code: failure.exit_code, stderr: failure.words(), names }
}

fn edit(case: &Case, file: &str, change: &str) -> Result<(), String> {
    let (key, line) = match change.split_once(" =>") {
        Some((key, line)) => (key, valued(case, line.trim())),
        None => {
            let (key, _) = change.split_once(": ").ok_or("edit FILE KEY: VALUE")?;
            (key, valued(case, change))
        }
    };
    let text = case.text(file);
    let mut lines: Vec<&str> = text.split('\n').collect();
    let at = lines.iter().position(|line| line.starts_with(&format!("{key}: ")));
    let at = at.ok_or_else(|| format!("no line {key} in {file}"))?;
    if line.is_empty() {
        lines.remove(at);
    } else {
        lines[at] = &line;
    }
    case.write(file, lines.join("\n"));
    Ok(())
}

/// `key: value` with what stands for a value written out.
fn valued(case: &Case, line: &str) -> String {
    let Some((key, value)) = line.split_once(": ") else { return line.to_owned() };
    let rest = value.get(1..).unwrap_or_default();
    let sigil = value.chars().next().filter(|sigil| "$@*~#".contains(*sigil));
    let vkey = |id: &str| {
        let name = key_name(id).replace('/', "%2F");
        if id == "log" {
            case.text("ledger/log.vkey")
        } else {
            case.text(&format!("keys/{name}.vkey"))
        }
    };
    let party = |id: &str| -> PartyRef { case.ledger().state().parties[&of(id)].party.clone() };
    let shown = match sigil {
        Some('$') => vkey(rest).trim().to_owned(),
        Some('@') => case.ledger().state().media[&of(rest)].line.to_string(),
        Some('*') => party(rest).to_string(),
        Some('~') => format!("{}\n{key}-key: {}", party(rest), vkey(rest).trim()),
        Some('#') => {
            let index: u64 = of(rest);
            let leaf = leaf_hash(&case.ledger().note(index).expect("an entry").to_bytes());
            EntryRef { index, leaf }.to_string()
        }
        _ => value.to_owned(),
    };
    format!("{key}: {shown}")
}

/// A statement that no command makes yet.
fn say(case: &Case, file: &str, kind: &str, block: &[&str]) -> Result<(), String> {
    let (kind, by) = kind.split_once(" by ").unwrap_or((kind, ""));
    let (at, seen, nonce) = {
        let frame = case.ledger().frame().map_err(|error| error.to_string())?;
        (frame.at, frame.seen, frame.nonce)
    };
    let mut text =
        format!("custody/{kind}/v1\nledger: {}\nat: {at}\nseen: {seen}\n", crate::office::ORIGIN);
    for line in block {
        text.push_str(&format!("{}\n", valued(case, line)));
    }
    if !by.is_empty() {
        text.push_str(&format!("{}\n", valued(case, &format!("by: ~{by}"))));
    }
    text.push_str(&format!("nonce: {nonce}\n"));
    statement::parse(&text).map_err(|error| format!("{error}\n{text}"))?;
    case.write(file, format!("{text}\n"));
    Ok(())
}

fn now() -> Stamp {
    let zone = media_custody::model::Zone::named("Asia/Tokyo").expect("zone");
    let unix = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("time");
    Stamp::from_unix(unix.as_secs() as i64, &zone).expect("now")
}

/// `[TODAY+14]` as a date.
fn dated(word: &str) -> String {
    let Some((before, rest)) = word.split_once("[TODAY") else { return word.to_owned() };
    let (days, after) = rest.split_once(']').unwrap_or((rest, ""));
    let day: Day = now().day().plus(days.trim_start_matches('+').parse().unwrap_or(0));
    format!("{before}{day}{after}")
}

/// What changes from day to day, written as what it is. Yesterday counts as today,
/// so that midnight passes unnoticed.
pub fn steady(text: &str) -> String {
    let now = now();
    let mut out = String::new();
    for line in text.lines() {
        let words: Vec<String> = line.split(' ').map(|word| steady_word(word, now)).collect();
        let line = words.join(" ");
        let days = [now.day(), now.plus_seconds(-86_400).day()];
        let today = days.map(|day| format!("today is {day}"));
        let line = today.iter().fold(line, |line, today| line.replace(today, "today is [TODAY]"));
        out.push_str(&line);
        out.push('\n');
    }
    // Two compressions of random bytes differ by a few characters.
    if let Some((number, rest)) = out.split_once(" characters do not fit") {
        let before = number.trim_end_matches(|c: char| c.is_ascii_digit());
        out = format!("{before}[COUNT] characters do not fit{rest}");
    }
    while let Some(at) = out.find("in use by process ") {
        let end = out[at..].find(")\n").map_or(out.len(), |end| at + end + 1);
        out.replace_range(at..end, "in use by [PROCESS]");
    }
    out
}

fn steady_word(word: &str, now: Stamp) -> String {
    let bare = word.trim_end_matches([',', ';', ')', '.']);
    let tail = &word[bare.len()..];
    if bare.parse::<Stamp>().is_ok_and(|stamp| (stamp.unix() - now.unix()).abs() < 600) {
        return format!("[NOW]{tail}");
    }
    word.to_owned()
}

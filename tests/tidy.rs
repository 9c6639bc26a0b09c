//! Habits: short files and functions, speaking names, nothing unfinished, clean text
//! files that name no machine of ours.

#[path = "source/mod.rs"]
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use source::{Source, block_end, root, sources, walk};

const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 70;

const VAGUE: &[&str] = &["util", "helper", "common", "misc", "manager"];
const UNFINISHED: &[&str] = &["todo!", "unimplemented!", "dbg!"];

fn long_file(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    let long = lines > FILE_LINES;
    long.then(|| format!("{}: {lines} lines", source.path)).into_iter().collect()
}

fn vague_name(source: &Source) -> Vec<String> {
    let vague = |name: &&str| VAGUE.iter().any(|word| name.trim_end_matches('s') == *word);
    let parts = source.path.trim_end_matches(".rs").split(['/', '_']);
    parts.filter(vague).map(|name| format!("{}: '{name}' says nothing", source.path)).collect()
}

fn unfinished(source: &Source) -> Vec<String> {
    let found = UNFINISHED.iter().filter(|word| source.code.contains(**word));
    found.map(|word| format!("{}: {word}", source.path)).collect()
}

/// Functions by counting braces, which is right as long as the code compiles.
fn long_functions(source: &Source) -> Vec<String> {
    let code = &source.code;
    let mut wrong = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let inside_word = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let Some(end) = block_end(code, at).filter(|_| !inside_word) else { continue };
        let lines = code[at..end].lines().count();
        if lines > FUNCTION_LINES {
            let name = code[at + 3..].split(['(', '<']).next().unwrap_or_default();
            wrong.push(format!("{}: fn {name} has {lines} lines", source.path));
        }
    }
    wrong
}

fn all(check: fn(&Source) -> Vec<String>) {
    let wrong: Vec<String> = sources().iter().flat_map(check).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn files_are_short() {
    all(long_file);
}

#[test]
fn functions_are_short() {
    all(long_functions);
}

#[test]
fn names_speak() {
    all(vague_name);
}

#[test]
fn nothing_is_unfinished() {
    all(unfinished);
}

/// What is wrong with a text file. Frozen and recorded bytes are what they are, and
/// the lab's guest is a machine of its own.
fn untidy(path: &Path, text: &str) -> Vec<String> {
    let shown = path.display();
    let mut wrong = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        let mut say = |what: &str| wrong.push(format!("{shown}:{}: {what}", number + 1));
        if line.ends_with('\r') {
            say("Windows line end");
        } else if line.trim_end_matches('\r') != line.trim_end()
            && !shown.to_string().contains("fonts/OFL")
        {
            say("trailing white space");
        }
        // Written in two parts, so that this file does not name them either.
        for folder in [
            concat!("/wo", "rk/"),
            concat!("/ho", "me/"),
            concat!("/ro", "ot/"),
            concat!("/Us", "ers/"),
        ] {
            let names = |at: usize| {
                let before = line[..at].chars().next_back();
                before.is_none_or(|c| {
                    !c.is_alphanumeric() && c != '.' && c != '-' && c != '_' && c != '}'
                })
            };
            if line.match_indices(folder).any(|(at, _)| names(at)) {
                say("a path of one machine");
            }
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        wrong.push(format!("{shown}: no line end at the end"));
    }
    wrong
}

/// Tracked files; where there is no git, as in a published crate, all there are.
fn tracked() -> Vec<PathBuf> {
    let git =
        std::process::Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    match git {
        Ok(listed) if listed.status.success() && !listed.stdout.is_empty() => {
            let names = listed.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
            names.map(|name| root().join(String::from_utf8_lossy(name).as_ref())).collect()
        }
        _ => {
            let mut found = Vec::new();
            walk(root(), &mut found);
            found
        }
    }
}

#[test]
fn text_files_are_clean() {
    let mut wrong = Vec::new();
    for file in tracked() {
        let path = file.strip_prefix(root()).expect("below the root").to_owned();
        let frozen = ["tests/vectors", "tests/devices", "tests/lab/guest", "fuzz/seeds"]
            .iter()
            .any(|folder| path.starts_with(folder));
        let Ok(text) = fs::read_to_string(&file) else { continue };
        if !frozen && !text.contains('\0') {
            wrong.extend(untidy(&path, &text));
        }
    }
    assert!(wrong.is_empty(), "{} places:\n{}", wrong.len(), wrong.join("\n"));
}

/// The rules above are worth what they catch.
#[test]
fn each_bad_habit_is_caught() {
    let of = |path: &str, text: &str| Source::new(path, text);
    let fires = |check: fn(&Source) -> Vec<String>, path: &str, text: &str| {
        assert!(!check(&of(path, text)).is_empty(), "{path}: {text:.60}");
    };
    let silent = |check: fn(&Source) -> Vec<String>, path: &str, text: &str| {
        assert_eq!(check(&of(path, text)), Vec::<String>::new(), "{path}");
    };
    fires(long_file, "a.rs", &"x\n".repeat(FILE_LINES + 1));
    silent(long_file, "a.rs", &"x\n".repeat(FILE_LINES));
    let body = |lines: usize| {
        format!(
            "impl A {{\n    pub fn long(a: [u8; 4]) {{\n{}    }}\n}}\n",
            "        a;\n".repeat(lines)
        )
    };
    fires(long_functions, "a.rs", &body(FUNCTION_LINES));
    let array_free = |lines: usize| format!("fn long() {{\n{}}}\n", "    a;\n".repeat(lines));
    fires(long_functions, "a.rs", &array_free(FUNCTION_LINES));
    silent(long_functions, "a.rs", &array_free(FUNCTION_LINES - 2));
    for path in
        ["util.rs", "store/utils.rs", "ops/print_helper.rs", "common/mod.rs", "cli/key_manager.rs"]
    {
        fires(vague_name, path, "");
    }
    silent(vague_name, "utility.rs", "");
    for word in UNFINISHED {
        fires(unfinished, "a.rs", &format!("fn f() {{ {word}() }}"));
        silent(unfinished, "a.rs", &format!("// {word}\nconst A: &str = \"{word}\";"));
    }
    for line in [
        "a \n",
        "a\t\n",
        "a\r\n",
        "a",
        concat!("see /wo", "rk/x\n"),
        concat!("\"/ho", "me/me/x\"\n"),
    ] {
        assert!(!untidy(Path::new("a.md"), line).is_empty(), "{line:?}");
    }
    assert_eq!(
        untidy(Path::new("a.md"), "target/work/x\na network/home/x\n"),
        Vec::<String>::new()
    );
}

//! Reads the project's own source for the tests that police it.
#![allow(dead_code)] // each test file takes what it needs

use std::fs;
use std::path::{Path, PathBuf};

/// One file of `src`.
pub struct Source {
    /// `ledger/judge/mod.rs`.
    pub path: String,
    /// Its text as it stands.
    pub text: String,
    /// Its text with comments and literals blanked, line for line.
    pub code: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        Source { path: path.to_owned(), text: text.to_owned(), code: code(text) }
    }

    /// The module path, `["ledger", "judge"]`; empty for `lib.rs` and `main.rs`.
    pub fn module(&self) -> Vec<&str> {
        let stem = self.path.trim_end_matches(".rs").trim_end_matches("/mod");
        if stem == "lib" || stem == "main" { Vec::new() } else { stem.split('/').collect() }
    }

    /// The first module, which is the layer.
    pub fn layer(&self) -> &str {
        self.module().first().copied().unwrap_or("lib")
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of `src`.
pub fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut files = Vec::new();
    walk(&src, &mut files);
    let rust = files.into_iter().filter(|file| file.extension().is_some_and(|ext| ext == "rs"));
    let mut found: Vec<Source> = rust
        .map(|file| {
            let path = file.strip_prefix(&src).expect("below src").to_string_lossy().into_owned();
            Source::new(&path, &fs::read_to_string(&file).expect("UTF-8"))
        })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 30, "the source was not found");
    found
}

/// Every file below `folder`, but for what is built or not the project's.
pub fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_symlink() || name == "target" || name == ".git" {
            continue;
        }
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

/// Blanks comments, strings and characters; line breaks stay.
pub fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_end(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    out
}

/// Where the comment or literal that begins at `at` ends; `at` when none does.
fn literal_end(chars: &[char], at: usize) -> usize {
    let next = |ahead: usize| chars.get(at + ahead).copied().unwrap_or('\0');
    let find = |from: usize, what: &str| {
        let what: Vec<char> = what.chars().collect();
        (from..chars.len())
            .find(|&place| chars[place..].starts_with(&what))
            .map_or(chars.len(), |place| place + what.len())
    };
    let word_before = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match chars[at] {
        '/' if next(1) == '/' => find(at, "\n").saturating_sub(1).max(at + 2),
        '/' if next(1) == '*' => find(at + 2, "*/"),
        'r' if !word_before && (next(1) == '"' || next(1) == '#') => {
            let hashes = (1..).take_while(|&ahead| next(ahead) == '#').count();
            if next(1 + hashes) != '"' {
                return at;
            }
            find(at + 2 + hashes, &format!("\"{}", "#".repeat(hashes)))
        }
        '"' => quoted(chars, at + 1, '"'),
        '\'' if next(1) == '\\' || next(2) == '\'' => quoted(chars, at + 1, '\''),
        _ => at,
    }
}

fn quoted(chars: &[char], from: usize, quote: char) -> usize {
    let mut at = from;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// The end of the block whose `{` is the first at or behind `from`.
pub fn block_end(code: &str, from: usize) -> Option<usize> {
    let (mut depth, mut inner) = (0, 0);
    for (at, c) in code[from..].char_indices() {
        match c {
            // `[u8; 4]` among the arguments ends nothing.
            '(' | '[' => inner += 1,
            ')' | ']' => inner -= 1,
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(from + at + 1);
                }
            }
            ';' if depth == 0 && inner == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Blanks what is compiled for tests only.
pub fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(at) = out.find("#[cfg(test)]") {
        let end = block_end(&out, at).unwrap_or(at + "#[cfg(test)]".len());
        let blank: String =
            out[at..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(at..end, &blank);
    }
    out
}

/// Every path with `::` in it, groups of `use` written out.
pub fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let bytes = code.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let begins = bytes[at].is_ascii_alphabetic() || bytes[at] == b'_';
        let inside = at > 0 && (is_word(bytes[at - 1]) || bytes[at - 1] == b':');
        if !begins || inside {
            at += 1;
            continue;
        }
        let mut tree = Tree { code, at };
        tree.read("", &mut found);
        at = tree.at.max(at + 1);
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

struct Tree<'a> {
    code: &'a str,
    at: usize,
}

impl Tree<'_> {
    fn skip_space(&mut self) {
        let rest = &self.code[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn word(&mut self) -> String {
        let rest = &self.code.as_bytes()[self.at..];
        let len = rest.iter().take_while(|byte| is_word(**byte)).count();
        self.at += len;
        self.code[self.at - len..self.at].to_owned()
    }

    /// Reads one path or tree of paths and notes its leaves that have a `::`.
    fn read(&mut self, before: &str, found: &mut Vec<String>) {
        let word = self.word();
        let path = if before.is_empty() { word } else { format!("{before}::{word}") };
        let end = self.at;
        self.skip_space();
        if !self.code[self.at..].starts_with("::") {
            self.at = end;
            if path.contains("::") {
                found.push(path);
            }
            return;
        }
        self.at += 2;
        self.skip_space();
        match self.code.as_bytes().get(self.at) {
            Some(b'{') => self.group(&path, found),
            Some(byte) if is_word(*byte) => self.read(&path, found),
            // A glob, or generic arguments: the path so far is what counts.
            _ => found.push(format!("{path}::")),
        }
    }

    fn group(&mut self, path: &str, found: &mut Vec<String>) {
        self.at += 1;
        loop {
            self.skip_space();
            match self.code.as_bytes().get(self.at) {
                Some(b'}') => {
                    self.at += 1;
                    return;
                }
                Some(byte) if is_word(*byte) => {
                    self.read(path, found);
                    // `as name` behind a leaf
                    let rest = &self.code[self.at..];
                    self.at += rest.find([',', '}']).unwrap_or(rest.len());
                }
                Some(_) => self.at += 1,
                None => return,
            }
        }
    }
}

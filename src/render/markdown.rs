//! A document as Markdown that any viewer and any text editor reads. Nothing that a
//! person or device wrote can become a heading, a link or a row of its own.

use crate::model::printable::printable;

use super::dossier::{Dossier, Part};

/// Longest text, in characters.
const TEXT_MAX: usize = 4_000;

/// The file.
#[must_use]
pub fn markdown(document: &Dossier) -> String {
    let mut out = format!("# {}\n", plain(&document.title));
    let mut before: Option<&Part> = None;
    for part in &document.parts {
        // Lines of one list stand together; everything else has an empty line before it.
        let listed = |part: &Part| matches!(part, Part::Field(..) | Part::ToAdd(_));
        if !(listed(part) && before.is_some_and(listed)) {
            out.push('\n');
        }
        match part {
            Part::Heading(text) => out.push_str(&format!("## {}\n", plain(text))),
            Part::Subheading(text) => out.push_str(&format!("### {}\n", plain(text))),
            Part::Text(text) => out.push_str(&format!("{}\n", paragraph(text))),
            Part::Warning(text) => out.push_str(&format!("> **{}**\n", plain(text))),
            Part::Field(label, value) => {
                out.push_str(&format!("- **{}**: {}\n", plain(label), plain(value)));
            }
            Part::ToAdd(text) => out.push_str(&format!("- [ ] {}\n", plain(text))),
            Part::Table(titles, rows) => {
                table_row(&mut out, titles);
                out.push_str(&format!("|{}\n", " --- |".repeat(titles.len())));
                for row in rows {
                    table_row(&mut out, row);
                }
            }
        }
        before = Some(part);
    }
    out
}

fn table_row(out: &mut String, cells: &[String]) {
    out.push('|');
    for cell in cells {
        out.push_str(&format!(" {} |", plain(cell)));
    }
    out.push('\n');
}

/// Text in which no character means anything to Markdown or HTML.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in printable(text, TEXT_MAX).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}

/// At the beginning of a line a few characters more mean something.
fn paragraph(text: &str) -> String {
    let text = plain(text);
    let list = text.split_once(['.', ')']).is_some_and(|(number, _)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    let begins = text.starts_with(['#', '-', '+', '=', ' ']);
    if begins {
        format!("\\{text}")
    } else if list {
        text.replacen(['.', ')'], "\\.", 1)
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let hostile = "# x <img src=x> [a](javascript:b) | `c` \u{202e}\n- y";
        let document = Dossier {
            title: hostile.to_owned(),
            parts: vec![
                Part::Text(hostile.to_owned()),
                Part::Text("1. one".to_owned()),
                Part::Field("a".to_owned(), hostile.to_owned()),
                Part::Table(vec!["t".to_owned()], vec![vec![hostile.to_owned()]]),
            ],
        };
        let out = markdown(&document);
        assert!(
            !out.contains("<img") && !out.contains("[a](") && !out.contains('\u{202e}'),
            "{out}"
        );
        assert_eq!(out.lines().filter(|line| line.starts_with("# ")).count(), 1, "{out}");
        assert!(out.contains("\n\\# x") && out.contains("\n1\\. one"), "{out}");
        // A bar within a cell would open another one.
        let row = out.lines().last().unwrap_or_default().replace("\\|", "");
        assert_eq!(row.matches('|').count(), 2, "{row}");
    }
}

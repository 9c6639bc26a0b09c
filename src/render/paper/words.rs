//! The words on paper in Japanese and English, from assets/locales (Fluent syntax).

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};

use super::PaperError;
use crate::report::evidence::Bilingual;

const JA: &str = include_str!("../../../assets/locales/ja.ftl");
const EN: &str = include_str!("../../../assets/locales/en.ftl");

/// In which language a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Tongue {
    /// Japanese.
    Ja,
    /// English.
    En,
    /// Each label in both, Japanese first.
    #[default]
    Both,
}

/// The words of a document.
pub struct Words {
    /// Its language.
    pub tongue: Tongue,
    ja: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

impl Words {
    /// The words in that language.
    ///
    /// # Errors
    /// [`PaperError::Pdf`] never, as long as the files in assets/locales are sound.
    pub fn new(tongue: Tongue) -> Result<Self, PaperError> {
        Ok(Words { tongue, ja: bundle("ja", JA)?, en: bundle("en", EN)? })
    }

    /// The document's language as a tag of BCP 47.
    pub fn language(&self) -> &'static str {
        match self.tongue {
            Tongue::En => "en",
            Tongue::Ja | Tongue::Both => "ja",
        }
    }

    /// A label: in both languages side by side.
    pub fn label(&self, key: &str) -> String {
        self.label_of(key, &[])
    }

    /// A label with something filled in.
    pub fn label_of(&self, key: &str, with: &[(&str, &str)]) -> String {
        let parts = self.lines_of(key, with);
        match parts.as_slice() {
            // "鍵 Key", but not "QR QR".
            [one, other] if one == other => one.clone(),
            _ => parts.join(" "),
        }
    }

    /// A sentence: in both languages one below the other.
    pub fn lines(&self, key: &str) -> Vec<String> {
        self.lines_of(key, &[])
    }

    /// A sentence with something filled in.
    pub fn lines_of(&self, key: &str, with: &[(&str, &str)]) -> Vec<String> {
        let bundles: &[&FluentBundle<FluentResource>] = match self.tongue {
            Tongue::Ja => &[&self.ja],
            Tongue::En => &[&self.en],
            Tongue::Both => &[&self.ja, &self.en],
        };
        bundles.iter().map(|bundle| say(bundle, key, with)).collect()
    }

    /// Words that stand in the program in both languages.
    pub fn pick(&self, words: Bilingual) -> String {
        match self.tongue {
            Tongue::Ja => words.ja.to_owned(),
            Tongue::En => words.en.to_owned(),
            Tongue::Both => format!("{} / {}", words.ja.trim_end_matches('。'), words.en),
        }
    }
}

fn bundle(tag: &str, text: &str) -> Result<FluentBundle<FluentResource>, PaperError> {
    let broken = |what: &str| PaperError::Pdf(format!("assets/locales/{tag}.ftl: {what}"));
    let resource = FluentResource::try_new(text.to_owned()).map_err(|_| broken("not sound"))?;
    let tag = tag.parse().map_err(|_| broken("no language"))?;
    let mut bundle = FluentBundle::new(vec![tag]);
    // On paper every text stands in a field of its own; marks that keep directions
    // apart would only be characters that no font has.
    bundle.set_use_isolating(false);
    bundle.add_resource(resource).map_err(|_| broken("a key stands twice"))?;
    Ok(bundle)
}

/// The message; its key where there is none, which a test rules out.
fn say(bundle: &FluentBundle<FluentResource>, key: &str, with: &[(&str, &str)]) -> String {
    let mut args = FluentArgs::new();
    for (name, value) in with {
        args.set(*name, (*value).to_owned());
    }
    let message = bundle.get_message(key).and_then(|message| message.value());
    let mut errors = Vec::new();
    match message {
        Some(pattern) => bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned(),
        None => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// Keys with the names that are filled in.
    fn keys(text: &str) -> BTreeMap<String, BTreeSet<String>> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pairs = lines.filter_map(|line| line.split_once(" = "));
        let names = |value: &str| {
            let parts = value.split("{ $").skip(1).filter_map(|part| part.split_once(" }"));
            parts.map(|(name, _)| name.to_owned()).collect()
        };
        pairs.map(|(key, value)| (key.to_owned(), names(value))).collect()
    }

    #[test]
    fn both_languages_have_the_same_keys() {
        assert_eq!(keys(JA), keys(EN));
        let words = Words::new(Tongue::Both).unwrap();
        for (key, names) in keys(JA) {
            let with: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "X")).collect();
            for line in words.lines_of(&key, &with) {
                assert!(line != key && !line.contains('$'), "{key}: {line}");
            }
        }
    }

    #[test]
    fn every_key_of_the_documents_is_there() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/render/paper");
        let known = keys(JA);
        let mut used = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for call in [".label(\"", ".lines(\"", ".label_of(\"", ".lines_of(\""] {
                let calls = text.split(call).skip(1);
                used.extend(calls.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
            }
        }
        assert!(used.len() > 20, "{used:?}");
        let unknown: Vec<&String> = used.iter().filter(|key| !known.contains_key(*key)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn labels_stand_side_by_side() {
        let both = Words::new(Tongue::Both).unwrap();
        assert_eq!(both.label("giver"), "渡す人 Giver");
        assert_eq!(both.lines("due"), ["返却期限", "Due back"]);
        let en = Words::new(Tongue::En).unwrap();
        assert_eq!(en.label_of("drives", &[("count", "3")]), "Drives (3)");
        let words = Bilingual { en: "gone", ja: "ありません。" };
        assert_eq!(both.pick(words), "ありません / gone");
    }
}

//! What a printer says is in the way, in words. The keywords are those of IPP
//! (RFC 8011, 5.3.8 and 5.4.12; PWG 5100.9 and 5100.22), and many printers add their own.

use crate::model::printable::printable;

/// Most reasons that are told; a printer with more is telling a story.
const REASONS_MAX: usize = 8;

const WORDS: &[(&str, &str)] = &[
    ("media-empty", "out of paper"),
    ("media-needed", "paper is needed"),
    ("media-low", "paper is low"),
    ("media-jam", "paper jam"),
    ("media-path-cannot-duplex", "it cannot print both sides"),
    ("cover-open", "cover open"),
    ("door-open", "door open"),
    ("interlock-open", "cover open"),
    ("input-tray-missing", "paper tray missing"),
    ("output-tray-missing", "output tray missing"),
    ("output-area-full", "output tray full"),
    ("output-area-almost-full", "output tray almost full"),
    ("toner-empty", "toner empty"),
    ("toner-low", "toner low"),
    ("marker-supply-empty", "ink or toner empty"),
    ("marker-supply-low", "ink or toner low"),
    ("marker-waste-full", "waste container full"),
    ("marker-waste-almost-full", "waste container almost full"),
    ("developer-empty", "developer empty"),
    ("opc-life-over", "drum worn out"),
    ("fuser-over-temp", "too hot"),
    ("fuser-under-temp", "still cold"),
    ("paused", "paused"),
    ("moving-to-paused", "pausing"),
    ("stopped-partly", "partly stopped"),
    ("stopping", "stopping"),
    ("shutdown", "switched off"),
    ("power-down", "switched off"),
    ("offline", "offline"),
    ("connecting-to-device", "connecting to the printer"),
    ("timed-out", "the printer does not answer its queue"),
    ("spool-area-full", "the printer's memory is full"),
    ("cups-waiting-for-job-completed", "waiting for the printer"),
    ("cups-missing-filter", "the queue lacks a filter: its driver is not installed"),
    ("cups-remote-stopped", "the queue it passes jobs on to is stopped"),
    ("printer-stopped", "the printer is stopped"),
    ("printer-stopped-partly", "the printer is partly stopped"),
    ("job-incoming", "still coming in"),
    ("job-printing", "printing"),
    ("job-transforming", "being prepared"),
    ("job-queued", "queued"),
    ("job-hold-until-specified", "held until a later time"),
    ("job-password-wait", "waits for a password at the printer"),
    ("job-canceled-by-user", "cancelled by a person"),
    ("job-canceled-by-operator", "cancelled by the operator"),
    ("job-canceled-at-device", "cancelled at the printer"),
    ("processing-to-stop-point", "being stopped"),
    ("resources-are-not-ready", "paper or ink is missing"),
    ("aborted-by-system", "given up by the printer"),
    ("document-format-error", "it cannot read the document"),
    ("unsupported-document-format", "it does not take this format"),
    ("account-authorization-failed", "printing is not permitted to this user"),
    ("account-limit-reached", "the print account is used up"),
];

/// The reasons in words, without those that say nothing.
pub(super) fn in_words<'a>(keywords: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for keyword in keywords {
        // "media-empty-error" and "media-empty-report" differ in how loud they are.
        let bare = ["-error", "-warning", "-report"]
            .iter()
            .find_map(|suffix| keyword.strip_suffix(suffix))
            .filter(|_| keyword != "document-format-error")
            .unwrap_or(keyword);
        let says_nothing =
            ["", "none", "job-completed-successfully", "job-data-insufficient"].contains(&bare);
        let known = WORDS.iter().find(|(name, _)| *name == bare);
        let words = known.map_or_else(|| printable(bare, 60), |(_, words)| (*words).to_owned());
        if !says_nothing && !found.contains(&words) && found.len() < REASONS_MAX {
            found.push(words);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn reasons_are_told_in_words_and_bounded() {
        let said = |list: &[&str]| in_words(list.iter().copied());
        assert_eq!(said(&["media-empty-error", "media-empty-report"]), ["out of paper"]);
        assert_eq!(said(&["none"]), Vec::<String>::new());
        assert_eq!(said(&["document-format-error"]), ["it cannot read the document"]);
        assert_eq!(said(&["vendor-\u{1b}[2J"]), ["vendor-\\u{1b}[2J"]);
        let many: Vec<String> = (0..100).map(|number| format!("vendor-{number}")).collect();
        assert_eq!(in_words(many.iter().map(String::as_str)).len(), super::REASONS_MAX);
    }
}

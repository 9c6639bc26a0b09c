//! The terminal: asking, showing, progress. Nothing else touches it.

use std::io::{IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::error::Failure;
use super::typed::typed;
use crate::ops::OpsError;
use crate::ops::Passphrase;
use crate::ops::error::{NEEDED, Problem};
use crate::render::json::{to_json, to_json_line};
use crate::render::text::Style;

/// How this run talks to whoever started it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ui {
    json: bool,
    asks: bool,
}

impl Ui {
    pub fn new(json: bool, no_input: bool) -> Self {
        let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Ui { json, asks: terminal && !no_input && !json }
    }

    /// Whether somebody is there to answer.
    pub fn asks(&self) -> bool {
        self.asks
    }

    /// Whether the answer goes to a terminal.
    pub fn is_terminal(&self) -> bool {
        std::io::stdout().is_terminal() && !self.json
    }

    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Width and colour of standard output.
    pub fn style(&self) -> Style {
        let terminal = std::io::stdout().is_terminal();
        let width =
            terminal.then(|| rustix::termios::tcgetwinsize(std::io::stdout()).ok()).flatten();
        let width = width.map_or(80, |size| usize::from(size.ws_col)).clamp(40, 160);
        Style { width, colour: terminal && std::env::var_os("NO_COLOR").is_none() }
    }

    /// Lines of the terminal that people are spoken to on.
    pub fn height(&self) -> usize {
        let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok();
        size.map_or(24, |size| usize::from(size.ws_row)).clamp(12, 200)
    }

    /// The command's answer: the value as JSON, or its rendering for people.
    pub fn answer<T: Serialize>(&self, value: &T, text: impl FnOnce(Style) -> String) {
        let out = if self.json { to_json(value) } else { text(self.style()) };
        let mut stdout = anstream::stdout().lock();
        let ended = if out.ends_with('\n') { "" } else { "\n" };
        // A reader that went away (`custody log | head`) is no error of ours.
        let _ = write!(stdout, "{out}{ended}").and_then(|()| stdout.flush());
    }

    /// One of a stream of answers, as a line of JSON or rendered for people; written
    /// out at once, and an error when nobody reads it.
    pub fn line<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce(Style) -> String,
    ) -> std::io::Result<()> {
        let out = if self.json { to_json_line(value) } else { text(self.style()) };
        let mut stdout = anstream::stdout().lock();
        write!(stdout, "{out}").and_then(|()| stdout.flush())
    }

    /// A line beside the answer; not part of the JSON contract.
    pub fn say(&self, line: &str) {
        if !self.json {
            let _ = writeln!(anstream::stderr(), "{line}");
        }
    }

    /// Something to know that stops nothing.
    pub fn warn(&self, line: &str) {
        let _ = writeln!(anstream::stderr(), "note: {line}");
    }

    /// Words a failure and gives its exit code.
    pub fn fail(&self, failure: &Failure) -> i32 {
        let text = if self.json { to_json(failure) } else { failure.words() };
        let _ = write!(anstream::stderr(), "{text}");
        failure.exit_code
    }

    /// A bar on a terminal, silence elsewhere.
    pub fn progress(&self, what: &str) -> Bar {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if std::io::stderr().is_terminal() && !self.json {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(what.to_owned());
        }
        Bar { bar, shown: false, visible: std::io::stderr().is_terminal() && !self.json }
    }

    /// The passphrase behind a prompt.
    pub fn passphrase(&self, prompt: &str) -> Result<Passphrase, OpsError> {
        if !self.asks {
            return Err(OpsError::input(
                "--passphrase-file",
                format!("{prompt}: give a passphrase file"),
            ));
        }
        let typed =
            typed(&format!("{prompt}: ")).map_err(|error| OpsError::input("passphrase", error))?;
        Ok(Passphrase::from_file(typed).map_err(crate::ops::KeyringError::from)?)
    }

    /// A passphrase typed twice, for a new key.
    pub fn new_passphrase(&self, prompt: &str) -> Result<Passphrase, OpsError> {
        let first = self.passphrase(prompt)?;
        let second = self.passphrase("once more")?;
        if first == second {
            Ok(first)
        } else {
            Err(OpsError::input("passphrase", "the two entries differ; nothing was written"))
        }
    }

    /// Yes or no; `assumed` where nobody can answer.
    pub fn confirm(&self, question: &str, assumed: bool) -> bool {
        if !self.asks {
            return assumed;
        }
        inquire::Confirm::new(question).with_default(false).prompt().unwrap_or(false)
    }

    /// Begins collecting answers.
    pub fn asking(&self) -> Asking {
        Asking { ui: *self, problems: Vec::new() }
    }
}

/// A progress bar that appears only once there is something to wait for.
pub(crate) struct Bar {
    bar: ProgressBar,
    shown: bool,
    visible: bool,
}

impl Bar {
    pub fn at(&mut self, done: u64, total: u64) {
        if self.visible && !self.shown {
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
            self.shown = true;
        }
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    pub fn end(self) {
        self.bar.finish_and_clear();
    }
}

/// Collects the answers a command needs: from its flags, else by asking, and every
/// problem among them, so that one run names them all.
pub(crate) struct Asking {
    ui: Ui,
    problems: Vec<Problem>,
}

impl Asking {
    /// A required answer.
    pub fn need<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        flag: &str,
        given: Option<&str>,
        question: &str,
        default: Option<&str>,
    ) -> Option<T> {
        let asked;
        let text = match given {
            Some(text) => text,
            None if self.ui.asks => {
                asked = self.ask(question, default)?;
                &asked
            }
            None => match default {
                Some(default) => default,
                None => {
                    self.problems.push(Problem::new(flag, NEEDED));
                    return None;
                }
            },
        };
        self.parse(flag, text)
    }

    /// An optional answer; never asked for.
    pub fn may<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        flag: &str,
        given: Option<&str>,
    ) -> Option<T> {
        given.and_then(|text| self.parse(flag, text))
    }

    /// An optional number.
    pub fn number<T: std::str::FromStr>(&mut self, flag: &str, given: Option<&str>) -> Option<T> {
        let text = crate::model::text::tidy(given?);
        let number = text.parse().ok();
        if number.is_none() {
            let shown = crate::model::printable::printable(&text, 60);
            self.problems
                .push(Problem::new(flag, format!("'{shown}': a whole number is expected")));
        }
        number
    }

    /// Several answers.
    pub fn each<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        flag: &str,
        given: &[String],
    ) -> Vec<T> {
        given.iter().filter_map(|text| self.parse(flag, text)).collect()
    }

    fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        flag: &str,
        text: &str,
    ) -> Option<T> {
        let tidy = crate::model::text::tidy(text);
        match tidy.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                let error: T::Err = error;
                let shown = crate::model::printable::printable(&tidy, 60);
                self.problems.push(Problem::new(flag, format!("'{shown}': {error}")));
                None
            }
        }
    }

    fn ask(&mut self, question: &str, default: Option<&str>) -> Option<String> {
        let mut prompt = inquire::Text::new(question);
        if let Some(default) = default {
            prompt = prompt.with_default(default);
        }
        prompt
            .prompt()
            .map_err(|_| self.problems.push(Problem::new(question, "was not answered")))
            .ok()
    }

    /// Ends the asking.
    ///
    /// # Errors
    /// Every problem there was.
    pub fn end(self) -> Result<(), OpsError> {
        if self.problems.is_empty() { Ok(()) } else { Err(OpsError::Input(self.problems)) }
    }
}

//! A round at a desk: drives are plugged in, labels scanned, words typed, and each is
//! kept before it is shown.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::bus::identity_line;
use super::check::{label_of, seen_device};
use super::clock::Clock;
use super::error::OpsError;
use super::follow::Onlooker;
use super::round::{
    Opening, Record, SeenDevice, What, add, add_on, gather, known_party, lines_of, name_of,
    open_at, report, size_at,
};
use crate::ledger::State;
use crate::ledger::checks::Observation;
use crate::model::{MediumId, Name, PartyId};
use crate::report::round::{RoundReport, grade_in};
use crate::report::words::sighting;
use crate::usb::lookout::Lookout;
use crate::usb::presence::{Change, Timing, Tracker};
use crate::usb::{Bus, Device};
use crate::wire::typed::{Begins, begins, plain};

/// How long a scanned label or a plugged drive waits to be noticed, at most.
const PATIENCE: Duration = Duration::from_millis(100);

/// What a line that was typed, or scanned by a scanner that types, asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// Nothing.
    Nothing,
    /// A label was scanned.
    Label(String),
    /// A drive was seen by eye.
    Eye(String),
    /// Somebody else goes on at this desk.
    By(String),
    /// Show everything.
    List,
    /// Go on later.
    Pause,
    /// Sign the result.
    Close,
    /// What can be typed.
    Help,
    /// None of these.
    Unclear(String),
}

impl Typed {
    /// Reads a line, whatever an input method made of it.
    #[must_use]
    pub fn parse(line: &str) -> Self {
        if begins(line) != Begins::Neither {
            return Typed::Label(line.to_owned());
        }
        let line = plain(line);
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let rest = rest.trim();
        match (word, rest.is_empty()) {
            ("", _) => Typed::Nothing,
            ("EYE" | "目視", false) => Typed::Eye(rest.to_owned()),
            ("BY" | "担当", false) => Typed::By(rest.to_lowercase()),
            ("LIST" | "一覧", true) => Typed::List,
            ("PAUSE" | "中断", true) => Typed::Pause,
            ("CLOSE" | "終了", true) => Typed::Close,
            ("HELP" | "?" | "ヘルプ", true) => Typed::Help,
            _ => Typed::Unclear(line),
        }
    }
}

/// What can be typed, in both languages.
pub const HELP: &str = "\
Plug drives in, or scan their labels; each counts once. Or type:
  eye USB-0421   seen by eye: a locked keypad drive, a CD-R    目視 USB-0421
  by suzuki      somebody else goes on at this desk            担当 suzuki
  list           everything seen and still expected            一覧
  pause          go on later; nothing is lost                  中断
  close          show the result and sign it                   終了";

/// What came from the people at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Nothing yet.
    Nothing,
    /// A line.
    Line(String),
    /// Nothing more will come.
    Ended,
}

/// Where people see and say things.
pub trait Desk {
    /// What was typed since, if anything; does not wait.
    fn heard(&mut self) -> Heard;
    /// Shows how the round stands, with what just happened.
    fn show(&mut self, happened: &[String], round: &RoundReport, whole: bool);
    /// Says something that changes nothing.
    fn say(&mut self, line: &str);
}

/// How a round was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// To be closed now, by this person.
    Close(PartyId),
    /// To be gone on with later.
    Pause,
}

/// A round that people are at.
pub struct Live<'a> {
    folder: PathBuf,
    onlooker: Onlooker,
    clock: &'a dyn Clock,
    lookout: Option<&'a mut dyn Lookout>,
    bus: Option<&'a dyn Bus>,
    tracker: Tracker,
    opening: Opening,
    by: PartyId,
    record: Record,
    /// Of the round's file, when it was read last.
    size: Option<u64>,
}

impl<'a> Live<'a> {
    /// Begins the round that `opening` says, or goes on with the one that is open there.
    /// Drives are noticed by `lookout` and read by `bus`; labels alone need neither.
    ///
    /// # Errors
    /// A round or ledger that cannot be read, or somebody nobody knows.
    pub fn new(
        folder: &Path,
        (opening, by): (Opening, &PartyId),
        clock: &'a dyn Clock,
        (lookout, bus): (Option<&'a mut dyn Lookout>, Option<&'a dyn Bus>),
    ) -> Result<Self, OpsError> {
        let mut onlooker = Onlooker::open(folder)?;
        known_party(onlooker.state()?, by)?;
        let now = onlooker.now(clock)?;
        let record = add(folder, &opening, (now, by), Vec::new())?;
        Ok(Live {
            folder: folder.to_owned(),
            onlooker,
            clock,
            lookout,
            bus,
            tracker: Tracker::new(Timing::default()),
            opening,
            by: by.clone(),
            record,
            size: None,
        })
    }

    fn place(&self) -> Name {
        self.opening.place.clone()
    }

    /// Goes on until somebody closes or pauses it, or `stop` says so.
    ///
    /// # Errors
    /// A bus or file that fails, or a round that was closed elsewhere. What was shown
    /// until then is kept.
    pub fn run(&mut self, stop: &dyn Fn() -> bool, desk: &mut dyn Desk) -> Result<Left, OpsError> {
        self.show(desk, &[], true)?;
        loop {
            let mut happened = self.watch(desk)?;
            if stop() {
                return Ok(Left::Pause);
            }
            match desk.heard() {
                Heard::Ended => return Ok(Left::Pause),
                Heard::Nothing => {}
                Heard::Line(line) => match self.typed(&line, desk)? {
                    Some(Left::Close(by)) => {
                        // What was plugged in while the word was typed.
                        self.show(desk, &happened, false)?;
                        return Ok(Left::Close(by));
                    }
                    Some(left) => return Ok(left),
                    None => {}
                },
            }
            happened.extend(self.others()?);
            if !happened.is_empty() {
                self.show(desk, &happened, false)?;
            }
        }
    }

    /// What came and went at the ports.
    fn watch(&mut self, desk: &mut dyn Desk) -> Result<Vec<String>, OpsError> {
        let Some(lookout) = self.lookout.as_deref_mut() else {
            sleep(PATIENCE);
            return Ok(Vec::new());
        };
        let places = lookout.places()?;
        let mut changes = self.tracker.look(lookout.now(), &places);
        for position in self.tracker.to_read(lookout.now()) {
            let device = lookout.read(&position);
            changes.extend(self.tracker.read(lookout.now(), &position, device));
        }
        let now = lookout.now();
        let until = self.tracker.next().map_or(PATIENCE, |next| next.saturating_sub(now));
        match lookout.has_ended() {
            true => sleep(PATIENCE),
            false if changes.is_empty() => lookout.wait(until.min(PATIENCE)),
            false => {}
        }
        let mut happened = Vec::new();
        for change in changes {
            match change {
                Change::Present(arrival) | Change::Arrived(arrival) => {
                    happened.extend(self.plugged(&arrival.device, desk)?);
                }
                Change::Left { .. } => {}
                Change::Unidentified { position, .. } => desk.say(&format!(
                    "something at {position} could not be read; it counts for nothing"
                )),
            }
        }
        Ok(happened)
    }

    /// A drive is there. What answers to its identity at this moment is noted with it.
    fn plugged(&mut self, device: &Device, desk: &mut dyn Desk) -> Result<Vec<String>, OpsError> {
        let Some(bus) = self.bus else { return Ok(Vec::new()) };
        let identity = identity_line(device);
        let twin =
            |other: &&Device| other.position != device.position && identity_line(other) == identity;
        let there = std::iter::once(device).chain(self.tracker.media().filter(twin));
        let mut seen: Vec<SeenDevice> = Vec::new();
        for device in there {
            match seen_device(bus, device) {
                Some((one, _)) => seen.push(one),
                None => desk.say(&format!(
                    "the serial of the drive at {} could not be read; it counts for nothing",
                    device.position
                )),
            }
        }
        let Some(first) = seen.first() else { return Ok(Vec::new()) };
        let at = first.position.to_string();
        let observation = Observation::Device(first.device.clone(), Box::new(first.said.clone()));
        let name = name_of(self.onlooker.state()?, &observation);
        self.keep(lines_of(&seen, &[], &[]))?;
        Ok(vec![format!("{name}, plugged in at {at}: {}", self.stands(&name)?)])
    }

    fn keep(&mut self, seen: Vec<What>) -> Result<(), OpsError> {
        let now = self.onlooker.now(self.clock)?;
        self.record = add_on(&self.folder, &self.place(), (now, &self.by), seen)?;
        Ok(())
    }

    /// What somebody else added since.
    fn others(&mut self) -> Result<Vec<String>, OpsError> {
        let size = size_at(&self.folder, &self.place());
        if size.is_some() && size == self.size {
            return Ok(Vec::new());
        }
        self.size = size;
        let Some(is) = open_at(&self.folder, &self.place())? else {
            // Says how it ended, and that this is no place to go on.
            self.keep(Vec::new())?;
            return Ok(Vec::new());
        };
        if is.lines.len() == self.record.lines.len() {
            return Ok(Vec::new());
        }
        let new = is.lines.get(self.record.lines.len()..).unwrap_or_default();
        let who: Vec<String> = new.iter().map(|line| line.by.to_string()).collect();
        let from = who.first().cloned().unwrap_or_default();
        let happened = format!("{} more seen, by {from}", new.len());
        self.record = is;
        Ok(vec![happened])
    }

    fn typed(&mut self, line: &str, desk: &mut dyn Desk) -> Result<Option<Left>, OpsError> {
        match Typed::parse(line) {
            Typed::Nothing => {}
            Typed::Label(code) => match label_of(self.onlooker.state()?, &code) {
                Ok(id) => self.named(What::Label(id.clone()), &id, "label scanned", desk)?,
                Err(problem) => desk.say(&problem),
            },
            Typed::Eye(text) => match known(self.onlooker.state()?, &text) {
                Ok(id) => self.named(What::Eye(id.clone()), &id, "seen by eye", desk)?,
                Err(problem) => desk.say(&problem),
            },
            Typed::By(text) => self.change_to(&text, desk)?,
            Typed::List => self.show(desk, &[], true)?,
            Typed::Help => desk.say(HELP),
            Typed::Unclear(text) => {
                let shown = crate::model::printable::printable(&text, 60);
                desk.say(&format!(
                    "'{shown}' is no label and no word of this round; 'help' lists them"
                ));
            }
            Typed::Pause => return Ok(Some(Left::Pause)),
            Typed::Close => return Ok(Some(Left::Close(self.by.clone()))),
        }
        Ok(None)
    }

    fn named(
        &mut self,
        what: What,
        id: &MediumId,
        how: &str,
        desk: &mut dyn Desk,
    ) -> Result<(), OpsError> {
        self.keep(vec![what])?;
        let happened = format!("{id}, {how}: {}", self.stands(id.as_str())?);
        self.show(desk, &[happened], false)
    }

    /// Somebody else is at the desk from now on, if the round takes them.
    fn change_to(&mut self, text: &str, desk: &mut dyn Desk) -> Result<(), OpsError> {
        let Ok(by) = text.parse::<PartyId>() else {
            desk.say("that is no party id");
            return Ok(());
        };
        let now = self.onlooker.now(self.clock)?;
        let taken = known_party(self.onlooker.state()?, &by)
            .and_then(|()| add_on(&self.folder, &self.place(), (now, &by), Vec::new()));
        match taken {
            Ok(_) => {
                desk.say(&format!("{by} goes on"));
                self.by = by;
            }
            Err(error) => desk.say(&error.to_string()),
        }
        Ok(())
    }

    /// Where in the lists something stands now, in words.
    fn stands(&mut self, name: &str) -> Result<String, OpsError> {
        let now = self.onlooker.now(self.clock)?;
        let (record, by) = (&self.record, &self.by);
        let gathered = gather(self.onlooker.state()?, record, by, now);
        let outcome = &gathered.outcome;
        let Ok(id) = name.parse::<MediumId>() else {
            return Ok("NOT REGISTERED".to_owned());
        };
        let how = grade_in(outcome, &id).map_or("", sighting);
        let any = |lines: &[crate::model::SeenLine]| lines.iter().any(|line| line.id == id);
        Ok(if any(&outcome.found) {
            format!("found ({how})")
        } else if any(&outcome.unverified) {
            format!("seen ({how}), but the policy asks for better evidence")
        } else if any(&outcome.unexpected) {
            "BELONGS ELSEWHERE".to_owned()
        } else {
            "several drives say the same of themselves; scan its label".to_owned()
        })
    }

    fn show(
        &mut self,
        desk: &mut dyn Desk,
        happened: &[String],
        whole: bool,
    ) -> Result<(), OpsError> {
        let now = self.onlooker.now(self.clock)?;
        let (record, by) = (&self.record, &self.by);
        let state = self.onlooker.state()?;
        let gathered = gather(state, record, by, now);
        desk.show(happened, &report(state, record, &gathered, by), whole);
        Ok(())
    }
}

fn known(state: &State, text: &str) -> Result<MediumId, String> {
    let id: MediumId = text.parse().map_err(|_| format!("'{text}' is no asset id"))?;
    match state.media.contains_key(&id) {
        true => Ok(id),
        false => Err(format!("{id} is not registered here")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_through_an_input_method() {
        let label = "CM1-USB-0421-MPJTB9-C";
        for (line, typed) in [
            ("", Typed::Nothing),
            ("  \t", Typed::Nothing),
            (label, Typed::Label(label.to_owned())),
            ("ｃｍ１ーＵＳＢ", Typed::Label("ｃｍ１ーＵＳＢ".to_owned())),
            ("eye usb-0421", Typed::Eye("USB-0421".to_owned())),
            ("目視　ＵＳＢー０４２１", Typed::Eye("USB-0421".to_owned())),
            ("by Suzuki", Typed::By("suzuki".to_owned())),
            ("担当 suzuki", Typed::By("suzuki".to_owned())),
            ("ｃｌｏｓｅ", Typed::Close),
            ("終了", Typed::Close),
            ("中断", Typed::Pause),
            ("？", Typed::Help),
            ("一覧", Typed::List),
            ("eye", Typed::Unclear("EYE".to_owned())),
            ("close now", Typed::Unclear("CLOSE NOW".to_owned())),
        ] {
            assert_eq!(Typed::parse(line), typed, "{line}");
        }
    }
}

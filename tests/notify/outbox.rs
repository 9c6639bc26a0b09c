//! The outbox: nothing is told twice, nothing is forgotten, whatever dies on the way.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use media_custody::ledger::{Presence, State};
use media_custody::notify::outbox::Outbox;
use media_custody::notify::{Destination, Message, SendError, Settings, Transport};
use media_custody::ops::FixedClock;
use media_custody::ops::tell::Post;
use media_custody::report::telling::{Heartbeat, MessageStanding, Telling};
use serde_json::Value;

use crate::office::{at, of};
use crate::{moment, notices, settings, state, with_one_missing};

const PEOPLE: &str = "
[notify.mail]
server = \"localhost\"
security = \"plain\"
from = \"custody@example.jp\"
[notify.person.yamada]
mail = \"yamada@example.jp\"
[notify.person.kato]
mail = \"kato@example.jp\"
[notify.channel.own]
form = \"json\"
url = \"http://localhost/\"
secret-env = \"NONE\"
[notify.heartbeat]
url = \"http://localhost/\"
";

/// What the other side does.
#[derive(Debug, Clone, PartialEq)]
enum Does {
    Take,
    Fail(SendError),
    /// The message arrives, and the program dies before it learns that.
    DieAfterwards,
    /// The program dies before anything went out.
    DieBefore,
}

#[derive(Clone)]
struct Ways {
    folder: PathBuf,
    does: Arc<Mutex<Does>>,
    /// What arrived: channel, recipient, id, topic.
    arrived: Arc<Mutex<Vec<String>>>,
    tried: Arc<Mutex<usize>>,
    pings: Arc<Mutex<usize>>,
}

impl Transport for Ways {
    fn send(&self, to: &Destination, message: &Message) -> Result<(), SendError> {
        // Whatever happens from here on, the disk says that it was tried.
        let path = self.folder.join(format!("{}.json", message.id));
        let record: Value =
            serde_json::from_slice(&fs::read(path).expect("a record")).expect("JSON");
        assert_eq!(record["stage"], "attempting");
        *self.tried.lock().expect("count") += 1;
        let does = self.does.lock().expect("does").clone();
        match does {
            Does::Fail(error) => return Err(error),
            Does::DieBefore => panic!("died before"),
            Does::Take | Does::DieAfterwards => {}
        }
        let topic = message.topic.as_str();
        self.arrived.lock().expect("list").push(format!("{} {} {topic}", to.channel, to.recipient));
        if does == Does::DieAfterwards {
            panic!("died afterwards");
        }
        Ok(())
    }

    fn tells_twice_apart(&self, to: &Destination) -> bool {
        to.channel == "own"
    }

    fn ping(&self) -> Result<(), SendError> {
        *self.pings.lock().expect("count") += 1;
        Ok(())
    }
}

struct Room {
    folder: tempfile::TempDir,
    ways: Ways,
    settings: Settings,
}

impl Room {
    fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ways = Ways {
            folder: folder.path().join("outbox"),
            does: Arc::new(Mutex::new(Does::Take)),
            arrived: Arc::default(),
            tried: Arc::default(),
            pings: Arc::default(),
        };
        Room { folder, ways, settings: settings(&format!("[notify]\n{more}\n{PEOPLE}")) }
    }

    fn outbox(&self) -> PathBuf {
        self.folder.path().join("outbox")
    }

    fn does(&self, does: Does) {
        *self.ways.does.lock().expect("does") = does;
    }

    fn post(&self, now: &str) -> Post<Ways> {
        let clock = Box::new(FixedClock::at(at(now)));
        Post::with(Outbox::at(&self.outbox()), self.settings.clone(), self.ways.clone(), clock)
    }

    fn tell(&self, state: &State, now: &str) -> Telling {
        self.post(now).tell(&notices(state, now)).expect("told")
    }

    /// What arrived since this was last asked.
    fn arrived(&self) -> Vec<String> {
        let mut arrived = std::mem::take(&mut *self.ways.arrived.lock().expect("list"));
        arrived.sort();
        arrived
    }

    fn tried(&self) -> usize {
        std::mem::take(&mut *self.ways.tried.lock().expect("count"))
    }

    fn standings(&self, now: &str) -> Vec<MessageStanding> {
        let listed = self.post(now).list().expect("listed");
        listed.messages.iter().map(|message| message.standing).collect()
    }
}

const MORNING: &str = "2026-01-22T09:00:00+09:00";
const NOON: &str = "2026-01-22T12:00:00+09:00";
const NEXT: &str = "2026-01-23T09:00:00+09:00";

const ALL: [&str; 7] = [
    "mail kato missing",
    "mail yamada digest",
    "mail yamada missing",
    "mail yamada overdue",
    "own own digest",
    "own own missing",
    "own own overdue",
];

#[test]
fn everybody_is_told_once_a_day() {
    let (room, state) = (Room::new(""), with_one_missing());
    let told = room.tell(&state, MORNING);
    assert_eq!(room.arrived(), ALL);
    assert!(told.is_fine(), "{told:#?}");
    assert_eq!((told.in_trouble, told.heartbeat), (0, Some(Heartbeat::Sent)));
    let again = room.tell(&state, NOON);
    assert_eq!((room.arrived(), again.messages), (vec![], vec![]));
    room.tell(&state, NEXT);
    assert_eq!(room.arrived(), ALL);
    assert_eq!(*room.ways.pings.lock().expect("count"), 3);
}

#[test]
fn what_becomes_due_later_in_the_day_is_told_alone() {
    let room = Room::new("");
    room.tell(&state(), MORNING);
    assert!(!room.arrived().contains(&"mail yamada missing".to_owned()));
    room.tell(&with_one_missing(), NOON);
    let missing = ["mail kato missing", "mail yamada missing", "own own missing"];
    assert_eq!(room.arrived(), missing);
}

#[test]
fn the_digest_comes_when_all_is_well() {
    let room = Room::new("");
    room.tell(&state(), "2026-01-10T09:00:00+09:00");
    assert_eq!(room.arrived(), ["mail yamada digest", "own own digest"]);
}

#[test]
fn nothing_is_sent_twice_after_a_crash() {
    let (room, state) = (Room::new(""), with_one_missing());
    room.does(Does::DieAfterwards);
    let mut begun = 0;
    // Each run dies with the first message it sends; the next one goes on behind it.
    for _ in 0..20 {
        let died = catch_unwind(AssertUnwindSafe(|| room.tell(&state, MORNING))).is_err();
        begun += usize::from(died);
        if !died {
            break;
        }
    }
    let arrived = room.arrived();
    let mailed: Vec<&String> = arrived.iter().filter(|one| one.starts_with("mail")).collect();
    assert_eq!(
        mailed,
        ["mail kato missing", "mail yamada digest", "mail yamada missing", "mail yamada overdue"]
    );
    assert!(begun >= mailed.len(), "{begun}");
    // Nobody knows whether the mail arrived: it is shown, and not sent by itself.
    room.does(Does::Take);
    let told = room.tell(&state, NOON);
    assert!(room.arrived().iter().all(|one| one.starts_with("own")), "the webhook can tell");
    assert_eq!((told.in_trouble, told.heartbeat.clone()), (4, Some(Heartbeat::Withheld)));
    assert!(!told.is_fine());
    let doubtful = MessageStanding::MayHaveBeenSent;
    assert_eq!(room.standings(NOON).iter().filter(|one| **one == doubtful).count(), 4);
    // The next day says it anew, and with that the doubt is over.
    let told = room.tell(&state, NEXT);
    assert_eq!(room.arrived(), ALL);
    assert_eq!(told.in_trouble, 0);
}

#[test]
fn a_webhook_gets_the_same_message_with_the_same_id_again() {
    let (room, state) = (Room::new(""), state());
    let now = "2026-01-10T09:00:00+09:00";
    let sent = || -> Vec<String> {
        let listed = room.post(now).list().expect("listed").messages;
        listed.into_iter().filter(|one| one.channel == "own").map(|one| one.id).collect()
    };
    room.does(Does::DieBefore);
    while catch_unwind(AssertUnwindSafe(|| room.tell(&state, now))).is_err() && sent().is_empty() {}
    let before = sent();
    room.does(Does::Take);
    room.tell(&state, "2026-01-10T10:00:00+09:00");
    assert_eq!(room.arrived().iter().filter(|one| *one == "own own digest").count(), 1);
    assert_eq!((before.len(), sent()), (1, before));
}

#[test]
fn a_server_that_is_down_is_tried_once_and_later_again() {
    let (room, state) = (Room::new(""), with_one_missing());
    room.does(Does::Fail(SendError::NotReached("down".to_owned())));
    let told = room.tell(&state, MORNING);
    // One attempt for mail and one for the webhook, and the digests find them down anew.
    assert_eq!((room.tried(), told.in_trouble, told.is_fine()), (4, 7, false));
    assert_eq!(told.heartbeat, Some(Heartbeat::Withheld));
    let error = told.messages[0].error.as_deref();
    assert_eq!(error, Some("down"));
    // Too early.
    room.tell(&state, "2026-01-22T09:00:30+09:00");
    assert_eq!(room.tried(), 0);
    room.does(Does::Take);
    let told = room.tell(&state, "2026-01-22T09:02:00+09:00");
    assert_eq!((room.arrived(), told.in_trouble), (ALL.map(str::to_owned).to_vec(), 0));
}

#[test]
fn a_server_that_comes_back_after_days_delivers_the_last_day_only() {
    let (room, state) = (Room::new(""), with_one_missing());
    room.does(Does::Fail(SendError::NotReached("down".to_owned())));
    for day in 22..28 {
        room.tell(&state, &format!("2026-01-{day}T09:00:00+09:00"));
    }
    room.does(Does::Take);
    let told = room.tell(&state, "2026-01-27T15:00:00+09:00");
    assert_eq!((room.arrived(), told.in_trouble), (ALL.map(str::to_owned).to_vec(), 0));
}

#[test]
fn a_refusal_is_shown_until_somebody_or_the_ledger_ends_it() {
    let (room, mut state) = (Room::new(""), with_one_missing());
    room.does(Does::Fail(SendError::Refused("no such user".to_owned())));
    assert_eq!(room.tell(&state, MORNING).in_trouble, 7);
    let tried = room.tried();
    room.tell(&state, NOON);
    assert_eq!((tried, room.tried()), (7, 0), "a refusal is not tried again by itself");
    // Retried by a person, it is.
    room.does(Does::Take);
    let id = room.post(NOON).list().expect("listed").messages[0].id.clone();
    let shown = room.post(NOON).retry(Some(&id[..6]), &notices(&state, NOON)).expect("retried");
    assert_eq!(shown.messages[0].standing, MessageStanding::Sent);
    assert!(room.post(NOON).retry(Some(&id), &notices(&state, NOON)).is_err(), "it was sent");
    assert!(room.post(NOON).drop_message(&id).is_err(), "it was sent");
    let id = room.post(NOON).list().expect("listed").messages[1].id.clone();
    room.post(NOON).drop_message(&id).expect("dropped");
    assert_eq!(room.post(NOON).list().expect("listed").in_trouble, 5);
    // It is found, and the other one has come back: nobody has to be told any more.
    state.media.values_mut().for_each(|medium| {
        medium.presence = Presence::Present;
        medium.custody.due = None;
        medium.seen.at = moment(NOON);
    });
    assert_eq!(room.tell(&state, NEXT).in_trouble, 0);
    assert_eq!(room.arrived().last().map(String::as_str), Some("own own digest"));
}

#[test]
fn the_night_is_quiet_but_for_what_is_missing() {
    let (room, state) = (Room::new("quiet-until = 7"), with_one_missing());
    let told = room.tell(&state, "2026-01-22T03:00:00+09:00");
    let missing = ["mail kato missing", "mail yamada missing", "own own missing"];
    assert_eq!((room.arrived(), told.quiet_until), (missing.map(str::to_owned).to_vec(), Some(7)));
    room.tell(&state, "2026-01-22T07:00:00+09:00");
    let rest = ["mail yamada digest", "mail yamada overdue", "own own digest", "own own overdue"];
    assert_eq!(room.arrived(), rest);
}

#[test]
fn who_has_no_address_is_named() {
    let mut room = Room::new("");
    room.settings.people.remove("kato");
    let told = room.tell(&with_one_missing(), MORNING);
    assert_eq!(told.unreachable.len(), 1);
    let someone = &told.unreachable[0];
    assert_eq!((someone.party.as_str(), someone.media, someone.nobody_else), ("kato", 1, false));
    assert!(told.is_fine());
    // Where that is everybody, it is a failure.
    let mut room = Room::new("");
    room.settings.people.clear();
    room.settings.channels.clear();
    let told = room.tell(&with_one_missing(), MORNING);
    assert!(!told.is_fine() && told.heartbeat == Some(Heartbeat::Withheld), "{told:#?}");
}

#[test]
fn a_misspelt_id_is_named() {
    let mut room = Room::new("");
    let address = room.settings.people["kato"].clone();
    room.settings.people.insert("kat".to_owned(), address);
    let told = room.tell(&with_one_missing(), MORNING);
    assert_eq!(told.strangers, ["kat"]);
    assert!(!told.is_fine());
}

#[test]
fn a_damaged_record_is_shown_and_can_be_dropped() {
    let (room, state) = (Room::new(""), with_one_missing());
    room.tell(&state, MORNING);
    let record = |path: &Path| path.extension().is_some_and(|ending| ending == "json");
    let files = fs::read_dir(room.outbox()).expect("a folder").flatten().map(|file| file.path());
    let path = files.into_iter().find(|path| record(path)).expect("a record");
    let text = fs::read(&path).expect("read");
    for cut in [0, text.len() / 2, text.len() - 3] {
        fs::write(&path, &text[..cut]).expect("written");
        let listed = room.post(NOON).list().expect("listed");
        assert_eq!(listed.in_trouble, 1);
    }
    let id = path.file_stem().expect("a name").to_string_lossy().into_owned();
    room.post(NOON).drop_message(&id).expect("dropped");
    assert_eq!(room.post(NOON).list().expect("listed").in_trouble, 0);
}

#[test]
fn two_never_send_at_once() {
    let room = Room::new("");
    let held = Outbox::at(&room.outbox()).claim().expect("claimed");
    let refused = room.post(MORNING).tell(&notices(&state(), MORNING));
    assert!(refused.is_err_and(|error| error.to_string().contains("another process")));
    drop(held);
    room.tell(&state(), MORNING);
}

#[test]
fn what_is_over_for_long_leaves_the_outbox() {
    let (room, state) = (Room::new(""), with_one_missing());
    room.tell(&state, MORNING);
    assert_eq!(room.standings(MORNING).len(), 7);
    room.tell(&state, "2026-02-20T09:00:00+09:00");
    // Those of that day alone: by then USB-0421 is still missing, USB-0422 still away.
    let there = room.post(NOON).list().expect("listed").messages;
    assert!(there.iter().all(|one| one.day == Some(of("2026-02-20"))), "{there:#?}");
}

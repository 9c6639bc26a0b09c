//! The daemon's part of the configuration: its cabinets, and how often it tells people.
//!
//! ```toml
//! [daemon]
//! tell-minutes = 15
//! metrics-file = "/var/lib/prometheus/node-exporter/custody.prom"
//!
//! [cabinet.drawer]
//! place = "静岡支部保管庫"
//! station = "cabinet-1"
//! ports = ["1-2", "2-1"]
//! passphrase-file = "station.passphrase"
//! every-minutes = 60
//! patience-minutes = 10
//! ```

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use toml_edit::{Item, TableLike};

use super::error::OpsError;
use crate::ledger::cabinet::Pace;
use crate::model::settings::{Fault, Reading, is_name};
use crate::model::{Name, PartyId};
use crate::printer::config::{ConfigurationError, text_of};
use crate::usb::Position;

/// Where systemd puts the secrets of a unit (systemd.exec(5), `LoadCredential=`).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// A cabinet as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CabinetSettings {
    /// What it is called in logs.
    pub name: String,
    /// The place that it is, as media have it for their home.
    pub place: Name,
    /// The party that signs for it, of the role `station`.
    pub station: PartyId,
    /// The hubs that are the cabinet: a drive at one of these, or behind it, is in it.
    /// Every port where none is named.
    pub ports: Vec<Position>,
    /// The file with the passphrase of the station's key.
    pub passphrase: PathBuf,
    /// How often it calls, and how long it waits.
    pub pace: Pace,
}

impl CabinetSettings {
    /// Whether a drive at this position is in the cabinet. A USB 3 hub is two hubs, so both
    /// of its positions are to be named.
    pub fn holds(&self, position: &Position) -> bool {
        let text = position.to_string();
        let behind = |port: &Position| {
            let rest = text.strip_prefix(&port.to_string());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.ports.is_empty() || self.ports.iter().any(behind)
    }
}

/// What the daemon is told by the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonSettings {
    /// Its cabinets, by name.
    pub cabinets: Vec<CabinetSettings>,
    /// How often people are told.
    pub tell_every: Duration,
    /// Where metrics are written as often as people are told.
    pub metrics_file: Option<PathBuf>,
}

impl Default for DaemonSettings {
    /// No cabinet; a quarter of an hour.
    fn default() -> Self {
        DaemonSettings { cabinets: Vec::new(), tell_every: minutes(15), metrics_file: None }
    }
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// Reads the configuration at `path`; one that is not there has no cabinet.
///
/// # Errors
/// The file cannot be read, or everything that is wrong in these tables.
pub fn settings(path: &Path) -> Result<DaemonSettings, OpsError> {
    let unsound = |source| OpsError::Configuration { path: path.to_owned(), source };
    let text = text_of(path).map_err(unsound)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    parse(&text, folder).map_err(|faults| unsound(ConfigurationError::Faults(faults)))
}

/// Reads the text of a configuration in `folder`.
///
/// # Errors
/// Everything that is wrong in these tables, by line.
pub fn parse(text: &str, folder: &Path) -> Result<DaemonSettings, Vec<Fault>> {
    let (mut reading, document) = Reading::begin(text)?;
    let mut read = DaemonSettings::default();
    for (key, item) in document.iter() {
        match (key, item.as_table_like()) {
            ("daemon", Some(table)) => daemon(&mut reading, table, folder, &mut read),
            ("cabinet", Some(table)) => {
                for (name, item) in table.iter() {
                    let found = cabinet(&mut reading, (table, name, item), folder);
                    read.cabinets.extend(found);
                }
            }
            ("daemon" | "cabinet", None) => reading.fault(item, format!("{key} is no table")),
            // Read by whoever prints and tells people.
            _ => {}
        }
    }
    read.cabinets.sort_by(|one, other| one.name.cmp(&other.name));
    for pair in 0..read.cabinets.len() {
        let (before, rest) = read.cabinets.split_at(pair);
        let Some(one) = rest.first() else { continue };
        if before.iter().any(|other| other.place == one.place) {
            let what = format!("cabinet.{}: another cabinet is that place already", one.name);
            reading.at(None, what);
        }
    }
    reading.end(read)
}

fn daemon(
    reading: &mut Reading<'_>,
    table: &dyn TableLike,
    folder: &Path,
    read: &mut DaemonSettings,
) {
    for (key, item) in table.iter() {
        match key {
            "tell-minutes" => {
                let told = reading.number(item, "daemon.", key, 1..=1_440);
                read.tell_every = told.map_or(read.tell_every, |count| minutes(count.into()));
            }
            "metrics-file" => {
                let file = reading.text(item, "daemon.", key);
                read.metrics_file = file.map(|file| folder.join(file));
            }
            _ => {
                let at = reading.span(table, key, item);
                reading.unknown(at, "daemon.", key, "tell-minutes, metrics-file");
            }
        }
    }
}

fn cabinet(
    reading: &mut Reading<'_>,
    (parent, name, item): (&dyn TableLike, &str, &Item),
    folder: &Path,
) -> Option<CabinetSettings> {
    let at = reading.span(parent, name, item);
    if !is_name(name) {
        let what = "cabinet: a cabinet's name is lower-case letters, digits and '-'";
        reading.at(at.clone(), what.to_owned());
        return None;
    }
    let Some(table) = item.as_table_like() else {
        reading.fault(item, format!("cabinet.{name} is no table"));
        return None;
    };
    let under = format!("cabinet.{name}.");
    let (mut place, mut station, mut passphrase) = (None, None, None);
    let (mut ports, mut every, mut patience) = (Vec::new(), 60, 10);
    for (key, item) in table.iter() {
        match key {
            "place" => place = value::<Name>(reading, item, &under, key),
            "station" => station = value::<PartyId>(reading, item, &under, key),
            "ports" => ports = positions(reading, item, &under),
            "passphrase-file" => passphrase = reading.text(item, &under, key),
            "every-minutes" => {
                every = reading.number(item, &under, key, 5..=1_440).unwrap_or(every);
            }
            "patience-minutes" => {
                patience = reading.number(item, &under, key, 1..=1_440).unwrap_or(patience);
            }
            _ => {
                let known =
                    "place, station, ports, passphrase-file, every-minutes, patience-minutes";
                let at = reading.span(table, key, item);
                reading.unknown(at, &under, key, known);
            }
        }
    }
    for key in ["place", "station", "passphrase-file"] {
        if table.get(key).is_none() {
            reading.at(at.clone(), format!("{under}{key} is missing"));
        }
    }
    Some(CabinetSettings {
        name: name.to_owned(),
        place: place?,
        station: station?,
        ports,
        passphrase: secret(folder, &passphrase?),
        pace: Pace { every: minutes(every.into()), patience: minutes(patience.into()) },
    })
}

fn value<T: FromStr<Err: std::fmt::Display>>(
    reading: &mut Reading<'_>,
    item: &Item,
    under: &str,
    key: &str,
) -> Option<T> {
    let text = reading.text(item, under, key)?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            reading.fault(item, format!("{under}{key}: {error}"));
            None
        }
    }
}

fn positions(reading: &mut Reading<'_>, item: &Item, under: &str) -> Vec<Position> {
    let Some(listed) = item.as_array() else {
        reading.fault(item, format!("{under}ports is no list, like [\"1-2\", \"2-1\"]"));
        return Vec::new();
    };
    let mut ports = Vec::new();
    for one in listed {
        match one.as_str().and_then(|text| text.parse().ok()) {
            Some(position) => ports.push(position),
            None => {
                let what = format!("{under}ports: a port is written like 1-2 or 1-2.4");
                reading.at(one.span(), what);
            }
        }
    }
    ports
}

/// A relative path is one of the unit's credentials, if it has one of that name, else a
/// file beside the configuration.
fn secret(folder: &Path, name: &str) -> PathBuf {
    let credential = std::env::var_os(CREDENTIALS).map(|there| Path::new(&there).join(name));
    credential.filter(|path| path.exists()).unwrap_or_else(|| folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let found = parse(text, Path::new("/etc/custody")).unwrap_err();
        found.into_iter().map(|fault| format!("{}: {}", fault.line, fault.what)).collect()
    }

    #[test]
    fn a_cabinet_is_read() {
        let text = "[daemon]\ntell-minutes = 5\n[cabinet.drawer]\nplace = \"保管庫\"\n\
                    station = \"cabinet-1\"\nports = [\"1-2\", \"2-1\"]\n\
                    passphrase-file = \"station.passphrase\"\nevery-minutes = 30\n";
        let read = parse(text, Path::new("/etc/custody")).unwrap();
        assert_eq!(read.tell_every, Duration::from_secs(300));
        let [cabinet] = read.cabinets.as_slice() else { panic!("one cabinet") };
        assert_eq!(cabinet.pace, Pace { every: minutes(30), patience: minutes(10) });
        assert_eq!(cabinet.passphrase, Path::new("/etc/custody/station.passphrase"));
        for (position, inside) in
            [("1-2", true), ("1-2.4", true), ("2-1.3.1", true), ("1-20", false), ("1-1.2", false)]
        {
            assert_eq!(cabinet.holds(&position.parse().unwrap()), inside, "{position}");
        }
        assert_eq!(parse("", Path::new("")).unwrap(), DaemonSettings::default());
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let text = "[cabinet.drawer]\nplace = 7\nstation = \"Cabinet 1\"\nports = [\"1-2\", \"hub\"]\n\
                    every-minutes = 0\nevery-hours = 1\n[cabinet.\"No Name\"]\n";
        let told = faults(text).join("\n");
        for expected in [
            "1: cabinet.drawer.passphrase-file is missing",
            "2: cabinet.drawer.place is no text",
            "3: cabinet.drawer.station: ",
            "4: cabinet.drawer.ports: a port is written like 1-2 or 1-2.4",
            "5: cabinet.drawer.every-minutes is no whole number from 5 to 1440",
            "6: cabinet.drawer.every-hours is not known here",
            "7: cabinet: a cabinet's name is",
        ] {
            assert!(told.contains(expected), "{expected}\n{told}");
        }
        assert_eq!(faults("cabinet = 1\n"), ["1: cabinet is no table"]);
        let twice = "[cabinet.a]\nplace = \"x\"\nstation = \"s\"\npassphrase-file = \"p\"\n\
                     [cabinet.b]\nplace = \"x\"\nstation = \"s\"\npassphrase-file = \"p\"\n";
        assert!(faults(twice)[0].contains("another cabinet is that place already"));
    }
}

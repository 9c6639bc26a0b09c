//! The configuration: which printers there are, and which prints what by default.
//!
//! ```toml
//! [default]
//! receipt = "office"
//! thermal = "counter"
//!
//! [printer.office]
//! address = "ipp://printer.example.jp/ipp/print"
//!
//! [printer.counter]
//! address = "/dev/usb/lp0"
//! roll = 80       # mm
//! dpi = 203
//! ```
//!
//! Read strictly: a misspelt key would silently print on another printer. All problems
//! are told at once, each with its line.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, TableLike, Value, value};

use super::{Address, Printer};
use crate::model::DocumentKind;
use crate::model::printable::printable;
use crate::model::settings::Reading;
pub use crate::model::settings::{Fault, is_name};

const FILE_MAX: u64 = 64 << 10;
const NAME_MAX: usize = 32;
/// Widths of rolls in millimetres: labels begin at 12, office printers end at 120.
const ROLL: std::ops::RangeInclusive<i64> = 12..=120;
/// Dots per inch of thermal heads.
const DPI: std::ops::RangeInclusive<i64> = 150..=600;

/// What is configured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configuration {
    /// The default printer of each kind: a name of `printers`, or an address.
    pub defaults: BTreeMap<DocumentKind, String>,
    /// The printers, by name.
    pub printers: BTreeMap<String, Configured>,
}

/// A printer in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    /// Where it is.
    pub address: Address,
    /// Width of its roll in millimetres.
    pub roll: Option<u16>,
    /// Its dots per inch.
    pub dpi: Option<u16>,
    /// Whether it prints PDF although its address takes raw bytes.
    pub pdf: bool,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// It says what it may not.
    #[error("{}", .0.iter().map(|f| format!("line {}: {}", f.line, f.what)).collect::<Vec<_>>().join("; "))]
    Faults(Vec<Fault>),
    /// It is too large to be one.
    #[error("has more than 65536 bytes")]
    TooLarge,
    /// It is no text.
    #[error("is no UTF-8 text")]
    NoText,
    /// It cannot be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Configuration {
    /// The printer of this name.
    pub fn printer(&self, name: &str) -> Option<Printer> {
        let found = self.printers.get(name)?;
        let name = Some(name.to_owned());
        Some(Printer { name, address: found.address.clone(), pdf: found.pdf })
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// All that is wrong in it.
    pub fn parse(text: &str) -> Result<Self, ConfigurationError> {
        let (mut reading, document) = Reading::begin(text).map_err(ConfigurationError::Faults)?;
        let mut read = Configuration::default();
        for (key, item) in document.iter() {
            let table = item.as_table_like();
            match (key, table) {
                ("default", Some(table)) => read.defaults = reading.defaults(table),
                ("printer", Some(table)) => read.printers = reading.printers(table),
                ("default" | "printer", None) => reading.fault(item, format!("{key} is no table")),
                // Read by whoever tells people, and by the daemon.
                ("notify" | "cabinet" | "daemon", _) => {}
                _ => {
                    let at = reading.span(document.as_table(), key, item);
                    reading.unknown_table(at, key);
                }
            }
        }
        for (kind, name) in &read.defaults {
            let known = read.printers.contains_key(name) || name.parse::<Address>().is_ok();
            if !known {
                let item = document.get("default").and_then(|table| table.get(kind.as_str()));
                let shown = printable(name, NAME_MAX);
                let what = format!("default.{kind}: no printer '{shown}' is configured");
                reading.fault(item.unwrap_or(&Item::None), what);
            }
        }
        reading.end(read).map_err(ConfigurationError::Faults)
    }

    /// Reads the file; one that is not there says nothing.
    ///
    /// # Errors
    /// It cannot be read, or as [`Configuration::parse`].
    pub fn read(path: &Path) -> Result<Self, ConfigurationError> {
        Configuration::parse(&text_of(path)?)
    }
}

/// The text of the file; none where there is no file.
///
/// # Errors
/// It cannot be read, or is no text of a reasonable size.
pub fn text_of(path: &Path) -> Result<String, ConfigurationError> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = Vec::new();
    file.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(ConfigurationError::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| ConfigurationError::NoText)
}

impl Reading<'_> {
    fn defaults(&mut self, table: &dyn TableLike) -> BTreeMap<DocumentKind, String> {
        let mut read = BTreeMap::new();
        for (key, item) in table.iter() {
            match (key.parse::<DocumentKind>(), item.as_str()) {
                (Ok(kind), Some(name)) => {
                    read.insert(kind, name.to_owned());
                }
                (Ok(kind), None) => self.fault(item, format!("default.{kind} is no text")),
                (Err(_), _) => {
                    let at = self.span(table, key, item);
                    self.unknown(at, "default.", key, "receipt, thermal, label, sheet");
                }
            }
        }
        read
    }

    fn printers(&mut self, table: &dyn TableLike) -> BTreeMap<String, Configured> {
        let mut read = BTreeMap::new();
        for (name, item) in table.iter() {
            let at = self.span(table, name, item);
            if !is_name(name) {
                let shown = printable(name, NAME_MAX);
                let what = "has to be 1 to 32 small letters, digits and hyphens";
                self.at(at.clone(), format!("printer.{shown}: the name {what}"));
            }
            let Some(keys) = item.as_table_like() else {
                self.at(at, format!("printer.{} is no table", printable(name, NAME_MAX)));
                continue;
            };
            if let Some(printer) = self.printer(name, keys, at) {
                read.insert(name.to_owned(), printer);
            }
        }
        read
    }

    fn printer(
        &mut self,
        name: &str,
        keys: &dyn TableLike,
        at: Option<Range<usize>>,
    ) -> Option<Configured> {
        let under = format!("printer.{}.", printable(name, NAME_MAX));
        let (mut address, mut roll, mut dpi, mut pdf) = (None, None, None, false);
        let mut addressed = false;
        for (key, item) in keys.iter() {
            match key {
                "address" => {
                    addressed = true;
                    match item.as_str().map(str::parse::<Address>) {
                        Some(Ok(read)) => address = Some(read),
                        Some(Err(error)) => self.fault(item, format!("{under}address: {error}")),
                        None => self.fault(item, format!("{under}address is no text")),
                    }
                }
                "roll" => roll = self.number(item, &under, key, ROLL),
                "dpi" => dpi = self.number(item, &under, key, DPI),
                "pdf" => pdf = self.yes_or_no(item, &under, key).unwrap_or(false),
                _ => {
                    let at = self.span(keys, key, item);
                    self.unknown(at, &under, key, "address, roll, dpi, pdf");
                }
            }
        }
        if !addressed {
            self.at(at, format!("{under}address is missing"));
        }
        Some(Configured { address: address?, roll, dpi, pdf })
    }
}

/// Something to be written into the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// This printer prints that kind by default.
    Default(DocumentKind, String),
    /// There is a printer.
    Printer(String, Configured),
}

/// Writes a change into the file and leaves everything else in it, comments included,
/// as it is. Whatever happens on the way, the old or the new file is there, whole.
///
/// # Errors
/// The file is not sound, would not be, or cannot be written.
pub fn change(path: &Path, change: &Change) -> Result<Configuration, ConfigurationError> {
    let old = text_of(path)?;
    Configuration::parse(&old)?;
    let new = changed(&old, change);
    let read = Configuration::parse(&new)?;
    replace(path, new.as_bytes())?;
    Ok(read)
}

fn changed(old: &str, change: &Change) -> String {
    let mut document: DocumentMut = old.parse().unwrap_or_default();
    let root = document.as_table_mut();
    match change {
        Change::Default(kind, name) => {
            if let Some(defaults) = table(root, "default").as_table_like_mut() {
                set(defaults, kind.as_str(), name);
            }
        }
        Change::Printer(name, printer) => {
            let mut entry = Table::new();
            entry.insert("address", value(printer.address.to_string()));
            let numbers = [("roll", printer.roll), ("dpi", printer.dpi)];
            for (key, number) in numbers {
                if let Some(number) = number {
                    entry.insert(key, value(i64::from(number)));
                }
            }
            if printer.pdf {
                entry.insert("pdf", value(true));
            }
            if let Some(printers) = table(root, "printer").as_table_like_mut() {
                printers.insert(name, Item::Table(entry));
            }
        }
    }
    document.to_string()
}

fn table<'a>(root: &'a mut Table, name: &str) -> &'a mut Item {
    root.entry(name).or_insert_with(|| {
        let mut table = Table::new();
        // `[printer]` alone says nothing; its `[printer.NAME]` do.
        table.set_implicit(true);
        Item::Table(table)
    })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A file that is a link into a collection of settings stays one.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
    fs::create_dir_all(&folder)?;
    let mut fresh = tempfile::NamedTempFile::new_in(&folder)?;
    fresh.write_all(bytes)?;
    fresh.as_file().sync_all()?;
    fresh.persist(&path)?;
    fs::File::open(&folder)?.sync_all()
}

/// Sets a key and leaves what stands beside it: people write remarks there.
fn set(table: &mut dyn TableLike, key: &str, text: impl Into<Value>) {
    let mut fresh: Value = text.into();
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(known) => {
            *fresh.decor_mut() = known.decor().clone();
            *known = fresh;
        }
        None => {
            table.insert(key, Item::Value(fresh));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "\
# our printers
[default]
receipt = \"office\" # the big one
label = \"lp:Label_QL\"

[printer.office]
address = \"ipp://printer.example.jp/ipp/print\"

[printer.counter]
address = \"/dev/usb/lp0\"
roll = 80
dpi = 203
";

    fn faults(text: &str) -> Vec<(usize, String)> {
        match Configuration::parse(text) {
            Err(ConfigurationError::Faults(faults)) => {
                faults.into_iter().map(|fault| (fault.line, fault.what)).collect()
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_sound_file_is_read() {
        let read = Configuration::parse(SOUND).expect("sound");
        assert_eq!(read.printers.keys().collect::<Vec<_>>(), ["counter", "office"]);
        assert_eq!(read.printers["counter"].roll, Some(80));
        assert_eq!(read.defaults[&DocumentKind::Label], "lp:Label_QL");
        assert_eq!(Configuration::parse("").expect("empty"), Configuration::default());
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let text = "[default]\nreciept = \"office\"\nsheet = \"nowhere\"\nlabel = 3\n\n\
                    [printer.office]\naddress = \"ipps://x/\"\nroll = 8\ncolour = true\n\n\
                    [printer.Big]\nadress = \"lp:a\"\n\n[mail]\n";
        let told = faults(text);
        let lines: Vec<usize> = told.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 4, 7, 8, 9, 11, 11, 12, 14], "{told:#?}");
        assert!(told[0].1.contains("default.reciept is not known"), "{told:?}");
        assert!(told[3].1.contains("TLS"), "{told:?}");
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        assert_eq!(faults("[default]\nreceipt = office\n")[0].0, 2);
        assert_eq!(faults("[default]\nreceipt = \"a\"\nreceipt = \"b\"\n")[0].0, 3);
        assert_eq!(faults("default = 3\n")[0].0, 1);
        assert_eq!(faults("printer.x = 3\n")[0].0, 1);
        let deep = format!("a = {}", "[".repeat(100_000));
        assert!(!faults(&deep).is_empty());
    }

    #[test]
    fn a_change_leaves_the_rest_as_it_is() {
        let change = Change::Default(DocumentKind::Receipt, "counter".to_owned());
        let new = changed(SOUND, &change);
        assert_eq!(new, SOUND.replace("receipt = \"office\"", "receipt = \"counter\""));
        let printer = Configured {
            address: "tcp://label".parse().expect("an address"),
            roll: Some(62),
            dpi: Some(300),
            pdf: false,
        };
        let new = changed(SOUND, &Change::Printer("label".to_owned(), printer.clone()));
        assert!(new.starts_with(SOUND), "{new}");
        assert_eq!(Configuration::parse(&new).expect("sound").printers["label"], printer);
        let first = changed("", &Change::Default(DocumentKind::Label, "lp:a".to_owned()));
        assert_eq!(first, "[default]\nlabel = \"lp:a\"\n");
    }
}

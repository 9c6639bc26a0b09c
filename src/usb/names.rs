//! Names for vendor and product numbers.
//!
//! The usual list is `usb.ids` (linux-usb.org), which Linux distributions
//! install. It is read at run time, as a stream, and only for the numbers
//! asked for; a small table of the vendors most seen on flash drives stands in
//! where the list is not installed. A name says who was assigned a number, not
//! who made the drive.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::model::hardware::VidPid;
use crate::model::printable::printable;

/// Where distributions put the list.
pub const USUAL_PLACES: [&str; 3] =
    ["/usr/share/misc/usb.ids", "/usr/share/hwdata/usb.ids", "/var/lib/usbutils/usb.ids"];

/// The list has about 0.7 MB; more than this is not the list.
const MAX_FILE: u64 = 8 * 1024 * 1024;
/// Its longest line has about 140 bytes.
const MAX_LINE: u64 = 1_024;
/// The longest name returned, in characters.
const MAX_NAME: usize = 80;

/// Names found for the numbers asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    vendors: BTreeMap<u16, String>,
    products: BTreeMap<VidPid, String>,
}

impl Names {
    /// Looks up the numbers in the first list that is installed, then in the
    /// table. Never fails: without a list there are fewer names.
    #[must_use]
    pub fn look_up(wanted: &[VidPid]) -> Self {
        Self::look_up_in(USUAL_PLACES.map(Path::new), wanted)
    }

    /// Looks up the numbers in the first readable file of `places`, then in the
    /// table.
    #[must_use]
    pub fn look_up_in<'a>(places: impl IntoIterator<Item = &'a Path>, wanted: &[VidPid]) -> Self {
        let mut names = Self::default();
        let file = places.into_iter().find_map(|place| {
            // A pipe under that name would make the program wait for ever.
            place.metadata().ok().filter(std::fs::Metadata::is_file)?;
            File::open(place).ok()
        });
        if let Some(file) = file {
            names.read(BufReader::new(file.take(MAX_FILE)), wanted);
        }
        for (vendor, name) in VENDORS {
            if wanted.iter().any(|id| id.vendor == vendor) {
                names.vendors.entry(vendor).or_insert_with(|| name.to_owned());
            }
        }
        names
    }

    /// The vendor's name, escaped, at most 80 characters.
    #[must_use]
    pub fn vendor(&self, id: VidPid) -> Option<&str> {
        self.vendors.get(&id.vendor).map(String::as_str)
    }

    /// The product's name, escaped, at most 80 characters.
    #[must_use]
    pub fn product(&self, id: VidPid) -> Option<&str> {
        self.products.get(&id).map(String::as_str)
    }

    /// Takes the wanted names out of a list.
    fn read(&mut self, mut list: impl BufRead, wanted: &[VidPid]) {
        let wanted_vendors: BTreeSet<u16> = wanted.iter().map(|id| id.vendor).collect();
        let mut vendor = None;
        while let Some(line) = bounded_line(&mut list) {
            match Line::of(&line) {
                Line::Vendor(number, name) => {
                    vendor = wanted_vendors.contains(&number).then_some(number);
                    if vendor.is_some() {
                        self.vendors.insert(number, printable(name, MAX_NAME));
                    }
                }
                Line::Product(product, name) => {
                    let id = vendor.map(|vendor| VidPid { vendor, product });
                    if let Some(id) = id.filter(|id| wanted.contains(id)) {
                        self.products.insert(id, printable(name, MAX_NAME));
                    }
                }
                // Behind the vendors come lists of classes and languages, whose
                // lines look like products; they belong to no vendor.
                Line::OtherHead => vendor = None,
                Line::Skip => {}
            }
        }
    }
}

/// One line of the list.
enum Line<'a> {
    Vendor(u16, &'a str),
    Product(u16, &'a str),
    OtherHead,
    Skip,
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        if line.trim().is_empty() || line.starts_with('#') || line.starts_with("\t\t") {
            return Self::Skip;
        }
        match line.strip_prefix('\t') {
            Some(rest) => numbered(rest).map_or(Self::Skip, |(n, name)| Self::Product(n, name)),
            None => numbered(line).map_or(Self::OtherHead, |(n, name)| Self::Vendor(n, name)),
        }
    }
}

/// Four hexadecimal digits, two spaces, a name.
fn numbered(text: &str) -> Option<(u16, &str)> {
    let (digits, name) = text.split_once("  ")?;
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((u16::from_str_radix(digits, 16).ok()?, name.trim()))
}

/// The next line without its end; an over-long one is cut and its remainder
/// skipped. `None` at the end of the file or on a read error.
fn bounded_line(list: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    let count = list.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).ok()?;
    if count == 0 {
        return None;
    }
    if line.last() != Some(&b'\n') {
        list.skip_until(b'\n').ok()?;
    }
    // Older lists are in Latin-1; a replacement character is good enough.
    Some(String::from_utf8_lossy(&line).trim_end().to_owned())
}

/// Vendors most seen on flash drives, card readers and disk bridges: numbers
/// and names as in usb.ids of 2026-06-10, names shortened.
const VENDORS: [(u16, &str); 42] = [
    (0x03f0, "HP, Inc"),
    (0x0411, "BUFFALO INC."),
    (0x0457, "Silicon Integrated Systems Corp."),
    (0x0480, "Toshiba America Inc"),
    (0x048d, "Integrated Technology Express, Inc."),
    (0x04bb, "I-O Data Device, Inc."),
    (0x04c5, "Fujitsu, Ltd"),
    (0x04e8, "Samsung Electronics Co., Ltd"),
    (0x054c, "Sony Corp."),
    (0x056e, "Elecom Co., Ltd"),
    (0x058f, "Alcor Micro Corp."),
    (0x059f, "LaCie, Ltd"),
    (0x05dc, "Lexar Media, Inc."),
    (0x05e3, "Genesys Logic, Inc."),
    (0x067b, "Prolific Technology, Inc."),
    (0x0718, "Imation Corp."),
    (0x0781, "SanDisk Corp."),
    (0x0789, "Logitec Corp."),
    (0x090c, "Silicon Motion, Inc. - Taiwan"),
    (0x0930, "Toshiba Corp."),
    (0x0951, "Kingston Technology"),
    (0x0bc2, "Seagate RSS LLC"),
    (0x0bda, "Realtek Semiconductor Corp."),
    (0x0dd8, "Netac Technology Co., Ltd"),
    (0x1005, "Apacer Technology, Inc."),
    (0x1058, "Western Digital Technologies, Inc."),
    (0x125f, "A-DATA Technology Co., Ltd."),
    (0x1307, "Transcend Information, Inc."),
    (0x1370, "Swissbit"),
    (0x13fe, "Phison Electronics Corp."),
    (0x14cd, "Super Top"),
    (0x152d, "JMicron Technology Corp."),
    (0x154b, "PNY"),
    (0x174c, "ASMedia Technology Inc."),
    (0x18a5, "Verbatim, Ltd"),
    (0x1b1c, "Corsair"),
    (0x1e1d, "Kanguru Solutions"),
    (0x1f75, "Innostor Technology Corporation"),
    (0x2009, "iStorage"),
    (0x26bd, "Integral Memory"),
    (0x3538, "Power Quotient International Co., Ltd"),
    (0x8564, "Transcend Information, Inc."),
];

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# comment\n\n0781  SanDisk Corp.\n\t5567  Cruzer Blade\n\t\t00  Interface\n\
        0951  Kingston\u{1b}[31m Technology\n\t1666  DataTraveler 100 G3\n\
        C 08  Mass Storage\n\t1666  not a product\nHID 21  HID\n";

    fn id(text: &str) -> VidPid {
        text.parse().unwrap()
    }

    fn read(list: &[u8], wanted: &[&str]) -> Names {
        let mut names = Names::default();
        let wanted: Vec<VidPid> = wanted.iter().map(|text| id(text)).collect();
        names.read(list, &wanted);
        names
    }

    #[test]
    fn only_what_is_wanted_is_taken() {
        let names = read(LIST.as_bytes(), &["0781:5567"]);
        assert_eq!(names.vendor(id("0781:5567")), Some("SanDisk Corp."));
        assert_eq!(names.product(id("0781:5567")), Some("Cruzer Blade"));
        assert_eq!(names.vendor(id("0951:1666")), None);
    }

    #[test]
    fn names_are_escaped_and_classes_are_no_vendors() {
        let names = read(LIST.as_bytes(), &["0951:1666"]);
        assert_eq!(names.vendor(id("0951:1666")), Some(r"Kingston\u{1b}[31m Technology"));
        assert_eq!(names.product(id("0951:1666")), Some("DataTraveler 100 G3"));
    }

    #[test]
    fn hostile_lists_are_survived() {
        let mut long = vec![b'x'; 100_000];
        long.extend(b"\n0781  SanDisk\n\xff\xfe  x\n0781");
        assert_eq!(read(&long, &["0781:0001"]).vendor(id("0781:0001")), Some("SanDisk"));
        assert_eq!(read(b"", &["0781:0001"]), Names::default());
    }

    #[test]
    fn the_table_stands_in_and_is_sorted() {
        let names = Names::look_up_in([Path::new("/nonexistent/usb.ids")], &[id("0951:1666")]);
        assert_eq!(names.vendor(id("0951:0000")), Some("Kingston Technology"));
        assert_eq!(names.product(id("0951:1666")), None);
        assert!(VENDORS.is_sorted_by_key(|(number, _)| number));
    }

    #[test]
    fn a_folder_is_no_list() {
        let names = Names::look_up_in([Path::new("/")], &[id("0781:5567")]);
        assert_eq!(names.vendor(id("0781:5567")), Some("SanDisk Corp."));
    }
}

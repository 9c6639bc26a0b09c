//! A sample of media that nobody chooses and everybody can draw again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Hash;
use super::ids::MediumId;
use super::lines::{LineError, Seen, parse_number};

/// `10 3 1041 <root>`: ten per cent, drawn for round 3 from this head of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DrawLine {
    /// Percentage of the media that belong to the place (1 to 100).
    pub percent: u32,
    /// The number of the drawn round, counted from 1 in this ledger.
    pub number: u64,
    /// The newest checkpoint when the round was opened.
    pub head: Seen,
}

const SHAPE: &str = "<per cent> <number of the round> <number of entries> <base64 root>";
/// What is hashed for each medium begins with this.
const DOMAIN: &[u8] = b"custody/draw/v1\n";

impl fmt::Display for DrawLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.percent, self.number, self.head)
    }
}

impl FromStr for DrawLine {
    type Err = LineError;
    fn from_str(text: &str) -> Result<Self, LineError> {
        let mut parts = text.splitn(3, ' ');
        let mut next = || parts.next().ok_or(LineError(SHAPE));
        let percent = parse_number(next()?).and_then(|number| u32::try_from(number).ok());
        let percent = percent.filter(|percent| (1..=100).contains(percent));
        let number = parse_number(next()?).filter(|number| *number > 0);
        Ok(DrawLine {
            percent: percent.ok_or(LineError(SHAPE))?,
            number: number.ok_or(LineError(SHAPE))?,
            head: next()?.parse().map_err(|_| LineError(SHAPE))?,
        })
    }
}

impl DrawLine {
    /// The sample: of `media`, that percentage (rounded up) with the smallest SHA-256 over
    /// a domain tag, the head's root, the round's number as eight bytes and the asset id.
    pub fn sample<'a>(&self, media: impl Iterator<Item = &'a MediumId>) -> Vec<&'a MediumId> {
        let number = self.number.to_be_bytes();
        let drawn = |id: &'a MediumId| {
            let parts = [DOMAIN, self.head.root.as_bytes(), &number, id.as_str().as_bytes()];
            (Hash::of(&parts), id)
        };
        let mut all: Vec<(Hash, &MediumId)> = media.map(drawn).collect();
        all.sort_unstable_by(|a, b| (a.0.as_bytes(), a.1).cmp(&(b.0.as_bytes(), b.1)));
        let percent = usize::try_from(self.percent).unwrap_or(100);
        let count = all.len().saturating_mul(percent).div_ceil(100);
        let mut sample: Vec<&MediumId> = all.into_iter().take(count).map(|(_, id)| id).collect();
        sample.sort();
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(percent: u32, number: u64, root: &[u8]) -> DrawLine {
        DrawLine { percent, number, head: Seen { size: 9, root: Hash::of(&[root]) } }
    }

    fn media(count: usize) -> Vec<MediumId> {
        (0..count).map(|at| format!("USB-{at:04}").parse().expect("an id")).collect()
    }

    #[test]
    fn a_sample_depends_on_the_root_and_the_number_and_on_nobody() {
        let all = media(200);
        let one = line(10, 1, b"a");
        assert_eq!(one.sample(all.iter()).len(), 20);
        assert_eq!(one.sample(all.iter()), one.sample(all.iter().rev()));
        assert_ne!(one.sample(all.iter()), line(10, 2, b"a").sample(all.iter()));
        assert_ne!(one.sample(all.iter()), line(10, 1, b"b").sample(all.iter()));
        // A larger share of the same draw holds the smaller one.
        let more = line(30, 1, b"a");
        let more = more.sample(all.iter());
        assert!(one.sample(all.iter()).iter().all(|id| more.contains(id)));
        assert_eq!(line(1, 1, b"a").sample(all[..3].iter()).len(), 1, "rounded up");
        assert_eq!(line(100, 1, b"a").sample(all.iter()).len(), 200);
        assert!(line(50, 1, b"a").sample(all[..0].iter()).is_empty());
    }

    #[test]
    fn every_medium_is_drawn_as_often_as_any_other() {
        let all = media(50);
        let mut counts = std::collections::BTreeMap::new();
        for number in 1..=400 {
            let draw = line(10, number, b"a");
            for id in draw.sample(all.iter()) {
                *counts.entry(id.clone()).or_insert(0u32) += 1;
            }
        }
        // 40 expected each, deviation 6.
        assert!(counts.len() == 50 && counts.values().all(|count| (15..70).contains(count)));
    }

    #[test]
    fn a_draw_has_one_spelling() {
        let text = line(10, 3, b"a").to_string();
        assert_eq!(text.parse::<DrawLine>().expect("a draw").to_string(), text);
        for (from, to) in [("10 3", "0 3"), ("10 3", "101 3"), ("10 3", "10 0"), ("10 3", "010 3")]
        {
            assert!(text.replacen(from, to, 1).parse::<DrawLine>().is_err(), "{to}");
        }
    }
}

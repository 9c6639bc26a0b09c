//! Where the three corner patterns of QR codes are: concentric squares, which any
//! straight line through their middle crosses as dark, light, dark, light, dark in the
//! ratio 1:1:3:1:1, at whatever angle.

/// The middle of a corner pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Corner {
    pub x: f64,
    pub y: f64,
    /// Seven modules as a row of pixels crosses them, in pixels; longer than seven
    /// modules where the code is turned.
    pub across: f64,
    /// In how many rows it was seen.
    seen: u32,
}

/// Most corner patterns that are looked at further, those seen in most rows first. A
/// picture made to hold thousands of them costs no more than one of these.
const CORNERS_MAX: usize = 36;
/// Most that are kept while looking.
const FOUND_MAX: usize = 4_000;

/// A picture told apart into dark and light.
pub(super) struct Dark {
    pub width: usize,
    pub height: usize,
    pub dark: Vec<bool>,
}

impl Dark {
    fn at(&self, x: usize, y: usize) -> bool {
        x < self.width && self.dark.get(y * self.width + x).copied().unwrap_or(false)
    }

    /// The corner patterns that are looked at, those seen best first.
    pub fn corners(&self) -> Vec<Corner> {
        let mut found = self.all();
        found.truncate(CORNERS_MAX);
        found
    }

    fn all(&self) -> Vec<Corner> {
        let mut found: Vec<Corner> = Vec::new();
        for y in 0..self.height {
            let mut runs = Runs::default();
            for x in 0..=self.width {
                let Some(middle) = runs.step(self.at(x, y), x) else { continue };
                let Some(corner) = self.crossed(middle, y) else { continue };
                add(&mut found, corner);
            }
        }
        found.retain(|corner| corner.seen >= 2);
        found.sort_by_key(|corner| std::cmp::Reverse(corner.seen));
        found
    }

    /// Whether there are so many that whoever tries each pair takes for ever.
    pub fn is_crowded(&self) -> bool {
        self.all().len() > CORNERS_MAX
    }

    /// A pattern that a column through the middle and a row through that shows as well.
    fn crossed(&self, (x, across): (f64, f64), y: usize) -> Option<Corner> {
        let (middle_y, down) = self.through(x as usize, y, across, true)?;
        let (middle_x, across) = self.through(x as usize, middle_y as usize, down, false)?;
        let alike = across < down * 1.6 && down < across * 1.6;
        alike.then_some(Corner { x: middle_x, y: middle_y, across: (across + down) / 2.0, seen: 1 })
    }

    /// The pattern along a column or a row through a dark place: its middle and length.
    fn through(&self, x: usize, y: usize, about: f64, down: bool) -> Option<(f64, f64)> {
        let from = if down { y } else { x };
        let most = about as usize;
        let at = |place: usize| if down { self.at(x, place) } else { self.at(place, y) };
        if !at(from) {
            return None;
        }
        // Half the middle and two rings to each side.
        let side = |back: bool| {
            let mut lengths = [0usize; 3];
            let mut place = from;
            for (ring, length) in lengths.iter_mut().enumerate() {
                let wanted = ring != 1;
                while at(place) == wanted && *length <= most {
                    *length += 1;
                    let next = if back { place.checked_sub(1) } else { Some(place + 1) };
                    let Some(next) = next else { break };
                    place = next;
                }
            }
            lengths
        };
        let ([a, b, c], [d, e, f]) = (side(true), side(false));
        let runs = [c, b, (a + d).saturating_sub(1), e, f];
        let length = ratio(runs)?;
        let end = (from + d + e + f) as f64;
        Some((end - f as f64 - e as f64 - (a + d - 1) as f64 / 2.0, length))
    }
}

/// The last five runs of one colour in a row.
#[derive(Default)]
struct Runs {
    lengths: [usize; 5],
    current: usize,
    dark: bool,
}

impl Runs {
    /// Takes the pixel at `x`; when a pattern ends before it, its middle and length.
    fn step(&mut self, dark: bool, x: usize) -> Option<(f64, f64)> {
        if dark == self.dark {
            self.current += 1;
            return None;
        }
        self.lengths.rotate_left(1);
        if let Some(last) = self.lengths.last_mut() {
            *last = self.current;
        }
        (self.current, self.dark) = (1, dark);
        if dark {
            return None;
        }
        let [_, _, middle, e, f] = self.lengths;
        let length = ratio(self.lengths)?;
        Some((x as f64 - f as f64 - e as f64 - middle as f64 / 2.0, length))
    }
}

/// The whole length, if these runs are 1:1:3:1:1 by about half a module.
fn ratio(runs: [usize; 5]) -> Option<f64> {
    let length: usize = runs.iter().sum();
    if length < 7 {
        return None;
    }
    let module = length as f64 / 7.0;
    // A scan loses up to a pixel at each edge.
    let slack = (module * 0.55).max(1.0);
    let fits = runs.iter().zip([1.0, 1.0, 3.0, 1.0, 1.0]).all(|(run, parts)| {
        (*run as f64 - parts * module).abs() <= slack * if parts > 1.0 { 1.6 } else { 1.0 }
    });
    fits.then_some(length as f64)
}

/// Joins what several rows saw of one pattern.
fn add(found: &mut Vec<Corner>, corner: Corner) {
    let near = |other: &&mut Corner| {
        let reach = other.across / 5.0;
        (other.x - corner.x).abs() < reach
            && (other.y - corner.y).abs() < reach
            && (other.across / corner.across - 1.0).abs() < 0.4
    };
    // Those of the rows just above are the newest.
    if let Some(known) = found.iter_mut().rev().take(200).find(near) {
        let seen = f64::from(known.seen);
        let mean = |old: f64, new: f64| (old * seen + new) / (seen + 1.0);
        known.x = mean(known.x, corner.x);
        known.y = mean(known.y, corner.y);
        known.across = mean(known.across, corner.across);
        known.seen += 1;
    } else if found.len() < FOUND_MAX {
        found.push(corner);
    }
}

/// Three corners of one code: upper left, upper right, lower left, and seven modules
/// in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Three {
    pub corners: [(f64, f64); 3],
    pub seven: f64,
    unlike: f64,
}

/// Most threes that are looked at further.
const THREES_MAX: usize = 48;

/// Which corners may belong together, the likeliest first: a right angle, sides of one
/// length, patterns of one size.
pub(super) fn threes(corners: &[Corner]) -> Vec<Three> {
    let mut found = Vec::new();
    for (at, first) in corners.iter().enumerate() {
        for (other, second) in corners.iter().enumerate() {
            for (last, third) in corners.iter().enumerate() {
                // The first is the right angle; each pair once.
                if at != other && at != last && other < last {
                    found.extend(three(first, second, third));
                }
            }
        }
    }
    found.sort_by(|one: &Three, other| one.unlike.total_cmp(&other.unlike));
    found.truncate(THREES_MAX);
    found
}

fn three(first: &Corner, second: &Corner, third: &Corner) -> Option<Three> {
    let sizes = [first.across, second.across, third.across];
    let (small, large) = sizes
        .iter()
        .fold((f64::MAX, 0.0f64), |(low, high), size| (low.min(*size), high.max(*size)));
    let (one, two) =
        ((second.x - first.x, second.y - first.y), (third.x - first.x, third.y - first.y));
    let (long, other) = (one.0.hypot(one.1), two.0.hypot(two.1));
    if large > small * 1.5
        || long.min(other) < small * 1.8
        || long.max(other) > long.min(other) * 1.4
    {
        return None;
    }
    let slant = (one.0 * two.0 + one.1 * two.1) / (long * other);
    if slant.abs() > 0.35 {
        return None;
    }
    // Seen from the corner, the right one lies clockwise of the lower one, y growing
    // downward; a mirrored code is told by the reader, which tries both.
    let turned = one.0 * two.1 - one.1 * two.0 < 0.0;
    let (right, below) = if turned { (third, second) } else { (second, third) };
    let angle = one.1.atan2(one.0).rem_euclid(std::f64::consts::FRAC_PI_2);
    let angle = angle.min(std::f64::consts::FRAC_PI_2 - angle);
    let seven = sizes.iter().sum::<f64>() / 3.0 * angle.cos();
    let unlike = (large / small - 1.0) + (long.max(other) / long.min(other) - 1.0) + slant.abs();
    // Whole modules apart, and of two possible sizes the code is rather small.
    Some(Three {
        corners: [(first.x, first.y), (right.x, right.y), (below.x, below.y)],
        seven,
        unlike: unlike + long / seven / 400.0,
    })
}

//! A QR code laid over a picture: which size it has, where exactly its modules are, and
//! which of them are dark. What the standard (ISO/IEC 18004) puts into every code of a
//! size, corner, timing and alignment patterns, is what the lattice is fitted to; the
//! rest is then read as the mean of each module against its surroundings.

use super::corners::Three;
use super::grey::Grey;

/// Most sizes that are tried of one code.
const SIZES_MAX: usize = 2;
/// Share of the known modules that must be right before a lattice is worth decoding.
const RIGHT_MIN: f64 = 0.82;

/// A projection of modules onto a picture, by where it puts four of them: the middles
/// of the three corner patterns, and the fourth of that square.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lattice {
    /// Modules a side.
    pub size: usize,
    points: [(f64, f64); 4],
}

impl Lattice {
    /// The lattices that may lie over three corners, the likelier first.
    pub fn over(grey: &Grey, three: &Three) -> Vec<Lattice> {
        let [first, right, below] = three.corners;
        let fourth = (right.0 + below.0 - first.0, right.1 + below.1 - first.1);
        let leg = |to: (f64, f64)| (to.0 - first.0).hypot(to.1 - first.1);
        let modules = (leg(right) + leg(below)) / 2.0 / (three.seven / 7.0) + 7.0;
        let version = ((modules - 17.0) / 4.0).round() as i64;
        let mut lattices: Vec<(f64, Lattice)> = (version - 3..=version + 3)
            .filter(|version| (1..=40).contains(version))
            .filter_map(|version| usize::try_from(17 + 4 * version).ok())
            .map(|size| Lattice { size, points: [first, right, fourth, below] })
            .map(|lattice| (lattice.timing(grey), lattice))
            .collect();
        lattices.sort_by(|one, other| other.0.total_cmp(&one.0));
        lattices.into_iter().take(SIZES_MAX).map(|(_, lattice)| lattice).collect()
    }

    /// Where a place among the modules is in the picture. Heckbert's projection of the
    /// unit square onto four points.
    fn map(&self) -> impl Fn(f64, f64) -> (f64, f64) + use<> {
        let [(x0, y0), (x1, y1), (x2, y2), (x3, y3)] = self.points;
        let (dx1, dx2, dx3) = (x1 - x2, x3 - x2, x0 - x1 + x2 - x3);
        let (dy1, dy2, dy3) = (y1 - y2, y3 - y2, y0 - y1 + y2 - y3);
        let area = dx1 * dy2 - dx2 * dy1;
        let (g, h) = ((dx3 * dy2 - dx2 * dy3) / area, (dx1 * dy3 - dx3 * dy1) / area);
        let (a, b) = (x1 - x0 + g * x1, x3 - x0 + h * x3);
        let (d, e) = (y1 - y0 + g * y1, y3 - y0 + h * y3);
        let span = self.size as f64 - 7.0;
        move |u, v| {
            let (s, t) = ((u - 3.5) / span, (v - 3.5) / span);
            let depth = g * s + h * t + 1.0;
            ((a * s + b * t + x0) / depth, (d * s + e * t + y0) / depth)
        }
    }

    /// How well the timing patterns fit between the corners.
    fn timing(&self, grey: &Grey) -> f64 {
        let map = self.map();
        let light = |u: usize, v: usize| {
            let (x, y) = map(u as f64 + 0.5, v as f64 + 0.5);
            grey.between(x, y)
        };
        let count = self.size.saturating_sub(16);
        let sign = |at: usize| if at.is_multiple_of(2) { -1.0 } else { 1.0 };
        let line = |down: bool| -> f64 {
            (8..self.size - 8)
                .map(|at| sign(at) * if down { light(6, at) } else { light(at, 6) })
                .sum()
        };
        (line(false) + line(true)) / count as f64
    }

    /// What is known of every code of this size: column, row and whether it is dark.
    fn known(&self) -> Vec<(f64, f64, bool)> {
        let (size, mut known) = (self.size, Vec::new());
        for (left, top) in [(0, 0), (size - 8, 0), (0, size - 8)] {
            for (row, column) in (0..8).flat_map(|row| (0..8).map(move |column| (row, column))) {
                // The light edge lies on the inner sides.
                let (x, y) = (
                    if left > 0 { column as i64 - 1 } else { column as i64 },
                    if top > 0 { row as i64 - 1 } else { row as i64 },
                );
                let away = (x - 3).abs().max((y - 3).abs());
                let dark = away != 2 && away != 4;
                known.push(((left + column) as f64 + 0.5, (top + row) as f64 + 0.5, dark));
            }
        }
        for at in 8..size - 8 {
            let place = at as f64 + 0.5;
            known.extend([(place, 6.5, at % 2 == 0), (6.5, place, at % 2 == 0)]);
        }
        for (u, v) in alignments(size) {
            for (column, row) in (0..5).flat_map(|row| (0..5).map(move |column| (column, row))) {
                let away = (column - 2i64).abs().max((row - 2i64).abs());
                known.push((u + column as f64 - 2.0, v + row as f64 - 2.0, away != 1));
            }
        }
        known
    }

    /// Moves the four points until what is known fits best.
    pub fn fitted(mut self, grey: &Grey) -> Self {
        let known = self.known();
        self.place_fourth(grey);
        let module = self.module();
        let mut best = self.contrast(grey, &known);
        for step in [1.0, 0.5, 0.25, 0.12] {
            for _round in 0..6 {
                let before = best;
                for point in 0..4 {
                    for (dx, dy) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
                        let mut moved = self;
                        if let Some((x, y)) = moved.points.get_mut(point) {
                            *x += dx * step * module;
                            *y += dy * step * module;
                        }
                        let contrast = moved.contrast(grey, &known);
                        if contrast > best {
                            (self, best) = (moved, contrast);
                        }
                    }
                }
                if best <= before {
                    break;
                }
            }
        }
        self
    }

    /// Pixels a module, about.
    fn module(&self) -> f64 {
        let [first, right, ..] = self.points;
        (right.0 - first.0).hypot(right.1 - first.1) / (self.size as f64 - 7.0)
    }

    /// Looks for the alignment pattern farthest from the three corners: a camera held
    /// askew puts it elsewhere than a parallelogram does.
    fn place_fourth(&mut self, grey: &Grey) {
        if self.size < 25 {
            return;
        }
        let middle = self.size as f64 - 6.5;
        let map = self.map();
        let at = |u: f64, v: f64| {
            let (x, y) = map(u, v);
            grey.between(x, y)
        };
        let contrast = |u: f64, v: f64| {
            let (mut sum, mut light) = (0.0, 0.0);
            for (column, row) in (0..5).flat_map(|row| (0..5).map(move |column| (column, row))) {
                let away = (column - 2i64).abs().max((row - 2i64).abs());
                let seen = at(u + column as f64 - 2.0, v + row as f64 - 2.0);
                // 17 are dark and 8 light.
                if away == 1 { light += seen / 8.0 } else { sum += seen / 17.0 }
            }
            light - sum
        };
        let mut best = (contrast(middle, middle) + 1.0, 0.0, 0.0);
        let reach = (self.size as i64 / 5).clamp(4, 16);
        for (du, dv) in (-reach..=reach).flat_map(|du| (-reach..=reach).map(move |dv| (du, dv))) {
            let (du, dv) = (du as f64 / 2.0, dv as f64 / 2.0);
            let found = contrast(middle + du, middle + dv) - du.hypot(dv);
            if found > best.0 {
                best = (found, du, dv);
            }
        }
        let ((x0, y0), (x1, y1)) = (map(middle, middle), map(middle + best.1, middle + best.2));
        let farther = (self.size as f64 - 7.0) / (self.size as f64 - 10.0);
        let [_, _, fourth, _] = &mut self.points;
        *fourth = (fourth.0 + (x1 - x0) * farther, fourth.1 + (y1 - y0) * farther);
    }

    /// By how much the known light modules are lighter than the known dark ones.
    fn contrast(&self, grey: &Grey, known: &[(f64, f64, bool)]) -> f64 {
        let map = self.map();
        let (mut sums, mut counts) = ([0.0, 0.0], [0.0, 0.0]);
        for (u, v, dark) in known {
            let (x, y) = map(*u, *v);
            let [light_sum, dark_sum] = &mut sums;
            let [light_count, dark_count] = &mut counts;
            let (sum, count) =
                if *dark { (dark_sum, dark_count) } else { (light_sum, light_count) };
            *sum += grey.between(x, y);
            *count += 1.0;
        }
        let ([light, dark], [lights, darks]) = (sums, counts);
        light / f64::max(lights, 1.0) - dark / f64::max(darks, 1.0)
    }

    /// The mean light of every module, row by row, each from nine places in it.
    pub fn modules(&self, grey: &Grey) -> Vec<f64> {
        let map = self.map();
        let mean = |at: usize| {
            let (column, row) = (at % self.size, at / self.size);
            let mut sum = 0.0;
            for (du, dv) in (0..9).map(|part| (part % 3, part / 3)) {
                let (u, v) = (0.25 + f64::from(du) * 0.25, 0.25 + f64::from(dv) * 0.25);
                let (x, y) = map(column as f64 + u, row as f64 + v);
                sum += grey.between(x, y);
            }
            sum / 9.0
        };
        (0..self.size * self.size).map(mean).collect()
    }

    /// Whether enough of what is known is right for the rest to be worth decoding.
    pub fn is_plausible(&self, dark: &[bool]) -> bool {
        let known = self.known();
        let right = known.iter().filter(|(u, v, is_dark)| {
            dark.get(*v as usize * self.size + *u as usize) == Some(is_dark)
        });
        right.count() as f64 >= RIGHT_MIN * known.len() as f64
    }
}

/// The middles of the alignment patterns (annex E of the standard), without those that
/// would lie on the corner patterns.
fn alignments(size: usize) -> Vec<(f64, f64)> {
    let version = (size - 17) / 4;
    if version < 2 {
        return Vec::new();
    }
    let count = version / 7 + 2;
    let step = if version == 32 { 26 } else { (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2 };
    let mut places: Vec<usize> = (0..count - 1).map(|at| size - 7 - at * step).collect();
    places.push(6);
    let last = size - 7;
    let corner = |u: usize, v: usize| {
        matches!(
            (u == 6, v == 6, u == last, v == last),
            (true, true, ..) | (true, _, _, true) | (_, true, true, _)
        )
    };
    let all = places.iter().flat_map(|u| places.iter().map(move |v| (*u, *v)));
    all.filter(|(u, v)| !corner(*u, *v)).map(|(u, v)| (u as f64 + 0.5, v as f64 + 0.5)).collect()
}

/// Which modules are dark: darker than the mean of those around them, so far to each
/// side. `edge` takes away what blur brought in from the four neighbours.
pub(super) fn told_apart(modules: &[f64], size: usize, reach: usize, edge: f64) -> Vec<bool> {
    let at = |x: usize, y: usize| modules.get(y * size + x).copied().unwrap_or(255.0);
    let sharp = |x: usize, y: usize| {
        let near = [
            at(x.saturating_sub(1), y),
            at((x + 1).min(size - 1), y),
            at(x, y.saturating_sub(1)),
            at(x, (y + 1).min(size - 1)),
        ];
        let here = at(x, y);
        here + edge * (here - near.iter().sum::<f64>() / 4.0)
    };
    let mut sums = vec![0.0; (size + 1) * (size + 1)];
    for y in 0..size {
        let mut row = 0.0;
        for x in 0..size {
            row += at(x, y);
            let above = sums.get(y * (size + 1) + x + 1).copied().unwrap_or(0.0);
            if let Some(sum) = sums.get_mut((y + 1) * (size + 1) + x + 1) {
                *sum = above + row;
            }
        }
    }
    let to = |x: usize, y: usize| sums.get(y * (size + 1) + x).copied().unwrap_or(0.0);
    let dark = |place: usize| {
        let (x, y) = (place % size, place / size);
        let (left, top) = (x.saturating_sub(reach), y.saturating_sub(reach));
        let (right, below) = ((x + reach + 1).min(size), (y + reach + 1).min(size));
        let sum = to(right, below) - to(left, below) - to(right, top) + to(left, top);
        sharp(x, y) < sum / ((right - left) * (below - top)) as f64
    };
    (0..size * size).map(dark).collect()
}

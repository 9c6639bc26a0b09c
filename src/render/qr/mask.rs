//! Which of the eight masks a code is drawn with: the one with the lowest penalty of
//! ISO/IEC 18004:2015, section 7.8.3.
//!
//! The `qrcode` crate chooses too, by the same rules, but allocates for every module it
//! looks at: three quarters of the time of a whole receipt went into that, and a sum of
//! 16 bits can overflow there. Any of the eight masks gives a code that can be read, so
//! nothing rests on this but readability and time; a test holds it to the crate's choice.

use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::{Color, EcLevel, Version};

const MASKS: [MaskPattern; 8] = [
    MaskPattern::Checkerboard,
    MaskPattern::HorizontalLines,
    MaskPattern::VerticalLines,
    MaskPattern::DiagonalLines,
    MaskPattern::LargeCheckerboard,
    MaskPattern::Fields,
    MaskPattern::Diamonds,
    MaskPattern::Meadow,
];
/// A finder pattern with four light modules on both sides, as they pass through a window
/// of fifteen: four, the pattern's seven, four.
const FINDER: u16 = 0b101_1101;

/// The modules of the code, row by row, dark or not.
pub(super) fn drawn(version: Version, level: EcLevel, data: &[u8], correction: &[u8]) -> Vec<bool> {
    let mut canvas = Canvas::new(version, level);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(data, correction);
    let width = usize::from(version.width().unsigned_abs());
    let masked = MASKS.map(|mask| {
        let mut canvas = canvas.clone();
        canvas.apply_mask(mask);
        let colours = canvas.into_colors();
        colours.into_iter().map(|colour| colour == Color::Dark).collect::<Vec<bool>>()
    });
    masked.into_iter().min_by_key(|dark| penalty(dark, width)).unwrap_or_default()
}

/// All four rules together; lower is better.
fn penalty(dark: &[bool], width: usize) -> u32 {
    let rows: Vec<&[bool]> = dark.chunks_exact(width).collect();
    let mut sum = balance(dark);
    let mut column = Vec::with_capacity(width);
    for index in 0..width {
        column.clear();
        column.extend(rows.iter().map(|row| row[index]));
        sum += line(rows[index]) + line(&column);
    }
    let blocks: u32 = rows.windows(2).map(|pair| blocks(pair[0], pair[1])).sum();
    sum + blocks
}

/// Rules 1 and 3 over one line, in one pass: five or more of one colour, and what looks
/// like a finder pattern with four light modules on either side. What is outside the code
/// is light.
fn line(line: &[bool]) -> u32 {
    let (mut window, mut found) = (0u16, 0u32);
    let (mut run, mut before, mut runs) = (0u32, None, 0u32);
    for &dark in line {
        if before == Some(dark) {
            run += 1;
        } else {
            runs += if run >= 5 { run - 2 } else { 0 };
            (run, before) = (1, Some(dark));
        }
        window = (window << 1 | u16::from(dark)) & 0x7fff;
        found += finder(window);
    }
    runs += if run >= 5 { run - 2 } else { 0 };
    for _ in 0..4 {
        window = window << 1 & 0x7fff;
        found += finder(window);
    }
    runs + 40 * found
}

fn finder(window: u16) -> u32 {
    u32::from(window >> 4 & 0x7f == FINDER && (window >> 11 == 0 || window & 0xf == 0))
}

/// Rule 2: two by two of one colour, overlapping ones each.
fn blocks(upper: &[bool], lower: &[bool]) -> u32 {
    let both = upper.windows(2).zip(lower.windows(2));
    3 * both.map(|(u, l)| u32::from(u[0] == u[1] && u[1] == l[0] && l[0] == l[1])).sum::<u32>()
}

/// Rule 4: how far from half of all modules the dark ones are, in half per cents as the
/// crate takes it; the standard rounds to steps of five.
fn balance(dark: &[bool]) -> u32 {
    let part = dark.iter().filter(|dark| **dark).count() * 200 / dark.len().max(1);
    u32::try_from(part.abs_diff(100)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use qrcode::QrCode;
    use qrcode::bits::Bits;

    use super::super::Code;
    use super::*;

    #[test]
    fn the_crate_would_choose_the_same_mask() {
        let letters = super::super::ALPHANUMERIC;
        for seed in 0..60usize {
            let length = 1 + seed * seed % 900;
            let text: String = (0..length)
                .map(|at| char::from(letters[(at * at * 7 + at * (seed + 3) + seed) % 45]))
                .collect();
            let code = Code::receipt(&text).expect("code");
            let mut bits = Bits::new(Version::Normal(code.version()));
            bits.push_alphanumeric_data(text.as_bytes()).expect("letters");
            bits.push_terminator(EcLevel::M).expect("room");
            let peer = QrCode::with_bits(bits, EcLevel::M).expect("the crate's");
            let peer: Vec<bool> =
                peer.into_colors().into_iter().map(|colour| colour == Color::Dark).collect();
            assert!(code.dark == peer, "{text}");
        }
    }

    #[test]
    fn each_rule_counts_what_it_names() {
        let said = |text: &str| text.chars().map(|c| c == '#').collect::<Vec<bool>>();
        assert_eq!(line(&said("####.")), 0);
        assert_eq!(line(&said("#####.")), 3);
        assert_eq!(line(&said("......#######")), 4 + 5);
        assert_eq!(blocks(&said("##.."), &said("##..")), 6);
        assert_eq!(blocks(&said("##.."), &said("#.#.")), 0);
        // Once, though there is light on both sides; not at all where there is on none.
        assert_eq!(line(&said("#.###.#")), 40);
        assert_eq!(line(&said("....#.###.#.#")), 40);
        assert_eq!(line(&said("#.#.###.#...#")), 0);
        assert_eq!(line(&said("#.#.###.#....#")), 40);
        assert_eq!(balance(&said("####")), 100);
        assert_eq!(balance(&said("##..")), 0);
    }
}

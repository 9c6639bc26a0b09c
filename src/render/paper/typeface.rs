//! Fonts: which glyph stands for a character, how wide it is, and what is missing.
//!
//! Each character is set by its own glyph. Nothing is joined or replaced on the way:
//! an identifier must look like what it is, and what is measured is what is drawn.
//! Japanese and Latin script need no more.

use std::sync::{Arc, OnceLock};

use krilla::text::{Font, GlyphId as PdfGlyph, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::raw::TableProvider as _;
use skrifa::{FontRef, MetadataProvider as _};

use super::PaperError;

/// Noto Sans JP, and Noto Sans for the names it has no letters for (Łukasz, Nguyễn,
/// Дмитрий); see assets/README.md.
const BUILT_IN: [&[u8]; 2] = [
    include_bytes!("../../../assets/fonts/NotoSansJP-Regular.ttf"),
    include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf"),
];
/// Stands for a character that no font has: the geta mark, which printers have always
/// put where a type was missing.
pub const MISSING: char = '〓';

/// Fonts in order of preference.
#[derive(Clone)]
pub struct Typefaces(Vec<Typeface>);

#[derive(Clone)]
struct Typeface {
    bytes: Bytes,
    font: Font,
}

#[derive(Clone)]
enum Bytes {
    BuiltIn(&'static [u8]),
    Given(Arc<Vec<u8>>),
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        match self {
            Bytes::BuiltIn(bytes) => bytes,
            Bytes::Given(bytes) => bytes,
        }
    }
}

/// Characters in a row that one font sets.
pub(super) struct Run {
    pub font: Font,
    pub glyphs: Vec<KrillaGlyph>,
    pub text: String,
    /// Width in ems.
    pub width: f32,
}

impl Typefaces {
    /// The fonts that come with the program.
    ///
    /// # Errors
    /// [`PaperError::Font`] never, as long as the program was built from its sources.
    pub fn built_in() -> Result<Self, PaperError> {
        // Reading it takes longer than writing a page.
        static READ: OnceLock<Option<Typefaces>> = OnceLock::new();
        let read = || {
            let faces = BUILT_IN.iter().map(|bytes| Typeface::read(Bytes::BuiltIn(bytes)));
            faces.collect::<Option<Vec<_>>>().map(Typefaces)
        };
        READ.get_or_init(read).clone().ok_or(PaperError::Font)
    }

    /// A font of one's own, before those that come with the program.
    ///
    /// # Errors
    /// [`PaperError::Font`].
    pub fn preferring(bytes: Vec<u8>) -> Result<Self, PaperError> {
        let face = Typeface::read(Bytes::Given(Arc::new(bytes))).ok_or(PaperError::Font)?;
        let mut faces = vec![face];
        faces.extend(Self::built_in()?.0);
        Ok(Typefaces(faces))
    }

    /// The characters that none of the fonts has, each once.
    pub fn missing(&self, text: &str) -> Vec<char> {
        let mut missing = Vec::new();
        for character in text.chars() {
            let known = character == ' ' || self.0.iter().any(|face| face.has(character));
            if !known && !missing.contains(&character) {
                missing.push(character);
            }
        }
        missing
    }

    /// How wide a text is at a size, in the size's unit.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        self.runs(text).iter().map(|run| run.width).sum::<f32>() * size
    }

    pub(super) fn runs(&self, text: &str) -> Vec<Run> {
        let mut runs: Vec<(usize, Run)> = Vec::new();
        let readers: Vec<Reader<'_>> = self.0.iter().filter_map(Typeface::reader).collect();
        for character in text.chars() {
            let Some((face, shown, glyph, advance)) = set(&readers, character) else { continue };
            if runs.last().is_none_or(|(last, _)| *last != face) {
                let Some(font) = self.0.get(face).map(|face| face.font.clone()) else { continue };
                let empty = Run { font, glyphs: Vec::new(), text: String::new(), width: 0.0 };
                runs.push((face, empty));
            }
            let Some((_, run)) = runs.last_mut() else { continue };
            let start = run.text.len();
            run.text.push(shown);
            let range = start..run.text.len();
            let glyph = KrillaGlyph::new(PdfGlyph::new(glyph), advance, 0.0, 0.0, 0.0, range, None);
            run.glyphs.push(glyph);
            run.width += advance;
        }
        runs.into_iter().map(|(_, run)| run).collect()
    }
}

impl std::fmt::Debug for Typefaces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} fonts", self.0.len())
    }
}

/// The first font that has the character; else the mark for a missing one.
fn set(readers: &[Reader<'_>], character: char) -> Option<(usize, char, u32, f32)> {
    [character, MISSING].into_iter().find_map(|shown| {
        let mut faces = readers.iter().enumerate();
        faces.find_map(|(at, reader)| {
            let (glyph, advance) = reader.glyph(shown)?;
            Some((at, shown, glyph, advance))
        })
    })
}

/// What is asked of a font for each character.
struct Reader<'a> {
    characters: skrifa::charmap::Charmap<'a>,
    metrics: skrifa::metrics::GlyphMetrics<'a>,
    units: f32,
}

impl Reader<'_> {
    /// Glyph and advance in ems. Glyph 0 is the box for what is missing.
    fn glyph(&self, character: char) -> Option<(u32, f32)> {
        let glyph = self.characters.map(character).filter(|glyph| glyph.to_u32() != 0)?;
        let advance = self.metrics.advance_width(glyph)?;
        Some((glyph.to_u32(), advance / self.units))
    }
}

impl Typeface {
    fn read(bytes: Bytes) -> Option<Self> {
        let font = match &bytes {
            Bytes::BuiltIn(bytes) => Font::new((*bytes).into(), 0),
            Bytes::Given(given) => Font::new(Arc::clone(given).into(), 0),
        }?;
        let face = Typeface { bytes, font };
        // A file that was cut off may still have a sound head and no outlines.
        let outlined = {
            let (font, reader) = (FontRef::new(face.bytes.as_ref()).ok()?, face.reader()?);
            let drawn = |one: char| {
                let glyph = reader.glyph(one).map(|(glyph, _)| skrifa::GlyphId::new(glyph));
                glyph.is_some_and(|glyph| font.outline_glyphs().get(glyph).is_some())
            };
            ['A', '一', 'あ', '0'].into_iter().any(drawn)
        };
        outlined.then_some(face)
    }

    fn reader(&self) -> Option<Reader<'_>> {
        let font = FontRef::new(self.bytes.as_ref()).ok()?;
        let units = f32::from(font.head().ok()?.units_per_em());
        let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        (units > 0.0).then(|| Reader { characters: font.charmap(), metrics, units })
    }

    fn has(&self, character: char) -> bool {
        self.reader().is_some_and(|reader| reader.glyph(character).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_what_names_are_written_with() {
        let faces = Typefaces::built_in().unwrap();
        // 𠮷, 髙, 﨑 and 德 are in many family names and not in every font.
        let names = "山田 花子 𠮷田 髙橋 山﨑 德川 邊 ﾔﾏﾀﾞ Émile Łukasz Nguyễn Đặng 0O1lI ①〒☎─";
        assert_eq!(faces.missing(names), [' '; 0]);
        assert_eq!(faces.missing("a😀b😀\u{e000}"), ['😀', '\u{e000}']);
        let shown: String = faces.runs("a😀").into_iter().map(|run| run.text).collect();
        assert_eq!(shown, "a〓");
    }

    #[test]
    fn a_kanji_is_one_em_wide_and_nothing_is_joined() {
        let faces = Typefaces::built_in().unwrap();
        assert!((faces.width("受領書", 4.0) - 12.0).abs() < 1e-4);
        let one_by_one: f32 = ["f", "f", "i"].iter().map(|one| faces.width(one, 3.0)).sum();
        assert!((faces.width("ffi", 3.0) - one_by_one).abs() < 1e-4);
    }

    #[test]
    fn what_is_no_font_is_refused() {
        for bytes in [&b""[..], b"OTTO", &BUILT_IN[0][..1000]] {
            assert_eq!(Typefaces::preferring(bytes.to_vec()).err(), Some(PaperError::Font));
        }
        let own = Typefaces::preferring(BUILT_IN[1].to_vec()).unwrap();
        assert_eq!(own.missing("山"), [' '; 0]);
    }
}

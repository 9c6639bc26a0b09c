//! QR codes read back from PNG and JPEG pictures: a scan or a photograph of a
//! receipt. An adapter in the layer of `usb` and `keyring`, because pictures
//! come from outside and need decoders that `wire` and `render` do without. It
//! takes bytes and touches no file.
//!
//! Pictures are hostile input. Their size is capped before they are decoded, the
//! decoders run under an allocation limit, and the QR reader runs behind an
//! unwinding barrier, since a geometry it did not expect must not end a program
//! that is in the middle of an audit.

mod corners;
mod grey;
mod lattice;
#[cfg(feature = "raster")]
mod pdf;

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::imageops::FilterType;
use image::{GrayImage, ImageFormat, ImageReader, Limits};

use corners::{Dark, threes};
use grey::Grey;
use lattice::{Lattice, told_apart};

/// Largest file in bytes.
pub const FILE_MAX: usize = 64 * 1024 * 1024;
/// Most pixels of a picture.
pub const PIXELS_MAX: u64 = 50_000_000;
/// Longest side in pixels.
pub const SIDE_MAX: u32 = 20_000;
/// Most bytes the decoders may allocate.
const ALLOC_MAX: u64 = 512 * 1024 * 1024;
/// Most pixels a picture may have after enlarging; beyond that a code that the
/// first pass missed is not missing for lack of pixels.
const ENLARGED_MAX: u64 = 16_000_000;

/// How far around a place is looked to tell whether it is dark, and how dark that is:
/// see [`Grey::dark`].
type Around = (usize, u32);
const WIDE: Around = (32, 92);
const NEAR: Around = (96, 97);

/// Above so many pixels a picture is looked at in half its size first.
const LARGE: u64 = 12_000_000;

/// Why a picture could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Larger than [`FILE_MAX`].
    #[error("the picture file has {0} bytes; at most 67108864 are read")]
    FileTooLarge(usize),
    /// Neither PNG nor JPEG.
    #[error("not a PNG or JPEG picture")]
    Format,
    /// More than [`PIXELS_MAX`] pixels or a side above [`SIDE_MAX`].
    #[error(
        "the picture is {width} by {height} pixels; at most 50 megapixels and 20000 a side are \
         read: scan at 300 dpi"
    )]
    TooManyPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// A PDF that is not read, and why.
    #[error("the PDF could not be read: {0}; photograph the codes, or save its page as PNG")]
    Document(String),
    /// Damaged or not decodable, in the decoder's words.
    #[error("the picture could not be decoded: {0}")]
    Decode(String),
}

/// What was found in a picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Codes {
    /// The texts of the codes, each once, in the order they were first read.
    pub texts: Vec<String>,
}

/// How long to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// A first look, which mostly is enough.
    Quick,
    /// Every kind of preparation.
    Thorough,
}

/// Whether bytes begin like a picture or a document that [`read_codes`] takes.
pub fn is_picture(bytes: &[u8]) -> bool {
    let picture = bytes.starts_with(b"\x89PNG\r\n\x1a\n") || bytes.starts_with(&[0xFF, 0xD8, 0xFF]);
    picture || is_document(bytes)
}

/// PDF readers look for its mark in the first kilobyte.
fn is_document(bytes: &[u8]) -> bool {
    let start = bytes.get(..bytes.len().min(1024)).unwrap_or_default();
    start.windows(5).any(|mark| mark == b"%PDF-")
}

/// Reads QR codes from a PNG, JPEG or PDF file's bytes, until `wanted` different texts
/// are found (a receipt has two) or every kind of preparation was tried.
///
/// # Errors
/// As [`search_codes`].
pub fn read_codes(bytes: &[u8], wanted: usize) -> Result<Codes, PictureError> {
    search_codes(bytes, Effort::Thorough, &|texts| texts.len() >= wanted)
}

/// Reads QR codes from such a file's bytes, until what was read is `enough` or
/// every kind of preparation was tried.
///
/// Codes are located here and decoded by rqrr, and where that finds nothing rqrr
/// locates as well: as it is, halved (noise, moiré), doubled (few pixels a module), and
/// with one threshold for the whole picture (pale print). What our own locating does
/// better is told in ARCHITECTURE.md.
///
/// # Errors
/// [`PictureError`] when there is no picture to look at. A picture without codes
/// is no error: `texts` is empty.
pub fn search_codes(
    bytes: &[u8],
    effort: Effort,
    enough: &dyn Fn(&[String]) -> bool,
) -> Result<Codes, PictureError> {
    if is_document(bytes) {
        return read_document(bytes, effort, enough);
    }
    let mut found = Codes::default();
    read_grey(&decode(bytes)?, effort, enough, &mut found);
    Ok(found)
}

#[cfg(feature = "raster")]
fn read_document(
    bytes: &[u8],
    effort: Effort,
    enough: &dyn Fn(&[String]) -> bool,
) -> Result<Codes, PictureError> {
    let mut found = Codes::default();
    pdf::each_page(bytes, &mut |page| {
        read_grey(page, effort, enough, &mut found);
        enough(&found.texts)
    })?;
    Ok(found)
}

#[cfg(not(feature = "raster"))]
fn read_document(
    _: &[u8],
    _: Effort,
    _: &dyn Fn(&[String]) -> bool,
) -> Result<Codes, PictureError> {
    Err(PictureError::Document("this build draws no PDF".to_owned()))
}

fn read_grey(
    picture: &GrayImage,
    effort: Effort,
    enough: &dyn Fn(&[String]) -> bool,
    found: &mut Codes,
) {
    let pixels = u64::from(picture.width()) * u64::from(picture.height());
    for pass in Pass::ALL {
        let large = pixels > LARGE;
        let skipped = match pass {
            // A large picture has pixels to spare, and noise as well.
            Pass::Fitted(Scale::Whole) => large && effort == Effort::Quick,
            Pass::Fitted(Scale::Halved) => false,
            Pass::Fitted(Scale::Doubled) | Pass::Doubled => {
                effort == Effort::Quick || pixels * 4 > ENLARGED_MAX
            }
            _ => effort == Effort::Quick,
        };
        if skipped || enough(&found.texts) {
            continue;
        }
        // The readers hold no state between calls, so nothing can be left broken.
        let read = catch_unwind(AssertUnwindSafe(|| pass.read(picture))).unwrap_or_default();
        for text in read {
            if !found.texts.contains(&text) {
                found.texts.push(text);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    Whole,
    Halved,
    Doubled,
}

/// One way of reading a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// Our own locating.
    Fitted(Scale),
    /// The same with a nearer look at what is dark: in a blurred picture the light ring
    /// of a corner pattern is darker than the paper around the code.
    Blurred(Scale),
    AsIs,
    Halved,
    Doubled,
    Threshold,
}

impl Pass {
    const ALL: [Pass; 9] = [
        Pass::Fitted(Scale::Whole),
        Pass::Fitted(Scale::Halved),
        Pass::Blurred(Scale::Whole),
        Pass::Blurred(Scale::Halved),
        Pass::Fitted(Scale::Doubled),
        Pass::AsIs,
        Pass::Halved,
        Pass::Doubled,
        Pass::Threshold,
    ];

    fn read(self, picture: &GrayImage) -> Vec<String> {
        let (width, height) = picture.dimensions();
        let sized = |width: u32, height: u32| {
            image::imageops::resize(picture, width.max(1), height.max(1), FilterType::Triangle)
        };
        match self {
            Pass::Fitted(Scale::Whole) => fitted(&Grey::of(picture), WIDE),
            Pass::Blurred(Scale::Whole) => fitted(&Grey::of(picture), NEAR),
            Pass::Blurred(_) => fitted(&Grey::of(picture).halved(), NEAR),
            Pass::Fitted(Scale::Halved) => fitted(&Grey::of(picture).halved(), WIDE),
            Pass::Fitted(Scale::Doubled) => fitted(&Grey::of(&sized(width * 2, height * 2)), WIDE),
            Pass::AsIs => located(picture),
            Pass::Halved => located(&sized(width / 2, height / 2)),
            Pass::Doubled => located(&sized(width * 2, height * 2)),
            Pass::Threshold => {
                let level = threshold(picture);
                let mut hard = picture.clone();
                for pixel in hard.iter_mut() {
                    *pixel = if *pixel > level { 255 } else { 0 };
                }
                located(&hard)
            }
        }
    }
}

/// The codes whose corners are found, each fitted with a lattice.
fn fitted(grey: &Grey, around: Around) -> Vec<String> {
    let mut texts = Vec::new();
    let mut taken: Vec<(f64, f64)> = Vec::new();
    let smooth = grey.smoothed();
    let dark = smooth.dark(around.0, around.1);
    let dark = Dark { width: grey.width, height: grey.height, dark };
    for three in threes(&dark.corners()) {
        if three.corners.iter().any(|corner| taken.contains(corner)) {
            continue;
        }
        for lattice in Lattice::over(&smooth, &three) {
            if let Some(text) = decoded(&lattice.fitted(&smooth), grey) {
                texts.push(text);
                taken.extend(three.corners);
                break;
            }
        }
    }
    texts
}

/// The text of one code, by the first way of telling its modules apart that yields one.
fn decoded(lattice: &Lattice, grey: &Grey) -> Option<String> {
    let (modules, size) = (lattice.modules(grey), lattice.size);
    for (reach, edge) in [(6, 0.0), (6, 0.8), (6, 1.8), (3, 0.4), (3, 1.2), (12, 0.4), (size, 0.2)]
    {
        let dark = told_apart(&modules, size, reach, edge);
        if !lattice.is_plausible(&dark) {
            continue;
        }
        let grid = rqrr::SimpleGrid::from_func(size, |x, y| {
            dark.get(y * size + x).copied().unwrap_or(false)
        });
        // A grid that rqrr stumbles over must not hide the code beside it.
        let read = catch_unwind(AssertUnwindSafe(|| rqrr::Grid::new(grid).decode().ok()));
        if let Some((_, text)) = read.ok().flatten() {
            return Some(text);
        }
    }
    None
}

/// Decodes to grey on white. Transparent pixels count as paper: a label drawn
/// black on nothing would otherwise be black on black.
fn decode(bytes: &[u8]) -> Result<GrayImage, PictureError> {
    if bytes.len() > FILE_MAX {
        return Err(PictureError::FileTooLarge(bytes.len()));
    }
    let format = image::guess_format(bytes).map_err(|_| PictureError::Format)?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg) {
        return Err(PictureError::Format);
    }
    let said = |error: image::ImageError| PictureError::Decode(error.to_string());
    let (width, height) =
        ImageReader::with_format(Cursor::new(bytes), format).into_dimensions().map_err(said)?;
    let pixels = u64::from(width) * u64::from(height);
    if pixels > PIXELS_MAX || width > SIDE_MAX || height > SIDE_MAX {
        return Err(PictureError::TooManyPixels { width, height });
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(ALLOC_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let decoded = reader.decode().map_err(said)?;
    if !decoded.color().has_alpha() {
        return Ok(decoded.into_luma8());
    }
    let blended = decoded.into_luma_alpha8();
    let (width, height) = blended.dimensions();
    let on_paper = blended.pixels().map(|pixel| {
        let [grey, alpha] = pixel.0.map(u32::from);
        u8::try_from((grey * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255)
    });
    GrayImage::from_raw(width, height, on_paper.collect())
        .ok_or_else(|| PictureError::Decode("the picture has no pixels".to_owned()))
}

/// The codes that rqrr locates by itself. It copies the picture for every three
/// corners it considers, so a picture full of them is not given to it.
fn located(picture: &GrayImage) -> Vec<String> {
    let (width, height) = picture.dimensions();
    let (Ok(columns), Ok(rows)) = (usize::try_from(width), usize::try_from(height)) else {
        return Vec::new();
    };
    let grey = Grey::of(picture);
    let dark = Dark { width: columns, height: rows, dark: grey.dark(WIDE.0, WIDE.1) };
    if dark.is_crowded() {
        return Vec::new();
    }
    let pixels = picture.as_raw();
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(columns, rows, |x, y| {
        pixels.get(y * columns + x).copied().unwrap_or(255)
    });
    let grids = prepared.detect_grids();
    grids.into_iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect()
}

/// Otsu's threshold: the grey level that separates dark from light best.
fn threshold(picture: &GrayImage) -> u8 {
    let mut counts = [0u64; 256];
    for &pixel in picture.as_raw() {
        if let Some(count) = counts.get_mut(usize::from(pixel)) {
            *count += 1;
        }
    }
    let weigh = |(level, count): (usize, &u64)| level as f64 * *count as f64;
    let (all, sum) =
        (counts.iter().sum::<u64>() as f64, counts.iter().enumerate().map(weigh).sum::<f64>());
    let (mut dark, mut dark_sum, mut best) = (0.0, 0.0, (0.0, 127u8));
    for (level, count) in (0..=255u8).zip(&counts) {
        dark += *count as f64;
        dark_sum += f64::from(level) * *count as f64;
        let light = all - dark;
        if dark == 0.0 || light == 0.0 {
            continue;
        }
        let gap = dark_sum / dark - (sum - dark_sum) / light;
        let between = dark * light * gap * gap;
        if between > best.0 {
            best = (between, level);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::qr::Code;
    use image::{DynamicImage, Rgba, RgbaImage};

    fn text(len: usize) -> String {
        let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
        let body = (0..len).map(|at| char::from(alphabet[(at * at + 7 * at) % 45]));
        format!("CN1:{}", body.collect::<String>())
    }

    fn grey(code: &Code, scale: u32) -> GrayImage {
        let (pixels, side) = code.to_grey(scale).expect("pixels");
        GrayImage::from_raw(side, side, pixels).expect("picture")
    }

    fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("writes");
        bytes.into_inner()
    }

    /// Everything that is found before there are `wanted` texts.
    fn look(bytes: &[u8], wanted: usize) -> Result<Vec<String>, PictureError> {
        Ok(read_codes(bytes, wanted)?.texts)
    }

    fn read(picture: GrayImage) -> Vec<String> {
        let bytes = file(&DynamicImage::ImageLuma8(picture), ImageFormat::Png);
        look(&bytes, 1).expect("a picture")
    }

    #[test]
    fn codes_of_receipt_size_come_back() {
        for len in [25, 700, 1400] {
            let text = text(len);
            let code = Code::receipt(&text).expect("code");
            for scale in [2, 3, 4] {
                let png = code.to_png(scale).expect("png");
                let found = look(&png, 1).expect("a picture");
                assert_eq!(found, std::slice::from_ref(&text), "length {len}, scale {scale}");
            }
        }
    }

    #[test]
    fn two_codes_in_a_grey_jpeg_come_back() {
        let texts = [text(900), text(40)];
        let codes = texts.each_ref().map(|text| grey(&Code::receipt(text).expect("code"), 4));
        let mut sheet = GrayImage::from_pixel(620, 1000, image::Luma([235]));
        image::imageops::overlay(&mut sheet, &codes[0], 30, 20);
        image::imageops::overlay(&mut sheet, &codes[1], 100, 600);
        for pixel in sheet.iter_mut() {
            *pixel = *pixel / 2 + 60;
        }
        let jpeg = file(&DynamicImage::ImageLuma8(sheet), ImageFormat::Jpeg);
        let mut found = look(&jpeg, 2).expect("a picture");
        found.sort_by_key(|text| std::cmp::Reverse(text.len()));
        assert_eq!(found, texts);
    }

    #[test]
    fn a_transparent_ground_is_paper() {
        let code = Code::label("CM1-USB-0421-MPJTB9-5").expect("code");
        let drawn = grey(&code, 4);
        let mut clear = RgbaImage::new(drawn.width(), drawn.height());
        for (x, y, pixel) in drawn.enumerate_pixels() {
            clear.put_pixel(x, y, Rgba([0, 0, 0, 255 - pixel.0[0]]));
        }
        let png = file(&DynamicImage::ImageRgba8(clear), ImageFormat::Png);
        assert_eq!(look(&png, 1).expect("a picture"), ["CM1-USB-0421-MPJTB9-5"]);
    }

    #[test]
    fn noise_and_turns_do_not_stop_it() {
        let text = text(700);
        let upright = grey(&Code::receipt(&text).expect("code"), 5);
        let turned = read(image::imageops::rotate90(&upright));
        assert_eq!(turned, std::slice::from_ref(&text));
        let mut noisy = upright;
        for (at, pixel) in noisy.iter_mut().enumerate() {
            let noise = (at.wrapping_mul(2_654_435_761) >> 7) % 90;
            *pixel = if *pixel == 0 { noise as u8 } else { 255 - noise as u8 };
        }
        assert_eq!(read(noisy), [text]);
    }

    #[test]
    fn what_is_no_picture_is_told() {
        assert_eq!(look(b"CN1:", 1), Err(PictureError::Format));
        assert_eq!(look(b"", 1), Err(PictureError::Format));
        assert_eq!(look(b"GIF89a\x01\x00\x01\x00", 1), Err(PictureError::Format));
        let code = Code::label("CM1-A").expect("code").to_png(2).expect("png");
        assert!(matches!(look(&code[..60], 1), Err(PictureError::Decode(_))));
        let blank = GrayImage::from_pixel(64, 64, image::Luma([255]));
        assert_eq!(read(blank), Vec::<String>::new());
        assert_eq!(read(GrayImage::from_pixel(1, 1, image::Luma([0]))), Vec::<String>::new());
    }

    #[test]
    fn a_huge_picture_is_refused_before_it_is_decoded() {
        let code = Code::label("CM1-A").expect("code").to_png(2).expect("png");
        let mut png = code.clone();
        // Width and height of the header, then the header's checksum.
        png[16..24].copy_from_slice(&[0, 0, 0x40, 0, 0, 0, 0x40, 0]);
        let mut crc = flate2::Crc::new();
        crc.update(&png[12..29]);
        png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        let refused = PictureError::TooManyPixels { width: 16_384, height: 16_384 };
        assert_eq!(look(&png, 1), Err(refused));
    }

    #[test]
    fn damaged_pictures_never_panic() {
        let code = Code::receipt(&text(60)).expect("code").to_png(3).expect("png");
        for at in 0..code.len().min(400) {
            let mut altered = code.clone();
            altered[at] ^= 0x41;
            let _ = look(&altered, 1);
        }
    }

    #[test]
    fn torn_and_blotted_codes_never_panic_and_never_lie() {
        let text = text(120);
        let whole = grey(&Code::receipt(&text).expect("code"), 3);
        let mut state = 0x9e37_79b9_u32;
        let mut next = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        for _ in 0..150 {
            let mut picture = whole.clone();
            for _ in 0..=next(12) {
                let (left, top) = (next(whole.width()), next(whole.height()));
                let (width, height, ink) = (next(40), next(40), next(256));
                for (x, y, pixel) in picture.enumerate_pixels_mut() {
                    let across = x.wrapping_sub(left) < width;
                    if across && y.wrapping_sub(top) < height {
                        *pixel = image::Luma([ink as u8]);
                    }
                }
            }
            let mut found = Codes::default();
            read_grey(&picture, Effort::Quick, &|_| false, &mut found);
            assert!(found.texts.iter().all(|read| *read == text), "{found:?}");
        }
    }
}

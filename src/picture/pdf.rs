//! The pages of a PDF as grey pictures, for the codes on them. Behind the feature
//! `raster`, since it takes an interpreter of the whole format.
//!
//! A PDF is a program that somebody else wrote. So its streams are decompressed once
//! beforehand, counting and keeping nothing, and a file that unpacks to more than any
//! document of ours is refused; filters that none of ours uses are refused by name; and
//! the interpreter runs in a thread of its own behind an unwinding barrier, which is
//! given up when it takes too long.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use flate2::{Decompress, FlushDecompress, Status};
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::GrayImage;

use super::PictureError;

/// Largest file in bytes; one of ours has some 100 KB.
pub const PDF_MAX: usize = 16 * 1024 * 1024;
/// Most pages.
pub const PAGES_MAX: usize = 20;
/// Most bytes of all its streams together, decompressed.
const UNPACKED_MAX: usize = 64 * 1024 * 1024;
/// Most pixels of a page; A3 at 300 dpi.
const PAGE_PIXELS_MAX: f64 = 18_000_000.0;
/// Pixels a point: 300 dpi.
const SCALE: f64 = 300.0 / 72.0;
/// How long all pages together may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How much of each unpacked stream is looked through.
const INSPECTED: usize = 1 << 20;
/// Longest side of a picture inside, in pixels.
const INNER_SIDE_MAX: u64 = 10_000;

/// Filters that unpack to more than [`unpacked`] can count.
const FOREIGN: [&[u8]; 5] =
    [b"/LZWDecode", b"/JBIG2Decode", b"/JPXDecode", b"/CCITTFaxDecode", b"/RunLengthDecode"];

/// Shows each page to `look` until it has seen enough, which its answer says.
///
/// # Errors
/// [`PictureError`].
pub(super) fn each_page(
    bytes: &[u8],
    look: &mut dyn FnMut(&GrayImage) -> bool,
) -> Result<(), PictureError> {
    if bytes.len() > PDF_MAX {
        return Err(PictureError::FileTooLarge(bytes.len()));
    }
    if !is_harmless(bytes) {
        return Err(PictureError::Document("it unpacks to more than any receipt".to_owned()));
    }
    let data: Arc<Vec<u8>> = Arc::new(bytes.to_vec());
    let (sender, pages) = sync_channel(1);
    std::thread::spawn(move || {
        let drawn = catch_unwind(AssertUnwindSafe(|| draw(data, &sender)));
        if drawn.is_err() {
            let _ = sender.send(Err("the PDF could not be drawn".to_owned()));
        }
    });
    let mut patience = PATIENCE;
    loop {
        // Only waiting counts: looking at a page has limits of its own.
        let begin = Instant::now();
        let page = pages.recv_timeout(patience);
        patience = patience.saturating_sub(begin.elapsed());
        match page {
            Ok(Ok(page)) if look(&page) => return Ok(()),
            Ok(Ok(_)) => {}
            Ok(Err(said)) => return Err(PictureError::Document(said)),
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {
                return Err(PictureError::Document("drawing it takes too long".to_owned()));
            }
        }
    }
}

type Page = Result<GrayImage, String>;

/// Draws page after page until nobody takes them any more.
fn draw(data: Arc<Vec<u8>>, sender: &SyncSender<Page>) {
    let Ok(pdf) = Pdf::new(data) else {
        let _ = sender.send(Err("it is damaged, encrypted or no PDF".to_owned()));
        return;
    };
    let count = pdf.pages().len();
    if count > PAGES_MAX {
        let _ = sender.send(Err(format!("it has {count} pages; at most {PAGES_MAX} are read")));
        return;
    }
    let cache = RenderCache::new();
    for page in pdf.pages().iter() {
        let (wide, high) = page.render_dimensions();
        let (wide, high) = (f64::from(wide), f64::from(high));
        if !(wide >= 1.0 && high >= 1.0 && wide <= 15_000.0 && high <= 15_000.0) {
            let _ = sender.send(Err("a page of it has no sensible size".to_owned()));
            return;
        }
        let scale = SCALE.min((PAGE_PIXELS_MAX / (wide * high)).sqrt());
        let settings =
            PixmapSettings { x_scale: scale as f32, y_scale: scale as f32, bg_color: WHITE };
        let drawn = render(
            page,
            &cache,
            &InterpreterSettings::default(),
            &RenderSettings::default(),
            &settings,
        );
        let grey = |pixel: &[u8]| match pixel {
            [red, green, blue, ..] => {
                let sum = 299 * u32::from(*red) + 587 * u32::from(*green) + 114 * u32::from(*blue);
                u8::try_from(sum / 1000).unwrap_or(255)
            }
            _ => 255,
        };
        let (width, height) = (u32::from(drawn.width()), u32::from(drawn.height()));
        let pixels = drawn.data_as_u8_slice().chunks_exact(4).map(grey).collect();
        let Some(picture) = GrayImage::from_raw(width, height, pixels) else { continue };
        if sender.send(Ok(picture)).is_err() {
            return;
        }
    }
}

/// Whether everything in the file that may be a compressed stream unpacks to little,
/// and nothing in it or below uses another filter.
fn is_harmless(bytes: &[u8]) -> bool {
    let foreign = |text: &[u8]| {
        FOREIGN.iter().any(|name| text.windows(name.len()).any(|found| found == *name))
            || is_oversized(text)
    };
    if foreign(bytes) {
        return false;
    }
    let mut left = UNPACKED_MAX;
    let mark = b"stream";
    let mut streams = 0usize;
    for at in 0..bytes.len() {
        let Some(rest) = bytes.get(at..).and_then(|rest| rest.strip_prefix(mark)) else { continue };
        // Thousands of them may each be some pages of font; more are a trap.
        streams += 1;
        let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
        let rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        let Some((count, start)) = unpacked(rest, left) else { return false };
        // A stream that unpacks to a compressed stream hides how much it is.
        let nested = unpacked(&start, left).is_none_or(|(inner, _)| inner > count.max(4096));
        if nested || streams > 20_000 || foreign(&start) {
            return false;
        }
        left -= count;
    }
    true
}

/// Whether a picture in it claims a size that nobody prints: the claim alone makes an
/// interpreter take the memory.
fn is_oversized(text: &[u8]) -> bool {
    [b"/Width".as_slice(), b"/Height"].iter().any(|name| {
        text.windows(name.len()).enumerate().filter(|(_, found)| found == name).any(|(at, _)| {
            let rest = text.get(at + name.len()..).unwrap_or_default().trim_ascii_start();
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).take(20);
            let number = digits.fold(0u64, |number, digit| {
                number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
            });
            number > INNER_SIDE_MAX
        })
    })
}

/// How many bytes a zlib stream at the beginning of `packed` unpacks to, and its first
/// ones; 0 if there is none. None if it is more than `most`.
fn unpacked(packed: &[u8], most: usize) -> Option<(usize, Vec<u8>)> {
    let (mut stream, mut start) = (Decompress::new(true), Vec::new());
    let mut block = vec![0u8; 1 << 14];
    loop {
        let read = usize::try_from(stream.total_in()).ok()?;
        let before = stream.total_out();
        let rest = packed.get(read..).unwrap_or_default();
        let status = stream.decompress(rest, &mut block, FlushDecompress::None);
        let made = usize::try_from(stream.total_out() - before).ok()?;
        if start.len() < INSPECTED {
            start.extend(block.iter().take(made));
        }
        let count = usize::try_from(stream.total_out()).ok()?;
        if count > most {
            return None;
        }
        match status {
            Ok(Status::Ok) if made > 0 => {}
            _ => return Some((count, start)),
        }
    }
}

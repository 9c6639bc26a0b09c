//! A grey picture as plain numbers: halved, smoothed, sampled between its pixels, and
//! told apart into dark and light by what surrounds each place.

use image::GrayImage;

/// A grey picture; 0 is black.
#[derive(Debug, Clone)]
pub(super) struct Grey {
    pub width: usize,
    pub height: usize,
    pixels: Vec<u8>,
}

impl Grey {
    pub fn of(picture: &GrayImage) -> Self {
        let (width, height) = picture.dimensions();
        Grey { width: width as usize, height: height as usize, pixels: picture.as_raw().clone() }
    }

    /// The pixel there; paper beyond the edges.
    pub fn at(&self, x: usize, y: usize) -> u8 {
        if x < self.width {
            self.pixels.get(y * self.width + x).copied().unwrap_or(255)
        } else {
            255
        }
    }

    /// The light at a place between pixels, a pixel's middle being half way.
    pub fn between(&self, x: f64, y: f64) -> f64 {
        let (x, y) = (x - 0.5, y - 0.5);
        if !(x >= 0.0 && y >= 0.0 && x < self.width as f64 && y < self.height as f64) {
            return 255.0;
        }
        let (left, top) = (x as usize, y as usize);
        let (over, down) = (x - left as f64, y - top as f64);
        let pixel = |x, y| f64::from(self.at(x, y));
        let upper = pixel(left, top) * (1.0 - over) + pixel(left + 1, top) * over;
        let lower = pixel(left, top + 1) * (1.0 - over) + pixel(left + 1, top + 1) * over;
        upper * (1.0 - down) + lower * down
    }

    /// Half as wide and high, each pixel the mean of four.
    pub fn halved(&self) -> Self {
        let (width, height) = ((self.width / 2).max(1), (self.height / 2).max(1));
        let mean = |at: usize| {
            let (x, y) = (at % width * 2, at / width * 2);
            let four = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
            let sum: u32 = four.iter().map(|(x, y)| u32::from(self.at(*x, *y))).sum();
            u8::try_from(sum / 4).unwrap_or(255)
        };
        Grey { width, height, pixels: (0..width * height).map(mean).collect() }
    }

    /// Each pixel the mean of itself and its eight neighbours: noise of single pixels
    /// would tear the corner patterns.
    pub fn smoothed(&self) -> Self {
        let sums = Sums::of(self);
        let mean = |at: usize| sums.mean(at % self.width, at / self.width, 1);
        Grey { pixels: (0..self.width * self.height).map(mean).collect(), ..*self }
    }

    /// Which pixels are clearly darker than the mean of a square around them, so that a
    /// shadow across the page does not turn paper into ink. The square reaches the
    /// picture's longer side divided by `share` to each side, and `percent` of its mean
    /// is what counts as light.
    pub fn dark(&self, share: usize, percent: u32) -> Vec<bool> {
        let sums = Sums::of(self);
        let reach = (self.width.max(self.height) / share.max(1)).clamp(8, 200);
        let is_dark = |at: usize| {
            let (x, y) = (at % self.width, at / self.width);
            u32::from(self.at(x, y)) * 100 < u32::from(sums.mean(x, y, reach)) * percent
        };
        (0..self.width * self.height).map(is_dark).collect()
    }
}

/// Sums over all rectangles that begin at the upper left corner: the mean of any other
/// one is four of them apart.
struct Sums {
    width: usize,
    height: usize,
    sums: Vec<u32>,
}

impl Sums {
    fn of(grey: &Grey) -> Self {
        let (width, height) = (grey.width, grey.height);
        // At most 50 megapixels of 255, which a u32 holds only by wrapping round: the
        // difference of two sums is right all the same.
        let mut sums = vec![0u32; (width + 1) * (height + 1)];
        for y in 0..height {
            let mut row = 0u32;
            for x in 0..width {
                row = row.wrapping_add(u32::from(grey.at(x, y)));
                let above = sums.get(y * (width + 1) + x + 1).copied().unwrap_or(0);
                if let Some(sum) = sums.get_mut((y + 1) * (width + 1) + x + 1) {
                    *sum = above.wrapping_add(row);
                }
            }
        }
        Sums { width, height, sums }
    }

    /// The mean over the square that reaches so far to each side, cut at the edges.
    fn mean(&self, x: usize, y: usize, reach: usize) -> u8 {
        let (left, top) = (x.saturating_sub(reach), y.saturating_sub(reach));
        let (right, below) = ((x + reach + 1).min(self.width), (y + reach + 1).min(self.height));
        let to = |x: usize, y: usize| self.sums.get(y * (self.width + 1) + x).copied().unwrap_or(0);
        let sum = to(right, below)
            .wrapping_sub(to(left, below))
            .wrapping_sub(to(right, top))
            .wrapping_add(to(left, top));
        let area = u32::try_from((right - left) * (below - top)).unwrap_or(u32::MAX).max(1);
        u8::try_from(sum / area).unwrap_or(255)
    }
}

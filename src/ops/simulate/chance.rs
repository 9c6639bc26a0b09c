//! Chance for a simulation: the same seed draws the same losses (splitmix64, Steele, Lea
//! and Flood 2014). Nothing secret is made of it.

/// A row of draws.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Draws that depend on these two numbers only.
    pub fn new(seed: u64, run: u64) -> Self {
        let mut chance = Chance(seed ^ run.wrapping_mul(0xd134_2543_de82_ef95));
        chance.next();
        chance
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `low` up to and with `high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high.saturating_sub(low)).unwrap_or(0).saturating_add(1);
        let drawn = (u128::from(self.next()) * u128::from(width)) >> 64;
        low.saturating_add(i64::try_from(drawn).unwrap_or(0))
    }

    /// True in so many of a hundred draws.
    pub fn percent(&mut self, percent: u8) -> bool {
        self.between(0, 99) < i64::from(percent)
    }
}

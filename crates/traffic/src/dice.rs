//! How does chance fall? Draws from a seeded ChaCha8 stream.
//!
//! Everything is built on whole 64-bit words and the four basic operations of `f64`, which IEEE 754 fixes to the
//! bit: no `exp` or `ln` of the platform, so a seed means the same traffic everywhere.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A stream of chance.
pub struct Dice(ChaCha8Rng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A whole number from 0 to `end` − 1; 0 if `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(end)) >> 64) as u64
    }

    /// A whole number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(0) as u64) as i64
    }

    /// True with probability `permille` / 1000.
    pub fn permille(&mut self, permille: u32) -> bool {
        self.below(1_000) < u64::from(permille)
    }

    /// The position of one of the weights, chosen by weight; the last if all are zero.
    pub fn index(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let sum = weights.clone().map(u64::from).sum();
        let mut rest = self.below(sum);
        let mut last = 0;
        for (index, weight) in weights.enumerate() {
            let weight = u64::from(weight);
            if rest < weight {
                return index;
            }
            rest -= weight;
            last = index;
        }
        last
    }

    /// One of the values, chosen by the weight beside it. `table` is not empty.
    pub fn pick<T: Copy>(&mut self, table: &[(T, u32)]) -> T {
        table[self.index(table.iter().map(|row| row.1))].0
    }

    /// A lognormal duration in milliseconds, at least 1; `sigma` up to 2.
    pub fn lognormal_millis(&mut self, median_millis: i64, sigma: f64) -> i64 {
        let value = median_millis as f64 * exp(sigma * self.normal());
        (value as i64).max(1)
    }

    /// A Poisson count with this mean; means above 16 are cut to it.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        let floor = exp(-mean.clamp(0.0, 16.0));
        let mut product = self.unit();
        let mut count = 0;
        while product > floor {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// Above 0, at most 1.
    fn unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// A standard normal number by the sum of twelve uniform ones: within ±6, good enough for latencies.
    fn normal(&mut self) -> f64 {
        let mut sum = -6.0;
        for _ in 0..6 {
            let word = self.0.next_u64();
            sum += (f64::from(word as u32) + f64::from((word >> 32) as u32)) / 4_294_967_296.0;
        }
        sum
    }
}

/// e^x for −16 to 16, at worst 4e-5 off: (1 + y + y²/2)^4096 with y = x / 4096.
fn exp(x: f64) -> f64 {
    let y = x / 4_096.0;
    let mut power = 1.0 + y + y * y / 2.0;
    for _ in 0..12 {
        power *= power;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_near_the_real_one() {
        for x in [-16.0, -8.0, -1.0, 0.0, 0.5, 1.0, 9.0_f64] {
            assert!((exp(x) / x.exp() - 1.0).abs() < 5e-5, "{x}");
        }
    }

    #[test]
    fn draws_have_the_shape_they_promise() {
        const DRAWS: usize = 20_000;
        let mut dice = Dice::new(1);
        let mut latencies: Vec<i64> = (0..DRAWS).map(|_| dice.lognormal_millis(1_000, 0.5)).collect();
        latencies.sort_unstable();
        let at = |share: f64| latencies[(share * DRAWS as f64) as usize];
        // e^(0.5 × 1.6449) = 2.276.
        assert!(
            (970..1_030).contains(&at(0.5)) && (2_180..2_370).contains(&at(0.95)),
            "{} {}",
            at(0.5),
            at(0.95)
        );
        let sum: u32 = (0..DRAWS).map(|_| dice.poisson(3.5)).sum();
        assert!((sum as f64 / DRAWS as f64 - 3.5).abs() < 0.06, "{sum}");
        let picked = (0..DRAWS).filter(|_| dice.pick(&[(true, 1), (false, 3)])).count();
        assert!((4_700..5_300).contains(&picked), "{picked}");
    }

    #[test]
    fn edges_are_kept() {
        let mut dice = Dice::new(2);
        assert_eq!((dice.below(0), dice.below(1), dice.between(5, 5)), (0, 0, 5));
        assert_eq!((dice.permille(0), dice.permille(1_000), dice.poisson(0.0)), (false, true, 0));
        assert_eq!(dice.index([0, 0].into_iter()), 1);
        assert!((0..1_000).all(|_| (-2..=2).contains(&dice.between(-2, 2))));
    }
}

//! Series as a payment product has them, drawn from a seed: what is true of them is known.

use super::super::curve::DAY_SECONDS;
use std::f64::consts::{PI, TAU};

/// Length of a point in seconds.
pub(super) const PERIOD_SECONDS: i64 = 300;
/// A Thursday, as the epoch.
pub(super) const START: i64 = 20_454 * DAY_SECONDS;

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
pub(super) struct Chance(pub(super) u64);

/// What a series measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Events in a bucket.
    Count,
    /// Successes of a hundred attempts; nothing where there was no attempt.
    SuccessRate,
    /// Mean of durations in milliseconds.
    Latency,
}

/// One series, without noise.
#[derive(Clone, Debug)]
pub(super) struct Series {
    kind: Kind,
    /// Attempts of a mean bucket.
    volume: f64,
    /// Of `volume`, in four weeks.
    growth: f64,
    /// Depth of the night: the busiest hour has about this many times e the volume of the quietest.
    swing: f64,
    /// Weekend volume over weekday volume.
    weekend: f64,
    /// Hours by which a weekend's morning is late.
    lateness: f64,
    /// Percent of successes, or milliseconds.
    middle: f64,
    /// Deviation of the logarithm of one latency.
    roughness: f64,
    wander: f64,
    /// Which hours are busier than they should.
    moods: u64,
}

/// What is wrong, if anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Incident {
    None,
    /// So many times the events.
    Spike(f64),
    /// So many points of a success rate less.
    Decline(f64),
}

impl Chance {
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From `low` to below `high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.bits() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// Likewise, evenly in the logarithm.
    pub(super) fn of_magnitude(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// A standard normal number, after Box and Muller.
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.between(0.0, 1.0)).ln()).sqrt();
        radius * (TAU * self.between(0.0, 1.0)).cos()
    }

    /// Exactly Poisson.
    pub(super) fn poisson(&mut self, mean: f64) -> f64 {
        let mode = mean.floor();
        let at_mode = (mode * mean.max(f64::MIN_POSITIVE).ln() - mean - ln_factorial(mode)).exp();
        self.walk(mode, at_mode, |from| mean / (from + 1.0), |from| from / mean)
    }

    /// Exactly binomial.
    pub(super) fn binomial(&mut self, tries: f64, share: f64) -> f64 {
        let mode = ((tries + 1.0) * share).floor().min(tries);
        let ways = ln_factorial(tries) - ln_factorial(mode) - ln_factorial(tries - mode);
        let at_mode = (ways + mode * share.ln() + (tries - mode) * (1.0 - share).ln()).exp();
        let odds = share / (1.0 - share);
        let up = |from: f64| (tries - from) / (from + 1.0) * odds;
        self.walk(mode, at_mode, up, |from| from / (tries - from + 1.0) / odds)
    }

    /// Draws by walking away from the mode on both sides; `up` and `down` are the ratios of neighbours' probabilities.
    fn walk(&mut self, mode: f64, at_mode: f64, up: impl Fn(f64) -> f64, down: impl Fn(f64) -> f64) -> f64 {
        let mut left = self.between(0.0, 1.0) - at_mode;
        let (mut high, mut low) = (mode, mode);
        let (mut at_high, mut at_low) = (at_mode, at_mode);
        while left > 0.0 && (at_high > 1e-18 || at_low > 1e-18) {
            at_high *= up(high);
            high += 1.0;
            left -= at_high;
            if left <= 0.0 {
                return high;
            }
            at_low *= down(low);
            low -= 1.0;
            left -= at_low;
            if left <= 0.0 {
                return low.max(0.0);
            }
        }
        mode
    }
}

/// By Stirling's series.
fn ln_factorial(whole: f64) -> f64 {
    if whole < 16.0 {
        return (2..=whole as u64).map(|factor| factor as f64).product::<f64>().ln();
    }
    whole.mul_add(whole.ln(), -whole) + 0.5 * (TAU * whole).ln() + 1.0 / (12.0 * whole)
        - 1.0 / (360.0 * whole.powi(3))
}

impl Series {
    /// A series of `kind`; `wander` is the deviation of the logarithm of its volume from hour to hour, beside all
    /// seasons.
    pub(super) fn drawn(kind: Kind, wander: f64, chance: &mut Chance) -> Self {
        let middle = match kind {
            Kind::Count => 0.0,
            Kind::SuccessRate => chance.between(85.0, 99.0),
            Kind::Latency => chance.of_magnitude(150.0, 3_000.0),
        };
        Self {
            kind,
            volume: chance.of_magnitude(2.0, 2_000.0),
            growth: chance.between(-0.02, 0.15),
            swing: chance.between(0.6, 1.4),
            weekend: chance.between(0.55, 1.15),
            lateness: chance.between(0.0, 2.0),
            middle,
            roughness: chance.between(0.2, 0.8),
            wander,
            moods: chance.bits(),
        }
    }

    /// Expected attempts at `at`.
    pub(super) fn attempts(&self, at: i64) -> f64 {
        let days = (at - START) as f64 / DAY_SECONDS as f64;
        let hour = at.rem_euclid(DAY_SECONDS) as f64 / 3_600.0;
        // 1 within Saturday and Sunday, with an hour's slope on both sides.
        let since_monday = ((at / DAY_SECONDS + 3) % 7) as f64 * 24.0 + hour;
        let rest = (since_monday - 119.5).clamp(0.0, 1.0).min((168.0 - since_monday).clamp(0.0, 1.0));
        let hour = hour - self.lateness * rest;
        // Quiet at four, busy from noon on, with a second top in the evening.
        let shape = -self.swing * (TAU * (hour - 4.0) / 24.0).cos()
            + 0.25 * (2.0 * TAU * (hour - 1.0) / 24.0).sin()
            + 0.1 * (3.0 * TAU * hour / 24.0).cos();
        let weekly = 1.0 + (self.weekend - 1.0) * rest;
        self.volume / 1.5 * (shape + self.mood(at)).exp() * weekly * (1.0 + self.growth * days / 28.0)
    }

    /// From the mood of one hour to that of the next.
    fn mood(&self, at: i64) -> f64 {
        if self.wander == 0.0 {
            return 0.0;
        }
        let (hour, share) = (at.div_euclid(3_600), at.rem_euclid(3_600) as f64 / 3_600.0);
        let of_hour = |hour: i64| Chance(self.moods ^ hour as u64).normal();
        self.wander * (of_hour(hour) * (1.0 - share) + of_hour(hour + 1) * share)
    }

    /// One point at `at`; `None` where nothing is reported.
    pub(super) fn point(&self, at: i64, incident: Incident, chance: &mut Chance) -> Option<f64> {
        let factor = if let Incident::Spike(factor) = incident { factor } else { 1.0 };
        let attempts = chance.poisson(self.attempts(at) * factor);
        let hour = at.rem_euclid(DAY_SECONDS) as f64 / 3_600.0;
        let decline = if let Incident::Decline(points) = incident { points } else { 0.0 };
        match self.kind {
            Kind::Count => Some(attempts),
            _ if attempts == 0.0 => None,
            Kind::SuccessRate => {
                let share = (self.middle + 0.5 * (PI * hour / 12.0).sin() - decline).clamp(0.0, 99.9) / 100.0;
                Some(100.0 * chance.binomial(attempts, share) / attempts)
            }
            Kind::Latency => {
                let load = self.attempts(at) / self.volume;
                let deviation = (self.roughness.powi(2) / attempts + 0.03_f64.powi(2)).sqrt();
                Some(self.middle * (0.9 + 0.1 * load) * (deviation * chance.normal()).exp())
            }
        }
    }

    /// Quiet points from `from` to before `to`, in epoch seconds.
    pub(super) fn quiet(&self, from: i64, to: i64, chance: &mut Chance) -> Vec<(i64, f64)> {
        (from..to)
            .step_by(PERIOD_SECONDS as usize)
            .filter_map(|at| Some((at, self.point(at, Incident::None, chance)?)))
            .collect()
    }
}

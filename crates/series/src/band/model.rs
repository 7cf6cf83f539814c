//! What is expected at a moment, and between which bounds does a normal value lie?
//!
//! Values are taken in the model's own unit. A series that was never below zero is relative: seasons multiply, and
//! the distance from what is expected is measured between square roots, in which counts scatter alike above and below.
//! Any other series is absolute: seasons add, distances are differences.

use super::curve::{Row, Shape};
use super::spikes::Spike;

/// Exponents of the level are kept within this, so that no bound becomes infinite.
const EXPONENT_MAX: f64 = 25.0;
/// One deviation is at least this share of what is expected, or of the unit of an absolute series: a series that never
/// moved in training is allowed to move by as much.
const DEVIATION_SHARE_MIN: f64 = 0.005;
/// A trend goes on for this long after training and then stays, in seconds: a week.
const TREND_SECONDS_MAX: i64 = super::curve::WEEK_SECONDS;

/// What a series normally says, for every moment. Made by [`super::train`] or [`Model::decode`].
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub(super) period_seconds: i64,
    pub(super) timezone_offset_seconds: i64,
    /// Epoch seconds of the first and the last point of training; the trend counts from the last.
    pub(super) trained: (i64, i64),
    pub(super) unit: Unit,
    pub(super) is_non_negative: bool,
    pub(super) level: Curve,
    /// Logarithm of one deviation; its covariate is the level.
    pub(super) scatter: Curve,
    /// By how much a deviation is longer above and below than the scatter says.
    pub(super) above: f64,
    pub(super) below: f64,
    /// Ascending by slot.
    pub(super) spikes: Vec<Spike>,
}

/// The bounds of normal values at one moment. Both belong to the band, and `lower` is not above `upper`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Band {
    pub lower: f64,
    pub upper: f64,
}

impl Band {
    /// True if `value` lies above or below the band.
    pub fn excludes(self, value: f64) -> bool {
        value < self.lower || value > self.upper
    }
}

/// A shape and its coefficients, rounded so that encoding loses nothing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curve {
    pub(super) shape: Shape,
    pub(super) coefficients: Vec<f64>,
}

/// In what the model computes: a value is `centre + size × level`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    pub(super) scale: Scale,
    pub(super) centre: f64,
    /// Above zero.
    pub(super) size: f64,
    /// The step between values that are all whole numbers, in the unit; zero for others.
    pub(super) grain: f64,
}

/// How seasons and values come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Seasons multiply: the level is the exponential of its curve.
    Relative,
    /// Seasons add.
    Absolute,
}

impl Model {
    /// The expected value at `at`, in epoch seconds.
    pub fn expected(&self, at: i64) -> f64 {
        let moment = self.moment(at);
        let usual = self.unit.value_of(moment.level);
        self.spike(at).map_or(usual, |spike| self.unit.value_of(spike.level(self.unit.scale, moment.level)))
    }

    /// One deviation at `at`, in epoch seconds: half the height of a band of one, were it not cut at zero.
    pub fn deviation(&self, at: i64) -> f64 {
        self.moment(at).deviation * self.unit.size * f64::midpoint(self.above, self.below)
    }

    /// What is normal at `at`, in epoch seconds, for a band of so many deviations on both sides. Negative numbers of
    /// deviations count as zero.
    pub fn band(&self, at: i64, deviations: f64) -> Band {
        let moment = self.moment(at);
        let (mut lower, mut upper) = self.bounds(moment, deviations.max(0.0));
        if let Some(spike) = self.spike(at) {
            let level = spike.level(self.unit.scale, moment.level);
            let deviation = spike.deviation(self.unit.scale, moment.level, moment.deviation);
            let with_spike = self.bounds(Moment { level, deviation }, deviations.max(0.0));
            (lower, upper) = (lower.min(with_spike.0), upper.max(with_spike.1));
        }
        let least = if self.is_non_negative { 0.0 } else { f64::NEG_INFINITY };
        Band { lower: self.unit.value_of(lower).max(least), upper: self.unit.value_of(upper).max(least) }
    }

    /// In the unit. Whole numbers stand for everything within half a step.
    fn bounds(&self, moment: Moment, deviations: f64) -> (f64, f64) {
        let step = self.unit.grain / 2.0;
        let moved = |deviations: f64| self.unit.scale.moved(moment.level, deviations * moment.deviation);
        (moved(-deviations * self.below) - step, moved(deviations * self.above) + step)
    }

    /// Epoch seconds of the first and the last point that it learnt from.
    pub fn trained(&self) -> (i64, i64) {
        self.trained
    }

    /// Level and deviation at a moment without spikes, in the model's unit.
    pub(super) fn moment(&self, at: i64) -> Moment {
        let local = at.saturating_add(self.timezone_offset_seconds);
        let curve = self.level.shape.row(local, self.trend(at)).dot(&self.level.coefficients);
        let covariate = self.unit.scale.covariate(curve);
        let row: Row = self.scatter.shape.row(local, covariate);
        let level = self.unit.scale.level(curve);
        Moment { level, deviation: self.unit.scale.deviation(row.dot(&self.scatter.coefficients), level) }
    }

    fn trend(&self, at: i64) -> f64 {
        let (first, last) = self.trained;
        trend(at.clamp(first.min(last), last.saturating_add(TREND_SECONDS_MAX)), last)
    }

    fn spike(&self, at: i64) -> Option<&Spike> {
        let slot = Spike::slot_of(at.saturating_add(self.timezone_offset_seconds), self.period_seconds);
        let found = self.spikes.binary_search_by_key(&slot, |spike| spike.slot).ok()?;
        self.spikes.get(found)
    }
}

/// A model at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) level: f64,
    pub(super) deviation: f64,
}

/// The covariate of the level: weeks since the last point of training.
pub(super) fn trend(at: i64, last: i64) -> f64 {
    at.saturating_sub(last) as f64 / super::curve::WEEK_SECONDS as f64
}

impl Unit {
    pub(super) fn level_of(self, value: f64) -> f64 {
        (value - self.centre) / self.size
    }

    pub(super) fn value_of(self, level: f64) -> f64 {
        self.centre + self.size * level
    }
}

impl Scale {
    /// What the curve means.
    pub(super) fn level(self, curve: f64) -> f64 {
        match self {
            Self::Relative => curve.clamp(-EXPONENT_MAX, EXPONENT_MAX).exp(),
            Self::Absolute => curve,
        }
    }

    /// What the scatter may follow of the level's curve.
    pub(super) fn covariate(self, curve: f64) -> f64 {
        match self {
            Self::Relative => curve.clamp(-EXPONENT_MAX, EXPONENT_MAX),
            Self::Absolute => 0.0,
        }
    }

    /// One deviation where the scatter's curve says `logarithm`.
    pub(super) fn deviation(self, logarithm: f64, level: f64) -> f64 {
        let least = match self {
            Self::Relative => level,
            Self::Absolute => 1.0,
        };
        logarithm.clamp(-EXPONENT_MAX, EXPONENT_MAX).exp().max(DEVIATION_SHARE_MIN * least)
    }

    /// How far `value` is from `level`, negative below; near the level it is the difference.
    pub(super) fn distance(self, value: f64, level: f64) -> f64 {
        match self {
            Self::Relative => 2.0 * level.sqrt() * (value.max(0.0).sqrt() - level.sqrt()),
            Self::Absolute => value - level,
        }
    }

    /// Likewise of a value that may be off by `grain` / 2: as near as it can be.
    pub(super) fn distance_at_least(self, value: f64, level: f64, grain: f64) -> f64 {
        let nearest = level.clamp(value - grain / 2.0, value + grain / 2.0);
        self.distance(nearest, level)
    }

    /// The value at `distance` from `level`.
    pub(super) fn moved(self, level: f64, distance: f64) -> f64 {
        match self {
            Self::Relative => (level.sqrt() + distance / (2.0 * level.sqrt())).max(0.0).powi(2),
            Self::Absolute => level + distance,
        }
    }
}

//! Which moments of the day have a spike of their own, day after day?
//!
//! Asked for only where the training says so: a spike is narrower than the knots of the level, so without this it
//! stands out of the band every day. Where it stays away nothing is wrong, so the band spans both.

use super::curve::DAY_SECONDS;
use super::model::Scale;
use std::collections::BTreeMap;

/// A slot of the day is at least this long, in seconds.
const SLOT_SECONDS_MIN: i64 = 300;
/// Points longer than this, in seconds, have no spikes beside the seasons.
const PERIOD_SECONDS_MAX: i64 = 3_600;
/// So many points of a slot have to be there.
const POINTS_MIN: usize = 3;
/// Their median lies so many deviations off.
const DEVIATIONS_MIN: f64 = 3.0;
/// Spikes down to zero keep a level that has a logarithm.
const FACTOR_MIN: f64 = 0.001;
/// At most so many slots are kept, the earliest of the day.
pub(super) const SPIKES_MAX: usize = 96;
/// The median absolute distance times this is a standard deviation.
const OF_MEDIAN_DISTANCE: f64 = 1.482_602_218_505_602;

/// A slot of the day with a level of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spike {
    /// Which slot of the local day, from zero.
    pub(super) slot: u16,
    /// What is added to the usual level; of relative levels the factor.
    pub(super) change: f64,
    /// One deviation of that.
    pub(super) deviation: f64,
}

/// A point held against the level without spikes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observation {
    /// Local seconds.
    pub(super) local: i64,
    pub(super) value: f64,
    pub(super) level: f64,
    /// How far off it is, in deviations.
    pub(super) deviations: f64,
}

impl Spike {
    /// The slot of `local`, in seconds of local time.
    pub(super) fn slot_of(local: i64, period_seconds: i64) -> u16 {
        (local.rem_euclid(DAY_SECONDS) / period_seconds.max(SLOT_SECONDS_MIN)) as u16
    }

    /// The level with the spike.
    pub(super) fn level(&self, scale: Scale, level: f64) -> f64 {
        match scale {
            Scale::Relative => level * self.change,
            Scale::Absolute => level + self.change,
        }
    }

    /// One deviation at the spike, at least the usual one.
    pub(super) fn deviation(&self, scale: Scale, level: f64, usual: f64) -> f64 {
        match scale {
            Scale::Relative => (level * self.deviation).max(usual * self.change.max(1.0).sqrt()),
            Scale::Absolute => self.deviation.max(usual),
        }
    }
}

/// The spikes of these points, ascending by slot.
pub(super) fn find(scale: Scale, period_seconds: i64, observations: &[Observation]) -> Vec<Spike> {
    if period_seconds > PERIOD_SECONDS_MAX {
        return Vec::new();
    }
    let mut slots = BTreeMap::<u16, Vec<Observation>>::new();
    for observation in observations {
        slots.entry(Spike::slot_of(observation.local, period_seconds)).or_default().push(*observation);
    }
    slots.iter().filter_map(|(&slot, points)| spike(scale, slot, points)).take(SPIKES_MAX).collect()
}

fn spike(scale: Scale, slot: u16, points: &[Observation]) -> Option<Spike> {
    let off = median(points.iter().map(|point| point.deviations));
    if points.len() < POINTS_MIN || off.abs() < DEVIATIONS_MIN {
        return None;
    }
    let changes = points.iter().map(|point| match scale {
        Scale::Relative => point.value / point.level,
        Scale::Absolute => point.value - point.level,
    });
    let change = match scale {
        Scale::Relative => median(changes.clone()).max(FACTOR_MIN),
        Scale::Absolute => median(changes.clone()),
    };
    let deviation = OF_MEDIAN_DISTANCE * median(changes.map(|found| (found - change).abs()));
    Some(Spike { slot, change: rounded(change), deviation: rounded(deviation) })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// As encoding keeps it.
fn rounded(value: f64) -> f64 {
    f64::from(value as f32)
}

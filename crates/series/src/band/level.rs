//! Where is the middle of the series at each time of the week?
//!
//! First a coarse curve by least absolute distances through the means of hours, which a few wild hours do not move.
//! From there the full curve by rounds of weighted least squares: what lies far off the curve of the round before
//! weighs less, and incidents nothing. That start decides what is an incident: of two Mondays that
//! disagree, the one closer to what other days suggest.

use super::curve::{CONSTANT, COVARIATE, DAY_SECONDS, Row, Shape};
use super::history::History;
use super::least_squares::NormalEquations;
use super::model::{Scale, Unit, trend};
use super::train::Training;

/// Rounds of the coarse curve.
const COARSE_ROUNDS: usize = 6;
/// Distances of the coarse curve below this, in the unit or its logarithm, count as this.
const COARSE_DISTANCE_MIN: f64 = 0.02;
/// Means of the coarse curve are over at least so many seconds, longer where most values are zero.
const COARSE_SECONDS_MIN: i64 = 3_600;
/// Added to means of relative levels, so that each has a logarithm.
const COARSE_ZERO: f64 = 0.05;
/// Knots of the coarse curve: hours of the day, half days of the week.
const COARSE_KNOTS: (u8, u8) = (24, 14);
/// Knots of the full curve: half hours of the day, 3 hours of the week.
const KNOTS: (u8, u8) = (48, 56);

/// Precisions of the priors: one over the square of how far from zero a coefficient is thought to lie.
const CONSTANT_PRECISION: f64 = 1e-4;
/// A trend of more than this a week is none, but a change of the level, which does not go on.
const TREND_MAX: f64 = 0.15;
const TREND_PRECISION: f64 = 1.0 / (TREND_MAX * TREND_MAX);
const DAILY_PRECISION: f64 = 1.0 / (2.0 * 2.0);
const WEEKLY_PRECISION: f64 = 1.0 / (0.5 * 0.5);
/// Of a trend that is not learnt.
const FIXED_PRECISION: f64 = 1e12;

/// A point of the history, ready to be fitted.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) row: Row,
    /// In the model's unit.
    pub(super) value: f64,
}

/// The unit in which levels of the history are near one, or near zero if some are negative.
pub(super) fn unit_of(history: &History) -> Unit {
    let mut values: Vec<f64> = history.points.iter().map(|point| point.1).collect();
    values.sort_by(f64::total_cmp);
    let at_share = |share: usize| values[(values.len() - 1) * share / 4];
    let median = at_share(2);
    let grain = if values.iter().all(|value| value.fract() == 0.0) { 1.0 } else { 0.0 };
    let mean = values.iter().map(|value| value / values.len() as f64).sum::<f64>();
    if history.is_non_negative && mean > 0.0 {
        let size = if median > 0.0 { median } else { mean };
        return Unit { scale: Scale::Relative, centre: 0.0, size, grain: grain / size };
    }
    let spread = at_share(3) - at_share(1);
    let size = [spread, median.abs()].into_iter().find(|&size| size > 0.0).unwrap_or(1.0);
    Unit { scale: Scale::Absolute, centre: median, size, grain: grain / size }
}

/// The shape of the full curve.
pub(super) fn shape_of(history: &History, training: &Training) -> Shape {
    shape(KNOTS, history, training)
}

fn shape(knots: (u8, u8), history: &History, training: &Training) -> Shape {
    let weekly = if history.knows_weeks() { knots.1 } else { 0 };
    Shape::fitting(knots.0, weekly, training.period_seconds)
}

/// The points of the history in `unit` with their rows of `shape`.
pub(super) fn samples(history: &History, training: &Training, unit: Unit, shape: Shape) -> Vec<Sample> {
    let last = history.last_at();
    let of_point = |&(at, value): &(i64, f64)| {
        let local = at.saturating_add(training.timezone_offset_seconds);
        Sample { row: shape.row(local, trend(at, last)), value: unit.level_of(value) }
    };
    history.points.iter().map(of_point).collect()
}

/// The coarse curve at each point of the history. `None` where sums overflow.
pub(super) fn coarse(history: &History, training: &Training, unit: Unit) -> Option<Vec<f64>> {
    let shape = shape(COARSE_KNOTS, history, training);
    let last = history.last_at();
    let row_at = |at: i64| shape.row(at.saturating_add(training.timezone_offset_seconds), trend(at, last));
    let means: Vec<(Row, f64)> =
        means(history, unit).into_iter().map(|(at, value)| (row_at(at), value)).collect();
    let mut prior = precisions(shape, history);
    let mut weights = vec![1.0; means.len()];
    let mut coefficients = Vec::new();
    for _ in 0..COARSE_ROUNDS {
        let mut equations = NormalEquations::new(prior.len());
        for ((row, value), weight) in means.iter().zip(&weights) {
            equations.add(row, *value, *weight);
        }
        coefficients = solved(equations, &mut prior)?;
        for ((row, value), weight) in means.iter().zip(&mut weights) {
            *weight = 1.0 / (value - row.dot(&coefficients)).abs().max(COARSE_DISTANCE_MIN);
        }
    }
    Some(history.points.iter().map(|point| row_at(point.0).dot(&coefficients)).collect())
}

/// Means of an hour, or of longer where values are mostly zero: middle moment and the curve's value there.
fn means(history: &History, unit: Unit) -> Vec<(i64, f64)> {
    let is_zero = |point: &&(i64, f64)| point.1 == 0.0;
    let zeros = history.points.iter().filter(is_zero).count();
    let rarity = history.points.len() / (history.points.len() - zeros).max(1);
    let seconds = COARSE_SECONDS_MIN.saturating_mul(rarity as i64).min(DAY_SECONDS);
    let chunks =
        history.points.chunk_by(|left, right| left.0.div_euclid(seconds) == right.0.div_euclid(seconds));
    let mean = |chunk: &[(i64, f64)]| {
        let count = chunk.len() as f64;
        let level = chunk.iter().map(|point| unit.level_of(point.1) / count).sum::<f64>();
        let value = match unit.scale {
            Scale::Relative => (level + COARSE_ZERO).ln(),
            Scale::Absolute => level,
        };
        (chunk[chunk.len() / 2].0, value)
    };
    chunks.map(mean).collect()
}

/// The coefficients of one more round. Of each sample: the `curve` and one deviation of the round before, and its trust.
/// A trend that is too steep is no longer sought, by a change of `prior`.
pub(super) fn refit(
    scale: Scale,
    samples: &[Sample],
    round: impl Iterator<Item = (f64, f64, f64)>,
    prior: &mut [f64],
) -> Option<Vec<f64>> {
    let mut equations = NormalEquations::new(prior.len());
    for (sample, (curve, deviation, trust)) in samples.iter().zip(round) {
        if trust > 0.0 {
            let level = scale.level(curve);
            // How much the level moves with the curve.
            let slope = if scale == Scale::Relative { level } else { 1.0 };
            let weight = trust * (slope / deviation).powi(2);
            equations.add(&sample.row, curve + (sample.value - level) / slope, weight);
        }
    }
    solved(equations, prior)
}

fn solved(equations: NormalEquations, prior: &mut [f64]) -> Option<Vec<f64>> {
    let coefficients = equations.clone().solve(prior)?;
    if coefficients[COVARIATE].abs() <= TREND_MAX {
        return Some(coefficients);
    }
    prior[COVARIATE] = FIXED_PRECISION;
    equations.solve(prior)
}

/// The prior of a curve of `shape`.
pub(super) fn precisions(shape: Shape, history: &History) -> Vec<f64> {
    let trend = if history.knows_weeks() { TREND_PRECISION } else { FIXED_PRECISION };
    let mut precisions = vec![WEEKLY_PRECISION; shape.len()];
    precisions[..shape.first_weekly()].fill(DAILY_PRECISION);
    precisions[CONSTANT] = CONSTANT_PRECISION;
    precisions[COVARIATE] = trend;
    precisions
}

//! How wide do the values scatter around the level at each time of the week?
//!
//! The logarithm of one deviation is a curve too: a constant, a multiple of the level's logarithm (a half for counts,
//! one for durations), and a coarse shape of the day and the week for what the level does not tell, such as a success
//! rate that scatters at night because few attempts are behind it. Pooled over the whole history and drawn to no
//! season at all, it needs few points at any one time.

use super::curve::{CONSTANT, COVARIATE, Row, Shape};
use super::least_squares::NormalEquations;

/// Knots: 3 hours of the day, half days of the week.
pub(super) const KNOTS: (u8, u8) = (8, 14);
/// The mean absolute distance times this is the standard deviation of a normal distribution.
const OF_MEAN_DISTANCE: f64 = 1.253_314_137_315_500_3;
/// The median absolute distance times this, likewise.
const OF_MEDIAN_DISTANCE: f64 = 1.482_602_218_505_602;
/// One over the variance of an absolute distance in shares of its mean: 1 / (π / 2 − 1).
const WEIGHT: f64 = 1.751_938_393_884_109;
/// With the level's square root, as counts do.
const COVARIATE_AT_START: f64 = 0.5;

const CONSTANT_PRECISION: f64 = 1e-4;
const COVARIATE_PRECISION: f64 = 1.0;
const DAILY_PRECISION: f64 = 1.0 / (0.5 * 0.5);
const WEEKLY_PRECISION: f64 = 1.0 / (0.3 * 0.3);

/// The coefficients to start from: one dispersion for all. `points` are distance and covariate.
pub(super) fn start(shape: Shape, dispersion: f64) -> Vec<f64> {
    let mut coefficients = vec![0.0; shape.len()];
    coefficients[CONSTANT] = dispersion.max(f64::MIN_POSITIVE).ln();
    coefficients[COVARIATE] = COVARIATE_AT_START;
    coefficients
}

/// One dispersion by the median of distances, which nearly half of the points may miss.
pub(super) fn median_dispersion(points: impl Iterator<Item = (f64, f64)>) -> f64 {
    let mut shares: Vec<f64> = points.map(share).collect();
    shares.sort_by(f64::total_cmp);
    shares.get(shares.len() / 2).map_or(0.0, |median| median * OF_MEDIAN_DISTANCE)
}

/// One dispersion by the mean of distances, which is above zero wherever values differ at all.
pub(super) fn mean_dispersion(points: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (count, sum) = points.map(share).fold((0.0, 0.0), |(count, sum), share| (count + 1.0, sum + share));
    if count > 0.0 { sum / count * OF_MEAN_DISTANCE } else { 0.0 }
}

/// A distance in shares of what the covariate alone lets expect.
fn share((distance, covariate): (f64, f64)) -> f64 {
    distance.abs() / (covariate * COVARIATE_AT_START).exp()
}

/// The coefficients of one more round. `points` are the rows that count, which hold the covariate, and how many
/// deviations off their points were in the round before.
pub(super) fn refit<'rows>(
    shape: Shape,
    coefficients: &[f64],
    points: impl Iterator<Item = (&'rows Row, f64)>,
) -> Option<Vec<f64>> {
    let mut equations = NormalEquations::new(shape.len());
    for (row, deviations) in points {
        let found = row.dot(coefficients) + deviations * OF_MEAN_DISTANCE - 1.0;
        equations.add(row, found, WEIGHT);
    }
    equations.solve(&precisions(shape))
}

fn precisions(shape: Shape) -> Vec<f64> {
    let mut precisions = vec![WEEKLY_PRECISION; shape.len()];
    precisions[..shape.first_weekly()].fill(DAILY_PRECISION);
    precisions[CONSTANT] = CONSTANT_PRECISION;
    precisions[COVARIATE] = COVARIATE_PRECISION;
    precisions
}

//! How long must a deviation be so that as many points lie outside as a normal distribution says, and as seldom
//! several in a row?
//!
//! Real distances are lopsided and have their steps, so the two sides are measured apart, by the points of the history
//! that lie beyond two and two and a half deviations; rarer ones are left to stand out. And real series wander: an hour or a day is a little
//! busier for no reason, all its points lie off to one side, and alarms count points in a row. So rows of three are
//! measured as well, against what chance alone would do. What asks for most is taken.
//!
//! A fit is closer to its own history than to what comes. For noise that is made up for by the number of coefficients.
//! For a wandering level it is much: two weeks say of each hour of the week two things, and the middle between the two
//! is nearer to both than to a third. How much the means of some hours differ tells how far the next week will be off.

/// Deviations, and the share of a normal distribution beyond them on one side.
const TAILS: [(f64, f64); 2] = [(2.0, 0.022_750), (2.5, 0.006_210)];
/// Points of a row.
const ROW: usize = 3;
/// Rows within so many points are one.
const ROWS_APART: usize = 12;
/// So many rows may lie farther off than the one that is measured: incidents too short to be known as such.
const ROWS_BEYOND: usize = 2;
/// Upon that, since alarms ask for several points in a row: a band a little too narrow costs far more of them than one
/// a little too wide.
const MARGIN: f64 = 1.05;
/// How far the factors may go.
const FACTOR_RANGE: (f64, f64) = (0.8, 4.0);
/// As many points would have to say otherwise before half of it is believed.
const POINTS_OF_DOUBT: f64 = 200.0;
/// Coefficients per point are taken as at most this.
const COEFFICIENTS_SHARE_MAX: f64 = 0.5;

/// Means over so many seconds, what a knot of the week holds, tell how the level wanders.
const STRETCH_SECONDS: i64 = 10_800;
/// A mean of fewer points says nothing.
const STRETCH_POINTS_MIN: usize = 3;
/// Means count as at most this many deviations.
const STRETCH_DEVIATIONS_MAX: f64 = 3.0;

/// What factors are found by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Residuals<'points> {
    /// The points that count, in order of time: local second, and how many deviations off, negative below.
    pub(super) points: &'points [(i64, f64)],
    /// Of the level.
    pub(super) coefficients: usize,
    /// How often each time of the week was seen, if the week was learnt.
    pub(super) weeks: Option<f64>,
}

/// Factors of the deviation above and below.
pub(super) fn factors(residuals: Residuals<'_>) -> (f64, f64) {
    let above: Vec<f64> = residuals.points.iter().map(|point| point.1).collect();
    let below: Vec<f64> = above.iter().map(|deviations| -deviations).collect();
    let share = (residuals.coefficients as f64 / above.len().max(1) as f64).min(COEFFICIENTS_SHARE_MAX);
    let foreign = MARGIN * ((1.0 + share) / (1.0 - share)).sqrt() * next_week(residuals);
    (factor_above(&above) * foreign, factor_above(&below) * foreign)
}

/// How much farther off than the history the next week will be, because the level wanders.
fn next_week(residuals: Residuals<'_>) -> f64 {
    let Some(weeks) = residuals.weeks else { return 1.0 };
    // Each of k values lies off their mean by (k - 1) / k of their variance, the next by (k + 1) / k.
    let ratio = (weeks + 1.0) / (weeks - 1.0).max(0.5);
    (1.0 + (ratio - 1.0) * wandering(residuals.points)).sqrt()
}

/// The variance that whole stretches have in common, in deviations, beyond what independent points would have.
fn wandering(points: &[(i64, f64)]) -> f64 {
    let count = points.len().max(1) as f64;
    let capped = |deviations: f64| deviations.abs().min(STRETCH_DEVIATIONS_MAX).powi(2);
    let single = points.iter().map(|point| capped(point.1)).sum::<f64>() / count;
    let stretch = |point: &(i64, f64)| point.0.div_euclid(STRETCH_SECONDS);
    let stretches = points.chunk_by(|left, right| stretch(left) == stretch(right));
    let excess = stretches.filter(|points| points.len() >= STRETCH_POINTS_MIN).map(|points| {
        let len = points.len() as f64;
        let mean = points.iter().map(|point| point.1).sum::<f64>() / len;
        (len, capped(mean) - single / len)
    });
    let (len, sum) = excess.fold((0.0, 0.0), |(len, sum), (of, excess)| (len + of, sum + of * excess));
    if len > 0.0 { (sum / len).max(0.0) } else { 0.0 }
}

fn factor_above(deviations: &[f64]) -> f64 {
    if deviations.len() < ROW {
        return 1.0;
    }
    let count = deviations.len() as f64;
    let found = factor_of_points(deviations).max(factor_of_rows(deviations));
    let believed = (found * count + POINTS_OF_DOUBT) / (count + POINTS_OF_DOUBT);
    believed.clamp(FACTOR_RANGE.0, FACTOR_RANGE.1)
}

fn factor_of_points(deviations: &[f64]) -> f64 {
    let mut descending = deviations.to_vec();
    descending.sort_by(|left, right| right.total_cmp(left));
    let count = descending.len() as f64;
    TAILS.into_iter().map(|(normal, share)| descending[(share * count) as usize] / normal).fold(0.0, f64::max)
}

fn factor_of_rows(deviations: &[f64]) -> f64 {
    let rows: Vec<f64> =
        deviations.windows(ROW).map(|row| row.iter().copied().fold(f64::MAX, f64::min)).collect();
    let mut farthest: Vec<f64> =
        rows.chunks(ROWS_APART).map(|rows| rows.iter().copied().fold(f64::MIN, f64::max)).collect();
    farthest.sort_by(|left, right| right.total_cmp(left));
    let Some(found) = farthest.get(ROWS_BEYOND) else { return 0.0 };
    // Of so many rows of independent points as many lie beyond this by chance.
    let by_chance = ((ROWS_BEYOND + 1) as f64 / rows.len() as f64).cbrt();
    // With few points chance is everything, and below this it says nothing.
    if by_chance > 0.2 { 0.0 } else { found / deviations_of_share(by_chance) }
}

/// The deviations beyond which a `share` (0 to 0.5) of a normal distribution lies, to 0.0005 (Abramowitz and Stegun,
/// Handbook of Mathematical Functions, 26.2.23).
fn deviations_of_share(share: f64) -> f64 {
    let t = (-2.0 * share.ln()).sqrt();
    let above = 0.010_328_f64.mul_add(t, 0.802_853).mul_add(t, 2.515_517);
    let below = 0.001_308_f64.mul_add(t, 0.189_269).mul_add(t, 1.432_788).mul_add(t, 1.0);
    t - above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(deviations: &[f64]) -> (f64, f64) {
        let points: Vec<_> =
            deviations.iter().zip((0..).step_by(300)).map(|(&of, local)| (local, of)).collect();
        factors(Residuals { points: &points, coefficients: 0, weeks: None })
    }

    /// The values of any table of the normal distribution.
    #[test]
    fn shares_and_deviations_belong_together() {
        for (share, deviations) in [(0.158_655, 1.0), (0.1, 1.281_552), (0.05, 1.644_854), (0.022_750, 2.0)] {
            let found = deviations_of_share(share);
            assert!((found - deviations).abs() < 0.000_5, "{found} of {share}");
        }
    }

    #[test]
    fn few_points_change_little() {
        for deviations in [vec![], vec![9.0, -9.0], vec![1.0; 24]] {
            let (above, below) = found(&deviations);
            assert!((0.8..1.1).contains(&above) && (0.8..1.1).contains(&below), "{above} {below}");
        }
    }

    /// The same distances in another order: alone they are noise, in rows they are a wandering level.
    #[test]
    fn rows_ask_for_more_than_single_points() {
        let scattered: Vec<f64> = (0..4_000).map(|index| if index % 100 == 0 { 2.5 } else { 0.5 }).collect();
        let in_rows: Vec<f64> = (0..4_000).map(|index| if index % 400 < 4 { 2.5 } else { 0.5 }).collect();
        let (scattered, in_rows) = (found(&scattered), found(&in_rows));
        assert!(in_rows.0 > 1.6 * scattered.0, "{in_rows:?} and {scattered:?}");
        assert_eq!(in_rows.1, scattered.1);
    }

    /// Stretches that lie one deviation off in turns, in two weeks: √3 times that the week after.
    #[test]
    fn a_level_that_wanders_is_farther_off_the_next_week() {
        let wander = |local: i64| if local / STRETCH_SECONDS % 2 == 0 { 1.0 } else { -1.0 };
        for (weeks, expected) in [(None, 1.0), (Some(2.0), f64::sqrt(3.0)), (Some(3.0), f64::sqrt(2.0))] {
            let points: Vec<_> = (0..4_032).map(|index| (index * 300, wander(index * 300))).collect();
            let found = next_week(Residuals { points: &points, coefficients: 0, weeks });
            assert!((found - expected).abs() < 0.03, "{found} of {weeks:?}");
            let [factors, without] =
                [weeks, None].map(|weeks| factors(Residuals { points: &points, coefficients: 0, weeks }));
            assert!((factors.0 / without.0 - found).abs() < 1e-9, "{factors:?} and {without:?}");
        }
        let alternating: Vec<_> = (0..4_032).map(|index| (index * 300, (index % 2 * 2 - 1) as f64)).collect();
        assert_eq!(next_week(Residuals { points: &alternating, coefficients: 0, weeks: Some(2.0) }), 1.0);
    }
}

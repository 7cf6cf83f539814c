//! What a model learns, each with the case that must not mislead it.

use super::super::curve::DAY_SECONDS;
use super::super::{Model, POINTS_MIN, Training, train};
use super::world::{Chance, START};

const HOUR: i64 = 3_600;
const PERIOD: i64 = 300;
/// The first Monday of the history.
const MONDAY: i64 = START + 4 * DAY_SECONDS;
/// The end of the usual two weeks.
const END: i64 = START + 14 * DAY_SECONDS;

pub(super) fn training() -> Training {
    Training { period_seconds: PERIOD, ..Training::default() }
}

/// Points of `value` over two weeks.
pub(super) fn fortnight(value: impl Fn(i64) -> f64) -> Vec<(i64, f64)> {
    (START..END).step_by(PERIOD as usize).map(|at| (at, value(at))).collect()
}

/// 100 by day, 20 by night, 60 % of it at weekends; and noise of 5 %.
fn payments(at: i64) -> f64 {
    payments_truth(at) * (1.0 + 0.05 * Chance(at as u64).normal())
}

/// As [`payments`], without noise.
fn payments_truth(at: i64) -> f64 {
    let hours = at.rem_euclid(DAY_SECONDS) as f64 / HOUR as f64;
    let hours_of_week = (at - MONDAY).rem_euclid(7 * DAY_SECONDS) as f64 / HOUR as f64;
    // Between Friday and Saturday, and Sunday and Monday, it takes four hours.
    let weekend = ((hours_of_week - 118.0) / 4.0).min((168.0 - hours_of_week) / 4.0).clamp(0.0, 1.0);
    60.0 * (1.0 - 0.66 * (std::f64::consts::TAU * (hours - 3.0) / 24.0).cos()) * (1.0 - 0.4 * weekend)
}

#[track_caller]
fn check_near(model: &Model, at: i64, expected: f64, share: f64) {
    let found = model.expected(at);
    assert!((found - expected).abs() <= share * expected.abs(), "{found} at {at}, not {expected}");
}

#[test]
fn too_little_gives_no_model() {
    let hourly = |count: i64| (0..count).map(|hour| (hour * HOUR, 5.0)).collect::<Vec<_>>();
    let period = |period_seconds| Training { period_seconds, ..Training::default() };
    let some = Training { excluded: vec![0..HOUR; 1], ..period(HOUR) };
    let mut with_none = hourly(24);
    with_none[7].1 = f64::NAN;
    for (points, training, is_some) in [
        (hourly(24), period(HOUR), true),
        (hourly(23), period(HOUR), false),
        (hourly(25), some.clone(), true),
        (hourly(24), some, false),
        (with_none, period(HOUR), false),
        (hourly(24), period(0), false),
        (hourly(24), period(-HOUR), false),
        (Vec::new(), period(HOUR), false),
        // Enough points, but within two hours.
        (fortnight(|_| 5.0)[..POINTS_MIN].to_vec(), period(PERIOD), false),
    ] {
        assert_eq!(train(&points, &training).is_some(), is_some, "{} points, {training:?}", points.len());
    }
}

#[test]
fn days_and_weekends_are_learnt() {
    let model = train(&fortnight(payments), &training()).unwrap();
    for day in 0..7 {
        for hour in (3..22).step_by(3) {
            let at = END + day * DAY_SECONDS + hour * HOUR;
            check_near(&model, at, payments_truth(at), 0.05);
        }
    }
    let at = END + 12 * HOUR;
    let deviation = 0.05 * payments_truth(at);
    assert!((model.deviation(at) / deviation - 1.0).abs() < 0.25, "{} not {deviation}", model.deviation(at));
    let band = model.band(at, 2.0);
    assert!(band.lower < model.expected(at) && model.expected(at) < band.upper);
    assert!(!band.excludes(payments_truth(at)) && band.excludes(payments_truth(at) * 1.3));
}

#[test]
fn incidents_in_the_history_are_not_learnt() {
    let noon = MONDAY + 12 * HOUR;
    let quiet = train(&fortnight(payments), &training()).unwrap();
    for (from, to, factor) in [
        // Six hours down; three hours five times as much; one wild point; a whole day at a tenth.
        (noon - 3 * HOUR, noon + 3 * HOUR, 0.0),
        (noon, noon + 3 * HOUR, 5.0),
        (noon, noon + PERIOD, 1_000.0),
        (MONDAY, MONDAY + DAY_SECONDS, 0.1),
    ] {
        let disturbed = |at| if (from..to).contains(&at) { payments(at) * factor } else { payments(at) };
        let model = train(&fortnight(disturbed), &training()).unwrap();
        for at in [noon + 7 * DAY_SECONDS, noon + 8 * DAY_SECONDS, noon + 14 * DAY_SECONDS + HOUR] {
            check_near(&model, at, payments_truth(at), 0.05);
            assert!(model.deviation(at) < 1.5 * quiet.deviation(at), "{factor} at {at}");
        }
    }
}

#[test]
fn excluded_ranges_are_not_learnt() {
    // Both Saturdays differ, so nothing tells that this is no habit.
    let (first, second) = (START + 2 * DAY_SECONDS, START + 9 * DAY_SECONDS);
    let ranges = vec![first..first + DAY_SECONDS, second..second + DAY_SECONDS];
    let value = |at: i64| if ranges.iter().any(|range| range.contains(&at)) { 10.0 } else { 100.0 };
    let noon = END + 2 * DAY_SECONDS + 12 * HOUR;
    let learnt = train(&fortnight(value), &training()).unwrap();
    let excluding = Training { excluded: ranges.clone(), ..training() };
    let excluded = train(&fortnight(value), &excluding).unwrap();
    check_near(&learnt, noon, 10.0, 0.1);
    check_near(&excluded, noon, 100.0, 0.1);
}

#[test]
fn local_time_shifts_day_and_week() {
    let shifted: Vec<_> = fortnight(payments).iter().map(|&(at, value)| (at - 2 * HOUR, value)).collect();
    let here = train(&fortnight(payments), &training()).unwrap();
    let there = train(&shifted, &Training { timezone_offset_seconds: 2 * HOUR, ..training() }).unwrap();
    for at in [END, END + 11 * HOUR, END + 3 * DAY_SECONDS] {
        assert_eq!(here.band(at, 2.0), there.band(at - 2 * HOUR, 2.0));
    }
}

#[test]
fn a_band_stays_at_zero_where_values_never_went_below() {
    let noisy = |at: i64, middle: f64| middle + Chance(at as u64).normal();
    let never = train(&fortnight(|at| noisy(at, 2.0).max(0.0)), &training()).unwrap();
    let sometimes = train(&fortnight(|at| noisy(at, 2.0)), &training()).unwrap();
    for at in [END, END + 13 * HOUR] {
        assert_eq!(never.band(at, 10.0).lower, 0.0);
        let band = sometimes.band(at, 10.0);
        // Ten deviations of 1 around 2, and up to a quarter more for what two weeks cannot know.
        assert!((-10.5..-8.0).contains(&band.lower) && (12.0..14.5).contains(&band.upper), "{band:?}");
        assert_eq!(never.band(at, -1.0), never.band(at, 0.0));
    }
}

#[test]
fn spikes_at_the_same_time_of_each_day_are_normal_if_told_so() {
    let batch_at = 2 * HOUR;
    let is_batch = |at: i64| at.rem_euclid(DAY_SECONDS) == batch_at;
    let points = fortnight(|at| payments(at) * if is_batch(at) { 8.0 } else { 1.0 });
    let at = END + batch_at;
    let plain = train(&points, &training()).unwrap();
    assert!(plain.band(at, 3.0).excludes(8.0 * payments_truth(at)));
    let told = train(&points, &Training { has_periodic_spikes: true, ..training() }).unwrap();
    check_near(&told, at, 8.0 * payments_truth(at), 0.1);
    let band = told.band(at, 3.0);
    assert!(!band.excludes(8.0 * payments_truth(at)) && !band.excludes(payments_truth(at)), "{band:?}");
    assert!(band.excludes(20.0 * payments_truth(at)));
    // Beside the spike nothing changes, told or not.
    for model in [&plain, &told] {
        check_near(model, at + 2 * PERIOD, payments_truth(at), 0.08);
        assert!(model.band(at + 2 * PERIOD, 3.0).excludes(2.0 * payments_truth(at)));
    }
}

#[test]
fn missing_points_are_unknown_unless_they_mean_zero() {
    let is_open = |at: i64| (8..20).contains(&(at.rem_euclid(DAY_SECONDS) / HOUR));
    let points: Vec<_> =
        fortnight(|at| 50.0 + Chance(at as u64).normal()).into_iter().filter(|p| is_open(p.0)).collect();
    let unknown = train(&points, &training()).unwrap();
    let zero = train(&points, &Training { missing_is_zero: true, ..training() }).unwrap();
    check_near(&unknown, END + 14 * HOUR, 50.0, 0.02);
    check_near(&zero, END + 14 * HOUR, 50.0, 0.02);
    assert!(zero.expected(END + 2 * HOUR) < 1.0, "{}", zero.expected(END + 2 * HOUR));
    assert!(unknown.expected(END + 2 * HOUR) > 20.0, "{}", unknown.expected(END + 2 * HOUR));
}

#[test]
fn a_trend_goes_on_for_a_week_and_then_stays() {
    let weeks = |at: i64| (at - START) as f64 / (7 * DAY_SECONDS) as f64;
    let model = train(&fortnight(|at| payments(at) * 1.1_f64.powf(weeks(at))), &training()).unwrap();
    let noon = END + 5 * DAY_SECONDS + 12 * HOUR;
    check_near(&model, noon, payments_truth(noon) * 1.1_f64.powf(weeks(noon)), 0.04);
    let (later, last) = (noon + 14 * DAY_SECONDS, noon + 70 * DAY_SECONDS);
    assert!((model.expected(later) / model.expected(last) - 1.0).abs() < 1e-9);
}

/// Had the second week been taken for growth, the third would be expected to be four times the first.
#[test]
fn a_level_that_changed_is_no_trend() {
    let noon = END + 12 * HOUR;
    let doubled_for = |days: i64| {
        let factor = |at: i64| if at >= END - days * DAY_SECONDS { 2.0 } else { 1.0 };
        train(&fortnight(|at| payments(at) * factor(at)), &training()).unwrap()
    };
    check_near(&doubled_for(3), noon, payments_truth(noon), 0.1);
    let band = doubled_for(7).band(noon, 2.0);
    for factor in [1.0, 2.0] {
        assert!(
            !band.excludes(factor * payments_truth(noon)),
            "{factor} times {} in {band:?}",
            payments_truth(noon)
        );
    }
    let tomorrow = noon + DAY_SECONDS;
    check_near(&doubled_for(13), tomorrow, 2.0 * payments_truth(tomorrow), 0.1);
}

#[test]
fn a_series_that_never_moved_may_move_by_little() {
    let constant = train(&fortnight(|_| 100.0), &training()).unwrap();
    let (band, zero) =
        (constant.band(END, 2.0), train(&fortnight(|_| 0.0), &training()).unwrap().band(END, 2.0));
    assert!(!band.excludes(100.0) && !band.excludes(99.0) && band.excludes(96.0), "{band:?}");
    assert!(!zero.excludes(0.0) && zero.excludes(1.0), "{zero:?}");
    let below_zero = train(&fortnight(|_| -7.0), &training()).unwrap().band(END, 2.0);
    assert!(
        !below_zero.excludes(-7.0) && below_zero.excludes(-9.0) && below_zero.excludes(-5.0),
        "{below_zero:?}"
    );
}

#[test]
fn counts_scatter_with_their_square_root() {
    for mean in [4.0, 25.0, 900.0] {
        let model = train(&fortnight(|at| Chance(at as u64).poisson(mean)), &training()).unwrap();
        let found = model.deviation(END);
        assert!((found / f64::sqrt(mean) - 1.0).abs() < 0.2, "{found} at {mean}");
    }
}

#[test]
fn rates_scatter_where_few_attempts_are_behind_them() {
    let attempts = |at: i64| if at.rem_euclid(DAY_SECONDS) < 6 * HOUR { 25.0 } else { 400.0 };
    let rate = |at: i64| 100.0 * Chance(at as u64).binomial(attempts(at), 0.9) / attempts(at);
    let model = train(&fortnight(rate), &training()).unwrap();
    // √(0.09 / 25) and √(0.09 / 400), in per cent: 6 and 1.5.
    let [night, day] = [3, 15].map(|hour| model.deviation(END + hour * HOUR));
    assert!((1.5..2.2).contains(&day), "{day} by day");
    assert!((3.5..5.5).contains(&(night / day)), "{night} at night, {day} by day");
}

#[test]
fn any_length_of_points_is_fitted() {
    for period_seconds in [60, 3_600, 6 * HOUR, DAY_SECONDS] {
        let days = if period_seconds > HOUR { 56 } else { 14 };
        let times = (START + 12 * HOUR..START + days * DAY_SECONDS).step_by(period_seconds as usize);
        let points: Vec<_> = times.map(|at| (at, payments(at))).collect();
        let model = train(&points, &Training { period_seconds, ..Training::default() }).unwrap();
        // Moments that have a point at every length.
        for day in 0..7 {
            let at = START + (days + day) * DAY_SECONDS + 12 * HOUR;
            check_near(&model, at, payments_truth(at), 0.1);
        }
    }
}

#[test]
fn hostile_points_do_not_break_anything() {
    let spread = |value: f64| fortnight(|at| if at % 7 == 0 { -value } else { value });
    let ends: Vec<_> = (0..30).map(|step| (i64::MAX - step * 4_000, 1.0)).chain([(i64::MIN, 1.0)]).collect();
    for points in [
        spread(f64::MAX),
        spread(f64::MIN_POSITIVE),
        spread(1e300),
        fortnight(|at| (at % 13) as f64 * 1e305),
        ends,
    ] {
        for missing_is_zero in [false, true] {
            let hostile = Training { missing_is_zero, timezone_offset_seconds: i64::MAX, ..training() };
            let Some(model) = train(&points, &hostile) else { continue };
            for at in [i64::MIN, 0, END, i64::MAX] {
                let band = model.band(at, 2.0);
                assert!(band.lower <= band.upper, "{band:?}");
            }
        }
    }
}

//! How often does an alarm fire on quiet months, and does it fire on incidents? The figures are printed
//! (`cargo test -p walletscope-series band -- --nocapture`) and stand in `docs/formats/anomaly-bands.md`.

use super::super::curve::DAY_SECONDS;
use super::super::{Model, SUGGESTED, Suggestion, Training, train};
use super::world::{Chance, Incident, Kind, PERIOD_SECONDS, START, Series};

/// What is trained on before each week.
const HISTORY_SECONDS: i64 = 14 * DAY_SECONDS;
/// What is watched: a month, and between trainings a week, longer than a server waits.
const MONTH_SECONDS: i64 = 30 * DAY_SECONDS;
const RETRAINED_AFTER_SECONDS: i64 = 7 * DAY_SECONDS;
/// An incident is tried at every so many points.
const INCIDENT_EVERY: usize = 37;

/// All of three points outside a band of AWS's default width.
const THREE_OF_THREE: Suggestion =
    Suggestion { period_seconds: PERIOD_SECONDS, points_outside: 3, points: 3, deviations: 2.0 };
/// Two of them.
const TWO_OF_THREE: Suggestion = Suggestion { points_outside: 2, ..THREE_OF_THREE };
const ALARMS: [Suggestion; 3] = [THREE_OF_THREE, TWO_OF_THREE, SUGGESTED];

/// What came out for series of one kind.
#[derive(Default)]
struct Outcome {
    months: usize,
    /// Alarms of [`ALARMS`] in quiet months, each counted when it begins.
    fired: [usize; ALARMS.len()],
    planted: usize,
    /// Found by [`SUGGESTED`] within two points.
    found: usize,
}

/// The trial: `months` series of `kind`, and the incident that is planted where `attempts_min` are expected.
struct Trial {
    kind: Kind,
    months: u64,
    incident: Incident,
    attempts_min: f64,
    /// See [`Series::drawn`].
    wander: f64,
}

impl Trial {
    fn run(&self) -> Outcome {
        let mut outcome = Outcome::default();
        for seed in 0..self.months {
            let mut chance = Chance(seed * 7_919 + self.kind as u64);
            let series = Series::drawn(self.kind, self.wander, &mut chance);
            self.watch(&series, &mut chance, &mut outcome);
        }
        outcome
    }

    fn watch(&self, series: &Series, chance: &mut Chance, outcome: &mut Outcome) {
        let points = series.quiet(START, START + HISTORY_SECONDS + MONTH_SECONDS, chance);
        let first = points.partition_point(|point| point.0 < START + HISTORY_SECONDS);
        let mut is_outside: [Vec<bool>; ALARMS.len()] = Default::default();
        let weeks = points[first..].chunk_by(|left, right| week(left.0) == week(right.0));
        for week in weeks {
            let known = points.partition_point(|point| point.0 < week[0].0);
            let forgotten = points.partition_point(|point| point.0 < week[0].0 - HISTORY_SECONDS);
            let training = Training { period_seconds: PERIOD_SECONDS, ..Training::default() };
            let model = train(&points[forgotten..known], &training).unwrap();
            for (index, &(at, value)) in week.iter().enumerate() {
                if index % INCIDENT_EVERY == 0 && series.attempts(at) >= self.attempts_min {
                    let before = is_outside[2].last().copied().unwrap_or(false);
                    outcome.planted += usize::from(self.incident != Incident::None);
                    outcome.found += usize::from(self.finds(&model, series, at, before, chance));
                }
                for (alarm, is_outside) in ALARMS.iter().zip(&mut is_outside) {
                    is_outside.push(model.band(at, alarm.deviations).excludes(value));
                }
            }
        }
        outcome.months += 1;
        for ((alarm, is_outside), fired) in ALARMS.iter().zip(&is_outside).zip(&mut outcome.fired) {
            *fired += beginnings(alarm, is_outside);
        }
    }

    /// True if the incident at `at` is found by its second point; `before` is whether the point before was outside.
    fn finds(&self, model: &Model, series: &Series, at: i64, before: bool, chance: &mut Chance) -> bool {
        let mut is_outside = |at: i64| {
            let value = series.point(at, self.incident, chance);
            value.is_some_and(|value| model.band(at, SUGGESTED.deviations).excludes(value))
        };
        let outside = [before, is_outside(at), is_outside(at + PERIOD_SECONDS)];
        outside.into_iter().filter(|is| *is).count() >= SUGGESTED.points_outside
    }
}

fn week(at: i64) -> i64 {
    (at - START) / RETRAINED_AFTER_SECONDS
}

/// How often the alarm goes from quiet to firing.
fn beginnings(alarm: &Suggestion, is_outside: &[bool]) -> usize {
    let fires = |window: &[bool]| window.iter().filter(|is| **is).count() >= alarm.points_outside;
    let states: Vec<bool> = is_outside.windows(alarm.points).map(fires).collect();
    states.windows(2).filter(|pair| !pair[0] && pair[1]).count() + usize::from(states.first() == Some(&true))
}

fn check(trial: &Trial) {
    let outcome = trial.run();
    let months = outcome.months as f64;
    let [three, two, suggested] = outcome.fired.map(|fired| fired as f64 / months);
    println!(
        "{:?}, hours off by {:.0} %: {months} quiet months; alarms a month: 3 of 3 at 2 deviations {three:.2}, 2 of 3 at 2 deviations \
         {two:.1}, suggested {suggested:.2}; {} of {} {:?} found in two points",
        trial.kind,
        100.0 * trial.wander,
        outcome.found,
        outcome.planted,
        trial.incident,
    );
    if trial.wander == 0.0 {
        assert!(three <= 1.0, "3 of 3 at 2 deviations: {three} a month");
    }
    assert!(suggested <= 1.0, "suggested: {suggested} a month");
    assert!(outcome.found * 10 >= outcome.planted * 9, "{} of {}", outcome.found, outcome.planted);
}

/// Three times ten is the least that stands out of ten: 30 ± 5.5 against 10 + 3 × 3.2 and the step of a count.
#[test]
fn counts_are_quiet_and_threefold_spikes_from_ten_a_point_are_found() {
    check(&Trial {
        kind: Kind::Count,
        months: 34,
        incident: Incident::Spike(3.0),
        attempts_min: 10.0,
        wander: 0.0,
    });
}

/// Ten points of a hundred are four deviations of the rate of 150 attempts at 90 %.
#[test]
fn success_rates_are_quiet_and_declines_by_ten_points_of_150_attempts_are_found() {
    check(&Trial {
        kind: Kind::SuccessRate,
        months: 33,
        incident: Incident::Decline(10.0),
        attempts_min: 150.0,
        wander: 0.0,
    });
}

#[test]
fn latencies_are_quiet() {
    check(&Trial {
        kind: Kind::Latency,
        months: 33,
        incident: Incident::None,
        attempts_min: 0.0,
        wander: 0.0,
    });
}

/// Hours that are a tenth busier or quieter for no reason put whole rows of points to one side.
#[test]
fn counts_that_wander_are_quiet_with_the_suggested_alarm() {
    let incident = Incident::Spike(3.0);
    check(&Trial { kind: Kind::Count, months: 10, incident, attempts_min: 10.0, wander: 0.1 });
}

#[test]
fn an_alarm_begins_once() {
    let cases: [(&[u8], usize); 5] =
        [(b"", 0), (b"110", 1), (b"0101101", 1), (b"0110001100", 2), (b"1001001", 0)];
    for (points, expected) in cases {
        let is_outside: Vec<bool> = points.iter().map(|point| *point == b'1').collect();
        assert_eq!(beginnings(&TWO_OF_THREE, &is_outside), expected, "{points:?}");
    }
}

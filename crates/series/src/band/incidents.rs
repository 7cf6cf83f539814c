//! Which points of the history are incidents, not to be learnt, and which are wild by nature?
//!
//! A point far off alone says little: rates of few attempts jump so all day. Several far ones in a row are an incident,
//! unless the same hour does so on many days: then it is the season, or a level that changed.

use super::curve::DAY_SECONDS;
use super::spikes::Spike;

/// Up to so many deviations a point counts fully.
const NEAR: f64 = 3.0;
/// From so many on it is far off.
const FAR: f64 = 6.0;
/// Up to so many deviations a distance counts fully for the scatter.
const WIDE: f64 = 12.0;
/// A row of points is so long in seconds, within these numbers of points.
const ROW_SECONDS: i64 = 1_800;
const ROW_POINTS: (i64, i64) = (3, 30);
/// Of the points of an hour of the day, one in so many in incidents makes them normal.
const NORMAL_ONE_IN: usize = 4;
/// Hours of a day.
const HOURS: usize = 24;

/// The weight, at most 1, of a point so many deviations off when the level is sought: its pull grows up to [`NEAR`]
/// deviations and fades beyond.
pub(super) fn trust(deviations: f64) -> f64 {
    (NEAR / deviations.abs().max(NEAR)).powi(2)
}

/// As how many deviations off a point counts for the scatter: beyond [`WIDE`], the less the farther.
pub(super) fn counted(deviations: f64) -> f64 {
    let deviations = deviations.abs();
    if deviations <= WIDE { deviations } else { WIDE * WIDE / deviations }
}

/// For each point whether it belongs to an incident: `deviations` says how far off it is, `locals` its local second.
pub(super) fn incidents(period_seconds: i64, locals: &[i64], deviations: &[f64]) -> Vec<bool> {
    let row = (ROW_SECONDS / period_seconds).clamp(ROW_POINTS.0, ROW_POINTS.1) as usize;
    let is_far: Vec<bool> = deviations.iter().map(|deviations| deviations.abs() >= FAR).collect();
    let mut is_incident = vec![false; is_far.len()];
    let mut far: usize = 0;
    for last in 0..is_far.len() {
        far += usize::from(is_far[last]);
        far -= usize::from(last >= row && is_far[last - row]);
        if far * 3 >= row * 2 {
            let first = (last + 1).saturating_sub(row);
            is_incident[first..=last].copy_from_slice(&is_far[first..=last]);
        }
    }
    forgive_habits(locals, &mut is_incident);
    is_incident
}

/// What happens at the same hour on many days is no incident.
fn forgive_habits(locals: &[i64], is_incident: &mut [bool]) {
    let hour_of = |local: i64| (local.rem_euclid(DAY_SECONDS) / 3_600) as usize;
    let mut hours = [(0, 0); HOURS];
    for (&local, &is_incident) in locals.iter().zip(&*is_incident) {
        let (points, incidents) = &mut hours[hour_of(local)];
        *points += 1;
        *incidents += usize::from(is_incident);
    }
    for (&local, is_incident) in locals.iter().zip(is_incident) {
        let (points, incidents) = hours[hour_of(local)];
        *is_incident &= incidents * NORMAL_ONE_IN < points;
    }
}

/// For each point whether its slot of the day is a spike's.
pub(super) fn in_spikes(spikes: &[Spike], period_seconds: i64, locals: &[i64]) -> Vec<bool> {
    let is_in = |&local: &i64| {
        let slot = Spike::slot_of(local, period_seconds);
        spikes.binary_search_by_key(&slot, |spike| spike.slot).is_ok()
    };
    locals.iter().map(is_in).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD_SECONDS: i64 = 300;
    const DAY_POINTS: i64 = DAY_SECONDS / PERIOD_SECONDS;

    /// How many points of two weeks are incidents, if the points with these numbers are far off.
    fn found(is_far: impl Fn(i64) -> bool) -> usize {
        let numbers = 0..14 * DAY_POINTS;
        let locals: Vec<i64> = numbers.clone().map(|number| number * PERIOD_SECONDS).collect();
        let deviations: Vec<f64> = numbers.map(|number| if is_far(number) { -7.0 } else { 1.0 }).collect();
        incidents(PERIOD_SECONDS, &locals, &deviations).into_iter().filter(|is| *is).count()
    }

    #[test]
    fn rows_far_off_are_incidents_unless_they_are_habits() {
        assert_eq!(found(|_| false), 0);
        // An hour of one day, with a gap; four points of half an hour; three of it.
        assert_eq!(found(|number| (100..112).contains(&number) && number != 105), 11);
        assert_eq!(found(|number| (100..104).contains(&number)), 4);
        assert_eq!(found(|number| (100..103).contains(&number)), 0);
        // One point in ten, all day long.
        assert_eq!(found(|number| number % 10 == 0), 0);
        // An hour of three days and of four.
        let hour_of =
            |number: i64, days: i64| number / DAY_POINTS < days && (96..108).contains(&(number % DAY_POINTS));
        assert_eq!(found(|number| hour_of(number, 3)), 36);
        assert_eq!(found(|number| hour_of(number, 4)), 0);
    }

    #[test]
    fn what_lies_far_off_alone_has_a_bounded_say() {
        for (deviations, trust_expected, counted_expected) in [
            (0.0, 1.0, 0.0),
            (-3.0, 1.0, 3.0),
            (6.0, 0.25, 6.0),
            (-12.0, 0.0625, 12.0),
            (144.0, 0.000_434, 1.0),
        ] {
            assert!((trust(deviations) - trust_expected).abs() < 1e-6, "{deviations}");
            assert!((counted(deviations) - counted_expected).abs() < 1e-9, "{deviations}");
        }
    }
}

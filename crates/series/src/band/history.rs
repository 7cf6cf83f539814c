//! Which points does a model learn from?
//!
//! The finite ones outside the excluded ranges, in order of time, the last of several at one moment, the newest
//! [`POINTS_MAX`] of the last [`HISTORY_SECONDS_MAX`]. What is missing stays missing unless the training says that it means zero.

use super::curve::DAY_SECONDS;
use super::train::Training;

/// Fewer points give no model.
pub const POINTS_MIN: usize = 24;
/// A shorter history gives no model: from the start of the first point to the end of the last, in seconds.
pub const SPAN_SECONDS_MIN: i64 = DAY_SECONDS;
/// Of more points the newest count: five weeks of minutes.
pub const POINTS_MAX: usize = 50_400;
/// Points that lie longer before the newest do not count, in seconds: twelve weeks.
pub const HISTORY_SECONDS_MAX: i64 = 84 * DAY_SECONDS;
/// From this span on, some weekday was seen twice, and weekdays and trend are told apart.
const WEEKLY_SPAN_SECONDS_MIN: i64 = 8 * DAY_SECONDS;

/// Points to learn from: at least [`POINTS_MIN`], ascending in time, all finite.
#[derive(Clone, Debug)]
pub(super) struct History {
    pub(super) points: Vec<(i64, f64)>,
    /// From the start of the first to the end of the last.
    pub(super) span_seconds: i64,
    /// No value is below zero.
    pub(super) is_non_negative: bool,
}

impl History {
    /// What of `points` counts; `None` if that is too little.
    pub(super) fn of(points: &[(i64, f64)], training: &Training) -> Option<Self> {
        if training.period_seconds <= 0 {
            return None;
        }
        let mut kept: Vec<_> = points.iter().copied().filter(|point| point.1.is_finite()).collect();
        // Stable, so the last of several at one moment comes last and is taken.
        kept.sort_by_key(|point| point.0);
        kept.dedup_by(|later, earlier| {
            let is_same = later.0 == earlier.0;
            if is_same {
                earlier.1 = later.1;
            }
            is_same
        });
        let oldest = kept.last()?.0.saturating_sub(HISTORY_SECONDS_MAX);
        kept.retain(|point| point.0 >= oldest);
        if training.missing_is_zero {
            kept = filled(&kept, training.period_seconds);
        }
        kept.retain(|point| !training.excluded.iter().any(|range| range.contains(&point.0)));
        kept.drain(..kept.len().saturating_sub(POINTS_MAX));
        Self::of_kept(kept, training.period_seconds)
    }

    fn of_kept(points: Vec<(i64, f64)>, period_seconds: i64) -> Option<Self> {
        let (first, last) = (points.first()?.0, points.last()?.0);
        let span_seconds = last.saturating_sub(first).saturating_add(period_seconds);
        let is_non_negative = points.iter().all(|point| point.1 >= 0.0);
        let is_enough = points.len() >= POINTS_MIN && span_seconds >= SPAN_SECONDS_MIN;
        is_enough.then_some(Self { points, span_seconds, is_non_negative })
    }

    /// The time of the last point, in epoch seconds.
    pub(super) fn last_at(&self) -> i64 {
        self.points.last().map_or(0, |point| point.0)
    }

    /// True if days of the week and a trend can be learnt.
    pub(super) fn knows_weeks(&self) -> bool {
        self.span_seconds >= WEEKLY_SPAN_SECONDS_MIN
    }
}

/// The newest [`POINTS_MAX`] periods up to the last point, zeros where `points` has none.
fn filled(points: &[(i64, f64)], period_seconds: i64) -> Vec<(i64, f64)> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let span_max = period_seconds.saturating_mul(POINTS_MAX as i64 - 1);
    let start = first.0.max(last.0.saturating_sub(span_max));
    let mut rest = points.iter().copied().skip_while(|point| point.0 < start).peekable();
    let mut filled = Vec::new();
    let mut at = rest.peek().map_or(start, |point| point.0);
    while let Some(next) = rest.peek().copied() {
        if next.0.saturating_sub(at) < period_seconds {
            filled.push(next);
            rest.next();
            at = next.0.saturating_add(period_seconds);
        } else {
            filled.push((at, 0.0));
            at = at.saturating_add(period_seconds);
        }
    }
    filled
}

//! What stands in the buckets that have no point?

use super::period::same_period;
use super::{Grid, Series};

/// What `FILL` puts into a bucket that is missing.
pub(super) enum Filler {
    Number(f64),
    /// The value of the same bucket, if this has one.
    Series(Series),
    /// The value before; nothing before the first.
    Repeat,
    /// On the line between the values before and behind; nothing before the first and behind the last, where there is
    /// no line.
    Linear,
}

/// A series with the missing buckets of the grid filled. Points outside of the grid stay as they are.
pub(super) fn filled(series: Series, filler: &Filler, grid: Grid) -> Series {
    match filler {
        Filler::Number(number) => with_missing(series, grid, |_, _, _| Some(*number)),
        Filler::Series(filler) => {
            let [series, filler] = same_period([&series, filler]);
            with_missing(series.into_owned(), grid, |time, _, _| filler.at(time))
        }
        Filler::Repeat => with_missing(series, grid, |_, before, _| Some(before?.1)),
        Filler::Linear => with_missing(series, grid, |time, before, behind| {
            let (before, behind) = (before?, behind?);
            let share = (time - before.0) as f64 / (behind.0 - before.0) as f64;
            Some(before.1 + (behind.1 - before.1) * share)
        }),
    }
}

/// Puts into each missing bucket what `missing` says of its start and of the points around it.
fn with_missing(
    mut series: Series,
    grid: Grid,
    missing: impl Fn(i64, Option<(i64, f64)>, Option<(i64, f64)>) -> Option<f64>,
) -> Series {
    let mut own = std::mem::take(&mut series.points).into_iter().peekable();
    let mut points = Vec::new();
    let mut before = None;
    for time in grid.buckets(series.period_seconds) {
        while let Some(point) = own.next_if(|point| point.0 < time) {
            before = Some(point);
            points.push(point);
        }
        if own.peek().is_none_or(|point| point.0 != time) {
            points.extend(missing(time, before, own.peek().copied()).map(|value| (time, value)));
        }
    }
    points.extend(own);
    series.with_points(points)
}

//! What do functions make of one series, each point from itself or from those before it?

use walletscope_language::metric_math::Function;

use super::Series;

/// A function that takes a series, or each series of an array. All others leave it as it is.
pub(super) fn applied(function: Function, series: Series) -> Series {
    match function {
        Function::Abs => series.map(f64::abs),
        Function::Ceil => series.map(f64::ceil),
        Function::Floor => series.map(f64::floor),
        Function::Log => series.map(f64::ln),
        Function::Log10 => series.map(f64::log10),
        Function::Diff => from_previous(series, |difference, _| difference),
        Function::DiffTime => from_previous(series, |_, seconds| seconds),
        Function::Rate => from_previous(series, |difference, seconds| difference / seconds),
        Function::RunningSum => running_sum(series),
        _ => series,
    }
}

/// What `change` makes of the difference and the seconds to the point before, however far back that is. The first
/// point has none before it and is dropped.
fn from_previous(series: Series, change: fn(f64, f64) -> f64) -> Series {
    let points: Vec<_> = series
        .points
        .windows(2)
        .map(|pair| (pair[1].0, change(pair[1].1 - pair[0].1, (pair[1].0 - pair[0].0) as f64)))
        .collect();
    series.with_points(points)
}

fn running_sum(mut series: Series) -> Series {
    let points = std::mem::take(&mut series.points);
    let mut sum = 0.0;
    series.with_points(points.into_iter().map(|(time, value)| {
        sum += value;
        (time, sum)
    }))
}

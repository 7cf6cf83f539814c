//! Which series of an array, and in which order?

use std::cmp::Ordering;

use walletscope_language::metric_math::Word;

use super::Series;
use super::statistic::Statistic;

/// The series by a statistic of their points, lowest first, or highest first with `DESC`. Equal ones keep their order.
/// AWS does not say where series without points go; here they come last either way.
pub(super) fn sorted(all: Vec<Series>, words: &[Word]) -> Vec<Series> {
    let statistic = words.iter().find_map(|word| Statistic::of_word(*word)).unwrap_or(Statistic::Sum);
    let is_descending = words.contains(&Word::Desc);
    let mut keyed: Vec<(f64, Series)> =
        all.into_iter().map(|series| (statistic.of_points(&series), series)).collect();
    keyed.sort_by(|(left, _), (right, _)| {
        let (first, second) = if is_descending { (right, left) } else { (left, right) };
        // Zeros of both signs are equal; without a statistic there is nothing to compare.
        let order = first.partial_cmp(second).unwrap_or(Ordering::Equal);
        left.is_nan().cmp(&right.is_nan()).then(order)
    });
    keyed.into_iter().map(|(_, series)| series).collect()
}

/// The series from place `start` up to `end`, that not included, or to the last.
pub(super) fn sliced(all: Vec<Series>, start: usize, end: Option<usize>) -> Vec<Series> {
    let count = end.unwrap_or(usize::MAX).saturating_sub(start);
    all.into_iter().skip(start).take(count).collect()
}

/// The place in an array that a number means: whole, zero or more. AWS does not say what else would mean.
pub(super) fn index(value: f64) -> Option<usize> {
    (value >= 0.0 && value.fract() == 0.0).then_some(value as usize)
}

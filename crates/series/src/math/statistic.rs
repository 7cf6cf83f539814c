//! What do many values come to: those of one series as a number, those of an array bucket by bucket?

use walletscope_language::metric_math::{Function, Word};

use super::period::resampled;
use super::{Series, Value};

/// A way to make one number of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statistic {
    Average,
    DatapointCount,
    Maximum,
    Minimum,
    StandardDeviation,
    Sum,
}

impl Statistic {
    pub fn of_function(function: Function) -> Option<Self> {
        match function {
            Function::Avg => Some(Self::Average),
            Function::DatapointCount => Some(Self::DatapointCount),
            Function::Max => Some(Self::Maximum),
            Function::Min => Some(Self::Minimum),
            Function::Stddev => Some(Self::StandardDeviation),
            Function::Sum => Some(Self::Sum),
            _ => None,
        }
    }

    pub fn of_word(word: Word) -> Option<Self> {
        match word {
            Word::Avg => Some(Self::Average),
            Word::Max => Some(Self::Maximum),
            Word::Min => Some(Self::Minimum),
            Word::Sum => Some(Self::Sum),
            Word::Asc | Word::Desc | Word::Linear | Word::Repeat => None,
        }
    }

    /// A number of one series, a series of an array. An array without series has the `period_seconds` of the request.
    pub fn of_value(self, value: &Value, period_seconds: u32) -> Value {
        match value {
            Value::Scalar(_) => Value::Scalar(f64::NAN),
            Value::Series(series) => Value::Scalar(self.of_points(series)),
            Value::Array(all) => Value::Series(self.across(all, period_seconds)),
        }
    }

    /// Over the points that a series has. AWS says so of AVG, and then that missing values are treated as 0; here that
    /// is taken to be said of arrays alone.
    pub fn of_points(self, series: &Series) -> f64 {
        let values: Vec<f64> = series.points.iter().map(|point| point.1).collect();
        self.of_values(&values)
    }

    /// Over no values there is none, not even a sum, but for their count. AWS says nothing about that, nor which
    /// standard deviation it means; this is that of a whole population.
    fn of_values(self, values: &[f64]) -> f64 {
        let count = values.len() as f64;
        if self == Self::DatapointCount {
            return count;
        }
        let sum: f64 = values.iter().sum();
        let average = sum / count;
        let number = match self {
            _ if values.is_empty() => f64::NAN,
            Self::Sum | Self::DatapointCount => sum,
            Self::Average => average,
            Self::Maximum => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Minimum => values.iter().copied().fold(f64::INFINITY, f64::min),
            Self::StandardDeviation => {
                let squares: f64 = values.iter().map(|value| (value - average).powi(2)).sum();
                (squares / count).sqrt()
            }
        };
        if number.is_finite() { number } else { f64::NAN }
    }

    /// Bucket by bucket, wherever at least one series has a point. The average treats what the others lack as 0, so it
    /// divides by the number of series; a sum need not. AWS says nothing of the rest: they look at the points that are
    /// there.
    fn across(self, all: &[Series], period_seconds: u32) -> Series {
        let coarsest = all.iter().map(|series| series.period_seconds).max().unwrap_or(period_seconds);
        let mut points: Vec<(i64, f64)> = Vec::new();
        for series in all {
            points.extend(&resampled(series, coarsest).points);
        }
        // Stable, so that sums add up in the order of the array.
        points.sort_by_key(|point| point.0);
        let buckets = points.chunk_by(|left, right| left.0 == right.0).map(|bucket| {
            let values: Vec<f64> = bucket.iter().map(|point| point.1).collect();
            let number = match self {
                Self::Average => Self::Sum.of_values(&values) / all.len() as f64,
                _ => self.of_values(&values),
            };
            (bucket[0].0, number)
        });
        Series::empty(coarsest).with_points(buckets)
    }
}

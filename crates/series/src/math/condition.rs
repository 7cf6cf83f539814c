//! Which of two values does `IF` choose, bucket by bucket?
//!
//! A condition holds where it is not 0. Where it holds and the chosen series has no point, the result is 0; where it
//! does not hold and there is nothing to choose, or where the condition itself is missing, the result is missing
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#using-IF-expressions>).

use super::period::resampled;
use super::{Series, Value};

/// `IF(condition, choices…)`: the value where the condition holds, then perhaps one for where it does not.
pub(super) fn choose(condition: Value, choices: Vec<Value>) -> Series {
    let all: Vec<&Series> = condition.series().iter().chain(choices.iter().flat_map(Value::series)).collect();
    let (label, origin) = Series::shared_identity(&all);
    let period_seconds = all.iter().map(|series| series.period_seconds).max().unwrap_or(1);
    let mut choices = choices.into_iter().map(|choice| Choice::new(choice, period_seconds));
    let (then, otherwise) = (choices.next(), choices.next());
    let points = match condition {
        Value::Scalar(number) if number.is_nan() => Vec::new(),
        Value::Scalar(number) => {
            let chosen = if number != 0.0 { then } else { otherwise };
            chosen.map_or_else(Vec::new, Choice::into_points)
        }
        condition => {
            let conditions = condition
                .series()
                .iter()
                .flat_map(|series| resampled(series, period_seconds).into_owned().points);
            let chosen = conditions.filter_map(|(time, holds)| {
                let value = if holds != 0.0 {
                    then.as_ref().and_then(|then| then.at(time)).unwrap_or(0.0)
                } else {
                    otherwise.as_ref()?.at(time)?
                };
                Some((time, value))
            });
            chosen.collect()
        }
    };
    Series { label, origin, ..Series::empty(period_seconds) }.with_points(points)
}

enum Choice {
    Number(f64),
    Series(Series),
}

impl Choice {
    fn new(value: Value, period_seconds: u32) -> Self {
        match value {
            Value::Scalar(number) => Self::Number(number),
            value => {
                let series =
                    value.series().first().map(|series| resampled(series, period_seconds).into_owned());
                series.map_or(Self::Number(f64::NAN), Self::Series)
            }
        }
    }

    fn at(&self, time: i64) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Series(series) => series.at(time),
        }
    }

    /// All points of a series. A number has none of its own; a condition that is a number never chooses one.
    fn into_points(self) -> Vec<(i64, f64)> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Series(series) => series.points,
        }
    }
}

//! What do operators say, point by point?
//!
//! Between two series a bucket has a value where at least one of them has, and what the other lacks counts as 0.
//! Between a series and a number only the series' own points count. A member of an array stays what it is, whatever it
//! is joined with.

use walletscope_language::metric_math::Operator;

use super::period::same_period;
use super::{Series, Value};

/// The value of two operands whose sorts go together.
pub(super) fn joined(operator: Operator, left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Scalar(left), Value::Scalar(right)) => Value::Scalar(applied(operator, left, right)),
        (left, Value::Scalar(right)) => {
            left.map_series(|series| series.map(|left| applied(operator, left, right)))
        }
        (Value::Scalar(left), right) => {
            right.map_series(|series| series.map(|right| applied(operator, left, right)))
        }
        (Value::Series(left), Value::Series(right)) => {
            let (label, origin) = Series::shared_identity(&[&left, &right]);
            Value::Series(Series { label, origin, ..pointwise(operator, &left, &right) })
        }
        (left, Value::Series(right)) => {
            left.map_series(|left| member(&left, pointwise(operator, &left, &right)))
        }
        (Value::Series(left), right) => {
            right.map_series(|right| member(&right, pointwise(operator, &left, &right)))
        }
        // No operator joins two arrays.
        (Value::Array(_), Value::Array(_)) => Value::Array(Vec::new()),
    }
}

/// What an operator makes of two numbers; NaN if that is no finite number or one of them is NaN.
pub(super) fn applied(operator: Operator, left: f64, right: f64) -> f64 {
    if left.is_nan() || right.is_nan() {
        return f64::NAN;
    }
    let result = match operator {
        Operator::Or => truth(left != 0.0 || right != 0.0),
        Operator::And => truth(left != 0.0 && right != 0.0),
        Operator::Equal => truth(left == right),
        Operator::NotEqual => truth(left != right),
        Operator::Less => truth(left < right),
        Operator::LessOrEqual => truth(left <= right),
        Operator::Greater => truth(left > right),
        Operator::GreaterOrEqual => truth(left >= right),
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        Operator::Power => left.powf(right),
    };
    if result.is_finite() { result } else { f64::NAN }
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

fn member(of: &Series, points: Series) -> Series {
    Series { label: of.label.clone(), origin: of.origin, ..points }
}

fn pointwise(operator: Operator, left: &Series, right: &Series) -> Series {
    let [left, right] = same_period([left, right]);
    let (mut lefts, mut rights) = (left.points.iter().peekable(), right.points.iter().peekable());
    let points = std::iter::from_fn(|| {
        let time = [lefts.peek(), rights.peek()].into_iter().flatten().map(|point| point.0).min()?;
        let left = lefts.next_if(|point| point.0 == time).map_or(0.0, |point| point.1);
        let right = rights.next_if(|point| point.0 == time).map_or(0.0, |point| point.1);
        Some((time, applied(operator, left, right)))
    });
    Series::empty(left.period_seconds).with_points(points)
}

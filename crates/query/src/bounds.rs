//! What do a query's filters say about time, in the words of the column that they do not mention?
//!
//! Every table has `timestamp` and, beside it, `date`, the UTC day of it. A bound on one is a bound on the other. The
//! interval that all filters together allow is computed once and said for both columns; a filter that is not understood
//! allows everything, so an implied filter never removes a row that the query's own filters keep.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Cast, Expr, Operator, ident, lit};

const DAY: i64 = 86_400_000_000;

/// The filters on `timestamp` and `date` that follow from `filters`.
pub(crate) fn implied(filters: &[Expr]) -> Vec<Expr> {
    let interval = filters.iter().map(allowed).fold(Interval::ALL, Interval::and);
    let mut implied = Vec::new();
    let time = |micros| lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("+00:00".into())));
    let day = |micros: i64| lit(ScalarValue::Date32(i32::try_from(micros.div_euclid(DAY)).ok()));
    if let Some(from) = interval.from {
        implied.push(ident("timestamp").gt_eq(time(from)));
        implied.push(ident("date").gt_eq(day(from)));
    }
    if let Some(to) = interval.to {
        implied.push(ident("timestamp").lt(time(to)));
        implied.push(ident("date").lt_eq(day(to.saturating_sub(1))));
    }
    implied
}

/// Instants from `from` until before `to`, in microseconds; `None` is no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Interval {
    from: Option<i64>,
    to: Option<i64>,
}

impl Interval {
    const ALL: Self = Self { from: None, to: None };

    fn of(from: i64, to: i64) -> Self {
        Self { from: Some(from), to: Some(to) }
    }

    fn and(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            to: match (self.to, other.to) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
        }
    }

    fn or(self, other: Self) -> Self {
        let both = |one: Option<i64>, other: Option<i64>, pick: fn(i64, i64) -> i64| Some(pick(one?, other?));
        Self { from: both(self.from, other.from, i64::min), to: both(self.to, other.to, i64::max) }
    }
}

/// The instants that an expression may be true for.
fn allowed(filter: &Expr) -> Interval {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => allowed(left).and(allowed(right)),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => allowed(left).or(allowed(right)),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (time_of(left), instants(right)) {
            (Some(column), Some(value)) => compared(column, *op, value),
            _ => match (time_of(right), instants(left), op.swap()) {
                (Some(column), Some(value), Some(op)) => compared(column, op, value),
                _ => Interval::ALL,
            },
        },
        Expr::Between(Between { expr, negated: false, low, high }) => {
            let bound = |op, value: &Expr| Some(compared(time_of(expr)?, op, instants(value)?));
            let low = bound(Operator::GtEq, low).unwrap_or(Interval::ALL);
            low.and(bound(Operator::LtEq, high).unwrap_or(Interval::ALL))
        }
        Expr::InList(InList { expr, list, negated: false }) => {
            let one = |value: &Expr| Some(compared(time_of(expr)?, Operator::Eq, instants(value)?));
            let all = list.iter().map(|value| one(value).unwrap_or(Interval::ALL));
            all.reduce(Interval::or).unwrap_or(Interval::ALL)
        }
        _ => Interval::ALL,
    }
}

/// What is compared: an instant, or the day of one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TimeColumn {
    Instant,
    Day,
}

fn time_of(expr: &Expr) -> Option<TimeColumn> {
    match expr {
        Expr::Column(column) if column.name == "timestamp" => Some(TimeColumn::Instant),
        Expr::Column(column) if column.name == "date" => Some(TimeColumn::Day),
        // A cast to another unit of time loses nothing that a bound needs; a cast to a day is that day.
        Expr::Cast(Cast { expr, data_type }) => match (time_of(expr)?, data_type) {
            (TimeColumn::Instant, arrow::datatypes::DataType::Timestamp(unit, Some(_))) => {
                (*unit >= arrow::datatypes::TimeUnit::Microsecond).then_some(TimeColumn::Instant)
            }
            (TimeColumn::Instant, arrow::datatypes::DataType::Date32) => Some(TimeColumn::Day),
            (TimeColumn::Day, arrow::datatypes::DataType::Timestamp(..)) => Some(TimeColumn::Day),
            _ => None,
        },
        _ => None,
    }
}

/// A constant as the microseconds that it begins and ends in: they differ for what lies between two microseconds.
fn instants(expr: &Expr) -> Option<(i64, i64)> {
    let Expr::Literal(value, _) = expr else { return None };
    match value {
        ScalarValue::TimestampSecond(Some(value), _) => whole(value.checked_mul(1_000_000)?),
        ScalarValue::TimestampMillisecond(Some(value), _) => whole(value.checked_mul(1_000)?),
        ScalarValue::TimestampMicrosecond(Some(value), _) => whole(*value),
        ScalarValue::TimestampNanosecond(Some(value), _) => {
            let floor = value.div_euclid(1_000);
            Some((floor, floor + i64::from(value.rem_euclid(1_000) != 0)))
        }
        ScalarValue::Date32(Some(value)) => whole(i64::from(*value).checked_mul(DAY)?),
        _ => None,
    }
}

fn whole(micros: i64) -> Option<(i64, i64)> {
    Some((micros, micros))
}

fn compared(column: TimeColumn, op: Operator, (floor, ceiling): (i64, i64)) -> Interval {
    match column {
        TimeColumn::Instant => match op {
            Operator::Eq => Interval::of(floor, ceiling.saturating_add(1)),
            Operator::Gt => Interval { from: Some(floor.saturating_add(1)), to: None },
            Operator::GtEq => Interval { from: Some(ceiling), to: None },
            Operator::Lt => Interval { from: None, to: Some(ceiling) },
            Operator::LtEq => Interval { from: None, to: Some(floor.saturating_add(1)) },
            _ => Interval::ALL,
        },
        // The day begins at or before the constant's own day, so its instants reach to that day's end.
        TimeColumn::Day => {
            let day = floor.div_euclid(DAY) * DAY;
            let next = day.saturating_add(DAY);
            let is_midnight = day == floor && floor == ceiling;
            match op {
                Operator::Eq => Interval::of(day, next),
                Operator::Gt => Interval { from: Some(next), to: None },
                Operator::GtEq => Interval { from: Some(if is_midnight { day } else { next }), to: None },
                Operator::Lt => Interval { from: None, to: Some(if is_midnight { day } else { next }) },
                Operator::LtEq => Interval { from: None, to: Some(next) },
                _ => Interval::ALL,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDNIGHT: i64 = 20_000 * DAY;

    fn time(micros: i64) -> Expr {
        lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("+00:00".into())))
    }

    fn day(days: i32) -> Expr {
        lit(ScalarValue::Date32(Some(days)))
    }

    fn check(filter: Expr, from: Option<i64>, to: Option<i64>) {
        assert_eq!(allowed(&filter), Interval { from, to }, "{filter}");
    }

    #[test]
    fn a_bound_on_a_day_is_one_on_its_instants() {
        let date = || ident("date");
        check(date().gt_eq(day(20_000)), Some(MIDNIGHT), None);
        check(date().gt(day(20_000)), Some(MIDNIGHT + DAY), None);
        check(date().lt(day(20_000)), None, Some(MIDNIGHT));
        check(date().lt_eq(day(20_000)), None, Some(MIDNIGHT + DAY));
        check(date().eq(day(20_000)), Some(MIDNIGHT), Some(MIDNIGHT + DAY));
        check(day(20_000).lt(date()), Some(MIDNIGHT + DAY), None);
        check(date().between(day(20_000), day(20_001)), Some(MIDNIGHT), Some(MIDNIGHT + 2 * DAY));
        check(date().in_list(vec![day(20_003), day(20_000)], false), Some(MIDNIGHT), Some(MIDNIGHT + 4 * DAY));
        // Compared with an instant inside a day, the day's midnight counts.
        check(date().gt_eq(time(MIDNIGHT + 1)), Some(MIDNIGHT + DAY), None);
        check(date().lt(time(MIDNIGHT + 1)), None, Some(MIDNIGHT + DAY));
    }

    #[test]
    fn what_is_not_understood_allows_everything() {
        let status = || ident("status").eq(lit("SUCCESS"));
        check(status(), None, None);
        check(ident("date").not_eq(day(20_000)), None, None);
        check(ident("date").eq(day(20_000)).or(status()), None, None);
        check(ident("date").eq(day(20_000)).and(status()), Some(MIDNIGHT), Some(MIDNIGHT + DAY));
        check(ident("date").in_list(vec![day(20_000)], true), None, None);
        check(ident("date").between(day(20_000), ident("other")), Some(MIDNIGHT), None);
    }

    #[test]
    fn alternatives_allow_from_the_first_to_the_last() {
        let either = ident("date").eq(day(20_000)).or(ident("timestamp").lt(time(MIDNIGHT)));
        check(either, None, Some(MIDNIGHT + DAY));
        let either = ident("date").eq(day(20_000)).or(ident("date").eq(day(20_005)));
        check(either, Some(MIDNIGHT), Some(MIDNIGHT + 6 * DAY));
    }

    #[test]
    fn both_columns_get_the_bounds() {
        let filters = [ident("timestamp").gt_eq(time(MIDNIGHT + 5)), ident("timestamp").lt(time(MIDNIGHT + DAY))];
        assert_eq!(
            implied(&filters),
            [
                ident("timestamp").gt_eq(time(MIDNIGHT + 5)),
                ident("date").gt_eq(day(20_000)),
                ident("timestamp").lt(time(MIDNIGHT + DAY)),
                ident("date").lt_eq(day(20_000)),
            ]
        );
    }

    #[test]
    fn instants_between_two_microseconds_are_rounded_outwards() {
        let nanos = lit(ScalarValue::TimestampNanosecond(Some(5_001), Some("+00:00".into())));
        let cast = Expr::Cast(Cast {
            expr: Box::new(ident("timestamp")),
            data_type: arrow::datatypes::DataType::Timestamp(
                arrow::datatypes::TimeUnit::Nanosecond,
                Some("+00:00".into()),
            ),
        });
        check(cast.clone().gt_eq(nanos.clone()), Some(6), None);
        check(cast.clone().gt(nanos.clone()), Some(6), None);
        check(cast.clone().lt(nanos.clone()), None, Some(6));
        check(cast.lt_eq(nanos), None, Some(6));
    }
}

//! Which instant is n units on, and how many units lie between two instants?
//!
//! `date_add` and `date_sub` are Trino's with a unit and Hive's without one; Hive's give days. Units from a day on move
//! the wall clock of the time's zone, so that noon stays noon; a month's end is kept inside its month.

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Float64Array, Int64Array, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use chrono::{Datelike, Months, NaiveDateTime, TimeDelta};
use std::sync::Arc;

use super::clock::{self, DAY, UTC, Zone};
use super::rule::{Rule, count};

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new("date_add", moved_takes, moved_gives, |arrays, given| moved(arrays, given, 1)),
        Rule::new("date_sub", moved_takes, moved_gives, |arrays, given| moved(arrays, given, -1)),
        Rule::new("date_diff", between_takes, |_, _| Ok(DataType::Int64), between),
        Rule::new("at_timezone", zoned_takes, zoned_gives, in_zone),
        Rule::new("from_unixtime", from_unix_takes, from_unix_gives, from_unix),
        Rule::new("to_unixtime", to_unix_takes, |_, _| Ok(DataType::Float64), to_unix),
    ]
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Micros(i64),
    Days(i64),
    Months(i64),
}

impl Unit {
    fn named(name: &str) -> Result<Self, String> {
        let lower = name.trim().to_lowercase();
        Ok(match lower.strip_suffix('s').unwrap_or(&lower) {
            "microsecond" => Self::Micros(1),
            "millisecond" => Self::Micros(1_000),
            "second" => Self::Micros(1_000_000),
            "minute" => Self::Micros(60_000_000),
            "hour" => Self::Micros(3_600_000_000),
            "day" => Self::Days(1),
            "week" => Self::Days(7),
            "month" => Self::Months(1),
            "quarter" => Self::Months(3),
            "year" => Self::Months(12),
            _ => {
                let units = "millisecond, second, minute, hour, day, week, month, quarter or year";
                return Err(format!("'{name}' is no unit of time; use {units}"));
            }
        })
    }

    /// The instant `number` units after `micros`; `None` beyond the calendar.
    fn after(self, micros: i64, number: i64, zone: Zone) -> Option<i64> {
        match self {
            Self::Micros(length) => micros.checked_add(number.checked_mul(length)?),
            Self::Days(length) => {
                let days = TimeDelta::try_days(number.checked_mul(length)?)?;
                zone.instant(zone.wall(micros)?.0.checked_add_signed(days)?)
            }
            Self::Months(length) => {
                let months = number.checked_mul(length)?;
                zone.instant(add_months(zone.wall(micros)?.0, months)?)
            }
        }
    }

    /// How many whole units lie between two instants, negative where `to` is the earlier.
    fn between(self, from: i64, to: i64, zone: Zone) -> Option<i64> {
        match self {
            Self::Micros(length) => Some(to.checked_sub(from)? / length),
            Self::Days(length) => {
                let passed = zone.wall(to)?.0.signed_duration_since(zone.wall(from)?.0);
                Some(passed.num_microseconds()? / (length * DAY))
            }
            Self::Months(length) => Some(months_between(zone.wall(from)?.0, zone.wall(to)?.0)? / length),
        }
    }
}

fn add_months(wall: NaiveDateTime, months: i64) -> Option<NaiveDateTime> {
    let distance = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    if months < 0 { wall.checked_sub_months(distance) } else { wall.checked_add_months(distance) }
}

/// Whole months, cut towards zero.
fn months_between(from: NaiveDateTime, to: NaiveDateTime) -> Option<i64> {
    let number = |wall: &NaiveDateTime| i64::from(wall.year()) * 12 + i64::from(wall.month0());
    let mut months = number(&to) - number(&from);
    // The last month counts once its day and time are reached, on a short month's last day at the latest.
    let reached = add_months(from, months)?;
    if months > 0 && reached > to {
        months -= 1;
    } else if months < 0 && reached < to {
        months += 1;
    }
    Some(months)
}

fn moved_takes(types: &[DataType]) -> Result<Vec<DataType>, String> {
    count(types, 2, 3)?;
    if types.len() == 2 {
        if matches!(types[0], DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 | DataType::Date64) {
            return Ok(vec![DataType::Date32, clock::whole_type(&types[1])?]);
        }
        return Ok(vec![clock::time_or_day_type(&types[0])?, clock::whole_type(&types[1])?]);
    }
    Ok(vec![clock::text_type(&types[0])?, clock::whole_type(&types[1])?, clock::time_or_day_type(&types[2])?])
}

/// Without a unit days; with one what is moved, except that hours after a day are an instant.
fn moved_gives(types: &[DataType], constants: &[Option<&str>]) -> Result<DataType, String> {
    if types.len() == 2 {
        return Ok(DataType::Date32);
    }
    let unit = constants.first().copied().flatten().map(Unit::named).transpose()?;
    match (&types[2], unit) {
        (DataType::Date32, None) => Err("the unit must be a constant text, such as 'day'".to_owned()),
        (DataType::Date32, Some(Unit::Days(_) | Unit::Months(_))) => Ok(DataType::Date32),
        (given, _) => clock::time_type(given),
    }
}

fn moved(arrays: &[ArrayRef], given: &DataType, sign: i64) -> Result<ArrayRef, String> {
    let (units, numbers, times) = match arrays {
        [times, numbers] => (None, numbers, times),
        [units, numbers, times] => (Some(units.as_string_view()), numbers, times),
        _ => return Err("takes 2 or 3 arguments".to_owned()),
    };
    let numbers = numbers.as_primitive::<Int64Type>();
    let zone = Zone::of(times.data_type())?;
    let times = Instants::of(times);
    let mut unit = Memo::new(Unit::named);
    let at = |row: usize| -> Result<Option<i64>, String> {
        let (Some(micros), false) = (times.value(row), numbers.is_null(row)) else { return Ok(None) };
        let unit = match units {
            Some(units) if units.is_null(row) => return Ok(None),
            Some(units) => unit.get(units.value(row))?,
            None => Unit::Days(1),
        };
        let number = numbers.value(row).checked_mul(sign);
        let moved = number.and_then(|number| unit.after(micros, number, zone));
        moved
            .map(Some)
            .ok_or_else(|| format!("the result of moving by {} is beyond the calendar", numbers.value(row)))
    };
    let moved = (0..numbers.len()).map(at).collect::<Result<Vec<_>, _>>()?;
    instants(moved, given, zone)
}

/// An array of the given type, days by the zone's calendar.
fn instants(micros: Vec<Option<i64>>, given: &DataType, zone: Zone) -> Result<ArrayRef, String> {
    Ok(match given {
        DataType::Timestamp(_, zone) => {
            let zone = zone.clone().unwrap_or_else(|| UTC.into());
            Arc::new(TimestampMicrosecondArray::from(micros).with_timezone(zone))
        }
        _ => {
            let day = |micros: i64| {
                let wall = zone.wall(micros)?.0.and_utc().timestamp_micros();
                i32::try_from(wall.div_euclid(DAY)).ok()
            };
            Arc::new(micros.into_iter().map(|micros| micros.and_then(day)).collect::<Date32Array>())
        }
    })
}

fn between_takes(types: &[DataType]) -> Result<Vec<DataType>, String> {
    count(types, 3, 3)?;
    Ok(vec![clock::text_type(&types[0])?, clock::time_type(&types[1])?, clock::time_type(&types[2])?])
}

fn between(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef, String> {
    let units = arrays[0].as_string_view();
    let zone = Zone::of(arrays[1].data_type())?;
    let (from, to) = (Instants::of(&arrays[1]), Instants::of(&arrays[2]));
    let mut unit = Memo::new(Unit::named);
    let at = |row: usize| -> Result<Option<i64>, String> {
        let (Some(from), Some(to), false) = (from.value(row), to.value(row), units.is_null(row)) else {
            return Ok(None);
        };
        Ok(unit.get(units.value(row))?.between(from, to, zone))
    };
    let numbers = (0..units.len()).map(at).collect::<Result<Int64Array, _>>()?;
    Ok(Arc::new(numbers))
}

fn zoned_takes(types: &[DataType]) -> Result<Vec<DataType>, String> {
    count(types, 2, 2)?;
    Ok(vec![clock::time_type(&types[0])?, clock::text_type(&types[1])?])
}

fn zoned_gives(_: &[DataType], constants: &[Option<&str>]) -> Result<DataType, String> {
    zone_type(constants.get(1).copied().flatten())
}

fn zone_type(name: Option<&str>) -> Result<DataType, String> {
    let name = name.ok_or("the time zone must be a constant text, such as 'Europe/Berlin'")?;
    Zone::named(name)?;
    Ok(DataType::Timestamp(TimeUnit::Microsecond, Some(name.into())))
}

fn in_zone(arrays: &[ArrayRef], given: &DataType) -> Result<ArrayRef, String> {
    let times = arrays[0].as_primitive::<TimestampMicrosecondType>().clone();
    let DataType::Timestamp(_, Some(zone)) = given else { return Err(format!("gives {given}")) };
    Ok(Arc::new(times.with_timezone(Arc::clone(zone))))
}

fn from_unix_takes(types: &[DataType]) -> Result<Vec<DataType>, String> {
    count(types, 1, 2)?;
    let mut taken = match &types[0] {
        whole if whole.is_integer() => vec![DataType::Int64],
        number if number.is_numeric() || number.is_null() => vec![DataType::Float64],
        other => return Err(format!("takes seconds since 1970 as a number, not {other}")),
    };
    taken.extend(types.get(1).map(clock::text_type).transpose()?);
    Ok(taken)
}

fn from_unix_gives(types: &[DataType], constants: &[Option<&str>]) -> Result<DataType, String> {
    if types.len() == 1 { zone_type(Some(UTC)) } else { zone_type(constants[1]) }
}

fn from_unix(arrays: &[ArrayRef], given: &DataType) -> Result<ArrayRef, String> {
    let beyond = || "the number of seconds is beyond the calendar".to_owned();
    let micros: Vec<Option<i64>> = match arrays[0].data_type() {
        DataType::Int64 => arrays[0]
            .as_primitive::<Int64Type>()
            .iter()
            .map(|seconds| {
                seconds.map(|seconds| seconds.checked_mul(1_000_000).ok_or_else(beyond)).transpose()
            })
            .collect::<Result<_, _>>()?,
        _ => arrays[0]
            .as_primitive::<Float64Type>()
            .iter()
            .map(|seconds| {
                let micros = seconds.map(|seconds| (seconds * 1e6).round());
                let fits = |micros: f64| micros.is_finite() && micros.abs() < i64::MAX as f64;
                micros.map(|micros| if fits(micros) { Ok(micros as i64) } else { Err(beyond()) }).transpose()
            })
            .collect::<Result<_, _>>()?,
    };
    instants(micros, given, Zone::named(UTC)?)
}

fn to_unix_takes(types: &[DataType]) -> Result<Vec<DataType>, String> {
    count(types, 1, 1)?;
    Ok(vec![clock::time_type(&types[0])?])
}

fn to_unix(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef, String> {
    let times = arrays[0].as_primitive::<TimestampMicrosecondType>();
    Ok(Arc::new(
        times.iter().map(|micros| micros.map(|micros| micros as f64 / 1e6)).collect::<Float64Array>(),
    ))
}

/// Times or days as microseconds since 1970; a day is its midnight in UTC.
enum Instants<'a> {
    Times(&'a TimestampMicrosecondArray),
    Days(&'a Date32Array),
}

impl<'a> Instants<'a> {
    fn of(array: &'a ArrayRef) -> Self {
        match array.as_primitive_opt::<Date32Type>() {
            Some(days) => Self::Days(days),
            None => Self::Times(array.as_primitive()),
        }
    }

    fn value(&self, row: usize) -> Option<i64> {
        match self {
            Self::Times(times) => times.is_valid(row).then(|| times.value(row)),
            Self::Days(days) => days.is_valid(row).then(|| i64::from(days.value(row)) * DAY),
        }
    }
}

/// What a text means, remembered while the text stays the same from row to row.
pub(super) struct Memo<T, F> {
    read: F,
    last: Option<(String, T)>,
}

impl<T: Clone, F: Fn(&str) -> Result<T, String>> Memo<T, F> {
    pub(super) fn new(read: F) -> Self {
        Self { read, last: None }
    }

    pub(super) fn get(&mut self, text: &str) -> Result<T, String> {
        if let Some((last, value)) = &self.last
            && last == text
        {
            return Ok(value.clone());
        }
        let value = (self.read)(text)?;
        self.last = Some((text.to_owned(), value.clone()));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> i64 {
        walletscope_model::Timestamp::parse_rfc3339(text).unwrap().0
    }

    #[test]
    fn months_are_whole_and_cut_towards_zero() {
        let utc = Zone::named(UTC).unwrap();
        for (from, to, expected) in [
            ("2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z", 1),
            ("2026-01-31T12:00:00Z", "2026-02-28T11:00:00Z", 0),
            ("2026-01-15T00:00:00Z", "2026-02-14T23:59:59Z", 0),
            ("2026-02-15T00:00:00Z", "2026-01-15T00:00:01Z", 0),
            ("2026-02-15T00:00:00Z", "2026-01-15T00:00:00Z", -1),
            ("2024-02-29T00:00:00Z", "2025-02-28T00:00:00Z", 12),
        ] {
            let found = Unit::Months(1).between(micros(from), micros(to), utc);
            assert_eq!(found, Some(expected), "{from} {to}");
        }
    }

    #[test]
    fn a_day_keeps_the_wall_clock_and_24_hours_do_not() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let before = micros("2026-03-28T12:00:00+01:00");
        assert_eq!(Unit::Days(1).after(before, 1, berlin), Some(micros("2026-03-29T12:00:00+02:00")));
        let hours = Unit::named("hours").unwrap();
        assert_eq!(hours.after(before, 24, berlin), Some(micros("2026-03-29T13:00:00+02:00")));
        assert_eq!(Unit::Days(1).after(before, i64::MAX, berlin), None);
    }
}

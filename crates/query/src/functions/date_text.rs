//! How is a time written as a text, and which time does a text mean?
//!
//! Texts without an offset are UTC. Reading refuses what is not exactly a time; the function of the same name with
//! `try_` before it, which `try()` is rewritten to, gives null instead.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Date32Type, TimeUnit, TimestampMicrosecondType};
use chrono::NaiveDateTime;

use super::clock::{self, DAY, UTC, Zone};
use super::date_math::Memo;
use super::pattern::{self, Piece};
use super::rule::{Rule, count};

pub(super) fn rules() -> Vec<Rule> {
    let text = |_: &[DataType], _: &[Option<&str>]| Ok(DataType::Utf8View);
    let time =
        |_: &[DataType], _: &[Option<&str>]| Ok(DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())));
    let day = |_: &[DataType], _: &[Option<&str>]| Ok(DataType::Date32);
    vec![
        Rule::new("date_format", written_takes, text, |arrays, _| written(arrays, pattern::mysql)),
        Rule::new("format_datetime", written_takes, text, |arrays, _| written(arrays, pattern::joda)),
        Rule::new("date_parse", read_takes, time, |arrays, _| read(arrays, pattern::mysql, Wrong::Refused)),
        Rule::new("try_date_parse", read_takes, time, |arrays, _| read(arrays, pattern::mysql, Wrong::Null)),
        Rule::new("parse_datetime", read_takes, time, |arrays, _| {
            read(arrays, pattern::joda, Wrong::Refused)
        }),
        Rule::new("try_parse_datetime", read_takes, time, |arrays, _| {
            read(arrays, pattern::joda, Wrong::Null)
        }),
        Rule::new("to_iso8601", iso_takes, text, |arrays, _| to_iso(arrays)),
        Rule::new("from_iso8601_timestamp", text_takes, time, |arrays, _| from_iso(arrays, Wrong::Refused)),
        Rule::new("try_from_iso8601_timestamp", text_takes, time, |arrays, _| from_iso(arrays, Wrong::Null)),
        Rule::new("from_iso8601_date", text_takes, day, |arrays, _| day_from_iso(arrays, Wrong::Refused)),
        Rule::new("try_from_iso8601_date", text_takes, day, |arrays, _| day_from_iso(arrays, Wrong::Null)),
    ]
}

/// What becomes of a text that means no time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Refused,
    Null,
}

impl Wrong {
    fn allow<T>(self, read: Result<T, String>) -> Result<Option<T>, String> {
        match (read, self) {
            (Ok(value), _) => Ok(Some(value)),
            (Err(_), Self::Null) => Ok(None),
            (Err(reason), Self::Refused) => Err(reason),
        }
    }
}

fn written_takes(types: &[DataType]) -> Result<Vec<DataType>, String> {
    count(types, 2, 2)?;
    Ok(vec![clock::time_type(&types[0])?, clock::text_type(&types[1])?])
}

fn written(
    arrays: &[ArrayRef],
    language: fn(&str) -> Result<Vec<Piece>, String>,
) -> Result<ArrayRef, String> {
    let times = arrays[0].as_primitive::<TimestampMicrosecondType>();
    let zone = Zone::of(arrays[0].data_type())?;
    let patterns = arrays[1].as_string_view();
    let mut pieces = Memo::new(|pattern: &str| language(pattern).map(Arc::new));
    let at = |row: usize| -> Result<Option<String>, String> {
        if times.is_null(row) || patterns.is_null(row) {
            return Ok(None);
        }
        let pieces = pieces.get(patterns.value(row))?;
        let (wall, offset) = zone.wall(times.value(row)).ok_or("the time is beyond the calendar")?;
        let mut text = String::new();
        pattern::write(&pieces, wall, offset, &mut text);
        Ok(Some(text))
    };
    Ok(Arc::new((0..times.len()).map(at).collect::<Result<StringViewArray, _>>()?))
}

fn read_takes(types: &[DataType]) -> Result<Vec<DataType>, String> {
    count(types, 2, 2)?;
    types.iter().map(clock::text_type).collect()
}

fn read(
    arrays: &[ArrayRef],
    language: fn(&str) -> Result<Vec<Piece>, String>,
    wrong: Wrong,
) -> Result<ArrayRef, String> {
    let (texts, patterns) = (arrays[0].as_string_view(), arrays[1].as_string_view());
    let mut pieces = Memo::new(|pattern: &str| language(pattern).map(Arc::new));
    let at = |row: usize| -> Result<Option<i64>, String> {
        if texts.is_null(row) || patterns.is_null(row) {
            return Ok(None);
        }
        let pieces = pieces.get(patterns.value(row))?;
        wrong.allow(pattern::read(&pieces, texts.value(row)).map(|(wall, offset)| instant(wall, offset)))
    };
    let times = (0..texts.len()).map(at).collect::<Result<TimestampMicrosecondArray, _>>()?;
    Ok(Arc::new(times.with_timezone(UTC)))
}

fn instant(wall: NaiveDateTime, offset: Option<i64>) -> i64 {
    wall.and_utc().timestamp_micros() - offset.unwrap_or(0) * 1_000_000
}

fn iso_takes(types: &[DataType]) -> Result<Vec<DataType>, String> {
    count(types, 1, 1)?;
    Ok(vec![clock::time_or_day_type(&types[0])?])
}

fn to_iso(arrays: &[ArrayRef]) -> Result<ArrayRef, String> {
    if let Some(days) = arrays[0].as_primitive_opt::<Date32Type>() {
        let text = |day: i32| {
            let (wall, _) =
                Zone::named(UTC)?.wall(i64::from(day) * DAY).ok_or("the day is beyond the calendar")?;
            Ok(wall.format("%Y-%m-%d").to_string())
        };
        let texts = days.iter().map(|day| day.map(text).transpose());
        return Ok(Arc::new(texts.collect::<Result<StringViewArray, String>>()?));
    }
    let times = arrays[0].as_primitive::<TimestampMicrosecondType>();
    let zone = Zone::of(arrays[0].data_type())?;
    let is_utc = matches!(arrays[0].data_type(), DataType::Timestamp(_, Some(zone)) if &**zone == UTC);
    let text = |micros: i64| {
        let (wall, offset) = zone.wall(micros).ok_or("the time is beyond the calendar")?;
        let digits = if micros % 1_000 == 0 { "%Y-%m-%dT%H:%M:%S%.3f" } else { "%Y-%m-%dT%H:%M:%S%.6f" };
        let end = if is_utc { "Z".to_owned() } else { pattern::offset_text(offset, true) };
        Ok(format!("{}{end}", wall.format(digits)))
    };
    let texts = times.iter().map(|micros| micros.map(text).transpose());
    Ok(Arc::new(texts.collect::<Result<StringViewArray, String>>()?))
}

fn text_takes(types: &[DataType]) -> Result<Vec<DataType>, String> {
    count(types, 1, 1)?;
    types.iter().map(clock::text_type).collect()
}

fn from_iso(arrays: &[ArrayRef], wrong: Wrong) -> Result<ArrayRef, String> {
    let texts = arrays[0].as_string_view();
    let time = |text: Option<&str>| text.map_or(Ok(None), |text| wrong.allow(iso(text)));
    let times = texts.iter().map(time).collect::<Result<TimestampMicrosecondArray, _>>()?;
    Ok(Arc::new(times.with_timezone(UTC)))
}

fn day_from_iso(arrays: &[ArrayRef], wrong: Wrong) -> Result<ArrayRef, String> {
    let texts = arrays[0].as_string_view();
    let day = |text: &str| {
        let micros = iso(text)?;
        let is_day = !text.contains(['T', 't', ' ']);
        let refusal = || format!("'{text}' is no day as ISO 8601 writes it, such as 2026-11-22");
        if is_day { i32::try_from(micros.div_euclid(DAY)).map_err(|_| refusal()) } else { Err(refusal()) }
    };
    let days = texts.iter().map(|text| text.map_or(Ok(None), |text| wrong.allow(day(text))));
    Ok(Arc::new(days.collect::<Result<Date32Array, _>>()?))
}

/// The instant of an ISO 8601 text, in its extended form: a day, or a day and a time to the minute or finer, with an
/// offset or in UTC.
fn iso(text: &str) -> Result<i64, String> {
    iso_parts(text)
        .ok_or_else(|| format!("'{text}' is no time as ISO 8601 writes it, such as 2026-11-22T12:04:30.812Z"))
}

fn iso_parts(text: &str) -> Option<i64> {
    let text = text.trim();
    let number = |text: &str| match pattern::read_number(text, 2) {
        Some((value, "")) if text.len() == 2 => Some(value),
        _ => None,
    };
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let (year, rest) = pattern::read_number(parts.next()?, 4)?;
    let mut part = || parts.next().map_or(Some(1), &number);
    let (month, day) = (part()?, part()?);
    if !rest.is_empty() || parts.next().is_some() {
        return None;
    }
    let date = chrono::NaiveDate::from_ymd_opt(
        i32::try_from(year).ok()?,
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    )?;
    let Some(time) = time else { return Some(instant(date.and_hms_opt(0, 0, 0)?, None)) };
    let end = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, offset) = time.split_at(end);
    let offset = match offset {
        "" => None,
        text => Some(pattern::read_offset(text).filter(|(_, rest)| rest.is_empty())?.0),
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let micros: u32 = digits.then(|| format!("{fraction:0<6}")[..6].parse().ok())??;
    let mut clock = clock.split(':');
    let mut part = || clock.next().map_or(Some(0), &number);
    let (hour, minute, second) = (part()?, part()?, part()?);
    let small = |value: i64| u32::try_from(value).ok();
    let wall = date.and_hms_micro_opt(small(hour)?, small(minute)?, small(second)?, micros)?;
    clock.next().is_none().then(|| instant(wall, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_texts_are_read_and_others_are_not() {
        let read = |text| walletscope_model::Timestamp::parse_rfc3339(text).map(|time| time.0);
        for (text, expected) in [
            ("2026-11-22", "2026-11-22T00:00:00Z"),
            ("2026-11", "2026-11-01T00:00:00Z"),
            ("2026-11-22T12", "2026-11-22T12:00:00Z"),
            ("2026-11-22T12:04", "2026-11-22T12:04:00Z"),
            ("2026-11-22T12:04:30.812Z", "2026-11-22T12:04:30.812Z"),
            ("2026-11-22T12:04:30.8123456789Z", "2026-11-22T12:04:30.812345Z"),
            ("2026-11-22T12:04:30+05:30", "2026-11-22T06:34:30Z"),
            ("2026-11-22T12:04:30-0330", "2026-11-22T15:34:30Z"),
            ("2026-11-22 12:04:30", "2026-11-22T12:04:30Z"),
        ] {
            assert_eq!(iso(text).ok(), read(expected), "{text}");
        }
        for text in [
            "",
            "x",
            "2026-13-01",
            "2026-11-22T",
            "2026-11-22T12:04:30.Z",
            "2026-1-2",
            "2026-11-22T25:00",
            "2026-11-22T12:04:30+5",
            "2026-11-22T12:04:30Zx",
            "2026-11-22-01",
            "20261122",
        ] {
            assert!(iso(text).is_err(), "{text}");
        }
    }
}

//! In which zone is an instant read, and what do its wall clock and calendar show?
//!
//! Every function that takes times takes them as microseconds since 1970 with a zone; what has none is UTC. Arithmetic
//! in days and months is on the zone's wall clock, in hours and less on the instant.

use std::str::FromStr;
use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::datatypes::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDateTime, Offset, TimeZone};

/// Microseconds of a day.
pub(super) const DAY: i64 = 86_400_000_000;

/// The zone of everything that names none.
pub(super) const UTC: &str = "+00:00";

/// A zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zone(Option<Tz>);

impl Zone {
    /// The zone of a type of times; UTC where it has none.
    pub(super) fn of(data_type: &DataType) -> Result<Self, String> {
        match data_type {
            DataType::Timestamp(_, Some(name)) => Self::named(name),
            _ => Ok(Self(None)),
        }
    }

    /// The zone of this name or offset.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        if matches!(name, UTC | "UTC" | "Z" | "GMT") {
            return Ok(Self(None));
        }
        let zone = Tz::from_str(name);
        let zone =
            zone.map_err(|_| format!("'{name}' is no time zone; write one as 'Europe/Berlin' or '+02:00'"))?;
        Ok(Self(Some(zone)))
    }

    /// The wall clock at an instant, and its offset from UTC in seconds.
    pub(super) fn wall(self, micros: i64) -> Option<(NaiveDateTime, i32)> {
        let utc = DateTime::from_timestamp_micros(micros)?.naive_utc();
        let Some(zone) = self.0 else { return Some((utc, 0)) };
        let offset = zone.offset_from_utc_datetime(&utc).fix().local_minus_utc();
        Some((utc.checked_add_signed(chrono::TimeDelta::seconds(offset.into()))?, offset))
    }

    /// The instant at which the wall clock shows this; where it shows it twice the first, where it skips it the instant
    /// an hour on.
    pub(super) fn instant(self, wall: NaiveDateTime) -> Option<i64> {
        let Some(zone) = self.0 else { return Some(wall.and_utc().timestamp_micros()) };
        let offset = zone.offset_from_local_datetime(&wall).earliest();
        let offset = match offset {
            Some(offset) => offset.fix(),
            None => {
                let before = wall.checked_sub_signed(chrono::TimeDelta::hours(3))?;
                zone.offset_from_local_datetime(&before).earliest()?.fix()
            }
        };
        let seconds = i64::from(offset.local_minus_utc());
        Some(wall.and_utc().timestamp_micros() - seconds * 1_000_000)
    }
}

/// The type of times in the zone of `data_type`, which may be any type of times, of days or of texts.
pub(super) fn time_type(data_type: &DataType) -> Result<DataType, String> {
    let zone = match data_type {
        DataType::Timestamp(_, Some(zone)) => Arc::clone(zone),
        DataType::Timestamp(..)
        | DataType::Date32
        | DataType::Date64
        | DataType::Utf8
        | DataType::Utf8View
        | DataType::LargeUtf8
        | DataType::Null => UTC.into(),
        other => return Err(format!("takes a time or a date, not {other}; write CAST(x AS TIMESTAMP)")),
    };
    Ok(DataType::Timestamp(TimeUnit::Microsecond, Some(zone)))
}

/// As [`time_type`], but days stay days.
pub(super) fn time_or_day_type(data_type: &DataType) -> Result<DataType, String> {
    match data_type {
        DataType::Date32 | DataType::Date64 => Ok(DataType::Date32),
        other => time_type(other),
    }
}

/// The type of texts, where a text is wanted.
pub(super) fn text_type(data_type: &DataType) -> Result<DataType, String> {
    match data_type {
        // No cast: a constant stays one, so that a type may depend on it.
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => Ok(data_type.clone()),
        DataType::Null => Ok(DataType::Utf8View),
        other => Err(format!("takes a text, not {other}; write CAST(x AS VARCHAR)")),
    }
}

/// The type of whole numbers, where one is wanted.
pub(super) fn whole_type(data_type: &DataType) -> Result<DataType, String> {
    if data_type.is_integer() || matches!(data_type, DataType::Null) {
        return Ok(DataType::Int64);
    }
    Err(format!("takes a whole number, not {data_type}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    #[test]
    fn wall_clocks_read_back_and_jumps_are_passed() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let utc = Zone::named("UTC").unwrap();
        for (local, expected) in [
            ("2026-01-15 12:00:00", "2026-01-15 11:00:00"),
            ("2026-07-15 12:00:00", "2026-07-15 10:00:00"),
            // 02:30 does not exist on the day that summer time begins: it is read as 03:30.
            ("2026-03-29 02:30:00", "2026-03-29 01:30:00"),
            // 02:30 occurs twice on the day that it ends: the first one.
            ("2026-10-25 02:30:00", "2026-10-25 00:30:00"),
        ] {
            let instant = berlin.instant(wall(local)).unwrap();
            assert_eq!(Some(instant), utc.instant(wall(expected)), "{local}");
        }
        let instant = berlin.instant(wall("2026-07-15 12:00:00")).unwrap();
        assert_eq!(berlin.wall(instant), Some((wall("2026-07-15 12:00:00"), 7_200)));
        assert!(Zone::named("Mars/Olympus").unwrap_err().contains("no time zone"));
    }
}

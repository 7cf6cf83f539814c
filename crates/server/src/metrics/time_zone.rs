//! Which local time does a metric follow?
//!
//! Zones have the names of the tz database. A model knows one offset from UTC: the one that its zone has when it is
//! trained, so that after clocks were changed a detector follows within a day.

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

/// What is added to `at`, in seconds since 1970, to get the local time, in seconds; `None` for a zone that is not known.
pub fn offset_seconds(zone: &str, at: i64) -> Option<i64> {
    let zone: Tz = zone.parse().ok()?;
    let at = DateTime::from_timestamp(at, 0)?;
    let offset = zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    Some(i64::from(offset.local_minus_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_those_of_the_day() {
        // 2026-01-15 and 2026-07-15, noon.
        let (winter, summer) = (1_768_478_400, 1_784_116_800);
        for (zone, expected) in [
            ("UTC", Some((0, 0))),
            ("Europe/Berlin", Some((3_600, 7_200))),
            ("America/New_York", Some((-18_000, -14_400))),
            ("Asia/Kolkata", Some((19_800, 19_800))),
            ("Europe/Nowhere", None),
            ("+02:00", None),
            ("", None),
        ] {
            let found = offset_seconds(zone, winter).zip(offset_seconds(zone, summer));
            assert_eq!(found, expected, "{zone}");
        }
        assert_eq!(offset_seconds("UTC", i64::MAX), None);
    }
}

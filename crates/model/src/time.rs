//! How is time written? Whole microseconds of UTC since 1970, signed, and durations in whole microseconds.
//!
//! Integers, because sums of them do not depend on the order of addition. Rendering is RFC 3339 in UTC
//! (<https://www.rfc-editor.org/rfc/rfc3339>); reading a clock is somebody else's work.

use std::fmt;

/// Microseconds since 1970-01-01T00:00:00Z. Any `i64` is legal; rendering covers the years 0000 to 9999.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// A signed span in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub i64);

impl Timestamp {
    /// From milliseconds since the epoch, the unit of CloudWatch Logs; saturates at the ends.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// From whole seconds since the epoch; saturates at the ends.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Whole milliseconds since the epoch, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The start of the bucket of `seconds` length, counted from the epoch, that holds this time.
    pub const fn floor_seconds(self, seconds: i64) -> Self {
        let length = seconds * 1_000_000;
        Self(self.0.div_euclid(length) * length)
    }

    /// This time moved by `duration`; saturates at the ends.
    pub const fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.0))
    }

    /// The span from `earlier` to this time; negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }

    /// RFC 3339 in UTC with milliseconds, or with microseconds where they are not zero.
    pub fn rfc3339(self) -> String {
        self.to_string()
    }

    /// Reads RFC 3339 (`2026-11-22T12:00:00Z`, with a fraction or an offset), else `None`.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() < 20 || !text.is_ascii() {
            return None;
        }
        let number = |from: usize, to: usize| {
            let part = text.get(from..to)?;
            if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse::<i64>().ok() } else { None }
        };
        let punctuation = bytes[4] == b'-'
            && bytes[7] == b'-'
            && matches!(bytes[10], b'T' | b't' | b' ')
            && bytes[13] == b':'
            && bytes[16] == b':';
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let valid = punctuation
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 61;
        if !valid {
            return None;
        }
        let (fraction_micros, rest) = parse_fraction(&text[19..])?;
        let offset_seconds = parse_offset(rest)?;
        let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        Some(Self((seconds - offset_seconds) * 1_000_000 + fraction_micros))
    }
}

impl Duration {
    /// From whole seconds.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * 1_000_000)
    }

    /// In seconds, for display and measures.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Reads a decimal number of seconds (`1.245`, `2`, `1e-3`) exactly to the microsecond; negative or absurd
    /// (over 10 years) values are `None`.
    pub fn parse_seconds(text: &str) -> Option<Self> {
        Self::parse_scaled(text, 6)
    }

    /// Reads a decimal number of milliseconds exactly to the microsecond, bounds as [`Self::parse_seconds`].
    pub fn parse_millis(text: &str) -> Option<Self> {
        Self::parse_scaled(text, 3)
    }

    fn parse_scaled(text: &str, digits: usize) -> Option<Self> {
        let text = text.trim();
        if text.contains(['e', 'E']) {
            let value: f64 = text.parse().ok()?;
            let micros = (value * 10f64.powi(digits as i32)).round();
            return Self::checked(micros as i64).filter(|_| micros.is_finite() && micros >= 0.0);
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 15 || !digits_only(whole) || !digits_only(fraction) {
            return None;
        }
        let mut micros: i64 = whole.parse().ok()?;
        for place in 0..digits {
            let digit = fraction.as_bytes().get(place).map_or(0, |byte| i64::from(byte - b'0'));
            micros = micros.checked_mul(10)?.checked_add(digit)?;
        }
        Self::checked(micros)
    }

    fn checked(micros: i64) -> Option<Self> {
        const DURATION_MAX: i64 = 10 * 366 * 86_400 * 1_000_000;
        (0..=DURATION_MAX).contains(&micros).then_some(Self(micros))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds();
        let micros = self.0.rem_euclid(1_000_000);
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let second_of_day = seconds.rem_euclid(86_400);
        let (hour, minute, second) = (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
        write!(formatter, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.")?;
        if micros % 1_000 == 0 {
            write!(formatter, "{:03}Z", micros / 1_000)
        } else {
            write!(formatter, "{micros:06}Z")
        }
    }
}

fn parse_fraction(text: &str) -> Option<(i64, &str)> {
    let Some(rest) = text.strip_prefix('.') else { return Some((0, text)) };
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    if end == 0 {
        return None;
    }
    let micros = (0..6).fold(0, |micros, place| {
        micros * 10 + rest.as_bytes()[..end].get(place).map_or(0, |byte| i64::from(byte - b'0'))
    });
    Some((micros, &rest[end..]))
}

fn parse_offset(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text[1..].split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_reads_back_what_it_writes() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_705_312_513_245_000, "2024-01-15T09:55:13.245Z"),
            (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(Timestamp(micros).rfc3339(), text);
            assert_eq!(Timestamp::parse_rfc3339(text), Some(Timestamp(micros)));
        }
    }

    #[test]
    fn rfc3339_takes_offsets_and_refuses_nonsense() {
        let expected = Timestamp::parse_rfc3339("2024-01-15T09:55:12Z");
        assert_eq!(Timestamp::parse_rfc3339("2024-01-15T15:25:12+05:30"), expected);
        for bad in [
            "",
            "2024-01-15",
            "2024-02-30T00:00:00Z",
            "2024-01-15T25:00:00Z",
            "2024-01-15T09:55:12",
            "2024-01-15T09:55:12.Z",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(bad), None, "{bad}");
        }
    }

    #[test]
    fn durations_are_read_exactly() {
        for (text, micros) in [
            ("1.245", Some(1_245_000)),
            ("2", Some(2_000_000)),
            ("0.0000019", Some(1)),
            ("1e-3", Some(1_000)),
            ("-1", None),
            ("x", None),
            ("", None),
            ("1.2.3", None),
            ("1e300", None),
        ] {
            assert_eq!(Duration::parse_seconds(text).map(|duration| duration.0), micros, "{text}");
        }
        assert_eq!(Duration::parse_millis("1245").map(|duration| duration.0), Some(1_245_000));
    }
}

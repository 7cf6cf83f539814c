//! Which second is meant? Civil UTC dates to epoch time and back, without a clock or a time zone.
//!
//! The day arithmetic is the usual proleptic Gregorian one, counted from 1 March so that the leap day
//! comes last.

/// Seconds in a day.
const DAY_SECONDS: i64 = 86_400;

/// Reads `YYYYMMDDTHHMMSSZ`, the form of `X-Amz-Date`; `None` unless every part is in range.
pub(crate) fn parse_basic(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    let date = (digits(bytes, 0, 4)?, digits(bytes, 4, 2)?, digits(bytes, 6, 2)?);
    epoch_seconds(date, (digits(bytes, 9, 2)?, digits(bytes, 11, 2)?, digits(bytes, 13, 2)?))
}

/// Writes `YYYYMMDDTHHMMSSZ`.
pub(crate) fn format_basic(epoch_seconds: i64) -> String {
    let (year, month, day) = civil_from_days(epoch_seconds.div_euclid(DAY_SECONDS));
    let second = epoch_seconds.rem_euclid(DAY_SECONDS);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// Reads ISO 8601 as AWS clients write it: `YYYY-MM-DDTHH:MM[:SS[.fraction]]` and `Z`, an offset
/// `±HH:MM` or nothing (UTC). Answers milliseconds since the epoch; further digits are cut.
pub(crate) fn parse_iso_millis(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() < 16 || bytes[4] != b'-' || bytes[7] != b'-' || bytes[13] != b':' {
        return None;
    }
    if !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    let date = (digits(bytes, 0, 4)?, digits(bytes, 5, 2)?, digits(bytes, 8, 2)?);
    let (hour, minute) = (digits(bytes, 11, 2)?, digits(bytes, 14, 2)?);
    let (second, rest) = match bytes.get(16) {
        Some(b':') => (digits(bytes, 17, 2)?, bytes.get(19..)?),
        _ => (0, bytes.get(16..)?),
    };
    let (millis, zone) = fraction_millis(rest)?;
    let seconds = epoch_seconds(date, (hour, minute, second))?;
    Some((seconds - zone_seconds(zone)?) * 1000 + millis)
}

/// Writes `YYYY-MM-DDTHH:MM:SS[.mmm]Z`, the fraction only when there is one.
pub(crate) fn format_iso_millis(epoch_millis: i64) -> String {
    let seconds = epoch_millis.div_euclid(1000);
    let millis = epoch_millis.rem_euclid(1000);
    let (year, month, day) = civil_from_days(seconds.div_euclid(DAY_SECONDS));
    let second = seconds.rem_euclid(DAY_SECONDS);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let date = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if millis == 0 { format!("{date}Z") } else { format!("{date}.{millis:03}Z") }
}

fn digits(bytes: &[u8], start: usize, len: usize) -> Option<i64> {
    bytes
        .get(start..start + len)?
        .iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

fn fraction_millis(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', fraction)) = rest.split_first().map(|(first, tail)| (*first, tail)) else {
        return Some((0, rest));
    };
    let len = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if len == 0 {
        return None;
    }
    let millis = (0..3)
        .fold(0, |sum, place| sum * 10 + if place < len { i64::from(fraction[place] - b'0') } else { 0 });
    Some((millis, &fraction[len..]))
}

fn zone_seconds(zone: &[u8]) -> Option<i64> {
    let sign = match zone {
        b"" | b"Z" | b"z" => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let (hours, minutes) = match zone.len() {
        5 => (digits(zone, 1, 2)?, digits(zone, 3, 2)?),
        6 if zone[3] == b':' => (digits(zone, 1, 2)?, digits(zone, 4, 2)?),
        _ => return None,
    };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

fn epoch_seconds(
    (year, month, day): (i64, i64, i64),
    (hour, minute, second): (i64, i64, i64),
) -> Option<i64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let month_days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=month_days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(days_from_civil(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_dates_read_and_write() {
        for (text, expected) in [
            ("19700101T000000Z", Some(0)),
            ("20150830T123600Z", Some(1_440_938_160)),
            ("20240229T235959Z", Some(1_709_251_199)),
            ("20230229T000000Z", None),
            ("20150830T123660Z", None),
            ("20151330T123600Z", None),
            ("20150830 123600Z", None),
            ("2015083०T12360Z", None),
            ("", None),
        ] {
            assert_eq!(parse_basic(text), expected, "{text}");
            if let Some(seconds) = expected {
                assert_eq!(format_basic(seconds), text);
            }
        }
    }

    #[test]
    fn iso_dates_read_with_fraction_and_zone() {
        for (text, expected) in [
            ("2015-08-30T12:36:00Z", Some(1_440_938_160_000)),
            ("2015-08-30T12:36:00", Some(1_440_938_160_000)),
            ("2015-08-30T12:36Z", Some(1_440_938_160_000)),
            ("2015-08-30T12:36:00.5Z", Some(1_440_938_160_500)),
            ("2015-08-30T12:36:00.123456Z", Some(1_440_938_160_123)),
            ("2015-08-30T14:36:00+02:00", Some(1_440_938_160_000)),
            ("2015-08-30T07:06:00-0530", Some(1_440_938_160_000)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("2015-08-30T12:36:00.Z", None),
            ("2015-08-30T12:36:00+2", None),
            ("2015-08-30", None),
            ("1440938160", None),
        ] {
            assert_eq!(parse_iso_millis(text), expected, "{text}");
        }
        assert_eq!(format_iso_millis(1_440_938_160_500), "2015-08-30T12:36:00.500Z");
        assert_eq!(format_iso_millis(-1000), "1969-12-31T23:59:59Z");
    }
}

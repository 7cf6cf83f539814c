//! In which form do a source's messages tell their time, and is it the time?
//!
//! Whoever reads the messages elsewhere needs one form with a zone; here they tell that something is wrong on the way.
//! A difference that is a whole number of half hours is no delay: somebody read one zone as another. Only the first
//! time member of a message is looked at, or the beginning of a line of text; what a Lambda runtime puts before it is
//! not the developer's.

use walletscope_model::{Duration, Timestamp};

/// Where a message tells its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum TimePlace {
    Timestamp,
    AtTimestamp,
    Time,
    Ts,
    EventTime,
    Datetime,
    /// A line of text begins with it.
    LineStart,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeForm {
    /// ISO 8601 in UTC.
    Utc,
    /// ISO 8601 with another offset.
    Offset,
    /// ISO 8601 without a zone.
    Local,
    /// Seconds since 1970, also with a fraction.
    Seconds,
    /// Milliseconds since 1970.
    Millis,
    /// Microseconds since 1970.
    Micros,
    /// Nanoseconds since 1970.
    Nanos,
    /// A time of another form, which is not read.
    Other,
}

impl TimePlace {
    /// Every one, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Timestamp,
        Self::AtTimestamp,
        Self::Time,
        Self::Ts,
        Self::EventTime,
        Self::Datetime,
        Self::LineStart,
    ];

    /// The place of a member with this name, if it tells a time.
    #[inline]
    pub(crate) fn of_member(name: &str) -> Option<Self> {
        match name {
            "timestamp" => Some(Self::Timestamp),
            "@timestamp" => Some(Self::AtTimestamp),
            "time" => Some(Self::Time),
            "ts" => Some(Self::Ts),
            "eventTime" => Some(Self::EventTime),
            "datetime" => Some(Self::Datetime),
            _ => None,
        }
    }

    /// The member's name; `None` for the beginning of a line.
    pub fn member(self) -> Option<&'static str> {
        let names = ["timestamp", "@timestamp", "time", "ts", "eventTime", "datetime"];
        names.get(self as usize).copied()
    }
}

impl TimeForm {
    /// Every one, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Utc,
        Self::Offset,
        Self::Local,
        Self::Seconds,
        Self::Millis,
        Self::Micros,
        Self::Nanos,
        Self::Other,
    ];

    /// Forms of one kind are read alike: text with a zone is, whatever its zone.
    pub(crate) fn kind(self) -> Self {
        if self == Self::Offset { Self::Utc } else { self }
    }
}

/// The form of a written time, and the instant where the form tells one; a time without a zone is read as UTC. `None`
/// for what is no time.
pub(crate) fn read(place: TimePlace, written: &str) -> Option<(TimeForm, Option<Timestamp>)> {
    if let Some((at, rest)) = date_and_time(written) {
        return match zone(rest, place == TimePlace::LineStart) {
            Some((form, offset)) => Some((form, Some(at.plus(Duration(-offset.0))))),
            None => Some((TimeForm::Other, None)),
        };
    }
    if let Some((form, at)) = since_1970(written) {
        return Some((form, Some(at)));
    }
    let is_number = written.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'));
    let has_clock = written.contains(':') && written.bytes().any(|byte| byte.is_ascii_digit());
    (!is_number && has_clock && place != TimePlace::LineStart).then_some((TimeForm::Other, None))
}

/// Whether a line of text may begin with a time.
pub(crate) fn begins_with_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= DATE_AND_TIME && bytes[4] == b'-' && bytes[7] == b'-' && bytes[0].is_ascii_digit()
}

/// By how many half hours two times differ, where that is a whole number but zero; a zone is that far from UTC at most.
pub(crate) fn half_hours(difference: Duration) -> Option<i8> {
    const HALF_HOUR: Duration = Duration::from_seconds(30 * 60);
    const HALF_HOURS_MAX: i64 = 28;
    // What is written takes its time to arrive; clocks differ a little.
    const BEFORE: Duration = Duration::from_seconds(60);
    const AFTER: Duration = Duration::from_seconds(120);
    let number = (difference.0 + BEFORE.0).div_euclid(HALF_HOUR.0);
    let left = difference.0 - number * HALF_HOUR.0;
    let is_zone = number != 0 && number.abs() <= HALF_HOURS_MAX && left <= AFTER.0;
    if is_zone { i8::try_from(number).ok() } else { None }
}

/// Whether an instant is one of our days whose seconds since 1970 were taken for milliseconds.
pub(crate) fn is_seconds_as_millis(at: Timestamp) -> bool {
    // Until the year 2079.
    const BEFORE: Timestamp = Timestamp::from_seconds(40 * 86_400);
    const FROM: Timestamp = Timestamp::from_seconds(10 * 86_400);
    (FROM..BEFORE).contains(&at)
}

const DATE_AND_TIME: usize = "2026-11-22T12:00:00".len();

/// `2026-11-22T12:00:00` with a fraction, as UTC, and what stands behind it.
fn date_and_time(written: &str) -> Option<(Timestamp, &str)> {
    let (first, rest) = written.as_bytes().split_first_chunk::<DATE_AND_TIME>()?;
    let mut in_utc = [b'Z'; DATE_AND_TIME + 1];
    in_utc[..DATE_AND_TIME].copy_from_slice(first);
    let at = Timestamp::parse_rfc3339(std::str::from_utf8(&in_utc).ok()?)?;
    let rest = std::str::from_utf8(rest).ok()?;
    let Some(fraction) = rest.strip_prefix(['.', ',']) else { return Some((at, rest)) };
    let end = fraction.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(fraction.len());
    let micros = (0..6).fold(0, |micros, place| micros * 10 + digit(fraction.as_bytes()[..end].get(place)));
    Some((at.plus(Duration(micros)), &fraction[end..]))
}

fn digit(byte: Option<&u8>) -> i64 {
    byte.map_or(0, |byte| i64::from(byte - b'0'))
}

/// What the end of a time says of its zone; behind a line's time anything may follow.
fn zone(rest: &str, is_line: bool) -> Option<(TimeForm, Duration)> {
    let (word, behind) = rest.trim_start().split_once(' ').unwrap_or((rest.trim_start(), ""));
    let ends = is_line || behind.is_empty();
    match word {
        "Z" | "z" | "UTC" | "GMT" if ends => Some((TimeForm::Utc, Duration(0))),
        _ if rest.is_empty() => Some((TimeForm::Local, Duration(0))),
        _ => match offset(word) {
            Some(Duration(0)) if ends => Some((TimeForm::Utc, Duration(0))),
            Some(offset) if ends => Some((TimeForm::Offset, offset)),
            _ => is_line.then_some((TimeForm::Local, Duration(0))),
        },
    }
}

/// `+02:00`, `+0200` or `+02`.
fn offset(word: &str) -> Option<Duration> {
    let sign = match word.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: Vec<i64> = word[1..]
        .bytes()
        .filter(|byte| *byte != b':')
        .map(|byte| byte.is_ascii_digit().then(|| i64::from(byte - b'0')))
        .collect::<Option<_>>()?;
    let minutes = match digits[..] {
        [ten, hour] => (ten * 10 + hour) * 60,
        [ten, hour, ten_minutes, minute] => (ten * 10 + hour) * 60 + ten_minutes * 10 + minute,
        _ => return None,
    };
    Some(Duration::from_seconds(sign * minutes * 60))
}

/// A number of seconds or parts of them; how long it is says which.
fn since_1970(written: &str) -> Option<(TimeForm, Timestamp)> {
    let (whole, fraction) = written.split_once('.').unwrap_or((written, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    match whole.len() {
        10 => {
            let micros = (0..6).fold(0, |micros, place| micros * 10 + digit(fraction.as_bytes().get(place)));
            Some((TimeForm::Seconds, Timestamp(number * 1_000_000 + micros)))
        }
        13 => Some((TimeForm::Millis, Timestamp(number * 1_000))),
        16 => Some((TimeForm::Micros, Timestamp(number))),
        19 => Some((TimeForm::Nanos, Timestamp(number / 1_000))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_from_each_other() {
        use TimeForm::{Local, Micros, Millis, Nanos, Offset, Other, Seconds, Utc};
        let noon = Some("2026-11-22T12:00:00.000Z");
        for (written, expected) in [
            ("2026-11-22T12:00:00Z", Some((Utc, noon))),
            ("2026-11-22T12:00:00.123456Z", Some((Utc, Some("2026-11-22T12:00:00.123456Z")))),
            ("2026-11-22T12:00:00+00:00", Some((Utc, noon))),
            ("2026-11-22 12:00:00 UTC", Some((Utc, noon))),
            // Powertools for Python.
            ("2026-11-22 14:00:00,000+0200", Some((Offset, noon))),
            ("2026-11-22T06:30:00-05:30", Some((Offset, noon))),
            ("2026-11-22T14:00:00+02", Some((Offset, noon))),
            ("2026-11-22T12:00:00", Some((Local, noon))),
            ("2026-11-22 12:00:00,250", Some((Local, Some("2026-11-22T12:00:00.250Z")))),
            ("1795348800", Some((Seconds, noon))),
            ("1795348800.5", Some((Seconds, Some("2026-11-22T12:00:00.500Z")))),
            ("1795348800000", Some((Millis, noon))),
            ("1795348800000.25", Some((Millis, noon))),
            ("1795348800000000", Some((Micros, noon))),
            ("1795348800000000000", Some((Nanos, noon))),
            ("Sun, 22 Nov 2026 12:00:00 GMT", Some((Other, None))),
            ("2026-11-22T12:00:00 in Paris", Some((Other, None))),
            ("12:00:00", Some((Other, None))),
            // No times.
            ("1.245", None),
            ("17", None),
            ("noon", None),
            ("true", None),
            ("", None),
            ("9999999999999999999", None),
        ] {
            let found = read(TimePlace::Timestamp, written);
            let found = found.map(|(form, at)| (form, at.map(Timestamp::rfc3339)));
            let expected = expected.map(|(form, at)| (form, at.map(str::to_owned)));
            assert_eq!(found, expected, "{written}");
        }
    }

    #[test]
    fn behind_the_time_of_a_line_anything_may_follow() {
        for (line, expected) in [
            ("2026-11-22T12:00:00Z INFO started", Some(TimeForm::Utc)),
            ("2026-11-22 12:00:00 +0200 INFO", Some(TimeForm::Offset)),
            ("2026-11-22 12:00:00,123 - root - INFO", Some(TimeForm::Local)),
            ("2026-11-22 12:00:00", Some(TimeForm::Local)),
            ("2026-11-22 99:00:00 INFO", None),
            ("ERROR at 12:00:00", None),
        ] {
            let found = read(TimePlace::LineStart, line).map(|(form, _)| form);
            assert_eq!((found, begins_with_date(line)), (expected, line.starts_with('2')), "{line}");
        }
    }

    #[test]
    fn a_difference_of_whole_half_hours_is_a_zone() {
        let after = |seconds| half_hours(Duration::from_seconds(seconds));
        assert_eq!((after(0), after(119), after(-60)), (None, None, None));
        assert_eq!((after(7_200), after(7_140), after(7_320)), (Some(4), Some(4), Some(4)));
        assert_eq!((after(7_139), after(7_321)), (None, None));
        assert_eq!((after(-7_200), after(-7_260), after(-7_080)), (Some(-4), Some(-4), Some(-4)));
        assert_eq!((after(19_800), after(14 * 3_600), after(14 * 3_600 + 1_800)), (Some(11), Some(28), None));
    }

    #[test]
    fn seconds_that_were_taken_for_milliseconds_lie_in_the_first_days() {
        assert!(is_seconds_as_millis(Timestamp::from_millis(1_795_348_800)));
        assert!(!is_seconds_as_millis(Timestamp::from_millis(1_795_348_800_000)));
        assert!(!is_seconds_as_millis(Timestamp(0)));
    }
}

//! What does a query string ask for?
//!
//! Reads parameters strictly: an unknown name, a second value where one is meant, an empty value and a value that
//! means nothing are errors that say what is allowed, because a filter that was ignored would answer a different
//! question than the one asked. Every value passes the guard before anything else sees it.

use std::ops::RangeInclusive;

use axum::extract::Query as UriQuery;
use axum::http::Uri;
use walletscope_guard::guard;
use walletscope_model::{Duration, Timestamp};
use walletscope_series::Range;

use super::error::ApiError;

/// The default range reaches back this far.
pub const RANGE_DEFAULT: Duration = Duration::from_seconds(3 * 3_600);
/// Years that a time may lie in; RFC 3339 writes no others.
const TIME_BOUNDS: RangeInclusive<i64> = 0..=253_402_300_799_999_999;
const TIME_ALLOWED: &str = "now, now-3h (s, m, h, d, w), an RFC 3339 time or milliseconds since 1970";

/// The parameters of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(&'static str, String)>,
    /// Parameters in which the guard found a card number.
    cut: Vec<&'static str>,
}

/// One value of a list: to admit, or, written with a leading `!`, to refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The value without its mark.
    pub text: String,
    /// Whether it was written with `!`.
    pub is_refused: bool,
}

impl Query {
    /// Reads the query of `uri`, in which only the `allowed` names may stand.
    ///
    /// # Errors
    /// Another name stands in it, or a value is empty.
    pub fn read(uri: &Uri, allowed: &[&[&'static str]]) -> Result<Self, ApiError> {
        let names: Vec<&'static str> = allowed.concat();
        let parsed = UriQuery::<Vec<(String, String)>>::try_from_uri(uri);
        let pairs = parsed.map_err(|_| ApiError::BadValue {
            parameter: "query",
            value: String::new(),
            allowed: "name=value pairs joined by &".to_owned(),
        })?;
        let mut query = Self::default();
        for (name, value) in pairs.0 {
            let Some(known) = names.iter().find(|known| **known == name) else {
                return Err(ApiError::UnknownParameter { parameter: name, allowed: names });
            };
            if value.is_empty() {
                return Err(bad_value(known, &value, "a value that is not empty"));
            }
            let guarded = guard(&value);
            if guarded.cuts > 0 {
                query.cut.push(known);
            }
            query.pairs.push((known, guarded.text.into_owned()));
        }
        Ok(query)
    }

    /// The value of a parameter that may be given once.
    ///
    /// # Errors
    /// It was given twice.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, ApiError> {
        let mut values = self.pairs.iter().filter(|pair| pair.0 == name);
        match (values.next(), values.next()) {
            (Some(_), Some(_)) => Err(ApiError::Repeated { parameter: name }),
            (value, _) => Ok(value.map(|pair| pair.1.as_str())),
        }
    }

    /// Whether the guard found a card number in the parameter.
    pub fn is_cut(&self, name: &'static str) -> bool {
        self.cut.contains(&name)
    }

    /// Every value of a list, in order: repeated parameters and commas mean the same; `\,` is a comma and `\!` an
    /// exclamation mark of the value itself.
    pub fn list(&self, name: &'static str) -> Vec<Value> {
        let written = self.pairs.iter().filter(|pair| pair.0 == name);
        written.flat_map(|pair| split(&pair.1)).collect()
    }

    /// Every value of a parameter that may be repeated, as it is written: names with commas in them.
    pub fn each(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(move |pair| pair.0 == name).map(|pair| pair.1.as_str())
    }

    /// A whole number within bounds.
    ///
    /// # Errors
    /// It is not one.
    pub fn number(
        &self,
        name: &'static str,
        default: usize,
        bounds: RangeInclusive<usize>,
    ) -> Result<usize, ApiError> {
        let Some(text) = self.one(name)? else { return Ok(default) };
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        number.ok_or_else(|| {
            bad_value(name, text, &format!("a whole number from {} to {}", bounds.start(), bounds.end()))
        })
    }

    /// One of several words; `None` where it was not given.
    ///
    /// # Errors
    /// It is none of them.
    pub fn word(&self, name: &'static str, words: &[&'static str]) -> Result<Option<&'static str>, ApiError> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        let known = words.iter().copied().find(|word| *word == text);
        known.map(Some).ok_or_else(|| bad_value(name, text, &words.join(", ")))
    }

    /// The range from `from` to `to`, by default from `default_length` before its end until `now`.
    ///
    /// # Errors
    /// A time means nothing, or the range is empty.
    pub fn range(&self, now: Timestamp, default_length: Duration) -> Result<Range, ApiError> {
        let to = self.time("to", now)?.unwrap_or(now);
        let from = self.time("from", now)?.unwrap_or(to.plus(Duration(-default_length.0)));
        if from >= to {
            let given = self.one("from")?.or(self.one("to")?).unwrap_or_default();
            return Err(bad_value("from", given, "a time before to"));
        }
        Ok(Range { from, to })
    }

    fn time(&self, name: &'static str, now: Timestamp) -> Result<Option<Timestamp>, ApiError> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        parse_time(text, now).map(Some).ok_or_else(|| bad_value(name, text, TIME_ALLOWED))
    }
}

/// The error of a value that means nothing.
pub fn bad_value(parameter: &'static str, value: &str, allowed: &str) -> ApiError {
    ApiError::BadValue { parameter, value: value.to_owned(), allowed: allowed.to_owned() }
}

/// `now`, `now-3h`, RFC 3339 or milliseconds since the epoch.
pub fn parse_time(text: &str, now: Timestamp) -> Option<Timestamp> {
    let time = match text.strip_prefix("now") {
        Some("") => Some(now),
        Some(offset) => Some(now.plus(parse_offset(offset)?)),
        None if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(Timestamp(text.parse::<i64>().ok()?.checked_mul(1_000)?))
        }
        // The plus of an offset that nobody encoded arrives as a space.
        None => Timestamp::parse_rfc3339(&text.replace(' ', "+"))
            .or_else(|| Timestamp::parse_rfc3339(&text.replacen(' ', "T", 1))),
    };
    time.filter(|time| TIME_BOUNDS.contains(&time.0))
}

/// `-3h`, `+30m`.
fn parse_offset(text: &str) -> Option<Duration> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        // As above, an unencoded plus is a space.
        b'+' | b' ' => (1, &text[1..]),
        _ => return None,
    };
    let seconds = match rest.as_bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        b'w' => 604_800,
        _ => return None,
    };
    let digits = &rest[..rest.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: i64 = digits.parse().ok()?;
    Some(Duration(count.checked_mul(seconds)?.checked_mul(sign * 1_000_000)?))
}

fn split(text: &str) -> Vec<Value> {
    let mut values = vec![String::new()];
    let mut marks = vec![false];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let last = values.len() - 1;
        match character {
            '\\' if characters.peek().is_some_and(|next| matches!(next, ',' | '!' | '\\')) => {
                values[last].extend(characters.next());
            }
            ',' => {
                values.push(String::new());
                marks.push(false);
            }
            '!' if values[last].is_empty() && !marks[last] => marks[last] = true,
            character => values[last].push(character),
        }
    }
    values.into_iter().zip(marks).map(|(text, is_refused)| Value { text, is_refused }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T12:00:00Z.
    const NOW: Timestamp = Timestamp::from_seconds(1_795_348_800);
    const NAMES: &[&[&str]] = &[&["from", "to", "limit", "wallet", "order"]];

    fn query(text: &str) -> Result<Query, ApiError> {
        Query::read(&format!("/x?{text}").parse().unwrap(), NAMES)
    }

    #[test]
    fn times_are_read_in_every_spelling_and_nonsense_is_refused() {
        for (text, seconds) in [
            ("now", Some(1_795_348_800)),
            ("now-3h", Some(1_795_348_800 - 10_800)),
            ("now+90s", Some(1_795_348_890)),
            ("now 90s", Some(1_795_348_890)),
            ("now-2w", Some(1_795_348_800 - 14 * 86_400)),
            ("2026-11-22T12:00:00Z", Some(1_795_348_800)),
            ("2026-11-22T13:00:00+01:00", Some(1_795_348_800)),
            ("2026-11-22T13:00:00 01:00", Some(1_795_348_800)),
            ("2026-11-22 12:00:00Z", Some(1_795_348_800)),
            ("1795348800000", Some(1_795_348_800)),
            ("0", Some(0)),
            ("yesterday", None),
            ("now-", None),
            ("now-h", None),
            ("now-3", None),
            ("now-3y", None),
            ("now3h", None),
            ("now--3h", None),
            ("now-é", None),
            ("now-99999999999999999w", None),
            ("-1", None),
            ("2026-11-22", None),
            ("99999999999999999999", None),
            ("9223372036854775", None),
        ] {
            assert_eq!(parse_time(text, NOW).map(Timestamp::seconds), seconds, "{text}");
        }
    }

    #[test]
    fn queries_are_read_strictly() {
        for (text, expected) in [
            ("", None),
            ("from=now-1h&to=now", None),
            ("unheardOf=1", Some("unknown_parameter")),
            ("FROM=now", Some("unknown_parameter")),
            ("from=yesterday", Some("bad_value")),
            ("from=", Some("bad_value")),
            ("from", Some("bad_value")),
            ("from=now&to=now-1h", Some("bad_value")),
            ("from=now&to=now", Some("bad_value")),
            ("to=now-1h&to=now", Some("repeated_parameter")),
            ("limit=-1", Some("bad_value")),
            ("limit=0", Some("bad_value")),
            ("limit=501", Some("bad_value")),
            ("limit=1e2", Some("bad_value")),
            ("order=sideways", Some("bad_value")),
            ("order=arrival&limit=500", None),
        ] {
            let outcome = query(text).and_then(|query| {
                query.range(NOW, RANGE_DEFAULT)?;
                query.number("limit", 50, 1..=500)?;
                query.word("order", &["started", "arrival"])
            });
            assert_eq!(outcome.err().map(|error| error.body().error.code), expected, "{text}");
        }
    }

    #[test]
    fn lists_are_commas_and_repeats_with_marks() {
        for (text, expected) in [
            ("wallet=A", vec![("A", false)]),
            ("wallet=A,B&wallet=!C", vec![("A", false), ("B", false), ("C", true)]),
            (r"wallet=iPhone17\,1,B", vec![("iPhone17,1", false), ("B", false)]),
            (r"wallet=\!A,!!B", vec![("!A", false), ("!B", true)]),
            ("wallet=A,", vec![("A", false), ("", false)]),
            ("from=now", vec![]),
        ] {
            let values = query(text).unwrap().list("wallet");
            let read: Vec<_> = values.iter().map(|value| (value.text.as_str(), value.is_refused)).collect();
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn values_pass_the_guard_before_anybody_sees_them() {
        let query = query("wallet=4111111111111111").unwrap();
        assert!(!query.one("wallet").unwrap().unwrap().contains("11111111111"));
        assert!(query.is_cut("wallet") && !query.is_cut("limit"));
    }
}

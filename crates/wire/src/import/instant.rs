//! Which instant does this mean? Numbers since 1970 in any unit, and dates in text.
//!
//! Sources write one instant in four ways: milliseconds, seconds with a fraction, RFC 3339, and any of these as a text.
//! A number's size tells its unit: each unit covers the years from 1973 to 5138 without touching the next. Nothing is
//! ever shifted: a time that looks wrong is told, and kept.

use walletscope_model::Timestamp;

use super::json::Value;

/// How an instant was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Milliseconds since 1970.
    Millis,
    /// Seconds since 1970, with a fraction or without.
    Seconds,
    /// Micro- or nanoseconds since 1970.
    Fine,
    /// RFC 3339.
    Text,
    /// A date and a time without a zone, read as UTC.
    WithoutZone,
}

/// Reads an instant.
pub fn instant(value: &Value) -> Option<(Timestamp, Form)> {
    match value {
        Value::Number(number) => from_number(number),
        Value::Text(text) => from_text(text),
        _ => None,
    }
}

/// Reads an instant from a text: a number as well.
pub fn from_text(text: &str) -> Option<(Timestamp, Form)> {
    let text = text.trim();
    if let Some(at) = Timestamp::parse_rfc3339(text) {
        return Some((at, Form::Text));
    }
    if let Some(at) = Timestamp::parse_rfc3339(&format!("{text}Z")) {
        return Some((at, Form::WithoutZone));
    }
    from_number(text)
}

/// The largest number of seconds, milliseconds and microseconds that is read as such.
const SECONDS_MAX: f64 = 1e11;
const MILLIS_MAX: f64 = 1e14;
const MICROS_MAX: f64 = 1e17;
/// Nanoseconds beyond the year 2262 fit no 64 bits.
const NANOS_MAX: f64 = 9.2e18;

fn from_number(text: &str) -> Option<(Timestamp, Form)> {
    let looks_like_one =
        text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    let value: f64 = text.parse().ok().filter(|_| looks_like_one)?;
    // The digits after the comma that make whole microseconds, and the form.
    let (digits, form) = match value.abs() {
        size if size < SECONDS_MAX => (6, Form::Seconds),
        size if size < MILLIS_MAX => (3, Form::Millis),
        size if size < MICROS_MAX => (0, Form::Fine),
        size if size < NANOS_MAX => (-3, Form::Fine),
        _ => return None,
    };
    let micros = exact(text, digits).unwrap_or((value * 10_f64.powi(digits)).round() as i64);
    Some((Timestamp(micros), form))
}

/// The number with its comma moved by `digits`, without the rounding of floats; `None` where that is not so simple.
fn exact(text: &str, digits: i32) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_plain = !whole.starts_with(['-', '+']) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let whole: i64 = whole.parse().ok().filter(|_| is_plain)?;
    let Ok(digits) = usize::try_from(digits) else { return Some(whole / 1_000) };
    let kept: String = fraction.chars().chain(std::iter::repeat('0')).take(digits).collect();
    let fraction: i64 = if digits == 0 { 0 } else { kept.parse().ok()? };
    whole.checked_mul(10_i64.pow(digits as u32))?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_instant_has_many_spellings() {
        let at = Timestamp::parse_rfc3339("2024-01-15T09:55:13.245Z").expect("a time");
        for (text, form) in [
            ("1705312513245", Form::Millis),
            ("1705312513.245", Form::Seconds),
            ("1705312513245000", Form::Fine),
            ("1705312513245000999", Form::Fine),
            ("1.705312513245e12", Form::Millis),
            ("2024-01-15T09:55:13.245Z", Form::Text),
            ("2024-01-15T10:55:13.245+01:00", Form::Text),
            ("2024-01-15 09:55:13.245", Form::WithoutZone),
            (" 2024-01-15T09:55:13.245 ", Form::WithoutZone),
        ] {
            assert_eq!(from_text(text), Some((at, form)), "{text}");
            let value =
                if text.starts_with('1') { Value::Number(text.into()) } else { Value::Text(text.into()) };
            assert_eq!(instant(&value), Some((at, form)), "{text}");
        }
        let segment = Value::Number("1696419812.925".into());
        assert_eq!(instant(&segment), Some((Timestamp(1_696_419_812_925_000), Form::Seconds)));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in
            ["", "now", "12:00", "2024-01-15", "2024-13-15T00:00:00Z", "nan", "inf", "1e300", "0x10", "-"]
        {
            assert_eq!(from_text(text), None, "{text}");
        }
        assert_eq!(instant(&Value::Bool(true)), None);
    }
}

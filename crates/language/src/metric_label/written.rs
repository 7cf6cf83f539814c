//! How are numbers, times and spans written in a label? AWS publishes none of it; these are the rules here.

use std::fmt::Write as _;

use walletscope_model::{Duration, Timestamp};

/// From here on a number is written with an exponent.
const PLAIN_BELOW: f64 = 1e15;
/// Decimals of a number from 1 on.
const DECIMALS: usize = 3;
/// Digits of a number below 1, behind its zeros.
const SMALL_DIGITS: usize = 3;

/// A number as labels write it: whole numbers in full, others with three decimals, below 1 with three digits, without
/// zeros at the end. `-0` is `0`; from 10^15 on, and below 10^-6, with an exponent.
pub fn number_text(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-6..PLAIN_BELOW).contains(&magnitude) {
        return trimmed_exponent(format!("{value:.3e}"));
    }
    // Minus the exponent of a number below 1, so 2 of 0.05.
    let leading = (-magnitude.log10().floor()).max(0.0) as usize;
    let decimals = if magnitude < 1.0 { leading + SMALL_DIGITS - 1 } else { DECIMALS };
    trimmed(&format!("{value:.decimals$}")).to_owned()
}

/// A time as labels write it: `2026-11-26 14:05:00`, moved by the offset from UTC.
pub fn time_text(epoch_seconds: i64, offset_minutes: i32) -> String {
    let offset = Duration(i64::from(offset_minutes) * 60 * 1_000_000);
    let text = Timestamp::from_seconds(epoch_seconds).plus(offset).rfc3339();
    let seconds = text.split('.').next().unwrap_or(&text);
    seconds.replace('T', " ")
}

/// A span as labels write it: `1d 2h`, `5m 30s`, `0s`.
pub fn duration_text(seconds: u64) -> String {
    let parts =
        [(seconds / 86_400, 'd'), (seconds / 3_600 % 24, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
    let mut text = String::new();
    for (count, unit) in parts.into_iter().filter(|part| part.0 > 0) {
        let blank = if text.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{blank}{count}{unit}");
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Minutes ahead of UTC that `LabelOptions.Timezone` says: `+0130` is 90, `-0400` is -240
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_LabelOptions.html>). `None` for any other form.
pub fn timezone_offset_minutes(text: &str) -> Option<i32> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits = &text[1..];
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    let (hours, minutes) = (number / 100, number % 100);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Without zeros at the end of decimals, and without a point with nothing behind it.
fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

fn trimmed_exponent(number: String) -> String {
    match number.split_once('e') {
        Some((digits, exponent)) => format!("{}e{exponent}", trimmed(digits)),
        None => number,
    }
}

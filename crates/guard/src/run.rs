//! Does one run of digits without separators hold a card number? Answered without allocation.
//!
//! A run is a card number as a whole, or one behind leading zeros or an ISO 8583 length prefix, or one with expiry
//! and verification code glued to it. A run longer than track 2 (37 digits and some padding) is never one: sequence
//! numbers of streams have 56 digits.

use std::ops::Range;

use crate::issuer::{DIGITS_MAX, DIGITS_MIN, is_card_number, may_start};
use crate::{shape, track};

const RUN_MAX: usize = 40;

/// The card number inside the run, or `None` if the run may be kept.
pub(crate) fn card_number(bytes: &[u8], run: &Range<usize>) -> Option<Range<usize>> {
    if !(DIGITS_MIN..=RUN_MAX).contains(&run.len()) {
        return None;
    }
    let within = find(&bytes[run.clone()])?;
    let keep = shape::is_fraction(bytes, run.start)
        || (shape::is_known_id(bytes, run) && !track::has_track_2_letter(bytes, run));
    (!keep).then(|| run.start + within.start..run.start + within.end)
}

fn find(digits: &[u8]) -> Option<Range<usize>> {
    let length = digits.len();
    let start = digits.iter().take_while(|digit| **digit == b'0').count();
    let start = if start > 0 { start } else { length_prefix(digits) };
    let number = &digits[start..];
    if number.len() < DIGITS_MIN || !may_start(number[0]) {
        return None;
    }
    if is_card_number(number) {
        return Some(start..length);
    }
    [DIGITS_MAX, 16, 15]
        .into_iter()
        .find(|size| {
            number.len() > *size && is_card_number(&number[..*size]) && may_follow(&number[*size..], *size)
        })
        .map(|size| start..start + size)
}

/// ISO 8583 field 2 is written as two digits of length and the number. Fourteen is left out: 16 digits that start
/// with 14 are microseconds of 2014.
fn length_prefix(digits: &[u8]) -> usize {
    match (digits.len(), &digits[..2]) {
        (17, b"15") | (18, b"16") | (21, b"19") => 2,
        _ => 0,
    }
}

/// Whether the digits glued to a card number may be verification code, expiry, both, or the end of track 2.
fn may_follow(rest: &[u8], size: usize) -> bool {
    match rest.len() {
        3 => size == 16,
        4 => size == 15 || is_expiry(rest),
        7.. => is_expiry(rest),
        _ => false,
    }
}

/// YYMM (tracks) or MMYY (embossed), years 15 to 49.
fn is_expiry(digits: &[u8]) -> bool {
    let number = |at: usize| (digits[at] - b'0') * 10 + digits[at + 1] - b'0';
    let is_month_and_year = |month, year| (1..=12).contains(&month) && (15..=49).contains(&year);
    is_month_and_year(number(2), number(0)) || is_month_and_year(number(0), number(2))
}

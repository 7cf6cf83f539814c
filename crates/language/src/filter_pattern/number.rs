//! Is this text a number, and which of two is greater?
//!
//! Whole numbers of up to 38 digits are compared exactly, so that long ids do not fall together; everything else as the
//! nearest double, as the metrics that are made of it.

use std::cmp::Ordering;

/// A number as it is written in patterns and events: a sign, digits, a fraction, an exponent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    float: f64,
    integer: Option<i128>,
}

impl Number {
    /// Reads `+1`, `-2.50`, `10e-3`; nothing around it. No `inf`, no `nan`, no `0x`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        // Nearly every text that is no number is told by its first byte.
        if !digits.starts_with(|first: char| first.is_ascii_digit()) || !is_decimal(digits.as_bytes()) {
            return None;
        }
        Some(Self { float: text.parse().ok()?, integer: text.parse().ok() })
    }

    /// The nearest double; infinite beyond their range.
    pub fn as_float(self) -> f64 {
        self.float
    }

    pub fn compare(self, other: Self) -> Option<Ordering> {
        match (self.integer, other.integer) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => self.float.partial_cmp(&other.float),
        }
    }
}

fn is_decimal(bytes: &[u8]) -> bool {
    let Some(rest) = after_digits(bytes) else { return false };
    let rest = match rest {
        [b'.', fraction @ ..] => match after_digits(fraction) {
            Some(rest) => rest,
            None => return false,
        },
        rest => rest,
    };
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            after_digits(exponent).is_some_and(<[u8]>::is_empty)
        }
        _ => false,
    }
}

/// What follows one digit or more.
fn after_digits(bytes: &[u8]) -> Option<&[u8]> {
    let count = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then(|| &bytes[count..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_and_nothing_else() {
        let numbers = ["0", "007", "+1000", "-1", "55.5", "10e3", "10e-3", "1E+3", "-2.50e0"];
        let others = [
            "", "+", "-", ".", ".5", "5.", "1e", "1e+", "e3", "1_000", "1,000", "inf", "NaN", "0x10", " 1",
            "1 ", "1.2.3", "--1", "1e1.5", "١",
        ];
        assert!(numbers.iter().all(|text| Number::parse(text).is_some()), "{numbers:?}");
        for text in others {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn order_is_exact_for_whole_numbers_and_by_value_for_others() {
        let cases = [
            ("1", "2", Ordering::Less),
            ("400", "4e2", Ordering::Equal),
            ("10e-3", "0.01", Ordering::Equal),
            ("-0", "0", Ordering::Equal),
            ("12345678901234567", "12345678901234568", Ordering::Less),
            (
                "99999999999999999999999999999999999999",
                "99999999999999999999999999999999999998",
                Ordering::Greater,
            ),
            ("1e400", "1e308", Ordering::Greater),
        ];
        for (left, right, expected) in cases {
            let order = |text: &str| Number::parse(text).expect("a number");
            assert_eq!(order(left).compare(order(right)), Some(expected), "{left} {right}");
            assert_eq!(order(right).compare(order(left)), Some(expected.reverse()), "{right} {left}");
        }
    }
}

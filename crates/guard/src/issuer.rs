//! Could these digits be a card number? Length, issuer range and check digit; nothing about their surroundings.
//!
//! The ranges are public knowledge; sources: ISO/IEC 7812, <https://en.wikipedia.org/wiki/Payment_card_number>
//! (table of issuer identification numbers), <https://en.wikipedia.org/wiki/Maestro_(debit_card)>,
//! <https://en.wikipedia.org/wiki/Mir_(payment_system)>. Left out on purpose because they start with 1 as every
//! epoch does until 2033 and beyond: UATP (1, 15 digits) and GPN (1946). Twelve-digit Maestro numbers are left out
//! because cloud account ids have twelve digits.

/// Card numbers of fewer digits are not looked for.
pub(crate) const DIGITS_MIN: usize = 13;
/// The longest card number (ISO/IEC 7812).
pub(crate) const DIGITS_MAX: usize = 19;

/// Numbers whose first six digits lie in `first..=last` and whose length is in `lengths` (a bit per length).
struct IssuerRange {
    first: u32,
    last: u32,
    lengths: u32,
}

const fn range(first: u32, last: u32, lengths: u32) -> IssuerRange {
    IssuerRange { first, last, lengths }
}

const fn bits(from: u32, to: u32) -> u32 {
    (1 << (to + 1)) - (1 << from)
}

const L13_19: u32 = bits(13, 19);
const L14_19: u32 = bits(14, 19);
const L15: u32 = bits(15, 15);
const L16: u32 = bits(16, 16);
const L16_19: u32 = bits(16, 19);
const L19: u32 = bits(19, 19);

#[rustfmt::skip]
const RANGES: &[IssuerRange] = &[
    range(220_000, 220_499, L16_19),       // Mir
    range(220_500, 220_599, L16),          // BORICA
    range(222_100, 272_099, L16),          // Mastercard, 2 series
    range(300_000, 305_999, L14_19),       // Diners Club
    range(309_500, 309_599, L14_19),       // Diners Club
    range(310_000, 319_999, L19),          // China T-Union
    range(340_000, 349_999, L15),          // American Express
    range(352_800, 358_999, L16_19),       // JCB, LankaPay (357111)
    range(360_000, 369_999, L14_19),       // Diners Club
    range(370_000, 379_999, L15),          // American Express
    range(380_000, 399_999, L14_19),       // Diners Club, Hipercard (3841)
    range(400_000, 499_999, bits(13, 13) | L16 | L19), // Visa; Dankort, Elo
    range(500_000, 509_999, L13_19),       // Maestro; RuPay (508), Verve, Elo
    range(510_000, 559_999, L16),          // Mastercard
    range(560_000, 589_999, L13_19),       // Maestro; UzCard (5614)
    range(600_000, 699_999, L13_19),       // Maestro; Discover, UnionPay (62), RuPay, Troy, Verve, Elo, Hipercard
    range(810_000, 819_999, L16_19),       // UnionPay, RuPay
    range(820_000, 829_999, L16),          // RuPay
    range(860_000, 860_099, L16),          // UzCard
    range(970_400, 970_499, L16 | L19),    // Napas
    range(979_200, 979_299, L16),          // Troy
    range(986_000, 986_099, L16),          // Humo
];

/// Whether the ASCII digits have an issuer's prefix and length and a right check digit.
pub(crate) fn is_card_number(digits: &[u8]) -> bool {
    (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) && has_issuer(digits) && has_check_digit(digits)
}

/// Whether any issuer's numbers start with this digit: the cheap question before all others.
pub(crate) fn may_start(digit: u8) -> bool {
    matches!(digit, b'2'..=b'6' | b'8' | b'9')
}

fn has_issuer(digits: &[u8]) -> bool {
    let prefix = digits[..6].iter().fold(0, |prefix, digit| prefix * 10 + u32::from(digit - b'0'));
    let length = 1 << digits.len();
    RANGES.iter().any(|range| (range.first..=range.last).contains(&prefix) && range.lengths & length != 0)
}

/// Luhn, ISO/IEC 7812-1 annex B: from the right, every second digit counts twice, with its digits summed.
fn has_check_digit(digits: &[u8]) -> bool {
    const DOUBLED: [u8; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    let value = |(position, digit): (usize, &u8)| match (position % 2, digit - b'0') {
        (0, digit) => u32::from(digit),
        (_, digit) => u32::from(DOUBLED[usize::from(digit)]),
    };
    digits.iter().rev().enumerate().map(value).sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_test_numbers_and_their_unfriendly_twins() {
        let cases = [
            ("4111111111111111", true),
            ("4111111111111112", false), // check digit
            ("4222222222222", true),
            ("378282246310005", true),
            ("30569309025904", true),
            ("6011111111111117", true),
            ("3530111333300000", true),
            ("2223003122003222", true),
            ("2720990000000007", true),  // last of Mastercard's 2 series
            ("2721000000000004", false), // first after it
            ("5555555555554444", true),
            ("6200000000000005", true),
            ("9792030000000000", true),
            ("2200000000000053", true),
            ("1234567812345670", false),  // right check digit, no issuer
            ("41111111111111113", false), // no Visa has 17 digits
            ("411111111116", false),      // 12 digits
        ];
        for (digits, expected) in cases {
            assert_eq!(is_card_number(digits.as_bytes()), expected, "{digits}");
        }
    }

    #[test]
    fn the_table_is_ordered_and_agrees_with_the_first_digit() {
        assert!(RANGES.windows(2).all(|pair| pair[0].last < pair[1].first));
        for range in RANGES {
            assert!(may_start(b'0' + u8::try_from(range.first / 100_000).unwrap()));
        }
    }
}

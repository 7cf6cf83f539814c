//! Is there a card number in this string?
//!
//! [`guard`] is called on every string that enters the product, before its first durable byte. It truncates card
//! numbers to their first six or eight and last four digits, cuts magnetic-stripe data, and blanks the values of keys
//! that name a verification code, a PIN or a track. It looks at digits, not at keywords: length, issuer range and
//! check digit decide. Ids of known shapes (UUIDs, hex ids, epochs, token references) pass untouched.
//!
//! It does not decode base64, does not look for reversed digits and never reads anything but its argument. The hard
//! part is the border between a card number and an id; the rules are in `docs/formats/guard.md`, the ids in `shape`.
//!
//! ```
//! let guarded = walletscope_guard::guard(r#"{"pan":"4111 1111 1111 1111","cvv":"123"}"#);
//! assert_eq!(guarded.text, r#"{"pan":"41111111****1111","cvv":"***"}"#);
//! assert_eq!(guarded.cuts, 2);
//! assert!(walletscope_guard::is_clean("1-5f2aef12-1234567890abcdef12345678 took 1705312512000"));
//! ```

mod chain;
mod cut;
mod issuer;
mod json_number;
mod key;
mod look;
mod quote;
mod run;
mod shape;
mod track;
mod view;

use std::borrow::Cow;

/// A string after the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarded<'a> {
    /// The string that may be kept. Borrowed and unchanged exactly when `cuts` is 0.
    pub text: Cow<'a, str>,
    /// How many places were cut. A value with cuts is no id: two different ids may look equal after it.
    pub cuts: u32,
}

/// Cuts are found again after each round of cutting, because a cut can free a neighbour. Two rounds settle all
/// known input; the bound keeps hostile input linear.
const ROUNDS_MAX: u32 = 8;

/// Cuts card numbers, track data and the values of sensitive keys out of any text: log line, JSON, URL, name.
///
/// JSON objects and arrays stay valid JSON of the same shape; a cut number becomes a string. The result is a fixed
/// point: guarding it again changes nothing. Text without findings is returned borrowed, without allocation.
pub fn guard(text: &str) -> Guarded<'_> {
    let mut guarded = Guarded { text: Cow::Borrowed(text), cuts: 0 };
    for _ in 0..ROUNDS_MAX {
        let cuts = cut_once(&mut guarded.text);
        if cuts == 0 {
            break;
        }
        guarded.cuts += cuts;
    }
    guarded
}

/// Whether [`guard`] would leave the text as it is.
pub fn is_clean(text: &str) -> bool {
    guard(text).cuts == 0
}

/// One round: over the decoded view where the text holds escapes or foreign digits, because only there a number stands
/// beside all that belongs to it; then over the text as written, where a stray `%41` cannot swallow a number's start.
fn cut_once(text: &mut Cow<'_, str>) -> u32 {
    let noticed = look::look(text.as_bytes());
    let mut cuts = 0;
    if noticed.encoded {
        cuts += cut_decoded(text, key::cuts);
        cuts += cut_decoded(text, chain::cuts);
    }
    if noticed.sensitive_keys {
        cuts += cut::apply(text, None, key::cuts);
    }
    if noticed.digits {
        cuts += cut::apply(text, None, chain::cuts);
    }
    cuts
}

fn cut_decoded(text: &mut Cow<'_, str>, find: cut::Find) -> u32 {
    let view = view::View::decode(text);
    cut::apply(text, Some(&view), find)
}

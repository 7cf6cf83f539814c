//! Which values are named by a sensitive key? Verification codes, PINs and tracks are never kept, whatever they hold.
//!
//! A key is compared whole, without case, `_` and `-`; a dotted or bracketed path counts by its last part. Forms:
//! JSON at any depth of string escaping, query strings and `key=value`, `key: digits` in prose, XML elements.

use std::ops::Range;

use crate::cut::{BLANK, Cut, Quote};
use crate::quote::{self, end_of_string};

const KEYS: &[&str] = &[
    "cav",
    "cav2",
    "cardcvc",
    "cardcvv",
    "cardpin",
    "cardsecuritycode",
    "cardverificationcode",
    "cardverificationvalue",
    "cid",
    "csc",
    "cvc",
    "cvc2",
    "cvccode",
    "cvd",
    "cvn",
    "cvn2",
    "cvv",
    "cvv1",
    "cvv2",
    "cvvcode",
    "dcvv",
    "icvv",
    "magstripe",
    "pin",
    "pinblock",
    "pindata",
    "securitycode",
    "track",
    "track1",
    "track1data",
    "track2",
    "track2data",
    "track2equivalentdata",
    "track3",
    "track3data",
    "trackdata",
];
const KEY_LENGTH_MAX: usize = 24;

/// A sensitive key before a colon, equals sign or closing angle bracket.
pub(crate) struct Key {
    /// The key's closing quote with its backslashes, if it is quoted.
    quote: Option<Range<usize>>,
    /// The key may be a customer's id as well (`cid`): blanked only if its value is three or four digits.
    is_ambiguous: bool,
    /// Prose such as `pin: 1234` or `pin = 1234`: blanked only if its value is digits.
    is_loose: bool,
}

/// All values to blank, in order.
pub(crate) fn cuts(bytes: &[u8]) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = Vec::new();
    let mut position = 0;
    while position < bytes.len() {
        if matches!(bytes[position], b':' | b'=' | b'>')
            && let Some(key) = before(bytes, position)
            && let Some(cut) = value_after(bytes, position, &key)
        {
            position = cut.span.end.max(position + 1);
            cuts.push(cut);
        } else {
            position += 1;
        }
    }
    cuts
}

/// The sensitive key that ends right before a position, if there is one.
pub(crate) fn before(bytes: &[u8], position: usize) -> Option<Key> {
    let spaces = bytes[..position].iter().rev().take(2).take_while(|byte| **byte == b' ').count();
    let mut end = position - spaces;
    if end > 0 && bytes[end - 1] == b']' {
        end -= 1;
    }
    let quote = quote::at_end(&bytes[..end]);
    end = quote.as_ref().map_or(end, |quote| quote.start);
    let may_end = end >= 3 && may_end_key(bytes[end - 2] | 0x20, bytes[end - 1] | 0x20);
    if !may_end {
        return None;
    }
    let (name, start) = whole_name(bytes, end)?;
    let opener = start.checked_sub(1).map(|before| bytes[before]);
    let is_whole = match (&quote, bytes[position]) {
        (Some(quote), _) => opener == Some(b'.') || opens(bytes, start, quote),
        (None, b'>') => matches!(opener, Some(b'<' | b':')),
        (None, _) => true,
    };
    let is_loose = quote.is_none() && (bytes[position] == b':' || (bytes[position] == b'=' && spaces > 0));
    is_whole.then(|| Key { is_ambiguous: name == "cid", quote, is_loose })
}

/// Whether the quote before a key's name belongs to the one behind it: it stands behind as many backslashes.
fn opens(bytes: &[u8], name: usize, closing: &Range<usize>) -> bool {
    let opening = &bytes[..name];
    let is_same = opening.last() == Some(&bytes[closing.end - 1]);
    is_same
        && opening[..name - 1].iter().rev().take_while(|byte| **byte == b'\\').count() + 1 >= closing.len()
}

/// The last two letters of a key, lower case: rejects nearly every other key at once.
fn may_end_key(second_last: u8, last: u8) -> bool {
    matches!(
        (second_last, last),
        (b'v', b'v' | b'1' | b'2' | b'n' | b'c' | b'd')
            | (b'a', b'v')
            | (b'i', b'd' | b'n')
            | (b'c', b'2' | b'k')
            | (b's', b'c')
            | (b'n', b'2')
            | (b'k', b'1' | b'2' | b'3')
            | (b't', b'a')
            | (b'd', b'e')
            | (b'u', b'e')
            | (b'p', b'e')
    )
}

/// The known key that these letters are, ending at `end`, and where it starts.
fn whole_name(bytes: &[u8], end: usize) -> Option<(&'static str, usize)> {
    let mut name = [0; KEY_LENGTH_MAX];
    let mut free = KEY_LENGTH_MAX;
    let mut start = end;
    while start > 0 && is_key_byte(bytes[start - 1]) {
        start -= 1;
        if bytes[start].is_ascii_alphanumeric() {
            free = free.checked_sub(1)?;
            name[free] = bytes[start].to_ascii_lowercase();
        }
    }
    let name = &name[free..];
    // In `\ncvv=123` the n belongs to the escape.
    let escaped = start > 0 && bytes[start - 1] == b'\\';
    let known = |name: &[u8]| KEYS.iter().find(|key| key.as_bytes() == name).copied();
    match escaped {
        true => known(name.get(1..)?).map(|key| (key, start)),
        false => known(name).map(|key| (key, start)),
    }
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn value_after(bytes: &[u8], position: usize, key: &Key) -> Option<Cut> {
    let mut start = position + 1;
    if bytes[position] == b'=' && matches!(bytes.get(start), Some(b'=' | b'>')) {
        start += 1;
    }
    start += bytes[start..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
    let slashes = bytes[start..].iter().take_while(|byte| **byte == b'\\').count();
    let (span, quote) = match bytes.get(start + slashes)? {
        quote @ (b'"' | b'\'') => {
            let content = start + slashes + 1;
            let is_like_key = key.quote.as_ref().is_some_and(|own| own.len() - 1 == slashes);
            if !is_like_key && closes_a_string(bytes, content) {
                return None;
            }
            let end = end_of_string(bytes, content, *quote, slashes);
            let bound = match key.quote {
                None if *quote == b'\'' => end_of_outer_string(&bytes[..end], content),
                _ if slashes > 0 => end_of_outmost_string(&bytes[..end], content),
                _ => end,
            };
            (content..bound, None)
        }
        _ if key.is_loose || key.is_ambiguous => (start..end_of_code(bytes, start)?, key.quote.clone()),
        b'{' | b'[' if key.quote.as_ref().is_none_or(|quote| quote.len() > 1) => {
            (start..end_of_nested_in_string(bytes, start), key.quote.clone())
        }
        b'{' | b'[' => (start..end_of_nested(bytes, start, key), key.quote.clone()),
        _ if bytes[position] == b'>' => (start..end_of_element(bytes, start), None),
        _ => (start..end_at(bytes, start, ends_bare_value), key.quote.clone()),
    };
    let value = &bytes[span.clone()];
    let is_code = matches!(value.len(), 3 | 4) && value.iter().all(u8::is_ascii_digit);
    let is_kept = says_nothing(value) || key.is_ambiguous && !is_code;
    (!is_kept).then(|| Cut { span, text: BLANK.into(), quote: quote.map_or(Quote::None, Quote::Like) })
}

/// A quote that JSON's punctuation follows ends the string that ends in `cvv=`; it begins no value. Were it taken for a
/// beginning, everything up to the next string would be blanked, and the JSON be none any more.
fn closes_a_string(bytes: &[u8], behind: usize) -> bool {
    let next = bytes[behind..].iter().find(|byte| !byte.is_ascii_whitespace());
    next.is_some_and(|byte| matches!(byte, b',' | b':' | b'}' | b']'))
}

/// Where the string ends that a single-quoted value stands in: it may be cut off before its own quote. `bytes` end with the
/// value, because a search beyond it would make hostile text slow. The backslashes of a quote stay with it.
fn end_of_outer_string(bytes: &[u8], content: usize) -> usize {
    let end = end_at(bytes, content, |byte| byte == b'"');
    end - bytes[content..end].iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// Empty and blanked values are kept everywhere, `null`, `true` and `false` say nothing about a card.
fn says_nothing(value: &[u8]) -> bool {
    value.iter().all(|byte| *byte == b'*')
        || [&b"null"[..], b"true", b"false", b"none"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Where an object or array ends, strings inside it skipped.
fn end_of_nested(bytes: &[u8], start: usize, key: &Key) -> usize {
    let slashes = key.quote.as_ref().map_or(0, |quote| quote.len() - 1);
    let mut depth = 0_usize;
    let mut position = start;
    while position < bytes.len() {
        match bytes[position] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return position + 1,
            b'}' | b']' => depth -= 1,
            b'"' => position = end_of_string(bytes, position + 1, b'"', slashes) + slashes,
            _ => {}
        }
        position += 1;
    }
    bytes.len()
}

/// The same behind a key that may stand in a string itself, such as `{"url":"?cvv=[1","next":1}`: the object or array ends
/// with that string, and its own strings may be written at any depth.
fn end_of_nested_in_string(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut inside: Option<usize> = None;
    for (position, byte) in bytes.iter().enumerate().skip(start) {
        match (byte, inside) {
            (b'"', _) => {
                let slashes = quote::at_end(&bytes[..=position]).map_or(0, |quote| quote.len() - 1);
                if slashes == 0 && inside != Some(0) && closes_a_string(bytes, position + 1) {
                    return position;
                }
                inside = match inside {
                    None => Some(slashes),
                    Some(opened) => Some(opened).filter(|opened| *opened != slashes),
                };
            }
            (b'{' | b'[', None) => depth += 1,
            (b'}' | b']', None) if depth <= 1 => return position + 1,
            (b'}' | b']', None) => depth -= 1,
            _ => {}
        }
    }
    bytes.len()
}

/// Where an XML element's text ends: at the next tag, or with the string of JSON that it was cut off in.
fn end_of_element(bytes: &[u8], start: usize) -> usize {
    let ends = |position: &usize| match bytes[*position] {
        b'<' => true,
        b'"' => is_outmost(bytes, *position) && closes_a_string(bytes, position + 1),
        _ => false,
    };
    (start..bytes.len()).find(ends).unwrap_or(bytes.len())
}

/// Where a value written in a string ends that was cut off before its own quote; `bytes` end with the value.
fn end_of_outmost_string(bytes: &[u8], content: usize) -> usize {
    let ends = |position: &usize| bytes[*position] == b'"' && is_outmost(bytes, *position);
    (content..bytes.len()).find(ends).unwrap_or(bytes.len())
}

/// Whether the quote at `position` stands in no string of another.
fn is_outmost(bytes: &[u8], position: usize) -> bool {
    quote::at_end(&bytes[..=position]).is_some_and(|quote| quote.len() == 1)
}

fn end_at(bytes: &[u8], start: usize, ends: fn(u8) -> bool) -> usize {
    bytes[start..].iter().position(|byte| ends(*byte)).map_or(bytes.len(), |length| start + length)
}

fn ends_bare_value(byte: u8) -> bool {
    byte.is_ascii_whitespace() || br#"&;,)}]<|#"'\"#.contains(&byte)
}

/// Where a code of three to twelve digits ends that nothing is glued to.
fn end_of_code(bytes: &[u8], start: usize) -> Option<usize> {
    let end = end_at(bytes, start, |byte| !byte.is_ascii_digit());
    let is_glued = bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric());
    ((3..=12).contains(&(end - start)) && !is_glued).then_some(end)
}

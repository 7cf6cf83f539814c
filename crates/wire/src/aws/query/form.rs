//! Which pairs does a form hold? Decoding of `application/x-www-form-urlencoded`, and the order in which
//! the deserialiser wants its keys.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::aws::rest::hex_digit;

/// Most pairs of a form: a full `PutMetricData` (1,000 metrics of 150 values and counts and 30
/// dimensions) has some 365,000.
pub(crate) const FORM_PAIRS_MAX: usize = 500_000;

/// One decoded pair.
pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The first value of a key, without reading the rest of the form.
pub(crate) fn form_value<'a>(form: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    pairs(form).find(|(key, _)| *key == name.as_bytes()).and_then(|(_, value)| decode(value))
}

/// All pairs, sorted so that members of one structure and items of one list are neighbours and lists are
/// in the order of their numbers. `None` for text that is not UTF-8 and for too many pairs.
pub(crate) fn sorted_pairs(form: &[u8]) -> Option<Vec<Pair<'_>>> {
    let mut sorted = Vec::new();
    for (key, value) in pairs(form) {
        if sorted.len() == FORM_PAIRS_MAX {
            return None;
        }
        sorted.push((decode(key)?, decode(value)?));
    }
    sorted.sort_by(|(left, _), (right, _)| compare_keys(left, right));
    Some(sorted)
}

/// The segment of a key that starts at `offset`, up to the next dot.
pub(crate) fn segment(key: &str, offset: usize) -> Option<&str> {
    key.get(offset..).and_then(|rest| rest.split('.').next())
}

fn pairs(form: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=');
        equals.map_or((pair, [].as_slice()), |equals| (&pair[..equals], &pair[equals + 1..]))
    })
}

fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if !bytes.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        let pair = match (first, tail) {
            (b'%', [high, low, ..]) => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        decoded.push(match (first, pair) {
            (_, Some((high, low))) => high << 4 | low,
            (b'+', _) => b' ',
            (byte, _) => *byte,
        });
        rest = if pair.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// Segment by segment, numbers by value: `a.2` before `a.10`, and `a` before `a.1`.
fn compare_keys(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(left), Some(right)) => compare_segments(left, right),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn compare_segments(left: &str, right: &str) -> Ordering {
    match (left.parse::<u32>(), right.parse::<u32>()) {
        // Spellings of one number stay apart, so that equal keys are equal text.
        (Ok(left_number), Ok(right_number)) => left_number.cmp(&right_number).then_with(|| left.cmp(right)),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => left.cmp(right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_and_sorted_by_number() {
        let form = b"L.member.10=x&L.member.9=a%20b+c&A=%&&B&L.member.2.N=%E2%82%AC";
        let sorted = sorted_pairs(form).expect("UTF-8");
        let text: Vec<String> = sorted.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(text, ["A=%", "B=", "L.member.2.N=€", "L.member.9=a b c", "L.member.10=x"]);
        assert!(sorted_pairs(b"a=%ff").is_none());
        assert!(sorted_pairs(&b"a&".repeat(FORM_PAIRS_MAX)).is_some());
        assert!(sorted_pairs(&b"a&".repeat(FORM_PAIRS_MAX + 1)).is_none());
    }

    #[test]
    fn one_value_is_found_by_its_whole_key() {
        let form = b"Actions=x&Action=Get%2BIt&Action=Second";
        assert_eq!(form_value(form, "Action").as_deref(), Some("Get+It"));
        assert_eq!(form_value(form, "Act"), None);
    }
}

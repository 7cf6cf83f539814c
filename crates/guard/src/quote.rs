//! Where does a string begin and end when it is itself written inside a string? At nesting depth d every quote stands
//! behind 2^d - 1 backslashes; more of them escape it once more or belong to the string's content.

use std::ops::Range;

/// The quote these bytes end with (double or single), with the backslashes of its nesting depth.
pub(crate) fn at_end(bytes: &[u8]) -> Option<Range<usize>> {
    let (last, rest) = bytes.split_last()?;
    if !matches!(last, b'"' | b'\'') {
        return None;
    }
    let slashes = rest.iter().rev().take_while(|byte| **byte == b'\\').count();
    // A number of backslashes that fits depth d has exactly d trailing one bits: `"a\\"` ends at depth 0.
    let own = (1 << slashes.trailing_ones().min(16)) - 1;
    Some(bytes.len() - 1 - own..bytes.len())
}

/// Where a string's content ends that was opened by a quote behind `slashes` backslashes; without a closing quote,
/// at the end of the text.
pub(crate) fn end_of_string(bytes: &[u8], content: usize, quote: u8, slashes: usize) -> usize {
    let mut run = 0;
    for (position, byte) in bytes.iter().enumerate().skip(content) {
        match *byte {
            b'\\' => run += 1,
            byte if byte == quote && run % (2 * (slashes + 1)) == slashes => return position - slashes,
            _ => run = 0,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_backslashes_tells_the_depth() {
        for (text, expected) in [
            (r#"a""#, Some(1..2)),
            (r#"a\""#, Some(1..3)),
            (r#"a\\""#, Some(3..4)),
            (r#"a\\\""#, Some(1..5)),
            (r#"a\\\\\""#, Some(5..7)),
            ("a", None),
            ("", None),
        ] {
            assert_eq!(at_end(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_string_ends_at_its_own_quote() {
        for (text, slashes, expected) in [
            (r#"12",x"#, 0, 2),
            (r#"1\"2",x"#, 0, 4),
            (r#"1\\",x"#, 0, 3),
            (r#"12\",x"#, 1, 2),
            (r#"1\\\"2\",x"#, 1, 6),
            (r#"12"#, 0, 2),
        ] {
            assert_eq!(end_of_string(text.as_bytes(), 0, b'"', slashes), expected, "{text}");
        }
    }
}

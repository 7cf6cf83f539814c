//! What is written where something was cut? Finders name spans and replacements; this file edits the text.
//!
//! Finders work on bytes that are either the text itself or its decoded view, so a span is mapped back to the text
//! here, once, and the quotes around a blanked bare value are copied from the text's own quoting (`"`, `\"`, `%22`).

use std::borrow::Cow;
use std::ops::Range;

use crate::view::View;

/// What stands for a value that is removed whole.
pub(crate) const BLANK: &str = "***";

/// Finds all cuts in bytes, in order and without overlap.
pub(crate) type Find = fn(&[u8]) -> Vec<Cut>;

/// One span to replace; positions are in the bytes the finder was given.
#[derive(Debug)]
pub(crate) struct Cut {
    pub span: Range<usize>,
    pub text: String,
    pub quote: Quote,
}

/// The quotes to put around the replacement, so that a bare JSON value becomes a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Quote {
    None,
    Plain,
    /// The same characters as this earlier quote, escapes included.
    Like(Range<usize>),
}

/// Truncates a card number: first eight (six below 16 digits) and last four digits, a star for each other digit.
/// Limits: PCI SSC FAQ 1091 (16 digits and more: first 8 and any other 4; 15 digits: first 6, last 4). One form per
/// number whatever its separators, because two forms of one number must never be correlated.
pub(crate) fn truncated(digits: &[u8]) -> String {
    let head = if digits.len() >= 16 { 8 } else { 6 };
    let tail = digits.len() - 4;
    let mark = |(position, digit): (usize, &u8)| match position < head || position >= tail {
        true => char::from(*digit),
        false => '*',
    };
    digits.iter().enumerate().map(mark).collect()
}

/// Replaces what `find` finds; with a view, `find` sees the view and the text is edited. Returns the count.
pub(crate) fn apply(text: &mut Cow<'_, str>, view: Option<&View>, find: Find) -> u32 {
    let cuts = find(view.map_or(text.as_bytes(), |view| &view.bytes));
    if cuts.is_empty() {
        return 0;
    }
    let place = |range: &Range<usize>| match view {
        Some(view) => view.source[range.start]..view.source[range.end],
        None => range.clone(),
    };
    let mut edited = String::with_capacity(text.len());
    let mut done = 0;
    for cut in &cuts {
        let span = place(&cut.span);
        let quote = match &cut.quote {
            Quote::None => "",
            Quote::Plain => "\"",
            Quote::Like(range) => &text[place(range)],
        };
        for piece in [&text[done..span.start], quote, &cut.text, quote] {
            edited.push_str(piece);
        }
        done = span.end;
    }
    edited.push_str(&text[done..]);
    *text = Cow::Owned(edited);
    u32::try_from(cuts.len()).unwrap_or(u32::MAX)
}

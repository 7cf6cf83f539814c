//! Where are the card numbers in this text? Finds chains of digit groups joined by separators, and in each chain the
//! windows of groups that are a card number.
//!
//! Two readings of a chain: groups as cards print them (4-4-4-4 and its shorter and longer kin, 4-6-5, 4-6-4, 4-5-6),
//! anywhere in the chain, with any separators; or the whole chain in any small groups, when one separator, space or dash,
//! joins it all and nothing is glued to its ends. What was cut before (`41111111****1111`) ends a chain, so that a second
//! run sees what the first one saw.

use std::ops::Range;

use crate::cut::{BLANK, Cut, Quote, truncated};
use crate::issuer::{DIGITS_MAX, DIGITS_MIN, is_card_number, may_start};
use crate::json_number::JsonNumbers;
use crate::{run, shape, track};

/// A digit group; positions in the text.
type Group = Range<usize>;

/// More separators than this between two groups end a chain.
const GAP_MAX: usize = 3;

/// All cuts of card numbers and track data, in order.
pub(crate) fn cuts(bytes: &[u8]) -> Vec<Cut> {
    let mut found = Found { bytes, numbers: JsonNumbers::new(bytes), cuts: Vec::new() };
    for stretch in Stretches::new(bytes) {
        let groups = groups(bytes, stretch);
        for chain in groups.chunk_by(|left, right| right.start - left.end <= GAP_MAX) {
            found.search(without_truncated(bytes, chain));
        }
    }
    found.cuts
}

/// Whether [`cuts`] may find something: exact for single runs of digits, generous for chains; does not allocate.
pub(crate) fn may_hold_cut(bytes: &[u8]) -> bool {
    Stretches::new(bytes).any(|stretch| {
        let digits = &bytes[stretch.clone()];
        match digits.iter().all(u8::is_ascii_digit) {
            true => run::card_number(bytes, &stretch).is_some(),
            false => digits.iter().any(|digit| may_start(*digit)),
        }
    })
}

const PLAIN: u8 = 0;
const DIGIT: u8 = 1;
const SEPARATOR: u8 = 2;

const fn classes() -> [u8; 256] {
    let mut classes = [PLAIN; 256];
    let mut index = 0;
    while index < 10 {
        classes[b'0' as usize + index] = DIGIT;
        index += 1;
    }
    let separators = b" -./_+\t";
    index = 0;
    while index < separators.len() {
        classes[separators[index] as usize] = SEPARATOR;
        index += 1;
    }
    classes
}

static CLASSES: [u8; 256] = classes();

fn class(byte: u8) -> u8 {
    CLASSES[usize::from(byte)]
}

/// Stretches of digits and separators, trimmed to digits, that hold at least 13 digits.
struct Stretches<'a> {
    bytes: &'a [u8],
    probe: usize,
    floor: usize,
}

impl<'a> Stretches<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Stretches { bytes, probe: DIGITS_MIN - 1, floor: 0 }
    }

    /// The stretch around the probe, which stands on a digit or separator.
    fn around_probe(&mut self) -> Range<usize> {
        let is_part = |byte: &&u8| class(**byte) != PLAIN;
        let before = self.bytes[self.floor..self.probe].iter().rev().take_while(is_part).count();
        let after = self.bytes[self.probe..].iter().take_while(is_part).count();
        let (start, end) = (self.probe - before, self.probe + after);
        self.floor = end;
        self.probe = end + DIGITS_MIN;
        start..end
    }
}

impl Iterator for Stretches<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        while self.probe < self.bytes.len() {
            if class(self.bytes[self.probe]) == PLAIN {
                self.probe += DIGITS_MIN;
                continue;
            }
            let mut stretch = self.around_probe();
            let is_digit = |byte: &u8| class(*byte) == DIGIT;
            let digits = self.bytes[stretch.clone()].iter().filter(|byte| is_digit(byte)).count();
            if digits >= DIGITS_MIN {
                while !is_digit(&self.bytes[stretch.start]) {
                    stretch.start += 1;
                }
                while !is_digit(&self.bytes[stretch.end - 1]) {
                    stretch.end -= 1;
                }
                return Some(stretch);
            }
        }
        None
    }
}

fn groups(bytes: &[u8], stretch: Range<usize>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for position in stretch {
        match groups.last_mut() {
            _ if class(bytes[position]) != DIGIT => {}
            Some(group) if group.end == position => group.end += 1,
            _ => groups.push(position..position + 1),
        }
    }
    groups
}

/// Drops the last four digits of a truncated number at the front and the first digits of one at the back.
fn without_truncated<'a>(bytes: &[u8], mut chain: &'a [Group]) -> &'a [Group] {
    if let [first, rest @ ..] = chain
        && first.len() == 4
        && bytes[..first.start].ends_with(BLANK.as_bytes())
    {
        chain = rest;
    }
    if let [rest @ .., last] = chain
        && matches!(last.len(), 6 | 8)
        && bytes[last.end..].starts_with(BLANK.as_bytes())
    {
        chain = rest;
    }
    chain
}

/// A card number in a window of groups: how many groups, and which of the digits when there is one group.
struct Window {
    groups: usize,
    number: Range<usize>,
}

struct Found<'a> {
    bytes: &'a [u8],
    numbers: JsonNumbers<'a>,
    cuts: Vec<Cut>,
}

impl Found<'_> {
    fn search(&mut self, mut chain: &[Group]) {
        while !chain.is_empty() {
            if self.push_if_whole(chain) {
                return;
            }
            let first = (0..chain.len()).find_map(|at| Some((at, self.window(&chain[at..])?)));
            let Some((at, window)) = first else { return };
            self.push_if_whole(&chain[..at]);
            let end = self.end_of_overlap(&chain[at..], window.groups);
            self.push(&chain[at..at + window.groups], window.number, &chain[at + window.groups..at + end]);
            chain = &chain[at + end..];
        }
    }

    /// The window at the front of the chain, longest first.
    fn window(&self, chain: &[Group]) -> Option<Window> {
        let first = &chain[0];
        if first.len() != 4 {
            return run::card_number(self.bytes, first).map(|number| Window { groups: 1, number });
        }
        let lengths: Vec<usize> = chain.iter().take(5).map(ExactSizeIterator::len).collect();
        let groups =
            (3..=lengths.len()).rev().filter(|count| is_printed(&lengths[..*count])).find(|count| {
                let window = &chain[..*count];
                is_card_number(&self.digits(window)) && !shape::is_known_id(self.bytes, &span(window))
            })?;
        Some(Window { groups, number: span(&chain[..groups]) })
    }

    /// Two card numbers may share groups (`5555 4111 1111 1111 1111`): everything up to the end of the last is cut.
    fn end_of_overlap(&self, chain: &[Group], groups: usize) -> usize {
        let mut end = groups;
        let mut at = 1;
        while at < end {
            end = end.max(self.window(&chain[at..]).map_or(0, |window| at + window.groups));
            at += 1;
        }
        end
    }

    fn push_if_whole(&mut self, chain: &[Group]) -> bool {
        let is_whole = (2..=DIGITS_MAX).contains(&chain.len())
            && has_small_groups(chain)
            && has_one_separator(self.bytes, chain)
            && has_free_ends(self.bytes, &span(chain))
            && is_card_number(&self.digits(chain))
            && !shape::is_known_id(self.bytes, &span(chain));
        if is_whole {
            self.push(chain, span(chain), &[]);
        }
        is_whole
    }

    /// Cuts the window: truncated number, stars for digits glued to it, blank for track data behind it.
    fn push(&mut self, window: &[Group], number: Range<usize>, overlap: &[Group]) {
        let mut span = span(window);
        let mut text = "*".repeat(number.start - span.start);
        let digits: Vec<u8> = self.digits(std::slice::from_ref(&number));
        text.push_str(&truncated(&digits));
        text.push_str(&"*".repeat(span.end - number.end + self.digits(overlap).len()));
        span.end = overlap.last().map_or(span.end, |group| group.end);
        if let Some(data) = track::following(self.bytes, span.end) {
            text.push(char::from(self.bytes[span.end]));
            text.push_str(BLANK);
            span.end = data.end;
        }
        if self.cuts.last().is_some_and(|last| last.span.end > span.start) {
            return; // Inside track data that is blanked already.
        }
        let mut cut = Cut { span, text, quote: Quote::None };
        if window.len() == 1 {
            self.numbers.quote(&mut cut);
        }
        self.cuts.push(cut);
    }

    fn digits(&self, groups: &[Group]) -> Vec<u8> {
        let bytes = groups.iter().flat_map(|group| &self.bytes[group.clone()]);
        bytes.copied().filter(u8::is_ascii_digit).collect()
    }
}

fn span(groups: &[Group]) -> Range<usize> {
    groups[0].start..groups[groups.len() - 1].end
}

/// Groups as cards print them; 13 to 19 digits.
fn is_printed(lengths: &[usize]) -> bool {
    matches!(lengths, [4, 6, 4 | 5] | [4, 5, 6] | [4, 4, 5] | [4, 4, 4, 1..=5] | [4, 4, 4, 4, 1..=3])
}

/// Larger groups are other things beside each other: an epoch and a count, a token requestor id and a BIN.
fn has_small_groups(chain: &[Group]) -> bool {
    chain.iter().all(|group| group.len() <= 8)
        || matches!(chain, [first, last] if first.len() == 6 && matches!(last.len(), 9 | 10 | 13))
}

fn has_one_separator(bytes: &[u8], chain: &[Group]) -> bool {
    let separator = bytes[chain[0].end];
    let is_same = |pair: &[Group]| pair[1].start - pair[0].end == 1 && bytes[pair[0].end] == separator;
    matches!(separator, b' ' | b'-') && chain.windows(2).all(is_same)
}

/// Neither letters nor, behind a dash, letters: `ab-41111-11111-111111-x9` is an id.
fn has_free_ends(bytes: &[u8], span: &Range<usize>) -> bool {
    let is_free = |next: Option<&u8>, second: Option<&u8>| match next {
        Some(b'-') => !second.is_some_and(u8::is_ascii_alphabetic),
        next => !next.is_some_and(u8::is_ascii_alphanumeric),
    };
    let mut before = bytes[..span.start].iter().rev();
    let mut after = bytes[span.end..].iter();
    is_free(before.next(), before.next()) && is_free(after.next(), after.next())
}

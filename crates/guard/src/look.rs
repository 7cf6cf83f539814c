//! Is there anything in this text worth a closer look? The only code that runs over every byte of every message.
//!
//! Three questions in one call, without allocation: does a colon or equals sign follow a sensitive key, do escapes or
//! foreign digits hide something, are there 13 digits close together that may be a card number? Wrong answers
//! may only be "yes". Digits are found by probing every 13th byte: a card number covers at least one probe.

use crate::{chain, key, view};

/// What a closer look must look for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Noticed {
    pub sensitive_keys: bool,
    pub encoded: bool,
    pub digits: bool,
}

const fn marks() -> [bool; 256] {
    let mut marks = [false; 256];
    marks[b':' as usize] = true;
    marks[b'=' as usize] = true;
    marks[b'>' as usize] = true;
    marks[b'\\' as usize] = true;
    marks[b'%' as usize] = true;
    let mut byte = 128;
    while byte < 256 {
        marks[byte] = true;
        byte += 1;
    }
    marks
}

static MARKS: [bool; 256] = marks();

pub(crate) fn look(bytes: &[u8]) -> Noticed {
    let mut noticed = Noticed { sensitive_keys: false, encoded: false, digits: chain::may_hold_cut(bytes) };
    for (position, byte) in bytes.iter().enumerate() {
        if !MARKS[usize::from(*byte)] {
            continue;
        }
        match byte {
            b':' | b'=' | b'>' => noticed.sensitive_keys |= key::before(bytes, position).is_some(),
            _ => noticed.encoded |= view::starts_encoded(bytes, position),
        }
    }
    noticed
}

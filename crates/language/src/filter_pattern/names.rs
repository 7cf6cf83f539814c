//! Which member of a JSON object does this name mean? What `[…]` patterns are read by where names are enough.
//!
//! An exact spelling wins over one that differs in case, `_`, `-` or `@`, and that one over another name that the event
//! contract has for the same field (`walletProvider` for `wallet_provider` and `wallet`; the table is
//! [`walletscope_model::contract::FIELDS`]). A name that no member has may still mean what CloudWatch keeps beside the
//! message: `timestamp`, `ingestionTime`, `message`.

use std::borrow::Cow;

use smallvec::{SmallVec, smallvec};
use walletscope_model::Field;

use super::Event;
use crate::json::{Scanner, Value};

/// A folded name has at most so many bytes; longer ones are compared exactly and no other way.
const FOLDED_BYTES_MAX: usize = 64;

/// The names of a pattern, made ready for looking up the keys of objects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// By the number of the name.
    names: Vec<Box<str>>,
    /// Every folded key that means a name, sorted: its own spelling and those of its field in the event contract.
    spellings: Vec<Spelling>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Spelling {
    folded: Folded,
    number: u16,
    fit: Fit,
}

/// Values by the number of their name.
#[derive(Clone, Debug)]
pub(crate) struct NamedValues<'m>(SmallVec<[Option<NamedValue<'m>>; 8]>);

#[derive(Clone, Copy, Debug)]
pub(crate) enum NamedValue<'m> {
    Member(Value<'m>),
    /// What is kept beside the message.
    Message(&'m str),
    Millis(i64),
}

/// How well a key fits a name, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Exact,
    Folded,
    Alias,
}

impl Names {
    /// `names` in the order of their numbers.
    pub fn new<'t>(names: impl Iterator<Item = &'t str>) -> Self {
        let names: Vec<Box<str>> = names.map(Into::into).collect();
        let mut spellings: Vec<Spelling> = Vec::new();
        for (number, name) in (0..).zip(&names) {
            let own = Folded::of(name).map(|folded| Spelling { folded, number, fit: Fit::Folded });
            let aliases = Field::from_name(name).map_or(&[][..], |field| field.row().names);
            let aliases = aliases.iter().filter_map(|alias| Folded::of(alias));
            let aliases = aliases.map(|folded| Spelling { folded, number, fit: Fit::Alias });
            spellings.extend(own.into_iter().chain(aliases));
        }
        spellings.sort();
        // Of equal spellings of one name the better fit stands first.
        spellings.dedup_by(|later, first| (&later.folded, later.number) == (&first.folded, first.number));
        Self { names, spellings }
    }

    /// The values of the names in an event. `None` unless the message is a JSON object with at least one of them: a
    /// pattern whose names are all foreign to an object was not written for objects.
    pub fn bind<'m>(&self, event: &Event<'m>) -> Option<NamedValues<'m>> {
        let mut scanner = Scanner::new(event.message);
        if self.names.is_empty() || scanner.peek() != Some(b'{') {
            return None;
        }
        let mut bound: SmallVec<[Option<(Fit, Value<'m>)>; 8]> = smallvec![None; self.names.len()];
        let read = scanner.members(|scanner, key| {
            let value = scanner.value(1)?;
            if let Some(key) = key.text() {
                self.fits(&key, |number, fit| {
                    let place = &mut bound[usize::from(number)];
                    // Of equal keys the last one counts.
                    if place.is_none_or(|(best, _)| fit <= best) {
                        *place = Some((fit, value));
                    }
                });
            }
            Ok(())
        });
        if read.is_err() || !scanner.is_at_end() || bound.iter().all(Option::is_none) {
            return None;
        }
        let values = self.names.iter().zip(bound).map(|(name, bound)| match bound {
            Some((_, value)) => Some(NamedValue::Member(value)),
            None => beside(name, event),
        });
        Some(NamedValues(values.collect()))
    }

    /// Calls `found` with each name that `key` fits, and how.
    fn fits(&self, key: &str, mut found: impl FnMut(u16, Fit)) {
        let Some(folded) = Folded::of(key) else {
            let same = (0..).zip(&self.names).filter(|(_, name)| ***name == *key);
            return same.for_each(|(number, _)| found(number, Fit::Exact));
        };
        let from = self.spellings.partition_point(|spelling| spelling.folded < folded);
        for spelling in self.spellings[from..].iter().take_while(|spelling| spelling.folded == folded) {
            let is_exact = *self.names[usize::from(spelling.number)] == *key;
            found(spelling.number, if is_exact { Fit::Exact } else { spelling.fit });
        }
    }
}

impl<'m> NamedValues<'m> {
    pub fn value(&self, number: usize) -> Option<&NamedValue<'m>> {
        self.0.get(number)?.as_ref()
    }
}

impl<'m> NamedValue<'m> {
    /// As text. `None` for null, objects and arrays.
    pub fn text(&self) -> Option<Cow<'m, str>> {
        match self {
            Self::Member(value) => value.text(),
            Self::Message(message) => Some(Cow::Borrowed(message)),
            Self::Millis(millis) => Some(Cow::Owned(millis.to_string())),
        }
    }
}

/// Whether this name may mean what is not in the message.
pub(crate) fn is_beside_message(name: &str) -> bool {
    Folded::of(name).is_some_and(|name| matches!(name.bytes(), b"timestamp" | b"ingestiontime"))
}

/// What CloudWatch keeps beside the message under this name.
fn beside<'m>(name: &str, event: &Event<'m>) -> Option<NamedValue<'m>> {
    match Folded::of(name)?.bytes() {
        b"timestamp" => event.timestamp.map(|at| NamedValue::Millis(at.millis())),
        b"ingestiontime" => event.ingested_at.map(|at| NamedValue::Millis(at.millis())),
        b"message" => Some(NamedValue::Message(event.message)),
        _ => None,
    }
}

/// A name without `_`, `-` and `@`, in lower case. Shorter ones sort first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Folded {
    length: usize,
    padded: [u8; FOLDED_BYTES_MAX],
}

impl Folded {
    /// `None` if it is too long.
    fn of(name: &str) -> Option<Self> {
        let mut folded = Self { length: 0, padded: [0; FOLDED_BYTES_MAX] };
        for byte in name.bytes().filter(|byte| !matches!(byte, b'_' | b'-' | b'@')) {
            *folded.padded.get_mut(folded.length)? = byte.to_ascii_lowercase();
            folded.length += 1;
        }
        Some(folded)
    }

    fn bytes(&self) -> &[u8] {
        &self.padded[..self.length]
    }
}

//! Does the journal hold exactly what was acknowledged?
//!
//! Compares two multisets by invocation id: what the clients wrote in their ledgers and what the journal holds.
//! Acknowledged calls are there exactly once, calls without an answer at most once, with the bytes that were sent;
//! besides them there is nothing but the product's own ticks and gaps; offsets have no hole.

use std::collections::BTreeMap;
use std::path::Path;

use walletscope_journal::{EmbeddedStore, Options, Store, decode};
use walletscope_model::{Batch, Body, Offset, Origin};

use super::LoadError;
use super::ledger::{Ledger, Outcome, Sample, digest};

/// Journal bytes read at a time.
const READ_BYTES: usize = 8 << 20;

/// What a journal does that it must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// An acknowledged call is not there.
    Lost(String),
    /// A call is there more than once.
    Repeated(String, usize),
    /// A call is there with other contents than were sent.
    Changed(String),
    /// An entry that nobody sent.
    Foreign(Offset, String),
    /// An offset that does not follow the one before.
    Hole {
        /// What should come.
        expected: Offset,
        /// What came.
        found: Offset,
    },
    /// A call was refused for good.
    Refused(String, String),
}

/// What a journal holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What is wrong, in no useful order.
    pub violations: Vec<Violation>,
    /// Calls that were acknowledged.
    pub acknowledged: usize,
    /// Calls without an answer that are there nevertheless, as they may.
    pub stored_unanswered: usize,
    /// Calls without an answer that are not there, as they may.
    pub missing_unanswered: usize,
    /// Entries of the product itself.
    pub own_entries: usize,
    /// Distinct attempts that the entries start.
    pub attempts: u64,
    /// Attempts to ask the server about, in the order of their calls.
    pub samples: Vec<Sample>,
}

/// Compares the journal in the data folder of a stopped server with what was sent.
///
/// # Errors
/// The folder cannot be opened or read, or holds what is not an entry.
pub fn check_folder(ledger: &Ledger, folder: &Path) -> Result<Verdict, LoadError> {
    let store = EmbeddedStore::open(&folder.join("store"), Options::default())?;
    let mut check = Check::new(ledger);
    let mut from = Offset(1);
    loop {
        let entries = store.entries(from, READ_BYTES)?;
        let Some((last, _)) = entries.last() else { break };
        from = Offset(last.0 + 1);
        for (offset, bytes) in entries {
            let batch = decode(&bytes).map_err(|error| {
                LoadError::server("read the journal", format!("entry {}: {error}", offset.0))
            })?;
            check.entry(offset, &batch);
        }
    }
    Ok(check.finish())
}

/// A comparison that has read a part of the journal.
pub struct Check<'a> {
    ledger: &'a Ledger,
    next: Offset,
    counts: BTreeMap<&'a str, usize>,
    verdict: Verdict,
}

impl<'a> Check<'a> {
    /// Before the first entry.
    pub fn new(ledger: &'a Ledger) -> Self {
        Self { ledger, next: Offset(1), counts: BTreeMap::new(), verdict: Verdict::default() }
    }

    /// Takes the next entry.
    pub fn entry(&mut self, offset: Offset, batch: &Batch) {
        if offset != self.next {
            self.verdict.violations.push(Violation::Hole { expected: self.next, found: offset });
        }
        self.next = Offset(offset.0 + 1);
        if batch.origin == Origin::own() && matches!(batch.body, Body::Tick | Body::Gap(_)) {
            self.verdict.own_entries += 1;
            return;
        }
        let id = &*batch.invocation_id;
        let Some((id, sent)) = self.ledger.get_key_value(id) else {
            self.verdict.violations.push(Violation::Foreign(offset, id.to_owned()));
            return;
        };
        let count = self.counts.entry(id).or_default();
        *count += 1;
        if *count == 1 {
            self.verdict.attempts += sent.attempts;
            self.verdict.samples.extend(sent.sample.clone());
        }
        if digest(&batch.body) != sent.digest {
            self.verdict.violations.push(Violation::Changed(id.clone()));
        }
    }

    /// After the last entry.
    pub fn finish(mut self) -> Verdict {
        for (id, sent) in self.ledger {
            let count = self.counts.get(id.as_str()).copied().unwrap_or(0);
            if count > 1 {
                self.verdict.violations.push(Violation::Repeated(id.clone(), count));
            }
            match (&sent.outcome, count) {
                (Outcome::Acknowledged, 0) => self.verdict.violations.push(Violation::Lost(id.clone())),
                (Outcome::Unknown, 0) => self.verdict.missing_unanswered += 1,
                (Outcome::Unknown, _) => self.verdict.stored_unanswered += 1,
                (Outcome::Refused(answer), _) => {
                    self.verdict.violations.push(Violation::Refused(id.clone(), answer.clone()));
                }
                (Outcome::Acknowledged, _) => {}
            }
            self.verdict.acknowledged += usize::from(sent.outcome == Outcome::Acknowledged);
        }
        self.verdict
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lost(id) => write!(formatter, "call {id} was acknowledged and is lost"),
            Self::Repeated(id, count) => write!(formatter, "call {id} is stored {count} times"),
            Self::Changed(id) => write!(formatter, "call {id} is stored with other contents than were sent"),
            Self::Foreign(offset, id) => write!(formatter, "entry {} ({id:?}) was sent by nobody", offset.0),
            Self::Hole { expected, found } => {
                write!(formatter, "entry {} follows where {} should", found.0, expected.0)
            }
            Self::Refused(id, answer) => write!(formatter, "call {id} was refused: {answer}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::ledger::Sent;
    use walletscope_model::{LogBatch, LogEvent, Timestamp};

    fn body(text: &str) -> Body {
        let message = format!(r#"{{"correlationId":"{text}"}}"#);
        let event = LogEvent { timestamp: Timestamp(1), message: message.into(), guarded: false };
        Body::Logs(LogBatch { group: "g".into(), stream: "s".into(), events: vec![event] })
    }

    /// `a` and `b` are acknowledged, `c` is not.
    fn ledger() -> Ledger {
        let sent = |(id, outcome): (&str, Outcome)| (id.to_owned(), Sent { outcome, ..Sent::new(&body(id)) });
        [("a", Outcome::Acknowledged), ("b", Outcome::Acknowledged), ("c", Outcome::Unknown)].map(sent).into()
    }

    /// Entries in words: `a` is call a as sent, `a!` with other contents, `tick` the product's own, `-` a hole.
    fn verdict(ledger: &Ledger, entries: &str) -> Verdict {
        let mut check = Check::new(ledger);
        for (offset, word) in (1..).zip(entries.split_whitespace()) {
            let (id, contents) = word.split_once('!').map_or((word, word), |(id, _)| (id, "other"));
            let call = Origin { source: "key".into(), ..Origin::own() };
            let (origin, id, body) = match word {
                "-" => continue,
                "tick" => (Origin::own(), "", Body::Tick),
                _ => (call, id, body(contents)),
            };
            let batch = Batch { appended_at: Timestamp(1), origin, invocation_id: id.into(), body };
            check.entry(Offset(offset), &batch);
        }
        check.finish()
    }

    #[test]
    fn the_multisets_must_be_equal() {
        let lost = |id: &str| Violation::Lost(id.into());
        let foreign = |offset, id: &str| Violation::Foreign(Offset(offset), id.into());
        for (entries, expected) in [
            ("a b c", vec![]),
            ("tick b tick a", vec![]),
            ("a c", vec![lost("b")]),
            ("", vec![lost("a"), lost("b")]),
            ("a b a", vec![Violation::Repeated("a".into(), 2)]),
            ("a b c c", vec![Violation::Repeated("c".into(), 2)]),
            ("a b!", vec![Violation::Changed("b".into())]),
            ("a b c!", vec![Violation::Changed("c".into())]),
            ("a b d", vec![foreign(3, "d")]),
            ("a - b", vec![Violation::Hole { expected: Offset(2), found: Offset(3) }]),
            ("- a b", vec![Violation::Hole { expected: Offset(1), found: Offset(2) }]),
        ] {
            assert_eq!(verdict(&ledger(), entries).violations, expected, "{entries}");
        }
    }

    #[test]
    fn attempts_are_counted_once_and_answers_apart() {
        let counted = verdict(&ledger(), "a b tick c");
        assert_eq!((counted.acknowledged, counted.stored_unanswered, counted.missing_unanswered), (2, 1, 0));
        assert_eq!((counted.own_entries, counted.attempts, counted.samples.len()), (1, 3, 3));
        let counted = verdict(&ledger(), "a b a");
        assert_eq!((counted.stored_unanswered, counted.missing_unanswered, counted.attempts), (0, 1, 2));
    }

    #[test]
    fn a_call_refused_for_good_is_a_violation() {
        let mut ledger = ledger();
        let sent = Sent { outcome: Outcome::Refused("400".into()), ..Sent::new(&body("d")) };
        ledger.insert("d".into(), sent);
        assert_eq!(verdict(&ledger, "a b").violations, [Violation::Refused("d".into(), "400".into())]);
    }
}

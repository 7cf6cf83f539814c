//! Which settled attempts do the lake's files not hold as they are now?
//!
//! A pure rule, kept twice: durably by the applier, in the same atomic batch as the state, and in memory by the lake's
//! thread. A settled attempt is *pending* until a flush has taken it; one that changes after it settled is *late*
//! until a merge has put it into the files. What is not sure counts as late: a merge of a row that the files do not
//! hold simply adds it, so a mark too many costs work and never a wrong number.

use std::collections::HashMap;

use walletscope_lake::table::day_of;
use walletscope_model::Offset;
use walletscope_stream::{AttemptChange, NodeKey};

/// The marks of all attempts that have one.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    marks: HashMap<NodeKey, Mark>,
}

/// Why the files do not hold an attempt as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The entry that changed it last.
    pub changed_at: Offset,
    /// Whether it is settled, or gone, so that it may be written.
    pub is_final: bool,
    /// Days whose files may hold an older version; empty while no file can.
    pub days: Vec<i32>,
}

/// What the lake has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Everything pending that changed at or before this entry is in the files.
    Flushed(Offset),
    /// Everything late and final that changed at or before this entry is in the files.
    Merged(Offset),
    /// No file holds an event of a log group or stream that was deleted at or before this entry.
    Purged(Offset),
}

impl Mark {
    /// Whether the files may hold an older version.
    pub fn is_late(&self) -> bool {
        !self.days.is_empty()
    }

    /// Version byte, flag, offset, days: little-endian.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![MARK_VERSION, u8::from(self.is_final)];
        bytes.extend(self.changed_at.0.to_le_bytes());
        self.days.iter().for_each(|day| bytes.extend(day.to_le_bytes()));
        bytes
    }

    /// Reads a mark; `None` where the bytes are none.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<2>()?;
        let (offset, rest) = rest.split_first_chunk::<8>()?;
        let (days, left) = rest.as_chunks::<4>();
        let is_whole = head[0] == MARK_VERSION && left.is_empty();
        is_whole.then(|| Self {
            changed_at: Offset(u64::from_le_bytes(*offset)),
            is_final: head[1] == 1,
            days: days.iter().map(|day| i32::from_le_bytes(*day)).collect(),
        })
    }
}

const MARK_VERSION: u8 = 1;

impl Marks {
    /// Restores a mark at start.
    pub fn restore(&mut self, key: NodeKey, mark: Mark) {
        self.marks.insert(key, mark);
    }

    /// Notes a change; the attempt whose mark changed with it.
    pub fn note(&mut self, offset: Offset, change: &AttemptChange) -> Option<NodeKey> {
        let key = change.old.or(change.new)?.key;
        if change.evicted {
            // It left the state by age: whatever is not in the files by now cannot be told any more.
            return self.marks.remove(&key).map(|_| key);
        }
        let old_day = change.old.filter(|old| old.flags.settled).map(|old| day_of(old.started_at));
        let is_final = change.new.is_none_or(|new| new.flags.settled);
        let known = self.marks.remove(&key);
        if old_day.is_none() && known.is_none() && (!is_final || change.new.is_none()) {
            return None;
        }
        let mut days = known.map(|mark| mark.days).unwrap_or_default();
        days.extend(old_day.filter(|day| !days.contains(day)));
        if days.is_empty() && !is_final {
            return Some(key);
        }
        self.marks.insert(key, Mark { changed_at: offset, is_final, days });
        Some(key)
    }

    /// Forgets what is done; the attempts whose marks went.
    pub fn forget(&mut self, done: Done) -> Vec<NodeKey> {
        let is_done = |mark: &Mark| match done {
            Done::Flushed(through) => !mark.is_late() && mark.is_final && mark.changed_at <= through,
            Done::Merged(through) => mark.is_late() && mark.is_final && mark.changed_at <= through,
            Done::Purged(_) => false,
        };
        let mut gone: Vec<NodeKey> =
            self.marks.iter().filter(|(_, mark)| is_done(mark)).map(|(key, _)| *key).collect();
        gone.sort_unstable();
        for key in &gone {
            self.marks.remove(key);
        }
        gone
    }

    /// The mark of an attempt.
    pub fn get(&self, key: &NodeKey) -> Option<&Mark> {
        self.marks.get(key)
    }

    /// Every mark, in no useful order.
    pub fn iter(&self) -> impl Iterator<Item = (&NodeKey, &Mark)> {
        self.marks.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::Timestamp;
    use walletscope_stream::{Flags, Row};

    const DAY: i64 = 86_400_000_000;

    fn row(day: i64, settled: bool) -> Row {
        let flags = Flags { settled, ..Flags::default() };
        Row {
            started_at: Timestamp(day * DAY),
            flags,
            key: NodeKey([1; 16]),
            ..crate::view::table_tests::row(1, settled)
        }
    }

    fn change(old: Option<Row>, new: Option<Row>) -> AttemptChange {
        AttemptChange { old, new, attempt: None, evicted: false }
    }

    #[test]
    fn a_life_from_running_to_merged() {
        let key = NodeKey([1; 16]);
        let mut marks = Marks::default();
        assert_eq!(marks.note(Offset(1), &change(None, Some(row(5, false)))), None);
        assert_eq!(marks.note(Offset(2), &change(Some(row(5, false)), Some(row(5, true)))), Some(key));
        assert_eq!(marks.forget(Done::Flushed(Offset(1))), []);
        assert_eq!(marks.forget(Done::Merged(Offset(9))), []);
        assert_eq!(marks.forget(Done::Flushed(Offset(2))), [key]);
        // A late event from the day before opens it again, then it settles.
        assert_eq!(marks.note(Offset(3), &change(Some(row(5, true)), Some(row(4, false)))), Some(key));
        assert_eq!(marks.get(&key).unwrap().days, [5]);
        assert_eq!(marks.forget(Done::Merged(Offset(9))), [], "it is not final");
        marks.note(Offset(4), &change(Some(row(4, false)), Some(row(4, true))));
        marks.note(Offset(5), &change(Some(row(4, true)), None));
        let mark = marks.get(&key).unwrap();
        assert_eq!((&mark.days[..], mark.is_final), (&[5, 4][..], true));
        assert_eq!(Mark::decode(&mark.encode()).as_ref(), Some(mark));
        assert_eq!(marks.forget(Done::Flushed(Offset(9))), []);
        assert_eq!(marks.forget(Done::Merged(Offset(5))), [key]);
    }

    #[test]
    fn reopened_before_its_flush_it_may_be_in_the_files_all_the_same() {
        let key = NodeKey([1; 16]);
        let mut marks = Marks::default();
        marks.note(Offset(2), &change(Some(row(5, false)), Some(row(5, true))));
        marks.note(Offset(3), &change(Some(row(5, true)), Some(row(5, false))));
        assert_eq!(marks.forget(Done::Flushed(Offset(2))), []);
        assert!(marks.get(&key).unwrap().is_late());
        let gone = AttemptChange { evicted: true, ..change(Some(row(5, true)), None) };
        assert_eq!(marks.note(Offset(4), &gone), Some(key));
        assert_eq!(marks.get(&key), None);
    }

    #[test]
    fn an_attempt_that_never_settled_leaves_no_mark() {
        let mut marks = Marks::default();
        marks.note(Offset(1), &change(None, Some(row(5, false))));
        assert_eq!(marks.note(Offset(2), &change(Some(row(5, false)), None)), None);
        assert_eq!(marks.iter().count(), 0);
    }
}

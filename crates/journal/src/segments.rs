//! Which pieces is the journal in, and which of them may go?
//!
//! A segment is one keyspace with the entries from its first offset to the next segment's. Its row in the position
//! keyspace is written in the same batch as its entries, so opening reads a row a segment instead of the entries.
//! Only bookkeeping is here; writing and deleting is [`crate::embedded`]'s.

use std::collections::VecDeque;

use fjall::Keyspace;
use walletscope_model::{Offset, Timestamp};

use crate::embedded::Retention;
use crate::store::JournalSize;

/// The segments, oldest first. There is always one, the last is written to, and each starts where the one before
/// ends.
pub(crate) struct Segments(VecDeque<Segment>);

/// One piece of the journal.
#[derive(Clone)]
pub(crate) struct Segment {
    /// Offset of its first entry, or of the one that will be.
    pub first: u64,
    /// What it holds.
    pub extent: Extent,
    /// Where its entries are.
    pub keyspace: Keyspace,
}

/// How much a segment holds; its row in the position keyspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// How many entries.
    pub entries: u64,
    /// Their bytes as appended.
    pub bytes: u64,
    /// Append time of the last.
    pub last_at: Timestamp,
}

impl Segments {
    /// From segments in order; `None` where they do not continue each other or there is none.
    pub fn new(segments: impl IntoIterator<Item = Segment>) -> Option<Self> {
        let segments: VecDeque<Segment> = segments.into_iter().collect();
        let dense = segments.iter().zip(segments.iter().skip(1)).all(|(one, next)| one.end() == next.first);
        (dense && !segments.is_empty()).then_some(Self(segments))
    }

    /// The one that is written to.
    pub fn active(&self) -> &Segment {
        self.0.back().expect("there is always a segment: `new` checks and `drop_oldest` keeps the last")
    }

    /// Takes note of what the active one holds now.
    pub fn set_active_extent(&mut self, extent: Extent) {
        if let Some(active) = self.0.back_mut() {
            active.extent = extent;
        }
    }

    /// Adds the next active one; it must start where the active one ends.
    pub fn push(&mut self, segment: Segment) {
        assert_eq!(segment.first, self.active().end(), "a segment starts where the one before ends");
        self.0.push_back(segment);
    }

    /// The segments that may hold entries at or after `from`, in order.
    pub fn at_or_after(&self, from: u64) -> Vec<Segment> {
        self.0.iter().filter(|segment| segment.end() > from).cloned().collect()
    }

    /// How much they hold together; how much they may hold is for others to say.
    pub fn size(&self) -> JournalSize {
        let sum = |part: fn(&Extent) -> u64| self.0.iter().map(|segment| part(&segment.extent)).sum();
        JournalSize {
            bytes: sum(|extent| extent.bytes),
            entries: sum(|extent| extent.entries),
            first: Offset(self.0.front().map_or(0, |segment| segment.first)),
            head: Offset(self.active().end() - 1),
            bytes_max: 0,
        }
    }

    /// How many of the oldest may go and should: everything in them is at or below `droppable`, and they are too old
    /// at `now` or the journal with `coming` more bytes is over its size. Never the active one.
    pub fn excess(
        &self,
        retention: &Retention,
        droppable: Offset,
        now: Option<Timestamp>,
        coming: u64,
    ) -> usize {
        let mut bytes = self.size().bytes + coming;
        let sealed = self.0.len() - 1;
        self.0
            .iter()
            .take(sealed)
            .take_while(|segment| {
                let old = now.is_some_and(|now| segment.extent.last_at.plus(retention.age) < now);
                let go = segment.end() - 1 <= droppable.0 && (old || bytes > retention.bytes);
                bytes -= segment.extent.bytes;
                go
            })
            .count()
    }

    /// Forgets the oldest and hands it over; `None` where only the active one is left.
    pub fn drop_oldest(&mut self) -> Option<Segment> {
        if self.0.len() > 1 { self.0.pop_front() } else { None }
    }
}

impl Segment {
    /// The offset after its last entry.
    pub fn end(&self) -> u64 {
        self.first + self.extent.entries
    }
}

impl Extent {
    /// Of a segment without entries.
    pub const EMPTY: Self = Self { entries: 0, bytes: 0, last_at: Timestamp(i64::MIN) };

    /// Key of a segment's row.
    pub fn key(first: u64) -> [u8; 9] {
        let mut key = [b's'; 9];
        key[1..].copy_from_slice(&first.to_be_bytes());
        key
    }

    /// Whether a key and a value look like a row.
    pub fn is_row(key: &[u8], value: &[u8]) -> bool {
        key.len() == 9 && key[0] == b's' && value.len() == 24
    }

    /// The row: entries, bytes, time, each eight bytes little-endian.
    pub fn row(&self) -> Vec<u8> {
        [self.entries.to_le_bytes(), self.bytes.to_le_bytes(), self.last_at.0.to_le_bytes()].concat()
    }

    /// Reads a row; `None` for anything else.
    pub fn from_row(row: &[u8]) -> Option<Self> {
        let mut numbers = row.chunks_exact(8).map(|chunk| chunk.try_into().map(u64::from_le_bytes).ok());
        let (entries, bytes, last_at) = (numbers.next()??, numbers.next()??, numbers.next()??);
        (row.len() == 24).then_some(Self { entries, bytes, last_at: Timestamp(last_at as i64) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_back_and_others_do_not() {
        let extent = Extent { entries: 3, bytes: 700, last_at: Timestamp(-5) };
        assert_eq!(Extent::from_row(&extent.row()), Some(extent));
        assert_eq!(Extent::from_row(&Extent::EMPTY.row()), Some(Extent::EMPTY));
        for bad in [&[][..], &[0; 23], &[0; 25], &[0; 32]] {
            assert_eq!(Extent::from_row(bad), None);
        }
    }
}

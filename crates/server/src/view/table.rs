//! Where are the rows of every attempt, so that any filter can be folded in well under a second?
//!
//! Chunks of fixed size in order of arrival. The loop owns the table and changes it in place; publishing hands out
//! the chunks by reference, and a chunk that changes afterwards is copied first, so a reader's rows never move.
//! Settled rows, nearly all of them, are found again by their start time; only open ones are indexed.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use walletscope_model::{Outcome, Timestamp};
use walletscope_series::Range;
use walletscope_stream::state::KeyHasher;
use walletscope_stream::{NodeKey, Row};

use super::packed::Packed;

/// Rows per chunk: small enough to copy while publishing, large enough to scan without overhead.
pub const CHUNK_ROWS: usize = 4_096;

/// A block of rows with the bounds of their start times.
#[derive(Clone, Debug)]
pub struct Chunk {
    rows: Vec<Option<Packed>>,
    /// Rows that do not fit the packed form, by place; their packed place is empty.
    wide: BTreeMap<u32, Row>,
    live: usize,
    first_start: Timestamp,
    last_start: Timestamp,
}

/// The loop's side of the table.
#[derive(Default)]
pub struct Table {
    chunks: Vec<Arc<Chunk>>,
    open: HashMap<NodeKey, Slot, BuildHasherDefault<KeyHasher>>,
    rows: usize,
}

/// A reader's side: rows as they were when it was published.
#[derive(Clone, Default)]
pub struct Rows {
    chunks: Vec<Arc<Chunk>>,
    rows: usize,
}

#[derive(Clone, Copy)]
struct Slot {
    chunk: u32,
    row: u32,
}

impl Table {
    /// Puts the new row in the place of the old one; either may be missing.
    pub fn change(&mut self, old: Option<&Row>, new: Option<&Row>) {
        match (old, new) {
            (None, Some(new)) => self.insert(*new),
            (Some(old), new) => {
                let Some(slot) = self.find(old) else {
                    debug_assert!(false, "a counted row is missing from the table");
                    return;
                };
                self.put(slot, new.copied());
                if !new.is_some_and(is_open) {
                    self.open.remove(&old.key);
                }
            }
            (None, None) => {}
        }
    }

    /// The rows as they are now.
    pub fn publish(&self) -> Rows {
        Rows { chunks: self.chunks.clone(), rows: self.rows }
    }

    fn insert(&mut self, row: Row) {
        if self.chunks.last().is_none_or(|chunk| chunk.rows.len() >= CHUNK_ROWS) {
            self.chunks.push(Arc::new(Chunk::new(row.started_at)));
        }
        let place = self.chunks.len() - 1;
        let chunk = Arc::make_mut(&mut self.chunks[place]);
        let slot = Slot { chunk: place as u32, row: chunk.rows.len() as u32 };
        chunk.rows.push(None);
        self.put(slot, Some(row));
        if is_open(&row) {
            self.open.insert(row.key, slot);
        }
    }

    fn put(&mut self, slot: Slot, row: Option<Row>) {
        let chunk = Arc::make_mut(&mut self.chunks[slot.chunk as usize]);
        let before = usize::from(chunk.put(slot.row, row.as_ref()));
        let after = usize::from(row.is_some());
        chunk.live = chunk.live + after - before;
        self.rows = self.rows + after - before;
        if let Some(row) = row {
            chunk.first_start = chunk.first_start.min(row.started_at);
            chunk.last_start = chunk.last_start.max(row.started_at);
        }
        if chunk.live == 0 && chunk.rows.len() == CHUNK_ROWS {
            // A full chunk of nothing keeps its place in the list and gives its memory back.
            chunk.rows = vec![];
        }
    }

    fn find(&self, row: &Row) -> Option<Slot> {
        if let Some(slot) = self.open.get(&row.key) {
            return Some(*slot);
        }
        let may_hold = |chunk: &Chunk| (chunk.first_start..=chunk.last_start).contains(&row.started_at);
        self.chunks
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, chunk)| may_hold(chunk))
            .find_map(|(place, chunk)| Some(Slot { chunk: place as u32, row: chunk.position(row.key)? }))
    }
}

impl Rows {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// When the first of a tenant's rows started. Chunks that begin later than what was found are left unread, and
    /// that is nearly all of them.
    pub fn first_start(&self, tenant: u16) -> Option<Timestamp> {
        let mut first: Option<Timestamp> = None;
        for chunk in &self.chunks {
            let range = Range { from: chunk.first_start, to: first.unwrap_or(Timestamp(i64::MAX)) };
            if range.from < range.to {
                let rows = chunk.started_in(range).filter(|row| row.tenant == tenant);
                first = rows.map(|row| row.started_at).min().or(first);
            }
        }
        first
    }

    /// Every row that started in `range`, in no useful order.
    pub fn started_in(&self, range: Range) -> impl Iterator<Item = Row> {
        let overlaps =
            move |chunk: &&Arc<Chunk>| chunk.first_start < range.to && chunk.last_start >= range.from;
        self.chunks.iter().filter(overlaps).flat_map(move |chunk| chunk.started_in(range))
    }

    /// Every PENDING row that started in `range`: few, and found without unpacking the others.
    pub fn pending_in(&self, range: Range) -> impl Iterator<Item = Row> {
        let overlaps =
            move |chunk: &&Arc<Chunk>| chunk.first_start < range.to && chunk.last_start >= range.from;
        self.chunks.iter().filter(overlaps).flat_map(move |chunk| chunk.pending_in(range))
    }
}

impl Chunk {
    fn new(start: Timestamp) -> Self {
        Self {
            rows: Vec::with_capacity(CHUNK_ROWS),
            wide: BTreeMap::new(),
            live: 0,
            first_start: start,
            last_start: start,
        }
    }

    /// Replaces what is at a place; whether something was there.
    fn put(&mut self, place: u32, row: Option<&Row>) -> bool {
        let packed = row.and_then(Packed::of);
        let was_packed = std::mem::replace(&mut self.rows[place as usize], packed).is_some();
        let was_wide = match row {
            Some(row) if packed.is_none() => self.wide.insert(place, *row).is_some(),
            _ => self.wide.remove(&place).is_some(),
        };
        was_packed || was_wide
    }

    fn position(&self, key: NodeKey) -> Option<u32> {
        let packed = self.rows.iter().position(|row| row.as_ref().is_some_and(|row| row.key() == key));
        let wide = || self.wide.iter().find(|(_, row)| row.key == key).map(|(place, _)| *place);
        packed.map(|place| place as u32).or_else(wide)
    }

    fn started_in(&self, range: Range) -> impl Iterator<Item = Row> {
        let packed = self.rows.iter().flatten().filter(move |row| range.holds(row.started_at()));
        let wide = self.wide.values().filter(move |row| range.holds(row.started_at));
        packed.map(Packed::row).chain(wide.copied())
    }

    fn pending_in(&self, range: Range) -> impl Iterator<Item = Row> {
        let is_pending = |outcome| outcome == Outcome::Pending;
        let packed = self.rows.iter().flatten().filter(move |row| is_pending(row.outcome()));
        let packed = packed.filter(move |row| range.holds(row.started_at()));
        let wide = self.wide.values().filter(move |row| is_pending(row.outcome));
        packed.map(Packed::row).chain(wide.filter(move |row| range.holds(row.started_at)).copied())
    }
}

/// Whether a row is likely to change.
fn is_open(row: &Row) -> bool {
    !row.flags.settled
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use walletscope_model::Duration;
    use walletscope_stream::{Flags, StageTimes};

    pub(crate) fn row(number: u32, settled: bool) -> Row {
        let mut key = [0; 16];
        key[..4].copy_from_slice(&number.to_le_bytes());
        Row {
            key: NodeKey(key),
            started_at: Timestamp(i64::from(number)),
            ended_at: None,
            waits_since: None,
            activated_at: None,
            first_arrival: Timestamp(0),
            processing_time: None,
            cardholder_wait: Duration(0),
            tenant: 1,
            wallet: 0,
            issuer: 0,
            network: 0,
            device: 0,
            country: 0,
            channel: 0,
            reason_code: 0,
            vendor: 0,
            bin: 0,
            last_four: None,
            outcome: Outcome::Pending,
            stages: StageTimes::default(),
            reason: None,
            decision: None,
            tries: 1,
            flags: Flags { settled, ..Flags::default() },
        }
    }

    const ALL: Range = Range { from: Timestamp(i64::MIN), to: Timestamp(i64::MAX) };

    #[test]
    fn a_published_table_does_not_move_and_settled_rows_are_found_again() {
        let mut table = Table::default();
        let count = CHUNK_ROWS as u32 * 2 + 10;
        for number in 0..count {
            table.change(None, Some(&row(number, false)));
            table.change(Some(&row(number, false)), Some(&row(number, true)));
        }
        let before = table.publish();
        let late = Row { outcome: Outcome::Failed, ..row(7, true) };
        table.change(Some(&row(7, true)), Some(&late));
        table.change(Some(&row(8, true)), None);
        assert_eq!(before.started_in(ALL).count(), count as usize);
        assert!(before.started_in(ALL).all(|row| row.outcome == Outcome::Pending));
        let after = table.publish();
        assert_eq!(after.len(), count as usize - 1);
        assert_eq!(after.started_in(ALL).filter(|row| row.outcome == Outcome::Failed).count(), 1);
        assert_eq!(after.started_in(Range { from: Timestamp(7), to: Timestamp(10) }).count(), 2);
        assert!(table.open.is_empty());
        table.change(Some(&row(0, true)), None);
        table.change(None, Some(&Row { tenant: 2, ..row(3, true) }));
        let starts = [1, 2, 3].map(|tenant| table.publish().first_start(tenant));
        assert_eq!(starts, [Some(Timestamp(1)), Some(Timestamp(3)), None]);
    }

    #[test]
    fn evicted_chunks_give_their_memory_back() {
        let mut table = Table::default();
        for number in 0..CHUNK_ROWS as u32 {
            table.change(None, Some(&row(number, true)));
        }
        for number in 0..CHUNK_ROWS as u32 {
            table.change(Some(&row(number, true)), None);
        }
        assert!(table.chunks[0].rows.capacity() == 0 && table.publish().is_empty());
        table.change(None, Some(&row(1, true)));
        assert_eq!(table.publish().started_in(ALL).count(), 1);
    }
}

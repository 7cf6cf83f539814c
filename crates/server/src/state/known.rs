//! Which ids can be on disk at all?
//!
//! Most ids that a record carries are new, and asking the store for a new id costs more than anything else that the
//! join does: every table in memory and every file has to say no. A filter of the ids ever asked for says it first
//! (a [Bloom filter](https://doi.org/10.1145/362686.362692) whose bits for one id share a cache line): "no" is
//! certain, "perhaps" is wrong for about one new id in thirty. Every id is asked for before it is written, so asking
//! is what fills the filter. Ids from before this start are read from the disk in the background; until that is
//! done the store is asked as ever.

use std::cell::{Cell, RefCell};
use std::ops::{Bound, ControlFlow};
use std::sync::mpsc::{Receiver, TryRecvError};

use walletscope_journal::{Direction, Read, StoreError, Table};
use walletscope_model::Timestamp;
use walletscope_series::{Resolution, Window};
use walletscope_stream::{Backing, BackingError, Chunk, ChunkKey, Node, NodeKey, Row, WindowKey};

use super::Disk;

/// The ids ever asked for.
#[derive(Debug)]
pub struct Known {
    /// Each holds twice as many ids as the one before, so the memory follows the number of ids.
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    lines: Vec<[u64; LINE_WORDS]>,
    room: usize,
}

/// A cache line.
const LINE_WORDS: usize = 8;
const LINE_BITS: u32 = 512;
/// With four bits set for an id, about 3 % of new ids are taken for known ones.
const BITS_PER_ID: usize = 8;
const BITS_SET: u32 = 4;
/// Room of the first layer: half a megabyte.
const ROOM_FIRST: usize = 1 << 19;

/// The committed state, asked only for ids that it can hold.
pub struct Screened<R> {
    disk: Disk<R>,
    known: RefCell<Known>,
    /// The ids of before this start, while they are being read; nothing once they are in `known`.
    awaited: RefCell<Option<Receiver<Known>>>,
    is_complete: Cell<bool>,
}

impl Default for Known {
    fn default() -> Self {
        Self { layers: vec![Layer::new(ROOM_FIRST)] }
    }
}

impl Known {
    /// Reads every id of a committed state; `None` when `stops` said so.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn read(read: &impl Read, stops: impl Fn() -> bool) -> Result<Option<Self>, StoreError> {
        let mut known = Self::default();
        let mut is_stopped = false;
        let all = (Bound::Unbounded, Bound::Unbounded);
        read.scan(Table::Nodes, all, Direction::Forward, &mut |key, _| {
            if let Ok(key) = <[u8; 16]>::try_from(key) {
                known.note(&NodeKey(key));
            }
            is_stopped = stops();
            if is_stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok((!is_stopped).then_some(known))
    }

    /// Whether the id was noted before, perhaps; it is from now on.
    pub fn note(&mut self, key: &NodeKey) -> bool {
        if self.layers.iter().any(|layer| layer.may_hold(key)) {
            return true;
        }
        let full = self.layers.last().filter(|layer| layer.room == 0).map(|layer| layer.ids());
        if let Some(ids) = full {
            self.layers.push(Layer::new(2 * ids));
        }
        if let Some(layer) = self.layers.last_mut() {
            layer.set(key);
        }
        false
    }

    /// Adds the ids of another filter.
    pub fn add(&mut self, other: Self) {
        // The last layer is the one that is filled.
        let mut layers = other.layers;
        layers.append(&mut self.layers);
        self.layers = layers;
    }
}

impl Layer {
    fn new(room: usize) -> Self {
        let lines = (room * BITS_PER_ID).div_ceil(LINE_BITS as usize);
        Self { lines: vec![[0; LINE_WORDS]; lines], room }
    }

    fn ids(&self) -> usize {
        self.lines.len() * LINE_BITS as usize / BITS_PER_ID
    }

    /// The line of an id, and its bits there. Keys are hashes, so their bytes will do.
    fn place(&self, key: &NodeKey) -> (usize, impl Iterator<Item = (usize, u64)> + use<>) {
        let number = u128::from_le_bytes(key.0);
        let (line, bits) = (number as u64, (number >> 64) as u64);
        let line = (u128::from(line) * self.lines.len() as u128) >> 64;
        let bit = move |place: u32| (bits >> (place * LINE_BITS.ilog2())) as u32 % LINE_BITS;
        let bits = (0..BITS_SET).map(move |place| ((bit(place) / 64) as usize, 1 << (bit(place) % 64)));
        (line as usize, bits)
    }

    fn may_hold(&self, key: &NodeKey) -> bool {
        let (line, mut bits) = self.place(key);
        bits.all(|(word, bit)| self.lines[line][word] & bit != 0)
    }

    fn set(&mut self, key: &NodeKey) {
        let (line, bits) = self.place(key);
        bits.for_each(|(word, bit)| self.lines[line][word] |= bit);
        self.room -= 1;
    }
}

impl<R: Read> Screened<R> {
    /// Screens a committed state. `is_empty` promises that it holds no id.
    pub fn new(disk: Disk<R>, is_empty: bool) -> Self {
        Self {
            disk,
            known: RefCell::default(),
            awaited: RefCell::new(None),
            is_complete: Cell::new(is_empty),
        }
    }

    /// Takes the ids of before this start as soon as they are sent.
    pub fn await_ids(&self, ids: Receiver<Known>) {
        self.awaited.replace(Some(ids));
    }

    /// Whether the ids on disk are all known.
    pub fn is_complete(&self) -> bool {
        self.is_complete.get()
    }

    /// The committed state.
    pub fn disk(&self) -> &R {
        &self.disk.0
    }

    /// Looks at a newer committed state.
    pub fn turn_to(&mut self, read: R) {
        self.disk = Disk(read);
    }

    fn may_hold(&self, key: &NodeKey) -> bool {
        let was_asked = self.known.borrow_mut().note(key);
        was_asked || !self.is_complete.get() && !self.arrived(key)
    }

    /// Whether the awaited ids have come just now and this one is not among them.
    fn arrived(&self, key: &NodeKey) -> bool {
        let mut awaited = self.awaited.borrow_mut();
        match awaited.as_ref().map(Receiver::try_recv) {
            Some(Ok(ids)) => {
                let is_new = !ids.layers.iter().any(|layer| layer.may_hold(key));
                self.known.borrow_mut().add(ids);
                self.is_complete.set(true);
                *awaited = None;
                is_new
            }
            Some(Err(TryRecvError::Disconnected)) => {
                *awaited = None;
                false
            }
            Some(Err(TryRecvError::Empty)) | None => false,
        }
    }
}

impl<R: Read> Backing for Screened<R> {
    fn node(&self, key: &NodeKey) -> Result<Option<Node>, BackingError> {
        if self.may_hold(key) { self.disk.node(key) } else { Ok(None) }
    }

    fn window(&self, key: &WindowKey) -> Result<Option<Window>, BackingError> {
        self.disk.window(key)
    }

    fn oldest_rows(&self, before: Timestamp, limit: usize) -> Result<Vec<Row>, BackingError> {
        self.disk.oldest_rows(before, limit)
    }

    fn oldest_loose_ends(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, NodeKey)>, BackingError> {
        self.disk.oldest_loose_ends(before, limit)
    }

    fn oldest_windows(
        &self,
        resolution: Resolution,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<WindowKey>, BackingError> {
        self.disk.oldest_windows(resolution, before, limit)
    }

    fn metric_chunk(&self, key: &ChunkKey) -> Result<Option<Chunk>, BackingError> {
        self.disk.metric_chunk(key)
    }

    fn oldest_metric_seconds(&self, before: Timestamp, limit: usize) -> Result<Vec<ChunkKey>, BackingError> {
        self.disk.oldest_metric_seconds(before, limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::IdKind;

    fn key(number: usize) -> NodeKey {
        NodeKey::of("default", IdKind::Correlation, &number.to_string())
    }

    #[test]
    fn what_was_noted_is_known_and_few_others_are_taken_for_it() {
        let mut known = Known::default();
        let count = 3 * ROOM_FIRST;
        let wrong = (0..count).filter(|number| known.note(&key(*number))).count();
        assert!((0..count).all(|number| known.note(&key(number))));
        assert!(wrong < count / 20, "{wrong} of {count} new ids were taken for known ones");
        assert_eq!(known.layers.len(), 2);
        let mut other = Known::default();
        other.note(&key(count));
        other.add(known);
        assert!((0..=count).all(|number| other.note(&key(number))));
    }

    /// A store that counts how often it is asked.
    #[derive(Default)]
    struct Counting(Cell<usize>);

    impl Read for Counting {
        fn applied(&self) -> Result<walletscope_model::Offset, StoreError> {
            Ok(walletscope_model::Offset(0))
        }

        fn get(&self, _: Table, _: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.set(self.0.get() + 1);
            Ok(None)
        }

        fn scan(
            &self,
            _: Table,
            _: (Bound<&[u8]>, Bound<&[u8]>),
            _: Direction,
            visit: walletscope_journal::Visit<'_>,
        ) -> Result<(), StoreError> {
            let _all = (0..3).try_for_each(|number| visit(&key(number).0, b""));
            Ok(())
        }
    }

    #[test]
    fn the_store_is_asked_for_ids_of_before_the_start_and_for_those_asked_for_before() {
        let screened = Screened::new(Disk(Counting::default()), false);
        let asked = |number| {
            let before = screened.disk().0.get();
            screened.node(&key(number)).expect("reads");
            screened.disk().0.get() - before
        };
        assert_eq!(asked(10), 1, "nothing is known yet");
        let (send, ids) = std::sync::mpsc::channel();
        screened.await_ids(ids);
        assert_eq!(asked(11), 1, "the ids are still being read");
        assert!(Known::read(screened.disk(), || true).expect("reads").is_none(), "told to stop");
        send.send(Known::read(screened.disk(), || false).expect("reads").expect("reads all")).expect("waits");
        assert_eq!([0, 1, 2].map(asked), [1, 1, 1], "of before the start");
        assert!(screened.is_complete());
        assert_eq!(
            [20, 20, 10, 11].map(asked),
            [0, 1, 1, 1],
            "new, asked for before, asked for while waiting"
        );
        let new = Screened::new(Disk(Counting::default()), true);
        new.node(&key(0)).expect("reads");
        assert_eq!(new.disk().0.get(), 0);
    }
}

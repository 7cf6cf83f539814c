//! What does the stream remember, and what changed since it was last written down?
//!
//! Nodes and windows live on disk behind [`Backing`] and are cached here: what changed stays until it is taken for
//! writing, what did not may be forgotten (two generations, so no list of recent uses is kept). Timers, dictionary
//! and catalog are small and stay in memory whole. Hash maps are looked up, never iterated.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

use walletscope_model::{Offset, Timestamp};
use walletscope_series::Window;

use crate::attempt_metrics::AttemptSeries;
use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::metric_points::{Chunk, ChunkKey};
use crate::metric_series::{MetricSeries, SeriesChange};
use crate::node::{Node, NodeKey};
use crate::row::{Dictionary, Row};
use crate::source::Sources;
use crate::window::WindowKey;

/// Unchanged nodes kept in each of the two generations.
pub const NODES_CACHED_MAX: usize = 60_000;
/// Unchanged windows kept in each of the two generations.
pub const WINDOWS_CACHED_MAX: usize = 20_000;
/// Unchanged chunks of metric points kept in each of the two generations. A chunk with many sketches has some 40 kB.
pub const METRIC_CHUNKS_CACHED_MAX: usize = 4_000;

/// The state on disk, as of the newest write. Called on the loop's thread only; an error stops the loop.
pub trait Backing {
    /// The stored node.
    fn node(&self, key: &NodeKey) -> Result<Option<Node>, BackingError>;
    /// The stored window.
    fn window(&self, key: &WindowKey) -> Result<Option<Window>, BackingError>;
    /// Up to `limit` stored rows that started before `before`, oldest first.
    fn oldest_rows(&self, before: Timestamp, limit: usize) -> Result<Vec<Row>, BackingError>;
    /// Up to `limit` stored ids without an attempt whose first record arrived before `before`, oldest first.
    fn oldest_loose_ends(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, NodeKey)>, BackingError>;
    /// Up to `limit` stored window keys of `resolution` before `before`, oldest first.
    fn oldest_windows(
        &self,
        resolution: walletscope_series::Resolution,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<WindowKey>, BackingError>;
    /// The stored chunk of points.
    fn metric_chunk(&self, key: &ChunkKey) -> Result<Option<Chunk>, BackingError>;
    /// Up to `limit` stored chunks of seconds that start before `before`, oldest first.
    fn oldest_metric_seconds(&self, before: Timestamp, limit: usize) -> Result<Vec<ChunkKey>, BackingError>;
}

/// The state on disk could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackingError(pub String);

/// Everything the stream knows at [`State::applied`].
pub struct State<B> {
    pub(crate) backing: B,
    pub(crate) nodes: Cache<NodeKey, Node>,
    pub(crate) windows: Cache<WindowKey, Window>,
    /// Attempts whose records changed.
    pub(crate) dirty_attempts: Vec<NodeKey>,
    /// Attempts that may change by time alone.
    pub(crate) due_attempts: Vec<NodeKey>,
    pub(crate) dirty_tokens: Vec<NodeKey>,
    /// When each open attempt changes by itself.
    pub timers: BTreeSet<(Timestamp, NodeKey)>,
    pub(crate) timer_changes: BTreeMap<(Timestamp, NodeKey), bool>,
    pub(crate) loose_end_changes: BTreeMap<(Timestamp, NodeKey), bool>,
    pub(crate) row_changes: BTreeMap<(Timestamp, NodeKey), Option<Row>>,
    /// The codes of dimensions.
    pub dictionary: Dictionary,
    /// Log groups and streams.
    pub catalog: Catalog,
    /// What each source has brought.
    pub sources: Sources,
    /// Every series of metrics.
    pub metric_series: MetricSeries,
    pub(crate) metric_chunks: Cache<ChunkKey, Chunk>,
    pub(crate) attempt_series: AttemptSeries,
    /// Time.
    pub clock: Clock,
    pub(crate) clock_changed: bool,
    /// Tokens in ACTIVE now by wallet and issuer code.
    pub active_tokens: BTreeMap<(u16, u16), i64>,
    pub(crate) active_changed: bool,
    /// The newest entry stepped.
    pub applied: Offset,
}

/// Everything to write in one atomic batch with [`State::applied`], nodes, windows and chunks in the writer's own form.
#[derive(Default)]
#[allow(missing_docs)]
pub struct Changes<N = Node, W = Window, C = Chunk> {
    pub nodes: Vec<(NodeKey, Option<N>)>,
    pub windows: Vec<(WindowKey, Option<W>)>,
    pub rows: Vec<((Timestamp, NodeKey), Option<Row>)>,
    /// `true` remembers an id without an attempt, by its first record's arrival; `false` forgets it.
    pub loose_ends: Vec<((Timestamp, NodeKey), bool)>,
    /// `true` sets a timer, `false` removes it.
    pub timers: Vec<((Timestamp, NodeKey), bool)>,
    pub dictionary: Vec<(crate::row::Dimension, u16)>,
    pub clock: bool,
    pub active_tokens: bool,
    pub catalog: Vec<crate::catalog::CatalogChange>,
    pub sources: Vec<(Box<str>, Arc<crate::source::SourceStats>)>,
    pub metric_series: Vec<SeriesChange>,
    pub metric_chunks: Vec<(ChunkKey, Option<C>)>,
}

impl<B: Backing> State<B> {
    /// An empty state; restore its public parts before the first step.
    pub fn new(backing: B) -> Self {
        Self {
            backing,
            nodes: Cache::new(NODES_CACHED_MAX),
            windows: Cache::new(WINDOWS_CACHED_MAX),
            dirty_attempts: Vec::new(),
            due_attempts: Vec::new(),
            dirty_tokens: Vec::new(),
            timers: BTreeSet::new(),
            timer_changes: BTreeMap::new(),
            loose_end_changes: BTreeMap::new(),
            row_changes: BTreeMap::new(),
            dictionary: Dictionary::default(),
            catalog: Catalog::default(),
            sources: Sources::default(),
            metric_series: MetricSeries::default(),
            metric_chunks: Cache::new(METRIC_CHUNKS_CACHED_MAX),
            attempt_series: AttemptSeries::default(),
            clock: Clock::default(),
            clock_changed: false,
            active_tokens: BTreeMap::new(),
            active_changed: false,
            applied: Offset(0),
        }
    }

    /// What is on disk.
    pub fn backing_mut(&mut self) -> &mut B {
        &mut self.backing
    }

    /// What is on disk.
    pub fn backing(&self) -> &B {
        &self.backing
    }

    /// Everything that changed since the last call, in key order, to be written with the applied offset.
    pub fn take_changes(&mut self) -> Changes {
        self.take_changes_as(Node::clone, Window::clone, Chunk::clone)
    }

    /// As [`Self::take_changes`], with nodes, windows and chunks turned into what is written where they are.
    pub fn take_changes_as<N, W, C>(
        &mut self,
        node: impl FnMut(&Node) -> N,
        window: impl FnMut(&Window) -> W,
        chunk: impl FnMut(&Chunk) -> C,
    ) -> Changes<N, W, C> {
        Changes {
            nodes: self.nodes.take_dirty(node),
            windows: self.windows.take_dirty(window),
            rows: std::mem::take(&mut self.row_changes).into_iter().collect(),
            loose_ends: std::mem::take(&mut self.loose_end_changes).into_iter().collect(),
            timers: std::mem::take(&mut self.timer_changes).into_iter().collect(),
            dictionary: self.dictionary.take_added(),
            clock: std::mem::take(&mut self.clock_changed),
            active_tokens: std::mem::take(&mut self.active_changed),
            catalog: self.catalog.take_changes(),
            sources: self.sources.take_changes(),
            metric_series: self.metric_series.take_changes(),
            metric_chunks: self.metric_chunks.take_dirty(chunk),
        }
    }

    /// Forgets unchanged nodes and windows beyond the cache's limits. Call after the changes were written.
    pub fn forget_unused(&mut self) {
        self.nodes.turn();
        self.windows.turn();
        self.metric_chunks.turn();
    }

    /// The number of cached nodes and windows.
    pub fn cached(&self) -> (usize, usize) {
        (self.nodes.len(), self.windows.len())
    }

    pub(crate) fn node(&mut self, key: NodeKey) -> Result<Option<&Node>, BackingError> {
        let backing = &self.backing;
        self.nodes.get(key, |key| backing.node(key))
    }

    pub(crate) fn node_mut(&mut self, key: NodeKey) -> Result<Option<&mut Node>, BackingError> {
        let backing = &self.backing;
        Ok(self.nodes.get_mut(key, |key| backing.node(key))?.as_deref_mut())
    }

    pub(crate) fn node_or_new(
        &mut self,
        key: NodeKey,
        new: impl FnOnce() -> Node,
    ) -> Result<&mut Node, BackingError> {
        let backing = &self.backing;
        Ok(self.nodes.get_mut(key, |key| backing.node(key))?.get_or_insert_with(|| Box::new(new())))
    }

    pub(crate) fn window_mut(&mut self, key: WindowKey) -> Result<&mut Option<Box<Window>>, BackingError> {
        let backing = &self.backing;
        self.windows.get_mut(key, |key| backing.window(key))
    }

    pub(crate) fn set_timer(&mut self, old: Option<Timestamp>, new: Option<Timestamp>, key: NodeKey) {
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.timers.remove(&(old, key));
            self.timer_changes.insert((old, key), false);
        }
        if let Some(new) = new {
            self.timers.insert((new, key));
            self.timer_changes.insert((new, key), true);
        }
    }
}

/// Values by key, read through from disk; changed ones stay until taken.
pub(crate) struct Cache<K, V> {
    young: Generation<K, V>,
    old: Generation<K, V>,
    dirty: Vec<K>,
    limit: usize,
}

type Generation<K, V> = HashMap<K, Slot<V>, BuildHasherDefault<KeyHasher>>;

/// Values are boxed so that the tables stay small and cheap to grow.
struct Slot<V> {
    value: Option<Box<V>>,
    dirty: bool,
}

impl<K: Copy + Eq + Ord + Hash, V: Clone> Cache<K, V> {
    fn new(limit: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), dirty: Vec::new(), limit }
    }

    fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// The young slot of `key`; takes the generations apart so that the list of changed keys stays free.
    fn slot<'a, E>(
        (young, old): (&'a mut Generation<K, V>, &mut Generation<K, V>),
        key: K,
        load: impl FnOnce(&K) -> Result<Option<V>, E>,
    ) -> Result<&'a mut Slot<V>, E> {
        match young.entry(key) {
            Entry::Occupied(slot) => Ok(slot.into_mut()),
            Entry::Vacant(place) => {
                let slot = match old.remove(&key) {
                    Some(slot) => slot,
                    None => Slot { value: load(&key)?.map(Box::new), dirty: false },
                };
                Ok(place.insert(slot))
            }
        }
    }

    /// A cached value, without looking on disk.
    pub(crate) fn peek(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))?.value.as_deref()
    }

    pub(crate) fn get<E>(
        &mut self,
        key: K,
        load: impl FnOnce(&K) -> Result<Option<V>, E>,
    ) -> Result<Option<&V>, E> {
        Ok(Self::slot((&mut self.young, &mut self.old), key, load)?.value.as_deref())
    }

    pub(crate) fn get_mut<E>(
        &mut self,
        key: K,
        load: impl FnOnce(&K) -> Result<Option<V>, E>,
    ) -> Result<&mut Option<Box<V>>, E> {
        let slot = Self::slot((&mut self.young, &mut self.old), key, load)?;
        if !slot.dirty {
            slot.dirty = true;
            self.dirty.push(key);
        }
        Ok(&mut slot.value)
    }

    fn take_dirty<T>(&mut self, mut written: impl FnMut(&V) -> T) -> Vec<(K, Option<T>)> {
        let mut keys = std::mem::take(&mut self.dirty);
        keys.sort_unstable();
        let mut taken = Vec::with_capacity(keys.len());
        for key in keys {
            let Some(slot) = self.young.get_mut(&key).or_else(|| self.old.get_mut(&key)) else { continue };
            slot.dirty = false;
            taken.push((key, slot.value.as_deref().map(&mut written)));
        }
        taken
    }

    fn turn(&mut self) {
        if self.young.len() > self.limit && self.dirty.is_empty() {
            // The tables keep their room: they will be as large again.
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
    }
}

/// Keys are hashes already: the first eight bytes will do.
#[derive(Default)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hash for NodeKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0[..8]);
        state.write_u64(u64::from_le_bytes(first));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(key: &NodeKey) -> Result<Option<u8>, ()> {
        Ok((key.0[0] < 10).then_some(100 + key.0[0]))
    }

    #[test]
    fn changed_values_stay_until_taken_and_unchanged_ones_go_after_two_turns() {
        let key = |number: u8| NodeKey([number; 16]);
        let mut cache: Cache<NodeKey, u8> = Cache::new(1);
        assert_eq!(cache.get(key(1), load), Ok(Some(&101)));
        assert_eq!(cache.get(key(20), load), Ok(None));
        *cache.get_mut(key(2), load).expect("loads") = Some(Box::new(7));
        *cache.get_mut(key(3), load).expect("loads") = None;
        cache.turn();
        assert_eq!(cache.len(), 4, "nothing is forgotten before it is taken");
        assert_eq!(cache.take_dirty(Clone::clone), [(key(2), Some(7)), (key(3), None)]);
        assert_eq!(cache.take_dirty(Clone::clone), []);
        cache.turn();
        assert_eq!((cache.young.len(), cache.old.len()), (0, 4));
        assert_eq!(cache.get(key(3), |_| Err(())), Ok(None), "a removed value is remembered as removed");
        assert_eq!(cache.get(key(2), |_| Err(())), Ok(Some(&7)));
        cache.turn();
        assert_eq!((cache.young.len(), cache.old.len()), (0, 2));
        assert_eq!(cache.peek(&key(2)), Some(&7));
        assert_eq!(cache.get(key(1), |_| Err(())), Err(()), "forgotten, so read again");
        assert_eq!(cache.get(key(1), load), Ok(Some(&101)));
    }
}

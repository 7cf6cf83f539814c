//! Which attempts are newer than the lake's files, each with its newest version only?
//!
//! Attempts change while they run, so rows replace rows: a new version is appended to the newest chunk and the old
//! one's bit is cleared. Snapshots share chunks and copy only bits. Chunks in which most versions are dead are
//! written anew, and small ones grow together, so a query meets few of them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};

use crate::rows::{compacted, memory};
use crate::tables::LakeTable;

/// Chunks of this many rows grow no further.
pub const CHUNK_ROWS: usize = 32_768;

/// The name of an attempt, as the join knows it.
pub type Key = [u8; 16];

/// Attempts by name, newest versions only.
#[derive(Debug, Default)]
pub struct Live {
    chunks: Vec<Chunk>,
    places: HashMap<Key, (usize, usize)>,
}

/// Rows of which some are alive. Clones share the rows.
#[derive(Clone, Debug)]
pub struct Chunk {
    rows: RecordBatch,
    keys: Arc<Vec<Key>>,
    alive: Arc<Vec<bool>>,
    living: usize,
}

impl Live {
    /// Replaces or adds versions, the row of `keys[n]` at place n; no key twice.
    ///
    /// # Panics
    /// There are not as many keys as rows.
    pub fn put(&mut self, rows: RecordBatch, keys: Vec<Key>) {
        assert_eq!(rows.num_rows(), keys.len(), "every row has a name");
        if keys.is_empty() {
            return;
        }
        for key in &keys {
            self.remove(key);
        }
        let living = keys.len();
        self.push(Chunk { rows, alive: Arc::new(vec![true; living]), keys: Arc::new(keys), living });
        self.tidy();
    }

    /// Forgets an attempt; whether it was there.
    pub fn remove(&mut self, key: &Key) -> bool {
        let Some((chunk, row)) = self.places.remove(key) else { return false };
        let chunk = &mut self.chunks[chunk];
        Arc::make_mut(&mut chunk.alive)[row] = false;
        chunk.living -= 1;
        true
    }

    /// Forgets every attempt that `is_gone` names.
    pub fn remove_all(&mut self, is_gone: impl Fn(&Key) -> bool) {
        let gone: Vec<Key> = self.places.keys().filter(|key| is_gone(key)).copied().collect();
        gone.iter().for_each(|key| {
            self.remove(key);
        });
        self.tidy();
    }

    /// How many attempts.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether this attempt is here.
    pub fn contains(&self, key: &Key) -> bool {
        self.places.contains_key(key)
    }

    /// Everything as it is now; cheap.
    pub fn chunks(&self) -> Vec<Chunk> {
        self.chunks.iter().filter(|chunk| chunk.living > 0).cloned().collect()
    }

    /// About how many bytes in memory.
    pub fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| memory(&chunk.rows) + chunk.keys.len() * 64).sum()
    }

    fn push(&mut self, chunk: Chunk) {
        let place = self.chunks.len();
        for (row, (key, alive)) in chunk.keys.iter().zip(chunk.alive.iter()).enumerate() {
            if *alive {
                self.places.insert(*key, (place, row));
            }
        }
        self.chunks.push(chunk);
    }

    /// Writes chunks anew that are mostly dead, and lets the newest ones grow together.
    fn tidy(&mut self) {
        let is_sparse = |chunk: &Chunk| chunk.living * 2 < chunk.keys.len();
        if self.chunks.iter().any(is_sparse) {
            let chunks = std::mem::take(&mut self.chunks);
            for chunk in chunks {
                let chunk = if is_sparse(&chunk) { chunk.compact() } else { chunk };
                if chunk.living > 0 {
                    self.push(chunk);
                }
            }
        }
        while let [.., one, other] = self.chunks.as_slice()
            && one.living <= 2 * other.living
            && one.living + other.living <= CHUNK_ROWS
            && let Some(merged) = one.merge(other)
        {
            self.chunks.truncate(self.chunks.len() - 2);
            self.push(merged);
        }
    }
}

impl Chunk {
    /// The living rows; all columns.
    pub fn living_rows(&self) -> RecordBatch {
        if self.living == self.keys.len() {
            return self.rows.clone();
        }
        let mask = BooleanArray::from(self.alive.as_ref().clone());
        filter_record_batch(&self.rows, &mask).unwrap_or_else(|_| self.rows.slice(0, 0))
    }

    /// All versions, dead ones too; [`alive`](Self::alive) says which count.
    pub fn rows(&self) -> &RecordBatch {
        &self.rows
    }

    /// Which rows count; `None` where all do.
    pub fn alive(&self) -> Option<BooleanArray> {
        (self.living < self.keys.len()).then(|| BooleanArray::from(self.alive.as_ref().clone()))
    }

    /// The names of the rows, dead ones too.
    pub fn keys(&self) -> impl Iterator<Item = (usize, &Key)> {
        self.keys.iter().enumerate().filter(|(row, _)| self.alive[*row])
    }

    /// How many rows are alive.
    pub fn living(&self) -> usize {
        self.living
    }

    fn compact(self) -> Self {
        let keys: Vec<Key> = self.keys().map(|(_, key)| *key).collect();
        let living = keys.len();
        let rows = compacted(&self.living_rows());
        Self { rows, alive: Arc::new(vec![true; living]), keys: Arc::new(keys), living }
    }

    fn merge(&self, other: &Self) -> Option<Self> {
        let (one, other) = (self.clone().compact(), other.clone().compact());
        let rows = concat_batches(&LakeTable::Attempts.schema(), [&one.rows, &other.rows]).ok()?;
        let rows = compacted(&rows);
        let keys: Vec<Key> = one.keys.iter().chain(other.keys.iter()).copied().collect();
        let living = keys.len();
        Some(Self { rows, alive: Arc::new(vec![true; living]), keys: Arc::new(keys), living })
    }
}

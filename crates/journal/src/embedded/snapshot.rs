//! How is the embedded state read at one applied offset?

use std::ops::Bound;

use fjall::{Keyspace, Readable};
use walletscope_model::Offset;

use super::{EmbeddedStore, malformed, read_error};
use crate::keyspaces::{APPLIED_KEY, read_offset};
use crate::store::{Direction, Read, StoreError, Table, Visit};

/// A view of the state at one applied offset.
#[derive(Clone)]
pub struct EmbeddedSnapshot {
    pub(super) snapshot: fjall::Snapshot,
    pub(super) store: EmbeddedStore,
}

impl Read for EmbeddedSnapshot {
    fn applied(&self) -> Result<Offset, StoreError> {
        let row = self
            .snapshot
            .get(&self.store.0.position, APPLIED_KEY)
            .map_err(read_error("the applied offset"))?;
        read_offset(row.as_deref()).ok_or(malformed("the applied offset"))
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.snapshot.get(self.table(table), key).map_err(read_error(table.name()))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn scan(
        &self,
        table: Table,
        bounds: (Bound<&[u8]>, Bound<&[u8]>),
        direction: Direction,
        visit: Visit<'_>,
    ) -> Result<(), StoreError> {
        if holds_nothing(bounds) {
            return Ok(());
        }
        let mut rows = self.snapshot.range::<&[u8], _>(self.table(table), bounds);
        let mut next = || match direction {
            Direction::Forward => rows.next(),
            Direction::Reverse => rows.next_back(),
        };
        while let Some(row) = next() {
            let (key, value) = row.into_inner().map_err(read_error(table.name()))?;
            if visit(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl EmbeddedSnapshot {
    fn table(&self, table: Table) -> &Keyspace {
        &self.store.0.tables[table as usize]
    }
}

fn holds_nothing(bounds: (Bound<&[u8]>, Bound<&[u8]>)) -> bool {
    use Bound::{Excluded, Included, Unbounded};
    match bounds {
        (Unbounded, _) | (_, Unbounded) => false,
        (Included(from), Included(to)) => from > to,
        (Included(from) | Excluded(from), Included(to) | Excluded(to)) => from >= to,
    }
}

//! What does a server hand out as its backup, and in which order?
//!
//! See the module above for why the order matters. Nothing here stops the server: the state is read from a snapshot,
//! files of the lake are pinned, and the journal is only ever added to. Where old entries are dropped while they are
//! copied, because the journal has reached its size, the backup fails and says so.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use tokio::runtime::Handle;
use walletscope_journal::store::INVOCATION_AGE;
use walletscope_journal::{Direction, EmbeddedStore, Read, Store, StoreError, Table};
use walletscope_lake::{Lake, LakeTable, Pin};
use walletscope_model::{Duration, Offset, Timestamp};

use super::archive::{CHUNK_BYTES, write_file, write_row};
use super::{ABOUT_FILE, About, AboutTable, BackupError, VERSION};

/// What is copied.
#[derive(Clone)]
pub struct Source {
    /// State and journal.
    pub store: EmbeddedStore,
    /// The lake.
    pub lake: Arc<Lake>,
    /// Waits for the lake's files.
    pub runtime: Handle,
}

impl Source {
    /// Writes the server's part of a backup. Blocks for as long as that takes.
    ///
    /// # Errors
    /// Something could not be read or written; what was written is no backup.
    pub fn export(&self, now: Timestamp, out: &mut impl Write) -> Result<(), BackupError> {
        let first = self.store.first();
        let state = self.store.snapshot();
        let pin = self.runtime.block_on(Pin::new(&self.lake));
        let head = self.store.head();
        let about = self.about(state.applied()?, first, head, &pin, now)?;
        let text =
            serde_json::to_vec_pretty(&about).map_err(|error| BackupError::Archive(error.to_string()))?;
        put(out, ABOUT_FILE, &text)?;
        for table in Table::ALL {
            write_table(&state, table, out)?;
        }
        drop(state);
        self.write_marks(now, out)?;
        self.write_journal(first, head, out)?;
        self.write_lake(&pin, out)
    }

    fn about(
        &self,
        applied: Offset,
        first: Offset,
        head: Offset,
        pin: &Pin,
        now: Timestamp,
    ) -> Result<About, BackupError> {
        let mut tables = BTreeMap::new();
        let mut needed = applied;
        for state in &pin.tables {
            needed = needed.min(state.watermark());
            tables.insert(
                state.table.name().to_owned(),
                AboutTable {
                    location: state.location.clone(),
                    rows: state.rows(),
                    watermark: state.watermark().0,
                },
            );
        }
        // A table that never had a row has no watermark yet: then the journal has never been trimmed either.
        if first.0 > needed.0 + 1 && first.0 > 1 {
            let why =
                "the journal begins after what the lake's files hold; start the backup again in a minute";
            return Err(BackupError::Refused(why.to_owned()));
        }
        Ok(About {
            version: VERSION,
            created_at: now.0,
            applied: applied.0,
            first: first.0,
            head: head.0,
            warehouse: self.lake.warehouse.url.clone(),
            tables,
        })
    }

    fn write_marks(&self, now: Timestamp, out: &mut impl Write) -> Result<(), BackupError> {
        let since = now.plus(Duration(-2 * INVOCATION_AGE.0));
        let mut chunks = Chunks::new("invocations", out);
        for mark in self.store.invocations(since)? {
            let key = [&mark.at.0.to_le_bytes()[..], &mark.key].concat();
            chunks.push([&key, &mark.answer])?;
        }
        chunks.end()
    }

    fn write_journal(&self, first: Offset, head: Offset, out: &mut impl Write) -> Result<(), BackupError> {
        let mut chunks = Chunks::new("journal", out);
        let mut next = first;
        while next <= head {
            for (offset, bytes) in self.store.entries(next, CHUNK_BYTES)? {
                if offset != next {
                    let why = "the journal dropped its oldest entries while they were copied; start the backup again";
                    return Err(BackupError::Refused(why.to_owned()));
                }
                if offset > head {
                    break;
                }
                chunks.push([&offset.0.to_le_bytes(), &bytes])?;
                next = Offset(offset.0 + 1);
            }
        }
        chunks.end()
    }

    fn write_lake(&self, pin: &Pin, out: &mut impl Write) -> Result<(), BackupError> {
        for table in LakeTable::ALL {
            for path in self.runtime.block_on(pin.files(table))? {
                let bytes = self.runtime.block_on(self.lake.warehouse.files.get(&path))?;
                put(out, &format!("lake/{path}"), &bytes)?;
            }
        }
        Ok(())
    }
}

fn write_table(state: &impl Read, table: Table, out: &mut impl Write) -> Result<(), BackupError> {
    let folder = format!("state/{}", table.name());
    let mut chunks = Chunks::new(&folder, out);
    let mut failed = None;
    let all = (Bound::Unbounded, Bound::Unbounded);
    let scanned: Result<(), StoreError> =
        state.scan(table, all, Direction::Forward, &mut |key, value| match chunks.push([key, value]) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        });
    scanned?;
    match failed {
        Some(error) => Err(error),
        None => chunks.end(),
    }
}

/// Rows that become files of a folder, in order.
struct Chunks<'a, W> {
    folder: &'a str,
    number: usize,
    chunk: Vec<u8>,
    out: &'a mut W,
}

impl<'a, W: Write> Chunks<'a, W> {
    fn new(folder: &'a str, out: &'a mut W) -> Self {
        Self { folder, number: 0, chunk: Vec::new(), out }
    }

    fn push(&mut self, parts: [&[u8]; 2]) -> Result<(), BackupError> {
        write_row(&mut self.chunk, parts);
        if self.chunk.len() >= CHUNK_BYTES { self.write() } else { Ok(()) }
    }

    fn end(mut self) -> Result<(), BackupError> {
        if self.chunk.is_empty() { Ok(()) } else { self.write() }
    }

    fn write(&mut self) -> Result<(), BackupError> {
        put(self.out, &format!("{}/{:08}", self.folder, self.number), &self.chunk)?;
        self.number += 1;
        self.chunk.clear();
        Ok(())
    }
}

fn put(out: &mut impl Write, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
    write_file(out, name, bytes).map_err(|error| BackupError::File("write the backup", error))
}

//! How can all tables be copied while they are written?
//!
//! Files never change, so a copy needs only that none of them is deleted meanwhile. While a [`Pin`] lives, nothing is;
//! commits go on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::LakeError;
use crate::lake::Lake;
use crate::table::TableState;
use crate::tables::LakeTable;

/// How many pins there are.
#[derive(Debug, Default)]
pub(crate) struct Pins(AtomicUsize);

/// Every table as of one moment, with its files for as long as this lives.
pub struct Pin {
    /// The tables, in the order of their numbers.
    pub tables: Vec<Arc<TableState>>,
    lake: Arc<Lake>,
}

impl Pins {
    pub(crate) fn is_any(&self) -> bool {
        self.0.load(Ordering::Acquire) > 0
    }
}

impl Pin {
    /// Pins what is current now.
    pub async fn new(lake: &Arc<Lake>) -> Self {
        lake.pins().0.fetch_add(1, Ordering::AcqRel);
        let mut pin = Self { tables: Vec::with_capacity(LakeTable::COUNT), lake: lake.clone() };
        for table in LakeTable::ALL {
            // Whoever deletes files of a table holds its lock: one who began before has ended when we get it.
            let _deleting = lake.lock(table).await;
            pin.tables.push(lake.current(table));
        }
        pin
    }

    /// The files that the current snapshot of a table consists of, data and metadata, relative to the warehouse.
    ///
    /// # Errors
    /// A manifest list could not be read.
    pub async fn files(&self, table: LakeTable) -> Result<BTreeSet<String>, LakeError> {
        self.tables[table as usize].current_files(&self.lake.warehouse).await
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.lake.pins().0.fetch_sub(1, Ordering::AcqRel);
    }
}

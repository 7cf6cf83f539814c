//! How does a lake come out of copied files, in a folder or bucket that is not where they came from?

use std::path::Path;

use walletscope_model::Timestamp;

use crate::catalog::Catalog;
use crate::error::LakeError;
use crate::lake::{CATALOG_FILE, Lake};
use crate::maintenance;
use crate::storage::Warehouse;
use crate::table::TableState;
use crate::tables::LakeTable;

/// Where a table was when it was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The table.
    pub table: LakeTable,
    /// The URL of its metadata then.
    pub location: String,
}

/// Makes a lake of files that were copied into `warehouse` under their old paths; its catalog comes into `folder`,
/// which has none. The old metadata is deleted; data files stay as they are.
///
/// # Errors
/// A file is missing or damaged, or there is a lake already.
pub async fn restore(
    folder: &Path,
    warehouse: Warehouse,
    old_url: &str,
    tables: &[Copied],
    now: Timestamp,
) -> Result<Lake, LakeError> {
    std::fs::create_dir_all(folder)
        .map_err(|error| LakeError::storage("make the folder", &folder.display(), error))?;
    let catalog = Catalog::open(&folder.join(CATALOG_FILE)).await?;
    for copied in tables {
        let place = (old_url, copied.location.as_str());
        TableState::adopt(&warehouse, &catalog, copied.table, place, now).await?;
    }
    catalog.close().await;
    let lake = Lake::open(folder, warehouse, now).await?;
    for table in LakeTable::ALL {
        maintenance::delete_unknown(&lake, table).await?;
    }
    Ok(lake)
}

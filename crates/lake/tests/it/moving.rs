//! What is copied comes back elsewhere, what is pinned stays, and what is erased is nowhere.

use std::path::Path;
use std::sync::Arc;

use walletscope_lake::maintenance::{Erasure, compact, compactions, delete_orphans, erase, expire, verify};
use walletscope_lake::restore::{Copied, restore};
use walletscope_lake::{Lake, LakeTable, Pin, Warehouse};
use walletscope_model::{Duration, Offset, Timestamp};

use crate::scene::{DAY, Disk, NOW, contents, rows};

const TABLE: LakeTable = LakeTable::Attempts;
const FAR: Timestamp = Timestamp(i64::MAX / 2);

async fn filled(disk: &Disk) -> Arc<Lake> {
    let lake = Arc::new(disk.lake().await);
    for number in 0..4 {
        let batch = rows(TABLE, [(19_990, number), (19_991, 10 + number)]);
        lake.append(TABLE, vec![batch], Offset(number + 1), NOW).await.unwrap();
    }
    lake
}

async fn compact_all(lake: &Lake) {
    for plan in compactions(&lake.current(TABLE), NOW) {
        compact(lake, TABLE, plan, NOW).await.unwrap();
    }
}

#[tokio::test]
async fn pinned_files_come_back_elsewhere_whatever_happened_to_their_table_meanwhile() {
    let disk = Disk::new();
    let lake = filled(&disk).await;
    compact_all(&lake).await;
    let before = contents(&lake, &disk, TABLE);
    let pin = Pin::new(&lake).await;
    lake.append(TABLE, vec![rows(TABLE, [(19_990, 50)])], Offset(9), NOW).await.unwrap();
    compact_all(&lake).await;
    expire(&lake, TABLE, NOW.plus(Duration(DAY))).await.unwrap();
    assert_eq!(delete_orphans(&lake, TABLE, Duration(0), FAR).await.unwrap().0, 0, "somebody copies");

    let other = Disk::new();
    let mut tables = Vec::new();
    for table in LakeTable::ALL {
        tables.push(Copied { table, location: pin.tables[table as usize].location.clone() });
        for path in pin.files(table).await.unwrap() {
            copy(&disk.root().join(&path), &other.root().join(&path));
        }
    }
    let old_url = lake.warehouse.url.clone();
    drop(pin);
    assert!(delete_orphans(&lake, TABLE, Duration(0), FAR).await.unwrap().0 > 0, "nobody copies any more");
    drop((lake, disk));

    let warehouse = Warehouse::local(&other.root()).unwrap();
    restore(other.folder.path(), warehouse, &old_url, &tables, NOW).await.unwrap().close().await;
    let lake = other.lake().await;
    assert_eq!(contents(&lake, &other, TABLE), before);
    let state = lake.current(TABLE);
    assert_eq!((state.watermark(), state.snapshots()), (Offset(4), 1));
    assert_eq!(verify(&lake, TABLE).await.unwrap().problems, [""; 0]);
    for file in lake.warehouse.files.list("").await.unwrap() {
        let bytes = std::fs::read(other.root().join(&file.path)).unwrap();
        assert!(!holds(&bytes, &old_url), "{} names the old place", file.path);
    }
    lake.append(TABLE, vec![rows(TABLE, [(19_990, 60)])], Offset(10), NOW).await.unwrap();
    assert_eq!(contents(&other.lake().await, &other, TABLE).len(), before.len() + 1);
}

#[tokio::test]
async fn an_erased_attempt_is_in_no_file_and_no_earlier_snapshot() {
    let disk = Disk::new();
    let lake = filled(&disk).await;
    compact_all(&lake).await;
    let erasure = Erasure::of_attempt(&lake, "a12").await.unwrap();
    let erased = erase(&lake, TABLE, &erasure, FAR).await.unwrap();
    assert_eq!((erased.rows, erased.files), (1, 1));
    assert!(erased.deleted > 0);
    assert_eq!(lake.current(TABLE).snapshots(), 1);
    let reopened = disk.lake().await;
    let names: Vec<_> = contents(&reopened, &disk, TABLE).into_keys().map(|(name, _)| name).collect();
    assert_eq!(names, ["a0", "a1", "a10", "a11", "a13", "a2", "a3"]);
    assert_eq!(verify(&reopened, TABLE).await.unwrap().problems, [""; 0]);
    assert_eq!(erase(&reopened, TABLE, &erasure, FAR).await.unwrap().rows, 0);
    assert_eq!(reopened.current(TABLE).watermark(), Offset(4));
}

#[tokio::test]
async fn a_token_is_erased_from_every_table_that_names_it() {
    let disk = Disk::new();
    let lake = disk.lake().await;
    for table in LakeTable::ALL {
        // Texts are named by number modulo seven: 14 rows hold two of each.
        let batch = rows(table, (0..14).map(|number| (19_990, number)));
        lake.append(table, vec![batch], Offset(1), NOW).await.unwrap();
    }
    let erasure = Erasure::of_token("token_reference_id 3");
    for table in LakeTable::ALL {
        let names_tokens = table.columns().iter().any(|column| column.name == "token_reference_id");
        let rows = if names_tokens { 2 } else { 0 };
        assert_eq!(erase(&lake, table, &erasure, FAR).await.unwrap().rows, rows, "{}", table.name());
        assert_eq!(verify(&lake, table).await.unwrap().rows, 14 - rows);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::copy(from, to).unwrap();
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

//! Log events that are gone for their readers leave the files, those that are not stay, whatever happens in between.

use std::collections::BTreeSet;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use walletscope_lake::gone::{Aged, Deleted, GoneGroup};
use walletscope_lake::maintenance::{delete_orphans, expire, purge, purges, verify};
use walletscope_lake::{Gone, Lake, LakeTable, RowBuilder};
use walletscope_model::{Duration, Offset, Timestamp};

use crate::scene::{DAY, Disk, NOW};

const TABLE: LakeTable = LakeTable::LogEvents;

/// Events as (group, stream, entry, time).
fn events(each: &[(&str, &str, u64, i64)]) -> RecordBatch {
    let mut rows = RowBuilder::new(TABLE);
    for (group, stream, offset, at) in each {
        rows.begin(Timestamp(*at)).text("log_group", Some(group)).text("log_stream", Some(stream));
        rows.text("message", Some("m"));
        for name in ["event", "correlation_id", "request_id", "trace_id", "token_reference_id"] {
            rows.text(name, None);
        }
        rows.flag("guarded", false).text("account", Some("account")).text("region", Some("region"));
        rows.text("source", None).text("tenant", Some("tenant")).time("ingestion_time", Some(NOW));
        rows.long("_offset", *offset).int("_index", Some(0)).flag("has_other_ids", false).end();
    }
    rows.finish()
}

/// The entries whose events are in the current files.
fn entries(lake: &Lake, disk: &Disk) -> BTreeSet<i64> {
    let mut found = BTreeSet::new();
    for file in lake.current(TABLE).files() {
        let bytes = bytes::Bytes::from(std::fs::read(disk.root().join(&file.path)).unwrap());
        for batch in ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let offsets = batch.column_by_name("_offset").unwrap().as_primitive::<Int64Type>();
            for offset in offsets.values() {
                assert!(found.insert(*offset), "entry {offset} is there twice");
            }
        }
    }
    found
}

fn group(name: &str, aged: Option<Aged>, deleted: Vec<Deleted>) -> GoneGroup {
    GoneGroup { account: "account".into(), region: "region".into(), name: name.into(), aged, deleted }
}

/// `/short` keeps a day, `/dead` was deleted by entry 20, stream `s` of `/kept` by entry 21.
fn gone(now: Timestamp) -> Gone {
    let deleted = |stream: Option<&str>, through| Deleted {
        stream: stream.map(Into::into),
        through: Offset(through),
        times: (Timestamp(0), now),
    };
    let aged = Aged { after: Offset(1), before: now.plus(Duration(-DAY)) };
    Gone::new([
        group("/short", Some(aged), Vec::new()),
        group("/dead", None, vec![deleted(None, 20)]),
        group("/kept", None, vec![deleted(Some("s"), 21)]),
    ])
}

/// Three days: one of `/short` alone, one of everything, and today.
async fn filled(lake: &Lake) {
    let (first, second, today) = (NOW.0 - 3 * DAY, NOW.0 - 2 * DAY, NOW.0);
    for (watermark, batch) in [
        (11, vec![("/short", "s", 10, first), ("/short", "t", 11, first + 1)]),
        (
            17,
            vec![
                ("/short", "s", 12, second),
                ("/dead", "s", 13, second),
                ("/kept", "s", 14, second),
                ("/kept", "t", 15, second),
                ("/other", "s", 17, second),
            ],
        ),
        // The newer /dead, and /short: its day is not over, nor is its time.
        (31, vec![("/dead", "s", 30, today), ("/short", "s", 31, today)]),
    ] {
        lake.append(TABLE, vec![events(&batch)], Offset(watermark), NOW).await.unwrap();
    }
}

#[tokio::test]
async fn files_hold_the_living_alone_and_nothing_is_looked_at_twice() {
    let disk = Disk::new();
    let lake = disk.lake().await;
    filled(&lake).await;
    let before = lake.current(TABLE).files();
    let purged = purge(&lake, &gone(NOW), NOW).await.unwrap();
    assert_eq!((purged.rows, purged.rewritten, purged.dropped, purged.left), (5, 1, 1, 0));
    assert_eq!(purged.deleted_through, Some(Offset(21)));
    assert_eq!(entries(&lake, &disk), BTreeSet::from([15, 17, 30, 31]));
    assert_eq!(lake.current(TABLE).watermark(), Offset(31), "the watermark stays");
    assert_eq!(verify(&lake, TABLE).await.unwrap().problems, [""; 0]);
    assert_eq!(purges(&lake.current(TABLE), &gone(NOW), &lake.looked_through()).len(), 0);
    // Only what the new snapshot changed is new.
    let after = lake.current(TABLE).files();
    assert_eq!(after.iter().filter(|file| before.iter().any(|old| old.path == file.path)).count(), 1);
    // A day later the last of /short is too old, and its file is a day of the past.
    let later = NOW.plus(Duration(2 * DAY));
    assert_eq!(purge(&lake, &gone(later), later).await.unwrap().rows, 1);
    assert_eq!(entries(&lake, &disk), BTreeSet::from([15, 17, 30]));
    // With the snapshots go the bytes.
    expire(&lake, TABLE, later).await.unwrap();
    delete_orphans(&lake, TABLE, Duration(DAY), Timestamp(i64::MAX / 2)).await.unwrap();
    let data = lake.warehouse.files.list("log_events/data").await.unwrap();
    assert_eq!(data.len(), lake.current(TABLE).files().len());
}

#[tokio::test]
async fn a_kill_at_any_step_leaves_the_old_rows_or_the_new() {
    let (old, new): (BTreeSet<i64>, BTreeSet<i64>) =
        ([10, 11, 12, 13, 14, 15, 17, 30, 31].into(), [15, 17, 30, 31].into());
    let mut outcomes = BTreeSet::new();
    for steps in 0..30 {
        let disk = Disk::new();
        let lake = disk.lake().await;
        filled(&lake).await;
        lake.close().await;
        let (lake, _) = disk.lake_for_steps(steps).await;
        let is_done = purge(&lake, &gone(NOW), NOW).await.is_ok();
        lake.close().await;
        let lake = disk.lake().await;
        assert_eq!(entries(&lake, &disk), if is_done { new.clone() } else { old.clone() }, "{steps} steps");
        assert_eq!(lake.current(TABLE).watermark(), Offset(31));
        outcomes.insert(is_done);
        // Whoever comes after it does the rest.
        purge(&lake, &gone(NOW), NOW).await.unwrap();
        assert_eq!(entries(&lake, &disk), new, "{steps} steps, and again");
    }
    assert_eq!(outcomes.len(), 2, "some were killed, some were not");
}

#[tokio::test]
async fn rows_that_may_still_come_and_copies_that_are_being_made_keep_a_deletion_alive() {
    let disk = Disk::new();
    let lake = std::sync::Arc::new(disk.lake().await);
    let batch = events(&[("/dead", "s", 13, NOW.0)]);
    lake.append(TABLE, vec![batch], Offset(15), NOW).await.unwrap();
    let pin = walletscope_lake::Pin::new(&lake).await;
    let purged = purge(&lake, &gone(NOW), NOW).await.unwrap();
    assert_eq!((purged.rows, purged.deleted_through), (1, None), "a copy has the row");
    assert_eq!(pin.tables[TABLE as usize].rows(), 1);
    drop(pin);
    let purged = purge(&lake, &gone(NOW), NOW).await.unwrap();
    assert_eq!(purged.deleted_through, Some(Offset(15)), "entries 16 to 20 may come");
    let batch = events(&[("/dead", "s", 16, NOW.0)]);
    lake.append(TABLE, vec![batch], Offset(30), NOW).await.unwrap();
    let purged = purge(&lake, &gone(NOW), NOW).await.unwrap();
    assert_eq!((purged.rows, purged.deleted_through), (1, Some(Offset(21))));
    assert_eq!(lake.current(TABLE).rows(), 0);
}

/// More files than a round looks through.
#[tokio::test]
async fn what_one_round_leaves_the_next_one_does() {
    const FILES: u64 = 70;
    let disk = Disk::new();
    let lake = disk.lake().await;
    let days: Vec<_> = (0..FILES).map(|day| ("/dead", "s", 5, NOW.0 - day.cast_signed() * DAY)).collect();
    lake.append(TABLE, vec![events(&days)], Offset(30), NOW).await.unwrap();
    let first = purge(&lake, &gone(NOW), NOW).await.unwrap();
    assert_eq!((first.looked, first.left, first.deleted_through), (64, 6, None));
    let second = purge(&lake, &gone(NOW), NOW).await.unwrap();
    assert_eq!((second.looked, second.left, second.deleted_through), (6, 0, Some(Offset(21))));
    assert_eq!(lake.current(TABLE).rows(), 0);
}

//! What is written stays, grows together and goes when it is told to.

use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::ParquetMetaDataReader;
use walletscope_lake::maintenance::{
    Compaction, LIVE_DAY_FILES_MAX, MERGED_PROPERTY, Way, compact, compactions, debt, delete_orphans, expire,
    merge, retain, verify,
};
use walletscope_lake::table::{Bound, day_of};
use walletscope_lake::{LakeTable, TableState};
use walletscope_model::{Duration, Offset, Timestamp};

use crate::scene::{DAY, Disk, NOW, contents, overlay, rows};

const TABLE: LakeTable = LakeTable::Attempts;

#[tokio::test]
async fn every_table_keeps_every_kind_of_value_and_its_watermark_over_a_restart() {
    let disk = Disk::new();
    let lake = disk.lake().await;
    for table in LakeTable::ALL {
        let batches =
            vec![rows(table, (0..100).map(|number| (19_990 + i64::try_from(number % 3).unwrap(), number)))];
        lake.append(table, batches, Offset(7), NOW).await.unwrap();
    }
    lake.close().await;
    let lake = disk.lake().await;
    assert_eq!(lake.watermark(), Offset(7));
    for table in LakeTable::ALL {
        let state = lake.current(table);
        assert_eq!((state.rows(), state.files().len(), state.watermark()), (100, 3, Offset(7)));
        let verified = verify(&lake, table).await.unwrap();
        assert_eq!((verified.rows, verified.files), (100, 3));
        assert_eq!(verified.problems, [""; 0]);
    }
}

#[tokio::test]
async fn two_processes_do_not_overwrite_each_other() {
    let disk = Disk::new();
    let (one, other) = (disk.lake().await, disk.lake().await);
    one.append(TABLE, vec![rows(TABLE, [(19_999, 1)])], Offset(1), NOW).await.unwrap();
    let refused = other.append(TABLE, vec![rows(TABLE, [(19_999, 2)])], Offset(2), NOW).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("another process")));
    assert_eq!(contents(&disk.lake().await, &disk, TABLE).len(), 1);
}

#[tokio::test]
async fn a_day_of_small_files_becomes_few_and_no_row_is_lost() {
    let disk = Disk::new();
    let lake = disk.lake().await;
    for number in 0..40 {
        let batch = rows(TABLE, [(19_990, number), (20_000, 1_000 + number)]);
        lake.append(TABLE, vec![batch], Offset(number + 1), NOW).await.unwrap();
        for plan in compactions(&lake.current(TABLE), NOW) {
            compact(&lake, TABLE, plan, NOW).await.unwrap();
        }
        let days = lake.current(TABLE).days();
        assert!(days.values().all(|files| files.len() <= LIVE_DAY_FILES_MAX));
        assert!(days[&19_990].len() == 1, "an old day is one file");
    }
    assert_eq!(debt(&lake.current(TABLE), NOW).files, 0);
    let contents = contents(&disk.lake().await, &disk, TABLE);
    assert_eq!((contents.len(), contents.values().max()), (80, Some(&1)));
    assert!(lake.current(TABLE).watermark() == Offset(40), "compaction leaves the watermark");
}

#[tokio::test]
async fn joined_files_keep_rows_bounds_statistics_and_bloom_filters() {
    for table in LakeTable::ALL {
        let disk = Disk::new();
        let lake = disk.lake().await;
        for number in 0..5 {
            let batch = rows(table, [(20_000, number), (20_000, 100 + number)]);
            lake.append(table, vec![batch], Offset(number + 1), NOW).await.unwrap();
        }
        let before = contents(&lake, &disk, table);
        let files = lake.current(table).files();
        let blooms = files.iter().map(|file| bloom_filters(&disk, &file.path)).sum::<usize>();
        let times = files.iter().map(|file| file.times);
        let times = times.reduce(|left, right| (left.0.min(right.0), left.1.max(right.1))).unwrap();
        compact(&lake, table, Compaction { day: 20_000, files, way: Way::Join }, NOW).await.unwrap();
        let reopened = disk.lake().await;
        let [file] = &reopened.current(table).files()[..] else { panic!("one file") };
        assert_eq!((file.rows, file.times), (10, times));
        let offsets = i32::try_from(table.place("_offset") + 1).unwrap();
        let bound = |is_upper| match file.bound(offsets, is_upper) {
            Some(Bound::Number(offset)) => offset,
            other => panic!("{other:?}"),
        };
        assert_eq!((bound(false), bound(true)), (0, 104));
        assert_eq!(bloom_filters(&disk, &file.path), blooms);
        assert_eq!(contents(&reopened, &disk, table), before);
        assert_eq!(verify(&reopened, table).await.unwrap().problems, [""; 0]);
    }
}

/// How many columns of row groups have a bloom filter.
fn bloom_filters(disk: &Disk, path: &str) -> usize {
    let bytes = bytes::Bytes::from(std::fs::read(disk.root().join(path)).unwrap());
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&bytes).unwrap();
    let mut count = 0;
    for group in metadata.row_groups() {
        for chunk in group.columns() {
            if let Some(bloom) = Sbbf::read_from_column_chunk(chunk, &bytes).unwrap() {
                assert!(!bloom.check("a value that is nowhere"));
                count += 1;
            }
        }
    }
    count
}

#[tokio::test]
async fn late_changes_replace_rows_also_those_that_were_never_there() {
    let disk = Disk::new();
    let lake = disk.lake().await;
    let batch = rows(TABLE, [(19_990, 1), (19_990, 2), (19_991, 3)]);
    lake.append(TABLE, vec![batch], Offset(3), NOW).await.unwrap();
    // a1 moved to another day, a2 is gone, a9 was never flushed; a3 is untouched.
    let late = overlay(19_990, &["a1", "a2", "a9"], vec![rows(TABLE, [(19_991, 1), (19_990, 9)])]);
    merge(&lake, late, Offset(9), NOW).await.unwrap();
    let names: Vec<_> = contents(&lake, &disk, TABLE).into_keys().map(|(name, _)| name).collect();
    assert_eq!(names, ["a1", "a3", "a9"]);
    let state = lake.current(TABLE);
    assert_eq!((state.watermark(), state.property(MERGED_PROPERTY)), (Offset(3), Some("9")));
    assert_eq!(verify(&lake, TABLE).await.unwrap().problems, [""; 0]);
}

#[tokio::test]
async fn old_days_old_snapshots_and_orphans_go() {
    let disk = Disk::new();
    let lake = disk.lake().await;
    for number in 0..5_i64 {
        lake.append(TABLE, vec![rows(TABLE, [(19_900 + number, number.cast_unsigned())])], Offset(1), NOW)
            .await
            .unwrap();
    }
    assert_eq!(retain(&lake, TABLE, Duration(98 * DAY), NOW).await.unwrap(), 2);
    assert_eq!(lake.current(TABLE).rows(), 3);
    let later = NOW.plus(Duration(DAY));
    assert_eq!(expire(&lake, TABLE, later).await.unwrap(), 5, "all but the current one");
    assert_eq!(lake.current(TABLE).snapshots(), 1);
    // The files of this test are as old as the real clock says.
    let files = lake.warehouse.files.list(TABLE.name()).await.unwrap().len();
    assert_eq!(delete_orphans(&lake, TABLE, Duration(DAY), NOW).await.unwrap().0, 0, "younger than the age");
    let far = Timestamp(i64::MAX / 2);
    let (gone, _) = delete_orphans(&lake, TABLE, Duration(DAY), far).await.unwrap();
    let left = lake.warehouse.files.list(TABLE.name()).await.unwrap().len();
    assert_eq!(files - gone, left);
    assert!(gone >= 2 + 5, "{gone} of {files}: two data files and the lists and metadata of five snapshots");
    let reopened = disk.lake().await;
    assert_eq!(contents(&reopened, &disk, TABLE).len(), 3);
    assert_eq!(verify(&reopened, TABLE).await.unwrap().problems, [""; 0]);
}

#[tokio::test]
async fn snapshots_and_manifests_stay_bounded() {
    let disk = Disk::new();
    let lake = disk.lake().await;
    let mut at = NOW;
    for number in 0..260 {
        at = at.plus(Duration(20_000_000));
        lake.append(TABLE, vec![rows(TABLE, [(i64::from(day_of(at)), number)])], Offset(number), at)
            .await
            .unwrap();
    }
    let state: std::sync::Arc<TableState> = lake.current(TABLE);
    assert!(state.snapshots() <= 300, "{}", state.snapshots());
    assert!(state.manifests() <= 32, "{}", state.manifests());
    assert_eq!(state.rows(), 260);
}

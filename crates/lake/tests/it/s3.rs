//! The lake in a bucket does what it does in a folder.

use std::path::Path;

use object_store::ObjectStoreExt;
use walletscope_lake::maintenance::{
    MERGED_PROPERTY, compact, compactions, delete_orphans, expire, merge, retain, verify,
};
use walletscope_lake::{Lake, LakeTable, S3Place, Warehouse};
use walletscope_model::{Duration, Offset, Timestamp};

use crate::bucket::{Bucket, Weather};
use crate::scene::{Contents, DAY, NOW, contents_of, overlay, rows};

const TABLE: LakeTable = LakeTable::Attempts;
const FAR: Timestamp = Timestamp(i64::MAX / 2);

/// A life with everything that ever happens to a lake: what its attempts are in the end, and how many files are left.
async fn live(catalog: &Path, warehouse: impl Fn() -> Warehouse) -> (Contents, usize) {
    let lake = Lake::open(catalog, warehouse(), NOW).await.unwrap();
    for table in LakeTable::ALL {
        lake.append(table, vec![rows(table, [(19_990, 1), (19_991, 2)])], Offset(1), NOW).await.unwrap();
    }
    for number in 3..20 {
        let batch = rows(TABLE, [(19_990, number), (20_000, 100 + number)]);
        lake.append(TABLE, vec![batch], Offset(number), NOW).await.unwrap();
    }
    for plan in compactions(&lake.current(TABLE), NOW) {
        compact(&lake, TABLE, plan, NOW).await.unwrap();
    }
    lake.close().await;

    let lake = Lake::open(catalog, warehouse(), NOW).await.unwrap();
    let late = overlay(19_990, &["a1", "a5"], vec![rows(TABLE, [(19_991, 1), (19_990, 9_000)])]);
    merge(&lake, late, Offset(30), NOW).await.unwrap();
    lake.append(TABLE, vec![rows(TABLE, [(19_000, 77)])], Offset(31), NOW).await.unwrap();
    assert_eq!(retain(&lake, TABLE, Duration(500 * DAY), NOW).await.unwrap(), 1);
    assert!(expire(&lake, TABLE, NOW.plus(Duration(DAY))).await.unwrap() > 10);
    assert!(delete_orphans(&lake, TABLE, Duration(0), FAR).await.unwrap().0 > 10);
    lake.close().await;

    let lake = Lake::open(catalog, warehouse(), NOW).await.unwrap();
    for table in LakeTable::ALL {
        assert_eq!(verify(&lake, table).await.unwrap().problems, [""; 0], "{}", table.name());
    }
    let state = lake.current(TABLE);
    assert_eq!((state.watermark(), state.property(MERGED_PROPERTY)), (Offset(31), Some("30")));
    for file in state.files() {
        let object = object_store::path::Path::from(lake.warehouse.object_path(&file.path));
        let read = lake.warehouse.objects.get(&object).await.unwrap().bytes().await.unwrap();
        assert_eq!(read, lake.warehouse.files.get(&file.path).await.unwrap(), "scans read the same file");
        let footer = lake.warehouse.objects.get_range(&object, file.bytes - 8..file.bytes).await.unwrap();
        assert_eq!(&footer[4..], b"PAR1");
    }
    let files = lake.warehouse.files.list("").await.unwrap().len();
    (contents_of(&lake, TABLE).await, files)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_lives_in_a_bucket_as_it_does_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let local = live(&path("local"), || Warehouse::local(&path("warehouse")).unwrap()).await;
    assert_eq!((local.0.len(), local.0.values().max()), (36, Some(&1)));
    for prefix in ["", "deep/er"] {
        let bucket = Bucket::new().await;
        let there = live(&path(&format!("catalog {}", prefix.len())), || {
            Warehouse::s3(&bucket.place(prefix)).unwrap()
        })
        .await;
        assert_eq!(there, local, "{prefix:?}");
        let catalogs = std::fs::read_dir(bucket.root()).unwrap().count();
        assert_eq!(
            catalogs,
            if prefix.is_empty() { LakeTable::COUNT } else { 1 },
            "nothing beside {prefix:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_cannot_be_used_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Bucket::new().await;
    let refusal = async |place: S3Place| {
        let warehouse = Warehouse::s3(&place).unwrap();
        let opened = Lake::open(folder.path(), warehouse, NOW).await.map(drop);
        opened.map_err(|error| error.to_string()).expect_err(&format!("{place:?}"))
    };
    let wrong_key = S3Place { secret_access_key: Some("wrong".to_owned()), ..bucket.place("p") };
    let error = refusal(wrong_key).await;
    assert!(error.contains("SignatureDoesNotMatch") && error.contains("p/"), "{error}");
    bucket.sky.turn(Weather::Gone);
    let error = refusal(bucket.place("p")).await;
    assert!(error.contains("could not write") && error.contains("http://127.0.0.1"), "{error}");
    bucket.sky.turn(Weather::Fair);
    let lake = Lake::open(folder.path(), Warehouse::s3(&bucket.place("p")).unwrap(), NOW).await.unwrap();
    assert_eq!(lake.current(TABLE).rows(), 0, "what failed left nothing in the way");
}

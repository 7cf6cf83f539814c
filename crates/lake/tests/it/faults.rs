//! A process that is killed at any step of its I/O leaves the table as it was or as it is meant to be.

use std::sync::atomic::Ordering;

use walletscope_lake::maintenance::{
    Compaction, Way, compact, compactions, delete_orphans, expire, merge, verify,
};
use walletscope_lake::{Lake, LakeError, LakeTable};
use walletscope_model::{Duration, Offset, Timestamp};

use crate::scene::{Contents, DAY, Disk, NOW, contents, overlay, rows};

const TABLE: LakeTable = LakeTable::Attempts;

/// What is done at each step count.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Flush,
    FlushInParts,
    Compact,
    Join,
    Merge,
    Expire,
    Orphans,
}

async fn scene() -> Disk {
    let disk = Disk::new();
    let lake = disk.lake().await;
    for number in 0..4 {
        let batch = rows(TABLE, [(19_990, number), (19_991, 10 + number)]);
        lake.append(TABLE, vec![batch], Offset(number + 1), NOW).await.unwrap();
    }
    lake.close().await;
    disk
}

async fn perform(lake: &Lake, deed: Deed) -> Result<(), LakeError> {
    match deed {
        Deed::Flush => {
            let batch = rows(TABLE, [(19_990, 100), (19_995, 101)]);
            lake.append(TABLE, vec![batch], Offset(9), NOW).await.map(drop)
        }
        Deed::FlushInParts => {
            let mut appending = lake.begin_append(TABLE).await;
            for part in [(19_990, 100), (19_995, 101), (19_990, 102)] {
                appending = appending.add(vec![rows(TABLE, [part])]).await?;
            }
            appending.commit(Offset(9), NOW).await.map(drop)
        }
        Deed::Compact => {
            for plan in compactions(&lake.current(TABLE), NOW) {
                compact(lake, TABLE, plan, NOW).await?;
            }
            Ok(())
        }
        Deed::Join => {
            for (day, files) in lake.current(TABLE).days() {
                compact(lake, TABLE, Compaction { day, files, way: Way::Join }, NOW).await?;
            }
            Ok(())
        }
        Deed::Merge => {
            let late = overlay(19_990, &["a1", "a2"], vec![rows(TABLE, [(19_995, 1)])]);
            merge(lake, late, Offset(9), NOW).await
        }
        Deed::Expire => expire(lake, TABLE, NOW.plus(Duration(DAY))).await.map(drop),
        Deed::Orphans => delete_orphans(lake, TABLE, Duration(1), Timestamp(i64::MAX / 2)).await.map(drop),
    }
}

async fn found(disk: &Disk) -> Contents {
    let lake = disk.lake().await;
    let problems = verify(&lake, TABLE).await.unwrap().problems;
    assert_eq!(problems, [""; 0]);
    let found = contents(&lake, disk, TABLE);
    lake.close().await;
    found
}

/// Kills after 0, 1, 2… steps until the deed gets through; how many steps that took.
async fn killed_at_each_step(deed: Deed) -> i64 {
    let before = found(&scene().await).await;
    let after = {
        let disk = scene().await;
        perform(&disk.lake().await, deed).await.unwrap();
        found(&disk).await
    };
    for steps in 0.. {
        let disk = scene().await;
        let (lake, left) = disk.lake_for_steps(steps).await;
        let outcome = perform(&lake, deed).await;
        let is_killed = left.load(Ordering::SeqCst) < 0;
        lake.close().await;
        assert_eq!(outcome.is_err(), is_killed, "{deed:?} with {steps} steps");
        let now = found(&disk).await;
        let is_partly = matches!(deed, Deed::Compact | Deed::Join);
        assert!(now == before || now == after || is_partly, "{deed:?} with {steps} steps: {now:?}");
        assert!(now.values().all(|times| *times == 1), "{deed:?} with {steps} steps: a row twice");
        if !is_killed {
            assert_eq!(now, after);
            return steps;
        }
        // The next process does it again, and it is right.
        let again = disk.lake().await;
        perform(&again, deed).await.unwrap();
        again.close().await;
        assert_eq!(found(&disk).await, after, "{deed:?} again after {steps} steps");
    }
    unreachable!("the deed never got through")
}

#[tokio::test]
async fn flush() {
    // Two data files, manifest, manifest list, metadata.
    assert_eq!(killed_at_each_step(Deed::Flush).await, 5);
}

#[tokio::test]
async fn flush_in_parts() {
    assert_eq!(killed_at_each_step(Deed::FlushInParts).await, 6);
}

#[tokio::test]
async fn compaction() {
    assert!(killed_at_each_step(Deed::Compact).await >= 8);
}

#[tokio::test]
async fn joining() {
    assert!(killed_at_each_step(Deed::Join).await >= 8);
}

#[tokio::test]
async fn merging_late_changes() {
    assert!(killed_at_each_step(Deed::Merge).await >= 5);
}

#[tokio::test]
async fn expiry() {
    assert_eq!(killed_at_each_step(Deed::Expire).await, 1);
}

#[tokio::test]
async fn collecting_orphans() {
    let disk = scene().await;
    let lake = disk.lake().await;
    perform(&lake, Deed::Compact).await.unwrap();
    perform(&lake, Deed::Expire).await.unwrap();
    lake.close().await;
    let before = found(&disk).await;
    for steps in 0..6 {
        let (lake, _) = disk.lake_for_steps(steps).await;
        // Some go, the rest is left for the next time.
        let _killed = perform(&lake, Deed::Orphans).await;
        lake.close().await;
        assert_eq!(found(&disk).await, before);
    }
}

//! Does the embedded store keep its contract, and what does it keep of a crash?

use std::fs;
use std::path::{Path, PathBuf};

use walletscope_journal::contract_tests::{self, Home, TEST_RETENTION_AGE, TEST_RETENTION_BYTES, entry_at};
use walletscope_journal::{Append, Change, EmbeddedStore, Options, Retention, Store, StoreError, Table};
use walletscope_model::{Offset, Timestamp};

struct Folder(tempfile::TempDir);

impl Home for Folder {
    type Store = EmbeddedStore;

    fn open(&self) -> EmbeddedStore {
        open(self.0.path()).unwrap()
    }
}

fn open(folder: &Path) -> Result<EmbeddedStore, StoreError> {
    let retention = Retention { age: TEST_RETENTION_AGE, bytes: TEST_RETENTION_BYTES };
    EmbeddedStore::open(folder, Options { retention, ..Options::default() })
}

fn append(offset: u64) -> Append {
    let bytes = entry_at(Timestamp::from_seconds(offset as i64), &format!("call-{offset}"));
    Append { offset: Offset(offset), bytes, invocation: None }
}

fn put(key: u64) -> Change {
    Change::Put { table: Table::Nodes, key: key.to_be_bytes().to_vec(), value: vec![7; 300] }
}

/// What the folder of an open store looks like after its process was killed now.
fn killed(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_folder(folder, copy.path());
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    for item in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy_folder(&item.path(), &target);
        } else {
            fs::copy(item.path(), target).unwrap();
        }
    }
}

/// The newest file of the engine's log, cut to its used part.
fn newest_log(folder: &Path) -> PathBuf {
    let number = |path: &PathBuf| path.file_stem()?.to_str()?.parse::<u64>().ok();
    let files = fs::read_dir(folder).unwrap().map(|item| item.unwrap().path());
    let log =
        files.filter(|path| path.extension().is_some_and(|end| end == "jnl")).max_by_key(number).unwrap();
    let bytes = fs::read(&log).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    fs::write(&log, &bytes[..used]).unwrap();
    log
}

/// Heads and applied offsets agree with the entries and rows that are there.
fn assert_whole(store: &EmbeddedStore, note: &str) {
    let entries = store.entries(Offset(1), usize::MAX).unwrap();
    assert_eq!(entries.len() as u64, store.head().0, "{note}");
    assert_eq!(store.size().entries, store.head().0, "{note}");
    assert!(store.applied() <= store.head(), "{note}");
    for offset in 1..=50 {
        let row = store.get(Table::Nodes, &u64::to_be_bytes(offset)).unwrap();
        assert_eq!(row.is_some(), offset <= store.applied().0, "{note}: row {offset}");
    }
}

#[test]
fn it_keeps_the_contract() {
    contract_tests::check_all(|| Folder(tempfile::tempdir().unwrap()));
}

#[test]
fn a_second_opening_is_refused_and_changes_nothing() {
    let home = Folder(tempfile::tempdir().unwrap());
    let store = home.open();
    store.append(vec![append(1)]).unwrap();
    let error = open(home.0.path()).err().unwrap();
    assert!(matches!(&error, StoreError::Locked { .. }), "{error}");
    assert!(error.to_string().contains("in use by another process"), "{error}");
    store.append(vec![append(2)]).unwrap();
    drop(store);
    assert_eq!(home.open().head(), Offset(2));
}

#[test]
fn killing_the_process_loses_no_append_and_no_commit() {
    let home = Folder(tempfile::tempdir().unwrap());
    let store = home.open();
    for offset in 1..=50 {
        store.append(vec![append(offset)]).unwrap();
        store.commit(vec![put(offset)], Offset(offset)).unwrap();
        if offset % 10 == 0 {
            let after = killed(home.0.path());
            let after = open(after.path()).unwrap();
            assert_eq!((after.head(), after.applied()), (Offset(offset), Offset(offset)));
            assert_whole(&after, "killed");
        }
    }
}

#[test]
fn a_torn_log_loses_only_its_tail() {
    let home = Folder(tempfile::tempdir().unwrap());
    let store = home.open();
    for offset in 1..=20 {
        store.append(vec![append(offset)]).unwrap();
        store.commit(vec![put(offset)], Offset(offset)).unwrap();
    }
    let mut previous = 20;
    for cut in [0, 1, 2, 7, 30, 100, 333, 334, 500, 1_000, 2_500] {
        let torn = killed(home.0.path());
        let log = newest_log(torn.path());
        let length = fs::metadata(&log).unwrap().len();
        fs::OpenOptions::new().write(true).open(&log).unwrap().set_len(length - cut).unwrap();
        let store = open(torn.path()).unwrap();
        let head = store.head().0;
        assert!(head <= previous && head + cut >= 20, "cut {cut}: head {head}");
        assert!(cut > 0 || head == 20, "what is whole is kept");
        assert_whole(&store, &format!("cut {cut}"));
        store.append(vec![append(head + 1)]).unwrap();
        drop(store);
        assert_eq!(open(torn.path()).unwrap().head(), Offset(head + 1), "cut {cut}: goes on");
        previous = head;
    }
    assert!(previous < 20, "the last cut was deep enough to lose an entry");
}

/// A power cut leaves pages of the last batches unwritten; damage to durable batches is not a power cut.
#[test]
fn holes_in_the_log_are_cut_off_only_where_nothing_durable_follows() {
    let home = Folder(tempfile::tempdir().unwrap());
    let store = home.open();
    let mut ends = vec![0];
    for offset in 1..=6 {
        store.append(vec![append(offset)]).unwrap();
        let copy = killed(home.0.path());
        ends.push(fs::metadata(newest_log(copy.path())).unwrap().len());
        store.commit(vec![put(offset)], Offset(offset)).unwrap();
    }
    // A hole in the last commit, in the last append, in the commit before that, and in the append before that: the
    // last of these is followed by one append and was durable, but nobody can know.
    for (hole, head, applied) in [
        (ends[6] + 200, Some(6), 5),
        (ends[6] - 120, Some(5), 5),
        (ends[5] + 200, Some(5), 4),
        (ends[5] - 120, Some(4), 4),
        (ends[4] + 200, None, 0),
        (ends[2] - 120, None, 0),
    ] {
        let torn = killed(home.0.path());
        let log = newest_log(torn.path());
        let mut bytes = fs::read(&log).unwrap();
        bytes[hole as usize..hole as usize + 20].fill(0xa5);
        fs::write(&log, bytes).unwrap();
        match (open(torn.path()), head) {
            (Ok(store), Some(head)) => {
                assert_eq!(
                    (store.head(), store.applied()),
                    (Offset(head), Offset(applied)),
                    "hole at {hole}"
                );
                assert_whole(&store, "hole");
                store.append(vec![append(head + 1)]).unwrap();
                drop(store);
                assert_eq!(open(torn.path()).unwrap().head(), Offset(head + 1), "goes on");
            }
            (Err(error), None) => assert!(error.to_string().contains("damaged before its end"), "{error}"),
            (result, _) => panic!("hole at {hole}: {:?}", result.map(|store| store.size())),
        }
    }
}

#[test]
fn a_failed_write_poisons_the_store() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("store");
    let store = open(&folder).unwrap();
    let filler = "x".repeat(60 << 10);
    let large = |offset: u64| {
        let bytes = entry_at(Timestamp::from_seconds(1), &filler);
        Append { offset: Offset(offset), bytes, invocation: None }
    };
    store.append(vec![append(1)]).unwrap();
    // From now on nothing can be made in the folder: the next segment fails.
    fs::rename(&folder, parent.path().join("away")).unwrap();
    fs::write(&folder, "not a folder").unwrap();
    let error = (2..100).find_map(|offset| store.append(vec![large(offset)]).err()).unwrap();
    assert!(matches!(error, StoreError::Write { .. }), "{error}");
    let head = store.head();
    let poisoned = |result: Result<(), StoreError>| {
        assert!(matches!(result, Err(StoreError::Poisoned)), "{result:?}");
    };
    poisoned(store.append(vec![append(head.0 + 1)]));
    poisoned(store.append(Vec::new()));
    poisoned(store.commit(vec![], head));
    poisoned(store.entries(Offset(1), 1).map(drop));
    poisoned(store.entry(Offset(1)).map(drop));
    poisoned(store.get(Table::Nodes, b"k").map(drop));
    poisoned(store.invocations(Timestamp(0)).map(drop));
    poisoned(store.trim(Offset(0), Timestamp(0)).map(drop));
    drop(store);
    fs::remove_file(&folder).unwrap();
    fs::rename(parent.path().join("away"), &folder).unwrap();
    assert_eq!(open(&folder).unwrap().head(), head, "acknowledged entries are there");
}

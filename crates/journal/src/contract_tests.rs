//! Does a store keep the contract of [`Store`]?
//!
//! Every store runs these: a test of its crate makes a [`Home`] and calls [`check_all`]. They panic where the contract
//! is broken. What a crash may lose is each store's own test, because only it knows how to make one.

#![allow(clippy::unwrap_used, reason = "these are tests, built for other crates' tests")]

use std::ops::{Bound, ControlFlow};

use walletscope_model::{Batch, Body, Duration, Offset, Origin, Timestamp};

use crate::record;
use crate::store::{Append, Change, Direction, INVOCATION_AGE, Invocation, Read, Store, StoreError, Table};

/// Bytes that the journal of a store under test holds at most.
pub const TEST_RETENTION_BYTES: u64 = 1 << 20;
/// How long the journal of a store under test keeps applied entries.
pub const TEST_RETENTION_AGE: Duration = Duration::from_seconds(7 * 86_400);

/// A place where a store is opened, dropped and opened again, with the retention above.
pub trait Home {
    /// The store that lives there.
    type Store: Store;

    /// Opens it. Every handle of an earlier opening is dropped.
    fn open(&self) -> Self::Store;
}

/// Runs every check, each in a new home.
pub fn check_all<H: Home>(new_home: impl Fn() -> H) {
    entries_are_read_back_in_order(&new_home());
    offsets_that_do_not_continue_are_refused(&new_home());
    commits_are_atomic_and_the_last_change_wins(&new_home());
    applied_neither_goes_back_nor_beyond_the_head(&new_home());
    a_snapshot_does_not_move(&new_home());
    scans_keep_order_bounds_and_stop(&new_home());
    everything_is_there_after_opening_again(&new_home());
    invocation_marks_live_fifteen_minutes(&new_home());
    trimming_spares_what_is_not_applied_or_watched(&new_home());
    a_full_journal_refuses_and_recovers(&new_home());
    readers_never_see_half_a_commit(&new_home());
}

/// An entry that was appended at this time, with some bytes that do not compress away.
pub fn entry_at(at: Timestamp, filler: &str) -> Vec<u8> {
    let text = |text: &str| Box::<str>::from(text);
    let origin = Origin {
        account: text("123456789012"),
        region: text("eu-central-1"),
        source: text("test"),
        tenant: text("default"),
    };
    record::encode(&Batch { appended_at: at, origin, invocation_id: filler.into(), body: Body::Tick })
        .unwrap()
}

fn append_at(offset: u64, at: Timestamp) -> Append {
    Append { offset: Offset(offset), bytes: entry_at(at, &format!("call-{offset}")), invocation: None }
}

fn append(offset: u64) -> Append {
    append_at(offset, Timestamp::from_seconds(offset as i64))
}

fn put(table: Table, key: &str, value: &str) -> Change {
    Change::Put { table, key: key.into(), value: value.into() }
}

fn entries_are_read_back_in_order<H: Home>(home: &H) {
    let store = home.open();
    assert_eq!((store.head(), store.first(), store.applied()), (Offset(0), Offset(1), Offset(0)));
    assert_eq!(store.entries(Offset(1), 1).unwrap(), []);
    assert_eq!(store.entry(Offset(1)).unwrap(), None);
    store.append(Vec::new()).unwrap();
    store.append(vec![append(1)]).unwrap();
    store.append((2..=5).map(append).collect()).unwrap();

    let offsets = |from, bytes_max| -> Vec<u64> {
        store.entries(Offset(from), bytes_max).unwrap().into_iter().map(|(offset, _)| offset.0).collect()
    };
    let length = append(1).bytes.len();
    assert_eq!(offsets(0, usize::MAX), [1, 2, 3, 4, 5]);
    assert_eq!(offsets(4, usize::MAX), [4, 5]);
    assert_eq!(offsets(2, 0), [2], "a reader always gets on");
    assert_eq!(offsets(1, 2 * length), [1, 2]);
    assert_eq!(offsets(6, usize::MAX), []);
    assert_eq!(offsets(u64::MAX, usize::MAX), []);
    assert_eq!(store.entry(Offset(3)).unwrap(), Some(append(3).bytes));
    assert_eq!(store.entry(Offset(6)).unwrap(), None);
    assert_eq!(store.entry(Offset(0)).unwrap(), None);
    let size = store.size();
    assert_eq!((size.first, size.head, size.entries), (Offset(1), Offset(5), 5));
    assert_eq!(size.bytes, 5 * length as u64);
}

fn offsets_that_do_not_continue_are_refused<H: Home>(home: &H) {
    let store = home.open();
    store.append(vec![append(1)]).unwrap();
    for group in [vec![append(1)], vec![append(3)], vec![append(2), append(2)], vec![append(2), append(4)]] {
        let result = store.append(group);
        assert!(matches!(result, Err(StoreError::NotNext { .. })), "{result:?}");
        assert_eq!(store.head(), Offset(1), "nothing of a refused group is kept");
    }
    store.append(vec![append(2)]).unwrap();
}

fn commits_are_atomic_and_the_last_change_wins<H: Home>(home: &H) {
    let store = home.open();
    store.append(vec![append(1), append(2)]).unwrap();
    store
        .commit(
            vec![
                put(Table::Nodes, "k", "old"),
                put(Table::Attempts, "k", "other table"),
                put(Table::Nodes, "k", "new"),
                put(Table::Timers, "gone", "x"),
                Change::Delete { table: Table::Timers, key: b"gone".to_vec() },
                Change::Delete { table: Table::Outbox, key: b"back".to_vec() },
                put(Table::Outbox, "back", ""),
            ],
            Offset(1),
        )
        .unwrap();
    let get = |table, key: &str| store.get(table, key.as_bytes()).unwrap();
    assert_eq!(store.applied(), Offset(1));
    assert_eq!(get(Table::Nodes, "k"), Some(b"new".to_vec()));
    assert_eq!(get(Table::Attempts, "k"), Some(b"other table".to_vec()));
    assert_eq!(get(Table::Timers, "gone"), None);
    assert_eq!(get(Table::Outbox, "back"), Some(Vec::new()));
    assert_eq!(get(Table::Settings, "k"), None);
    store.commit(vec![Change::Delete { table: Table::Nodes, key: b"k".to_vec() }], Offset(2)).unwrap();
    assert_eq!(get(Table::Nodes, "k"), None);
}

fn applied_neither_goes_back_nor_beyond_the_head<H: Home>(home: &H) {
    let store = home.open();
    store.append((1..=3).map(append).collect()).unwrap();
    store.commit(vec![], Offset(2)).unwrap();
    store.commit(vec![put(Table::Settings, "same", "offset")], Offset(2)).unwrap();
    for offset in [0, 1, 4, u64::MAX] {
        let result = store.commit(vec![put(Table::Settings, "bad", "x")], Offset(offset));
        assert!(matches!(result, Err(StoreError::AppliedOutOfRange { .. })), "{offset}: {result:?}");
    }
    assert_eq!(store.get(Table::Settings, b"bad").unwrap(), None);
    assert_eq!(store.applied(), Offset(2));
}

fn a_snapshot_does_not_move<H: Home>(home: &H) {
    let store = home.open();
    store.append(vec![append(1), append(2)]).unwrap();
    store.commit(vec![put(Table::Nodes, "a", "1")], Offset(1)).unwrap();
    let snapshot = store.snapshot();
    store.commit(vec![put(Table::Nodes, "a", "2"), put(Table::Nodes, "b", "2")], Offset(2)).unwrap();
    assert_eq!(snapshot.applied().unwrap(), Offset(1));
    assert_eq!(snapshot.get(Table::Nodes, b"a").unwrap(), Some(b"1".to_vec()));
    assert_eq!(snapshot.get(Table::Nodes, b"b").unwrap(), None);
    let later = store.snapshot();
    assert_eq!(later.applied().unwrap(), Offset(2));
    assert_eq!(later.get(Table::Nodes, b"a").unwrap(), Some(b"2".to_vec()));
}

fn scans_keep_order_bounds_and_stop<H: Home>(home: &H) {
    use Bound::{Excluded, Included, Unbounded};
    use Direction::{Forward, Reverse};
    let store = home.open();
    store.append(vec![append(1)]).unwrap();
    let changes = ["c", "a", "e", "b", "d"].map(|key| put(Table::Windows, key, key)).to_vec();
    store.commit([changes, vec![put(Table::LooseEnds, "bb", "other table")]].concat(), Offset(1)).unwrap();
    let snapshot = store.snapshot();
    let check = |bounds: (Bound<&[u8]>, Bound<&[u8]>), direction, stop_at: &str, expected: &str| {
        let mut seen = String::new();
        snapshot
            .scan(Table::Windows, bounds, direction, &mut |key, value| {
                assert_eq!(key, value);
                seen.push_str(std::str::from_utf8(key).unwrap());
                if key == stop_at.as_bytes() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .unwrap();
        assert_eq!(seen, expected, "{bounds:?} {direction:?}");
    };
    check((Unbounded, Unbounded), Forward, "", "abcde");
    check((Unbounded, Unbounded), Reverse, "", "edcba");
    check((Unbounded, Unbounded), Forward, "b", "ab");
    check((Unbounded, Unbounded), Reverse, "d", "ed");
    check((Included(b"b"), Excluded(b"d")), Forward, "", "bc");
    check((Excluded(b"b"), Included(b"d")), Reverse, "", "dc");
    check((Included(b"bb"), Unbounded), Forward, "", "cde");
    check((Included(b"c"), Included(b"c")), Forward, "", "c");
    check((Included(b"c"), Excluded(b"c")), Forward, "", "");
    check((Excluded(b"c"), Excluded(b"c")), Forward, "", "");
    check((Included(b"d"), Included(b"b")), Reverse, "", "");
    check((Included(b"x"), Unbounded), Reverse, "", "");
}

fn everything_is_there_after_opening_again<H: Home>(home: &H) {
    let store = home.open();
    store.append((1..=10).map(append).collect()).unwrap();
    store.commit(vec![put(Table::Catalog, "group", "x")], Offset(7)).unwrap();
    store.append(vec![append(11)]).unwrap();
    let size = store.size();
    drop(store);
    for round in 12..15 {
        let store = home.open();
        assert_eq!(store.head(), Offset(round - 1));
        assert_eq!(store.applied(), Offset(7));
        assert_eq!(store.get(Table::Catalog, b"group").unwrap(), Some(b"x".to_vec()));
        assert_eq!(store.entry(Offset(3)).unwrap(), Some(append(3).bytes));
        assert_eq!(store.size().entries, round - 1);
        assert!(store.size().bytes >= size.bytes);
        store.append(vec![append(round)]).unwrap();
    }
}

fn invocation_marks_live_fifteen_minutes<H: Home>(home: &H) {
    let store = home.open();
    let at = |seconds| Timestamp::from_seconds(seconds);
    let mark = |number: u8, seconds| Invocation { key: [number; 16], answer: vec![number], at: at(seconds) };
    let marks = [mark(9, 1_000), mark(2, 1_000), mark(5, 1_001), mark(1, 1_400), mark(7, 2_000)];
    let mut expected = marks.to_vec();
    expected.sort_by_key(|mark| (mark.at, mark.key));
    for (index, mark) in marks.into_iter().enumerate() {
        let append = Append { invocation: Some(mark), ..append(index as u64 + 1) };
        store.append(vec![append]).unwrap();
    }
    assert_eq!(store.invocations(Timestamp(i64::MIN)).unwrap(), expected);
    assert_eq!(store.invocations(at(1_001)).unwrap(), expected[2..]);
    assert_eq!(store.invocations(at(2_001)).unwrap(), []);
    drop(store);

    let store = home.open();
    assert_eq!(store.invocations(at(0)).unwrap(), expected);
    store.trim(Offset(u64::MAX), at(2_000).plus(INVOCATION_AGE)).unwrap();
    assert_eq!(store.invocations(at(2_000)).unwrap(), expected[4..], "one is just young enough");
    store.trim(Offset(u64::MAX), at(20_000)).unwrap();
    assert_eq!(store.invocations(at(0)).unwrap(), [], "marks do not pile up");
    let late = Append { invocation: Some(mark(3, 1_500)), ..append(6) };
    store.append(vec![late]).unwrap();
    assert_eq!(store.invocations(at(0)).unwrap(), [mark(3, 1_500)]);
}

fn trimming_spares_what_is_not_applied_or_watched<H: Home>(home: &H) {
    let store = home.open();
    let entry_bytes = 8 << 10;
    let filler = "x".repeat(entry_bytes);
    let count = TEST_RETENTION_BYTES / entry_bytes as u64 / 2;
    for offset in 1..=count {
        let bytes = entry_at(Timestamp::from_seconds(offset as i64), &filler);
        store.append(vec![Append { offset: Offset(offset), bytes, invocation: None }]).unwrap();
    }
    let everything = Offset(u64::MAX);
    let (young, old) =
        (Timestamp::from_seconds(100), Timestamp::from_seconds(1_000).plus(TEST_RETENTION_AGE));
    assert_eq!(store.trim(everything, old).unwrap().entries, 0, "nothing is applied");
    let applied = count / 2;
    store.commit(vec![], Offset(applied)).unwrap();
    assert_eq!(store.trim(everything, young).unwrap().entries, 0, "nothing is old");
    assert_eq!(store.trim(Offset(1), old).unwrap().entries, 0, "somebody still reads from 1");
    let before = store.size();
    let trimmed = store.trim(everything, old).unwrap();
    let after = store.size();
    assert!(trimmed.entries > 0, "half of the journal is applied and old");
    assert_eq!(after.entries, before.entries - trimmed.entries);
    assert_eq!(after.bytes, before.bytes - trimmed.bytes);
    assert_eq!(after.first, Offset(1 + trimmed.entries));
    assert!(after.first.0 <= applied + 1, "entries that are not applied stay");
    let first = after.first;
    assert_eq!(store.entry(Offset(first.0 - 1)).unwrap(), None);
    assert_eq!(store.entries(Offset(1), 0).unwrap()[0].0, first);
    drop(store);
    let store = home.open();
    assert_eq!((store.size(), store.applied()), (after, Offset(applied)));
    assert_eq!(store.entries(Offset(1), usize::MAX).unwrap().len() as u64, after.entries);
}

fn a_full_journal_refuses_and_recovers<H: Home>(home: &H) {
    let store = home.open();
    let filler = "x".repeat(16 << 10);
    let next = |store: &H::Store| {
        let bytes = entry_at(Timestamp::from_seconds(1), &filler);
        Append { offset: Offset(store.head().0 + 1), bytes, invocation: None }
    };
    let refused = loop {
        if let Err(error) = store.append(vec![next(&store)]) {
            break error;
        }
        assert!(store.size().bytes <= TEST_RETENTION_BYTES, "growth is bounded");
    };
    assert!(matches!(refused, StoreError::Full { .. }), "{refused:?}");
    assert!(store.size().bytes > TEST_RETENTION_BYTES / 2);
    assert_eq!(store.first(), Offset(1), "nothing unapplied was dropped");
    store.commit(vec![], store.head()).unwrap();
    for _ in 0..200 {
        store.append(vec![next(&store)]).unwrap();
        store.commit(vec![], store.head()).unwrap();
        assert!(store.size().bytes <= TEST_RETENTION_BYTES);
    }
    assert!(store.first() > Offset(1));
}

fn readers_never_see_half_a_commit<H: Home>(home: &H) {
    const ROUNDS: u64 = 300;
    let store = home.open();
    std::thread::scope(|scope| {
        let writer = store.clone();
        let appending = scope.spawn(move || {
            for offset in 1..=ROUNDS {
                writer.append(vec![append(offset)]).unwrap();
            }
        });
        let committer = store.clone();
        let committing = scope.spawn(move || {
            while committer.applied().0 < ROUNDS {
                let head = committer.head();
                let text = head.0.to_string();
                committer
                    .commit(vec![put(Table::Nodes, "n", &text), put(Table::Windows, "n", &text)], head)
                    .unwrap();
            }
        });
        while !(appending.is_finished() && committing.is_finished()) {
            let snapshot = store.snapshot();
            let nodes = snapshot.get(Table::Nodes, b"n").unwrap();
            assert_eq!(nodes, snapshot.get(Table::Windows, b"n").unwrap());
            let applied = snapshot.applied().unwrap();
            assert_eq!(nodes.map_or(0, |text| String::from_utf8(text).unwrap().parse().unwrap()), applied.0);
        }
    });
    assert_eq!((store.head(), store.applied()), (Offset(ROUNDS), Offset(ROUNDS)));
}

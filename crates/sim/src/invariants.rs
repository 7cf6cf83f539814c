//! What must always hold? The catalog, and the checks of one state by itself.
//!
//! Each invariant has a name that a failure carries. What two states must have in common is [`crate::portrait`]'s,
//! what must hold along a run is [`crate::run`]'s.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use walletscope_journal::{Append, Header, Store, StoreError, decode_header};
use walletscope_model::{Offset, Timestamp};
use walletscope_series::{Count, Range, Resolution, Window};
use walletscope_server::pipeline::{Applier, PipelineError};
use walletscope_stream::attempt::fold;
use walletscope_stream::token::{active_changes, timeline};
use walletscope_stream::{Dictionary, Roots, Row, WindowKey, window::is_kept};

use crate::contents::{Contents, every_byte};
use crate::disk::SimDisk;
use crate::portrait::{pair_name, row_line, window_name};
use crate::store::{Retention, SimStore};

/// Something that must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// An acknowledged call is in the journal exactly once, by its invocation id; no call is there twice.
    StoredOnce,
    /// Offsets have no hole and append times never go back.
    JournalOrder,
    /// Over five minutes of silence are a gap record in front of the next entry, and nothing else is.
    GapsAreTold,
    /// What was durable once is there after a crash, byte by byte.
    JournalStays,
    /// A command that is repeated gets the answer it got.
    SameAnswer,
    /// The state is what replaying the whole journal from nothing gives, byte by byte.
    StateIsReplay,
    /// Rows in the store, rows that readers see and rows folded anew from the nodes are equal.
    RowsAgree,
    /// No two attempts have one id.
    UniqueIds,
    /// Timers in memory, timers in the store and what the nodes wait for are equal.
    TimersAgree,
    /// Each window of a minute or an hour is the sum of what rows and tokens contribute.
    WindowsAreSums,
    /// The gauge of ACTIVE tokens is the sum over the tokens' lives.
    GaugeIsSum,
    /// Equal sets of records make equal attempts, tokens, windows and measures, in whatever order they come.
    OrderFree,
    /// When nothing more comes everything settles, and no timer is left.
    Quiet,
    /// Attempts leave the state by age, the hours they were counted in stay.
    Forgotten,
    /// The product itself neither fails nor panics.
    Works,
}

/// An invariant that does not hold, and how.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Broken {
    pub invariant: Invariant,
    pub how: String,
}

/// Entries of a journal by offset.
pub type Journal = BTreeMap<u64, Vec<u8>>;

/// Checks what one state says about itself; commits it first.
///
/// # Errors
/// The first invariant that does not hold.
pub fn check_state(applier: &mut Applier<SimStore>) -> Result<(), Broken> {
    applier.commit()?;
    let view = applier.publish();
    let contents = Contents::read(&view)?;
    let words = &*view.dictionary;
    let everything = Range { from: Timestamp(i64::MIN), to: Timestamp(i64::MAX) };
    let shown: Vec<Row> = view.rows.started_in(everything).collect();
    let lines = |rows: &[Row]| rows.iter().map(|row| row_line(row, words)).collect::<BTreeSet<_>>();
    Invariant::RowsAgree.equal(
        "rows in the store and in the view",
        &lines(&contents.rows),
        &lines(&shown),
    )?;
    Invariant::RowsAgree.holds(contents.rows.len() == view.rows.len(), || {
        format!("{} rows in the store, {} in the view", contents.rows.len(), view.rows.len())
    })?;
    check_folds(applier, &contents)?;
    let waits: BTreeSet<_> =
        contents.nodes.iter().filter_map(|(key, node)| Some((node.due?, *key))).collect();
    Invariant::TimersAgree.equal(
        "timers in memory and in the store",
        &applier.state().timers,
        &contents.timers,
    )?;
    Invariant::TimersAgree.equal("timers in the store and in nodes", &contents.timers, &waits)?;
    check_sums(applier, &contents, words)
}

/// Checks that a whole journal makes this state from nothing.
///
/// # Errors
/// The first invariant that does not hold.
pub fn check_replay(applier: &mut Applier<SimStore>, journal: &Journal) -> Result<(), Broken> {
    applier.commit()?;
    let mut elsewhere = replay(journal)?;
    let now = applier.state().clock.now;
    let found = every_byte(&applier.publish().disk, now)?;
    let expected = every_byte(&elsewhere.publish().disk, now)?;
    Invariant::StateIsReplay.equal("the state and a replay from nothing", &found, &expected)
}

/// Checks a journal by itself and against the calls that were made.
///
/// # Errors
/// The first invariant that does not hold.
pub fn check_journal(journal: &Journal, calls: &BTreeMap<(String, String), bool>) -> Result<(), Broken> {
    let mut newest = Timestamp(i64::MIN);
    let mut stored: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for (expected, (offset, entry)) in (1..).zip(journal) {
        let Header { appended_at, origin, invocation_id, .. } =
            decode_header(entry).map_err(|error| Invariant::Works.broken(error.to_string()))?;
        Invariant::JournalOrder
            .holds(*offset == expected, || format!("{offset} where {expected} is next"))?;
        Invariant::JournalOrder.holds(appended_at >= newest, || format!("entry {offset} goes back"))?;
        newest = appended_at;
        if !invocation_id.is_empty() {
            let places = stored.entry((origin.source.into(), invocation_id.into())).or_default();
            places.push(format!("{offset} at {appended_at}"));
        }
    }
    for (call, acknowledged) in calls {
        let places = stored.remove(call).unwrap_or_default();
        let is_right = places.len() == 1 || (places.is_empty() && !acknowledged);
        Invariant::StoredOnce.holds(is_right, || {
            format!(
                "call {call:?}, acknowledged: {acknowledged}, is stored {} times: {places:?}",
                places.len()
            )
        })?;
    }
    Invariant::StoredOnce.holds(stored.is_empty(), || format!("nobody made these calls: {stored:?}"))
}

/// Folds every name of an attempt anew; what it makes must be its row.
fn check_folds(applier: &mut Applier<SimStore>, contents: &Contents) -> Result<(), Broken> {
    let clock = applier.state().clock.clone();
    let mut dictionary = applier.state().dictionary.clone();
    let (mut folded, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for key in contents.nodes.keys() {
        let members = applier.state_mut().members(*key)?;
        let Some(gathered) = applier.state_mut().gather(*key, &members)? else { continue };
        let Some(attempt) = fold(&gathered, &clock) else { continue };
        let id = attempt.attempt.id.clone();
        Invariant::UniqueIds.holds(ids.insert(id.clone()), || format!("{id:?} twice"))?;
        folded.insert(format!("{:?}", Row::of(*key, &attempt.attempt, &mut dictionary)));
    }
    let stored = contents.rows.iter().map(|row| format!("{row:?}")).collect();
    Invariant::RowsAgree.equal("rows in the store and folded anew", &stored, &folded)
}

/// Sums windows and gauge up from rows and tokens.
fn check_sums(
    applier: &mut Applier<SimStore>,
    contents: &Contents,
    words: &Dictionary,
) -> Result<(), Broken> {
    let now = applier.state().clock.now;
    let mut windows: BTreeMap<WindowKey, Window> = BTreeMap::new();
    let mut add = |at: Timestamp, (wallet, issuer), change: &dyn Fn(&mut Window)| {
        for resolution in [Resolution::Minute, Resolution::Hour, Resolution::Day] {
            let key = WindowKey { resolution, start: resolution.start_of(at), wallet, issuer };
            change(windows.entry(key).or_default());
        }
    };
    for row in &contents.rows {
        let contribution = row.measured().contribution();
        let pair = (row.wallet, row.issuer);
        add(contribution.cohort_at, pair, &|window| window.add_scaled(&contribution.cohort, 1));
        if let Some((at, increment)) = contribution.event {
            add(at, pair, &|window| window.add_scaled(&increment, 1));
        }
    }
    let mut gauge: BTreeMap<String, i64> = BTreeMap::new();
    for (key, node) in &contents.nodes {
        let Some(timeline) = timeline(node) else { continue };
        let root = match applier.state_mut().roots(*key)? {
            Roots::One(root) => contents.nodes.get(&root).and_then(|node| node.row),
            Roots::None | Roots::Many => None,
        };
        let (wallet, issuer) = root.map(|row| (row.wallet, row.issuer)).unwrap_or_default();
        for (at, change) in active_changes(&timeline) {
            let change = i64::from(change);
            add(at, (wallet, issuer), &|window| window.add_count(Count::ActiveTokens, change));
            *gauge.entry(pair_name(wallet, issuer, words)).or_default() += change;
        }
    }
    let told = applier.state().active_tokens.iter();
    let mut told: BTreeMap<String, i64> =
        told.map(|((wallet, issuer), count)| (pair_name(*wallet, *issuer, words), *count)).collect();
    told.retain(|_, count| *count != 0);
    gauge.retain(|_, count| *count != 0);
    let lines = |windows: &BTreeMap<WindowKey, Window>| -> BTreeSet<String> {
        let kept = windows.iter().filter(|(key, window)| {
            key.resolution != Resolution::Second
                && is_kept(key.resolution, key.start, now)
                && !window.is_zero()
        });
        kept.map(|(key, window)| format!("{} {window:?}", window_name(key, words))).collect()
    };
    Invariant::GaugeIsSum.equal("gauge", &told.into_iter().collect(), &gauge.into_iter().collect())?;
    Invariant::WindowsAreSums.equal("windows", &lines(&contents.windows), &lines(&windows))
}

/// A state made from nothing by a journal.
fn replay(journal: &Journal) -> Result<Applier<SimStore>, PipelineError> {
    let retention = Retention { age: walletscope_model::Duration(i64::MAX), bytes: u64::MAX };
    let store = SimStore::open(SimDisk::default(), retention);
    let appends = journal.iter().map(|(offset, bytes)| Append {
        offset: Offset(*offset),
        bytes: bytes.clone(),
        invocation: None,
    });
    store.append(appends.collect())?;
    Applier::open(store).map(|(applier, _)| applier)
}

impl Invariant {
    /// Says how it does not hold.
    pub fn broken(self, how: impl Into<String>) -> Broken {
        Broken { invariant: self, how: how.into() }
    }

    /// An error unless `is_so`.
    pub(crate) fn holds(self, is_so: bool, how: impl FnOnce() -> String) -> Result<(), Broken> {
        if is_so { Ok(()) } else { Err(self.broken(how())) }
    }

    /// An error that shows what only one of two sets has, unless they are equal.
    fn equal<T: Ord + fmt::Debug>(
        self,
        what: &str,
        found: &BTreeSet<T>,
        expected: &BTreeSet<T>,
    ) -> Result<(), Broken> {
        const SHOWN_MAX: usize = 4;
        let only = |sign: char, left: &BTreeSet<T>, right: &BTreeSet<T>| -> String {
            left.difference(right).take(SHOWN_MAX).map(|each| format!("\n{sign} {each:?}")).collect()
        };
        self.holds(found == expected, || {
            format!("{what} differ:{}{}", only('-', found, expected), only('+', expected, found))
        })
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} does not hold: {}", self.invariant, self.how)
    }
}

impl From<PipelineError> for Broken {
    fn from(error: PipelineError) -> Self {
        Invariant::Works.broken(error.to_string())
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Invariant::Works.broken(error.to_string())
    }
}

impl From<walletscope_stream::BackingError> for Broken {
    fn from(error: walletscope_stream::BackingError) -> Self {
        Invariant::Works.broken(error.0)
    }
}

//! What do the numbers say about the attempts a reader asks for?
//!
//! Everything is folded from rows through the same contributions that the stored windows are sums of, so a card, a
//! chart and a stored window cannot differ. Two million rows are folded in well under a second; see
//! `examples/fold_rate.rs`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use walletscope_model::{Outcome, Timestamp};
use walletscope_series::{Buckets, Count, Window};
use walletscope_stream::{NodeKey, Row};

use super::filter::Filter;
use super::table::Rows;

/// The sum over the attempts that started in the filter's range.
pub fn total(rows: &Rows, filter: &Filter) -> Window {
    let mut window = Window::default();
    each(rows, filter, |row| window.add_scaled(&row.measured().contribution().cohort, 1));
    window
}

/// The sums per bucket of start time. Buckets may reach beyond the filter's range; attempts outside it do not count.
pub fn series(rows: &Rows, filter: &Filter, buckets: Buckets) -> Vec<Window> {
    let mut windows = vec![Window::default(); buckets.count];
    each(rows, filter, |row| {
        if let Some(window) = buckets.index_of(row.started_at).and_then(|index| windows.get_mut(index)) {
            window.add_scaled(&row.measured().contribution().cohort, 1);
        }
    });
    windows
}

/// The sums per group of attempts.
pub fn grouped(rows: &Rows, filter: &Filter, group: impl Fn(&Row) -> u32) -> BTreeMap<u32, Window> {
    let mut windows: BTreeMap<u32, Window> = BTreeMap::new();
    each(rows, filter, |row| {
        let window = windows.entry(group(row)).or_default();
        window.add_scaled(&row.measured().contribution().cohort, 1);
    });
    windows
}

/// The counts alone per slot that a start time belongs to: a third of the work where no duration is asked for.
pub fn counts(rows: &Rows, filter: &Filter, slots: usize, slot: impl Fn(Timestamp) -> usize) -> Vec<Window> {
    let mut windows = vec![Window::default(); slots];
    each(rows, filter, |row| {
        if let Some(window) = windows.get_mut(slot(row.started_at)) {
            let increment = row.measured().contribution().cohort;
            Count::ALL
                .iter()
                .filter(|count| increment.has(**count))
                .for_each(|count| window.add_count(*count, 1));
        }
    });
    windows
}

/// The mean age of PENDING attempts at `now` in seconds, the cardholder's time taken off, and how many there are;
/// `None` without any. A cardholder who has not answered yet has no wait to take off.
pub fn pending_age_seconds(rows: &Rows, filter: &Filter, now: Timestamp) -> Option<(f64, u64)> {
    let mut ages = (0_i128, 0_u64);
    each(rows, filter, |row| {
        if row.outcome == Outcome::Pending {
            let age = now.since(row.started_at).0 - row.cardholder_wait.0;
            ages = (ages.0 + i128::from(age.max(0)), ages.1 + 1);
        }
    });
    (ages.1 > 0).then(|| (ages.0 as f64 / ages.1 as f64 / 1e6, ages.1))
}

/// By which time attempts are listed, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// When they started.
    Started,
    /// When the first of their records arrived.
    Arrival,
}

/// A place in a list: its time, then the attempt.
pub type Place = (Timestamp, NodeKey);

/// A piece of a list of attempts, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// How many attempts the filter asks for.
    pub total: u64,
    /// The first of them after the given place.
    pub places: Vec<Place>,
}

/// At most `limit` attempts older than `after`, and how many there are in all.
pub fn newest(rows: &Rows, filter: &Filter, order: Order, after: Option<Place>, limit: usize) -> Listed {
    let mut total = 0;
    let mut kept: BinaryHeap<Reverse<Place>> = BinaryHeap::with_capacity(limit + 1);
    each(rows, filter, |row| {
        total += 1;
        let place = (order.time(row), row.key);
        let is_wanted = after.is_none_or(|after| place < after)
            && (kept.len() < limit || kept.peek().is_some_and(|oldest| oldest.0 < place));
        if is_wanted {
            kept.push(Reverse(place));
            if kept.len() > limit {
                kept.pop();
            }
        }
    });
    // Ascending by `Reverse` is newest first.
    Listed { total, places: kept.into_sorted_vec().into_iter().map(|place| place.0).collect() }
}

impl Order {
    fn time(self, row: &Row) -> Timestamp {
        match self {
            Self::Started => row.started_at,
            Self::Arrival => row.first_arrival,
        }
    }
}

fn each(rows: &Rows, filter: &Filter, mut visit: impl FnMut(&Row)) {
    rows.started_in(filter.range).filter(|row| filter.admits(row)).for_each(|row| visit(&row));
}

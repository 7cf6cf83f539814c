//! What do the numbers say about the attempts a reader asks for?
//!
//! Everything is folded from rows through the same contributions that the stored windows are sums of, so a card, a
//! chart and a stored window cannot differ. Two million rows are folded in well under a second; see
//! `examples/fold_rate.rs`.

use std::collections::BTreeMap;

use walletscope_model::Timestamp;
use walletscope_series::{Buckets, Count, Tally, Window};
use walletscope_stream::Row;

use super::filter::Filter;
use super::table::Rows;

/// Buckets that are summed up in tallies at the same time: 18 MB at most.
const TALLIES_MAX: usize = 256;

/// The sum over the attempts that started in the filter's range.
pub fn total(rows: &Rows, filter: &Filter) -> Window {
    let mut window = Window::default();
    let mut tally = Tally::default();
    each(rows, filter, |row| tally.add(&row.measured().contribution().cohort));
    tally.give(&mut window);
    window
}

/// The sums per bucket of start time. Buckets may reach beyond the filter's range; attempts outside it do not count.
pub fn series(rows: &Rows, filter: &Filter, buckets: Buckets) -> Vec<Window> {
    let mut windows = vec![Window::default(); buckets.count];
    if buckets.count > TALLIES_MAX {
        each(rows, filter, |row| {
            if let Some(window) = buckets.index_of(row.started_at).and_then(|index| windows.get_mut(index)) {
                window.add_scaled(&row.measured().contribution().cohort, 1);
            }
        });
        return windows;
    }
    let mut tallies: Vec<Tally> = windows.iter().map(|_| Tally::default()).collect();
    each(rows, filter, |row| {
        if let Some(tally) = buckets.index_of(row.started_at).and_then(|index| tallies.get_mut(index)) {
            tally.add(&row.measured().contribution().cohort);
        }
    });
    tallies.iter_mut().zip(&mut windows).for_each(|(tally, window)| tally.give(window));
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

/// As [`series`], per group: the rows of group `index` in `windows[index]`, those of no group nowhere.
pub fn series_of_groups(
    rows: &Rows,
    filter: &Filter,
    buckets: Buckets,
    groups: usize,
    group: impl Fn(&Row) -> usize,
) -> Vec<Vec<Window>> {
    let mut windows = vec![vec![Window::default(); buckets.count]; groups];
    each(rows, filter, |row| {
        let bucket = buckets.index_of(row.started_at);
        let window = bucket.and_then(|bucket| windows.get_mut(group(row))?.get_mut(bucket));
        if let Some(window) = window {
            window.add_scaled(&row.measured().contribution().cohort, 1);
        }
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
/// `None` without any. While a step-up is open, all time since it was sent is the cardholder's.
pub fn pending_age_seconds(rows: &Rows, filter: &Filter, now: Timestamp) -> Option<(f64, u64)> {
    let mut ages = (0_i128, 0_u64);
    for row in rows.pending_in(filter.range).filter(|row| filter.admits(row)) {
        let waiting = row.waits_since.map_or(0, |since| now.since(since).0.max(0));
        let age = now.since(row.started_at).0 - row.cardholder_wait.0 - waiting;
        ages = (ages.0 + i128::from(age.max(0)), ages.1 + 1);
    }
    (ages.1 > 0).then(|| (ages.0 as f64 / ages.1 as f64 / 1e6, ages.1))
}

/// Visits the rows that a filter asks for.
pub fn each(rows: &Rows, filter: &Filter, mut visit: impl FnMut(&Row)) {
    // Most questions have no filter, and over millions of rows it shows how often none of them is asked.
    let is_plain = filter.is_plain();
    let admits = |row: &Row| row.tenant == filter.tenant && (is_plain || filter.admits(row));
    rows.started_in(filter.range).filter(admits).for_each(|row| visit(&row));
}

//! How many events match in each stretch of time?

use walletscope_series::{Buckets, Range};

use super::sweep::{EventRows, KEY_COLUMNS, Step, Sweep};
use super::{Cost, Order, SearchError};

/// Counts by bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// The buckets.
    pub buckets: Buckets,
    /// How many events match in each.
    pub counts: Vec<u64>,
    /// Whether all of the range was read; else the newest part of it was.
    pub is_complete: bool,
    /// What it cost.
    pub cost: Cost,
}

/// Counts until the range is at its end or the time is used up.
pub async fn read(mut sweep: Sweep<'_>, range: Range, buckets: Buckets) -> Result<Histogram, SearchError> {
    let mut windows = sweep.windows(range, Order::Descending);
    let mut counts = vec![0; buckets.count];
    let is_complete = loop {
        let mut counted = vec![0_u64; buckets.count];
        let mut visit = |rows: &EventRows<'_>, row| {
            let bucket = buckets.index_of(rows.timestamp(row)).and_then(|place| counted.get_mut(place));
            bucket.into_iter().for_each(|count| *count += 1);
        };
        match sweep.step(&mut windows, &KEY_COLUMNS, &mut visit).await? {
            Step::End => break true,
            Step::OutOfTime(_) => break false,
            Step::Read(_) => counts.iter_mut().zip(counted).for_each(|(count, more)| *count += more),
        }
    };
    Ok(Histogram { buckets, counts, is_complete, cost: sweep.cost() })
}

//! How long a stretch of time is read at once?
//!
//! Short enough that a page is not kept waiting for events that it has no room for, long enough that few stretches are
//! read: about as many rows as the last stretches took [`GOAL`] for. How many rows lie where is known of files and of
//! rows in memory before either is read; it is taken for even, which costs time where it is not, and never an event.

use std::time::Duration;

use walletscope_model::Timestamp;
use walletscope_series::Range;

use super::Order;

/// What one stretch should take.
const GOAL: Duration = Duration::from_millis(400);
/// Rows of the first stretch.
const ROWS_FIRST: f64 = 16_384.0;
/// Rows of any stretch at least.
const ROWS_MIN: f64 = 1_024.0;
/// A stretch has at most so many times the rows of the one before.
const GROWTH_MAX: f64 = 4.0;
/// The shortest stretch, in microseconds: most sources tell milliseconds.
const LENGTH_MIN: i64 = 1_000;

/// How many rows lie between which times.
#[derive(Clone, Debug, Default)]
pub struct Density {
    spans: Vec<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    from: i64,
    to: i64,
    rows: f64,
}

impl Density {
    /// Rows whose first and last time are known.
    pub fn add(&mut self, first: Timestamp, last: Timestamp, rows: u64) {
        self.spans.push(Span { from: first.0, to: last.0.saturating_add(1), rows: rows as f64 });
    }

    /// About how many rows lie in a range.
    fn rows_in(&self, from: i64, to: i64) -> f64 {
        let part = |span: &Span| {
            let common = to.min(span.to).saturating_sub(from.max(span.from)).max(0) as f64;
            span.rows * common / span.to.saturating_sub(span.from).max(1) as f64
        };
        self.spans.iter().map(part).sum()
    }
}

/// The stretches of a range, one after the other.
#[derive(Debug)]
pub struct Windows {
    density: Density,
    order: Order,
    left: Range,
    rows: f64,
}

impl Windows {
    /// All of `range`, which is read in `order`.
    pub fn new(density: Density, range: Range, order: Order) -> Self {
        Self { density, order, left: range, rows: ROWS_FIRST }
    }

    /// The same with a first stretch of so many rows.
    #[must_use]
    pub fn beginning_with(self, rows: f64) -> Self {
        Self { rows, ..self }
    }

    /// The next one; `None` behind the last.
    pub fn next(&mut self) -> Option<Range> {
        let Range { from, to } = self.left;
        if from >= to {
            return None;
        }
        let length = self.length();
        let window = match self.order {
            Order::Ascending => Range { from, to: Timestamp(from.0.saturating_add(length).min(to.0)) },
            Order::Descending => Range { from: Timestamp(to.0.saturating_sub(length).max(from.0)), to },
        };
        match self.order {
            Order::Ascending => self.left.from = window.to,
            Order::Descending => self.left.to = window.from,
        }
        Some(window)
    }

    /// How long reading `window` took, and how much time there is for the next.
    pub fn took(&mut self, window: Range, elapsed: Duration, left: Duration) {
        let rows = self.density.rows_in(window.from.0, window.to.0);
        if rows < 1.0 {
            return;
        }
        let goal = GOAL.min(left).as_secs_f64();
        let rows_of_goal = rows / elapsed.as_secs_f64().max(1e-6) * goal;
        self.rows = rows_of_goal.clamp(self.rows / GROWTH_MAX, self.rows * GROWTH_MAX).max(ROWS_MIN);
    }

    /// The greatest length whose rows are no more than are wanted.
    fn length(&self) -> i64 {
        let Range { from, to } = self.left;
        let fits = |length: i64| {
            let rows = match self.order {
                Order::Ascending => self.density.rows_in(from.0, from.0.saturating_add(length)),
                Order::Descending => self.density.rows_in(to.0.saturating_sub(length), to.0),
            };
            rows <= self.rows
        };
        let (mut fitting, mut beyond) = (LENGTH_MIN, to.0.saturating_sub(from.0));
        if beyond <= fitting || fits(beyond) {
            return beyond;
        }
        while beyond - fitting > LENGTH_MIN {
            let middle = fitting + (beyond - fitting) / 2;
            if fits(middle) { fitting = middle } else { beyond = middle }
        }
        fitting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn all(density: Density, order: Order, range: (i64, i64)) -> Vec<(i64, i64)> {
        let range = Range { from: Timestamp(range.0), to: Timestamp(range.1) };
        let mut windows = Windows::new(density, range, order);
        std::iter::from_fn(|| windows.next()).map(|window| (window.from.0, window.to.0)).collect()
    }

    #[test]
    fn stretches_follow_each_other_without_a_gap_and_hold_about_as_many_rows() {
        let mut density = Density::default();
        density.add(Timestamp(0), Timestamp(10 * HOUR), 100_000);
        density.add(Timestamp(100 * HOUR), Timestamp(101 * HOUR), 50_000);
        for order in [Order::Ascending, Order::Descending] {
            let mut windows = all(density.clone(), order, (-HOUR, 1_000 * HOUR));
            if order == Order::Descending {
                windows.reverse();
            }
            assert_eq!((windows[0].0, windows.last().unwrap().1), (-HOUR, 1_000 * HOUR));
            windows.windows(2).for_each(|pair| assert_eq!(pair[0].1, pair[1].0));
            for (from, to) in &windows {
                assert!(density.rows_in(*from, *to) <= ROWS_FIRST + 1.0, "{from} {to}");
            }
            assert_eq!(windows.len(), 10, "{windows:?}");
        }
    }

    #[test]
    fn what_is_empty_is_one_stretch_and_what_is_dense_is_short() {
        assert_eq!(all(Density::default(), Order::Descending, (5, 5)), []);
        assert_eq!(all(Density::default(), Order::Descending, (5, 9 * HOUR)), [(5, 9 * HOUR)]);
        let mut density = Density::default();
        density.add(Timestamp(0), Timestamp(1_999), 10_000_000);
        assert_eq!(all(density, Order::Ascending, (0, 2_000)), [(0, 1_000), (1_000, 2_000)]);
    }

    #[test]
    fn stretches_grow_while_they_are_quick_and_shrink_when_they_are_slow() {
        let mut density = Density::default();
        density.add(Timestamp(0), Timestamp(1_000 * HOUR), 1_000_000_000);
        let range = Range { from: Timestamp(0), to: Timestamp(1_000 * HOUR) };
        let mut windows = Windows::new(density, range, Order::Ascending);
        let first = windows.next().unwrap();
        windows.took(first, Duration::from_millis(1), Duration::from_secs(3));
        assert_eq!(windows.rows, 4.0 * ROWS_FIRST);
        let second = windows.next().unwrap();
        windows.took(second, Duration::from_secs(60), Duration::from_secs(3));
        assert_eq!(windows.rows, ROWS_FIRST);
    }
}

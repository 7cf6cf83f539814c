//! Which attempts come first, and which stand around one?
//!
//! A list is an order and a filter. Its places are times with the attempt's key behind, so no two attempts share one
//! and a page can go on after any of them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use walletscope_model::{Attempt, Timestamp};
use walletscope_stream::{NodeKey, Row};

use super::filter::Filter;
use super::measures::each;
use super::table::Rows;

/// By which time attempts are listed, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// When they started.
    Started,
    /// When the first of their records arrived.
    Arrival,
    /// How long they took, the longest first; attempts without a processing time are left out.
    Slowest,
}

/// A place in a list: its time (for [`Order::Slowest`], its duration after 1970), then the attempt.
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
        let Some(place) = order.place(row) else { return };
        total += 1;
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

/// Where an attempt stands among others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// The attempt listed before it.
    pub previous: Option<NodeKey>,
    /// The attempt listed after it.
    pub next: Option<NodeKey>,
    /// From 1; `None` where the filter does not ask for it.
    pub position: Option<u64>,
    /// How many attempts the filter asks for.
    pub total: u64,
}

/// What stands around a place in a list.
pub fn neighbours(rows: &Rows, filter: &Filter, order: Order, own: Place) -> Neighbours {
    let mut found = Neighbours::default();
    let mut newer = 0;
    let (mut is_listed, mut previous, mut next): (bool, Option<Place>, Option<Place>) = (false, None, None);
    each(rows, filter, |row| {
        let Some(place) = order.place(row) else { return };
        found.total += 1;
        if place > own {
            newer += 1;
            previous = Some(previous.map_or(place, |known| known.min(place)));
        } else if place < own {
            next = Some(next.map_or(place, |known| known.max(place)));
        } else {
            is_listed = true;
        }
    });
    found.previous = previous.map(|place| place.1);
    found.next = next.map(|place| place.1);
    found.position = is_listed.then_some(newer + 1);
    found
}

impl Order {
    fn place(self, row: &Row) -> Option<Place> {
        let time = match self {
            Self::Started => row.started_at,
            Self::Arrival => row.first_arrival,
            Self::Slowest => Timestamp(row.processing_time?.0),
        };
        Some((time, row.key))
    }

    /// The place of an attempt; `None` where it is not listed in this order.
    pub fn place_of(self, key: NodeKey, attempt: &Attempt) -> Option<Place> {
        let time = match self {
            Self::Started => attempt.started_at,
            Self::Arrival => attempt.first_arrival,
            Self::Slowest => Timestamp(attempt.processing_time?.0),
        };
        Some((time, key))
    }
}

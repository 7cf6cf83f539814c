//! Which events are the next ones in an order?
//!
//! Of each stretch of time the first events are kept that the page has room for; as soon as one had to be left out, none
//! behind it may come in any more, so that a page is always the beginning of all that match.

use std::collections::BTreeMap;

use walletscope_model::Duration;
use walletscope_series::Range;

use super::sweep::{EVENT_COLUMNS, EventRows, Step, Sweep};
use super::{Cost, EventKey, FoundEvent, Order, Search, SearchError};

/// Events in the order that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The events; none where the time was used up before the first.
    pub events: Vec<FoundEvent>,
    /// Where the next page goes on; `None` where there is none.
    pub next: Option<EventKey>,
    /// What it cost.
    pub cost: Cost,
}

/// Reads until the page is full, the range is at its end, or the time is used up.
pub async fn read(mut sweep: Sweep<'_>, search: &Search) -> Result<Page, SearchError> {
    let Search { order, after, .. } = search;
    let mut windows = sweep.windows(left_of(search), *order);
    let mut room = Room { events: search.events_max.max(1), bytes: search.bytes_max, is_empty: true };
    let mut events = Vec::new();
    let next = loop {
        let mut first = First::new(*order, room);
        let is_behind = |key: &EventKey| after.as_ref().is_none_or(|after| order.is_before(after, key));
        let mut visit = |rows: &EventRows<'_>, row| {
            let key = rows.key(row);
            if is_behind(&key) && first.has_room_for(&key) {
                first.put(key, rows.message_bytes(row), || rows.event(row));
            }
        };
        match sweep.step(&mut windows, &EVENT_COLUMNS, &mut visit).await? {
            Step::End => break None,
            Step::OutOfTime(window) => break Some(edge(*order, window)),
            Step::Read(window) => {
                let is_full = first.ceiling.is_some();
                room = first.room_left();
                events.extend(first.into_events());
                if is_full {
                    break events.last().map(|event: &FoundEvent| event.key);
                }
                if room.events == 0 {
                    break Some(far_edge(*order, window)).filter(|_| !is_end(search, window));
                }
            }
        }
    };
    Ok(Page { events, next, cost: sweep.cost() })
}

/// The part of the range that lies behind the position.
fn left_of(search: &Search) -> Range {
    let Range { from, to } = search.range;
    match (search.order, search.after) {
        (_, None) => search.range,
        (Order::Ascending, Some(after)) => Range { from: from.max(after.timestamp), to },
        (Order::Descending, Some(after)) => Range { from, to: to.min(after.timestamp.plus(Duration(1))) },
    }
}

/// The position before everything of a stretch.
fn edge(order: Order, window: Range) -> EventKey {
    EventKey::before(match order {
        Order::Ascending => window.from,
        Order::Descending => window.to,
    })
}

/// The position behind everything of a stretch.
fn far_edge(order: Order, window: Range) -> EventKey {
    EventKey::before(match order {
        Order::Ascending => window.to,
        Order::Descending => window.from,
    })
}

fn is_end(search: &Search, window: Range) -> bool {
    match search.order {
        Order::Ascending => window.to >= search.range.to,
        Order::Descending => window.from <= search.range.from,
    }
}

/// How much a page still takes.
#[derive(Clone, Copy, Debug)]
struct Room {
    events: usize,
    bytes: usize,
    /// Nothing is in it yet: its first event comes in however long it is.
    is_empty: bool,
}

/// The first events of a stretch, as many as there is room for.
struct First<E> {
    order: Order,
    room: Room,
    kept: BTreeMap<EventKey, (usize, E)>,
    bytes: usize,
    /// The first event that was left out.
    ceiling: Option<EventKey>,
}

impl<E> First<E> {
    fn new(order: Order, room: Room) -> Self {
        Self { order, room, kept: BTreeMap::new(), bytes: 0, ceiling: None }
    }

    fn has_room_for(&self, key: &EventKey) -> bool {
        self.ceiling.as_ref().is_none_or(|ceiling| self.order.is_before(key, ceiling))
    }

    fn put(&mut self, key: EventKey, bytes: usize, event: impl FnOnce() -> E) {
        self.kept.insert(key, (bytes, event()));
        self.bytes += bytes;
        while self.is_over()
            && let Some((key, (bytes, _))) = self.pop_last()
        {
            self.bytes -= bytes;
            self.ceiling = Some(key);
        }
    }

    fn is_over(&self) -> bool {
        let is_only = self.room.is_empty && self.kept.len() == 1;
        self.kept.len() > self.room.events || (self.bytes > self.room.bytes && !is_only)
    }

    fn pop_last(&mut self) -> Option<(EventKey, (usize, E))> {
        match self.order {
            Order::Ascending => self.kept.pop_last(),
            Order::Descending => self.kept.pop_first(),
        }
    }

    fn room_left(&self) -> Room {
        Room {
            events: self.room.events - self.kept.len(),
            bytes: self.room.bytes.saturating_sub(self.bytes),
            is_empty: self.room.is_empty && self.kept.is_empty(),
        }
    }

    fn into_events(self) -> Vec<E> {
        let mut events: Vec<E> = self.kept.into_values().map(|(_, event)| event).collect();
        if self.order == Order::Descending {
            events.reverse();
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use walletscope_model::{Offset, Timestamp};

    fn key(timestamp: i64, offset: u64) -> EventKey {
        EventKey {
            timestamp: Timestamp(timestamp),
            ingested_at: Timestamp(7),
            offset: Offset(offset),
            index: 0,
        }
    }

    /// Pages over events that come in the order given, each page over all of them.
    fn pages(
        events: &[(EventKey, usize)],
        order: Order,
        events_max: usize,
        bytes_max: usize,
    ) -> Vec<Vec<EventKey>> {
        let (mut pages, mut after) = (Vec::new(), None::<EventKey>);
        loop {
            let room = Room { events: events_max, bytes: bytes_max, is_empty: true };
            let mut first = First::new(order, room);
            for (key, bytes) in events {
                let is_behind = after.as_ref().is_none_or(|after| order.is_before(after, key));
                if is_behind && first.has_room_for(key) {
                    first.put(*key, *bytes, || *key);
                }
            }
            let is_last = first.ceiling.is_none();
            let page = first.into_events();
            after = page.last().copied();
            pages.push(page);
            if is_last {
                return pages;
            }
        }
    }

    proptest! {
        #[test]
        fn pages_hold_every_event_once_in_order(
            times in prop::collection::vec((0..6_i64, 0..40_usize), 0..60),
            events_max in 1..9_usize,
            bytes_max in 0..100_usize,
        ) {
            let events: Vec<_> = times
                .iter()
                .zip(1..)
                .map(|((at, bytes), offset)| (key(*at, offset), *bytes))
                .collect();
            for order in [Order::Ascending, Order::Descending] {
                let pages = pages(&events, order, events_max, bytes_max);
                let mut expected: Vec<_> = events.iter().map(|(key, _)| *key).collect();
                expected.sort();
                if order == Order::Descending {
                    expected.reverse();
                }
                prop_assert_eq!(pages.concat(), expected);
                for page in &pages {
                    let bytes: usize = page.iter().map(|key| events[key.offset.0 as usize - 1].1).sum();
                    prop_assert!(page.len() <= events_max && (bytes <= bytes_max || page.len() == 1));
                }
            }
        }
    }

    #[test]
    fn what_was_left_out_keeps_out_what_is_behind_it() {
        let mut first = First::new(Order::Ascending, Room { events: 10, bytes: 5, is_empty: true });
        for (at, bytes) in [(1, 1), (2, 10), (3, 1)] {
            let key = key(at, 1);
            if first.has_room_for(&key) {
                first.put(key, bytes, || at);
            }
        }
        assert_eq!((first.ceiling, first.into_events()), (Some(key(2, 1)), vec![1]));
    }
}

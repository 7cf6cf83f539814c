//! Where does a live client stand in the feed, and what is it sent next?
//!
//! Pure decisions over the ring of newest changes. A client that comes back with an event id of this run that the ring
//! still reaches is sent everything since, in order and in pieces; any other is told to fetch anew. A client that is
//! connected is sent the newest changes of a moment and how many were skipped, because a person cannot read more.

use std::sync::Arc;

use crate::view::FeedItem;

/// Feed items in one event at most.
pub const ITEMS_MAX: usize = 50;

/// Where a client begins, as the sequence of the newest change it need not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It comes for the first time.
    Fresh(u64),
    /// It comes back and nothing is lost.
    Continue(u64),
    /// It comes back and something may be lost.
    Reset(u64),
}

/// A piece of the feed.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// The changes, oldest first.
    pub items: Vec<Arc<FeedItem>>,
    /// Changes left out before them.
    pub skipped: u64,
    /// Where the client stands after it.
    pub position: u64,
}

/// Where a client with this `Last-Event-ID` begins.
pub fn start(last_event_id: Option<&str>, run: &str, feed: &[Arc<FeedItem>]) -> Start {
    let newest = newest(feed);
    let Some(id) = last_event_id else { return Start::Fresh(newest) };
    let oldest = feed.first().map_or(1, |item| item.sequence);
    match parse_event_id(id) {
        Some((id_run, position)) if id_run == run && position <= newest && position + 1 >= oldest => {
            Start::Continue(position)
        }
        _ => Start::Reset(newest),
    }
}

/// The sequence of the newest change.
pub fn newest(feed: &[Arc<FeedItem>]) -> u64 {
    feed.last().map_or(0, |item| item.sequence)
}

/// The changes after `position`, and how many of them the ring has lost.
pub fn since(feed: &[Arc<FeedItem>], position: u64) -> (&[Arc<FeedItem>], u64) {
    let from = feed.partition_point(|item| item.sequence <= position);
    let lost = feed.first().map_or(0, |oldest| oldest.sequence.saturating_sub(position + 1));
    (&feed[from..], lost)
}

/// Everything that is wanted after `position`, in pieces: for a client that came back.
pub fn all_pieces(feed: &[Arc<FeedItem>], position: u64, wants: impl Fn(&FeedItem) -> bool) -> Vec<Piece> {
    let wanted: Vec<_> = since(feed, position).0.iter().filter(|item| wants(item)).cloned().collect();
    let mut pieces: Vec<Piece> = wanted
        .chunks(ITEMS_MAX)
        .map(|items| Piece { items: items.to_vec(), skipped: 0, position: newest(items) })
        .collect();
    // Changes that are not wanted need not be looked at again.
    if let Some(last) = pieces.last_mut() {
        last.position = newest(feed);
    }
    pieces
}

/// The newest of what is wanted after `position`: for a client that is there. `None` where nothing is.
pub fn newest_piece(
    feed: &[Arc<FeedItem>],
    position: u64,
    wants: impl Fn(&FeedItem) -> bool,
) -> Option<Piece> {
    let (items, lost) = since(feed, position);
    let wanted: Vec<_> = items.iter().filter(|item| wants(item)).cloned().collect();
    let left_out = wanted.len().saturating_sub(ITEMS_MAX);
    let piece = Piece {
        skipped: lost + left_out as u64,
        items: wanted[left_out..].to_vec(),
        position: newest(feed).max(position),
    };
    (!piece.items.is_empty() || piece.skipped > 0).then_some(piece)
}

/// `<run>-<sequence>`.
pub fn event_id(run: &str, position: u64) -> String {
    format!("{run}-{position}")
}

fn parse_event_id(text: &str) -> Option<(&str, u64)> {
    let (run, position) = text.split_once('-')?;
    if position.bytes().all(|byte| byte.is_ascii_digit()) {
        Some((run, position.parse().ok()?))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::token_request::tests::started;
    use super::*;
    use walletscope_model::Timestamp;

    fn feed(sequences: std::ops::RangeInclusive<u64>) -> Vec<Arc<FeedItem>> {
        let item = |sequence| Arc::new(FeedItem { sequence, at: Timestamp(0), attempt: started() });
        sequences.map(item).collect()
    }

    fn sequences(piece: &Piece) -> Vec<u64> {
        piece.items.iter().map(|item| item.sequence).collect()
    }

    #[test]
    fn a_client_continues_only_where_nothing_is_lost() {
        let ring = feed(101..=200);
        for (id, expected) in [
            (None, Start::Fresh(200)),
            (Some("r1-150"), Start::Continue(150)),
            (Some("r1-200"), Start::Continue(200)),
            (Some("r1-100"), Start::Continue(100)),
            (Some("r1-99"), Start::Reset(200)),
            (Some("r1-201"), Start::Reset(200)),
            (Some("r2-150"), Start::Reset(200)),
            (Some("r1-"), Start::Reset(200)),
            (Some("r1--1"), Start::Reset(200)),
            (Some("150"), Start::Reset(200)),
            (Some("r1-99999999999999999999"), Start::Reset(200)),
            (Some("r1-18446744073709551615"), Start::Reset(200)),
            (Some(""), Start::Reset(200)),
        ] {
            assert_eq!(start(id, "r1", &ring), expected, "{id:?}");
        }
        assert_eq!(start(None, "r1", &[]), Start::Fresh(0));
        assert_eq!(start(Some("r1-0"), "r1", &[]), Start::Continue(0));
        assert_eq!(start(Some("r1-5"), "r1", &[]), Start::Reset(0));
    }

    #[test]
    fn who_comes_back_gets_every_change_once_and_in_order() {
        let ring = feed(1..=130);
        let pieces = all_pieces(&ring, 10, |_| true);
        let seen: Vec<u64> = pieces.iter().flat_map(sequences).collect();
        assert_eq!(seen, (11..=130).collect::<Vec<_>>());
        assert_eq!(pieces.iter().map(|piece| piece.position).collect::<Vec<_>>(), [60, 110, 130]);
        assert!(pieces.iter().all(|piece| piece.skipped == 0 && piece.items.len() <= ITEMS_MAX));
        // A connection that breaks after any piece continues after it.
        let again = all_pieces(&ring, pieces[0].position, |_| true);
        assert_eq!(again.iter().flat_map(sequences).next(), Some(61));
        assert!(all_pieces(&ring, 130, |_| true).is_empty());
    }

    #[test]
    fn who_is_there_gets_the_newest_and_a_count_of_the_rest() {
        let ring = feed(1..=130);
        let piece = newest_piece(&ring, 10, |_| true).unwrap();
        assert_eq!(sequences(&piece), (81..=130).collect::<Vec<_>>());
        assert_eq!((piece.skipped, piece.position), (70, 130));
        let odd = newest_piece(&ring, 120, |item| item.sequence % 2 == 1).unwrap();
        assert_eq!((sequences(&odd), odd.skipped, odd.position), (vec![121, 123, 125, 127, 129], 0, 130));
        assert_eq!(newest_piece(&ring, 130, |_| true), None);
        assert_eq!(newest_piece(&ring, 10, |_| false), None);
        // The ring moved on by more than it holds.
        let overrun = newest_piece(&feed(101..=110), 90, |_| true).unwrap();
        assert_eq!((overrun.items.len(), overrun.skipped), (10, 10));
    }
}

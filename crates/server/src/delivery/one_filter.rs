//! How does one filter's task go on?
//!
//! Find, send until it arrives or is given up, note. A definition that changes meanwhile is used from the next try on, for
//! what waits as well; a filter that is deleted ends its task. Calls go before deliveries: where what waits takes too much
//! of the journal, it is put aside without further tries.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use tokio::time::Instant;
use walletscope_model::{Body, Command, Duration, Offset, Origin, Timestamp};
use walletscope_stream::GroupKey;
use walletscope_stream::metric_filter::mode_of;
use walletscope_stream::subscription_filter::SubscriptionFilter;

use super::batch::{Found, Record, Wanted};
use super::endpoint::{Delivery, Failure};
use super::patience::{is_given_up, is_worth_a_note, wait_after, waits_too_much};
use super::status::Failing;
use super::{Context, FilterKey};
use crate::letters;
use crate::pipeline::{Refusal, Submission};

/// How often the journal is looked at, and whether a filter has changed.
const LOOK_EVERY: StdDuration = StdDuration::from_millis(250);
/// Deliveries of a filter that are not full begin at least this far apart.
const DELIVER_EVERY: StdDuration = StdDuration::from_secs(1);

const TOO_MUCH_WAITS: &str = "what waits takes too much of the journal";

/// Why a task ends.
struct Ended;

/// Delivers what a filter finds behind `delivered`, until the filter is gone.
pub async fn run(context: Arc<Context>, key: FilterKey, delivered: Offset) {
    let task = Task { context, key };
    let mut place = Place { cursor: delivered, noted: delivered };
    task.context.board.change(&task.key, |status| status.delivered = delivered);
    // It ends with an error, whose cause is that the filter or the server is.
    while task.go_on(&mut place).await.is_ok() {}
}

/// The id of a delivery: equal over its tries, and letters alone, because what looks like a card number is no id.
pub fn request_id((group, filter, incarnation): &FilterKey, from: Offset, through: Offset) -> String {
    let GroupKey { account, region, name } = group;
    let place = format!("{}\0{}\0{}", incarnation.0, from.0, through.0);
    let hash = blake3::hash([account, region, name, filter, place.as_str()].join("\0").as_bytes());
    letters::write(&hash.as_bytes()[..16])
}

/// The delivery stream that stands for a filter, of a name that Firehose would allow.
pub fn source_arn(group: &GroupKey, filter: &str) -> String {
    const STREAM_NAME_LEN_MAX: usize = 64;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    let name = filter.chars().take(STREAM_NAME_LEN_MAX);
    let name: String = name.map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    format!("arn:aws:firehose:{}:{}:deliverystream/{name}", group.region, group.account)
}

/// How far a filter came.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Everything up to here is done.
    cursor: Offset,
    /// That everything up to here is done is in the journal.
    noted: Offset,
}

/// How a delivery went so far.
#[derive(Debug)]
struct Trying {
    since: Timestamp,
    /// Tries that failed, but for those of deliveries that were too large.
    tries: u32,
    arrived_events: u64,
    put_aside_events: u64,
}

/// What to do with a delivery after a try.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// It arrived.
    Done,
    /// It comes in halves.
    Split,
    /// It goes into a file, for this reason.
    PutAside(String),
    /// It is tried again.
    Again,
    /// The filter has changed, or the server stops.
    Leave,
}

struct Task {
    context: Arc<Context>,
    key: FilterKey,
}

impl Task {
    /// One delivery, or a look at the journal without any.
    async fn go_on(&self, place: &mut Place) -> Result<(), Ended> {
        let filter = self.filter().ok_or(Ended)?;
        if self.context.is_stopping() {
            return Err(Ended);
        }
        let head = self.context.around.shared.appended();
        if place.cursor >= head {
            self.context.pause(LOOK_EVERY).await;
            return Ok(());
        }
        let found = match self.find(&filter, place.cursor, head).await {
            Ok(found) => found,
            Err(reason) => {
                tracing::error!(filter = ?self.key.1, reason, "a subscription filter stands still");
                self.show_failing((self.context.around.now)(), 1, reason, DELIVER_EVERY, None);
                self.context.pause(DELIVER_EVERY).await;
                return Ok(());
            }
        };
        if found.missed > 0 {
            tracing::error!(filter = ?self.key.1, entries = found.missed, "the journal has lost what a filter had not read");
        }
        let begun = Instant::now();
        let done =
            if found.events > 0 { self.deliver(&filter, place.cursor, &found).await? } else { found.through };
        place.cursor = done.max(place.cursor);
        self.context.board.change(&self.key, |status| {
            status.delivered = place.cursor;
            status.failing = None;
        });
        let size = (self.context.around.journal_size)();
        if place.cursor > place.noted
            && (found.events > 0 || is_worth_a_note(&size, place.noted, place.cursor))
        {
            self.note(place.cursor).await?;
            place.noted = place.cursor;
        }
        if found.events > 0 && !found.is_full() {
            self.context.pause(DELIVER_EVERY.saturating_sub(begun.elapsed())).await;
        }
        Ok(())
    }

    /// The filter as it is now; `None` once it is gone.
    fn filter(&self) -> Option<SubscriptionFilter> {
        let (group, name, incarnation) = &self.key;
        let catalog = self.context.around.shared.catalog.load();
        let filter = catalog.subscription_filters.get(group, name);
        filter.filter(|filter| filter.stored.incarnation == *incarnation).cloned()
    }

    fn is_current(&self, filter: &SubscriptionFilter) -> bool {
        self.filter().is_some_and(|now| Arc::ptr_eq(&now.stored.definition, &filter.stored.definition))
    }

    fn is_behind(&self, cursor: Offset) -> bool {
        waits_too_much(&(self.context.around.journal_size)(), cursor)
    }

    /// What comes next behind `cursor`. Few filters read at a time: an entry takes many times its size in memory.
    async fn find(&self, filter: &SubscriptionFilter, cursor: Offset, head: Offset) -> Result<Found, String> {
        let (around, group) = (&self.context.around, self.key.0.clone());
        let mode = mode_of(&around.shared.view.load().clock.rules, &group.account);
        let pattern = filter.pattern.clone().ok_or("this version cannot read the filter's pattern")?;
        let (name, entries) = (self.key.1.clone(), around.entries.clone());
        let _turn = self.context.readers.acquire().await.map_err(|error| error.to_string())?;
        let finding = tokio::task::spawn_blocking(move || {
            let mut found = Found::behind(cursor);
            let wanted = Wanted { group: &group, filter: &name, pattern: &pattern, mode };
            while found.through < head && !found.is_enough() {
                let read = entries(Offset(found.through.0 + 1))?;
                if read.is_empty() {
                    break;
                }
                for (offset, bytes) in read.iter().take_while(|(offset, _)| *offset <= head) {
                    let looked = found.look_at_bytes(&wanted, *offset, bytes);
                    looked.map_err(|error| format!("journal entry {}: {error}", offset.0))?;
                    if found.is_enough() {
                        break;
                    }
                }
            }
            Ok(found)
        });
        finding.await.unwrap_or_else(|error| Err(error.to_string()))
    }

    /// Sends until all of it arrived or was put aside, or the filter has changed; up to which entry it is done.
    async fn deliver(
        &self,
        filter: &SubscriptionFilter,
        cursor: Offset,
        found: &Found,
    ) -> Result<Offset, Ended> {
        let mut waiting = VecDeque::from([Delivery {
            request_id: request_id(&self.key, cursor, found.through),
            source_arn: source_arn(&self.key.0, &self.key.1),
            records: found.records.clone(),
        }]);
        let since = (self.context.around.now)();
        let mut trying = Trying { since, tries: 0, arrived_events: 0, put_aside_events: 0 };
        while let Some(delivery) = waiting.front() {
            match self.try_once(filter, cursor, delivery, &mut trying, found.oldest).await {
                Next::Done => {
                    trying.arrived_events += delivery.events();
                    waiting.pop_front();
                }
                Next::Split => {
                    let halves = halves(delivery);
                    waiting.pop_front();
                    halves.into_iter().for_each(|half| waiting.push_front(half));
                }
                Next::PutAside(reason) => {
                    self.put_aside(delivery, &reason).await?;
                    trying.put_aside_events += delivery.events();
                    waiting.pop_front();
                }
                Next::Again => {}
                Next::Leave => break,
            }
        }
        self.count(&trying);
        // What follows the first record that still waits comes again.
        let left = waiting.front().and_then(|delivery| delivery.records.first());
        Ok(left.map_or(found.through, |record| Offset(record.offset.0 - 1)))
    }

    /// Tries a delivery, and waits where it is to be tried again.
    async fn try_once(
        &self,
        filter: &SubscriptionFilter,
        cursor: Offset,
        delivery: &Delivery,
        trying: &mut Trying,
        oldest: Option<Timestamp>,
    ) -> Next {
        let (around, destination) = (&self.context.around, &*filter.stored.definition.destination);
        if !self.is_current(filter) {
            return Next::Leave;
        }
        if self.is_behind(cursor) {
            return Next::PutAside(TOO_MUCH_WAITS.to_owned());
        }
        let sending = self.context.endpoint.send(destination, delivery, (around.now)());
        let sent = tokio::select! {
            sent = sending => sent,
            next = self.interrupted(filter, cursor) => return next,
        };
        around.telemetry.count_delivery(if sent.is_ok() { "arrived" } else { "failed" });
        let Err(failure) = sent else { return Next::Done };
        if failure == Failure::TooLarge {
            return if delivery.records.len() > 1 {
                Next::Split
            } else {
                Next::PutAside(failure.to_string())
            };
        }
        trying.tries += 1;
        let now = (around.now)();
        if is_given_up(oldest.unwrap_or(now), now, self.context.retry_for, trying.tries) {
            return Next::PutAside(failure.to_string());
        }
        if trying.tries == 1 {
            let (filter, origin) = (&self.key.1, self.context.endpoint.origin(destination));
            tracing::warn!(?filter, destination = origin, %failure, "log events do not arrive");
        }
        let wait = wait_after(trying.tries, chance(&delivery.request_id, trying.tries));
        let wait = StdDuration::from_micros(wait.0.unsigned_abs());
        self.show_failing(trying.since, trying.tries, failure.to_string(), wait, oldest);
        tokio::select! {
            () = self.context.pause(wait) => if self.context.is_stopping() { Next::Leave } else { Next::Again },
            next = self.interrupted(filter, cursor) => next,
        }
    }

    /// Ends when the filter has changed, or too much waits.
    async fn interrupted(&self, filter: &SubscriptionFilter, cursor: Offset) -> Next {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if !self.is_current(filter) {
                return Next::Leave;
            }
            if self.is_behind(cursor) {
                return Next::PutAside(TOO_MUCH_WAITS.to_owned());
            }
        }
    }

    fn show_failing(
        &self,
        since: Timestamp,
        tries: u32,
        reason: String,
        wait: StdDuration,
        oldest: Option<Timestamp>,
    ) {
        let wait = Duration(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
        let next_try_at = (self.context.around.now)().plus(wait);
        let failing = Failing { since, tries, reason, next_try_at, oldest };
        self.context.board.change(&self.key, |status| status.failing = Some(failing));
    }

    fn count(&self, trying: &Trying) {
        let around = &self.context.around;
        let Trying { arrived_events, put_aside_events, .. } = *trying;
        around.telemetry.count_delivered_events("delivered", arrived_events);
        around.telemetry.count_delivered_events("put_aside", put_aside_events);
        let delivered_at = (arrived_events > 0).then(|| (around.now)());
        self.context.board.change(&self.key, |status| {
            status.put_aside_events += put_aside_events;
            status.delivered_events += arrived_events;
            status.last_delivered_at = delivered_at.or(status.last_delivered_at);
        });
    }

    /// Keeps a delivery in a file; goes on trying where the disk does not take it.
    async fn put_aside(&self, delivery: &Delivery, reason: &str) -> Result<(), Ended> {
        let ((group, name, _), now) = (&self.key, (self.context.around.now)());
        let body = Arc::new(delivery.body(now));
        loop {
            let (letters, key, body) = (self.context.letters.clone(), self.key.clone(), body.clone());
            let request_id = delivery.request_id.clone();
            let put = move || letters.put((&key.0, &key.1), &request_id, now, &body);
            let error = match tokio::task::spawn_blocking(put).await {
                Ok(Ok(())) => break,
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            tracing::error!(filter = ?name, error, "a dead letter could not be written; it is tried again");
            self.filter().ok_or(Ended)?;
            self.context.pause(DELIVER_EVERY).await;
            if self.context.is_stopping() {
                return Err(Ended);
            }
        }
        let request = &*delivery.request_id;
        tracing::error!(group = ?group.name, filter = ?name, request, reason, "log events were put aside");
        Ok(())
    }

    /// Has the journal note that everything up to an entry is done.
    async fn note(&self, through: Offset) -> Result<(), Ended> {
        let (group, filter, incarnation) = self.key.clone();
        let GroupKey { account, region, name } = group;
        loop {
            let origin = Origin { account: account.clone(), region: region.clone(), ..Origin::own() };
            let (group, filter) = (name.clone(), filter.clone());
            let command = Command::NoteDelivered { group, filter, incarnation, through };
            let body = Body::Command(command);
            let submission = Submission { origin, invocation_id: "".into(), body, answer: Vec::new() };
            match self.context.around.ingest.submit(submission).await {
                Ok(_) => return Ok(()),
                Err(Refusal::Throttled) if !self.context.is_stopping() => {
                    self.context.pause(LOOK_EVERY).await
                }
                Err(_) => return Err(Ended),
            }
        }
    }
}

/// A number that differs from try to try and from delivery to delivery.
fn chance(request_id: &str, tries: u32) -> u64 {
    let hash = blake3::hash(format!("{request_id} {tries}").as_bytes());
    u64::from_le_bytes(std::array::from_fn(|at| hash.as_bytes()[at]))
}

/// The same in two deliveries, the second one first.
fn halves(delivery: &Delivery) -> [Delivery; 2] {
    let (first, second) = delivery.records.split_at(delivery.records.len() / 2);
    let half = |letter: char, records: &[Record]| Delivery {
        request_id: format!("{}{letter}", delivery.request_id),
        source_arn: delivery.source_arn.clone(),
        records: records.to_vec(),
    };
    [half('b', second), half('a', first)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_tell_deliveries_apart_and_hold_no_digits() {
        let key = |name: &str, incarnation| {
            let group = GroupKey { account: "1".into(), region: "eu".into(), name: name.into() };
            (group, Box::from("f"), Offset(incarnation))
        };
        let id = request_id(&key("/g", 1), Offset(4), Offset(9));
        assert_eq!(id, request_id(&key("/g", 1), Offset(4), Offset(9)));
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_lowercase()), "{id}");
        for other in [
            request_id(&key("/h", 1), Offset(4), Offset(9)),
            request_id(&key("/g", 2), Offset(4), Offset(9)),
            request_id(&key("/g", 1), Offset(5), Offset(9)),
            request_id(&key("/g", 1), Offset(4), Offset(10)),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn a_filter_of_any_name_has_a_delivery_stream() {
        let group = GroupKey { account: "1".into(), region: "eu".into(), name: "/g".into() };
        let arn = source_arn(&group, &"a \u{e9}\n".repeat(40));
        assert_eq!(arn.len(), "arn:aws:firehose:eu:1:deliverystream/".len() + 64);
        assert!(arn.bytes().all(|byte| byte.is_ascii_graphic()), "{arn}");
    }

    #[test]
    fn a_half_has_half_of_the_records_in_order() {
        let records: Vec<_> =
            (0..5).map(|number| Record { bytes: vec![number], events: 1, offset: Offset(1) }).collect();
        let whole = Delivery { request_id: "id".into(), source_arn: String::new(), records };
        let [second, first] = halves(&whole);
        assert_eq!([first.records, second.records].concat(), whole.records);
        assert_eq!(whole.events(), 5);
        assert_eq!((&*first.request_id, &*second.request_id), ("ida", "idb"));
    }
}

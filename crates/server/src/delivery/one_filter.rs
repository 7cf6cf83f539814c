//! How does one filter's task go on?
//!
//! Find, send until it arrives or is given up, note. A definition that changes meanwhile is used from the next try on, for
//! what waits as well; a filter that is deleted ends its task.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use tokio::time::{Instant, sleep, sleep_until};
use walletscope_model::{Body, Command, Duration, Offset, Origin, Timestamp};
use walletscope_stream::GroupKey;
use walletscope_stream::metric_filter::mode_of;
use walletscope_stream::subscription_filter::SubscriptionFilter;

use super::batch::{Found, Record, Wanted};
use super::endpoint::{Delivery, Failure};
use super::patience::{is_given_up, wait_after, waits_too_much};
use super::status::Failing;
use super::{Context, FilterKey};
use crate::pipeline::{Refusal, Submission};

/// How often the journal is looked at, and whether a filter has changed.
const LOOK_EVERY: StdDuration = StdDuration::from_millis(250);
/// Deliveries of a filter that are not full begin at least this far apart.
const DELIVER_EVERY: StdDuration = StdDuration::from_secs(1);
/// A place in the journal is noted when something was delivered, or so many entries further on.
const NOTE_EVERY_ENTRIES: u64 = 10_000;

/// Why a task ends.
struct Ended;

/// Delivers what a filter finds behind `delivered`, until the filter is gone.
pub async fn run(context: Arc<Context>, key: FilterKey, delivered: Offset) {
    let task = Task { context, key };
    let mut cursor = delivered;
    let mut noted = delivered;
    task.context.board.change(&task.key, |status| status.delivered = delivered);
    // It ends with an error, whose cause is that the filter or the server is.
    while task.go_on(&mut cursor, &mut noted).await.is_ok() {}
}

/// The id of a delivery: equal over its tries, and letters alone, because what looks like a card number is no id.
pub fn request_id((group, filter, incarnation): &FilterKey, from: Offset, through: Offset) -> String {
    let GroupKey { account, region, name } = group;
    let place = format!("{}\0{}\0{}", incarnation.0, from.0, through.0);
    let hash = blake3::hash([account, region, name, filter, place.as_str()].join("\0").as_bytes());
    let letters = hash.as_bytes()[..16].iter().flat_map(|byte| [byte >> 4, byte & 15]);
    letters.map(|digit| char::from(b'a' + digit)).collect()
}

/// The delivery stream that stands for a filter, of a name that Firehose would allow.
pub fn source_arn(group: &GroupKey, filter: &str) -> String {
    const STREAM_NAME_LEN_MAX: usize = 64;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    let name = filter.chars().take(STREAM_NAME_LEN_MAX);
    let name: String = name.map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    format!("arn:aws:firehose:{}:{}:deliverystream/{name}", group.region, group.account)
}

struct Task {
    context: Arc<Context>,
    key: FilterKey,
}

impl Task {
    /// One delivery, or a look at the journal without any.
    async fn go_on(&self, cursor: &mut Offset, noted: &mut Offset) -> Result<(), Ended> {
        let filter = self.filter().ok_or(Ended)?;
        let head = self.context.around.shared.appended();
        if *cursor >= head {
            sleep(LOOK_EVERY).await;
            return Ok(());
        }
        let Some(found) = self.find(&filter, *cursor, head).await else {
            sleep(DELIVER_EVERY).await;
            return Ok(());
        };
        let begun = Instant::now();
        if found.events > 0 && !self.deliver(&filter, *cursor, &found).await? {
            return Ok(());
        }
        *cursor = found.through;
        if found.events > 0 || cursor.0 - noted.0 >= NOTE_EVERY_ENTRIES {
            self.note(found.through).await?;
            *noted = found.through;
        }
        self.context.board.change(&self.key, |status| status.delivered = found.through);
        if found.events > 0 && !found.is_full() {
            sleep_until(begun + DELIVER_EVERY).await;
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

    /// What comes next behind `cursor`; `None` if the journal could not be read.
    async fn find(&self, filter: &SubscriptionFilter, cursor: Offset, head: Offset) -> Option<Found> {
        let (around, group) = (&self.context.around, self.key.0.clone());
        let mode = mode_of(&around.shared.view.load().clock.rules, &group.account);
        let (name, pattern) = (self.key.1.clone(), filter.pattern.clone());
        let entries = around.entries.clone();
        let finding = tokio::task::spawn_blocking(move || {
            let mut found = Found::behind(cursor);
            // A pattern that is none finds nothing, and what it might have meant is passed.
            let Some(pattern) = pattern else { return Ok(Found::behind(head)) };
            let wanted = Wanted { group: &group, filter: &name, pattern: &pattern, mode };
            while found.through < head && !found.is_full() {
                let read = entries(Offset(found.through.0 + 1))?;
                if read.is_empty() {
                    break;
                }
                for (offset, entry) in read.iter().take_while(|(offset, _)| *offset <= head) {
                    found.look_at(&wanted, *offset, entry);
                    if found.is_full() {
                        break;
                    }
                }
            }
            Ok::<_, String>(found)
        });
        match finding.await {
            Ok(Ok(found)) => Some(found),
            Ok(Err(reason)) => {
                tracing::error!(reason, "the journal could not be read for a subscription filter");
                None
            }
            Err(_) => None,
        }
    }

    /// Sends until all of it arrived or was put aside; `false` where the filter has changed before.
    async fn deliver(
        &self,
        filter: &SubscriptionFilter,
        cursor: Offset,
        found: &Found,
    ) -> Result<bool, Ended> {
        let (around, definition) = (&self.context.around, &filter.stored.definition);
        let mut waiting = VecDeque::from([Delivery {
            request_id: request_id(&self.key, cursor, found.through),
            source_arn: source_arn(&self.key.0, &definition.name),
            records: found.records.clone(),
        }]);
        let since = (around.now)();
        let (mut tries, mut put_aside_events) = (0, 0);
        while let Some(next) = waiting.front() {
            let sent = self.context.endpoint.send(&definition.destination, next, (around.now)()).await;
            around.telemetry.count_delivery(if sent.is_ok() { "arrived" } else { "failed" });
            let Err(failure) = sent else {
                waiting.pop_front();
                continue;
            };
            tries += 1;
            if failure == Failure::TooLarge && next.records.len() > 1 {
                let halves = halves(next);
                waiting.pop_front();
                halves.into_iter().for_each(|half| waiting.push_front(half));
            } else if self.gives_up(&failure, since, cursor) {
                self.put_aside(next, &failure).await?;
                put_aside_events += next.events();
                waiting.pop_front();
            } else {
                let wait = wait_after(tries, chance(&next.request_id, tries));
                let next_try_at = (around.now)().plus(wait);
                let (reason, oldest) = (failure.to_string(), found.oldest);
                let failing = Failing { since, tries, reason, next_try_at, oldest };
                if !self.wait(filter, failing, wait).await {
                    return Ok(false);
                }
            }
        }
        let delivered_events = found.events - put_aside_events;
        around.telemetry.count_delivered_events("delivered", delivered_events);
        around.telemetry.count_delivered_events("put_aside", put_aside_events);
        let delivered_at = (delivered_events > 0).then(|| (around.now)());
        self.context.board.change(&self.key, |status| {
            status.failing = None;
            status.put_aside_events += put_aside_events;
            status.delivered_events += delivered_events;
            status.last_delivered_at = delivered_at.or(status.last_delivered_at);
        });
        Ok(true)
    }

    /// Whether trying again would not help, or costs too much.
    fn gives_up(&self, failure: &Failure, since: Timestamp, cursor: Offset) -> bool {
        let around = &self.context.around;
        *failure == Failure::TooLarge
            || is_given_up(since, (around.now)(), self.context.retry_for)
            || waits_too_much(&(around.journal_size)(), around.journal_bytes_max, cursor)
    }

    /// Waits for the next try; `false` as soon as the filter has changed.
    async fn wait(&self, filter: &SubscriptionFilter, failing: Failing, wait: Duration) -> bool {
        if failing.tries == 1 {
            let (definition, reason) = (&filter.stored.definition, &*failing.reason);
            tracing::warn!(filter = %definition.name, destination = %definition.destination, reason, "log events do not arrive");
        }
        self.context.board.change(&self.key, |status| status.failing = Some(failing));
        let until = Instant::now() + StdDuration::from_micros(wait.0.unsigned_abs());
        while Instant::now() < until {
            sleep_until(until.min(Instant::now() + LOOK_EVERY)).await;
            if !self.is_current(filter) {
                return false;
            }
        }
        true
    }

    /// Keeps a delivery in a file; goes on trying where the disk does not take it.
    async fn put_aside(&self, delivery: &Delivery, failure: &Failure) -> Result<(), Ended> {
        let ((group, name, _), now) = (&self.key, (self.context.around.now)());
        let body = Arc::new(delivery.body(now));
        loop {
            let (letters, key, body) = (self.context.letters.clone(), self.key.clone(), body.clone());
            let request_id = delivery.request_id.clone();
            let put = move || letters.put((&key.0, &key.1), &request_id, now, &body);
            let reason = match tokio::task::spawn_blocking(put).await {
                Ok(Ok(())) => break,
                Ok(Err(error)) => error.to_string(),
                Err(_) => return Err(Ended),
            };
            tracing::error!(filter = %name, reason, "a dead letter could not be written; it is tried again");
            self.filter().ok_or(Ended)?;
            sleep(DELIVER_EVERY).await;
        }
        let request = &*delivery.request_id;
        tracing::error!(group = %group.name, filter = %name, request, %failure, "log events were put aside");
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
                Err(Refusal::Throttled) => sleep(LOOK_EVERY).await,
                Err(Refusal::TooLarge | Refusal::Poisoned) => return Err(Ended),
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
        let records: Vec<_> = (0..5).map(|number| Record { bytes: vec![number], events: 1 }).collect();
        let whole = Delivery { request_id: "id".into(), source_arn: String::new(), records };
        let [second, first] = halves(&whole);
        assert_eq!([first.records, second.records].concat(), whole.records);
        assert_eq!(whole.events(), 5);
        assert_eq!((&*first.request_id, &*second.request_id), ("ida", "idb"));
    }
}

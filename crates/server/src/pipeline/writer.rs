//! In which order and at which time did each call come, and is it durable?
//!
//! The writer owns the order of the journal. Append times never go back, whatever the machine's clock does; a jump
//! of over five minutes, asleep or not running, becomes a gap record before anything else.

use walletscope_journal::{Append, Invocation, Store, StoreError, encode};
use walletscope_model::{Batch, Body, Duration, Gap, Offset, Origin, Timestamp};

use super::dedup::{Dedup, call_key};
use super::{PipelineError, Refusal, Submission};

/// A longer silence of the clock is a gap.
pub const GAP_AFTER: Duration = Duration::from_seconds(5 * 60);

/// Owns the head of the journal.
pub struct Writer<S> {
    store: S,
    dedup: Dedup,
    newest: Timestamp,
    seen: Timestamp,
    written_bytes: u64,
}

/// What became of one submission of a group.
#[derive(Debug)]
pub enum Appended {
    /// It is durable at this offset; step it.
    Entry(Offset, Batch),
    /// It was stored before, and this was answered.
    Repeated(Vec<u8>),
    /// The command at this offset is the same call: its answer is the applier's.
    Recall(Offset),
    /// Nothing of it was stored.
    Refused(Refusal),
}

impl<S: Store> Writer<S> {
    /// Continues a journal whose newest entry was appended at `newest` (zero for an empty one).
    ///
    /// # Errors
    /// The store could not be read.
    pub fn open(store: S, newest: Timestamp) -> Result<Self, PipelineError> {
        let mut dedup = Dedup::default();
        for call in store.invocations(newest.plus(Duration(-walletscope_journal::store::INVOCATION_AGE.0)))? {
            dedup.remember(&call);
        }
        Ok(Self { store, dedup, newest, seen: newest, written_bytes: 0 })
    }

    /// Makes a group durable. The first answers are the gap or tick that time itself demands (`None`), then one per
    /// submission in order.
    ///
    /// # Errors
    /// The store failed and is poisoned; nothing of the group may be believed stored. A call that the format cannot
    /// hold is no such failure: it alone is refused.
    pub fn append(
        &mut self,
        now: Timestamp,
        group: Vec<Submission>,
        tick_is_due: bool,
    ) -> Result<Vec<(Option<usize>, Appended)>, PipelineError> {
        let at = now.max(self.newest);
        let mut plan = Plan { at, next: self.store.head().0 + 1, appends: Vec::new(), outcomes: Vec::new() };
        if let Some(gap) = self.gap(at) {
            plan.push(None, Origin::own(), "", Body::Gap(gap), None)?;
        } else if tick_is_due && group.is_empty() {
            plan.push(None, Origin::own(), "", Body::Tick, None)?;
        }
        self.dedup.forget(at);
        for (place, submission) in group.into_iter().enumerate() {
            self.plan(&mut plan, place, submission);
        }
        // A gap that a full journal refuses is told with the next entry that it takes.
        let seen = std::mem::replace(&mut self.seen, at);
        if plan.appends.is_empty() {
            return Ok(self.finish(plan));
        }
        let appends = std::mem::take(&mut plan.appends);
        let calls: Vec<Invocation> = appends.iter().filter_map(|append| append.invocation.clone()).collect();
        let bytes: usize = appends.iter().map(|append| append.bytes.len()).sum();
        match self.store.append(appends) {
            Ok(()) => {
                self.newest = at;
                self.written_bytes += bytes as u64;
                calls.iter().for_each(|call| self.dedup.remember(call));
                Ok(self.finish(plan))
            }
            Err(StoreError::Full { .. }) => {
                if at.since(seen) > GAP_AFTER {
                    self.seen = seen;
                }
                Ok(plan.refused(Refusal::Throttled))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The append time of the newest entry.
    pub fn newest(&self) -> Timestamp {
        self.newest
    }

    /// Bytes of entries that this writer has appended.
    pub fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    fn gap(&self, at: Timestamp) -> Option<Gap> {
        let is_first = self.seen == Timestamp::default();
        (!is_first && at.since(self.seen) > GAP_AFTER)
            .then_some(Gap { from: self.newest.max(self.seen), to: at })
    }

    fn plan(&self, plan: &mut Plan, place: usize, submission: Submission) {
        let key = call_key(&submission.origin.source, &submission.invocation_id);
        if let Some(key) = key {
            if let Some(answer) = self.dedup.answer(key) {
                plan.outcomes.push((Some(place), Outcome::Repeated(answer)));
                return;
            }
            if let Some(answer) = plan.answer_in_group(key) {
                plan.outcomes.push((Some(place), Outcome::Repeated(answer)));
                return;
            }
        }
        // A command's answer is not known yet; its mark holds the offset, by which the answer is found later. The
        // first byte of a mark tells the two apart.
        let is_command = matches!(submission.body, Body::Command(_));
        let mark: (u8, &[u8]) = if is_command {
            (MARK_COMMAND, &plan.next.to_be_bytes())
        } else {
            (MARK_ANSWER, &submission.answer)
        };
        let answer = [&[mark.0], mark.1].concat();
        let call = key.map(|key| Invocation { key, answer, at: plan.at });
        let Submission { origin, invocation_id, body, .. } = submission;
        if let Err(error) = plan.push(Some(place), origin, &invocation_id, body, call) {
            // What one caller sent must not stop the writer for all others. The door's own limits are narrower than
            // the format's, so this is a limit that is missing there.
            tracing::warn!(%error, "a call does not fit into a journal entry and is refused");
            plan.outcomes.push((Some(place), Outcome::Refused(Refusal::TooLarge)));
        }
    }

    fn finish(&self, plan: Plan) -> Vec<(Option<usize>, Appended)> {
        let entry = |outcome| match outcome {
            Outcome::Entry(offset, batch) => Appended::Entry(offset, *batch),
            Outcome::Repeated(mark) => repeated(mark),
            Outcome::Refused(refusal) => Appended::Refused(refusal),
        };
        plan.outcomes.into_iter().map(|(place, outcome)| (place, entry(outcome))).collect()
    }
}

const MARK_ANSWER: u8 = 0;
const MARK_COMMAND: u8 = 1;

/// What a call's mark says.
fn repeated(mut mark: Vec<u8>) -> Appended {
    match (mark.first(), mark.get(1..).and_then(|rest| <[u8; 8]>::try_from(rest).ok())) {
        (Some(&MARK_COMMAND), Some(offset)) => Appended::Recall(Offset(u64::from_be_bytes(offset))),
        _ => {
            mark.drain(..1.min(mark.len()));
            Appended::Repeated(mark)
        }
    }
}

/// A group on its way to the store.
struct Plan {
    at: Timestamp,
    next: u64,
    appends: Vec<Append>,
    outcomes: Vec<(Option<usize>, Outcome)>,
}

enum Outcome {
    Entry(Offset, Box<Batch>),
    Repeated(Vec<u8>),
    Refused(Refusal),
}

impl Plan {
    fn push(
        &mut self,
        place: Option<usize>,
        origin: Origin,
        invocation_id: &str,
        body: Body,
        invocation: Option<Invocation>,
    ) -> Result<(), PipelineError> {
        let offset = Offset(self.next);
        let batch = Batch { appended_at: self.at, origin, invocation_id: invocation_id.into(), body };
        let bytes =
            encode(&batch).map_err(|error| PipelineError::Entry { offset, reason: error.to_string() })?;
        self.appends.push(Append { offset, bytes, invocation });
        self.outcomes.push((place, Outcome::Entry(offset, Box::new(batch))));
        self.next += 1;
        Ok(())
    }

    /// The answer of an equal call that came in the same group.
    fn answer_in_group(&self, key: [u8; 16]) -> Option<Vec<u8>> {
        let calls = self.appends.iter().filter_map(|append| append.invocation.as_ref());
        calls.into_iter().find(|call| call.key == key).map(|call| call.answer.clone())
    }

    fn refused(self, refusal: Refusal) -> Vec<(Option<usize>, Appended)> {
        let calls = self.outcomes.into_iter().filter(|(place, _)| place.is_some());
        let why = |outcome| if let Outcome::Refused(own) = outcome { own } else { refusal };
        calls.map(|(place, outcome)| (place, Appended::Refused(why(outcome)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_journal::{EmbeddedStore, Options};
    use walletscope_model::{LogBatch, LogEvent};

    fn call(region: &str) -> Submission {
        let message = r#"{"event":"TOKEN_PROVISION_START","correlationId":"c1"}"#;
        let event = LogEvent { timestamp: Timestamp(1), message: message.into(), guarded: false };
        let body = Body::Logs(LogBatch { group: "/g".into(), stream: "s".into(), events: vec![event] });
        let origin = Origin { region: region.into(), ..Origin::own() };
        Submission { origin, invocation_id: "".into(), body, answer: Vec::new() }
    }

    #[test]
    fn a_call_that_fits_into_no_entry_is_refused_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = EmbeddedStore::open(folder.path(), Options::default()).unwrap();
        let mut writer = Writer::open(store, Timestamp::default()).unwrap();
        let endless = "r".repeat(70_000);
        for (first, group) in [(1, ["a", &endless, "b"]), (3, [&endless, &endless, "c"])] {
            let appended = writer.append(Timestamp(5), group.map(call).into(), false).unwrap();
            let mut next = first;
            for ((place, appended), region) in appended.into_iter().zip(group) {
                assert_eq!(place.map(|place| group[place]), Some(region));
                match appended {
                    Appended::Entry(offset, batch) => {
                        assert_eq!((offset, &*batch.origin.region), (Offset(next), region));
                        next += 1;
                    }
                    Appended::Refused(refusal) => {
                        assert_eq!((refusal, region), (Refusal::TooLarge, endless.as_str()));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        let alone = writer.append(Timestamp(6), vec![call(&endless)], false).unwrap();
        assert!(matches!(alone[..], [(Some(0), Appended::Refused(Refusal::TooLarge))]), "{alone:?}");
    }
}

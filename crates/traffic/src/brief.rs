//! What does plain load look like? START and SUCCESS of many attempts, as short as the simplest source writes them.
//!
//! For measuring how fast telemetry is taken in: no queue, no chance beyond a counter that is mixed, and buffers that
//! are used again. For anything that looks like people, take [`crate::Traffic`].

use crate::ids::{Ids, mix};
use crate::world::{ISSUERS, WALLETS};
use std::fmt::Write;
use walletscope_model::time::{Duration, Timestamp};

/// A generator of pairs of START and SUCCESS.
pub struct BriefLike {
    ids: Ids,
    pair_count: u64,
}

/// Service times go from 0.2 s to this, evenly.
const SERVICE_MILLIS_MAX: u64 = 2_800;
const SERVICE_MILLIS_MIN: u64 = 200;

impl BriefLike {
    /// Generators of different seeds never share an id; use one seed per client.
    pub fn new(seed: u64) -> Self {
        Self { ids: Ids::new(seed, Timestamp(0)), pair_count: 0 }
    }

    /// `n` log events in time order from `at` on, within three seconds: first the STARTs, then the SUCCESSes of the
    /// same attempts. Where `n` is odd one attempt more starts and never ends.
    pub fn batch(&mut self, n: usize, at: Timestamp) -> Vec<(Timestamp, String)> {
        let mut events = Vec::new();
        self.batch_into(&mut events, n, at);
        events
    }

    /// As [`Self::batch`], into `events`, whose strings are used again.
    pub fn batch_into(&mut self, events: &mut Vec<(Timestamp, String)>, n: usize, at: Timestamp) {
        const MESSAGE_BYTES: usize = 256;
        events.resize_with(n, || (at, String::with_capacity(MESSAGE_BYTES)));
        let (start_count, success_count) = (n - n / 2, n / 2);
        let first = self.pair_count;
        let span_millis = SERVICE_MILLIS_MAX - SERVICE_MILLIS_MIN;
        for (index, (event_at, text)) in events.iter_mut().enumerate() {
            text.clear();
            let is_start = index < start_count;
            let pair = if is_start { index } else { index - start_count } as u64;
            if is_start {
                *event_at = at;
                self.start(text, first + pair);
            } else {
                let millis = SERVICE_MILLIS_MIN + span_millis * pair / success_count as u64;
                *event_at = at.plus(Duration(millis as i64 * 1_000));
                self.success(text, first + pair, millis);
            }
        }
        self.pair_count += start_count as u64;
    }

    fn start(&self, text: &mut String, pair: u64) {
        let word = mix(pair);
        self.begin(text, pair, "TOKEN_PROVISION_START");
        text.push_str(r#"","walletProvider":""#);
        text.push_str(WALLETS[word as usize % WALLETS.len()].name);
        text.push_str(r#"","issuer":""#);
        text.push_str(ISSUERS[(word >> 32) as usize % ISSUERS.len()].name);
        text.push('"');
        self.end(text, pair);
    }

    fn success(&self, text: &mut String, pair: u64, millis: u64) {
        self.begin(text, pair, "TOKEN_PROVISION_SUCCESS");
        text.push_str(r#"","tokenReferenceId":""#);
        self.ids.push_token_reference(text, pair);
        // Writing into a String cannot fail.
        let _ = write!(text, r#"","processingTime":{}.{:03}"#, millis / 1_000, millis % 1_000);
        self.end(text, pair);
    }

    fn begin(&self, text: &mut String, pair: u64, event: &str) {
        text.push_str(r#"{"level":"INFO","requestId":""#);
        self.ids.push_request(text, pair);
        text.push_str(r#"","event":""#);
        text.push_str(event);
    }

    fn end(&self, text: &mut String, pair: u64) {
        text.push_str(r#","correlationId":""#);
        self.ids.push_correlation(text, pair);
        text.push_str(r#""}"#);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    const AT: Timestamp = Timestamp::from_seconds(1_795_348_800);

    #[test]
    fn a_batch_is_pairs_in_time_order() {
        let mut generator = BriefLike::new(1);
        let mut correlations = BTreeSet::new();
        for n in [10, 1_000, 1, 0] {
            let events = generator.batch(n, AT);
            assert_eq!(events.len(), n);
            assert!(events.is_sorted_by_key(|event| event.0) && events.iter().all(|event| event.0 >= AT));
            let values: Vec<Value> =
                events.iter().map(|event| serde_json::from_str(&event.1).unwrap()).collect();
            let (starts, successes) = values.split_at(n - n / 2);
            for (start, success) in starts.iter().zip(successes) {
                assert_eq!(
                    (&start["event"], &success["event"]),
                    (&"TOKEN_PROVISION_START".into(), &"TOKEN_PROVISION_SUCCESS".into())
                );
                assert_eq!(
                    (&start["correlationId"], &start["requestId"]),
                    (&success["correlationId"], &success["requestId"])
                );
            }
            for start in starts {
                assert!(correlations.insert(start["correlationId"].to_string()));
            }
        }
    }

    #[test]
    fn reused_buffers_hold_the_same_bytes() {
        let (mut fresh, mut reused) = (BriefLike::new(2), BriefLike::new(2));
        let mut buffer = Vec::new();
        for n in [100, 40, 71] {
            reused.batch_into(&mut buffer, n, AT);
            assert_eq!(fresh.batch(n, AT), buffer);
        }
        assert_ne!(BriefLike::new(3).batch(2, AT), BriefLike::new(4).batch(2, AT));
    }
}

//! Was this call stored already?
//!
//! Stock SDKs send one `amz-sdk-invocation-id` over all retries of a call. A repeat of (access key, invocation id)
//! within fifteen minutes gets the first answer and stores nothing. The marks are durable with their entries, so a
//! retry after a crash is recognised too.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use walletscope_journal::{Invocation, store::INVOCATION_AGE};
use walletscope_model::{Duration, Timestamp};
use walletscope_stream::NodeKey;
use walletscope_stream::state::KeyHasher;

/// Calls remembered at most; beyond, the oldest are forgotten early.
pub const CALLS_MAX: usize = 2_000_000;

/// The hash that names a call: sixteen bytes of BLAKE3 over access key and invocation id; `None` without an id.
pub fn call_key(source: &str, invocation_id: &str) -> Option<[u8; 16]> {
    if invocation_id.is_empty() {
        return None;
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(source.as_bytes()).update(&[0]).update(invocation_id.as_bytes());
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Some(key)
}

/// The calls of the last fifteen minutes.
#[derive(Default)]
pub struct Dedup {
    answers: HashMap<NodeKey, Arc<[u8]>, BuildHasherDefault<KeyHasher>>,
    oldest: VecDeque<(Timestamp, NodeKey)>,
    /// Most answers are alike: each is kept once.
    distinct: HashSet<Arc<[u8]>>,
}

impl Dedup {
    /// The answer that this call got.
    pub fn answer(&self, key: [u8; 16]) -> Option<Vec<u8>> {
        self.answers.get(&NodeKey(key)).map(|answer| answer.to_vec())
    }

    /// Remembers a call; calls come in order of time.
    pub fn remember(&mut self, call: &Invocation) {
        let answer = match self.distinct.get(call.answer.as_slice()) {
            Some(answer) => answer.clone(),
            None => {
                const DISTINCT_MAX: usize = 4_096;
                let answer: Arc<[u8]> = call.answer.as_slice().into();
                if self.distinct.len() < DISTINCT_MAX {
                    self.distinct.insert(answer.clone());
                }
                answer
            }
        };
        self.answers.insert(NodeKey(call.key), answer);
        self.oldest.push_back((call.at, NodeKey(call.key)));
    }

    /// Forgets calls that are older than fifteen minutes, or too many.
    pub fn forget(&mut self, now: Timestamp) {
        let before = now.plus(Duration(-INVOCATION_AGE.0));
        while let Some((at, key)) = self.oldest.front().copied() {
            if at >= before && self.oldest.len() <= CALLS_MAX {
                break;
            }
            self.oldest.pop_front();
            self.answers.remove(&key);
        }
    }
}

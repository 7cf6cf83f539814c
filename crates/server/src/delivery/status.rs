//! How do deliveries go? What operators are shown of each filter.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use walletscope_model::{Offset, Timestamp};

use super::FilterKey;

/// How the deliveries of a filter go, since this start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Every entry up to this one is done.
    pub delivered: Offset,
    /// Log events that arrived.
    pub delivered_events: u64,
    /// Log events in files, because they never arrived.
    pub put_aside_events: u64,
    /// When something arrived last.
    pub last_delivered_at: Option<Timestamp>,
    /// What is being tried again.
    pub failing: Option<Failing>,
}

/// A delivery that does not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Of the first try.
    pub since: Timestamp,
    /// So far.
    pub tries: u32,
    /// Of the last one.
    pub reason: String,
    /// When it is tried again.
    pub next_try_at: Timestamp,
    /// When the oldest event of it was received.
    pub oldest: Option<Timestamp>,
}

/// Every filter's status.
#[derive(Debug, Default)]
pub struct Board(Mutex<BTreeMap<FilterKey, Status>>);

impl Board {
    /// A filter's status.
    pub fn get(&self, key: &FilterKey) -> Option<Status> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Changes a filter's status.
    pub fn change(&self, key: &FilterKey, change: impl FnOnce(&mut Status)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(all.entry(key.clone()).or_default());
    }

    /// Forgets filters that are gone.
    pub fn keep(&self, is_there: impl Fn(&FilterKey) -> bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|key, _| is_there(key));
    }
}

//! How long does the join wait before it abandons, settles or forgets, and how are patterns read?
//!
//! A definition: the stream reads it, so a change of it is a journal entry like any other.

use crate::time::Duration;

/// How long things wait, what is no id, and who wants patterns read to the letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A pending attempt without step-up is abandoned.
    pub abandon_after: Duration,
    /// A pending step-up is marked overdue.
    pub step_up_mark_after: Duration,
    /// A pending step-up is abandoned.
    pub step_up_abandon_after: Duration,
    /// An ended attempt is settled.
    pub settle_after: Duration,
    /// A settled attempt leaves the state, counted from its start.
    pub evict_after: Duration,
    /// Words that sources write where an id is missing, beside the usual ones; compared without case.
    pub placeholders: Vec<Box<str>>,
    /// Accounts whose filter patterns mean only what they mean at AWS; `*` is every account.
    pub strict_accounts: Vec<Box<str>>,
}

impl Rules {
    /// Whether the account wants AWS to the letter.
    pub fn is_strict(&self, account: &str) -> bool {
        self.strict_accounts.iter().any(|strict| **strict == *account || &**strict == "*")
    }
}

impl Default for Rules {
    fn default() -> Self {
        const DAY: i64 = 86_400;
        Self {
            abandon_after: Duration::from_seconds(15 * 60),
            step_up_mark_after: Duration::from_seconds(DAY),
            step_up_abandon_after: Duration::from_seconds(30 * DAY),
            settle_after: Duration::from_seconds(15 * 60),
            evict_after: Duration::from_seconds(31 * DAY),
            placeholders: Vec::new(),
            strict_accounts: Vec::new(),
        }
    }
}

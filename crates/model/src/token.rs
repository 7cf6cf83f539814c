//! What state is a token in, and since when?
//!
//! The states are EMVCo-like and shared by all dialects; a token's history is the list of its observations by event
//! time, whatever the order in which they arrived.

use crate::time::Timestamp;

/// The normalised state of one payment token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum TokenState {
    Requested,
    Declined,
    Deploying,
    Inactive,
    Active,
    Suspended,
    Deleted,
    Expired,
    Failed,
}

/// One stretch of a token's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSpan {
    /// When the state began, in event time.
    pub valid_from: Timestamp,
    /// When the next state began; `None` for the newest.
    pub valid_to: Option<Timestamp>,
    /// The state.
    pub state: TokenState,
    /// The contract's event name, or another source's word, that said so.
    pub event: Box<str>,
    /// The reason code that came with it.
    pub reason: Option<Box<str>>,
    /// Other states that were asserted for the same instant: kept and shown, never used.
    pub disputed_by: Vec<TokenState>,
}

/// A token: its reference and its life, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenTimeline {
    /// The token reference id; never the token itself.
    pub reference: Box<str>,
    /// The stretches, oldest first, without holes.
    pub spans: Vec<TokenSpan>,
}

impl TokenState {
    /// Every state, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Requested,
        Self::Declined,
        Self::Deploying,
        Self::Inactive,
        Self::Active,
        Self::Suspended,
        Self::Deleted,
        Self::Expired,
        Self::Failed,
    ];

    /// The stable upper-case name.
    pub fn name(self) -> &'static str {
        [
            "REQUESTED",
            "DECLINED",
            "DEPLOYING",
            "INACTIVE",
            "ACTIVE",
            "SUSPENDED",
            "DELETED",
            "EXPIRED",
            "FAILED",
        ][self as usize]
    }
}

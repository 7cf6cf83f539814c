//! How often may an address guess? [`FAILURES_MAX`] times a window; then it waits for the next one, whatever it shows.
//!
//! An address may be shared: all of this machine's programs have one. So a credential that was good from an address
//! before stays good from there, and a program with a wrong token cannot lock its neighbours out.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use walletscope_model::{Duration, Timestamp};

use super::secret::TokenHash;

/// Wrong credentials of one address in one window.
pub const FAILURES_MAX: u32 = 30;
/// The window.
pub const WINDOW: Duration = Duration::from_seconds(60);
/// Addresses that are watched; when there are more, addresses of past windows are forgotten, then all.
pub const ADDRESSES_MAX: usize = 10_000;
/// Credentials remembered as good; when there are more, all are forgotten and shown again.
pub const PROVEN_MAX: usize = 10_000;

/// Counts failures by address.
#[derive(Default)]
pub struct FailureLimit(Mutex<Counts>);

/// The address has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyFailures {
    /// Until the window ends, at least one.
    pub retry_after_seconds: i64,
}

#[derive(Default)]
struct Counts {
    failures: HashMap<IpAddr, (Timestamp, u32)>,
    proven: HashSet<(IpAddr, TokenHash)>,
}

impl FailureLimit {
    /// May this address show this credential now? Ask before checking it.
    ///
    /// # Errors
    /// [`TooManyFailures`].
    pub fn admit(
        &self,
        address: IpAddr,
        credential: &TokenHash,
        now: Timestamp,
    ) -> Result<(), TooManyFailures> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.failures.get(&address) {
            Some((since, count)) if *count >= FAILURES_MAX && is_within(*since, now) => {
                if counts.proven.contains(&(address, *credential)) {
                    return Ok(());
                }
                let remaining_seconds = since.plus(WINDOW).since(now).as_seconds().ceil() as i64;
                Err(TooManyFailures { retry_after_seconds: remaining_seconds.max(1) })
            }
            _ => Ok(()),
        }
    }

    /// The credential was wrong.
    pub fn note_failure(&self, address: IpAddr, now: Timestamp) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.failures.len() >= ADDRESSES_MAX && !counts.failures.contains_key(&address) {
            counts.failures.retain(|_, (since, _)| is_within(*since, now));
            if counts.failures.len() >= ADDRESSES_MAX {
                counts.failures.clear();
            }
        }
        let (since, count) = counts.failures.entry(address).or_insert((now, 0));
        if !is_within(*since, now) {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
    }

    /// The credential was good.
    pub fn note_success(&self, address: IpAddr, credential: TokenHash) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.proven.len() >= PROVEN_MAX {
            counts.proven.clear();
        }
        counts.proven.insert((address, credential));
    }
}

/// A clock that was set back starts a new window.
fn is_within(since: Timestamp, now: Timestamp) -> bool {
    (0..WINDOW.0).contains(&now.since(since).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000_000_000);

    fn address(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    fn exhausted() -> FailureLimit {
        let limit = FailureLimit::default();
        for _ in 0..FAILURES_MAX {
            assert_eq!(limit.admit(address(1), &TokenHash::of("guess"), START), Ok(()));
            limit.note_failure(address(1), START);
        }
        limit
    }

    #[test]
    fn an_address_waits_for_the_next_window_and_others_do_not() {
        let limit = exhausted();
        let guess = TokenHash::of("guess");
        let waits = |seconds| Err(TooManyFailures { retry_after_seconds: seconds });
        let after = |micros: i64| START.plus(Duration(micros));
        assert_eq!(limit.admit(address(1), &guess, START), waits(60));
        assert_eq!(limit.admit(address(1), &guess, after(WINDOW.0 - 1)), waits(1));
        assert_eq!(limit.admit(address(1), &guess, after(WINDOW.0)), Ok(()));
        assert_eq!(limit.admit(address(2), &guess, START), Ok(()));
        assert_eq!(limit.admit(address(1), &guess, after(-1)), Ok(()), "a clock set back locks nobody out");
    }

    #[test]
    fn what_was_good_from_there_stays_good() {
        let limit = exhausted();
        limit.note_success(address(1), TokenHash::of("good"));
        assert_eq!(limit.admit(address(1), &TokenHash::of("good"), START), Ok(()));
        assert!(limit.admit(address(1), &TokenHash::of("other"), START).is_err());
        limit.note_success(address(2), TokenHash::of("elsewhere"));
        assert!(limit.admit(address(1), &TokenHash::of("elsewhere"), START).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let limit = FailureLimit::default();
        for number in 0..(ADDRESSES_MAX as u32 + 10) {
            limit.note_failure(IpAddr::from(number.to_be_bytes()), START);
            limit.note_success(address(1), TokenHash::of(&number.to_string()));
        }
        let counts = limit.0.lock().unwrap();
        assert!(counts.failures.len() <= ADDRESSES_MAX && counts.proven.len() <= PROVEN_MAX);
    }
}

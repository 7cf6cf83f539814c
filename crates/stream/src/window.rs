//! Which windows does a change of an attempt touch, and by how much?
//!
//! Windows are sums over attempts, so a change takes the old row's contribution back and adds the new one's, each in
//! its own minute, however late. Second windows are kept for a quarter of an hour and hold what started or ended in
//! that time only.

use walletscope_model::Timestamp;
use walletscope_series::{Contribution, Count, Increment, Resolution};

use crate::row::Row;
use crate::state::{Backing, BackingError, State};

/// Which bucket of which wallet and issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowKey {
    /// The bucket's length.
    pub resolution: Resolution,
    /// The bucket's start.
    pub start: Timestamp,
    /// Dictionary code of the wallet.
    pub wallet: u16,
    /// Dictionary code of the issuer.
    pub issuer: u16,
}

/// Rows and windows removed per step at most, so that a step stays short.
pub const EVICTED_PER_STEP_MAX: usize = 1_000;

impl<B: Backing> State<B> {
    /// Moves the windows from the old row of an attempt to its new one.
    pub(crate) fn count_row(&mut self, old: Option<&Row>, new: Option<&Row>) -> Result<(), BackingError> {
        let place = |row: &Row| (row.wallet, row.issuer, row.measured().contribution());
        let (old, new) = (old.map(place), new.map(place));
        if old == new {
            return Ok(());
        }
        for (counted, factor) in [(old, -1), (new, 1)] {
            let Some((wallet, issuer, contribution)) = counted else { continue };
            let Contribution { cohort_at, cohort, event } = contribution;
            self.add(wallet, issuer, cohort_at, &cohort, factor)?;
            if let Some((event_at, increment)) = event {
                self.add(wallet, issuer, event_at, &increment, factor)?;
            }
        }
        Ok(())
    }

    /// Counts tokens that became or ceased to be ACTIVE.
    pub(crate) fn count_token(
        &mut self,
        (wallet, issuer): (u16, u16),
        changes: &[(Timestamp, i8)],
        factor: i64,
    ) -> Result<(), BackingError> {
        for (at, change) in changes {
            let change = i64::from(*change) * factor;
            for key in self.keys(wallet, issuer, *at) {
                let slot = self.window_mut(key)?;
                let window = slot.get_or_insert_default();
                window.add_count(Count::ActiveTokens, change);
                if window.is_zero() {
                    *slot = None;
                }
            }
            *self.active_tokens.entry((wallet, issuer)).or_default() += change;
            self.active_changed = true;
        }
        Ok(())
    }

    /// Removes windows beyond their retention, a bounded number per call.
    pub(crate) fn evict_windows(&mut self) -> Result<(), BackingError> {
        for resolution in Resolution::ALL {
            let before = self.clock.now.plus(walletscope_model::Duration(-resolution.retention().0));
            for key in self.backing.oldest_windows(resolution, before, EVICTED_PER_STEP_MAX)? {
                *self.window_mut(key)? = None;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        wallet: u16,
        issuer: u16,
        at: Timestamp,
        increment: &Increment,
        factor: i64,
    ) -> Result<(), BackingError> {
        for key in self.keys(wallet, issuer, at) {
            let slot = self.window_mut(key)?;
            let window = slot.get_or_insert_default();
            window.add_scaled(increment, factor);
            if window.is_zero() {
                *slot = None;
            }
        }
        Ok(())
    }

    fn keys(&self, wallet: u16, issuer: u16, at: Timestamp) -> impl Iterator<Item = WindowKey> + use<B> {
        let now = self.clock.now;
        Resolution::ALL
            .into_iter()
            .map(move |resolution| WindowKey {
                resolution,
                start: at.floor_seconds(resolution.seconds()),
                wallet,
                issuer,
            })
            .filter(move |key| is_kept(key.resolution, key.start, now))
    }
}

/// Whether a bucket is inside its resolution's retention.
pub fn is_kept(resolution: Resolution, start: Timestamp, now: Timestamp) -> bool {
    now.since(start).0 <= resolution.retention().0
}

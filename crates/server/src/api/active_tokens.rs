//! How many tokens are in ACTIVE, at one time or at the end of each bucket?
//!
//! Those of now, less what changed since. Changes are known by the minute in the hour of the time asked for and by the
//! hour after it, so a time inside a minute is read at the minute's end. Tokens are counted by wallet and issuer alone.

use std::ops::{Bound, ControlFlow};

use serde::Serialize;
use utoipa::ToSchema;
use walletscope_journal::{Direction, Read, Table};
use walletscope_model::Timestamp;
use walletscope_series::{Count, Range, Resolution};

use super::coverage::{Question, ceil};
use super::error::ApiError;
use super::numbers::whole;
use crate::state::{each_window_count, layout};
use crate::view::View;

/// How many tokens are in ACTIVE at the range's end.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct ActiveTokens {
    /// Null where the filters ask for what is not kept of tokens.
    pub value: Option<u64>,
    /// The hour from which on token events are known, RFC 3339; null before the first.
    pub since: Option<String>,
    /// Whether the number holds tokens made before `since`: not until an inventory was loaded.
    pub complete: bool,
    /// Why there is no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl ActiveTokens {
    /// Those at `at`.
    ///
    /// # Errors
    /// The state could not be read.
    pub fn at(question: &Question<'_>, at: Timestamp) -> Result<Self, ApiError> {
        let since = oldest_hour(question.view)?.map(Timestamp::rfc3339);
        let note = why_not_counted(question);
        let value = match note {
            Some(_) => None,
            None => counted(question, &[at])?.pop(),
        };
        Ok(Self { value, since, complete: false, note })
    }
}

/// Those at each of these times, in order and one pass; `None` where the filters ask for what is not kept of tokens,
/// and at times before the first hour in which anything is known.
///
/// # Errors
/// The state could not be read.
pub fn at_each(question: &Question<'_>, times: &[Timestamp]) -> Result<Vec<Option<u64>>, ApiError> {
    let since = oldest_hour(question.view)?.filter(|_| why_not_counted(question).is_none());
    let Some(since) = since else { return Ok(vec![None; times.len()]) };
    let unknown = times.partition_point(|at| *at < since);
    let known = counted(question, &times[unknown..])?;
    Ok(std::iter::repeat_n(None, unknown).chain(known.into_iter().map(Some)).collect())
}

fn why_not_counted(question: &Question<'_>) -> Option<String> {
    let beyond = question.filters.beyond_wallet_and_issuer();
    if !beyond.is_empty() {
        Some(format!("tokens are counted by wallet and issuer, not by {}", beyond.join(", ")))
    } else if !question.has_windows_alone() {
        Some("tokens are not counted by tenant".to_owned())
    } else {
        None
    }
}

fn counted(question: &Question<'_>, times: &[Timestamp]) -> Result<Vec<u64>, ApiError> {
    let view = question.view;
    let filter = question.filter(Range { from: view.clock.now, to: view.clock.now });
    let admits =
        |(wallet, issuer): (u16, u16)| filter.wallet.admits(&wallet) && filter.issuer.admits(&issuer);
    let gauge = view.active_tokens.iter().filter(|(pair, _)| admits(**pair));
    let now: i64 = gauge.map(|(_, count)| count).sum();
    let past = &times[..times.partition_point(|at| *at < view.clock.now)];
    let changes = Changes::after(view, past, admits)?;
    let value = |at: &Timestamp| now - if *at < view.clock.now { changes.since(*at) } else { 0 };
    Ok(times.iter().map(|at| whole(value(at))).collect())
}

/// What changed since the first of some times.
#[derive(Default)]
struct Changes {
    /// The changes of a minute, oldest first, in the hours that one of the times cuts.
    minutes: Vec<(Timestamp, i64)>,
    /// The changes from the start of an hour on, oldest first.
    from_hours: Vec<(Timestamp, i64)>,
}

impl Changes {
    fn after(
        view: &View,
        times: &[Timestamp],
        admits: impl Fn((u16, u16)) -> bool,
    ) -> Result<Self, ApiError> {
        let mut changes = Self::default();
        let Some(first) = times.first() else { return Ok(changes) };
        let read = |resolution, bounds, found: &mut Vec<(Timestamp, i64)>| {
            each_window_count(&*view.disk.0, resolution, bounds, Count::ActiveTokens, |key, change| {
                if change != 0 && admits((key.wallet, key.issuer)) {
                    found.push((key.start, change));
                }
            })
        };
        let hours = (ceil(*first, Resolution::Hour), Timestamp(i64::MAX));
        read(Resolution::Hour, hours, &mut changes.from_hours)?;
        let mut later = 0;
        for (_, change) in changes.from_hours.iter_mut().rev() {
            later += *change;
            *change = later;
        }
        // The first time in an hour needs every minute that the others in it do.
        for hour in
            times.chunk_by(|left, right| ceil(*left, Resolution::Hour) == ceil(*right, Resolution::Hour))
        {
            let (from, to) = (ceil(hour[0], Resolution::Minute), ceil(hour[0], Resolution::Hour));
            if from < to {
                read(Resolution::Minute, (from, to), &mut changes.minutes)?;
            }
        }
        Ok(changes)
    }

    fn since(&self, at: Timestamp) -> i64 {
        let (minute, hour) = (ceil(at, Resolution::Minute), ceil(at, Resolution::Hour));
        let from = |changes: &[(Timestamp, i64)], from: Timestamp| {
            changes.partition_point(|(start, _)| *start < from)
        };
        let in_hour = &self.minutes[from(&self.minutes, minute)..from(&self.minutes, hour)];
        let later = self.from_hours.get(from(&self.from_hours, hour)).map_or(0, |(_, change)| *change);
        in_hour.iter().map(|(_, change)| change).sum::<i64>() + later
    }
}

/// The start of the oldest hour in which anything is counted.
fn oldest_hour(view: &View) -> Result<Option<Timestamp>, ApiError> {
    let from = layout::window_bound(Resolution::Hour, Timestamp(i64::MIN));
    let mut oldest = None;
    let bounds = (Bound::Included(from.as_slice()), Bound::Unbounded);
    let scanned = view.disk.scan(Table::Windows, bounds, Direction::Forward, &mut |key, _| {
        oldest = layout::parse_window_key(key).ok();
        ControlFlow::Break(())
    });
    scanned.map_err(|error| ApiError::Failed { reason: error.to_string() })?;
    Ok(oldest.filter(|key| key.resolution == Resolution::Hour).map(|key| key.start))
}

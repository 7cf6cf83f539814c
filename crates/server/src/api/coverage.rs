//! From what is a question about a range answered: rows, or stored hour windows?
//!
//! Rows answer every filter exactly, but the state keeps them for a month. What lies before is answered from hour
//! windows, and from those of days where the range holds whole ones; they know wallet and issuer only. A range that reaches beyond the rows is therefore rounded outwards to
//! whole hours where it is answered from windows, and refused where a filter needs more than windows know. An answer
//! is never silently partial.

use walletscope_model::{Duration, Timestamp};
use walletscope_series::{Buckets, Count, Range, Resolution, Window};
use walletscope_stream::{Dimension, WindowKey};

use super::error::ApiError;
use super::filters::Filters;
use crate::state::{each_window, first_hour_with};
use crate::view::filter::Filter;
use crate::view::{View, measures};

const HOUR_SECONDS: i64 = Resolution::Hour.seconds();

/// A question about a range: whose attempts, which of them.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// What is known.
    pub view: &'a View,
    /// Whose data it is.
    pub tenant: &'a str,
    /// Which attempts.
    pub filters: &'a Filters,
}

/// How a range is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The range that is answered: the one asked for, rounded outwards to hours where windows answer it.
    pub range: Range,
    /// The part that windows answer; empty where rows answer all of it.
    hours: Range,
    /// The rest.
    filter: Filter,
}

impl Question<'_> {
    /// How `range` is answered.
    ///
    /// # Errors
    /// It reaches back too far for the filters, or for anything.
    pub fn cover(&self, range: Range) -> Result<Coverage, ApiError> {
        let clock = &self.view.clock;
        let rows_from = clock.now.plus(Duration(-clock.rules.evict_after.0));
        if range.from >= rows_from {
            let hours = Range { from: range.from, to: range.from };
            return Ok(Coverage { range, hours, filter: self.filter(range) });
        }
        self.check_windows(range, rows_from)?;
        let boundary = ceil(rows_from, Resolution::Hour);
        let from = range.from.floor_seconds(HOUR_SECONDS);
        let to = if range.to < boundary { ceil(range.to, Resolution::Hour) } else { range.to };
        let hours = Range { from, to: to.min(boundary) };
        let rows = Range { from: hours.to, to };
        Ok(Coverage { range: Range { from, to }, hours, filter: self.filter(rows) })
    }

    /// As [`Self::cover`] for questions that only single attempts answer.
    ///
    /// # Errors
    /// It reaches back beyond what is kept of single attempts.
    pub fn cover_rows(&self, range: Range) -> Result<Coverage, ApiError> {
        let kept_from = self.view.clock.now.plus(Duration(-self.view.clock.rules.evict_after.0));
        if range.from < kept_from {
            let reason = format!("single attempts from before {kept_from} are not kept");
            return Err(ApiError::NotKept { reason });
        }
        self.cover(range)
    }

    /// The filter over a range, whatever answers it.
    pub fn filter(&self, range: Range) -> Filter {
        self.filters.compile(self.tenant, range, &self.view.dictionary)
    }

    /// Whether the stored windows, which know no tenants, hold this tenant's data alone.
    pub fn has_windows_alone(&self) -> bool {
        self.view.dictionary.values(Dimension::Tenant).iter().all(|tenant| **tenant == *self.tenant)
    }

    /// When the first attempt of the tenant that is known started, whatever the filters: exactly while it is kept, by
    /// its hour afterwards.
    ///
    /// # Errors
    /// The state could not be read.
    pub fn first_attempt(&self) -> Result<Option<Timestamp>, ApiError> {
        let tenant = self.view.dictionary.find(Dimension::Tenant, self.tenant);
        let row = tenant.and_then(|tenant| self.view.rows.first_start(tenant));
        if !self.has_windows_alone() {
            return Ok(row);
        }
        let hour = first_hour_with(&*self.view.disk.0, Count::Requests)?;
        Ok(match (row, hour) {
            (Some(row), Some(hour)) if hour < row.floor_seconds(HOUR_SECONDS) => Some(hour),
            (row, hour) => row.or(hour),
        })
    }

    fn check_windows(&self, range: Range, rows_from: Timestamp) -> Result<(), ApiError> {
        let kept_from = self.view.clock.now.plus(Duration(-Resolution::Hour.retention().0));
        let beyond = self.filters.beyond_wallet_and_issuer();
        let reason = if !beyond.is_empty() {
            format!(
                "the filters {} need attempts younger than {rows_from}; only wallet and issuer can be asked for before",
                beyond.join(", ")
            )
        } else if range.from < kept_from {
            format!("nothing is kept from before {kept_from}")
        } else if !self.has_windows_alone() {
            format!("hours before {rows_from} are not kept by tenant")
        } else {
            return Ok(());
        };
        Err(ApiError::NotKept { reason })
    }

    /// The sum over the range.
    ///
    /// # Errors
    /// The state could not be read.
    pub fn total(&self, coverage: &Coverage) -> Result<Window, ApiError> {
        let mut total = measures::total(&self.view.rows, &coverage.filter);
        self.each_window(coverage, Resolution::Day, |_, window| total.merge(&window))?;
        Ok(total)
    }

    /// The sums per bucket; attempts outside the range do not count.
    ///
    /// # Errors
    /// The state could not be read.
    pub fn series(&self, coverage: &Coverage, buckets: Buckets) -> Result<Vec<Window>, ApiError> {
        debug_assert!(!coverage.has_hours() || buckets.length_seconds % HOUR_SECONDS == 0);
        let mut windows = measures::series(&self.view.rows, &coverage.filter, buckets);
        self.each_window(coverage, buckets.resolution(), |key, window| {
            if let Some(bucket) = buckets.index_of(key.start).and_then(|index| windows.get_mut(index)) {
                bucket.merge(&window);
            }
        })?;
        Ok(windows)
    }

    /// The windows of the range that the filters ask for: of days where `longest` allows them and the range holds whole
    /// ones, of hours elsewhere.
    ///
    /// # Errors
    /// The state could not be read.
    pub fn each_window(
        &self,
        coverage: &Coverage,
        longest: Resolution,
        mut visit: impl FnMut(WindowKey, Window),
    ) -> Result<(), ApiError> {
        let filter = &coverage.filter;
        let admits = |key: &WindowKey| filter.wallet.admits(&key.wallet) && filter.issuer.admits(&key.issuer);
        for (resolution, part) in coverage.parts(longest) {
            each_window(&*self.view.disk.0, resolution, (part.from, part.to), admits, &mut visit)?;
        }
        Ok(())
    }
}

impl Coverage {
    /// Whether windows answer a part of it.
    pub fn has_hours(&self) -> bool {
        self.hours.from < self.hours.to
    }

    /// The part that windows answer, cut at the first and the last midnight in it where days may answer what lies
    /// between.
    fn parts(&self, longest: Resolution) -> impl Iterator<Item = (Resolution, Range)> + use<> {
        let Range { from, to } = self.hours;
        let whole = Range { from: ceil(from, Resolution::Day), to: Resolution::Day.start_of(to) };
        let has_days = longest == Resolution::Day && whole.from < whole.to;
        let days = if has_days { whole } else { Range { from: to, to } };
        let parts = [
            (Resolution::Hour, Range { from, to: days.from }),
            (Resolution::Day, days),
            (Resolution::Hour, Range { from: days.to, to }),
        ];
        parts.into_iter().filter(|(_, part)| part.from < part.to)
    }

    /// The filter over the part that rows answer.
    pub fn rows(&self) -> &Filter {
        &self.filter
    }

    /// The buckets of a chart of at most `max_data_points` points.
    pub fn buckets(&self, max_data_points: usize) -> Buckets {
        // Rows hold exact times, so any length will do for them: `now` at the range's start rules none out. Hours
        // cannot be divided: `now` far enough behind leaves whole hours.
        let now = if self.has_hours() {
            self.range.from.plus(Duration(Resolution::Minute.retention().0 + 1))
        } else {
            self.range.from
        };
        Buckets::choose(self.range, max_data_points, now)
    }
}

/// The start of the first window of the resolution that does not begin before `at`.
pub(super) fn ceil(at: Timestamp, resolution: Resolution) -> Timestamp {
    let floor = resolution.start_of(at);
    if floor == at { at } else { floor.plus(Duration::from_seconds(resolution.seconds())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    fn parts(from_hour: i64, to_hour: i64, longest: Resolution) -> Vec<(Resolution, i64, i64)> {
        let at = |hour| Timestamp::from_seconds(hour * HOUR);
        let hours = Range { from: at(from_hour), to: at(to_hour) };
        let coverage = Coverage { range: hours, hours, filter: Filter::all(1, hours) };
        let hour_of = |at: Timestamp| at.seconds() / HOUR;
        let parts = coverage.parts(longest);
        parts.map(|(resolution, part)| (resolution, hour_of(part.from), hour_of(part.to))).collect()
    }

    #[test]
    fn whole_days_are_answered_by_days_and_their_ends_by_hours() {
        use Resolution::{Day, Hour};
        for (from, to, expected) in [
            (0, 24, vec![(Day, 0, 24)]),
            (1, 24, vec![(Hour, 1, 24)]),
            (23, 49, vec![(Hour, 23, 24), (Day, 24, 48), (Hour, 48, 49)]),
            (24, 73, vec![(Day, 24, 72), (Hour, 72, 73)]),
            (20, 48, vec![(Hour, 20, 24), (Day, 24, 48)]),
            (20, 28, vec![(Hour, 20, 28)]),
            (-30, -20, vec![(Hour, -30, -20)]),
            (-50, -20, vec![(Hour, -50, -48), (Day, -48, -24), (Hour, -24, -20)]),
            (5, 5, vec![]),
        ] {
            assert_eq!(parts(from, to, Day), expected, "{from} to {to}");
        }
        assert_eq!(parts(0, 48, Hour), [(Hour, 0, 48)]);
    }
}

//! GET /api/v1/trends: how did the numbers move?
//!
//! At most `maxDataPoints` buckets, aligned from the epoch, over exactly the range that was asked for: the sum of the
//! buckets is the card's number, and the first and last bucket say whether they are cut. The previous period is the
//! same buckets one chart's length earlier, at their own times. Columns, not rows: a chart reads them as they are.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use walletscope_model::{Duration, Timestamp};
use walletscope_series::{Buckets, Count, Range, Resolution, Timing, Window};

use super::active_tokens;
use super::coverage::{Coverage, Question};
use super::error::{ApiError, ErrorBody};
use super::filters::{FILTERS, Filters};
use super::metrics::{DataTo, RangeAnswered};
use super::numbers::{Counts, whole};
use super::query::{Query, RANGE_DEFAULT};
use super::{Api, Caller, FilterParameters, RangeParameters};
use crate::view::measures;

/// Buckets unless asked otherwise.
pub const POINTS_DEFAULT: usize = 300;
/// Buckets at most.
pub const POINTS_MAX: usize = 10_000;
const HOUR_SECONDS: i64 = 3_600;
/// Ranges up to this long are broken down hour by hour, longer ones by hour of the day.
const HOURS_EACH_MAX: i64 = 48;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrendsAnswer {
    /// The series over the range.
    #[serde(flatten)]
    pub trend: Trend,
    /// The same buckets one chart's length earlier, where asked for; null where nothing is kept of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousTrend>,
    /// Why there is no previous period though it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_note: Option<String>,
    /// The range by hours.
    pub hourly: Hourly,
    /// The filters as written.
    pub filters: BTreeMap<&'static str, Vec<String>>,
    /// How fresh it is.
    pub data_to: DataTo,
}

/// Series over one range.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trend {
    /// The range answered.
    pub range: RangeAnswered,
    /// The columns.
    pub buckets: BucketColumns,
    /// The range begins inside the first bucket.
    pub first_bucket_partial: bool,
    /// The range, or what is known, ends inside the last bucket.
    pub last_bucket_partial: bool,
}

/// Series over the period before.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviousTrend {
    /// The series.
    #[serde(flatten)]
    pub trend: Trend,
    /// When the first attempt that is known started, whatever the filters, RFC 3339; its hour where only that is kept;
    /// null before the first.
    pub since: Option<String>,
    /// Whether the period begins at or after `since`: numbers of another one are of a part of it.
    pub complete: bool,
}

/// One value per bucket in each column; a bucket belongs to the attempts that started in it.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct BucketColumns {
    pub length_seconds: i64,
    /// Milliseconds since 1970.
    pub starts_ms: Vec<i64>,
    pub requests: Vec<u64>,
    pub success: Vec<u64>,
    pub failed: Vec<u64>,
    pub pending: Vec<u64>,
    pub abandoned: Vec<u64>,
    pub failure_rate: RateColumns,
    /// Service time of SUCCESS; null where there was none.
    pub p50_seconds: Vec<Option<f64>>,
    pub p95_seconds: Vec<Option<f64>>,
    pub p99_seconds: Vec<Option<f64>>,
    /// Tokens in ACTIVE at the bucket's end, or at the range's end or now where that comes first; null where that is
    /// not known: with filters beyond wallet and issuer, before the first hour in which anything is known, in the
    /// future, and in the buckets of `/series`.
    pub active_tokens: Vec<Option<u64>>,
}

/// A rate per bucket, as fractions; null where nothing ended.
#[derive(Debug, Default, Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct RateColumns {
    pub value: Vec<Option<f64>>,
    pub n: Vec<u64>,
    pub low: Vec<Option<f64>>,
    pub high: Vec<Option<f64>>,
}

/// The range by hours.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hourly {
    /// `hours`: each hour of the range, up to 48 hours. `hoursOfDay`: 24 sums by hour of the day in UTC.
    pub kind: &'static str,
    /// In order.
    pub entries: Vec<HourEntry>,
}

/// One hour, or one hour of the day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HourEntry {
    /// 0 to 23, UTC.
    pub hour: usize,
    /// When it began, RFC 3339; null for hours of the day.
    pub start: Option<String>,
    /// How many attempts started in it.
    pub counts: Counts,
    /// As a fraction; null where nothing ended.
    pub failure_rate: Option<f64>,
}

/// How many points, and whether to compare.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(super) struct TrendParameters {
    /// Buckets at most, 2 to 10000; 300 by default.
    #[param(rename = "maxDataPoints")]
    max_data_points: Option<u32>,
    /// `previous` adds the period before.
    compare: Option<String>,
}

/// How did the numbers move?
#[utoipa::path(
    get, path = "/api/v1/trends", tag = "measures",
    params(RangeParameters, FilterParameters, TrendParameters),
    responses((status = 200, body = TrendsAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(super) async fn trends(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<TrendsAnswer>, ApiError> {
    let caller = Caller::known(caller)?;
    let query = Query::read(&uri, &[&["from", "to", "maxDataPoints", "compare"], FILTERS])?;
    let now = api.now();
    let range = query.range(now, RANGE_DEFAULT)?;
    let points = query.number("maxDataPoints", POINTS_DEFAULT, 2..=POINTS_MAX)?;
    let compares = query.word("compare", &["previous"])?.is_some();
    let filters = Filters::read(&query)?;
    let answer = api.fold(move |view| {
        let question = Question { view, tenant: &caller.tenant, filters: &filters };
        let coverage = question.cover(range)?;
        let buckets = coverage.buckets(points);
        let compared = compares.then(|| previous(&question, &coverage, buckets, now));
        let (previous, previous_note) = match compared.transpose() {
            Ok(previous) => (previous, None),
            Err(ApiError::NotKept { reason }) => (None, Some(reason)),
            Err(error) => return Err(error),
        };
        let windows = question.series(&coverage, buckets)?;
        Ok(TrendsAnswer {
            trend: Trend::of(&question, &coverage, buckets, &windows, now)?,
            previous,
            previous_note,
            hourly: Hourly::of(&question, &coverage, buckets, &windows)?,
            filters: filters.written(),
            data_to: DataTo::of(view, now),
        })
    });
    answer.await.map(Json)
}

/// The range moved back by whole buckets, so that bar stands beside bar.
fn previous(
    question: &Question<'_>,
    coverage: &Coverage,
    buckets: Buckets,
    now: Timestamp,
) -> Result<PreviousTrend, ApiError> {
    let earlier = buckets.previous();
    let back = Duration(earlier.start.since(buckets.start).0);
    let range = Range { from: coverage.range.from.plus(back), to: coverage.range.to.plus(back) };
    let before = question.cover(range)?;
    if before.has_hours() && earlier.length_seconds % HOUR_SECONDS != 0 {
        let reason = "the previous period is kept by the hour and these buckets are shorter".to_owned();
        return Err(ApiError::NotKept { reason });
    }
    let since = question.first_attempt()?;
    Ok(PreviousTrend {
        trend: Trend::of(question, &before, earlier, &question.series(&before, earlier)?, now)?,
        since: since.map(Timestamp::rfc3339),
        complete: since.is_some_and(|since| since <= before.range.from),
    })
}

impl Trend {
    fn of(
        question: &Question<'_>,
        coverage: &Coverage,
        buckets: Buckets,
        windows: &[Window],
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let whole_range = buckets.range();
        Ok(Self {
            range: RangeAnswered::of(coverage),
            buckets: BucketColumns::of(buckets.length_seconds, buckets.starts().zip(windows))
                .with_active_tokens(question, coverage.range.to, now)?,
            first_bucket_partial: coverage.range.from > whole_range.from,
            last_bucket_partial: coverage.range.to.min(now) < whole_range.to,
        })
    }
}

impl BucketColumns {
    /// The columns of these buckets.
    pub fn of<'a>(length_seconds: i64, buckets: impl IntoIterator<Item = (Timestamp, &'a Window)>) -> Self {
        let mut columns = Self { length_seconds, ..Self::default() };
        for (start, window) in buckets {
            columns.push(start, window);
        }
        columns
    }

    /// Fills in the active tokens of a chart over a range that ends at `to`, asked for at `now`.
    ///
    /// # Errors
    /// The state could not be read.
    pub fn with_active_tokens(
        mut self,
        question: &Question<'_>,
        to: Timestamp,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let length = Duration::from_seconds(self.length_seconds);
        let starts = self.starts_ms.iter().map(|millis| Timestamp::from_millis(*millis));
        let begun = starts.take_while(|start| *start < now);
        let ends: Vec<Timestamp> = begun.map(|start| start.plus(length).min(to)).collect();
        for (slot, value) in self.active_tokens.iter_mut().zip(active_tokens::at_each(question, &ends)?) {
            *slot = value;
        }
        Ok(self)
    }

    fn push(&mut self, start: Timestamp, window: &Window) {
        let time = window.durations(Timing::ProcessingSuccess);
        self.starts_ms.push(start.millis());
        self.requests.push(whole(window.count(Count::Requests)));
        self.success.push(whole(window.count(Count::Success)));
        self.failed.push(whole(window.failed()));
        self.pending.push(whole(window.count(Count::Pending)));
        self.abandoned.push(whole(window.count(Count::Abandoned)));
        self.failure_rate.push(window.failure_rate());
        self.p50_seconds.push(time.quantile_seconds(0.5));
        self.p95_seconds.push(time.quantile_seconds(0.95));
        self.p99_seconds.push(time.quantile_seconds(0.99));
        self.active_tokens.push(None);
    }
}

impl RateColumns {
    fn push(&mut self, rate: walletscope_model::measure::Rate) {
        self.value.push(rate.value);
        self.n.push(rate.n);
        self.low.push(rate.interval.map(|interval| interval.0));
        self.high.push(rate.interval.map(|interval| interval.1));
    }
}

impl Hourly {
    fn of(
        question: &Question<'_>,
        coverage: &Coverage,
        buckets: Buckets,
        series: &[Window],
    ) -> Result<Self, ApiError> {
        let counts = |slots, slot: &dyn Fn(Timestamp) -> usize| match nested(buckets, series, slots, slot) {
            Some(windows) => Ok(windows),
            None => counts(question, coverage, slots, slot),
        };
        let hours = Buckets::covering(coverage.range, HOUR_SECONDS);
        let length = coverage.range.to.since(coverage.range.from);
        if length <= Duration::from_seconds(HOURS_EACH_MAX * HOUR_SECONDS) {
            let slot = |at| hours.index_of(at).unwrap_or(usize::MAX);
            let windows = counts(hours.count, &slot)?;
            let entry = |(start, window): (Timestamp, &Window)| {
                HourEntry::of(hour_of_day(start), Some(start.rfc3339()), window)
            };
            return Ok(Self { kind: "hours", entries: hours.starts().zip(&windows).map(entry).collect() });
        }
        let windows = counts(24, &hour_of_day)?;
        let entry = |(hour, window): (usize, &Window)| HourEntry::of(hour, None, window);
        Ok(Self { kind: "hoursOfDay", entries: windows.iter().enumerate().map(entry).collect() })
    }
}

/// The sums per slot out of those per bucket, without reading an attempt again; `None` where a bucket reaches over the
/// end of an hour. Both hold the attempts of the same range.
fn nested(
    buckets: Buckets,
    series: &[Window],
    slots: usize,
    slot: impl Fn(Timestamp) -> usize,
) -> Option<Vec<Window>> {
    let is_nested = HOUR_SECONDS % buckets.length_seconds == 0
        && buckets.start.0 % (buckets.length_seconds * 1_000_000) == 0;
    let mut windows = is_nested.then(|| vec![Window::default(); slots])?;
    for (start, window) in buckets.starts().zip(series) {
        if let Some(sum) = windows.get_mut(slot(start)) {
            sum.merge(window);
        }
    }
    Some(windows)
}

fn counts(
    question: &Question<'_>,
    coverage: &Coverage,
    slots: usize,
    slot: impl Fn(Timestamp) -> usize,
) -> Result<Vec<Window>, ApiError> {
    let mut windows = measures::counts(&question.view.rows, coverage.rows(), slots, &slot);
    question.each_window(coverage, Resolution::Hour, |key, window| {
        if let Some(sum) = windows.get_mut(slot(key.start)) {
            sum.merge(&window);
        }
    })?;
    Ok(windows)
}

fn hour_of_day(at: Timestamp) -> usize {
    usize::try_from(at.seconds().div_euclid(HOUR_SECONDS).rem_euclid(24)).unwrap_or_default()
}

impl HourEntry {
    fn of(hour: usize, start: Option<String>, window: &Window) -> Self {
        Self { hour, start, counts: Counts::of(window), failure_rate: window.failure_rate().value }
    }
}

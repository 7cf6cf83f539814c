//! GET /api/v1/heatmap: how are processing times spread over time?
//!
//! One column per bucket of start time, one band per magnitude: an average hides the few that took a minute. Bands are
//! eighths of a power of ten, as many as the data spans; a duration on a bound lies in the band above.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use walletscope_series::{Durations, Timing};

use super::coverage::Question;
use super::error::{ApiError, ErrorBody};
use super::filters::{FILTERS, Filters};
use super::metrics::{DataTo, RangeAnswered};
use super::numbers::DurationNumbers;
use super::query::{Query, RANGE_DEFAULT};
use super::{Api, Caller, FilterParameters, RangeParameters};
use crate::view::spread::{BANDS, BOUNDS_MICROS, Column, heat};

const POINTS_DEFAULT: usize = 120;
const POINTS_MAX: usize = 1_000;
/// Bands at most; where the data spans more, neighbours are put together.
const BANDS_MAX: usize = 40;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeatmapAnswer {
    /// Of a bucket.
    pub length_seconds: i64,
    /// Milliseconds since 1970, one per bucket.
    pub starts_ms: Vec<i64>,
    /// Ascending bounds of the bands, one more than there are bands; empty without any duration.
    pub bounds_seconds: Vec<f64>,
    /// Per bucket, how many lie in each band.
    pub counts: Vec<Vec<u64>>,
    /// Per bucket; null where there was none.
    pub p50_seconds: Vec<Option<f64>>,
    /// Per bucket.
    pub p95_seconds: Vec<Option<f64>>,
    /// Per bucket.
    pub p99_seconds: Vec<Option<f64>>,
    /// All buckets together.
    pub total: DurationNumbers,
    /// The range answered.
    pub range: RangeAnswered,
    /// The filters as written.
    pub filters: BTreeMap<&'static str, Vec<String>>,
    /// How fresh it is.
    pub data_to: DataTo,
}

/// Whose durations.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(super) struct HeatmapParameters {
    /// `success` (the default) or `failed`.
    of: Option<String>,
    /// Buckets at most, 2 to 1000; 120 by default.
    #[param(rename = "maxDataPoints")]
    max_data_points: Option<u32>,
}

/// How are processing times spread over time?
#[utoipa::path(
    get, path = "/api/v1/heatmap", tag = "measures",
    params(HeatmapParameters, RangeParameters, FilterParameters),
    responses((status = 200, body = HeatmapAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(super) async fn heatmap(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<HeatmapAnswer>, ApiError> {
    let caller = Caller::known(caller)?;
    let query = Query::read(&uri, &[&["from", "to", "of", "maxDataPoints"], FILTERS])?;
    let now = api.now();
    let range = query.range(now, RANGE_DEFAULT)?;
    let timing = match query.word("of", &["success", "failed"])? {
        Some("failed") => Timing::ProcessingFailed,
        _ => Timing::ProcessingSuccess,
    };
    let points = query.number("maxDataPoints", POINTS_DEFAULT, 2..=POINTS_MAX)?;
    let filters = Filters::read(&query)?;
    let answer = api.fold(move |view| {
        let question = Question { view, tenant: &caller.tenant, filters: &filters };
        let coverage = question.cover_rows(range)?;
        let buckets = coverage.buckets(points);
        let columns = heat(&view.rows, coverage.rows(), buckets, timing);
        let bands = Bands::of(&columns);
        let percentile = |q: f64| columns.iter().map(|column| column.durations.quantile_seconds(q)).collect();
        let mut total = Durations::default();
        columns.iter().for_each(|column| total.merge(&column.durations));
        Ok(HeatmapAnswer {
            length_seconds: buckets.length_seconds,
            starts_ms: buckets.starts().map(|start| start.millis()).collect(),
            bounds_seconds: bands.bounds_seconds(),
            counts: columns.iter().map(|column| bands.counts(column)).collect(),
            p50_seconds: percentile(0.5),
            p95_seconds: percentile(0.95),
            p99_seconds: percentile(0.99),
            total: DurationNumbers::of(&total),
            range: RangeAnswered::of(&coverage),
            filters: filters.written(),
            data_to: DataTo::of(view, now),
        })
    });
    answer.await.map(Json)
}

/// The bands that are shown: from the first to the last that holds anything, `step` of them as one.
struct Bands {
    first: usize,
    end: usize,
    step: usize,
}

impl Bands {
    fn of(columns: &[Column]) -> Self {
        let is_used = |band: &usize| columns.iter().any(|column| column.bands[*band] > 0);
        let first = (0..BANDS).find(is_used).unwrap_or(0);
        let end = (0..BANDS).rev().find(is_used).map_or(0, |last| last + 1);
        Self { first, end, step: end.saturating_sub(first).div_ceil(BANDS_MAX).max(1) }
    }

    fn bounds_seconds(&self) -> Vec<f64> {
        let bound = |place: usize| BOUNDS_MICROS[place.min(BANDS)] as f64 / 1e6;
        let bands = (self.first..self.end).step_by(self.step);
        let last = bands.clone().next_back().map(|last| last + self.step);
        bands.chain(last).map(bound).collect()
    }

    fn counts(&self, column: &Column) -> Vec<u64> {
        column.bands[self.first..self.end].chunks(self.step).map(|bands| bands.iter().sum()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_cover_what_is_there_and_lose_nothing() {
        for (used, bands, step) in [
            (vec![], 0, 1),
            (vec![48], 1, 1),
            (vec![40, 60], 21, 1),
            (vec![0, 79], 40, 2),
            (vec![3, 44], 21, 2),
        ] {
            let mut column = Column::default();
            used.iter().for_each(|band: &usize| column.bands[*band] = 7);
            let shown = Bands::of(std::slice::from_ref(&column));
            assert_eq!((shown.counts(&column).len(), shown.step), (bands, step), "{used:?}");
            assert_eq!(shown.counts(&column).iter().sum::<u64>(), 7 * used.len() as u64);
            let bounds = shown.bounds_seconds();
            assert_eq!(bounds.len(), if bands == 0 { 0 } else { bands + 1 });
            assert!(bounds.windows(2).all(|pair| pair[0] < pair[1]), "{bounds:?}");
        }
    }
}

//! GET /api/v1/series: how did the most frequent values of a column move?
//!
//! The buckets are those of the trends, so charts line up; values beyond the limit are summed up in `other`, so the
//! series add up to the trend.

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use walletscope_model::Timestamp;
use walletscope_series::{Buckets, Count, Resolution, Window};
use walletscope_stream::Dimension;

use super::columns::Column;
use super::coverage::{Coverage, Question};
use super::error::{ApiError, ErrorBody};
use super::filters::{FILTERS, Filters};
use super::metrics::{DataTo, RangeAnswered};
use super::query::{Query, RANGE_DEFAULT};
use super::trends::{BucketColumns, POINTS_DEFAULT};
use super::{Api, Caller, FilterParameters, RangeParameters};
use crate::view::measures;

/// Series unless asked otherwise.
const LIMIT_DEFAULT: usize = 6;
/// Series at most.
const LIMIT_MAX: usize = 20;
/// Buckets of a series at most: there may be twenty times as many points.
const POINTS_MAX: usize = 1_000;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeriesAnswer {
    /// The column.
    pub by: &'static str,
    /// Most attempts first.
    pub series: Vec<OneSeries>,
    /// The sum of the values beyond the limit; null where there are none.
    pub other: Option<BucketColumns>,
    /// The range begins inside the first bucket.
    pub first_bucket_partial: bool,
    /// The range, or what is known, ends inside the last bucket.
    pub last_bucket_partial: bool,
    /// The range answered.
    pub range: RangeAnswered,
    /// The filters as written.
    pub filters: BTreeMap<&'static str, Vec<String>>,
    /// How fresh it is.
    pub data_to: DataTo,
}

/// One value of the column.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneSeries {
    /// The value as a filter takes it; null for attempts without one, which the filter calls `unknown`.
    pub value: Option<String>,
    /// The words for people, where they differ from the value.
    pub words: Option<&'static str>,
    /// Its columns.
    pub buckets: BucketColumns,
}

/// What to tell apart.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(super) struct SeriesParameters {
    /// A column, as in the breakdown.
    by: String,
    /// Series, 1 to 20; 6 by default.
    limit: Option<u32>,
    /// Buckets at most, 2 to 1000; 300 by default.
    #[param(rename = "maxDataPoints")]
    max_data_points: Option<u32>,
}

/// How did the most frequent values of a column move?
#[utoipa::path(
    get, path = "/api/v1/series", tag = "measures",
    params(SeriesParameters, RangeParameters, FilterParameters),
    responses((status = 200, body = SeriesAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(super) async fn series(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<SeriesAnswer>, ApiError> {
    let caller = Caller::known(caller)?;
    let query = Query::read(&uri, &[&["from", "to", "by", "limit", "maxDataPoints"], FILTERS])?;
    let now = api.now();
    let range = query.range(now, RANGE_DEFAULT)?;
    let (by, column) = Column::read(&query)?;
    let limit = query.number("limit", LIMIT_DEFAULT, 1..=LIMIT_MAX)?;
    let points = query.number("maxDataPoints", POINTS_DEFAULT, 2..=POINTS_MAX)?;
    let filters = Filters::read(&query)?;
    let answer = api.fold(move |view| {
        let question = Question { view, tenant: &caller.tenant, filters: &filters };
        let coverage = question.cover(range)?;
        let code = column.of_hours(&coverage)?;
        let buckets = coverage.buckets(points);
        let ranked = ranked(&question, &coverage, column, code)?;
        let (shown, has_other) = (ranked.len().min(limit), ranked.len() > limit);
        let slots: HashMap<u32, usize> =
            ranked[..shown].iter().enumerate().map(|(slot, number)| (*number, slot)).collect();
        let slot = |number: u32| slots.get(&number).copied().unwrap_or(shown);
        let mut windows =
            measures::series_of_groups(&view.rows, coverage.rows(), buckets, shown + 1, |row| {
                slot(column.number(row))
            });
        question.each_window(&coverage, buckets.resolution(), |key, window| {
            let number = u32::from(if code == Some(Dimension::Wallet) { key.wallet } else { key.issuer });
            let bucket = buckets.index_of(key.start);
            if let Some(sum) = bucket.and_then(|bucket| windows.get_mut(slot(number))?.get_mut(bucket)) {
                sum.merge(&window);
            }
        })?;
        let other = windows.pop().filter(|_| has_other);
        let whole_range = buckets.range();
        Ok(SeriesAnswer {
            by,
            series: ranked
                .iter()
                .zip(&windows)
                .map(|(number, windows)| OneSeries {
                    value: column.value(*number, &view.dictionary),
                    words: column.words(*number),
                    buckets: columns(buckets, windows),
                })
                .collect(),
            other: other.map(|windows| columns(buckets, &windows)),
            first_bucket_partial: coverage.range.from > whole_range.from,
            last_bucket_partial: coverage.range.to.min(now) < whole_range.to,
            range: RangeAnswered::of(&coverage),
            filters: filters.written(),
            data_to: DataTo::of(view, now),
        })
    });
    answer.await.map(Json)
}

/// The numbers of the column's values, most attempts first.
fn ranked(
    question: &Question<'_>,
    coverage: &Coverage,
    column: Column,
    code: Option<Dimension>,
) -> Result<Vec<u32>, ApiError> {
    let mut counts: BTreeMap<u32, i64> = BTreeMap::new();
    measures::each(&question.view.rows, coverage.rows(), |row| {
        *counts.entry(column.number(row)).or_default() += 1
    });
    question.each_window(coverage, Resolution::Day, |key, window| {
        let number = u32::from(if code == Some(Dimension::Wallet) { key.wallet } else { key.issuer });
        *counts.entry(number).or_default() += window.count(Count::Requests);
    })?;
    let mut ranked: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    ranked.sort_by_key(|(number, count)| (-count, *number));
    Ok(ranked.into_iter().map(|(number, _)| number).collect())
}

fn columns(buckets: Buckets, windows: &[Window]) -> BucketColumns {
    let starts: Vec<Timestamp> = buckets.starts().collect();
    BucketColumns::of(buckets.length_seconds, starts.into_iter().zip(windows))
}

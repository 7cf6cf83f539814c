//! GET /api/v1/breakdown: which wallet, issuer, reason … stands behind the numbers?
//!
//! One row per value of one column, the most frequent first, attempts without a value included as a row of their own.
//! Rows beyond the limit are summed up in `other`, so the rows always add up to the card.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use walletscope_model::Timestamp;
use walletscope_series::{Count, Resolution, Window};
use walletscope_stream::{Dictionary, Dimension, NodeKey};

use super::columns::Column;
use super::coverage::{Coverage, Question};
use super::error::{ApiError, ErrorBody};
use super::filters::{FILTERS, Filters};
use super::metrics::{DataTo, RangeAnswered};
use super::numbers::CohortNumbers;
use super::query::{Query, RANGE_DEFAULT};
use super::token_request::TokenRequest;
use super::{Api, Caller, FilterParameters, RangeParameters};
use crate::view::measures;

/// Rows unless asked otherwise.
const LIMIT_DEFAULT: usize = 50;
/// Rows at most.
const LIMIT_MAX: usize = 1_000;
/// Examples of one value at most.
const EXAMPLES_MAX: usize = 5;
/// Rows that get examples: each is a read of its own.
const EXAMPLE_ROWS_MAX: usize = 100;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BreakdownAnswer {
    /// The column.
    pub by: &'static str,
    /// Most attempts first.
    pub rows: Vec<BreakdownRow>,
    /// The sum of the values beyond the limit; null where there are none.
    pub other: Option<CohortNumbers>,
    /// How many values there are.
    pub values: usize,
    /// The range answered.
    pub range: RangeAnswered,
    /// The filters as written.
    pub filters: BTreeMap<&'static str, Vec<String>>,
    /// How fresh it is.
    pub data_to: DataTo,
}

/// One value of the column.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BreakdownRow {
    /// The value as a filter takes it; null for attempts without one, which the filter calls `unknown`.
    pub value: Option<String>,
    /// The words for people, where they differ from the value.
    pub words: Option<&'static str>,
    /// When the first attempt of the range with this value started; null where only stored hours know of it.
    pub first_seen: Option<String>,
    /// When the last one started.
    pub last_seen: Option<String>,
    /// Attempt ids of the newest ones, as many as asked for; in the first hundred rows.
    pub examples: Vec<String>,
    /// Its numbers.
    #[serde(flatten)]
    pub numbers: CohortNumbers,
}

/// What to break down by.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(super) struct BreakdownParameters {
    /// wallet, issuer, network, device, country, channel, vendor, reason, class, owner, decision, outcome or bin.
    by: String,
    /// Ids of the newest attempts with each value, 0 to 5; 0 by default.
    examples: Option<u32>,
    /// Rows, 1 to 1000; 50 by default.
    limit: Option<u32>,
}

/// Which values stand behind the numbers?
#[utoipa::path(
    get, path = "/api/v1/breakdown", tag = "measures",
    params(BreakdownParameters, RangeParameters, FilterParameters),
    responses((status = 200, body = BreakdownAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(super) async fn breakdown(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<BreakdownAnswer>, ApiError> {
    let caller = Caller::known(caller)?;
    let query = Query::read(&uri, &[&["from", "to", "by", "limit", "examples"], FILTERS])?;
    let now = api.now();
    let range = query.range(now, RANGE_DEFAULT)?;
    let (by, column) = Column::read(&query)?;
    let examples = query.number("examples", 0, 0..=EXAMPLES_MAX)?;
    let limit = query.number("limit", LIMIT_DEFAULT, 1..=LIMIT_MAX)?;
    let filters = Filters::read(&query)?;
    let answer = api.fold(move |view| {
        let question = Question { view, tenant: &caller.tenant, filters: &filters };
        let coverage = question.cover(range)?;
        let windows = windows(&question, &coverage, column)?;
        let values = windows.len();
        let seen = seen(&question, &coverage, column, examples);
        let (mut rows, other) = rows(windows, column, limit, &view.dictionary);
        let mut state = view.state();
        let rows: Vec<BreakdownRow> = rows
            .drain(..)
            .enumerate()
            .map(|(place, (number, mut row))| {
                if let Some(seen) = seen.get(&number) {
                    row.first_seen = Some(seen.first.rfc3339());
                    row.last_seen = Some(seen.last.rfc3339());
                    let newest = seen.newest.iter().filter(|_| place < EXAMPLE_ROWS_MAX);
                    for (_, key) in newest {
                        let detail = state.detail(*key)?;
                        row.examples.extend(detail.map(|detail| TokenRequest::of(&detail.attempt).id));
                    }
                }
                Ok(row)
            })
            .collect::<Result<_, ApiError>>()?;
        Ok(BreakdownAnswer {
            by,
            rows,
            other,
            values,
            range: RangeAnswered::of(&coverage),
            filters: filters.written(),
            data_to: DataTo::of(view, now),
        })
    });
    answer.await.map(Json)
}

fn windows(
    question: &Question<'_>,
    coverage: &Coverage,
    column: Column,
) -> Result<BTreeMap<u32, Window>, ApiError> {
    let code = column.of_hours(coverage)?;
    let mut windows = measures::grouped(&question.view.rows, coverage.rows(), |row| column.number(row));
    question.each_window(coverage, Resolution::Day, |key, window| {
        let code = if code == Some(Dimension::Wallet) { key.wallet } else { key.issuer };
        windows.entry(u32::from(code)).or_default().merge(&window);
    })?;
    // Windows also hold ends and token changes of attempts that started in others: no row of this table.
    windows.retain(|_, window| window.count(Count::Requests) > 0);
    Ok(windows)
}

fn rows(
    windows: BTreeMap<u32, Window>,
    column: Column,
    limit: usize,
    dictionary: &Dictionary,
) -> (Vec<(u32, BreakdownRow)>, Option<CohortNumbers>) {
    let mut windows: Vec<_> = windows.into_iter().collect();
    windows.sort_by_key(|(number, window)| (-window.count(Count::Requests), *number));
    let rest = windows.split_off(windows.len().min(limit));
    let other = (!rest.is_empty()).then(|| {
        let mut sum = Window::default();
        rest.iter().for_each(|(_, window)| sum.merge(window));
        CohortNumbers::of(&sum)
    });
    let row = |(number, window): (u32, Window)| {
        let row = BreakdownRow {
            value: column.value(number, dictionary),
            words: column.words(number),
            first_seen: None,
            last_seen: None,
            examples: Vec::new(),
            numbers: CohortNumbers::of(&window),
        };
        (number, row)
    };
    (windows.into_iter().map(row).collect(), other)
}

/// When a value was seen, and in which attempts last.
struct Seen {
    first: Timestamp,
    last: Timestamp,
    /// Newest first.
    newest: Vec<(Timestamp, NodeKey)>,
}

fn seen(
    question: &Question<'_>,
    coverage: &Coverage,
    column: Column,
    examples: usize,
) -> BTreeMap<u32, Seen> {
    let mut values: BTreeMap<u32, Seen> = BTreeMap::new();
    measures::each(&question.view.rows, coverage.rows(), |row| {
        let at = row.started_at;
        let seen = values.entry(column.number(row)).or_insert(Seen { first: at, last: at, newest: vec![] });
        seen.first = seen.first.min(at);
        seen.last = seen.last.max(at);
        let place = (at, row.key);
        let is_wanted = seen.newest.len() < examples || seen.newest.last().is_some_and(|last| *last < place);
        if examples > 0 && is_wanted {
            let position = seen.newest.partition_point(|known| *known > place);
            seen.newest.insert(position, place);
            seen.newest.truncate(examples);
        }
    });
    values
}

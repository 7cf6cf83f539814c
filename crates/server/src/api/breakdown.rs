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
use walletscope_model::{FailureClass, Outcome, Reason};
use walletscope_series::{Count, Window};
use walletscope_stream::{Dictionary, Dimension, Row};

use super::coverage::{Coverage, Question};
use super::error::{ApiError, ErrorBody};
use super::filters::{FILTERS, Filters};
use super::metrics::{DataTo, RangeAnswered};
use super::numbers::CohortNumbers;
use super::query::{Query, RANGE_DEFAULT, bad_value};
use super::{Api, Caller, FilterParameters, RangeParameters};
use crate::view::measures;

/// Rows unless asked otherwise.
const LIMIT_DEFAULT: usize = 50;
/// Rows at most.
const LIMIT_MAX: usize = 1_000;

/// The columns to break down by.
const COLUMNS: [(&str, Column); 9] = [
    ("wallet", Column::Coded(Dimension::Wallet)),
    ("issuer", Column::Coded(Dimension::Issuer)),
    ("network", Column::Coded(Dimension::Network)),
    ("device", Column::Coded(Dimension::Device)),
    ("country", Column::Coded(Dimension::Country)),
    ("channel", Column::Coded(Dimension::Channel)),
    ("reason", Column::Reason),
    ("class", Column::Class),
    ("outcome", Column::Outcome),
];

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
    /// Its numbers.
    #[serde(flatten)]
    pub numbers: CohortNumbers,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Coded(Dimension),
    Reason,
    Class,
    Outcome,
}

/// What to break down by.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(super) struct BreakdownParameters {
    /// wallet, issuer, network, device, country, channel, reason, class or outcome.
    by: String,
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
    let query = Query::read(&uri, &[&["from", "to", "by", "limit"], FILTERS])?;
    let now = api.now();
    let range = query.range(now, RANGE_DEFAULT)?;
    let names = COLUMNS.map(|(name, _)| name);
    let by = query.word("by", &names)?.ok_or_else(|| bad_value("by", "", &names.join(", ")))?;
    let column = COLUMNS.iter().find(|(name, _)| *name == by).map_or(Column::Outcome, |(_, column)| *column);
    let limit = query.number("limit", LIMIT_DEFAULT, 1..=LIMIT_MAX)?;
    let filters = Filters::read(&query)?;
    let answer = api.fold(move |view| {
        let question = Question { view, tenant: &caller.tenant, filters: &filters };
        let coverage = question.cover(range)?;
        let windows = windows(&question, &coverage, column)?;
        let values = windows.len();
        let (rows, other) = rows(windows, column, limit, &view.dictionary);
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
    let is_wallet = column == Column::Coded(Dimension::Wallet);
    if coverage.has_hours() && !is_wallet && column != Column::Coded(Dimension::Issuer) {
        let reason =
            "only wallet and issuer can be broken down over ranges that begin over 31 days ago".to_owned();
        return Err(ApiError::NotKept { reason });
    }
    let mut windows = measures::grouped(&question.view.rows, coverage.rows(), |row| column.number(row));
    question.each_hour(coverage, |key, window| {
        let code = if is_wallet { key.wallet } else { key.issuer };
        windows.entry(u32::from(code)).or_default().merge(&window);
    })?;
    // Hours also hold ends and token changes of attempts that started in others: no row of this table.
    windows.retain(|_, window| window.count(Count::Requests) > 0);
    Ok(windows)
}

fn rows(
    windows: BTreeMap<u32, Window>,
    column: Column,
    limit: usize,
    dictionary: &Dictionary,
) -> (Vec<BreakdownRow>, Option<CohortNumbers>) {
    let mut windows: Vec<_> = windows.into_iter().collect();
    windows.sort_by_key(|(number, window)| (-window.count(Count::Requests), *number));
    let rest = windows.split_off(windows.len().min(limit));
    let other = (!rest.is_empty()).then(|| {
        let mut sum = Window::default();
        rest.iter().for_each(|(_, window)| sum.merge(window));
        CohortNumbers::of(&sum)
    });
    let row = |(number, window): (u32, Window)| BreakdownRow {
        value: column.value(number, dictionary),
        words: column.words(number),
        numbers: CohortNumbers::of(&window),
    };
    (windows.into_iter().map(row).collect(), other)
}

impl Column {
    /// A number for the row's value; 0 for none.
    fn number(self, row: &Row) -> u32 {
        match self {
            Self::Coded(Dimension::Wallet) => u32::from(row.wallet),
            Self::Coded(Dimension::Issuer) => u32::from(row.issuer),
            Self::Coded(Dimension::Network) => u32::from(row.network),
            Self::Coded(Dimension::Device) => u32::from(row.device),
            Self::Coded(Dimension::Country) => u32::from(row.country),
            Self::Coded(_) => u32::from(row.channel),
            Self::Reason => row.reason.map_or(0, |reason| reason as u32 + 1),
            Self::Class => row.failure_class().map_or(0, |class| class as u32 + 1),
            Self::Outcome => row.outcome as u32 + 1,
        }
    }

    fn value(self, number: u32, dictionary: &Dictionary) -> Option<String> {
        let place = (number as usize).checked_sub(1)?;
        match self {
            Self::Coded(dimension) => {
                let code = u16::try_from(number).ok()?;
                dictionary.value(dimension, code).map(str::to_owned)
            }
            Self::Reason => Reason::all().nth(place).map(|reason| reason.code().to_owned()),
            Self::Class => FailureClass::ALL.get(place).map(|class| class.name().to_owned()),
            Self::Outcome => Outcome::ALL.get(place).map(|outcome| outcome.name().to_owned()),
        }
    }

    fn words(self, number: u32) -> Option<&'static str> {
        let place = (number as usize).checked_sub(1)?;
        if self == Self::Reason { Reason::all().nth(place).map(Reason::words) } else { None }
    }
}

//! GET /api/v1/requests: which attempts are there, newest first?
//!
//! A page is a time and an attempt to continue after, so attempts that arrive while somebody pages neither repeat nor
//! hide others. The search box's text is an id of any kind, which is looked up whatever the range, or a card's BIN
//! and last four digits, which filter.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use walletscope_model::Timestamp;
use walletscope_series::Range;
use walletscope_stream::NodeKey;

use super::coverage::Question;
use super::error::{ApiError, ErrorBody};
use super::filters::{FILTERS, Filters, parse_card};
use super::metrics::{DataTo, RangeAnswered};
use super::query::{Query, RANGE_DEFAULT, bad_value};
use super::request_detail::find;
use super::token_request::{RequestSummary, TokenRequest};
use super::{Api, Caller, FilterParameters, RangeParameters};
use crate::letters;
use crate::view::View;
use crate::view::lists::{Listed, Order, Place, newest};

/// Attempts on a page unless asked otherwise.
const LIMIT_DEFAULT: usize = 50;
/// Attempts on a page at most.
pub const LIMIT_MAX: usize = 500;

/// The answer: `requests` and `details` belong together by position.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestsAnswer {
    /// Attempts in the interface's own names.
    pub requests: Vec<TokenRequest>,
    /// More about each.
    pub details: Vec<RequestSummary>,
    /// Pass it as `cursor` for the next page; null on the last.
    pub next: Option<String>,
    /// How many attempts the filters ask for, on all pages.
    pub total: u64,
    /// The range answered; null where an id was searched.
    pub range: Option<RangeAnswered>,
    /// The filters as written.
    pub filters: BTreeMap<&'static str, Vec<String>>,
    /// How fresh it is.
    pub data_to: DataTo,
}

/// How to page and what to search.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(super) struct PageParameters {
    /// Attempts on a page, 1 to 500; 50 by default.
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// `started` (the default), `arrival` or `slowest`: the longest processing time first.
    order: Option<String>,
    /// An id of any kind, or a BIN, a space and last four digits.
    q: Option<String>,
}

/// What a page is asked for.
struct Page {
    order: Order,
    after: Option<Place>,
    limit: usize,
}

/// Which attempts are there, newest first?
#[utoipa::path(
    get, path = "/api/v1/requests", tag = "requests",
    params(RangeParameters, FilterParameters, PageParameters),
    responses((status = 200, body = RequestsAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(super) async fn requests(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<RequestsAnswer>, ApiError> {
    let caller = Caller::known(caller)?;
    let query = Query::read(&uri, &[&["from", "to", "limit", "cursor", "order", "q"], FILTERS])?;
    let now = api.now();
    let range = query.range(now, RANGE_DEFAULT)?;
    let page = Page::read(&query)?;
    let mut filters = Filters::read(&query)?;
    let search = query.one("q")?.map(str::to_owned);
    if query.is_cut("q") {
        return Err(ApiError::CardNumber { parameter: "q" });
    }
    let card = search.as_deref().and_then(parse_card);
    if let Some((bin, last_four)) = card {
        filters = filters.of_card(bin, last_four);
    }
    let answer = api.fold(move |view| match (search, card) {
        (Some(id), None) => searched(view, &caller.tenant, id.trim(), now),
        _ => listed(&Question { view, tenant: &caller.tenant, filters: &filters }, range, &page, now),
    });
    answer.await.map(Json)
}

fn listed(
    question: &Question<'_>,
    range: Range,
    page: &Page,
    now: Timestamp,
) -> Result<RequestsAnswer, ApiError> {
    let view = question.view;
    let coverage = question.cover_rows(range)?;
    let Listed { total, places } =
        newest(&view.rows, coverage.rows(), page.order, page.after, page.limit + 1);
    let shown = &places[..places.len().min(page.limit)];
    let next =
        (places.len() > page.limit).then(|| shown.last().map(|place| write_cursor(page.order, *place)));
    let mut answer = answer(view, shown.iter().map(|place| place.1), now)?;
    answer.next = next.flatten();
    answer.total = total;
    answer.range = Some(RangeAnswered::of(&coverage));
    answer.filters = question.filters.written();
    Ok(answer)
}

fn searched(view: &View, tenant: &str, id: &str, now: Timestamp) -> Result<RequestsAnswer, ApiError> {
    let found = find(view, tenant, id)?;
    let mut answer = answer(view, [], now)?;
    answer.requests = found.iter().map(|detail| TokenRequest::of(&detail.attempt)).collect();
    answer.details = found.iter().map(|detail| RequestSummary::of(&detail.attempt)).collect();
    answer.total = found.len() as u64;
    Ok(answer)
}

fn answer(
    view: &View,
    keys: impl IntoIterator<Item = NodeKey>,
    now: Timestamp,
) -> Result<RequestsAnswer, ApiError> {
    let mut state = view.state();
    let mut answer = RequestsAnswer {
        requests: Vec::new(),
        details: Vec::new(),
        next: None,
        total: 0,
        range: None,
        filters: BTreeMap::new(),
        data_to: DataTo::of(view, now),
    };
    for key in keys {
        let detail = state.detail(key)?;
        let detail =
            detail.ok_or_else(|| ApiError::Failed { reason: format!("row {key:?} has no attempt") })?;
        answer.requests.push(TokenRequest::of(&detail.attempt));
        answer.details.push(RequestSummary::of(&detail.attempt));
    }
    Ok(answer)
}

impl Page {
    fn read(query: &Query) -> Result<Self, ApiError> {
        let limit = query.number("limit", LIMIT_DEFAULT, 1..=LIMIT_MAX)?;
        let order = read_order(query)?;
        let after = match query.one("cursor")? {
            None => None,
            Some(text) => {
                let place = read_cursor(order, text);
                Some(place.ok_or_else(|| bad_value("cursor", text, "next of a page in the same order"))?)
            }
        };
        Ok(Self { order, after, limit })
    }
}

/// `started` unless said otherwise.
pub fn read_order(query: &Query) -> Result<Order, ApiError> {
    Ok(match query.word("order", &["started", "arrival", "slowest"])? {
        Some("arrival") => Order::Arrival,
        Some("slowest") => Order::Slowest,
        _ => Order::Started,
    })
}

/// `s.`, `a.` or `p.`, then time and attempt key.
fn write_cursor(order: Order, (at, key): Place) -> String {
    format!("{}.{}", order_letter(order), letters::write(at.0.to_be_bytes().iter().chain(&key.0)))
}

fn read_cursor(order: Order, text: &str) -> Option<Place> {
    let (letter, written) = text.split_once('.')?;
    if letter != order_letter(order) {
        return None;
    }
    let bytes: [u8; 24] = letters::read(written)?;
    let (mut at, mut key) = ([0; 8], [0; 16]);
    at.copy_from_slice(&bytes[..8]);
    key.copy_from_slice(&bytes[8..]);
    Some((Timestamp(i64::from_be_bytes(at)), NodeKey(key)))
}

fn order_letter(order: Order) -> &'static str {
    match order {
        Order::Started => "s",
        Order::Arrival => "a",
        Order::Slowest => "p",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_in_their_own_order_only() {
        let place = (Timestamp(1_795_348_800_123_456), NodeKey([0xa5; 16]));
        let cursor = write_cursor(Order::Started, place);
        assert_eq!(read_cursor(Order::Started, &cursor), Some(place));
        assert!(walletscope_guard::is_clean(&cursor), "{cursor}");
        for bad in [
            "".to_owned(),
            "s".to_owned(),
            cursor.replacen('s', "a", 1),
            format!("{cursor}x"),
            cursor[..cursor.len() - 1].to_owned(),
            cursor.replace("kf", "zz"),
        ] {
            assert_eq!(read_cursor(Order::Started, &bad), None, "{bad}");
        }
    }
}

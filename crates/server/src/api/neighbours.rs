//! GET /api/v1/requests/{id}/neighbours: which attempts stand before and after one in a list?

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use walletscope_guard::is_clean;
use walletscope_stream::NodeKey;

use super::coverage::Question;
use super::error::{ApiError, ErrorBody};
use super::filters::{FILTERS, Filters};
use super::query::{Query, RANGE_DEFAULT, bad_value};
use super::request_detail::find;
use super::requests::read_order;
use super::token_request::TokenRequest;
use super::{Api, Caller, FilterParameters, RangeParameters};
use crate::view::lists;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct NeighboursAnswer {
    /// The attempt listed before it; null for the first.
    pub previous: Option<String>,
    /// The attempt listed after it; null for the last.
    pub next: Option<String>,
    /// Its place, from 1; null where the list does not hold it.
    pub position: Option<u64>,
    /// How many the list holds.
    pub total: u64,
}

/// Of which list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(super) struct OrderParameters {
    /// `started` (the default), `arrival` or `slowest`, as in the list of requests.
    order: Option<String>,
}

/// Which attempts stand before and after one in a list?
#[utoipa::path(
    get, path = "/api/v1/requests/{id}/neighbours", tag = "requests",
    params(
        ("id" = String, Path, description = "An id that one attempt has"),
        OrderParameters, RangeParameters, FilterParameters,
    ),
    responses(
        (status = 200, body = NeighboursAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    ),
)]
pub(super) async fn neighbours(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Json<NeighboursAnswer>, ApiError> {
    let caller = Caller::known(caller)?;
    let query = Query::read(&uri, &[&["from", "to", "order"], FILTERS])?;
    let Path(id) = path.map_err(|_| bad_value("id", "", "UTF-8, encoded as RFC 3986 says"))?;
    if !is_clean(&id) {
        return Err(ApiError::CardNumber { parameter: "id" });
    }
    let range = query.range(api.now(), RANGE_DEFAULT)?;
    let order = read_order(&query)?;
    let filters = Filters::read(&query)?;
    let answer = api.fold(move |view| {
        let question = Question { view, tenant: &caller.tenant, filters: &filters };
        let coverage = question.cover_rows(range)?;
        let mut found = find(view, &caller.tenant, &id)?;
        let (Some(detail), true) = (found.pop(), found.is_empty()) else {
            return Err(ApiError::UnknownId { id });
        };
        let own = &detail.attempt.id;
        let key = NodeKey::of(&own.tenant, own.kind, &own.value);
        let Some(place) = order.place_of(key, &detail.attempt) else {
            let total = lists::newest(&view.rows, coverage.rows(), order, None, 0).total;
            return Ok(NeighboursAnswer { previous: None, next: None, position: None, total });
        };
        let around = lists::neighbours(&view.rows, coverage.rows(), order, place);
        let mut state = view.state();
        let mut id = |key: Option<NodeKey>| -> Result<Option<String>, ApiError> {
            let Some(key) = key else { return Ok(None) };
            Ok(state.detail(key)?.map(|detail| TokenRequest::of(&detail.attempt).id))
        };
        Ok(NeighboursAnswer {
            previous: id(around.previous)?,
            next: id(around.next)?,
            position: around.position,
            total: around.total,
        })
    });
    answer.await.map(Json)
}

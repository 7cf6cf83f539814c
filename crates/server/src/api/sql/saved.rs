//! /api/v1/sql/saved: which queries does a tenant keep?
//!
//! A query whose name is an identifier is a view of that name in SQL.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::errors::{Refusal, SqlErrorBody};
use super::{SqlState, read, there};
use crate::api::query::{Query, bad_value};
use crate::api::{Caller, ErrorBody};

/// Every saved query.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct SavedQueriesAnswer {
    /// By name.
    queries: Vec<SavedQueryShown>,
}

/// A saved query.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct SavedQueryShown {
    /// Its name, and that of its view where it is an identifier.
    name: String,
    /// The text.
    sql: String,
    /// When it was saved last, RFC 3339.
    saved_at: String,
}

/// A query to keep.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct QueryToSave {
    /// The text.
    sql: String,
}

/// The saved queries.
#[utoipa::path(
    get, path = "/api/v1/sql/saved", tag = "sql", operation_id = "saved_queries",
    responses((status = 200, body = SavedQueriesAnswer), (status = 401, body = ErrorBody)),
)]
pub(in crate::api) async fn list(
    State(state): State<SqlState>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<SavedQueriesAnswer>, Refusal> {
    let caller = Caller::known(caller)?;
    Query::read(&uri, &[])?;
    let saved = there(&state, async move |sql| sql.saved(&caller.tenant).await).await?;
    let shown = saved.into_iter().map(|query| SavedQueryShown {
        name: query.name,
        sql: query.sql,
        saved_at: query.saved_at.rfc3339(),
    });
    Ok(Json(SavedQueriesAnswer { queries: shown.collect() }))
}

/// Keeps a query under a name; one of the same name is replaced.
#[utoipa::path(
    put, path = "/api/v1/sql/saved/{name}", tag = "sql", operation_id = "save_query",
    params(("name" = String, Path, description = "1 to 100 characters")),
    request_body = QueryToSave,
    responses(
        (status = 204, description = "It is kept"),
        (status = 400, body = SqlErrorBody), (status = 401, body = ErrorBody), (status = 413, body = ErrorBody),
    ),
)]
pub(in crate::api) async fn save(
    State(state): State<SqlState>,
    caller: Option<Extension<Caller>>,
    name: Result<Path<String>, PathRejection>,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Refusal> {
    let caller = Caller::known(caller)?;
    Query::read(&uri, &[])?;
    let name = read_name(name)?;
    let query: QueryToSave = read(body, "the body must be JSON such as {\"sql\": \"SELECT 1\"}")?;
    there(&state, async move |sql| sql.save(&caller.tenant, &name, &query.sql).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets a query. One that is not there is forgotten already.
#[utoipa::path(
    delete, path = "/api/v1/sql/saved/{name}", tag = "sql", operation_id = "delete_query",
    params(("name" = String, Path, description = "As it was saved")),
    responses((status = 204, description = "It is gone"), (status = 400, body = SqlErrorBody), (status = 401, body = ErrorBody)),
)]
pub(in crate::api) async fn delete(
    State(state): State<SqlState>,
    caller: Option<Extension<Caller>>,
    name: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<StatusCode, Refusal> {
    let caller = Caller::known(caller)?;
    Query::read(&uri, &[])?;
    let name = read_name(name)?;
    there(&state, async move |sql| sql.forget(&caller.tenant, &name).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A name that is no UTF-8 is repeated nowhere.
fn read_name(name: Result<Path<String>, PathRejection>) -> Result<String, Refusal> {
    name.map(|Path(name)| name).map_err(|_| bad_value("name", "", "UTF-8, percent-encoded").into())
}

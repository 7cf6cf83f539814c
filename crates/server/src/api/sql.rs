//! /api/v1/sql: what is the answer to a text of SQL, which tables are there, and which queries are kept?
//!
//! The texts are answered by [`Sql`]; here is how they come in and how answers go out. Everything that can be refused is
//! refused before the first byte of an answer, with the place in the text.

mod answers;
mod csv;
mod errors;
mod run;
pub(super) mod saved;
pub(super) mod schema;
mod values;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Extension, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};
use walletscope_query::SqlError;

use super::Caller;
use super::error::ApiError;
use super::query::{Query, bad_value};
use crate::pipeline::Now;
use crate::sql::Sql;

use answers::Format;
use errors::{Refusal, SqlErrorBody};
use run::Asked;

pub(super) use answers::{ColumnsLine, DoneLine, ProgressLine};

/// Rows of an answer in lines, unless asked for otherwise.
const ROWS_DEFAULT: u64 = 10_000;
/// Rows of an answer at most, and of a file unless asked for otherwise.
const ROWS_MAX: u64 = 1_000_000;
/// Rows of a file, where somebody asks for all: they are written as they come and kept nowhere.
const FILE_ROWS_MAX: u64 = 1_000_000_000_000;

/// What the handlers share.
#[derive(Clone)]
pub(super) struct SqlState {
    pub(super) sql: Arc<Sql>,
    pub(super) now: Now,
}

/// The routes below `/api/v1/sql`.
pub(super) fn router(state: SqlState) -> Router {
    Router::new()
        .route("/api/v1/sql", post(ask))
        .route("/api/v1/sql/schema", get(schema::schema))
        .route("/api/v1/sql/saved", get(saved::list))
        .route("/api/v1/sql/saved/{name}", put(saved::save).delete(saved::delete))
        .method_not_allowed_fallback(super::wrong_method)
        .with_state(state)
}

/// A question.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SqlQuestion {
    /// One statement.
    sql: String,
    /// Rows to send at most, 1 to 1,000,000; 10,000 by default, 1,000,000 in files.
    max_rows: Option<u64>,
}

/// In which form.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(super) struct FormatParameters {
    /// `csv`, `json` (an array of objects) or `parquet` for a file; without it, lines of JSON as they come.
    format: Option<String>,
}

/// The answer to a text of SQL: lines of JSON, first the columns, then rows and progress, last `done` or `error`. Closing
/// the connection ends the query.
#[utoipa::path(
    post, path = "/api/v1/sql", tag = "sql",
    params(FormatParameters),
    request_body = SqlQuestion,
    responses(
        (status = 200, content_type = "application/x-ndjson", body = String, description = "One line each of `ColumnsLine`, any number of `{\"rows\": [[…]]}` and `ProgressLine`, and one of `DoneLine` or `SqlErrorBody`; or the file"),
        (status = 400, body = SqlErrorBody), (status = 401, body = super::ErrorBody), (status = 413, body = super::ErrorBody),
    ),
)]
pub(super) async fn ask(
    State(state): State<SqlState>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let caller = Caller::known(caller)?;
    let query = Query::read(&uri, &[&["format"]])?;
    let format = Format::of(query.word("format", &["csv", "json", "parquet"])?);
    let question: SqlQuestion =
        read(body, "the body must be JSON such as {\"sql\": \"SELECT 1\", \"maxRows\": 100}")?;
    let (usual, most) = if format.is_file() { (ROWS_MAX, FILE_ROWS_MAX) } else { (ROWS_DEFAULT, ROWS_MAX) };
    let rows_max = question.max_rows.unwrap_or(usual);
    if !(1..=most).contains(&rows_max) {
        let allowed = format!("a whole number from 1 to {most}");
        return Err(bad_value("maxRows", &rows_max.to_string(), &allowed).into());
    }
    let asked = Asked { tenant: caller.tenant, sql: question.sql, format, rows_max };
    let body = run::run(state.sql.clone(), asked).await?;
    let mut response = ([(header::CONTENT_TYPE, format.content_type())], body).into_response();
    if format.is_file() {
        let at = (state.now)().rfc3339().replace(':', "");
        let name = format!("attachment; filename=\"query-{at}.{}\"", format.extension());
        // A time and a word make a header.
        name.parse().map(|name| response.headers_mut().insert(header::CONTENT_DISPOSITION, name)).ok();
    }
    Ok(response)
}

/// Does something with SQL on the query's threads, which may be busy with it for a while.
async fn there<T: Send + 'static, F: Future<Output = Result<T, SqlError>> + Send>(
    state: &SqlState,
    work: impl FnOnce(Arc<Sql>) -> F + Send + 'static,
) -> Result<T, Refusal> {
    let sql = state.sql.clone();
    let done = state.sql.threads().run(async move { work(sql).await }).await;
    done.map_err(|error| ApiError::Failed { reason: error.to_string() })?.map_err(Refusal::Sql)
}

/// The body as JSON. What is wrong with it is not repeated: it may hold a card number.
fn read<T: DeserializeOwned>(
    body: Result<Bytes, BytesRejection>,
    expected: &'static str,
) -> Result<T, Refusal> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::Body(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"),
        _ => Refusal::Body(StatusCode::BAD_REQUEST, "the body did not come whole"),
    })?;
    serde_json::from_slice(&body).map_err(|_| Refusal::Body(StatusCode::BAD_REQUEST, expected))
}

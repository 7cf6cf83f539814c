//! What does the API say where SQL is not answered?
//!
//! The shape of every other error, with the place in the text and the nearest form that works. Messages repeat names of
//! the text, so they pass the guard once more.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_guard::guard;
use walletscope_query::SqlError;

use crate::api::error::ApiError;
use crate::sql::CARD_NUMBER;

/// The body of an error, and the last line of an answer that broke off.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SqlErrorBody {
    error: SqlErrorDetail,
}

/// Why a text of SQL is not answered.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SqlErrorDetail {
    /// `sql_syntax`, `sql_unsupported`, `sql_unknown_table`, `sql_unknown_column`, `sql_read_only`, `sql_too_large`,
    /// `sql_failed` or `card_number`.
    code: &'static str,
    /// A sentence for people.
    message: String,
    /// Where in the text, from 1.
    line: Option<u64>,
    /// Where in the line, in characters from 1.
    column: Option<u64>,
    /// The nearest form that works.
    hint: Option<String>,
}

/// Why a call about SQL is refused.
#[derive(Debug)]
pub(in crate::api) enum Refusal {
    /// As any call of the API.
    Api(ApiError),
    /// For what the text says.
    Sql(SqlError),
    /// The body is not what is asked for; the sentence says what is.
    Body(StatusCode, &'static str),
}

impl SqlErrorBody {
    pub(super) fn of(error: SqlError) -> Self {
        let clean = |text: String| guard(&text).text.into_owned();
        Self {
            error: SqlErrorDetail {
                code: code(error.code),
                message: clean(error.message),
                line: error.line,
                column: error.column,
                hint: error.hint.map(clean),
            },
        }
    }
}

fn code(of: &str) -> &'static str {
    match of {
        "syntax" => "sql_syntax",
        "unsupported" => "sql_unsupported",
        "unknown_table" => "sql_unknown_table",
        "unknown_column" => "sql_unknown_column",
        "read_only" => "sql_read_only",
        "too_large" => "sql_too_large",
        CARD_NUMBER => CARD_NUMBER,
        _ => "sql_failed",
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Api(error) => error.into_response(),
            Self::Sql(error) => (StatusCode::BAD_REQUEST, Json(SqlErrorBody::of(error))).into_response(),
            Self::Body(status, message) => {
                let body =
                    serde_json::json!({"error": {"code": "bad_body", "message": message, "parameter": null}});
                (status, Json(body)).into_response()
            }
        }
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<SqlError> for Refusal {
    fn from(error: SqlError) -> Self {
        Self::Sql(error)
    }
}

/// What failed while an answer was written.
pub(super) fn failed(error: &dyn std::fmt::Display) -> SqlError {
    let message = format!("the result could not be written: {error}");
    SqlError { code: "failed", message, line: None, column: None, hint: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_repeats_holds_no_card_number() {
        let pan = "4111111111111111";
        let error = SqlError { hint: Some(pan.to_owned()), ..failed(&pan) };
        let body = serde_json::to_string(&SqlErrorBody::of(error)).unwrap();
        assert!(!body.contains("11111111111"), "{body}");
        assert!(body.contains("\"code\":\"sql_failed\""), "{body}");
    }
}

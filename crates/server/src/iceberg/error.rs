//! What does the catalog say when it cannot answer? Iceberg's own error shape, which its clients turn into exceptions.
//!
//! Nothing of what a client sent is repeated.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde_json::json;

use crate::auth::Refused;

/// Why a call has no answer.
#[derive(Debug)]
pub(super) enum IcebergError {
    /// The caller is not known.
    Refused(Refused),
    /// A parameter that cannot be.
    BadRequest(&'static str),
    /// There is one namespace, and this is not it.
    NoSuchNamespace,
    /// No table of ours.
    NoSuchTable,
    /// Nothing of the specification that is offered.
    NoSuchPath,
    /// Somebody wanted to change something.
    ReadOnly,
    /// The table could not be shown; the reason is for the log.
    Failed(String),
}

impl IcebergError {
    fn answer(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Refused(refused) => {
                let name = match refused.status {
                    StatusCode::UNAUTHORIZED => "NotAuthorizedException",
                    StatusCode::TOO_MANY_REQUESTS => "SlowDownException",
                    StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailableException",
                    _ => "ForbiddenException",
                };
                (refused.status, name, refused.message)
            }
            Self::BadRequest(message) => (StatusCode::BAD_REQUEST, "BadRequestException", message),
            Self::NoSuchNamespace => (
                StatusCode::NOT_FOUND,
                "NoSuchNamespaceException",
                "there is no such namespace; the only one is walletscope",
            ),
            Self::NoSuchTable => (
                StatusCode::NOT_FOUND,
                "NoSuchTableException",
                "there is no such table; GET /iceberg/v1/namespaces/walletscope/tables lists them",
            ),
            Self::NoSuchPath => (
                StatusCode::NOT_FOUND,
                "NoSuchEndpointException",
                "there is no such endpoint; GET /iceberg/v1/config lists them",
            ),
            Self::ReadOnly => (
                StatusCode::FORBIDDEN,
                "ForbiddenException",
                "this catalog is for reading: its tables are written by the server alone, from its journal",
            ),
            Self::Failed(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerError",
                "the table could not be shown; the log says why",
            ),
        }
    }
}

impl IntoResponse for IcebergError {
    fn into_response(self) -> Response {
        if let Self::Failed(reason) = &self {
            tracing::error!(reason, "a call of the Iceberg catalog failed");
        }
        let (status, kind, message) = self.answer();
        let body = json!({"error": {"message": message, "type": kind, "code": status.as_u16()}});
        let mut response = (status, Json(body)).into_response();
        if let Self::Refused(refused) = self {
            response.headers_mut().extend(refused.header);
        }
        response
    }
}

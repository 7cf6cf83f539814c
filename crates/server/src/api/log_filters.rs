//! /api/v1/logs/pattern, /logs/metric-filters and /logs/subscription-filters: what does a pattern find in these lines,
//! and which filters are there?
//!
//! Trying is a pure function of the call. Putting and deleting are the same commands that the AWS operations send, and
//! are judged by the same function; an error says where in the pattern it is.

pub(super) mod definitions;
pub(super) mod pattern;
pub(super) mod subscriptions;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::routing::{get, post};
use serde::de::DeserializeOwned;
use walletscope_guard::guard;
use walletscope_language::filter_pattern::PatternError;

use super::error::ApiError;
use crate::delivery::Deliveries;
use crate::pipeline::{Ingest, Shared};

/// What the handlers share.
#[derive(Clone)]
pub(super) struct LogFiltersState {
    pub(super) ingest: Ingest,
    pub(super) shared: Arc<Shared>,
    pub(super) account: Arc<str>,
    /// Where groups of a name lie that no region has.
    pub(super) region: Arc<str>,
    pub(super) deliveries: Arc<Deliveries>,
}

/// The routes.
pub(super) fn router(state: LogFiltersState) -> Router {
    let filters = get(definitions::list).put(definitions::put).delete(definitions::delete);
    Router::new()
        .route("/api/v1/logs/pattern", post(pattern::try_pattern))
        .route("/api/v1/logs/metric-filters", filters)
        .route("/api/v1/logs/subscription-filters", get(subscriptions::list))
        .method_not_allowed_fallback(super::wrong_method)
        .with_state(state)
}

/// The body as JSON. What is wrong with it is not repeated: it may hold a card number.
fn read<T: DeserializeOwned>(
    body: Result<Bytes, BytesRejection>,
    expected: &'static str,
) -> Result<T, ApiError> {
    let body = body.map_err(|_| ApiError::BadBody { message: "the body is too long, or was cut off" })?;
    serde_json::from_slice(&body).map_err(|_| ApiError::BadBody { message: expected })
}

/// A text without card numbers, or an error: a definition with one would mean something else than was written.
fn whole(parameter: &'static str, text: &str) -> Result<Box<str>, ApiError> {
    let guarded = guard(text);
    if guarded.cuts > 0 {
        return Err(ApiError::CardNumber { parameter });
    }
    Ok(guarded.text.into())
}

/// The character at which a pattern stops making sense, from 0.
fn place(pattern: &str, error: &PatternError) -> usize {
    pattern.get(..error.position).unwrap_or(pattern).chars().count()
}

//! /api/v1/logs: which log groups are there, which of their events match, what do these say, and what has just come?
//!
//! The questions are answered by [`Logs`]; here is how they come in and how answers go out. Parameters that say which
//! events are meant are the same everywhere ([`asked`]).

mod asked;
pub(super) mod events;
pub(super) mod fields;
pub(super) mod groups;
pub(super) mod histogram;
pub(super) mod tail;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use walletscope_model::{Offset, Timestamp};

use super::metrics::DataTo;
use crate::logs::Logs;
use crate::pipeline::{Now, Shared};

/// What the handlers share.
#[derive(Clone)]
pub(super) struct LogsState {
    pub(super) logs: Arc<Logs>,
    pub(super) shared: Arc<Shared>,
    pub(super) account: Arc<str>,
    pub(super) now: Now,
}

/// The routes below `/api/v1/logs`.
pub(super) fn router(state: LogsState) -> Router {
    Router::new()
        .route("/api/v1/logs/groups", get(groups::groups))
        .route("/api/v1/logs/events", get(events::events))
        .route("/api/v1/logs/histogram", get(histogram::histogram))
        .route("/api/v1/logs/fields", get(fields::fields))
        .route("/api/v1/logs/tail", get(tail::tail))
        .method_not_allowed_fallback(super::only_get)
        .with_state(state)
}

impl LogsState {
    fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// How far an answer goes that includes the entries up to `head`.
    fn data_to(&self, head: Option<Offset>) -> DataTo {
        let view = self.shared.view.load();
        let data_to = DataTo::of(&view, self.now());
        match head {
            Some(head) => DataTo { applied: head.0, ..data_to },
            None => data_to,
        }
    }
}

//! What answers at which path, and how long may a client take?
//!
//! One port: health, our own telemetry, the JSON API, the Iceberg catalog, the doors for telemetry without signatures,
//! sign-in, the pages of the web UI, and everything else is an AWS call, told apart by its headers (`docs/protocols/routing.md`). Connections are counted and
//! slow ones are cut.

mod connections;
pub(crate) mod lake;
pub(crate) mod ops;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};

use crate::auth::{AuthState, check_host, open_on_this_machine, require_caller, session_routes};
use crate::aws::{self, Door};
use crate::doors::{self, Doors};
use crate::iceberg;
use crate::import::{self, ImportDoor};
use crate::observe::Telemetry;
use crate::pipeline::Shared;
use crate::ui;

pub use connections::{CONNECTIONS_MAX, HEAD_TIME_MAX, serve};
pub use lake::LakeDoor;

/// Everything the routes need.
#[derive(Clone)]
pub struct Routes {
    /// AWS calls.
    pub door: Arc<Door>,
    /// Who may call.
    pub auth: AuthState,
    /// What is published.
    pub shared: Arc<Shared>,
    /// What is counted.
    pub telemetry: Arc<Telemetry>,
    /// Reads the size of the journal.
    pub journal_size: Arc<dyn Fn() -> walletscope_journal::JournalSize + Send + Sync>,
    /// Takes the end of a source's backfill.
    pub ingest: crate::pipeline::Ingest,
    /// The lake, for the Iceberg catalog and for upkeep.
    pub lake: LakeDoor,
    /// Takes histories.
    pub import: Arc<ImportDoor>,
    /// Take telemetry without signatures.
    pub doors: Arc<Doors>,
}

/// The router of one server, around the JSON API's.
pub fn router(routes: Routes, api: Router) -> Router {
    let open = Router::new()
        .route("/healthz", get(ops::health))
        .route("/readyz", get(ops::ready))
        .with_state(routes.clone());
    let telemetry = Router::new().route("/metrics", get(ops::telemetry)).with_state(routes.clone());
    let guarded = Router::new()
        .route("/api/v1/backfill-end", post(ops::end_backfill))
        .with_state(routes.clone())
        .merge(lake::routes(routes.lake.clone()))
        .merge(
            Router::new()
                .route("/api/v1/import", post(import::door::import))
                .with_state(routes.import.clone()),
        )
        .merge(api);
    open.merge(telemetry.layer(from_fn_with_state(routes.auth.clone(), open_on_this_machine)))
        .merge(guarded.layer(from_fn_with_state(routes.auth.clone(), require_caller)))
        .merge(iceberg::router(routes.lake.shared.lake.clone(), routes.auth.clone()))
        .merge(doors::router(routes.doors.clone()))
        .merge(session_routes(routes.auth.clone()))
        .merge(Router::new().fallback(ui_or_aws).with_state(routes.door.clone()))
        .layer(from_fn_with_state(routes.auth.clone(), check_host))
}

async fn ui_or_aws(door: State<Arc<Door>>, request: Request) -> Response {
    match ui::answer(ui::FILES, request.method(), request.uri(), request.headers()) {
        Some(page) => page,
        None => aws::handle(door, request).await,
    }
}

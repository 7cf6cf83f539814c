//! What may a program with the API token ask of the lake while the server runs?
//!
//! `POST /api/v1/lake/{flush,compact,expire,verify,erase}`: the answer is a line of JSON for each table as it is done,
//! and one more at the end. `POST /api/v1/backup`: the answer is the server's part of a backup. One such call at a time; the command line is its usual caller.

use std::convert::Infallible;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use axum::body::{Body, Bytes};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use axum::{Extension, Router};
use futures_util::StreamExt;
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use utoipa::ToSchema;
use walletscope_journal::{EmbeddedStore, Store};

use crate::api::{Caller, ErrorBody, ErrorDetail};
use crate::backup::BackupError;
use crate::backup::export::Source;
use crate::lake::upkeep::{self, IdTooShort, Line, Upkeep};
use crate::lake::{LakeShared, Work};
use crate::logs::gone;
use crate::pipeline::{Now, Shared};

/// Lines on their way to a caller that reads slowly.
const LINES_WAITING_MAX: usize = 16;

/// Bytes of one piece of a backup.
const PIECE_BYTES: usize = 256 << 10;

/// What the routes need.
#[derive(Clone)]
pub struct LakeDoor {
    /// The lake.
    pub shared: Arc<LakeShared>,
    /// Its thread.
    pub feeder: SyncSender<Work>,
    /// The machine's clock.
    pub now: Now,
    /// The journal and the state.
    pub store: EmbeddedStore,
    /// What the pipeline publishes: log groups.
    pub pipeline: Arc<Shared>,
    turn: Arc<Semaphore>,
}

impl LakeDoor {
    /// A door for one caller at a time.
    pub fn new(
        shared: Arc<LakeShared>,
        feeder: SyncSender<Work>,
        store: EmbeddedStore,
        pipeline: Arc<Shared>,
        now: Now,
    ) -> Self {
        Self { shared, feeder, now, store, pipeline, turn: Arc::new(Semaphore::new(1)) }
    }
}

/// The routes.
pub(super) fn routes(door: LakeDoor) -> Router {
    Router::new()
        .route("/api/v1/lake/{task}", post(task))
        .route("/api/v1/backup", post(backup))
        .with_state(door)
}

/// Whom to erase; the other tasks take `{}`.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = LakeTask)]
pub(crate) struct Asked {
    /// An attempt, by its correlation id or the id that names it.
    attempt: Option<String>,
    /// Everything that carries this token reference.
    token: Option<String>,
}

/// Looks after the lake, one such call at a time.
#[utoipa::path(
    post, path = "/api/v1/lake/{task}", tag = "lake",
    params(("task" = String, Path, description = "flush, compact, expire, verify or erase")),
    request_body = Asked,
    responses(
        (status = 200, body = Line, content_type = "application/x-ndjson", description = "A line for each table as it is done, and one more at the end"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
    ),
)]
pub(crate) async fn task(
    State(door): State<LakeDoor>,
    Path(task): Path<String>,
    caller: Option<Extension<Caller>>,
    asked: Result<Json<Asked>, JsonRejection>,
) -> Response {
    if caller.is_none_or(|Extension(caller)| caller.is_browser) {
        return refuse(StatusCode::FORBIDDEN, "token_needed", "this is for programs that send the API token");
    }
    let Ok(Json(asked)) = asked else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "bad_body",
            "the body must be JSON, {} where nothing is to be said",
        );
    };
    let upkeep = match (&*task, asked.attempt, asked.token) {
        ("flush", None, None) => None,
        ("compact", None, None) => Some(Upkeep::Compact),
        ("expire", None, None) => Some(Upkeep::Expire),
        ("verify", None, None) => Some(Upkeep::Verify),
        ("erase", Some(id), None) => Some(Upkeep::EraseAttempt(id)),
        ("erase", None, Some(reference)) => Some(Upkeep::EraseToken(reference)),
        ("erase" | "flush" | "compact" | "expire" | "verify", _, _) => {
            let message = "erase takes either \"attempt\" or \"token\" in its body; the others take nothing";
            return refuse(StatusCode::BAD_REQUEST, "bad_body", message);
        }
        _ => return refuse(StatusCode::NOT_FOUND, "no_such_path", "flush, compact, expire, verify or erase"),
    };
    let upkeep = match upkeep.map(Upkeep::checked).transpose() {
        Ok(upkeep) => upkeep,
        Err(IdTooShort) => {
            let message = "the id is too short to be told apart from other words; 6 letters or more";
            return refuse(StatusCode::BAD_REQUEST, "id_too_short", message);
        }
    };
    let Ok(turn) = door.turn.clone().try_acquire_owned() else {
        return refuse(StatusCode::CONFLICT, "busy", "another such call runs; wait for its end");
    };
    let (sender, lines) = mpsc::channel(LINES_WAITING_MAX);
    tokio::spawn(async move {
        run(&door, upkeep, sender).await;
        drop(turn);
    });
    answer(lines)
}

/// A flush first where rows in memory would be missed.
async fn run(door: &LakeDoor, upkeep: Option<Upkeep>, sender: mpsc::Sender<Line>) {
    let flushes = !matches!(upkeep, Some(Upkeep::Verify | Upkeep::Expire));
    if flushes && let Err(reason) = upkeep::flush(&door.shared, &door.feeder, door.store.head()).await {
        // A caller that has gone needs no answer.
        let _gone = sender.send(Line::Error(reason)).await;
        return;
    }
    match upkeep {
        Some(upkeep) => {
            let gone = gone(&door.pipeline.catalog.load(), (door.now)());
            upkeep.run(&door.shared.lake, &gone, &door.now, |line| sender.try_send(line).is_ok()).await;
        }
        None => drop(sender.send(Line::Done { problems: 0 }).await),
    }
}

/// Telemetry, state and tables as a tar stream that lacks its end: the keys, which no connection carries.
#[utoipa::path(
    post, path = "/api/v1/backup", tag = "lake",
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/x-tar", description = "What walletscope backup writes into its file"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 503, body = ErrorBody),
    ),
)]
pub(crate) async fn backup(State(door): State<LakeDoor>, caller: Option<Extension<Caller>>) -> Response {
    if caller.is_none_or(|Extension(caller)| caller.is_browser) {
        return refuse(StatusCode::FORBIDDEN, "token_needed", "this is for programs that send the API token");
    }
    let Ok(turn) = door.turn.clone().try_acquire_owned() else {
        return refuse(StatusCode::CONFLICT, "busy", "another such call runs; wait for its end");
    };
    let (sender, mut pieces) = mpsc::channel(LINES_WAITING_MAX);
    let source = Source { store: door.store, lake: door.shared.lake.clone(), runtime: Handle::current() };
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let mut out = std::io::BufWriter::with_capacity(PIECE_BYTES, Pieces(sender.clone()));
        let exported = source.export((door.now)(), &mut out);
        let exported =
            exported.and_then(|()| out.flush().map_err(|error| BackupError::File("send the backup", error)));
        if let Err(error) = exported {
            tracing::error!(%error, "a backup ended early");
            // A caller that has gone needs no answer.
            let _gone = sender.blocking_send(Err(std::io::Error::other(error.to_string())));
        }
    });
    // What fails before the first byte can still be said.
    match pieces.recv().await {
        Some(Ok(first)) => {
            let rest = futures_util::stream::unfold(pieces, |mut pieces| async move {
                pieces.recv().await.map(|piece| (piece, pieces))
            });
            let body = Body::from_stream(futures_util::stream::iter([Ok(first)]).chain(rest));
            ([(header::CONTENT_TYPE, "application/x-tar"), (header::CACHE_CONTROL, "no-store")], body)
                .into_response()
        }
        Some(Err(error)) => refuse(StatusCode::SERVICE_UNAVAILABLE, "no_backup", &error.to_string()),
        None => {
            refuse(StatusCode::SERVICE_UNAVAILABLE, "no_backup", "the backup ended early; the log says why")
        }
    }
}

/// Hands pieces over to an answer.
struct Pieces(mpsc::Sender<std::io::Result<Bytes>>);

impl std::io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map_err(|_| std::io::Error::other("the caller has gone"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn answer(lines: mpsc::Receiver<Line>) -> Response {
    let lines = futures_util::stream::unfold(lines, |mut lines| async move {
        let line = lines.recv().await?;
        // A line of texts and numbers always becomes JSON.
        let mut text = serde_json::to_string(&line).unwrap_or_default();
        text.push('\n');
        Some((text, lines))
    });
    let body = Body::from_stream(lines.map(|text| Ok::<_, Infallible>(Bytes::from(text))));
    ([(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, "no-store")], body)
        .into_response()
}

fn refuse(status: StatusCode, code: &'static str, message: &str) -> Response {
    let error = ErrorDetail { code, message: message.to_owned(), parameter: None, at: None };
    (status, Json(ErrorBody { error })).into_response()
}

//! How does a result flow from the query's threads to its reader, and what ends it early?
//!
//! One task per question, on the query's threads, with a short queue of pieces to the connection: a slow reader slows
//! the query down, and one that has gone ends it, because the queue closes. Nothing is answered before it is known that
//! there is something to answer: the columns for lines, the first rows for files.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use axum::body::{Body, Bytes};
use datafusion::error::DataFusionError;
use futures_util::{StreamExt, stream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Interval, MissedTickBehavior, interval_at};
use walletscope_query::{Answer, SqlError, of_running};

use super::answers::{Done, Form, Format, NoteShown, ProgressShown};
use crate::sql::Sql;

/// Progress is told this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);
/// Pieces on their way at most.
const PIECES_WAITING_MAX: usize = 4;

/// What is asked.
pub(super) struct Asked {
    pub(super) tenant: Box<str>,
    pub(super) sql: String,
    pub(super) format: Format,
    pub(super) rows_max: u64,
}

type Piece = Result<Bytes, Cut>;

/// The answer broke off.
#[derive(Debug)]
struct Cut(String);

impl fmt::Display for Cut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Cut {}

/// Runs a query; the body of its answer. Whoever drops either ends the query.
///
/// # Errors
/// There is nothing to answer.
pub(super) async fn run(sql: Arc<Sql>, asked: Asked) -> Result<Body, SqlError> {
    let (pieces, sent) = mpsc::channel::<Piece>(PIECES_WAITING_MAX);
    let (tell, begun) = oneshot::channel();
    let (started, stopping) = (Instant::now(), sql.threads().stopping());
    let task = {
        let sql = sql.clone();
        let readers = pieces.clone();
        async move {
            tokio::select! {
                biased;
                () = readers.closed() => {}
                () = query(&sql, asked, started, stopping, pieces, tell) => {}
            }
        }
    };
    sql.threads().spawn(task);
    begun.await.unwrap_or_else(|_| Err(error("the query ended without an answer; the log says why")))?;
    Ok(Body::from_stream(stream::unfold(sent, |mut sent| async move { Some((sent.recv().await?, sent)) })))
}

async fn query(
    sql: &Sql,
    asked: Asked,
    started: Instant,
    mut stopping: watch::Receiver<bool>,
    pieces: mpsc::Sender<Piece>,
    tell: oneshot::Sender<Result<(), SqlError>>,
) {
    let answer = tokio::select! {
        answer = sql.answer(&asked.tenant, &asked.sql) => answer,
        () = told(&mut stopping) => Err(error("the server is stopping")),
    };
    let opened = answer.and_then(|answer| Ok((asked.format.form(&answer.schema)?, answer)));
    let (form, answer) = match opened {
        Ok(opened) => opened,
        Err(error) => return drop(tell.send(Err(error))),
    };
    let mut ticks = interval_at(tokio::time::Instant::now() + PROGRESS_EVERY, PROGRESS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut run = Run { answer, form, pieces, stopping, ticks, started, rows: 0, rows_max: asked.rows_max };
    let mut first = None;
    if asked.format.is_file() {
        match run.next().await {
            Ok(rows) => first = Some(rows),
            Err(error) => return drop(tell.send(Err(error))),
        }
    }
    let head = match run.form.head() {
        Ok(head) => head,
        Err(error) => return drop(tell.send(Err(error))),
    };
    if tell.send(Ok(())).is_err() || run.send(head).await.is_err() {
        return;
    }
    run.to_the_end(first).await;
}

/// A query that has begun to answer.
struct Run {
    answer: Answer,
    form: Box<dyn Form>,
    pieces: mpsc::Sender<Piece>,
    stopping: watch::Receiver<bool>,
    ticks: Interval,
    started: Instant,
    rows: u64,
    rows_max: u64,
}

/// The reader has gone.
struct Gone;

impl Run {
    async fn to_the_end(mut self, first: Option<Option<RecordBatch>>) {
        let ended = match self.all_rows(first).await {
            Ok(Ok(is_truncated)) => self.done(is_truncated),
            Ok(Err(error)) => Err(error),
            Err(Gone) => return,
        };
        let last = ended.or_else(|error| {
            let text = error.to_string();
            self.form.error(error).ok_or(Cut(text))
        });
        let last = last
            .map(Bytes::from)
            .inspect_err(|cut| tracing::warn!(reason = %cut.0, "a file of SQL was cut short"));
        // A reader that has gone does not need the end.
        let _sent = self.pieces.send(last).await;
    }

    /// Sends rows until there are no more, or as many as were asked for; whether there are more.
    async fn all_rows(&mut self, first: Option<Option<RecordBatch>>) -> Result<Result<bool, SqlError>, Gone> {
        let mut next = first.map(Ok);
        loop {
            let rows = match next.take() {
                Some(rows) => rows,
                None => self.next().await,
            };
            let rows = match rows {
                Ok(Some(rows)) => rows,
                Ok(None) => return Ok(Ok(false)),
                Err(error) => return Ok(Err(error)),
            };
            let room = usize::try_from(self.rows_max - self.rows).unwrap_or(usize::MAX);
            let is_truncated = rows.num_rows() > room;
            let rows = rows.slice(0, rows.num_rows().min(room));
            if let Err(error) = self.send_rows(&rows).await? {
                return Ok(Err(error));
            }
            if is_truncated {
                return Ok(Ok(true));
            }
        }
    }

    /// The next rows; tells progress while they are waited for.
    async fn next(&mut self) -> Result<Option<RecordBatch>, SqlError> {
        loop {
            tokio::select! {
                biased;
                () = told(&mut self.stopping) => return Err(error("the server is stopping")),
                _ = self.ticks.tick() => {
                    let progress = self.form.progress(self.progress());
                    // A reader that is slow to read needs no progress.
                    progress.and_then(|piece| self.pieces.try_send(Ok(Bytes::from(piece))).ok());
                }
                rows = self.answer.batches.next() => {
                    return rows.transpose().map_err(|error: DataFusionError| of_running(&error));
                }
            }
        }
    }

    async fn send_rows(&mut self, rows: &RecordBatch) -> Result<Result<(), SqlError>, Gone> {
        let mut from = 0;
        while from < rows.num_rows() {
            let mut piece = Vec::new();
            from = match self.form.rows(rows, from, &mut piece) {
                Ok(next) => next,
                Err(error) => return Ok(Err(error)),
            };
            self.send(piece).await?;
        }
        self.rows += rows.num_rows() as u64;
        Ok(Ok(()))
    }

    async fn send(&mut self, piece: Vec<u8>) -> Result<(), Gone> {
        if piece.is_empty() {
            return Ok(());
        }
        self.pieces.send(Ok(Bytes::from(piece))).await.map_err(|_| Gone)
    }

    fn done(&mut self, truncated: bool) -> Result<Vec<u8>, SqlError> {
        let done = Done {
            rows: self.rows,
            truncated,
            progress: self.progress(),
            answered_by: self.answer.answered_by.clone(),
            head: self.answer.head,
            notes: self.answer.notes.iter().map(NoteShown::of).collect(),
        };
        self.form.done(done)
    }

    fn progress(&self) -> ProgressShown {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        ProgressShown::new(self.answer.progress(), elapsed)
    }
}

/// Waits until queries are to end.
async fn told(stopping: &mut watch::Receiver<bool>) {
    // An error means that whoever could tell is gone, which ends queries as well.
    let _told = stopping.wait_for(|stopping| *stopping).await;
}

fn error(message: &str) -> SqlError {
    SqlError { code: "failed", message: message.to_owned(), line: None, column: None, hint: None }
}

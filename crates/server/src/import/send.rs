//! How does a chunk get to a server? Over HTTP with the API's token, again and again while the server says "later".
//!
//! A chunk keeps its key over all tries, so one that was stored though its answer was lost is not stored twice.

use std::time::Duration;

use axum::body::Bytes;
use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};

use super::door::{ImportAnswer, KEY_HEADER};
use crate::auth::Secret;
use crate::client::{Answer, ApiClient, CallError, json_headers, succeeded};

/// Tries of one call, the first included: some two minutes.
const TRIES_MAX: u32 = 32;
const BACK_OFF_FIRST: Duration = Duration::from_millis(50);
const BACK_OFF_MAX: Duration = Duration::from_secs(5);
/// How long one answer may take.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(120);

/// Sends histories to one server.
#[derive(Clone)]
pub(crate) struct Sender(ApiClient);

impl Sender {
    /// To the server at `url` (`http://host:port`).
    ///
    /// # Errors
    /// The URL is not of plain HTTP.
    pub fn new(url: &str, token: &str) -> Result<Self, CallError> {
        ApiClient::new(url, Secret::new(token)).map(Self)
    }

    /// The server's API.
    pub fn api(&self) -> &ApiClient {
        &self.0
    }

    /// The credentials file of the server that answers here and knows the token; `None` for any other.
    pub async fn credentials_file(&self) -> Option<String> {
        let answer = tokio::time::timeout(ANSWER_TIME_MAX, self.0.get("/api/v1/session")).await.ok()?;
        let answer: Value = serde_json::from_slice(&answer.ok()?).ok()?;
        answer["credentialsFile"].as_str().map(str::to_owned)
    }

    /// Stores a chunk once, however often this is tried. `after` is an offset behind which it may be stored already.
    ///
    /// # Errors
    /// The last try's.
    pub async fn chunk(
        &self,
        source: &str,
        key: &str,
        after: Option<u64>,
        lines: Bytes,
    ) -> Result<ImportAnswer, CallError> {
        let after = after.map_or(String::new(), |after| format!("&after={after}"));
        let mut headers =
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"))]);
        if !key.is_empty() {
            let key = key.parse().map_err(|_| CallError::Connection("the key is no header".to_owned()))?;
            headers.insert(KEY_HEADER, key);
        }
        let path = format!("/api/v1/import?source={source}{after}");
        let body = self.post(&path, headers, lines).await?;
        serde_json::from_slice(&body).map_err(|error| CallError::Connection(error.to_string()))
    }

    /// Says that the history of a source is complete.
    ///
    /// # Errors
    /// The last try's.
    pub async fn end_backfill(&self, of: BackfillOf<'_>) -> Result<(), CallError> {
        let body = match of {
            BackfillOf::Source(source) => json!({"source": source}),
            BackfillOf::AccessKey(access_key) => json!({"access_key": access_key}),
        };
        self.post("/api/v1/backfill-end", json_headers(), body.to_string().into()).await.map(drop)
    }

    async fn post(&self, path: &str, headers: HeaderMap, body: Bytes) -> Result<Bytes, CallError> {
        let mut wait = BACK_OFF_FIRST;
        let mut tried = 0;
        loop {
            tried += 1;
            let answered = self.0.post_once(path, headers.clone(), body.clone());
            let outcome = match tokio::time::timeout(ANSWER_TIME_MAX, answered).await {
                Ok(outcome) => outcome,
                Err(_) => Err(CallError::Connection("no answer within two minutes".to_owned())),
            };
            if tried >= TRIES_MAX || !is_for_later(&outcome) {
                return succeeded(outcome?);
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(BACK_OFF_MAX);
        }
    }
}

/// Whose history.
pub(crate) enum BackfillOf<'a> {
    /// Of the source of this name.
    Source(&'a str),
    /// Of the source that signs with this key.
    AccessKey(&'a str),
}

/// Whether another try may end otherwise.
fn is_for_later(outcome: &Result<Answer, CallError>) -> bool {
    outcome.as_ref().map_or(true, |answer| answer.status == 429 || answer.status >= 500)
}

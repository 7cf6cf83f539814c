//! How does a chunk get to a server? Over HTTP with the API's token, again and again while the server says "later".
//!
//! A chunk keeps its key over all tries, so one that was stored though its answer was lost is not stored twice.

use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use super::door::{ImportAnswer, KEY_HEADER};

/// Tries of one call, the first included: some two minutes.
const TRIES_MAX: u32 = 32;
const BACK_OFF_FIRST: Duration = Duration::from_millis(50);
const BACK_OFF_MAX: Duration = Duration::from_secs(5);
/// How long one answer may take.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(120);

/// The API of one server.
pub(super) struct Api {
    http: HttpClient<HttpConnector, Full<Bytes>>,
    /// `http://host:port`, without a path.
    url: String,
    token: String,
}

/// Why a call did not succeed.
#[derive(Debug)]
pub(super) enum SendError {
    /// The server could not be reached, or the connection broke, on every try.
    Connection(String),
    /// The server refused the call.
    Refused { status: u16, body: String },
}

impl std::fmt::Display for SendError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Connection(reason) => write!(formatter, "cannot reach the server: {reason}"),
            Self::Refused { status, body } => write!(formatter, "the server answered {status}: {body}"),
        }
    }
}

impl Api {
    /// The server at `url`.
    ///
    /// # Errors
    /// The URL is not of plain HTTP.
    pub fn new(url: &str, token: &str) -> Result<Self, String> {
        let url = url.trim_end_matches('/');
        if !url.starts_with("http://") || url.len() == "http://".len() {
            return Err(format!(
                "cannot use --server {url}: write http://HOST:PORT; where a proxy ends TLS, go to the \
                                server itself, on its machine"
            ));
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        let http = HttpClient::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, url: url.to_owned(), token: token.to_owned() })
    }

    /// The credentials file of the server that answers here and knows the token; `None` for any other.
    pub async fn credentials_file(&self) -> Option<String> {
        let (status, body) = self.call("GET", "/api/v1/session", "", Bytes::new()).await.ok()?;
        let answer: Value = serde_json::from_slice(&body).ok().filter(|_| status == 200)?;
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
    ) -> Result<ImportAnswer, SendError> {
        let after = after.map_or(String::new(), |after| format!("&after={after}"));
        let body = self.post(&format!("/api/v1/import?source={source}{after}"), key, lines).await?;
        serde_json::from_slice(&body).map_err(|error| SendError::Connection(error.to_string()))
    }

    /// Says that the history of a source is complete.
    ///
    /// # Errors
    /// The last try's.
    pub async fn end_backfill(&self, source: &str) -> Result<(), SendError> {
        let body = json!({"source": source}).to_string();
        self.post("/api/v1/backfill-end", "", body.into()).await.map(drop)
    }

    async fn post(&self, path: &str, key: &str, body: Bytes) -> Result<Bytes, SendError> {
        let mut wait = BACK_OFF_FIRST;
        let mut tried = 0;
        loop {
            tried += 1;
            let outcome = self.call("POST", path, key, body.clone()).await;
            match outcome {
                Ok((status, body)) if status < 300 => return Ok(body),
                Ok((status, body)) if (status != 429 && status < 500) || tried >= TRIES_MAX => {
                    let body = String::from_utf8_lossy(&body).into_owned();
                    return Err(SendError::Refused { status, body });
                }
                Err(error) if tried >= TRIES_MAX => return Err(error),
                Ok(_) | Err(_) => {}
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(BACK_OFF_MAX);
        }
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: Bytes,
    ) -> Result<(u16, Bytes), SendError> {
        let content_type =
            if path.starts_with("/api/v1/import") { "application/x-ndjson" } else { "application/json" };
        let mut request = hyper::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", content_type);
        if !key.is_empty() {
            request = request.header(KEY_HEADER, key);
        }
        let failed = |reason: String| SendError::Connection(reason);
        let request = request.body(Full::new(body)).map_err(|error| failed(error.to_string()))?;
        let answered = async {
            let response = self.http.request(request).await.map_err(|error| failed(error.to_string()))?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.map_err(|error| failed(error.to_string()))?;
            Ok((status, body.to_bytes()))
        };
        let answered = tokio::time::timeout(ANSWER_TIME_MAX, answered).await;
        answered.unwrap_or_else(|_| Err(failed("no answer within two minutes".to_owned())))
    }
}

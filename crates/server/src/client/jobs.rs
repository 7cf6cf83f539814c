//! How does the command line ask a running server? POST with the API token, the answer read as it comes.

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::CallError;

/// Asks one server.
pub struct JobClient {
    http: HttpClient<HttpConnector, Full<Bytes>>,
    endpoint: String,
    token: String,
}

/// An answer on its way.
pub struct StreamedAnswer(Incoming);

impl JobClient {
    /// A client of `endpoint` (`http://host:port`).
    pub fn new(endpoint: &str, token: &str) -> Self {
        let http = HttpClient::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { http, endpoint: endpoint.to_owned(), token: token.to_owned() }
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// The server could not be reached, or refused.
    pub async fn post(&self, path: &str, json: String) -> Result<StreamedAnswer, CallError> {
        let request = hyper::Request::post(format!("{}{path}", self.endpoint))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(json)))
            .map_err(|error| CallError::Connection(error.to_string()))?;
        let response =
            self.http.request(request).await.map_err(|error| CallError::Connection(error.to_string()))?;
        let status = response.status();
        if status.is_success() {
            return Ok(StreamedAnswer(response.into_body()));
        }
        let body = response.into_body().collect().await;
        let body = body.map_err(|error| CallError::Connection(error.to_string()))?.to_bytes();
        Err(CallError::Refused { status: status.as_u16(), body: String::from_utf8_lossy(&body).into_owned() })
    }
}

impl StreamedAnswer {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        loop {
            let Some(frame) = self.0.frame().await else { return Ok(None) };
            let frame = frame.map_err(|error| CallError::Connection(error.to_string()))?;
            // Trailers hold nothing of ours.
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
    }
}

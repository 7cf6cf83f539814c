//! How do our own programs ask the JSON API? With the token, over plain HTTP, once.
//!
//! An answer is read as it comes; dropping it closes the connection, which ends a query.

use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::{Answer, CallError};
use crate::auth::Secret;

/// How long a server may take to accept a connection.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// Asks one server.
#[derive(Clone)]
pub struct ApiClient {
    http: HttpClient<HttpConnector, Full<Bytes>>,
    /// `http://host:port`, without a path.
    url: String,
    token: Secret,
}

/// An answer on its way.
pub struct StreamedAnswer(Incoming);

impl ApiClient {
    /// A client of the server at `url` (`http://host:port`).
    ///
    /// # Errors
    /// The address is not of plain HTTP.
    pub fn new(url: &str, token: Secret) -> Result<Self, CallError> {
        let url = url.trim_end_matches('/');
        if url.strip_prefix("http://").is_none_or(str::is_empty) {
            let why = format!(
                "{url} is no address such as http://127.0.0.1:7300; TLS ends in a proxy before the server"
            );
            return Err(CallError::Connection(why));
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIME_MAX));
        let http = HttpClient::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, url: url.to_owned(), token })
    }

    /// The server's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether a server answers there.
    pub async fn is_there(&self) -> bool {
        let request = Request::get(format!("{}/healthz", self.url)).body(Full::default());
        match request {
            Ok(request) => self.http.request(request).await.is_ok_and(|answer| answer.status().is_success()),
            Err(_) => false,
        }
    }

    /// Reads `path` (`/api/v1/…`) whole.
    ///
    /// # Errors
    /// The server could not be reached, or refused.
    pub async fn get(&self, path: &str) -> Result<Bytes, CallError> {
        let answer = self.send(Method::GET, path, HeaderMap::new(), Bytes::new()).await?;
        succeeded(whole(answer).await?)
    }

    /// Posts JSON to `path`; the answer's body is still to be read.
    ///
    /// # Errors
    /// The server could not be reached, or refused.
    pub async fn post(&self, path: &str, json: String) -> Result<StreamedAnswer, CallError> {
        let answer = self.send(Method::POST, path, json_headers(), json.into()).await?;
        if answer.status().is_success() {
            return Ok(StreamedAnswer(answer.into_body()));
        }
        Err(refused(&whole(answer).await?))
    }

    /// Posts anything to `path` and reads the answer whole, whatever its status.
    ///
    /// # Errors
    /// The server could not be reached; any answer is an answer.
    pub async fn post_once(&self, path: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, CallError> {
        whole(self.send(Method::POST, path, headers, body).await?).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Incoming>, CallError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(AUTHORIZATION, format!("Bearer {}", self.token.expose()))
            .body(Full::new(body))
            .map_err(|error| CallError::Connection(error.to_string()))?;
        request.headers_mut().extend(headers);
        self.http
            .request(request)
            .await
            .map_err(|error| CallError::Connection(format!("{}: {error}", self.url)))
    }
}

impl StreamedAnswer {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        while let Some(frame) = self.0.frame().await {
            let broken = |error| CallError::Connection(format!("the connection broke: {error}"));
            let frame = frame.map_err(broken)?;
            // Trailers hold nothing of ours.
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

/// The headers of a call with JSON.
pub fn json_headers() -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))])
}

/// The body of an answer that says yes.
///
/// # Errors
/// It says no.
pub fn succeeded(answer: Answer) -> Result<Bytes, CallError> {
    if answer.status < 300 { Ok(answer.body) } else { Err(refused(&answer)) }
}

fn refused(answer: &Answer) -> CallError {
    CallError::Refused { status: answer.status, body: String::from_utf8_lossy(&answer.body).into_owned() }
}

async fn whole(answer: Response<Incoming>) -> Result<Answer, CallError> {
    let status = answer.status().as_u16();
    let body =
        answer.into_body().collect().await.map_err(|error| CallError::Connection(error.to_string()))?;
    Ok(Answer { status, body: body.to_bytes() })
}

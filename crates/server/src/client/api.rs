//! How do our own programs ask the JSON API? With the token, over plain HTTP, once.
//!
//! An answer is read as it comes; dropping it closes the connection, which ends a query.

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, Response};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::{Answer, CallError};
use crate::auth::Secret;

/// Asks one server.
#[derive(Clone)]
pub struct ApiClient {
    http: HttpClient<HttpConnector, Full<Bytes>>,
    url: String,
    token: Secret,
}

impl ApiClient {
    /// A client of the server at `url` (`http://host:port`).
    ///
    /// # Errors
    /// The address is not of plain HTTP.
    pub fn new(url: &str, token: Secret) -> Result<Self, CallError> {
        if !url.starts_with("http://") {
            let why = format!(
                "{url} is no address such as http://127.0.0.1:7300; TLS ends in a proxy before the server"
            );
            return Err(CallError::Connection(why));
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let http = HttpClient::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, url: url.trim_end_matches('/').to_owned(), token })
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
        let answer = self.send(Method::GET, path, String::new()).await?;
        let Answer { status, body } = whole(answer).await?;
        if status < 300 {
            return Ok(body);
        }
        Err(CallError::Refused { status, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// Posts JSON to `path`; the answer's body is still to be read.
    ///
    /// # Errors
    /// The server could not be reached, or refused.
    pub async fn post(&self, path: &str, json: String) -> Result<Response<Incoming>, CallError> {
        let answer = self.send(Method::POST, path, json).await?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let Answer { status, body } = whole(answer).await?;
        Err(CallError::Refused { status, body: String::from_utf8_lossy(&body).into_owned() })
    }

    async fn send(&self, method: Method, path: &str, json: String) -> Result<Response<Incoming>, CallError> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token.expose()))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(json)))
            .map_err(|error| CallError::Connection(error.to_string()))?;
        self.http
            .request(request)
            .await
            .map_err(|error| CallError::Connection(format!("{}: {error}", self.url)))
    }
}

async fn whole(answer: Response<Incoming>) -> Result<Answer, CallError> {
    let status = answer.status().as_u16();
    let body =
        answer.into_body().collect().await.map_err(|error| CallError::Connection(error.to_string()))?;
    Ok(Answer { status, body: body.to_bytes() })
}

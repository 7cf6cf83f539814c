//! How does our own traffic reach a server? As any AWS client's does: signed, over HTTP, with retries.
//!
//! Small on purpose: JSON calls to one endpoint, one invocation id per call, standard back-off. The simulator and the
//! load tools use it, so they exercise the same wire as everybody else.

mod api;
mod sign;

use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use walletscope_model::Timestamp;

pub use api::{ApiClient, StreamedAnswer, json_headers, succeeded};
pub use sign::{Credentials, Signing};

/// Tries per call, the first included.
const TRIES_MAX: u32 = 8;
const BACK_OFF_FIRST: Duration = Duration::from_millis(50);
const BACK_OFF_MAX: Duration = Duration::from_secs(5);

/// Calls one endpoint.
#[derive(Clone)]
pub struct AwsClient {
    http: HttpClient<HttpConnector, Full<Bytes>>,
    /// `http://host:port`, without a path.
    endpoint: String,
    credentials: Credentials,
    region: String,
    now: crate::pipeline::Now,
}

/// One call: a target such as `Logs_20140328.PutLogEvents` and its JSON.
pub struct Call {
    /// The service's signing name, such as `logs`.
    pub service: &'static str,
    /// `X-Amz-Target`.
    pub target: &'static str,
    /// `application/x-amz-json-1.0` or `-1.1`.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
    /// Equal over the retries of one call.
    pub invocation_id: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

/// Why a call did not succeed.
#[derive(Debug)]
pub enum CallError {
    /// The server could not be reached, or the connection broke, on every try.
    Connection(String),
    /// The server refused the call.
    Refused {
        /// HTTP status.
        status: u16,
        /// The error's body.
        body: String,
    },
}

impl std::fmt::Display for CallError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Connection(reason) => write!(formatter, "cannot reach the server: {reason}"),
            Self::Refused { status, body } => write!(formatter, "the server answered {status}: {body}"),
        }
    }
}

impl std::error::Error for CallError {}

impl AwsClient {
    /// A client of `endpoint` (`http://host:port`).
    pub fn new(endpoint: &str, credentials: Credentials, region: &str, now: crate::pipeline::Now) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            http: HttpClient::builder(TokioExecutor::new()).build(connector),
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            credentials,
            region: region.to_owned(),
            now,
        }
    }

    /// Where the calls go: `http://host:port`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Calls until the server answers other than "later", at most eight times.
    ///
    /// # Errors
    /// The last try's.
    pub async fn call(&self, call: &Call) -> Result<Answer, CallError> {
        let mut wait = BACK_OFF_FIRST;
        let mut tried = 0;
        loop {
            tried += 1;
            let outcome = self.call_once(call).await;
            let again = match &outcome {
                Ok(answer) => answer.status >= 500 || is_throttled(answer),
                Err(_) => true,
            };
            match outcome {
                Ok(answer) if answer.status < 300 => return Ok(answer),
                Ok(answer) if !again || tried >= TRIES_MAX => {
                    let body = String::from_utf8_lossy(&answer.body).into_owned();
                    return Err(CallError::Refused { status: answer.status, body });
                }
                Err(error) if tried >= TRIES_MAX => return Err(error),
                Ok(_) | Err(_) => {}
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(BACK_OFF_MAX);
        }
    }

    /// Calls once.
    ///
    /// # Errors
    /// The server could not be reached; any answer is an answer.
    pub async fn call_once(&self, call: &Call) -> Result<Answer, CallError> {
        let failed = |reason: String| CallError::Connection(reason);
        let host = self.endpoint.trim_start_matches("http://");
        let now: Timestamp = (self.now)();
        let signed = sign::Signing {
            credentials: &self.credentials,
            region: &self.region,
            service: call.service,
            now,
        };
        let headers = signed.headers(host, call.content_type, call.target, &call.body);
        let mut request = hyper::Request::post(format!("{}/", self.endpoint));
        for (name, value) in &headers {
            request = request.header(*name, value);
        }
        let request = request
            .header("amz-sdk-invocation-id", &call.invocation_id)
            .body(Full::new(call.body.clone()))
            .map_err(|error| failed(error.to_string()))?;
        let response = self.http.request(request).await.map_err(|error| failed(error.to_string()))?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|error| failed(error.to_string()))?;
        Ok(Answer { status, body: body.to_bytes() })
    }
}

fn is_throttled(answer: &Answer) -> bool {
    let body = &answer.body[..answer.body.len().min(200)];
    answer.status == 429 || (answer.status == 400 && String::from_utf8_lossy(body).contains("Throttling"))
}

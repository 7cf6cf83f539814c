//! How do OpenTelemetry's exporters send logs over HTTP? Bodies in two encodings, replies and errors in the same.
//!
//! Follows <https://opentelemetry.io/docs/specs/otlp/#otlphttp>; `docs/protocols/otlp.md` is the users' page. A body goes
//! through [`inflate`], [`logs::decode`] and then [`accepted`] or [`Refusal::reply`]. `message` has the messages,
//! [`logs`] makes batches of them, and `text` says what becomes of a record that is more than a line.

mod json;
pub mod logs;
pub(crate) mod message;
pub(crate) mod shape;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;
use std::fmt;

use prost::Message;
use serde::Serialize;

use crate::aws::{self, HttpResponse, INFLATED_MAX};
use logs::LogExport;
use message::{ExportLogsServiceResponse, PartialSuccess, Status};

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

impl Encoding {
    /// The encoding of a `Content-Type`, whatever its parameters.
    ///
    /// # Errors
    /// Another content type. Its refusal is best written in JSON.
    pub fn of(content_type: Option<&str>) -> Result<Self, Refusal> {
        let media = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let known = [Self::Protobuf, Self::Json];
        let found = known.into_iter().find(|encoding| media.eq_ignore_ascii_case(encoding.content_type()));
        found.ok_or(Refusal::ContentType)
    }

    /// The `Content-Type` of a reply.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// Why a whole export is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The body is damaged, and how. Sending it again would not help.
    Malformed(&'static str),
    /// The body is over a limit.
    TooLarge,
    /// Neither protobuf nor JSON.
    ContentType,
    /// Neither gzip nor plain.
    ContentEncoding,
    /// No key, or none that may send logs.
    Unauthorized,
    /// Too much at once; the same export is welcome later.
    Busy {
        /// Seconds to wait.
        retry_after: u32,
    },
    /// Nothing can be stored now; the same export is welcome later.
    Unavailable {
        /// Seconds to wait.
        retry_after: u32,
    },
}

/// The bytes that the client meant.
///
/// # Errors
/// The body is damaged, larger than [`INFLATED_MAX`] or of another encoding.
pub fn inflate<'a>(content_encoding: Option<&str>, body: &'a [u8]) -> Result<Cow<'a, [u8]>, Refusal> {
    aws::inflate(content_encoding, body, INFLATED_MAX).map_err(|error| match error.shape.status {
        413 => Refusal::TooLarge,
        415 => Refusal::ContentEncoding,
        _ => Refusal::Malformed("the gzip stream is cut, damaged or followed by other bytes"),
    })
}

/// The reply to an export whose batches were stored, with what was rejected.
pub fn accepted(encoding: Encoding, export: &LogExport) -> HttpResponse {
    let reason = export.rejected.reason.map(logs::Reason::as_str).unwrap_or_default();
    let rejected = i64::try_from(export.rejected.records).unwrap_or(i64::MAX);
    let body = match encoding {
        Encoding::Protobuf => {
            let partial_success = (rejected > 0)
                .then(|| PartialSuccess { rejected_log_records: rejected, error_message: reason.to_owned() });
            ExportLogsServiceResponse { partial_success }.encode_to_vec()
        }
        Encoding::Json => {
            let partial_success = (rejected > 0).then(|| json::PartialSuccess {
                rejected_log_records: rejected.to_string(),
                error_message: reason,
            });
            json_body(&json::Response { partial_success })
        }
    };
    reply(200, encoding, body)
}

impl Refusal {
    /// The reply, with a `google.rpc.Status` as its body.
    pub fn reply(&self, encoding: Encoding) -> HttpResponse {
        let (status, code, retry_after) = self.codes();
        let message = self.to_string();
        let body = match encoding {
            Encoding::Protobuf => Status { code, message }.encode_to_vec(),
            Encoding::Json => json_body(&json::Status { code, message: &message }),
        };
        let mut response = reply(status, encoding, body);
        if let Some(seconds) = retry_after {
            response.headers.push(("retry-after", seconds.to_string()));
        }
        response
    }

    /// The status of HTTP, the code of gRPC, and how long to wait where waiting helps.
    fn codes(&self) -> (u16, i32, Option<u32>) {
        const INVALID_ARGUMENT: i32 = 3;
        const RESOURCE_EXHAUSTED: i32 = 8;
        const UNAVAILABLE: i32 = 14;
        const UNAUTHENTICATED: i32 = 16;
        match *self {
            Self::Malformed(_) => (400, INVALID_ARGUMENT, None),
            Self::TooLarge => (413, RESOURCE_EXHAUSTED, None),
            Self::ContentType | Self::ContentEncoding => (415, INVALID_ARGUMENT, None),
            Self::Unauthorized => (401, UNAUTHENTICATED, None),
            Self::Busy { retry_after } => (429, RESOURCE_EXHAUSTED, Some(retry_after)),
            Self::Unavailable { retry_after } => (503, UNAVAILABLE, Some(retry_after)),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Malformed(why) => why,
            Self::TooLarge => "the export is over a limit: send fewer log records at once",
            Self::ContentType => "the content type is neither application/x-protobuf nor application/json",
            Self::ContentEncoding => "the content encoding is neither gzip nor identity",
            Self::Unauthorized => "the key is missing or not valid here",
            Self::Busy { .. } => "too much comes in at once: try again later",
            Self::Unavailable { .. } => "nothing can be stored at the moment: try again later",
        })
    }
}

impl std::error::Error for Refusal {}

fn reply(status: u16, encoding: Encoding, body: Vec<u8>) -> HttpResponse {
    HttpResponse { status, headers: vec![("content-type", encoding.content_type().to_owned())], body }
}

/// These shapes hold texts and numbers, which always have a JSON.
fn json_body(shape: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(shape).unwrap_or_default()
}

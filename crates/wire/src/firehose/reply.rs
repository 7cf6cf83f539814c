//! What does Firehose get to hear? One small JSON body, and a status that decides whether the delivery is lost.
//!
//! Firehose counts 200 alone as delivered. After 413 it drops the records without even keeping them in its error bucket;
//! after anything else it tries again until its retry duration is over and then keeps them there. So nothing here is ever
//! answered with 413, however large it was.

use std::fmt;

use serde::Serialize;
use walletscope_model::Timestamp;

use crate::aws::HttpResponse;

/// Why a whole delivery is refused. The texts are ours: none repeats what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The headers are not of this protocol.
    Head(&'static str),
    /// The body is not of this protocol.
    Body(&'static str),
    /// One record cannot be taken.
    Record {
        /// Counted from 1.
        number: usize,
        /// Why.
        reason: &'static str,
    },
    /// The delivery is over a limit of ours.
    TooLarge(&'static str),
    /// No key, or none that may deliver.
    Unauthorized,
    /// Too much at once, or nothing can be stored now.
    Unavailable,
}

impl Refusal {
    /// The reply; `request_id` is that of the request, empty where it has none.
    pub fn reply(&self, request_id: &str, now: Timestamp) -> HttpResponse {
        let status = match self {
            Self::Head(_) | Self::Body(_) | Self::Record { .. } | Self::TooLarge(_) => 400,
            Self::Unauthorized => 401,
            Self::Unavailable => 503,
        };
        reply(status, request_id, now, Some(&self.to_string()))
    }
}

/// The reply to a delivery that was stored.
pub fn accepted(request_id: &str, now: Timestamp) -> HttpResponse {
    reply(200, request_id, now, None)
}

fn reply(status: u16, request_id: &str, now: Timestamp, error_message: Option<&str>) -> HttpResponse {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        request_id: &'a str,
        timestamp: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        error_message: Option<&'a str>,
    }
    let body = Body { request_id, timestamp: now.millis(), error_message };
    HttpResponse {
        status,
        headers: vec![("content-type", "application/json".to_owned())],
        // Texts and a number always have a JSON.
        body: serde_json::to_vec(&body).unwrap_or_default(),
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head(reason) | Self::Body(reason) | Self::TooLarge(reason) => formatter.write_str(reason),
            Self::Record { number, reason } => write!(formatter, "record {number}: {reason}"),
            Self::Unauthorized => formatter.write_str("the access key is missing or not valid here"),
            Self::Unavailable => formatter.write_str("nothing can be stored at the moment"),
        }
    }
}

impl std::error::Error for Refusal {}

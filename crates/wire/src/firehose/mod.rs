//! What does a delivery of Data Firehose to an HTTP endpoint hold? Headers and body in, logs and metrics out; [`send`]
//! is the other way.
//!
//! Follows <https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html>; `docs/protocols/firehose.md`
//! is the users' page. The order at the door is [`Head::read`], the check of its key, [`decode`], then [`accepted`] or
//! [`Refusal::reply`]. A delivery is taken whole or refused whole. The hard part is [`record`]: nothing says what a
//! record is, so its bytes must.

mod logs;
mod metrics;
mod opentelemetry;
mod record;
mod reply;
pub mod send;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use walletscope_model::{LogEvent, MetricDatum, Timestamp};

use crate::aws::{self, HttpRequest, INFLATED_MAX};
use record::Budget;
pub use reply::{Refusal, accepted};

/// Most records of a delivery.
pub const RECORDS_MAX: usize = 10_000;
/// Most log events and metric data of a delivery.
pub const ITEMS_MAX: usize = 250_000;
/// Longest request id, in bytes: it is a GUID.
pub const REQUEST_ID_BYTES_MAX: usize = 128;
/// Most common attributes.
pub const ATTRIBUTES_MAX: usize = 50;
/// Longest name of a common attribute, in characters.
pub const ATTRIBUTE_NAME_LEN_MAX: usize = 256;
/// Longest value of a common attribute, in characters.
pub const ATTRIBUTE_VALUE_LEN_MAX: usize = 1024;

const PROTOCOL_VERSION: &str = "1.0";

/// What the headers of a delivery say.
#[derive(Clone, PartialEq, Eq)]
pub struct Head<'a> {
    /// Equal over the tries of one delivery.
    pub request_id: &'a str,
    /// The delivery stream.
    pub source_arn: Option<&'a str>,
    /// The key that its owner configured; a secret.
    pub access_key: Option<&'a str>,
    /// What its owner configured for every delivery.
    pub common_attributes: Vec<(Box<str>, Box<str>)>,
}

/// Where a delivery stream is, by its ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Source<'a> {
    pub region: &'a str,
    pub account: &'a str,
    pub stream: &'a str,
}

/// One delivery.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// As in [`Head::request_id`].
    pub request_id: Box<str>,
    /// When Firehose made this request; when it came in, where it does not say.
    pub timestamp: Timestamp,
    /// What its records hold, in their order.
    pub contents: Vec<Content>,
}

/// What a record holds, or a part of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Log events of a subscription.
    Logs {
        /// The account of the log group, twelve digits.
        owner: Box<str>,
        /// The log group.
        group: Box<str>,
        /// The log stream.
        stream: Box<str>,
        /// In their order.
        events: Vec<LogEvent>,
    },
    /// Data of a metric stream.
    Metrics {
        /// The account of the metrics, twelve digits.
        account: Box<str>,
        /// Their region.
        region: Box<str>,
        /// In their order.
        data: Vec<MetricDatum>,
    },
    /// CloudWatch Logs asks whether somebody listens.
    Control,
    /// Lines that somebody put into the delivery stream, for a group that the caller knows.
    Text {
        /// In their order.
        events: Vec<LogEvent>,
    },
}

impl<'a> Head<'a> {
    /// Reads the headers.
    ///
    /// # Errors
    /// One is missing, given twice, or not of this protocol.
    pub fn read(request: &HttpRequest<'a>) -> Result<Self, Refusal> {
        let version = header(request, "x-amz-firehose-protocol-version")?;
        if version != Some(PROTOCOL_VERSION) {
            return Err(Refusal::Head("X-Amz-Firehose-Protocol-Version must be 1.0"));
        }
        let request_id = header(request, "x-amz-firehose-request-id")?;
        let is_id = |id: &&str| {
            (1..=REQUEST_ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let common_attributes = header(request, "x-amz-firehose-common-attributes")?;
        Ok(Self {
            request_id: request_id
                .filter(is_id)
                .ok_or(Refusal::Head("X-Amz-Firehose-Request-Id must have 1 to 128 visible characters"))?,
            source_arn: header(request, "x-amz-firehose-source-arn")?,
            access_key: header(request, "x-amz-firehose-access-key")?,
            common_attributes: common_attributes.map(attributes).transpose()?.unwrap_or_default().0,
        })
    }

    /// Where the delivery stream is; `None` if its ARN is missing or is none.
    pub fn source(&self) -> Option<Source<'a>> {
        let parts: Vec<&str> = self.source_arn?.splitn(6, ':').collect();
        let &["arn", _, "firehose", region, account, resource] = parts.as_slice() else { return None };
        let stream = resource.strip_prefix("deliverystream/")?;
        Some(Source { region, account, stream })
    }
}

/// Shows that there is a key, never which.
impl fmt::Debug for Head<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request_id, source_arn, access_key, common_attributes } = self;
        formatter
            .debug_struct("Head")
            .field("request_id", request_id)
            .field("source_arn", source_arn)
            .field("access_key", &access_key.map(|_| "…"))
            .field("common_attributes", common_attributes)
            .finish()
    }
}

/// A header that may stand once: which of two keys or ids is meant, nobody could say.
fn header<'a>(request: &HttpRequest<'a>, name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = request.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let value = values.next().map(|(_, value)| value.trim());
    match values.next() {
        Some(_) => Err(Refusal::Head("a header of the delivery is given twice")),
        None => Ok(value),
    }
}

fn attributes(header: &str) -> Result<Pairs, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Shape {
        common_attributes: Pairs,
    }
    let shape: Shape = serde_json::from_str(header).map_err(|_| {
        Refusal::Head("X-Amz-Firehose-Common-Attributes must be JSON with texts in commonAttributes")
    })?;
    let pairs = shape.common_attributes;
    let is_within = |(name, value): &(Box<str>, Box<str>)| {
        (1..=ATTRIBUTE_NAME_LEN_MAX).contains(&name.chars().count())
            && value.chars().count() <= ATTRIBUTE_VALUE_LEN_MAX
    };
    match pairs.0.len() <= ATTRIBUTES_MAX && pairs.0.iter().all(is_within) {
        true => Ok(pairs),
        false => Err(Refusal::Head("X-Amz-Firehose-Common-Attributes is over a limit of Firehose")),
    }
}

/// A JSON object of texts, in its order.
#[derive(Debug, Default)]
pub(crate) struct Pairs(pub Vec<(Box<str>, Box<str>)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;
        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(PairsVisitor)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    request_id: Cow<'a, str>,
    timestamp: Option<i64>,
    #[serde(borrow)]
    records: Vec<Record<'a>>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    data: Cow<'a, str>,
}

/// The contents of a delivery whose body is as it was received; `head` is of the same request.
///
/// # Errors
/// Anything in it is damaged, over a limit, or of a kind that is not taken.
pub fn decode(
    request: &HttpRequest<'_>,
    head: &Head<'_>,
    received_at: Timestamp,
) -> Result<Delivery, Refusal> {
    let encoding = header(request, "content-encoding")?;
    let body =
        aws::inflate(encoding, request.body, INFLATED_MAX).map_err(|error| match error.shape.status {
            413 => Refusal::TooLarge("the body inflates to more than 24 MiB"),
            415 => Refusal::Body("the content encoding is neither gzip nor identity"),
            _ => Refusal::Body("the gzip stream of the body is cut, damaged or followed by other bytes"),
        })?;
    let body: Body<'_> = std::str::from_utf8(&body)
        .ok()
        .filter(|text| text.trim_ascii_start().starts_with('{'))
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or(Refusal::Body("the body is no JSON object with requestId, timestamp and records"))?;
    if body.request_id != head.request_id {
        return Err(Refusal::Body("the request ids of header and body differ"));
    }
    if body.records.len() > RECORDS_MAX {
        return Err(Refusal::TooLarge("the delivery has more than 10,000 records"));
    }
    let timestamp = body.timestamp.map_or(received_at, Timestamp::from_millis);
    let mut budget = Budget::default();
    let mut contents = Vec::new();
    for (number, record) in (1..).zip(&body.records) {
        STANDARD
            .decode(record.data.as_bytes())
            .map_err(|_| record::Damage::Bad("its data is no base64"))
            .and_then(|bytes| record::read(&bytes, timestamp, &mut budget, &mut contents))
            .map_err(|damage| damage.of_record(number))?;
    }
    Ok(Delivery { request_id: head.request_id.into(), timestamp, contents })
}

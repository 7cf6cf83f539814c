//! POST /ingest/firehose: deliveries of Amazon Data Firehose to an HTTP endpoint.
//!
//! Log events of a CloudWatch Logs subscription, data of a metric stream, or lines. The key comes in
//! `X-Amz-Firehose-Access-Key`, and the request id names the delivery over all its tries
//! (<https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html>).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use walletscope_model::{Body, LogBatch, LogEvent, MetricBatch, MetricDatum, Origin};
use walletscope_wire::firehose::{self, Content, Delivery, Head, Refusal};

use super::{Doors, wire_request};
use crate::aws::{header_rows, to_axum};
use crate::bodies::NotRead;
use crate::intake::NotTaken;

/// Group of lines that somebody put into a delivery stream without a subscription's envelope.
const LINES_GROUP: &str = "/firehose";

pub(super) async fn take(State(doors): State<Arc<Doors>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let headers = header_rows(&parts.headers, None);
    let bare = wire_request(&parts, &headers, &[]);
    let request_id = bare.header("x-amz-firehose-request-id").unwrap_or_default();
    // An id that is none is not repeated: it may hold a card number.
    let shown_id = if walletscope_guard::guard(request_id).cuts == 0 { request_id } else { "" };
    let taken = async {
        let head = Head::read(&bare)?;
        let caller = doors.auth.ingest_caller_by_token(&parts, head.access_key.unwrap_or_default());
        let caller = caller.map_err(|_| Refusal::Unauthorized)?;
        let (body, _permit) = doors.read(&parts.headers, body).await.map_err(|not_read| match not_read {
            NotRead::TooLarge => Refusal::TooLarge("the body is larger than 12 MiB"),
            NotRead::CutOff => Refusal::Body("the body was cut off"),
            NotRead::TooSlow => Refusal::Body("the body did not arrive within 30 seconds"),
            NotRead::Busy => Refusal::Unavailable,
        })?;
        let delivery = firehose::decode(&wire_request(&parts, &headers, &body), &head, doors.now())?;
        let key = if shown_id.is_empty() { "" } else { request_id };
        let entries = entries(&doors.origin(&caller), &head, delivery);
        doors.store("firehose", key, entries).await.map_err(|not_taken| match not_taken {
            NotTaken::Throttled | NotTaken::Stopping => Refusal::Unavailable,
            NotTaken::TooLong => Refusal::TooLarge("a value is too long to be stored"),
            NotTaken::LimitReached => {
                Refusal::Body("there are as many log groups or streams as there may be")
            }
        })
    };
    let outcome: Result<(), Refusal> = taken.await;
    to_axum(match outcome {
        Ok(()) => firehose::accepted(shown_id, doors.now()),
        Err(refusal) => refusal.reply(shown_id, doors.now()),
    })
}

/// The entries of a delivery, under the accounts and regions that they name themselves: one for each log stream, and one
/// for the metrics of each account and region.
fn entries(own: &Origin, head: &Head<'_>, delivery: Delivery) -> Vec<(Origin, Body)> {
    let source = head.source();
    let own_region = source.map_or(own.region.clone(), |source| clean(source.region));
    let own_stream = source.map_or("default".into(), |source| clean(source.stream));
    let mut logs: BTreeMap<[Box<str>; 3], Vec<LogEvent>> = BTreeMap::new();
    let mut metrics: BTreeMap<[Box<str>; 2], Vec<MetricDatum>> = BTreeMap::new();
    for content in delivery.contents {
        match content {
            Content::Logs { owner, group, stream, events } => {
                logs.entry([owner, group, stream]).or_default().extend(events);
            }
            Content::Text { events } => {
                let place = [own.account.clone(), LINES_GROUP.into(), own_stream.clone()];
                logs.entry(place).or_default().extend(events);
            }
            Content::Metrics { account, region, data } => {
                metrics.entry([account, clean(&region)]).or_default().extend(data);
            }
            Content::Control => {}
        }
    }
    let logs = logs.into_iter().map(|([account, group, stream], events)| {
        let origin = Origin { account, region: own_region.clone(), ..own.clone() };
        (origin, Body::Logs(LogBatch { group, stream, events }))
    });
    let metrics = metrics.into_iter().map(|([account, region], data)| {
        (Origin { account, region, ..own.clone() }, Body::Metrics(MetricBatch { data }))
    });
    logs.chain(metrics).collect()
}

/// A region or a delivery stream's name: digits and dashes can be a card number.
fn clean(text: &str) -> Box<str> {
    walletscope_guard::guard(text).text.into()
}

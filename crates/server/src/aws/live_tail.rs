//! StartLiveTail: a stream of frames instead of an answer.
//!
//! The first frame is the one without which SDKs give up, then the session's start, then an update a second until the
//! client goes or three hours are over
//! (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html>).

use axum::body::{Body as HttpBody, Bytes};
use axum::response::Response as AxumResponse;
use futures_util::stream;
use walletscope_wire::aws::AwsError;
use walletscope_wire::aws::event_stream::{CONTENT_TYPE, initial_response};
use walletscope_wire::logs::{self, LiveTailEvent};

use super::read_events::selection;
use super::{Caller, Door, Prepared};
use crate::logs::FoundEvent;
use crate::logs::tail::{End, News, Tail, Update};

/// A session that is open.
pub(crate) struct Session {
    tail: Tail,
    account: Box<str>,
    start: logs::LiveTailSessionStart,
}

pub(crate) fn start(
    door: &Door,
    caller: &Caller,
    request: &logs::StartLiveTailRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let identifiers: Vec<&str> = request.log_group_identifiers.iter().map(String::as_str).collect();
    let pattern = request.log_event_filter_pattern.as_deref();
    let mut selection = selection(door, caller, &identifiers, pattern)?;
    let names =
        |names: &Option<Vec<String>>| names.iter().flatten().map(|name| name.as_str().into()).collect();
    selection.streams = names(&request.log_stream_names);
    selection.stream_prefixes = names(&request.log_stream_name_prefixes);
    let tail = door.logs().tails.open(selection).map_err(|_| logs::limit_exceeded())?;
    // What was asked comes back without card numbers.
    let shown = |text: &str| String::from(door.guard(caller, "live_tail", text));
    let all_shown = |texts: &Option<Vec<String>>| {
        texts.as_ref().map(|texts| texts.iter().map(|text| shown(text)).collect())
    };
    let start = logs::LiveTailSessionStart {
        request_id: uuid::Uuid::new_v4().to_string(),
        session_id: uuid::Uuid::new_v4().to_string(),
        log_group_identifiers: request.log_group_identifiers.iter().map(|text| shown(text)).collect(),
        log_stream_names: all_shown(&request.log_stream_names),
        log_stream_name_prefixes: all_shown(&request.log_stream_name_prefixes),
        log_event_filter_pattern: request.log_event_filter_pattern.as_deref().map(shown),
    };
    Ok(Prepared::LiveTail(Box::new(Session { tail, account: caller.origin.account.clone(), start })))
}

/// The frames, as they come.
pub(super) fn answer(session: Session, request_id: &str) -> AxumResponse {
    let Session { tail, account, start } = session;
    let mut first = initial_response();
    first.extend(frame(&LiveTailEvent::SessionStart(start)));
    let updates = stream::unfold(Some(tail), move |tail| {
        let account = account.clone();
        async move {
            let mut tail = tail?;
            let (event, goes_on) = match tail.next().await? {
                News::Update(update) => (LiveTailEvent::SessionUpdate(told(update, &account)), true),
                News::Ended(End::TimedOut) => {
                    let message = "the session is over after three hours; start another".to_owned();
                    (LiveTailEvent::SessionTimeout { message }, false)
                }
                News::Ended(End::Stopping) => {
                    (LiveTailEvent::SessionStreaming { message: "the service is stopping".to_owned() }, false)
                }
            };
            Some((Ok::<_, std::convert::Infallible>(Bytes::from(frame(&event))), goes_on.then_some(tail)))
        }
    });
    let first = stream::once(async move { Ok(Bytes::from(first)) });
    let body = HttpBody::from_stream(stream::StreamExt::chain(first, updates));
    let mut response = AxumResponse::new(body);
    let headers = response.headers_mut();
    headers.insert("content-type", axum::http::HeaderValue::from_static(CONTENT_TYPE));
    if let Ok(id) = request_id.parse() {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

/// The tail's own limits are far below what a frame holds.
fn frame(event: &LiveTailEvent) -> Vec<u8> {
    event.frame().unwrap_or_default()
}

fn told(update: Update, account: &str) -> logs::LiveTailSessionUpdate {
    let told = |event: FoundEvent| logs::LiveTailSessionLogEvent {
        log_stream_name: event.stream.into(),
        log_group_identifier: format!("{account}:{}", event.group),
        message: event.message.into(),
        timestamp: event.key.timestamp.millis(),
        ingestion_time: event.key.ingested_at.millis(),
    };
    logs::LiveTailSessionUpdate {
        session_metadata: logs::LiveTailSessionMetadata { sampled: update.is_sampled },
        session_results: update.events.into_iter().map(told).collect(),
    }
}

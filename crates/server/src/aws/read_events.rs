//! How are log events read back by AWS's operations?
//!
//! FilterLogEvents goes through a group in one direction, interleaved by time, and ends without a token; GetLogEvents goes
//! through one stream both ways, always answers two tokens, and repeats the one that was sent at the end. Both are pages
//! of one search, whose positions are the tokens.

use std::collections::BTreeMap;
use std::sync::Arc;

use walletscope_language::filter_pattern::Pattern;
use walletscope_model::{Duration, Timestamp};
use walletscope_series::Range;
use walletscope_stream::metric_filter::{FilterError, mode_of};
use walletscope_wire::aws::{AwsError, Response};
use walletscope_wire::logs::look_up::{FIELDS_AROUND_MILLIS, FIELDS_BEFORE_NOW_MILLIS};
use walletscope_wire::logs::read_events::{EVENTS_LIMIT_MAX, PAGE_BYTES_MAX};
use walletscope_wire::logs::{self, Direction, EventsToken};

use super::door::not_read;
use super::logs::{group_key, group_of_identifier};
use super::metric_filters::invalid;
use super::{Caller, Door, Prepared};
use crate::logs::{
    BUDGET, EventKey, FoundEvent, Order, Search, Selection, fields_of_message, parse_event_id,
};

/// The last time that is asked for where no end is given: 9999-12-31.
const END_OF_TIME: Timestamp = Timestamp(253_402_300_799_999_999);
/// Events of one journal entry: a call, or a chunk of an import, has fewer.
const ENTRY_EVENTS_MAX: usize = 1 << 20;
/// Names that the service gives every event.
const EVERY_EVENT_HAS: [&str; 5] = ["@ingestionTime", "@log", "@logStream", "@message", "@timestamp"];

pub(crate) fn filter(
    door: &Door,
    caller: &Caller,
    request: &logs::FilterLogEventsRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let group = request.log_group_name.as_deref().or(request.log_group_identifier.as_deref());
    let mut selection =
        selection(door, caller, &[group.unwrap_or_default()], request.filter_pattern.as_deref())?;
    selection.streams = request.log_stream_names.iter().flatten().map(|name| name.as_str().into()).collect();
    selection.stream_prefixes =
        request.log_stream_name_prefix.iter().map(|prefix| prefix.as_str().into()).collect();
    let token = request.next_token.as_deref();
    let asked = if request.start_from_head == Some(false) { Order::Descending } else { Order::Ascending };
    // A token has its own direction.
    let (order, after) = match token {
        None => (asked, None),
        Some(token) => [Order::Ascending, Order::Descending]
            .into_iter()
            .find_map(|order| Some((order, Some(EventKey::read(order, token)?))))
            .ok_or_else(logs::invalid_next_token)?,
    };
    // The end is included, unlike GetLogEvents'.
    let range = range(request.start_time, request.end_time.map(|end| end.saturating_add(1)));
    let search = page_of(selection, range, (order, after), request.limit);
    let reader = door.logs();
    Ok(Prepared::Read(Box::pin(async move {
        let page = reader.page(search).await.map_err(|error| not_read(&error))?;
        Ok(Response::FilterLogEvents(logs::FilterLogEventsResponse {
            events: page.events.into_iter().map(filtered).collect(),
            searched_log_streams: Vec::new(),
            next_token: page.next.map(|key| key.write(order)),
        }))
    })))
}

pub(crate) fn get(
    door: &Door,
    caller: &Caller,
    request: &logs::GetLogEventsRequest,
) -> Result<Prepared, AwsError> {
    let token = request.validate()?;
    let group = request.log_group_name.as_deref().or(request.log_group_identifier.as_deref());
    let mut selection = selection(door, caller, &[group.unwrap_or_default()], None)?;
    let key = group_key(caller, group_of_identifier(group.unwrap_or_default()));
    door.catalog().stream(&key, &request.log_stream_name).ok_or_else(logs::stream_not_found)?;
    selection.streams = vec![request.log_stream_name.as_str().into()];
    let direction = match token {
        Some(token) => token.direction,
        None if request.start_from_head == Some(true) => Direction::Forward,
        None => Direction::Backward,
    };
    let order = order_of(direction);
    let after = token.map(|token| EventKey::read(order, token.place).ok_or_else(logs::invalid_next_token));
    let after = after.transpose()?;
    let range = range(request.start_time, request.end_time);
    let search = page_of(selection, range, (order, after), request.limit);
    let reader = door.logs();
    Ok(Prepared::Read(Box::pin(async move {
        let page = reader.page(search).await.map_err(|error| not_read(&error))?;
        let mut events = page.events;
        if order == Order::Descending {
            events.reverse();
        }
        // Without an event, both tokens stay where the search stands: behind the token, or where the range begins.
        let stands = page.next.or(after).unwrap_or(match order {
            Order::Ascending => EventKey::before(range.from),
            Order::Descending => EventKey::before(range.to),
        });
        let (mut first, mut last) = (stands, stands);
        if let (Some(oldest), Some(newest)) = (events.first(), events.last()) {
            (first, last) = (oldest.key, newest.key);
        }
        // A search that was cut short goes on where it stopped reading.
        match (order, page.next) {
            (Order::Ascending, Some(next)) => last = next,
            (Order::Descending, Some(next)) => first = next,
            (_, None) => {}
        }
        Ok(Response::GetLogEvents(logs::GetLogEventsResponse {
            events: events.into_iter().map(output).collect(),
            next_forward_token: token_text(Direction::Forward, last),
            next_backward_token: token_text(Direction::Backward, first),
        }))
    })))
}

pub(crate) fn group_fields(
    door: &Door,
    caller: &Caller,
    request: &logs::GetLogGroupFieldsRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let group = request.log_group_name.as_deref().or(request.log_group_identifier.as_deref());
    let selection = selection(door, caller, &[group.unwrap_or_default()], None)?;
    let millis = |millis: i64| Duration(millis * 1_000);
    let range = match request.time {
        Some(seconds) => {
            let middle = Timestamp::from_seconds(seconds.min(END_OF_TIME.0 / 1_000_000));
            Range {
                from: middle.plus(millis(-FIELDS_AROUND_MILLIS)),
                to: middle.plus(millis(FIELDS_AROUND_MILLIS)),
            }
        }
        None => Range { from: door.now().plus(millis(-FIELDS_BEFORE_NOW_MILLIS)), to: END_OF_TIME },
    };
    let reader = door.logs();
    Ok(Prepared::Read(Box::pin(async move {
        let (fields, _) = reader.fields(selection, range).await.map_err(|error| not_read(&error))?;
        let events = fields.events as u64;
        let percent = |count: u64| i32::try_from(count * 100 / events.max(1)).unwrap_or(100);
        let own = fields.fields.iter().filter(|field| !field.name.starts_with('@'));
        let mut percents: BTreeMap<&str, i32> =
            own.map(|field| (&*field.name, percent(field.count))).collect();
        if events > 0 {
            percents.extend(EVERY_EVENT_HAS.map(|name| (name, 100)));
        }
        let mut log_group_fields: Vec<_> = percents
            .into_iter()
            .map(|(name, percent)| logs::LogGroupField { name: name.to_owned(), percent })
            .collect();
        log_group_fields.sort_by_key(|field| std::cmp::Reverse(field.percent));
        Ok(Response::GetLogGroupFields(logs::GetLogGroupFieldsResponse { log_group_fields }))
    })))
}

/// A pointer is the id that FilterLogEvents gives an event.
pub(crate) fn record(
    door: &Door,
    caller: &Caller,
    request: &logs::GetLogRecordRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let pointer = request.log_record_pointer.as_str();
    let (entry, index) = parse_event_id(pointer).ok_or_else(logs::look_up::invalid_record_pointer)?;
    let selection = Selection { entry: Some(entry), ..selection(door, caller, &[], None)? };
    let everything = range(None, None);
    let search = Search {
        selection,
        range: everything,
        order: Order::Ascending,
        after: None,
        events_max: ENTRY_EVENTS_MAX,
        bytes_max: usize::MAX,
        budget: BUDGET,
    };
    let (reader, account) = (door.logs(), caller.origin.account.clone());
    Ok(Prepared::Read(Box::pin(async move {
        let page = reader.page(search).await.map_err(|error| not_read(&error))?;
        let event = page.events.into_iter().find(|event| event.key.index == index);
        let event = event.ok_or_else(logs::look_up::invalid_record_pointer)?;
        Ok(Response::GetLogRecord(logs::GetLogRecordResponse { log_record: whole_record(&account, event) }))
    })))
}

/// Fields of the message, and those that the service gives every event.
fn whole_record(account: &str, event: FoundEvent) -> BTreeMap<String, String> {
    let mut record = fields_of_message(&event.message);
    let own = [
        ("@ingestionTime", event.key.ingested_at.millis().to_string()),
        ("@log", format!("{account}:{}", event.group)),
        ("@logStream", event.stream.into()),
        ("@ptr", event.key.id()),
        ("@message", event.message.into()),
        ("@timestamp", event.key.timestamp.millis().to_string()),
    ];
    record.extend(own.map(|(name, value)| (name.to_owned(), value)));
    record
}

/// The events of these groups, by name or ARN, that match; all of the groups are there.
pub(super) fn selection(
    door: &Door,
    caller: &Caller,
    identifiers: &[&str],
    pattern: Option<&str>,
) -> Result<Selection, AwsError> {
    let catalog = door.catalog();
    let mut groups = Vec::new();
    for identifier in identifiers {
        let key = group_key(caller, &door.guard(caller, "log_group_name", group_of_identifier(identifier)));
        catalog.group(&key).ok_or_else(logs::group_not_found)?;
        groups.push(key.name);
    }
    let pattern = Pattern::parse(pattern.unwrap_or_default());
    Ok(Selection {
        tenant: caller.origin.tenant.clone(),
        account: caller.origin.account.clone(),
        region: Some(caller.origin.region.clone()),
        groups,
        streams: Vec::new(),
        stream_prefixes: Vec::new(),
        entry: None,
        pattern: Arc::new(pattern.map_err(|error| invalid(&FilterError::Pattern(error)))?),
        mode: mode_of(&door.rules(), &caller.origin.account),
    })
}

fn range(from: Option<i64>, to: Option<i64>) -> Range {
    let time = |millis: i64| Timestamp(millis.saturating_mul(1_000)).min(END_OF_TIME);
    Range { from: time(from.unwrap_or(0)), to: to.map_or(END_OF_TIME, time) }
}

/// A page of the service's size, from a position in an order on.
fn page_of(
    selection: Selection,
    range: Range,
    (order, after): (Order, Option<EventKey>),
    limit: Option<i32>,
) -> Search {
    let events_max = usize::try_from(limit.unwrap_or(EVENTS_LIMIT_MAX)).unwrap_or(1);
    Search { selection, range, order, after, events_max, bytes_max: PAGE_BYTES_MAX, budget: BUDGET }
}

fn order_of(direction: Direction) -> Order {
    match direction {
        Direction::Forward => Order::Ascending,
        Direction::Backward => Order::Descending,
    }
}

fn token_text(direction: Direction, key: EventKey) -> String {
    let place = key.write(order_of(direction));
    EventsToken { direction, place: &place }.to_string()
}

fn filtered(event: FoundEvent) -> logs::FilteredLogEvent {
    logs::FilteredLogEvent {
        log_stream_name: event.stream.into(),
        timestamp: event.key.timestamp.millis(),
        message: event.message.into(),
        ingestion_time: event.key.ingested_at.millis(),
        event_id: event.key.id(),
    }
}

fn output(event: FoundEvent) -> logs::OutputLogEvent {
    logs::OutputLogEvent {
        timestamp: event.key.timestamp.millis(),
        message: event.message.into(),
        ingestion_time: event.key.ingested_at.millis(),
    }
}

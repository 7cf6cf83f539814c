//! How does CloudWatch Logs behave here? Groups, streams and PutLogEvents.
//!
//! Creating and deleting are commands that the stream's step answers; describing reads the published catalog; putting
//! is checked against AWS's limits, guarded and stored
//! (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>).

use walletscope_model::{Body, Command, LogBatch, LogEvent, Timestamp};
use walletscope_stream::{Answer, GroupKey, LogGroup, LogStream};
use walletscope_wire::aws::{AwsError, NoOutput, Response};
use walletscope_wire::logs::{self, INVALID_PARAMETER};

use super::{Caller, Door, Prepared};
use crate::observe::refusals::Refused;

/// Any text: clients send it back and nobody reads it.
const NEXT_SEQUENCE_TOKEN: &str = "49600000000000000000000000000000000000000000000000000000";

pub(crate) fn create_group(
    door: &Door,
    caller: &Caller,
    request: &logs::CreateLogGroupRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let guard = |text: &str, field| door.guard(caller, field, text);
    let tags = request.tags.iter().map(|(name, value)| (guard(name, "tag"), guard(value, "tag"))).collect();
    let name = guard(&request.log_group_name, "log_group_name");
    let command = Command::CreateLogGroup { name, retention_days: None, tags };
    Ok(Prepared::Execute(Body::Command(command), |answer| match answer {
        Answer::Done => Ok(Response::CreateLogGroup(NoOutput)),
        Answer::AlreadyExists => Err(logs::group_exists()),
        answer => Err(refused(answer)),
    }))
}

pub(crate) fn delete_group(
    door: &Door,
    caller: &Caller,
    request: &logs::DeleteLogGroupRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let name = door.guard(caller, "log_group_name", &request.log_group_name);
    Ok(Prepared::Execute(Body::Command(Command::DeleteLogGroup { name }), |answer| match answer {
        Answer::Done => Ok(Response::DeleteLogGroup(NoOutput)),
        answer => Err(refused(answer)),
    }))
}

pub(crate) fn create_stream(
    door: &Door,
    caller: &Caller,
    request: &logs::CreateLogStreamRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let group = door.guard(caller, "log_group_name", &request.log_group_name);
    let name = door.guard(caller, "log_stream_name", &request.log_stream_name);
    Ok(Prepared::Execute(Body::Command(Command::CreateLogStream { group, name }), |answer| match answer {
        Answer::Done => Ok(Response::CreateLogStream(NoOutput)),
        Answer::AlreadyExists => Err(logs::stream_exists()),
        answer => Err(refused(answer)),
    }))
}

pub(crate) fn delete_stream(
    door: &Door,
    caller: &Caller,
    request: &logs::DeleteLogStreamRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let group = door.guard(caller, "log_group_name", &request.log_group_name);
    let name = door.guard(caller, "log_stream_name", &request.log_stream_name);
    Ok(Prepared::Execute(Body::Command(Command::DeleteLogStream { group, name }), |answer| match answer {
        Answer::Done => Ok(Response::DeleteLogStream(NoOutput)),
        answer => Err(refused(answer)),
    }))
}

pub(crate) fn put_retention(
    door: &Door,
    caller: &Caller,
    request: &logs::PutRetentionPolicyRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let group = door.guard(caller, "log_group_name", &request.log_group_name);
    let days = u32::try_from(request.retention_in_days).ok();
    Ok(Prepared::Execute(Body::Command(Command::SetRetention { group, days }), |answer| match answer {
        Answer::Done => Ok(Response::PutRetentionPolicy(NoOutput)),
        answer => Err(refused(answer)),
    }))
}

pub(crate) fn delete_retention(
    door: &Door,
    caller: &Caller,
    request: &logs::DeleteRetentionPolicyRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let group = door.guard(caller, "log_group_name", &request.log_group_name);
    Ok(Prepared::Execute(Body::Command(Command::SetRetention { group, days: None }), |answer| match answer {
        Answer::Done => Ok(Response::DeleteRetentionPolicy(NoOutput)),
        answer => Err(refused(answer)),
    }))
}

pub(crate) fn put_events(
    door: &Door,
    caller: &Caller,
    request: &logs::PutLogEventsRequest<'_>,
) -> Result<Prepared, AwsError> {
    let batch = request.validate()?;
    let group = door.guard(caller, "log_group_name", &request.log_group_name);
    let stream = door.guard(caller, "log_stream_name", &request.log_stream_name);
    let key = group_key(caller, &group);
    let catalog = door.catalog();
    let known = catalog.group(&key).ok_or_else(logs::group_not_found)?;
    catalog.stream(&key, &stream).ok_or_else(logs::stream_not_found)?;
    let retention_days = known.retention_days.and_then(|days| i32::try_from(days).ok());
    let accepted = batch.accept(door.now().millis(), retention_days)?;
    let response = Response::PutLogEvents(logs::PutLogEventsResponse {
        next_sequence_token: NEXT_SEQUENCE_TOKEN.to_owned(),
        rejected_log_events_info: accepted.rejected,
    });
    let rejected = batch.events().len() - accepted.events.len();
    door.telemetry().count_log_events(accepted.events.len(), rejected);
    let out_of_time = Refused { place: "PutLogEvents", reason: "events too old or too new" };
    door.telemetry().refusals.count(&caller.origin.source, out_of_time, rejected, door.now());
    if accepted.events.is_empty() {
        return Ok(Prepared::Answer(response));
    }
    let mut cuts = 0;
    let events = batch.events()[accepted.events].iter().map(|event| {
        let guarded = walletscope_guard::guard(&event.message);
        cuts += guarded.cuts;
        LogEvent {
            timestamp: Timestamp::from_millis(event.timestamp),
            guarded: guarded.cuts > 0,
            message: guarded.text.into(),
        }
    });
    let events = events.collect();
    door.telemetry().count_cuts(&caller.origin.source, "log_message", cuts);
    Ok(Prepared::Store(Body::Logs(LogBatch { group, stream, events }), response))
}

pub(crate) fn describe_groups(
    door: &Door,
    caller: &Caller,
    request: &logs::DescribeLogGroupsRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let catalog = door.catalog();
    let prefix = request.log_group_name_prefix.as_deref().unwrap_or_default();
    let pattern = request.log_group_name_pattern.as_deref().unwrap_or_default();
    // AWS's token of this operation is the bare name of the last group, and it goes on behind an invented one as well
    // (recorded in boto/boto3#3170, noted in getmoto/moto#3398).
    let after = request.next_token.as_deref();
    let wanted = |key: &GroupKey| {
        let named = request.log_group_identifiers.is_empty()
            || request.log_group_identifiers.iter().any(|each| group_of_identifier(each) == &*key.name);
        is_own(caller, key)
            && key.name.starts_with(prefix)
            && key.name.contains(pattern)
            && request.log_group_class.as_deref().is_none_or(|class| class == "STANDARD")
            && after.is_none_or(|after| *key.name > *after)
            && named
    };
    let page = page_size(request.limit);
    let mut groups: Vec<_> = catalog
        .groups()
        .filter(|(key, _)| wanted(key))
        .take(page + 1)
        .map(|(key, group)| group_answer(key, group, catalog.metric_filters.of_group(key).count()))
        .collect();
    let next_token = last_of_page(&mut groups, page).map(|last| last.log_group_name.clone());
    Ok(Prepared::Answer(Response::DescribeLogGroups(logs::DescribeLogGroupsResponse {
        log_groups: groups,
        next_token,
    })))
}

pub(crate) fn describe_streams(
    door: &Door,
    caller: &Caller,
    request: &logs::DescribeLogStreamsRequest,
) -> Result<Prepared, AwsError> {
    request.validate()?;
    let named = request.log_group_name.as_deref().or(request.log_group_identifier.as_deref());
    let name = door.guard(caller, "log_group_name", group_of_identifier(named.unwrap_or_default()));
    let key = group_key(caller, &name);
    let catalog = door.catalog();
    catalog.group(&key).ok_or_else(logs::group_not_found)?;
    let prefix = request.log_stream_name_prefix.as_deref().unwrap_or_default();
    let mut streams: Vec<_> = catalog.streams(&key).filter(|(name, _)| name.starts_with(prefix)).collect();
    if request.by_last_event() {
        streams.sort_by_key(|(name, stream)| (stream.last_event_at, (*name).clone()));
    }
    if request.descending == Some(true) {
        streams.reverse();
    }
    if let Some(after) = parse_token(request.next_token.as_deref())? {
        let place = streams.iter().position(|(name, _)| &***name == after);
        streams.drain(..place.map_or(0, |place| place + 1));
    }
    let page = page_size(request.limit);
    let mut page_of: Vec<_> =
        streams.into_iter().take(page + 1).map(|(name, stream)| stream_answer(&key, name, stream)).collect();
    let next_token = cut_page(&mut page_of, page, |stream| stream.log_stream_name.clone());
    Ok(Prepared::Answer(Response::DescribeLogStreams(logs::DescribeLogStreamsResponse {
        log_streams: page_of,
        next_token,
    })))
}

pub(super) fn refused(answer: Answer) -> AwsError {
    match answer {
        Answer::NoSuchGroup => logs::group_not_found(),
        Answer::NoSuchStream => logs::stream_not_found(),
        Answer::NoSuchFilter => logs::metric_filter_not_found(),
        Answer::NoSuchSubscription => logs::subscription_filter_not_found(),
        Answer::LimitReached => logs::limit_exceeded(),
        Answer::AlreadyExists => logs::group_exists(),
        Answer::TooManyTags => logs::too_many_tags(),
        Answer::Refused => AwsError::new(&INVALID_PARAMETER, "The definition is not valid."),
        Answer::Done | Answer::NoSuchDashboard | Answer::NoSuchDetector => {
            AwsError::new(&walletscope_wire::aws::shapes::INTERNAL, "unexpected answer")
        }
    }
}

pub(super) fn group_key(caller: &Caller, name: &str) -> GroupKey {
    GroupKey {
        account: caller.origin.account.clone(),
        region: caller.origin.region.clone(),
        name: name.into(),
    }
}

pub(super) fn is_own(caller: &Caller, key: &GroupKey) -> bool {
    key.account == caller.origin.account && key.region == caller.origin.region
}

/// The group's name, given by name or ARN (`arn:aws:logs:region:account:log-group:NAME[:*]`).
pub(super) fn group_of_identifier(identifier: &str) -> &str {
    let name = match identifier.split_once(":log-group:") {
        Some((_, name)) if identifier.starts_with("arn:") => name,
        _ => identifier,
    };
    name.strip_suffix(":*").unwrap_or(name)
}

pub(super) fn page_size(limit: Option<i32>) -> usize {
    usize::try_from(limit.unwrap_or(logs::DESCRIBE_LIMIT_MAX)).unwrap_or(1)
}

/// Page tokens hold the last name of the page before.
pub(super) fn parse_token(token: Option<&str>) -> Result<Option<&str>, AwsError> {
    token.map(|token| token.strip_prefix("after:").ok_or_else(logs::invalid_next_token)).transpose()
}

pub(super) fn cut_page<T>(items: &mut Vec<T>, page: usize, name: impl Fn(&T) -> String) -> Option<String> {
    last_of_page(items, page).map(|last| format!("after:{}", name(last)))
}

/// Leaves one page of the items; its last one, if there are more behind it.
fn last_of_page<T>(items: &mut Vec<T>, page: usize) -> Option<&T> {
    if items.len() <= page {
        return None;
    }
    items.truncate(page);
    items.last()
}

fn group_answer(key: &GroupKey, group: &LogGroup, metric_filters: usize) -> logs::LogGroup {
    let arn = group_arn(key);
    logs::LogGroup {
        log_group_name: key.name.to_string(),
        creation_time: group.created_at.millis(),
        retention_in_days: group.retention_days.and_then(|days| i32::try_from(days).ok()),
        arn: format!("{arn}:*"),
        log_group_arn: arn,
        stored_bytes: i64::try_from(group.stored_bytes).unwrap_or(i64::MAX),
        metric_filter_count: i32::try_from(metric_filters).unwrap_or(i32::MAX),
        log_group_class: "STANDARD".to_owned(),
        ..logs::LogGroup::default()
    }
}

fn stream_answer(key: &GroupKey, name: &str, stream: &LogStream) -> logs::LogStream {
    logs::LogStream {
        log_stream_name: name.to_owned(),
        creation_time: stream.created_at.millis(),
        first_event_timestamp: stream.first_event_at.map(Timestamp::millis),
        last_event_timestamp: stream.last_event_at.map(Timestamp::millis),
        last_ingestion_time: stream.last_ingestion_at.map(Timestamp::millis),
        upload_sequence_token: Some(NEXT_SEQUENCE_TOKEN.to_owned()),
        arn: format!("{}:log-stream:{name}", group_arn(key)),
        stored_bytes: 0,
    }
}

fn group_arn(key: &GroupKey) -> String {
    format!("arn:aws:logs:{}:{}:log-group:{}", key.region, key.account, key.name)
}

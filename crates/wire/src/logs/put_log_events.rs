//! Which batches does `PutLogEvents` take, and which of their events? Limits and texts of the service.
//!
//! A batch that breaks a limit is refused whole. A batch whose events are merely too old or too new is
//! accepted without them, and the answer says which. Order makes this cheap: what is accepted is one
//! range. Source: the service's published model and API reference of `PutLogEvents`.

use std::ops::Range;

use super::violations::Violations;
use super::{INVALID_PARAMETER, InputLogEvent, PutLogEventsRequest, RejectedLogEventsInfo};
use crate::aws::AwsError;

/// Largest batch: the sum over its events of UTF-8 bytes plus [`EVENT_OVERHEAD_BYTES`].
pub const BATCH_BYTES_MAX: usize = 1_048_576;
/// What each event counts besides its message, in bytes.
pub const EVENT_OVERHEAD_BYTES: usize = 26;
/// Most events of a batch.
pub const BATCH_EVENTS_MAX: usize = 10_000;
/// Largest event, in bytes of its message and overhead: 1 MB since 2025, 256 KB before.
pub const EVENT_BYTES_MAX: usize = 1_048_576;
/// Longest span from the first to the last valid event, in milliseconds: 24 hours.
pub const BATCH_SPAN_MILLIS_MAX: i64 = 24 * HOUR_MILLIS;
/// How far in the future an event may be, in milliseconds: 2 hours.
pub const FUTURE_MILLIS_MAX: i64 = 2 * HOUR_MILLIS;
/// How old an event may be, in milliseconds: 14 days.
pub const AGE_MILLIS_MAX: i64 = 14 * DAY_MILLIS;

const HOUR_MILLIS: i64 = 3_600_000;
const DAY_MILLIS: i64 = 24 * HOUR_MILLIS;

/// A batch within every limit that needs no clock. Only [`PutLogEventsRequest::validate`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch<'r, 'a> {
    events: &'r [InputLogEvent<'a>],
    bytes: usize,
}

/// Which events of a batch are taken, and what the answer says of the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedRange {
    /// Indexes of the events to store; empty if all are too old or too new.
    pub events: Range<usize>,
    /// What was left out, if anything.
    pub rejected: Option<RejectedLogEventsInfo>,
}

impl<'a> PutLogEventsRequest<'a> {
    /// Checks names, count, sizes and order.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<Batch<'_, 'a>, AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        violations.stream(&self.log_stream_name, "logStreamName");
        violations.count(self.log_events.len(), "logEvents", 1..=BATCH_EVENTS_MAX);
        check_members(&self.log_events, &mut violations);
        violations.into_result()?;
        let bytes = batch_bytes(&self.log_events)?;
        if !self.log_events.is_sorted_by_key(|event| event.timestamp) {
            return Err(invalid(
                "Log events in a single PutLogEvents request must be in chronological order.",
            ));
        }
        Ok(Batch { events: &self.log_events, bytes })
    }
}

impl<'a> Batch<'_, 'a> {
    /// The events, in the order of their times.
    pub fn events(&self) -> &[InputLogEvent<'a>] {
        self.events
    }

    /// The size of the batch as the service counts it.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Which events are taken at `now_millis` by a group that keeps `retention_days` (absent: for ever).
    ///
    /// # Errors
    /// `InvalidParameterException` if the events to take span more than 24 hours.
    pub fn accept(&self, now_millis: i64, retention_days: Option<i32>) -> Result<AcceptedRange, AwsError> {
        let before = |limit: i64| self.events.partition_point(|event| event.timestamp < limit);
        let too_old_end = before(now_millis.saturating_sub(AGE_MILLIS_MAX));
        let retention_millis = retention_days.map(|days| i64::from(days).saturating_mul(DAY_MILLIS));
        let expired_end = retention_millis.map_or(0, |millis| before(now_millis.saturating_sub(millis)));
        let newest = now_millis.saturating_add(FUTURE_MILLIS_MAX);
        let too_new_start = self.events.partition_point(|event| event.timestamp <= newest);
        let start = too_old_end.max(expired_end);
        let events = start..too_new_start.max(start);
        check_span(&self.events[events.clone()])?;
        let info = RejectedLogEventsInfo {
            too_new_log_event_start_index: index(too_new_start, too_new_start < self.events.len()),
            too_old_log_event_end_index: index(too_old_end, too_old_end > 0),
            expired_log_event_end_index: index(expired_end, expired_end > 0),
        };
        let rejected = (info != RejectedLogEventsInfo::default()).then_some(info);
        Ok(AcceptedRange { events, rejected })
    }
}

/// Only the first violating event is named: a batch may hold ten thousand.
fn check_members(events: &[InputLogEvent<'_>], violations: &mut Violations) {
    if let Some(place) = events.iter().position(|event| event.timestamp < 0) {
        violations.time(Some(events[place].timestamp), &format!("logEvents.{}.member.timestamp", place + 1));
    }
    if let Some(place) = events.iter().position(|event| event.message.is_empty()) {
        violations.length("", &format!("logEvents.{}.member.message", place + 1), usize::MAX);
    }
}

fn batch_bytes(events: &[InputLogEvent<'_>]) -> Result<usize, AwsError> {
    let mut batch = 0;
    for event in events {
        let bytes = event.message.len() + EVENT_OVERHEAD_BYTES;
        if bytes > EVENT_BYTES_MAX {
            return Err(invalid(format!(
                "Log event too large: {bytes} bytes exceeds limit of {EVENT_BYTES_MAX}"
            )));
        }
        batch += bytes;
    }
    if batch > BATCH_BYTES_MAX {
        return Err(invalid(format!("Upload too large: {batch} bytes exceeds limit of {BATCH_BYTES_MAX}")));
    }
    Ok(batch)
}

fn check_span(valid: &[InputLogEvent<'_>]) -> Result<(), AwsError> {
    let (Some(first), Some(last)) = (valid.first(), valid.last()) else { return Ok(()) };
    if last.timestamp - first.timestamp > BATCH_SPAN_MILLIS_MAX {
        let message =
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.";
        return Err(invalid(message));
    }
    Ok(())
}

/// At most 10,000 events, so every index fits.
fn index(place: usize, applies: bool) -> Option<i32> {
    if applies { i32::try_from(place).ok() } else { None }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> AwsError {
    AwsError::new(&INVALID_PARAMETER, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn request(events: Vec<(i64, String)>) -> PutLogEventsRequest<'static> {
        let event =
            |(timestamp, message): (i64, String)| InputLogEvent { timestamp, message: message.into() };
        PutLogEventsRequest {
            log_group_name: "g".into(),
            log_stream_name: "s".into(),
            log_events: events.into_iter().map(event).collect(),
            ..Default::default()
        }
    }

    fn sized(count: usize, len: usize) -> PutLogEventsRequest<'static> {
        request((0..count).map(|_| (NOW, "x".repeat(len))).collect())
    }

    #[track_caller]
    fn check(request: &PutLogEventsRequest<'_>, expected: &str) {
        let actual = request.validate().map_or_else(|error| error.message.into_owned(), |_| String::new());
        assert!(if expected.is_empty() { actual.is_empty() } else { actual.contains(expected) }, "{actual}");
    }

    #[test]
    fn a_batch_is_within_its_limits_or_refused_whole() {
        check(&sized(1, 1), "");
        check(
            &sized(0, 0),
            "Value at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        check(&sized(10_000, 78), "");
        check(&sized(10_001, 1), "Member must have length less than or equal to 10000");
        check(
            &sized(1, 0),
            "Value at 'logEvents.1.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        check(&sized(1, 1_048_550), "");
        check(&sized(1, 1_048_551), "Log event too large: 1048577 bytes exceeds limit of 1048576");
        check(&sized(2, 524_262), "");
        check(&sized(2, 524_263), "Upload too large: 1048578 bytes exceeds limit of 1048576");
        check(&request(vec![(1, "a".into()), (1, "b".into()), (2, "c".into())]), "");
        check(&request(vec![(2, "a".into()), (1, "b".into())]), "must be in chronological order");
        check(
            &request(vec![(-1, "a".into())]),
            "Value at 'logEvents.1.member.timestamp' failed to satisfy constraint: Member must have value greater than or equal to 0",
        );
    }

    #[test]
    fn multibyte_text_counts_in_bytes() {
        check(&request(vec![(NOW, "€".repeat(349_516))]), "");
        check(&request(vec![(NOW, "€".repeat(349_517))]), "Log event too large");
    }

    /// Offsets from now in milliseconds; expected range and (too new start, too old end, expired end).
    #[track_caller]
    fn check_times(
        offsets: &[i64],
        retention_days: Option<i32>,
        expected: Result<(Range<usize>, [Option<i32>; 3]), &str>,
    ) {
        let request = request(offsets.iter().map(|offset| (NOW + offset, "m".into())).collect());
        let actual = request.validate().expect("within limits").accept(NOW, retention_days);
        match expected {
            Err(text) => assert!(actual.expect_err("refused").message.contains(text)),
            Ok((events, [too_new, too_old, expired])) => {
                let actual = actual.expect("accepted");
                let info = actual.rejected.unwrap_or_default();
                assert_eq!(actual.events, events, "{offsets:?}");
                assert_eq!(info.too_new_log_event_start_index, too_new);
                assert_eq!(info.too_old_log_event_end_index, too_old);
                assert_eq!(info.expired_log_event_end_index, expired);
                assert_eq!(actual.rejected.is_some(), [too_new, too_old, expired] != [None; 3]);
            }
        }
    }

    #[test]
    fn times_out_of_bounds_are_left_out_and_named() {
        let (hour, day) = (HOUR_MILLIS, DAY_MILLIS);
        check_times(&[0], None, Ok((0..1, [None, None, None])));
        check_times(&[-14 * day, 1 - 13 * day], None, Err("cannot span more than 24 hours"));
        check_times(&[-14 * day], None, Ok((0..1, [None, None, None])));
        check_times(&[-14 * day - 1], None, Ok((1..1, [None, Some(1), None])));
        check_times(&[2 * hour], None, Ok((0..1, [None, None, None])));
        check_times(&[2 * hour + 1], None, Ok((0..0, [Some(0), None, None])));
        check_times(&[-15 * day, -1, 0, 3 * hour], None, Ok((1..3, [Some(3), Some(1), None])));
        check_times(&[-15 * day, -2 * day, 0], Some(1), Ok((2..3, [None, Some(1), Some(2)])));
        check_times(&[-day], Some(1), Ok((0..1, [None, None, None])));
        check_times(&[-day - 1], Some(1), Ok((1..1, [None, None, Some(1)])));
        check_times(&[-day, 0], None, Ok((0..2, [None, None, None])));
        check_times(&[-day - 1, 0], None, Err("cannot span more than 24 hours"));
        check_times(&[-20 * day, 5 * day], None, Ok((1..1, [Some(1), Some(1), None])));
    }

    #[test]
    fn extreme_clocks_and_retentions_do_not_overflow() {
        let request = request(vec![(0, "a".into()), (i64::MAX, "b".into())]);
        let batch = request.validate().expect("within limits");
        for now in [i64::MIN, 0, i64::MAX] {
            for retention in [None, Some(i32::MIN), Some(0), Some(i32::MAX)] {
                let _ = batch.accept(now, retention);
            }
        }
    }
}

//! May this record be stored? The limits of CloudWatch's own calls, but for age: a history is old.
//!
//! Both sides ask: the reader of files, so that its report names the line, and the server, which believes nobody. A
//! record that passes comes back in the one form in which it is stored, dimensions sorted.

use walletscope_model::{MetricDatum, MetricValue, Timestamp};

use super::metrics::stored;
use super::record::{LogLine, Record};
use crate::aws::{Double, Timestamp as WireTime};
use crate::cloudwatch::{DimensionShape, MetricDatumShape, PutMetricDataRequest, StatisticSetShape};
use crate::logs::put_log_events::{EVENT_BYTES_MAX, EVENT_OVERHEAD_BYTES};
use crate::logs::violations::Violations;

/// The record as it may be stored.
///
/// # Errors
/// What is wrong with it. May repeat what the record says: guard it before showing it.
pub fn check(record: Record) -> Result<Record, String> {
    check_times(&record)?;
    match record {
        Record::Log(log) => check_log(&log).map(|()| Record::Log(log)),
        Record::Metric(datum) => check_metric(&datum).map(Record::Metric),
        Record::Span(span) => {
            let needed = [("trace_id", &*span.trace_id), ("span_id", &*span.span_id), ("name", &*span.name)];
            check_needed("a span", needed).map(|()| Record::Span(span))
        }
        Record::Audit(event) => {
            let needed = [
                ("event_id", &*event.event_id),
                ("event_source", &*event.event_source),
                ("event_name", &*event.event_name),
            ];
            check_needed("an audit event", needed).map(|()| Record::Audit(event))
        }
    }
}

/// What lies before 1970 is a mistake, and far before it has no spelling in RFC 3339.
fn check_times(record: &Record) -> Result<(), String> {
    let end = if let Record::Span(span) = record { span.end_time } else { None };
    match end.into_iter().chain([record.timestamp()]).any(|at| at < Timestamp::default()) {
        true => Err(format!("a {} is of before 1970", record.signal())),
        false => Ok(()),
    }
}

fn check_log(log: &LogLine) -> Result<(), String> {
    log_place(&log.log_group, &log.log_stream)?;
    log_message(&log.message).map_err(|reason| match reason {
        NoMessage::Empty => "a log event has an empty message".to_owned(),
        NoMessage::TooLong(bytes) => {
            format!("a log event of {bytes} bytes is over the limit of {EVENT_BYTES_MAX}")
        }
    })
}

/// Whether a group and a stream may have these names.
///
/// # Errors
/// In the service's words.
pub(crate) fn log_place(group: &str, stream: &str) -> Result<(), String> {
    let mut violations = Violations::default();
    violations.group(group, "logGroup");
    violations.stream(stream, "logStream");
    violations.into_result().map_err(|error| error.message.into_owned())
}

/// Why a text is no message of a log event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoMessage {
    Empty,
    /// Its bytes, with what an event counts besides.
    TooLong(usize),
}

/// Whether a text may be the message of a log event.
pub(crate) fn log_message(message: &str) -> Result<(), NoMessage> {
    let bytes = message.len() + EVENT_OVERHEAD_BYTES;
    if message.is_empty() {
        Err(NoMessage::Empty)
    } else if bytes > EVENT_BYTES_MAX {
        Err(NoMessage::TooLong(bytes))
    } else {
        Ok(())
    }
}

/// By PutMetricData's own checks, as if it came at its own time.
fn check_metric(datum: &MetricDatum) -> Result<MetricDatum, String> {
    let (mut values, mut counts, mut statistic_values) = (Vec::new(), Vec::new(), None);
    match &datum.value {
        MetricValue::Values(pairs) => {
            values.extend(pairs.iter().map(|pair| Double(pair.0)));
            counts.extend(pairs.iter().map(|pair| Double(pair.1)));
        }
        &MetricValue::Statistics { sample_count, sum, minimum, maximum } => {
            statistic_values = Some(StatisticSetShape {
                sample_count: Some(Double(sample_count)),
                sum: Some(Double(sum)),
                minimum: Some(Double(minimum)),
                maximum: Some(Double(maximum)),
            });
        }
    }
    let text = |text: &str| Some(text.to_owned());
    let dimension =
        |(name, value): &(Box<str>, Box<str>)| DimensionShape { name: text(name), value: text(value) };
    let shape = MetricDatumShape {
        metric_name: text(&datum.name),
        dimensions: datum.dimensions.iter().map(dimension).collect(),
        timestamp: Some(WireTime::from_epoch_millis(datum.timestamp.millis())),
        statistic_values,
        values,
        counts,
        unit: datum.unit.as_deref().map(str::to_owned),
        storage_resolution: Some(i32::from(datum.storage_resolution_seconds)),
        ..MetricDatumShape::default()
    };
    let namespace = datum.namespace.to_string();
    let request =
        PutMetricDataRequest { namespace, metric_data: vec![shape], ..PutMetricDataRequest::default() };
    let checked = request.validate(datum.timestamp.millis()).map_err(|error| error.message.into_owned())?;
    let checked = checked.into_iter().next().ok_or("a metric is missing")?;
    Ok(MetricDatum { timestamp: datum.timestamp, ..stored(checked) })
}

fn check_needed(what: &str, needed: [(&str, &str); 3]) -> Result<(), String> {
    match needed.into_iter().find(|(_, text)| text.trim().is_empty()) {
        Some((name, _)) => Err(format!("the {name} of {what} is empty")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::{AuditEvent, Span};

    fn datum(value: MetricValue) -> MetricDatum {
        MetricDatum {
            namespace: "N".into(),
            name: "M".into(),
            dimensions: vec![("B".into(), "2".into()), ("A".into(), "1".into())],
            timestamp: Timestamp(1_500),
            unit: Some("Count".into()),
            storage_resolution_seconds: 60,
            value,
        }
    }

    #[test]
    fn what_is_right_comes_back_in_its_stored_form() {
        let found = check(Record::Metric(datum(MetricValue::Values(vec![(1.0, 2.0)]))));
        let dimensions = vec![("A".into(), "1".into()), ("B".into(), "2".into())];
        let expected = MetricDatum { dimensions, ..datum(MetricValue::Values(vec![(1.0, 2.0)])) };
        assert_eq!(found, Ok(Record::Metric(expected)));
        let span = Span { trace_id: "t".into(), span_id: "s".into(), name: "n".into(), ..Span::default() };
        assert!(check(Record::Span(Box::new(span))).is_ok());
    }

    #[test]
    fn what_is_wrong_is_refused() {
        let log = |group: &str, at: i64, message: String| {
            Record::Log(LogLine {
                log_group: group.into(),
                log_stream: "s".into(),
                timestamp: Timestamp(at),
                message: message.into(),
            })
        };
        let statistics = MetricValue::Statistics { sample_count: 1.0, sum: 1.0, minimum: 2.0, maximum: 1.0 };
        for (record, reason) in [
            (log("", 0, "m".into()), "logGroup"),
            (log("/g", -1, "m".into()), "before 1970"),
            (log("/g", 0, "".into()), "empty"),
            (log("/g", 0, "x".repeat(EVENT_BYTES_MAX)), "over the limit"),
            (Record::Metric(datum(MetricValue::Values(vec![(f64::NAN, 1.0)]))), "invalid"),
            (Record::Metric(datum(MetricValue::Values(vec![(1.0, -1.0)]))), "invalid"),
            (Record::Metric(datum(MetricValue::Values(vec![]))), "required"),
            (Record::Metric(datum(statistics)), "greater than or equal"),
            (
                Record::Metric(MetricDatum {
                    storage_resolution_seconds: 7,
                    ..datum(MetricValue::Values(vec![(1.0, 1.0)]))
                }),
                "StorageResolution",
            ),
            (Record::Span(Box::default()), "trace_id of a span is empty"),
            (
                Record::Audit(Box::new(AuditEvent { event_id: "e".into(), ..AuditEvent::default() })),
                "event_source of an audit event is empty",
            ),
            (
                Record::Span(Box::new(Span { end_time: Some(Timestamp(-1)), ..Span::default() })),
                "a span is of before 1970",
            ),
        ] {
            let error = check(record).expect_err(reason);
            assert!(error.contains(reason), "{error}");
        }
    }
}

//! Which metric data does a document hold? PutMetricData's shape, alone or in a list, and that of metric streams.
//!
//! Every datum passes the same checks as a call of PutMetricData, but for its age. One without a time takes that of the
//! newest log event of its document: whoever wrote both together meant one moment.

use walletscope_model::{Duration, MetricDatum, MetricValue, Timestamp};

use super::Defaults;
use super::instant::{Form, instant};
use super::json::{Object, Value};
use super::note::{Normalisation, Sink};
use super::record::Record;
use crate::aws::{Double, Timestamp as WireTime};
use crate::cloudwatch::put_metric_data::AGE_MILLIS_MAX;
use crate::cloudwatch::{self, DimensionShape, MetricDatumShape, PutMetricDataRequest, StatisticSetShape};

/// Whether an object is one datum.
pub(super) fn is_datum(object: &Object) -> bool {
    object.get("MetricName").is_some()
        && (object.get("Value").is_some() || object.get("Values").is_some() || has_set(object))
}

/// One datum, with the namespace of what surrounds it, and the time of the newest log event of its document.
pub(super) fn datum(
    object: &Object,
    namespace: Option<&str>,
    newest_event: Option<Timestamp>,
    defaults: &Defaults,
    sink: &mut Sink,
) {
    let line = object.line;
    let time = match time_of(object, newest_event, defaults, sink) {
        Ok(time) => time,
        Err(reason) => return sink.bad(line, reason),
    };
    let valid = shape(object, time, sink).and_then(|shape| {
        let namespace = object.scalar("Namespace").or(namespace).unwrap_or_default().to_owned();
        let request =
            PutMetricDataRequest { namespace, metric_data: vec![shape], ..PutMetricDataRequest::default() };
        request.validate(time.millis()).map_err(|error| error.message.into_owned())
    });
    match valid {
        Ok(data) => {
            if defaults.now.since(time) > Duration(AGE_MILLIS_MAX * 1_000) {
                sink.note(line, Normalisation::OldTime);
            }
            data.into_iter().for_each(|datum| sink.record(line, Record::Metric(stored(datum))));
        }
        Err(reason) => sink.bad(line, reason),
    }
}

/// A datum as it is journalled, but for the guard.
pub fn stored(datum: cloudwatch::MetricDatum) -> MetricDatum {
    MetricDatum {
        namespace: datum.namespace.into(),
        name: datum.name.into(),
        dimensions: datum.dimensions.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        timestamp: Timestamp::from_millis(datum.epoch_millis),
        unit: (datum.unit != "None").then(|| datum.unit.into()),
        storage_resolution_seconds: match datum.resolution {
            cloudwatch::Resolution::Second => 1,
            cloudwatch::Resolution::Minute => 60,
        },
        value: match datum.value {
            cloudwatch::MetricValue::Values(values) => MetricValue::Values(values),
            cloudwatch::MetricValue::Statistics(set) => MetricValue::Statistics {
                sample_count: set.sample_count,
                sum: set.sum,
                minimum: set.minimum,
                maximum: set.maximum,
            },
        },
    }
}

fn time_of(
    object: &Object,
    newest_event: Option<Timestamp>,
    defaults: &Defaults,
    sink: &mut Sink,
) -> Result<Timestamp, String> {
    let Some(time) = object.get("Timestamp") else {
        let what = match newest_event {
            Some(_) => Normalisation::MetricTimeOfLog,
            None => Normalisation::MetricTimeOfImport,
        };
        sink.note(object.line, what);
        return Ok(newest_event.unwrap_or(defaults.now));
    };
    let (at, form) = instant(time)
        .ok_or_else(|| format!("the time of a metric is none that can be read: {}", time.compact()))?;
    match form {
        Form::Seconds | Form::Text => {}
        // Metric streams write milliseconds.
        Form::Millis if object.get("metric_stream_name").is_some() => {}
        Form::WithoutZone => sink.note(object.line, Normalisation::TimeWithoutZone),
        Form::Millis | Form::Fine => sink.note(object.line, Normalisation::TimeForm),
    }
    Ok(at)
}

fn shape(object: &Object, time: Timestamp, sink: &mut Sink) -> Result<MetricDatumShape, String> {
    let mut numbers = Numbers { line: object.line, sink };
    let value = object.get("Value");
    let set = object.object("StatisticValues").or_else(|| value?.object());
    let statistic_values = set.map(|set| numbers.set(set)).transpose()?;
    let value = value.filter(|value| value.object().is_none());
    Ok(MetricDatumShape {
        metric_name: object.scalar("MetricName").map(str::to_owned),
        dimensions: dimensions(object, numbers.sink)?,
        timestamp: Some(WireTime::from_epoch_millis(time.millis())),
        value: value.map(|value| numbers.one(value)).transpose()?,
        statistic_values,
        values: numbers.list(object.list("Values"))?,
        counts: numbers.list(object.list("Counts"))?,
        unit: object.scalar("Unit").map(str::to_owned),
        storage_resolution: object.scalar("StorageResolution").map(|text| text.parse().unwrap_or(-1)),
    })
}

fn dimensions(object: &Object, sink: &mut Sink) -> Result<Vec<DimensionShape>, String> {
    let text = |value: &Value| value.scalar().map(str::to_owned);
    match object.get("Dimensions") {
        None => Ok(Vec::new()),
        Some(Value::List(list)) => {
            let pair = |item: &Value| {
                let pair = item.object().ok_or("a dimension is no object of Name and Value")?;
                let member = |name: &str| pair.get(name).and_then(text);
                Ok(DimensionShape { name: member("Name"), value: member("Value") })
            };
            list.iter().map(pair).collect()
        }
        Some(Value::Object(pairs)) => {
            sink.note(object.line, Normalisation::DimensionsAsObject);
            let pair = |(name, value): &(Box<str>, Value)| DimensionShape {
                name: Some(name.to_string()),
                value: text(value),
            };
            Ok(pairs.members.iter().map(pair).collect())
        }
        Some(_) => Err("dimensions are neither a list nor an object".to_owned()),
    }
}

/// Reads numbers, those in quotes too.
struct Numbers<'a> {
    line: u64,
    sink: &'a mut Sink,
}

impl Numbers<'_> {
    fn one(&mut self, value: &Value) -> Result<Double, String> {
        let number = match value {
            Value::Number(number) => number.parse().ok(),
            Value::Text(text) => {
                self.sink.note(self.line, Normalisation::NumberAsText);
                text.trim().parse().ok()
            }
            _ => None,
        };
        number.map(Double).ok_or_else(|| format!("this is no number: {}", value.compact()))
    }

    fn list(&mut self, values: Option<&[Value]>) -> Result<Vec<Double>, String> {
        values.unwrap_or_default().iter().map(|value| self.one(value)).collect()
    }

    fn set(&mut self, set: &Object) -> Result<StatisticSetShape, String> {
        let mut member = |names: [&str; 2]| {
            let value = names.iter().find_map(|name| set.get(name));
            value.map(|value| self.one(value)).transpose()
        };
        Ok(StatisticSetShape {
            sample_count: member(["SampleCount", "count"])?,
            sum: member(["Sum", "sum"])?,
            minimum: member(["Minimum", "min"])?,
            maximum: member(["Maximum", "max"])?,
        })
    }
}

fn has_set(object: &Object) -> bool {
    object.object("StatisticValues").is_some()
}

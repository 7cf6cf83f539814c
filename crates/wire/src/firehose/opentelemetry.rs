//! What does a metric stream deliver as OpenTelemetry 1.0? Protobuf messages, each behind its length.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-formats-opentelemetry-100.html>.
//! A datum is a summary with its minimum and maximum as the quantiles 0 and 1. Version 0.7 differs by one field: it has its
//! labels where 1.0 has nothing.

use prost::Message;
use walletscope_model::{MetricDatum, MetricValue};

use super::metrics::{ByAccount, finish, keep};
use super::record::{Budget, Damage};
use super::{Content, Pairs};
use crate::otlp::logs::from_nanos;
use crate::otlp::message::{
    ExportMetricsServiceRequest, KeyValue, Kind, Metric, ResourceMetrics, SummaryDataPoint, text, value,
};
use crate::otlp::shape::{self, Unfit};

/// Every metric's name begins with this; namespace and name follow.
const NAME_PREFIX: &str = "amazonaws.com/";

/// Names of units in UCUM, as metric streams write them, and in CloudWatch.
const UNITS: [(&str, &str); 14] = [
    ("s", "Seconds"),
    ("us", "Microseconds"),
    ("ms", "Milliseconds"),
    ("By", "Bytes"),
    ("kBy", "Kilobytes"),
    ("MBy", "Megabytes"),
    ("GBy", "Gigabytes"),
    ("TBy", "Terabytes"),
    ("bit", "Bits"),
    ("kbit", "Kilobits"),
    ("Mbit", "Megabits"),
    ("Gbit", "Gigabits"),
    ("Tbit", "Terabits"),
    ("{Count}", "Count"),
];

/// Adds the data of every message.
pub(super) fn read(mut bytes: &[u8], budget: &mut Budget, contents: &mut Vec<Content>) -> Result<(), Damage> {
    if !begins_a_message(bytes) {
        return Err(Damage::Bad("it is neither text nor a metric stream in OpenTelemetry 1.0"));
    }
    let mut data = ByAccount::new();
    while !bytes.is_empty() {
        let message = shape::varint(&mut bytes).and_then(|length| shape::split(&mut bytes, length));
        let message = message.map_err(unfit)?;
        shape::count(message, &shape::METRICS, &mut budget.messages).map_err(unfit)?;
        let request = ExportMetricsServiceRequest::decode(message)
            .map_err(|_| Damage::Bad("a message of its metric stream is no ExportMetricsServiceRequest"))?;
        for resource in &request.resource_metrics {
            read_resource(resource, budget, &mut data)?;
        }
    }
    finish(data, contents);
    Ok(())
}

/// A length and then the one field that a request has, or nothing in it.
fn begins_a_message(mut bytes: &[u8]) -> bool {
    const RESOURCE_METRICS: u8 = 0x0a;
    match shape::varint(&mut bytes) {
        Ok(0) => true,
        Ok(_) => bytes.first().is_none_or(|first| *first == RESOURCE_METRICS),
        Err(unfit) => unfit == Unfit::Cut,
    }
}

fn unfit(unfit: Unfit) -> Damage {
    match unfit {
        Unfit::Cut => Damage::Bad("its metric stream ends inside a message"),
        Unfit::Damaged => Damage::Bad("its metric stream is damaged"),
        Unfit::TooDeep => Damage::Bad("values of its metric stream are nested too deep"),
        Unfit::TooMany => {
            Damage::TooLarge("the metric streams of the delivery have more than 1,000,000 messages")
        }
    }
}

fn read_resource(
    resource: &ResourceMetrics,
    budget: &mut Budget,
    data: &mut ByAccount,
) -> Result<(), Damage> {
    let attributes = resource.resource.as_ref().map_or(&[][..], |resource| &resource.attributes);
    for metric in resource.scope_metrics.iter().flat_map(|scope| &scope.metrics) {
        let summary =
            metric.summary.as_ref().ok_or(Damage::Bad("a metric of its metric stream is no summary"))?;
        for point in &summary.data_points {
            if !point.labels.is_empty() {
                return Err(Damage::Bad(
                    "its metric stream is in OpenTelemetry 0.7: choose OpenTelemetry 1.0 or JSON as its output format",
                ));
            }
            let place = text(attributes, "cloud.account.id").zip(text(attributes, "cloud.region"));
            let (account, region) =
                place.ok_or(Damage::Bad("its metric stream names no cloud.account.id and cloud.region"))?;
            keep(account.into(), region.into(), datum(metric, point)?, budget, data)?;
        }
    }
    Ok(())
}

/// The start is the time of a datum in CloudWatch; the end is a minute later.
fn datum(metric: &Metric, point: &SummaryDataPoint) -> Result<MetricDatum, Damage> {
    let named = metric.name.strip_prefix(NAME_PREFIX).and_then(|name| name.rsplit_once('/'));
    let attribute = |key: &str| text(&point.attributes, key);
    let namespace = attribute("Namespace").or(named.map(|(namespace, _)| namespace));
    let name = attribute("MetricName").or(named.map(|(_, name)| name));
    let (namespace, name) = namespace.zip(name).ok_or(Damage::Bad(
        "a metric of its metric stream has neither a namespace nor a name of CloudWatch",
    ))?;
    let quantile = |wanted: f64| {
        let found = point.quantile_values.iter().find(|value| value.quantile == wanted);
        found.map(|value| value.value).ok_or(Damage::Bad("a summary has no quantiles 0 and 1"))
    };
    let nanos = [point.start_time_unix_nano, point.time_unix_nano].into_iter().find(|nanos| *nanos > 0);
    Ok(MetricDatum {
        namespace: namespace.into(),
        name: name.into(),
        dimensions: dimensions(point)?.0,
        timestamp: from_nanos(nanos.ok_or(Damage::Bad("a summary has no time"))?),
        unit: unit(&metric.unit)?,
        storage_resolution_seconds: 60,
        value: MetricValue::Statistics {
            sample_count: point.count as f64,
            sum: point.sum,
            minimum: quantile(0.0)?,
            maximum: quantile(1.0)?,
        },
    })
}

fn dimensions(point: &SummaryDataPoint) -> Result<Pairs, Damage> {
    let damage = Damage::Bad("the dimensions of a summary are no list of texts");
    let pairs = match value(&point.attributes, "Dimensions").map(|value| &value.kind) {
        None | Some(None) => return Ok(Pairs::default()),
        Some(Some(Kind::Pairs(pairs))) => &pairs.values,
        Some(Some(_)) => return Err(damage),
    };
    let pair = |pair: &KeyValue| match pair.value.as_ref().and_then(|value| value.kind.as_ref()) {
        Some(Kind::Text(text)) => Ok((pair.key.as_str().into(), text.as_str().into())),
        _ => Err(damage),
    };
    pairs.iter().map(pair).collect::<Result<_, _>>().map(Pairs)
}

/// The unit's name in CloudWatch; `None` for the unit 1.
fn unit(unit: &str) -> Result<Option<Box<str>>, Damage> {
    let (base, per) = unit.strip_suffix("/s").map_or((unit, ""), |base| (base, "/Second"));
    let known = UNITS.iter().find(|(known, _)| known.eq_ignore_ascii_case(base));
    match (unit, known) {
        ("" | "1" | "None", _) => Ok(None),
        ("%", _) => Ok(Some("Percent".into())),
        (_, Some((_, name))) => Ok(Some(format!("{name}{per}").into())),
        _ => Err(Damage::Bad("a metric of its metric stream has a unit that CloudWatch does not have")),
    }
}

//! Which metric data does a log message hold in CloudWatch's embedded metric format?
//!
//! The format is a JSON object whose member `_aws` says which of its other members are metrics and dimensions
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
//! CloudWatch drops what breaks a limit without a word; here each such part is a [`Problem`] with its place, and what
//! stands beside it counts. A value is taken whole or not at all. The hard part is that a small message can ask for
//! much: every dimension set repeats every metric, so directives, data and problems have bounds of their own.

mod problem;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use walletscope_language::json::{Broken, Kind, Scanner, Value};
use walletscope_model::metric::{DIMENSION_VALUE_CHARACTERS_MAX, DIMENSIONS_MAX, MAGNITUDE_MAX, UNITS};
use walletscope_model::{MetricDatum, MetricValue, Timestamp};

pub use problem::{Fault, Place, Problem};

use crate::lambda_line::runtime_line;

/// Most metrics of a directive.
pub const METRICS_MAX: usize = 100;
/// Most values of a metric.
pub const VALUES_MAX: usize = 100;
/// Longest namespace and metric name, in characters: CloudWatch takes no longer ones.
pub const NAME_CHARACTERS_MAX: usize = 255;
/// Longest name of a dimension, in characters.
pub const KEY_CHARACTERS_MAX: usize = 250;
/// The last millisecond of the year 9999.
pub const TIMESTAMP_MILLIS_MAX: i64 = 253_402_300_799_999;
/// Most directives of a message: a bound of ours.
pub const DIRECTIVES_MAX: usize = 100;
/// Most metric data of a message, as many as one `PutMetricData` may hold: a bound of ours.
pub const DATA_MAX: usize = 1_000;
/// Most bytes of all metric data of a message together: a bound of ours.
pub const DATA_BYTES_MAX: usize = 8 << 20;
/// Most problems that are told of a message; further ones are counted.
pub const PROBLEMS_MAX: usize = 100;

/// What a document in embedded metric format holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Emf {
    /// The metric data, by directive, dimension set and metric. Whether their time is too old is not looked at.
    pub data: Vec<MetricDatum>,
    /// What gave none, at most [`PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
    /// How many problems more there are.
    pub problems_left_off: usize,
}

/// What a message holds, or `None` where it is no document of this format. A search for two names decides that for
/// ordinary messages.
pub fn read(message: &str) -> Option<Emf> {
    let is_new = message.contains("\"_aws\"");
    if !is_new && !message.contains("\"CloudWatchMetrics\"") {
        return None;
    }
    let mut emf = Emf::default();
    let Some(root) = members(document(message)?) else {
        emf.tell(Place::Message, Fault::NotJson, None);
        return is_new.then_some(emf);
    };
    match root.get("_aws").copied() {
        Some(metadata) => {
            let (dimensions, time) = (BTreeMap::new(), Timestamp::default());
            Reader { root: &root, dimensions, time, bytes_left: DATA_BYTES_MAX, emf: &mut emf }
                .read(metadata);
        }
        None if is_legacy(&root) => emf.tell(Place::Message, Fault::Legacy, None),
        None => return None,
    }
    Some(emf)
}

impl Emf {
    fn tell(&mut self, place: Place, fault: Fault, name: Option<&str>) {
        const CHARACTERS_MAX: usize = 64;
        if self.problems.len() >= PROBLEMS_MAX {
            self.problems_left_off += 1;
            return;
        }
        let name = name.map(|name| name.chars().take(CHARACTERS_MAX).collect::<String>().into());
        self.problems.push(Problem { place, fault, name });
    }
}

type Members<'m> = BTreeMap<Cow<'m, str>, Value<'m>>;

struct Reader<'r, 'm> {
    root: &'r Members<'m>,
    /// Dimensions that were looked up: sets name the same ones again and again.
    dimensions: BTreeMap<Cow<'m, str>, Result<Cow<'m, str>, Fault>>,
    time: Timestamp,
    bytes_left: usize,
    emf: &'r mut Emf,
}

/// One metric of a directive, without its dimensions.
struct Metric<'m> {
    name: Cow<'m, str>,
    unit: Option<&'static str>,
    storage_resolution_seconds: u8,
    values: Vec<(f64, f64)>,
}

impl<'m> Reader<'_, 'm> {
    fn read(&mut self, metadata: Value<'m>) {
        let Some(metadata) = object(metadata) else {
            return self.emf.tell(Place::Metadata, Fault::NotAnObject, None);
        };
        let Some(time) = metadata.get("Timestamp").and_then(timestamp) else {
            return self.emf.tell(Place::Timestamp, Fault::Timestamp, None);
        };
        self.time = time;
        let Some(directives) = metadata.get("CloudWatchMetrics").filter(is_list) else {
            return self.emf.tell(Place::Directives, Fault::NotAList, None);
        };
        elements(directives, |number, value| {
            let is_read = (number as usize) < DIRECTIVES_MAX;
            if is_read {
                self.directive(number, value);
            } else {
                self.emf.tell(Place::Directives, Fault::TooManyDirectives, None);
            }
            is_read
        });
    }

    fn directive(&mut self, number: u32, value: Value<'m>) {
        let Some(directive) = object(value) else {
            return self.emf.tell(Place::Directive(number), Fault::NotAnObject, None);
        };
        let namespace = directive.get("Namespace").and_then(|value| text_within(value, NAME_CHARACTERS_MAX));
        let Some(namespace) = namespace.filter(|namespace| !namespace.starts_with(':')) else {
            return self.emf.tell(Place::Namespace(number), Fault::Namespace, None);
        };
        let Some(sets) = directive.get("Dimensions").filter(is_list) else {
            return self.emf.tell(Place::Dimensions(number), Fault::NotAList, None);
        };
        let Some(metrics) = directive.get("Metrics").filter(is_list) else {
            return self.emf.tell(Place::Metrics(number), Fault::NotAList, None);
        };
        let metrics = self.metrics(number, metrics);
        if metrics.is_empty() {
            return;
        }
        let mut known = BTreeSet::new();
        let mut has_sets = false;
        elements(sets, |set, value| {
            has_sets = true;
            let place = Place::DimensionSet { directive: number, set };
            match self.keys(place, value) {
                Some(keys) if known.contains(&keys) => self.emf.tell(place, Fault::RepeatedSet, None),
                Some(keys) => {
                    if let Some(dimensions) = self.set(place, &keys)
                        && !self.push(&namespace, &dimensions, &metrics)
                    {
                        self.emf.tell(place, Fault::TooManyData, None);
                        return false;
                    }
                    known.insert(keys);
                }
                None => {}
            }
            true
        });
        if !has_sets {
            self.emf.tell(Place::Dimensions(number), Fault::NoDimensionSets, None);
        }
    }

    fn metrics(&mut self, directive: u32, list: &Value<'m>) -> Vec<Metric<'m>> {
        let (mut metrics, mut names) = (Vec::new(), BTreeSet::new());
        elements(list, |number, value| {
            if number as usize >= METRICS_MAX {
                self.emf.tell(Place::Metrics(directive), Fault::TooManyMetrics, None);
                return false;
            }
            let place = Place::Metric { directive, metric: number };
            match self.metric(value, &mut names) {
                Ok(metric) => metrics.push(metric),
                Err((fault, name)) => self.emf.tell(place, fault, name.as_deref()),
            }
            true
        });
        metrics
    }

    /// One definition with the values that the root holds for it; else what is wrong, and with which metric.
    fn metric(
        &self,
        value: Value<'m>,
        names: &mut BTreeSet<Cow<'m, str>>,
    ) -> Result<Metric<'m>, (Fault, Option<Cow<'m, str>>)> {
        let definition = object(value).ok_or((Fault::NotAnObject, None))?;
        let name = definition.get("Name").and_then(|name| text_within(name, NAME_CHARACTERS_MAX));
        let name = name.ok_or((Fault::MetricName, None))?;
        let wrong = |fault: Fault| (fault, Some(name.clone()));
        if !names.insert(name.clone()) {
            return Err(wrong(Fault::RepeatedMetric));
        }
        let unit = definition.get("Unit").map(unit).transpose().map_err(wrong)?;
        let storage_resolution_seconds = match definition.get("StorageResolution") {
            None => 60,
            Some(value) => resolution(value).map_err(wrong)?,
        };
        let target = self.root.get(&name).ok_or_else(|| wrong(Fault::ValueMissing))?;
        let values = values(target).map_err(wrong)?;
        Ok(Metric { name, unit, storage_resolution_seconds, values })
    }

    /// The names of a set's dimensions, sorted, each once: what tells one set from another.
    fn keys(&mut self, place: Place, set: Value<'m>) -> Option<Vec<Cow<'m, str>>> {
        if !is_list(&&set) {
            self.emf.tell(place, Fault::NotAList, None);
            return None;
        }
        let (mut keys, mut fault) = (Vec::new(), None);
        elements(&set, |number, key| {
            match text_within(&key, KEY_CHARACTERS_MAX) {
                _ if number as usize >= DIMENSIONS_MAX => fault = Some(Fault::TooManyKeys),
                None => fault = Some(Fault::Key),
                Some(key) => keys.push(key),
            }
            fault.is_none()
        });
        if let Some(fault) = fault {
            self.emf.tell(place, fault, None);
            return None;
        }
        keys.sort_unstable();
        keys.dedup();
        Some(keys)
    }

    /// The dimensions of a set, names with values; every wrong one is told.
    fn set(&mut self, place: Place, keys: &[Cow<'m, str>]) -> Option<Vec<(Box<str>, Box<str>)>> {
        let mut is_whole = true;
        for key in keys {
            if let Err(fault) = *self.dimension(key) {
                self.emf.tell(place, fault, Some(key));
                is_whole = false;
            }
        }
        let value = |key: &Cow<'m, str>| self.dimensions.get(key)?.as_deref().ok();
        let pair = |key: &Cow<'m, str>| Some((Box::from(&**key), Box::from(value(key)?)));
        if is_whole { keys.iter().map(pair).collect() } else { None }
    }

    fn dimension(&mut self, key: &Cow<'m, str>) -> &Result<Cow<'m, str>, Fault> {
        let root = self.root;
        self.dimensions.entry(key.clone()).or_insert_with(|| {
            let value = root.get(key).ok_or(Fault::DimensionMissing)?;
            if !is_text(value) {
                return Err(Fault::DimensionNotText);
            }
            text_within(value, DIMENSION_VALUE_CHARACTERS_MAX).ok_or(Fault::DimensionLength)
        })
    }

    /// Adds a datum for each metric; `false` where there is no room for all of them, and then none is added.
    fn push(&mut self, namespace: &str, dimensions: &[(Box<str>, Box<str>)], metrics: &[Metric<'m>]) -> bool {
        let identity =
            namespace.len() + dimensions.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        let bytes = |metric: &Metric<'m>| identity + metric.name.len() + size_of_val(&*metric.values);
        let bytes_left = self.bytes_left.checked_sub(metrics.iter().map(bytes).sum());
        let has_room = bytes_left.is_some() && self.emf.data.len() + metrics.len() <= DATA_MAX;
        let datum = |metric: &Metric<'m>| MetricDatum {
            namespace: namespace.into(),
            name: (&*metric.name).into(),
            dimensions: dimensions.to_vec(),
            timestamp: self.time,
            unit: metric.unit.map(Box::from),
            storage_resolution_seconds: metric.storage_resolution_seconds,
            value: MetricValue::Values(metric.values.clone()),
        };
        if has_room {
            self.bytes_left = bytes_left.unwrap_or_default();
            self.emf.data.extend(metrics.iter().map(datum));
        }
        has_room
    }
}

/// The text that is to be JSON: the message, or what stands behind a runtime's columns.
fn document(message: &str) -> Option<&str> {
    let trimmed = message.trim_start();
    if trimmed.starts_with('{') {
        return Some(trimmed);
    }
    runtime_line(trimmed).map(|line| line.text).filter(|text| text.starts_with('{'))
}

fn is_legacy(root: &Members<'_>) -> bool {
    let is_zero = |value: &Value<'_>| value.written == "0";
    root.get("Version").is_some_and(is_zero)
        && root.get("CloudWatchMetrics").is_some_and(|list| is_list(&list))
}

/// Milliseconds since 1970. Some clients write whole numbers with a fraction of zero.
fn timestamp(value: &Value<'_>) -> Option<Timestamp> {
    let written = Some(value.written).filter(|_| value.kind == Kind::Number)?;
    let whole = || {
        let number = written.parse::<f64>().ok()?;
        Some(number as i64).filter(|_| number.fract() == 0.0)
    };
    let millis = written.parse().ok().or_else(whole)?;
    (0..=TIMESTAMP_MILLIS_MAX).contains(&millis).then(|| Timestamp::from_millis(millis))
}

fn unit(value: &Value<'_>) -> Result<&'static str, Fault> {
    let written = Some(value.written).filter(|_| is_text(value));
    UNITS.into_iter().find(|unit| Some(*unit) == written).ok_or(Fault::Unit)
}

fn resolution(value: &Value<'_>) -> Result<u8, Fault> {
    match (value.kind, value.written) {
        (Kind::Number, "1") => Ok(1),
        (Kind::Number, "60") => Ok(60),
        _ => Err(Fault::Resolution),
    }
}

/// A number, or a list of them, each with the count one.
fn values(target: &Value<'_>) -> Result<Vec<(f64, f64)>, Fault> {
    if !is_list(&target) {
        return number(target).map(|number| vec![(number, 1.0)]);
    }
    let (mut values, mut fault) = (Vec::new(), None);
    elements(target, |index, value| {
        match number(&value) {
            _ if index as usize >= VALUES_MAX => fault = Some(Fault::TooManyValues),
            Ok(number) => values.push((number, 1.0)),
            Err(wrong) => fault = Some(wrong),
        }
        fault.is_none()
    });
    match fault {
        Some(fault) => Err(fault),
        None if values.is_empty() => Err(Fault::NoValues),
        None => Ok(values),
    }
}

/// JSON has no NaN, but a long enough number is infinite.
fn number(value: &Value<'_>) -> Result<f64, Fault> {
    let written = Some(value.written).filter(|_| value.kind == Kind::Number).ok_or(Fault::NotANumber)?;
    let number: f64 = written.parse().map_err(|_| Fault::NotANumber)?;
    if number.abs() <= MAGNITUDE_MAX { Ok(number) } else { Err(Fault::OutOfRange) }
}

/// A string of one to `characters_max` characters. What is too long as it is written is not even unescaped.
fn text_within<'m>(value: &Value<'m>, characters_max: usize) -> Option<Cow<'m, str>> {
    const BYTES_OF_ESCAPED_MAX: usize = 12;
    let may_be = is_text(value) && value.written.len() <= characters_max * BYTES_OF_ESCAPED_MAX;
    let text = if may_be { value.text()? } else { return None };
    (1..=characters_max).contains(&text.chars().count()).then_some(text)
}

fn is_text(value: &Value<'_>) -> bool {
    matches!(value.kind, Kind::Text | Kind::EscapedText)
}

fn is_list(value: &&Value<'_>) -> bool {
    value.kind == Kind::Array
}

fn object<'m>(value: Value<'m>) -> Option<Members<'m>> {
    if value.kind == Kind::Object { members(value.written) } else { None }
}

/// The members of a text that is one JSON object; of equal names the last.
fn members(text: &str) -> Option<Members<'_>> {
    let mut members = Members::new();
    let mut scanner = Scanner::new(text);
    let passed = scanner.members(|scanner, key| {
        let value = scanner.value(1)?;
        members.insert(key.text().unwrap_or_default(), value);
        Ok(())
    });
    (passed.is_ok() && scanner.is_at_end()).then_some(members)
}

/// Calls `each` with every element of a list until it says `false`.
fn elements<'m>(list: &Value<'m>, mut each: impl FnMut(u32, Value<'m>) -> bool) {
    let mut scanner = Scanner::new(list.written);
    // The list was scanned before: it is broken off by `each` alone.
    let _ = scanner.elements(|scanner, index| {
        let value = scanner.value(0)?;
        if each(u32::try_from(index).unwrap_or(u32::MAX), value) { Ok(()) } else { Err(Broken) }
    });
}

#[cfg(test)]
mod tests;

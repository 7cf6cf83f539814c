//! Which point of a metric does this event make? A filter pattern with its metric transformation.
//!
//! One event makes one point or none. What belongs to a minute and not to an event, the default value, is told by
//! [`MetricFilter::default_value`] and published by whoever counts the events of the minute
//! (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html>). Where AWS says
//! nothing: an event without a value for each dimension makes no point, and a point has the minute of its event.

use std::borrow::Cow;
use std::fmt;

use smallvec::SmallVec;
use walletscope_model::Timestamp;

use super::number::Number;
use super::selector::Selector;
use super::{Event, Kind, Mode, Pattern, Reading, field_value, token};
use crate::json::PathId;

/// The unit of a metric whose transformation names none.
pub const UNIT_DEFAULT: &str = "None";
/// Dimensions of one transformation.
const DIMENSIONS_MAX: usize = 3;
/// Characters of one dimension's value
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>).
const DIMENSION_VALUE_LENGTH_MAX: usize = 1_024;
/// No metric has a value beyond ±2^360
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>).
const VALUE_EXPONENT_MAX: i32 = 360;
const MINUTE_SECONDS: i64 = 60;

/// A metric transformation as PutMetricFilter takes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricTransformation {
    /// A number, `$.selector`, `$name` or `$3`.
    pub metric_value: String,
    /// Published for a minute with events of which none matched.
    pub default_value: Option<f64>,
    /// A unit of CloudWatch; absent: [`UNIT_DEFAULT`]. Not judged here.
    pub unit: Option<String>,
    /// Names, and where in the event their values are: `$.selector`, `$name` or `$3`. At most three.
    pub dimensions: Vec<(String, String)>,
}

/// A pattern and its transformation, ready to be held against events.
#[derive(Clone, Debug)]
pub struct MetricFilter {
    pattern: Pattern,
    mode: Mode,
    value: MetricValue,
    default_value: Option<f64>,
    unit: Box<str>,
    dimensions: Vec<(Box<str>, Source)>,
}

/// One point of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Point<'a> {
    /// Finite, within ±2^360.
    pub value: f64,
    /// The transformation's unit.
    pub unit: &'a str,
    /// All dimensions of the transformation, in its order.
    pub dimensions: SmallVec<[Dimension<'a>; DIMENSIONS_MAX]>,
    /// The minute of the event, where its time is known.
    pub minute: Option<Timestamp>,
}

/// One dimension of a point.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Dimension<'a> {
    pub name: &'a str,
    /// 1 to 1,024 characters.
    pub value: Cow<'a, str>,
}

/// Why an event makes no point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPoint<'a> {
    /// It does not match the pattern.
    NoMatch,
    /// It matches, and has no text or number where the metric's value is looked for.
    ValueMissing,
    /// What it has there is no number.
    ValueNotNumeric {
        /// What it has.
        text: Cow<'a, str>,
    },
    /// The number is beyond ±2^360.
    ValueOutOfRange,
    /// It has no text or number where a dimension's value is looked for, or an empty text.
    DimensionMissing {
        /// The dimension's name.
        name: &'a str,
    },
    /// A dimension's value has more than 1,024 characters.
    DimensionTooLong {
        /// The dimension's name.
        name: &'a str,
    },
}

/// Why a transformation does not fit its pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransformationError {
    /// The value is neither a number nor anything that the pattern names.
    Value {
        /// The value as it was given.
        value: Box<str>,
    },
    /// The default value is infinite or no number.
    DefaultValue,
    /// A default value beside dimensions.
    DefaultValueAndDimensions,
    /// More than three dimensions.
    TooManyDimensions {
        /// How many.
        count: usize,
    },
    /// Dimensions beside a pattern of terms.
    DimensionsOfTerms,
    /// A dimension's value is nothing that the pattern names.
    Dimension {
        /// The dimension's name.
        name: Box<str>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum MetricValue {
    Literal(f64),
    Source(Source),
}

/// A place in events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Path(PathId),
    /// The pattern's field with this index.
    Field(usize),
    /// The message's field with this number, counted from 1.
    Number(usize),
}

impl MetricFilter {
    /// Puts a pattern and its transformation together. In strict mode value and dimensions name what the pattern names, in
    /// the pattern's own form; in lenient mode `$name` and `$.name` are the same, and a JSON pattern's may name any
    /// place in the event.
    pub fn new(
        mut pattern: Pattern,
        transformation: &MetricTransformation,
        mode: Mode,
    ) -> Result<Self, TransformationError> {
        let MetricTransformation { metric_value, default_value, unit, dimensions } = transformation;
        if default_value.is_some_and(|value| !value.is_finite()) {
            return Err(TransformationError::DefaultValue);
        }
        if !dimensions.is_empty() {
            judge_dimensions(&pattern, default_value.is_some(), dimensions.len())?;
        }
        let value =
            match Number::parse(metric_value).map(Number::as_float).filter(|value| is_in_range(*value)) {
                Some(literal) => MetricValue::Literal(literal),
                None => source(&mut pattern, metric_value, mode)
                    .map(MetricValue::Source)
                    .ok_or_else(|| TransformationError::Value { value: metric_value.as_str().into() })?,
            };
        let dimension = |(name, value): &(String, String)| match source(&mut pattern, value, mode) {
            Some(source) => Ok((name.as_str().into(), source)),
            None => Err(TransformationError::Dimension { name: name.as_str().into() }),
        };
        let dimensions = dimensions.iter().map(dimension).collect::<Result<_, _>>()?;
        let unit = unit.as_deref().unwrap_or(UNIT_DEFAULT).into();
        Ok(Self { pattern, mode, value, default_value: *default_value, unit, dimensions })
    }

    /// The point that an event makes, or why it makes none.
    pub fn decide<'a>(&'a self, event: &Event<'a>) -> Result<Point<'a>, NoPoint<'a>> {
        let reading = self.pattern.read_match(event, self.mode).ok_or(NoPoint::NoMatch)?;
        let value = match self.value {
            MetricValue::Literal(value) => value,
            MetricValue::Source(source) => self.number(&reading, source)?,
        };
        let mut dimensions = SmallVec::new();
        for (name, source) in &self.dimensions {
            let value = self.text(&reading, *source).filter(|value| !value.is_empty());
            let value = value.ok_or(NoPoint::DimensionMissing { name })?;
            if value.chars().count() > DIMENSION_VALUE_LENGTH_MAX {
                return Err(NoPoint::DimensionTooLong { name });
            }
            dimensions.push(Dimension { name, value });
        }
        let minute = event.timestamp.map(|at| at.floor_seconds(MINUTE_SECONDS));
        Ok(Point { value, unit: &self.unit, dimensions, minute })
    }

    /// The value for a minute in which events came and none matched. A minute without events has no value.
    pub fn default_value(&self) -> Option<f64> {
        self.default_value
    }

    /// Its pattern.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// The mode in which it reads events.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    fn number<'a>(&self, reading: &Reading<'a>, source: Source) -> Result<f64, NoPoint<'a>> {
        let text = self.text(reading, source).ok_or(NoPoint::ValueMissing)?;
        match Number::parse(&text).map(Number::as_float) {
            Some(value) if is_in_range(value) => Ok(value),
            Some(_) => Err(NoPoint::ValueOutOfRange),
            None => Err(NoPoint::ValueNotNumeric { text }),
        }
    }

    fn text<'a>(&self, reading: &Reading<'a>, source: Source) -> Option<Cow<'a, str>> {
        match (source, &self.pattern.kind, reading) {
            (Source::Path(path), _, Reading::Json(values)) => values.value(path)?.text(),
            (Source::Field(index), Kind::Fields(fields), reading) => field_value(fields, reading, index),
            (Source::Number(number), _, reading) => token(reading, number),
            _ => None,
        }
    }
}

fn judge_dimensions(pattern: &Pattern, has_default: bool, count: usize) -> Result<(), TransformationError> {
    if has_default {
        return Err(TransformationError::DefaultValueAndDimensions);
    }
    if matches!(pattern.kind, Kind::Terms(_)) {
        return Err(TransformationError::DimensionsOfTerms);
    }
    if count > DIMENSIONS_MAX {
        return Err(TransformationError::TooManyDimensions { count });
    }
    Ok(())
}

/// The place that a value or dimension names.
fn source(pattern: &mut Pattern, reference: &str, mode: Mode) -> Option<Source> {
    match &mut pattern.kind {
        Kind::Terms(_) => None,
        Kind::Json(json) => {
            let name = reference.strip_prefix('$')?;
            let as_member = || Selector::parse_whole(&format!("$.{name}")).filter(|_| mode == Mode::Lenient);
            let selector = Selector::parse_whole(reference).or_else(as_member)?;
            // Of several values none is the value.
            if selector.has_wildcard() {
                return None;
            }
            let path = json.path(&selector);
            path.or_else(|| (mode == Mode::Lenient).then(|| json.add_path(&selector))).map(Source::Path)
        }
        Kind::Fields(fields) => {
            let name = reference.strip_prefix('$')?;
            let name = name.strip_prefix('.').filter(|_| mode == Mode::Lenient).unwrap_or(name);
            let by_number = || {
                let number = name.parse().ok().filter(|number| *number > 0)?;
                (fields.has_ellipsis() || number <= fields.fields.len()).then_some(Source::Number(number))
            };
            fields.field_index(name).map(Source::Field).or_else(by_number)
        }
    }
}

fn is_in_range(value: f64) -> bool {
    value.abs() <= 2_f64.powi(VALUE_EXPONENT_MAX)
}

impl TransformationError {
    /// The message of the `InvalidParameterException` with which such a transformation is refused. Seen at AWS were those
    /// about dimensions beside a default value, beside terms, and without a selector; the others are in their manner. It
    /// may hold a part of the transformation.
    pub fn aws_message(&self) -> String {
        match self {
            Self::Value { value } => {
                format!("Invalid metric transformation: metric value {value} must be a valid number")
            }
            Self::DefaultValue => "Invalid metric transformation: default value must be a valid number".into(),
            Self::DefaultValueAndDimensions => {
                "Invalid metric transformation: dimensions and default value are mutually exclusive properties".into()
            }
            Self::TooManyDimensions { .. } => {
                format!("Invalid metric transformation: at most {DIMENSIONS_MAX} dimensions are allowed")
            }
            Self::DimensionsOfTerms => "The specified filter pattern does not support dimensions".into(),
            Self::Dimension { .. } => {
                "Invalid metric transformation: dimension value must be valid selector".into()
            }
        }
    }
}

impl fmt::Display for TransformationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { value } => {
                write!(formatter, "the metric value `{value}` is neither a number nor named by the pattern")
            }
            Self::DefaultValue => write!(formatter, "the default value is not finite"),
            Self::DefaultValueAndDimensions => write!(formatter, "a default value excludes dimensions"),
            Self::TooManyDimensions { count } => {
                write!(formatter, "{count} dimensions are given, at most {DIMENSIONS_MAX} are allowed")
            }
            Self::DimensionsOfTerms => write!(formatter, "a pattern of terms names no values for dimensions"),
            Self::Dimension { name } => {
                write!(formatter, "the value of the dimension `{name}` is not named by the pattern")
            }
        }
    }
}

impl std::error::Error for TransformationError {}

impl fmt::Display for NoPoint<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMatch => write!(formatter, "the event does not match"),
            Self::ValueMissing => write!(formatter, "the event has no text or number for the metric's value"),
            Self::ValueNotNumeric { text } => {
                write!(formatter, "the metric's value is {}, which is no number", super::explain::shown(text))
            }
            Self::ValueOutOfRange => {
                write!(formatter, "the metric's value is beyond ±2^{VALUE_EXPONENT_MAX}")
            }
            Self::DimensionMissing { name } => {
                write!(formatter, "the event has no text or number for the dimension `{name}`")
            }
            Self::DimensionTooLong { name } => write!(
                formatter,
                "the value of the dimension `{name}` has more than {DIMENSION_VALUE_LENGTH_MAX} characters"
            ),
        }
    }
}

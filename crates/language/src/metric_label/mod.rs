//! What is a series called, given what it says? Labels with `${…}` in them, CloudWatch's dynamic labels
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html>).
//!
//! A label is parsed once and rendered for each series. The guide says which values there are, not how a number or a
//! time is written: that is decided in [`number_text`], [`time_text`] and [`duration_text`]. What a series does not
//! have, as a metric query has no dimensions, is written `--`, as AWS does
//! (<https://github.com/grafana/grafana/issues/66221>).
//!
//! ```
//! use walletscope_language::metric_label::{Label, LabelFacts};
//!
//! let label = Label::parse("[max: ${MAX} Errors for Function Name ${LABEL}]")?;
//! let facts = LabelFacts { default_label: "issue", points: &[(0, 2.0), (60, 5.5)], ..LabelFacts::default() };
//! assert_eq!(label.render(&facts), "[max: 5.5 Errors for Function Name issue]");
//! # Ok::<(), walletscope_language::metric_label::LabelError>(())
//! ```

mod points;
mod written;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::metric_identity::MetricIdentity;

pub use written::{duration_text, number_text, time_text, timezone_offset_minutes};

/// Values of the points, `${MAX}` and the like, in one label. Properties are not counted, since Grafana adds one for each
/// dimension with several values.
pub const LIVE_VALUES_MAX: usize = 5;
/// Bytes of a label. AWS names no limit.
pub const LABEL_BYTES_MAX: usize = 16_384;

/// What is written for what a series does not have.
const ABSENT: &str = "--";

/// A label, ready to be rendered for any number of series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    /// `${LABEL}`.
    DefaultLabel,
    Property(Property),
    Live(LiveValue),
}

/// What `${PROP('…')}` names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Property {
    AccountId,
    AccountLabel,
    MetricName,
    Namespace,
    Period,
    Region,
    Statistic,
    Dimension(Box<str>),
}

/// What is computed of the points of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LiveValue {
    Average,
    Sum,
    Count,
    /// The value of a point.
    Value(Place),
    /// When it was.
    Time(Place),
    /// How long ago that is.
    TimeRelative(Place),
    /// What lies between the values of two points.
    ValueRange(Place, Place),
    /// What lies between their times.
    TimeRange(Place, Place),
}

/// One point of a series. Of several with the same value it is the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    First,
    Last,
    Lowest,
    Highest,
}

/// What is known of a series when its label is rendered.
#[derive(Clone, Copy, Debug, Default)]
pub struct LabelFacts<'a> {
    /// What it is called without a label.
    pub default_label: &'a str,
    /// Seconds since the epoch and value, in any order.
    pub points: &'a [(i64, f64)],
    /// The metric, if it is one: the result of an expression or of a query over several has none.
    pub identity: Option<MetricIdentity<'a>>,
    /// The statistic's text, if one was asked for.
    pub statistic: Option<&'a str>,
    /// Seconds.
    pub period_seconds: u32,
    /// The region that answers.
    pub region: &'a str,
    /// The account that answers.
    pub account: &'a str,
    /// How far ahead of UTC times are written.
    pub timezone_offset_minutes: i32,
    /// Seconds since the epoch, from which `…_TIME_RELATIVE` counts.
    pub now: i64,
}

/// A text that is no label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelError {
    /// The byte of the text at which the value begins that is wrong.
    pub position: usize,
    /// What is wrong there.
    pub problem: LabelProblem,
}

/// What can be wrong with the text of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelProblem {
    /// More than [`LABEL_BYTES_MAX`] bytes.
    TooLong,
    /// `${` without `}`, or `${PROP('` without `')}`.
    NotClosed,
    /// There is no such value.
    UnknownValue {
        /// What stands in the braces.
        name: Box<str>,
    },
    /// There is no such property.
    UnknownProperty {
        /// What stands in the quotes.
        name: Box<str>,
    },
    /// A second `${LABEL}`.
    SecondLabel,
    /// More than [`LIVE_VALUES_MAX`] values of the points.
    TooManyValues,
}

impl Label {
    /// Reads the text of a label.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        if text.len() > LABEL_BYTES_MAX {
            return Err(LabelError { position: 0, problem: LabelProblem::TooLong });
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            parts.extend(Part::text(&rest[..at]));
            let position = text.len() - rest.len() + at;
            let (part, length) =
                Part::parse(&rest[at + 2..]).map_err(|problem| LabelError { position, problem })?;
            parts.push(part);
            let problem = Self::problem_of(&parts);
            problem.map_or(Ok(()), |problem| Err(LabelError { position, problem }))?;
            rest = &rest[at + 2 + length..];
        }
        parts.extend(Part::text(rest));
        Ok(Self { parts })
    }

    /// What the part that was just added is too much for.
    fn problem_of(parts: &[Part]) -> Option<LabelProblem> {
        let count = |is_counted: fn(&Part) -> bool| parts.iter().filter(|part| is_counted(part)).count();
        if count(|part| *part == Part::DefaultLabel) > 1 {
            return Some(LabelProblem::SecondLabel);
        }
        (count(|part| matches!(part, Part::Live(_))) > LIVE_VALUES_MAX).then_some(LabelProblem::TooManyValues)
    }

    /// Whether it says the same of every series.
    pub fn is_static(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// The label for an expression with several series: behind a text without any value comes the default label, so that
    /// the series can be told apart, as AWS does (<https://github.com/grafana/grafana/issues/51714>).
    pub fn for_several(mut self) -> Self {
        if self.is_static() {
            self.parts.push(Part::Text(" ".into()));
            self.parts.push(Part::DefaultLabel);
        }
        self
    }

    /// The label of one series.
    pub fn render(&self, facts: &LabelFacts<'_>) -> String {
        let mut label = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => label.push_str(text),
                Part::DefaultLabel => label.push_str(facts.default_label),
                Part::Property(property) => label.push_str(&property.render(facts)),
                Part::Live(value) => label.push_str(&value.render(facts)),
            }
        }
        label
    }
}

impl Part {
    fn text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::Text(text.into()))
    }

    /// What stands behind `${`, and how long it is with its `}`.
    fn parse(text: &str) -> Result<(Self, usize), LabelProblem> {
        // The name of a dimension may hold whatever a metric may, so a property ends at its own closing.
        if let Some(property) = text.strip_prefix("PROP('") {
            let length = property.find("')").ok_or(LabelProblem::NotClosed)?;
            if !property[length + 2..].starts_with('}') {
                return Err(LabelProblem::NotClosed);
            }
            let property = Property::parse(&property[..length])?;
            return Ok((Self::Property(property), "PROP('".len() + length + "')}".len()));
        }
        let length = text.find('}').ok_or(LabelProblem::NotClosed)?;
        let name = &text[..length];
        if name == "LABEL" {
            return Ok((Self::DefaultLabel, length + 1));
        }
        let value = LIVE_VALUES.iter().find(|value| value.0 == name);
        let value = value.ok_or_else(|| LabelProblem::UnknownValue { name: name.into() })?;
        Ok((Self::Live(value.1), length + 1))
    }
}

/// Every value of the guide's table.
const LIVE_VALUES: [(&str, LiveValue); 19] = [
    ("AVG", LiveValue::Average),
    ("DATAPOINT_COUNT", LiveValue::Count),
    ("SUM", LiveValue::Sum),
    ("FIRST", LiveValue::Value(Place::First)),
    ("FIRST_LAST_RANGE", LiveValue::ValueRange(Place::First, Place::Last)),
    ("FIRST_LAST_TIME_RANGE", LiveValue::TimeRange(Place::First, Place::Last)),
    ("FIRST_TIME", LiveValue::Time(Place::First)),
    ("FIRST_TIME_RELATIVE", LiveValue::TimeRelative(Place::First)),
    ("LAST", LiveValue::Value(Place::Last)),
    ("LAST_TIME", LiveValue::Time(Place::Last)),
    ("LAST_TIME_RELATIVE", LiveValue::TimeRelative(Place::Last)),
    ("MAX", LiveValue::Value(Place::Highest)),
    ("MAX_TIME", LiveValue::Time(Place::Highest)),
    ("MAX_TIME_RELATIVE", LiveValue::TimeRelative(Place::Highest)),
    ("MIN", LiveValue::Value(Place::Lowest)),
    ("MIN_MAX_RANGE", LiveValue::ValueRange(Place::Lowest, Place::Highest)),
    ("MIN_MAX_TIME_RANGE", LiveValue::TimeRange(Place::Lowest, Place::Highest)),
    ("MIN_TIME", LiveValue::Time(Place::Lowest)),
    ("MIN_TIME_RELATIVE", LiveValue::TimeRelative(Place::Lowest)),
];

impl Property {
    fn parse(name: &str) -> Result<Self, LabelProblem> {
        match name {
            "AccountId" => Ok(Self::AccountId),
            "AccountLabel" => Ok(Self::AccountLabel),
            "MetricName" => Ok(Self::MetricName),
            "Namespace" => Ok(Self::Namespace),
            "Period" => Ok(Self::Period),
            "Region" => Ok(Self::Region),
            "Stat" => Ok(Self::Statistic),
            _ => match name.strip_prefix("Dim.") {
                Some(dimension) if !dimension.is_empty() => Ok(Self::Dimension(dimension.into())),
                _ => Err(LabelProblem::UnknownProperty { name: name.into() }),
            },
        }
    }

    /// Accounts have no labels of their own here, so the label of one is its number.
    fn render(&self, facts: &LabelFacts<'_>) -> String {
        let identity = facts.identity;
        let text = match self {
            Self::AccountId | Self::AccountLabel => {
                Some(identity.map_or(facts.account, |identity| identity.account))
            }
            Self::MetricName => identity.map(|identity| identity.name),
            Self::Namespace => identity.map(|identity| identity.namespace),
            Self::Period => return facts.period_seconds.to_string(),
            Self::Region => Some(facts.region),
            Self::Statistic => facts.statistic,
            Self::Dimension(name) => identity.and_then(|identity| identity.dimension(name)),
        };
        text.unwrap_or(ABSENT).to_owned()
    }
}

impl fmt::Display for LabelError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "at byte {}: {}", self.position, self.problem)
    }
}

impl fmt::Display for LabelProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(formatter, "a label has at most {LABEL_BYTES_MAX} bytes"),
            Self::NotClosed => write!(formatter, "the value is never closed with `}}`"),
            Self::UnknownValue { name } => write!(formatter, "there is no value `{name}`"),
            Self::UnknownProperty { name } => write!(formatter, "there is no property `{name}`"),
            Self::SecondLabel => write!(formatter, "`${{LABEL}}` may stand once"),
            Self::TooManyValues => {
                write!(formatter, "a label may hold {LIVE_VALUES_MAX} values of the points")
            }
        }
    }
}

impl std::error::Error for LabelError {}

//! Which statistic of a metric is asked for? `Average`, `p99.9`, `TM(10%:90%)` and the others, as CloudWatch spells them
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>).
//!
//! This says what a text means; what comes out over values is the business of `series`. The guide leaves two things
//! open that are decided here: bounds that are equal or the wrong way round, or of which one is a percentage and the
//! other a value, are refused.

use std::fmt;

/// Decimals that a bound may have.
pub const DECIMALS_MAX: usize = 10;
/// Characters of a statistic's text. AWS names no limit.
pub const STATISTIC_CHARACTERS_MAX: usize = 100;

/// What is computed of the values of a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// How many values.
    SampleCount,
    /// Their sum.
    Sum,
    /// Their mean.
    Average,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
    /// `p99.9`: the value that so many percent of the values do not exceed.
    Percentile(Percent),
    /// `tm90`, `TM(10%:90%)`: the mean of the values within the bounds.
    TrimmedMean(Bounds),
    /// `wm90`, `WM(10%:90%)`: the mean, with values outside of the bounds moved to them.
    WinsorizedMean(Bounds),
    /// `tc90`, `TC(10%:90%)`: how many values are within the bounds.
    TrimmedCount(Bounds),
    /// `ts90`, `TS(10%:90%)`: the sum of the values within the bounds.
    TrimmedSum(Bounds),
    /// `PR(:300)`: how many percent of the values are within the bounds, which are values.
    PercentileRank(Bounds),
    /// `IQM`: the mean of the middle half, `TM(25%:75%)`.
    InterquartileMean,
}

/// A share from 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Percent(f64);

/// Two bounds, one of which may be open. A lower bound is itself outside, an upper one inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    kind: BoundKind,
    /// Not both are open; if both are there, this is the smaller one.
    low: Option<f64>,
    high: Option<f64>,
}

/// What the numbers of bounds are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundKind {
    /// Shares of the sorted values, from 0 to 100.
    Percent,
    /// Values of the metric, from 0.
    Value,
}

/// A text that names no statistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatisticError {
    /// The byte of the text at which it stopped making sense; its length where something is missing at the end.
    pub position: usize,
    /// What is wrong there.
    pub problem: StatisticProblem,
}

/// What can be wrong with the text of a statistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatisticProblem {
    /// No statistic begins so.
    UnknownName,
    /// More than [`STATISTIC_CHARACTERS_MAX`] characters.
    TooLong,
    /// A number belongs there: digits, and perhaps a point and at most [`DECIMALS_MAX`] more.
    NotANumber,
    /// A share is more than 100.
    OverHundred,
    /// Bounds stand in parentheses with a colon between them.
    NotBounds,
    /// Both bounds are open.
    NoBound,
    /// One bound is a percentage, the other a value.
    MixedBounds,
    /// The lower bound is not below the upper one.
    EmptyRange,
    /// The bounds of a percentile rank are values.
    PercentNotAllowed,
}

/// How a statistic with bounds is made of them.
type WithBounds = fn(Bounds) -> Statistic;

/// Statistics without numbers.
const NAMED: [(&str, Statistic); 6] = [
    ("SampleCount", Statistic::SampleCount),
    ("Sum", Statistic::Sum),
    ("Average", Statistic::Average),
    ("Minimum", Statistic::Minimum),
    ("Maximum", Statistic::Maximum),
    ("IQM", Statistic::InterquartileMean),
];

/// Statistics with bounds: the upper case form is followed by both, the lower case one by an upper bound in percent.
const BOUNDED: [(&str, &str, WithBounds); 4] = [
    ("TM", "tm", Statistic::TrimmedMean),
    ("WM", "wm", Statistic::WinsorizedMean),
    ("TC", "tc", Statistic::TrimmedCount),
    ("TS", "ts", Statistic::TrimmedSum),
];

impl Statistic {
    /// Reads the text of a statistic. Upper and lower case matter.
    pub fn parse(text: &str) -> Result<Self, StatisticError> {
        if text.chars().count() > STATISTIC_CHARACTERS_MAX {
            return Err(StatisticError { position: text.len(), problem: StatisticProblem::TooLong });
        }
        if let Some((_, statistic)) = NAMED.iter().find(|named| named.0 == text) {
            return Ok(*statistic);
        }
        for (range_name, single_name, statistic) in BOUNDED {
            if let Some(rest) = text.strip_prefix(range_name) {
                return Ok(statistic(parse_bounds(rest, range_name.len())?));
            }
            if let Some(rest) = text.strip_prefix(single_name) {
                let high = parse_percent(rest, single_name.len())?;
                return Ok(statistic(Bounds { kind: BoundKind::Percent, low: None, high: Some(high.0) }));
            }
        }
        if let Some(rest) = text.strip_prefix("PR") {
            let bounds = parse_bounds(rest, 2)?;
            if bounds.kind == BoundKind::Percent {
                return Err(StatisticError { position: 2, problem: StatisticProblem::PercentNotAllowed });
            }
            return Ok(Self::PercentileRank(bounds));
        }
        match text.strip_prefix('p') {
            Some(rest) => parse_percent(rest, 1).map(Self::Percentile),
            None => Err(StatisticError { position: 0, problem: StatisticProblem::UnknownName }),
        }
    }

    /// Whether it needs the values themselves and is not to be had from sum, count, minimum and maximum. AWS has none of
    /// these over a metric with negative values, and of statistic sets only where all their values must be equal.
    pub fn is_percentile_type(&self) -> bool {
        !matches!(self, Self::SampleCount | Self::Sum | Self::Average | Self::Minimum | Self::Maximum)
    }

    /// The bounds, if it has any; those of the interquartile mean are its quartiles.
    pub fn bounds(&self) -> Option<Bounds> {
        match self {
            Self::TrimmedMean(bounds)
            | Self::WinsorizedMean(bounds)
            | Self::TrimmedCount(bounds)
            | Self::TrimmedSum(bounds)
            | Self::PercentileRank(bounds) => Some(*bounds),
            Self::InterquartileMean => {
                Some(Bounds { kind: BoundKind::Percent, low: Some(25.0), high: Some(75.0) })
            }
            _ => None,
        }
    }
}

impl Percent {
    /// From 0 to 100.
    pub fn value(self) -> f64 {
        self.0
    }
}

impl Bounds {
    /// What the numbers are.
    pub fn kind(&self) -> BoundKind {
        self.kind
    }

    /// What is above this is inside; `None` is open.
    pub fn low(&self) -> Option<f64> {
        self.low
    }

    /// What is not above this is inside; `None` is open.
    pub fn high(&self) -> Option<f64> {
        self.high
    }
}

impl StatisticError {
    /// The message of the `ValidationError` with which AWS refuses a text as `parameter`, which is for example
    /// `MetricDataQueries.member.1.MetricStat.Stat`. It holds the text.
    pub fn aws_message(text: &str, parameter: &str) -> String {
        format!("The value {text} for parameter {parameter} is not a valid statistic.")
    }
}

/// `(low:high)`; `start` is where in the whole text it stands.
fn parse_bounds(text: &str, start: usize) -> Result<Bounds, StatisticError> {
    use StatisticProblem::{EmptyRange, MixedBounds, NoBound, NotBounds};
    let at = |position, problem| StatisticError { position: start + position, problem };
    let inside = text.strip_prefix('(').ok_or(at(0, NotBounds))?;
    let inside = inside.strip_suffix(')').ok_or(at(text.len(), NotBounds))?;
    let (low, high) = inside.split_once(':').ok_or(at(1 + inside.len(), NotBounds))?;
    let high_position = 1 + low.len() + 1;
    let low = parse_bound(low, start + 1)?;
    let high = parse_bound(high, start + high_position)?;
    let (_, kind) = low.or(high).ok_or(at(1, NoBound))?;
    if high.is_some_and(|high| high.1 != kind) {
        return Err(at(high_position, MixedBounds));
    }
    let bounds = Bounds { kind, low: low.map(|bound| bound.0), high: high.map(|bound| bound.0) };
    if bounds.low.zip(bounds.high).is_some_and(|(low, high)| low >= high) {
        return Err(at(1, EmptyRange));
    }
    Ok(bounds)
}

/// A bound, or `None` for an open one.
fn parse_bound(text: &str, start: usize) -> Result<Option<(f64, BoundKind)>, StatisticError> {
    match text.strip_suffix('%') {
        _ if text.is_empty() => Ok(None),
        Some(percent) => parse_percent(percent, start).map(|percent| Some((percent.0, BoundKind::Percent))),
        None => parse_number(text, start).map(|value| Some((value, BoundKind::Value))),
    }
}

fn parse_percent(text: &str, start: usize) -> Result<Percent, StatisticError> {
    let percent = parse_number(text, start)?;
    if percent > 100.0 {
        return Err(StatisticError { position: start, problem: StatisticProblem::OverHundred });
    }
    Ok(Percent(percent))
}

/// Digits, and perhaps a point with more digits behind it.
fn parse_number(text: &str, start: usize) -> Result<f64, StatisticError> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok();
    number
        .filter(|_| are_digits(whole) && are_digits(decimals) && decimals.len() <= DECIMALS_MAX)
        .ok_or(StatisticError { position: start, problem: StatisticProblem::NotANumber })
}

impl fmt::Display for Statistic {
    /// AWS's spelling, the shorter one where there are two: `tm90`, not `TM(:90%)`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (range_name, single_name, bounds) = match self {
            Self::SampleCount => return formatter.write_str("SampleCount"),
            Self::Sum => return formatter.write_str("Sum"),
            Self::Average => return formatter.write_str("Average"),
            Self::Minimum => return formatter.write_str("Minimum"),
            Self::Maximum => return formatter.write_str("Maximum"),
            Self::InterquartileMean => return formatter.write_str("IQM"),
            Self::Percentile(percent) => return write!(formatter, "p{}", percent.0),
            Self::PercentileRank(bounds) => return write!(formatter, "PR{bounds}"),
            Self::TrimmedMean(bounds) => ("TM", "tm", bounds),
            Self::WinsorizedMean(bounds) => ("WM", "wm", bounds),
            Self::TrimmedCount(bounds) => ("TC", "tc", bounds),
            Self::TrimmedSum(bounds) => ("TS", "ts", bounds),
        };
        match bounds {
            Bounds { kind: BoundKind::Percent, low: None, high: Some(high) } => {
                write!(formatter, "{single_name}{high}")
            }
            _ => write!(formatter, "{range_name}{bounds}"),
        }
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.kind == BoundKind::Percent { "%" } else { "" };
        let text = |bound: Option<f64>| bound.map_or_else(String::new, |bound| format!("{bound}{unit}"));
        write!(formatter, "({}:{})", text(self.low), text(self.high))
    }
}

impl fmt::Display for StatisticError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "at byte {}: {}", self.position, self.problem)
    }
}

impl fmt::Display for StatisticProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownName => write!(formatter, "no statistic is called so"),
            Self::TooLong => {
                write!(formatter, "a statistic has at most {STATISTIC_CHARACTERS_MAX} characters")
            }
            Self::NotANumber => {
                write!(formatter, "expected a number with at most {DECIMALS_MAX} decimals")
            }
            Self::OverHundred => write!(formatter, "a percentage is at most 100"),
            Self::NotBounds => write!(formatter, "expected bounds like `(10%:90%)`"),
            Self::NoBound => write!(formatter, "one of the bounds must be given"),
            Self::MixedBounds => write!(formatter, "both bounds must be percentages or both values"),
            Self::EmptyRange => write!(formatter, "the lower bound must be below the upper one"),
            Self::PercentNotAllowed => write!(formatter, "the bounds of a percentile rank are values"),
        }
    }
}

impl std::error::Error for StatisticError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, (usize, StatisticProblem)>) {
        let parsed = Statistic::parse(text);
        let told = parsed.map(|statistic| statistic.to_string());
        let told = told.map_err(|error| (error.position, error.problem));
        assert_eq!(told, expected.map(str::to_owned), "{text}");
        if let Ok(statistic) = parsed {
            assert_eq!(Statistic::parse(&statistic.to_string()), Ok(statistic), "{text}");
        }
    }

    fn bounds(kind: BoundKind, low: Option<f64>, high: Option<f64>) -> Bounds {
        Bounds { kind, low, high }
    }

    #[test]
    fn every_statistic_of_the_guide_reads_and_writes() {
        for text in ["SampleCount", "Sum", "Average", "Minimum", "Maximum", "IQM"] {
            check(text, Ok(text));
        }
        for text in
            ["p95", "p99", "p99.9", "p0", "p100", "p99.0123456789", "tm90", "tm99", "wm98", "tc90", "ts90"]
        {
            check(text, Ok(text));
        }
        let ranges = [
            "TM(2%:98%)",
            "TM(150:1000)",
            "TM(25%:75%)",
            "WM(10%:90%)",
            "PR(:300)",
            "PR(100:2000)",
            "TC(0.005:0.03)",
            "TS(80%:)",
            "TM(10%:90%)",
            "TC(80:500)",
            "TC(:0.5)",
            "TM(5%:95%)",
            "TM(100:200)",
            "TM(10%:)",
            "TM(10%:99%)",
            "PR(:1)",
            "PR(1:5)",
            "PR(5:10)",
            "PR(10:)",
        ];
        for text in ranges {
            check(text, Ok(text));
        }
    }

    #[test]
    fn one_of_two_spellings_is_written() {
        let cases = [
            ("TM(:99%)", "tm99"),
            ("TM(:95%)", "tm95"),
            ("WM(:90%)", "wm90"),
            ("TC(0.005:0.030)", "TC(0.005:0.03)"),
            ("p99.90", "p99.9"),
            ("p05", "p5"),
            ("tm100.0000000000", "tm100"),
        ];
        for (text, written) in cases {
            check(text, Ok(written));
        }
    }

    #[test]
    fn what_the_numbers_mean() {
        let cases = [
            ("p99.9", Statistic::Percentile(Percent(99.9))),
            ("tm90", Statistic::TrimmedMean(bounds(BoundKind::Percent, None, Some(90.0)))),
            ("wm98", Statistic::WinsorizedMean(bounds(BoundKind::Percent, None, Some(98.0)))),
            ("TC(80:500)", Statistic::TrimmedCount(bounds(BoundKind::Value, Some(80.0), Some(500.0)))),
            ("TS(80%:)", Statistic::TrimmedSum(bounds(BoundKind::Percent, Some(80.0), None))),
            ("PR(:300)", Statistic::PercentileRank(bounds(BoundKind::Value, None, Some(300.0)))),
        ];
        for (text, statistic) in cases {
            assert_eq!(Statistic::parse(text), Ok(statistic), "{text}");
            assert!(statistic.is_percentile_type(), "{text}");
        }
        for text in ["SampleCount", "Sum", "Average", "Minimum", "Maximum"] {
            assert_eq!(
                Statistic::parse(text).map(|statistic| statistic.is_percentile_type()),
                Ok(false),
                "{text}"
            );
        }
        let quartiles = Statistic::parse("TM(25%:75%)").map(|statistic| statistic.bounds());
        assert_eq!(Ok(Statistic::InterquartileMean.bounds()), quartiles);
    }

    #[test]
    fn what_is_no_statistic_is_refused_with_the_place() {
        use StatisticProblem::*;
        let long = "p".repeat(STATISTIC_CHARACTERS_MAX + 1);
        let cases = [
            ("", 0, UnknownName),
            ("average", 0, UnknownName),
            ("P99", 0, UnknownName),
            ("None", 0, UnknownName),
            ("iqm", 0, UnknownName),
            ("p", 1, NotANumber),
            ("p(99)", 1, NotANumber),
            ("p-1", 1, NotANumber),
            ("p+1", 1, NotANumber),
            ("p1e1", 1, NotANumber),
            ("p99.", 1, NotANumber),
            ("p.5", 1, NotANumber),
            ("pNaN", 1, NotANumber),
            ("p99%", 1, NotANumber),
            ("p99.01234567890", 1, NotANumber),
            ("p100.1", 1, OverHundred),
            ("tm101", 2, OverHundred),
            ("TM(10%:101%)", 7, OverHundred),
            ("TM90", 2, NotBounds),
            ("TM(90%)", 6, NotBounds),
            ("TM(10%:90%", 10, NotBounds),
            ("TM", 2, NotBounds),
            ("tm(10%:90%)", 2, NotANumber),
            ("TM(:)", 3, NoBound),
            ("TM(10%:500)", 7, MixedBounds),
            ("TM(90%:10%)", 3, EmptyRange),
            ("PR(5:5)", 3, EmptyRange),
            ("PR(:90%)", 2, PercentNotAllowed),
            ("TM(10% : 90%)", 3, NotANumber),
            ("pr(1:2)", 1, NotANumber),
            (&long, long.len(), TooLong),
        ];
        for (text, position, problem) in cases {
            check(text, Err((position, problem)));
        }
    }

    #[test]
    fn aws_names_text_and_parameter() {
        assert_eq!(
            StatisticError::aws_message("None", "MetricDataQueries.member.223.MetricStat.Stat"),
            "The value None for parameter MetricDataQueries.member.223.MetricStat.Stat is not a valid statistic."
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(p|tm|TM|WM|PR|IQM)?[0-9.:%()a-zé]{0,16}") {
            match Statistic::parse(&text) {
                Ok(statistic) => prop_assert_eq!(Statistic::parse(&statistic.to_string()), Ok(statistic)),
                Err(error) => prop_assert!(text.is_char_boundary(error.position)),
            }
        }
    }
}

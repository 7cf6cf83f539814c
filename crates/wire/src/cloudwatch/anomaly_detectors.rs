//! What do clients ask about anomaly detectors? Limits of PutAnomalyDetector, DescribeAnomalyDetectors and
//! DeleteAnomalyDetector.
//!
//! A detector is about one metric or about metric math. One metric may be named in `SingleMetricAnomalyDetector` or, as
//! old clients do, by members of the request itself; inside there is one form, and answers hold both. What is checked
//! of a target is in `anomaly_detectors/target.rs`, what stands in requests and answers in `anomaly_detectors/shapes.rs`.

mod shapes;
mod target;

use super::parameters::{self, NAME_LEN_MAX, check_len, exclusive, invalid, invalid_next_token, too_many};
use super::{Dimensions, RESOURCE_NOT_FOUND, missing_parameter};
use crate::aws::{AwsError, Timestamp};

pub use shapes::{
    AnomalyDetectorShape, AnomalyDetectorState, ConfigurationShape, DeleteAnomalyDetectorRequest,
    DeleteAnomalyDetectorResponse, DescribeAnomalyDetectorsRequest, DescribeAnomalyDetectorsResponse,
    MetricCharacteristics, MetricMathShape, PutAnomalyDetectorRequest, PutAnomalyDetectorResponse,
    RangeShape, SingleMetricShape,
};
pub use target::AnomalyDetectorTarget;
use target::Named;

/// Longest id, in characters
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AnomalyDetector.html>).
pub const ID_LEN_MAX: usize = 128;
/// Most ids of one DescribeAnomalyDetectors
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAnomalyDetectors.html>).
pub const IDS_MAX: usize = 50;
/// Most detectors of a page, and the default
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAnomalyDetectors.html>).
pub const DETECTORS_PAGE_MAX: usize = 100;
/// Most excluded time ranges of a detector
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAnomalyDetector.html>).
pub const EXCLUDED_RANGES_MAX: usize = 10;
/// Longest name of a time zone, in characters
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AnomalyDetectorConfiguration.html>).
pub const TIMEZONE_LEN_MAX: usize = 50;
/// Most types of one DescribeAnomalyDetectors.
const TYPES_MAX: usize = 2;

/// A valid detector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnomalyDetector {
    /// What it is about; one account has one detector for each.
    pub target: AnomalyDetectorTarget,
    /// At most [`EXCLUDED_RANGES_MAX`], as given.
    pub excluded_ranges: Vec<ExcludedRange>,
    /// At most [`TIMEZONE_LEN_MAX`] characters, not judged.
    pub timezone: Option<String>,
    /// How soon it follows a change.
    pub adaptation_speed: AdaptationSpeed,
    /// How much it leaves out of what it learns from.
    pub outlier_filtering_strength: OutlierFilteringStrength,
    /// Whether spikes that come again and again are expected.
    pub periodic_spikes: bool,
}

/// A time range that a detector does not learn from, in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExcludedRange {
    /// Inclusive.
    pub start_millis: i64,
    /// Exclusive, after the start.
    pub end_millis: i64,
}

/// How soon a detector follows a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words of the model")]
pub enum AdaptationSpeed {
    Fast,
    Normal,
    Slow,
}

/// How much a detector leaves out of what it learns from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words of the model")]
pub enum OutlierFilteringStrength {
    Minimal,
    Moderate,
    Strict,
}

/// The words of the model.
pub const ADAPTATION_SPEEDS: [(&str, AdaptationSpeed); 3] =
    [("FAST", AdaptationSpeed::Fast), ("NORMAL", AdaptationSpeed::Normal), ("SLOW", AdaptationSpeed::Slow)];
/// The words of the model.
pub const OUTLIER_FILTERING_STRENGTHS: [(&str, OutlierFilteringStrength); 3] = [
    ("MINIMAL", OutlierFilteringStrength::Minimal),
    ("MODERATE", OutlierFilteringStrength::Moderate),
    ("STRICT", OutlierFilteringStrength::Strict),
];

/// A valid DescribeAnomalyDetectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeAnomalyDetectors {
    /// Which.
    pub filter: AnomalyDetectorFilter,
    /// Where the last page ended, not judged but for its length.
    pub next_token: Option<String>,
    /// 1 to [`DETECTORS_PAGE_MAX`].
    pub page_len_max: usize,
}

/// Which detectors are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnomalyDetectorFilter {
    /// Those with these ids, 1 to [`IDS_MAX`].
    Ids(Vec<String>),
    /// Those about what matches.
    Target {
        /// Only this namespace.
        namespace: Option<String>,
        /// Only this name.
        name: Option<String>,
        /// Only these dimensions; empty: any.
        dimensions: Dimensions,
        /// Whether detectors about one metric count.
        single_metric: bool,
        /// Whether detectors about metric math count.
        metric_math: bool,
    },
}

/// Which detector is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnomalyDetectorReference {
    /// The one with this id.
    Id(String),
    /// The one about this.
    Target(AnomalyDetectorTarget),
}

/// `ResourceNotFoundException`. The words are ours.
pub fn anomaly_detector_not_found() -> AwsError {
    AwsError::new(&RESOURCE_NOT_FOUND, "The anomaly detector does not exist.")
}

impl PutAnomalyDetectorRequest {
    /// Checks everything but the meaning of statistic, expressions and time zone.
    ///
    /// # Errors
    /// `MissingParameter`, `InvalidParameterValue` or `InvalidParameterCombination`.
    pub fn validate(self) -> Result<AnomalyDetector, AwsError> {
        let named = Named {
            flat: SingleMetricShape {
                account_id: None,
                namespace: self.namespace,
                metric_name: self.metric_name,
                dimensions: self.dimensions,
                stat: self.stat,
            },
            single_metric: self.single_metric_anomaly_detector,
            metric_math: self.metric_math_anomaly_detector,
        };
        let target = named.target()?;
        let configuration = self.configuration.unwrap_or_default();
        let ranges = configuration.excluded_time_ranges;
        if ranges.len() > EXCLUDED_RANGES_MAX {
            return Err(too_many("Configuration.ExcludedTimeRanges", EXCLUDED_RANGES_MAX));
        }
        let timezone = configuration.metric_timezone;
        if let Some(timezone) = &timezone {
            check_len(timezone, "Configuration.MetricTimezone", TIMEZONE_LEN_MAX)?;
        }
        let speed = configuration.adaptation_speed.unwrap_or_else(|| "NORMAL".to_owned());
        let strength = configuration.outlier_filtering_strength.unwrap_or_else(|| "MODERATE".to_owned());
        let characteristics = self.metric_characteristics.unwrap_or_default();
        Ok(AnomalyDetector {
            target,
            excluded_ranges: ranges.into_iter().enumerate().map(excluded_range).collect::<Result<_, _>>()?,
            timezone,
            adaptation_speed: parameters::one_of(
                &speed,
                "Configuration.AdaptationSpeed",
                &ADAPTATION_SPEEDS,
            )?,
            outlier_filtering_strength: parameters::one_of(
                &strength,
                "Configuration.OutlierFilteringStrength",
                &OUTLIER_FILTERING_STRENGTHS,
            )?,
            periodic_spikes: characteristics.periodic_spikes.unwrap_or(false),
        })
    }
}

fn excluded_range((place, shape): (usize, RangeShape)) -> Result<ExcludedRange, AwsError> {
    let path = |name: &str| format!("Configuration.ExcludedTimeRanges.member.{}.{name}", place + 1);
    let start = shape.start_time.ok_or_else(|| missing_parameter(&path("StartTime")))?;
    let end = shape.end_time.ok_or_else(|| missing_parameter(&path("EndTime")))?;
    if start >= end {
        let (start, end) = (path("StartTime"), path("EndTime"));
        return Err(invalid(format!("The parameter {start} must be less than the parameter {end}.")));
    }
    Ok(ExcludedRange { start_millis: start.epoch_millis, end_millis: end.epoch_millis })
}

impl AnomalyDetector {
    /// The detector as answers have it.
    pub fn into_shape(self, id: String, state: AnomalyDetectorState) -> AnomalyDetectorShape {
        let range = |range: ExcludedRange| RangeShape {
            start_time: Some(Timestamp::from_epoch_millis(range.start_millis)),
            end_time: Some(Timestamp::from_epoch_millis(range.end_millis)),
        };
        let configuration = ConfigurationShape {
            excluded_time_ranges: self.excluded_ranges.into_iter().map(range).collect(),
            metric_timezone: self.timezone,
            adaptation_speed: word(self.adaptation_speed, &ADAPTATION_SPEEDS),
            outlier_filtering_strength: word(self.outlier_filtering_strength, &OUTLIER_FILTERING_STRENGTHS),
        };
        let named = Named::from(self.target);
        let single = named.single_metric.is_some();
        AnomalyDetectorShape {
            anomaly_detector_id: id,
            namespace: named.flat.namespace,
            metric_name: named.flat.metric_name,
            dimensions: single.then_some(named.flat.dimensions),
            stat: named.flat.stat,
            configuration,
            state_value: state,
            metric_characteristics: self
                .periodic_spikes
                .then_some(MetricCharacteristics { periodic_spikes: Some(true) }),
            single_metric_anomaly_detector: named.single_metric,
            metric_math_anomaly_detector: named.metric_math,
        }
    }
}

/// The word of a set that means this.
fn word<T: PartialEq>(meaning: T, set: &[(&str, T)]) -> Option<String> {
    set.iter().find(|(_, known)| *known == meaning).map(|(word, _)| (*word).to_owned())
}

impl DescribeAnomalyDetectorsRequest {
    /// Checks filters and page.
    ///
    /// # Errors
    /// `InvalidParameterValue`, `InvalidParameterCombination`, `MissingParameter` or `InvalidNextToken`.
    pub fn validate(self) -> Result<DescribeAnomalyDetectors, AwsError> {
        let next_token = parameters::next_token(self.next_token.clone(), invalid_next_token)?;
        let page_len_max = match self.max_results.map(usize::try_from) {
            None => DETECTORS_PAGE_MAX,
            Some(Ok(len @ 1..=DETECTORS_PAGE_MAX)) => len,
            Some(_) => {
                let message = format!("The parameter MaxResults must be between 1 and {DETECTORS_PAGE_MAX}.");
                return Err(invalid(message));
            }
        };
        Ok(DescribeAnomalyDetectors { filter: self.filter()?, next_token, page_len_max })
    }

    fn filter(self) -> Result<AnomalyDetectorFilter, AwsError> {
        let filters = [
            ("Namespace", self.namespace.is_some()),
            ("MetricName", self.metric_name.is_some()),
            ("Dimensions", !self.dimensions.is_empty()),
            ("AnomalyDetectorTypes", !self.anomaly_detector_types.is_empty()),
        ];
        if !self.anomaly_detector_ids.is_empty() {
            if let Some((name, _)) = filters.iter().find(|(_, given)| *given) {
                return Err(exclusive("AnomalyDetectorIds", name));
            }
            return ids(self.anomaly_detector_ids).map(AnomalyDetectorFilter::Ids);
        }
        let types = self.anomaly_detector_types;
        if types.len() > TYPES_MAX {
            return Err(too_many("AnomalyDetectorTypes", TYPES_MAX));
        }
        let (mut single_metric, mut metric_math) = (types.is_empty(), false);
        for (place, word) in types.iter().enumerate() {
            let member = format!("AnomalyDetectorTypes.member.{}", place + 1);
            let math = parameters::one_of(word, &member, &[("SINGLE_METRIC", false), ("METRIC_MATH", true)])?;
            single_metric |= !math;
            metric_math |= math;
        }
        Ok(AnomalyDetectorFilter::Target {
            namespace: parameters::optional_namespace(self.namespace, "Namespace")?,
            name: parameters::optional_text(self.metric_name, "MetricName", NAME_LEN_MAX)?,
            dimensions: parameters::dimensions(self.dimensions, "Dimensions")?,
            single_metric,
            metric_math,
        })
    }
}

fn ids(ids: Vec<String>) -> Result<Vec<String>, AwsError> {
    if ids.len() > IDS_MAX {
        return Err(too_many("AnomalyDetectorIds", IDS_MAX));
    }
    let valid = |(place, id)| detector_id(id, &format!("AnomalyDetectorIds.member.{}", place + 1));
    ids.into_iter().enumerate().map(valid).collect()
}

impl DeleteAnomalyDetectorRequest {
    /// Checks id or target.
    ///
    /// # Errors
    /// `MissingParameter`, `InvalidParameterValue` or `InvalidParameterCombination`.
    pub fn validate(self) -> Result<AnomalyDetectorReference, AwsError> {
        let named = Named {
            flat: SingleMetricShape {
                account_id: None,
                namespace: self.namespace,
                metric_name: self.metric_name,
                dimensions: self.dimensions,
                stat: self.stat,
            },
            single_metric: self.single_metric_anomaly_detector,
            metric_math: self.metric_math_anomaly_detector,
        };
        let Some(id) = self.anomaly_detector_id else {
            return named.target().map(AnomalyDetectorReference::Target);
        };
        match named.first_given() {
            Some(member) => Err(exclusive("AnomalyDetectorId", member)),
            None => detector_id(id, "AnomalyDetectorId").map(AnomalyDetectorReference::Id),
        }
    }
}

fn detector_id(id: String, member: &str) -> Result<String, AwsError> {
    let id = parameters::text(Some(id), member, ID_LEN_MAX)?;
    if id.chars().all(|char| char.is_ascii_alphanumeric() || "_./:%()+-".contains(char)) {
        return Ok(id);
    }
    Err(invalid(format!("The value {id} for parameter {member} is invalid.")))
}

#[cfg(test)]
mod tests;

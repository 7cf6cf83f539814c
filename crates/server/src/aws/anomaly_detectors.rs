//! How do CloudWatch's anomaly detectors behave here?
//!
//! Putting and deleting are commands that the stream's step answers; training is another matter
//! ([`crate::metrics::training`]). Detectors about metric math are refused: a band of an expression needs none
//! (`docs/protocols/cloudwatch.md`).

use walletscope_language::statistic::Statistic;
use walletscope_model::{AnomalyDetectorDefinition, AnomalyDetectorTarget, Body, Command, Timestamp};
use walletscope_stream::Answer;
use walletscope_stream::anomaly_detector::{AnomalyDetector, DETECTORS_MAX, DetectorKey, Learnt};
use walletscope_wire::aws::{AwsError, Response, shapes};
use walletscope_wire::cloudwatch::{
    self, ADAPTATION_SPEEDS, AnomalyDetectorFilter, AnomalyDetectorReference, AnomalyDetectorShape,
    AnomalyDetectorState, ExcludedRange, INVALID_PARAMETER_VALUE, OUTLIER_FILTERING_STRENGTHS,
};

use super::{Caller, Door, Prepared};
use crate::letters;
use crate::metrics::time_zone::offset_seconds;

pub(crate) fn put(
    door: &Door,
    caller: &Caller,
    request: cloudwatch::PutAnomalyDetectorRequest,
) -> Result<Prepared, AwsError> {
    let detector = request.validate()?;
    let target = target(door, caller, detector.target)?;
    if Statistic::parse(&target.statistic).is_err() {
        return Err(invalid(format!(
            "The value {} for parameter Stat is not a valid statistic.",
            target.statistic
        )));
    }
    let timezone = detector.timezone.map(|zone| door.guard(caller, "timezone", &zone));
    if let Some(zone) = &timezone
        && offset_seconds(zone, door.now().seconds()).is_none()
    {
        let message =
            format!("The value {zone} for parameter Configuration.MetricTimezone is not a time zone.");
        return Err(invalid(message));
    }
    let range = |range: ExcludedRange| {
        (Timestamp::from_millis(range.start_millis), Timestamp::from_millis(range.end_millis))
    };
    let anomaly_detector_id = id(&DetectorKey::new(&caller.origin, target.clone()));
    let definition = AnomalyDetectorDefinition {
        target,
        excluded: detector.excluded_ranges.into_iter().map(range).collect(),
        timezone,
        has_periodic_spikes: detector.periodic_spikes,
        adaptation_speed: word(detector.adaptation_speed, &ADAPTATION_SPEEDS),
        outlier_filtering_strength: word(detector.outlier_filtering_strength, &OUTLIER_FILTERING_STRENGTHS),
    };
    Ok(Prepared::ExecuteFor(
        Body::Command(Command::PutAnomalyDetector(Box::new(definition))),
        Box::new(|answer| match answer {
            Answer::Done => {
                let response = cloudwatch::PutAnomalyDetectorResponse { anomaly_detector_id };
                Ok(Response::PutAnomalyDetector(response))
            }
            answer => Err(refused(answer)),
        }),
    ))
}

pub(crate) fn describe(
    door: &Door,
    caller: &Caller,
    request: cloudwatch::DescribeAnomalyDetectorsRequest,
) -> Result<Prepared, AwsError> {
    let request = request.validate()?;
    let catalog = door.catalog();
    let wanted = Wanted::new(door, caller, &request.filter);
    let wanted: Vec<(&DetectorKey, &AnomalyDetector)> =
        catalog.anomaly_detectors.iter().filter(|(key, _)| is_own(caller, key) && wanted.is(key)).collect();
    let start = match &request.next_token {
        None => 0,
        // The next page begins behind this one, whatever comes or goes meanwhile.
        Some(last) => {
            let last = wanted.iter().position(|(key, _)| id(key) == *last);
            last.map(|last| last + 1).ok_or_else(cloudwatch::invalid_next_token)?
        }
    };
    let end = wanted.len().min(start + request.page_len_max);
    let next_token = (end < wanted.len()).then(|| id(wanted[end - 1].0));
    let anomaly_detectors = wanted[start..end].iter().map(|(key, detector)| shape(key, detector)).collect();
    let page = cloudwatch::DescribeAnomalyDetectorsResponse { anomaly_detectors, next_token };
    Ok(Prepared::Answer(Response::DescribeAnomalyDetectors(page)))
}

pub(crate) fn delete(
    door: &Door,
    caller: &Caller,
    request: cloudwatch::DeleteAnomalyDetectorRequest,
) -> Result<Prepared, AwsError> {
    let target = match request.validate()? {
        AnomalyDetectorReference::Target(named) => target(door, caller, named)?,
        AnomalyDetectorReference::Id(wanted) => {
            let catalog = door.catalog();
            let named =
                catalog.anomaly_detectors.iter().find(|(key, _)| is_own(caller, key) && id(key) == wanted);
            let (key, _) = named.ok_or_else(cloudwatch::anomaly_detector_not_found)?;
            key.target.clone()
        }
    };
    let command = Command::DeleteAnomalyDetector(Box::new(target));
    Ok(Prepared::Execute(Body::Command(command), |answer| match answer {
        Answer::Done => Ok(Response::DeleteAnomalyDetector(cloudwatch::DeleteAnomalyDetectorResponse {})),
        answer => Err(refused(answer)),
    }))
}

/// Which detectors a call asks for.
enum Wanted<'r> {
    Ids(&'r [String]),
    Target {
        namespace: Option<Box<str>>,
        metric: Option<Box<str>>,
        dimensions: Vec<(Box<str>, Box<str>)>,
    },
    /// There are none about metric math.
    None,
}

impl<'r> Wanted<'r> {
    fn new(door: &Door, caller: &Caller, filter: &'r AnomalyDetectorFilter) -> Self {
        match filter {
            AnomalyDetectorFilter::Ids(ids) => Self::Ids(ids),
            AnomalyDetectorFilter::Target { single_metric: false, .. } => Self::None,
            AnomalyDetectorFilter::Target { namespace, name, dimensions, .. } => Self::Target {
                namespace: namespace.as_deref().map(|text| door.guard(caller, "metric_namespace", text)),
                metric: name.as_deref().map(|text| door.guard(caller, "metric_name", text)),
                dimensions: guarded(door, caller, dimensions),
            },
        }
    }

    fn is(&self, key: &DetectorKey) -> bool {
        match self {
            Self::Ids(ids) => ids.contains(&id(key)),
            Self::Target { namespace, metric, dimensions } => {
                namespace.as_ref().is_none_or(|namespace| *namespace == key.target.namespace)
                    && metric.as_ref().is_none_or(|metric| *metric == key.target.metric)
                    && (dimensions.is_empty() || *dimensions == key.target.dimensions)
            }
            Self::None => false,
        }
    }
}

fn is_own(caller: &Caller, key: &DetectorKey) -> bool {
    key.account == caller.origin.account && key.region == caller.origin.region
}

fn target(
    door: &Door,
    caller: &Caller,
    named: cloudwatch::AnomalyDetectorTarget,
) -> Result<AnomalyDetectorTarget, AwsError> {
    let cloudwatch::AnomalyDetectorTarget::SingleMetric {
        account_id,
        namespace,
        name,
        dimensions,
        statistic,
    } = named
    else {
        return Err(invalid("Anomaly detectors about metric math are not supported.".to_owned()));
    };
    if account_id.is_some_and(|account| *account != *caller.origin.account) {
        return Err(invalid("The metric of an anomaly detector must be of the caller's account.".to_owned()));
    }
    Ok(AnomalyDetectorTarget {
        namespace: door.guard(caller, "metric_namespace", &namespace),
        metric: door.guard(caller, "metric_name", &name),
        dimensions: guarded(door, caller, &dimensions),
        statistic: door.guard(caller, "statistic", &statistic),
    })
}

fn guarded(door: &Door, caller: &Caller, dimensions: &[(String, String)]) -> Vec<(Box<str>, Box<str>)> {
    let guard = |text: &str| door.guard(caller, "metric_dimension", text);
    dimensions.iter().map(|(name, value)| (guard(name), guard(value))).collect()
}

fn refused(answer: Answer) -> AwsError {
    match answer {
        Answer::NoSuchDetector => cloudwatch::anomaly_detector_not_found(),
        Answer::LimitReached => AwsError::new(
            &cloudwatch::LIMIT_EXCEEDED,
            format!("There may be {DETECTORS_MAX} anomaly detectors."),
        ),
        _ => AwsError::new(&shapes::INTERNAL, "unexpected answer"),
    }
}

fn invalid(message: String) -> AwsError {
    AwsError::new(&INVALID_PARAMETER_VALUE, message)
}

fn id(key: &DetectorKey) -> String {
    letters::write(key.id())
}

fn shape(key: &DetectorKey, detector: &AnomalyDetector) -> AnomalyDetectorShape {
    let definition = &*detector.definition;
    let AnomalyDetectorTarget { namespace, metric, dimensions, statistic } = &definition.target;
    let dimensions = dimensions.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let range = |(from, to): &(Timestamp, Timestamp)| ExcludedRange {
        start_millis: from.millis(),
        end_millis: to.millis(),
    };
    let state = match &detector.learnt {
        Learnt::Nothing => AnomalyDetectorState::PendingTraining,
        Learnt::TooLittle { .. } => AnomalyDetectorState::TrainedInsufficientData,
        Learnt::Model { .. } => AnomalyDetectorState::Trained,
    };
    let answered = cloudwatch::AnomalyDetector {
        target: cloudwatch::AnomalyDetectorTarget::SingleMetric {
            account_id: None,
            namespace: namespace.to_string(),
            name: metric.to_string(),
            dimensions: dimensions.collect(),
            statistic: statistic.to_string(),
        },
        excluded_ranges: definition.excluded.iter().map(range).collect(),
        timezone: definition.timezone.as_deref().map(str::to_owned),
        adaptation_speed: meaning(&definition.adaptation_speed, &ADAPTATION_SPEEDS),
        outlier_filtering_strength: meaning(
            &definition.outlier_filtering_strength,
            &OUTLIER_FILTERING_STRENGTHS,
        ),
        periodic_spikes: definition.has_periodic_spikes,
    };
    answered.into_shape(id(key), state)
}

/// The word of a set that means this.
fn word<T: PartialEq>(meaning: T, set: &[(&str, T)]) -> Box<str> {
    set.iter().find(|(_, known)| *known == meaning).map_or("", |(word, _)| word).into()
}

/// What a word of a set means. Only words of the set are kept.
fn meaning<T: Copy>(word: &str, set: &[(&str, T); 3]) -> T {
    set.iter().find(|(known, _)| *known == word).unwrap_or(&set[1]).1
}

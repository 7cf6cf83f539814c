//! How are dashboards and anomaly detectors written in the body of a command?

use prost::Message;
use walletscope_model::{AnomalyDetectorDefinition, AnomalyDetectorTarget, Command, Offset, Timestamp};

use crate::body::{PairMessage, pair_messages, pairs_from};
use crate::record::RecordError;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct DashboardMessage {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    body: String,
    #[prost(message, repeated, tag = "3")]
    tags: Vec<PairMessage>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct NamesMessage {
    #[prost(string, repeated, tag = "1")]
    pub names: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TargetMessage {
    #[prost(string, tag = "1")]
    namespace: String,
    #[prost(string, tag = "2")]
    metric: String,
    #[prost(message, repeated, tag = "3")]
    dimensions: Vec<PairMessage>,
    #[prost(string, tag = "4")]
    statistic: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct DetectorMessage {
    #[prost(message, optional, tag = "1")]
    target: Option<TargetMessage>,
    #[prost(message, repeated, tag = "2")]
    excluded: Vec<RangeMessage>,
    #[prost(string, optional, tag = "3")]
    timezone: Option<String>,
    #[prost(bool, tag = "4")]
    has_periodic_spikes: bool,
    #[prost(string, tag = "5")]
    adaptation_speed: String,
    #[prost(string, tag = "6")]
    outlier_filtering_strength: String,
}

/// In microseconds since 1970.
#[derive(Clone, Copy, PartialEq, Message)]
struct RangeMessage {
    #[prost(sint64, tag = "1")]
    from: i64,
    #[prost(sint64, tag = "2")]
    to: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TrainedMessage {
    #[prost(message, optional, tag = "1")]
    pub target: Option<TargetMessage>,
    #[prost(uint64, tag = "2")]
    pub incarnation: u64,
    #[prost(sint64, tag = "3")]
    pub trained_at: i64,
    #[prost(bytes = "vec", optional, tag = "4")]
    pub model: Option<Vec<u8>>,
}

impl DashboardMessage {
    pub(crate) fn of(name: &str, body: &str, tags: &[(Box<str>, Box<str>)]) -> Self {
        Self { name: name.to_owned(), body: body.to_owned(), tags: pair_messages(tags) }
    }

    pub(crate) fn command(self) -> Command {
        Command::PutDashboard { name: self.name.into(), body: self.body.into(), tags: pairs_from(self.tags) }
    }
}

impl TargetMessage {
    pub(crate) fn of(target: &AnomalyDetectorTarget) -> Self {
        let AnomalyDetectorTarget { namespace, metric, dimensions, statistic } = target;
        Self {
            namespace: String::from(&**namespace),
            metric: String::from(&**metric),
            dimensions: pair_messages(dimensions),
            statistic: String::from(&**statistic),
        }
    }

    pub(crate) fn target(self) -> AnomalyDetectorTarget {
        AnomalyDetectorTarget {
            namespace: self.namespace.into(),
            metric: self.metric.into(),
            dimensions: pairs_from(self.dimensions),
            statistic: self.statistic.into(),
        }
    }
}

impl DetectorMessage {
    pub(crate) fn of(definition: &AnomalyDetectorDefinition) -> Self {
        let AnomalyDetectorDefinition {
            target,
            excluded,
            timezone,
            has_periodic_spikes,
            adaptation_speed,
            outlier_filtering_strength,
        } = definition;
        Self {
            target: Some(TargetMessage::of(target)),
            excluded: excluded.iter().map(|(from, to)| RangeMessage { from: from.0, to: to.0 }).collect(),
            timezone: timezone.as_deref().map(String::from),
            has_periodic_spikes: *has_periodic_spikes,
            adaptation_speed: String::from(&**adaptation_speed),
            outlier_filtering_strength: String::from(&**outlier_filtering_strength),
        }
    }

    pub(crate) fn definition(self) -> Result<AnomalyDetectorDefinition, RecordError> {
        let range = |range: RangeMessage| (Timestamp(range.from), Timestamp(range.to));
        Ok(AnomalyDetectorDefinition {
            target: of_target(self.target)?,
            excluded: self.excluded.into_iter().map(range).collect(),
            timezone: self.timezone.map(Into::into),
            has_periodic_spikes: self.has_periodic_spikes,
            adaptation_speed: self.adaptation_speed.into(),
            outlier_filtering_strength: self.outlier_filtering_strength.into(),
        })
    }
}

impl TrainedMessage {
    pub(crate) fn command(self) -> Result<Command, RecordError> {
        Ok(Command::NoteTrained {
            target: Box::new(of_target(self.target)?),
            incarnation: Offset(self.incarnation),
            trained_at: Timestamp(self.trained_at),
            model: self.model.map(Vec::into_boxed_slice),
        })
    }
}

fn of_target(target: Option<TargetMessage>) -> Result<AnomalyDetectorTarget, RecordError> {
    target.map(TargetMessage::target).ok_or(RecordError::Malformed("anomaly detector"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detector_without_a_target_is_malformed() {
        let malformed = RecordError::Malformed("anomaly detector");
        assert_eq!(DetectorMessage::default().definition(), Err(malformed.clone()));
        assert_eq!(TrainedMessage::default().command(), Err(malformed));
    }
}

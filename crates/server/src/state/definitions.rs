//! How are dashboards and anomaly detectors written?

use std::sync::Arc;

use prost::Message;
use walletscope_model::{AnomalyDetectorDefinition, AnomalyDetectorTarget, Offset, Timestamp};
use walletscope_series::band::Model;
use walletscope_stream::anomaly_detector::{AnomalyDetector, DetectorKey, Learnt};
use walletscope_stream::dashboard::{Dashboard, DashboardKey};

use super::codec::CodecError;

/// Key of a dashboard: account, a zero byte, name.
pub fn dashboard_key((account, name): &DashboardKey) -> Vec<u8> {
    [account, "\0", name].concat().into_bytes()
}

/// Reads the key of a dashboard.
///
/// # Errors
/// The bytes are damaged.
pub fn parse_dashboard_key(key: &[u8]) -> Result<DashboardKey, CodecError> {
    let text = std::str::from_utf8(key).ok().and_then(|text| text.split_once('\0'));
    let (account, name) = text.ok_or_else(|| CodecError("dashboard: damaged key".to_owned()))?;
    Ok((account.into(), name.into()))
}

/// Writes a dashboard.
pub fn encode_dashboard(dashboard: &Dashboard) -> Vec<u8> {
    let Dashboard { body, tags, modified_at } = dashboard;
    DashboardRecord {
        body: body.to_string(),
        tag_names: tags.iter().map(|(name, _)| name.to_string()).collect(),
        tag_values: tags.iter().map(|(_, value)| value.to_string()).collect(),
        modified_at: modified_at.0,
    }
    .encode_to_vec()
}

/// Reads a dashboard.
///
/// # Errors
/// The bytes are damaged.
pub fn decode_dashboard(bytes: &[u8]) -> Result<Dashboard, CodecError> {
    let record = DashboardRecord::decode(bytes).map_err(|error| CodecError(format!("dashboard: {error}")))?;
    Ok(Dashboard {
        body: record.body.into(),
        tags: pairs(record.tag_names, record.tag_values),
        modified_at: Timestamp(record.modified_at),
    })
}

/// Writes an anomaly detector with its account and region: its key is a hash.
pub fn encode_detector(key: &DetectorKey, detector: &AnomalyDetector) -> Vec<u8> {
    let AnomalyDetectorDefinition {
        target,
        excluded,
        timezone,
        has_periodic_spikes,
        adaptation_speed,
        outlier_filtering_strength,
    } = &*detector.definition;
    let model = match &detector.learnt {
        Learnt::Nothing | Learnt::TooLittle { .. } => None,
        Learnt::Model { model, .. } => Some(model.encode()),
    };
    DetectorRecord {
        account: key.account.to_string(),
        region: key.region.to_string(),
        namespace: target.namespace.to_string(),
        metric: target.metric.to_string(),
        dimension_names: target.dimensions.iter().map(|(name, _)| name.to_string()).collect(),
        dimension_values: target.dimensions.iter().map(|(_, value)| value.to_string()).collect(),
        statistic: target.statistic.to_string(),
        excluded_from: excluded.iter().map(|(from, _)| from.0).collect(),
        excluded_to: excluded.iter().map(|(_, to)| to.0).collect(),
        timezone: timezone.as_deref().map(str::to_owned),
        has_periodic_spikes: *has_periodic_spikes,
        adaptation_speed: adaptation_speed.to_string(),
        outlier_filtering_strength: outlier_filtering_strength.to_string(),
        incarnation: detector.incarnation.0,
        trained_at: detector.learnt.at().map(|at| at.0),
        model,
    }
    .encode_to_vec()
}

/// Reads an anomaly detector. A model that this version cannot read is left out, and the detector learns anew.
///
/// # Errors
/// The bytes are damaged.
pub fn decode_detector(bytes: &[u8]) -> Result<(DetectorKey, AnomalyDetector), CodecError> {
    let record =
        DetectorRecord::decode(bytes).map_err(|error| CodecError(format!("anomaly detector: {error}")))?;
    let target = AnomalyDetectorTarget {
        namespace: record.namespace.into(),
        metric: record.metric.into(),
        dimensions: pairs(record.dimension_names, record.dimension_values),
        statistic: record.statistic.into(),
    };
    let excluded = record.excluded_from.into_iter().zip(record.excluded_to);
    let definition = AnomalyDetectorDefinition {
        target: target.clone(),
        excluded: excluded.map(|(from, to)| (Timestamp(from), Timestamp(to))).collect(),
        timezone: record.timezone.map(Into::into),
        has_periodic_spikes: record.has_periodic_spikes,
        adaptation_speed: record.adaptation_speed.into(),
        outlier_filtering_strength: record.outlier_filtering_strength.into(),
    };
    let key = DetectorKey { account: record.account.into(), region: record.region.into(), target };
    let learnt = learnt(record.trained_at.map(Timestamp), record.model.as_deref());
    let incarnation = Offset(record.incarnation);
    Ok((key, AnomalyDetector { definition: Arc::new(definition), incarnation, learnt }))
}

fn learnt(at: Option<Timestamp>, model: Option<&[u8]>) -> Learnt {
    match (at, model.map(Model::decode)) {
        (None, _) | (_, Some(Err(_))) => Learnt::Nothing,
        (Some(at), None) => Learnt::TooLittle { at },
        (Some(at), Some(Ok(model))) => Learnt::Model { at, model: Arc::new(model) },
    }
}

fn pairs(names: Vec<String>, values: Vec<String>) -> Vec<(Box<str>, Box<str>)> {
    names.into_iter().zip(values).map(|(name, value)| (name.into(), value.into())).collect()
}

#[derive(Clone, PartialEq, Message)]
struct DashboardRecord {
    #[prost(string, tag = "1")]
    body: String,
    #[prost(string, repeated, tag = "2")]
    tag_names: Vec<String>,
    #[prost(string, repeated, tag = "3")]
    tag_values: Vec<String>,
    #[prost(sint64, tag = "4")]
    modified_at: i64,
}

#[derive(Clone, PartialEq, Message)]
struct DetectorRecord {
    #[prost(string, tag = "1")]
    account: String,
    #[prost(string, tag = "2")]
    region: String,
    #[prost(string, tag = "3")]
    namespace: String,
    #[prost(string, tag = "4")]
    metric: String,
    #[prost(string, repeated, tag = "5")]
    dimension_names: Vec<String>,
    #[prost(string, repeated, tag = "6")]
    dimension_values: Vec<String>,
    #[prost(string, tag = "7")]
    statistic: String,
    #[prost(sint64, repeated, tag = "8")]
    excluded_from: Vec<i64>,
    #[prost(sint64, repeated, tag = "9")]
    excluded_to: Vec<i64>,
    #[prost(string, optional, tag = "10")]
    timezone: Option<String>,
    #[prost(bool, tag = "11")]
    has_periodic_spikes: bool,
    #[prost(string, tag = "12")]
    adaptation_speed: String,
    #[prost(string, tag = "13")]
    outlier_filtering_strength: String,
    #[prost(uint64, tag = "14")]
    incarnation: u64,
    #[prost(sint64, optional, tag = "15")]
    trained_at: Option<i64>,
    #[prost(bytes = "vec", optional, tag = "16")]
    model: Option<Vec<u8>>,
}

#[cfg(test)]
mod tests {
    use walletscope_series::band::{Training, train};

    use super::*;

    #[test]
    fn a_dashboard_that_was_written_is_read() {
        let dashboard = Dashboard {
            body: r#"{"widgets":[]}"#.into(),
            tags: vec![("team".into(), "wallets".into())],
            modified_at: Timestamp(-5),
        };
        assert_eq!(decode_dashboard(&encode_dashboard(&dashboard)).as_ref(), Ok(&dashboard));
        assert!(decode_dashboard(&[0xff]).is_err());
        let key: DashboardKey = ("1".into(), "provisioning".into());
        assert_eq!(parse_dashboard_key(&dashboard_key(&key)), Ok(key));
        assert!(parse_dashboard_key(b"1").is_err() && parse_dashboard_key(&[0xff, 0]).is_err());
    }

    fn detector(learnt: Learnt) -> (DetectorKey, AnomalyDetector) {
        let target = AnomalyDetectorTarget {
            namespace: "TokenServices".into(),
            metric: "TokenProvisioningLatency".into(),
            dimensions: vec![("Issuer".into(), "A".into()), ("WalletProvider".into(), "B".into())],
            statistic: "p90".into(),
        };
        let definition = AnomalyDetectorDefinition {
            target: target.clone(),
            excluded: vec![(Timestamp(-1), Timestamp(1)), (Timestamp(5), Timestamp(9))],
            timezone: Some("Europe/Berlin".into()),
            has_periodic_spikes: true,
            adaptation_speed: "SLOW".into(),
            outlier_filtering_strength: "STRICT".into(),
        };
        let key = DetectorKey { account: "1".into(), region: "eu".into(), target };
        let definition = Arc::new(definition);
        (key, AnomalyDetector { definition, incarnation: Offset(u64::MAX), learnt })
    }

    #[test]
    fn a_detector_that_was_written_is_read_with_what_it_learnt() {
        let points: Vec<_> = (0..600).map(|number| (number * 300, 5.0 + (number % 7) as f64)).collect();
        let model = train(&points, &Training { period_seconds: 300, ..Training::default() }).unwrap();
        let model = Arc::new(model);
        let at = Timestamp(-7);
        for learnt in [Learnt::Nothing, Learnt::TooLittle { at }, Learnt::Model { at, model }] {
            let (key, stored) = detector(learnt);
            assert_eq!(decode_detector(&encode_detector(&key, &stored)), Ok((key, stored)));
        }
        assert!(decode_detector(&[0xff]).is_err());
    }

    #[test]
    fn a_model_of_another_version_is_nothing() {
        assert_eq!(learnt(Some(Timestamp(1)), Some(&[99, 0, 0])), Learnt::Nothing);
        assert_eq!(learnt(Some(Timestamp(1)), None), Learnt::TooLittle { at: Timestamp(1) });
        assert_eq!(learnt(None, None), Learnt::Nothing);
    }
}

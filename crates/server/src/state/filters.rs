//! How are metric filters and subscription filters written?

use std::sync::Arc;

use prost::Message;
use walletscope_model::{MetricFilterDefinition, Offset, Origin, SubscriptionFilterDefinition, Timestamp};
use walletscope_stream::metric_filter::{Minute, StoredFilter};
use walletscope_stream::subscription_filter::StoredSubscription;

use super::codec::CodecError;

/// Writes a metric filter.
pub fn encode_filter(filter: &StoredFilter) -> Vec<u8> {
    let MetricFilterDefinition { name, pattern, namespace, metric, value, default_value, unit, dimensions } =
        &*filter.definition;
    FilterRecord {
        name: name.to_string(),
        pattern: pattern.to_string(),
        namespace: namespace.to_string(),
        metric: metric.to_string(),
        value: value.to_string(),
        default_value: *default_value,
        unit: unit.as_deref().map(str::to_owned),
        dimension_names: dimensions.iter().map(|(name, _)| name.to_string()).collect(),
        dimension_places: dimensions.iter().map(|(_, place)| place.to_string()).collect(),
        created_at: filter.created_at.0,
        minute: filter.minute.map(|minute| minute.start.0),
        minute_has_match: filter.minute.is_some_and(|minute| minute.has_match),
        account: filter.origin.account.to_string(),
        region: filter.origin.region.to_string(),
        source: filter.origin.source.to_string(),
        tenant: filter.origin.tenant.to_string(),
    }
    .encode_to_vec()
}

/// Reads a metric filter.
///
/// # Errors
/// The bytes are damaged.
pub fn decode_filter(bytes: &[u8]) -> Result<StoredFilter, CodecError> {
    let record =
        FilterRecord::decode(bytes).map_err(|error| CodecError(format!("metric filter: {error}")))?;
    let dimensions = record.dimension_names.into_iter().zip(record.dimension_places);
    let has_match = record.minute_has_match;
    let origin = Origin {
        account: record.account.into(),
        region: record.region.into(),
        source: record.source.into(),
        tenant: record.tenant.into(),
    };
    Ok(StoredFilter {
        definition: Arc::new(MetricFilterDefinition {
            name: record.name.into(),
            pattern: record.pattern.into(),
            namespace: record.namespace.into(),
            metric: record.metric.into(),
            value: record.value.into(),
            default_value: record.default_value,
            unit: record.unit.map(Into::into),
            dimensions: dimensions.map(|(name, place)| (name.into(), place.into())).collect(),
        }),
        created_at: Timestamp(record.created_at),
        origin,
        minute: record.minute.map(|start| Minute { start: Timestamp(start), has_match }),
    })
}

/// Writes a subscription filter.
pub fn encode_subscription(filter: &StoredSubscription) -> Vec<u8> {
    let SubscriptionFilterDefinition { name, pattern, destination, role_arn, distribution } =
        &*filter.definition;
    SubscriptionRecord {
        name: name.to_string(),
        pattern: pattern.to_string(),
        destination: destination.to_string(),
        role_arn: role_arn.as_deref().map(str::to_owned),
        distribution: distribution.to_string(),
        created_at: filter.created_at.0,
        incarnation: filter.incarnation.0,
        delivered: filter.delivered.0,
    }
    .encode_to_vec()
}

/// Reads a subscription filter.
///
/// # Errors
/// The bytes are damaged.
pub fn decode_subscription(bytes: &[u8]) -> Result<StoredSubscription, CodecError> {
    let record = SubscriptionRecord::decode(bytes)
        .map_err(|error| CodecError(format!("subscription filter: {error}")))?;
    Ok(StoredSubscription {
        definition: Arc::new(SubscriptionFilterDefinition {
            name: record.name.into(),
            pattern: record.pattern.into(),
            destination: record.destination.into(),
            role_arn: record.role_arn.map(Into::into),
            distribution: record.distribution.into(),
        }),
        created_at: Timestamp(record.created_at),
        incarnation: Offset(record.incarnation),
        delivered: Offset(record.delivered),
    })
}

#[derive(Clone, PartialEq, Message)]
struct SubscriptionRecord {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    pattern: String,
    #[prost(string, tag = "3")]
    destination: String,
    #[prost(string, optional, tag = "4")]
    role_arn: Option<String>,
    #[prost(string, tag = "5")]
    distribution: String,
    #[prost(sint64, tag = "6")]
    created_at: i64,
    #[prost(uint64, tag = "7")]
    incarnation: u64,
    #[prost(uint64, tag = "8")]
    delivered: u64,
}

#[derive(Clone, PartialEq, Message)]
struct FilterRecord {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    pattern: String,
    #[prost(string, tag = "3")]
    namespace: String,
    #[prost(string, tag = "4")]
    metric: String,
    #[prost(string, tag = "5")]
    value: String,
    #[prost(double, optional, tag = "6")]
    default_value: Option<f64>,
    #[prost(string, optional, tag = "7")]
    unit: Option<String>,
    #[prost(string, repeated, tag = "8")]
    dimension_names: Vec<String>,
    #[prost(string, repeated, tag = "9")]
    dimension_places: Vec<String>,
    #[prost(sint64, tag = "10")]
    created_at: i64,
    #[prost(sint64, optional, tag = "11")]
    minute: Option<i64>,
    #[prost(bool, tag = "12")]
    minute_has_match: bool,
    #[prost(string, tag = "13")]
    account: String,
    #[prost(string, tag = "14")]
    region: String,
    #[prost(string, tag = "15")]
    source: String,
    #[prost(string, tag = "16")]
    tenant: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let minute = Some(Minute { start: Timestamp(60_000_000), has_match: true });
        let stored = StoredFilter {
            definition: Arc::new(MetricFilterDefinition {
                name: "latency".into(),
                pattern: "{ $.event = \"TOKEN_PROVISION_SUCCESS\" }".into(),
                namespace: "TokenProvisioning".into(),
                metric: "TokenProvisioningLatency".into(),
                value: "$.processingTime".into(),
                default_value: Some(0.0),
                unit: Some("Seconds".into()),
                dimensions: vec![("Issuer".into(), "$.issuer".into())],
            }),
            created_at: Timestamp(-5),
            origin: Origin::own(),
            minute,
        };
        assert_eq!(decode_filter(&encode_filter(&stored)).as_ref(), Ok(&stored));
        assert!(decode_filter(&[0xff]).is_err());
    }

    #[test]
    fn a_subscription_that_was_written_is_read() {
        let stored = StoredSubscription {
            definition: Arc::new(SubscriptionFilterDefinition {
                name: "siem".into(),
                pattern: "ERROR".into(),
                destination: "https://siem.example/".into(),
                role_arn: None,
                distribution: "ByLogStream".into(),
            }),
            created_at: Timestamp(-5),
            incarnation: Offset(3),
            delivered: Offset(u64::MAX),
        };
        assert_eq!(decode_subscription(&encode_subscription(&stored)).as_ref(), Ok(&stored));
        assert!(decode_subscription(&[0xff]).is_err());
    }
}

//! Which services answer here, and under which names does each protocol call them? One row a service.

use super::inflate::INFLATED_MAX;
use super::route::Protocol;
use crate::cloudwatch::put_metric_data::REQUEST_BYTES_MAX;

/// Largest request of a service that only lists, in bytes: ours, a full one has some 200 KiB.
const SMALL_REQUEST_BYTES_MAX: usize = 1_048_576;

/// An AWS service this product speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// CloudWatch Logs.
    Logs,
    /// CloudWatch metrics and alarms.
    CloudWatch,
    /// Security Token Service.
    Sts,
    /// X-Ray: routed, no operation yet.
    XRay,
    /// EC2: which regions there are.
    Ec2,
    /// Resource Groups Tagging API.
    Tagging,
    /// CloudWatch Observability Access Manager.
    Oam,
}

/// The names of one service. Source: the services' published models.
#[derive(Debug)]
pub(crate) struct ServiceRow {
    pub service: Service,
    /// Service name in the SigV4 credential scope.
    pub signing_name: &'static str,
    /// First part of `X-Amz-Target`, and the service name in a CBOR path; empty where neither exists.
    pub target_prefix: &'static str,
    /// `Version` of the Query protocol; empty where the service has none.
    pub query_version: &'static str,
    /// XML namespace of Query answers.
    pub xml_namespace: &'static str,
    /// Namespace of absolute shape ids.
    pub shape_namespace: &'static str,
    /// Largest inflated request, in bytes.
    pub request_bytes_max: usize,
    /// What the service speaks, its own first choice first.
    pub protocols: &'static [Protocol],
}

pub(crate) const SERVICES: &[ServiceRow] = &[
    ServiceRow {
        service: Service::Logs,
        signing_name: "logs",
        target_prefix: "Logs_20140328",
        query_version: "",
        xml_namespace: "",
        shape_namespace: "com.amazonaws.cloudwatchlogs",
        request_bytes_max: INFLATED_MAX,
        protocols: &[Protocol::AwsJson11],
    },
    ServiceRow {
        service: Service::CloudWatch,
        signing_name: "monitoring",
        target_prefix: "GraniteServiceVersion20100801",
        query_version: "2010-08-01",
        xml_namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
        shape_namespace: "com.amazonaws.cloudwatch",
        request_bytes_max: REQUEST_BYTES_MAX,
        protocols: &[Protocol::AwsJson10, Protocol::RpcV2Cbor, Protocol::Query],
    },
    ServiceRow {
        service: Service::Sts,
        signing_name: "sts",
        target_prefix: "",
        query_version: "2011-06-15",
        xml_namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
        shape_namespace: "com.amazonaws.sts",
        request_bytes_max: INFLATED_MAX,
        protocols: &[Protocol::Query],
    },
    ServiceRow {
        service: Service::XRay,
        signing_name: "xray",
        target_prefix: "",
        query_version: "",
        xml_namespace: "",
        shape_namespace: "com.amazonaws.xray",
        request_bytes_max: INFLATED_MAX,
        protocols: &[Protocol::RestJson],
    },
    ServiceRow {
        service: Service::Ec2,
        signing_name: "ec2",
        target_prefix: "",
        query_version: "2016-11-15",
        xml_namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
        shape_namespace: "com.amazonaws.ec2",
        request_bytes_max: SMALL_REQUEST_BYTES_MAX,
        protocols: &[Protocol::Ec2Query],
    },
    ServiceRow {
        service: Service::Tagging,
        signing_name: "tagging",
        target_prefix: "ResourceGroupsTaggingAPI_20170126",
        query_version: "",
        xml_namespace: "",
        shape_namespace: "com.amazonaws.resourcegroupstaggingapi",
        request_bytes_max: SMALL_REQUEST_BYTES_MAX,
        protocols: &[Protocol::AwsJson11, Protocol::RpcV2Cbor],
    },
    ServiceRow {
        service: Service::Oam,
        signing_name: "oam",
        target_prefix: "",
        query_version: "",
        xml_namespace: "",
        shape_namespace: "com.amazonaws.oam",
        request_bytes_max: SMALL_REQUEST_BYTES_MAX,
        protocols: &[Protocol::RestJson],
    },
];

impl Service {
    /// The service name in the SigV4 credential scope.
    pub fn signing_name(self) -> &'static str {
        self.row().signing_name
    }

    pub(crate) fn row(self) -> &'static ServiceRow {
        // The table lists the variants in their order; a test holds it to that.
        &SERVICES[self as usize]
    }

    pub(crate) fn by_signing_name(name: &str) -> Option<Service> {
        SERVICES.iter().find(|row| row.signing_name == name).map(|row| row.service)
    }

    pub(crate) fn by_target_prefix(prefix: &str) -> Option<Service> {
        let row = SERVICES.iter().find(|row| row.target_prefix == prefix && !prefix.is_empty())?;
        Some(row.service)
    }

    pub(crate) fn by_query_version(version: &str) -> Option<Service> {
        let row = SERVICES.iter().find(|row| row.query_version == version && !version.is_empty())?;
        Some(row.service)
    }

    pub(crate) fn speaks(self, protocol: Protocol) -> bool {
        self.row().protocols.contains(&protocol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_their_variants() {
        for (index, row) in SERVICES.iter().enumerate() {
            assert_eq!(row.service as usize, index, "{:?}", row.service);
        }
    }
}

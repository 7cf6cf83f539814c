//! How does a body become a shape? Picks the protocol's reader and turns its complaint into the answer
//! the service would give.

use serde::Deserialize;

use super::error::{AwsError, shapes};
use super::http::HttpRequest;
use super::route::{Protocol, Route, form_of};
use super::service::Service;
use super::{cbor, json, query};
use crate::{cloudwatch, logs, oam};

/// Why a body is no shape. Neither variant carries bytes of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DecodeError {
    /// A required member is absent; its name.
    Missing(String),
    /// The body breaks its protocol or a member has the wrong type; where and how.
    Malformed(String),
}

/// Reads the shape of any operation.
pub(crate) fn decode_shape<'a, T: Deserialize<'a>>(
    route: &Route,
    request: &HttpRequest<'a>,
) -> Result<T, AwsError> {
    check_size(route, request)?;
    let shape = match route.protocol {
        Protocol::AwsJson10 | Protocol::AwsJson11 | Protocol::RestJson => json::read(request.body),
        Protocol::RpcV2Cbor => cbor::read(request.body),
        Protocol::Query | Protocol::Ec2Query => query::read(form_of(request).unwrap_or_default()),
    };
    shape.map_err(|error| to_aws(route.service, error))
}

/// Reads the shape of an operation with large JSON bodies.
pub(crate) fn decode_shape_hot<'a, T: Deserialize<'a>>(
    route: &Route,
    request: &HttpRequest<'a>,
) -> Result<T, AwsError> {
    match route.protocol {
        Protocol::AwsJson10 | Protocol::AwsJson11 => {
            check_size(route, request)?;
            json::read_hot(request.body).map_err(|error| to_aws(route.service, error))
        }
        _ => decode_shape(route, request),
    }
}

fn check_size(route: &Route, request: &HttpRequest<'_>) -> Result<(), AwsError> {
    let bytes_max = route.operation.request_bytes_max();
    if request.body.len() <= bytes_max {
        return Ok(());
    }
    Err(AwsError::new(&shapes::TOO_LARGE, format!("the request is larger than {bytes_max} bytes")))
}

fn to_aws(service: Service, error: DecodeError) -> AwsError {
    let member = match error {
        DecodeError::Malformed(message) => return AwsError::new(&shapes::SERIALIZATION, message),
        DecodeError::Missing(member) => member,
    };
    match service {
        Service::CloudWatch => cloudwatch::missing_parameter(&member),
        Service::Logs => logs::missing_member(&member),
        Service::Oam => oam::missing_parameter(&member),
        Service::Sts | Service::XRay | Service::Ec2 | Service::Tagging => AwsError::new(
            &shapes::VALIDATION,
            format!(
                "1 validation error detected: Value null at '{member}' failed to satisfy constraint: \
                 Member must not be null"
            ),
        ),
    }
}

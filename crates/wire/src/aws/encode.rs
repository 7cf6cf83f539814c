//! How does an answer or an error become bytes again, in the protocol it came by?

use serde::Serialize;

use super::error::{AwsError, ErrorDetail};
use super::http::HttpResponse;
use super::operation::Response;
use super::route::{Dialect, Protocol, Route};
use super::{cbor, query};

/// Writes a successful answer.
///
/// # Panics
/// Never: a shape that cannot be written becomes a 500 answer of the same protocol.
pub fn encode_response(route: &Route, request_id: &str, response: &Response) -> HttpResponse {
    let body = match route.protocol {
        Protocol::AwsJson10 | Protocol::AwsJson11 | Protocol::RestJson => json_body(response),
        Protocol::RpcV2Cbor => cbor::write(response),
        Protocol::Query => {
            let namespace = route.service.row().xml_namespace;
            query::write_response(route.operation.name, namespace, request_id, response)
        }
        Protocol::Ec2Query => {
            let namespace = route.service.row().xml_namespace;
            query::write_ec2_response(route.operation.name, namespace, request_id, response)
        }
    };
    let Some(body) = body else {
        let error = AwsError::new(&super::shapes::INTERNAL, "the answer could not be written");
        return encode_error(&route.dialect(), request_id, &error);
    };
    let mut headers = headers(route.protocol, request_id);
    if body.is_empty() && route.protocol == Protocol::RpcV2Cbor {
        // Smithy: an operation without output sends no content type.
        headers.retain(|(name, _)| *name != "content-type");
    }
    HttpResponse { status: 200, headers, body }
}

/// Writes an error in the shape of the dialect's protocol.
pub fn encode_error(dialect: &Dialect, request_id: &str, error: &AwsError) -> HttpResponse {
    let mut headers = headers(dialect.protocol, request_id);
    let namespace = dialect.service.map(|service| service.row());
    let absolute = || match namespace {
        Some(row) => format!("{}#{}", row.shape_namespace, error.shape.name),
        None => error.shape.name.to_owned(),
    };
    if dialect.query_compatible && !matches!(dialect.protocol, Protocol::Query | Protocol::Ec2Query) {
        let value = format!("{};{}", error.shape.query_code, error.shape.fault.as_str());
        headers.push(("x-amzn-query-error", value));
    }
    let body = match dialect.protocol {
        Protocol::RpcV2Cbor => cbor::write(&ErrorBody::new(&absolute(), error)),
        Protocol::Query => {
            let namespace = namespace.map_or("", |row| row.xml_namespace);
            Some(query::write_error(error, namespace, request_id))
        }
        Protocol::Ec2Query => Some(query::write_ec2_error(error, request_id)),
        Protocol::AwsJson10 if dialect.query_compatible => json_body(&ErrorBody::new(&absolute(), error)),
        Protocol::RestJson => {
            headers.push(("x-amzn-errortype", error.shape.name.to_owned()));
            json_body(&RestErrorBody { message: &error.message })
        }
        Protocol::AwsJson10 | Protocol::AwsJson11 => {
            headers.push(("x-amzn-errortype", error.shape.name.to_owned()));
            json_body(&ErrorBody::new(error.shape.name, error))
        }
    };
    HttpResponse { status: status(dialect.protocol, error), headers, body: body.unwrap_or_default() }
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    #[serde(rename = "__type")]
    r#type: &'a str,
    message: &'a str,
    #[serde(rename = "dashboardValidationMessages", skip_serializing_if = "<[_]>::is_empty")]
    details: &'a [ErrorDetail],
}

impl<'a> ErrorBody<'a> {
    fn new(r#type: &'a str, error: &'a AwsError) -> ErrorBody<'a> {
        ErrorBody { r#type, message: &error.message, details: &error.details }
    }
}

#[derive(Serialize)]
struct RestErrorBody<'a> {
    message: &'a str,
}

fn status(protocol: Protocol, error: &AwsError) -> u16 {
    match protocol {
        Protocol::AwsJson10 | Protocol::AwsJson11 => error.shape.json_status,
        // Query answers an unknown action with 400, where REST and CBOR say 404.
        Protocol::Query | Protocol::Ec2Query if *error.shape == super::shapes::UNKNOWN_OPERATION => 400,
        _ => error.shape.status,
    }
}

fn headers(protocol: Protocol, request_id: &str) -> Vec<(&'static str, String)> {
    let content_type = match protocol {
        Protocol::AwsJson10 => "application/x-amz-json-1.0",
        Protocol::AwsJson11 => "application/x-amz-json-1.1",
        Protocol::Query | Protocol::Ec2Query => "text/xml",
        Protocol::RpcV2Cbor => "application/cbor",
        Protocol::RestJson => "application/json",
    };
    let mut headers =
        vec![("content-type", content_type.to_owned()), ("x-amzn-requestid", request_id.to_owned())];
    if protocol == Protocol::RpcV2Cbor {
        headers.push(("smithy-protocol", "rpc-v2-cbor".to_owned()));
    }
    headers
}

/// JSON, or nothing at all for an operation without output.
fn json_body(shape: &impl Serialize) -> Option<Vec<u8>> {
    let body = serde_json::to_vec(shape).ok()?;
    Some(if body == b"null" { Vec::new() } else { body })
}

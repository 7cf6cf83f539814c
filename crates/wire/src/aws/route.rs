//! Which protocol, service and operation does a request mean?
//!
//! One port serves all services, so the request itself must say: a CBOR path, else `X-Amz-Target`, else a
//! form's `Action`, else a REST path under the service of the credential scope. The same order is in
//! `docs/protocols/routing.md`, and a test walks that table. Whatever is not understood is the client's
//! error: SDKs retry a 5xx for a long time.

use std::borrow::Cow;

use super::error::{AwsError, shapes};
use super::http::HttpRequest;
use super::operation::{self, OperationRow};
use super::query::form_value;
use super::rest;
use super::service::Service;

/// A wire protocol of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// awsJson 1.0.
    AwsJson10,
    /// awsJson 1.1.
    AwsJson11,
    /// awsQuery: a form in, XML out.
    Query,
    /// EC2's own dialect of it: flat lists in, lists of `item` out.
    Ec2Query,
    /// Smithy RPC v2 over CBOR.
    RpcV2Cbor,
    /// restJson1.
    RestJson,
}

/// How to answer: all that an error needs to know of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// The protocol of the answer.
    pub protocol: Protocol,
    /// The service, once known: it lends namespaces to error answers.
    pub service: Option<Service>,
    /// The client sent `x-amzn-query-mode: true` and reads `x-amzn-query-error`.
    pub query_compatible: bool,
}

impl Dialect {
    /// The dialect of a request that could not be routed, by its outer looks.
    pub fn guess(request: &HttpRequest<'_>) -> Dialect {
        let path = cbor_path(request.path);
        let target = request.header("x-amz-target").and_then(split_target);
        let protocol = if path.is_some() {
            Protocol::RpcV2Cbor
        } else if request.header("x-amz-target").is_some() {
            json_version(request).unwrap_or(Protocol::AwsJson11)
        } else if let Some(form) = form_of(request) {
            let version = form_value(form, "Version").unwrap_or_default();
            Service::by_query_version(&version).map_or(Protocol::Query, form_protocol)
        } else if is_form(request) {
            Protocol::Query
        } else {
            Protocol::RestJson
        };
        let name = path.or(target).map(|(service, _)| service);
        let service = name.and_then(Service::by_target_prefix);
        Dialect { protocol, service, query_compatible: query_mode(request) }
    }
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The protocol it came by.
    pub protocol: Protocol,
    /// The service it means.
    pub service: Service,
    /// The operation, one of [`super::OPERATIONS`].
    pub operation: &'static OperationRow,
    /// The client sent `x-amzn-query-mode: true`.
    pub query_compatible: bool,
}

impl Route {
    /// How to answer requests of this route.
    pub fn dialect(&self) -> Dialect {
        Dialect {
            protocol: self.protocol,
            service: Some(self.service),
            query_compatible: self.query_compatible,
        }
    }
}

/// Finds the operation of a request whose body is inflated already. `scope_service` is the service of
/// the verified credential scope; a request for another service is refused.
///
/// # Errors
/// `UnknownOperationException`/`InvalidAction`, or `InvalidSignatureException`/`SignatureDoesNotMatch`
/// when the scope names another service. Answer with [`Dialect::guess`].
pub fn route(request: &HttpRequest<'_>, scope_service: Option<&str>) -> Result<Route, AwsError> {
    let (protocol, service, name) = find(request, scope_service)?;
    if let Some(scope) = scope_service
        && scope != service.signing_name()
    {
        let message =
            format!("Credential should be scoped to correct service: '{}'. ", service.signing_name());
        return Err(AwsError::new(&shapes::INVALID_SIGNATURE, message));
    }
    let operation = operation::row(service, &name).filter(|_| service.speaks(protocol));
    let operation = operation.ok_or_else(|| unknown(protocol, &name, service.row().query_version))?;
    Ok(Route { protocol, service, operation, query_compatible: query_mode(request) })
}

type Found<'a> = (Protocol, Service, Cow<'a, str>);

fn find<'a>(request: &HttpRequest<'a>, scope_service: Option<&str>) -> Result<Found<'a>, AwsError> {
    if let Some((prefix, name)) = cbor_path(request.path) {
        let service = Service::by_target_prefix(prefix).filter(|_| request.method == "POST");
        let service = service.ok_or_else(|| unknown(Protocol::RpcV2Cbor, name, ""))?;
        return Ok((Protocol::RpcV2Cbor, service, Cow::Borrowed(name)));
    }
    if let Some(target) = request.header("x-amz-target") {
        let fallback = json_version(request).unwrap_or(Protocol::AwsJson11);
        let found =
            split_target(target).and_then(|(prefix, name)| Some((Service::by_target_prefix(prefix)?, name)));
        let (service, name) = found
            .filter(|_| request.method == "POST" && request.path == "/")
            .ok_or_else(|| unknown(fallback, target, ""))?;
        // The version in the content type only names the dialect: every service here speaks one of the two.
        let own = service
            .row()
            .protocols
            .iter()
            .find(|own| matches!(own, Protocol::AwsJson10 | Protocol::AwsJson11));
        return Ok((own.copied().unwrap_or(fallback), service, Cow::Borrowed(name)));
    }
    if let Some(form) = form_of(request) {
        return find_query(form, scope_service);
    }
    if is_form(request) {
        return Err(AwsError::new(&shapes::MISSING_ACTION, "the form names no Action"));
    }
    let service = scope_service.and_then(Service::by_signing_name);
    let found =
        service.and_then(|service| Some((service, rest::find(service, request.method, request.path)?)));
    let (service, name) = found.ok_or_else(|| unknown(Protocol::RestJson, "", ""))?;
    Ok((Protocol::RestJson, service, Cow::Borrowed(name)))
}

fn find_query<'a>(form: &'a [u8], scope_service: Option<&str>) -> Result<Found<'a>, AwsError> {
    let action = form_value(form, "Action").unwrap_or_default();
    let version = form_value(form, "Version").unwrap_or_default();
    let by_version = Service::by_query_version(&version);
    let service =
        scope_service.and_then(Service::by_signing_name).filter(|_| version.is_empty()).or(by_version);
    match service {
        Some(service) => Ok((form_protocol(service), service, action)),
        None => Err(unknown(Protocol::Query, &action, &version)),
    }
}

/// Which of the two form protocols a service speaks.
fn form_protocol(service: Service) -> Protocol {
    if service.speaks(Protocol::Ec2Query) { Protocol::Ec2Query } else { Protocol::Query }
}

/// The form of a Query request: an urlencoded body with an `Action`, or the query of a `GET /?Action=…`.
pub(crate) fn form_of<'a>(request: &HttpRequest<'a>) -> Option<&'a [u8]> {
    let form = match request.method {
        "GET" if request.path == "/" || request.path.is_empty() => request.query.as_bytes(),
        "POST" if request.path == "/" || request.path.is_empty() => {
            if !is_form(request) {
                return None;
            }
            // A POST may carry its action in the query and nothing in the body.
            if request.body.is_empty() { request.query.as_bytes() } else { request.body }
        }
        _ => return None,
    };
    form_value(form, "Action").is_some().then_some(form)
}

/// Whether the body says that it is an urlencoded form.
fn is_form(request: &HttpRequest<'_>) -> bool {
    let media = request.header("content-type").unwrap_or("").split(';').next().unwrap_or("").trim();
    media.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// `/service/<name>/operation/<name>`; clients may put a prefix before it, we accept none.
fn cbor_path(path: &str) -> Option<(&str, &str)> {
    let (service, operation) = path.strip_prefix("/service/")?.split_once("/operation/")?;
    let whole = !service.is_empty() && !service.contains('/') && !operation.contains('/');
    // Absolute shape ids are allowed as service names: the last dot part counts.
    whole.then(|| (service.rsplit('.').next().unwrap_or(service), operation))
}

/// The last two dot parts: `com.amazonaws.x.Prefix_2020.Operation` and `Prefix_2020.Operation` are one.
fn split_target(target: &str) -> Option<(&str, &str)> {
    let (rest, operation) = target.rsplit_once('.')?;
    Some((rest.rsplit('.').next().unwrap_or(rest), operation))
}

fn json_version(request: &HttpRequest<'_>) -> Option<Protocol> {
    let media = request.header("content-type")?.split(';').next()?.trim();
    match media.to_ascii_lowercase().as_str() {
        "application/x-amz-json-1.0" => Some(Protocol::AwsJson10),
        "application/x-amz-json-1.1" => Some(Protocol::AwsJson11),
        _ => None,
    }
}

fn query_mode(request: &HttpRequest<'_>) -> bool {
    request.header("x-amzn-query-mode").is_some_and(|mode| mode.trim().eq_ignore_ascii_case("true"))
}

fn unknown(protocol: Protocol, name: &str, version: &str) -> AwsError {
    let message = match protocol {
        // The words of the Query services; the others send no text with this error.
        Protocol::Query | Protocol::Ec2Query => {
            Cow::Owned(format!("Could not find operation {name} for version {version}"))
        }
        _ => Cow::Borrowed("the requested operation is not recognized by the service"),
    };
    AwsError::new(&shapes::UNKNOWN_OPERATION, message)
}

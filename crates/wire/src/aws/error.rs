//! What can go wrong at the AWS door, and under which name does each protocol report it?
//!
//! Every error has two names: the modelled shape (JSON, CBOR, REST) and the code of the Query protocol,
//! and sometimes two statuses. They are constants, so a new error is one line; the message is the only
//! free part. Messages may repeat a value of the request: the server guards them like any other text.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Who is to blame, as the Query protocol and the query-compatible header say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The client must change the request.
    Sender,
    /// The service failed; the client may retry.
    Receiver,
}

impl Fault {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Fault::Sender => "Sender",
            Fault::Receiver => "Receiver",
        }
    }
}

/// The names and statuses of one error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorShape {
    /// Shape name in JSON, CBOR and REST, such as `InvalidParameterValueException`.
    pub name: &'static str,
    /// Code in the Query protocol, such as `InvalidParameterValue`.
    pub query_code: &'static str,
    /// Status in awsJson.
    pub json_status: u16,
    /// Status in Query, CBOR and REST.
    pub status: u16,
    /// Who is to blame.
    pub fault: Fault,
}

impl ErrorShape {
    /// A client error of status 400 in every protocol.
    pub const fn sender(name: &'static str, query_code: &'static str) -> ErrorShape {
        ErrorShape { name, query_code, json_status: 400, status: 400, fault: Fault::Sender }
    }

    /// A client error of status 404 in every protocol, awsJson included.
    pub const fn not_found(name: &'static str, query_code: &'static str) -> ErrorShape {
        ErrorShape { name, query_code, json_status: 404, status: 404, fault: Fault::Sender }
    }

    /// A client error whose status is 400 in awsJson and another one elsewhere.
    pub const fn sender_with_status(name: &'static str, query_code: &'static str, status: u16) -> ErrorShape {
        ErrorShape { name, query_code, json_status: 400, status, fault: Fault::Sender }
    }
}

/// Errors that belong to no single service.
pub mod shapes {
    use super::{ErrorShape, Fault};

    const fn sender(
        name: &'static str,
        query_code: &'static str,
        json_status: u16,
        status: u16,
    ) -> ErrorShape {
        ErrorShape { name, query_code, json_status, status, fault: Fault::Sender }
    }

    /// No credentials in the request.
    pub const MISSING_TOKEN: ErrorShape =
        sender("MissingAuthenticationTokenException", "MissingAuthenticationToken", 400, 403);
    /// The credentials are there, but parts of them are missing or malformed.
    pub const INCOMPLETE_SIGNATURE: ErrorShape =
        sender("IncompleteSignatureException", "IncompleteSignature", 400, 400);
    /// The signature does not match, or its time is out of bounds.
    pub const INVALID_SIGNATURE: ErrorShape =
        sender("InvalidSignatureException", "SignatureDoesNotMatch", 400, 403);
    /// The access key is not known.
    pub const UNRECOGNIZED_CLIENT: ErrorShape =
        sender("UnrecognizedClientException", "InvalidClientTokenId", 400, 403);
    /// The caller is known and may not do this.
    pub const ACCESS_DENIED: ErrorShape = sender("AccessDeniedException", "AccessDenied", 400, 403);
    /// No such operation. The Query protocol says 400, REST and CBOR say 404: see `encode.rs`.
    pub const UNKNOWN_OPERATION: ErrorShape = sender("UnknownOperationException", "InvalidAction", 400, 404);
    /// A form without an `Action`.
    pub const MISSING_ACTION: ErrorShape = sender("MissingActionException", "MissingAction", 400, 400);
    /// The body is not what the protocol or the shape says.
    pub const SERIALIZATION: ErrorShape = sender("SerializationException", "MalformedInput", 400, 400);
    /// A modelled constraint is violated.
    pub const VALIDATION: ErrorShape = sender("ValidationException", "ValidationError", 400, 400);
    /// The body, or what it inflates to, is larger than the door accepts.
    pub const TOO_LARGE: ErrorShape =
        sender("RequestEntityTooLargeException", "RequestEntityTooLarge", 413, 413);
    /// A content encoding nobody here reads.
    pub const UNSUPPORTED_ENCODING: ErrorShape =
        sender("UnsupportedMediaTypeException", "UnsupportedMediaType", 415, 415);
    /// Too much at once; SDKs back off and retry.
    pub const THROTTLING: ErrorShape = sender("ThrottlingException", "Throttling", 400, 400);
    /// The service cannot take this now.
    pub const SERVICE_UNAVAILABLE: ErrorShape = ErrorShape {
        name: "ServiceUnavailableException",
        query_code: "ServiceUnavailable",
        json_status: 503,
        status: 503,
        fault: Fault::Receiver,
    };
    /// The service failed.
    pub const INTERNAL: ErrorShape = ErrorShape {
        name: "InternalServiceFault",
        query_code: "InternalServiceError",
        json_status: 500,
        status: 500,
        fault: Fault::Receiver,
    };
}

/// One error on its way to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsError {
    /// Its names and statuses.
    pub shape: &'static ErrorShape,
    /// Text for the client, in the service's own words where they are known.
    pub message: Cow<'static, str>,
    /// What `DashboardInvalidInputError` lists besides; empty in every other error.
    pub details: Vec<ErrorDetail>,
}

/// One thing that is wrong within a document of the request. Its names are those of the model's
/// `DashboardValidationMessage`, the only shape of this kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorDetail {
    /// Where, such as `/widgets/0`; the whole document is `/`.
    pub data_path: String,
    /// What.
    pub message: String,
}

impl AwsError {
    /// An error of that shape.
    pub fn new(shape: &'static ErrorShape, message: impl Into<Cow<'static, str>>) -> AwsError {
        AwsError { shape, message: message.into(), details: Vec::new() }
    }

    /// The same error with a list of what is wrong.
    pub fn with_details(self, details: Vec<ErrorDetail>) -> AwsError {
        AwsError { details, ..self }
    }
}

impl std::fmt::Display for AwsError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.shape.name, self.message)
    }
}

impl std::error::Error for AwsError {}

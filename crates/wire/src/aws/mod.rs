//! How does one AWS request become an operation, and how does the answer find its way back?
//!
//! The order at the door is: [`sigv4::verify`] over the bytes as received, [`inflate`], [`route`],
//! [`Operation::decode`], then [`encode_response`] or [`encode_error`]. serde is the one abstraction:
//! a shape derives `Serialize`/`Deserialize` with the service's member names and each protocol is a
//! (de)serialiser, so a new operation is a shape and a line in `operation.rs`.

mod calendar;
mod cbor;
mod decode;
mod encode;
mod error;
pub mod event_stream;
mod http;
mod inflate;
mod json;
mod operation;
mod query;
mod rest;
mod route;
mod scalar;
mod service;
pub mod sigv4;

pub use encode::{encode_error, encode_response};
pub use error::{AwsError, ErrorDetail, ErrorShape, Fault, shapes};
pub use http::{HttpRequest, HttpResponse};
pub use inflate::{HTTP_BODY_MAX, INFLATED_MAX, inflate};
pub use operation::{NoOutput, OPERATIONS, Operation, OperationRow, Response};
pub use rest::percent_decode;
pub use route::{Dialect, Protocol, Route, route};
pub use scalar::{Double, Timestamp};
pub use service::Service;

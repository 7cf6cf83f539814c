//! `opentelemetry.proto.collector.logs.v1.LogsService/Export`: logs of OpenTelemetry over gRPC.
//!
//! Framing, compression and statuses are tonic's; what a message says is read where OTLP over HTTP reads it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::{Buf, BufMut, Bytes};
use futures_util::future::BoxFuture;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};
use walletscope_wire::otlp::{self, Encoding, Refusal};

use super::Doors;
use crate::api::Caller;
use crate::bodies::BODY_TIME_MAX;

/// The method's path.
pub(super) const PATH: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
/// The largest message, inflated.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

pub(super) async fn take(State(doors): State<Arc<Doors>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let caller = doors.auth.ingest_caller(&parts);
    let request = Request::from_parts(parts, body);
    let Ok(caller) = caller else {
        return Status::unauthenticated(Refusal::Unauthorized.to_string())
            .into_http::<axum::body::Body>()
            .into_response();
    };
    // A message of this size may be on its way while others are; more are refused before they are read.
    let Ok(_permit) = doors.bodies.hold(MESSAGE_BYTES_MAX) else {
        return Status::resource_exhausted("too much comes in at once: try again later")
            .into_http::<axum::body::Body>()
            .into_response();
    };
    let mut grpc = Grpc::new(Whole)
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(MESSAGE_BYTES_MAX);
    let answer = grpc.unary(Export { doors: doors.clone(), caller }, request);
    match tokio::time::timeout(BODY_TIME_MAX, answer).await {
        Ok(response) => response.map(axum::body::Body::new),
        Err(_) => Status::deadline_exceeded("the export did not arrive within 30 seconds")
            .into_http::<axum::body::Body>()
            .into_response(),
    }
}

/// One call of one caller.
struct Export {
    doors: Arc<Doors>,
    caller: Caller,
}

impl UnaryService<Bytes> for Export {
    type Response = Bytes;
    type Future = BoxFuture<'static, Result<tonic::Response<Bytes>, Status>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (doors, caller) = (self.doors.clone(), self.caller.clone());
        Box::pin(async move {
            let stored = super::otlp::store(&doors, &caller, Encoding::Protobuf, &request.into_inner()).await;
            let export = stored.map_err(|refusal| status(&refusal))?;
            Ok(tonic::Response::new(otlp::accepted(Encoding::Protobuf, &export).body.into()))
        })
    }
}

/// As the specification of OTLP over gRPC names them.
fn status(refusal: &Refusal) -> Status {
    let code = match refusal {
        Refusal::Malformed(_) | Refusal::ContentType | Refusal::ContentEncoding => Code::InvalidArgument,
        Refusal::TooLarge => Code::InvalidArgument,
        Refusal::Unauthorized => Code::Unauthenticated,
        Refusal::Busy { .. } | Refusal::Unavailable { .. } => Code::Unavailable,
    };
    Status::new(code, refusal.to_string())
}

/// Messages as their bytes.
#[derive(Clone, Copy, Default)]
struct Whole;

impl Codec for Whole {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Whole {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for Whole {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

//! How is one AWS call answered?
//!
//! The door: verify the signature over the bytes as they came, inflate, route, decode, then the operation's handler.
//! Handlers are pure up to a [`Prepared`] call; what must be durable goes through the pipeline, the answer of a
//! stored call is kept for its retries, and what has to be read of the lake is waited for. Every error leaves in the
//! caller's own protocol, its text guarded.

mod door;
mod logs;
mod metrics;
mod signing_keys;
mod sts;

use futures_util::future::BoxFuture;
use walletscope_model::{Body, Origin};
use walletscope_stream::Answer;
use walletscope_wire::aws::{AwsError, Operation, Response};

pub use door::{Door, handle};

/// Who calls, after the signature was verified.
pub(crate) struct Caller {
    pub origin: Origin,
    pub access_key: Box<str>,
}

/// What a handler decided.
pub(crate) enum Prepared {
    /// Nothing to store.
    Answer(Response),
    /// Store this; the answer is known already.
    Store(Body, Response),
    /// Execute this; the step decides the answer.
    Execute(Body, fn(Answer) -> Result<Response, AwsError>),
    /// Read what the answer says, which takes a while; a caller that goes ends it. Nothing is stored.
    #[allow(dead_code, reason = "the operations that read log events are not routed yet")]
    Read(BoxFuture<'static, Result<Response, AwsError>>),
}

/// Decides one operation.
pub(crate) fn prepare(door: &Door, caller: &Caller, operation: Operation<'_>) -> Result<Prepared, AwsError> {
    match operation {
        Operation::CreateLogGroup(request) => logs::create_group(door, caller, &request),
        Operation::DeleteLogGroup(request) => logs::delete_group(door, caller, &request),
        Operation::CreateLogStream(request) => logs::create_stream(door, caller, &request),
        Operation::DescribeLogGroups(request) => logs::describe_groups(door, caller, &request),
        Operation::DescribeLogStreams(request) => logs::describe_streams(door, caller, &request),
        Operation::PutLogEvents(request) => logs::put_events(door, caller, &request),
        Operation::PutMetricData(request) => metrics::put_data(door, caller, request),
        Operation::GetCallerIdentity(_) => Ok(Prepared::Answer(sts::caller_identity(caller))),
    }
}

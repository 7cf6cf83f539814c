//! How does rpc-v2-cbor speak? CBOR (RFC 8949) as Smithy restricts it, both ways through serde.

mod de;
mod ser;

pub(crate) use de::read;
pub(crate) use ser::write;

//! How do clients talk? Bytes and headers to operations and back.
//!
//! This crate is sans-IO: it owns no socket and reads no clock; the server hands it one request at a
//! time and, where a rule needs it, the time. Nothing here stores, counts or logs anything. The hard
//! part is `aws`: four protocols and a signature share one port, and each answers in its own shape. `import` reads the
//! files that people have instead of a connection. `firehose`, `otlp` and `ndjson` are doors: they take telemetry
//! under a key instead of a signature.

pub mod aws;
pub mod cloudwatch;
pub mod definitions;
pub mod ec2;
pub mod firehose;
mod gathered;
pub mod import;
pub mod logs;
pub mod ndjson;
pub mod oam;
pub mod otlp;
pub mod sts;
pub mod tagging;

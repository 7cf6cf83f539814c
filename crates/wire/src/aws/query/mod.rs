//! How does awsQuery speak? A flat form in, XML out.

mod de;
mod envelope;
mod form;
mod ser;

pub(crate) use de::read;
pub(crate) use envelope::{write_ec2_error, write_ec2_response, write_error, write_response};
pub(crate) use form::form_value;

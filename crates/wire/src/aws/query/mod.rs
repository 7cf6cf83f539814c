//! How does awsQuery speak? A flat form in, XML out.

mod de;
mod form;
mod ser;

pub(crate) use de::read;
pub(crate) use form::form_value;
pub(crate) use ser::{write_error, write_response};

//! What does a JSON text say at a few places? The text is read once, in place: no tree of values is built, and only a
//! string with escapes is ever copied.
//!
//! [`scan`] knows the grammar (<https://www.rfc-editor.org/rfc/rfc8259>), [`path`] the places that are asked for. A
//! text that is not JSON from its first to its last byte says nothing at all, so every answer comes at its end.

mod path;
mod scan;
mod value;

pub(crate) use path::{Collector, PathId, Paths, Step, walk};
pub use scan::{Broken, DEPTH_MAX, Scanner};
pub use value::{Kind, Value};

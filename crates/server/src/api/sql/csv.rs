//! How is a result a CSV file?
//!
//! RFC 4180. Texts that a spreadsheet would take for a formula get an apostrophe before them, as in the list of requests;
//! numbers keep their minus. No value is an empty cell, an empty text is `""`.

use std::fmt::{Display, Write};

use super::values::Sink;
use crate::api::requests_csv::safe;

/// Values as cells of CSV.
#[derive(Default)]
pub struct Csv(pub String);

impl Csv {
    /// A comma, where a cell stands before.
    pub fn comma(&mut self, is_needed: bool) {
        if is_needed {
            self.0.push(',');
        }
    }

    /// Ends the line.
    pub fn end(&mut self) {
        self.0.push_str("\r\n");
    }
}

impl Sink for Csv {
    fn null(&mut self) {}

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            self.0.push_str("\"\"");
        } else {
            self.0.push_str(&safe(text));
        }
    }

    fn bare(&mut self, value: &dyn Display) {
        // Writing to a String cannot fail.
        let _written = write!(self.0, "{value}");
    }

    fn quoted(&mut self, value: &dyn Display) {
        self.bare(value);
    }

    fn json(&mut self, json: &str) {
        self.text(json);
    }
}

//! How is an event written? Compact JSON by the event contract, level and requestId first, correlationId last, and
//! the lines Lambda itself writes around an invocation.

use std::fmt::Write;
use walletscope_model::contract::{EventKind, Field, event_name};
use walletscope_model::time::Timestamp;

/// A message that is being written.
pub struct Message(String);

impl Message {
    /// An event of the contract. `request_id` is the invocation that writes it.
    pub fn event(level: &str, request_id: &str, kind: EventKind) -> Self {
        Self::named(level, request_id, event_name(kind))
    }

    /// An event of any name.
    pub fn named(level: &str, request_id: &str, event: &str) -> Self {
        let mut text = String::with_capacity(256);
        text.push('{');
        let mut message = Self(text);
        message.put("level", level);
        message.put(Field::RequestId.name(), request_id);
        message.put(Field::Event.name(), event);
        message
    }

    /// Adds a field of the contract.
    pub fn with(mut self, field: Field, value: &str) -> Self {
        self.put(field.name(), value);
        self
    }

    /// Adds a field of the contract where there is a value.
    pub fn with_some(self, field: Field, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(field, value),
            None => self,
        }
    }

    /// Adds the service time, in seconds with three decimals.
    pub fn with_processing_time(mut self, millis: i64) -> Self {
        self.key(Field::ProcessingTime.name());
        put(&mut self.0, format_args!("{}.{:03}", millis / 1_000, millis % 1_000));
        self
    }

    /// Adds a whole number under any name.
    pub fn with_number(mut self, name: &str, value: i64) -> Self {
        self.key(name);
        put(&mut self.0, format_args!("{value}"));
        self
    }

    /// The finished message.
    pub fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn put(&mut self, name: &str, value: &str) {
        self.key(name);
        self.0.push('"');
        for character in value.chars() {
            match character {
                '"' | '\\' => self.0.extend(['\\', character]),
                control if control < ' ' => put(&mut self.0, format_args!("\\u{:04x}", control as u32)),
                plain => self.0.push(plain),
            }
        }
        self.0.push('"');
    }

    fn key(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }
}

/// Lambda's line at the start of an invocation.
pub fn lambda_start(request_id: &str) -> String {
    format!("START RequestId: {request_id} Version: $LATEST\n")
}

/// Lambda's line at the end of an invocation.
pub fn lambda_end(request_id: &str) -> String {
    format!("END RequestId: {request_id}\n")
}

/// Lambda's report; `status` is empty for an invocation that went well.
pub fn lambda_report(request_id: &str, duration_millis: i64, memory_mib: i64, status: &str) -> String {
    let mut text = format!(
        "REPORT RequestId: {request_id}\tDuration: {duration_millis}.{:02} ms\tBilled Duration: {} ms\tMemory Size: 512 MB\tMax Memory Used: {memory_mib} MB\t",
        duration_millis % 97,
        duration_millis + 1,
    );
    if !status.is_empty() {
        put(&mut text, format_args!("{status}\t"));
    }
    text.push('\n');
    text
}

/// Lambda's line when an invocation takes longer than the three seconds it is given.
pub fn lambda_timed_out(request_id: &str, at: Timestamp) -> String {
    format!("{at} {request_id} Task timed out after 3.00 seconds\n\n")
}

/// A line of text as the Lambda runtime prints it.
pub fn text_line(request_id: &str, at: Timestamp, level: &str, text: &str) -> String {
    format!("{at}\t{request_id}\t{level}\t{text}\n")
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = text.write_fmt(arguments);
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::attempt::Stage;

    #[test]
    fn an_event_is_written_in_the_order_of_the_contract_examples() {
        let kind = EventKind::Stage(Stage::Provisioned);
        let message = Message::event("INFO", "r-1", kind)
            .with(Field::TokenReferenceId, "trm_abc123xyz")
            .with_processing_time(1_245)
            .with(Field::CorrelationId, "corr_xyz789")
            .finish();
        assert_eq!(
            message,
            r#"{"level":"INFO","requestId":"r-1","event":"TOKEN_PROVISION_SUCCESS","tokenReferenceId":"trm_abc123xyz","processingTime":1.245,"correlationId":"corr_xyz789"}"#
        );
    }

    #[test]
    fn odd_characters_survive() {
        let message = Message::named("INFO", "r\"1\\", "a\nb é").with_number("n", -7).finish();
        let value: serde_json::Value = serde_json::from_str(&message).unwrap();
        assert_eq!((&value["requestId"], &value["event"]), (&"r\"1\\".into(), &"a\nb é".into()));
        assert_eq!(value["n"], -7);
    }
}

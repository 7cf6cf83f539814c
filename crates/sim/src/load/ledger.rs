//! What did the load clients send, and what was acknowledged?
//!
//! One line a call, under its invocation id: a digest of what the journal must hold for it instead of the bytes, so
//! that an hour of load fits in memory. Equal digests mean equal groups, streams, times and messages, byte by byte.

use std::collections::BTreeMap;

use walletscope_model::{Body, Command, LogBatch, MetricBatch, MetricValue};

/// Every call by invocation id.
pub type Ledger = BTreeMap<String, Sent>;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Of what it holds.
    pub digest: [u8; 32],
    /// Attempts that start in it; no other call names them.
    pub attempts: u64,
    /// One of them, to ask the server about.
    pub sample: Option<Sample>,
    /// How it went.
    pub outcome: Outcome,
}

/// One attempt of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its correlation id.
    pub correlation_id: String,
    /// Its log events.
    pub records: usize,
}

/// How a call went, as its client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No answer, so far or for good: stored once or not at all.
    Unknown,
    /// Answered with success: stored exactly once.
    Acknowledged,
    /// Refused for good, which nothing here deserves.
    Refused(String),
}

impl Sent {
    /// A call with this body, not yet answered.
    pub fn new(body: &Body) -> Self {
        let (attempts, sample) = match body {
            Body::Logs(logs) => (logs.events.len().div_ceil(2) as u64, sample(logs)),
            _ => (0, None),
        };
        Self { digest: digest(body), attempts, sample, outcome: Outcome::Unknown }
    }
}

/// Names everything that a client decides about a body.
pub fn digest(body: &Body) -> [u8; 32] {
    let mut pieces = Pieces(blake3::Hasher::new());
    match body {
        Body::Logs(logs) => pieces.logs(logs),
        Body::Metrics(metrics) => pieces.metrics(metrics),
        // No load sends these; whatever they hold is told apart by how it prints.
        Body::Spans(spans) => pieces.texts(&["spans", &format!("{spans:?}")]),
        Body::Audit(events) => pieces.texts(&["audit", &format!("{events:?}")]),
        Body::Command(command) => pieces.command(command),
        Body::Tick => pieces.text("tick"),
        Body::Gap(_) => pieces.text("gap"),
        Body::BackfillEnd => pieces.text("backfill end"),
    }
    *pieces.0.finalize().as_bytes()
}

/// The first attempt of a brief-like batch: its START, and its SUCCESS where the batch has one.
fn sample(logs: &LogBatch) -> Option<Sample> {
    const MARK: &str = r#""correlationId":""#;
    let message = &logs.events.first()?.message;
    let rest = message.get(message.find(MARK)? + MARK.len()..)?;
    let correlation_id = rest.get(..rest.find('"')?)?.to_owned();
    Some(Sample { correlation_id, records: logs.events.len().min(2) })
}

struct Pieces(blake3::Hasher);

impl Pieces {
    fn logs(&mut self, logs: &LogBatch) {
        self.text("logs");
        self.text(&logs.group);
        self.text(&logs.stream);
        for event in &logs.events {
            self.number(event.timestamp.0);
            self.text(&event.message);
        }
    }

    fn metrics(&mut self, metrics: &MetricBatch) {
        self.text("metrics");
        for datum in &metrics.data {
            self.text(&datum.namespace);
            self.text(&datum.name);
            for (name, value) in &datum.dimensions {
                self.text(name);
                self.text(value);
            }
            self.number(datum.timestamp.0);
            self.text(datum.unit.as_deref().unwrap_or_default());
            match &datum.value {
                MetricValue::Values(values) => values.iter().for_each(|(value, count)| {
                    self.number(value.to_bits() as i64);
                    self.number(count.to_bits() as i64);
                }),
                MetricValue::Statistics { sample_count, sum, minimum, maximum } => {
                    [sample_count, sum, minimum, maximum]
                        .iter()
                        .for_each(|each| self.number(each.to_bits() as i64));
                }
            }
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::CreateLogGroup { name, .. } => self.texts(&["create group", name]),
            Command::DeleteLogGroup { name } => self.texts(&["delete group", name]),
            Command::CreateLogStream { group, name } => self.texts(&["create stream", group, name]),
            // No client sends others; whatever they hold is told apart by how it prints.
            other => self.texts(&["other", &format!("{other:?}")]),
        }
    }

    fn texts(&mut self, texts: &[&str]) {
        texts.iter().for_each(|text| self.text(text));
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as i64);
        self.0.update(text.as_bytes());
    }

    fn number(&mut self, number: i64) {
        self.0.update(&number.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::{LogEvent, Timestamp};

    fn logs(stream: &str, at: i64, messages: &[&str]) -> Body {
        let event = |message: &&str| LogEvent {
            timestamp: Timestamp(at),
            message: (*message).into(),
            guarded: false,
        };
        let events = messages.iter().map(event).collect();
        Body::Logs(LogBatch { group: "g".into(), stream: stream.into(), events })
    }

    #[test]
    fn digests_tell_every_change_apart() {
        let one = digest(&logs("s", 1, &["ab", "c"]));
        assert_eq!(one, digest(&logs("s", 1, &["ab", "c"])));
        for other in [
            logs("t", 1, &["ab", "c"]),
            logs("s", 2, &["ab", "c"]),
            logs("s", 1, &["a", "bc"]),
            logs("s", 1, &["ab"]),
            logs("s", 1, &["c", "ab"]),
            logs("s", 1, &["ab", "c", "c"]),
            Body::Tick,
            Body::Command(Command::CreateLogGroup { name: "g".into(), retention_days: None, tags: vec![] }),
        ] {
            assert_ne!(one, digest(&other));
        }
    }

    #[test]
    fn a_call_knows_its_attempts() {
        let start = r#"{"event":"TOKEN_PROVISION_START","correlationId":"corr_1"}"#;
        let sent = Sent::new(&logs("s", 1, &[start, start, start]));
        assert_eq!((sent.attempts, sent.outcome), (2, Outcome::Unknown));
        assert_eq!(sent.sample, Some(Sample { correlation_id: "corr_1".into(), records: 2 }));
        assert_eq!(Sent::new(&logs("s", 1, &["no id"])).sample, None);
        assert_eq!(Sent::new(&Body::Tick).attempts, 0);
    }
}

//! How do records without an AWS call become journal entries? Guarded, with their log groups and streams, each once.
//!
//! What imports and the doors share. One call may be several entries; each carries an id made from the call's own, so a
//! call that comes again stores what is missing of it and nothing else.

use std::borrow::Cow;
use std::sync::Arc;

use walletscope_guard::guard;
use walletscope_model::{Body, Command, LogEvent, MetricDatum, Origin};
use walletscope_stream::{Answer, GroupKey};

use crate::letters;
use crate::observe::Telemetry;
use crate::pipeline::{Ingest, Refusal, Reply, Shared, Submission};

/// Takes records.
pub struct Intake {
    /// Makes them durable.
    pub ingest: Ingest,
    /// Knows log groups and streams.
    pub shared: Arc<Shared>,
    /// Counts what the guard cuts.
    pub telemetry: Arc<Telemetry>,
}

/// Why an entry was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// A queue, the journal or the lake's memory is full.
    Throttled,
    /// A value is too long for the journal's format.
    TooLong,
    /// There are as many log groups or streams as there may be.
    LimitReached,
    /// The service is stopping after a failed write.
    Stopping,
}

impl Intake {
    /// The text without card numbers; cuts are counted.
    pub fn text(&self, source: &str, field: &'static str, text: &str) -> Box<str> {
        let guarded = guard(text);
        self.telemetry.count_cuts(source, field, guarded.cuts);
        guarded.text.into()
    }

    /// The event without card numbers.
    pub fn event(&self, source: &str, event: LogEvent) -> LogEvent {
        let guarded = guard(&event.message);
        self.telemetry.count_cuts(source, "log_message", guarded.cuts);
        let is_cut = guarded.cuts > 0;
        // A message that stays as it is, as almost all do, is not copied.
        match guarded.text {
            Cow::Borrowed(_) => LogEvent { guarded: is_cut, ..event },
            Cow::Owned(text) => LogEvent { guarded: is_cut, message: text.into(), ..event },
        }
    }

    /// The datum without card numbers.
    pub fn datum(&self, source: &str, datum: MetricDatum) -> MetricDatum {
        let dimensions = datum.dimensions.iter().map(|(name, value)| {
            (self.text(source, "metric_dimension", name), self.text(source, "metric_dimension", value))
        });
        MetricDatum {
            namespace: self.text(source, "metric_namespace", &datum.namespace),
            name: self.text(source, "metric_name", &datum.name),
            dimensions: dimensions.collect(),
            ..datum
        }
    }

    /// Makes an entry durable; log events bring their group and stream with them.
    ///
    /// # Errors
    /// It is not taken.
    pub async fn store(
        &self,
        origin: &Origin,
        invocation_id: Box<str>,
        body: Body,
    ) -> Result<Reply, NotTaken> {
        if let Body::Logs(logs) = &body {
            self.make_stream(origin, &logs.group, &logs.stream).await?;
        }
        self.submit(origin, invocation_id, body).await
    }

    async fn make_stream(&self, origin: &Origin, group: &str, stream: &str) -> Result<(), NotTaken> {
        let catalog = self.shared.catalog.load_full();
        let key = GroupKey::new(origin, group);
        let mut commands = Vec::new();
        if catalog.group(&key).is_none() {
            commands.push(Command::CreateLogGroup {
                name: group.into(),
                retention_days: None,
                tags: Vec::new(),
            });
        }
        if catalog.stream(&key, stream).is_none() {
            commands.push(Command::CreateLogStream { group: group.into(), name: stream.into() });
        }
        for command in commands {
            let reply = self.submit(origin, "".into(), Body::Command(command)).await?;
            if let Reply::Stepped(Answer::LimitReached | Answer::NoSuchGroup) = reply {
                return Err(NotTaken::LimitReached);
            }
        }
        Ok(())
    }

    async fn submit(&self, origin: &Origin, invocation_id: Box<str>, body: Body) -> Result<Reply, NotTaken> {
        let submission = Submission { origin: origin.clone(), invocation_id, body, answer: Vec::new() };
        self.ingest.submit(submission).await.map_err(|refusal| match refusal {
            Refusal::Throttled => NotTaken::Throttled,
            Refusal::TooLarge => NotTaken::TooLong,
            Refusal::Poisoned => NotTaken::Stopping,
        })
    }
}

/// The id of the entry at `place` of the call that `key` names, empty for a call without one. Letters alone, because
/// what looks like a card number is no id.
pub fn entry_id(kind: &str, key: &str, place: usize) -> Box<str> {
    if key.is_empty() {
        return "".into();
    }
    let hash = blake3::hash(format!("{place} {key}").as_bytes());
    format!("{kind}-{}", letters::write(&hash.as_bytes()[..16])).into()
}

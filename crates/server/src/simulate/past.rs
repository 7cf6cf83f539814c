//! How does a past come in that is too old for the wire? Through the import door, at a low rate, in seconds.
//!
//! PutLogEvents refuses events of more than 14 days, and weeks of traffic at the live rate would take too long; so what
//! lies before the history is drawn from the same generator at a lower rate and imported, six hours a chunk. It begins
//! where the attempts end that the server has of that time, so that a demonstration that is started again goes on.

use axum::body::Bytes;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::task::JoinSet;
use walletscope_model::{Duration, Timestamp};
use walletscope_traffic::{Emission, Incident, Traffic};
use walletscope_wire::import::{LogLine, Record, encode};

use crate::client::CallError;
use crate::import::ImportAnswer;
use crate::import::send::{BackfillOf, Sender};

/// Attempts per second at most: 800 a day.
pub(super) const ATTEMPTS_PER_SECOND_MAX: f64 = 800.0 / 86_400.0;
/// What the past is imported as.
const SOURCE: &str = "history";
/// How long the function's containers live and log into one stream: a chunk of that length has few streams.
const STEP_SECONDS: i64 = 6 * 3_600;
/// Chunks under way at a time; the door takes more, for whoever imports besides.
const CHUNKS_MAX: usize = 2;
/// After so many days they are declared complete: their attempts settle, and leave the working state where they are old,
/// before more come.
const COMPLETE_EVERY_DAYS: i64 = 5;
const DAY_SECONDS: i64 = 86_400;

/// A stretch of time to import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Past {
    /// Its begin.
    pub from: Timestamp,
    /// The first instant behind it.
    to: Timestamp,
}

/// What of the stretch the server has no attempts of yet: from the newest one on.
pub(super) async fn find(sender: &Sender, from: Timestamp, to: Timestamp) -> Result<Option<Past>, CallError> {
    if from >= to {
        return Ok(None);
    }
    let path = format!("/api/v1/trends?from={}&to={}&maxDataPoints=10000", from.millis(), to.millis());
    let answer = sender.api().get(&path).await?;
    let trend: Trend =
        serde_json::from_slice(&answer).map_err(|error| CallError::Connection(error.to_string()))?;
    let from = trend.buckets.end().map_or(from, |end| end.max(from));
    Ok((from < to).then_some(Past { from, to }))
}

/// What went wrong in the past, and when, counted from the start of the live part: an outage, a slow day, an attack
/// and a vendor's failure, for long ranges to show.
pub(super) fn incidents() -> [(Incident, Duration, Duration); 4] {
    let hours = |hours: i64| Duration::from_seconds(hours * 3_600);
    let lasting = |incident, days_ago: i64, length: i64| {
        (incident, hours(-24 * days_ago), hours(length - 24 * days_ago))
    };
    [
        lasting(Incident::OtpVendorDown { vendor: "PINGPOST".into() }, 45, 30),
        lasting(Incident::TspSlow { network: "VISA".into() }, 33, 24),
        lasting(Incident::BinAttack { bin: "424242".into() }, 23, 12),
        lasting(Incident::IssuerOutage { issuer: "DEMO_Bank".into() }, 14, 18),
    ]
}

impl Past {
    /// Imports what `traffic` says of this stretch, and declares it complete. `run` makes the keys of the chunks.
    pub(super) async fn import(
        self,
        sender: &Sender,
        traffic: &mut Traffic,
        run: &str,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), CallError> {
        let started = std::time::Instant::now();
        let (mut at, mut events, mut complete_days) = (self.from, 0, 0);
        let mut chunks = Chunks { sender, running: JoinSet::new() };
        while at < self.to && !*stop.borrow() {
            at = step_end(at).min(self.to);
            let emissions = traffic.next_until(at);
            // Metric data of the past would only repeat what the attempts say.
            traffic.take_metric_data();
            events += emissions.len();
            chunks.send(format!("{run} {}", at.0), emissions).await?;
            let days = at.since(self.from).as_seconds() as i64 / DAY_SECONDS;
            if days >= complete_days + COMPLETE_EVERY_DAYS {
                complete_days = days;
                chunks.complete().await?;
                eprintln!(
                    "history: {days} d, {events} events imported, {:.1} s",
                    started.elapsed().as_secs_f64()
                );
            }
        }
        chunks.complete().await?;
        let days = at.since(self.from).as_seconds() / DAY_SECONDS as f64;
        let seconds = started.elapsed().as_secs_f64();
        eprintln!("history imported: {days:.1} d, {events} events in {seconds:.1} s");
        Ok(())
    }
}

/// Chunks on their way.
struct Chunks<'a> {
    sender: &'a Sender,
    running: JoinSet<Result<ImportAnswer, CallError>>,
}

impl Chunks<'_> {
    async fn send(&mut self, key: String, emissions: Vec<Emission>) -> Result<(), CallError> {
        while self.running.len() >= CHUNKS_MAX {
            self.finish_one().await?;
        }
        if !emissions.is_empty() {
            let (sender, lines) = (self.sender.clone(), lines(emissions)?);
            self.running.spawn(async move { sender.chunk(SOURCE, &key, None, lines).await });
        }
        Ok(())
    }

    /// Declares what was sent complete.
    async fn complete(&mut self) -> Result<(), CallError> {
        while !self.running.is_empty() {
            self.finish_one().await?;
        }
        self.sender.end_backfill(BackfillOf::Source(SOURCE)).await
    }

    async fn finish_one(&mut self) -> Result<(), CallError> {
        match self.running.join_next().await {
            Some(Ok(answer)) => answer.map(drop),
            Some(Err(panic)) => Err(CallError::Connection(panic.to_string())),
            None => Ok(()),
        }
    }
}

/// The end of the containers that live at `at`.
fn step_end(at: Timestamp) -> Timestamp {
    at.floor_seconds(STEP_SECONDS).plus(Duration::from_seconds(STEP_SECONDS))
}

fn lines(emissions: Vec<Emission>) -> Result<Bytes, CallError> {
    let mut lines = String::new();
    for Emission { at, group, stream, message } in emissions {
        let line = LogLine { log_group: group, log_stream: stream, timestamp: at, message: message.into() };
        let line = encode(&Record::Log(line)).map_err(|error| CallError::Connection(error.to_string()))?;
        lines.push_str(&line);
        lines.push('\n');
    }
    Ok(lines.into())
}

/// What is read of an answer of /api/v1/trends.
#[derive(Deserialize)]
struct Trend {
    buckets: Buckets,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Buckets {
    length_seconds: i64,
    starts_ms: Vec<i64>,
    requests: Vec<u64>,
}

impl Buckets {
    /// The end of the last bucket with attempts.
    fn end(&self) -> Option<Timestamp> {
        let mut newest_first = self.starts_ms.iter().zip(&self.requests).rev();
        let (start, _) = newest_first.find(|(_, requests)| **requests > 0)?;
        Some(Timestamp::from_millis(*start).plus(Duration::from_seconds(self.length_seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_traffic::{Config, Day};

    #[test]
    fn the_past_goes_on_behind_the_newest_attempt() {
        let trend = |requests: &str| {
            let text = format!(
                r#"{{"range":{{}},"buckets":{{"lengthSeconds":3600,"startsMs":[0,3600000,7200000],"requests":{requests}}}}}"#
            );
            serde_json::from_str::<Trend>(&text).unwrap().buckets.end()
        };
        assert_eq!(trend("[0,0,0]"), None);
        assert_eq!(trend("[1,2,0]"), Some(Timestamp::from_seconds(7_200)));
        assert_eq!(trend("[0,0,1]"), Some(Timestamp::from_seconds(10_800)));
    }

    #[test]
    fn a_step_ends_where_the_next_containers_begin() {
        for (at, expected) in [(0, 21_600), (21_599, 21_600), (21_600, 43_200)] {
            assert_eq!(step_end(Timestamp::from_seconds(at)), Timestamp::from_seconds(expected));
        }
    }

    #[test]
    fn every_incident_is_of_the_generated_world_and_over_before_the_recent_history() {
        let mut traffic = Traffic::new(
            Config { seed: 1, attempts_per_second: ATTEMPTS_PER_SECOND_MAX, day: Day::Curve },
            Timestamp(0),
        );
        for (incident, from, to) in incidents() {
            assert!(from < to && to < Duration::from_seconds(-24 * 3_600), "{incident:?}");
            traffic.set_incident(&incident, Timestamp(0).plus(from), Timestamp(0).plus(to)).unwrap();
        }
    }
}

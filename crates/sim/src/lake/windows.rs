//! A server that knows a year: what the cards and the brief's daily query cost where hours are counted already.

use std::path::Path;
use std::time::Duration as StdDuration;

use serde_json::{Value, json};
use walletscope_model::Duration;

use super::questions::DAILY;
use crate::load::figures::{Figure, grouped, median};
use crate::load::resident::fill_evenly;
use crate::load::{LoadError, Server};

/// Attempts of the year.
const ATTEMPTS: usize = 100_000;
/// So few that every fourth hour of the year gets some.
const EVENTS_PER_CALL: usize = 100;
const YEAR: Duration = Duration::from_seconds(365 * 86_400);
const ASKED: usize = 5;
/// An answer from counted hours, at most.
const ANSWER_MAX: StdDuration = StdDuration::from_millis(50);

/// Fills `folder` with a year, starts the server over it and asks.
///
/// # Errors
/// The store failed, or the server did not start or answer.
pub fn measure(binary: &Path, folder: &Path) -> Result<Vec<Figure>, LoadError> {
    fill_evenly(binary, folder, ATTEMPTS, EVENTS_PER_CALL, YEAR)?;
    let server = Server::start(binary, folder)?;
    server.post("/api/v1/lake/flush", &json!({}))?;
    let (cards, answer) =
        asked(|| server.get("/api/v1/metrics?from=now-365d").map(|(_, json, took)| (json, took)))?;
    let requests = answer["metrics"]["totalRequests"].as_u64().unwrap_or(0);
    let (daily, answer) = asked(|| {
        let (text, took) = server.post("/api/v1/sql", &json!({ "sql": DAILY }))?;
        let last =
            text.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or(Value::Null);
        Ok((last, took))
    })?;
    server.stop()?;
    let by = answer["done"]["answeredBy"].to_string();
    let rows = answer["done"]["rows"].as_u64().unwrap_or(0);
    let millis = |took: StdDuration| format!("{:.0} ms", took.as_secs_f64() * 1e3);
    Ok(vec![
        Figure::new(
            "a year: cards",
            format!("{} for {} attempts", millis(cards), grouped(requests as f64)),
            "GET /api/v1/metrics over 365 days, by HTTP, median of 5",
        )
        .promised("below 50 ms", cards < ANSWER_MAX && requests > 0),
        Figure::new(
            "a year: daily numbers of 30 days, by rollup",
            format!("{}, {rows} rows answered by {by}", millis(daily)),
            "the same text as over the files, by HTTP, median of 5",
        )
        .promised("below 50 ms by a rollup", daily < ANSWER_MAX && rows > 0 && by.contains("rollup")),
    ])
}

fn asked(
    ask: impl Fn() -> Result<(Value, StdDuration), LoadError>,
) -> Result<(StdDuration, Value), LoadError> {
    let mut took = Vec::new();
    let mut last = Value::Null;
    for _ in 0..ASKED {
        let (answer, duration) = ask()?;
        took.push(duration);
        last = answer;
    }
    Ok((median(&took).unwrap_or_default(), last))
}

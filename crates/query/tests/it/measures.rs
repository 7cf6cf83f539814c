//! Is each measure in SQL the number that the stored windows and the cards say, to the last digit?

use walletscope_lake::LakeTable::Attempts;
use walletscope_model::measure::{MEASURES, Rate};
use walletscope_model::reason::FailureClass;
use walletscope_model::{Duration, Outcome, Timestamp};
use walletscope_query::Engine;
use walletscope_series::{Count, Measured, Timing, Window};

use crate::world::{NOW, World, ask};

/// Small whole numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn generated(number: usize) -> Vec<Measured> {
    let mut dice = Dice(7);
    let start = Timestamp::parse_rfc3339("2026-11-21T00:00:00Z").unwrap();
    (0..number)
        .map(|_| {
            let started_at = start.plus(Duration(dice.roll(86_400_000) as i64 * 1_000 + dice.roll(1_000) as i64));
            let outcome = Outcome::ALL[dice.roll(4) as usize];
            let classes = [None, Some(0), Some(1), Some(2), Some(3)];
            let class = classes[dice.roll(5) as usize].map(|class: usize| FailureClass::ALL[class]);
            let is_yellow = dice.roll(3) == 0;
            // Some clocks are skewed, so that durations are below zero.
            let after = |dice: &mut Dice| started_at.plus(Duration(dice.roll(9_000_000) as i64 - 500_000));
            Measured {
                started_at,
                ended_at: Some(after(&mut dice)),
                activated_at: (dice.roll(2) == 0).then(|| after(&mut dice)),
                processing_time: (dice.roll(5) != 0).then(|| Duration(dice.roll(5_000_000) as i64 - 100_000)),
                outcome,
                failure_class: class.filter(|_| outcome == Outcome::Failed),
                reached_decided: is_yellow || dice.roll(2) == 0,
                is_yellow,
                is_bulk_migration: dice.roll(10) == 0,
            }
        })
        .collect()
}

fn row(attempt: &Measured) -> String {
    let time = |time: Option<Timestamp>| time.map_or("null".to_owned(), |time| format!("\"{}\"", time.rfc3339()));
    let class = attempt.failure_class.map_or("null".to_owned(), |class| format!("\"{}\"", class.name()));
    let processing_time = attempt.processing_time.map_or("null".to_owned(), |time| time.as_seconds().to_string());
    format!(
        r#"{{"timestamp":"{}","status":"{}","ended_at":{},"activated_at":{},"processing_time":{processing_time},"failure_class":{class},"decided":{},"final_decision":"{}","bulk":{}}}"#,
        attempt.started_at.rfc3339(),
        attempt.outcome.name(),
        time(attempt.ended_at),
        time(attempt.activated_at),
        attempt.reached_decided,
        if attempt.is_yellow { "YELLOW" } else { "GREEN" },
        attempt.is_bulk_migration,
    )
}

fn world(attempts: &[Measured]) -> Engine {
    attempts.iter().fold(World::default(), |world, attempt| world.row(Attempts, &row(attempt))).engine()
}

fn window(attempts: &[Measured]) -> Window {
    let mut window = Window::default();
    attempts.iter().for_each(|attempt| window.add_scaled(&attempt.contribution().cohort, 1));
    window
}

async fn number(engine: &Engine, call: &str) -> Option<f64> {
    let found = ask(engine, &format!("SELECT {call} FROM attempts")).await.unwrap_or_else(|e| panic!("{call}: {e}"));
    (found[0][0] != "NULL").then(|| found[0][0].parse().unwrap())
}

async fn check(attempts: &[Measured]) {
    let engine = world(attempts);
    let window = window(attempts);
    for (name, rate) in [
        ("success_rate", window.success_rate()),
        ("failure_rate", window.failure_rate()),
        ("technical_failure_rate", window.technical_failure_rate()),
        ("decline_rate", window.decline_rate()),
        ("step_up_rate", window.step_up_rate()),
        ("abandonment_rate", window.abandonment_rate()),
        ("step_up_conversion", window.step_up_conversion()),
    ] {
        let Rate { value, n, interval } = rate;
        assert_eq!(number(&engine, &format!("{name}()")).await, value, "{name}");
        assert_eq!(number(&engine, &format!("{name}_n()")).await, Some(n as f64), "{name}_n");
        assert_eq!(number(&engine, &format!("{name}_low()")).await, interval.map(|ends| ends.0), "{name}_low");
        assert_eq!(number(&engine, &format!("{name}_high()")).await, interval.map(|ends| ends.1), "{name}_high");
    }
    for (name, count) in [("requests", Count::Requests), ("pending", Count::Pending)] {
        assert_eq!(number(&engine, &format!("{name}()")).await, Some(window.count(count) as f64), "{name}");
    }
    for (name, timing) in
        [("processing_time", Timing::ProcessingSuccess), ("time_to_activate", Timing::TimeToActivate)]
    {
        let durations = window.durations(timing);
        assert_eq!(number(&engine, &format!("{name}()")).await, durations.average_seconds(), "{name}");
        assert_eq!(number(&engine, &format!("avg_{name}()")).await, durations.average_seconds(), "avg_{name}");
        for (quantile, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            let found = number(&engine, &format!("{quantile}_{name}()")).await;
            assert_eq!(found, durations.quantile_seconds(share), "{quantile}_{name}");
        }
    }
    let now = Timestamp::parse_rfc3339(NOW).unwrap();
    let ages = attempts.iter().filter(|attempt| attempt.outcome == Outcome::Pending);
    let ages: Vec<i64> = ages.map(|attempt| now.since(attempt.started_at).0).collect();
    let mean = ages.iter().sum::<i64>() as f64 / ages.len() as f64 / 1e6;
    assert_eq!(number(&engine, "pending_age()").await, (!ages.is_empty()).then_some(mean));
}

#[tokio::test]
async fn each_measure_is_the_windows_number() {
    for number in [0, 1, 2, 20, 1_500] {
        check(&generated(number)).await;
    }
}

#[tokio::test]
async fn every_measure_that_is_answered_can_be_called() {
    let engine = world(&generated(50));
    for measure in MEASURES.iter().filter(|measure| measure.is_answered) {
        let table = if measure.name == "active_tokens" { "token_states" } else { "attempts" };
        let sql = format!("SELECT {}() FROM {table}", measure.name);
        assert!(ask(&engine, &sql).await.is_ok(), "{sql}");
    }
}

#[tokio::test]
async fn views_by_time_sum_up_to_the_whole() {
    let attempts = generated(300);
    let engine = world(&attempts);
    let window = window(&attempts);
    for (view, unit) in [("measures_by_hour", "hour"), ("measures_by_day", "day")] {
        let sql = format!(
            "SELECT sum(requests), sum(success), sum(failed), sum(failed_technical), sum(failed_declined), \
             sum(abandoned), sum(pending), sum(decided), sum(yellow), count(DISTINCT {unit}) FROM {view}"
        );
        let expected = [
            window.count(Count::Requests),
            window.count(Count::Success),
            window.failed(),
            window.count(Count::FailedTechnical),
            window.count(Count::FailedDeclined),
            window.count(Count::Abandoned),
            window.count(Count::Pending),
            window.count(Count::Decided),
            window.count(Count::Yellow),
            if unit == "hour" { 24 } else { 1 },
        ];
        let found = ask(&engine, &sql).await.unwrap();
        assert_eq!(found, [expected.map(|count| count.to_string())], "{view}");
    }
}

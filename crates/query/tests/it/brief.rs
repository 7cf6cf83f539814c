//! Do the texts of SQL that the product was ordered with run as they are, and give what their author meant?

use walletscope_query::{Answer, Note};

use crate::slt::world;
use crate::world::{ask, question, rows};

const BRIEF: &str = include_str!("../../../../fixtures/brief.md");

/// The only SQL that stands in a fence of its own.
fn fenced() -> &'static str {
    let (_, rest) = BRIEF.split_once("```sql\n").unwrap();
    rest.split_once("```").unwrap().0
}

/// The text of a `query: |` in the YAML below `name`, without its indentation.
fn in_yaml(name: &str) -> String {
    let (_, rest) = BRIEF.split_once(&format!("  {name}:\n    query: |\n")).unwrap();
    let lines = rest.lines().take_while(|line| line.starts_with("      ") || line.trim().is_empty());
    lines.map(|line| line.get(6..).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

async fn answer(sql: &str) -> Answer {
    world().engine().answer(&question(sql)).await.unwrap_or_else(|error| panic!("{error}\n{sql}"))
}

fn names(answer: &Answer) -> Vec<String> {
    answer.schema.fields().iter().map(|field| field.name().clone()).collect()
}

#[tokio::test]
async fn the_athena_dataset_runs_and_says_what_may_surprise() {
    let answer = answer(fenced()).await;
    assert_eq!(answer.answered_by, ["token_provisioning_logs"]);
    assert_eq!(
        names(&answer),
        ["wallet_provider", "issuer", "timestamp", "status", "request_count", "success_rate", "avg_processing_time"]
    );
    let [note] = &answer.notes[..] else { panic!("{:?}", answer.notes) };
    assert!(note.text.contains("every group is one instant") && note.text.contains("0 or 100"), "{}", note.text);
    let suggestion = note.suggestion.clone().unwrap();
    let found = rows(answer).await.unwrap();
    // Thirty days: the attempt of the first of October is not in it. The newest comes first.
    assert_eq!(found.len(), 6);
    assert_eq!(found[0], ["GooglePay", "Other_Bank", "2026-11-22T11:59:00Z", "PENDING", "1", "0", "NULL"]);
    assert_eq!(found[3], ["ApplePay", "DEMO_Bank", "2026-11-22T10:00:00Z", "SUCCESS", "1", "100", "1.245"]);
    // What is suggested runs, and has no such remark.
    let better = self::answer(&suggestion).await;
    assert_eq!(better.notes, []);
    assert_eq!(names(&better)[2..], ["timestamp", "request_count", "success_rate", "avg_processing_time"]);
    let found = rows(better).await.unwrap();
    let apple = found.iter().find(|row| row[..2] == ["ApplePay", "DEMO_Bank"]).unwrap();
    assert_eq!(apple[2..], ["2026-11-22T00:00:00Z", "2", "50", "1.245"]);
}

#[tokio::test]
async fn the_daily_metrics_run() {
    let answer = answer(&in_yaml("DailyMetrics")).await;
    assert_eq!(answer.notes, []);
    assert_eq!(
        names(&answer),
        ["date", "wallet_provider", "issuer", "total_requests", "successful_requests", "avg_latency"]
    );
    let mut found = rows(answer).await.unwrap();
    assert_eq!(found.last().unwrap()[0], "2026-11-20T00:00:00Z");
    found.sort();
    assert_eq!(
        found,
        [
            ["2026-11-20T00:00:00Z", "ApplePay", "Other_Bank", "1", "0", "NULL"],
            ["2026-11-21T00:00:00Z", "GooglePay", "DEMO_Bank", "1", "1", "1.5"],
            ["2026-11-22T00:00:00Z", "ApplePay", "DEMO_Bank", "2", "1", "1.245"],
            ["2026-11-22T00:00:00Z", "GooglePay", "Other_Bank", "1", "0", "NULL"],
            ["2026-11-22T00:00:00Z", "NULL", "NULL", "1", "0", "NULL"],
        ]
    );
}

#[tokio::test]
async fn the_success_rate_of_the_dashboard_runs() {
    let answer = answer(&in_yaml("SuccessRate")).await;
    let [Note { text, suggestion: Some(suggestion) }] = &answer.notes[..] else { panic!("{:?}", answer.notes) };
    assert!(text.contains("WalletProvider, Issuer, TIME"), "{text}");
    let better = suggestion.clone();
    let mut found = rows(answer).await.unwrap().concat();
    found.sort();
    // A minute without failures has a rate of 100, one without successes of 0.
    assert_eq!(found, ["0", "100", "100", "50"]);
    let found = ask(&world().engine(), &format!("{better} ORDER BY 3, 1")).await.unwrap();
    assert_eq!(found[2], ["ApplePay", "DEMO_Bank", "2026-11-22T10:00:00Z", "50"]);
    assert_eq!(found[1], ["GooglePay", "DEMO_Bank", "2026-11-22T00:00:00Z", "100"]);
}

#[tokio::test]
async fn the_latency_of_the_dashboard_runs() {
    let answer = answer(&in_yaml("Latency")).await;
    assert_eq!(answer.schema.field(0).name(), "AVG(TokenProvisioningLatency)");
    let mut found = rows(answer).await.unwrap().concat();
    found.sort();
    assert_eq!(found, ["1.245", "1.5", "2"]);
}

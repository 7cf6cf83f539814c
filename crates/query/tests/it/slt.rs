//! Do the functions and rewrites answer as their files say? One world for all files, in `tests/slt`.

use datafusion::arrow::datatypes::DataType;
use walletscope_lake::LakeTable::{Attempts, LogEvents, MetricPoints, TokenStates};
use walletscope_query::Engine;

use crate::world::{World, question, rows};

#[tokio::test]
async fn aggregates() {
    check("aggregates").await;
}

#[tokio::test]
async fn collections() {
    check("collections").await;
}

#[tokio::test]
async fn date_texts() {
    check("date_texts").await;
}

#[tokio::test]
async fn dates() {
    check("dates").await;
}

#[tokio::test]
async fn logic() {
    check("logic").await;
}

#[tokio::test]
async fn measures() {
    check("measures").await;
}

#[tokio::test]
async fn metrics() {
    check("metrics").await;
}

#[tokio::test]
async fn names() {
    check("names").await;
}

#[tokio::test]
async fn statements() {
    check("statements").await;
}

#[tokio::test]
async fn texts() {
    check("texts").await;
}

#[tokio::test]
async fn token_states() {
    check("token_states").await;
}

#[tokio::test]
async fn zones() {
    check("zones").await;
}

/// One record of a file: what is asked, and what is expected.
struct Record {
    line: usize,
    /// A letter per column: T text, I whole number, R float, ? anything.
    types: String,
    sql: String,
    /// The rows, or with `statement error` a part of the message; `None` where anything is right.
    expected: Option<Vec<String>>,
    is_error: bool,
}

/// Reads a file in the format of sqllogictest: `query TIR?`, `statement ok`, `statement error part of the message`.
fn records(text: &str) -> Vec<Record> {
    let mut records = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((place, line)) = lines.next() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let words = line.splitn(3, ' ').collect::<Vec<_>>();
        let mut part = |end: &str| {
            let mut part = Vec::new();
            while let Some((_, line)) = lines.next_if(|(_, line)| !line.is_empty() && *line != end) {
                part.push(line.to_owned());
            }
            lines.next();
            part
        };
        let record = match words[..] {
            ["query", types] => {
                let sql = part("----").join("\n");
                Record {
                    line: place + 1,
                    types: types.to_owned(),
                    sql,
                    expected: Some(part("")),
                    is_error: false,
                }
            }
            ["statement", "ok"] => Record {
                line: place + 1,
                types: String::new(),
                sql: part("").join("\n"),
                expected: None,
                is_error: false,
            },
            ["statement", "error", message] => {
                let expected = Some(vec![message.to_owned()]);
                Record {
                    line: place + 1,
                    types: String::new(),
                    sql: part("").join("\n"),
                    expected,
                    is_error: true,
                }
            }
            _ => panic!("line {}: no record begins with '{line}'", place + 1),
        };
        records.push(record);
    }
    records
}

async fn check(name: &str) {
    let engine = world().engine();
    // Cargo runs tests in their crate's folder.
    let records = records(&std::fs::read_to_string(format!("tests/slt/{name}.slt")).unwrap());
    assert!(records.len() > 3, "{name}.slt has only {} records", records.len());
    let mut failures = Vec::new();
    for record in records {
        if let Err(failure) = run(&engine, &record).await {
            failures.push(format!("{name}.slt:{}: {}\n{failure}", record.line, record.sql));
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n\n"));
}

async fn run(engine: &Engine, record: &Record) -> Result<(), String> {
    let answered = match engine.answer(&question(&record.sql)).await {
        Ok(answer) => {
            let types: String =
                answer.schema.fields().iter().map(|field| letter(field.data_type())).collect();
            rows(answer).await.map(|rows| (types, rows.iter().map(|row| row.join(" ")).collect::<Vec<_>>()))
        }
        Err(error) => Err(error),
    };
    match (answered, &record.expected, record.is_error) {
        (Err(error), Some(message), true) if error.to_string().contains(&message[0]) => Ok(()),
        (Ok(_), None, false) => Ok(()),
        (Ok((types, rows)), Some(expected), false) => {
            if types != record.types {
                return Err(format!("  columns {types}, not {}: {rows:?}", record.types));
            }
            if rows != *expected {
                return Err(format!("  found\n{}\n  not\n{}", rows.join("\n"), expected.join("\n")));
            }
            Ok(())
        }
        (found, ..) => Err(format!("  found {found:?}")),
    }
}

/// The letter of a column's type.
fn letter(data_type: &DataType) -> char {
    match data_type {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => 'T',
        number if number.is_integer() => 'I',
        number if number.is_numeric() => 'R',
        _ => '?',
    }
}

pub fn world() -> World {
    World::default()
        .row(Attempts, r#"{"attempt_id":"a1","timestamp":"2026-11-22T10:00:00Z","ended_at":"2026-11-22T10:00:01.245Z","status":"SUCCESS","event":"TOKEN_PROVISION_SUCCESS","wallet_provider":"ApplePay","issuer":"DEMO_Bank","processing_time":1.245,"decided":true,"final_decision":"GREEN","activated_at":"2026-11-22T10:00:05Z","request_id":"req-1","bin":"424242"}"#)
        .row(Attempts, r#"{"attempt_id":"a2","timestamp":"2026-11-22T10:00:30Z","ended_at":"2026-11-22T10:00:31Z","status":"FAILED","event":"TOKEN_PROVISION_FAILURE","wallet_provider":"ApplePay","issuer":"DEMO_Bank","failure_class":"declined","reason":"ISSUER_DECLINED","reason_code":"05","decided":true,"final_decision":"RED"}"#)
        .row(Attempts, r#"{"attempt_id":"a3","timestamp":"2026-11-21T23:59:59.500Z","ended_at":"2026-11-22T00:00:01Z","status":"SUCCESS","event":"TOKEN_PROVISION_SUCCESS","wallet_provider":"GooglePay","issuer":"DEMO_Bank","processing_time":1.5,"decided":true,"final_decision":"YELLOW","activated_at":"2026-11-22T00:00:09.500Z"}"#)
        .row(Attempts, r#"{"attempt_id":"a4","timestamp":"2026-11-22T11:59:00Z","status":"PENDING","event":"TOKEN_PROVISION_START","wallet_provider":"GooglePay","issuer":"Other_Bank"}"#)
        .row(Attempts, r#"{"attempt_id":"a5","timestamp":"2026-11-20T08:00:00Z","status":"ABANDONED","event":"TOKEN_STEP_UP_SENT","wallet_provider":"ApplePay","issuer":"Other_Bank","decided":true,"final_decision":"YELLOW"}"#)
        .row(Attempts, r#"{"attempt_id":"a6","timestamp":"2026-10-01T00:00:00Z","ended_at":"2026-10-01T00:00:02Z","status":"SUCCESS","event":"TOKEN_PROVISION_SUCCESS","wallet_provider":"ApplePay","issuer":"DEMO_Bank","processing_time":2.0}"#)
        .row(Attempts, r#"{"attempt_id":"a7","timestamp":"2026-11-22T10:01:00Z","ended_at":"2026-11-22T10:01:02Z","status":"FAILED","event":"TOKEN_PROVISION_FAILURE"}"#)
        .row(TokenStates, r#"{"token_reference_id":"t1","timestamp":"2026-11-03T00:00:00Z","valid_from":"2026-11-03T00:00:00Z","state":"SUSPENDED"}"#)
        .row(TokenStates, r#"{"token_reference_id":"t1","timestamp":"2026-11-01T00:00:00Z","valid_from":"2026-11-01T00:00:00Z","state":"INACTIVE"}"#)
        .row(TokenStates, r#"{"token_reference_id":"t2","timestamp":"2026-11-01T12:00:00Z","valid_from":"2026-11-01T12:00:00Z","state":"ACTIVE"}"#)
        .row(TokenStates, r#"{"token_reference_id":"t1","timestamp":"2026-11-02T00:00:00Z","valid_from":"2026-11-02T00:00:00Z","state":"ACTIVE"}"#)
        .row(MetricPoints, r#"{"namespace":"TokenServices","metric_name":"TokenProvisioningLatency","dimensions":"{}","sample_count":3,"sum":6,"minimum":1,"maximum":3,"provenance":"put"}"#)
        .row(MetricPoints, r#"{"namespace":"TokenProvisioning","metric_name":"TokenProvisioningLatency","dimensions":"{}","sample_count":1,"sum":6,"minimum":6,"maximum":6,"provenance":"put"}"#)
        .row(MetricPoints, r#"{"namespace":"TokenServices","metric_name":"ActiveTokenCount","dimensions":"{}","sample_count":1,"sum":42,"minimum":42,"maximum":42,"provenance":"put"}"#)
        .row(MetricPoints, r#"{"namespace":"Other","metric_name":"TokenProvisioningLatency","dimensions":"{}","sample_count":1,"sum":99,"minimum":99,"maximum":99,"provenance":"put"}"#)
        .row(LogEvents, r#"{"log_group":"/aws/lambda/token-provisioning-service","log_stream":"s","message":"{\"event\":\"TOKEN_PROVISION_START\",\"requestId\":\"req-1\"}"}"#)
}

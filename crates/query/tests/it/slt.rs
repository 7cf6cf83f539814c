//! Do the functions and rewrites answer as their files say? One world for all files, in `tests/slt`.

use datafusion::arrow::datatypes::DataType;
use walletscope_lake::LakeTable::{Attempts, LogEvents, MetricPoints, TokenStates};
use walletscope_query::{Engine, SqlError};

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

/// Runs a file: records apart by empty lines, `statement ok`, `statement error WORDS` or `query TYPES`, the text, and
/// after `----` the rows, values apart by spaces. The format is sqllogictest's
/// (<https://www.sqlite.org/sqllogictest/doc/trunk/about.wiki>); its crate would have every dependency of the engine
/// compiled a second time, with other features, for these lines.
async fn check(name: &str) {
    let engine = world().engine();
    let file = format!("{}/tests/slt/{name}.slt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap();
    let mut failures = Vec::new();
    let mut checked = 0;
    for record in text.split("\n\n") {
        let lines: Vec<&str> = record.lines().filter(|line| !line.starts_with('#')).collect();
        let Some((head, rest)) = lines.split_first() else { continue };
        checked += 1;
        let mut parts = rest.splitn(2, |line| *line == "----");
        let sql = parts.next().unwrap_or_default().join("\n");
        let expected = parts.next().map(<[&str]>::to_vec);
        if let Err(found) = check_one(&engine, head, &sql, expected.as_deref()).await {
            failures.push(format!("{head}\n{sql}\n{found}"));
        }
    }
    assert!(checked > 3, "{file} holds records");
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n\n"));
}

async fn check_one(engine: &Engine, head: &str, sql: &str, expected: Option<&[&str]>) -> Result<(), String> {
    let outcome = run(engine, sql).await;
    let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    match (head.split_once(' ').unwrap_or((head, "")), outcome) {
        (("statement", "ok"), Ok(_)) => Ok(()),
        (("statement", wanted), Err(error)) if wanted.starts_with("error") => {
            let words = wanted.trim_start_matches("error").trim();
            if error.message.contains(words) { Ok(()) } else { Err(format!("found: {}", error.message)) }
        }
        (("statement", _), Ok(_)) => Err("found: no error".to_owned()),
        (("query", types), Ok((found_types, rows))) => {
            let rows: Vec<String> = rows.iter().map(|row| squeezed(&row.join(" "))).collect();
            let expected: Vec<String> = expected.unwrap_or_default().iter().map(|line| squeezed(line)).collect();
            let is_right = rows == expected && found_types == types.trim();
            if is_right { Ok(()) } else { Err(format!("found: {found_types}\n{}", rows.join("\n"))) }
        }
        (_, Err(error)) => Err(format!("found: {}", error.message)),
        ((other, _), Ok(_)) => Err(format!("{other} is no kind of record")),
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

async fn run(engine: &Engine, sql: &str) -> Result<(String, Vec<Vec<String>>), SqlError> {
    let answer = engine.answer(&question(sql)).await?;
    let types = answer.schema.fields().iter().map(|field| type_letter(field.data_type())).collect();
    Ok((types, rows(answer).await?))
}

/// Text, integer, real, or anything else.
fn type_letter(data_type: &DataType) -> char {
    match data_type {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => 'T',
        DataType::Boolean => 'B',
        number if number.is_integer() => 'I',
        number if number.is_numeric() => 'R',
        _ => '?',
    }
}

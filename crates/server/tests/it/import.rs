//! POST /api/v1/import over real HTTP: old records of every signal, retries, resumed chunks, refusals, and the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Value, json};
use walletscope_model::{Duration, Timestamp};
use walletscope_server::pipeline::Now;
use walletscope_server::start::system_now;

use super::server::{TestServer, now_millis};

/// Two days ago: long over, and not yet forgotten.
fn at() -> String {
    Timestamp::from_millis(now_millis() - 2 * 86_400_000).floor_seconds(86_400).rfc3339()
}

fn log(stream: &str, correlation_id: &str) -> String {
    let message = json!({"event": "TOKEN_PROVISION_START", "correlationId": correlation_id});
    let line = json!({"log": {"log_group": "/g", "log_stream": stream, "timestamp": at(), "message": message.to_string()}});
    line.to_string()
}

fn metric() -> String {
    let line = json!({"metric": {"namespace": "N", "metric_name": "M", "timestamp": at(), "storage_resolution": 60,
        "values": [[1.0, 1.0]]}});
    line.to_string()
}

async fn import(server: &TestServer, query: &str, key: &str, body: &str) -> (u16, Value) {
    let bearer = format!("Bearer {}", server.api_token);
    let headers = [("authorization", &*bearer), ("idempotency-key", key)];
    let headers = if key.is_empty() { &headers[..1] } else { &headers[..] };
    let (status, answer) = server.send("POST", &format!("/api/v1/import{query}"), headers, body).await;
    let body = answer.lines().next().unwrap_or_default();
    (status, serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}")))
}

fn counts(answer: &Value) -> [u64; 3] {
    ["records", "stored", "repeated"].map(|name| answer[name].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_any_age_are_stored_once_and_settle_at_the_end() {
    let server = TestServer::start().await;
    let (status, begin) = import(&server, "", "", "").await;
    assert_eq!((status, counts(&begin)), (200, [0, 0, 0]));
    let body = [log("a", "corr_1"), log("b", "corr_2"), metric(), log("a", "corr_3")].join("\n");
    let (status, first) = import(&server, "?source=archive", "key 1", &body).await;
    assert_eq!((status, counts(&first)), (200, [4, 3, 0]), "two streams and the metrics");
    assert!(first["offset"].as_u64() > begin["offset"].as_u64());
    let (_, again) = import(&server, "?source=archive", "key 1", &body).await;
    assert_eq!(counts(&again), [4, 0, 3]);
    // Another source, another key and no key at all are other calls.
    for (source, key) in [("other", "key 1"), ("archive", "key 2"), ("archive", "")] {
        let (_, stored) = import(&server, &format!("?source={source}"), key, &body).await;
        assert_eq!(counts(&stored), [4, 3, 0], "{source} {key}");
    }
    server.wait_for("/api/v1/requests/corr_3", "PENDING").await;
    for source in ["archive", "other"] {
        let end = json!({"source": source}).to_string();
        let bearer = format!("Bearer {}", server.api_token);
        let headers = [("authorization", &*bearer), ("content-type", "application/json")];
        let (status, answer) = server.send("POST", "/api/v1/backfill-end", &headers, &end).await;
        assert_eq!(status, 204, "{answer}");
    }
    // Given up fifteen minutes after its start, though it arrived just now.
    let found = server.wait_for("/api/v1/requests/corr_3", "ABANDONED").await;
    assert!(found.contains(r#""settled":true"#), "{found}");
    server.server.stop().await;
}

/// What the marks of calls have forgotten, the journal still knows.
#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_that_may_have_been_stored_is_looked_for_in_the_journal() {
    let ahead = Arc::new(AtomicI64::new(0));
    let clock = ahead.clone();
    let now: Now = Arc::new(move || system_now()().plus(Duration(clock.load(Ordering::Relaxed))));
    let server = TestServer::start_with(Arc::new(tempfile::tempdir().unwrap()), now).await;
    let (_, begin) = import(&server, "", "", "").await;
    let begin = begin["offset"].as_u64().unwrap();
    let body = [log("a", "corr_1"), metric()].join("\n");
    let (_, first) = import(&server, "", "key", &body).await;
    let after = first["offset"].as_u64().unwrap();
    ahead.store(3_600_000_000, Ordering::Relaxed);
    for (query, expected) in [
        (format!("?after={begin}"), [2, 0, 2]),
        // Searched from behind it, and then it is new; the next one has it in its marks.
        (format!("?after={after}"), [2, 2, 0]),
        (format!("?after={after}"), [2, 0, 2]),
        (format!("?source=other&after={begin}"), [2, 2, 0]),
    ] {
        let (status, answer) = import(&server, &query, "key", &body).await;
        assert_eq!((status, counts(&answer)), (200, expected), "{query}");
    }
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_that_cannot_be_stored_are_refused_whole() {
    let server = TestServer::start().await;
    let long = "x".repeat(9 << 20);
    let bad_group = log("a", "c").replace("/g", "/g*");
    for (query, body, status, code) in [
        ("", "{}".to_owned(), 400, "bad_record"),
        ("", format!("{}\n{{}}", log("a", "c")), 400, "bad_record"),
        ("", bad_group, 400, "bad_record"),
        ("?source=a%20b", log("a", "c"), 400, "bad_parameter"),
        ("?source=4111111111111111", log("a", "c"), 400, "bad_parameter"),
        ("?after=x", log("a", "c"), 400, "bad_parameter"),
        ("?from=x", log("a", "c"), 400, "bad_parameter"),
        ("", long, 413, "too_large"),
    ] {
        let (found, answer) = import(&server, query, "key", &body).await;
        assert_eq!((found, answer["error"]["code"].as_str()), (status, Some(code)), "{query} {answer}");
    }
    let (_, answer) = import(&server, "", "", "").await;
    assert_eq!(answer["offset"].as_u64(), Some(0), "nothing was stored");
    let (status, _) = server.send("POST", "/api/v1/import", &[], &log("a", "c")).await;
    assert_eq!(status, 401);
    server.server.stop().await;
}

//! Card numbers are planted in every entry point and must be found nowhere: not in the store, not in any file, not in
//! an error answer, not in the API. A new entry point is a new row of the table.

use std::ops::{Bound, ControlFlow};
use std::path::Path;

use serde_json::json;
use walletscope_journal::{Direction, EmbeddedStore, Options, Read, Store, Table};
use walletscope_model::Offset;

use super::server::{TestServer, now_millis};

/// Published test numbers of Visa, Mastercard, Amex; one per entry point, so that a leak names its door.
const PANS: [(&str, &str); 12] = [
    ("log text", "4111111111111111"),
    ("log json", "5555555555554444"),
    ("log json with dashes", "4012-8888-8888-1881"),
    ("metric dimension", "378282246310005"),
    ("group name", "4222222222222220"),
    ("stream name", "5105105105105100"),
    ("tag", "6011111111111117"),
    ("search box", "3530111333300000"),
    ("url", "4000056655665556"),
    ("query text", "5200828282828210"),
    ("header", "6011000990139424"),
    ("invocation id", "30569309025904"),
];

fn pan(door: &str) -> &'static str {
    PANS.iter().find(|row| row.0 == door).unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn card_numbers_planted_in_every_entry_point_are_found_nowhere() {
    let server = TestServer::start().await;
    let mut answers = Vec::new();
    plant_in_calls(&server, &mut answers).await;
    plant_in_requests(&server, &mut answers).await;
    let listed = server.wait_for("/api/v1/requests/corr_pan_1", "SUCCESS").await;
    assert!(listed.contains("411111"), "the truncated number stays: {listed}");
    answers.push(listed);
    for path in ["/api/v1/requests", "/api/v1/metrics", "/metrics"] {
        answers.push(server.get(path).await.1);
    }
    for answer in &answers {
        check_clean("an answer", answer.as_bytes());
    }
    let folder = server.folder.clone();
    server.server.stop().await;
    let seen = check_store(&folder.path().join("store"));
    assert!(seen > 10, "the store was read: {seen} values");
    check_files(folder.path());
}

async fn plant_in_calls(server: &TestServer, answers: &mut Vec<String>) {
    server.make_stream("/g", "s").await;
    let now = now_millis();
    let events = json!({"logGroupName": "/g", "logStreamName": "s", "logEvents": [
        {"timestamp": now, "message": format!("declined {} at the till", pan("log text"))},
        {"timestamp": now, "message": json!({"event": "TOKEN_PROVISION_START", "correlationId": "corr_pan_1",
            "pan": pan("log json"), "note": pan("log json with dashes"), "cvv": "737",
            "deviceName": pan("log text"), "requestId": pan("log text")}).to_string()},
        {"timestamp": now + 1, "message": json!({"event": "TOKEN_PROVISION_SUCCESS", "correlationId": "corr_pan_1"}).to_string()},
    ]});
    let put = server.logs("PutLogEvents", events, pan("invocation id")).await;
    assert_eq!(put.status, 200, "{:?}", put.body);
    let group = format!("/g/{}", pan("group name"));
    for (operation, body) in [
        ("CreateLogGroup", json!({"logGroupName": group, "tags": {"card": pan("tag")}})),
        ("CreateLogStream", json!({"logGroupName": group, "logStreamName": pan("stream name")})),
        ("CreateLogStream", json!({"logGroupName": group, "logStreamName": pan("stream name")})),
        ("CreateLogGroup", json!({"logGroupName": format!("*{}", pan("group name"))})),
        ("DescribeLogGroups", json!({})),
        ("DescribeLogStreams", json!({"logGroupName": group})),
        ("DescribeLogStreams", json!({"logGroupName": "/none", "logStreamNamePrefix": pan("query text")})),
        (
            "DescribeLogGroups",
            json!({"logGroupNamePattern": pan("query text"), "nextToken": pan("query text")}),
        ),
        (
            "PutLogEvents",
            json!({"logGroupName": group, "logStreamName": pan("stream name"), "logEvents": pan("log text")}),
        ),
    ] {
        let answer = server.logs(operation, body, "").await;
        answers.push(String::from_utf8_lossy(&answer.body).into_owned());
    }
    let call = walletscope_server::client::Call {
        service: "monitoring",
        target: "GraniteServiceVersion20100801.PutMetricData",
        content_type: "application/x-amz-json-1.0",
        body: json!({"Namespace": format!("N {}", pan("metric dimension")), "MetricData": [{
            "MetricName": format!("M {}", pan("metric dimension")), "Value": 1,
            "Dimensions": [{"Name": "card", "Value": pan("metric dimension")}]}]})
        .to_string()
        .into(),
        invocation_id: String::new(),
    };
    let answer = server.aws().call_once(&call).await.unwrap();
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

async fn plant_in_requests(server: &TestServer, answers: &mut Vec<String>) {
    let bearer = format!("Bearer {}", server.api_token);
    let url = pan("url");
    for path in [
        format!("/api/v1/requests/{url}"),
        format!("/api/v1/requests/no-such-id-{url}"),
        format!("/api/v1/requests?q={}", pan("search box")),
        format!("/api/v1/requests?issuer={}", pan("query text")),
        format!("/api/v1/requests?from={}", pan("query text")),
        format!("/api/v1/requests?{}=1", pan("query text")),
        format!("/api/v1/metrics?bin={}", pan("query text")),
        format!("/api/v1/trends?maxDataPoints={}", pan("query text")),
        format!("/{url}"),
        format!("/?Action={url}&Version=2011-06-15"),
        format!("/service/{url}/operation/{url}"),
    ] {
        answers.push(server.send("GET", &path, &[("authorization", &bearer)], "").await.1);
        answers.push(server.send("POST", &path, &[("authorization", &bearer)], "").await.1);
    }
    let card = pan("header");
    for headers in [
        vec![("x-amz-target", card)],
        vec![("authorization", card)],
        vec![("authorization", &*format!("Bearer {card}"))],
        vec![("host", card)],
        vec![("user-agent", card), ("x-amz-target", "Logs_20140328.PutLogEvents")],
        vec![("content-encoding", card), ("authorization", "AWS4-HMAC-SHA256 Credential=4111111111111111/x")],
    ] {
        answers.push(server.send("POST", "/", &headers, card).await.1);
    }
}

/// Every entry and every value of the state; how many were read.
fn check_store(folder: &Path) -> usize {
    let store = EmbeddedStore::open(folder, Options::default()).unwrap();
    let mut seen = 0;
    for (offset, bytes) in store.entries(Offset(1), usize::MAX).unwrap() {
        let batch = walletscope_journal::decode(&bytes).unwrap();
        check_clean(&format!("entry {}", offset.0), format!("{batch:?}").as_bytes());
        seen += 1;
    }
    let snapshot = store.snapshot();
    for table in Table::ALL {
        let all = (Bound::Unbounded, Bound::Unbounded);
        snapshot
            .scan(table, all, Direction::Forward, &mut |key, value| {
                check_clean(table.name(), key);
                check_clean(table.name(), value);
                seen += 1;
                ControlFlow::Continue(())
            })
            .unwrap();
    }
    seen
}

fn check_files(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            check_files(&path);
        } else {
            check_clean(&path.display().to_string(), &std::fs::read(&path).unwrap());
        }
    }
}

fn check_clean(place: &str, bytes: &[u8]) {
    for (door, number) in PANS {
        let plain = number.replace('-', "");
        for needle in [number, plain.as_str()] {
            let found = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            assert!(
                !found,
                "the card number of '{door}' was found in {place}: {}",
                String::from_utf8_lossy(&bytes[..bytes.len().min(300)])
            );
        }
    }
}

//! Card numbers are planted in every entry point and must be found nowhere: not in the store, not in any file, not in
//! an error answer, not in the API. A new entry point is a new row of the table.

use std::ops::{Bound, ControlFlow};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::json;
use walletscope_journal::{Direction, EmbeddedStore, Options, Read, Store, Table};
use walletscope_model::Offset;

use super::server::{TestServer, now_millis};

/// Published test numbers of Visa, Mastercard, Amex; one per entry point, so that a leak names its door.
const PANS: [(&str, &str); 30] = [
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
    ("region", "4917610000000000"),
    ("json body", "4462030000000000"),
    ("metric by query", "4263982640269299"),
    ("metric by cbor", "5425233430109903"),
    ("live event", "4917484589897107"),
    ("live position", "4001919257537193"),
    ("own log", "2223000048410010"),
    ("import log", "4532015112830366"),
    ("import group", "4716044484501023"),
    ("import metric", "5400123456789010"),
    ("import span", "4929182736455466"),
    ("import audit", "5245123450987619"),
    ("import error", "4485599001122339"),
    ("import key", "4556011223344554"),
    ("import source", "4024007112233449"),
    ("dashboard body", "4539578763621486"),
    ("dashboard name", "5555341244441115"),
    ("detector", "6011601160116611"),
];

fn pan(door: &str) -> &'static str {
    PANS.iter().find(|row| row.0 == door).unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn card_numbers_planted_in_every_entry_point_are_found_nowhere() {
    let log = capture_log();
    let server = TestServer::start().await;
    let mut answers = Vec::new();
    plant_in_calls(&server, &mut answers).await;
    plant_in_regions(&server, &mut answers).await;
    plant_in_metrics(&server, &mut answers).await;
    plant_in_definitions(&server, &mut answers).await;
    plant_in_requests(&server, &mut answers).await;
    plant_in_streams(&server, &mut answers).await;
    plant_in_imports(&server, &mut answers).await;
    let listed = server.wait_for("/api/v1/requests/corr_pan_1", "SUCCESS").await;
    assert!(listed.contains("411111"), "the truncated number stays: {listed}");
    answers.push(listed);
    for path in ["/api/v1/requests", "/api/v1/requests.csv", "/api/v1/metrics", "/metrics"] {
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
    let log = log.0.lock().unwrap();
    let text = String::from_utf8_lossy(&log);
    assert!(text.contains("a card came by") && text.contains("sqlx"), "the log was captured: {text}");
    check_clean("our own log", &log);
}

/// Writes into a text that the test reads.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(piece)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything that this process logs from now on, our libraries' chatter included.
fn capture_log() -> Kept {
    let log = Kept::default();
    let target = log.clone();
    let filter = tracing_subscriber::EnvFilter::new("trace");
    let subscriber = walletscope_server::observe::log::subscriber(filter, move || target.clone());
    tracing::subscriber::set_global_default(subscriber).unwrap();
    tracing::warn!(card = pan("own log"), "a card came by: {}", pan("own log"));
    log
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

async fn plant_in_metrics(server: &TestServer, answers: &mut Vec<String>) {
    let card = pan("metric by query");
    let form = format!(
        "Action=PutMetricData&Version=2010-08-01&Namespace=N+{card}&MetricData.member.1.MetricName=M+{card}\
         &MetricData.member.1.Value=1&MetricData.member.1.Dimensions.member.1.Name=D+{card}\
         &MetricData.member.1.Dimensions.member.1.Value={card}"
    );
    let cbor_card = pan("metric by cbor");
    let datum = json!({"MetricName": format!("M {cbor_card}"), "Value": 1,
        "Dimensions": [{"Name": format!("D {cbor_card}"), "Value": cbor_card}]});
    let right = json!({"Namespace": format!("N {cbor_card}"), "MetricData": [datum]});
    let wrong = json!({"Namespace": cbor_card, "MetricData": cbor_card});
    let form_type = [("content-type", "application/x-www-form-urlencoded")];
    let cbor_type = [("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")];
    let cbor_path = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    for (path, headers, body, is_right) in [
        ("/", &form_type[..], form.clone().into_bytes(), true),
        ("/", &form_type[..], form.replace("Value=1", &format!("Value={card}x")).into_bytes(), false),
        (cbor_path, &cbor_type[..], cbor(&right), true),
        (cbor_path, &cbor_type[..], cbor(&wrong), false),
    ] {
        let answer = server.signed("monitoring", path, headers, &body).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status == 200, is_right, "{} {text}", answer.status);
        answers.push(text);
    }
}

async fn plant_in_definitions(server: &TestServer, answers: &mut Vec<String>) {
    let (body, name, metric) = (pan("dashboard body"), pan("dashboard name"), pan("detector"));
    let widget = json!({"type": "text", "properties": {"markdown": body}});
    let dashboard = |name: &str, card: &str| {
        let widgets = json!({"widgets": [widget, {"type": "text", "title": card}]}).to_string();
        json!({"DashboardName": name, "DashboardBody": widgets, "Tags": [{"Key": card, "Value": card}]})
    };
    let detector = json!({"SingleMetricAnomalyDetector": {
        "Namespace": format!("N {metric}"), "MetricName": format!("M {metric}"), "Stat": "Sum",
        "Dimensions": [{"Name": format!("D {metric}"), "Value": metric}]}});
    let no_zone = json!({"Configuration": {"MetricTimezone": metric},
        "SingleMetricAnomalyDetector": {"Namespace": "N", "MetricName": "M", "Stat": "Sum"}});
    let no_statistic = json!({"Namespace": "N", "MetricName": "M", "Stat": metric});
    let tagged = json!({"DashboardName": "tagged", "DashboardBody": r#"{"widgets": []}"#,
        "Tags": [{"Key": body, "Value": body}]});
    for (operation, body, status) in [
        ("PutDashboard", dashboard("in-body", body), 400),
        ("PutDashboard", json!({"DashboardName": name, "DashboardBody": r#"{"widgets": []}"#}), 400),
        ("PutDashboard", tagged, 200),
        ("GetDashboard", json!({"DashboardName": name}), 404),
        ("ListDashboards", json!({"DashboardNamePrefix": name}), 200),
        ("DeleteDashboards", json!({"DashboardNames": [name]}), 404),
        ("PutAnomalyDetector", detector.clone(), 200),
        ("PutAnomalyDetector", no_zone, 400),
        ("PutAnomalyDetector", no_statistic, 400),
        ("DescribeAnomalyDetectors", json!({"MetricName": format!("M {metric}")}), 200),
        ("DescribeAnomalyDetectors", json!({"NextToken": metric}), 400),
        ("DeleteAnomalyDetector", detector, 200),
        ("DeleteAnomalyDetector", json!({"AnomalyDetectorId": metric}), 404),
    ] {
        let target: &'static str = Box::leak(format!("GraniteServiceVersion20100801.{operation}").into());
        let call = walletscope_server::client::Call {
            service: "monitoring",
            target,
            content_type: "application/x-amz-json-1.0",
            body: body.to_string().into(),
            invocation_id: String::new(),
        };
        let answer = server.aws().call_once(&call).await.unwrap();
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, status, "{operation} {text}");
        answers.push(text);
    }
}

/// A JSON value in CBOR (RFC 8949): maps, lists, short texts and numbers below 24 are all that is needed.
fn cbor(value: &serde_json::Value) -> Vec<u8> {
    let head = |major: u8, length: usize| match u8::try_from(length).unwrap() {
        short @ 0..24 => vec![major << 5 | short],
        long => vec![major << 5 | 24, long],
    };
    let text = |text: &str| [head(3, text.len()), text.as_bytes().to_vec()].concat();
    match value {
        serde_json::Value::Object(map) => {
            let members = map.iter().flat_map(|(key, value)| [text(key), cbor(value)]);
            [vec![head(5, map.len())], members.collect()].concat().concat()
        }
        serde_json::Value::Array(items) => {
            [head(4, items.len()), items.iter().flat_map(cbor).collect()].concat()
        }
        serde_json::Value::String(string) => text(string),
        number => head(0, number.as_u64().unwrap() as usize),
    }
}

/// Live events show an attempt; what a client says about its place in the stream is read and never shown.
async fn plant_in_streams(server: &TestServer, answers: &mut Vec<String>) {
    let (card, place) = (pan("live event"), pan("live position"));
    let position = format!("{place}-{place}");
    let live = server.stream_until("/api/v1/stream", &position, "corr_pan_live");
    let sent = async {
        // The stream has begun when this comes: what is sent before it is no news.
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let message = json!({"event": "TOKEN_PROVISION_START", "correlationId": "corr_pan_live", "issuer": card,
            "walletProvider": format!("w {card}"), "deviceName": card, "bin": card, "reasonCode": card});
        let events = json!({"logGroupName": "/g", "logStreamName": "s",
            "logEvents": [{"timestamp": now_millis(), "message": message.to_string()}]});
        assert_eq!(server.logs("PutLogEvents", events, "").await.status, 200);
    };
    let (seen, ()) = tokio::join!(live, sent);
    assert!(seen.contains("event: reset"), "{seen}");
    answers.push(seen);
    let filtered = format!("/api/v1/stream?wallet={place}&topics=kpi");
    answers.push(server.stream_until(&filtered, "", "event: kpi").await);
    for query in [format!("topics={place}"), format!("from={place}"), format!("{place}=1")] {
        answers.push(server.get(&format!("/api/v1/stream?{query}")).await.1);
    }
}

/// A region can be made of digits and dashes alone.
async fn plant_in_regions(server: &TestServer, answers: &mut Vec<String>) {
    let dashed = format!("{}-{}-{}-{}", "4917", "6100", "0000", "0000");
    for region in [pan("region"), &dashed, &format!("eu-{}", pan("region"))] {
        let aws = server.aws_in(region);
        for (target, body) in [
            ("Logs_20140328.CreateLogGroup", json!({"logGroupName": "/region"})),
            ("Logs_20140328.DescribeLogGroups", json!({})),
        ] {
            let call = logs_call(target, &body);
            let answer = aws.call_once(&call).await.unwrap();
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(answer.status == 400 && text.contains("valid region"), "{} {text}", answer.status);
            answers.push(text);
        }
    }
}

/// Records of every signal, and chunks that are refused with the reason.
async fn plant_in_imports(server: &TestServer, answers: &mut Vec<String>) {
    let bearer = format!("Bearer {}", server.api_token);
    let (log, group) = (pan("import log"), pan("import group"));
    let (metric, span, audit) = (pan("import metric"), pan("import span"), pan("import audit"));
    let at = "2026-01-01T00:00:00Z";
    let message = json!({"event": "TOKEN_PROVISION_START", "correlationId": "corr_pan_import", "pan": log,
        "requestId": log, "deviceName": log});
    let annotations = json!({"pan": span}).to_string();
    let parameters = json!({"pan": audit, "cvv": "737"}).to_string();
    let lines = [
        json!({"log": {"log_group": format!("/g/{group}"), "log_stream": group, "timestamp": at,
            "message": message.to_string()}}),
        json!({"metric": {"namespace": metric, "metric_name": metric, "dimensions": [[metric, metric]],
            "timestamp": at, "unit": "Count", "storage_resolution": 60, "values": [[1.0, 1.0]]}}),
        json!({"span": {"timestamp": at, "trace_id": span, "span_id": span, "parent_id": span, "name": span,
            "namespace": span, "http_method": span, "http_url": format!("/cards/{span}"), "user_agent": span,
            "client_ip": span, "operation": span, "resource": span, "wallet_provider": span, "issuer": span,
            "correlation_id": "corr_pan_import", "request_id": span, "token_reference_id": span,
            "annotations": annotations, "metadata": annotations}}),
        json!({"audit": {"timestamp": at, "event_id": audit, "event_source": audit, "event_name": audit,
            "event_type": audit, "aws_region": audit, "source_ip_address": audit, "user_agent": audit,
            "user_identity": parameters, "request_id": audit, "token_reference_id": audit,
            "correlation_id": "corr_pan_import", "wallet_provider": audit, "issuer": audit, "status": audit,
            "error_code": audit, "error_message": audit, "request_parameters": parameters,
            "response_elements": parameters, "additional_data": parameters}}),
    ];
    let body = lines.map(|line| line.to_string()).join("\n");
    let headers = [("authorization", &*bearer), ("idempotency-key", pan("import key"))];
    let (status, answer) = server.send("POST", "/api/v1/import", &headers, &body).await;
    assert_eq!(status, 200, "{answer}");
    answers.push(answer);
    let error = pan("import error");
    let metric_line = |unit: &str| {
        let line = json!({"metric": {"namespace": "N", "metric_name": "M", "timestamp": at, "unit": unit,
            "storage_resolution": 60, "values": [[1.0, 1.0]]}});
        line.to_string()
    };
    for (path, body) in [
        ("/api/v1/import".to_owned(), error.to_owned()),
        ("/api/v1/import".to_owned(), json!({error: error}).to_string()),
        ("/api/v1/import".to_owned(), json!({"log": {error: error}}).to_string()),
        ("/api/v1/import".to_owned(), metric_line(error)),
        (format!("/api/v1/import?source={}", pan("import source")), body.clone()),
        (format!("/api/v1/import?{}=1", pan("import source")), body.clone()),
    ] {
        let (status, answer) = server.send("POST", &path, &headers, &body).await;
        assert_eq!(status, 400, "{answer}");
        answers.push(answer);
    }
    let shown = server.wait_for("/api/v1/requests/corr_pan_import", "audit").await;
    assert!(shown.contains("span"), "{shown}");
    answers.push(shown);
}

fn logs_call(target: &'static str, body: &serde_json::Value) -> walletscope_server::client::Call {
    walletscope_server::client::Call {
        service: "logs",
        target,
        content_type: "application/x-amz-json-1.1",
        body: body.to_string().into(),
        invocation_id: String::new(),
    }
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
        format!("/api/v1/logs/events?pattern={}", pan("query text")),
        format!("/api/v1/logs/events?group={0}&stream={0}", pan("query text")),
        format!("/api/v1/logs/events?cursor={}", pan("query text")),
        format!("/api/v1/logs/histogram?pattern=%5B{}", pan("query text")),
        format!("/api/v1/logs/tail?pattern={}", pan("query text")),
        format!("/{url}"),
        format!("/?Action={url}&Version=2011-06-15"),
        format!("/service/{url}/operation/{url}"),
    ] {
        answers.push(server.send("GET", &path, &[("authorization", &bearer)], "").await.1);
        answers.push(server.send("POST", &path, &[("authorization", &bearer)], "").await.1);
    }
    let json = [("authorization", &*bearer), ("content-type", "application/json")];
    for body in [
        format!(r#"{{"access_key":{}}}"#, pan("json body")),
        format!(r#"{{"access_key":"{}"}}"#, pan("json body")),
        format!(r#"{{"{}":1}}"#, pan("json body")),
        format!("{} {{", pan("json body")),
    ] {
        let (status, answer) = server.send("POST", "/api/v1/backfill-end", &json, &body).await;
        assert!(
            (400..=404).contains(&status) && answer.starts_with(r#"{"error":{"code":"#),
            "{status} {answer}"
        );
        answers.push(answer);
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

//! Subscription filters over real HTTP: what an endpoint gets when it takes everything, fails, is away or comes late, and
//! over a restart of the server.

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use walletscope_server::delivery::AccessKeys;
use walletscope_server::settings::Settings;
use walletscope_server::start::{start_as_it_is, system_now};

use super::server::{TestServer, now_millis, settings};

const ARRIVES_AFTER_MAX: Duration = Duration::from_secs(20);

/// What an endpoint was sent, taken or not.
#[derive(Clone, Debug)]
struct Sent {
    request_id: String,
    access_key: Option<String>,
    source_arn: String,
    /// Envelopes in their order.
    envelopes: Vec<Value>,
    is_taken: bool,
}

/// An endpoint on this machine that answers the first deliveries as it is told and takes all others.
#[derive(Clone, Default)]
struct Endpoint {
    sent: Arc<Mutex<Vec<Sent>>>,
    answers: Arc<Mutex<VecDeque<StatusCode>>>,
    /// Deliveries with more records are too large.
    records_max: Option<usize>,
}

impl Endpoint {
    async fn start(self) -> (Self, String) {
        let endpoint = self.clone();
        let take = move |headers: HeaderMap, body: Bytes| async move { endpoint.take(&headers, &body) };
        let bound = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/firehose", bound.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(bound, Router::new().route("/firehose", post(take))).await });
        (self, url)
    }

    fn take(&self, headers: &HeaderMap, body: &[u8]) -> impl IntoResponse + use<> {
        let header = |name: &str| Some(headers.get(name)?.to_str().unwrap().to_owned());
        let body: Value = serde_json::from_slice(body).unwrap();
        let request_id = header("x-amz-firehose-request-id").unwrap();
        assert_eq!(body["requestId"], *request_id);
        let envelopes: Vec<Value> = body["records"].as_array().unwrap().iter().map(envelope).collect();
        let is_control = envelopes.iter().any(|envelope| envelope["messageType"] == "CONTROL_MESSAGE");
        let told = if is_control { None } else { self.answers.lock().unwrap().pop_front() };
        let is_too_large = self.records_max.is_some_and(|records_max| envelopes.len() > records_max);
        let status =
            told.unwrap_or(if is_too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::OK });
        self.sent.lock().unwrap().push(Sent {
            request_id: request_id.clone(),
            access_key: header("x-amz-firehose-access-key"),
            source_arn: header("x-amz-firehose-source-arn").unwrap(),
            envelopes,
            is_taken: status == StatusCode::OK,
        });
        (status, json!({"requestId": request_id, "timestamp": now_millis()}).to_string())
    }

    /// Deliveries of log events.
    fn deliveries(&self) -> Vec<Sent> {
        let is_data =
            |sent: &Sent| sent.envelopes.iter().all(|envelope| envelope["messageType"] == "DATA_MESSAGE");
        self.sent.lock().unwrap().iter().filter(|sent| is_data(sent)).cloned().collect()
    }

    /// The messages that were taken, by the id of their event, with how often.
    fn taken(&self) -> BTreeMap<String, (String, usize)> {
        let mut taken = BTreeMap::new();
        for sent in self.deliveries().into_iter().filter(|sent| sent.is_taken) {
            for event in sent.envelopes.iter().flat_map(|envelope| envelope["logEvents"].as_array().unwrap())
            {
                let text = |name: &str| event[name].as_str().unwrap().to_owned();
                taken.entry(text("id")).or_insert((text("message"), 0)).1 += 1;
            }
        }
        taken
    }

    async fn wait_for(&self, messages: &[&str]) {
        let begun = Instant::now();
        loop {
            let mut taken: Vec<String> = self.taken().into_values().map(|(message, _)| message).collect();
            taken.sort();
            if taken == messages {
                return;
            }
            assert!(begun.elapsed() < ARRIVES_AFTER_MAX, "{taken:?} is not {messages:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn envelope(record: &Value) -> Value {
    let bytes = STANDARD.decode(record["data"].as_str().unwrap()).unwrap();
    let mut text = String::new();
    GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn allowed(folder: &Path, url: &str) -> Settings {
    let mut settings = settings(folder);
    settings.delivery.networks = vec!["127.0.0.1".parse().unwrap()];
    let origin = url.strip_suffix("/firehose").unwrap();
    settings.delivery.keys = AccessKeys::read(&format!("{origin} the-key")).unwrap();
    settings
}

async fn server(change: impl FnOnce(&mut Settings), url: &str) -> TestServer {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut settings = allowed(folder.path(), url);
    change(&mut settings);
    let server = TestServer::start_by(settings, folder, system_now()).await;
    server.make_stream("/g", "s").await;
    server
}

async fn put_filter(server: &TestServer, name: &str, pattern: &str, url: &str) -> (u16, Value) {
    let body =
        json!({"logGroupName": "/g", "filterName": name, "filterPattern": pattern, "destinationArn": url});
    let answer = server.logs("PutSubscriptionFilter", body, "").await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

async fn log(server: &TestServer, messages: &[&str]) {
    let events: Vec<_> =
        messages.iter().map(|message| json!({"timestamp": now_millis(), "message": message})).collect();
    let body = json!({"logGroupName": "/g", "logStreamName": "s", "logEvents": events});
    let answer = server.logs("PutLogEvents", body, "").await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

async fn shown(server: &TestServer) -> Value {
    let (status, body) = server.get("/api/v1/logs/subscription-filters").await;
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(body.lines().next().unwrap()).unwrap();
    answer["subscriptionFilters"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_matches_arrives_in_the_form_of_firehose() {
    let (endpoint, url) = Endpoint::default().start().await;
    let server = server(|_| {}, &url).await;
    log(&server, &["ERROR before the filter"]).await;
    assert_eq!(put_filter(&server, "siem", "ERROR", &url).await.0, 200);
    log(&server, &["ERROR one", "fine", "ERROR two 4111111111111111"]).await;
    endpoint.wait_for(&["ERROR one", "ERROR two 41111111****1111"]).await;
    let sent = endpoint.deliveries().remove(0);
    assert_eq!(sent.access_key.as_deref(), Some("the-key"));
    assert_eq!(sent.source_arn, "arn:aws:firehose:eu-central-1:123456789012:deliverystream/siem");
    let envelope = &sent.envelopes[0];
    for (member, expected) in [
        ("owner", json!("123456789012")),
        ("logGroup", json!("/g")),
        ("logStream", json!("s")),
        ("subscriptionFilters", json!(["siem"])),
    ] {
        assert_eq!(envelope[member], expected, "{member}");
    }
    // The id is the one that FilterLogEvents tells.
    let found =
        server.logs("FilterLogEvents", json!({"logGroupName": "/g", "filterPattern": "one"}), "").await;
    let found: Value = serde_json::from_slice(&found.body).unwrap();
    assert_eq!(envelope["logEvents"][0]["id"], found["events"][0]["eventId"]);
    assert_eq!(envelope["logEvents"][0]["timestamp"], found["events"][0]["timestamp"]);
    let shown = shown(&server).await;
    assert_eq!((&shown["deliveredEvents"], &shown["failing"]), (&json!(2), &Value::Null), "{shown}");
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_tried_until_it_is_taken_and_a_restart_loses_nothing() {
    let (endpoint, url) = Endpoint::default().start().await;
    endpoint.answers.lock().unwrap().extend([StatusCode::SERVICE_UNAVAILABLE, StatusCode::OK]);
    let server = server(|_| {}, &url).await;
    put_filter(&server, "all", "", &url).await;
    log(&server, &["one"]).await;
    endpoint.wait_for(&["one"]).await;
    let tries = endpoint.deliveries();
    assert_eq!(tries.iter().map(|sent| sent.is_taken).collect::<Vec<_>>(), [false, true]);
    assert_eq!(tries[0].request_id, tries[1].request_id, "a try that comes again is known by its id");
    // Away for longer than the server lives.
    endpoint.answers.lock().unwrap().extend([StatusCode::BAD_GATEWAY; 3]);
    log(&server, &["two"]).await;
    let begun = Instant::now();
    while endpoint.deliveries().len() < 3 {
        assert!(begun.elapsed() < ARRIVES_AFTER_MAX);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let failing = shown(&server).await["failing"].clone();
    assert_eq!((&failing["tries"], &failing["reason"]), (&json!(1), &json!("the endpoint answered 502")));
    let folder = server.folder.clone();
    server.server.stop().await;
    endpoint.answers.lock().unwrap().clear();
    let server = TestServer::start_by(allowed(folder.path(), &url), folder, system_now()).await;
    log(&server, &["three"]).await;
    endpoint.wait_for(&["one", "three", "two"]).await;
    let twice: Vec<_> = endpoint.taken().into_iter().filter(|(_, (_, times))| *times > 1).collect();
    assert_eq!(twice, [], "what was noted is not sent again");
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_long_is_put_aside_as_it_was_sent() {
    let (endpoint, url) = Endpoint::default().start().await;
    endpoint.answers.lock().unwrap().extend([StatusCode::FORBIDDEN; 3]);
    let short = |settings: &mut Settings| settings.delivery.retry_for = walletscope_model::Duration(300_000);
    let server = server(short, &url).await;
    put_filter(&server, "all", "", &url).await;
    log(&server, &["one", "two"]).await;
    let begun = Instant::now();
    while shown(&server).await["putAsideEvents"] != 2 {
        assert!(begun.elapsed() < ARRIVES_AFTER_MAX, "{}", shown(&server).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    log(&server, &["three"]).await;
    endpoint.wait_for(&["three"]).await;
    let letters = server.folder.path().join("dead-letters");
    let folder = std::fs::read_dir(&letters).unwrap().next().unwrap().unwrap().path();
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("{files:?}") };
    let body: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(body["requestId"], *endpoint.deliveries()[0].request_id);
    let kept = envelope(&body["records"][0]);
    assert_eq!(kept["logEvents"][1]["message"], "two");
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_comes_in_parts() {
    let (endpoint, url) = Endpoint { records_max: Some(1), ..Endpoint::default() }.start().await;
    let server = server(|_| {}, &url).await;
    // The first delivery fails, so that the next one has several entries.
    endpoint.answers.lock().unwrap().extend([StatusCode::SERVICE_UNAVAILABLE; 1]);
    put_filter(&server, "all", "", &url).await;
    for message in ["one", "two", "three"] {
        log(&server, &[message]).await;
    }
    endpoint.wait_for(&["one", "three", "two"]).await;
    assert!(endpoint.taken().into_values().all(|(_, times)| times == 1));
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_goes_where_a_changed_filter_says() {
    let (away, away_url) = Endpoint::default().start().await;
    let (endpoint, url) = Endpoint::default().start().await;
    let server = server(|_| {}, &url).await;
    away.answers.lock().unwrap().extend([StatusCode::SERVICE_UNAVAILABLE; 100]);
    put_filter(&server, "all", "", &away_url).await;
    log(&server, &["one"]).await;
    let begun = Instant::now();
    while away.deliveries().is_empty() {
        assert!(begun.elapsed() < ARRIVES_AFTER_MAX);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    put_filter(&server, "all", "", &url).await;
    endpoint.wait_for(&["one"]).await;
    let deleted = json!({"logGroupName": "/g", "filterName": "all"});
    assert_eq!(server.logs("DeleteSubscriptionFilter", deleted.clone(), "").await.status, 200);
    assert_eq!(server.logs("DeleteSubscriptionFilter", deleted, "").await.status, 400);
    log(&server, &["two"]).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    endpoint.wait_for(&["one"]).await;
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn destinations_that_may_not_be_or_do_not_answer_are_refused() {
    let (endpoint, url) = Endpoint::default().start().await;
    let shut = server(|settings| settings.delivery.networks.clear(), &url).await;
    let of_machine = url.replace("127.0.0.1", "localhost");
    let is_put = put_filter(&shut, "f", "", "https://169.254.169.254/latest/meta-data").await;
    assert_eq!((is_put.0, is_put.1["__type"].as_str()), (400, Some("InvalidParameterException")));
    for (destination, reason) in [
        (url.as_str(), "--delivery-network"),
        (of_machine.as_str(), "--delivery-network"),
        ("arn:aws:lambda:eu-central-1:123456789012:function:f", "HTTP endpoints"),
        ("nowhere", "no URL"),
    ] {
        let (status, answer) = put_filter(&shut, "f", "", destination).await;
        assert_eq!(status, 400, "{destination}");
        assert!(answer["message"].as_str().unwrap().contains(reason), "{destination}: {answer}");
    }
    assert!(endpoint.sent.lock().unwrap().is_empty(), "nobody was asked");
    shut.server.stop().await;
    let open = server(|_| {}, &url).await;
    let (status, answer) = put_filter(&open, "f", "", &url.replace("/firehose", "/elsewhere")).await;
    assert_eq!(status, 400);
    assert!(answer["message"].as_str().unwrap().contains("the endpoint answered 404"), "{answer}");
    let (status, answer) = put_filter(&open, "f", "{ $.a = }", &url).await;
    assert_eq!((status, answer["__type"].as_str()), (400, Some("InvalidParameterException")));
    for (name, status) in [("one", 200), ("two", 200), ("two", 200), ("three", 400)] {
        assert_eq!(put_filter(&open, name, "", &url).await.0, status, "{name}");
    }
    let described = open.logs("DescribeSubscriptionFilters", json!({"logGroupName": "/g"}), "").await;
    let described: Value = serde_json::from_slice(&described.body).unwrap();
    let names: Vec<_> = described["subscriptionFilters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|filter| &filter["filterName"])
        .collect();
    assert_eq!(names, ["one", "two"]);
    open.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_before_deliveries_where_too_much_waits() {
    let (endpoint, url) = Endpoint::default().start().await;
    endpoint.answers.lock().unwrap().extend([StatusCode::SERVICE_UNAVAILABLE; 10_000]);
    let server = server(|settings| settings.journal.bytes = 4 << 20, &url).await;
    put_filter(&server, "all", "", &url).await;
    let mut number = 7_u64;
    let mut noise = || {
        let letters = (0..200_000).map(|_| {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'a' + u8::try_from((number >> 33) % 26).unwrap())
        });
        letters.collect::<String>()
    };
    for _ in 0..30 {
        // Six megabytes through a journal of four: every call is taken.
        log(&server, &[&noise()]).await;
    }
    let begun = Instant::now();
    while shown(&server).await["putAsideEvents"] == 0 {
        assert!(begun.elapsed() < ARRIVES_AFTER_MAX, "{}", shown(&server).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_only_looks_at_its_folder_sends_nothing() {
    let (endpoint, url) = Endpoint::default().start().await;
    endpoint.answers.lock().unwrap().extend([StatusCode::SERVICE_UNAVAILABLE; 10_000]);
    let server = server(|_| {}, &url).await;
    put_filter(&server, "all", "", &url).await;
    log(&server, &["one"]).await;
    let folder = server.folder.clone();
    server.server.stop().await;
    endpoint.answers.lock().unwrap().clear();
    let looking = start_as_it_is(&allowed(folder.path(), &url), system_now()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(endpoint.taken(), BTreeMap::new());
    looking.stop().await;
    let server = TestServer::start_by(allowed(folder.path(), &url), folder, system_now()).await;
    endpoint.wait_for(&["one"]).await;
    server.server.stop().await;
}

//! Log events that expired, or whose group or stream was deleted, are seen nowhere from that moment on, and leave the
//! files; everything else stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use walletscope_model::Timestamp;
use walletscope_server::client::{AwsClient, Call};
use walletscope_server::pipeline::Now;
use walletscope_server::start::system_now;

use super::server::{TestServer, table};

const DAY_MICROS: i64 = 86_400_000_000;
const SEEN_AFTER_MAX: Duration = Duration::from_secs(10);
/// Maintenance begins twenty seconds after the start.
const PURGED_AFTER_MAX: Duration = Duration::from_secs(90);

/// A clock that can be set, in days from now. It never shows the future: what changes nothing but metadata is dated by
/// the machine's own, and a table's times do not go back.
fn clock() -> (Now, Arc<AtomicI64>) {
    let days = Arc::new(AtomicI64::new(0));
    let (system, shared) = (system_now(), days.clone());
    (Arc::new(move || Timestamp(system().0 + shared.load(Ordering::Relaxed) * DAY_MICROS)), days)
}

/// Calls by a clock.
struct Caller<'a> {
    server: &'a TestServer,
    now: Now,
}

impl<'a> Caller<'a> {
    fn new(server: &'a TestServer, now: &Now) -> Self {
        Self { server, now: now.clone() }
    }

    async fn call(&self, operation: &str, body: Value) {
        let target: &'static str = Box::leak(format!("Logs_20140328.{operation}").into_boxed_str());
        let endpoint = format!("http://{}", self.server.server.address);
        let credentials = self.server.credentials.clone();
        let client = AwsClient::new(&endpoint, credentials, "eu-central-1", self.now.clone());
        let call = Call {
            service: "logs",
            target,
            content_type: "application/x-amz-json-1.1",
            body: body.to_string().into(),
            invocation_id: String::new(),
        };
        let answer = client.call_once(&call).await.unwrap();
        assert_eq!(answer.status, 200, "{operation} {body}: {:?}", answer.body);
    }

    async fn make_stream(&self, group: &str, stream: &str) {
        self.call("CreateLogStream", json!({"logGroupName": group, "logStreamName": stream})).await;
    }

    async fn put(&self, group: &str, stream: &str, message: &str) {
        let events = json!([{"timestamp": (self.now)().millis(), "message": message}]);
        let body = json!({"logGroupName": group, "logStreamName": stream, "logEvents": events});
        self.call("PutLogEvents", body).await;
    }
}

async fn shown(server: &TestServer) -> Vec<String> {
    let rows = server.sql("SELECT message FROM log_events ORDER BY message").await;
    let messages = rows.as_array().unwrap().iter();
    messages.map(|row| row["message"].as_str().unwrap().to_owned()).collect()
}

/// What SQL shows, in whatever way it is asked; nothing arrives meanwhile.
async fn messages(server: &TestServer) -> Vec<String> {
    let messages = shown(server).await;
    let counts = server.sql("SELECT count(*) AS n, count(DISTINCT message) AS m FROM log_events").await;
    assert_eq!(counts, json!([{"n": messages.len(), "m": messages.len()}]), "{messages:?}");
    messages
}

async fn wait_for(server: &TestServer, expected: &[&str]) {
    let begun = Instant::now();
    loop {
        let messages = shown(server).await;
        if messages == expected {
            return;
        }
        assert!(begun.elapsed() < SEEN_AFTER_MAX, "{messages:?} is not {expected:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn task(server: &TestServer, task: &str) -> String {
    let lines = server.post(&format!("/api/v1/lake/{task}"), &json!({})).await;
    assert!(lines.contains(r#"{"done":{"problems":0}}"#), "{task}: {lines}");
    lines
}

/// Rows of log events in the files.
async fn rows_in_files(server: &TestServer) -> u64 {
    task(server, "verify").await;
    table(&server.storage().await, "log_events")["rows"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_gone_at_once_and_leaves_the_files_by_itself() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = TestServer::start_in(folder.clone()).await;
    let caller = Caller::new(&server, &system_now());
    for group in ["/dead", "/kept", "/other"] {
        caller.call("CreateLogGroup", json!({"logGroupName": group})).await;
    }
    for (group, stream) in [("/dead", "s"), ("/kept", "s"), ("/kept", "t"), ("/other", "s")] {
        caller.make_stream(group, stream).await;
    }
    let start = r#"{"event":"TOKEN_PROVISION_START","correlationId":"corr-00000001"}"#;
    caller.put("/dead", "s", start).await;
    for (group, stream) in [("/dead", "s"), ("/kept", "s"), ("/kept", "t"), ("/other", "s")] {
        caller.put(group, stream, &format!("old {group} {stream}")).await;
    }
    wait_for(&server, &["old /dead s", "old /kept s", "old /kept t", "old /other s", start]).await;
    caller.call("DeleteLogGroup", json!({"logGroupName": "/dead"})).await;
    caller.call("DeleteLogStream", json!({"logGroupName": "/kept", "logStreamName": "s"})).await;
    assert_eq!(messages(&server).await, ["old /kept t", "old /other s"], "in memory");
    caller.call("CreateLogGroup", json!({"logGroupName": "/dead"})).await;
    for group in ["/dead", "/kept"] {
        caller.make_stream(group, "s").await;
        caller.put(group, "s", &format!("new {group} s")).await;
    }
    let living = ["new /dead s", "new /kept s", "old /kept t", "old /other s"];
    wait_for(&server, &living).await;
    task(&server, "flush").await;
    assert_eq!(messages(&server).await, living, "in files");
    assert_eq!(rows_in_files(&server).await, 7);

    // What was deleted is known after a restart, and is purged without being asked for.
    server.server.stop().await;
    let server = TestServer::start_in(folder.clone()).await;
    assert_eq!(messages(&server).await, living);
    let begun = Instant::now();
    while !server.get("/metrics").await.1.contains("walletscope_lake_purged_rows 3") {
        assert!(begun.elapsed() < PURGED_AFTER_MAX, "{}", server.get("/metrics").await.1);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(rows_in_files(&server).await, 4);
    assert_eq!(messages(&server).await, living);
    let events = server.sql("SELECT count(*) AS n FROM token_provisioning_events").await;
    assert_eq!(events, json!([{"n": 1}]), "what log events told stays");

    // Nothing is left to look for, and nothing goes twice.
    server.server.stop().await;
    let server = TestServer::start_in(folder).await;
    assert!(task(&server, "expire").await.contains(r#""rowsPurged":0"#));
    assert_eq!(messages(&server).await, living);
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expired_is_not_seen_and_leaves_the_files_when_its_day_has_expired() {
    const BEGIN: i64 = -410;
    let (now, days) = clock();
    days.store(BEGIN, Ordering::Relaxed);
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = TestServer::start_with(folder.clone(), now.clone()).await;
    let caller = Caller::new(&server, &now);
    for group in ["/day", "/week", "/ever"] {
        caller.call("CreateLogGroup", json!({"logGroupName": group})).await;
        caller.make_stream(group, "s").await;
        caller.put(group, "s", group).await;
    }
    for (group, days) in [("/day", 1), ("/week", 7)] {
        caller.call("PutRetentionPolicy", json!({"logGroupName": group, "retentionInDays": days})).await;
    }
    wait_for(&server, &["/day", "/ever", "/week"]).await;
    // A day later it is still in memory, and not seen there; nor in files.
    days.store(BEGIN + 1, Ordering::Relaxed);
    assert_eq!(messages(&server).await, ["/ever", "/week"]);
    task(&server, "flush").await;
    assert_eq!(messages(&server).await, ["/ever", "/week"]);
    server.server.stop().await;
    let server = TestServer::start_with(folder.clone(), now.clone()).await;
    for (later, living) in
        [(1, &["/ever", "/week"][..]), (6, &["/ever", "/week"]), (8, &["/ever"]), (400, &["/ever"])]
    {
        days.store(BEGIN + later, Ordering::Relaxed);
        assert_eq!(messages(&server).await, living, "after {later} days");
        task(&server, "expire").await;
        assert_eq!(rows_in_files(&server).await, living.len() as u64, "after {later} days");
        assert_eq!(messages(&server).await, living, "after {later} days");
    }
    server.server.stop().await;
}

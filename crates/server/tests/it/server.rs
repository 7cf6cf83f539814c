//! A server in a temporary folder, and calls to it.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use walletscope_server::client::{Answer, AwsClient, Call, Credentials};
use walletscope_server::pipeline::Now;
use walletscope_server::settings::{Given, Settings};
use walletscope_server::start::{Server, start, system_now};
use walletscope_wire::aws::sigv4::{Scope, SigningKey};

const COUNTED_AFTER_MAX: Duration = Duration::from_secs(10);

pub struct TestServer {
    pub server: Server,
    pub folder: Arc<tempfile::TempDir>,
    pub credentials: Credentials,
    pub api_token: String,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap())).await
    }

    /// A bare server over any folder, made if missing.
    pub async fn start_at(folder: &Path) -> Server {
        start(&settings(folder), system_now()).await.unwrap()
    }

    pub async fn start_in(folder: Arc<tempfile::TempDir>) -> Self {
        Self::start_with(folder, system_now()).await
    }

    /// With a clock of the test's own.
    pub async fn start_with(folder: Arc<tempfile::TempDir>, now: Now) -> Self {
        Self::start_by(settings(folder.path()), folder, now).await
    }

    /// With settings of the test's own, over the folder that they name.
    pub async fn start_by(settings: Settings, folder: Arc<tempfile::TempDir>, now: Now) -> Self {
        let server = start(&settings, now).await.unwrap();
        let (credentials, api_token) = read_credentials(folder.path());
        Self { server, folder, credentials, api_token }
    }

    pub fn aws(&self) -> AwsClient {
        self.aws_in("eu-central-1")
    }

    pub fn aws_in(&self, region: &str) -> AwsClient {
        let endpoint = format!("http://{}", self.server.address);
        AwsClient::new(&endpoint, self.credentials.clone(), region, system_now())
    }

    /// One logs call; any answer is an answer.
    pub async fn logs(&self, operation: &str, body: serde_json::Value, invocation_id: &str) -> Answer {
        let target: &'static str = Box::leak(format!("Logs_20140328.{operation}").into_boxed_str());
        let call = Call {
            service: "logs",
            target,
            content_type: "application/x-amz-json-1.1",
            body: Bytes::from(body.to_string()),
            invocation_id: invocation_id.to_owned(),
        };
        self.aws().call_once(&call).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> (u16, String) {
        self.send("GET", path, &[("authorization", &format!("Bearer {}", self.api_token))], "").await
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, String) {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut request =
            hyper::Request::builder().method(method).uri(format!("http://{}{path}", self.server.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response =
            client.request(request.body(Full::new(Bytes::from(body.to_owned()))).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let headers = format!("{:?}", response.headers());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, format!("{}\n{headers}", String::from_utf8_lossy(&body)))
    }

    /// Reads an answer that has no end until `needle` is in it, ten seconds at most.
    pub async fn stream_until(&self, path: &str, last_event_id: &str, needle: &str) -> String {
        let request = hyper::Request::get(format!("http://{}{path}", self.server.address))
            .header("authorization", format!("Bearer {}", self.api_token))
            .header("last-event-id", last_event_id)
            .body(Full::new(Bytes::new()))
            .unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut body = client.request(request).await.unwrap().into_body();
        let mut text = String::new();
        let reading = async {
            while !text.contains(needle) {
                let frame = body.frame().await.unwrap().unwrap();
                text.push_str(&String::from_utf8_lossy(frame.data_ref().unwrap()));
            }
        };
        let read = tokio::time::timeout(std::time::Duration::from_secs(10), reading).await;
        assert!(read.is_ok(), "{path} never sent {needle}: {text}");
        text
    }

    /// A signed call of any protocol: the headers besides those of the signature, and the body.
    pub async fn signed(&self, service: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let host = self.server.address.to_string();
        let at: String =
            system_now()().floor_seconds(1).rfc3339().replace(['-', ':'], "").replace(".000", "");
        let scope = Scope {
            access_key: self.credentials.access_key.clone(),
            date: at[..8].to_owned(),
            region: "eu-central-1".to_owned(),
            service: service.to_owned(),
        };
        let scope_text = format!("{}/{}/{service}/aws4_request", scope.date, scope.region);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let payload = hex(&Sha256::digest(body));
        let canonical = format!("POST\n{path}\n\nhost:{host}\nx-amz-date:{at}\n\nhost;x-amz-date\n{payload}");
        let hashed = hex(&Sha256::digest(canonical.as_bytes()));
        let key = SigningKey::derive(self.credentials.secret.as_bytes(), &scope);
        let signature = hex(&key.sign(&format!("AWS4-HMAC-SHA256\n{at}\n{scope_text}\n{hashed}")));
        let credential = format!("{}/{scope_text}", scope.access_key);
        let mut request = hyper::Request::post(format!("http://{host}{path}"))
            .header("host", &host)
            .header("x-amz-date", &at)
            .header(
                "authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature={signature}"
                ),
            );
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let client = Client::builder(TokioExecutor::new()).build_http();
        let request = request.body(Full::new(Bytes::copy_from_slice(body))).unwrap();
        let response = client.request(request).await.unwrap();
        let status = response.status().as_u16();
        Answer { status, body: response.into_body().collect().await.unwrap().to_bytes() }
    }

    pub async fn make_stream(&self, group: &str, stream: &str) {
        self.logs("CreateLogGroup", serde_json::json!({"logGroupName": group}), "").await;
        let names = serde_json::json!({"logGroupName": group, "logStreamName": stream});
        self.logs("CreateLogStream", names, "").await;
    }

    /// One call to a stream of [`make_stream`](Self::make_stream): attempts that succeed at once.
    pub async fn put_attempts(&self, ids: Range<usize>, invocation_id: &str) -> Answer {
        let now = now_millis();
        let events = ids.flat_map(|id| {
            let message = |event: &str| {
                format!(r#"{{"event":"{event}","correlationId":"corr-{id:08}","walletProvider":"ApplePay"}}"#)
            };
            [
                json!({"message": message("TOKEN_PROVISION_START")}),
                json!({"message": message("TOKEN_PROVISION_SUCCESS")}),
            ]
        });
        let mut events: Vec<Value> = events.collect();
        for (event, timestamp) in events.iter_mut().zip(now..) {
            event["timestamp"] = timestamp.into();
        }
        let body = json!({"logGroupName": "/g", "logStreamName": "s", "logEvents": events});
        self.logs("PutLogEvents", body, invocation_id).await
    }

    /// What the API says about disk, tables and memory.
    pub async fn storage(&self) -> Value {
        let (status, body) = self.get("/api/v1/storage").await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(body.lines().next().unwrap()).unwrap()
    }

    /// The rows that answer a query.
    pub async fn sql(&self, sql: &str) -> Value {
        let answer = self.post("/api/v1/sql?format=json", &json!({"sql": sql})).await;
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    pub async fn post(&self, path: &str, body: &Value) -> String {
        let token = format!("Bearer {}", self.api_token);
        let headers = [("authorization", &*token), ("content-type", "application/json")];
        let (status, answer) = self.send("POST", path, &headers, &body.to_string()).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer.rsplit_once('\n').unwrap().0.to_owned()
    }

    /// Attempts that [`put_attempts`](Self::put_attempts) sent were counted, and once: at most ten seconds from now.
    pub async fn assert_counted(&self, attempts: usize) {
        const SQL: &str = "SELECT count(*) AS attempts, count(DISTINCT attempt_id) AS ids, sum(records) AS events, \
                           (SELECT count(*) FROM log_events) AS logs FROM token_provisioning_logs";
        let events = 2 * attempts;
        let expected = json!([{"attempts": attempts, "ids": attempts, "events": events, "logs": events}]);
        let begun = Instant::now();
        loop {
            let answer = self.sql(SQL).await;
            if answer == expected {
                return;
            }
            assert!(begun.elapsed() < COUNTED_AFTER_MAX, "{answer} is not {expected}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The same, and everything that may be in files is, and the files say what they should.
    pub async fn assert_written(&self, attempts: usize) {
        for task in ["flush", "compact", "verify"] {
            let lines = self.post(&format!("/api/v1/lake/{task}"), &json!({})).await;
            assert!(lines.contains(r#"{"done":{"problems":0}}"#), "{task}: {lines}");
        }
        let storage = self.storage().await;
        let logs = table(&storage, "log_events");
        assert_eq!((&logs["rows"], &logs["hotRows"]), (&json!(2 * attempts), &json!(0)));
        assert_eq!(storage["maintenance"]["lastError"], Value::Null);
        assert_eq!(storage["maintenance"]["failingSince"], Value::Null);
        self.assert_counted(attempts).await;
    }

    /// Waits until `path` answers 200 with `needle` in it, at most five seconds.
    pub async fn wait_for(&self, path: &str, needle: &str) -> String {
        for _ in 0..100 {
            let (status, body) = self.get(path).await;
            if status == 200 && body.contains(needle) {
                return body;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{path} never answered {needle}: {:?}", self.get(path).await);
    }
}

/// A table in an answer of [`TestServer::storage`].
pub fn table<'a>(storage: &'a Value, name: &str) -> &'a Value {
    storage["tables"].as_array().unwrap().iter().find(|table| table["name"] == name).unwrap()
}

/// Everything by default, on a free port.
pub fn settings(folder: &Path) -> Settings {
    let given =
        Given { data: Some(folder.to_owned()), listen: Some("127.0.0.1:0".to_owned()), ..Given::default() };
    Settings::new(given).unwrap()
}

pub fn now_millis() -> i64 {
    system_now()().millis()
}

fn read_credentials(folder: &Path) -> (Credentials, String) {
    let text = std::fs::read_to_string(folder.join("credentials")).unwrap();
    let value = |name: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        line.split_once('=').unwrap().1.trim().to_owned()
    };
    let credentials =
        Credentials { access_key: value("aws_access_key_id"), secret: value("aws_secret_access_key") };
    (credentials, value("walletscope_api_token"))
}

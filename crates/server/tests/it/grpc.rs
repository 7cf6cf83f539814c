//! Logs of OpenTelemetry over gRPC, from the frames of HTTP/2: what no test client of ours speaks.

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use walletscope_model::Timestamp;
use walletscope_server::auth::{Kind, Users};

use super::server::TestServer;

const PATH: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

/// A field of bytes: its number, its length, itself.
fn field(number: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    assert!(length < 128, "one byte of length");
    [&[number << 3 | 2, length], payload].concat()
}

/// An export of one record whose body is this text, of the service `grpc`.
fn export(text: &str) -> Vec<u8> {
    let now = 1_795_305_600_000_000_000_u64.to_le_bytes();
    let record = [&[9][..], &now, &field(5, &field(1, text.as_bytes()))].concat();
    let service = [field(1, b"service.name"), field(2, &field(1, b"grpc"))].concat();
    field(1, &[field(1, &field(1, &service)), field(2, &field(2, &record))].concat())
}

/// A message in its frame.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0][..], &length, message].concat()
}

/// The status in headers or trailers, and the message of the answer.
async fn call(server: &TestServer, key: &str, body: Vec<u8>) -> (String, Vec<u8>) {
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let request = hyper::Request::post(format!("http://{}{PATH}", server.server.address))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("authorization", format!("Bearer {key}"))
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let response = client.request(request).await.unwrap();
    assert_eq!(response.status(), 200, "gRPC tells its errors in its own status");
    let status = |headers: &hyper::HeaderMap| {
        headers.get("grpc-status").map(|status| status.to_str().unwrap().to_owned())
    };
    let early = status(response.headers());
    let collected = response.into_body().collect().await.unwrap();
    let late = collected.trailers().and_then(status);
    (early.or(late).unwrap(), collected.to_bytes().to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_stored_and_what_is_none_is_refused() {
    let server = TestServer::start().await;
    let users = Users::open(server.folder.path()).await.unwrap();
    let key = users.add_key(Kind::Ingest, "collector", Timestamp(0)).await.unwrap();
    let key = key.secret.expose();
    let mut answer = call(&server, key, framed(&export("over gRPC"))).await;
    let begun = std::time::Instant::now();
    // The server looks for new keys once a second.
    while answer.0 == "16" && begun.elapsed().as_secs() < 5 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        answer = call(&server, key, framed(&export("over gRPC"))).await;
    }
    assert_eq!(answer, ("0".to_owned(), framed(b"")), "an empty answer says that all was taken");
    let (unauthenticated, invalid) = ("16", "3");
    assert_eq!(call(&server, "wsi_wrong", framed(&export("no"))).await.0, unauthenticated);
    assert_eq!(call(&server, key, framed(b"\xff\xff")).await.0, invalid);
    let card = "{\"card\":\"4111111111111111\"}";
    assert_eq!(call(&server, key, framed(&export(card))).await.0, "0");
    let sql = "SELECT log_group, source, message, guarded FROM log_events ORDER BY _offset";
    let begun = std::time::Instant::now();
    let mut rows = server.sql(sql).await;
    while rows.as_array().is_some_and(|rows| rows.len() < 2) && begun.elapsed().as_secs() < 5 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        rows = server.sql(sql).await;
    }
    assert_eq!(
        rows[0],
        json!({"log_group": "/otlp/grpc", "source": "collector", "message": "over gRPC", "guarded": false})
    );
    assert_eq!(rows[1]["guarded"], true, "{rows}");
    assert!(!rows.to_string().contains("4111111111111111"), "{rows}");
    assert_eq!(rows.as_array().map(Vec::len), Some(2));
    server.server.stop().await;
}

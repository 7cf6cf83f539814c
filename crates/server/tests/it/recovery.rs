//! What was acknowledged is there after a stop, and a client's retry stores nothing new.

use serde_json::json;

use super::server::{TestServer, now_millis, settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_goes_on_where_it_was_and_knows_retries() {
    let server = TestServer::start().await;
    server.make_stream("/g", "s").await;
    let now = now_millis();
    let events = json!({"logGroupName": "/g", "logStreamName": "s", "logEvents": [
        {"timestamp": now, "message": r#"{"event":"TOKEN_PROVISION_START","correlationId":"c1","requestId":"r1","walletProvider":"ApplePay"}"#},
        {"timestamp": now + 500, "message": r#"{"event":"TOKEN_PROVISION_SUCCESS","correlationId":"c1","requestId":"r1","tokenReferenceId":"t1"}"#},
    ]});
    let first = server.logs("PutLogEvents", events.clone(), "call-1").await;
    let again = server.logs("PutLogEvents", events.clone(), "call-1").await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    let metrics = server.get("/metrics").await.1;
    assert!(metrics.contains("walletscope_head_offset 3\n"), "two commands and one batch: {metrics}");

    let folder = server.folder.clone();
    server.server.stop().await;
    let server = TestServer::start_in(folder).await;
    server.wait_for("/api/v1/requests/r1", r#""SUCCESS""#).await;
    server.wait_for("/api/v1/requests/t1", "ApplePay").await;
    let after = server.logs("PutLogEvents", events, "call-1").await;
    assert_eq!(after.body, first.body);
    let created = server.logs("CreateLogGroup", json!({"logGroupName": "/g"}), "").await;
    assert_eq!(created.status, 400, "the group is still there");
    server.server.stop().await;
}

/// The guard cuts both ids to `41111111****1111`. The second call once passed for a retry and was dropped.
#[tokio::test(flavor = "multi_thread")]
async fn calls_whose_ids_hold_card_numbers_are_stored_at_least_once() {
    let server = TestServer::start().await;
    server.make_stream("/g", "s").await;
    for (place, invocation_id) in ["4111111111111111", "4111111100061111"].into_iter().enumerate() {
        let message = format!(r#"{{"event":"TOKEN_PROVISION_START","correlationId":"c{place}"}}"#);
        let events = json!({"logGroupName": "/g", "logStreamName": "s",
            "logEvents": [{"timestamp": now_millis(), "message": message}]});
        let put = server.logs("PutLogEvents", events, invocation_id).await;
        assert_eq!(put.status, 200, "{:?}", put.body);
    }
    for place in ["c0", "c1"] {
        server.wait_for(&format!("/api/v1/requests/{place}"), "PENDING").await;
    }
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_a_start_makes_are_for_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("new").join("data");
    TestServer::start_at(&data).await.stop().await;
    for folder in [parent.path().join("new"), data.clone(), data.join("store")] {
        let mode = folder.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", folder.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_fit_in_one_process_but_not_in_one_folder() {
    let left = TestServer::start().await;
    let right = TestServer::start().await;
    assert_ne!(left.server.address, right.server.address);
    let settings = settings(left.folder.path());
    let third = walletscope_server::start::start(&settings, walletscope_server::start::system_now()).await;
    let error = third.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("in use"), "{error}");
    left.server.stop().await;
    right.server.stop().await;
}

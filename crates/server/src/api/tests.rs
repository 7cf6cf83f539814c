//! Do the routes answer right over a real pipeline and a real store?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::{Body as HttpBody, to_bytes};
use axum::http::{Request, StatusCode};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use walletscope_journal::{EmbeddedStore, Options, Store, decode};
use walletscope_model::measure::MEASURES;
use walletscope_model::{Batch, Body, Duration, LogBatch, LogEvent, Offset, Origin, Timestamp};

use super::{ApiContext, Caller, JournalReader, Place, STREAMS_MAX, router};
use crate::pipeline::{Pipeline, Reply, Submission, start};

/// 2026-11-22T12:00:00Z, when every test happens.
const NOW: Timestamp = Timestamp::from_seconds(1_795_348_800);

pub(super) struct World {
    pipeline: Pipeline,
    router: Router,
    /// Set to make every journal entry look trimmed.
    is_trimmed: Arc<AtomicBool>,
    _folder: TempDir,
}

struct Journal {
    store: EmbeddedStore,
    is_trimmed: Arc<AtomicBool>,
}

impl JournalReader for Journal {
    fn entry(&self, offset: Offset) -> Result<Option<Batch>, String> {
        if self.is_trimmed.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let bytes = self.store.entry(offset).map_err(|error| error.to_string())?;
        bytes.map(|bytes| decode(&bytes).map_err(|error| error.to_string())).transpose()
    }
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = EmbeddedStore::open(folder.path(), Options::default()).unwrap();
        let pipeline = start(store.clone(), Arc::new(|| NOW), None).unwrap();
        let is_trimmed = Arc::new(AtomicBool::new(false));
        let journal = Arc::new(Journal { store, is_trimmed: is_trimmed.clone() });
        let shared = pipeline.shared.clone();
        let router = router(ApiContext {
            shared,
            journal,
            now: Arc::new(|| NOW),
            place: place(),
            telemetry: Arc::default(),
        });
        Self { pipeline, router, is_trimmed, _folder: folder }
    }

    /// Sends messages at times in seconds after NOW and waits until they are published.
    pub(super) async fn send(&self, events: &[(i64, Value)]) {
        let mut published = self.pipeline.shared.published.subscribe();
        let event = |(seconds, message): &(i64, Value)| LogEvent {
            timestamp: NOW.plus(Duration::from_seconds(*seconds)),
            message: message.to_string().into(),
            guarded: false,
        };
        let origin = Origin {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            source: "test".into(),
            tenant: "default".into(),
        };
        let events = events.iter().map(event).collect();
        let body = Body::Logs(LogBatch { group: "/aws/lambda/p".into(), stream: "s".into(), events });
        let submission = Submission { origin, invocation_id: "".into(), body, answer: vec![] };
        let Ok(Reply::Stored(offset)) = self.pipeline.ingest.submit(submission).await else { panic!() };
        while self.pipeline.shared.view.load().applied < offset {
            published.changed().await.unwrap();
        }
    }

    async fn respond(&self, uri: &str, last_event_id: Option<&str>) -> axum::response::Response {
        let mut request = Request::get(format!("/api/v1/{uri}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let caller = Caller { tenant: "default".into(), name: "test".into(), is_browser: false };
        let request = request.extension(caller).body(HttpBody::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(super) async fn get(&self, uri: &str) -> (StatusCode, Value) {
        let response = self.respond(uri, None).await;
        assert_eq!(response.headers()["cache-control"], "no-store");
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    pub(super) async fn ok(&self, uri: &str) -> Value {
        let (status, body) = self.get(uri).await;
        assert_eq!(status, StatusCode::OK, "{uri}: {body}");
        body
    }

    /// The body of an answer that is no JSON.
    pub(super) async fn text(&self, uri: &str) -> String {
        let response = self.respond(uri, None).await;
        assert_eq!(response.status(), StatusCode::OK, "{uri}");
        let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    /// Reads a stream until `count` events came; their names, ids and data.
    async fn events(&self, uri: &str, last_event_id: Option<&str>, count: usize) -> Vec<[String; 3]> {
        let response = self.respond(uri, last_event_id).await;
        assert_eq!(response.status(), StatusCode::OK);
        let mut body = response.into_body().into_data_stream();
        let mut text = String::new();
        while text.matches("\n\n").count() < count {
            text.push_str(std::str::from_utf8(&body.next().await.unwrap().unwrap()).unwrap());
        }
        let field = |event: &str, name: &str| {
            let line = event.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        let events = text.split("\n\n").take(count);
        events.map(|event| [field(event, "event:"), field(event, "id:"), field(event, "data:")]).collect()
    }
}

fn place() -> Place {
    Place {
        account: "123456789012".into(),
        region: "us-east-1".into(),
        url: "http://127.0.0.1:7300".into(),
        credentials_file: "/data/credentials".into(),
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.pipeline.stop();
    }
}

pub(super) fn begun(id: &str, wallet: &str) -> Value {
    json!({"event": "TOKEN_PROVISION_START", "correlationId": id, "walletProvider": wallet, "issuer": "DEMO_Bank"})
}

pub(super) fn ended(id: &str, seconds: f64) -> Value {
    json!({"event": "TOKEN_PROVISION_SUCCESS", "correlationId": id, "processingTime": seconds,
        "tokenReferenceId": format!("trm_{id}")})
}

pub(super) fn failed(id: &str, reason: &str) -> Value {
    json!({"event": "TOKEN_PROVISION_FAILURE", "correlationId": id, "reasonCode": reason})
}

/// Four attempts of the last hours: two succeeded, one failed, one is pending and has no wallet.
pub(super) async fn four() -> World {
    let world = World::new();
    world
        .send(&[
            (-7_000, begun("c1", "ApplePay")),
            (-6_998, ended("c1", 1.5)),
            (-600, begun("c2", "GooglePay")),
            (-598, ended("c2", 0.5)),
            (-300, begun("c3", "ApplePay")),
            (-299, failed("c3", "ISSUER_TIMEOUT")),
            (-60, json!({"event": "TOKEN_PROVISION_START", "correlationId": "c4"})),
        ])
        .await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interface_is_answered_exactly_and_every_measure_beside_it() {
    let world = four().await;
    let answer = world.ok("metrics").await;
    assert_eq!(
        answer["metrics"],
        json!({"totalRequests": 4, "successRate": 2.0 / 3.0 * 100.0, "averageTime": "1.00s",
            "failureRate": 1.0 / 3.0 * 100.0, "activeTokens": 2})
    );
    let numeric = answer["numeric"].as_object().unwrap();
    for measure in MEASURES.into_iter().filter(|measure| measure.is_answered) {
        let camel: String = measure
            .name
            .split('_')
            .enumerate()
            .map(
                |(place, word)| {
                    if place == 0 { word.to_owned() } else { word[..1].to_uppercase() + &word[1..] }
                },
            )
            .collect();
        assert!(numeric.contains_key(&camel), "{camel}");
    }
    assert_eq!(numeric["averageTimeSeconds"], 1.0);
    assert_eq!(numeric["pendingAgeSeconds"], 60.0);
    assert_eq!(numeric["counts"]["failedByClass"]["technical"], 1);
    assert_eq!(answer["previous"]["metrics"]["averageTime"], "–");
    assert_eq!(answer["previous"]["range"]["to"], answer["range"]["from"]);
    let none = world.ok("metrics?wallet=Nobody").await;
    assert_eq!(none["metrics"]["totalRequests"], 0);
    assert!(none["numeric"]["successRate"]["value"].is_null());
    let other = world.ok("metrics?network=unknown").await;
    assert_eq!(other["metrics"]["totalRequests"], 4);
    assert!(other["numeric"]["activeTokens"]["value"].is_null(), "tokens are not counted by network");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_attempt_does_not_age_while_its_cardholder_is_waited_for() {
    let event = |name: &str| json!({"event": name, "correlationId": "c1"});
    let world = World::new();
    world.send(&[(-600, begun("c1", "ApplePay")), (-590, event("TOKEN_STEP_UP_SENT"))]).await;
    assert_eq!(world.ok("metrics").await["numeric"]["pendingAgeSeconds"], 10.0);
    world.send(&[(-100, event("TOKEN_STEP_UP_VERIFIED"))]).await;
    assert_eq!(world.ok("metrics").await["numeric"]["pendingAgeSeconds"], 110.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_yellow_is_a_part_of_what_was_decided() {
    let world = World::new();
    let mut success = ended("c1", 1.0);
    success["finalDecision"] = json!("YELLOW");
    let decision =
        json!({"event": "TOKEN_PROVISION_DECISION", "correlationId": "c2", "finalDecision": "GREEN"});
    world.send(&[(-60, success), (-50, decision), (-40, ended("c3", 1.0))]).await;
    let rate = &world.ok("metrics").await["numeric"]["stepUpRate"];
    assert_eq!((&rate["value"], &rate["n"]), (&json!(0.5), &json!(2)));
    let funnel = world.ok("funnel").await;
    let decided = funnel["steps"].as_array().unwrap().iter().find(|step| step["step"] == "decided").unwrap();
    assert_eq!(decided["seen"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_says_whether_anything_has_come_yet() {
    let world = World::new();
    let empty = world.ok("session").await;
    assert_eq!((&empty["signedIn"], &empty["kind"]), (&json!(true), &json!("token")));
    assert_eq!((&empty["account"], &empty["hasData"]), (&json!("123456789012"), &json!(false)));
    assert_eq!(empty["server"]["startedAt"], NOW.rfc3339());
    assert!(empty["dataTo"]["newestArrival"].is_null());
    world.send(&[(-10, begun("c1", "ApplePay"))]).await;
    let fed = world.ok("session").await;
    assert_eq!(fed["hasData"], true);
    assert_eq!(fed["dataTo"]["newestArrival"], NOW.rfc3339(), "when it came, not when it happened");
    assert_eq!(world.ok("metrics").await["dataTo"]["newestArrival"], NOW.rfc3339());
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_count_what_they_name() {
    let world = four().await;
    for (filter, expected) in [
        ("", 4),
        ("?wallet=ApplePay", 2),
        ("?wallet=ApplePay,GooglePay", 3),
        ("?wallet=ApplePay&wallet=GooglePay", 3),
        ("?wallet=!ApplePay", 2),
        ("?wallet=unknown", 1),
        ("?outcome=SUCCESS", 2),
        ("?status=SUCCESS,PENDING", 3),
        ("?status=FAILED", 1),
        ("?reason=ISSUER_TIMEOUT", 1),
        ("?reason=!ISSUER_TIMEOUT", 3),
        ("?class=technical", 1),
        ("?class=unknown", 3),
        ("?lastFour=unknown&bin=unknown", 4),
        ("?lastFour=1234", 0),
        ("?from=now-1h", 3),
        ("?from=now-1h&to=now-2m", 2),
    ] {
        let answer = world.ok(&format!("requests{filter}")).await;
        assert_eq!(answer["total"], expected, "{filter}");
        let metrics = world.ok(&format!("metrics{filter}")).await;
        assert_eq!(metrics["metrics"]["totalRequests"], expected, "{filter}");
        let trends = world.ok(&format!("trends{filter}")).await;
        let buckets = trends["buckets"]["requests"].as_array().unwrap();
        let sum: u64 = buckets.iter().filter_map(Value::as_u64).sum();
        assert_eq!(sum, expected, "{filter}");
        let hourly = trends["hourly"]["entries"].as_array().unwrap();
        let sum: u64 = hourly.iter().filter_map(|hour| hour["counts"]["requests"].as_u64()).sum();
        assert_eq!(sum, expected, "{filter}");
        for by in
            ["wallet", "issuer", "network", "reason", "class", "device", "country", "channel", "outcome"]
        {
            let mark = if filter.is_empty() { '?' } else { '&' };
            let breakdown = world.ok(&format!("breakdown{filter}{mark}by={by}")).await;
            let rows = breakdown["rows"].as_array().unwrap();
            let sum: u64 = rows.iter().filter_map(|row| row["counts"]["requests"].as_u64()).sum();
            assert_eq!(sum, expected, "{filter} by {by}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_mean_nothing_are_errors_and_never_everything() {
    let world = four().await;
    for (uri, status, code) in [
        ("requests?from=yesterday", 400, "bad_value"),
        ("requests?outcome=FINE", 400, "bad_value"),
        ("requests?unheardOf=1", 400, "unknown_parameter"),
        ("requests?limit=-1", 400, "bad_value"),
        ("requests?limit=501", 400, "bad_value"),
        ("requests?cursor=nonsense", 400, "bad_value"),
        ("requests?q=4111111111111111", 400, "card_number"),
        ("requests?from=now-40d", 400, "range_not_kept"),
        ("requests/4111111111111111", 400, "card_number"),
        ("requests/%FF", 400, "bad_value"),
        ("requests/c1?x=1", 400, "unknown_parameter"),
        ("requests/corr_nobody", 404, "unknown_id"),
        ("requests/a/b/c", 404, "no_such_path"),
        ("nothing", 404, "no_such_path"),
        ("metrics?4111111111111111=1", 400, "unknown_parameter"),
        ("metrics?bin=4111111111111111", 400, "bad_value"),
        ("metrics?from=now-40d&network=visa", 400, "range_not_kept"),
        ("metrics?from=now-500d", 400, "range_not_kept"),
        ("trends?maxDataPoints=10001", 400, "bad_value"),
        ("trends?compare=next", 400, "bad_value"),
        ("breakdown", 400, "bad_value"),
        ("breakdown?by=colour", 400, "bad_value"),
        ("breakdown?by=network&from=now-40d", 400, "range_not_kept"),
        ("stream?topics=news", 400, "bad_value"),
        ("stream?from=now-31d", 400, "bad_value"),
        ("stream?to=now", 400, "unknown_parameter"),
    ] {
        let (found, body) = world.get(uri).await;
        assert_eq!((found.as_u16(), body["error"]["code"].as_str()), (status, Some(code)), "{uri}: {body}");
        assert!(!body.to_string().contains("1111111111"), "{body}");
    }
    let nobody = Request::get("/api/v1/metrics").body(HttpBody::empty()).unwrap();
    assert_eq!(world.router.clone().oneshot(nobody).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let post = Request::post("/api/v1/metrics").body(HttpBody::empty()).unwrap();
    assert_eq!(world.router.clone().oneshot(post).await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_id_leads_to_the_attempt_and_its_records() {
    let world = World::new();
    let start = json!({"event": "TOKEN_PROVISION_START", "correlationId": "corr_xyz789", "requestId": "r-1",
        "walletProvider": "ApplePay", "issuer": "DEMO_Bank"});
    world.send(&[(-10, start), (-8, ended("corr_xyz789", 1.245))]).await;
    let named = world.ok("requests/corr_xyz789").await;
    assert_eq!(named["id"], "corr:corr_xyz789");
    assert_eq!((&named["status"], &named["reason"]), (&json!("SUCCESS"), &json!("Approved")));
    assert_eq!(named["detail"]["outcome"], "SUCCESS");
    assert_eq!(named["detail"]["wallet"], "ApplePay");
    assert_eq!(named["detail"]["processingTimeSeconds"], 1.245);
    assert_eq!(named["detail"]["stages"][0]["at"], named["time"]);
    assert_eq!(named["records"].as_array().unwrap().len(), 2);
    assert_eq!(named["records"][0]["joinedBy"], json!({"kind": "corr", "id": "corr_xyz789"}));
    assert!(named["records"][1]["message"].as_str().unwrap().contains("1.245"));
    assert_eq!(named["tokens"][0]["states"][0]["state"], "ACTIVE");
    for alias in ["r-1", "trm_corr_xyz789", "corr:corr_xyz789"] {
        assert_eq!(world.ok(&format!("requests/{alias}")).await, named, "{alias}");
        let searched = world.ok(&format!("requests?q={alias}")).await;
        assert_eq!(searched["requests"][0]["id"], named["id"], "{alias}");
    }
    assert_eq!(world.ok("requests?q=corr_nobody").await["total"], 0);
    world.is_trimmed.store(true, Ordering::Relaxed);
    let expired = world.ok("requests/corr_xyz789").await;
    assert_eq!(expired["records"].as_array().unwrap().len(), 2);
    assert!(expired["records"][0]["message"].is_null() && expired["records"][0]["expired"] == true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_id_is_answered_with_every_attempt_that_it_may_mean() {
    let world = World::new();
    let start =
        |id: &str| json!({"event": "TOKEN_PROVISION_START", "correlationId": id, "requestId": "batch"});
    world.send(&[(-10, start("c1")), (-9, start("c2"))]).await;
    let answer = world.ok("requests/batch").await;
    assert_eq!(answer["ambiguous"], true);
    let mut ids: Vec<_> =
        answer["candidates"].as_array().unwrap().iter().map(|each| each["id"].clone()).collect();
    ids.sort_by_key(ToString::to_string);
    assert_eq!(ids, [json!("corr:c1"), json!("corr:c2")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_found_by_bin_and_last_four() {
    let world = World::new();
    let start = json!({"event": "TOKEN_PROVISION_START", "correlationId": "c1", "cardBin": "424242", "lastFour": "0007"});
    world.send(&[(-10, start), (-9, begun("c2", "ApplePay"))]).await;
    for (query, expected) in
        [("q=424242%200007", 1), ("q=424242%200008", 0), ("bin=424242", 1), ("lastFour=0007", 1)]
    {
        assert_eq!(world.ok(&format!("requests?{query}")).await["total"], expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_neither_repeat_nor_hide_when_attempts_arrive_between_them() {
    let world = World::new();
    // Pairs share a time: the attempt itself decides then.
    let events: Vec<_> =
        (0..8).map(|number| (-100 - number / 2, begun(&format!("c{number}"), "W"))).collect();
    world.send(&events).await;
    for order in ["started", "arrival"] {
        let mut seen = Vec::new();
        let mut uri = format!("requests?limit=3&order={order}");
        loop {
            let page = world.ok(&uri).await;
            assert_eq!(page["requests"].as_array().unwrap().len(), page["details"].as_array().unwrap().len());
            seen.extend(page["requests"].as_array().unwrap().iter().map(|each| each["id"].to_string()));
            world.send(&[(-1, begun(&format!("late{order}{}", seen.len()), "W"))]).await;
            let Some(next) = page["next"].as_str() else { break };
            uri = format!("requests?limit=3&order={order}&cursor={next}");
        }
        let early = seen.iter().filter(|id| !id.contains("late")).count();
        assert_eq!(early, 8, "{order}: {seen:?}");
        let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len(), "{order}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_beyond_the_rows_are_answered_from_hours_and_say_so() {
    let world = four().await;
    const DAY: i64 = 86_400;
    world
        .send(&[
            (-40 * DAY, begun("old", "ApplePay")),
            (-40 * DAY + 2, ended("old", 2.0)),
            (-32 * DAY, begun("edge", "GooglePay")),
        ])
        .await;
    let answer = world.ok("metrics?from=now-50d").await;
    assert_eq!(answer["metrics"]["totalRequests"], 6);
    assert_eq!(answer["range"]["resolutionSeconds"], 3_600);
    let apple = world.ok("metrics?from=now-50d&to=now-35d&wallet=ApplePay").await;
    assert_eq!(apple["metrics"]["totalRequests"], 1);
    assert_eq!(apple["numeric"]["processingTime"]["averageSeconds"], 2.0);
    let trends = world.ok("trends?from=now-50d&maxDataPoints=100&compare=previous").await;
    let buckets = trends["buckets"]["requests"].as_array().unwrap();
    assert!(buckets.len() <= 100);
    assert_eq!(buckets.iter().filter_map(Value::as_u64).sum::<u64>(), 6);
    assert_eq!(trends["hourly"]["kind"], "hoursOfDay");
    assert_eq!(trends["hourly"]["entries"][12]["counts"]["requests"], 2);
    let by = world.ok("breakdown?by=wallet&from=now-50d").await;
    assert_eq!(
        (&by["rows"][0]["value"], &by["rows"][0]["counts"]["requests"]),
        (&json!("ApplePay"), &json!(3))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn active_tokens_are_those_of_the_ranges_end() {
    let world = four().await;
    // Activated 7,000 and 598 seconds ago.
    for (to, wallet, expected) in [
        ("now", "", 2),
        ("now-1h", "", 1),
        ("now-2h", "", 0),
        ("now-10m", "", 1),
        ("now-9m", "", 2),
        ("now", "&wallet=ApplePay", 1),
        ("now-1h", "&wallet=GooglePay", 0),
    ] {
        let answer = world.ok(&format!("metrics?to={to}{wallet}")).await;
        assert_eq!(answer["metrics"]["activeTokens"], expected, "{to} {wallet}");
        assert_eq!(answer["numeric"]["activeTokens"]["complete"], false);
        assert_eq!(answer["numeric"]["activeTokens"]["since"], "2026-11-22T10:00:00.000Z");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_previous_period_says_whether_it_begins_before_the_first_attempt() {
    let first = NOW.plus(Duration::from_seconds(-7_000)).rfc3339();
    for (world, since) in [(four().await, json!(first)), (World::new(), Value::Null)] {
        for (range, complete) in [("from=now-50m", true), ("from=now-58m", true), ("from=now-1h", false)] {
            for filter in ["", "&wallet=GooglePay", "&network=unknown"] {
                let complete = &json!(complete && since.is_string());
                let previous = &world.ok(&format!("metrics?{range}{filter}")).await["previous"];
                assert_eq!(
                    (&previous["complete"], &previous["since"]),
                    (complete, &since),
                    "{range}{filter}"
                );
                let trends = world.ok(&format!("trends?{range}{filter}&compare=previous")).await;
                let previous = &trends["previous"];
                assert_eq!(
                    (&previous["complete"], &previous["since"]),
                    (complete, &since),
                    "{range}{filter}"
                );
            }
        }
    }
    let world = four().await;
    world.send(&[(-40 * 86_400 - 60, begun("old", "ApplePay"))]).await;
    for (range, complete) in [("from=now-20d", true), ("from=now-21d", false)] {
        let previous = &world.ok(&format!("metrics?{range}")).await["previous"];
        assert_eq!(previous["complete"], complete, "{range}: {previous}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bucket_of_a_trend_has_the_cards_active_tokens_of_its_end() {
    let world = four().await;
    world.send(&[(-9_000, ended("c5", 1.0)), (-3_700, ended("c6", 1.0)), (-20, ended("c7", 1.0))]).await;
    let gone = json!({"event": "TOKEN_DELETED", "tokenReferenceId": "trm_c1"});
    world.send(&[(-3_000, gone)]).await;
    for (range, filter) in [
        ("from=now-5h", ""),
        ("from=now-3h&to=now-7m", "&wallet=ApplePay"),
        ("from=now-50m&to=now-20s", "&wallet=!GooglePay"),
        ("from=now-10d&to=now%2B1h", ""),
    ] {
        for points in [4, 60, 180] {
            let trends = world.ok(&format!("trends?{range}{filter}&maxDataPoints={points}")).await;
            let buckets = &trends["buckets"];
            let length = buckets["lengthSeconds"].as_i64().unwrap() * 1_000;
            let starts = buckets["startsMs"].as_array().unwrap();
            let values = buckets["activeTokens"].as_array().unwrap();
            assert_eq!(values.len(), starts.len());
            let range_end = trends["range"]["to"].as_str().unwrap();
            for (place, (start, value)) in starts.iter().zip(values).enumerate() {
                let start = start.as_i64().unwrap();
                let is_last = place + 1 == starts.len();
                let to = if is_last { range_end.to_owned() } else { (start + length).to_string() };
                let card = &world.ok(&format!("metrics?from=now-11d&to={to}{filter}")).await["numeric"];
                let is_known = start + length >= NOW.millis() - 3 * 3_600_000 && start < NOW.millis();
                let expected = if is_known { &card["activeTokens"]["value"] } else { &Value::Null };
                assert_eq!(value, expected, "{range}{filter} {points}: {to}");
            }
        }
    }
    let other = world.ok("trends?network=unknown").await;
    let values = other["buckets"]["activeTokens"].as_array().unwrap();
    assert!(!values.is_empty() && values.iter().all(Value::is_null), "tokens are not counted by network");
    let news = world.events("stream?topics=trend", None, 2).await;
    let trend: Value = serde_json::from_str(&news[1][2]).unwrap();
    assert_eq!(trend["buckets"]["activeTokens"].as_array().unwrap().last(), Some(&json!(4)));
}

#[tokio::test(flavor = "multi_thread")]
async fn trends_know_partial_buckets_and_the_previous_period() {
    let world = four().await;
    let trends = world.ok("trends?from=now-30m&maxDataPoints=10&compare=previous").await;
    assert_eq!(trends["buckets"]["lengthSeconds"], 300);
    assert_eq!(trends["buckets"]["startsMs"].as_array().unwrap().len(), 6);
    assert_eq!((&trends["firstBucketPartial"], &trends["lastBucketPartial"]), (&json!(false), &json!(false)));
    assert_eq!(trends["previous"]["range"]["to"], trends["range"]["from"]);
    let cut = world.ok("trends?from=now-31m&to=now-1m&maxDataPoints=10").await;
    assert_eq!((&cut["firstBucketPartial"], &cut["lastBucketPartial"]), (&json!(true), &json!(true)));
    assert!(cut.get("previous").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_opens_tells_changes_and_resumes_without_loss() {
    let world = four().await;
    let opened = world.events("stream?topics=kpi,trend", None, 3).await;
    assert_eq!(opened.each_ref_names(), ["open", "kpi", "trend"]);
    let kpi: Value = serde_json::from_str(&opened[1][2]).unwrap();
    assert_eq!(kpi["metrics"]["totalRequests"], 3, "the last 15 minutes");
    let (run, sequence) = opened[0][1].split_once('-').unwrap();
    assert_eq!(sequence, "4", "four attempts, each new once");
    let id = format!("{run}-2");
    let resumed = world.events("stream?topics=feed&from=now-3h", Some(&id), 2).await;
    assert_eq!(resumed.each_ref_names(), ["open", "feed"]);
    let feed: Value = serde_json::from_str(&resumed[1][2]).unwrap();
    let sequences: Vec<_> = feed["items"].as_array().unwrap().iter().map(|item| &item["sequence"]).collect();
    assert_eq!(sequences, [&json!(3), &json!(4)]);
    assert_eq!((resumed[1][1].as_str(), &feed["skipped"]), (format!("{run}-4").as_str(), &json!(0)));
    let stranger = world.events("stream?topics=feed", Some("feedbeef-2"), 1).await;
    assert_eq!(stranger[0][0], "reset");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_bounded_and_places_come_back() {
    let world = World::new();
    let mut open = Vec::new();
    for _ in 0..STREAMS_MAX {
        open.push(world.respond("stream", None).await);
    }
    assert_eq!(world.get("stream").await.0, StatusCode::TOO_MANY_REQUESTS);
    open.pop();
    assert_eq!(world.respond("stream", None).await.status(), StatusCode::OK);
}

trait Names {
    fn each_ref_names(&self) -> Vec<&str>;
}

impl Names for Vec<[String; 3]> {
    fn each_ref_names(&self) -> Vec<&str> {
        self.iter().map(|event| event[0].as_str()).collect()
    }
}

//! Log events found again over real HTTP: pages, patterns, groups that came anew, counts, fields, and the live tail.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use walletscope_language::filter_pattern::{Mode, Pattern};
use walletscope_model::Timestamp;
use walletscope_series::Range;
use walletscope_server::logs::{Order, Search, Selection};

use super::server::{TestServer, now_millis};

const SEEN_AFTER_MAX: Duration = Duration::from_secs(10);

/// The part of a query's text that may stand in an address as it is.
fn encoded(text: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let each = |byte: u8| if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(each).collect()
}

async fn asked(server: &TestServer, path: &str, parameters: &[(&str, &str)]) -> (u16, Value) {
    let query: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let (status, body) = server.get(&format!("/api/v1/logs/{path}?{}", query.join("&"))).await;
    (status, serde_json::from_str(body.lines().next().unwrap()).unwrap())
}

async fn answer(server: &TestServer, path: &str, parameters: &[(&str, &str)]) -> Value {
    let (status, answer) = asked(server, path, parameters).await;
    assert_eq!(status, 200, "{path} {parameters:?}: {answer}");
    answer
}

async fn put(server: &TestServer, group: &str, stream: &str, events: &[(i64, String)]) {
    let events: Vec<_> =
        events.iter().map(|(at, message)| json!({"timestamp": at, "message": message})).collect();
    let body = json!({"logGroupName": group, "logStreamName": stream, "logEvents": events});
    let answer = server.logs("PutLogEvents", body, "").await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

/// Waits until so many events are found.
async fn wait_for(server: &TestServer, parameters: &[(&str, &str)], count: u64) {
    let begun = Instant::now();
    loop {
        let histogram = answer(server, "histogram", parameters).await;
        if histogram["total"] == count {
            return;
        }
        assert!(begun.elapsed() < SEEN_AFTER_MAX, "{histogram}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Every event, page after page.
async fn all_pages(server: &TestServer, parameters: &[(&str, &str)]) -> Vec<Value> {
    let (mut events, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut with_cursor = parameters.to_vec();
        with_cursor.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = answer(server, "events", &with_cursor).await;
        events.extend(page["events"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return events,
        }
    }
}

fn texts<'a>(events: &'a [Value], member: &str) -> Vec<&'a str> {
    events.iter().map(|event| event[member].as_str().unwrap()).collect()
}

/// Numbers that look random and are the same in every run.
fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_any_size_hold_every_event_once_and_in_order() {
    let server = TestServer::start().await;
    server.make_stream("/a", "s").await;
    server.make_stream("/b", "t").await;
    let mut number = numbers(7);
    let now = now_millis();
    let mut count = 0;
    for batch in 0..24 {
        let (group, stream) = if batch % 3 == 0 { ("/b", "t") } else { ("/a", "s") };
        // Few different times, so that most events share theirs with others, of other batches too.
        let mut times: Vec<i64> = (0..=number(12)).map(|_| now - number(4).cast_signed() * 1_000).collect();
        times.sort_unstable();
        let events: Vec<_> = times.into_iter().map(|at| (at, format!("event {count} of {batch}"))).collect();
        count += events.len() as u64;
        put(&server, group, stream, &events).await;
        if batch == 11 {
            // One half lies in files, the other in memory.
            server.post("/api/v1/lake/flush", &json!({})).await;
        }
    }
    wait_for(&server, &[], count).await;
    let all = all_pages(&server, &[("limit", "1000")]).await;
    assert_eq!(all.len() as u64, count);
    let ids: BTreeSet<&str> = texts(&all, "id").into_iter().collect();
    assert_eq!(ids.len() as u64, count);
    let key = |event: &Value| {
        let (offset, index) = event["id"].as_str().unwrap().split_once('-').unwrap();
        // As times, not as texts: a whole millisecond is written without its microseconds.
        let times = ["timestamp", "ingestionTime"]
            .map(|name| Timestamp::parse_rfc3339(event[name].as_str().unwrap()).unwrap());
        (times, offset.parse::<u64>().unwrap(), index.parse::<u32>().unwrap())
    };
    assert!(all.windows(2).all(|pair| key(&pair[0]) > key(&pair[1])), "{all:#?}");
    let groups: BTreeSet<&str> = texts(&all, "group").into_iter().collect();
    assert_eq!(groups, BTreeSet::from(["/a", "/b"]));
    let mut backwards = all.clone();
    backwards.reverse();
    for limit in [1, 2, 3, 7, 50] {
        let limit = limit.to_string();
        assert_eq!(all_pages(&server, &[("limit", &limit)]).await, all, "{limit}");
        let oldest_first = all_pages(&server, &[("limit", &limit), ("order", "asc")]).await;
        assert_eq!(oldest_first, backwards, "{limit}");
    }
    let of_one = all_pages(&server, &[("group", "/b"), ("limit", "4")]).await;
    let expected: Vec<_> = all.iter().filter(|event| event["group"] == "/b").cloned().collect();
    assert_eq!(of_one, expected);
    assert_eq!(all_pages(&server, &[("group", "/b"), ("stream", "s")]).await, Vec::<Value>::new());
    assert_eq!(all_pages(&server, &[("stream", "s"), ("stream", "t")]).await, all);
    assert_eq!(all_pages(&server, &[("group", "/nowhere")]).await, Vec::<Value>::new());
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_find_what_they_mean_in_either_mode() {
    let server = TestServer::start().await;
    server.make_stream("/g", "s").await;
    let now = now_millis();
    let messages = [
        r#"{"event":"TOKEN_PROVISION_START","correlationId":"corr_1","requestId":"req-1","n":1}"#,
        r#"{"event":"TOKEN_PROVISION_SUCCESS","correlationId":"corr_1","requestId":"req-2","n":"x","user":{"ok":true}}"#,
        "ERROR 500 out of memory",
        r#"{"level":"ERROR","message":"a \"quoted\" word"}"#,
        "nothing of interest",
    ];
    let events: Vec<_> = messages.iter().zip(now - 10..).map(|(text, at)| (at, (*text).to_owned())).collect();
    put(&server, "/g", "s", &events).await;
    wait_for(&server, &[], 5).await;
    for is_in_files in [false, true] {
        if is_in_files {
            server.post("/api/v1/lake/flush", &json!({})).await;
        }
        let scanned = &answer(&server, "events", &[]).await["scanned"];
        assert_eq!((&scanned["events"], scanned["bytes"] == 0), (&json!(5), !is_in_files), "{scanned}");
        for (pattern, mode, expected) in [
            ("ERROR", "lenient", vec![2, 3]),
            ("ERROR -memory", "strict", vec![3]),
            (r#"{ $.requestId = "req-2" }"#, "strict", vec![1]),
            ("{ $.n = * }", "lenient", vec![0, 1]),
            (r#"{ $.message = "a \"quoted\" word" }"#, "lenient", vec![3]),
            ("%req-[0-9]%", "lenient", vec![0, 1]),
            (r#"[ts, requestId, event = "TOKEN_PROVISION_SUCCESS"]"#, "lenient", vec![1]),
            (r#"[ts, requestId, event = "TOKEN_PROVISION_SUCCESS"]"#, "strict", vec![]),
            ("[level = ERROR, code, ...]", "strict", vec![2]),
            ("[ingestionTime > 1, n]", "lenient", vec![0, 1]),
            (" ", "lenient", vec![0, 1, 2, 3, 4]),
        ] {
            let parameters = [("pattern", pattern), ("mode", mode), ("order", "asc"), ("limit", "2")];
            let found = all_pages(&server, &parameters).await;
            let expected: Vec<_> = expected.into_iter().map(|place| messages[place]).collect();
            assert_eq!(texts(&found, "message"), expected, "{pattern} {mode} {is_in_files}");
        }
    }
    let found = all_pages(&server, &[("pattern", "SUCCESS")]).await;
    let event = &found[0];
    assert_eq!(event["event"], "TOKEN_PROVISION_SUCCESS");
    assert_eq!((&event["correlationId"], &event["requestId"]), (&json!("corr_1"), &json!("req-2")));
    assert_eq!((&event["traceId"], &event["guarded"]), (&Value::Null, &json!(false)));
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_means_nothing_is_refused_with_its_place() {
    let server = TestServer::start().await;
    for (path, parameters, code, parameter, at) in [
        ("events", vec![("pattern", "\"é\" a:")], "bad_pattern", Some("pattern"), Some(5)),
        ("histogram", vec![("pattern", "error: x")], "bad_pattern", Some("pattern"), Some(5)),
        ("tail", vec![("pattern", "[a, ..., ...]")], "bad_pattern", Some("pattern"), Some(9)),
        ("events", vec![("pattern", "4111111111111111")], "card_number", Some("pattern"), None),
        (
            "fields",
            vec![("pattern", "{ $.pan = \"4111 1111 1111 1111\" }")],
            "card_number",
            Some("pattern"),
            None,
        ),
        ("events", vec![("limit", "1001")], "bad_value", Some("limit"), None),
        ("events", vec![("order", "up")], "bad_value", Some("order"), None),
        ("events", vec![("mode", "loose")], "bad_value", Some("mode"), None),
        ("events", vec![("cursor", "d.abc")], "bad_value", Some("cursor"), None),
        ("events", vec![("groups", "/g")], "unknown_parameter", Some("groups"), None),
        ("histogram", vec![("limit", "1")], "unknown_parameter", Some("limit"), None),
        ("tail", vec![("from", "now-1h")], "unknown_parameter", Some("from"), None),
        ("groups", vec![("group", "/g")], "unknown_parameter", Some("group"), None),
        ("fields", vec![("from", "now"), ("to", "now-1h")], "bad_value", Some("from"), None),
        ("events", vec![("pattern", "a"), ("pattern", "b")], "repeated_parameter", Some("pattern"), None),
    ] {
        let (status, answer) = asked(&server, path, &parameters).await;
        let error = &answer["error"];
        assert_eq!((status, error["code"].as_str()), (400, Some(code)), "{path} {parameters:?}: {answer}");
        assert_eq!(error["parameter"].as_str(), parameter, "{answer}");
        assert_eq!(error.get("at").and_then(Value::as_u64), at, "{parameters:?}: {answer}");
        assert!(!answer.to_string().contains("1111111"), "{answer}");
    }
    let (status, _) = server.send("GET", "/api/v1/logs/events", &[], "").await;
    assert_eq!(status, 401);
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_and_fields_are_of_the_events_that_pages_hold() {
    let server = TestServer::start().await;
    server.make_stream("/g", "one").await;
    server.make_stream("/g", "two").await;
    let now = now_millis();
    let mut number = numbers(3);
    for stream in ["one", "two"] {
        let mut times: Vec<i64> = (0..200).map(|_| now - number(7_200_000).cast_signed()).collect();
        times.sort_unstable();
        let events: Vec<_> = times
            .into_iter()
            .zip(0..)
            .map(|(at, place)| {
                let level = if place % 4 == 0 { "WARN" } else { "INFO" };
                (at, format!(r#"{{"level":"{level}","user":{{"id":"u{}"}},"ms":{place}}}"#, place % 3))
            })
            .collect();
        put(&server, "/g", stream, &events).await;
    }
    wait_for(&server, &[], 400).await;
    server.post("/api/v1/lake/flush", &json!({})).await;
    // What lies outside of the range is in no bucket, not even in one that reaches beyond it.
    let (from, to) = ((now - 5_000_123).to_string(), (now - 777_777).to_string());
    let range = [("from", &*from), ("to", &*to), ("pattern", "{ $.level = WARN }")];
    let found = all_pages(&server, &range).await;
    let histogram = answer(&server, "histogram", &range).await;
    let buckets = histogram["buckets"].as_array().unwrap();
    let sum: u64 = buckets.iter().map(|bucket| bucket["count"].as_u64().unwrap()).sum();
    assert!(sum > 20 && sum == found.len() as u64, "{sum} of {}", found.len());
    assert_eq!((&histogram["total"], &histogram["isComplete"]), (&json!(sum), &json!(true)));
    assert!(buckets.len() > 60 && buckets.len() <= 120, "{}", buckets.len());
    let fields = answer(&server, "fields", &range).await;
    assert_eq!(fields["sampled"], json!(sum));
    let field = |name: &str| {
        fields["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).unwrap().clone()
    };
    assert_eq!(
        field("level"),
        json!({"name": "level", "type": "text", "count": sum, "distinct": 1,
        "top": [{"value": "WARN", "count": sum}]})
    );
    assert_eq!((&field("ms")["type"], &field("user.id")["distinct"]), (&json!("number"), &json!(3)));
    assert_eq!(field("@logStream")["distinct"], 2);
    assert_eq!(field("@logGroup")["top"], json!([{"value": "/g", "count": sum}]));
    let scanned = &answer(&server, "events", &range).await["scanned"];
    assert!(scanned["events"].as_u64() >= Some(sum) && scanned["bytes"].as_u64() > Some(0), "{scanned}");
    server.server.stop().await;
}

/// A search that has no time at all reads one stretch a page.
#[tokio::test(flavor = "multi_thread")]
async fn a_uuid_is_found_wherever_a_message_tells_it() {
    const WANTED: &str = "8f3a91c2-77ab-10de-9c3e-0123456789ab";
    let server = TestServer::start().await;
    server.make_stream("/a", "s").await;
    let started = |id: &str, value: &str| {
        format!(r#"{{"event":"TOKEN_PROVISION_START","{id}":"{value}","walletProvider":"ApplePay"}}"#)
    };
    let messages = [
        ("request", started("requestId", WANTED)),
        ("correlation", started("correlationId", WANTED)),
        (
            "both",
            format!(
                r#"{{"event":"TOKEN_PROVISION_START","correlationId":"{WANTED}","requestId":"{WANTED}"}}"#
            ),
        ),
        ("member", format!(r#"{{"requestId":"11111111-77ab-10de-9c3e-0123456789ab","session":"{WANTED}"}}"#)),
        ("escaped", started("requestId", &WANTED.replacen('f', r"\u0066", 1))),
        ("line", format!("START RequestId: {WANTED} Version: $LATEST")),
        ("word", format!("see x{WANTED}y")),
        ("upper", WANTED.to_uppercase()),
        ("other", started("requestId", "11111111-77ab-10de-9c3e-0123456789ab")),
        ("none", "no id at all".to_owned()),
    ];
    let now = now_millis();
    for half in 0..2 {
        let events: Vec<_> = messages.iter().map(|(_, message)| (now, message.clone())).collect();
        put(&server, "/a", "s", &events).await;
        if half == 0 {
            server.post("/api/v1/lake/flush", &json!({})).await;
        }
    }
    let count = 2 * messages.len() as u64;
    wait_for(&server, &[], count).await;
    let phrase = format!("\"{WANTED}\"");
    let of_request = format!(r#"{{ $.requestId = "{WANTED}" }}"#);
    let of_session = format!(r#"{{ $.session = "{WANTED}" && $.requestId = "1*" }}"#);
    let without = format!("\"{WANTED}\" -RequestId -requestId");
    for (pattern, expected) in [
        (phrase.as_str(), &["request", "correlation", "both", "member", "line", "word"][..]),
        (of_request.as_str(), &["request", "both", "escaped"]),
        (of_session.as_str(), &["member"]),
        (without.as_str(), &["correlation", "word"]),
    ] {
        let name_of = |text: &str| messages.iter().find(|(_, message)| message == text).unwrap().0;
        for limit in ["1000", "1"] {
            let found = all_pages(&server, &[("pattern", pattern), ("limit", limit)]).await;
            let mut names: Vec<_> = texts(&found, "message").into_iter().map(name_of).collect();
            names.sort_unstable();
            let mut twice = [expected, expected].concat();
            twice.sort_unstable();
            assert_eq!(names, twice, "{pattern} {limit}");
        }
        let histogram = answer(&server, "histogram", &[("pattern", pattern)]).await;
        assert_eq!(histogram["total"], 2 * expected.len() as u64, "{pattern}");
    }
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_were_cut_short_go_on_where_they_ended() {
    const EVENTS: i64 = 60_000;
    let server = TestServer::start().await;
    let first = now_millis() - EVENTS;
    let lines = (0..EVENTS).map(|place| {
        let message = format!("event {place} {}", if place % 1_000 == 0 { "rare" } else { "often" });
        let at = Timestamp::from_millis(first + place / 3 * 3).rfc3339();
        json!({"log": {"log_group": "/g", "log_stream": "s", "timestamp": at, "message": message}})
            .to_string()
    });
    let bearer = format!("Bearer {}", server.api_token);
    let body = lines.collect::<Vec<_>>().join("\n");
    let (status, answer) =
        server.send("POST", "/api/v1/import?source=x", &[("authorization", &*bearer)], &body).await;
    assert_eq!(status, 200, "{answer}");
    wait_for(&server, &[], EVENTS as u64).await;
    for (order, bytes_max, is_in_files) in [
        (Order::Descending, usize::MAX, false),
        (Order::Ascending, usize::MAX, false),
        (Order::Descending, 40, true),
    ] {
        if is_in_files {
            server.post("/api/v1/lake/flush", &json!({})).await;
        }
        let mut search = Search {
            selection: Selection {
                tenant: "default".into(),
                account: "123456789012".into(),
                region: None,
                groups: Vec::new(),
                streams: Vec::new(),
                stream_prefixes: vec!["s".into()],
                entry: None,
                pattern: Arc::new(Pattern::parse("rare").unwrap()),
                mode: Mode::Strict,
            },
            range: Range { from: Timestamp(0), to: Timestamp::from_millis(now_millis()) },
            order,
            after: None,
            events_max: 1_000,
            bytes_max,
            budget: Duration::ZERO,
        };
        let (mut found, mut pages) = (Vec::new(), 0);
        loop {
            let page = server.server.logs.page(search.clone()).await.unwrap();
            found.extend(page.events.into_iter().map(|event| event.message));
            pages += 1;
            match page.next {
                Some(next) => search.after = Some(next),
                None => break,
            }
        }
        let mut expected: Vec<_> =
            (0..EVENTS).step_by(1_000).map(|place| format!("event {place} rare").into_boxed_str()).collect();
        if order == Order::Descending {
            expected.reverse();
        }
        assert_eq!(found, expected, "{order:?} {bytes_max}");
        assert!(pages > 2, "{pages} pages");
    }
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_made_anew_does_not_show_the_events_of_the_one_before() {
    let server = TestServer::start().await;
    let now = now_millis();
    for round in ["first", "second"] {
        server.make_stream("/g", "s").await;
        put(&server, "/g", "s", &[(now, format!("of the {round}"))]).await;
        wait_for(&server, &[("group", "/g"), ("pattern", round)], 1).await;
        server.post("/api/v1/lake/flush", &json!({})).await;
        if round == "first" {
            let deleted = server.logs("DeleteLogGroup", json!({"logGroupName": "/g"}), "").await;
            assert_eq!(deleted.status, 200);
            assert_eq!(all_pages(&server, &[]).await, Vec::<Value>::new());
        }
    }
    for parameters in [&[("group", "/g")][..], &[]] {
        let found = all_pages(&server, parameters).await;
        assert_eq!(texts(&found, "message"), ["of the second"]);
    }
    // Sizes move with the views, four times a second.
    let mut groups = answer(&server, "groups", &[]).await;
    let begun = std::time::Instant::now();
    while groups["groups"][0]["storedBytes"] == 0 && begun.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        groups = answer(&server, "groups", &[]).await;
    }
    let group = &groups["groups"][0];
    assert_eq!((&group["name"], &group["region"]), (&json!("/g"), &json!("eu-central-1")));
    assert_eq!((&group["streams"], &group["metricFilters"]), (&json!(1), &json!(0)));
    assert_eq!((&group["retentionDays"], group["storedBytes"].as_u64()), (&Value::Null, Some(13 + 26)));
    assert!(group["lastIngestionAt"].is_string() && group["createdAt"].is_string(), "{group}");
    server.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_tells_what_arrives_and_no_more_than_fifteen_are_open() {
    let server = TestServer::start().await;
    server.make_stream("/g", "s").await;
    server.make_stream("/other", "s").await;
    let path = format!("/api/v1/logs/tail?group=%2Fg&pattern={}", encoded("{ $.level = ERROR }"));
    let tail = server.stream_until(&path, "", r#""matched":2"#);
    let sent = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let message = |level: &str| (now_millis(), format!(r#"{{"level":"{level}","requestId":"req-9"}}"#));
        put(&server, "/other", "s", &[message("ERROR")]).await;
        put(&server, "/g", "s", &[message("INFO"), message("ERROR"), message("ERROR")]).await;
    };
    let (seen, ()) = tokio::join!(tail, sent);
    let first = seen.lines().take(2).collect::<Vec<_>>();
    assert_eq!(first[0], "event: session", "{seen}");
    let session: Value = serde_json::from_str(first[1].strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!((&session["groups"], &session["pattern"]), (&json!(["/g"]), &json!("{ $.level = ERROR }")));
    let last = seen.lines().filter_map(|line| line.strip_prefix("data: ")).next_back().unwrap();
    let update: Value = serde_json::from_str(last).unwrap();
    assert_eq!((&update["shown"], &update["isSampled"]), (&json!(2), &json!(false)));
    let events = update["events"].as_array().unwrap();
    assert_eq!(texts(events, "requestId"), ["req-9", "req-9"]);
    // The same event as a search finds.
    wait_for(&server, &[("pattern", "ERROR"), ("group", "/g")], 2).await;
    let found = all_pages(&server, &[("pattern", "ERROR"), ("group", "/g"), ("order", "asc")]).await;
    assert_eq!(&found, events);

    let open = (0..15).map(|_| server.stream_until("/api/v1/logs/tail?pattern=last", "", r#""matched":1"#));
    let all = futures_util::future::join_all(open);
    let refused = async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let refused = asked(&server, "tail", &[]).await;
        put(&server, "/g", "s", &[(now_millis(), "the last one".to_owned())]).await;
        refused
    };
    let (_, (status, error)) = tokio::join!(all, refused);
    assert_eq!((status, &error["error"]["code"]), (429, &json!("too_many_streams")), "{error}");
    server.server.stop().await;
}

//! Do breakdowns, series, spreads and ways agree with the attempts that they are made of?

use serde_json::{Value, json};

use super::tests::{World, begun, ended, failed, four};

/// Attempts of two wallets with every stage, reason and outcome that the answers tell apart.
async fn many() -> World {
    let world = World::new();
    let stage = |id: &str, event: &str, more: Value| {
        let mut message = json!({"event": event, "correlationId": id});
        if let (Some(message), Some(more)) = (message.as_object_mut(), more.as_object()) {
            message.extend(more.clone());
        }
        message
    };
    let yellow = || json!({"finalDecision": "YELLOW"});
    world
        .send(&[
            (-7_000, begun("a1", "ApplePay")),
            (-6_999, stage("a1", "TOKEN_PROVISION_DECISION", json!({"finalDecision": "GREEN"}))),
            (-6_998, ended("a1", 1.5)),
            (-900, begun("a2", "ApplePay")),
            (-899, stage("a2", "TOKEN_PROVISION_DECISION", yellow())),
            (-898, stage("a2", "TOKEN_STEP_UP_SENT", json!({"stepUpVendor": "PINGPOST"}))),
            (-838, stage("a2", "TOKEN_STEP_UP_VERIFIED", json!({}))),
            (-837, ended("a2", 4.0)),
            (-800, begun("a3", "ApplePay")),
            (-799, failed("a3", "ISSUER_TIMEOUT")),
            (-700, begun("g1", "GooglePay")),
            (-699, stage("g1", "TOKEN_PROVISION_DECISION", yellow())),
            (-698, stage("g1", "TOKEN_STEP_UP_SENT", json!({"stepUpVendor": "MAILBELL"}))),
            (-600, begun("g2", "GooglePay")),
            (-599, failed("g2", "CVC_MISMATCH")),
            (-500, begun("g3", "GooglePay")),
            (-490, failed("g3", "ISSUER_TIMEOUT")),
        ])
        .await;
    world
}

fn values<'a>(answer: &'a Value, rows: &str, name: &str) -> Vec<&'a Value> {
    answer[rows].as_array().unwrap().iter().map(|row| &row[name]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_told_apart_by_every_column_with_examples() {
    let world = many().await;
    for (by, expected) in [
        ("owner", json!(["issuer", null])),
        ("decision", json!([null, "YELLOW", "GREEN"])),
        ("vendor", json!([null, "MAILBELL", "PINGPOST"])),
        ("bin", json!([null])),
        ("reason", json!([null, "ISSUER_TIMEOUT", "CVC_MISMATCH"])),
    ] {
        let answer = world.ok(&format!("breakdown?by={by}&from=now-1d")).await;
        let mut found: Vec<Value> = values(&answer, "rows", "value").into_iter().cloned().collect();
        let mut expected = expected.as_array().unwrap().clone();
        found.sort_by_key(ToString::to_string);
        expected.sort_by_key(ToString::to_string);
        assert_eq!(found, expected, "{by}");
    }
    let answer = world.ok("breakdown?by=reason&reason=ISSUER_TIMEOUT&examples=2").await;
    let row = &answer["rows"][0];
    assert_eq!(row["firstSeen"], "2026-11-22T11:46:40.000Z");
    assert_eq!(row["lastSeen"], "2026-11-22T11:51:40.000Z");
    assert_eq!(row["examples"], json!(["corr:g3", "corr:a3"]));
    assert_eq!(world.ok("metrics?owner=issuer").await["metrics"]["totalRequests"], 3);
    assert_eq!(world.ok("metrics?vendor=PINGPOST,MAILBELL").await["metrics"]["totalRequests"], 2);
    assert_eq!(world.ok("metrics?decision=!YELLOW").await["metrics"]["totalRequests"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn series_add_up_to_the_trend() {
    let world = many().await;
    let trend = world.ok("trends?maxDataPoints=60").await;
    let answer = world.ok("series?by=reason&limit=1&maxDataPoints=60").await;
    assert_eq!(values(&answer, "series", "value"), [&json!(null)]);
    for column in ["requests", "success", "failed", "pending", "abandoned"] {
        let part = |value: &Value, place: usize| value["buckets"][column][place].as_u64().unwrap();
        let of_trend = trend["buckets"][column].as_array().unwrap();
        for (place, whole) in of_trend.iter().enumerate() {
            let other = answer["other"][column][place].as_u64().unwrap();
            assert_eq!(
                part(&answer["series"][0], place) + other,
                whole.as_u64().unwrap(),
                "{column} {place}"
            );
        }
    }
    assert_eq!(answer["series"][0]["buckets"]["startsMs"], trend["buckets"]["startsMs"]);
    let all = world.ok("series?by=wallet").await;
    assert!(all["other"].is_null());
    assert_eq!(all["series"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_spread_of_durations_loses_none() {
    let world = many().await;
    let answer = world.ok("heatmap?from=now-3h&maxDataPoints=10").await;
    let bounds: Vec<f64> =
        answer["boundsSeconds"].as_array().unwrap().iter().map(|each| each.as_f64().unwrap()).collect();
    assert!(bounds[0] <= 1.5 && *bounds.last().unwrap() > 4.0, "{bounds:?}");
    let counts = answer["counts"].as_array().unwrap();
    let sum: u64 =
        counts.iter().flat_map(|bands| bands.as_array().unwrap()).map(|n| n.as_u64().unwrap()).sum();
    assert_eq!((sum, answer["total"]["n"].as_u64()), (2, Some(2)));
    assert!(counts.iter().all(|bands| bands.as_array().unwrap().len() == bounds.len() - 1));
    let failed = world.ok("heatmap?of=failed&maxDataPoints=2").await;
    assert_eq!(failed["total"]["n"], 3);
    assert_eq!(failed["startsMs"].as_array().unwrap().len(), 2);
    let none = world.ok("heatmap?wallet=Nobody").await;
    assert_eq!((&none["total"]["n"], &none["boundsSeconds"]), (&json!(0), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn stages_and_ways_follow_what_was_seen() {
    let world = many().await;
    let stages = world.ok("stages").await;
    let time = |stage: &str| {
        let found = stages["stages"].as_array().unwrap().iter().find(|each| each["stage"] == stage);
        found.map(|each| (each["n"].as_u64().unwrap(), each["p50Seconds"].as_f64())).unwrap()
    };
    assert_eq!(time("decided").0, 3);
    assert!((time("decided").1.unwrap() - 1.0).abs() <= 0.01);
    assert!((time("step_up_verified").1.unwrap() - 60.0).abs() <= 0.6);
    assert_eq!(time("activated"), (0, None));

    let funnel = world.ok("funnel").await;
    assert_eq!(funnel["attempts"], 6);
    let step = |name: &str, column: &str| {
        let steps = funnel["steps"].as_array().unwrap();
        steps.iter().find(|each| each["step"] == name).map(|each| each[column].clone()).unwrap()
    };
    assert_eq!(step("started", "reached"), 6);
    assert_eq!(step("eligible", "reached"), 3);
    assert_eq!(step("eligible", "seen"), 0);
    assert_eq!(step("decided", "reached"), 3);
    assert_eq!(step("step_up_sent", "reached"), 2);
    assert_eq!(step("provisioned", "reached"), 2);
    assert_eq!(step("started", "lost"), json!({"failed": 3, "abandoned": 0}));
    assert_eq!(step("step_up_sent", "waiting"), 1);
    // What comes into a place goes on or has succeeded there.
    for node in funnel["nodes"].as_array().unwrap() {
        let sum = |end: &str| -> u64 {
            let links = funnel["links"].as_array().unwrap().iter().filter(|link| link[end] == node["id"]);
            links.map(|link| link["attempts"].as_u64().unwrap()).sum()
        };
        let attempts = node["attempts"].as_u64().unwrap();
        let succeeded = if node["id"] == "provisioned" { attempts } else { 0 };
        if node["kind"] != "outcome" {
            assert_eq!(sum("source") + succeeded, attempts, "{node}");
        }
        if node["id"] != "started" {
            assert_eq!(sum("target"), attempts, "{node}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_know_the_slowest_the_neighbours_and_a_file() {
    let world = many().await;
    let slowest = world.ok("requests?order=slowest&limit=2&outcome=SUCCESS,FAILED").await;
    assert_eq!(values(&slowest, "requests", "id"), [&json!("corr:g3"), &json!("corr:a2")]);
    let cursor = slowest["next"].as_str().unwrap();
    let more =
        world.ok(&format!("requests?order=slowest&limit=10&outcome=SUCCESS,FAILED&cursor={cursor}")).await;
    assert_eq!(more["requests"].as_array().unwrap().len(), 3);
    let all = world.ok("requests").await;
    let ids: Vec<_> = values(&all, "requests", "id");
    for (place, id) in ids.iter().enumerate() {
        let around = world.ok(&format!("requests/{}/neighbours", id.as_str().unwrap())).await;
        let at = |place: Option<usize>| place.and_then(|place| ids.get(place)).map_or(&Value::Null, |id| *id);
        assert_eq!(&around["previous"], at(place.checked_sub(1)), "{id}");
        assert_eq!(&around["next"], at(Some(place + 1)), "{id}");
        assert_eq!((&around["position"], &around["total"]), (&json!(place + 1), &json!(6)));
    }
    let outside = world.ok("requests/corr:a1/neighbours?wallet=GooglePay").await;
    assert_eq!((&outside["position"], &outside["previous"]), (&Value::Null, &json!("corr:g1")));
    let (status, _) = world.get("requests/nobody/neighbours").await;
    assert_eq!(status, 404);

    let file =
        world.text("requests.csv?columns=correlationId,outcome,processingTimeSeconds&wallet=ApplePay").await;
    let lines: Vec<&str> = file.split("\r\n").collect();
    assert_eq!(lines[2], "# filters: wallet=ApplePay");
    assert_eq!(lines[5], "# rows: 3 of 3");
    assert_eq!(lines[6], "correlationId,outcome,processingTimeSeconds");
    assert_eq!(&lines[7..], ["a3,FAILED,1", "a2,SUCCESS,4", "a1,SUCCESS,1.5", ""]);
    let (status, _) = world.get("requests.csv?columns=pan").await;
    assert_eq!(status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_are_the_same_whether_or_not_the_buckets_nest_in_them() {
    let world = four().await;
    world.send(&[(-9_000, ended("c5", 1.0)), (-3_700, ended("c6", 1.0)), (-20, ended("c7", 1.0))]).await;
    for range in ["from=now-5h", "from=now-3h&to=now-7m", "from=now-3d", "from=now-10d&to=now-1m"] {
        let hourly = async |points| {
            let trends = world.ok(&format!("trends?{range}&maxDataPoints={points}")).await;
            (trends["buckets"]["lengthSeconds"].as_i64().unwrap(), trends["hourly"].clone())
        };
        let ((fine, nested), (coarse, apart)) = (hourly(1_000).await, hourly(2).await);
        assert!(3_600 % fine == 0 && 3_600 % coarse != 0, "{fine} {coarse}");
        assert_eq!(nested, apart, "{range}");
    }
}

//! Whose is a record? Names, aliases, shared ids, values that are no ids, limits.

use crate::script::{DAY, attempts, batch, check, run, time};
use walletscope_model::{Body, CameFrom, IdKind, LogBatch, LogEvent};
use walletscope_stream::{NodeKey, Roots};

#[test]
fn an_attempt_is_named_by_its_strongest_id() {
    check(
        "12:00:00 START c=c1 r=r1 t=t1 wallet=ApplePay
         12:00:02 SUCCESS c=c1 r=r1 k=k1",
        "corr c1 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=2 wallet=ApplePay r=r1 t=t1 k=k1",
    );
    check(
        "12:00:02 SUCCESS c=c1",
        "corr c1 SUCCESS provisioned 12:00:02 - 12:00:02 took=0 tries=0 records=1",
    );
    check(
        "12:00:00 START r=r1 t=t1
         12:00:02 SUCCESS r=r1",
        "req r1 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=2 t=t1",
    );
    check("12:00:00 START t=t1", "trace t1 PENDING started 12:00:00 records=1");
    check("12:00:00 START k=k1", "");
    check("12:00:00 START wallet=ApplePay", "");
}

#[test]
fn two_invocations_of_one_attempt_are_one_attempt() {
    check(
        "12:00:00 START c=c1 r=r1
         12:00:01 ELIGIBLE c=c1 r=r2
         12:00:02 SUCCESS r=r2",
        "corr c1 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=3 r=r1,r2",
    );
}

/// trace → request → correlation: each record carries one id or two neighbours, in every order of arrival.
#[test]
fn aliases_resolve_in_every_order() {
    let records = [
        "12:00:00 START c=c1 r=r1 at=13:00",
        "12:00:01 ELIGIBLE r=r1 t=t1 at=13:00",
        "12:00:02 DECISION t=t1 k=k1 at=13:00",
        "12:00:03 SUCCESS k=k1 at=13:00",
    ];
    let mut orders = vec![Vec::new()];
    for _ in 0..records.len() {
        let longer = orders.iter().flat_map(|order: &Vec<usize>| {
            (0..records.len()).filter(|next| !order.contains(next)).map(|next| [&order[..], &[next]].concat())
        });
        orders = longer.collect();
    }
    assert_eq!(orders.len(), 24);
    for order in orders {
        let input: Vec<&str> = order.iter().map(|index| records[*index]).collect();
        for separator in ["\n", "\ncommit\n", "\nrestart\n", "\ncommit\nrestart\n"] {
            check(
                &format!("\n{}", input.join(separator)),
                "corr c1 SUCCESS provisioned 12:00:00 - 12:00:03 took=3 records=4 r=r1 t=t1 k=k1",
            );
        }
    }
}

#[test]
fn an_id_of_two_attempts_belongs_to_neither() {
    check(
        "12:00:00 START c=c1 r=batch
         12:00:00 START c=c2 r=batch
         12:00:01 SUCCESS r=batch
         12:00:02 ELIGIBLE r=batch t=t1
         12:00:03 SUCCESS t=t1",
        "corr c1 PENDING started 12:00:00 records=1
         corr c2 PENDING started 12:00:00 records=1",
    );
    // The records came before it was known that two attempts share them.
    check(
        "12:00:01 SUCCESS r=batch
         12:00:00 START c=c1 r=batch
         12:00:00 START c=c2 r=batch",
        "corr c1 PENDING started 12:00:00 records=1
         corr c2 PENDING started 12:00:00 records=1",
    );
}

#[test]
fn shared_ids_are_told_for_each_candidate_with_all_that_hangs_below_them() {
    let mut world = run("12:00:00 START c=c1 r=batch
         12:00:00 START c=c2 r=batch
         12:00:01 SUCCESS r=batch t=t1");
    let key = |kind, value| NodeKey::of("bank", kind, value);
    let (batch, trace) = (key(IdKind::Request, "batch"), key(IdKind::Trace, "t1"));
    for candidate in ["c1", "c2"] {
        let mut shared = world.state.shared(key(IdKind::Correlation, candidate)).expect("disk reads");
        shared.sort();
        let mut expected = vec![batch, trace];
        expected.sort();
        assert_eq!(shared, expected, "{candidate}");
    }
    assert_eq!(world.state.roots(trace).expect("disk reads"), Roots::Many);
    assert_eq!(world.state.roots(key(IdKind::Trace, "t2")).expect("disk reads"), Roots::None);
}

/// An activation is an invocation of its own. With the correlation id it asserts its ids like any other record; without
/// it only the token can tell whose it is, and its other ids lead nowhere.
#[test]
fn an_activation_asserts_its_ids_where_it_names_the_attempt() {
    let provisioned = "12:00:00 START c=c1 r=r1
         12:00:02 SUCCESS c=c1 r=r1 k=k1";
    for (activation, ids) in [("c=c1 r=r2 t=t2 k=k1", "r=r1,r2 t=t2 k=k1"), ("r=r2 t=t2 k=k1", "r=r1 k=k1")] {
        check(
            &format!("{provisioned}\n12:05:00 ACTIVATED {activation}\n12:06:00 FIRST_TAP {activation}"),
            &format!("corr c1 SUCCESS first_tap 12:00:00 - 12:00:02 took=2 records=4 {ids}"),
        );
    }
    // One invocation that activates the tokens of two attempts belongs to neither, and both stay as they are.
    check(
        "12:00:02 SUCCESS c=c1 k=k1
         12:00:02 SUCCESS c=c2 k=k2
         12:05:00 ACTIVATED c=c1 r=r9 k=k1
         12:05:00 ACTIVATED c=c2 r=r9 k=k2",
        "corr c1 SUCCESS activated 12:00:02 - 12:00:02 took=0 tries=0 records=2 k=k1
         corr c2 SUCCESS activated 12:00:02 - 12:00:02 took=0 tries=0 records=2 k=k2",
    );
}

/// Two requests share a trace until both turn out to be invocations of one attempt.
#[test]
fn candidates_that_become_one_get_their_shared_records_back() {
    let shared = "12:00:00 START r=r1 t=t1
         12:00:01 ELIGIBLE r=r2 t=t1
         12:00:05 SUCCESS t=t1 k=k1";
    check(
        shared,
        "req r1 PENDING started 12:00:00 records=1
         req r2 PENDING eligible 12:00:01 tries=0 records=1",
    );
    check(
        &format!(
            "{shared}
             12:00:02 DECISION c=c1 r=r1
             12:00:03 CREATED c=c1 r=r2"
        ),
        "corr c1 SUCCESS provisioned 12:00:00 - 12:00:05 took=5 records=5 r=r1,r2 t=t1 k=k1",
    );
}

#[test]
fn equal_records_are_duplicates_and_others_are_retries() {
    check(
        "12:00:00 START c=c1 r=r1
         12:00:00 START c=c1 r=r1 at=12:05
         12:00:02 SUCCESS c=c1 r=r1
         restart
         12:00:02 SUCCESS c=c1 r=r1 at=12:06",
        "corr c1 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=2 r=r1",
    );
    check(
        "12:00:00 START c=c1 r=r1
         12:00:00 START c=c1 r=r2
         12:00:01 START c=c1 r=r2
         12:00:01 START c=c1 r=r2 wallet=ApplePay",
        "corr c1 PENDING started 12:00:00 tries=3 records=4 wallet=ApplePay r=r1,r2",
    );
}

#[test]
fn placeholders_cut_values_and_long_ids_are_no_ids() {
    let long = "x".repeat(129);
    let longest = "x".repeat(128);
    for nothing in [
        "-",
        "null",
        "Unknown",
        "undefined",
        "00000000-0000-0000-0000-000000000000",
        "0",
        "41111111****1111",
        "***",
        &long,
    ] {
        check(
            &format!(
                "12:00:00 START c={nothing} r=r1\n12:00:01 START c={nothing} r=r2 t={nothing} k={nothing}"
            ),
            "req r1 PENDING started 12:00:00 records=1
             req r2 PENDING started 12:00:01 records=1",
        );
    }
    check(
        &format!("12:00:00 START c={longest}"),
        &format!("corr {longest} PENDING started 12:00:00 records=1"),
    );
    // Exactly as written: neither case nor spelling is repaired.
    check(
        "12:00:00 START c=Corr
         12:00:00 START c=corr",
        "corr Corr PENDING started 12:00:00 records=1
         corr corr PENDING started 12:00:00 records=1",
    );
}

#[test]
fn other_messages_join_for_display_and_make_no_attempt() {
    check(
        r#"12:00:00 json {"level":"INFO","requestId":"r1","message":"cache warm"}
           12:00:00 text START RequestId: r1 Version: $LATEST
           12:00:01 text 2026-11-22T12:00:01.000Z\tr1\tINFO\thello
           12:00:02 text REPORT RequestId: r1 Status: timeout
           12:00:03 text no ids at all
           12:00:03 json {"event":"TOKEN_PROVISION_START","correlationId":"c1""#,
        "",
    );
    check(
        r#"12:00:00 json {"level":"INFO","requestId":"r1","walletProvider":"Nobody"}
           12:00:00 text END RequestId: r1
           12:00:01 START c=c1 r=r1 wallet=ApplePay"#,
        "corr c1 PENDING started 12:00:01 records=3 wallet=ApplePay r=r1",
    );
    // An unknown JSON record asserts its two ids like any other.
    check(
        r#"12:00:00 START r=r1
           12:00:01 json {"event":"CARD_CHECKED","requestId":"r1","correlationId":"c1"}"#,
        "corr c1 PENDING started 12:00:00 records=2 r=r1",
    );
}

#[test]
fn tenants_never_share_an_attempt() {
    check(
        "12:00:00 START c=c1 r=r1
         12:00:01 SUCCESS c=c1 r=r1 k=k1 tenant=other
         12:00:02 ELIGIBLE r=r1 tenant=other",
        "corr c1 PENDING started 12:00:00 records=1 r=r1
         other corr c1 SUCCESS provisioned 12:00:01 - 12:00:01 took=0 tries=0 records=2 r=r1 k=k1",
    );
}

#[test]
fn the_sixty_fifth_request_id_is_counted_and_not_joined() {
    let starts = |count: usize| -> String {
        (0..count).map(|number| format!("12:00:00 START c=c1 r=r{number:02} t=t1\n")).collect()
    };
    let line = |count: usize| attempts(&mut run(&starts(count))).join("\n");
    assert!(line(64).contains("r63") && !line(64).contains("overflow"), "{}", line(64));
    assert!(line(65).contains("over=1") && line(65).contains("overflow"), "{}", line(65));
    assert!(!line(65).contains("r64"), "{}", line(65));
    // A duplicate of the one that was turned away changes nothing.
    let again = run(&format!("{}12:00:00 START c=c1 r=r64 t=t1", starts(65)));
    assert_eq!(attempts(&mut { again }).join("\n"), line(65));
}

#[test]
fn the_record_after_ten_thousand_is_counted_and_not_joined() {
    let mut world = run("12:00:00 START c=c1");
    let noon = time("12:00");
    let event = |number: i64, ids: &str| LogEvent {
        timestamp: noon.plus(walletscope_model::Duration(number * 1_000)),
        message: format!("{{\"note\":{number},\"correlationId\":\"c1\"{ids}}}").into(),
        guarded: false,
    };
    let logs = |events| Body::Logs(LogBatch { group: "g".into(), stream: "s".into(), events });
    world.append(batch(noon, "key", "bank", logs((1..10_000).map(|number| event(number, "")).collect())));
    assert_eq!(attempts(&mut world), ["corr c1 PENDING started 12:00:00 records=10000"]);
    world.append(batch(noon, "key", "bank", logs(vec![event(10_000, ",\"traceId\":\"t1\"")])));
    assert_eq!(attempts(&mut world), ["corr c1 PENDING started 12:00:00 records=10000 over=1 overflow"]);
    assert!(noon > DAY);
    world.verify();
}

/// Account and region where all records agree, the source of the first.
#[test]
fn an_attempt_came_from_where_its_records_came_from() {
    let came_from = |input: &str| {
        let mut world = run(input);
        world.restart();
        let attempt = world.attempt(NodeKey::of("bank", IdKind::Correlation, "c1"));
        let CameFrom { account, region, source } = attempt.came_from;
        [account, region, source].map(|word| word.as_deref().unwrap_or("-").to_owned())
    };
    let two = "12:00:02 SUCCESS c=c1 src=door\n12:00:00 START c=c1 src=key\n";
    assert_eq!(came_from(two), ["123456789012", "eu-central-1", "key"]);
    let third = format!("{two}\n11:00:00 STEP_UP_SENT c=c1 src=import region=us-east-1");
    assert_eq!(came_from(&third), ["123456789012", "-", "import"]);
}

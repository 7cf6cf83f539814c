//! How did it end, why, and how long did it take? Outcomes, conflicts, processing time, decisions, facts.

use crate::script::{check, run};
use walletscope_model::Stage;
use walletscope_stream::Leg;

#[test]
fn failures_have_a_reason_and_keep_their_code() {
    check(
        "12:00:00 START c=c1
         12:00:01 FAILURE c=c1 reason=ISSUER_DECLINED",
        "corr c1 FAILED started 12:00:00 - 12:00:01 took=1 reason=ISSUER_DECLINED code=ISSUER_DECLINED records=2",
    );
    check(
        "12:00:00 START c=c1
         12:00:01 FAILURE c=c1 reason=E-42",
        "corr c1 FAILED started 12:00:00 - 12:00:01 took=1 reason=UNKNOWN code=E-42 records=2",
    );
    check(
        "12:00:01 FAILURE c=c1",
        "corr c1 FAILED started 12:00:01 - 12:00:01 took=0 reason=UNKNOWN tries=0 records=1",
    );
}

#[test]
fn a_crash_of_the_invocation_is_a_technical_end() {
    for line in [
        "text 2026-11-22T12:00:03.000Z r1 Task timed out after 3.00 seconds",
        "text REPORT RequestId: r1\\tDuration: 3000.00 ms\\tStatus: timeout",
        "text RequestId: r1 Error: Runtime exited with error: signal: killed",
        "text [ERROR] Runtime.ExitError: RequestId: r1 Error: Runtime exited with error: signal: killed",
        r#"json {"type":"platform.report","record":{"requestId":"r1","status":"timeout"}}"#,
        r#"json {"type":"platform.report","record":{"requestId":"r1","status":"error"}}"#,
        r#"json {"type":"platform.runtimeDone","record":{"requestId":"r1","status":"failure"}}"#,
        r#"json {"type":"platform.runtimeDone","record":{"requestId":"r1","status":"timeout"}}"#,
    ] {
        check(
            &format!("12:00:00 START c=c1 r=r1\n12:00:03 {line}"),
            "corr c1 FAILED started 12:00:00 - 12:00:03 took=3 reason=INTERNAL_ERROR records=2 r=r1",
        );
        // One invocation, two attempts: nobody's end.
        check(
            &format!("12:00:00 START c=c1 r=r1\n12:00:00 START c=c2 r=r1\n12:00:03 {line}"),
            "corr c1 PENDING started 12:00:00 records=1
             corr c2 PENDING started 12:00:00 records=1",
        );
    }
    for line in [
        "text REPORT RequestId: r1\\tDuration: 12.00 ms",
        "text [ERROR]\\t2026-11-22T12:00:03.000Z\\tr1\\tRequestId: r1 Error: logged by the function",
        r#"json {"type":"platform.start","record":{"requestId":"r1","version":"1"}}"#,
        r#"json {"type":"platform.report","record":{"requestId":"r1","status":"success"}}"#,
    ] {
        check(
            &format!("12:00:00 START c=c1 r=r1\n12:00:03 {line}"),
            "corr c1 PENDING started 12:00:00 records=2 r=r1",
        );
    }
}

#[test]
fn what_is_active_was_provisioned() {
    // No processing time: the cardholder's is in it.
    check(
        "12:00:00 START c=c1
         12:04:00 ACTIVATED c=c1
         12:10:00 FIRST_TAP c=c1",
        "corr c1 SUCCESS first_tap 12:00:00 - 12:04:00 records=3",
    );
    for success in ["12:00:02 SUCCESS c=c1", "12:00:02 SUCCESS c=c1 at=12:09"] {
        check(
            &format!("12:00:00 START c=c1\n12:04:00 ACTIVATED c=c1\n{success}"),
            "corr c1 SUCCESS activated 12:00:00 - 12:00:02 took=2 records=3",
        );
    }
    check(
        "12:00:00 START c=c1
         12:00:03 FAILURE c=c1 reason=TSP_ERROR
         12:04:00 ACTIVATED c=c1",
        "corr c1 FAILED activated 12:00:00 - 12:00:03 took=3 reason=TSP_ERROR code=TSP_ERROR records=3 conflict",
    );
}

#[test]
fn the_first_end_by_event_time_wins_and_a_different_one_is_flagged() {
    for order in [["02 SUCCESS", "05 FAILURE"], ["05 FAILURE", "02 SUCCESS"]] {
        check(
            &format!(
                "12:00:00 START c=c1\n12:00:{} c=c1 at=12:01\n12:00:{} c=c1 at=12:01",
                order[0], order[1]
            ),
            "corr c1 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=3 conflict",
        );
    }
    check(
        "12:00:00 START c=c1
         12:00:05 SUCCESS c=c1
         12:00:02 FAILURE c=c1 reason=TSP_ERROR",
        "corr c1 FAILED provisioned 12:00:00 - 12:00:02 took=2 reason=TSP_ERROR code=TSP_ERROR records=3 conflict",
    );
    // The same end again, from another writer, is no conflict.
    check(
        "12:00:00 START c=c1
         12:00:02 SUCCESS c=c1
         12:00:03 SUCCESS c=c1 writer=two",
        "corr c1 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=3",
    );
}

#[test]
fn at_equal_times_success_wins_then_the_smallest_content() {
    check(
        "12:00:02 FAILURE c=c1
         12:00:02 SUCCESS c=c1",
        "corr c1 SUCCESS provisioned 12:00:02 - 12:00:02 took=0 tries=0 records=2 conflict",
    );
    for order in [["RISK_DECLINED", "CVC_MISMATCH"], ["CVC_MISMATCH", "RISK_DECLINED"]] {
        check(
            &format!("12:00:02 FAILURE c=c1 reason={}\n12:00:02 FAILURE c=c1 reason={}", order[0], order[1]),
            "corr c1 FAILED started 12:00:02 - 12:00:02 took=0 reason=CVC_MISMATCH code=CVC_MISMATCH tries=0 records=2 conflict",
        );
    }
}

#[test]
fn giving_up_yields_to_any_later_end() {
    check(
        "12:00:00 START c=c1
         12:00:10 STEP_UP_SENT c=c1
         12:03:00 FAILURE c=c1 reason=IDV_ABANDONED",
        "corr c1 ABANDONED step_up_sent 12:00:00 - 12:03:00 wait=170 code=IDV_ABANDONED gave_up=step_up records=3",
    );
    check(
        "12:00:00 START c=c1
         12:00:05 ELIGIBLE c=c1
         12:03:00 ABANDONED c=c1",
        "corr c1 ABANDONED eligible 12:00:00 - 12:03:00 gave_up=eligible records=3",
    );
    check(
        "12:00:00 START c=c1
         12:03:00 FAILURE c=c1 reason=IDV_ABANDONED
         12:04:00 SUCCESS c=c1",
        "corr c1 SUCCESS provisioned 12:00:00 - 12:04:00 took=240 records=3",
    );
    check(
        "12:00:00 START c=c1
         12:03:00 ABANDONED c=c1
         12:04:00 FAILURE c=c1 reason=IDV_FAILED",
        "corr c1 FAILED started 12:00:00 - 12:04:00 took=240 reason=IDV_FAILED code=IDV_FAILED records=3",
    );
}

/// ABANDONED gives way to a later end without a word; after an end it contradicts it.
#[test]
fn giving_up_after_the_end_is_a_conflict() {
    for (end, expected) in [
        ("SUCCESS c=c1", "SUCCESS provisioned 12:00:00 - 12:00:02 took=2"),
        (
            "FAILURE c=c1 reason=TSP_ERROR",
            "FAILED started 12:00:00 - 12:00:02 took=2 reason=TSP_ERROR code=TSP_ERROR",
        ),
    ] {
        for (at, flag) in [("12:00:01", ""), ("12:00:02", " conflict"), ("12:00:03", " conflict")] {
            for given_up in ["ABANDONED c=c1", "FAILURE c=c1 reason=IDV_ABANDONED"] {
                let (end, given_up) =
                    (format!("12:00:02 {end} at=12:01"), format!("{at} {given_up} at=12:01"));
                for [first, then] in [[&end, &given_up], [&given_up, &end]] {
                    check(
                        &format!("12:00:00 START c=c1\n{first}\n{then}"),
                        &format!("corr c1 {expected} records=3{flag}"),
                    );
                }
            }
        }
    }
}

#[test]
fn processing_time_is_reported_or_measured_without_the_cardholder() {
    for (field, took) in [
        ("processingTime=1.245", "1.245"),
        ("processing_time=1.245", "1.245"),
        ("processingTimeMs=1245", "1.245"),
        ("processingTime=abc", "60"),
        ("processingTime=-1", "60"),
    ] {
        check(
            &format!("12:00:00 START c=c1\n12:01:00 SUCCESS c=c1 {field}"),
            &format!("corr c1 SUCCESS provisioned 12:00:00 - 12:01:00 took={took} records=2"),
        );
    }
    check(
        "12:00:00 START c=c1
         12:00:10 STEP_UP_SENT c=c1
         12:00:40 STEP_UP_VERIFIED c=c1
         12:01:00 SUCCESS c=c1",
        "corr c1 SUCCESS provisioned 12:00:00 - 12:01:00 took=30 wait=30 records=4",
    );
    // A start after its end is shown as it is, and gives no duration.
    check(
        "12:00:10 START c=c1
         12:00:00 SUCCESS c=c1",
        "corr c1 SUCCESS provisioned 12:00:10 - 12:00:00 records=2",
    );
    // What another event reports is not the end's.
    check(
        "12:00:00 START c=c1 processingTime=9
         12:01:00 SUCCESS c=c1",
        "corr c1 SUCCESS provisioned 12:00:00 - 12:01:00 took=60 records=2",
    );
}

#[test]
fn decisions_are_kept_apart_and_facts_come_from_the_earliest_event() {
    check(
        "12:00:01 DECISION c=c1 walletRecommendation=GREEN networkDecision=YELLOW
         12:00:02 DECISION c=c1 issuerDecision=red finalDecision=YELLOW overrideBy=risk-desk
         12:00:03 DECISION c=c1 walletRecommendation=purple",
        "corr c1 PENDING decided 12:00:01 tries=0 records=3 override=risk-desk network_says=YELLOW issuer_says=RED final=YELLOW",
    );
    check(
        "12:00:02 SUCCESS c=c1 wallet=GooglePay issuer=B
         12:00:00 START c=c1 wallet=ApplePay userAgent=ApplePay/iOS/16.0
         12:00:01 ELIGIBLE c=c1 wallet=SamsungPay issuer=A",
        "corr c1 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=3 wallet=ApplePay issuer=A device=iOS/16.0",
    );
}

/// Whatever is counted by its colour reached the decision, also where that event is missing.
#[test]
fn a_final_decision_on_any_record_tells_that_it_was_decided() {
    check(
        "12:00:00 START c=c1
         12:00:02 FAILURE c=c1 reason=RISK_DECLINED finalDecision=RED",
        "corr c1 FAILED decided 12:00:00 - 12:00:02 took=2 reason=RISK_DECLINED code=RISK_DECLINED records=2 final=RED",
    );
    check(
        "12:00:00 START c=c1 finalDecision=YELLOW
         tick 12:15",
        "corr c1 ABANDONED decided 12:00:00 - 12:15:00 gave_up=decided records=1 final=YELLOW",
    );
    // The parties' words come before the decision, and an unknown colour is none.
    check(
        "12:00:00 START c=c1 walletRecommendation=YELLOW issuerDecision=RED finalDecision=purple",
        "corr c1 PENDING started 12:00:00 records=1 wallet_says=YELLOW issuer_says=RED",
    );
    let mut world = run("12:00:00 START c=c1\n12:00:02 SUCCESS c=c1 finalDecision=YELLOW");
    world.commit();
    let row = *world.state.backing().rows.values().next().expect("an attempt");
    assert!(row.flags.decided && row.stages.has(Stage::Decided));
    // No time is made up: the leg to the end still begins at the start.
    assert_eq!(row.stages.leg(Stage::Decided), Leg::First);
    assert!(matches!(row.stages.leg(Stage::Provisioned), Leg::After(took) if took.as_seconds() > 1.9));
}

#[test]
fn stages_after_the_end_move_the_stage_and_not_the_end() {
    check(
        "12:00:00 START c=c1
         12:00:02 SUCCESS c=c1 k=k1
         12:05:00 ACTIVATED k=k1
         tick 12:20
         12:30:00 FIRST_TAP k=k1",
        "corr c1 SUCCESS first_tap 12:00:00 - 12:00:02 took=2 records=4 k=k1 settled",
    );
}

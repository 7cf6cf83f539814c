//! Spans and audit events: records of their attempt by their ids, and what an audited call that failed ends.

use crate::script::{check, check_tokens, run};
use walletscope_model::IdKind;
use walletscope_stream::{Join, NodeKey};

#[test]
fn they_join_by_any_id_and_assert_the_others() {
    check(
        "12:00:00 START c=c1 r=r1
         12:00:00 span t=t1 r=r1
         12:00:01 span t=t1 name=PutItem
         12:00:02 audit r=r1 k=k1 status=SUCCESS
         12:00:02 SUCCESS k=k1",
        "corr c1 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=5 r=r1 t=t1 k=k1",
    );
    check(
        "12:00:00 START r=r1
         12:00:00 span c=c1 r=r1 t=t1",
        "corr c1 PENDING started 12:00:00 records=2 r=r1 t=t1",
    );
}

#[test]
fn alone_they_make_no_attempt() {
    check("12:00:00 span c=c1 t=t1\n12:00:01 audit r=r1\n12:00:02 audit r=r2 code=AccessDenied", "");
}

#[test]
fn equal_ones_are_duplicates_within_their_own_signal() {
    check(
        "12:00:00 START c=c1 r=r1 t=t1
         12:00:00 span c=c1 t=t1
         12:00:00 span c=c1 t=t1 at=12:05
         12:00:00 audit c=c1
         restart
         12:00:00 audit c=c1 at=12:06",
        "corr c1 PENDING started 12:00:00 records=3 r=r1 t=t1",
    );
}

#[test]
fn a_failed_call_is_a_technical_end() {
    for failure in ["code=InternalFailure", "status=FAILED", "status=error k=k1"] {
        let alias = if failure.contains("k1") { " k=k1" } else { "" };
        check(
            &format!("12:00:00 START c=c1 r=r1\n12:00:03 audit r=r1 {failure}"),
            &format!(
                "corr c1 FAILED started 12:00:00 - 12:00:03 took=3 reason=INTERNAL_ERROR records=2 r=r1{alias}"
            ),
        );
        // One invocation, two attempts: nobody's end.
        check(
            &format!("12:00:00 START c=c1 r=r1\n12:00:00 START c=c2 r=r1\n12:00:03 audit r=r1 {failure}"),
            "corr c1 PENDING started 12:00:00 records=1
             corr c2 PENDING started 12:00:00 records=1",
        );
    }
    for success in ["", "status=SUCCESS"] {
        check(
            &format!("12:00:00 START c=c1 r=r1\n12:00:03 audit r=r1 {success}"),
            "corr c1 PENDING started 12:00:00 records=2 r=r1",
        );
    }
    check(
        "12:00:00 START c=c1
         12:00:01 SUCCESS c=c1
         12:00:03 audit c=c1 code=InternalFailure",
        "corr c1 SUCCESS provisioned 12:00:00 - 12:00:01 took=1 records=3 conflict",
    );
}

/// The times of audit events are whole seconds: such a one must not take the place of the event that knows the reason.
#[test]
fn a_failure_event_tells_the_end_of_a_failed_call() {
    for order in [["02", "02.5"], ["02.5", "02"]] {
        check(
            &format!(
                "12:00:00 START c=c1 r=r1
                 12:00:{} audit r=r1 status=FAILED at=12:01
                 12:00:{} FAILURE c=c1 reason=CVC_MISMATCH at=12:01",
                order[0], order[1]
            ),
            &format!(
                "corr c1 FAILED started 12:00:00 - 12:00:{} took={} reason=CVC_MISMATCH code=CVC_MISMATCH records=3 r=r1",
                if order[1] == "02" { "02" } else { "02.500" },
                if order[1] == "02" { "2" } else { "2.5" },
            ),
        );
    }
    check(
        "12:00:00 START c=c1 r=r1
         12:00:02 audit r=r1 code=Timeout
         12:00:03 FAILURE c=c1 reason=IDV_ABANDONED",
        "corr c1 ABANDONED started 12:00:00 - 12:00:03 code=IDV_ABANDONED gave_up=step_up records=3 r=r1",
    );
}

/// A suspension is an invocation of its own: it must neither claim the token nor end the attempt that made it.
#[test]
fn a_later_call_about_the_token_is_shown_and_changes_nothing() {
    let provisioned = "12:00:00 START c=c1 r=r1 wallet=ApplePay
         12:00:02 SUCCESS c=c1 r=r1 k=k1";
    for call in ["audit r=r2 k=k1 name=SuspendToken", "audit r=r2 k=k1 name=SuspendToken code=AccessDenied"] {
        for order in [format!("{provisioned}\n12:05:00 {call}"), format!("12:05:00 {call}\n{provisioned}")] {
            check(
                &order,
                "corr c1 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=3 wallet=ApplePay r=r1 k=k1",
            );
            check_tokens(&order, "k1: 12:00:02 ACTIVE");
        }
    }
}

#[test]
fn the_page_about_an_attempt_shows_them() {
    let mut world = run("12:00:00 START c=c1 r=r1
         12:00:00 span r=r1 t=t1
         12:00:01 audit r=r1 code=Timeout");
    let key = NodeKey::of("bank", IdKind::Correlation, "c1");
    let detail = world.state.detail(key).expect("disk reads").expect("an attempt");
    let shown: Vec<_> = detail.records.iter().map(|record| (record.offset.0, record.join)).collect();
    assert_eq!(shown, [(1, Join::Named), (2, Join::Alias), (3, Join::Alias)]);
}

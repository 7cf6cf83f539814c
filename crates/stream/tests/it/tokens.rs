//! What state was a token in, and how many are active where?

use crate::script::{check, check_tokens, run};
use walletscope_stream::Dimension;

#[test]
fn a_token_lives_by_event_time() {
    let life = [
        "12:00:00 CREATED c=c1 k=k1 at=1d12:00",
        "12:00:02 SUCCESS c=c1 k=k1 at=1d12:00",
        "13:00:00 SUSPENDED k=k1 at=1d12:00",
        "14:00:00 RESUMED k=k1 at=1d12:00",
        "15:00:00 DELETED k=k1 at=1d12:00",
    ];
    let expected =
        "k1: 12:00:00 INACTIVE, 12:00:02 ACTIVE, 13:00:00 SUSPENDED, 14:00:00 ACTIVE, 15:00:00 DELETED";
    check_tokens(&life.join("\n"), expected);
    let reversed: Vec<&str> = life.iter().rev().chain(&life).copied().collect();
    check_tokens(&reversed.join("\n"), expected);
    check_tokens(&reversed.join("\nrestart\n"), expected);
}

#[test]
fn a_step_up_leaves_the_token_inactive_until_it_is_activated() {
    check_tokens(
        "12:00:02 SUCCESS c=c1 k=k1 finalDecision=YELLOW
         12:09:00 ACTIVATED k=k1",
        "k1: 12:00:02 INACTIVE, 12:09:00 ACTIVE",
    );
    check_tokens("12:00:02 SUCCESS c=c1 k=k1 tokenState=SUSPENDED", "k1: 12:00:02 SUSPENDED");
    check_tokens("12:00:00 START c=c1 k=k1", "");
}

#[test]
fn the_later_state_of_one_instant_counts_and_the_other_is_a_dispute() {
    for order in [["SUSPENDED", "RESUMED"], ["RESUMED", "SUSPENDED"]] {
        check_tokens(
            &format!("12:00:00 CREATED k=k1 c=c1\n13:00:00 {} k=k1\n13:00:00 {} k=k1", order[0], order[1]),
            "k1: 12:00:00 INACTIVE, 13:00:00 SUSPENDED!ACTIVE",
        );
    }
    // Created and active in one instant is a quick token.
    check_tokens("12:00:00 SUCCESS k=k1 c=c1\n12:00:00 CREATED k=k1 c=c1", "k1: 12:00:00 ACTIVE");
    // Also where the token was in that state before.
    check_tokens(
        "12:00:00 SUCCESS k=k1 c=c1
         12:01:00 ACTIVATED k=k1
         12:01:00 CREATED k=k1 c=c1",
        "k1: 12:00:00 ACTIVE",
    );
    check_tokens(
        "12:00:00 SUSPENDED k=k1
         12:01:00 RESUMED k=k1
         12:01:00 SUSPENDED k=k1 writer=two
         12:02:00 RESUMED k=k1",
        "k1: 12:00:00 SUSPENDED!ACTIVE, 12:02:00 ACTIVE",
    );
}

#[test]
fn lifecycle_events_change_the_token_and_never_an_attempt() {
    check("12:00:00 SUSPENDED c=c1 r=r1 k=k1", "");
    // Not even as an alias: r1 and k1 stay where they were asserted.
    check(
        "12:00:00 START c=c1 r=r1
         12:00:02 SUCCESS c=c1 k=k1
         13:00:00 SUSPENDED c=c2 r=r1 k=k1
         13:00:00 DELETED r=r2 k=k1",
        "corr c1 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=2 r=r1 k=k1 settled",
    );
    check_tokens("13:00:00 DELETED", "");
}

#[test]
fn active_tokens_are_counted_under_their_attempts_wallet() {
    let gauge = |input: &str| {
        let mut world = run(input);
        world.verify();
        let word = |code| world.state.dictionary.value(Dimension::Wallet, code).unwrap_or("?");
        let counts = world.state.active_tokens.iter().filter(|(_, count)| **count != 0);
        let mut lines: Vec<String> =
            counts.map(|((wallet, _), count)| format!("{}={count}", word(*wallet))).collect();
        lines.sort();
        lines.join(" ")
    };
    let active = "12:00:00 START c=c1 wallet=ApplePay\n12:00:02 SUCCESS c=c1 k=k1\n12:00:02 SUCCESS c=c2 k=k2 wallet=GooglePay";
    assert_eq!(gauge(active), "ApplePay=1 GooglePay=1");
    assert_eq!(gauge(&format!("{active}\n13:00:00 SUSPENDED k=k1")), "GooglePay=1");
    assert_eq!(
        gauge(&format!("{active}\n13:00:00 SUSPENDED k=k1\n14:00:00 RESUMED k=k1")),
        "ApplePay=1 GooglePay=1"
    );
    assert_eq!(gauge("12:00:02 SUCCESS c=c1 k=k1"), "?=1");
    // The wallet becomes known, and becomes another one.
    assert_eq!(gauge("12:00:02 SUCCESS c=c1 k=k1\n12:00:01 ELIGIBLE c=c1 wallet=ApplePay"), "ApplePay=1");
    assert_eq!(
        gauge(&format!("{active}\n11:00:00 START c=c1 wallet=SamsungPay")),
        "GooglePay=1 SamsungPay=1"
    );
    // A token of two attempts is nobody's; a token whose attempt lost its only event likewise.
    assert_eq!(gauge(&format!("{active}\n12:00:03 ELIGIBLE c=c2 k=k1")), "?=1 GooglePay=1");
    let stripped = "12:00:00 SUCCESS r=r1 wallet=ApplePay\n12:00:01 json {\"correlationId\":\"c1\",\"requestId\":\"r1\",\"tokenReferenceId\":\"k1\"}\n12:00:02 ACTIVATED k=k1";
    assert_eq!(gauge(stripped), "ApplePay=1");
    let shared = "12:00:03 json {\"correlationId\":\"c2\",\"requestId\":\"r1\"}";
    assert_eq!(gauge(&format!("{stripped}\n{shared}")), "?=1");
}

//! Are the windows what the rows add up to, and do old attempts leave without a trace?

use walletscope_series::Resolution;
use walletscope_stream::Dimension;

use crate::script::{attempts, check, run};
use crate::world::World;

/// Rows are sums after each line; [`crate::world::World::verify`] recomputes all of them.
#[test]
fn windows_follow_every_change_of_an_attempt() {
    let mut input = String::new();
    for line in [
        "12:00:00 START r=r1 wallet=ApplePay issuer=A",
        "12:00:30 START c=c2 wallet=GooglePay",
        "12:01:00 STEP_UP_SENT r=r1",
        "tick 12:20",
        "12:59:59 SUCCESS c=c2 k=k1 processingTime=2",
        "13:00:00 DECISION c=c1 r=r1 finalDecision=YELLOW issuer=B",
        "11:00:00 START c=c1 wallet=SamsungPay",
        "13:05:00 FAILURE c=c1 reason=TSP_ERROR",
        "12:30:00 FAILURE c=c2 reason=CVC_MISMATCH",
        "12:00:00 START c=c3 r=r1",
        "13:06:00 ACTIVATED k=k1",
        "13:07:00 START c=c4 tokenType=STATIC k=k1",
        "tick 31d00:00",
    ] {
        input += &format!("\n{line}");
        run(&input).verify();
        run(&input.replace('\n', "\ncommit\nrestart\n")).verify();
    }
    assert!(!run(&input).verify().is_empty());
}

#[test]
fn settled_attempts_leave_after_a_month_and_stay_counted() {
    let history = "12:00:00 START c=c1 r=r1 wallet=ApplePay
         12:00:02 SUCCESS c=c1 r=r1 k=k1
         commit
         tick 20d12:00
         commit";
    check(
        history,
        "corr c1 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=2 wallet=ApplePay r=r1 k=k1 settled",
    );
    let mut world = run(&format!("{history}\ntick 32d12:00\ncommit"));
    assert_eq!(attempts(&mut world), Vec::<String>::new());
    let disk = world.state.backing();
    assert_eq!(disk.nodes.len(), 2, "the token and the attempt's name stay: {:?}", disk.nodes);
    for resolution in [Resolution::Hour, Resolution::Day] {
        let windows = disk.windows.keys().filter(|key| key.resolution == resolution);
        assert_eq!(windows.count(), 1, "{resolution:?} stays counted");
    }
    assert_eq!(world.state.active_tokens.values().sum::<i64>(), 1, "the token stays counted");
}

/// It is in the lake, and a second one of the same name would be counted again.
#[test]
fn an_attempt_that_left_does_not_begin_again() {
    let history = "12:00:00 START c=c1 r=r1 wallet=ApplePay issuer=A
         12:00:02 SUCCESS c=c1 r=r1 k=k1
         12:00:09 ACTIVATED c=c1 k=k1
         tick 32d12:00
         commit";
    let counted = |world: &World| {
        let windows = world.state.backing().windows.iter();
        let long = windows.filter(|(key, _)| key.resolution >= Resolution::Hour);
        long.map(|(key, window)| format!("{key:?} {window:?}")).collect::<Vec<_>>()
    };
    let mut input = history.to_owned();
    let expected = counted(&run(&input));
    for line in [
        "12:00:00 START c=c1 r=r1 wallet=GooglePay issuer=B",
        "12:00:02 SUCCESS c=c1 r=r1 k=k1",
        "12:00:02 text REPORT RequestId: r1 Duration: 2 ms",
        "32d12:00:30 FIRST_TAP c=c1 k=k1 r=r9",
        "tick 65d12:00",
        "65d12:00:30 FAILURE c=c1 r=r1",
        "tick 98d12:00",
    ] {
        input += &format!("\n{line}");
        for input in [input.clone(), input.replace('\n', "\ncommit\nrestart\n")] {
            let mut world = run(&input);
            assert_eq!(attempts(&mut world), Vec::<String>::new(), "{input}");
            assert_eq!(counted(&world), expected, "{input}");
        }
    }
    let mut world = run(&input);
    world.commit();
    let disk = world.state.backing();
    assert_eq!((disk.nodes.len(), disk.loose_ends.len()), (2, 0), "{:?}", disk.nodes);
}

/// Its wallet and issuer are those of the attempt that made it.
#[test]
fn a_token_whose_attempt_left_stays_where_it_was_counted() {
    let mut world = run("12:00:00 START c=c1 r=r1 wallet=ApplePay issuer=A
         12:00:02 SUCCESS c=c1 k=k1
         12:00:09 ACTIVATED c=c1 k=k1
         tick 32d12:00
         32d12:00:30 SUSPENDED c=c1 k=k1
         commit
         restart
         32d12:00:40 RESUMED c=c1 k=k1
         32d12:00:50 FIRST_TAP c=c1 k=k1
         commit");
    let (wallet, issuer) = (Some("ApplePay"), Some("A"));
    let place = (
        world.state.dictionary.code(Dimension::Wallet, wallet),
        world.state.dictionary.code(Dimension::Issuer, issuer),
    );
    assert_eq!(world.state.active_tokens.get(&place), Some(&1), "{:?}", world.state.active_tokens);
    assert_eq!(world.state.active_tokens.values().sum::<i64>(), 1);
}

/// A shared id does not fall to the candidate that is left when the other one leaves by age.
#[test]
fn leaving_gives_no_shared_record_away() {
    let mut world = run("12:00:00 START c=c1 r=batch
         12:00:01 SUCCESS c=c1
         5d12:00:00 START c=c2 r=batch
         5d12:00:01 FAILURE r=batch
         commit
         tick 32d12:00
         commit
         32d12:00:30 ELIGIBLE c=c2");
    assert_eq!(attempts(&mut world), ["corr c2 PENDING eligible 5d12:00:00 records=2"]);
}

/// Ids whose records never make an attempt leave too, but not those that an attempt still holds.
#[test]
fn ids_without_an_attempt_leave_the_state_by_age() {
    let history = "12:00:00 text START RequestId: other Version: $LATEST
         12:00:00 text START RequestId: r1 Version: $LATEST
         20d12:00:01 START c=c1 r=r1
         20d12:00:02 SUCCESS c=c1
         commit";
    let before = run(history);
    assert_eq!((before.state.backing().nodes.len(), before.state.backing().loose_ends.len()), (3, 2));
    let mut world = run(&format!("{history}\ntick 33d12:00\ncommit"));
    let disk = world.state.backing();
    assert_eq!((disk.nodes.len(), disk.loose_ends.len()), (2, 0), "c1 and r1 stay: {:?}", disk.nodes);
    assert_eq!(
        attempts(&mut world),
        ["corr c1 SUCCESS provisioned 20d12:00:01 - 20d12:00:02 took=1 records=3 r=r1 settled"]
    );
}

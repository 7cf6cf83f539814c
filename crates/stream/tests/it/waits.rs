//! When is an attempt given up, when is it settled, and from when does waiting count?

use walletscope_model::{Body, MetricBatch};

use crate::script::{batch, check, run, run_line, time};

const START: &str = "12:00:00 START c=c1";

#[test]
fn a_quiet_attempt_is_abandoned_after_a_quarter_of_an_hour() {
    check(&format!("{START}\ntick 12:14:59.999"), "corr c1 PENDING started 12:00:00 records=1");
    check(
        &format!("{START}\ntick 12:15"),
        "corr c1 ABANDONED started 12:00:00 - 12:15:00 gave_up=started records=1",
    );
    check(
        &format!("{START}\n12:10:00 ELIGIBLE c=c1\ntick 12:24:59"),
        "corr c1 PENDING eligible 12:00:00 records=2",
    );
    check(
        &format!("{START}\n12:10:00 ELIGIBLE c=c1\ntick 12:25"),
        "corr c1 ABANDONED eligible 12:00:00 - 12:25:00 gave_up=eligible records=2",
    );
    // The end came late, but it came.
    check(
        &format!("{START}\ntick 12:16\n12:20:00 SUCCESS c=c1"),
        "corr c1 SUCCESS provisioned 12:00:00 - 12:20:00 took=1200 records=2",
    );
    // A record that is no event is no sign of life.
    check(
        &format!("{START} r=r1\n12:10:00 text END RequestId: r1\ntick 12:15"),
        "corr c1 ABANDONED started 12:00:00 - 12:15:00 gave_up=started records=2 r=r1",
    );
}

#[test]
fn a_step_up_is_marked_after_a_day_and_ends_after_thirty() {
    let sent = format!("{START}\n12:01:00 STEP_UP_SENT c=c1");
    check(&format!("{sent}\ntick 1d12:00:59"), "corr c1 PENDING step_up_sent 12:00:00 records=2");
    check(&format!("{sent}\ntick 1d12:01"), "corr c1 PENDING step_up_sent 12:00:00 records=2 overdue");
    check(&format!("{sent}\ntick 30d12:00:59"), "corr c1 PENDING step_up_sent 12:00:00 records=2 overdue");
    check(
        &format!("{sent}\ntick 30d12:01"),
        "corr c1 ABANDONED step_up_sent 12:00:00 - 30d12:01:00 wait=2592000 gave_up=step_up records=2",
    );
    check(
        &format!("{sent}\n12:02:00 STEP_UP_VERIFIED c=c1\ntick 12:17"),
        "corr c1 ABANDONED step_up_verified 12:00:00 - 12:17:00 wait=60 gave_up=step_up_verified records=3",
    );
}

#[test]
fn waiting_counts_from_the_later_of_time_and_arrival() {
    let late = "12:00:00 START c=c1 at=14:00";
    check(&format!("{late}\ntick 14:14:59"), "corr c1 PENDING started 12:00:00 records=1");
    check(
        &format!("{late}\ntick 14:15"),
        "corr c1 ABANDONED started 12:00:00 - 12:15:00 gave_up=started records=1",
    );
    let early = "12:00:00 START c=c1 at=11:00";
    check(&format!("{early}\ntick 12:14:59"), "corr c1 PENDING started 12:00:00 records=1");
    check(
        &format!("{early}\ntick 12:15"),
        "corr c1 ABANDONED started 12:00:00 - 12:15:00 gave_up=started records=1",
    );
}

#[test]
fn an_end_settles_a_quarter_of_an_hour_after_it_was_seen() {
    let ended = format!("{START}\n12:00:02 SUCCESS c=c1 at=12:30");
    let line = "corr c1 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=2";
    check(&format!("{ended}\ntick 12:44:59"), line);
    check(&format!("{ended}\ntick 12:45"), &format!("{line} settled"));
    check(
        &format!("{START}\ntick 12:30"),
        "corr c1 ABANDONED started 12:00:00 - 12:15:00 gave_up=started records=1 settled",
    );
    // A late word about a settled attempt is applied; another end opens it again.
    check(
        &format!("{ended}\ntick 12:45\n13:00:00 ELIGIBLE c=c1 wallet=ApplePay"),
        "corr c1 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=3 wallet=ApplePay settled",
    );
    check(
        &format!("{ended}\ntick 12:45\n12:00:01 FAILURE c=c1 at=13:00"),
        "corr c1 FAILED provisioned 12:00:00 - 12:00:01 took=1 reason=UNKNOWN records=3 conflict",
    );
}

#[test]
fn history_counts_by_its_own_times_once_its_source_says_so() {
    let history = "12:00:00 START c=c1 src=import at=3d12:00
         12:00:00 START c=c2 src=import at=3d12:00
         12:00:02 SUCCESS c=c2 src=import at=3d12:00
         12:00:00 START c=c3 src=import at=3d12:00
         12:00:05 STEP_UP_SENT c=c3 src=import at=3d12:00";
    let open = "corr c1 PENDING started 12:00:00 records=1
         corr c2 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=2
         corr c3 PENDING step_up_sent 12:00:00 records=2";
    check(history, open);
    check(&format!("{history}\nend-backfill src=other"), open);
    check(
        &format!("{history}\nend-backfill src=import"),
        "corr c1 ABANDONED started 12:00:00 - 12:15:00 gave_up=started records=1 settled
         corr c2 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=2 settled
         corr c3 PENDING step_up_sent 12:00:00 records=2 overdue",
    );
    // What the source sends afterwards is not history.
    check(
        "end-backfill src=import at=3d12:00
         12:00:00 START c=c1 src=import at=3d12:01",
        "corr c1 PENDING started 12:00:00 records=1",
    );
}

#[test]
fn gaps_extend_every_wait() {
    let gap = "gap 12:10 14:10";
    check(&format!("{START}\n{gap}\ntick 14:14:59"), "corr c1 PENDING started 12:00:00 records=1");
    check(
        &format!("{START}\n{gap}\ntick 14:15"),
        "corr c1 ABANDONED started 12:00:00 - 12:15:00 gave_up=started records=1",
    );
    let ended = format!("{START}\n12:00:02 SUCCESS c=c1\n{gap}");
    let line = "corr c1 SUCCESS provisioned 12:00:00 - 12:00:02 took=2 records=2";
    check(&format!("{ended}\ntick 14:15:01"), line);
    check(&format!("{ended}\ntick 14:15:02"), &format!("{line} settled"));
    // What arrives after a gap is not extended by it.
    check(
        &format!("{gap}\n14:20:00 START c=c1\ntick 14:35"),
        "corr c1 ABANDONED started 14:20:00 - 14:35:00 gave_up=started records=1",
    );
}

/// A source that fell silent must not look fresh because time goes on.
#[test]
fn only_logs_and_metrics_are_an_arrival_whatever_is_replayed() {
    let mut world = run("tick 12:00");
    assert_eq!(world.state.clock.newest_arrival, None);
    for (line, expected) in [
        ("11:00:00 START c=c1 at=12:01:00", "12:01:00"),
        ("tick 12:02", "12:01:00"),
        ("gap 12:02:00 12:10:00", "12:01:00"),
        ("end-backfill", "12:01:00"),
        ("12:20:00 START c=c2", "12:20:00"),
        ("tick 12:30", "12:20:00"),
    ] {
        run_line(&mut world, line);
        assert_eq!(world.state.clock.newest_arrival, Some(time(expected)), "{line}");
        world.restart();
        assert_eq!(world.state.clock.newest_arrival, Some(time(expected)), "{line}, replayed");
        world.commit();
    }
    let metrics = Body::Metrics(MetricBatch { data: Vec::new() });
    world.append(batch(time("12:40:00"), "key", "bank", metrics));
    assert_eq!(world.state.clock.newest_arrival, Some(time("12:40:00")));
}

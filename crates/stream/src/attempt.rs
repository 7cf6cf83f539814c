//! Which attempt do these records make at this time?
//!
//! A pure fold over the attempt's records in one canonical order (event time, then content), so that equal sets of
//! records make equal attempts. Time enters twice: as each record's own time, and as the clock that abandons and
//! settles. The rules are documented in `docs/formats/attempts.md`.

use walletscope_model::contract::Field;
use walletscope_model::{
    Abandoned, Aliases, Attempt, AttemptId, CameFrom, Decision, Decisions, Duration, EventKind, Outcome,
    Reason, Stage, Timestamp,
};

use crate::clock::Clock;
use crate::interpret::What;
use crate::node::Evidence;

/// Everything that resolves to one attempt.
pub struct Gathered<'a> {
    /// Its name.
    pub id: AttemptId,
    /// Its records by time, then content.
    pub evidence: Vec<&'a Evidence>,
    /// Its other ids.
    pub aliases: Aliases,
    /// Where its records came from.
    pub came_from: CameFrom,
    /// Records and request ids beyond the limits.
    pub over_limit: u32,
}

/// An attempt and the next time at which it changes by itself.
pub struct Folded {
    /// The attempt.
    pub attempt: Attempt,
    /// When to fold again though no record came.
    pub due: Option<Timestamp>,
}

/// Folds; `None` while no record is a provisioning event: a request id alone is not an attempt.
pub fn fold(gathered: &Gathered<'_>, clock: &Clock) -> Option<Folded> {
    let events: Vec<&Evidence> =
        gathered.evidence.iter().copied().filter(|record| matches!(record.what, What::Event(_))).collect();
    let stage_at = stage_times(&events);
    let decisions = decisions(&events);
    let furthest = furthest(&stage_at, &decisions);
    let started_at = stage_at[Stage::Started as usize].or_else(|| events.first().map(|event| event.time))?;
    let end = decide(gathered, &events, &stage_at, furthest, clock);
    let ended_by_event = matches!(end.outcome, Outcome::Success | Outcome::Failed);
    let cardholder_wait = cardholder_wait(&stage_at, end.ended_at);
    let processing_time = end
        .ended_at
        .filter(|_| ended_by_event)
        .and_then(|ended_at| service_time(&end, started_at, ended_at, cardholder_wait));
    let attempt = Attempt {
        id: gathered.id.clone(),
        outcome: end.outcome,
        stage: furthest,
        started_at,
        ended_at: end.ended_at,
        stage_at,
        reason: end.reason,
        reason_code: end.reason_code.clone(),
        abandoned: end.abandoned,
        decisions,
        facts: crate::facts::facts(&events),
        came_from: gathered.came_from.clone(),
        processing_time,
        cardholder_wait,
        tries: tries(&events),
        records: u32::try_from(gathered.evidence.len()).unwrap_or(u32::MAX),
        records_over_limit: gathered.over_limit,
        conflict: end.conflict,
        overflow: gathered.over_limit > 0,
        aliases: gathered.aliases.clone(),
        first_arrival: gathered.evidence.iter().map(|record| record.arrival).min().unwrap_or_default(),
        last_arrival: gathered.evidence.iter().map(|record| record.arrival).max().unwrap_or_default(),
        settled: end.settled,
        step_up_overdue: end.step_up_overdue,
    };
    Some(Folded { attempt, due: end.due })
}

/// How it stands, and until when.
#[derive(Default)]
struct End<'a> {
    outcome: Outcome,
    ended_at: Option<Timestamp>,
    terminal: Option<&'a Evidence>,
    reason: Option<Reason>,
    reason_code: Option<Box<str>>,
    abandoned: Option<Abandoned>,
    conflict: bool,
    settled: bool,
    step_up_overdue: bool,
    due: Option<Timestamp>,
}

fn decide<'a>(
    gathered: &Gathered<'a>,
    events: &[&'a Evidence],
    stage_at: &[Option<Timestamp>; Stage::COUNT],
    furthest: Stage,
    clock: &Clock,
) -> End<'a> {
    // What is active was provisioned, also where the event that says so is missing.
    let is_implied = stage_at[Stage::Provisioned as usize].is_none();
    // A failed call tells the same end as the failure event of its attempt, without the reason.
    let has_failure = events.iter().any(|event| event.what == What::Event(EventKind::Failure));
    let tellers = gathered.evidence.iter().filter(|record| !(has_failure && record.what == What::FailedCall));
    let mut ends: Vec<(&Evidence, Ending)> =
        tellers.filter_map(|record| Some((*record, ending(record, is_implied)?))).collect();
    ends.sort_by(|left, right| end_order(left).cmp(&end_order(right)));
    let first = ends.iter().position(|(_, ending)| !matches!(ending, Ending::Abandoned(_)));
    if let Some(first) = first {
        // Whatever stands before the first end is an ABANDONED, which gave way to it.
        let (record, ending) = &ends[first];
        let conflict = ends[first..].iter().any(|(_, other)| other != ending);
        return ended(record, ending, conflict, clock);
    }
    let step_up_pending =
        stage_at[Stage::StepUpSent as usize].is_some() && stage_at[Stage::StepUpVerified as usize].is_none();
    let place = if step_up_pending { Abandoned::AtStepUp } else { Abandoned::After(furthest) };
    if let Some((record, Ending::Abandoned(reason_code))) = ends.first() {
        let place = if reason_code.is_some() { Abandoned::AtStepUp } else { place };
        return settle(
            End {
                outcome: Outcome::Abandoned,
                ended_at: Some(record.time),
                abandoned: Some(place),
                reason_code: reason_code.clone(),
                ..End::default()
            },
            clock.counts_from(record).plus(clock.rules_for(record).settle_after),
            clock,
        );
    }
    wait_or_abandon(events, step_up_pending, place, clock)
}

fn wait_or_abandon<'a>(
    events: &[&'a Evidence],
    step_up_pending: bool,
    place: Abandoned,
    clock: &Clock,
) -> End<'a> {
    // The rules of the last arrival, not those of the event that counts from the latest time: which one that is may
    // change with the end of a backfill, and what was abandoned must stay so.
    let last_arrival = events.iter().max_by_key(|event| (event.offset, event.index));
    let rules = last_arrival.map_or(&clock.rules, |event| clock.rules_for(event));
    let patience = if step_up_pending { rules.step_up_abandon_after } else { rules.abandon_after };
    let anchor = events.iter().map(|event| clock.counts_from(event)).max().unwrap_or_default();
    let last_time = events.iter().map(|event| event.time).max().unwrap_or_default();
    let deadline = anchor.plus(patience);
    if deadline <= clock.now {
        let end = End {
            outcome: Outcome::Abandoned,
            ended_at: Some(last_time.plus(patience)),
            abandoned: Some(place),
            ..End::default()
        };
        return settle(end, deadline.plus(rules.settle_after), clock);
    }
    let mark = anchor.plus(rules.step_up_mark_after);
    let overdue = step_up_pending && mark <= clock.now;
    let due = if step_up_pending && !overdue { mark.min(deadline) } else { deadline };
    End { step_up_overdue: overdue, due: Some(due), ..End::default() }
}

fn ended<'a>(record: &'a Evidence, ending: &Ending, conflict: bool, clock: &Clock) -> End<'a> {
    let (outcome, reason, reason_code) = match ending {
        Ending::Success => (Outcome::Success, None, None),
        Ending::Failed(reason, code) => (Outcome::Failed, Some(*reason), code.clone()),
        Ending::Abandoned(_) => (Outcome::Abandoned, None, None),
    };
    let end = End {
        outcome,
        ended_at: Some(record.time),
        terminal: Some(record),
        reason,
        reason_code,
        conflict,
        ..End::default()
    };
    settle(end, clock.counts_from(record).plus(clock.rules_for(record).settle_after), clock)
}

fn settle<'a>(end: End<'a>, settles_at: Timestamp, clock: &Clock) -> End<'a> {
    let settled = settles_at <= clock.now;
    End { settled, due: (!settled).then_some(settles_at), ..end }
}

/// What a record says about the end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ending {
    Success,
    Failed(Reason, Option<Box<str>>),
    /// With the code where the source gave IDV_ABANDONED.
    Abandoned(Option<Box<str>>),
}

/// `is_implied`: an activation or a first tap stands for a SUCCESS.
fn ending(record: &Evidence, is_implied: bool) -> Option<Ending> {
    match record.what {
        What::Event(EventKind::Stage(Stage::Activated | Stage::FirstTap)) if is_implied => {
            Some(Ending::Success)
        }
        What::Event(EventKind::Stage(Stage::Provisioned)) => Some(Ending::Success),
        What::Event(EventKind::Failure) => {
            let code: Option<Box<str>> = record.field(Field::ReasonCode).map(Into::into);
            match code.as_deref().map_or(Reason::Unknown, Reason::from_code) {
                Reason::IdvAbandoned => Some(Ending::Abandoned(code)),
                reason => Some(Ending::Failed(reason, code)),
            }
        }
        What::Event(EventKind::Abandoned) => Some(Ending::Abandoned(None)),
        What::Crash | What::FailedCall => Some(Ending::Failed(Reason::InternalError, None)),
        What::Event(_) | What::Other => None,
    }
}

/// First by event time; at equal times SUCCESS, then the smallest content of FAILED, then ABANDONED.
fn end_order<'a>((record, ending): &(&'a Evidence, Ending)) -> impl Ord + use<'a> {
    let rank = match ending {
        Ending::Success => 0,
        Ending::Failed(..) => 1,
        Ending::Abandoned(_) => 2,
    };
    (record.time, rank, record.content.as_deref(), &record.fields, record.hash)
}

fn stage_times(events: &[&Evidence]) -> [Option<Timestamp>; Stage::COUNT] {
    let mut times = [None; Stage::COUNT];
    for event in events {
        if let What::Event(EventKind::Stage(stage)) = event.what {
            times[stage as usize].get_or_insert(event.time);
        }
    }
    times
}

/// A known final decision was made, also where the event of the decision is missing.
fn furthest(stage_at: &[Option<Timestamp>; Stage::COUNT], decisions: &Decisions) -> Stage {
    let seen = Stage::ALL.into_iter().rev().find(|stage| stage_at[*stage as usize].is_some());
    let told = decisions.final_decision.map(|_| Stage::Decided);
    seen.max(told).unwrap_or(Stage::Started)
}

/// From the step-up's sending to its answer, or to the end where no answer came.
fn cardholder_wait(stage_at: &[Option<Timestamp>; Stage::COUNT], ended_at: Option<Timestamp>) -> Duration {
    let sent = stage_at[Stage::StepUpSent as usize];
    let answered = stage_at[Stage::StepUpVerified as usize].or(ended_at);
    match (sent, answered) {
        (Some(sent), Some(answered)) if answered > sent => answered.since(sent),
        _ => Duration::default(),
    }
}

/// Reported by the end, else end − start − wait; `None` where the clocks make that negative.
fn service_time(
    end: &End<'_>,
    started_at: Timestamp,
    ended_at: Timestamp,
    cardholder_wait: Duration,
) -> Option<Duration> {
    let terminal = end.terminal?;
    let reported = terminal.field(Field::ProcessingTime).and_then(Duration::parse_seconds);
    let reported =
        reported.or_else(|| terminal.field(Field::ProcessingTimeMs).and_then(Duration::parse_millis));
    let measured = Duration(ended_at.since(started_at).0 - cardholder_wait.0);
    // Until an activation or a first tap the cardholder took an unknown time.
    let is_implied =
        matches!(terminal.what, What::Event(EventKind::Stage(Stage::Activated | Stage::FirstTap)));
    reported.or((measured.0 >= 0 && !is_implied).then_some(measured))
}

/// Distinct STARTs by time and request id.
fn tries(events: &[&Evidence]) -> u32 {
    let starts = events.iter().filter(|event| event.what == What::Event(EventKind::Stage(Stage::Started)));
    let mut tries: Vec<_> = starts.map(|start| (start.time, start.field(Field::RequestId))).collect();
    tries.sort_unstable();
    tries.dedup();
    u32::try_from(tries.len()).unwrap_or(u32::MAX)
}

/// The latest word of each party counts.
fn decisions(events: &[&Evidence]) -> Decisions {
    let latest = |field| events.iter().rev().find_map(|event| event.field(field));
    let colour = |field| latest(field).and_then(Decision::from_name);
    Decisions {
        wallet_recommendation: colour(Field::WalletRecommendation),
        network_decision: colour(Field::NetworkDecision),
        issuer_decision: colour(Field::IssuerDecision),
        final_decision: colour(Field::FinalDecision),
        override_by: latest(Field::OverrideBy).map(Into::into),
    }
}

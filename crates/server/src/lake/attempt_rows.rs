//! What is the lake's row of an attempt?

use walletscope_lake::RowBuilder;
use walletscope_model::{
    Abandoned, Attempt, AttemptId, Decision, EventKind, IdKind, Offset, Outcome, Stage, contract,
};

/// Adds an attempt's row as of `offset`.
pub fn push(rows: &mut RowBuilder, attempt: &Attempt, offset: Offset) {
    let stage_at = |stage: Stage| attempt.stage_at[stage as usize];
    rows.begin(attempt.started_at)
        .text("attempt_id", Some(&name(attempt)))
        .text("status", Some(attempt.outcome.name()))
        .text("event", Some(event(attempt)))
        .text("wallet_provider", attempt.facts.wallet.as_deref())
        .text("issuer", attempt.facts.issuer.as_deref())
        .text("network", attempt.facts.network.as_deref())
        .double("processing_time", attempt.processing_time.map(seconds))
        .time("ended_at", attempt.ended_at)
        .text("stage", Some(attempt.stage.name()))
        .text("reason", attempt.reason.map(walletscope_model::Reason::code))
        .text("reason_code", attempt.reason_code.as_deref())
        .text("failure_class", attempt.failure_class().map(walletscope_model::FailureClass::name))
        .text("failure_owner", attempt.failure_owner().map(walletscope_model::Owner::name))
        .text("abandoned_at", attempt.abandoned.map(abandoned_at));
    push_decisions(rows, attempt);
    push_ids(rows, attempt);
    push_facts(rows, attempt);
    rows.time("eligible_at", stage_at(Stage::Eligible))
        .time("decided_at", stage_at(Stage::Decided))
        .time("step_up_sent_at", stage_at(Stage::StepUpSent))
        .time("step_up_verified_at", stage_at(Stage::StepUpVerified))
        .time("token_created_at", stage_at(Stage::TokenCreated))
        .time("provisioned_at", stage_at(Stage::Provisioned))
        .time("activated_at", stage_at(Stage::Activated))
        .time("first_tap_at", stage_at(Stage::FirstTap))
        .double("cardholder_wait", Some(seconds(attempt.cardholder_wait)))
        .int("tries", Some(attempt.tries))
        .int("records", Some(attempt.records))
        .flag("conflict", attempt.conflict)
        .flag("overflow", attempt.overflow)
        .flag("decided", attempt.reached_decided())
        .flag("bulk", attempt.is_bulk_migration())
        .flag("settled", attempt.settled)
        .time("first_arrival", Some(attempt.first_arrival))
        .time("last_arrival", Some(attempt.last_arrival))
        .text("account", attempt.came_from.account.as_deref())
        .text("region", attempt.came_from.region.as_deref())
        .text("source", attempt.came_from.source.as_deref())
        .text("tenant", Some(&attempt.id.tenant))
        .long("_offset", offset.0)
        .end();
}

/// The attempt's name in the lake: tenant, kind of id, id.
pub fn name(attempt: &Attempt) -> String {
    name_of(&attempt.id)
}

/// As [`name`], of an id alone.
pub fn name_of(id: &AttemptId) -> String {
    format!("{}:{}:{}", id.tenant, id.kind.name(), id.value)
}

fn push_decisions(rows: &mut RowBuilder, attempt: &Attempt) {
    let decisions = &attempt.decisions;
    rows.text("wallet_recommendation", decisions.wallet_recommendation.map(Decision::name))
        .text("network_decision", decisions.network_decision.map(Decision::name))
        .text("issuer_decision", decisions.issuer_decision.map(Decision::name))
        .text("final_decision", decisions.final_decision.map(Decision::name))
        .text("override_by", decisions.override_by.as_deref());
}

fn push_ids(rows: &mut RowBuilder, attempt: &Attempt) {
    let (id, aliases) = (&attempt.id, &attempt.aliases);
    let own = |kind: IdKind| (id.kind == kind).then_some(&*id.value);
    let first =
        |kind: IdKind, known: &'_ [Box<str>]| own(kind).is_none().then(|| known.first().cloned()).flatten();
    let requests = first(IdKind::Request, &aliases.request_ids);
    let traces = first(IdKind::Trace, &aliases.trace_ids);
    let tokens = aliases.token_reference_ids.first();
    let further = |shown: bool, known: &'_ [Box<str>]| {
        known.iter().skip(usize::from(shown)).cloned().collect::<Vec<_>>()
    };
    let mut others = further(requests.is_some(), &aliases.request_ids);
    others.extend(further(traces.is_some(), &aliases.trace_ids));
    others.extend(further(true, &aliases.token_reference_ids));
    rows.text("correlation_id", own(IdKind::Correlation))
        .text("request_id", own(IdKind::Request).or(requests.as_deref()))
        .text("trace_id", own(IdKind::Trace).or(traces.as_deref()))
        .text("token_reference_id", tokens.map(|token| &**token))
        .texts("other_ids", (!others.is_empty()).then(|| others.iter().map(|id| &**id)));
}

fn push_facts(rows: &mut RowBuilder, attempt: &Attempt) {
    let facts = &attempt.facts;
    rows.text("bin", facts.bin.as_deref())
        .text("last_four", facts.last_four.as_deref())
        .text("par", facts.par.as_deref())
        .text("token_requestor_id", facts.token_requestor_id.as_deref())
        .text("token_type", facts.token_type.as_deref())
        .text("device_type", facts.device_type.as_deref())
        .text("device_name", facts.device_name.as_deref())
        .text("device_id", facts.device_id.as_deref())
        .text("device_country", facts.country.as_deref())
        .text("client_ip", facts.client_ip.as_deref())
        .text("user_agent", facts.user_agent.as_deref())
        .text("channel", facts.channel.as_deref())
        .text("step_up_method", facts.step_up_method.as_deref())
        .text("step_up_vendor", facts.step_up_vendor.as_deref());
}

/// The event that stands for how the attempt stands: the last word of its life.
fn event(attempt: &Attempt) -> &'static str {
    let kind = match attempt.outcome {
        Outcome::Pending => EventKind::Stage(attempt.stage),
        Outcome::Success => EventKind::Stage(Stage::Provisioned),
        Outcome::Failed => EventKind::Failure,
        Outcome::Abandoned => EventKind::Abandoned,
    };
    contract::event_name(kind)
}

fn abandoned_at(place: Abandoned) -> &'static str {
    match place {
        Abandoned::AtStepUp => "step_up",
        Abandoned::After(stage) => stage.name(),
    }
}

fn seconds(duration: walletscope_model::Duration) -> f64 {
    duration.0 as f64 / 1e6
}

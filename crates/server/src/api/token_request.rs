//! How does an attempt look as a `TokenRequest`, and beside it?
//!
//! The interface has five texts and three states; an attempt has four outcomes. ABANDONED is shown as FAILED here and
//! nowhere else: filters, counts and charts know four outcomes, and `detail.outcome` says which it is.

use serde::Serialize;
use utoipa::ToSchema;
use walletscope_model::{Abandoned, Attempt, AttemptId, IdKind, Outcome, Reason, Stage};

/// What an unknown device is called.
const DEVICE_UNKNOWN: &str = "Unknown device";

/// An attempt in the interface's own names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TokenRequest {
    /// The attempt id: kind of id, colon, id.
    pub id: String,
    /// SUCCESS, PENDING or FAILED.
    pub status: &'static str,
    /// When it started, RFC 3339 in UTC.
    pub time: String,
    /// Its name, or `Unknown device`.
    pub device: String,
    /// Why it ended as it did, or the stage it is in.
    pub reason: String,
}

/// What a list shows of an attempt beside its `TokenRequest`. Times are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct RequestSummary {
    pub attempt_id: String,
    pub correlation_id: Option<String>,
    /// PENDING, SUCCESS, FAILED or ABANDONED.
    pub outcome: &'static str,
    pub stage: &'static str,
    pub wallet: Option<String>,
    pub issuer: Option<String>,
    pub network: Option<String>,
    pub bin: Option<String>,
    pub last_four: Option<String>,
    pub device: Option<String>,
    pub country: Option<String>,
    pub channel: Option<String>,
    pub started_at: String,
    pub ended_at: Option<String>,
    pub activated_at: Option<String>,
    pub first_arrival: String,
    pub processing_time_seconds: Option<f64>,
    pub cardholder_wait_seconds: f64,
    /// The code as the source wrote it.
    pub reason_code: Option<String>,
    /// The code of the reason it was taken for.
    pub reason: Option<&'static str>,
    /// The class of a failure.
    pub class: Option<&'static str>,
    /// Who can mend the cause of a failure.
    pub owner: Option<&'static str>,
    /// The final decision's colour.
    pub decision: Option<&'static str>,
    pub tries: u32,
    pub flags: RequestFlags,
}

/// Yes-or-no facts of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct RequestFlags {
    /// A later, different end is known.
    pub conflict: bool,
    /// More records or request ids than the limits allow.
    pub overflow: bool,
    /// No change is expected any more.
    pub settled: bool,
    pub stepped_up: bool,
    /// A step-up has been waiting for over 24 hours.
    pub step_up_overdue: bool,
}

impl TokenRequest {
    /// The attempt as the interface shows it.
    pub fn of(attempt: &Attempt) -> Self {
        Self {
            id: attempt_id(&attempt.id),
            status: match attempt.outcome {
                Outcome::Success => "SUCCESS",
                Outcome::Pending => "PENDING",
                Outcome::Failed | Outcome::Abandoned => "FAILED",
            },
            time: attempt.started_at.rfc3339(),
            device: attempt.facts.device_name.as_deref().unwrap_or(DEVICE_UNKNOWN).to_owned(),
            reason: reason(attempt),
        }
    }
}

impl RequestSummary {
    /// What a list shows of the attempt.
    pub fn of(attempt: &Attempt) -> Self {
        let facts = &attempt.facts;
        let text = |value: &Option<Box<str>>| value.as_deref().map(str::to_owned);
        let is_correlation = attempt.id.kind == IdKind::Correlation;
        Self {
            attempt_id: attempt_id(&attempt.id),
            correlation_id: is_correlation.then(|| attempt.id.value.to_string()),
            outcome: attempt.outcome.name(),
            stage: attempt.stage.name(),
            wallet: text(&facts.wallet),
            issuer: text(&facts.issuer),
            network: text(&facts.network),
            bin: text(&facts.bin),
            last_four: text(&facts.last_four),
            device: text(&facts.device_name),
            country: text(&facts.country),
            channel: text(&facts.channel),
            started_at: attempt.started_at.rfc3339(),
            ended_at: attempt.ended_at.map(|at| at.rfc3339()),
            activated_at: attempt.stage_at[Stage::Activated as usize].map(|at| at.rfc3339()),
            first_arrival: attempt.first_arrival.rfc3339(),
            processing_time_seconds: attempt.processing_time.map(|time| time.as_seconds()),
            cardholder_wait_seconds: attempt.cardholder_wait.as_seconds(),
            reason_code: text(&attempt.reason_code),
            reason: attempt.reason.map(Reason::code),
            class: attempt.failure_class().map(|class| class.name()),
            owner: attempt.reason.map(|reason| reason.owner().name()),
            decision: attempt.decisions.final_decision.map(|decision| decision.name()),
            tries: attempt.tries,
            flags: RequestFlags {
                conflict: attempt.conflict,
                overflow: attempt.overflow,
                settled: attempt.settled,
                stepped_up: is_stepped_up(attempt),
                step_up_overdue: attempt.step_up_overdue,
            },
        }
    }
}

/// `corr:corr_xyz789`. The tenant is the caller's and not written.
pub fn attempt_id(id: &AttemptId) -> String {
    format!("{}:{}", id.kind.name(), id.value)
}

/// Reads a written attempt id; `None` for any other text.
pub fn parse_attempt_id(text: &str) -> Option<(IdKind, &str)> {
    let (kind, value) = text.split_once(':')?;
    let kinds = [IdKind::Correlation, IdKind::Request, IdKind::Trace];
    Some((kinds.into_iter().find(|known| known.name() == kind)?, value))
}

fn reason(attempt: &Attempt) -> String {
    match attempt.outcome {
        Outcome::Success if is_stepped_up(attempt) => "Approved after step-up".to_owned(),
        Outcome::Success => "Approved".to_owned(),
        Outcome::Failed => attempt.reason.unwrap_or(Reason::Unknown).words().to_owned(),
        Outcome::Pending => attempt.stage.words().to_owned(),
        Outcome::Abandoned => format!("Abandoned at {}", abandoned_words(attempt)),
    }
}

fn abandoned_words(attempt: &Attempt) -> String {
    match attempt.abandoned {
        Some(Abandoned::AtStepUp) => "step-up".to_owned(),
        Some(Abandoned::After(stage)) => stage.words().to_lowercase(),
        None => attempt.stage.words().to_lowercase(),
    }
}

fn is_stepped_up(attempt: &Attempt) -> bool {
    [Stage::StepUpSent, Stage::StepUpVerified].iter().any(|stage| attempt.stage_at[*stage as usize].is_some())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use walletscope_model::{Aliases, Decisions, Duration, Timestamp, attempt::Facts};

    /// A pending attempt of which nothing but its start is known.
    pub(in crate::api) fn started() -> Attempt {
        let started_at = Timestamp::from_seconds(1_795_348_800);
        let mut stage_at = [None; Stage::COUNT];
        stage_at[Stage::Started as usize] = Some(started_at);
        Attempt {
            id: AttemptId { tenant: "default".into(), kind: IdKind::Correlation, value: "c1".into() },
            outcome: Outcome::Pending,
            stage: Stage::Started,
            started_at,
            ended_at: None,
            stage_at,
            reason: None,
            reason_code: None,
            abandoned: None,
            decisions: Decisions::default(),
            facts: Facts::default(),
            processing_time: None,
            cardholder_wait: Duration(0),
            tries: 1,
            records: 1,
            records_over_limit: 0,
            conflict: false,
            came_from: walletscope_model::CameFrom::default(),
            overflow: false,
            aliases: Aliases::default(),
            first_arrival: started_at,
            last_arrival: started_at,
            settled: false,
            step_up_overdue: false,
        }
    }

    fn check(change: impl FnOnce(&mut Attempt), status: &str, reason: &str) {
        let mut attempt = started();
        change(&mut attempt);
        let request = TokenRequest::of(&attempt);
        assert_eq!((request.status, request.reason.as_str()), (status, reason));
    }

    #[test]
    fn four_outcomes_become_three_states_with_a_reason() {
        check(|_| {}, "PENDING", "Started");
        check(|attempt| attempt.stage = Stage::StepUpSent, "PENDING", "Step-up sent");
        check(|attempt| attempt.outcome = Outcome::Success, "SUCCESS", "Approved");
        check(
            |attempt| {
                attempt.outcome = Outcome::Success;
                attempt.stage_at[Stage::StepUpVerified as usize] = Some(attempt.started_at);
            },
            "SUCCESS",
            "Approved after step-up",
        );
        check(
            |attempt| {
                attempt.outcome = Outcome::Failed;
                attempt.reason = Some(Reason::IdvTimeout);
            },
            "FAILED",
            "Verification timed out",
        );
        check(|attempt| attempt.outcome = Outcome::Failed, "FAILED", "Unknown reason");
        check(
            |attempt| {
                attempt.outcome = Outcome::Abandoned;
                attempt.abandoned = Some(Abandoned::AtStepUp);
            },
            "FAILED",
            "Abandoned at step-up",
        );
        check(
            |attempt| {
                attempt.outcome = Outcome::Abandoned;
                attempt.abandoned = Some(Abandoned::After(Stage::TokenCreated));
            },
            "FAILED",
            "Abandoned at token created",
        );
    }

    #[test]
    fn the_interface_has_its_five_members_and_no_other() {
        let value = serde_json::to_value(TokenRequest::of(&started())).unwrap();
        let members: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["id", "status", "time", "device", "reason"]);
        assert_eq!(value["time"], "2026-11-22T12:00:00.000Z");
        assert_eq!(value["device"], "Unknown device");
    }

    #[test]
    fn attempt_ids_read_back_and_other_texts_do_not() {
        assert_eq!(attempt_id(&started().id), "corr:c1");
        for (text, expected) in [
            ("corr:c1", Some((IdKind::Correlation, "c1"))),
            ("req:a:b", Some((IdKind::Request, "a:b"))),
            ("trace:1-5f", Some((IdKind::Trace, "1-5f"))),
            ("token:t", None),
            ("corr_c1", None),
            ("", None),
        ] {
            assert_eq!(parse_attempt_id(text), expected, "{text}");
        }
    }
}

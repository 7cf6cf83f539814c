//! How does one attempt go?
//!
//! Decides before anything is written: the colours of the decision, the step-up, the end and its reason, and how
//! long each part takes. Probabilities are per mille of the attempts that come to that point; together they leave
//! about 95 % success among the ended on a quiet day.

use crate::dice::Dice;
use crate::incident::Incidents;
use crate::visitor::Visitor;
use crate::world::{STEP_UP_METHODS, StepUpMethod};
use walletscope_model::attempt::{Decision, Stage};
use walletscope_model::reason::Reason;
use walletscope_model::time::Timestamp;

/// The course of one attempt. Times are in milliseconds.
pub struct Course {
    /// Wallet's recommendation, network's, issuer's and final decision.
    pub colours: [Decision; 4],
    /// Who overrode the issuer.
    pub override_by: Option<&'static str>,
    pub step_up: Option<StepUp>,
    pub end: End,
    /// Service time, the cardholder's time not included.
    pub service_millis: i64,
    /// How many times the wallet asks again after no answer.
    pub retries: u32,
    /// Nothing but start and end is logged.
    pub is_terse: bool,
}

/// A proof of identity that is asked for.
pub struct StepUp {
    pub method: &'static StepUpMethod,
    pub vendor: &'static str,
    /// From asking to the answer.
    pub wait_millis: i64,
    /// How many times it is sent.
    pub sends: u32,
    pub is_verified: bool,
}

/// How an attempt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Provisioned,
    /// A TOKEN_PROVISION_FAILURE; at the end of this stage.
    Failed {
        reason: Reason,
        after: Stage,
    },
    /// The invocation dies without an event; at the end of this stage.
    Crashed {
        how: Crash,
        after: Stage,
    },
    /// Somebody gives up; at the end of this stage.
    GivenUp {
        said: Said,
        after: Stage,
    },
}

/// How an invocation dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    TimedOut,
    Exited,
}

/// How giving up is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A TOKEN_PROVISION_ABANDONED.
    Abandoned,
    /// A TOKEN_PROVISION_FAILURE with IDV_ABANDONED.
    IdvAbandoned,
    Nothing,
}

const STEP_UP_PERMILLE: u32 = 140;
const GIVEN_UP_PERMILLE: u32 = 12;
const FAILED_PERMILLE: u32 = 40;
const FAILED_AGAIN_PERMILLE: u32 = 250;
const CRASHED_PERMILLE: u32 = 2;
const RETRY_PERMILLE: u32 = 25;
const TERSE_PERMILLE: u32 = 30;
/// The answer of the issuer is waited for this long.
const ISSUER_WAIT_MILLIS: i64 = 2_600;
/// A step-up nobody answers is given up after this time.
const STEP_UP_PATIENCE_MILLIS: i64 = 600_000;
/// How much longer an attempt takes, and how many per mille get no answer, while its token service is slow.
const TSP_SLOW_FACTOR: i64 = 4;
const TSP_SLOW_TIMEOUT_PERMILLE: u32 = 60;
/// Beyond this a lognormal draw is cut.
const SERVICE_MILLIS_MAX: i64 = 30_000;

/// Failures of a quiet day, before any step-up, by weight.
const FAILURES: [((Reason, Stage), u32); 12] = [
    ((Reason::IssuerDeclined, Stage::Decided), 23),
    ((Reason::CvcMismatch, Stage::Eligible), 19),
    ((Reason::RiskDeclined, Stage::Decided), 13),
    ((Reason::CardNotEligible, Stage::Started), 12),
    ((Reason::TspError, Stage::Decided), 6),
    ((Reason::IssuerTimeout, Stage::Eligible), 6),
    ((Reason::DeviceNotSupported, Stage::Started), 5),
    ((Reason::TspTimeout, Stage::Decided), 4),
    ((Reason::TokenLimitReached, Stage::Decided), 4),
    ((Reason::InvalidRequest, Stage::Started), 4),
    ((Reason::InternalError, Stage::Eligible), 2),
    ((Reason::Unknown, Stage::Decided), 2),
];

const ATTACK_FAILURES: [((Reason, Stage), u32); 4] = [
    ((Reason::CvcMismatch, Stage::Eligible), 74),
    ((Reason::RiskDeclined, Stage::Decided), 14),
    ((Reason::IssuerDeclined, Stage::Decided), 7),
    ((Reason::TokenLimitReached, Stage::Decided), 5),
];

/// The course of the attempt of `visitor` at `at`; `returns` says how often the same visitor has failed just before.
pub fn course(
    dice: &mut Dice,
    visitor: &Visitor,
    returns: u8,
    at: Timestamp,
    incidents: &Incidents,
) -> Course {
    let issuer = visitor.issuer();
    let trouble = Trouble {
        issuer_is_out: incidents.issuer_is_out(usize::from(visitor.card.issuer), at),
        tsp_is_slow: incidents.tsp_is_slow(visitor.network(), at),
    };
    let median_millis = issuer.latency_median_millis * trouble.factor();
    let service_millis = dice.lognormal_millis(median_millis, issuer.latency_sigma).min(SERVICE_MILLIS_MAX);
    let mut course = Course {
        colours: [Decision::Green; 4],
        override_by: None,
        step_up: None,
        end: End::Provisioned,
        service_millis,
        retries: 0,
        is_terse: false,
    };
    if let Some(end) = early_end(dice, visitor, returns, trouble) {
        course.end = end;
        course.service_millis = service_until(dice, end, service_millis);
        colour_early_end(dice, &mut course);
    } else if !visitor.is_migration() && !visitor.is_attacker && dice.permille(STEP_UP_PERMILLE) {
        step_up(dice, visitor, at, incidents, &mut course);
    } else {
        course.colours[0] = dice.pick(&[(Decision::Green, 93), (Decision::Yellow, 6), (Decision::Orange, 1)]);
        course.is_terse = dice.permille(TERSE_PERMILLE);
        if dice.permille(RETRY_PERMILLE) {
            course.retries = dice.pick(&[(1, 7), (2, 1)]);
        }
    }
    course
}

/// What goes wrong for an attempt, whoever makes it.
#[derive(Clone, Copy)]
struct Trouble {
    issuer_is_out: bool,
    tsp_is_slow: bool,
}

impl Trouble {
    /// How much longer everything takes.
    fn factor(self) -> i64 {
        let issuer = if self.issuer_is_out { 3 } else { 1 };
        issuer * if self.tsp_is_slow { TSP_SLOW_FACTOR } else { 1 }
    }
}

/// An end that comes before any step-up.
fn early_end(dice: &mut Dice, visitor: &Visitor, returns: u8, trouble: Trouble) -> Option<End> {
    let failed = |(reason, after)| End::Failed { reason, after };
    if trouble.issuer_is_out && dice.permille(780) {
        return Some(failed((Reason::IssuerTimeout, Stage::Eligible)));
    }
    if trouble.tsp_is_slow && dice.permille(TSP_SLOW_TIMEOUT_PERMILLE) {
        return Some(failed((Reason::TspTimeout, Stage::Decided)));
    }
    if visitor.is_attacker {
        return dice.permille(960).then(|| failed(dice.pick(&ATTACK_FAILURES)));
    }
    if dice.permille(CRASHED_PERMILLE) {
        let how = dice.pick(&[(Crash::TimedOut, 2), (Crash::Exited, 1)]);
        return Some(End::Crashed { how, after: dice.pick(&[(Stage::Eligible, 1), (Stage::Decided, 1)]) });
    }
    let failed_permille = if returns == 0 { FAILED_PERMILLE } else { FAILED_AGAIN_PERMILLE };
    if dice.permille(failed_permille) {
        return Some(failed(dice.pick(&FAILURES)));
    }
    (!visitor.is_migration() && dice.permille(GIVEN_UP_PERMILLE)).then(|| End::GivenUp {
        said: dice.pick(&[(Said::Abandoned, 1), (Said::Nothing, 1)]),
        after: dice.pick(&[(Stage::Started, 2), (Stage::Eligible, 5)]),
    })
}

/// The service time of an attempt that ends early, out of the time it would have taken.
fn service_until(dice: &mut Dice, end: End, service_millis: i64) -> i64 {
    match end {
        End::Failed { reason: Reason::IssuerTimeout, .. } => ISSUER_WAIT_MILLIS + dice.between(0, 200),
        End::Failed { reason: Reason::TspTimeout, .. } => ISSUER_WAIT_MILLIS + dice.between(-400, 100),
        End::Failed { after: Stage::Started, .. } => (service_millis / 6).max(20),
        _ => service_millis.min(ISSUER_WAIT_MILLIS),
    }
}

fn colour_early_end(dice: &mut Dice, course: &mut Course) {
    use Decision::{Green, Orange, Red, Yellow};
    let End::Failed { reason, .. } = course.end else { return };
    course.colours = match reason {
        Reason::RiskDeclined => [dice.pick(&[(Red, 2), (Orange, 2), (Yellow, 1)]), Green, Red, Red],
        Reason::IssuerDeclined => [dice.pick(&[(Green, 5), (Yellow, 3)]), Green, Red, Red],
        Reason::TokenLimitReached => [Green, Red, Green, Red],
        _ => return,
    };
    if reason == Reason::TokenLimitReached {
        course.override_by = Some("NETWORK");
    }
}

fn step_up(dice: &mut Dice, visitor: &Visitor, at: Timestamp, incidents: &Incidents, course: &mut Course) {
    use Decision::{Green, Orange, Yellow};
    let method = &STEP_UP_METHODS[dice.index(STEP_UP_METHODS.iter().map(|method| method.weight))];
    let vendor = dice.pick(method.vendors);
    let is_overridden = visitor.channel == "MANUAL_PROVISION" && dice.permille(250);
    let recommendation =
        if method.name == "CALL_CENTER" { Orange } else { dice.pick(&[(Yellow, 2), (Green, 1)]) };
    course.colours = [recommendation, Yellow, if is_overridden { Green } else { Yellow }, Yellow];
    course.override_by = is_overridden.then_some("NETWORK");
    let ends = if incidents.vendor_is_down(vendor, at) { [60, 10, 630, 300] } else { [905, 28, 17, 50] };
    let after = Stage::StepUpSent;
    course.end = match dice.index(ends.into_iter()) {
        0 => End::Provisioned,
        1 => End::Failed { reason: Reason::IdvFailed, after },
        2 => End::Failed { reason: Reason::IdvTimeout, after },
        _ => End::GivenUp {
            said: dice.pick(&[(Said::Abandoned, 4), (Said::IdvAbandoned, 3), (Said::Nothing, 3)]),
            after,
        },
    };
    let is_answered = matches!(course.end, End::Provisioned | End::Failed { reason: Reason::IdvFailed, .. });
    let answer_millis = dice.lognormal_millis(method.wait_median_millis, method.wait_sigma);
    course.step_up = Some(StepUp {
        method,
        vendor,
        wait_millis: if is_answered { answer_millis } else { STEP_UP_PATIENCE_MILLIS.max(answer_millis) },
        sends: 1 + u32::from(method.name.starts_with("OTP") && dice.permille(110)),
        is_verified: course.end == End::Provisioned,
    });
}

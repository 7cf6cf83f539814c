//! What is one attempt to provision one card into one wallet?
//!
//! The product's noun: its name, stages, decisions, outcome and columns. How records become an attempt is the
//! stream's work; what its numbers mean is [`crate::measure`]'s.

use crate::reason::{FailureClass, Owner, Reason};
use crate::time::{Duration, Timestamp};

/// Which kind of id names an attempt or an alias, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum IdKind {
    Correlation,
    Request,
    Trace,
    /// Names a token; never names an attempt.
    TokenReference,
}

/// The name of an attempt: tenant, kind of id, id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId {
    /// Whose attempt it is.
    pub tenant: Box<str>,
    /// Which kind of id names it.
    pub kind: IdKind,
    /// The id as the source wrote it.
    pub value: Box<str>,
}

/// How far an attempt came. Missing stages are normal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Stage {
    Started,
    Eligible,
    Decided,
    StepUpSent,
    StepUpVerified,
    TokenCreated,
    Provisioned,
    Activated,
    FirstTap,
}

/// How an attempt stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Outcome {
    #[default]
    Pending,
    Success,
    Failed,
    Abandoned,
}

/// A colour of the provisioning decision (EMVCo: approve, approve with ID&V, decline).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Decision {
    Green,
    Yellow,
    Orange,
    Red,
}

/// The four decisions, kept apart, and who overrode the issuer's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Decisions {
    pub wallet_recommendation: Option<Decision>,
    pub network_decision: Option<Decision>,
    pub issuer_decision: Option<Decision>,
    pub final_decision: Option<Decision>,
    pub override_by: Option<Box<str>>,
}

/// Where an abandoned attempt stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandoned {
    /// The step-up was sent and never answered.
    AtStepUp,
    /// Nothing followed this stage.
    After(Stage),
}

/// One attempt as the records known so far tell it. Equal for equal sets of records, arrival facts excepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its name.
    pub id: AttemptId,
    /// How it stands.
    pub outcome: Outcome,
    /// The furthest stage reached; *decided* also where only the final decision is known.
    pub stage: Stage,
    /// Earliest START, or the earliest stage where no START is known.
    pub started_at: Timestamp,
    /// Time of the event that ended it.
    pub ended_at: Option<Timestamp>,
    /// Earliest event time of each stage, by [`Stage`]'s number.
    pub stage_at: [Option<Timestamp>; Stage::COUNT],
    /// Why it failed.
    pub reason: Option<Reason>,
    /// The reason code as the source wrote it.
    pub reason_code: Option<Box<str>>,
    /// Where it was abandoned.
    pub abandoned: Option<Abandoned>,
    /// The decisions.
    pub decisions: Decisions,
    /// Dimensions and details.
    pub facts: Facts,
    /// Where its records came from.
    pub came_from: CameFrom,
    /// Service time of the end: reported, else end − start − the cardholder's wait.
    pub processing_time: Option<Duration>,
    /// Time the cardholder took to answer the step-up.
    pub cardholder_wait: Duration,
    /// How many distinct STARTs.
    pub tries: u32,
    /// How many records are joined.
    pub records: u32,
    /// How many records came beyond the limit and are not joined.
    pub records_over_limit: u32,
    /// A later, different end is known.
    pub conflict: bool,
    /// More request ids or records than the limits allow: outside the order law.
    pub overflow: bool,
    /// Ids that resolve to it.
    pub aliases: Aliases,
    /// When the first of its records arrived.
    pub first_arrival: Timestamp,
    /// When the last of its records arrived.
    pub last_arrival: Timestamp,
    /// No change is expected any more.
    pub settled: bool,
    /// A step-up has been waiting for over 24 hours.
    pub step_up_overdue: bool,
}

/// The columns that come straight from fields; the earliest event that carries one fills it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Facts {
    pub wallet: Option<Box<str>>,
    pub issuer: Option<Box<str>>,
    pub network: Option<Box<str>>,
    pub bin: Option<Box<str>>,
    pub last_four: Option<Box<str>>,
    pub par: Option<Box<str>>,
    pub token_requestor_id: Option<Box<str>>,
    pub device_type: Option<Box<str>>,
    pub device_name: Option<Box<str>>,
    pub device_id: Option<Box<str>>,
    pub country: Option<Box<str>>,
    pub client_ip: Option<Box<str>>,
    pub user_agent: Option<Box<str>>,
    pub channel: Option<Box<str>>,
    pub token_type: Option<Box<str>>,
    pub step_up_method: Option<Box<str>>,
    pub step_up_vendor: Option<Box<str>>,
}

/// Where the records of an attempt came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CameFrom {
    /// The AWS account number of all of them; `None` where they differ or it is not known.
    pub account: Option<Box<str>>,
    /// The region of all of them; `None` where they differ or it is not known.
    pub region: Option<Box<str>>,
    /// The access key or door of the first by its own time.
    pub source: Option<Box<str>>,
}

/// The other ids of an attempt, each list sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Aliases {
    pub request_ids: Vec<Box<str>>,
    pub trace_ids: Vec<Box<str>>,
    pub token_reference_ids: Vec<Box<str>>,
}

/// Tokens that issuers migrate in bulk, overnight and without a cardholder.
const BULK_TOKEN_TYPES: [&str; 2] = ["STATIC", "CARD_ON_FILE"];

impl Attempt {
    /// Whether it is part of a bulk migration, in whatever case the source writes it: these are no part of the funnel,
    /// because they would drown the funnel of people.
    pub fn is_bulk_migration(&self) -> bool {
        let token_type = self.facts.token_type.as_deref().unwrap_or_default();
        BULK_TOKEN_TYPES.iter().any(|bulk| token_type.eq_ignore_ascii_case(bulk))
    }

    /// Whether it was decided: the stage was seen, or any record tells the final decision. Who knows the colour knows
    /// that there was a decision, so whatever is counted by colour is a part of what reached this stage.
    pub fn reached_decided(&self) -> bool {
        self.stage_at[Stage::Decided as usize].is_some() || self.decisions.final_decision.is_some()
    }

    /// The class of its failure; `None` unless it FAILED.
    pub fn failure_class(&self) -> Option<FailureClass> {
        self.reason.filter(|_| self.outcome == Outcome::Failed).map(Reason::class)
    }

    /// Who can mend its failure; `None` unless it FAILED.
    pub fn failure_owner(&self) -> Option<Owner> {
        self.reason.filter(|_| self.outcome == Outcome::Failed).map(Reason::owner)
    }
}

impl IdKind {
    /// The prefix in a written attempt id.
    pub fn name(self) -> &'static str {
        ["corr", "req", "trace", "token"][self as usize]
    }
}

impl Stage {
    /// How many stages there are.
    pub const COUNT: usize = 9;

    /// Every stage in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Started,
        Self::Eligible,
        Self::Decided,
        Self::StepUpSent,
        Self::StepUpVerified,
        Self::TokenCreated,
        Self::Provisioned,
        Self::Activated,
        Self::FirstTap,
    ];

    /// The stable snake_case name.
    pub fn name(self) -> &'static str {
        [
            "started",
            "eligible",
            "decided",
            "step_up_sent",
            "step_up_verified",
            "token_created",
            "provisioned",
            "activated",
            "first_tap",
        ][self as usize]
    }

    /// The words for people.
    pub fn words(self) -> &'static str {
        [
            "Started",
            "Eligible",
            "Decided",
            "Step-up sent",
            "Step-up verified",
            "Token created",
            "Provisioned",
            "Activated",
            "First tap",
        ][self as usize]
    }
}

impl Outcome {
    /// Every outcome, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Success, Self::Failed, Self::Abandoned];

    /// The stable upper-case name.
    pub fn name(self) -> &'static str {
        ["PENDING", "SUCCESS", "FAILED", "ABANDONED"][self as usize]
    }
}

impl Decision {
    /// Every colour, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Green, Self::Yellow, Self::Orange, Self::Red];

    /// Reads a colour without case; `None` for other words.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.name().eq_ignore_ascii_case(name))
    }

    /// The stable upper-case name.
    pub fn name(self) -> &'static str {
        ["GREEN", "YELLOW", "ORANGE", "RED"][self as usize]
    }
}

//! Which records does one attempt leave?
//!
//! Writes a [`Course`] down as the service would log it: every Lambda invocation has a requestId, a log stream and
//! Lambda's own lines; an attempt that is retried, stepped up or slow spans several of them. All times are whole
//! milliseconds. What happens to the token after provisioning is [`crate::token_life`]'s.

use crate::course::{Course, Crash, End, Said, StepUp};
use crate::dice::Dice;
use crate::ids::{Ids, mix};
use crate::message::{Message, lambda_end, lambda_report, lambda_start, lambda_timed_out, text_line};
use crate::visitor::Visitor;
use walletscope_model::attempt::{Decision, Stage};
use walletscope_model::contract::{EventKind, Field};
use walletscope_model::reason::{FailureClass, Reason};
use walletscope_model::time::{Duration, Timestamp};

/// What is written, in the order of writing.
#[derive(Default)]
pub struct Sheet {
    pub lines: Vec<Line>,
    /// Time of a start or a success; the latter with its service time in milliseconds.
    pub metrics: Vec<(Timestamp, Option<i64>)>,
    pub invocation_count: u64,
}

/// One log event.
pub struct Line {
    pub at: Timestamp,
    /// Number of the log stream.
    pub stream: u64,
    pub text: String,
}

/// One run of the Lambda function.
#[derive(Clone)]
pub struct Invocation {
    pub request_id: String,
    pub trace_id: Option<String>,
    stream: u64,
    started_at: Timestamp,
    /// The function's own lines come once for all attempts of a batch, so the attempt writes none.
    is_batch: bool,
}

/// One attempt being written.
pub struct Script<'a> {
    pub ids: Ids,
    pub dice: &'a mut Dice,
    pub visitor: &'a Visitor,
    pub course: &'a Course,
    /// The attempt's number, which its ids are made of.
    pub attempt: u64,
    pub sheet: &'a mut Sheet,
}

/// How many containers of the function run side by side; each has a log stream.
pub const CONTAINERS: u64 = 6;
/// A container, and with it its log stream, is replaced after six hours.
pub const CONTAINER_LIFE_SECONDS: i64 = 21_600;
const INVOCATION_MILLIS_MAX: i64 = 3_000;
const TRACED_PERMILLE: u32 = 250;
const CHATTER_PERMILLE: u32 = 20;
const DUPLICATE_PERMILLE: u32 = 2;

impl Script<'_> {
    /// Writes the attempt that begins at `at`, in `batch` if it is one of several in an invocation; returns the time
    /// of its last event.
    pub fn write(mut self, at: Timestamp, batch: Option<Invocation>) -> Timestamp {
        let mut invocation = batch.unwrap_or_else(|| self.sheet.begin(self.ids, self.dice, at));
        let first_start = plus(at, self.dice.between(1, 4));
        self.sheet.metrics.push((first_start, None));
        self.start(&invocation, first_start);
        let mut start = first_start;
        for _ in 0..self.course.retries {
            (invocation, start) = self.retry(invocation, start);
        }
        self.stages_before_step_up(&invocation, start);
        let asked_millis = start.since(first_start).0 / 1_000 + self.course.service_millis;
        match &self.course.step_up {
            Some(step_up) => self.step_up(invocation, start, step_up),
            None => self.end(invocation, start, asked_millis),
        }
    }

    fn start(&mut self, invocation: &Invocation, at: Timestamp) {
        let (visitor, ids) = (self.visitor, self.ids);
        let message = self
            .event(invocation, "INFO", EventKind::Stage(Stage::Started))
            .with_some(Field::TraceId, invocation.trace_id.as_deref())
            .with(Field::Wallet, visitor.wallet().name)
            .with(Field::Issuer, visitor.issuer().name)
            .with(Field::Network, visitor.network().name())
            .with(Field::Bin, visitor.bin())
            .with(Field::LastFour, &visitor.last_four(ids))
            .with(Field::Par, &ids.account(visitor.network().account_mark(), visitor.card.number))
            .with_some(Field::TokenRequestorId, visitor.token_requestor_id())
            .with(Field::DeviceType, visitor.device().kind)
            .with(Field::DeviceName, visitor.device().name)
            .with(Field::DeviceId, &ids.device(visitor.device_number))
            .with(Field::Country, visitor.country.code)
            .with(Field::ClientIp, &visitor.client_ip())
            .with(Field::UserAgent, visitor.device().user_agent)
            .with(Field::Channel, visitor.channel)
            .with(Field::TokenType, visitor.token_type);
        self.put(invocation, at, message);
    }

    /// No answer came: the wallet asks again in another invocation.
    fn retry(&mut self, invocation: Invocation, start: Timestamp) -> (Invocation, Timestamp) {
        const GIVE_UP_MILLIS: i64 = 2_500;
        let at = plus(start, GIVE_UP_MILLIS);
        let text =
            text_line(&invocation.request_id, at, "WARN", "upstream gave no answer, the wallet will retry");
        self.sheet.push(&invocation, at, text);
        self.close(&invocation, plus(at, 20), "");
        let again = plus(at, self.dice.between(600, 4_000));
        let invocation = self.sheet.begin(self.ids, self.dice, again);
        let start = plus(again, 2);
        self.start(&invocation, start);
        (invocation, start)
    }

    fn stages_before_step_up(&mut self, invocation: &Invocation, start: Timestamp) {
        if self.course.is_terse {
            return;
        }
        if self.reaches(Stage::Eligible) && self.visitor.issuer().logs_every_stage {
            let message = self.event(invocation, "INFO", EventKind::Stage(Stage::Eligible));
            self.put(invocation, self.share(start, 10), message);
        }
        if self.reaches(Stage::Decided) {
            let fields = [
                Field::WalletRecommendation,
                Field::NetworkDecision,
                Field::IssuerDecision,
                Field::FinalDecision,
            ];
            let event = self.event(invocation, "INFO", EventKind::Stage(Stage::Decided));
            let colours = fields.into_iter().zip(self.course.colours);
            let message = colours
                .fold(event, |event, (field, colour)| event.with(field, colour.name()))
                .with_some(Field::OverrideBy, self.course.override_by);
            self.put(invocation, self.share(start, 45), message);
        }
        self.chatter(invocation, self.share(start, 48));
    }

    fn step_up(&mut self, invocation: Invocation, start: Timestamp, step_up: &StepUp) -> Timestamp {
        let sent_at = self.share(start, 50);
        self.step_up_sent(&invocation, sent_at, step_up);
        self.close(&invocation, plus(sent_at, 15), "");
        for send in 1..step_up.sends {
            let at = plus(sent_at, step_up.wait_millis * i64::from(send) / i64::from(step_up.sends));
            let again = self.sheet.begin(self.ids, self.dice, at);
            self.step_up_sent(&again, plus(at, 3), step_up);
            self.close(&again, plus(at, 40), "");
        }
        if matches!(self.course.end, End::GivenUp { said: Said::Nothing, .. }) {
            return sent_at;
        }
        let answered_at = plus(sent_at, step_up.wait_millis);
        let invocation = self.sheet.begin(self.ids, self.dice, plus(answered_at, -2));
        if !step_up.is_verified {
            return self.close_unprovisioned(invocation, answered_at, self.course.service_millis / 2);
        }
        let message = self
            .event(&invocation, "INFO", EventKind::Stage(Stage::StepUpVerified))
            .with(Field::StepUpMethod, step_up.method.name);
        self.put(&invocation, answered_at, message);
        let resumed = plus(start, step_up.wait_millis);
        self.provision(invocation, resumed, self.course.service_millis)
    }

    fn step_up_sent(&mut self, invocation: &Invocation, at: Timestamp, step_up: &StepUp) {
        let message = self
            .event(invocation, "INFO", EventKind::Stage(Stage::StepUpSent))
            .with(Field::StepUpMethod, step_up.method.name)
            .with(Field::StepUpVendor, step_up.vendor);
        self.put(invocation, at, message);
    }

    /// The end of an attempt without step-up. `reported_millis` is the service time that its last event reports.
    fn end(&mut self, invocation: Invocation, start: Timestamp, reported_millis: i64) -> Timestamp {
        let end_at = self.share(start, 100);
        match self.course.end {
            End::Provisioned => {
                let invocation = self.continued_if_slow(invocation, start);
                self.provision(invocation, start, reported_millis)
            }
            End::Crashed { how, .. } => self.crash(&invocation, end_at, how),
            End::GivenUp { said: Said::Nothing, .. } => {
                self.close(&invocation, plus(end_at, 8), "");
                end_at
            }
            End::GivenUp { .. } => {
                self.close(&invocation, plus(end_at, 8), "");
                let at = plus(end_at, self.dice.between(20_000, 180_000));
                let invocation = self.sheet.begin(self.ids, self.dice, plus(at, -2));
                self.close_unprovisioned(invocation, at, reported_millis)
            }
            End::Failed { .. } => self.close_unprovisioned(invocation, end_at, reported_millis),
        }
    }

    /// A service time beyond the function's limit: the answer arrives in a second invocation.
    fn continued_if_slow(&mut self, invocation: Invocation, start: Timestamp) -> Invocation {
        const HEADROOM_MILLIS: i64 = 200;
        if invocation.is_batch || self.course.service_millis <= INVOCATION_MILLIS_MAX - HEADROOM_MILLIS {
            return invocation;
        }
        let handed_over_at = plus(start, INVOCATION_MILLIS_MAX / 2);
        self.close(&invocation, handed_over_at, "");
        self.sheet.begin(self.ids, self.dice, self.share(start, 75))
    }

    /// Token created and on the device; `resumed` is the start, moved by the time the cardholder took.
    fn provision(&mut self, invocation: Invocation, resumed: Timestamp, reported_millis: i64) -> Timestamp {
        let token_reference = self.ids.token_reference(self.attempt);
        if !self.course.is_terse && self.visitor.issuer().logs_every_stage {
            let message = self
                .event(&invocation, "INFO", EventKind::Stage(Stage::TokenCreated))
                .with(Field::TokenReferenceId, &token_reference);
            self.put(&invocation, self.share(resumed, 80), message);
        }
        let at = self.share(resumed, 100);
        let is_yellow = self.course.colours[3] == Decision::Yellow;
        let message = self
            .event(&invocation, "INFO", EventKind::Stage(Stage::Provisioned))
            .with(Field::TokenReferenceId, &token_reference)
            .with_some(Field::FinalDecision, is_yellow.then_some(Decision::Yellow.name()))
            .with_processing_time(reported_millis);
        self.put(&invocation, at, message);
        self.sheet.metrics.push((at, Some(reported_millis)));
        self.close(&invocation, plus(at, 6), "");
        at
    }

    /// The event of a failure or of giving up, and the end of its invocation.
    fn close_unprovisioned(&mut self, invocation: Invocation, at: Timestamp, millis: i64) -> Timestamp {
        let failure = |script: &Self, reason: Reason, code: &str| {
            let level = if reason.class() == FailureClass::Technical { "ERROR" } else { "WARN" };
            script
                .event(&invocation, level, EventKind::Failure)
                .with(Field::ReasonCode, code)
                .with_processing_time(millis)
        };
        let message = match self.course.end {
            End::Failed { reason, .. } => {
                let code = self.reason_code(reason);
                failure(self, reason, code)
            }
            End::GivenUp { said: Said::IdvAbandoned, .. } => {
                failure(self, Reason::IdvAbandoned, Reason::IdvAbandoned.code())
            }
            _ => self.event(&invocation, "INFO", EventKind::Abandoned),
        };
        self.put(&invocation, at, message);
        self.close(&invocation, plus(at, 5), "");
        at
    }

    /// Other services report codes of their own, such as a wallet's 0E for "outside the home country".
    fn reason_code(&mut self, reason: Reason) -> &'static str {
        if reason == Reason::Unknown {
            self.dice.pick(&[("UNKNOWN", 2), ("0C", 1), ("0E", 1)])
        } else {
            reason.code()
        }
    }

    fn crash(&mut self, invocation: &Invocation, at: Timestamp, how: Crash) -> Timestamp {
        match how {
            Crash::TimedOut => {
                let at = plus(invocation.started_at, INVOCATION_MILLIS_MAX);
                self.sheet.push(invocation, at, lambda_timed_out(&invocation.request_id, at));
                self.close(invocation, at, "Status: timeout");
                at
            }
            Crash::Exited => {
                let text = format!(
                    "RequestId: {} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n",
                    invocation.request_id
                );
                self.sheet.push(invocation, at, text);
                self.close(invocation, plus(at, 4), "Status: error\tError Type: Runtime.ExitError");
                at
            }
        }
    }

    /// Now and then a line that is no event of the contract.
    fn chatter(&mut self, invocation: &Invocation, at: Timestamp) {
        if !self.dice.permille(CHATTER_PERMILLE) {
            return;
        }
        let millis = self.dice.between(300, 1_900);
        let text = if self.dice.permille(500) {
            Message::named("DEBUG", &invocation.request_id, "TSP_CALL_COMPLETED")
                .with_number("latencyMillis", millis)
                .with(Field::CorrelationId, &self.ids.correlation(self.attempt))
                .finish()
        } else {
            let text = format!("connection pool at {} of 64", millis % 64);
            text_line(&invocation.request_id, at, "INFO", &text)
        };
        self.sheet.push(invocation, at, text);
    }

    /// Whether the attempt gets as far as this stage.
    fn reaches(&self, stage: Stage) -> bool {
        match self.course.end {
            End::Provisioned => true,
            End::Failed { after, .. } | End::Crashed { after, .. } | End::GivenUp { after, .. } => {
                stage <= after
            }
        }
    }

    /// The time at which `percent` of the service time have passed.
    fn share(&self, start: Timestamp, percent: i64) -> Timestamp {
        plus(start, self.course.service_millis * percent / 100)
    }

    fn event(&self, invocation: &Invocation, level: &str, kind: EventKind) -> Message {
        Message::event(level, &invocation.request_id, kind)
    }

    /// Completes an event and writes it; delivery is at least once, so some come twice.
    fn put(&mut self, invocation: &Invocation, at: Timestamp, message: Message) {
        let text = message.with(Field::CorrelationId, &self.ids.correlation(self.attempt)).finish();
        if self.dice.permille(DUPLICATE_PERMILLE) {
            self.sheet.push(invocation, at, text.clone());
        }
        self.sheet.push(invocation, at, text);
    }

    fn close(&mut self, invocation: &Invocation, at: Timestamp, status: &str) {
        if !invocation.is_batch {
            self.sheet.close(invocation, at, status);
        }
    }
}

impl Sheet {
    /// A new invocation of the function.
    pub fn begin(&mut self, ids: Ids, dice: &mut Dice, at: Timestamp) -> Invocation {
        self.invocation_count += 1;
        let number = self.invocation_count;
        let container = mix(number) % CONTAINERS;
        let period = at.seconds().div_euclid(CONTAINER_LIFE_SECONDS) as u64;
        let invocation = Invocation {
            request_id: ids.request(number),
            trace_id: dice.permille(TRACED_PERMILLE).then(|| ids.trace(number, at)),
            stream: period.wrapping_mul(CONTAINERS).wrapping_add(container),
            started_at: at,
            is_batch: false,
        };
        self.push(&invocation, at, lambda_start(&invocation.request_id));
        invocation
    }

    /// The lines at the end of an invocation.
    pub fn close(&mut self, invocation: &Invocation, at: Timestamp, status: &str) {
        let duration_millis = at.since(invocation.started_at).0 / 1_000;
        let memory_mib = 96 + (mix(invocation.stream) % 90) as i64;
        self.push(invocation, at, lambda_end(&invocation.request_id));
        let report = lambda_report(&invocation.request_id, duration_millis, memory_mib, status);
        self.push(invocation, at, report);
    }

    fn push(&mut self, invocation: &Invocation, at: Timestamp, text: String) {
        self.lines.push(Line { at, stream: invocation.stream, text });
    }
}

impl Invocation {
    /// The same invocation as the attempts of a batch see it.
    pub fn shared(&self) -> Self {
        Self { is_batch: true, ..self.clone() }
    }
}

fn plus(at: Timestamp, millis: i64) -> Timestamp {
    at.plus(Duration(millis * 1_000))
}

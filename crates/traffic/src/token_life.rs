//! What happens to a token after it is on the device: activation, the first tap, suspension, deletion, hours or days
//! later? Steps wait as small values and are written when their time comes.

use crate::dice::Dice;
use crate::ids::Ids;
use crate::message::Message;
use walletscope_model::attempt::Stage;
use walletscope_model::contract::{EventKind, Field, Lifecycle};
use walletscope_model::time::{Duration, Timestamp};
use walletscope_model::token::TokenState;

/// One step in the life of the token of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenStep {
    /// Number of the attempt that made the token.
    pub attempt: u64,
    pub kind: EventKind,
    /// Why a token is suspended or deleted; else empty.
    pub reason_code: &'static str,
}

const LATE_ACTIVATION_PERMILLE: u32 = 30;
const NO_ACTIVATION_PERMILLE: u32 = 10;
const FIRST_TAP_PERMILLE: u32 = 620;
const SUSPENDED_PERMILLE: u32 = 30;
const RESUMED_PERMILLE: u32 = 750;
const DELETED_PERMILLE: u32 = 25;
const HOUR_MILLIS: i64 = 3_600_000;

/// The steps of the token that `attempt` provisioned at `provisioned_at`, in time order.
pub fn plan(dice: &mut Dice, attempt: u64, provisioned_at: Timestamp) -> Vec<(Timestamp, TokenStep)> {
    let mut life = Life { dice, attempt, at: provisioned_at, steps: Vec::new() };
    if life.dice.permille(NO_ACTIVATION_PERMILLE) {
        return life.steps;
    }
    let activation_median_millis =
        if life.dice.permille(LATE_ACTIVATION_PERMILLE) { 5 * HOUR_MILLIS } else { 2_500 };
    life.step(EventKind::Stage(Stage::Activated), activation_median_millis, 0.5, "");
    if life.dice.permille(FIRST_TAP_PERMILLE) {
        life.step(EventKind::Stage(Stage::FirstTap), 7 * HOUR_MILLIS, 1.3, "");
    }
    if life.dice.permille(SUSPENDED_PERMILLE) {
        let reason_code =
            life.dice.pick(&[("DEVICE_LOST", 4), ("CARDHOLDER_REQUEST", 3), ("SUSPECTED_FRAUD", 2)]);
        life.step(EventKind::Lifecycle(Lifecycle::Suspended), 20 * HOUR_MILLIS, 0.8, reason_code);
        if life.dice.permille(RESUMED_PERMILLE) {
            life.step(EventKind::Lifecycle(Lifecycle::Resumed), 8 * HOUR_MILLIS, 0.8, "");
        }
    }
    if life.dice.permille(DELETED_PERMILLE) {
        let reason_code =
            life.dice.pick(&[("CARDHOLDER_REQUEST", 3), ("DEVICE_REPLACED", 4), ("CARD_CLOSED", 1)]);
        life.step(EventKind::Lifecycle(Lifecycle::Deleted), 60 * HOUR_MILLIS, 0.8, reason_code);
    }
    life.steps
}

/// The event of a step, written by the invocation `request_id`. Activation still belongs to the attempt and names it;
/// later notices know the token alone.
pub fn message(ids: Ids, step: TokenStep, request_id: &str) -> String {
    let is_activation = step.kind == EventKind::Stage(Stage::Activated);
    let is_resumed = step.kind == EventKind::Lifecycle(Lifecycle::Resumed);
    let correlation = is_activation.then(|| ids.correlation(step.attempt));
    Message::event("INFO", request_id, step.kind)
        .with(Field::TokenReferenceId, &ids.token_reference(step.attempt))
        .with_some(Field::TokenState, is_resumed.then_some(TokenState::Active.name()))
        .with_some(Field::ReasonCode, (!step.reason_code.is_empty()).then_some(step.reason_code))
        .with_some(Field::CorrelationId, correlation.as_deref())
        .finish()
}

struct Life<'a> {
    dice: &'a mut Dice,
    attempt: u64,
    at: Timestamp,
    steps: Vec<(Timestamp, TokenStep)>,
}

impl Life<'_> {
    fn step(&mut self, kind: EventKind, median_millis: i64, sigma: f64, reason_code: &'static str) {
        let millis = self.dice.lognormal_millis(median_millis, sigma);
        self.at = self.at.plus(Duration(millis * 1_000));
        self.steps.push((self.at, TokenStep { attempt: self.attempt, kind, reason_code }));
    }
}

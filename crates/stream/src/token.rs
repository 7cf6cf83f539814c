//! In which state was a token, and when?
//!
//! A pure fold over what was said about the token, by event time; the rules are in `docs/formats/events.md`.
//! Different states for one instant are kept as a dispute: the one later in a token's life counts, the others are
//! shown.

use std::cmp::Reverse;

use walletscope_model::contract::{self, EventKind, Field};
use walletscope_model::token::{TokenSpan, TokenTimeline};
use walletscope_model::{Lifecycle, Stage, Timestamp, TokenState};

use crate::identity::Roots;
use crate::interpret::{Said, What};
use crate::node::{ContentHash, Node, NodeKey, Observation, TokenShare};
use crate::state::{Backing, BackingError, State};

/// Assertions kept per token; further ones are ignored and the token's life ends as known.
pub const OBSERVATIONS_MAX: usize = 1_000;

/// The state that an event asserts for the token it names.
pub fn asserted_state(said: &Said<'_>) -> Option<TokenState> {
    let What::Event(kind) = said.what else { return None };
    let field = |wanted| said.fields.iter().find(|(field, _)| *field == wanted).map(|(_, value)| &**value);
    let explicit = field(Field::TokenState)
        .and_then(|name| TokenState::ALL.into_iter().find(|state| state.name().eq_ignore_ascii_case(name)));
    if explicit.is_some() {
        return explicit;
    }
    let needs_step_up =
        field(Field::FinalDecision).is_some_and(|colour| colour.eq_ignore_ascii_case("YELLOW"));
    match kind {
        EventKind::Stage(Stage::TokenCreated) => Some(TokenState::Inactive),
        EventKind::Stage(Stage::Provisioned) if needs_step_up => Some(TokenState::Inactive),
        EventKind::Stage(Stage::Provisioned | Stage::Activated) => Some(TokenState::Active),
        EventKind::Failure => Some(TokenState::Failed),
        EventKind::Lifecycle(Lifecycle::Suspended) => Some(TokenState::Suspended),
        EventKind::Lifecycle(Lifecycle::Resumed) => Some(TokenState::Active),
        EventKind::Lifecycle(Lifecycle::Deleted) => Some(TokenState::Deleted),
        EventKind::Stage(_) | EventKind::Abandoned => None,
    }
}

/// The life of the token that `node` names; `None` while nothing was said about it.
pub fn timeline(node: &Node) -> Option<TokenTimeline> {
    let mut spans: Vec<TokenSpan> = Vec::new();
    for instant in node.observations.chunk_by(|left, right| left.time == right.time) {
        let counting = &instant[0];
        if spans.last().is_none_or(|last| last.state != counting.state) {
            if let Some(last) = spans.last_mut() {
                last.valid_to = Some(counting.time);
            }
            spans.push(span(counting));
        }
        let Some(last) = spans.last_mut() else { continue };
        for other in &instant[1..] {
            // Created and provisioned in one instant is a quick token, not a dispute.
            let is_step_before = other.state < TokenState::Active;
            if other.state != last.state && !is_step_before && !last.disputed_by.contains(&other.state) {
                last.disputed_by.push(other.state);
            }
        }
    }
    (!spans.is_empty()).then(|| TokenTimeline { reference: node.value.clone(), spans })
}

/// When the token became (+1) or ceased to be (−1) ACTIVE.
pub fn active_changes(timeline: &TokenTimeline) -> Vec<(Timestamp, i8)> {
    walletscope_series::window::active_token_changes(timeline)
        .into_iter()
        .map(|(at, change)| (at, if change > 0 { 1 } else { -1 }))
        .collect()
}

impl<B: Backing> State<B> {
    /// Notes what a record says about a token; duplicates change nothing.
    pub(crate) fn observe(
        &mut self,
        tenant: &str,
        reference: &str,
        observation: Observation,
    ) -> Result<(), BackingError> {
        let kind = walletscope_model::IdKind::TokenReference;
        let key = NodeKey::of(tenant, kind, reference);
        let node = self.node_or_new(key, || Node::new(tenant, kind, reference))?;
        let place = node.observations.binary_search_by(|known| order(known).cmp(&order(&observation)));
        if let Err(place) = place
            && node.observations.len() < OBSERVATIONS_MAX
        {
            node.observations.insert(place, observation);
            self.dirty_tokens.push(key);
        }
        Ok(())
    }

    /// Moves the windows from what the token added to what it adds now.
    pub(crate) fn recount_token(&mut self, key: NodeKey) -> Result<(), BackingError> {
        let place = match self.roots(key)? {
            Roots::One(root) => self.place_of(root)?,
            Roots::Many => Some((0, 0)),
            Roots::None => None,
        };
        let Some(node) = self.node(key)? else { return Ok(()) };
        let changes = timeline(node).map(|timeline| active_changes(&timeline)).unwrap_or_default();
        let old = node.token_share.clone();
        // Nothing leads to an attempt, or the attempt left the state: the token keeps what it had.
        let (wallet, issuer) = place.unwrap_or((old.wallet, old.issuer));
        let new = TokenShare { wallet, issuer, changes };
        if new == old {
            return Ok(());
        }
        self.count_token((old.wallet, old.issuer), &old.changes, -1)?;
        self.count_token((new.wallet, new.issuer), &new.changes, 1)?;
        if let Some(node) = self.node_mut(key)? {
            node.token_share = new;
        }
        Ok(())
    }

    /// The wallet and issuer that the attempt is counted under, codes of nothing while it is not counted; `None` where
    /// it left the state.
    fn place_of(&mut self, attempt: NodeKey) -> Result<Option<(u16, u16)>, BackingError> {
        let Some(node) = self.node(attempt)? else { return Ok(Some((0, 0))) };
        let place = node.row.map_or((0, 0), |row| (row.wallet, row.issuer));
        Ok((!node.closed).then_some(place))
    }
}

/// The name of the event in an observation, for display.
pub fn event_name(what: What) -> &'static str {
    match what {
        What::Event(kind) => contract::event_name(kind),
        What::Crash | What::FailedCall | What::Other => "",
    }
}

/// At equal times the later state of a token's life comes first, and counts.
fn order(observation: &Observation) -> (Timestamp, Reverse<TokenState>, ContentHash) {
    (observation.time, Reverse(observation.state), observation.hash)
}

fn span(observation: &Observation) -> TokenSpan {
    TokenSpan {
        valid_from: observation.time,
        valid_to: None,
        state: observation.state,
        event: observation.event.clone(),
        reason: observation.reason.clone(),
        disputed_by: Vec::new(),
    }
}

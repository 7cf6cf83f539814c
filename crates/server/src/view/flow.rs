//! Which way did attempts go through the stages, and where did they leave it?
//!
//! An attempt's way is the stages it was seen at, in their order, with one place per final colour for the decision; one
//! that did not succeed goes on to its outcome. Bulk migrations have no cardholder and no step-up, so they are counted
//! apart unless asked for.

use std::collections::BTreeMap;

use walletscope_model::{Decision, Outcome, Stage};
use walletscope_stream::Row;

use super::filter::Filter;
use super::measures::each;
use super::table::Rows;

/// A place on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Any stage but the decision.
    Stage(Stage),
    /// The decision, by its final colour.
    Decided(Option<Decision>),
    /// An end without a token, or none yet.
    Outcome(Outcome),
}

/// Everything about the ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Attempts counted.
    pub attempts: u64,
    /// Bulk migrations that were not.
    pub bulk_excluded: u64,
    /// Attempts per place.
    pub places: BTreeMap<Place, u64>,
    /// Attempts per step from one place to the next.
    pub links: BTreeMap<(Place, Place), u64>,
    /// By the stage's number.
    pub steps: [Step; Stage::COUNT],
}

/// What became of attempts at a stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Seen at it, or at a later one. A step-up is reached only by those seen at it: others never need one.
    pub reached: u64,
    /// Seen at it.
    pub seen: u64,
    /// FAILED with this as the furthest stage.
    pub failed: u64,
    /// ABANDONED with this as the furthest stage.
    pub abandoned: u64,
    /// PENDING with this as the furthest stage.
    pub waiting: u64,
}

/// The ways of the attempts that a filter asks for.
pub fn flow(rows: &Rows, filter: &Filter, with_bulk: bool) -> Flow {
    let mut flow = Flow::default();
    each(rows, filter, |row| {
        if row.flags.bulk && !with_bulk {
            flow.bulk_excluded += 1;
        } else {
            flow.add(row);
        }
    });
    flow
}

impl Flow {
    fn add(&mut self, row: &Row) {
        self.attempts += 1;
        let furthest = row.stages.furthest();
        let mut last: Option<Place> = None;
        for stage in Stage::ALL {
            let step = &mut self.steps[stage as usize];
            let is_seen = row.stages.has(stage);
            let is_optional = matches!(stage, Stage::StepUpSent | Stage::StepUpVerified);
            step.reached += u64::from(is_seen || (!is_optional && stage <= furthest));
            if !is_seen {
                continue;
            }
            step.seen += 1;
            let place =
                if stage == Stage::Decided { Place::Decided(row.decision) } else { Place::Stage(stage) };
            self.visit(last, place);
            last = Some(place);
        }
        let end = &mut self.steps[furthest as usize];
        match row.outcome {
            Outcome::Success => return,
            Outcome::Failed => end.failed += 1,
            Outcome::Abandoned => end.abandoned += 1,
            Outcome::Pending => end.waiting += 1,
        }
        self.visit(last, Place::Outcome(row.outcome));
    }

    fn visit(&mut self, from: Option<Place>, to: Place) {
        *self.places.entry(to).or_default() += 1;
        if let Some(from) = from {
            *self.links.entry((from, to)).or_default() += 1;
        }
    }
}

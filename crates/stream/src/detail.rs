//! What is known of one attempt, and how was each of its records joined?
//!
//! Read-only, over any backing (a snapshot, usually): the same members, roots and fold as the live join, so a page
//! about an attempt cannot disagree with its row.

use walletscope_model::token::TokenTimeline;
use walletscope_model::{Attempt, AttemptId, IdKind, Offset, Timestamp};

use crate::attempt::fold;
use crate::interpret::What;
use crate::node::NodeKey;
use crate::state::{Backing, BackingError, State};

/// Attempts listed for an id that is shared.
pub const CANDIDATES_MAX: usize = 100;

/// An attempt with everything that was joined to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// The attempt.
    pub attempt: Attempt,
    /// Its records and those it shares, by time.
    pub records: Vec<JoinedRecord>,
    /// The tokens that it made.
    pub tokens: Vec<TokenTimeline>,
}

/// One record and why it is here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct JoinedRecord {
    pub time: Timestamp,
    pub arrival: Timestamp,
    pub offset: Offset,
    pub index: u32,
    pub what: What,
    /// Which kind of id it was joined by.
    pub by: IdKind,
    /// That id.
    pub id: Box<str>,
    pub join: Join,
}

/// How sure a join is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// The record carries the attempt's own name.
    Named,
    /// The record carries an alias that resolves to this attempt alone.
    Alias,
    /// The record carries an alias of several attempts: shown with each, counted by none.
    Shared,
    /// The record tells the life of a token of this attempt.
    Token,
}

impl<B: Backing> State<B> {
    /// The attempts that an id may mean, of any kind: one where it resolves, several where it is shared.
    ///
    /// # Errors
    /// The state could not be read.
    pub fn find(&mut self, tenant: &str, id: &str) -> Result<Vec<NodeKey>, BackingError> {
        let mut found = Vec::new();
        for kind in [IdKind::Correlation, IdKind::Request, IdKind::Trace, IdKind::TokenReference] {
            self.collect_roots(NodeKey::of(tenant, kind, id), &mut found)?;
        }
        Ok(found)
    }

    /// The id behind a key; `None` where nothing is known by it.
    ///
    /// # Errors
    /// The state could not be read.
    pub fn id(&mut self, key: NodeKey) -> Result<Option<AttemptId>, BackingError> {
        let node = self.node(key)?;
        Ok(node.map(|node| AttemptId { tenant: node.tenant.clone(), kind: node.kind, value: node.value.clone() }))
    }

    /// The attempt that this id names; `None` where it names none.
    ///
    /// # Errors
    /// The state could not be read.
    pub fn attempt(&mut self, named: NodeKey) -> Result<Option<Attempt>, BackingError> {
        let members = self.members(named)?;
        let clock = std::mem::take(&mut self.clock);
        let folded = self.gather(named, &members)?.and_then(|gathered| fold(&gathered, &clock));
        self.clock = clock;
        Ok(folded.map(|folded| folded.attempt))
    }

    /// Everything about the attempt that `attempt` names; `None` where it names none.
    ///
    /// # Errors
    /// The state could not be read.
    pub fn detail(&mut self, attempt: NodeKey) -> Result<Option<Detail>, BackingError> {
        let members = self.members(attempt)?;
        let clock = std::mem::take(&mut self.clock);
        let folded = self.gather(attempt, &members)?.and_then(|gathered| fold(&gathered, &clock));
        self.clock = clock;
        let Some(folded) = folded else { return Ok(None) };
        let mut records = Vec::new();
        let mut tokens = Vec::new();
        for member in &members {
            let join = if *member == attempt { Join::Named } else { Join::Alias };
            self.add_records(*member, join, &mut records)?;
            let Some(node) = self.node(*member)? else { continue };
            if let Some(timeline) = crate::token::timeline(node) {
                tokens.push(timeline);
                let known: Vec<_> = records.iter().map(|record| (record.offset, record.index)).collect();
                let more =
                    node.observations.iter().filter(|each| !known.contains(&(each.offset, each.index)));
                records.extend(more.map(|observation| {
                    JoinedRecord {
                        time: observation.time,
                        arrival: observation.time,
                        offset: observation.offset,
                        index: observation.index,
                        what: walletscope_model::contract::event_kind(&observation.event)
                            .map_or(What::Other, What::Event),
                        by: node.kind,
                        id: node.value.clone(),
                        join: Join::Token,
                    }
                }));
            }
        }
        for shared in self.shared(attempt)? {
            self.add_records(shared, Join::Shared, &mut records)?;
        }
        records.sort_by_key(|record| (record.time, record.offset, record.index));
        Ok(Some(Detail { attempt: folded.attempt, records, tokens }))
    }

    fn add_records(
        &mut self,
        key: NodeKey,
        join: Join,
        records: &mut Vec<JoinedRecord>,
    ) -> Result<(), BackingError> {
        let Some(node) = self.node(key)? else { return Ok(()) };
        records.extend(node.evidence.iter().map(|evidence| JoinedRecord {
            time: evidence.time,
            arrival: evidence.arrival,
            offset: evidence.offset,
            index: evidence.index,
            what: evidence.what,
            by: node.kind,
            id: node.value.clone(),
            join,
        }));
        Ok(())
    }

    fn collect_roots(&mut self, key: NodeKey, found: &mut Vec<NodeKey>) -> Result<(), BackingError> {
        let Some(node) = self.node(key)? else { return Ok(()) };
        let (is_name, parents) = (node.kind != IdKind::TokenReference, node.parents.clone());
        if parents.is_empty() && is_name && !found.contains(&key) {
            found.push(key);
        }
        for parent in parents {
            if found.len() >= CANDIDATES_MAX {
                break;
            }
            self.collect_roots(parent, found)?;
        }
        Ok(())
    }
}

impl Join {
    /// The stable word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Alias => "alias",
            Self::Shared => "shared",
            Self::Token => "token",
        }
    }
}

//! To which attempt does a record belong, given every record known?
//!
//! An id's *roots* are the attempts it may belong to: a correlation id is its own root; an id asserted to be an alias
//! has the roots of the ids it was asserted for; an id never asserted names an attempt itself (a token reference
//! never does). One root: the id resolves to it. More: it resolves to none, and its records are shared. All of this
//! is a function of the set of assertions, so the order in which they came cannot matter.
//!
//! An id's roots only ever grow, except that an id stops being its own root when it is first asserted. So when an
//! assertion arrives, the attempts that change are the alias's only root before and its only root after.

use walletscope_model::{Aliases, AttemptId, CameFrom, IdKind};

use crate::attempt::Gathered;
use crate::node::{Added, Evidence, Node, NodeKey, OriginCodes, REQUEST_IDS_MAX, insert_sorted};
use crate::row::{Dictionary, Dimension};
use crate::state::{Backing, BackingError, State};

/// How far the roots of an id are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roots {
    /// No attempt.
    None,
    /// Resolves to this attempt.
    One(NodeKey),
    /// Asserted for several.
    Many,
}

/// A record's ids, strongest first; values borrow the message.
pub struct Ids<'a> {
    tenant: &'a str,
    /// Present ids by [`IdKind`]'s number.
    values: [Option<&'a str>; 4],
    /// The key of each, made once.
    keys: [NodeKey; 4],
}

impl Roots {
    /// The only root.
    pub fn one(self) -> Option<NodeKey> {
        if let Self::One(key) = self { Some(key) } else { None }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, roots) | (roots, Self::None) => roots,
            (Self::One(left), Self::One(right)) if left == right => self,
            _ => Self::Many,
        }
    }
}

impl<B: Backing> State<B> {
    /// Puts a record at its strongest id and asserts its weaker ones; `false` for a duplicate or a record without
    /// an id that can hold it.
    pub(crate) fn place(&mut self, ids: &Ids<'_>, evidence: Evidence) -> Result<bool, BackingError> {
        let Some(home) = ids.strongest() else { return Ok(false) };
        let home_key = ids.key(home);
        let added = self.node_or_new(home_key, || ids.node(home))?.add_evidence(evidence);
        if added == Added::Duplicate {
            return Ok(false);
        }
        let home_roots = self.roots(home_key)?;
        self.dirty_attempts.extend(home_roots.one());
        if added == Added::OverLimit {
            return Ok(true);
        }
        for alias in ids.weaker_than(home) {
            self.assert_alias(ids, alias, home_key, home_roots)?;
        }
        Ok(true)
    }

    /// The roots of an id.
    pub fn roots(&mut self, key: NodeKey) -> Result<Roots, BackingError> {
        if self.node(key)?.is_none() {
            return Ok(Roots::None);
        }
        self.roots_of_asserted(key)
    }

    /// A parent that is not known any more left the state by age. It still is the one it was: what it shared with
    /// others must not fall to them.
    fn roots_of_asserted(&mut self, mut key: NodeKey) -> Result<Roots, BackingError> {
        loop {
            let Some(node) = self.node(key)? else { return Ok(Roots::One(key)) };
            match node.parents[..] {
                [] => return Ok(node.own_roots(key)),
                [only] => key = only,
                [..] => break,
            }
        }
        let mut roots = Roots::None;
        let mut place = 0;
        while let Some(parent) = self.node(key)?.and_then(|node| node.parents.get(place).copied()) {
            roots = roots.and(self.roots_of_asserted(parent)?);
            if roots == Roots::Many {
                break;
            }
            place += 1;
        }
        Ok(roots)
    }

    /// The nodes whose records make the attempt: its own and those of every id that resolves to it. Ids that it
    /// shares with others are left out.
    pub fn members(&mut self, attempt: NodeKey) -> Result<Vec<NodeKey>, BackingError> {
        self.below(attempt, Roots::One(attempt))
    }

    /// The ids that this attempt shares with others, and those below them.
    pub fn shared(&mut self, attempt: NodeKey) -> Result<Vec<NodeKey>, BackingError> {
        let mut shared = Vec::new();
        for member in self.members(attempt)? {
            for child in self.below(member, Roots::Many)? {
                if child != member && !shared.contains(&child) {
                    shared.push(child);
                }
            }
        }
        Ok(shared)
    }

    /// An id and all below it that have these roots, each once, the nearest first.
    fn below(&mut self, top: NodeKey, roots: Roots) -> Result<Vec<NodeKey>, BackingError> {
        let mut found = vec![top];
        let mut next = 0;
        while let Some(id) = found.get(next).copied() {
            next += 1;
            let mut place = 0;
            while let Some(child) = self.node(id)?.and_then(|node| node.children.get(place).copied()) {
                place += 1;
                // What hangs on one id alone has the roots of that id.
                let hangs_here = id != top || matches!(roots, Roots::One(_));
                let is_single = self.node(child)?.is_some_and(|node| node.parents.len() == 1);
                if !found.contains(&child) && (is_single && hangs_here || self.roots(child)? == roots) {
                    found.push(child);
                }
            }
        }
        Ok(found)
    }

    /// Everything that resolves to the attempt named by `attempt`, whose [`State::members`] were just looked up;
    /// `None` when this id names none, or one that left the state.
    pub fn gather(
        &mut self,
        attempt: NodeKey,
        members: &[NodeKey],
    ) -> Result<Option<Gathered<'_>>, BackingError> {
        if self.roots(attempt)? != Roots::One(attempt) {
            return Ok(None);
        }
        let Some(named) = self.nodes.peek(&attempt).filter(|named| !named.closed) else { return Ok(None) };
        let id = AttemptId { tenant: named.tenant.clone(), kind: named.kind, value: named.value.clone() };
        let mut gathered = Gathered {
            id,
            evidence: Vec::new(),
            aliases: Aliases::default(),
            came_from: CameFrom::default(),
            over_limit: 0,
        };
        for (place, member) in members.iter().enumerate() {
            let Some(node) = self.nodes.peek(member) else { continue };
            gathered.over_limit = gathered.over_limit.saturating_add(node.over_limit);
            gathered.evidence.extend(&node.evidence);
            if place > 0 && !node.closed {
                gathered.aliases_of(node.kind).push(node.value.clone());
            }
        }
        gathered.finish(&self.dictionary);
        Ok(Some(gathered))
    }

    fn assert_alias(
        &mut self,
        ids: &Ids<'_>,
        alias: IdKind,
        home: NodeKey,
        home_roots: Roots,
    ) -> Result<(), BackingError> {
        let key = ids.key(alias);
        let (before, is_own_root) = match self.node(key)? {
            None => (Roots::None, true),
            Some(node) if node.parents.is_empty() => (node.own_roots(key), true),
            Some(node) if node.parents.binary_search(&home).is_ok() => return Ok(()),
            Some(_) => (self.roots(key)?, false),
        };
        if alias == IdKind::Request && self.is_full(home)? {
            return Ok(());
        }
        let node = self.node_or_new(key, || ids.node(alias))?;
        if !insert_sorted(&mut node.parents, home) {
            return Ok(());
        }
        if let Some(parent) = self.node_mut(home)? {
            insert_sorted(&mut parent.children, key);
            parent.request_children += u32::from(alias == IdKind::Request);
        }
        let after = if is_own_root { home_roots } else { before.and(home_roots) };
        self.dirty_attempts.extend(before.one());
        self.dirty_attempts.extend(after.one());
        if before != after {
            self.mark_tokens_below(key)?;
        }
        Ok(())
    }

    /// Whether an attempt holds all the request ids that it may; counts the one that is turned away.
    fn is_full(&mut self, home: NodeKey) -> Result<bool, BackingError> {
        let Some(node) = self.node(home)? else { return Ok(false) };
        if node.request_children < REQUEST_IDS_MAX as u32 {
            return Ok(false);
        }
        if let Some(node) = self.node_mut(home)? {
            node.over_limit = node.over_limit.saturating_add(1);
        }
        Ok(true)
    }

    /// Tokens below an id whose roots changed may belong to another wallet and issuer now.
    fn mark_tokens_below(&mut self, key: NodeKey) -> Result<(), BackingError> {
        let Some(node) = self.node(key)? else { return Ok(()) };
        if node.kind == IdKind::TokenReference {
            self.dirty_tokens.push(key);
            return Ok(());
        }
        for child in node.children.clone() {
            self.mark_tokens_below(child)?;
        }
        Ok(())
    }
}

impl Node {
    /// Its roots while it was asserted for no other id.
    fn own_roots(&self, key: NodeKey) -> Roots {
        if self.kind == IdKind::TokenReference { Roots::None } else { Roots::One(key) }
    }
}

impl Gathered<'_> {
    fn aliases_of(&mut self, kind: IdKind) -> &mut Vec<Box<str>> {
        match kind {
            IdKind::Trace => &mut self.aliases.trace_ids,
            IdKind::TokenReference => &mut self.aliases.token_reference_ids,
            IdKind::Request | IdKind::Correlation => &mut self.aliases.request_ids,
        }
    }

    fn finish(&mut self, dictionary: &Dictionary) {
        self.evidence.sort_by_key(|record| record.order());
        let limit = crate::node::EVIDENCE_MAX;
        if self.evidence.len() > limit {
            let over = u32::try_from(self.evidence.len() - limit).unwrap_or(u32::MAX);
            self.over_limit = self.over_limit.saturating_add(over);
            self.evidence.truncate(limit);
        }
        for kind in [IdKind::Request, IdKind::Trace, IdKind::TokenReference] {
            self.aliases_of(kind).sort_unstable();
        }
        self.came_from = self.came_from(dictionary);
    }

    fn came_from(&self, dictionary: &Dictionary) -> CameFrom {
        let Some(first) = self.evidence.first().map(|record| record.origin) else {
            return CameFrom::default();
        };
        let word = |dimension, code| dictionary.value(dimension, code).map(Into::into);
        let common = |dimension, code: fn(&OriginCodes) -> u16| {
            let is_common = self.evidence.iter().all(|record| code(&record.origin) == code(&first));
            is_common.then(|| word(dimension, code(&first))).flatten()
        };
        CameFrom {
            account: common(Dimension::Account, |origin| origin.account),
            region: common(Dimension::Region, |origin| origin.region),
            source: word(Dimension::Source, first.source),
        }
    }
}

impl<'a> Ids<'a> {
    const KINDS: [IdKind; 4] = [IdKind::Correlation, IdKind::Request, IdKind::Trace, IdKind::TokenReference];

    /// The ids of a tenant's record, by [`IdKind`]'s number.
    pub fn new(tenant: &'a str, values: [Option<&'a str>; 4]) -> Self {
        let key = |kind: IdKind| values[kind as usize].map(|value| NodeKey::of(tenant, kind, value));
        Self { tenant, values, keys: Self::KINDS.map(|kind| key(kind).unwrap_or_default()) }
    }

    /// The strongest id present.
    pub fn strongest(&self) -> Option<IdKind> {
        Self::KINDS.into_iter().find(|kind| self.values[*kind as usize].is_some())
    }

    /// The key of a present id.
    pub fn key(&self, kind: IdKind) -> NodeKey {
        self.keys[kind as usize]
    }

    /// The value of an id.
    pub fn value(&self, kind: IdKind) -> Option<&'a str> {
        self.values[kind as usize]
    }

    fn weaker_than(&self, home: IdKind) -> impl Iterator<Item = IdKind> + use<'a> {
        let values = self.values;
        Self::KINDS.into_iter().filter(move |kind| *kind > home && values[*kind as usize].is_some())
    }

    fn node(&self, kind: IdKind) -> Node {
        Node::new(self.tenant, kind, self.values[kind as usize].unwrap_or_default())
    }
}

//! What does the join remember about one id?
//!
//! Every id is a node. A record lives at its strongest id (its home); every weaker id that it carries is asserted to
//! be an alias of the home: an edge from the alias (child) to the home (parent). Whether an alias resolves follows
//! from these edges alone (`identity.rs`), so the order of arrival cannot matter.

use std::cmp::Ordering;

use walletscope_model::contract::Field;
use walletscope_model::{IdKind, Offset, Timestamp, TokenState};

use crate::fields::Fields;
use crate::interpret::What;
use crate::row::Row;

/// Records kept on one node; further ones are counted.
pub const EVIDENCE_MAX: usize = 10_000;
/// Request ids joined to one attempt; further ones are counted.
pub const REQUEST_IDS_MAX: usize = 64;
/// Parents and children kept per node; beyond, only that there are more matters.
pub const EDGES_MAX: usize = 10_000;

/// The fixed-size name of a node: the first 16 bytes of BLAKE3 over tenant, kind and id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeKey(pub [u8; 16]);

/// The first 16 bytes of BLAKE3 over a record's signal, time and guarded content: equal records are duplicates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub [u8; 16]);

/// What is remembered of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The record's own time.
    pub time: Timestamp,
    /// Its content, for duplicates and as the last word in a tie.
    pub hash: ContentHash,
    /// When it arrived.
    pub arrival: Timestamp,
    /// Where it came from.
    pub origin: OriginCodes,
    /// The journal entry that holds it.
    pub offset: Offset,
    /// Its place in that entry.
    pub index: u32,
    /// What happened.
    pub what: What,
    /// The contract's fields that it carries; empty for records outside the contract.
    pub fields: Fields,
    /// The guarded content of ends that are not SUCCESS: equal times are decided by it.
    pub content: Option<Box<str>>,
}

/// Account, region and source of a record as dictionary codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct OriginCodes {
    pub account: u16,
    pub region: u16,
    pub source: u16,
}

/// One assertion about a token's state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Observation {
    pub time: Timestamp,
    pub hash: ContentHash,
    pub state: TokenState,
    pub event: Box<str>,
    pub reason: Option<Box<str>>,
    pub offset: Offset,
    pub index: u32,
}

/// What a token adds to the windows at present, so that it can be taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenShare {
    /// Dictionary code of the wallet.
    pub wallet: u16,
    /// Dictionary code of the issuer.
    pub issuer: u16,
    /// When the token became (+1) or ceased to be (−1) ACTIVE.
    pub changes: Vec<(Timestamp, i8)>,
}

/// One id and all that is known by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Whose id it is.
    pub tenant: Box<str>,
    /// Its kind.
    pub kind: IdKind,
    /// The id as the source wrote it.
    pub value: Box<str>,
    /// Stronger ids it was asserted to be an alias of, sorted.
    pub parents: Vec<NodeKey>,
    /// Weaker ids asserted to be its aliases, sorted.
    pub children: Vec<NodeKey>,
    /// How many children are request ids.
    pub request_children: u32,
    /// Records whose strongest id this is, by time, then content.
    pub evidence: Vec<Evidence>,
    /// Records and request ids beyond the limits.
    pub over_limit: u32,
    /// For token references: what was said about the token's state, by time, then content.
    pub observations: Vec<Observation>,
    /// For token references: what it adds to the windows.
    pub token_share: TokenShare,
    /// The attempt named by this id as it is counted now; `None` while it names none.
    pub row: Option<Row>,
    /// When the attempt changes by time alone.
    pub due: Option<Timestamp>,
    /// The attempt named by this id was counted and left the state by age: no other may begin under its name. Nothing
    /// else is remembered of it.
    pub closed: bool,
}

/// What became of a record at its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is part of the evidence.
    Joined,
    /// An equal one was there.
    Duplicate,
    /// Counted only: the node holds [`EVIDENCE_MAX`] others.
    OverLimit,
}

/// The order of the bytes, compared as one number.
impl Ord for NodeKey {
    fn cmp(&self, other: &Self) -> Ordering {
        u128::from_be_bytes(self.0).cmp(&u128::from_be_bytes(other.0))
    }
}

impl PartialOrd for NodeKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl NodeKey {
    /// The key of an id.
    pub fn of(tenant: &str, kind: IdKind, value: &str) -> Self {
        let mut buffer = [0_u8; 320];
        let length = tenant.len() + 2 + value.len();
        let hash = if length <= buffer.len() {
            buffer[..tenant.len()].copy_from_slice(tenant.as_bytes());
            buffer[tenant.len() + 1] = kind as u8;
            buffer[tenant.len() + 2..length].copy_from_slice(value.as_bytes());
            blake3::hash(&buffer[..length])
        } else {
            let mut hasher = blake3::Hasher::new();
            hasher.update(tenant.as_bytes()).update(&[0, kind as u8]).update(value.as_bytes());
            hasher.finalize()
        };
        Self(first_16(&hash))
    }
}

impl ContentHash {
    /// The hash of a log event's content.
    pub fn of_log(time: Timestamp, message: &str) -> Self {
        // Usual messages are hashed in one piece on the stack: a hasher's state is larger than they are.
        const USUAL_BYTES_MAX: usize = 1_024;
        const PREFIX_BYTES: usize = 9;
        let mut buffer = [0_u8; USUAL_BYTES_MAX];
        buffer[0] = b'L';
        buffer[1..PREFIX_BYTES].copy_from_slice(&time.0.to_le_bytes());
        let length = PREFIX_BYTES + message.len();
        let hash = if length <= USUAL_BYTES_MAX {
            buffer[PREFIX_BYTES..length].copy_from_slice(message.as_bytes());
            blake3::hash(&buffer[..length])
        } else {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&buffer[..PREFIX_BYTES]).update(message.as_bytes());
            hasher.finalize()
        };
        Self(first_16(&hash))
    }

    /// The first bytes of a hash over content of another signal.
    pub(crate) fn first_of(hash: &blake3::Hash) -> Self {
        Self(first_16(hash))
    }
}

impl Node {
    /// A node that nothing is known about yet.
    pub fn new(tenant: &str, kind: IdKind, value: &str) -> Self {
        Self {
            tenant: tenant.into(),
            kind,
            value: value.into(),
            parents: Vec::new(),
            children: Vec::new(),
            request_children: 0,
            evidence: Vec::new(),
            over_limit: 0,
            observations: Vec::new(),
            token_share: TokenShare::default(),
            row: None,
            due: None,
            closed: false,
        }
    }

    /// What is left of an id whose attempt left the state.
    pub fn closed(kind: IdKind) -> Self {
        Self { closed: true, ..Self::new("", kind, "") }
    }

    /// Adds a record in its place.
    pub fn add_evidence(&mut self, evidence: Evidence) -> Added {
        let place = self.evidence.binary_search_by(|known| known.order().cmp(&evidence.order()));
        match place {
            Ok(_) => Added::Duplicate,
            Err(_) if self.evidence.len() >= EVIDENCE_MAX => {
                self.over_limit = self.over_limit.saturating_add(1);
                Added::OverLimit
            }
            Err(place) => {
                // Most ids carry one or two records; a vector that grows by itself begins with room for four.
                if self.evidence.len() == self.evidence.capacity() {
                    self.evidence.reserve_exact((self.evidence.len() / 2).max(1));
                }
                self.evidence.insert(place, evidence);
                Added::Joined
            }
        }
    }
}

impl Evidence {
    /// The order of records within an attempt: event time, then content.
    pub fn order(&self) -> (Timestamp, ContentHash) {
        (self.time, self.hash)
    }

    /// The value of a field, if the record carries it.
    pub fn field(&self, field: Field) -> Option<&str> {
        self.fields.get(field)
    }
}

/// Puts `key` into a sorted list; `false` when it was there or the list is full.
pub fn insert_sorted(keys: &mut Vec<NodeKey>, key: NodeKey) -> bool {
    match keys.binary_search(&key) {
        Err(place) if keys.len() < EDGES_MAX => {
            keys.insert(place, key);
            true
        }
        _ => false,
    }
}

fn first_16(hash: &blake3::Hash) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    bytes
}

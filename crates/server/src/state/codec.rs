//! How are nodes and windows written into the state?
//!
//! Versioned prost messages with hand-written conversions; numbers of enums are part of the format and only ever
//! grow. Rows and keys, which are scanned by the million, have fixed layouts of their own in `layout.rs`.

use prost::Message;
use walletscope_model::contract::Field;
use walletscope_model::{EventKind, IdKind, Lifecycle, Offset, Stage, Timestamp, TokenState};
use walletscope_series::window::{Durations, Timing};
use walletscope_series::{Count, Sketch, Window};
use walletscope_stream::interpret::What;
use walletscope_stream::{ContentHash, Evidence, Node, NodeKey, Observation, TokenShare};

use super::layout;

/// A stored value could not be read.
#[derive(Debug, PartialEq, Eq)]
pub struct CodecError(pub String);

/// Writes a node.
pub fn encode_node(node: &Node) -> Vec<u8> {
    NodeRecord {
        tenant: node.tenant.to_string(),
        kind: node.kind as u32,
        value: node.value.to_string(),
        parents: join(&node.parents),
        children: join(&node.children),
        request_children: node.request_children,
        over_limit: node.over_limit,
        evidence: node.evidence.iter().map(evidence_record).collect(),
        observations: node.observations.iter().map(observation_record).collect(),
        share_wallet: u32::from(node.token_share.wallet),
        share_issuer: u32::from(node.token_share.issuer),
        share_at: node.token_share.changes.iter().map(|(at, _)| at.0).collect(),
        share_change: node.token_share.changes.iter().map(|(_, change)| i32::from(*change)).collect(),
        row: node.row.as_ref().map(layout::encode_row).unwrap_or_default(),
        due: node.due.map(|due| due.0),
    }
    .encode_to_vec()
}

/// Reads a node.
///
/// # Errors
/// The bytes are damaged or come from a newer version.
pub fn decode_node(key: NodeKey, bytes: &[u8]) -> Result<Node, CodecError> {
    let record = NodeRecord::decode(bytes).map_err(|error| CodecError(format!("node: {error}")))?;
    let kind = [IdKind::Correlation, IdKind::Request, IdKind::Trace, IdKind::TokenReference]
        .into_iter()
        .find(|kind| *kind as u32 == record.kind)
        .ok_or_else(|| CodecError(format!("node: unknown kind of id {}", record.kind)))?;
    let row = match record.row.as_slice() {
        [] => None,
        bytes => Some(layout::decode_row(key, bytes)?),
    };
    let changes = record.share_at.iter().zip(&record.share_change);
    Ok(Node {
        tenant: record.tenant.into(),
        kind,
        value: record.value.into(),
        parents: split(&record.parents)?,
        children: split(&record.children)?,
        request_children: record.request_children,
        over_limit: record.over_limit,
        evidence: record.evidence.into_iter().map(evidence).collect::<Result<_, _>>()?,
        observations: record.observations.into_iter().map(observation).collect::<Result<_, _>>()?,
        token_share: TokenShare {
            wallet: code(record.share_wallet)?,
            issuer: code(record.share_issuer)?,
            changes: changes.map(|(at, change)| (Timestamp(*at), change.signum() as i8)).collect(),
        },
        row,
        due: record.due.map(Timestamp),
    })
}

/// Writes a window.
pub fn encode_window(window: &Window) -> Vec<u8> {
    let durations = window.durations.iter().map(|durations| DurationsRecord {
        count: durations.count,
        sum_micros: durations.sum_micros.to_le_bytes().to_vec(),
        bins: durations.sketch.bins().map(|(bin, _)| i32::from(bin)).collect(),
        counts: durations.sketch.bins().map(|(_, count)| count).collect(),
    });
    WindowRecord { counts: window.counts.to_vec(), durations: durations.collect() }.encode_to_vec()
}

/// Reads a window; numbers that an older version did not count are zero.
///
/// # Errors
/// The bytes are damaged or come from a newer version.
pub fn decode_window(bytes: &[u8]) -> Result<Window, CodecError> {
    let record = WindowRecord::decode(bytes).map_err(|error| CodecError(format!("window: {error}")))?;
    if record.counts.len() > Count::LEN || record.durations.len() > Timing::LEN {
        return Err(CodecError("window: written by a newer version".to_owned()));
    }
    let mut window = Window::default();
    window.counts[..record.counts.len()].copy_from_slice(&record.counts);
    for (slot, durations) in window.durations.iter_mut().zip(record.durations) {
        *slot = self::durations(&durations)?;
    }
    Ok(window)
}

fn durations(record: &DurationsRecord) -> Result<Durations, CodecError> {
    let damaged = || CodecError("window: damaged durations".to_owned());
    let sum = <[u8; 16]>::try_from(record.sum_micros.as_slice()).map_err(|_| damaged())?;
    let bins = record.bins.iter().zip(&record.counts);
    let bins: Option<Vec<_>> = bins.map(|(bin, count)| Some((i16::try_from(*bin).ok()?, *count))).collect();
    let sketch = Sketch::from_bins(bins.ok_or_else(damaged)?).ok_or_else(damaged)?;
    Ok(Durations { count: record.count, sum_micros: i128::from_le_bytes(sum), sketch })
}

#[derive(Clone, PartialEq, Message)]
struct NodeRecord {
    #[prost(string, tag = "1")]
    tenant: String,
    #[prost(uint32, tag = "2")]
    kind: u32,
    #[prost(string, tag = "3")]
    value: String,
    #[prost(bytes = "vec", tag = "4")]
    parents: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    children: Vec<u8>,
    #[prost(uint32, tag = "6")]
    request_children: u32,
    #[prost(uint32, tag = "7")]
    over_limit: u32,
    #[prost(message, repeated, tag = "8")]
    evidence: Vec<EvidenceRecord>,
    #[prost(message, repeated, tag = "9")]
    observations: Vec<ObservationRecord>,
    #[prost(uint32, tag = "10")]
    share_wallet: u32,
    #[prost(uint32, tag = "11")]
    share_issuer: u32,
    #[prost(sint64, repeated, tag = "12")]
    share_at: Vec<i64>,
    #[prost(sint32, repeated, tag = "13")]
    share_change: Vec<i32>,
    #[prost(bytes = "vec", tag = "14")]
    row: Vec<u8>,
    #[prost(sint64, optional, tag = "15")]
    due: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct EvidenceRecord {
    #[prost(sfixed64, tag = "1")]
    time: i64,
    #[prost(bytes = "vec", tag = "2")]
    hash: Vec<u8>,
    #[prost(sfixed64, tag = "3")]
    arrival: i64,
    #[prost(uint32, tag = "4")]
    source: u32,
    #[prost(uint64, tag = "5")]
    offset: u64,
    #[prost(uint32, tag = "6")]
    index: u32,
    #[prost(uint32, tag = "7")]
    what: u32,
    /// One byte per field: its number.
    #[prost(bytes = "vec", tag = "8")]
    fields: Vec<u8>,
    #[prost(string, repeated, tag = "9")]
    values: Vec<String>,
    #[prost(string, optional, tag = "10")]
    content: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct ObservationRecord {
    #[prost(sfixed64, tag = "1")]
    time: i64,
    #[prost(bytes = "vec", tag = "2")]
    hash: Vec<u8>,
    #[prost(uint32, tag = "3")]
    state: u32,
    #[prost(string, tag = "4")]
    event: String,
    #[prost(string, optional, tag = "5")]
    reason: Option<String>,
    #[prost(uint64, tag = "6")]
    offset: u64,
    #[prost(uint32, tag = "7")]
    index: u32,
}

#[derive(Clone, PartialEq, Message)]
struct WindowRecord {
    #[prost(sint64, repeated, tag = "1")]
    counts: Vec<i64>,
    #[prost(message, repeated, tag = "2")]
    durations: Vec<DurationsRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct DurationsRecord {
    #[prost(sint64, tag = "1")]
    count: i64,
    #[prost(bytes = "vec", tag = "2")]
    sum_micros: Vec<u8>,
    #[prost(sint32, repeated, tag = "3")]
    bins: Vec<i32>,
    #[prost(sint64, repeated, tag = "4")]
    counts: Vec<i64>,
}

fn evidence_record(evidence: &Evidence) -> EvidenceRecord {
    EvidenceRecord {
        time: evidence.time.0,
        hash: evidence.hash.0.to_vec(),
        arrival: evidence.arrival.0,
        source: u32::from(evidence.source),
        offset: evidence.offset.0,
        index: evidence.index,
        what: what_number(evidence.what),
        fields: evidence.fields.iter().map(|(field, _)| *field as u8).collect(),
        values: evidence.fields.iter().map(|(_, value)| value.to_string()).collect(),
        content: evidence.content.as_deref().map(str::to_owned),
    }
}

fn evidence(record: EvidenceRecord) -> Result<Evidence, CodecError> {
    let fields = record.fields.iter().zip(record.values).map(|(number, value)| {
        let field = Field::from_number(*number)
            .ok_or_else(|| CodecError(format!("evidence: unknown field number {number}")))?;
        Ok((field, value.into_boxed_str()))
    });
    Ok(Evidence {
        time: Timestamp(record.time),
        hash: hash(&record.hash)?,
        arrival: Timestamp(record.arrival),
        source: code(record.source)?,
        offset: Offset(record.offset),
        index: record.index,
        what: what(record.what)?,
        fields: fields.collect::<Result<_, CodecError>>()?,
        content: record.content.map(String::into_boxed_str),
    })
}

fn observation_record(observation: &Observation) -> ObservationRecord {
    ObservationRecord {
        time: observation.time.0,
        hash: observation.hash.0.to_vec(),
        state: observation.state as u32,
        event: observation.event.to_string(),
        reason: observation.reason.as_deref().map(str::to_owned),
        offset: observation.offset.0,
        index: observation.index,
    }
}

fn observation(record: ObservationRecord) -> Result<Observation, CodecError> {
    let state = TokenState::ALL
        .get(record.state as usize)
        .ok_or_else(|| CodecError(format!("observation: unknown token state {}", record.state)))?;
    Ok(Observation {
        time: Timestamp(record.time),
        hash: hash(&record.hash)?,
        state: *state,
        event: record.event.into(),
        reason: record.reason.map(String::into_boxed_str),
        offset: Offset(record.offset),
        index: record.index,
    })
}

const WHAT_CRASH: u32 = 1;
const WHAT_STAGE: u32 = 10;
const WHAT_FAILURE: u32 = 30;
const WHAT_ABANDONED: u32 = 31;
const WHAT_LIFECYCLE: u32 = 40;

fn what_number(what: What) -> u32 {
    match what {
        What::Other => 0,
        What::Crash => WHAT_CRASH,
        What::Event(EventKind::Stage(stage)) => WHAT_STAGE + stage as u32,
        What::Event(EventKind::Failure) => WHAT_FAILURE,
        What::Event(EventKind::Abandoned) => WHAT_ABANDONED,
        What::Event(EventKind::Lifecycle(change)) => WHAT_LIFECYCLE + change as u32,
    }
}

fn what(number: u32) -> Result<What, CodecError> {
    let lifecycles = [Lifecycle::Suspended, Lifecycle::Resumed, Lifecycle::Deleted];
    let stages = Stage::ALL.into_iter().map(|stage| What::Event(EventKind::Stage(stage)));
    let others =
        [What::Other, What::Crash, What::Event(EventKind::Failure), What::Event(EventKind::Abandoned)];
    let changes = lifecycles.into_iter().map(|change| What::Event(EventKind::Lifecycle(change)));
    others
        .into_iter()
        .chain(stages)
        .chain(changes)
        .find(|what| what_number(*what) == number)
        .ok_or_else(|| CodecError(format!("evidence: unknown event number {number}")))
}

fn join(keys: &[NodeKey]) -> Vec<u8> {
    keys.iter().flat_map(|key| key.0).collect()
}

fn split(bytes: &[u8]) -> Result<Vec<NodeKey>, CodecError> {
    let (keys, rest) = bytes.as_chunks::<16>();
    if rest.is_empty() {
        Ok(keys.iter().map(|key| NodeKey(*key)).collect())
    } else {
        Err(CodecError("node: damaged list of ids".to_owned()))
    }
}

fn hash(bytes: &[u8]) -> Result<ContentHash, CodecError> {
    let bytes = <[u8; 16]>::try_from(bytes).map_err(|_| CodecError("damaged content hash".to_owned()))?;
    Ok(ContentHash(bytes))
}

fn code(number: u32) -> Result<u16, CodecError> {
    u16::try_from(number).map_err(|_| CodecError(format!("unknown dictionary code {number}")))
}

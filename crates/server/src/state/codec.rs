//! How are nodes and windows written into the state?
//!
//! Protobuf messages, read by prost and written by `message.rs`; numbers of enums are part of the format and only ever
//! grow. Rows and keys, which are scanned by the million, have fixed layouts of their own in `layout.rs`.

use prost::Message;
use walletscope_model::{EventKind, IdKind, Lifecycle, Offset, Stage, Timestamp, TokenState};
use walletscope_series::window::{Durations, Timing};
use walletscope_series::{Count, Sketch, Window};
use walletscope_stream::interpret::What;
use walletscope_stream::{
    ContentHash, Evidence, Fields, Node, NodeKey, Observation, OriginCodes, TokenShare,
};

use super::layout;
use super::message::Writer;

/// A stored value could not be read.
#[derive(Debug, PartialEq, Eq)]
pub struct CodecError(pub String);

/// Writes a node.
pub fn encode_node(node: &Node) -> Vec<u8> {
    /// Room for a node with one usual record; a larger one grows.
    const USUAL_BYTES: usize = 512;
    let mut message = Writer::with_capacity(USUAL_BYTES * node.evidence.len().max(1));
    message.bytes(1, node.tenant.as_bytes());
    message.unsigned(2, u64::from(node.kind as u32));
    message.bytes(3, node.value.as_bytes());
    message.pieces(4, node.parents.iter().map(|key| key.0));
    message.pieces(5, node.children.iter().map(|key| key.0));
    message.unsigned(6, u64::from(node.request_children));
    message.unsigned(7, u64::from(node.over_limit));
    for evidence in &node.evidence {
        message.message(8, |message| write_evidence(message, evidence));
    }
    for observation in &node.observations {
        message.message(9, |message| write_observation(message, observation));
    }
    message.unsigned(10, u64::from(node.token_share.wallet));
    message.unsigned(11, u64::from(node.token_share.issuer));
    message.signed_list(12, node.token_share.changes.iter().map(|(at, _)| at.0));
    message.signed_list(13, node.token_share.changes.iter().map(|(_, change)| i64::from(*change)));
    if let Some(row) = &node.row {
        message.bytes(14, &layout::encode_row(row));
    }
    message.some_signed(15, node.due.map(|due| due.0));
    message.unsigned(16, u64::from(node.closed));
    message.into_bytes()
}

fn write_evidence(message: &mut Writer, evidence: &Evidence) {
    message.fixed(1, evidence.time.0);
    message.bytes(2, &evidence.hash.0);
    message.fixed(3, evidence.arrival.0);
    message.unsigned(4, u64::from(evidence.origin.source));
    message.unsigned(5, evidence.offset.0);
    message.unsigned(6, u64::from(evidence.index));
    message.unsigned(7, u64::from(what_number(evidence.what)));
    message.bytes(8, evidence.fields.stored().as_bytes());
    message.some_bytes(9, evidence.content.as_deref().map(str::as_bytes));
    message.unsigned(10, u64::from(evidence.origin.account));
    message.unsigned(11, u64::from(evidence.origin.region));
}

fn write_observation(message: &mut Writer, observation: &Observation) {
    message.fixed(1, observation.time.0);
    message.bytes(2, &observation.hash.0);
    message.unsigned(3, u64::from(observation.state as u32));
    message.bytes(4, observation.event.as_bytes());
    message.some_bytes(5, observation.reason.as_deref().map(str::as_bytes));
    message.unsigned(6, observation.offset.0);
    message.unsigned(7, u64::from(observation.index));
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
        closed: record.closed,
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

/// Reads one count of a window and leaves the rest unread, which is most of it.
///
/// # Errors
/// The bytes are damaged.
pub fn decode_count(bytes: &[u8], count: Count) -> Result<i64, CodecError> {
    let record = CountsRecord::decode(bytes).map_err(|error| CodecError(format!("window: {error}")))?;
    Ok(record.counts.get(count as usize).copied().unwrap_or(0))
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
    #[prost(bool, tag = "16")]
    closed: bool,
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
    /// As [`Fields::stored`].
    #[prost(string, tag = "8")]
    fields: String,
    #[prost(string, optional, tag = "9")]
    content: Option<String>,
    #[prost(uint32, tag = "10")]
    account: u32,
    #[prost(uint32, tag = "11")]
    region: u32,
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

/// A [`WindowRecord`] without its durations.
#[derive(Clone, PartialEq, Message)]
struct CountsRecord {
    #[prost(sint64, repeated, tag = "1")]
    counts: Vec<i64>,
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

fn evidence(record: EvidenceRecord) -> Result<Evidence, CodecError> {
    let fields = Fields::restore(record.fields.into())
        .ok_or_else(|| CodecError("evidence: damaged fields, or fields of a newer version".to_owned()))?;
    Ok(Evidence {
        time: Timestamp(record.time),
        hash: hash(&record.hash)?,
        arrival: Timestamp(record.arrival),
        origin: OriginCodes {
            account: code(record.account)?,
            region: code(record.region)?,
            source: code(record.source)?,
        },
        offset: Offset(record.offset),
        index: record.index,
        what: what(record.what)?,
        fields,
        content: record.content.map(String::into_boxed_str),
    })
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
const WHAT_FAILED_CALL: u32 = 2;
const WHAT_STAGE: u32 = 10;
const WHAT_FAILURE: u32 = 30;
const WHAT_ABANDONED: u32 = 31;
const WHAT_LIFECYCLE: u32 = 40;

fn what_number(what: What) -> u32 {
    match what {
        What::Other => 0,
        What::Crash => WHAT_CRASH,
        What::FailedCall => WHAT_FAILED_CALL,
        What::Event(EventKind::Stage(stage)) => WHAT_STAGE + stage as u32,
        What::Event(EventKind::Failure) => WHAT_FAILURE,
        What::Event(EventKind::Abandoned) => WHAT_ABANDONED,
        What::Event(EventKind::Lifecycle(change)) => WHAT_LIFECYCLE + change as u32,
    }
}

fn what(number: u32) -> Result<What, CodecError> {
    let lifecycles = [Lifecycle::Suspended, Lifecycle::Resumed, Lifecycle::Deleted];
    let stages = Stage::ALL.into_iter().map(|stage| What::Event(EventKind::Stage(stage)));
    let ends = [What::Event(EventKind::Failure), What::Event(EventKind::Abandoned)];
    let others = [What::Other, What::Crash, What::FailedCall].into_iter().chain(ends);
    let changes = lifecycles.into_iter().map(|change| What::Event(EventKind::Lifecycle(change)));
    others
        .into_iter()
        .chain(stages)
        .chain(changes)
        .find(|what| what_number(*what) == number)
        .ok_or_else(|| CodecError(format!("evidence: unknown event number {number}")))
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

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::contract::Field;

    fn key(number: u8) -> NodeKey {
        NodeKey([number; 16])
    }

    fn record(number: i64) -> Evidence {
        let fields = [(Field::Wallet, "ApplePay"), (Field::Country, "")];
        Evidence {
            time: Timestamp(number),
            hash: ContentHash([number as u8; 16]),
            arrival: Timestamp(-number),
            origin: OriginCodes { account: 1, region: 0, source: 7 },
            offset: Offset(1 << 40),
            index: 300,
            what: What::Event(EventKind::Failure),
            fields: Fields::of(fields.into_iter()),
            content: (number % 2 == 0).then(|| "ü".repeat(200).into()),
        }
    }

    fn full() -> Node {
        let observation = Observation {
            time: Timestamp(5),
            hash: ContentHash([9; 16]),
            state: TokenState::ALL[2],
            event: "TOKEN_DELETED".into(),
            reason: Some("".into()),
            offset: Offset(3),
            index: 0,
        };
        Node {
            parents: vec![key(1), key(2)],
            children: vec![key(3)],
            request_children: 2,
            over_limit: 70_000,
            evidence: vec![record(-1), record(0), record(i64::MAX)],
            observations: vec![Observation { reason: None, ..observation.clone() }, observation],
            token_share: TokenShare {
                wallet: 3,
                issuer: 65_535,
                changes: vec![(Timestamp(-70), 1), (Timestamp(0), -1)],
            },
            due: Some(Timestamp(0)),
            ..Node::new("default", IdKind::TokenReference, "tok_ü")
        }
    }

    #[test]
    fn a_node_comes_back_and_is_written_as_prost_would() {
        for node in [full(), Node::new("", IdKind::Correlation, "")] {
            let bytes = encode_node(&node);
            assert_eq!(decode_node(key(0), &bytes), Ok(node));
            let record = NodeRecord::decode(bytes.as_slice()).expect("a message");
            assert_eq!(record.encode_to_vec(), bytes);
        }
    }

    #[test]
    fn a_cut_node_is_refused_or_another_but_never_a_panic() {
        let bytes = encode_node(&full());
        let whole = decode_node(key(0), &bytes);
        for end in 0..bytes.len() {
            assert_ne!(decode_node(key(0), &bytes[..end]), whole, "cut at {end}");
        }
    }
}

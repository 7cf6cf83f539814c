//! How is one journal entry written?
//!
//! The header is read without touching the body, so a replay can skip and a retention check can date an entry
//! cheaply; the records are one zstd value, because a thousand similar events compress well together and badly
//! apart. Which fields a body has is [`crate::body`]'s. Integrity on disk is the store's duty: the embedded store's
//! log and tables carry checksums, so an entry has none of its own, but decoding arbitrary bytes is still only an
//! error, never a panic.

use std::cell::RefCell;
use std::fmt;

use walletscope_model::{Batch, Body, Origin, Timestamp};

use crate::body;

/// Largest inflated body, in bytes. Larger batches are refused before they are written.
pub const BODY_BYTES_MAX: usize = 64 << 20;
/// Largest number of records in one batch.
pub const RECORDS_MAX: usize = 1 << 20;
/// Bodies below this many bytes are stored as they are: compression costs more than it saves.
pub const COMPRESS_FROM_BYTES: usize = 512;

const MAGIC: [u8; 2] = *b"WJ";
const VERSION: u8 = 1;
const FLAG_ZSTD: u8 = 1;
const ZSTD_LEVEL: i32 = 1;
const STRING_BYTES_MAX: usize = u16::MAX as usize;
/// Magic, version, kind, flags, append time.
const FIXED_BYTES: usize = 2 + 1 + 1 + 1 + 8;

/// The part of an entry that is readable without inflating it.
///
/// Grammar of version 1, integers little-endian:
///
/// ```text
/// entry   := "WJ" version:u8(=1) kind:u8 flags:u8 appended_at:i64 account region source tenant invocation
///            body_bytes:u32 body
/// account, region, source, tenant, invocation := bytes:u16 utf8
/// flags   := bit 0: body is one zstd frame; other bits are 0
/// body    := the protobuf message of `kind` (see the body module), `body_bytes` long once inflated
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// When the entry was appended.
    pub appended_at: Timestamp,
    /// Where the call came from.
    pub origin: Origin,
    /// The client's invocation id; empty where it sent none.
    pub invocation_id: Box<str>,
    /// What the body holds.
    pub kind: Kind,
}

/// What the body of an entry holds; the number is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Kind {
    Logs = 1,
    Metrics = 2,
    Command = 3,
    Tick = 4,
    Gap = 5,
    BackfillEnd = 6,
    Spans = 7,
    Audit = 8,
}

/// Why bytes are not an entry, or a batch cannot become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// The bytes do not start like an entry.
    NotAnEntry,
    /// The entry is of a version that this program does not know.
    UnknownVersion(u8),
    /// The kind is none of [`Kind`].
    UnknownKind(u8),
    /// Flags are set that this version does not define.
    UnknownFlags(u8),
    /// The bytes end inside this part.
    Truncated(&'static str),
    /// Bytes follow the end of this part.
    LeftOver(&'static str),
    /// This part breaks its own rules.
    Malformed(&'static str),
    /// This part is larger than its limit.
    TooLarge {
        /// Which part.
        part: &'static str,
        /// Its size, in bytes or records.
        size: usize,
        /// The limit, in the same unit.
        limit: usize,
    },
}

thread_local! {
    /// One compressor a thread: making one costs more than compressing a small body.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Writes `batch` as one entry of the current version.
///
/// # Errors
/// [`RecordError::TooLarge`] where a string of the header, the records or their size is over its limit: such a batch
/// could not be read back.
pub fn encode(batch: &Batch) -> Result<Vec<u8>, RecordError> {
    let body = body::encode(&batch.body)?;
    check_limit("body", body.len(), BODY_BYTES_MAX)?;
    let mut entry = Vec::with_capacity(FIXED_BYTES + 128 + body.len() / 4);
    entry.extend_from_slice(&MAGIC);
    entry.push(VERSION);
    entry.push(Kind::of(&batch.body) as u8);
    let flags_at = entry.len();
    entry.push(0);
    entry.extend_from_slice(&batch.appended_at.0.to_le_bytes());
    let origin = &batch.origin;
    for text in [&origin.account, &origin.region, &origin.source, &origin.tenant, &batch.invocation_id] {
        check_limit("header string", text.len(), STRING_BYTES_MAX)?;
        entry.extend_from_slice(&(text.len() as u16).to_le_bytes());
        entry.extend_from_slice(text.as_bytes());
    }
    entry.extend_from_slice(&(body.len() as u32).to_le_bytes());
    match compress(&body) {
        Some(frame) => {
            entry[flags_at] = FLAG_ZSTD;
            entry.extend_from_slice(&frame);
        }
        None => entry.extend_from_slice(&body),
    }
    Ok(entry)
}

/// Reads one whole entry of any known version.
///
/// # Errors
/// See [`RecordError`]; arbitrary bytes never panic and never inflate beyond [`BODY_BYTES_MAX`].
pub fn decode(entry: &[u8]) -> Result<Batch, RecordError> {
    let (header, flags, mut rest) = split_header(entry)?;
    let body_bytes = u32::from_le_bytes(take_array(&mut rest, "body length")?) as usize;
    check_limit("body", body_bytes, BODY_BYTES_MAX)?;
    let body = if flags & FLAG_ZSTD == 0 {
        if rest.len() != body_bytes {
            return Err(RecordError::Malformed("body length"));
        }
        body::decode(header.kind, rest)?
    } else {
        body::decode(header.kind, &inflate(rest, body_bytes)?)?
    };
    let Header { appended_at, origin, invocation_id, .. } = header;
    Ok(Batch { appended_at, origin, invocation_id, body })
}

/// Reads the header of an entry and leaves its body alone.
///
/// # Errors
/// As [`decode`], for the header.
pub fn decode_header(entry: &[u8]) -> Result<Header, RecordError> {
    split_header(entry).map(|(header, _, _)| header)
}

impl Kind {
    fn of(body: &Body) -> Self {
        match body {
            Body::Logs(_) => Self::Logs,
            Body::Metrics(_) => Self::Metrics,
            Body::Command(_) => Self::Command,
            Body::Tick => Self::Tick,
            Body::Gap(_) => Self::Gap,
            Body::BackfillEnd => Self::BackfillEnd,
            Body::Spans(_) => Self::Spans,
            Body::Audit(_) => Self::Audit,
        }
    }

    fn from_number(number: u8) -> Result<Self, RecordError> {
        const ALL: [Kind; 8] = [
            Kind::Logs,
            Kind::Metrics,
            Kind::Command,
            Kind::Tick,
            Kind::Gap,
            Kind::BackfillEnd,
            Kind::Spans,
            Kind::Audit,
        ];
        ALL.into_iter().find(|kind| *kind as u8 == number).ok_or(RecordError::UnknownKind(number))
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnEntry => write!(formatter, "the bytes are not a journal entry"),
            Self::UnknownVersion(version) => write!(formatter, "journal entry of unknown version {version}"),
            Self::UnknownKind(kind) => write!(formatter, "journal entry of unknown kind {kind}"),
            Self::UnknownFlags(flags) => write!(formatter, "journal entry with unknown flags {flags:#04x}"),
            Self::Truncated(part) => write!(formatter, "journal entry ends inside its {part}"),
            Self::LeftOver(part) => write!(formatter, "journal entry goes on after its {part}"),
            Self::Malformed(part) => write!(formatter, "journal entry with a malformed {part}"),
            Self::TooLarge { part, size, limit } => {
                write!(formatter, "journal entry whose {part} of {size} is over the limit of {limit}")
            }
        }
    }
}

impl std::error::Error for RecordError {}

/// Checks a size against its named limit.
pub(crate) fn check_limit(part: &'static str, size: usize, limit: usize) -> Result<(), RecordError> {
    if size > limit { Err(RecordError::TooLarge { part, size, limit }) } else { Ok(()) }
}

fn split_header(entry: &[u8]) -> Result<(Header, u8, &[u8]), RecordError> {
    let mut rest = entry;
    if take_array(&mut rest, "magic").map_err(|_| RecordError::NotAnEntry)? != MAGIC {
        return Err(RecordError::NotAnEntry);
    }
    let [version] = take_array(&mut rest, "version")?;
    if version != VERSION {
        return Err(RecordError::UnknownVersion(version));
    }
    let [kind, flags] = take_array(&mut rest, "kind")?;
    let kind = Kind::from_number(kind)?;
    if flags & !FLAG_ZSTD != 0 {
        return Err(RecordError::UnknownFlags(flags));
    }
    let appended_at = Timestamp(i64::from_le_bytes(take_array(&mut rest, "append time")?));
    let account = take_string(&mut rest, "account")?;
    let region = take_string(&mut rest, "region")?;
    let source = take_string(&mut rest, "source")?;
    let tenant = take_string(&mut rest, "tenant")?;
    let invocation_id = take_string(&mut rest, "invocation id")?;
    let origin = Origin { account, region, source, tenant };
    Ok((Header { appended_at, origin, invocation_id, kind }, flags, rest))
}

fn take_array<const N: usize>(rest: &mut &[u8], part: &'static str) -> Result<[u8; N], RecordError> {
    let (array, after) = rest.split_first_chunk().ok_or(RecordError::Truncated(part))?;
    *rest = after;
    Ok(*array)
}

fn take_string(rest: &mut &[u8], part: &'static str) -> Result<Box<str>, RecordError> {
    let length = usize::from(u16::from_le_bytes(take_array(rest, part)?));
    let (bytes, after) = rest.split_at_checked(length).ok_or(RecordError::Truncated(part))?;
    *rest = after;
    std::str::from_utf8(bytes).map(Box::from).map_err(|_| RecordError::Malformed(part))
}

/// The zstd frame of `body`, or `None` where it is better stored as it is.
fn compress(body: &[u8]) -> Option<Vec<u8>> {
    if body.len() < COMPRESS_FROM_BYTES {
        return None;
    }
    COMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = zstd::bulk::Compressor::new(ZSTD_LEVEL).ok();
        }
        slot.as_mut()?.compress(body).ok().filter(|frame| frame.len() < body.len())
    })
}

fn inflate(frame: &[u8], body_bytes: usize) -> Result<Vec<u8>, RecordError> {
    const PART: &str = "compressed body";
    DECOMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = zstd::bulk::Decompressor::new().ok();
        }
        let decompressor = slot.as_mut().ok_or(RecordError::Malformed(PART))?;
        // No frame at all inflates to nothing, and an empty body is never compressed.
        if frame.is_empty() {
            return Err(RecordError::Malformed(PART));
        }
        let body = decompressor.decompress(frame, body_bytes).map_err(|_| RecordError::Malformed(PART))?;
        if body.len() == body_bytes { Ok(body) } else { Err(RecordError::Malformed("body length")) }
    })
}

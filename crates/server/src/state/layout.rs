//! Where is each byte of a row and of the state's keys?
//!
//! Fixed layouts, because rows are read by the million at start. Numbers in keys are big-endian with the sign bit
//! turned, so that byte order is number order; numbers in rows are little-endian.

use walletscope_model::{Decision, Duration, Outcome, Reason, Timestamp};
use walletscope_series::Resolution;
use walletscope_stream::{Dimension, Flags, GroupKey, NodeKey, Row, StageTimes, WindowKey};

use super::codec::CodecError;

const ROW_VERSION: u8 = 3;
const NONE_I64: i64 = i64::MIN;
const NONE_U16: u16 = u16::MAX;
const NONE_U8: u8 = u8::MAX;

/// Writes a row: version, then its columns in the order of this function. The key stands beside it.
pub fn encode_row(row: &Row) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(112);
    bytes.push(ROW_VERSION);
    let option = |at: Option<Timestamp>| at.map_or(NONE_I64, |at| at.0);
    for number in [
        row.started_at.0,
        // PENDING has no end: since when the cardholder is waited for stands in its place.
        option(row.ended_at.or(row.waits_since)),
        option(row.activated_at),
        row.first_arrival.0,
        row.processing_time.map_or(NONE_I64, |time| time.0),
        row.cardholder_wait.0,
    ] {
        bytes.extend(number.to_le_bytes());
    }
    for code in [
        row.tenant,
        row.wallet,
        row.issuer,
        row.network,
        row.device,
        row.country,
        row.channel,
        row.reason_code,
        row.vendor,
        row.last_four.unwrap_or(NONE_U16),
        u16::from(row.flags.bits()),
    ] {
        bytes.extend(code.to_le_bytes());
    }
    bytes.extend(row.bin.to_le_bytes());
    bytes.extend([
        row.outcome as u8,
        row.reason.map_or(NONE_U8, |reason| reason as u8),
        row.decision.map_or(NONE_U8, |decision| decision as u8),
        row.tries,
    ]);
    bytes.extend(row.stages.bytes());
    bytes
}

/// Reads a row.
///
/// # Errors
/// The bytes are damaged or come from a newer version.
pub fn decode_row(key: NodeKey, bytes: &[u8]) -> Result<Row, CodecError> {
    let mut cursor = Cursor { bytes };
    let [version] = cursor.take::<1>()?;
    if version != ROW_VERSION {
        let reason = format!(
            "row: this state was written as version {version}, not {ROW_VERSION}; start over an empty data folder"
        );
        return Err(CodecError(reason));
    }
    let time = |number: i64| (number != NONE_I64).then_some(Timestamp(number));
    let mut row = Row {
        key,
        started_at: Timestamp(cursor.i64()?),
        ended_at: time(cursor.i64()?),
        waits_since: None,
        activated_at: time(cursor.i64()?),
        first_arrival: Timestamp(cursor.i64()?),
        processing_time: time(cursor.i64()?).map(|time| Duration(time.0)),
        cardholder_wait: Duration(cursor.i64()?),
        tenant: cursor.u16()?,
        wallet: cursor.u16()?,
        issuer: cursor.u16()?,
        network: cursor.u16()?,
        device: cursor.u16()?,
        country: cursor.u16()?,
        channel: cursor.u16()?,
        reason_code: cursor.u16()?,
        vendor: cursor.u16()?,
        last_four: Some(cursor.u16()?).filter(|digits| *digits != NONE_U16),
        flags: cursor.flags()?,
        bin: u32::from_le_bytes(cursor.take()?),
        outcome: cursor.one_of(&Outcome::ALL)?.ok_or_else(|| CodecError("row: no outcome".to_owned()))?,
        reason: cursor.reason()?,
        decision: cursor.one_of(&Decision::ALL)?,
        tries: cursor.take::<1>()?[0],
        stages: StageTimes::from_bytes(cursor.take()?)
            .ok_or_else(|| CodecError("row: unknown stage time".to_owned()))?,
    };
    if row.outcome == Outcome::Pending {
        row.waits_since = row.ended_at.take();
    }
    if cursor.bytes.is_empty() { Ok(row) } else { Err(CodecError("row: too long".to_owned())) }
}

/// Key of a row or timer: time, then attempt.
pub fn time_key((at, key): (Timestamp, NodeKey)) -> Vec<u8> {
    [ordered(at.0).as_slice(), &key.0].concat()
}

/// Reads the key of a row or timer.
///
/// # Errors
/// The bytes are damaged.
pub fn parse_time_key(bytes: &[u8]) -> Result<(Timestamp, NodeKey), CodecError> {
    let mut cursor = Cursor { bytes };
    let at = cursor.ordered()?;
    Ok((Timestamp(at), NodeKey(cursor.take()?)))
}

/// The first key at or after a time.
pub fn time_bound(at: Timestamp) -> Vec<u8> {
    ordered(at.0).to_vec()
}

/// Key of a window: resolution, start, wallet, issuer.
pub fn window_key(key: &WindowKey) -> Vec<u8> {
    let mut bytes = window_bound(key.resolution, key.start);
    bytes.extend(key.wallet.to_be_bytes());
    bytes.extend(key.issuer.to_be_bytes());
    bytes
}

/// The first key of a resolution at or after a time.
pub fn window_bound(resolution: Resolution, start: Timestamp) -> Vec<u8> {
    let mut bytes = vec![resolution as u8];
    bytes.extend(ordered(start.0));
    bytes
}

/// Reads the key of a window.
///
/// # Errors
/// The bytes are damaged.
pub fn parse_window_key(bytes: &[u8]) -> Result<WindowKey, CodecError> {
    let mut cursor = Cursor { bytes };
    let resolution =
        cursor.one_of(&Resolution::ALL)?.ok_or_else(|| CodecError("window: no resolution".to_owned()))?;
    Ok(WindowKey {
        resolution,
        start: Timestamp(cursor.ordered()?),
        wallet: u16::from_be_bytes(cursor.take()?),
        issuer: u16::from_be_bytes(cursor.take()?),
    })
}

/// Key of a dictionary entry: dimension, code.
pub fn dictionary_key(dimension: Dimension, code: u16) -> Vec<u8> {
    let [high, low] = code.to_be_bytes();
    vec![dimension as u8, high, low]
}

/// Key of a log group: account, region, name, each ended by a zero byte; a stream's name follows its group's.
pub fn catalog_key(group: &GroupKey, stream: Option<&str>) -> Vec<u8> {
    let stream = stream.unwrap_or("");
    [&*group.account, "\0", &*group.region, "\0", &*group.name, "\0", stream].concat().into_bytes()
}

/// Reads the key of a group (`None`) or a stream.
///
/// # Errors
/// The bytes are damaged.
pub fn parse_catalog_key(bytes: &[u8]) -> Result<(GroupKey, Option<Box<str>>), CodecError> {
    let damaged = || CodecError("catalog: damaged key".to_owned());
    let text = std::str::from_utf8(bytes).map_err(|_| damaged())?;
    let mut parts = text.split('\0').map(Into::into);
    let (Some(account), Some(region), Some(name), Some(stream)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(damaged());
    };
    let stream: Box<str> = stream;
    Ok((GroupKey { account, region, name }, (!stream.is_empty()).then_some(stream)))
}

fn ordered(number: i64) -> [u8; 8] {
    (number.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

struct Cursor<'a> {
    bytes: &'a [u8],
}

impl Cursor<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (taken, rest) =
            self.bytes.split_first_chunk::<N>().ok_or_else(|| CodecError("value too short".to_owned()))?;
        self.bytes = rest;
        Ok(*taken)
    }

    fn i64(&mut self) -> Result<i64, CodecError> {
        Ok(i64::from_le_bytes(self.take()?))
    }

    fn u16(&mut self) -> Result<u16, CodecError> {
        Ok(u16::from_le_bytes(self.take()?))
    }

    fn ordered(&mut self) -> Result<i64, CodecError> {
        Ok((u64::from_be_bytes(self.take()?) ^ (1 << 63)).cast_signed())
    }

    fn flags(&mut self) -> Result<Flags, CodecError> {
        let bits = u8::try_from(self.u16()?).map_err(|_| CodecError("row: unknown flag".to_owned()))?;
        Ok(Flags::from_bits(bits))
    }

    fn reason(&mut self) -> Result<Option<Reason>, CodecError> {
        let [number] = self.take::<1>()?;
        if number == NONE_U8 {
            return Ok(None);
        }
        let reason = Reason::all().nth(usize::from(number));
        reason.map(Some).ok_or_else(|| CodecError(format!("unknown reason number {number}")))
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> Result<Option<T>, CodecError> {
        let [number] = self.take::<1>()?;
        if number == NONE_U8 {
            return Ok(None);
        }
        let found = all.get(usize::from(number)).copied();
        found.map(Some).ok_or_else(|| CodecError(format!("unknown number {number}")))
    }
}

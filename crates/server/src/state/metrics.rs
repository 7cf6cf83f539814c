//! How are series of metrics and their points written into the state?
//!
//! Chunks are written with every commit in which they changed, so their form is compact and cheap: most points are one
//! whole number, which takes three or four bytes. A number is a variable-length integer whose lowest bit says that a
//! double follows instead. Sums stand beside the values that they are of, since sums of doubles depend on their order.
//! Keys of seconds begin with their time, because they go by age; all others with their series, because they are read
//! by it.

use prost::Message;
use smallvec::SmallVec;
use walletscope_model::{Provenance, Timestamp};
use walletscope_series::{LogSketch, Point, Spread};
use walletscope_stream::{Chunk, ChunkKey, SeriesId, SeriesIdentity, SeriesTimes, Tier};

use super::codec::CodecError;

const CHUNK_VERSION: u8 = 1;
/// One sample of one value.
const KIND_ONE: u8 = 0;
const KIND_VALUES: u8 = 1;
const KIND_SKETCH: u8 = 2;
const KIND_UNKNOWN: u8 = 3;
/// Whole numbers below this are exact as doubles.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
/// Says that a double follows.
const DOUBLE_FOLLOWS: u64 = 1;

/// Writes a chunk.
pub fn encode_chunk(chunk: &Chunk) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 + chunk.points.len() * 6);
    bytes.push(CHUNK_VERSION);
    let mut next = 0;
    for (slot, point) in &chunk.points {
        put_integer(&mut bytes, u64::from(slot - next));
        next = slot + 1;
        put_point(&mut bytes, point);
    }
    bytes
}

/// Reads a chunk.
///
/// # Errors
/// The bytes are damaged or come from a newer version.
pub fn decode_chunk(bytes: &[u8]) -> Result<Chunk, CodecError> {
    let mut reader = Reader { bytes };
    let version = reader.byte()?;
    if version != CHUNK_VERSION {
        return Err(CodecError(format!("points: version {version}, not {CHUNK_VERSION}")));
    }
    let mut chunk = Chunk::default();
    let mut next = 0;
    while !reader.bytes.is_empty() {
        let slot = u16::try_from(reader.integer()?.saturating_add(next));
        let slot = slot.map_err(|_| CodecError("points: no such bucket".to_owned()))?;
        next = u64::from(slot) + 1;
        chunk.points.push((slot, reader.point()?));
    }
    Ok(chunk)
}

/// Key of a chunk.
pub fn chunk_key(key: &ChunkKey) -> [u8; 9] {
    let mut bytes = [key.tier as u8; 9];
    let (series, number) = (key.series.0.to_be_bytes(), ordered(key.number));
    let parts = if key.tier == Tier::Second { [number, series] } else { [series, number] };
    bytes[1..5].copy_from_slice(&parts[0]);
    bytes[5..].copy_from_slice(&parts[1]);
    bytes
}

/// Reads the key of a chunk.
///
/// # Errors
/// The bytes are damaged.
pub fn parse_chunk_key(bytes: &[u8]) -> Result<ChunkKey, CodecError> {
    let damaged = || CodecError("points: damaged key".to_owned());
    let [tier, a, b, c, d, e, f, g, h] = *bytes else { return Err(damaged()) };
    let tier = Tier::ALL.get(usize::from(tier)).copied().ok_or_else(damaged)?;
    let (first, second) = ([a, b, c, d], [e, f, g, h]);
    let (series, number) = if tier == Tier::Second { (second, first) } else { (first, second) };
    let number = (u32::from_be_bytes(number) ^ (1 << 31)).cast_signed();
    Ok(ChunkKey { tier, series: SeriesId(u32::from_be_bytes(series)), number })
}

/// The first key of seconds at or after a time.
pub fn seconds_bound(at: Timestamp) -> [u8; 9] {
    chunk_key(&ChunkKey::of(Tier::Second, SeriesId(0), at))
}

fn ordered(number: i32) -> [u8; 4] {
    (number.cast_unsigned() ^ (1 << 31)).to_be_bytes()
}

/// Writes a series.
pub fn encode_series(identity: &SeriesIdentity, times: SeriesTimes) -> Vec<u8> {
    let texts = |text: fn(&(Box<str>, Box<str>)) -> &str| {
        identity.dimensions.iter().map(|pair| text(pair).to_owned()).collect()
    };
    let record = SeriesRecord {
        account: identity.account.to_string(),
        region: identity.region.to_string(),
        namespace: identity.namespace.to_string(),
        name: identity.name.to_string(),
        dimension_names: texts(|pair| &pair.0),
        dimension_values: texts(|pair| &pair.1),
        unit: identity.unit.as_deref().map(str::to_owned),
        provenance: identity.provenance as u32,
        newest: times.newest.0,
        sealed_before: times.sealed_before,
    };
    record.encode_to_vec()
}

/// Reads a series.
///
/// # Errors
/// The bytes are damaged or come from a newer version.
pub fn decode_series(bytes: &[u8]) -> Result<(SeriesIdentity, SeriesTimes), CodecError> {
    let record = SeriesRecord::decode(bytes).map_err(|error| CodecError(format!("series: {error}")))?;
    let provenance = Provenance::ALL.into_iter().find(|each| *each as u32 == record.provenance);
    let provenance = provenance.ok_or_else(|| CodecError("series: unknown provenance".to_owned()))?;
    let names = record.dimension_names.into_iter().map(Into::into);
    let identity = SeriesIdentity {
        account: record.account.into(),
        region: record.region.into(),
        namespace: record.namespace.into(),
        name: record.name.into(),
        dimensions: names.zip(record.dimension_values.into_iter().map(Into::into)).collect(),
        unit: record.unit.map(Into::into),
        provenance,
    };
    Ok((identity, SeriesTimes { newest: Timestamp(record.newest), sealed_before: record.sealed_before }))
}

/// Key of a series.
pub fn series_key(id: SeriesId) -> [u8; 4] {
    id.0.to_be_bytes()
}

/// Reads the key of a series.
///
/// # Errors
/// The bytes are damaged.
pub fn parse_series_key(bytes: &[u8]) -> Result<SeriesId, CodecError> {
    let bytes = bytes.try_into().map_err(|_| CodecError("series: damaged key".to_owned()))?;
    Ok(SeriesId(u32::from_be_bytes(bytes)))
}

#[derive(Clone, PartialEq, Message)]
struct SeriesRecord {
    #[prost(string, tag = "1")]
    account: String,
    #[prost(string, tag = "2")]
    region: String,
    #[prost(string, tag = "3")]
    namespace: String,
    #[prost(string, tag = "4")]
    name: String,
    #[prost(string, repeated, tag = "5")]
    dimension_names: Vec<String>,
    #[prost(string, repeated, tag = "6")]
    dimension_values: Vec<String>,
    #[prost(string, optional, tag = "7")]
    unit: Option<String>,
    #[prost(uint32, tag = "8")]
    provenance: u32,
    #[prost(sfixed64, tag = "9")]
    newest: i64,
    #[prost(sint32, tag = "10")]
    sealed_before: i32,
}

fn put_point(bytes: &mut Vec<u8>, point: &Point) {
    match &point.spread {
        Spread::Values(values) => match values.as_slice() {
            [(value, 1.0)] if point.count == 1.0 && point.sum == *value => {
                bytes.push(KIND_ONE);
                put_number(bytes, *value);
            }
            values => {
                bytes.push(KIND_VALUES);
                [point.count, point.sum].into_iter().for_each(|number| put_number(bytes, number));
                put_integer(bytes, values.len() as u64);
                for (value, times) in values {
                    put_number(bytes, *value);
                    put_number(bytes, *times);
                }
            }
        },
        Spread::Sketch(sketch) => {
            bytes.push(KIND_SKETCH);
            put_summary(bytes, point);
            put_integer(bytes, sketch.bins().len() as u64);
            let mut last = 0;
            for (bin, times) in sketch.bins() {
                put_integer(bytes, u64::from(bin - last));
                last = *bin;
                put_number(bytes, *times);
            }
        }
        Spread::Unknown => {
            bytes.push(KIND_UNKNOWN);
            put_summary(bytes, point);
        }
    }
}

fn put_summary(bytes: &mut Vec<u8>, point: &Point) {
    for number in [point.count, point.sum, point.minimum, point.maximum] {
        put_number(bytes, number);
    }
}

fn put_number(bytes: &mut Vec<u8>, number: f64) {
    if number.trunc() == number && number.abs() < WHOLE_MAX && (number != 0.0 || number.is_sign_positive()) {
        let whole = number as i64;
        put_integer(bytes, ((whole << 1) ^ (whole >> 63)).cast_unsigned() << 1);
    } else {
        put_integer(bytes, DOUBLE_FOLLOWS);
        bytes.extend(number.to_le_bytes());
    }
}

fn put_integer(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, CodecError> {
        let (first, rest) = self.bytes.split_first().ok_or_else(short)?;
        self.bytes = rest;
        Ok(*first)
    }

    fn integer(&mut self) -> Result<u64, CodecError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(CodecError("points: a number is too long".to_owned()))
    }

    fn number(&mut self) -> Result<f64, CodecError> {
        let number = self.integer()?;
        if number & DOUBLE_FOLLOWS == 0 {
            let folded = number >> 1;
            return Ok(((folded >> 1).cast_signed() ^ -((folded & 1).cast_signed())) as f64);
        }
        let (double, rest) = self.bytes.split_first_chunk::<8>().ok_or_else(short)?;
        self.bytes = rest;
        Ok(f64::from_le_bytes(*double))
    }

    fn point(&mut self) -> Result<Point, CodecError> {
        match self.byte()? {
            KIND_ONE => Ok(Point::of(self.number()?, 1.0)),
            KIND_VALUES => {
                let (count, sum) = (self.number()?, self.number()?);
                let mut values: SmallVec<[(f64, f64); 1]> = SmallVec::new();
                for _ in 0..self.integer()? {
                    values.push((self.number()?, self.number()?));
                }
                let (Some(first), Some(last)) = (values.first(), values.last()) else { return Err(short()) };
                let (minimum, maximum) = (first.0, last.0);
                Ok(Point { count, sum, minimum, maximum, spread: Spread::Values(values) })
            }
            KIND_SKETCH => {
                let point = self.summary()?;
                let mut bins = Vec::new();
                let mut bin = 0;
                for _ in 0..self.integer()? {
                    bin += u32::try_from(self.integer()?).map_err(|_| short())?;
                    bins.push((bin, self.number()?));
                }
                let sketch = LogSketch::from_bins(bins);
                let sketch = sketch.ok_or_else(|| CodecError("points: a sketch is damaged".to_owned()))?;
                Ok(Point { spread: Spread::Sketch(Box::new(sketch)), ..point })
            }
            KIND_UNKNOWN => self.summary(),
            other => Err(CodecError(format!("points: unknown kind {other}"))),
        }
    }

    fn summary(&mut self) -> Result<Point, CodecError> {
        let [count, sum, minimum, maximum] = [self.number()?, self.number()?, self.number()?, self.number()?];
        Ok(Point { count, sum, minimum, maximum, spread: Spread::Unknown })
    }
}

fn short() -> CodecError {
    CodecError("points: too short".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chunk(values: &[(u16, f64, f64)]) -> Chunk {
        let mut points: Vec<(u16, Point)> = Vec::new();
        for (slot, value, times) in values {
            match points.iter_mut().find(|(known, _)| known == slot) {
                Some((_, point)) => point.add(*value, *times),
                None => points.push((*slot, Point::of(*value, *times))),
            }
        }
        points.sort_by_key(|(slot, _)| *slot);
        Chunk { points }
    }

    fn check(chunk: &Chunk) {
        let bytes = encode_chunk(chunk);
        assert_eq!(decode_chunk(&bytes).as_ref(), Ok(chunk));
        for length in 0..bytes.len() {
            // Cut off between two points it is a shorter chunk, anywhere else damaged; never a panic.
            let _cut = decode_chunk(&bytes[..length]);
        }
    }

    #[test]
    fn chunks_read_back_and_small_numbers_are_small() {
        let minutes: Vec<_> = (0..60).map(|slot| (slot, f64::from(slot % 7), 1.0)).collect();
        check(&chunk(&minutes));
        assert_eq!(encode_chunk(&chunk(&minutes)).len(), 1 + 60 * 3);
        check(&chunk(&[(0, 0.1, 1.0), (0, 0.2, 2.5), (59, -1.0, 1.0), (59, 3.0, 1.0)]));
        let many: Vec<_> = (0..40).map(|number| (3, f64::from(number) * 1.7, 1.0)).collect();
        check(&chunk(&many));
        assert!(decode_chunk(&[]).is_err());
        assert!(decode_chunk(&[CHUNK_VERSION + 1]).is_err());
        assert!(decode_chunk(&[CHUNK_VERSION, 0, 9]).is_err());
    }

    #[test]
    fn keys_read_back_and_order_by_series_and_seconds_by_time() {
        let key = |tier, series, number| ChunkKey { tier, series: SeriesId(series), number };
        for tier in Tier::ALL {
            for each in [key(tier, 0, -1), key(tier, 7, 0), key(tier, u32::MAX, i32::MAX)] {
                assert_eq!(parse_chunk_key(&chunk_key(&each)), Ok(each));
            }
            assert!(chunk_key(&key(tier, 3, -1)) < chunk_key(&key(tier, 3, 0)));
        }
        assert!(chunk_key(&key(Tier::Minute, 1, 9)) < chunk_key(&key(Tier::Minute, 2, 1)));
        assert!(chunk_key(&key(Tier::Second, 1, 9)) > chunk_key(&key(Tier::Second, 2, 1)));
        assert!(parse_chunk_key(&[9; 9]).is_err());
    }

    #[test]
    fn series_read_back() {
        let identity = SeriesIdentity {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            namespace: "TokenServices".into(),
            name: "m".into(),
            dimensions: vec![("a".into(), "1".into()), ("b".into(), "".into())],
            unit: Some("Count".into()),
            provenance: Provenance::Attempt,
        };
        let times = SeriesTimes { newest: Timestamp(-5), sealed_before: 20_000 };
        let bytes = encode_series(&identity, times);
        assert_eq!(decode_series(&bytes), Ok((identity, times)));
        assert!(decode_series(&bytes[..9]).is_err());
    }

    proptest! {
        #[test]
        fn any_chunk_reads_back(values in prop::collection::vec((0_u16..60, -9e9_f64..9e9, 1_u8..4), 0..200)) {
            let values: Vec<_> = values.into_iter().map(|(slot, value, times)| (slot, value, f64::from(times))).collect();
            let chunk = chunk(&values);
            prop_assert_eq!(decode_chunk(&encode_chunk(&chunk)), Ok(chunk));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _read = decode_chunk(&bytes);
        }
    }
}

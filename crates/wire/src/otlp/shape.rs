//! How much memory would this protobuf take? Counts its messages before anything is decoded.
//!
//! Two bytes can make a message of two hundred, so a body within the limit of bytes could fill gigabytes. The walk
//! follows only the fields that are read, takes no memory itself, and finds most of what is damaged on its way.

/// Most messages inside one body, all levels together.
pub(crate) const MESSAGES_MAX: usize = 1_000_000;

/// Messages inside each other at most; the decoder's own limit is 100.
const DEPTH_MAX: usize = 90;

/// The fields of a message that are messages themselves.
#[derive(Debug)]
pub(crate) struct Shape(&'static [(u64, &'static Shape)]);

static LEAF: Shape = Shape(&[]);
static ANY_VALUE: Shape = Shape(&[(5, &ARRAY_VALUE), (6, &PAIRS)]);
static ARRAY_VALUE: Shape = Shape(&[(1, &ANY_VALUE)]);
static PAIRS: Shape = Shape(&[(1, &KEY_VALUE)]);
static KEY_VALUE: Shape = Shape(&[(2, &ANY_VALUE)]);
static RESOURCE: Shape = Shape(&[(1, &KEY_VALUE)]);
static LOG_RECORD: Shape = Shape(&[(5, &ANY_VALUE), (6, &KEY_VALUE)]);
static SCOPE_LOGS: Shape = Shape(&[(2, &LOG_RECORD)]);
static RESOURCE_LOGS: Shape = Shape(&[(1, &RESOURCE), (2, &SCOPE_LOGS)]);
static DATA_POINT: Shape = Shape(&[(1, &LEAF), (6, &LEAF), (7, &KEY_VALUE)]);
static SUMMARY: Shape = Shape(&[(1, &DATA_POINT)]);
static METRIC: Shape = Shape(&[(11, &SUMMARY)]);
static SCOPE_METRICS: Shape = Shape(&[(2, &METRIC)]);
static RESOURCE_METRICS: Shape = Shape(&[(1, &RESOURCE), (2, &SCOPE_METRICS)]);

/// `ExportLogsServiceRequest`.
pub(crate) static LOGS: Shape = Shape(&[(1, &RESOURCE_LOGS)]);
/// `ExportMetricsServiceRequest`.
pub(crate) static METRICS: Shape = Shape(&[(1, &RESOURCE_METRICS)]);

/// Why bytes are not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// They end inside a field.
    Cut,
    /// They are no protobuf.
    Damaged,
    /// Messages are nested too deep.
    TooDeep,
    /// They hold more messages than are left.
    TooMany,
}

/// Walks a message and takes the number of messages in it from `left`.
///
/// # Errors
/// The bytes should not be decoded.
pub(crate) fn count(bytes: &[u8], shape: &Shape, left: &mut usize) -> Result<(), Unfit> {
    walk(bytes, shape, left, 0)
}

fn walk(mut bytes: &[u8], shape: &Shape, left: &mut usize, depth: usize) -> Result<(), Unfit> {
    if depth > DEPTH_MAX {
        return Err(Unfit::TooDeep);
    }
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let content = match key & 7 {
            0 => {
                varint(&mut bytes)?;
                continue;
            }
            1 => split(&mut bytes, 8)?,
            2 => {
                let length = varint(&mut bytes)?;
                split(&mut bytes, length)?
            }
            5 => split(&mut bytes, 4)?,
            // Groups are out of use since protobuf 3, and 6 and 7 never were in use.
            _ => return Err(Unfit::Damaged),
        };
        let nested = shape.0.iter().find(|(field, _)| *field == key >> 3 && key & 7 == 2);
        if let Some((_, nested)) = nested {
            *left = left.checked_sub(1).ok_or(Unfit::TooMany)?;
            walk(content, nested, left, depth + 1)?;
        }
    }
    Ok(())
}

/// Takes an unsigned varint: seven bits a byte, at most ten bytes.
pub(crate) fn varint(bytes: &mut &[u8]) -> Result<u64, Unfit> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().ok_or(Unfit::Cut)?;
        *bytes = rest;
        let bits = u64::from(first & 0x7f);
        if shift == 63 && bits > 1 {
            return Err(Unfit::Damaged);
        }
        value |= bits << shift;
        if first & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Unfit::Damaged)
}

/// Takes `length` bytes.
pub(crate) fn split<'a>(bytes: &mut &'a [u8], length: u64) -> Result<&'a [u8], Unfit> {
    let length = usize::try_from(length).map_err(|_| Unfit::Cut)?;
    let (content, rest) = bytes.split_at_checked(length).ok_or(Unfit::Cut)?;
    *bytes = rest;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], left: usize, expected: Result<usize, Unfit>) {
        let mut after = left;
        assert_eq!(count(bytes, &LOGS, &mut after).map(|()| left - after), expected, "{bytes:x?}");
    }

    #[test]
    fn messages_are_counted_before_they_are_decoded() {
        check(b"", 0, Ok(0));
        check(b"\x0a\x00\x0a\x00", 2, Ok(2));
        check(b"\x0a\x00\x0a\x00", 1, Err(Unfit::TooMany));
        // One resource with one scope with two records.
        check(b"\x0a\x06\x12\x04\x12\x00\x12\x00", 10, Ok(4));
        // A text that looks like messages is none.
        check(b"\x12\x04\x0a\x00\x0a\x00", 0, Ok(0));
        check(b"\x0a\x02\x12", 9, Err(Unfit::Cut));
        check(b"\x0a", 9, Err(Unfit::Cut));
        check(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 9, Err(Unfit::Cut));
        check(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 9, Err(Unfit::Damaged));
        check(&[0xff; 11], 9, Err(Unfit::Damaged));
        check(b"\x0b", 9, Err(Unfit::Damaged));
        check(b"\x0d\x00\x00\x00", 9, Err(Unfit::Cut));
    }

    #[test]
    fn nesting_is_bounded() {
        let mut value = Vec::new();
        for _ in 0..1_000 {
            let mut outer = vec![0x0a];
            prost::encoding::encode_varint(value.len() as u64, &mut outer);
            outer.append(&mut value);
            value = outer;
            let mut outer = vec![0x2a];
            prost::encoding::encode_varint(value.len() as u64, &mut outer);
            outer.append(&mut value);
            value = outer;
        }
        assert_eq!(count(&value, &ANY_VALUE, &mut usize::MAX.clone()), Err(Unfit::TooDeep));
    }
}

//! How does the simulated store write what it is asked to do?
//!
//! One frame is one atomic call. The grammar is the simulator's own and lives as long as a run; integers are
//! little-endian, bytes follow their length.

use walletscope_journal::{Append, Change, Invocation, Table};
use walletscope_model::{Offset, Timestamp};

/// One atomic call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Frame {
    Append(Vec<Append>),
    Commit(Vec<Change>, Offset),
    /// Entries below `first` and invocation marks before `marks_from` are gone.
    Trim {
        first: u64,
        marks_from: Timestamp,
    },
}

impl Frame {
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Self::Append(group) => {
                bytes.push(b'a');
                for Append { offset, bytes: entry, invocation } in group {
                    put_number(&mut bytes, offset.0);
                    put_bytes(&mut bytes, entry);
                    bytes.push(u8::from(invocation.is_some()));
                    if let Some(Invocation { key, answer, at }) = invocation {
                        bytes.extend(key);
                        put_bytes(&mut bytes, answer);
                        put_number(&mut bytes, at.0.cast_unsigned());
                    }
                }
            }
            Self::Commit(changes, applied) => {
                bytes.push(b'c');
                put_number(&mut bytes, applied.0);
                for change in changes {
                    let (table, key, value) = match change {
                        Change::Put { table, key, value } => (table, key, Some(value)),
                        Change::Delete { table, key } => (table, key, None),
                    };
                    bytes.extend([*table as u8, u8::from(value.is_some())]);
                    put_bytes(&mut bytes, key);
                    put_bytes(&mut bytes, value.map_or(&[], Vec::as_slice));
                }
            }
            Self::Trim { first, marks_from } => {
                bytes.push(b't');
                put_number(&mut bytes, *first);
                put_number(&mut bytes, marks_from.0.cast_unsigned());
            }
        }
        bytes
    }

    /// `None` for anything that [`Self::encode`] does not write.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let rest = &mut rest;
        match take::<1>(rest)? {
            [b'a'] => {
                let mut group = Vec::new();
                while !rest.is_empty() {
                    group.push(take_append(rest)?);
                }
                Some(Self::Append(group))
            }
            [b'c'] => {
                let applied = Offset(take_number(rest)?);
                let mut changes = Vec::new();
                while !rest.is_empty() {
                    changes.push(take_change(rest)?);
                }
                Some(Self::Commit(changes, applied))
            }
            [b't'] => {
                let (first, marks_from) = (take_number(rest)?, take_time(rest)?);
                rest.is_empty().then_some(Self::Trim { first, marks_from })
            }
            _ => None,
        }
    }
}

fn put_number(bytes: &mut Vec<u8>, number: u64) {
    bytes.extend(number.to_le_bytes());
}

fn put_bytes(bytes: &mut Vec<u8>, value: &[u8]) {
    put_number(bytes, value.len() as u64);
    bytes.extend(value);
}

fn take_append(rest: &mut &[u8]) -> Option<Append> {
    let (offset, bytes, [marked]) = (Offset(take_number(rest)?), take_bytes(rest)?, take::<1>(rest)?);
    let invocation = match marked {
        0 => None,
        _ => Some(Invocation { key: take(rest)?, answer: take_bytes(rest)?, at: take_time(rest)? }),
    };
    Some(Append { offset, bytes, invocation })
}

fn take_change(rest: &mut &[u8]) -> Option<Change> {
    let [table, is_put] = take(rest)?;
    let (table, key, value) = (*Table::ALL.get(usize::from(table))?, take_bytes(rest)?, take_bytes(rest)?);
    Some(if is_put == 1 { Change::Put { table, key, value } } else { Change::Delete { table, key } })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    take(rest).map(u64::from_le_bytes)
}

fn take_time(rest: &mut &[u8]) -> Option<Timestamp> {
    take_number(rest).map(|number| Timestamp(number.cast_signed()))
}

fn take_bytes(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let length = usize::try_from(take_number(rest)?).ok()?;
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_read_back_and_cut_ones_do_not() {
        let mark = Invocation { key: [7; 16], answer: b"yes".to_vec(), at: Timestamp(-3) };
        let append = |offset, invocation| Append { offset: Offset(offset), bytes: vec![1, 2], invocation };
        let put = Change::Put { table: Table::Outbox, key: vec![], value: vec![] };
        let delete = Change::Delete { table: Table::Nodes, key: vec![9] };
        for frame in [
            Frame::Append(vec![append(1, None), append(2, Some(mark))]),
            Frame::Commit(vec![put, delete], Offset(8)),
            Frame::Trim { first: 4, marks_from: Timestamp(-1) },
        ] {
            let bytes = frame.encode();
            assert_eq!(Frame::decode(&bytes).as_ref(), Some(&frame));
            assert_eq!(Frame::decode(&bytes[..bytes.len() - 1]), None);
        }
        assert_eq!(Frame::decode(b""), None);
        assert_eq!(Frame::decode(b"x"), None);
    }
}

//! How is a protobuf message written straight from the values that it holds?
//!
//! The stream writes tens of thousands of nodes a second, and prost's messages own every string and list: building
//! one costs more than writing it. This writes the same bytes (fields in the order of their tags, defaults left out,
//! <https://protobuf.dev/programming-guides/encoding/>) from borrowed parts. Reading stays with prost.

use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

/// A message being written.
pub struct Writer(Vec<u8>);

impl Writer {
    /// Nothing yet, with room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// The message.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// An unsigned number; 0 is the default.
    pub fn unsigned(&mut self, tag: u32, number: u64) {
        if number != 0 {
            self.always_unsigned(tag, number);
        }
    }

    /// A signed number that is there, whatever it is (`optional sint64`).
    pub fn some_signed(&mut self, tag: u32, number: Option<i64>) {
        if let Some(number) = number {
            self.always_unsigned(tag, zigzag(number));
        }
    }

    /// A number of eight bytes (`sfixed64`); 0 is the default.
    pub fn fixed(&mut self, tag: u32, number: i64) {
        if number != 0 {
            encode_key(tag, WireType::SixtyFourBit, &mut self.0);
            self.0.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// Text or bytes; empty is the default.
    pub fn bytes(&mut self, tag: u32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.some_bytes(tag, Some(bytes));
        }
    }

    /// Text or bytes that are there, empty or not.
    pub fn some_bytes(&mut self, tag: u32, bytes: Option<&[u8]>) {
        if let Some(bytes) = bytes {
            encode_key(tag, WireType::LengthDelimited, &mut self.0);
            encode_varint(bytes.len() as u64, &mut self.0);
            self.0.extend_from_slice(bytes);
        }
    }

    /// Pieces of bytes as one field; empty is the default.
    pub fn pieces<const N: usize>(&mut self, tag: u32, pieces: impl ExactSizeIterator<Item = [u8; N]>) {
        if pieces.len() > 0 {
            encode_key(tag, WireType::LengthDelimited, &mut self.0);
            encode_varint((pieces.len() * N) as u64, &mut self.0);
            pieces.for_each(|piece| self.0.extend_from_slice(&piece));
        }
    }

    /// Signed numbers (`repeated sint64` or `sint32`, packed); empty is the default.
    pub fn signed_list(&mut self, tag: u32, numbers: impl Iterator<Item = i64> + Clone) {
        if numbers.clone().next().is_some() {
            self.message(tag, |list| numbers.for_each(|number| encode_varint(zigzag(number), &mut list.0)));
        }
    }

    /// A message inside this one.
    pub fn message(&mut self, tag: u32, write: impl FnOnce(&mut Self)) {
        encode_key(tag, WireType::LengthDelimited, &mut self.0);
        let start = self.0.len();
        write(self);
        let length = (self.0.len() - start) as u64;
        encode_varint(length, &mut self.0);
        self.0[start..].rotate_right(encoded_len_varint(length));
    }

    fn always_unsigned(&mut self, tag: u32, number: u64) {
        encode_key(tag, WireType::Varint, &mut self.0);
        encode_varint(number, &mut self.0);
    }
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

//! How does CBOR become a shape? A serde deserialiser straight over the bytes, without a tree, so a small
//! body cannot grow in memory. Half floats, all widths of integers, indefinite lengths and tag 1 are read;
//! unknown members are skipped without recursion.

use std::borrow::Cow;

use minicbor::data::{Tag, Type};
use minicbor::decode::{Decoder, Error};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use crate::aws::decode::DecodeError;
use crate::aws::scalar::{DOUBLE, TIMESTAMP};

/// Tag of epoch-based times.
const EPOCH_TAG: u64 = 1;

/// Reads any shape. An empty body is an empty structure: clients send none for shapes without members.
pub(crate) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, DecodeError> {
    // 0xa0 is the empty map.
    let mut reader = Reader { cbor: Decoder::new(if body.is_empty() { &[0xa0] } else { body }) };
    let shape = T::deserialize(&mut reader)?;
    if reader.cbor.position() < reader.cbor.input().len() {
        return Err(DecodeError::Malformed("bytes follow the CBOR value".to_owned()));
    }
    Ok(shape)
}

impl From<Error> for DecodeError {
    fn from(error: Error) -> DecodeError {
        let what = if error.is_type_mismatch() {
            "a member has the wrong type"
        } else {
            "the body is not valid CBOR"
        };
        DecodeError::Malformed(match error.position() {
            Some(position) => format!("{what} (byte {position})"),
            None => what.to_owned(),
        })
    }
}

struct Reader<'b> {
    cbor: Decoder<'b>,
}

impl<'b> Reader<'b> {
    /// A whole text, borrowed unless it came in chunks.
    fn text(&mut self) -> Result<Cow<'b, str>, DecodeError> {
        if self.cbor.datatype()? != Type::StringIndef {
            return Ok(Cow::Borrowed(self.cbor.str()?));
        }
        let chunks: Result<String, Error> = self.cbor.str_iter()?.collect();
        Ok(Cow::Owned(chunks?))
    }

    /// Any number as a float, half floats included.
    fn float(&mut self) -> Result<f64, DecodeError> {
        Ok(match self.cbor.datatype()? {
            Type::F16 => f64::from(self.cbor.f16()?),
            Type::F32 => f64::from(self.cbor.f32()?),
            Type::F64 => self.cbor.f64()?,
            _ => i128::from(self.cbor.int()?) as f64,
        })
    }

    /// A time: tag 1 around a number, as Smithy demands.
    fn epoch_seconds(&mut self) -> Result<f64, DecodeError> {
        if self.cbor.tag()? != Tag::new(EPOCH_TAG) {
            return Err(DecodeError::Malformed("a timestamp must have tag 1".to_owned()));
        }
        self.float()
    }

    /// Whether another item follows, by the announced length or by the break of an indefinite one.
    fn more(&mut self, left: &mut Option<u64>) -> Result<bool, DecodeError> {
        match left {
            Some(0) => Ok(false),
            Some(count) => {
                *count -= 1;
                Ok(true)
            }
            None if self.cbor.datatype()? == Type::Break => {
                self.cbor.skip()?;
                *left = Some(0);
                Ok(false)
            }
            None => Ok(true),
        }
    }

    /// Null and undefined both mean absent.
    fn take_null(&mut self) -> Result<bool, DecodeError> {
        let null = matches!(self.cbor.datatype()?, Type::Null | Type::Undefined);
        if null {
            self.cbor.skip()?;
        }
        Ok(null)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.cbor.datatype()? {
            Type::Bool => visitor.visit_bool(self.cbor.bool()?),
            Type::U8 | Type::U16 | Type::U32 | Type::U64 => visitor.visit_u64(self.cbor.u64()?),
            Type::I8 | Type::I16 | Type::I32 | Type::I64 => visitor.visit_i64(self.cbor.i64()?),
            Type::F16 | Type::F32 | Type::F64 => visitor.visit_f64(self.float()?),
            Type::String | Type::StringIndef => match self.text()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Type::Bytes => visitor.visit_borrowed_bytes(self.cbor.bytes()?),
            Type::Array | Type::ArrayIndef => self.deserialize_seq(visitor),
            Type::Map | Type::MapIndef => self.deserialize_map(visitor),
            Type::Null | Type::Undefined => {
                self.cbor.skip()?;
                visitor.visit_unit()
            }
            other => Err(DecodeError::Malformed(format!("CBOR type {other} has no place in a shape"))),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.take_null()? { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match name {
            TIMESTAMP => visitor.visit_f64(self.epoch_seconds()?),
            DOUBLE => visitor.visit_f64(self.float()?),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let mut left = self.cbor.array()?;
        let value = visitor.visit_seq(Items { reader: self, left: &mut left })?;
        // A visitor that stops early would leave the rest where the next member is expected.
        if self.more(&mut left)? {
            return Err(DecodeError::Malformed("a list is longer than its shape".to_owned()));
        }
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let mut left = self.cbor.map()?;
        visitor.visit_map(Entries { reader: self, left: &mut left })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_enum(self.text()?.into_deserializer())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.cbor.skip()?;
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct identifier
    }
}

struct Items<'r, 'b> {
    reader: &'r mut Reader<'b>,
    left: &'r mut Option<u64>,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = DecodeError;

    // No size hint: an announced length is only a claim.
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        if self.reader.more(self.left)? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
}

struct Entries<'r, 'b> {
    reader: &'r mut Reader<'b>,
    left: &'r mut Option<u64>,
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = DecodeError;

    /// A member that is null is an absent one, so it is passed over.
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        while self.reader.more(self.left)? {
            let key = self.reader.text()?;
            if !self.reader.take_null()? {
                return seed.deserialize(IntoDeserializer::<DecodeError>::into_deserializer(key)).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        seed.deserialize(&mut *self.reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{Double, Timestamp};
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Default, Deserialize)]
    #[serde(default)]
    struct Shape {
        n: String,
        i: Option<i32>,
        t: Option<Timestamp>,
        d: Vec<Double>,
        m: BTreeMap<String, bool>,
    }

    fn check(bytes: &[u8], expected: Option<Shape>) {
        assert_eq!(read::<Shape>(bytes).ok(), expected, "{bytes:02x?}");
    }

    #[test]
    fn literal_bytes_become_shapes() {
        let named = |name: &str| Some(Shape { n: name.into(), ..Shape::default() });
        let int = |number| Some(Shape { i: Some(number), ..Shape::default() });
        let doubles = |values: &[f64]| {
            Some(Shape { d: values.iter().map(|value| Double(*value)).collect(), ..Shape::default() })
        };
        let time = |epoch_millis| Some(Shape { t: Some(Timestamp { epoch_millis }), ..Shape::default() });
        check(b"", Some(Shape::default()));
        check(b"\xa0", Some(Shape::default()));
        check(b"\xa1\x61n\x62ab", named("ab"));
        check(b"\xbf\x61n\x7f\x61a\x61b\xff\xff", named("ab"));
        check(b"\xa2\x61x\x9f\x01\xbf\x61k\x80\xff\xff\x61n\x61a", named("a"));
        check(b"\xa1\x61n\xf6", Some(Shape::default()));
        check(b"\xa1\x61i\xf7", Some(Shape::default()));
        check(b"\xa1\x61i\x38\x63", int(-100));
        check(b"\xa1\x61i\x1b\x00\x00\x00\x00\x00\x00\x00\x07", int(7));
        check(
            b"\xa1\x61d\x84\xf9\x3e\x00\xfa\x3f\xc0\x00\x00\x20\x18\x64",
            doubles(&[1.5, 1.5, -1.0, 100.0]),
        );
        check(b"\xa1\x61d\x9f\xf9\x7c\x00\xff", doubles(&[f64::INFINITY]));
        check(b"\xa1\x61t\xc1\x1a\x55\xe2\xfb\x30", time(1_440_938_800_000));
        check(b"\xa1\x61t\xc1\xf9\x3e\x00", time(1_500));
        check(
            b"\xa1\x61m\xa1\x61k\xf5",
            Some(Shape { m: BTreeMap::from([("k".into(), true)]), ..Shape::default() }),
        );
    }

    #[test]
    fn what_is_cut_wrong_or_too_long_is_an_error() {
        for bytes in [
            b"\xa1".as_slice(),
            b"\xa1\x61n",
            b"\xa1\x61n\x01",
            b"\xa1\x61n\x62a",
            b"\xa1\x61n\x61\xff",
            b"\xa1\x61i\x1a\x80\x00\x00\x00",
            b"\xa1\x61i\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00",
            b"\xa1\x61t\x01",
            b"\xa1\x61t\xc2\x01",
            b"\xa1\x61t\xc1\x61a",
            b"\xa1\x01\x01",
            b"\xa1\x61d\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\xbf\x61n\x61a",
            b"\xa0\xa0",
            b"\x01",
            b"\xff",
        ] {
            check(bytes, None);
        }
        let nested = [b"\xa1\x61x".as_slice(), &[0x81; 1_000_000]].concat();
        check(&nested, None);
    }
}

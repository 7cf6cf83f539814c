//! How does a shape become CBOR? A serde serialiser; times get tag 1, absent options become null and are
//! best left out by the shape.

use std::convert::Infallible;
use std::fmt::Display;

use minicbor::data::Tag;
use minicbor::encode::{Encoder, Error};
use serde::Serialize;
use serde::ser::{self, Impossible, Serializer};

use crate::aws::scalar::TIMESTAMP;

/// Writes any shape; nothing at all for an operation without output. `None` if the shape cannot be CBOR.
pub(crate) fn write(shape: &impl Serialize) -> Option<Vec<u8>> {
    let mut writer = Writer { cbor: Encoder::new(Vec::new()) };
    shape.serialize(&mut writer).ok()?;
    Some(writer.cbor.into_writer())
}

struct Writer {
    cbor: Encoder<Vec<u8>>,
}

/// A shape that is no CBOR: an enum with contents or a tuple. A defect of a shape.
#[derive(Debug)]
struct NotCbor;

impl Display for NotCbor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the shape has no form in CBOR")
    }
}

impl std::error::Error for NotCbor {}

impl ser::Error for NotCbor {
    fn custom<T: Display>(_message: T) -> NotCbor {
        NotCbor
    }
}

impl From<Error<Infallible>> for NotCbor {
    fn from(_error: Error<Infallible>) -> NotCbor {
        NotCbor
    }
}

macro_rules! plain {
    ($($method:ident $type:ty, $encode:ident;)*) => {
        $(fn $method(self, value: $type) -> Result<(), NotCbor> {
            self.cbor.$encode(value)?;
            Ok(())
        })*
    };
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = NotCbor;
    type SerializeSeq = Open<'w>;
    type SerializeTuple = Impossible<(), NotCbor>;
    type SerializeTupleStruct = Impossible<(), NotCbor>;
    type SerializeTupleVariant = Impossible<(), NotCbor>;
    type SerializeMap = Open<'w>;
    type SerializeStruct = Open<'w>;
    type SerializeStructVariant = Impossible<(), NotCbor>;

    plain! {
        serialize_bool bool, bool;
        serialize_i8 i8, i8;
        serialize_i16 i16, i16;
        serialize_i32 i32, i32;
        serialize_i64 i64, i64;
        serialize_u8 u8, u8;
        serialize_u16 u16, u16;
        serialize_u32 u32, u32;
        serialize_u64 u64, u64;
        serialize_f32 f32, f32;
        serialize_f64 f64, f64;
        serialize_str &str, str;
        serialize_bytes &[u8], bytes;
    }

    fn serialize_char(self, value: char) -> Result<(), NotCbor> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_none(self) -> Result<(), NotCbor> {
        self.cbor.null()?;
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotCbor> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotCbor> {
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), NotCbor> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), NotCbor> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), NotCbor> {
        if name == TIMESTAMP {
            self.cbor.tag(Tag::new(1))?;
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<(), NotCbor> {
        Err(NotCbor)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Open<'w>, NotCbor> {
        match len {
            Some(len) => self.cbor.array(len as u64)?,
            None => self.cbor.begin_array()?,
        };
        Ok(Open { writer: self, indefinite: len.is_none() })
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self::SerializeTuple, NotCbor> {
        Err(NotCbor)
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleStruct, NotCbor> {
        Err(NotCbor)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant, NotCbor> {
        Err(NotCbor)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Open<'w>, NotCbor> {
        match len {
            Some(len) => self.cbor.map(len as u64)?,
            None => self.cbor.begin_map()?,
        };
        Ok(Open { writer: self, indefinite: len.is_none() })
    }

    fn serialize_struct(self, _name: &'static str, len: usize) -> Result<Open<'w>, NotCbor> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant, NotCbor> {
        Err(NotCbor)
    }
}

/// A list or map whose head is written.
struct Open<'w> {
    writer: &'w mut Writer,
    indefinite: bool,
}

impl Open<'_> {
    fn close(self) -> Result<(), NotCbor> {
        if self.indefinite {
            self.writer.cbor.end()?;
        }
        Ok(())
    }
}

impl ser::SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = NotCbor;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotCbor> {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), NotCbor> {
        self.close()
    }
}

impl ser::SerializeMap for Open<'_> {
    type Ok = ();
    type Error = NotCbor;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotCbor> {
        key.serialize(&mut *self.writer)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotCbor> {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), NotCbor> {
        self.close()
    }
}

impl ser::SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = NotCbor;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), NotCbor> {
        name.serialize(&mut *self.writer)?;
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), NotCbor> {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Timestamp;

    #[derive(Serialize)]
    struct Shape {
        t: Timestamp,
        l: Vec<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        n: Option<&'static str>,
    }

    #[test]
    fn shapes_become_literal_bytes() {
        for (millis, n, expected) in [
            (1000, None, b"\xa2\x61t\xc1\x01\x61l\x82\xf5\xf4".as_slice()),
            (1500, Some("a"), b"\xa3\x61t\xc1\xfb\x3f\xf8\0\0\0\0\0\0\x61l\x82\xf5\xf4\x61n\x61a"),
        ] {
            let shape = Shape { t: Timestamp::from_epoch_millis(millis), l: vec![true, false], n };
            assert_eq!(write(&shape).expect("CBOR"), expected);
        }
    }
}

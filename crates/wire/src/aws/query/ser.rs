//! How does a shape become XML? A serde serialiser: members are elements, lists hold elements of one name,
//! maps hold `entry`s, absent options are left out. What stands around the shape is in `envelope.rs`.

use std::fmt::{Display, Write};

use serde::Serialize;
use serde::ser::{self, Impossible, Serializer};

use crate::aws::scalar::{TIMESTAMP, Timestamp};

/// How the items of a list are called.
#[derive(Debug, Clone, Copy)]
pub(super) struct ItemName(pub(super) &'static str);

/// One element of that name with the shape in it. `None` if the shape cannot be XML.
pub(super) fn write_element(name: &str, item: ItemName, shape: &impl Serialize) -> Option<String> {
    let mut xml = String::new();
    shape.serialize(Element { xml: &mut xml, name, item }).ok()?;
    Some(xml)
}

/// Text safe inside elements and attributes; characters XML cannot hold become U+FFFD.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for char in self.0.chars() {
            match char {
                '&' => formatter.write_str("&amp;")?,
                '<' => formatter.write_str("&lt;")?,
                '>' => formatter.write_str("&gt;")?,
                '"' => formatter.write_str("&quot;")?,
                '\r' => formatter.write_str("&#xD;")?,
                '\t' | '\n' => formatter.write_char(char)?,
                '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => formatter.write_char('\u{fffd}')?,
                _ => formatter.write_char(char)?,
            }
        }
        Ok(())
    }
}

/// A shape that is no XML: an enum with contents or bytes. A defect of a shape.
#[derive(Debug)]
struct NotXml;

impl Display for NotXml {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the shape has no form in awsQuery XML")
    }
}

impl std::error::Error for NotXml {}

impl ser::Error for NotXml {
    fn custom<T: Display>(_message: T) -> NotXml {
        NotXml
    }
}

/// One element to be written under a name, if its value is there at all.
struct Element<'x> {
    xml: &'x mut String,
    name: &'x str,
    item: ItemName,
}

impl<'x> Element<'x> {
    fn text(self, text: impl Display) -> Result<(), NotXml> {
        write!(self.xml, "<{0}>{text}</{0}>", self.name).map_err(|_| NotXml)
    }

    fn open(self) -> Open<'x> {
        self.xml.push('<');
        self.xml.push_str(self.name);
        self.xml.push('>');
        Open { xml: self.xml, name: self.name, item: self.item }
    }
}

macro_rules! as_text {
    ($($method:ident $type:ty;)*) => {
        $(fn $method(self, value: $type) -> Result<(), NotXml> { self.text(value) })*
    };
}

impl<'x> Serializer for Element<'x> {
    type Ok = ();
    type Error = NotXml;
    type SerializeSeq = Open<'x>;
    type SerializeTuple = Impossible<(), NotXml>;
    type SerializeTupleStruct = Impossible<(), NotXml>;
    type SerializeTupleVariant = Impossible<(), NotXml>;
    type SerializeMap = Open<'x>;
    type SerializeStruct = Open<'x>;
    type SerializeStructVariant = Impossible<(), NotXml>;

    as_text! {
        serialize_bool bool;
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i64 i64;
        serialize_u8 u8;
        serialize_u16 u16;
        serialize_u32 u32;
        serialize_u64 u64;
    }

    fn serialize_f32(self, value: f32) -> Result<(), NotXml> {
        self.serialize_f64(f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), NotXml> {
        match value {
            f64::INFINITY => self.text("Infinity"),
            f64::NEG_INFINITY => self.text("-Infinity"),
            _ => self.text(format_args!("{value:?}")),
        }
    }

    fn serialize_char(self, value: char) -> Result<(), NotXml> {
        self.text(Escaped(value.encode_utf8(&mut [0; 4])))
    }

    fn serialize_str(self, value: &str) -> Result<(), NotXml> {
        self.text(Escaped(value))
    }

    fn serialize_bytes(self, _value: &[u8]) -> Result<(), NotXml> {
        Err(NotXml)
    }

    fn serialize_none(self) -> Result<(), NotXml> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotXml> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotXml> {
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), NotXml> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), NotXml> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), NotXml> {
        if name != TIMESTAMP {
            return value.serialize(self);
        }
        // The newtype holds seconds; a number's text is the shortest way to them.
        let mut seconds = String::new();
        value.serialize(Element { xml: &mut seconds, name: "t", item: self.item })?;
        let number =
            seconds.trim_start_matches("<t>").trim_end_matches("</t>").parse().map_err(|_| NotXml)?;
        self.text(Timestamp::from_epoch_seconds(number).ok_or(NotXml)?.to_iso())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<(), NotXml> {
        Err(NotXml)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Open<'x>, NotXml> {
        Ok(self.open())
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self::SerializeTuple, NotXml> {
        Err(NotXml)
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleStruct, NotXml> {
        Err(NotXml)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant, NotXml> {
        Err(NotXml)
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Open<'x>, NotXml> {
        Ok(self.open())
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Open<'x>, NotXml> {
        Ok(self.open())
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant, NotXml> {
        Err(NotXml)
    }
}

/// An element whose start tag is written.
struct Open<'x> {
    xml: &'x mut String,
    name: &'x str,
    item: ItemName,
}

impl Open<'_> {
    fn child<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), NotXml> {
        value.serialize(Element { xml: self.xml, name, item: self.item })
    }

    fn close(self) -> Result<(), NotXml> {
        write!(self.xml, "</{}>", self.name).map_err(|_| NotXml)
    }
}

impl ser::SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = NotXml;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotXml> {
        self.child(self.item.0, value)
    }

    fn end(self) -> Result<(), NotXml> {
        self.close()
    }
}

impl ser::SerializeMap for Open<'_> {
    type Ok = ();
    type Error = NotXml;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotXml> {
        self.xml.push_str("<entry>");
        self.child("key", key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotXml> {
        self.child("value", value)?;
        self.xml.push_str("</entry>");
        Ok(())
    }

    fn end(self) -> Result<(), NotXml> {
        self.close()
    }
}

impl ser::SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = NotXml;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), NotXml> {
        self.child(name, value)
    }

    fn end(self) -> Result<(), NotXml> {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Shape {
        text: &'static str,
        none: Option<i32>,
        at: Timestamp,
        list: Vec<f64>,
        map: BTreeMap<&'static str, bool>,
    }

    #[test]
    fn shapes_become_elements() {
        let shape = Shape {
            text: "<a&\"\u{1}>",
            none: None,
            at: Timestamp::from_epoch_millis(1_440_938_160_500),
            list: vec![1.0, f64::NEG_INFINITY],
            map: BTreeMap::from([("k", true)]),
        };
        for item in ["member", "item"] {
            let xml = write_element("Op", ItemName(item), &shape).expect("XML");
            let expected = "<Op><Text>&lt;a&amp;&quot;\u{fffd}&gt;</Text><At>2015-08-30T12:36:00.500Z</At>\
                <List><member>1.0</member><member>-Infinity</member></List>\
                <Map><entry><key>k</key><value>true</value></entry></Map></Op>";
            assert_eq!(xml, expected.replace("member", item));
        }
    }
}

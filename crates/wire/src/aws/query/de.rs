//! How does a flat form become a shape? A serde deserialiser over sorted pairs.
//!
//! A node is a run of neighbouring pairs whose keys agree up to an offset; its children are the runs that
//! agree one segment further. Scalars are read when the shape asks for one, so the form needs no types.
//! Depth follows the shape, never the keys, so a key of a million dots costs nothing.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::form::{Pair, segment, sorted_pairs};
use crate::aws::decode::DecodeError;
use crate::aws::scalar::{DOUBLE, TIMESTAMP, Timestamp, special_double};

/// Reads any shape from a form.
pub(crate) fn read<'a, T: Deserialize<'a>>(form: &'a [u8]) -> Result<T, DecodeError> {
    let malformed = || DecodeError::Malformed("the form is not UTF-8 or has too many pairs".to_owned());
    let pairs = sorted_pairs(form).ok_or_else(malformed)?;
    T::deserialize(Node { pairs: &pairs, offset: 0 })
}

impl de::Error for DecodeError {
    fn custom<T: std::fmt::Display>(message: T) -> DecodeError {
        // serde's own texts may quote values; the answer must not.
        let _ = message;
        DecodeError::Malformed("a member has the wrong type".to_owned())
    }

    fn missing_field(field: &'static str) -> DecodeError {
        DecodeError::Missing(field.to_owned())
    }
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DecodeError::Missing(member) => write!(formatter, "member {member} is required"),
            DecodeError::Malformed(text) => formatter.write_str(text),
        }
    }
}

impl std::error::Error for DecodeError {}

/// A run of pairs whose keys agree before `offset`. Never empty, except for the root of an empty form.
#[derive(Clone, Copy)]
struct Node<'p, 'a> {
    pairs: &'p [Pair<'a>],
    offset: usize,
}

impl<'p, 'a> Node<'p, 'a> {
    /// The node's own scalar: the pair whose key ends here.
    fn scalar(&self) -> Option<&'p Cow<'a, str>> {
        let (key, value) = self.pairs.first()?;
        (key.len() < self.offset).then_some(value)
    }

    fn text(&self) -> Result<&'p str, DecodeError> {
        let missing =
            || DecodeError::Malformed("a structure or list stands where a value is expected".to_owned());
        self.scalar().map(|value| value.as_ref()).ok_or_else(missing)
    }

    fn parse<T: std::str::FromStr>(&self, wanted: &str) -> Result<T, DecodeError> {
        // The key is the client's text too, so the answer does not repeat it.
        self.text()?.trim().parse().map_err(|_| DecodeError::Malformed(format!("a member must be {wanted}")))
    }

    fn children(&self) -> Children<'p, 'a> {
        // Pairs that end here are the node's own scalar, given once or more.
        let own = self.pairs.iter().take_while(|(key, _)| key.len() < self.offset).count();
        Children { pairs: &self.pairs[own..], offset: self.offset }
    }

    /// The items of a list: `X.member.1`, the same with another list name, or flattened `X.1`.
    fn items(&self) -> Children<'p, 'a> {
        let children = self.children();
        let mut named = children.clone();
        match named.next() {
            Some((name, list)) if name.parse::<u32>().is_err() => list.children(),
            _ => children,
        }
    }
}

/// The children of a node with their names, in order.
#[derive(Clone)]
struct Children<'p, 'a> {
    pairs: &'p [Pair<'a>],
    offset: usize,
}

impl<'p, 'a> Iterator for Children<'p, 'a> {
    type Item = (&'p str, Node<'p, 'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let name = segment(&self.pairs.first()?.0, self.offset)?;
        let same = |(key, _): &&Pair<'a>| segment(key, self.offset) == Some(name);
        let (child, rest) = self.pairs.split_at(self.pairs.iter().take_while(same).count());
        self.pairs = rest;
        Some((name, Node { pairs: child, offset: self.offset + name.len() + 1 }))
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $wanted:literal;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            visitor.$visit(self.parse($wanted)?)
        })*
    };
}

impl<'de> Deserializer<'de> for Node<'_, '_> {
    type Error = DecodeError;

    parsed! {
        deserialize_bool visit_bool "true or false";
        deserialize_i8 visit_i8 "an integer";
        deserialize_i16 visit_i16 "an integer";
        deserialize_i32 visit_i32 "an integer";
        deserialize_i64 visit_i64 "an integer";
        deserialize_u8 visit_u8 "an integer";
        deserialize_u16 visit_u16 "an integer";
        deserialize_u32 visit_u32 "an integer";
        deserialize_u64 visit_u64 "an integer";
        deserialize_f32 visit_f32 "a number";
        deserialize_f64 visit_f64 "a number";
        deserialize_char visit_char "a character";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match name {
            TIMESTAMP => {
                let bad = || DecodeError::Malformed("a timestamp must be ISO 8601".to_owned());
                let time = Timestamp::from_iso(self.text()?.trim()).ok_or_else(bad)?;
                visitor.visit_f64(time.epoch_millis as f64 / 1000.0)
            }
            DOUBLE => match special_double(self.text()?) {
                Some(special) => visitor.visit_f64(special),
                None => visitor.visit_f64(self.parse("a number")?),
            },
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        // An empty list is written `X=`.
        visitor.visit_seq(Items(self.items()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_map(Entries { items: self.items(), value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_map(Members { children: self.children(), value: None })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_enum(self.text()?.into_deserializer())
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { i128 u128 bytes byte_buf unit unit_struct tuple tuple_struct }
}

/// Members of a structure: the children by name.
struct Members<'p, 'a> {
    children: Children<'p, 'a>,
    value: Option<Node<'p, 'a>>,
}

impl<'de> MapAccess<'de> for Members<'_, '_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some((name, node)) = self.children.next() else { return Ok(None) };
        self.value = Some(node);
        seed.deserialize(IntoDeserializer::<DecodeError>::into_deserializer(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        seed.deserialize(self.value.take().ok_or_else(out_of_order)?)
    }
}

/// Entries of a map: items that each hold `key` and `value`.
struct Entries<'p, 'a> {
    items: Children<'p, 'a>,
    value: Option<Node<'p, 'a>>,
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some((_, entry)) = self.items.next() else { return Ok(None) };
        let part = |wanted: &str| {
            let found = entry.children().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            let missing = || DecodeError::Malformed("a map entry needs a key and a value".to_owned());
            found.map(|(_, node)| node).ok_or_else(missing)
        };
        self.value = Some(part("value")?);
        seed.deserialize(part("key")?).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        seed.deserialize(self.value.take().ok_or_else(out_of_order)?)
    }
}

struct Items<'p, 'a>(Children<'p, 'a>);

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        self.0.next().map(|(_, node)| seed.deserialize(node)).transpose()
    }
}

/// A visitor asked for a value before its key: a defect of a shape, never of a client.
fn out_of_order() -> DecodeError {
    DecodeError::Malformed("a value was read before its key".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Double;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    #[derive(Default)]
    struct Shape {
        name: String,
        count: Option<i32>,
        on: Option<bool>,
        at: Option<Timestamp>,
        values: Vec<Double>,
        items: Vec<Shape>,
        tags: BTreeMap<String, String>,
    }

    fn check(form: &str, expected: Option<Shape>) {
        assert_eq!(read::<Shape>(form.as_bytes()).ok(), expected, "{form}");
    }

    #[test]
    fn forms_become_shapes() {
        let named = |name: &str| Shape { name: name.into(), ..Shape::default() };
        check("", Some(Shape::default()));
        check("Action=X&Version=1&Name=a+b", Some(named("a b")));
        check("Count=7&On=true", Some(Shape { count: Some(7), on: Some(true), ..Shape::default() }));
        let at = Some(Timestamp::from_epoch_millis(1_440_938_160_500));
        check("At=2015-08-30T12%3A36%3A00.5Z", Some(Shape { at, ..Shape::default() }));
        let values = vec![Double(1.0), Double(2.5), Double(f64::INFINITY)];
        check(
            "Values.member.2=2.5&Values.member.10=Infinity&Values.member.1=1",
            Some(Shape { values, ..Shape::default() }),
        );
        check("Values.1=1", Some(Shape { values: vec![Double(1.0)], ..Shape::default() }));
        check("Values=", Some(Shape::default()));
        let items = vec![named("a"), Shape { items: vec![named("c")], ..named("b") }];
        check(
            "Items.member.2.Items.member.1.Name=c&Items.member.1.Name=a&Items.member.2.Name=b",
            Some(Shape { items, ..Shape::default() }),
        );
        let tags = BTreeMap::from([("k".into(), "v".into()), ("l".into(), "w".into())]);
        check(
            "Tags.entry.1.key=k&Tags.entry.1.value=v&Tags.entry.2.key=l&Tags.entry.2.value=w",
            Some(Shape { tags, ..Shape::default() }),
        );
    }

    #[test]
    fn wrong_types_are_errors() {
        for form in [
            "Count=x",
            "Count=2147483648",
            "Count.member.1=1",
            "On=yes",
            "At=1440938160",
            "Values.member.1=x",
            "Values.member.1.Name=1",
            "Name.x=1",
            "Tags.entry.1.key=k",
        ] {
            check(form, None);
        }
    }

    #[test]
    fn deep_and_odd_keys_are_harmless() {
        let deep = format!("Name=n&Items{}=1&..=2&.=3&=4", ".member.1.Items".repeat(100));
        let _ = read::<Shape>(deep.as_bytes());
        let ignored = format!("Name=n&Other{}=1", ".x".repeat(100_000));
        check(&ignored, Some(Shape { name: "n".into(), ..Shape::default() }));
    }
}

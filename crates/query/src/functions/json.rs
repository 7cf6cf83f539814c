//! What stands in a JSON text at a path?
//!
//! Athena's functions over JSON, for texts whose shape the event contract does not know. Only what the path leads to is
//! parsed. A text that is no JSON, and a path that leads nowhere, give null; a path that cannot be read is an error.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringViewArray};
use arrow::datatypes::DataType;
use sonic_rs::{JsonType, JsonValueTrait, LazyValue, PointerNode};

use super::clock;
use super::date_math::Memo;
use super::rule::{Rule, count};

pub(super) fn rules() -> Vec<Rule> {
    let text = |_: &[DataType], _: &[Option<&str>]| Ok(DataType::Utf8View);
    let number = |_: &[DataType], _: &[Option<&str>]| Ok(DataType::Int64);
    vec![
        Rule::new("json_extract", takes_path, text, |arrays, _| extract(arrays, raw)),
        Rule::new("json_extract_scalar", takes_path, text, |arrays, _| extract(arrays, scalar)),
        Rule::new("json_array_length", takes_text, number, |arrays, _| array_length(arrays)),
    ]
}

fn takes_path(types: &[DataType]) -> Result<Vec<DataType>, String> {
    count(types, 2, 2)?;
    types.iter().map(clock::text_type).collect()
}

fn takes_text(types: &[DataType]) -> Result<Vec<DataType>, String> {
    count(types, 1, 1)?;
    types.iter().map(clock::text_type).collect()
}

fn extract(arrays: &[ArrayRef], found: fn(&LazyValue<'_>) -> Option<String>) -> Result<ArrayRef, String> {
    let (texts, paths) = (arrays[0].as_string_view(), arrays[1].as_string_view());
    let mut path = Memo::new(|text: &str| path(text).map(Arc::new));
    let at = |row: usize| -> Result<Option<String>, String> {
        if texts.is_null(row) || paths.is_null(row) {
            return Ok(None);
        }
        let path = path.get(paths.value(row))?;
        let value = sonic_rs::get(texts.value(row), path.iter());
        Ok(value.ok().and_then(|value| found(&value)))
    };
    Ok(Arc::new((0..texts.len()).map(at).collect::<Result<StringViewArray, _>>()?))
}

/// A value as it stands in the text.
fn raw(value: &LazyValue<'_>) -> Option<String> {
    Some(value.as_raw_str().to_owned())
}

/// A text, number or truth value as a text; null for anything else.
fn scalar(value: &LazyValue<'_>) -> Option<String> {
    match value.get_type() {
        JsonType::String => value.as_str().map(str::to_owned),
        JsonType::Number | JsonType::Boolean => Some(value.as_raw_str().to_owned()),
        JsonType::Null | JsonType::Array | JsonType::Object => None,
    }
}

fn array_length(arrays: &[ArrayRef]) -> Result<ArrayRef, String> {
    let length = |text: &str| {
        let is_array = text.trim_start().starts_with('[');
        let elements = sonic_rs::to_array_iter(text).collect::<Result<Vec<_>, _>>().ok()?;
        is_array.then(|| i64::try_from(elements.len()).ok())?
    };
    let lengths = arrays[0].as_string_view().iter().map(|text| text.and_then(length));
    Ok(Arc::new(lengths.collect::<Int64Array>()))
}

/// Reads a path such as `$.a.b[0]["c d"]`; the `$` may be missing.
fn path(text: &str) -> Result<Vec<PointerNode>, String> {
    let mut nodes = Vec::new();
    let mut rest = text.strip_prefix('$').unwrap_or(text);
    if rest.len() == text.len() && !rest.is_empty() && !rest.starts_with(['.', '[']) {
        rest = push_key(rest, &mut nodes);
    }
    while !rest.is_empty() {
        rest = if let Some(after) = rest.strip_prefix('.') {
            if after.is_empty() || after.starts_with(['.', '[', '*']) {
                return Err(wrong_path(text));
            }
            push_key(after, &mut nodes)
        } else {
            push_subscript(rest, &mut nodes).ok_or_else(|| wrong_path(text))?
        };
    }
    Ok(nodes)
}

fn wrong_path(text: &str) -> String {
    format!("'{text}' is no path; write keys and places, such as $.card.tokens[0], without wildcards")
}

fn push_key<'a>(text: &'a str, nodes: &mut Vec<PointerNode>) -> &'a str {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    nodes.push(PointerNode::Key(text[..end].to_owned().into()));
    &text[end..]
}

/// `[3]`, `["key"]` or `['key']`.
fn push_subscript<'a>(text: &'a str, nodes: &mut Vec<PointerNode>) -> Option<&'a str> {
    let inner = text.strip_prefix('[')?;
    let quote = inner.chars().next().filter(|character| matches!(character, '"' | '\''));
    if let Some(quote) = quote {
        let (key, rest) = inner[1..].split_once(quote)?;
        nodes.push(PointerNode::Key(key.to_owned().into()));
        return rest.strip_prefix(']');
    }
    let (place, rest) = inner.split_once(']')?;
    nodes.push(PointerNode::Index(place.parse().ok()?));
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_and_others_refused() {
        for (text, expected) in [
            ("$", "[]"),
            ("$.a.b", "[Key(\"a\"), Key(\"b\")]"),
            ("a.b", "[Key(\"a\"), Key(\"b\")]"),
            ("$.a[0]['c.d'][\"e\"]", "[Key(\"a\"), Index(0), Key(\"c.d\"), Key(\"e\")]"),
        ] {
            assert_eq!(format!("{:?}", path(text).unwrap()), expected, "{text}");
        }
        for text in ["$.", "$..a", "$.*", "$[*]", "$[", "$['a", "$[-1]"] {
            assert!(path(text).unwrap_err().contains("is no path"), "{text}");
        }
    }
}

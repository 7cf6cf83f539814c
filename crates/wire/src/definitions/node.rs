//! Which values does this text hold, and where does each stand?
//!
//! YAML in, trees out, one for each document; JSON is YAML but for surrogate pairs, which are joined first. The parser
//! works with a stack of its own, so nesting costs memory and not the thread's stack until [`DEPTH_MAX`] stops it.
//! Aliases are refused: a few lines of them stand for gigabytes, and CloudFormation takes none either
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html>).
//! What a plain scalar means is the core schema of YAML 1.2, with numbers as JSON writes them: `012` is a text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::error::{At, Problem, Wrong};
use super::{DEPTH_MAX, FILE_BYTES_MAX, NODES_MAX};
use crate::import::json::{self, Object, Value};

const CORE_TAGS: &str = "tag:yaml.org,2002:";
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) at: At,
    /// A tag of the document's own, without `!`.
    pub(super) tag: Option<Box<str>>,
    pub(super) content: Content,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    /// `is_plain` where a number, a flag or nothing may be meant.
    Scalar {
        text: Box<str>,
        is_plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// A name and its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) name: Box<str>,
    pub(super) at: At,
    pub(super) value: Node,
}

/// The documents of a text. Empty ones are left out.
pub(super) fn documents(text: &str) -> Result<Vec<Node>, Wrong> {
    if text.len() > FILE_BYTES_MAX {
        return Err(At::START.wrong(Problem::TooLarge { bytes: text.len() }));
    }
    let text = joined_surrogates(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text));
    let mut parser = Parser::new_from_str(&text);
    let mut builder = Builder::default();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            at(error.marker()).wrong(Problem::NotYaml { reason: error.info().to_owned() })
        })?;
        builder.event(event, at(&span.start))?;
    }
    Ok(builder.documents.into_iter().filter(|document| !document.is_null()).collect())
}

fn at(marker: &Marker) -> At {
    let from_one = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    At { line: from_one(marker.line()), column: from_one(marker.col()).saturating_add(1) }
}

/// What is being read, from the outermost to the innermost.
#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    count: usize,
}

/// A list or a mapping that has not ended.
struct Open {
    node: Node,
    /// The member whose value follows.
    name: Option<(Box<str>, At)>,
    /// The line of each member.
    lines: BTreeMap<Box<str>, u64>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, at: At) -> Result<(), Wrong> {
        match event {
            Event::Alias(_) => Err(at.wrong(Problem::Alias)),
            Event::Scalar(text, style, _, tag) => {
                let (tag, is_text) = own_tag(tag, at)?;
                let is_plain = style == ScalarStyle::Plain && !is_text;
                self.value(Node { at, tag, content: Content::Scalar { text: text.into(), is_plain } })
            }
            Event::SequenceStart(_, tag) => self.opened(at, tag, Content::List(Vec::new())),
            Event::MappingStart(_, tag) => self.opened(at, tag, Content::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.value(open.node),
                None => Ok(()),
            },
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn opened(&mut self, at: At, tag: Option<Cow<'_, Tag>>, content: Content) -> Result<(), Wrong> {
        if self.open.len() >= DEPTH_MAX {
            return Err(at.wrong(Problem::TooDeep));
        }
        let (tag, _) = own_tag(tag, at)?;
        let node = Node { at, tag, content };
        self.open.push(Open { node, name: None, lines: BTreeMap::new() });
        Ok(())
    }

    /// Puts a whole value where it belongs.
    fn value(&mut self, node: Node) -> Result<(), Wrong> {
        self.count += 1;
        if self.count > NODES_MAX {
            return Err(node.at.wrong(Problem::TooManyNodes));
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        match (&mut open.node.content, open.name.take()) {
            (Content::List(values), _) => values.push(node),
            (Content::Map(members), Some((name, at))) => members.push(Member { name, at, value: node }),
            (Content::Map(_), None) => {
                let at = node.at;
                let (Content::Scalar { text, .. }, None) = (node.content, node.tag) else {
                    return Err(at.wrong(Problem::NameIsNoText));
                };
                if let Some(first_line) = open.lines.insert(text.clone(), at.line) {
                    return Err(at.wrong(Problem::Twice { member: text, first_line }));
                }
                open.name = Some((text, at));
            }
            (Content::Scalar { .. }, _) => {}
        }
        Ok(())
    }
}

/// A tag of the document's own; and whether a tag of YAML says that this is a text.
fn own_tag(tag: Option<Cow<'_, Tag>>, at: At) -> Result<(Option<Box<str>>, bool), Wrong> {
    let Some(tag) = tag else { return Ok((None, false)) };
    let whole = format!("{}{}", tag.handle, tag.suffix);
    let unknown = |tag: &str| Err(at.wrong(Problem::Tag { tag: tag.to_owned() }));
    match (whole.strip_prefix(CORE_TAGS), whole.strip_prefix('!')) {
        (Some("str"), _) => Ok((None, true)),
        (Some("int" | "float" | "bool" | "null" | "map" | "seq"), _) => Ok((None, false)),
        // One exclamation mark alone says that a value is what it looks like when it is quoted.
        (None, Some("")) => Ok((None, true)),
        (None, Some(own)) if !own.starts_with('!') => Ok((Some(own.into()), false)),
        _ => unknown(&whole),
    }
}

impl Node {
    pub(super) fn text_of(at: At, text: impl Into<Box<str>>) -> Self {
        Self { at, tag: None, content: Content::Scalar { text: text.into(), is_plain: false } }
    }

    /// `null`, `~` or nothing at all.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, is_plain: true }
            if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The text of a scalar, however it is written: a number means its digits.
    pub(super) fn scalar(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.scalar()? {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }

    pub(super) fn members(&self) -> &[Member] {
        if let Content::Map(members) = &self.content { members } else { &[] }
    }

    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|member| &*member.name == name).map(|member| &member.value)
    }

    /// What it is, for errors.
    pub(super) fn kind(&self) -> &'static str {
        match &self.content {
            Content::Scalar { .. } if self.is_null() => "nothing",
            Content::Scalar { is_plain: true, text } if is_number(text) => "a number",
            Content::Scalar { .. } => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }

    /// The first tag in it.
    ///
    /// # Errors
    /// There is one: tags mean something in templates alone.
    pub(super) fn refuse_tags(&self) -> Result<(), Wrong> {
        if let Some(tag) = &self.tag {
            return Err(self.at.wrong(Problem::Tag { tag: format!("!{tag}") }));
        }
        match &self.content {
            Content::Scalar { .. } => Ok(()),
            Content::List(values) => values.iter().try_for_each(Self::refuse_tags),
            Content::Map(members) => members.iter().try_for_each(|member| member.value.refuse_tags()),
        }
    }

    /// As JSON, members in order, numbers as they were written.
    pub(super) fn json(&self) -> String {
        self.value().compact()
    }

    fn value(&self) -> Value {
        match &self.content {
            Content::Scalar { .. } if self.is_null() => Value::Null,
            Content::Scalar { text, is_plain: true } if is_number(text) => Value::Number(text.clone()),
            Content::Scalar { text, is_plain } => match self.boolean().filter(|_| *is_plain) {
                Some(flag) => Value::Bool(flag),
                None => Value::Text(text.clone()),
            },
            Content::List(values) => Value::List(values.iter().map(Self::value).collect()),
            Content::Map(members) => {
                let members = members.iter().map(|member| (member.name.clone(), member.value.value()));
                Value::Object(Object::of(self.at.line, members))
            }
        }
    }
}

/// Whether a text is a number as JSON writes it.
pub(super) fn is_number(text: &str) -> bool {
    matches!(json::parse(text, 1), Ok((Value::Number(number), _)) if *number == *text)
}

/// JSON writes a character beyond the first plane as two escapes (RFC 8259, section 7), which YAML does not know.
fn joined_surrogates(text: &str) -> Cow<'_, str> {
    if !text.trim_start().starts_with('{') || !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let mut joined = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        joined.push_str(&rest[..at]);
        let pair = high_and_low(&rest[at..]);
        // An escape is two characters at least, the second of which may be a backslash itself.
        let length =
            if pair.is_some() { 12 } else { 1 + rest[at + 1..].chars().next().map_or(0, char::len_utf8) };
        match pair {
            Some(character) => joined.push(character),
            None => joined.push_str(&rest[at..at + length]),
        }
        rest = &rest[at + length..];
    }
    joined.push_str(rest);
    Cow::Owned(joined)
}

/// The character of two escapes at the beginning of a text.
fn high_and_low(text: &str) -> Option<char> {
    let unit = |from: usize| {
        let digits = text.get(from..from + 6)?.strip_prefix("\\u")?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)
    };
    let units = [unit(0)?, unit(6)?];
    let mut characters = char::decode_utf16(units);
    let first = characters.next()?.ok()?;
    characters.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match documents(text) {
            Ok(documents) => documents.iter().map(Node::json).collect::<Vec<_>>().join("; "),
            Err(wrong) => wrong.of_file(&"f".into()).to_string(),
        }
    }

    #[test]
    fn values_of_yaml_and_json() {
        for (text, expected) in [
            ("", ""),
            ("# nothing\n---\n...\n", ""),
            (
                "a: 1\nb: '1'\nc: 1.50\nd: true\ne: 'true'\nf: ~\ng:\nh: x # y\n",
                r#"{"a":1,"b":"1","c":1.50,"d":true,"e":"true","f":null,"g":null,"h":"x"}"#,
            ),
            (
                "a: 012345678901\nb: +1\nc: .5\nd: yes\ne: 1_000\nf: !!str 1\ng: ! 2",
                r#"{"a":"012345678901","b":"+1","c":".5","d":"yes","e":"1_000","f":"1","g":"2"}"#,
            ),
            ("a: 1\n---\nb: [x, {y: z}]\n", r#"{"a":1}; {"b":["x",{"y":"z"}]}"#),
            ("a: |\n  one\n  two\nb: >-\n  three\n  four\n", r#"{"a":"one\ntwo\n","b":"three four"}"#),
            ("{\n\t\"a\": \"x\\/y\\n\",\n\t\"b\":\t[1, null]\n}", r#"{"a":"x/y\n","b":[1,null]}"#),
            (r#"{"a":"\ud83d\ude00 \\ud83d\\ude00 \u00fc"}"#, "{\"a\":\"\u{1f600} \\\\ud83d\\\\ude00 ü\"}"),
            ("\u{feff}a: 1\r\nb: 2\r\n", r#"{"a":1,"b":2}"#),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_read_is_told_with_its_place() {
        for (text, expected) in [
            ("a:\n  b: 1\n c: 2\n", "f:3:2: this is not YAML: "),
            ("a:\n\tb: 1\n", "f:2:2: this is not YAML: tabs"),
            ("a: [1, 2\nb: 3\n", "f:2:"),
            ("a: \"x\n", "f:1:4: this is not YAML: "),
            ("{\"a\": \"\\ud83d\"}", "f:1:7: this is not YAML: "),
            ("a: 1\nb:\n  c: 1\n  c: 2\n", "f:4:3: c stands here a second time, first on line 3"),
            ("? [a]\n: 1\n", "f:1:3: the name of a member must be a text"),
            ("a: &x 1\nb: *x\n", "f:2:4: aliases are not read"),
            ("a: &x {b: 1}\nc:\n  <<: *x\n", "f:3:7: aliases are not read"),
            ("a: !!binary aGk=\n", "f:1:4: the tag tag:yaml.org,2002:binary means nothing here"),
            ("a: !<x:y> 1\n", "f:1:4: the tag x:y means nothing here"),
        ] {
            let shown = shown(text);
            assert!(shown.starts_with(expected), "{text}: {shown}");
        }
    }

    #[test]
    fn a_bomb_of_aliases_is_refused_at_its_first() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let below = format!("*a{}, ", level - 1).repeat(9);
            text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        assert_eq!(shown(&text), "f:2:10: aliases are not read: write the value out");
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let too_large = format!("a: {}", "x".repeat(FILE_BYTES_MAX));
        assert_eq!(shown(&too_large), "f:1:1: the file has 1048579 bytes, over the limit of 1048576");
        let depth = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(shown(&depth(DEPTH_MAX)), depth(DEPTH_MAX));
        assert_eq!(
            shown(&depth(DEPTH_MAX + 1)),
            "f:1:65: lists and mappings are nested deeper than 64 levels"
        );
        assert!(shown(&"- ".repeat(500_000)).contains("nested deeper"));
        assert!(shown(&"[".repeat(500_000)).starts_with("f:1:"));
        assert!(shown(&format!("[{}]", "1,".repeat(NODES_MAX + 1))).contains("more than 100000 values"));
    }
}

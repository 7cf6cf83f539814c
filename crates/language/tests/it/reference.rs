//! What patterns mean, told a second time and as simply as can be: trees of values, texts cut into characters, no
//! thought of speed. It judges patterns that the tests make, not texts, and shares nothing with the crate.

use std::collections::BTreeMap;

use serde_json::Value;

/// A pattern that a test made.
#[derive(Clone, Debug)]
pub enum Made {
    /// Sign (`+`, `-` or `?`) and text.
    Terms(Vec<(char, String)>),
    Json(Logic<Asked>),
    Fields(Vec<Slot>),
}

/// Conditions joined.
#[derive(Clone, Debug)]
pub enum Logic<C> {
    One(C),
    And(Box<Logic<C>>, Box<Logic<C>>),
    Or(Box<Logic<C>>, Box<Logic<C>>),
}

/// A question about the value at a place of an event.
#[derive(Clone, Debug)]
pub struct Asked {
    pub place: Vec<Hop>,
    pub question: Question,
}

#[derive(Clone, Debug)]
pub enum Hop {
    Key(String),
    Index(usize),
    AnyKey,
    AnyIndex,
}

#[derive(Clone, Debug)]
pub enum Question {
    Relation(Relation),
    Is(Value),
    NotExists,
}

/// An operator and what is compared with: a number, or a text with asterisks, with or without quotes.
#[derive(Clone, Debug)]
pub struct Relation {
    pub operator: &'static str,
    pub operand: String,
    pub is_quoted: bool,
}

#[derive(Clone, Debug)]
pub enum Slot {
    Ellipsis,
    Unnamed,
    Named(String, Option<Logic<Relation>>),
}

impl Made {
    /// The pattern's text.
    pub fn text(&self) -> String {
        match self {
            Self::Terms(terms) => {
                let term = |(sign, text): &(char, String)| match sign {
                    '+' => quoted(text),
                    sign => format!("{sign}{}", quoted(text)),
                };
                terms.iter().map(term).collect::<Vec<_>>().join(" ")
            }
            Self::Json(logic) => format!("{{ {} }}", logic.text(true, &|asked| asked.text())),
            Self::Fields(slots) => {
                let slot = |slot: &Slot| match slot {
                    Slot::Ellipsis => "...".to_owned(),
                    Slot::Unnamed => String::new(),
                    Slot::Named(name, None) => name.clone(),
                    Slot::Named(name, Some(logic)) => {
                        logic.text(false, &|relation| format!("{name} {}", relation.text()))
                    }
                };
                format!("[{}]", slots.iter().map(slot).collect::<Vec<_>>().join(", "))
            }
        }
    }

    pub fn matches(&self, message: &str, is_lenient: bool) -> bool {
        match self {
            Self::Terms(terms) => terms_match(terms, message),
            Self::Json(logic) => match serde_json::from_str::<Value>(message) {
                Ok(event) if event.is_object() || event.is_array() => {
                    logic.holds(&|asked| asked.holds(&event))
                }
                _ => false,
            },
            Self::Fields(slots) => match serde_json::from_str::<Value>(message) {
                Ok(Value::Object(event))
                    if is_lenient && slots.iter().any(|slot| slot.key(&event).is_some()) =>
                {
                    slots.iter().all(|slot| slot.holds(slot.key(&event).and_then(text_of)))
                }
                _ => fields_match(slots, &cut(message)),
            },
        }
    }
}

impl<C> Logic<C> {
    /// Without parentheses the tests join by `||` at the top and `&&` below it only.
    fn text(&self, has_parentheses: bool, condition: &dyn Fn(&C) -> String) -> String {
        let part = |part: &Self| match part {
            Self::One(one) => condition(one),
            joined if has_parentheses => format!("({})", joined.text(true, condition)),
            joined => joined.text(false, condition),
        };
        match self {
            Self::One(one) => condition(one),
            Self::And(left, right) => format!("{} && {}", part(left), part(right)),
            Self::Or(left, right) => format!("{} || {}", part(left), part(right)),
        }
    }

    fn holds(&self, condition: &dyn Fn(&C) -> bool) -> bool {
        match self {
            Self::One(one) => condition(one),
            Self::And(left, right) => left.holds(condition) & right.holds(condition),
            Self::Or(left, right) => left.holds(condition) | right.holds(condition),
        }
    }
}

impl Asked {
    fn text(&self) -> String {
        let hop = |hop: &Hop| match hop {
            Hop::Key(key) if key.chars().all(char::is_alphanumeric) && !key.is_empty() => format!(".{key}"),
            Hop::Key(key) => format!("['{key}']"),
            Hop::Index(index) => format!("[{index}]"),
            Hop::AnyKey => ".*".to_owned(),
            Hop::AnyIndex => "[*]".to_owned(),
        };
        let place = self.place.iter().map(hop).collect::<String>();
        match &self.question {
            Question::Relation(relation) => format!("${place} {}", relation.text()),
            Question::Is(value) => format!("${place} IS {}", value.to_string().to_uppercase()),
            Question::NotExists => format!("${place} NOT EXISTS"),
        }
    }

    fn holds(&self, event: &Value) -> bool {
        let mut values = vec![event];
        for hop in &self.place {
            values = values.into_iter().flat_map(|value| step(value, hop)).collect();
        }
        match &self.question {
            Question::NotExists => values.is_empty(),
            Question::Is(wanted) => values.contains(&wanted),
            Question::Relation(relation) => {
                values.into_iter().filter_map(text_of).any(|text| relation.holds(&text))
            }
        }
    }
}

fn step<'v>(value: &'v Value, hop: &Hop) -> Vec<&'v Value> {
    match (value, hop) {
        (Value::Object(object), Hop::Key(key)) => object.get(key).into_iter().collect(),
        (Value::Object(object), Hop::AnyKey) => object.values().collect(),
        (Value::Array(array), Hop::Index(index)) => array.get(*index).into_iter().collect(),
        (Value::Array(array), Hop::AnyIndex) => array.iter().collect(),
        _ => Vec::new(),
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

impl Relation {
    fn text(&self) -> String {
        let operand = if self.is_quoted { quoted(&self.operand) } else { self.operand.clone() };
        format!("{} {operand}", self.operator)
    }

    fn holds(&self, text: &str) -> bool {
        let wanted = if self.is_quoted { None } else { number(&self.operand) };
        let has = number(text);
        match (self.operator, wanted, has) {
            ("=", Some(wanted), has) => has == Some(wanted),
            ("!=", Some(wanted), has) => has != Some(wanted),
            ("=", None, _) => looks_like(text, &self.operand),
            ("!=", None, _) => !looks_like(text, &self.operand),
            (">", Some(wanted), Some(has)) => has > wanted,
            (">=", Some(wanted), Some(has)) => has >= wanted,
            ("<", Some(wanted), Some(has)) => has < wanted,
            ("<=", Some(wanted), Some(has)) => has <= wanted,
            _ => false,
        }
    }
}

impl Slot {
    fn holds(&self, text: Option<String>) -> bool {
        match self {
            Self::Named(_, Some(logic)) => {
                text.is_some_and(|text| logic.holds(&|relation| relation.holds(&text)))
            }
            _ => true,
        }
    }

    /// The value under the slot's name. The tests' names have one spelling each.
    fn key<'e>(&self, event: &'e serde_json::Map<String, Value>) -> Option<&'e Value> {
        match self {
            Self::Named(name, _) => event.get(name),
            _ => None,
        }
    }
}

fn terms_match(terms: &[(char, String)], message: &str) -> bool {
    let mut by_sign: BTreeMap<char, Vec<bool>> = BTreeMap::new();
    for (sign, text) in terms {
        by_sign.entry(*sign).or_default().push(message.contains(text));
    }
    let of = |sign| by_sign.get(&sign).cloned().unwrap_or_default();
    if by_sign.keys().eq(['?'].iter()) {
        return of('?').contains(&true);
    }
    !of('+').contains(&false) && !of('-').contains(&true)
}

/// Every way to lay the slots over the fields is tried.
fn fields_match(slots: &[Slot], fields: &[String]) -> bool {
    match (slots, fields) {
        ([], []) => true,
        ([Slot::Ellipsis, slots @ ..], _) => {
            (0..=fields.len()).any(|skipped| fields_match(slots, &fields[skipped..]))
        }
        ([slot, slots @ ..], [field, fields @ ..]) => {
            slot.holds(Some(field.clone())) && fields_match(slots, fields)
        }
        _ => false,
    }
}

/// The fields of a message, character by character.
fn cut(message: &str) -> Vec<String> {
    let characters: Vec<char> = message.chars().collect();
    let is_blank = |at: usize| characters.get(at).is_none_or(|character| character.is_ascii_whitespace());
    let (mut fields, mut at) = (Vec::new(), 0);
    while at < characters.len() {
        if is_blank(at) {
            at += 1;
            continue;
        }
        let start = at;
        let closing = match characters[at] {
            '"' => {
                (at + 1..characters.len()).find(|end| characters[*end] == '"' && characters[end - 1] != '\\')
            }
            '[' => (at + 1..characters.len()).find(|end| characters[*end] == ']'),
            _ => None,
        };
        at = closing.map_or(at, |end| end + 1);
        let is_group = closing.is_some() && is_blank(at);
        while !is_blank(at) {
            at += 1;
        }
        let range = if is_group { start + 1..at - 1 } else { start..at };
        fields.push(characters[range].iter().collect());
    }
    fields
}

/// With asterisks for any text.
fn looks_like(text: &str, wildcard: &str) -> bool {
    let Some((first, rest)) = wildcard.split_once('*') else { return text == wildcard };
    let Some(text) = text.strip_prefix(first) else { return false };
    (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| looks_like(&text[at..], rest))
}

/// The tests' numbers are small, so doubles tell them apart.
fn number(text: &str) -> Option<f64> {
    let is_decimal = text.starts_with(|first: char| first.is_ascii_digit() || "+-".contains(first))
        && text.ends_with(|last: char| last.is_ascii_digit())
        && text.chars().all(|character| character.is_ascii_digit() || "+-.eE".contains(character))
        && !text.contains("+.")
        && !text.contains("-.")
        && !text.contains(".e");
    if is_decimal { text.parse().ok() } else { None }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

//! Which fields do events have, and which values are frequent?
//!
//! Members of messages that are one JSON object, inner objects with a dot between their names; beside them the log group
//! and the log stream. Null, and what stands in arrays, are no values.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::FoundEvent;

/// Values of a field that are shown.
const TOP_MAX: usize = 10;
/// Fields that are shown.
const FIELDS_MAX: usize = 200;
/// Characters of a value that is shown; longer ones are counted and not shown.
const VALUE_CHARS_MAX: usize = 256;
/// Objects inside each other that are looked into.
const DEPTH_MAX: usize = 8;

/// What events say, by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// How many events were looked at.
    pub events: usize,
    /// The most frequent fields, most frequent first.
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, with dots.
    pub name: String,
    /// What its values are.
    pub kind: FieldType,
    /// How many events have it.
    pub count: u64,
    /// How many different values it has.
    pub distinct: u64,
    /// The most frequent values as text, most frequent first.
    pub top: Vec<(String, u64)>,
}

/// What the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Texts.
    Text,
    /// Numbers.
    Number,
    /// True and false.
    Flag,
    /// Several of these.
    Mixed,
}

#[derive(Default)]
struct Counted {
    kind: Option<FieldType>,
    count: u64,
    values: HashMap<String, u64>,
}

impl Fields {
    /// Of these events.
    pub fn of(events: &[FoundEvent]) -> Self {
        let mut fields: BTreeMap<String, Counted> = BTreeMap::new();
        for event in events {
            note(&mut fields, "@logGroup", FieldType::Text, event.group.to_string());
            note(&mut fields, "@logStream", FieldType::Text, event.stream.to_string());
            if let Ok(Value::Object(members)) = serde_json::from_str(&event.message) {
                note_members(&mut fields, "", members, DEPTH_MAX);
            }
        }
        let mut fields: Vec<Field> = fields.into_iter().map(|(name, counted)| counted.shown(name)).collect();
        // The names are in order already.
        fields.sort_by_key(|field| std::cmp::Reverse(field.count));
        fields.truncate(FIELDS_MAX);
        Self { events: events.len(), fields }
    }
}

/// The fields of one message as text, by name; none where it is no JSON object.
pub fn of_message(message: &str) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    if let Ok(Value::Object(members)) = serde_json::from_str(message) {
        note_members(&mut fields, "", members, DEPTH_MAX);
    }
    let only = |counted: Counted| counted.values.into_keys().next().unwrap_or_default();
    fields.into_iter().map(|(name, counted)| (name, only(counted))).collect()
}

fn note_members(
    fields: &mut BTreeMap<String, Counted>,
    prefix: &str,
    members: serde_json::Map<String, Value>,
    depth: usize,
) {
    for (name, value) in members {
        let name = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            Value::String(text) => note(fields, &name, FieldType::Text, text),
            Value::Number(number) => note(fields, &name, FieldType::Number, number.to_string()),
            Value::Bool(flag) => note(fields, &name, FieldType::Flag, flag.to_string()),
            Value::Object(inner) if depth > 1 => note_members(fields, &name, inner, depth - 1),
            Value::Object(_) | Value::Array(_) | Value::Null => {}
        }
    }
}

fn note(fields: &mut BTreeMap<String, Counted>, name: &str, kind: FieldType, value: String) {
    let counted = match fields.get_mut(name) {
        Some(counted) => counted,
        None => fields.entry(name.to_owned()).or_default(),
    };
    counted.kind = match counted.kind {
        None => Some(kind),
        Some(known) if known == kind => Some(known),
        Some(_) => Some(FieldType::Mixed),
    };
    counted.count += 1;
    *counted.values.entry(value).or_default() += 1;
}

impl Counted {
    fn shown(self, name: String) -> Field {
        let distinct = self.values.len() as u64;
        let is_short = |value: &str| value.chars().nth(VALUE_CHARS_MAX).is_none();
        let mut top: Vec<_> = self.values.into_iter().filter(|(value, _)| is_short(value)).collect();
        top.sort_by(|(value, count), (other, more)| more.cmp(count).then_with(|| value.cmp(other)));
        top.truncate(TOP_MAX);
        Field { name, kind: self.kind.unwrap_or(FieldType::Mixed), count: self.count, distinct, top }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::EventKey;
    use walletscope_model::Timestamp;

    fn event(message: &str) -> FoundEvent {
        FoundEvent {
            key: EventKey::before(Timestamp(1)),
            region: "eu".into(),
            group: "/g".into(),
            stream: "s".into(),
            message: message.into(),
            guarded: false,
            event: None,
            correlation_id: None,
            request_id: None,
            trace_id: None,
            token_reference_id: None,
        }
    }

    #[test]
    fn members_are_counted_by_name_with_their_types_and_values() {
        let long = "x".repeat(VALUE_CHARS_MAX + 1);
        let events = [
            r#"{"level":"INFO","n":1,"user":{"id":"a","ok":true},"tags":["x"],"none":null}"#.to_owned(),
            r#"{"level":"WARN","n":"1","user":{"id":"a","ok":false}}"#.to_owned(),
            format!(r#"{{"level":"WARN","long":"{long}"}}"#),
            "plain text".to_owned(),
            r#"["an array"]"#.to_owned(),
        ];
        let fields = Fields::of(&events.map(|message| event(&message)));
        let shown: Vec<_> = fields
            .fields
            .iter()
            .map(|field| {
                let top: Vec<_> = field.top.iter().map(|(value, count)| format!("{value}={count}")).collect();
                format!(
                    "{} {:?} {}/{} {}",
                    field.name,
                    field.kind,
                    field.count,
                    field.distinct,
                    top.join(",")
                )
            })
            .collect();
        assert_eq!(fields.events, 5);
        assert_eq!(
            shown,
            [
                "@logGroup Text 5/1 /g=5",
                "@logStream Text 5/1 s=5",
                "level Text 3/2 WARN=2,INFO=1",
                "n Mixed 2/1 1=2",
                "user.id Text 2/1 a=2",
                "user.ok Flag 2/2 false=1,true=1",
                "long Text 1/1 ",
            ]
        );
    }
}

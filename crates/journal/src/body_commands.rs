//! Which protobuf message is the body of an entry with a command?
//!
//! One message a command, chosen by its tag; a tag is given once and for ever.

use prost::Message;
use walletscope_model::{
    Command, Duration, MetricFilterDefinition, Offset, Rules, SubscriptionFilterDefinition,
};

use crate::body::{PairMessage, message, pair_messages, pairs_from};
use crate::body_definitions::{
    DashboardMessage, DetectorMessage, NamesMessage, TargetMessage, TrainedMessage,
};
use crate::record::RecordError;

/// The body of an entry with a command.
pub(crate) fn encode(command: &Command) -> Vec<u8> {
    CommandMessage { choice: Some(choice(command)) }.encode_to_vec()
}

/// The command of a body.
pub(crate) fn decode(bytes: &[u8]) -> Result<Command, RecordError> {
    command_from(message(bytes)?)
}

#[derive(Clone, PartialEq, Message)]
struct CommandMessage {
    #[prost(oneof = "Choice", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18")]
    choice: Option<Choice>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Choice {
    #[prost(message, tag = "1")]
    CreateLogGroup(CreateLogGroupMessage),
    #[prost(string, tag = "2")]
    DeleteLogGroup(String),
    /// The group's name and the stream's.
    #[prost(message, tag = "3")]
    CreateLogStream(PairMessage),
    #[prost(message, tag = "4")]
    SetRules(RulesMessage),
    /// The group's name and the stream's.
    #[prost(message, tag = "5")]
    DeleteLogStream(PairMessage),
    #[prost(message, tag = "6")]
    SetRetention(RetentionMessage),
    #[prost(message, tag = "7")]
    TagLogGroup(TagsMessage),
    #[prost(message, tag = "8")]
    UntagLogGroup(GroupNamesMessage),
    #[prost(message, tag = "9")]
    PutMetricFilter(MetricFilterMessage),
    /// The group's name and the filter's.
    #[prost(message, tag = "10")]
    DeleteMetricFilter(PairMessage),
    #[prost(message, tag = "11")]
    PutSubscriptionFilter(SubscriptionFilterMessage),
    /// The group's name and the filter's.
    #[prost(message, tag = "12")]
    DeleteSubscriptionFilter(PairMessage),
    #[prost(message, tag = "13")]
    NoteDelivered(DeliveredMessage),
    #[prost(message, tag = "14")]
    PutDashboard(DashboardMessage),
    #[prost(message, tag = "15")]
    DeleteDashboards(NamesMessage),
    #[prost(message, tag = "16")]
    PutAnomalyDetector(DetectorMessage),
    #[prost(message, tag = "17")]
    DeleteAnomalyDetector(TargetMessage),
    #[prost(message, tag = "18")]
    NoteTrained(TrainedMessage),
}

/// Every wait in microseconds, further placeholders of ids, and accounts that are read to the letter.
#[derive(Clone, PartialEq, Message)]
struct RulesMessage {
    #[prost(int64, tag = "1")]
    abandon_after: i64,
    #[prost(int64, tag = "2")]
    step_up_mark_after: i64,
    #[prost(int64, tag = "3")]
    step_up_abandon_after: i64,
    #[prost(int64, tag = "4")]
    settle_after: i64,
    #[prost(int64, tag = "5")]
    evict_after: i64,
    #[prost(string, repeated, tag = "6")]
    placeholders: Vec<String>,
    #[prost(string, repeated, tag = "7")]
    strict_accounts: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct CreateLogGroupMessage {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint32, optional, tag = "2")]
    retention_days: Option<u32>,
    #[prost(message, repeated, tag = "3")]
    tags: Vec<PairMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct RetentionMessage {
    #[prost(string, tag = "1")]
    group: String,
    #[prost(uint32, optional, tag = "2")]
    days: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct TagsMessage {
    #[prost(string, tag = "1")]
    group: String,
    #[prost(message, repeated, tag = "2")]
    tags: Vec<PairMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct GroupNamesMessage {
    #[prost(string, tag = "1")]
    group: String,
    #[prost(string, repeated, tag = "2")]
    names: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct MetricFilterMessage {
    #[prost(string, tag = "1")]
    group: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, tag = "3")]
    pattern: String,
    #[prost(string, tag = "4")]
    namespace: String,
    #[prost(string, tag = "5")]
    metric: String,
    #[prost(string, tag = "6")]
    value: String,
    #[prost(double, optional, tag = "7")]
    default_value: Option<f64>,
    #[prost(string, optional, tag = "8")]
    unit: Option<String>,
    #[prost(message, repeated, tag = "9")]
    dimensions: Vec<PairMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct SubscriptionFilterMessage {
    #[prost(string, tag = "1")]
    group: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, tag = "3")]
    pattern: String,
    #[prost(string, tag = "4")]
    destination: String,
    #[prost(string, optional, tag = "5")]
    role_arn: Option<String>,
    #[prost(string, tag = "6")]
    distribution: String,
}

#[derive(Clone, PartialEq, Message)]
struct DeliveredMessage {
    #[prost(string, tag = "1")]
    group: String,
    #[prost(string, tag = "2")]
    filter: String,
    #[prost(uint64, tag = "3")]
    incarnation: u64,
    #[prost(uint64, tag = "4")]
    through: u64,
}

fn choice(command: &Command) -> Choice {
    let pair = |name: &str, value: &str| PairMessage { name: name.to_owned(), value: value.to_owned() };
    let texts = |texts: &[Box<str>]| texts.iter().map(|text| String::from(&**text)).collect();
    match command {
        Command::CreateLogGroup { name, retention_days, tags } => {
            Choice::CreateLogGroup(CreateLogGroupMessage {
                name: String::from(&**name),
                retention_days: *retention_days,
                tags: pair_messages(tags),
            })
        }
        Command::DeleteLogGroup { name } => Choice::DeleteLogGroup(String::from(&**name)),
        Command::CreateLogStream { group, name } => Choice::CreateLogStream(pair(group, name)),
        Command::DeleteLogStream { group, name } => Choice::DeleteLogStream(pair(group, name)),
        Command::SetRetention { group, days } => {
            Choice::SetRetention(RetentionMessage { group: String::from(&**group), days: *days })
        }
        Command::TagLogGroup { group, tags } => {
            Choice::TagLogGroup(TagsMessage { group: String::from(&**group), tags: pair_messages(tags) })
        }
        Command::UntagLogGroup { group, names } => {
            Choice::UntagLogGroup(GroupNamesMessage { group: String::from(&**group), names: texts(names) })
        }
        Command::PutMetricFilter { group, filter } => Choice::PutMetricFilter(filter_message(group, filter)),
        Command::DeleteMetricFilter { group, name } => Choice::DeleteMetricFilter(pair(group, name)),
        Command::PutSubscriptionFilter { group, filter } => {
            Choice::PutSubscriptionFilter(subscription_message(group, filter))
        }
        Command::DeleteSubscriptionFilter { group, name } => {
            Choice::DeleteSubscriptionFilter(pair(group, name))
        }
        Command::NoteDelivered { group, filter, incarnation, through } => {
            Choice::NoteDelivered(DeliveredMessage {
                group: String::from(&**group),
                filter: String::from(&**filter),
                incarnation: incarnation.0,
                through: through.0,
            })
        }
        Command::PutDashboard { name, body, tags } => {
            Choice::PutDashboard(DashboardMessage::of(name, body, tags))
        }
        Command::DeleteDashboards { names } => Choice::DeleteDashboards(NamesMessage { names: texts(names) }),
        Command::PutAnomalyDetector(detector) => Choice::PutAnomalyDetector(DetectorMessage::of(detector)),
        Command::DeleteAnomalyDetector(target) => Choice::DeleteAnomalyDetector(TargetMessage::of(target)),
        Command::NoteTrained { target, incarnation, trained_at, model } => {
            Choice::NoteTrained(TrainedMessage {
                target: Some(TargetMessage::of(target)),
                incarnation: incarnation.0,
                trained_at: trained_at.0,
                model: model.as_deref().map(<[u8]>::to_vec),
            })
        }
        Command::SetRules(rules) => Choice::SetRules(RulesMessage {
            abandon_after: rules.abandon_after.0,
            step_up_mark_after: rules.step_up_mark_after.0,
            step_up_abandon_after: rules.step_up_abandon_after.0,
            settle_after: rules.settle_after.0,
            evict_after: rules.evict_after.0,
            placeholders: texts(&rules.placeholders),
            strict_accounts: texts(&rules.strict_accounts),
        }),
    }
}

fn command_from(message: CommandMessage) -> Result<Command, RecordError> {
    let texts = |texts: Vec<String>| texts.into_iter().map(String::into_boxed_str).collect();
    Ok(match message.choice.ok_or(RecordError::Malformed("command"))? {
        Choice::CreateLogGroup(create) => Command::CreateLogGroup {
            name: create.name.into(),
            retention_days: create.retention_days,
            tags: pairs_from(create.tags),
        },
        Choice::DeleteLogGroup(name) => Command::DeleteLogGroup { name: name.into() },
        Choice::CreateLogStream(pair) => {
            Command::CreateLogStream { group: pair.name.into(), name: pair.value.into() }
        }
        Choice::DeleteLogStream(pair) => {
            Command::DeleteLogStream { group: pair.name.into(), name: pair.value.into() }
        }
        Choice::SetRetention(set) => Command::SetRetention { group: set.group.into(), days: set.days },
        Choice::TagLogGroup(tag) => {
            Command::TagLogGroup { group: tag.group.into(), tags: pairs_from(tag.tags) }
        }
        Choice::UntagLogGroup(untag) => {
            Command::UntagLogGroup { group: untag.group.into(), names: texts(untag.names) }
        }
        Choice::PutMetricFilter(put) => {
            Command::PutMetricFilter { group: put.group.as_str().into(), filter: Box::new(filter_from(put)) }
        }
        Choice::DeleteMetricFilter(pair) => {
            Command::DeleteMetricFilter { group: pair.name.into(), name: pair.value.into() }
        }
        Choice::PutSubscriptionFilter(put) => Command::PutSubscriptionFilter {
            group: put.group.as_str().into(),
            filter: Box::new(subscription_from(put)),
        },
        Choice::DeleteSubscriptionFilter(pair) => {
            Command::DeleteSubscriptionFilter { group: pair.name.into(), name: pair.value.into() }
        }
        Choice::NoteDelivered(note) => Command::NoteDelivered {
            group: note.group.into(),
            filter: note.filter.into(),
            incarnation: Offset(note.incarnation),
            through: Offset(note.through),
        },
        Choice::PutDashboard(put) => put.command(),
        Choice::DeleteDashboards(delete) => Command::DeleteDashboards { names: texts(delete.names) },
        Choice::PutAnomalyDetector(put) => Command::PutAnomalyDetector(Box::new(put.definition()?)),
        Choice::DeleteAnomalyDetector(target) => Command::DeleteAnomalyDetector(Box::new(target.target())),
        Choice::NoteTrained(note) => note.command()?,
        Choice::SetRules(rules) => Command::SetRules(Rules {
            abandon_after: Duration(rules.abandon_after),
            step_up_mark_after: Duration(rules.step_up_mark_after),
            step_up_abandon_after: Duration(rules.step_up_abandon_after),
            settle_after: Duration(rules.settle_after),
            evict_after: Duration(rules.evict_after),
            placeholders: texts(rules.placeholders),
            strict_accounts: texts(rules.strict_accounts),
        }),
    })
}

fn filter_message(group: &str, filter: &MetricFilterDefinition) -> MetricFilterMessage {
    let MetricFilterDefinition { name, pattern, namespace, metric, value, default_value, unit, dimensions } =
        filter;
    MetricFilterMessage {
        group: group.to_owned(),
        name: String::from(&**name),
        pattern: String::from(&**pattern),
        namespace: String::from(&**namespace),
        metric: String::from(&**metric),
        value: String::from(&**value),
        default_value: *default_value,
        unit: unit.as_deref().map(String::from),
        dimensions: pair_messages(dimensions),
    }
}

fn filter_from(message: MetricFilterMessage) -> MetricFilterDefinition {
    MetricFilterDefinition {
        name: message.name.into(),
        pattern: message.pattern.into(),
        namespace: message.namespace.into(),
        metric: message.metric.into(),
        value: message.value.into(),
        default_value: message.default_value,
        unit: message.unit.map(Into::into),
        dimensions: pairs_from(message.dimensions),
    }
}

fn subscription_message(group: &str, filter: &SubscriptionFilterDefinition) -> SubscriptionFilterMessage {
    let SubscriptionFilterDefinition { name, pattern, destination, role_arn, distribution } = filter;
    SubscriptionFilterMessage {
        group: group.to_owned(),
        name: String::from(&**name),
        pattern: String::from(&**pattern),
        destination: String::from(&**destination),
        role_arn: role_arn.as_deref().map(String::from),
        distribution: String::from(&**distribution),
    }
}

fn subscription_from(message: SubscriptionFilterMessage) -> SubscriptionFilterDefinition {
    SubscriptionFilterDefinition {
        name: message.name.into(),
        pattern: message.pattern.into(),
        destination: message.destination.into(),
        role_arn: message.role_arn.map(Into::into),
        distribution: message.distribution.into(),
    }
}

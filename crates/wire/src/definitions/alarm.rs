//! What does an alarm say that this version does not apply?
//!
//! All of it is kept as JSON, so that nothing is dropped. The few facts that a lint or a later version needs are read
//! where they stand as plain values; in a template a function may stand there instead, and then they are absent.

use super::Context;
use super::definition::{ALARMS_NOT_APPLIED, Alarm, Kind};
use super::error::At;
use super::lint::{LintCode, Sink};
use super::node::{Content, Node};

/// What an ARN says whose author left region and account for later.
const PLACEHOLDERS: &str = ":region:account-id:";

/// Defines an alarm of which nothing is made.
pub(super) fn define(name: &str, at: At, mut node: Node, context: &Context, sink: &mut Sink) {
    sink.lint(at, LintCode::AlarmNotApplied, format!("{name}: {ALARMS_NOT_APPLIED}"));
    fill_placeholders(&mut node, context, sink);
    let text = |member: &str| node.member(member).and_then(Node::scalar).map(Box::<str>::from);
    let alarm = Alarm {
        raw: node.json().into(),
        namespace: text("Namespace"),
        metric: text("MetricName"),
        statistic: text("Statistic").or_else(|| text("ExtendedStatistic")),
        threshold: text("Threshold").and_then(|threshold| threshold.parse().ok()),
        note: ALARMS_NOT_APPLIED,
    };
    sink.define(at, name, Kind::Alarm(alarm));
}

fn fill_placeholders(node: &mut Node, context: &Context, sink: &mut Sink) {
    match &mut node.content {
        Content::Scalar { text, .. } if text.starts_with("arn:") && text.contains(PLACEHOLDERS) => {
            let own = format!(":{}:{}:", context.region, context.account);
            let filled = text.replace(PLACEHOLDERS, &own);
            sink.lint(node.at, LintCode::PlaceholderArn, format!("{text} was read as {filled}"));
            *text = filled.into();
        }
        Content::Scalar { .. } => {}
        Content::List(values) => values.iter_mut().for_each(|value| fill_placeholders(value, context, sink)),
        Content::Map(members) => {
            members.iter_mut().for_each(|member| fill_placeholders(&mut member.value, context, sink));
        }
    }
}

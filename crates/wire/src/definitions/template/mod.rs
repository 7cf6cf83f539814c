//! What does a CloudFormation template define of what this product applies?
//!
//! Resources are read in their order. Of types that are applied, every function must come to a value: one that cannot
//! before it is deployed is an error with its place, never an empty text. Resources of other types are told and
//! skipped, whatever functions they use
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html>).

mod names;
mod resolve;

use super::Context;
use super::alarm;
use super::definition::{Kind, Skipped};
use super::error::{At, Problem, Wrong};
use super::lint::{LintCode, Sink};
use super::members::{Members, Spelling, named};
use super::node::{Content, Member, Node};
use super::resource;
use resolve::Scope;

const SECTIONS: [&str; 10] = [
    "description",
    "metadata",
    "rules",
    "transform",
    "outputs",
    "hooks",
    "globals",
    "parameters",
    "mappings",
    "conditions",
];
const ATTRIBUTES: [&str; 6] =
    ["dependsOn", "metadata", "creationPolicy", "deletionPolicy", "updatePolicy", "updateReplacePolicy"];
/// What a resource without properties has.
const NO_PROPERTIES: Content = Content::Map(Vec::new());

/// Whether a document is a template.
pub(super) fn is_template(document: &Node) -> bool {
    ["AWSTemplateFormatVersion", "Resources"].iter().any(|member| document.member(member).is_some())
}

/// Reads a template.
pub(super) fn read(document: Node, context: &Context, sink: &mut Sink) -> Result<(), Wrong> {
    let document = in_long_form(document);
    let mut members = Members::of(&document, "the template", Spelling::Pascal)?;
    members.get("AWSTemplateFormatVersion");
    for section in SECTIONS {
        members.get(section);
    }
    let resources = named(members.required("resources")?, "Resources")?;
    members.finish(sink);
    let mut scope = Scope::of(&document, resources, context, &sink.file);
    for resource in resources {
        read_resource(resource, &mut scope, sink)?;
    }
    if let Some(at) = scope.stack_name_used_at {
        let sentence = format!("AWS::StackName is read as {}, after the file", scope.stack);
        sink.lint(at, LintCode::StackNameAssumed, sentence);
    }
    Ok(())
}

fn read_resource(resource: &Member, scope: &mut Scope<'_>, sink: &mut Sink) -> Result<(), Wrong> {
    if resource.name.starts_with("Fn::") {
        return Err(resource.at.wrong(Problem::Intrinsic { name: resource.name.clone() }));
    }
    let mut members = Members::of(&resource.value, "a resource", Spelling::Pascal)?;
    let kind = members.required_text("type")?;
    let condition = members.text("condition")?;
    let no_properties = Node { at: resource.at, tag: None, content: NO_PROPERTIES };
    let properties = members.get("properties").unwrap_or(&no_properties);
    for attribute in ATTRIBUTES {
        members.get(attribute);
    }
    members.finish(sink);
    if let Some(condition) = condition
        && !scope.condition(condition, resource.at)?
    {
        skip(resource, kind, format!("its condition {condition} is false"), sink);
        return Ok(());
    }
    match kind {
        "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => {
            let name = properties.member("AlarmName").and_then(Node::scalar).unwrap_or(&resource.name);
            alarm::define(name, resource.at, properties.clone(), scope.context, sink);
            Ok(())
        }
        "AWS::Logs::LogGroup"
        | "AWS::Logs::MetricFilter"
        | "AWS::Logs::QueryDefinition"
        | "AWS::CloudWatch::Dashboard"
        | "AWS::CloudWatch::AnomalyDetector" => apply(resource, kind, properties, scope, sink),
        _ => {
            skip(resource, kind, "resources of this type are not applied".to_owned(), sink);
            Ok(())
        }
    }
}

/// Reads a resource of a type that is applied.
fn apply(
    resource: &Member,
    kind: &str,
    properties: &Node,
    scope: &mut Scope<'_>,
    sink: &mut Sink,
) -> Result<(), Wrong> {
    let mut properties = scope.resolved(properties)?;
    // A definition stands where its resource is named, not where its properties begin.
    properties.at = resource.at;
    let made = names::made(&scope.stack, &resource.name);
    let members = |of: &'static str| Members::of(&properties, of, Spelling::Pascal);
    match kind {
        "AWS::Logs::LogGroup" => resource::log_group(members("a log group")?, Some(&made), sink),
        "AWS::Logs::MetricFilter" => resource::metric_filter(members("a metric filter")?, Some(&made), sink),
        "AWS::Logs::QueryDefinition" => resource::saved_query(members("a query definition")?, sink),
        "AWS::CloudWatch::Dashboard" => resource::dashboard(members("a dashboard")?, Some(&made), sink),
        _ => {
            if !resource::anomaly_detector(members("an anomaly detector")?, sink)? {
                skip(resource, kind, "detectors of expressions are not applied".to_owned(), sink);
            }
            Ok(())
        }
    }
}

fn skip(resource: &Member, kind: &str, reason: String, sink: &mut Sink) {
    let sentence = format!("{}, {kind}: {reason}", resource.name);
    sink.lint(resource.at, LintCode::ResourceNotApplied, sentence);
    sink.define(resource.at, resource.name.clone(), Kind::Skipped(Skipped { what: kind.into(), reason }));
}

/// Functions as JSON writes them: `!Ref a` as `{"Ref": "a"}`, `!Sub a` as `{"Fn::Sub": "a"}`.
fn in_long_form(mut node: Node) -> Node {
    let tag = node.tag.take();
    let at: At = node.at;
    node.content = match node.content {
        Content::List(values) => Content::List(values.into_iter().map(in_long_form).collect()),
        Content::Map(members) => {
            let member = |member: Member| Member { value: in_long_form(member.value), ..member };
            Content::Map(members.into_iter().map(member).collect())
        }
        scalar @ Content::Scalar { .. } => scalar,
    };
    let Some(tag) = tag else { return node };
    let name: Box<str> = match &*tag {
        "Ref" | "Condition" => tag,
        function => format!("Fn::{function}").into(),
    };
    Node { at, tag: None, content: Content::Map(vec![Member { name, at, value: node }]) }
}

//! What does a function of a template come to?
//!
//! Parameters stand for their defaults, pseudo parameters for the caller's account and region, references to resources
//! for names that the template gives them. Everything else is an error: a function's value is never guessed
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>).
//! The hard part is what a small text can stand for: names may be put together from names, so that each level doubles
//! them, or from themselves. What is resolved is therefore counted, its depth has a limit, and a name that leads back
//! to itself is found by the names on the way.

use std::collections::BTreeMap;

use super::super::error::{At, Problem, Wrong};
use super::super::members::{list, not_allowed, text, wrong_type};
use super::super::node::{Content, Member, Node};
use super::super::{Context, DEPTH_MAX};
use super::names::{self, Naming};

/// How many values and bytes the functions of one template may come to, all together.
const RESOLVED_MAX: usize = 4 << 20;
/// How deep values and the values that they refer to may be nested.
const RESOLVED_DEPTH_MAX: usize = DEPTH_MAX + 32;
/// Most functions of a resource's name, and of a condition, that lead to one another.
const REFERENCES_MAX: usize = 16;

/// What the names of a template stand for.
pub(super) struct Scope<'a> {
    pub(super) context: &'a Context,
    /// The stack's name, after the file.
    pub(super) stack: String,
    /// Where it was used first.
    pub(super) stack_name_used_at: Option<At>,
    parameters: BTreeMap<&'a str, &'a Node>,
    mappings: Option<&'a Node>,
    conditions: BTreeMap<&'a str, &'a Node>,
    resources: BTreeMap<&'a str, &'a Node>,
    /// The resources and conditions whose values are being found.
    on_the_way: Vec<String>,
    depth: usize,
    spent: usize,
}

impl<'a> Scope<'a> {
    pub(super) fn of(
        document: &'a Node,
        resources: &'a [Member],
        context: &'a Context,
        file_name: &str,
    ) -> Self {
        let by_name =
            |members: &'a [Member]| members.iter().map(|member| (&*member.name, &member.value)).collect();
        let section = |name: &str| document.member(name).map_or(&[][..], Node::members);
        Self {
            context,
            stack: names::stack(file_name),
            stack_name_used_at: None,
            parameters: by_name(section("Parameters")),
            mappings: document.member("Mappings"),
            conditions: by_name(section("Conditions")),
            resources: by_name(resources),
            on_the_way: Vec::new(),
            depth: 0,
            spent: 0,
        }
    }

    /// A value without functions.
    pub(super) fn resolved(&mut self, node: &Node) -> Result<Node, Wrong> {
        let nothing =
            || Node { content: Content::Scalar { text: "".into(), is_plain: true }, ..node.clone() };
        Ok(self.value(node)?.unwrap_or_else(nothing))
    }

    /// A value without functions; `None` for `AWS::NoValue`, which takes away the member that it stands at.
    fn value(&mut self, node: &Node) -> Result<Option<Node>, Wrong> {
        self.depth += 1;
        if self.depth > RESOLVED_DEPTH_MAX {
            return Err(node.at.wrong(Problem::TooMuchResolved));
        }
        let content = match &node.content {
            Content::Scalar { text, is_plain } => {
                self.spend(node.at, text.len())?;
                Content::Scalar { text: text.clone(), is_plain: *is_plain }
            }
            Content::List(values) => {
                self.spend(node.at, 0)?;
                let values = values.iter().map(|value| self.value(value));
                Content::List(values.filter_map(Result::transpose).collect::<Result<_, _>>()?)
            }
            Content::Map(members) => {
                self.spend(node.at, 0)?;
                if let Some((name, argument)) = function(node).filter(|call| call.0 != CONDITION) {
                    let found = self.call(name, argument, node.at)?;
                    self.depth -= 1;
                    return Ok(found);
                }
                let member = |member: &Member| {
                    let value = self.value(&member.value)?;
                    Ok(value.map(|value| Member { name: member.name.clone(), at: member.at, value }))
                };
                Content::Map(
                    members.iter().map(member).filter_map(Result::transpose).collect::<Result<_, _>>()?,
                )
            }
        };
        self.depth -= 1;
        Ok(Some(Node { at: node.at, tag: None, content }))
    }

    fn spend(&mut self, at: At, bytes: usize) -> Result<(), Wrong> {
        self.spent = self.spent.saturating_add(1 + bytes);
        if self.spent > RESOLVED_MAX { Err(at.wrong(Problem::TooMuchResolved)) } else { Ok(()) }
    }

    fn call(&mut self, name: &str, argument: &Node, at: At) -> Result<Option<Node>, Wrong> {
        match name {
            "Ref" => self.reference(text(argument, name)?, at),
            "Fn::Sub" => self.substitute(argument).map(Some),
            "Fn::Join" => self.join(argument).map(Some),
            "Fn::GetAtt" => self.attribute(argument, at).map(Some),
            "Fn::FindInMap" => self.find_in_map(argument, at).map(Some),
            "Fn::If" => self.choose(argument),
            "Fn::Select" => self.select(argument).map(Some),
            "Fn::Split" => self.split(argument).map(Some),
            "Fn::ToJsonString" => {
                let value = self.resolved(argument)?.json();
                self.spend(at, value.len())?;
                Ok(Some(Node::text_of(at, value)))
            }
            "Fn::ImportValue" => Err(unresolved(at, name, "it is the output of another stack")),
            _ => Err(at.wrong(Problem::Intrinsic { name: name.into() })),
        }
    }

    /// What `Ref` of a name stands for.
    fn reference(&mut self, name: &str, at: At) -> Result<Option<Node>, Wrong> {
        let Context { account, region } = self.context;
        let value = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::Region" => region.to_string(),
            "AWS::AccountId" => account.to_string(),
            "AWS::Partition" => names::partition(region).to_owned(),
            "AWS::URLSuffix" => names::suffix(region).to_owned(),
            "AWS::StackName" => {
                self.stack_name_used_at.get_or_insert(at);
                self.stack.clone()
            }
            "AWS::StackId" | "AWS::NotificationARNs" => {
                return Err(unresolved(at, name, "it is known when the stack is deployed"));
            }
            _ if self.parameters.contains_key(name) => return self.parameter(name, at).map(Some),
            _ => self.of_resource(name, None, at)?,
        };
        Ok(Some(Node::text_of(at, value)))
    }

    /// A parameter's default.
    fn parameter(&mut self, name: &str, at: At) -> Result<Node, Wrong> {
        let parameter = self.parameters.get(name).copied();
        let kind = parameter.and_then(|node| node.member("Type")).and_then(Node::scalar).unwrap_or("String");
        if kind.starts_with("AWS::SSM::") {
            return Err(unresolved(at, name, "its value is in the Systems Manager"));
        }
        let default = parameter.and_then(|node| node.member("Default"));
        let Some(default) = default else {
            return Err(unresolved(at, name, "the parameter has no Default"));
        };
        let content = match &default.content {
            Content::Scalar { text, .. } if kind == "CommaDelimitedList" || kind.starts_with("List<") => {
                let items = text.split(',').map(|item| Node::text_of(default.at, item.trim()));
                Content::List(items.collect())
            }
            Content::Scalar { text, .. } => Content::Scalar { text: text.clone(), is_plain: false },
            _ => return Err(wrong_type(default, "Default", "a text")),
        };
        let length = text_length(&content);
        self.spend(at, length)?;
        Ok(Node { at, tag: None, content })
    }

    /// What `Ref` of a resource, or one of its attributes, comes to.
    fn of_resource(&mut self, name: &str, attribute: Option<&str>, at: At) -> Result<String, Wrong> {
        let reference = attribute.map_or(name.to_owned(), |attribute| format!("{name}.{attribute}"));
        let Some(resource) = self.resources.get(name).copied() else {
            let reason = "it is no parameter and no resource of this template";
            return Err(unresolved(at, &reference, reason));
        };
        let kind = resource.member("Type").and_then(Node::scalar).unwrap_or_default();
        let naming = Naming::of(kind).and_then(|naming| Some((naming, naming.form(attribute)?)));
        let Some((naming, form)) = naming else {
            return Err(unresolved(at, &reference, format!("AWS tells it when the {kind} is deployed")));
        };
        let property = resource.member("Properties").and_then(|node| node.member(naming.property));
        let value = match property {
            Some(property) => {
                self.enter(name, at)?;
                let value = self.resolved(property)?;
                self.on_the_way.pop();
                text(&value, naming.property)?.to_owned()
            }
            None if naming.is_made => names::made(&self.stack, name),
            None => {
                let reason = format!("without {}, AWS makes a name when it is deployed", naming.property);
                return Err(unresolved(at, &reference, reason));
            }
        };
        let filled = names::filled(form, &value, &self.context.account, &self.context.region);
        self.spend(at, filled.len())?;
        Ok(filled)
    }

    /// Goes on to what a name stands for.
    fn enter(&mut self, name: &str, at: At) -> Result<(), Wrong> {
        if let Some(first) = self.on_the_way.iter().position(|other| other == name) {
            let mut through = self.on_the_way[first..].join(" → ");
            through.push_str(" → ");
            through.push_str(name);
            return Err(at.wrong(Problem::Cycle { through }));
        }
        if self.on_the_way.len() >= REFERENCES_MAX {
            return Err(at.wrong(Problem::TooMuchResolved));
        }
        self.on_the_way.push(name.to_owned());
        Ok(())
    }

    /// `${name}` and `${name.attribute}` in a text, with names of its own where the argument is a list.
    fn substitute(&mut self, argument: &Node) -> Result<Node, Wrong> {
        const NAME: &str = "Fn::Sub";
        let (template, own) = match &argument.content {
            Content::List(values) => match &values[..] {
                [template, own] => (template, own.members()),
                _ => return Err(wrong_type(argument, NAME, "a text, or a list of a text and a mapping")),
            },
            _ => (argument, &[][..]),
        };
        let mut rest = text(template, NAME)?;
        let mut whole = String::new();
        while let Some(start) = rest.find("${") {
            whole.push_str(&rest[..start]);
            let Some(end) = rest[start..].find('}').map(|end| start + end) else {
                return Err(not_allowed(template.at, NAME, "a ${ has no closing brace"));
            };
            let name = rest[start + 2..end].trim();
            match name.strip_prefix('!') {
                Some(literal) => {
                    whole.push_str("${");
                    whole.push_str(literal);
                    whole.push('}');
                }
                None => whole.push_str(&self.substituted(name, own, template.at)?),
            }
            self.spend(template.at, end - start)?;
            rest = &rest[end + 1..];
        }
        whole.push_str(rest);
        self.spend(template.at, whole.len())?;
        Ok(Node::text_of(template.at, whole))
    }

    fn substituted(&mut self, name: &str, own: &[Member], at: At) -> Result<String, Wrong> {
        self.spend(at, own.len())?;
        let value = match own.iter().find(|member| &*member.name == name) {
            Some(member) => self.resolved(&member.value)?,
            None => match name.split_once('.') {
                Some((resource, attribute)) => {
                    let value = self.of_resource(resource, Some(attribute), at)?;
                    Node::text_of(at, value)
                }
                None => match self.reference(name, at)? {
                    Some(value) => value,
                    None => return Err(unresolved(at, name, "it stands for nothing, inside of a text")),
                },
            },
        };
        text(&value, name).map(str::to_owned)
    }

    fn join(&mut self, argument: &Node) -> Result<Node, Wrong> {
        const NAME: &str = "Fn::Join";
        let [delimiter, values] = self.arguments(argument, NAME)?;
        let values = list(&values, NAME)?;
        let texts = values.iter().map(|value| plain_text(value, NAME)).collect::<Result<Vec<_>, _>>()?;
        let delimiter = plain_text(&delimiter, NAME)?;
        let length = texts.iter().map(|text| text.len() + delimiter.len()).sum();
        self.spend(argument.at, length)?;
        Ok(Node::text_of(argument.at, texts.join(delimiter)))
    }

    fn attribute(&mut self, argument: &Node, at: At) -> Result<Node, Wrong> {
        const NAME: &str = "Fn::GetAtt";
        let value = match &argument.content {
            Content::List(_) => {
                let [resource, attribute] = self.arguments(argument, NAME)?;
                self.of_resource(text(&resource, NAME)?, Some(text(&attribute, NAME)?), at)?
            }
            _ => match text(argument, NAME)?.split_once('.') {
                Some((resource, attribute)) => self.of_resource(resource, Some(attribute), at)?,
                None => return Err(not_allowed(at, NAME, "it must be Resource.Attribute")),
            },
        };
        Ok(Node::text_of(at, value))
    }

    fn find_in_map(&mut self, argument: &Node, at: At) -> Result<Node, Wrong> {
        const NAME: &str = "Fn::FindInMap";
        let path = self.arguments::<3>(argument, NAME)?;
        let mut found = self.mappings;
        let mut way = Vec::new();
        for key in &path {
            let key = text(key, NAME)?;
            // Each member may be looked at.
            self.spend(at, found.map_or(0, |node| node.members().len()))?;
            way.push(key);
            found = found.and_then(|node| node.member(key));
        }
        match found {
            Some(value) => self.resolved(&Node { at, ..value.clone() }),
            None => Err(unresolved(at, &way.join("."), "the template's Mappings do not have it")),
        }
    }

    fn choose(&mut self, argument: &Node) -> Result<Option<Node>, Wrong> {
        const NAME: &str = "Fn::If";
        let values = list(argument, NAME)?;
        let [condition, if_true, if_false] = values else {
            return Err(wrong_type(argument, NAME, "a list of a condition and two values"));
        };
        let is_true = self.condition(text(condition, NAME)?, condition.at)?;
        self.value(if is_true { if_true } else { if_false })
    }

    fn select(&mut self, argument: &Node) -> Result<Node, Wrong> {
        const NAME: &str = "Fn::Select";
        let [place, values] = self.arguments(argument, NAME)?;
        let place: Option<usize> = text(&place, NAME)?.parse().ok();
        let found = place.and_then(|place| list(&values, NAME).ok()?.get(place).cloned());
        found.ok_or_else(|| not_allowed(argument.at, NAME, "the list has no such value"))
    }

    fn split(&mut self, argument: &Node) -> Result<Node, Wrong> {
        const NAME: &str = "Fn::Split";
        let [delimiter, whole] = self.arguments(argument, NAME)?;
        let (delimiter, whole) = (text(&delimiter, NAME)?, text(&whole, NAME)?);
        if delimiter.is_empty() {
            return Err(not_allowed(argument.at, NAME, "the delimiter is empty"));
        }
        let parts: Vec<_> = whole.split(delimiter).map(|part| Node::text_of(argument.at, part)).collect();
        self.spend(argument.at, parts.len())?;
        Ok(Node { at: argument.at, tag: None, content: Content::List(parts) })
    }

    /// The arguments of a function, resolved.
    fn arguments<const COUNT: usize>(&mut self, argument: &Node, name: &str) -> Result<[Node; COUNT], Wrong> {
        let values = list(argument, name)?;
        let values = values.iter().map(|value| self.resolved(value)).collect::<Result<Vec<_>, _>>()?;
        let count = values.len();
        let reason = || format!("it takes {COUNT} arguments and has {count}");
        values.try_into().map_err(|_| not_allowed(argument.at, name, reason()))
    }

    /// Whether a condition holds with the parameters' defaults.
    pub(super) fn condition(&mut self, name: &str, at: At) -> Result<bool, Wrong> {
        let Some(node) = self.conditions.get(name).copied() else {
            return Err(unresolved(at, name, "the template's Conditions do not have it"));
        };
        self.enter(name, at)?;
        let holds = self.holds(node)?;
        self.on_the_way.pop();
        Ok(holds)
    }

    fn holds(&mut self, node: &Node) -> Result<bool, Wrong> {
        self.spend(node.at, 0)?;
        let Some((name, argument)) = function(node) else {
            return Err(wrong_type(node, "a condition", "a function"));
        };
        match name {
            CONDITION => self.condition(text(argument, name)?, argument.at),
            "Fn::Equals" => {
                let [left, right] = self.arguments(argument, name)?;
                Ok(plain_text(&left, name)? == plain_text(&right, name)?)
            }
            "Fn::Not" | "Fn::And" | "Fn::Or" => {
                let mut values = Vec::new();
                for value in list(argument, name)? {
                    values.push(self.holds(value)?);
                }
                match (name, &values[..]) {
                    ("Fn::Not", [value]) => Ok(!value),
                    ("Fn::Not", _) => Err(not_allowed(argument.at, name, "it takes one condition")),
                    ("Fn::And", values) => Ok(values.iter().all(|value| *value)),
                    (_, values) => Ok(values.iter().any(|value| *value)),
                }
            }
            _ => Err(node.at.wrong(Problem::Intrinsic { name: name.into() })),
        }
    }
}

/// Refers to a condition; a function among conditions alone.
const CONDITION: &str = "Condition";

/// A mapping's one member, if it is a function.
fn function(node: &Node) -> Option<(&str, &Node)> {
    match node.members() {
        [Member { name, value, .. }] if name.starts_with("Fn::") || matches!(&**name, "Ref" | CONDITION) => {
            Some((name, value))
        }
        _ => None,
    }
}

/// The text of a scalar, which may be empty.
fn plain_text<'a>(node: &'a Node, name: &str) -> Result<&'a str, Wrong> {
    match &node.content {
        Content::Scalar { text, .. } => Ok(text),
        _ => Err(wrong_type(node, name, "a text")),
    }
}

fn text_length(content: &Content) -> usize {
    match content {
        Content::Scalar { text, .. } => text.len(),
        Content::List(values) => values.iter().map(|value| 1 + text_length(&value.content)).sum(),
        Content::Map(_) => 0,
    }
}

fn unresolved(at: At, reference: &str, reason: impl Into<String>) -> Wrong {
    at.wrong(Problem::Unresolved { reference: reference.to_owned(), reason: reason.into() })
}

//! What do a resource's name and its attributes come to, without deploying it?
//!
//! `Ref` and `Fn::GetAtt` of a resource are known here where they follow from a name in the template
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/introduction.html>, "Return values" of each
//! type). AWS makes up the names that a template leaves out; those of resources that are applied are made here, from
//! the stack and the resource, and told.

/// What stands for a name in the texts below.
const NAME: &str = "{name}";

/// How a type names its resources.
pub(super) struct Naming {
    /// The type.
    pub(super) kind: &'static str,
    /// The property with the name.
    pub(super) property: &'static str,
    /// Whether a name is made here where the property is absent.
    pub(super) is_made: bool,
    /// What `Ref` comes to.
    reference: &'static str,
    /// Attributes and what they come to.
    attributes: &'static [(&'static str, &'static str)],
}

const NAMINGS: [Naming; 9] = [
    Naming {
        kind: "AWS::Logs::LogGroup",
        property: "LogGroupName",
        is_made: true,
        reference: NAME,
        attributes: &[("Arn", "arn:{partition}:logs:{region}:{account}:log-group:{name}:*")],
    },
    Naming {
        kind: "AWS::CloudWatch::Dashboard",
        property: "DashboardName",
        is_made: true,
        reference: NAME,
        attributes: &[],
    },
    Naming {
        kind: "AWS::CloudWatch::Alarm",
        property: "AlarmName",
        is_made: false,
        reference: NAME,
        attributes: &[("Arn", "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}")],
    },
    Naming {
        kind: "AWS::Lambda::Function",
        property: "FunctionName",
        is_made: false,
        reference: NAME,
        attributes: &[("Arn", "arn:{partition}:lambda:{region}:{account}:function:{name}")],
    },
    Naming {
        kind: "AWS::Serverless::Function",
        property: "FunctionName",
        is_made: false,
        reference: NAME,
        attributes: &[("Arn", "arn:{partition}:lambda:{region}:{account}:function:{name}")],
    },
    Naming {
        kind: "AWS::DynamoDB::Table",
        property: "TableName",
        is_made: false,
        reference: NAME,
        attributes: &[("Arn", "arn:{partition}:dynamodb:{region}:{account}:table/{name}")],
    },
    Naming {
        kind: "AWS::SNS::Topic",
        property: "TopicName",
        is_made: false,
        reference: "arn:{partition}:sns:{region}:{account}:{name}",
        attributes: &[("TopicName", NAME), ("TopicArn", "arn:{partition}:sns:{region}:{account}:{name}")],
    },
    Naming {
        kind: "AWS::SQS::Queue",
        property: "QueueName",
        is_made: false,
        reference: "https://sqs.{region}.{suffix}/{account}/{name}",
        attributes: &[("QueueName", NAME), ("Arn", "arn:{partition}:sqs:{region}:{account}:{name}")],
    },
    Naming {
        kind: "AWS::Kinesis::Stream",
        property: "Name",
        is_made: false,
        reference: NAME,
        attributes: &[("Arn", "arn:{partition}:kinesis:{region}:{account}:stream/{name}")],
    },
];

impl Naming {
    /// How resources of a type are named.
    pub(super) fn of(kind: &str) -> Option<&'static Self> {
        NAMINGS.iter().find(|naming| naming.kind == kind)
    }

    /// What `Ref` comes to, or an attribute.
    pub(super) fn form(&self, attribute: Option<&str>) -> Option<&'static str> {
        match attribute {
            None => Some(self.reference),
            Some(attribute) => self.attributes.iter().find(|row| row.0 == attribute).map(|row| row.1),
        }
    }
}

/// A form with its places filled.
pub(super) fn filled(form: &str, name: &str, account: &str, region: &str) -> String {
    let form = form.replace("{partition}", partition(region)).replace("{region}", region);
    // The name goes last: it may hold braces.
    form.replace("{account}", account).replace("{suffix}", suffix(region)).replace(NAME, name)
}

/// The group of regions that a region belongs to.
pub(super) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// The domain of AWS in a region.
pub(super) fn suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// The name of a stack that is made from a file, after the file: letters, digits and hyphens.
pub(super) fn stack(file_name: &str) -> String {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.split('.').find(|part| !part.is_empty()).unwrap_or_default();
    let allowed = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    let stack: String = name.chars().map(allowed).collect();
    if stack.trim_matches('-').is_empty() { "stack".to_owned() } else { stack }
}

/// The name of a resource that has none. AWS puts random letters behind it.
pub(super) fn made(stack: &str, resource: &str) -> String {
    format!("{stack}-{resource}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_called_after_its_file() {
        for (file, expected) in [
            ("monitoring.yaml", "monitoring"),
            ("/a/b/my_stack.template.json", "my-stack"),
            ("a\\b c.yml", "b-c"),
            (".hidden", "hidden"),
            ("-", "stack"),
            ("", "stack"),
        ] {
            assert_eq!(stack(file), expected, "{file}");
        }
    }

    #[test]
    fn forms_are_filled() {
        let form = Naming::of("AWS::Logs::LogGroup").and_then(|naming| naming.form(Some("Arn")));
        assert_eq!(
            form.map(|form| filled(form, "/{region}", "1", "us-gov-west-1")).as_deref(),
            Some("arn:aws-us-gov:logs:us-gov-west-1:1:log-group:/{region}:*")
        );
        assert_eq!(Naming::of("AWS::Logs::LogGroup").and_then(|naming| naming.form(Some("Name"))), None);
    }
}

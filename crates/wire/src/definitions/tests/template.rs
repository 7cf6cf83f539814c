//! CloudFormation templates in YAML and JSON.

use super::*;

const STACK: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
Description: Watches token provisioning
Parameters:
  Stage: {Type: String, Default: prod}
  Days: {Type: Number, Default: 30}
  Zones: {Type: CommaDelimitedList, Default: "a, b"}
Mappings:
  Widths: {prod: {Graph: 12}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Not [!Condition IsProd]
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Sub token-${Stage}
      Code: {ZipFile: !ImportValue code}
  Logs:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Retain
    Properties:
      LogGroupName: !Sub /aws/lambda/${Function}
      RetentionInDays: !Ref Days
      KmsKeyId: !If [IsTest, some-key, !Ref AWS::NoValue]
  Declined:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: !Ref Logs
      FilterPattern: '{ $.event = "TOKEN_PROVISION_FAILURE" }'
      MetricTransformations:
        - MetricName: Declined
          MetricNamespace: !Join ["/", [Tokens, !Select [1, !Ref Zones]]]
          MetricValue: "1"
          Dimensions:
            - {Key: Issuer, Value: $.issuer}
  Board:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardName: !Sub tokens-${Stage}
      DashboardBody: !Sub
        - '{"widgets":[{"type":"metric","width":${Width},"properties":{"region":"${AWS::Region}","metrics":[["AWS/Lambda","Errors","FunctionName","${Function}"]],"title":"${!Literal} ${Logs.Arn}"}}]}'
        - {Width: !FindInMap [Widths, !Ref Stage, Graph]}
  Band:
    Type: AWS::CloudWatch::AnomalyDetector
    Properties:
      Namespace: Tokens
      MetricName: Declined
      Stat: Sum
      Dimensions: [{Name: Issuer, Value: DEMO_Bank}]
      Configuration: {MetricTimeZone: Europe/Berlin}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: {AlarmName: declined, MetricName: Declined, Namespace: Tokens, Statistic: Sum, AlarmActions: [!GetAtt Topic.Arn]}
  OnlyInTest:
    Type: AWS::Logs::LogGroup
    Condition: IsTest
  Saved:
    Type: AWS::Logs::QueryDefinition
    Properties: {Name: q, QueryString: limit 1, LogGroupNames: [!Ref Logs]}
"#;

#[test]
fn a_template_is_read_as_it_would_be_deployed() {
    check(
        STACK,
        &[
            "13 not applied Function: AWS::Lambda::Function: resources of this type are not applied",
            "18 log group /aws/lambda/token-prod: 30 days",
            "25 metric filter f-Declined: /aws/lambda/token-prod { $.event = \"TOKEN_PROVISION_FAILURE\" } -> Tokens/b Declined 1 None Issuer=$.issuer",
            r#"36 dashboard tokens-prod: {"widgets":[{"type":"metric","width":12,"properties":{"region":"eu-central-1","metrics":[["AWS/Lambda","Errors","FunctionName","token-prod"]],"title":"${Literal} arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/token-prod:*"}}]}"#,
            "43 anomaly detector Tokens Declined Sum Issuer=DEMO_Bank: Europe/Berlin spikes None",
            r#"51 alarm declined: {"AlarmName":"declined","MetricName":"Declined","Namespace":"Tokens","Statistic":"Sum","AlarmActions":[{"Fn::GetAtt":"Topic.Arn"}]}"#,
            "54 not applied OnlyInTest: AWS::Logs::LogGroup: its condition IsTest is false",
            "57 saved query q: ? \"limit 1\" /aws/lambda/token-prod",
            "13 lint resource-not-applied",
            "25 lint name-made",
            "51 lint alarm-not-applied",
            "54 lint resource-not-applied",
        ],
    );
}

#[test]
fn a_template_in_json() {
    check(
        r#"{
  "Resources": {
    "Logs": {
      "Type": "AWS::Logs::LogGroup",
      "Properties": { "RetentionInDays": 7, "Tags": [] }
    },
    "Declined": {
      "Type": "AWS::Logs::MetricFilter",
      "Properties": {
        "FilterName": { "Fn::Join": ["-", [{ "Ref": "AWS::StackName" }, "declined"]] },
        "LogGroupName": { "Ref": "Logs" },
        "FilterPattern": "{ $.event = \"\ud83d\ude00\" }",
        "MetricTransformations": [{ "MetricName": "M", "MetricNamespace": "N", "MetricValue": "1", "DefaultValue": 0 }]
      }
    },
    "Board": {
      "Type": "AWS::CloudWatch::Dashboard",
      "Properties": { "DashboardBody": { "Fn::ToJsonString": { "widgets": [], "start": { "Ref": "AWS::Region" } } } }
    },
    "Bands": {
      "Type": "AWS::CloudWatch::AnomalyDetector",
      "Properties": { "MetricMathAnomalyDetector": { "MetricDataQueries": [] } }
    },
    "Band": {
      "Type": "AWS::CloudWatch::AnomalyDetector",
      "Properties": { "SingleMetricAnomalyDetector": { "Namespace": "N", "MetricName": "M", "Stat": "p99", "AccountId": "1" } }
    }
  }
}"#,
        &[
            "3 log group f-Logs: 7 days",
            "7 metric filter f-declined: f-Logs { $.event = \"\u{1f600}\" } -> N M 1 None else 0",
            r#"16 dashboard f-Board: {"widgets":[],"start":"eu-central-1"}"#,
            "20 not applied Bands: AWS::CloudWatch::AnomalyDetector: detectors of expressions are not applied",
            "24 anomaly detector N M p99: UTC spikes None",
            "3 lint name-made",
            "5 lint member-not-applied",
            "16 lint name-made",
            "20 lint resource-not-applied",
            "26 lint member-not-applied",
            "10 lint stack-name-assumed",
        ],
    );
}

/// A template of one log group with this name.
fn named(name: &str) -> String {
    format!(
        "Parameters:\n  NoDefault: {{Type: String}}\n  Secret: {{Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}}\nResources:\n  F: {{Type: AWS::Lambda::Function}}\n  T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: t}}}}\n  G:\n    Type: AWS::Logs::LogGroup\n    Properties:\n      LogGroupName: {name}\n"
    )
}

#[test]
fn functions_come_to_values_or_to_errors() {
    for (name, expected) in [
        (
            "!Sub '${AWS::AccountId}-${AWS::Partition}-${AWS::URLSuffix}'",
            "7 log group 123456789012-aws-amazonaws.com: for ever",
        ),
        ("{'Fn::Select': ['1', {'Fn::Split': ['-', a-b-c]}]}", "7 log group b: for ever"),
        ("!GetAtt [T, TopicName]", "7 log group t: for ever"),
        ("!Ref NoDefault", "10:21: what NoDefault stands for is not known: the parameter has no Default"),
        (
            "!Sub 'x-${NoDefault}'",
            "10:21: what NoDefault stands for is not known: the parameter has no Default",
        ),
        ("!Ref Secret", "10:21: what Secret stands for is not known: its value is in the Systems Manager"),
        (
            "!Ref Nobody",
            "10:21: what Nobody stands for is not known: it is no parameter and no resource of this template",
        ),
        (
            "!Ref AWS::StackId",
            "10:21: what AWS::StackId stands for is not known: it is known when the stack is deployed",
        ),
        (
            "!Ref F",
            "10:21: what F stands for is not known: without FunctionName, AWS makes a name when it is deployed",
        ),
        (
            "!GetAtt F.Version",
            "10:21: what F.Version stands for is not known: AWS tells it when the AWS::Lambda::Function is deployed",
        ),
        ("!GetAtt F", "10:21: Fn::GetAtt cannot be this: it must be Resource.Attribute"),
        (
            "!ImportValue x",
            "10:21: what Fn::ImportValue stands for is not known: it is the output of another stack",
        ),
        ("!GetAZs ''", "10:21: the function Fn::GetAZs is not read"),
        ("!Transform {Name: x}", "10:21: the function Fn::Transform is not read"),
        ("!Sub '${Nobody'", "10:21: Fn::Sub cannot be this: a ${ has no closing brace"),
        ("!Sub [a]", "10:21: Fn::Sub should be a text, or a list of a text and a mapping, and is a list"),
        ("!Join [a]", "10:21: Fn::Join cannot be this: it takes 2 arguments and has 1"),
        ("!Join ['', x]", "10:32: Fn::Join should be a list, and is a text"),
        ("!Select [3, [a]]", "10:21: Fn::Select cannot be this: the list has no such value"),
        ("!Split ['', a]", "10:21: Fn::Split cannot be this: the delimiter is empty"),
        ("!Split [b, a]", "10:21: LogGroupName should be a text, and is a list"),
        (
            "!FindInMap [a, b, c]",
            "10:21: what a.b.c stands for is not known: the template's Mappings do not have it",
        ),
        (
            "!If [Nobody, a, b]",
            "10:26: what Nobody stands for is not known: the template's Conditions do not have it",
        ),
        ("!Ref [a]", "10:21: Ref should be a text, and is a list"),
        ("!Ref G", "10:21: references lead in a circle: G → G"),
    ] {
        let lines = read_lines("f.yaml", &named(name));
        let first = lines.iter().find(|line| !line.contains("not applied")).expect("a line");
        assert_eq!(first.strip_prefix("f.yaml:").unwrap_or(first), expected, "{name}");
    }
}

#[test]
fn what_a_template_lacks_is_told_with_its_place() {
    for (text, expected) in [
        ("AWSTemplateFormatVersion: 2010-09-09\n", "1:1: Resources of the template is missing"),
        (
            "AWSTemplateFormatVersion: 2010-09-09\nResource: {}\n",
            "1:1: Resources of the template is missing; Resource stands there instead",
        ),
        ("Resources: []\n", "1:12: Resources should be a mapping, and is a list"),
        ("Resources: {A: {Typ: x}}\n", "1:16: Type of a resource is missing; Typ stands there instead"),
        (
            "Resources: {A: {Type: AWS::Logs::MetricFilter}}\n",
            "1:13: MetricTransformations of a metric filter is missing",
        ),
        (
            "Resources: {A: {Type: AWS::Logs::LogGroup, Condition: C}}\n",
            "1:13: what C stands for is not known: the template's Conditions do not have it",
        ),
        ("Resources: {'Fn::ForEach::A': [x, [y], {}]}\n", "1:13: the function Fn::ForEach::A is not read"),
        (
            "Conditions: {C: !Equals [a]}\nResources: {A: {Type: AWS::Logs::LogGroup, Condition: C}}\n",
            "1:17: Fn::Equals cannot be this: it takes 2 arguments and has 1",
        ),
        (
            "Conditions: {C: x}\nResources: {A: {Type: AWS::Logs::LogGroup, Condition: C}}\n",
            "1:17: a condition should be a function, and is a text",
        ),
        (
            "Conditions: {C: !Not [!Condition D], D: !Or [!Condition C, !Condition C]}\nResources: {A: {Type: AWS::Logs::LogGroup, Condition: C}}\n",
            "1:46: references lead in a circle: C → D → C",
        ),
    ] {
        let expected = format!("f.yaml:{expected}");
        check(text, &[&expected]);
    }
}

#[test]
fn unknown_members_of_templates_are_told_too() {
    let text = "Resources:\n  G:\n    Type: AWS::Logs::LogGroup\n    Propertys: {}\n    Properties: {LogGroupName: a, RetentionInDay: 1}\nOutput: {}\n";
    assert_eq!(
        sentences(text, LintCode::UnknownMember),
        [
            "Output is not a member of the template; did you mean Outputs?",
            "Propertys is not a member of a resource; did you mean Properties?",
            "RetentionInDay is not a member of a log group; did you mean RetentionInDays?",
        ]
    );
}

/// Log groups of which each has a name made of the next one's.
fn chain(count: usize, name: impl Fn(usize) -> String) -> String {
    let group =
        |at| format!("  G{at}: {{Type: AWS::Logs::LogGroup, Properties: {{LogGroupName: {}}}}}\n", name(at));
    format!(
        "Resources:\n{}  G{count}: {{Type: AWS::Logs::LogGroup, Properties: {{LogGroupName: x}}}}\n",
        (0..count).map(group).collect::<String>()
    )
}

#[test]
fn references_that_lead_in_a_circle_or_grow_without_end_are_refused() {
    let circle = "Resources:\n  A: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub 'a${B}'}}\n  B: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Ref A}}\n";
    check(circle, &["f.yaml:2:61: references lead in a circle: B → A → B"]);
    let short = read_lines("f.yaml", &chain(16, |at| format!("!Ref G{}", at + 1)));
    assert_eq!(short[0], "2 log group x: for ever");
    let long = read_lines("f.yaml", &chain(200, |at| format!("!Ref G{}", at + 1)));
    assert!(
        long[0].ends_with("what the references of this template stand for is too deep or too long"),
        "{long:?}"
    );
    // Sixteen levels of four each are four thousand million.
    let wide =
        read_lines("f.yaml", &chain(16, |at| format!("!Sub '{}'", format!("${{G{}}}", at + 1).repeat(4))));
    assert!(wide[0].ends_with("is too deep or too long"), "{wide:?}");
    // Empty texts grow in time alone.
    let parameter = "Parameters: {P: {Type: String, Default: ''}}\n";
    let empty = format!(
        "{parameter}{}",
        chain(16, |at| format!("!Sub '{}'", format!("${{G{}}}${{P}}", at + 1).repeat(8)))
    );
    assert!(read_lines("f.yaml", &empty)[0].ends_with("is too deep or too long"));
    let conditions: String = (0..15)
        .map(|at| format!("  C{at}: !And [{}]\n", format!("!Condition C{}, ", at + 1).repeat(8)))
        .collect();
    let conditions = format!(
        "Conditions:\n{conditions}  C15: !Equals [a, a]\nResources:\n  G: {{Type: AWS::Logs::LogGroup, Condition: C0}}\n"
    );
    assert!(read_lines("f.yaml", &conditions)[0].ends_with("is too deep or too long"));
}

#[test]
fn functions_within_functions_have_a_limit() {
    let nested = |levels: usize| format!("{}x{}", "!Join ['', [".repeat(levels), "]]".repeat(levels));
    let deepest = read_lines("f.yaml", &named(&nested(20)));
    assert!(deepest.contains(&"7 log group x: for ever".to_owned()), "{deepest:?}");
    let too_deep = read_lines("f.yaml", &named(&nested(40)));
    assert!(too_deep[0].contains("nested deeper than 64 levels"), "{too_deep:?}");
}

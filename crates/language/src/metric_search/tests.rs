//! Searches held against metrics, texts that are no searches, and texts at random.

use proptest::prelude::*;

use super::*;

/// A metric written as `namespace|name|dimension=value|…`, in account 111122223333.
#[track_caller]
fn finds(query: &str, metric: &str) -> bool {
    let query = SearchQuery::parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    assert_eq!(SearchQuery::parse(&query.to_string()), Ok(query.clone()), "{query}");
    let mut parts = metric.split('|');
    let (namespace, name) = (parts.next().unwrap(), parts.next().unwrap());
    let dimensions: Vec<(Box<str>, Box<str>)> = parts
        .map(|part| part.split_once('=').expect("a dimension"))
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    query.matches(&MetricIdentity { namespace, name, dimensions: &dimensions, account: "111122223333" })
}

#[track_caller]
fn check(query: &str, found: &[&str], not_found: &[&str]) {
    for metric in found {
        assert!(finds(query, metric), "{query} must find {metric}");
    }
    for metric in not_found {
        assert!(!finds(query, metric), "{query} must not find {metric}");
    }
}

const INSTANCE: &str = "AWS/EC2|CPUUtilization|InstanceId=i-123";

#[test]
fn examples_of_the_guide_with_a_schema() {
    check(
        r#"{AWS/EC2,InstanceId} MetricName="CPUUtilization""#,
        &[INSTANCE],
        &[
            "AWS/EC2|CPUUtilization|InstanceId=i-1|Zone=a",
            "AWS/EC2|CPUUtilization",
            "AWS/EC2|CPUUtilization|InstanceType=t2.micro",
            "AWS/EC2|NetworkIn|InstanceId=i-1",
            "AWS/ECS|CPUUtilization|InstanceId=i-1",
        ],
    );
    check(
        r#" {AWS/EC2,InstanceType} MetricName="CPUUtilization" "#,
        &["AWS/EC2|CPUUtilization|InstanceType=x"],
        &[INSTANCE],
    );
    check(
        r#"{AWS/EC2,InstanceType} InstanceType=micro MetricName="CPUUtilization" "#,
        &["AWS/EC2|CPUUtilization|InstanceType=t2.micro", "AWS/EC2|CPUUtilization|InstanceType=t3.micro"],
        &["AWS/EC2|CPUUtilization|InstanceType=t2.large"],
    );
    check(
        r#"{AWS/EC2,InstanceType} InstanceType="t2.micro" MetricName="CPUUtilization" "#,
        &["AWS/EC2|CPUUtilization|InstanceType=t2.micro"],
        &["AWS/EC2|CPUUtilization|InstanceType=t3.micro", "AWS/EC2|CPUUtilization|InstanceType=T2.micro"],
    );
    check(
        r#"{AWS/ECS ClusterName}, MetricName="CPUUtilization" "#,
        &["AWS/ECS|CPUUtilization|ClusterName=c"],
        &[],
    );
    check(
        r#" {AWS/EBS} MetricName="CPUUtilization" "#,
        &["AWS/EBS|CPUUtilization"],
        &["AWS/EBS|CPUUtilization|V=1"],
    );
    check(
        r#"{AWS/NetworkELB, LoadBalancer} "ConsumedLCUs" OR flow "#,
        &["AWS/NetworkELB|ConsumedLCUs|LoadBalancer=a", "AWS/NetworkELB|NewFlowCount|LoadBalancer=a"],
        &["AWS/NetworkELB|ConsumedLCU|LoadBalancer=a", "AWS/NetworkELB|flow"],
    );
    check(
        r#"{AWS/Lambda,FunctionName} MetricName="Errors" OR (MetricName="Invocations" AND (ProjectA OR ProjectB)) "#,
        &[
            "AWS/Lambda|Errors|FunctionName=any",
            "AWS/Lambda|Invocations|FunctionName=ProjectA-x",
            "AWS/Lambda|Invocations|FunctionName=theProjectB",
        ],
        &["AWS/Lambda|Invocations|FunctionName=ProjectC", "AWS/Lambda|Duration|FunctionName=ProjectA"],
    );
    check(
        r#"{"Custom-Namespace", "Dimension Name With Spaces"}, ErrorCount "#,
        &["Custom-Namespace|ErrorCount|Dimension Name With Spaces=1"],
        &["Custom-Namespace|ErrorCount|Dimension=1"],
    );
    check(
        r#" {"My Namespace", "Dimension@Name"}, "Custom:Name[Special_Characters" "#,
        &["My Namespace|Custom:Name[Special_Characters|Dimension@Name=1"],
        &["My Namespace|Custom|Dimension@Name=1"],
    );
    check(" {MyNamespace}, \"CustomCount1\" ", &["MyNamespace|CustomCount1"], &["Other|CustomCount1"]);
    check(" {MyNamespace}, \"customcount1\" ", &[], &["MyNamespace|CustomCount1"]);
    check(" {MyNamespace}, \"Custom\" ", &[], &["MyNamespace|CustomCount1"]);
    check(r#" {AWS/Lambda, FunctionName} Errors "#, &["AWS/Lambda|Errors|FunctionName=f"], &[]);
    check("{AWS/EC2,InstanceId}", &[INSTANCE], &["AWS/EC2|CPUUtilization"]);
}

#[test]
fn examples_of_the_guide_without_a_schema() {
    check(
        r#" "CPUUtilization" "#,
        &[INSTANCE, "CPUUtilization|m", "N|m|CPUUtilization=x", "N|m|d=CPUUtilization"],
        &["N|cpuutilization", "N|CPU"],
    );
    check(
        r#" {AWS/EC2, InstanceType} "CPUUtilization" "#,
        &["AWS/EC2|CPUUtilization|InstanceType=x"],
        &[INSTANCE],
    );
    check(
        r#" "AWS/EC2" MetricName="CPUUtilization" "#,
        &[INSTANCE, "N|CPUUtilization|d=AWS/EC2"],
        &["N|CPUUtilization"],
    );
    check(
        r#" InstanceType="t2.micro" Namespace="AWS/EC2" "#,
        &["AWS/EC2|m|InstanceType=t2.micro"],
        &[INSTANCE],
    );
    check(
        r#"MetricName="CPUUtilization" AND ("AWS/ECS" OR "AWS/ES") "#,
        &["AWS/ECS|CPUUtilization|c=1", "AWS/ES|CPUUtilization"],
        &[INSTANCE],
    );
    check("NOT Namespace=AWS ", &["TokenServices|m", "AWSome|m|d=AWS"], &[INSTANCE, "x/aws|m"]);
    check("Errors", &["N|ConnectionErrors", "N|errors", "N|m|Errors=1", "N|m|d=all-errors"], &["N|Error"]);
    check(" \"Errors\" ", &["N|Errors"], &["N|ConnectionErrors", "N|errors"]);
    let read_ops = ["AWS/EC2|DiskReadOps", "AWS/EBS|VolumeReadOps"];
    check(" (EC2 OR EBS) AND MetricName=ReadOps ", &read_ops, &["AWS/RDS|ReadOps", "AWS/EBS|ReadBytes"]);
    check(" (EC2 OR EBS) MetricName=ReadOps ", &read_ops, &["AWS/RDS|ReadOps", "AWS/EBS|m|d=ReadOps"]);
    check(
        " (EC2 OR EBS) AND ReadOps AND ProjectA ",
        &["AWS/EBS|VolumeReadOps|Project=ProjectA"],
        &["AWS/EBS|VolumeReadOps|Project=ProjectB"],
    );
    check(
        r#" {AWS/EC2,InstanceId} MetricName="CPUUtilization" NOT i-1234567890123456 "#,
        &[INSTANCE],
        &["AWS/EC2|CPUUtilization|InstanceId=i-1234567890123456"],
    );
    check(
        r#" {AWS/EC2,InstanceId} MetricName="CPUUtilization" NOT "ProjectA" NOT "ProjectB" "#,
        &[INSTANCE, "AWS/EC2|CPUUtilization|InstanceId=ProjectAB"],
        &["AWS/EC2|CPUUtilization|InstanceId=ProjectA", "AWS/EC2|CPUUtilization|InstanceId=ProjectB"],
    );
    for query in ["{AWS/EC2,InstanceId} network AND packets", " {AWS/EC2,InstanceId} network packets "] {
        check(query, &["AWS/EC2|NetworkPacketsIn|InstanceId=1"], &["AWS/EC2|NetworkIn|InstanceId=1"]);
    }
    let escaped = r#""Europe\\France Traffic\(Network\)""#;
    check(escaped, &[r"N|Europe\France Traffic(Network)"], &["N|Europe France Traffic Network"]);
}

#[test]
fn accounts() {
    let mine = "AWS/Lambda|Errors";
    check(r#" AWS/Lambda :aws.AccountId = "111122223333" "#, &[mine], &["AWS/EC2|Errors"]);
    check(r#" AWS/Lambda :aws.AccountId = 111122223333"#, &[mine], &[]);
    check(r#" AWS/Lambda :aws.AccountId = "444455556666" "#, &[], &[mine]);
    check(r#" AWS/Lambda :aws.AccountId = ("444455556666" OR "111122223333") "#, &[mine], &[]);
    check(r#" AWS/Lambda :aws.AccountId = ("444455556666" OR 'LOCAL') "#, &[mine], &[]);
    check(r#":aws.AccountId = 'LOCAL'"#, &[mine], &[]);
    check(r#":aws.AccountId = 1111"#, &[], &[mine]);
}

/// The first arguments of the searches that Grafana's CloudWatch datasource writes.
#[test]
fn what_grafana_sends() {
    let lb = |value: &str| format!("AWS/EC2|CPUUtilization|LoadBalancer={value}");
    let any = r#"Namespace="AWS/EC2" MetricName="CPUUtilization" "LoadBalancer"=("lb1" OR "lb2" OR "lb3")"#;
    check(
        any,
        &[&lb("lb1"), &lb("lb3"), "AWS/EC2|CPUUtilization|LoadBalancer=lb2|x=1"],
        &[&lb("lb4"), INSTANCE],
    );
    let exact =
        r#"{"AWS/EC2","LoadBalancer"} MetricName="CPUUtilization" "LoadBalancer"=("lb1" OR "lb2" OR "lb3")"#;
    check(exact, &[&lb("lb1"), &lb("lb3")], &[&lb("lb4"), "AWS/EC2|CPUUtilization|LoadBalancer=lb2|x=1"]);
    check(
        r#"Namespace="AWS/EC2" MetricName="CPUUtilization" "LoadBalancer"="lb1""#,
        &[&lb("lb1")],
        &[&lb("lb2")],
    );
    check(r#"{"AWS/EC2","LoadBalancer"} MetricName="CPUUtilization""#, &[&lb("any")], &[INSTANCE]);
    check(
        r#"Namespace="AWS/EC2" MetricName="CPUUtilization" "LoadBalancer""#,
        &[&lb("any"), "AWS/EC2|CPUUtilization|LoadBalancer=1|x=1"],
        &[INSTANCE],
    );
    let both = "AWS/EC2|CPUUtilization|InstanceId=i-456|LoadBalancer=lb2";
    let queries = [
        r#"{"AWS/EC2","InstanceId","LoadBalancer"} MetricName="CPUUtilization" "InstanceId"=("i-123" OR "i-456" OR "i-789") "LoadBalancer"=("lb1" OR "lb2" OR "lb3")"#,
        r#"{"AWS/EC2","InstanceId","LoadBalancer"} MetricName="CPUUtilization" "LoadBalancer"=("lb1" OR "lb2" OR "lb3")"#,
        r#"Namespace="AWS/EC2" MetricName="CPUUtilization" "InstanceId"=("i-123" OR "i-456" OR "i-789") "LoadBalancer"=("lb1" OR "lb2" OR "lb3")"#,
        r#"Namespace="AWS/EC2" MetricName="CPUUtilization" "LoadBalancer"=("lb1" OR "lb2" OR "lb3") "InstanceId""#,
    ];
    for query in queries {
        check(query, &[both], &[INSTANCE, &lb("lb2")]);
    }
    let accounts = [
        r#"{"AWS/EC2","InstanceId","LoadBalancer"} MetricName="CPUUtilization" "LoadBalancer"=("lb1" OR "lb2" OR "lb3") :aws.AccountId="some account id""#,
        r#"Namespace="AWS/EC2" MetricName="CPUUtilization" "LoadBalancer"=("lb1" OR "lb2" OR "lb3") "InstanceId" :aws.AccountId="some account id""#,
        r#"Namespace="AWS/EC2" MetricName="CPUUtilization" :aws.AccountId="12345""#,
    ];
    for query in accounts {
        check(query, &[], &[both]);
        let mine = query.replace("some account id", "111122223333").replace("12345", "111122223333");
        check(&mine, &[both], &[]);
    }
    check(
        r#"{"AWS/Kafka","Cluster Name"} MetricName="CpuUser" "Cluster Name"=("dev-cluster" OR "prod-cluster")"#,
        &["AWS/Kafka|CpuUser|Cluster Name=prod-cluster"],
        &["AWS/Kafka|CpuUser|Cluster Name=cluster"],
    );
    check(
        r#"{"Test-API Cache by Minute","InstanceId","LoadBalancer"} MetricName="CpuUser" "LoadBalancer"=("lb1" OR "lb2" OR "lb3")"#,
        &["Test-API Cache by Minute|CpuUser|InstanceId=1|LoadBalancer=lb1"],
        &["Test-API Cache by Minute|CpuUser|LoadBalancer=lb1"],
    );
    check(r#"Namespace="AWS/EC2" MetricName="CPUUtilization""#, &[INSTANCE], &["AWS/EC2|m"]);
    check(
        r#"{"AWS/EC2","lb4"} MetricName="CPUUtilization" "lb4"="lb4\'s\"\"\'""#,
        &[r#"AWS/EC2|CPUUtilization|lb4=lb4's""'"#],
        &["AWS/EC2|CPUUtilization|lb4=lb4s"],
    );
    check(r#"{"N","d"} MetricName="m" "d"="C:\dir (x)""#, &[r"N|m|d=C:\dir (x)"], &[]);
}

#[test]
fn operators_and_properties() {
    check("a OR b c", &["N|a", "N|b-c"], &["N|b", "N|c"]);
    check("NOT a b", &["N|b"], &["N|a-b", "N|c"]);
    check("NOT (a OR b)", &["N|c"], &["N|a", "N|b"]);
    check("NOT NOT a", &["N|a"], &["N|b"]);
    check("and", &["N|And"], &["N|x"]);
    check("ANDROID ORdinary", &["N|ANDROID|d=ORdinary"], &["N|ANDROID"]);
    check("\"Namespace\"=x", &["N|m|Namespace=x"], &["x|m"]);
    check("Namespace=x", &["x|m"], &["N|m|Namespace=x"]);
    check("OR=1", &["N|m|OR=1"], &["N|m"]);
    check("issuer=a", &[], &["N|m|Issuer=a"]);
    check("Issuer=(bank OR \"B 2\")", &["N|m|Issuer=the Bank", "N|m|Issuer=B 2"], &["N|m|Issuer=b 2"]);
    check("Dim=\"\"", &["N|m|Dim="], &["N|m|Dim=1", "N|m"]);
    check("{N,a,a,b}", &["N|m|a=1|b=1"], &["N|m|a=1"]);
    check("{N,N}", &["N|m|N=1"], &["N|m"]);
}

#[test]
fn what_is_no_search_is_refused_with_the_place() {
    use SearchProblem::*;
    let expected = |expected, found| Expected { expected, found };
    let deep = format!("{}a{}", "(".repeat(DEPTH_MAX + 1), ")".repeat(DEPTH_MAX + 1));
    let nots = format!("{}a", "NOT ".repeat(DEPTH_MAX + 1));
    let long = "a".repeat(QUERY_CHARACTERS_MAX + 1);
    let cases = [
        ("", 0, Empty),
        ("  ", 0, Empty),
        ("{", 1, expected("a name or a term", None)),
        ("{}", 1, expected("a name or a term", Some('}'))),
        ("{AWS/EC2", 8, expected("`}`", None)),
        ("{AWS/EC2,", 9, expected("a name or a term", None)),
        ("{AWS/EC2,,a}", 9, expected("a name or a term", Some(','))),
        ("{\"\"}", 3, expected("a name of the schema", Some('}'))),
        ("{\"AWS/EC2}", 1, UnclosedQuote),
        ("a {b}", 2, expected("a name or a term", Some('{'))),
        ("a \"b", 2, UnclosedQuote),
        ("(a", 2, expected("`)`", None)),
        ("a)", 1, expected("a term or the end", Some(')'))),
        ("()", 1, expected("a name or a term", Some(')'))),
        ("a OR", 4, expected("a name or a term", None)),
        ("a OR OR b", 5, expected("a term", Some('O'))),
        ("AND a", 0, expected("a term", Some('A'))),
        ("NOT", 3, expected("a name or a term", None)),
        ("a=", 2, expected("a name or a term", None)),
        ("a==b", 2, expected("a name or a term", Some('='))),
        ("a=(b", 4, expected("`OR` or `)`", None)),
        ("a=(b AND c)", 5, expected("`OR` or `)`", Some('A'))),
        ("a=()", 3, expected("a name or a term", Some(')'))),
        ("{N}, , a", 5, NothingToFind),
        ("a *", 2, NothingToFind),
        ("Issuer=*", 7, NothingToFind),
        (&deep, DEPTH_MAX + 1, TooDeep),
        (&nots, 4 * (DEPTH_MAX + 1), TooDeep),
        (&long, long.len(), TooLong),
    ];
    for (text, position, problem) in cases {
        assert_eq!(SearchQuery::parse(text), Err(SearchError { position, problem }), "{text}");
    }
    assert!(
        SearchQuery::parse(&"é".repeat(QUERY_CHARACTERS_MAX)).is_ok(),
        "characters are counted, not bytes"
    );
}

const FRAGMENTS: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "\"",
    "'",
    "\\",
    "=",
    ",",
    " ",
    "AND",
    "OR",
    "NOT",
    "a",
    "B1",
    "é",
    "MetricName",
    ":aws.AccountId",
    "\"x y\"",
    " OR ",
    " NOT ",
    "Namespace=",
    "\\\"",
    "-",
];

proptest! {
    #[test]
    fn no_text_panics_and_what_reads_writes_the_same(parts in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..14)) {
        let text = parts.concat();
        match SearchQuery::parse(&text) {
            Ok(query) => {
                prop_assert_eq!(SearchQuery::parse(&query.to_string()), Ok(query.clone()), "{} as {}", text, query);
                let dimensions = [("a".into(), "B1".into())];
                let _ = query.matches(&MetricIdentity { namespace: "a", name: "é", dimensions: &dimensions, account: "" });
            }
            Err(error) => prop_assert!(text.is_char_boundary(error.position), "{}", text),
        }
    }

    #[test]
    fn no_characters_panic(text in "\\PC{0,60}") {
        if let Err(error) = SearchQuery::parse(&text) {
            prop_assert!(text.is_char_boundary(error.position));
        }
    }
}

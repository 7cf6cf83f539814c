//! Names, bodies and tags from both sides of their limits.

use super::*;

fn put(name: &str, body: &str) -> Result<PutDashboard, AwsError> {
    PutDashboardRequest {
        dashboard_name: Some(name.to_owned()),
        dashboard_body: Some(body.to_owned()),
        tags: Vec::new(),
    }
    .validate()
}

const BAD_NAME: &str = "The value for field DashboardName contains invalid characters. It can only contain \
                        alphanumerics, dash (-) and underscore (_).\n";

#[test]
fn names_have_255_plain_characters() {
    let longest = "n".repeat(255);
    let long = "n".repeat(256);
    for (name, code, text) in [
        ("a-Z_9", "", ""),
        (longest.as_str(), "", ""),
        ("", "MissingParameter", "The parameter DashboardName is required."),
        (
            long.as_str(),
            "InvalidParameterValue",
            "The parameter DashboardName must be shorter than 256 characters.",
        ),
        ("a b", "InvalidParameterValue", BAD_NAME),
        ("a.b", "InvalidParameterValue", BAD_NAME),
        ("é", "InvalidParameterValue", BAD_NAME),
    ] {
        let get = GetDashboardRequest { dashboard_name: Some(name.to_owned()) }.validate();
        let delete = DeleteDashboardsRequest { dashboard_names: vec![name.to_owned()] }.validate();
        let results = [put(name, r#"{"widgets":[]}"#).map(drop), get.map(drop), delete.map(drop)];
        for result in results {
            let error = result.err();
            let actual = error.as_ref().map(|error| (error.shape.query_code, error.message.as_ref()));
            assert_eq!(actual.unwrap_or_default(), (code, text), "{name}");
        }
    }
}

#[test]
fn absent_members_are_named() {
    let missing = |error: AwsError| (error.shape.query_code, error.message.into_owned());
    let body = PutDashboardRequest { dashboard_name: Some("d".to_owned()), ..Default::default() };
    for (error, member) in [
        (PutDashboardRequest::default().validate().expect_err("no name"), "DashboardName"),
        (body.validate().expect_err("no body"), "DashboardBody"),
        (GetDashboardRequest::default().validate().expect_err("no name"), "DashboardName"),
        (DeleteDashboardsRequest::default().validate().expect_err("no names"), "DashboardNames"),
    ] {
        assert_eq!(missing(error), ("MissingParameter", format!("The parameter {member} is required.")));
    }
}

#[test]
fn bodies_are_objects_with_typed_widgets() {
    for (body, faults) in [
        (r#"{"widgets":[]}"#, &[][..]),
        (r#" {"start":"-PT6H","widgets":[{"type":"text","unknown":[1]}]} "#, &[]),
        ("{", &[("/", "Should be JSON (line 1, column 1)")]),
        (r#"{"widgets":[]} x"#, &[("/", "Should be JSON (line 1, column 16)")]),
        ("[]", &[("/", "Should be object")]),
        ("{}", &[("/", "Should have required property 'widgets'")]),
        (r#"{"widgets":{}}"#, &[("/widgets", "Should be array")]),
        (
            r#"{"widgets":[{"type":"text"},1,{},{"type":1}]}"#,
            &[
                ("/widgets/1", "Should be object"),
                ("/widgets/2", "Should have required property 'type'"),
                ("/widgets/3", "Property 'type' should be string"),
            ],
        ),
    ] {
        let details = put("d", body).err().map(|error| error.details).unwrap_or_default();
        let details: Vec<_> =
            details.iter().map(|detail| (detail.data_path.as_str(), detail.message.as_str())).collect();
        assert_eq!(details, faults, "{body}");
    }
}

#[test]
fn a_bad_body_is_told_twice() {
    let error = put("d", r#"{"widgets":[1,{}]}"#).expect_err("two faults");
    assert_eq!(
        (error.shape.name, error.shape.query_code),
        ("DashboardInvalidInputError", "InvalidParameterInput")
    );
    assert_eq!(
        error.message,
        r#"The dashboard body is invalid, there are 2 validation errors:
[
  {
    "dataPath": "/widgets/0",
    "message": "Should be object"
  },
  {
    "dataPath": "/widgets/1",
    "message": "Should have required property 'type'"
  }
]"#
    );
}

#[test]
fn bodies_are_bounded() {
    let padded = |len: usize| format!(r#"{{"widgets":[]{}}}"#, " ".repeat(len - 14));
    assert!(put("d", &padded(DASHBOARD_BODY_BYTES_MAX)).is_ok());
    let error = put("d", &padded(DASHBOARD_BODY_BYTES_MAX + 1)).expect_err("too large");
    assert_eq!(error.details[0].message, "Should NOT be larger than 1048576 bytes");
    let deep = format!(r#"{{"widgets":[{}{}]}}"#, "[".repeat(500_000), "]".repeat(500_000));
    let error = put("d", &deep).expect_err("too deep");
    assert!(error.details[0].message.starts_with("Should be JSON"), "{error}");
    let many = format!(r#"{{"widgets":[{}]}}"#, vec!["1"; 1000].join(","));
    assert_eq!(put("d", &many).expect_err("many faults").details.len(), FAULTS_MAX);
}

#[test]
fn a_bad_body_is_never_repeated() {
    let error = put("d", r#"{"widgets":[4111111111111111"#).expect_err("cut");
    assert!(!error.message.contains("4111111111111111"), "{error}");
}

#[test]
fn tags_are_bounded() {
    let tag = |key: &str, value: &str| TagShape { key: Some(key.to_owned()), value: Some(value.to_owned()) };
    let of = |tags: Vec<TagShape>| {
        let request = PutDashboardRequest {
            dashboard_name: Some("d".to_owned()),
            dashboard_body: Some(r#"{"widgets":[]}"#.to_owned()),
            tags,
        };
        request.validate().map(|dashboard| dashboard.tags.len()).map_err(|error| error.message.into_owned())
    };
    let many = |len: usize| (0..len).map(|place| tag(&place.to_string(), "")).collect();
    for (tags, expected) in [
        (many(50), Ok(50)),
        (many(51), Err("The collection Tags must not have a size greater than 50.")),
        (vec![tag(&"k".repeat(128), &"v".repeat(256))], Ok(1)),
        (
            vec![tag(&"k".repeat(129), "")],
            Err("The parameter Tags.member.1.Key must be shorter than 129 characters."),
        ),
        (
            vec![tag("k", &"v".repeat(257))],
            Err("The parameter Tags.member.1.Value must be shorter than 257 characters."),
        ),
        (vec![tag("", "")], Err("The parameter Tags.member.1.Key is required.")),
        (
            vec![TagShape { key: Some("k".to_owned()), value: None }],
            Err("The parameter Tags.member.1.Value is required."),
        ),
        (vec![tag("k", "1"), tag("k", "2")], Err("No key in Tags may be given twice.")),
    ] {
        assert_eq!(of(tags), expected.map_err(str::to_owned));
    }
}

#[test]
fn lists_and_deletions_are_bounded() {
    let list = |prefix: Option<&str>, token: Option<&str>| {
        let request = ListDashboardsRequest {
            dashboard_name_prefix: prefix.map(str::to_owned),
            next_token: token.map(str::to_owned),
        };
        request.validate().map(|list| list.prefix).map_err(|error| error.message.into_owned())
    };
    assert_eq!(list(None, Some("t")), Ok(String::new()));
    assert_eq!(list(Some("a.b-c_"), None), Ok("a.b-c_".to_owned()));
    assert_eq!(list(Some("a b"), None), Err(BAD_NAME.replace("DashboardName", "DashboardNamePrefix")));
    assert!(list(Some(&"p".repeat(256)), None).is_err());
    assert_eq!(list(None, Some("")), Err("Request parameter NextToken is invalid".to_owned()));
    let delete = |len| DeleteDashboardsRequest { dashboard_names: vec!["d".to_owned(); len] }.validate();
    assert_eq!(delete(100).map(|names| names.len()), Ok(100));
    assert_eq!(
        delete(101).expect_err("too many").message,
        "The collection DashboardNames must not have a size greater than 100."
    );
    let missing = dashboard_not_found("d");
    assert_eq!((missing.shape.query_code, missing.shape.status), ("ResourceNotFound", 404));
    assert_eq!(missing.message, "Dashboard d does not exist");
}

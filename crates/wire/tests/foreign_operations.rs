//! What Grafana asks other services at the same port: literal requests in, literal answers and errors out.

use walletscope_wire::aws::{self, AwsError, Dialect, HttpRequest, HttpResponse, Operation, Response};
use walletscope_wire::{ec2, oam, tagging};

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
const TAGGING: (&str, &str) = ("X-Amz-Target", "ResourceGroupsTaggingAPI_20170126.GetResources");
const TAGGING_PATH: &str = "/service/ResourceGroupsTaggingAPI_20170126/operation/GetResources";
const REGIONS: &[u8] = b"Action=DescribeRegions&Version=2016-11-15";

fn post<'a>(path: &'a str, headers: &'a [(&'a str, &'a str)], body: &'a [u8]) -> HttpRequest<'a> {
    HttpRequest { method: "POST", path, query: "", headers, body }
}

fn decode<'a>(request: &HttpRequest<'a>, scope: &str) -> Result<Operation<'a>, AwsError> {
    aws::route(request, Some(scope)).and_then(|route| Operation::decode(&route, request))
}

fn answer(request: &HttpRequest<'_>, scope: &str, response: &Response) -> HttpResponse {
    aws::encode_response(&aws::route(request, Some(scope)).expect("routed"), "id-1", response)
}

#[track_caller]
fn check(response: &HttpResponse, status: u16, content_type: &str, body: &[u8]) {
    let (actual, expected) = (response.body.escape_ascii().to_string(), body.escape_ascii().to_string());
    assert_eq!((response.status, actual), (status, expected));
    let content_type = Some(("content-type", content_type.to_owned()));
    assert_eq!(response.headers.first().cloned(), content_type);
}

#[test]
fn regions_are_listed_in_the_dialect_of_ec2() {
    let form = b"Action=DescribeRegions&Version=2016-11-15&RegionName.1=us-east-1&RegionName.2=eu-west-1&AllRegions=true&DryRun=false&Filter.1.Name=region-name&Filter.1.Value.1=us%2A&Filter.1.Value.2=eu-west-1";
    let Ok(Operation::DescribeRegions(request)) = decode(&post("/", &[FORM], form), "ec2") else {
        panic!("regions")
    };
    let filter = ec2::Filter { name: "region-name".into(), values: vec!["us*".into(), "eu-west-1".into()] };
    let expected = ec2::DescribeRegionsRequest {
        region_names: vec!["us-east-1".into(), "eu-west-1".into()],
        all_regions: Some(true),
        dry_run: Some(false),
        filters: vec![filter],
    };
    assert_eq!(request, expected);
    let region = ec2::Region {
        region_name: "eu-west-1".into(),
        region_endpoint: "ec2.eu-west-1.amazonaws.com".into(),
        opt_in_status: "opt-in-not-required".into(),
    };
    let response = Response::DescribeRegions(ec2::DescribeRegionsResponse { regions: vec![region] });
    check(
        &answer(&post("/", &[FORM], REGIONS), "ec2", &response),
        200,
        "text/xml",
        b"<DescribeRegionsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>id-1</requestId>\
          <regionInfo><item><regionName>eu-west-1</regionName>\
          <regionEndpoint>ec2.eu-west-1.amazonaws.com</regionEndpoint>\
          <optInStatus>opt-in-not-required</optInStatus></item></regionInfo></DescribeRegionsResponse>",
    );
}

#[test]
fn errors_of_ec2_have_a_form_of_their_own() {
    let known = post("/", &[FORM], REGIONS);
    let dry = ec2::DescribeRegionsRequest { dry_run: Some(true), ..Default::default() };
    let error = dry.validate().expect_err("a dry run");
    let dialect = aws::route(&known, Some("ec2")).expect("routed").dialect();
    check(
        &aws::encode_error(&dialect, "id-1", &error),
        412,
        "text/xml",
        b"<Response><Errors><Error><Code>DryRunOperation</Code>\
          <Message>Request would have succeeded, but DryRun flag is set.</Message></Error></Errors>\
          <RequestID>id-1</RequestID></Response>",
    );
    let unknown = post("/", &[FORM], b"Action=DescribeInstances&Version=2016-11-15");
    let error = aws::route(&unknown, Some("ec2")).expect_err("not supported");
    check(
        &aws::encode_error(&Dialect::guess(&unknown), "id-1", &error),
        400,
        "text/xml",
        b"<Response><Errors><Error><Code>InvalidAction</Code>\
          <Message>Could not find operation DescribeInstances for version 2016-11-15</Message></Error></Errors>\
          <RequestID>id-1</RequestID></Response>",
    );
    let wrong = post("/", &[FORM], b"Action=DescribeRegions&Version=2016-11-15&DryRun=maybe");
    assert_eq!(decode(&wrong, "ec2").expect_err("no bool").shape.query_code, "MalformedInput");
}

#[test]
fn resources_are_listed_over_json_and_cbor() {
    let json = br#"{"PaginationToken": "t", "TagFilters": [{"Key": "k", "Values": ["v"]}], "ResourcesPerPage": 50, "ResourceTypeFilters": ["ec2:instance"]}"#;
    let cbor = b"\xa4oPaginationTokenatjTagFilters\x81\xa2cKeyakfValues\x81avpResourcesPerPage\x182sResourceTypeFilters\x81lec2:instance";
    let requests = [post("/", &[TAGGING], json), post(TAGGING_PATH, &[], cbor)];
    for request in requests {
        let Ok(Operation::GetResources(request)) = decode(&request, "tagging") else { panic!("resources") };
        assert_eq!(request.validate(), Ok(()));
        let value = serde_json::to_value(&request).expect("JSON");
        assert_eq!(value, serde_json::from_slice::<serde_json::Value>(json).expect("test JSON"));
    }
    let tag = tagging::Tag { key: "k".into(), value: "v".into() };
    let mapping = tagging::ResourceTagMapping { resource_arn: "arn:aws:ec2:a".into(), tags: vec![tag] };
    for (list, expected) in [
        (vec![], &br#"{"PaginationToken":"","ResourceTagMappingList":[]}"#[..]),
        (
            vec![mapping],
            br#"{"PaginationToken":"","ResourceTagMappingList":[{"ResourceARN":"arn:aws:ec2:a","Tags":[{"Key":"k","Value":"v"}]}]}"#,
        ),
    ] {
        let response = tagging::GetResourcesResponse { resource_tag_mapping_list: list, ..Default::default() };
        let response = answer(&post("/", &[TAGGING], b"{}"), "tagging", &Response::GetResources(response));
        check(&response, 200, "application/x-amz-json-1.1", expected);
    }
    let response = Response::GetResources(tagging::GetResourcesResponse::default());
    check(
        &answer(&post(TAGGING_PATH, &[], b"\xa0"), "tagging", &response),
        200,
        "application/cbor",
        b"\xa2oPaginationToken\x60vResourceTagMappingList\x80",
    );
    assert!(decode(&post("/", &[TAGGING], br#"{"ResourcesPerPage":"x"}"#), "tagging").is_err());
}

#[test]
fn sinks_and_links_are_listed_over_rest() {
    let json = [("Content-Type", "application/json")];
    let sinks = post("/ListSinks", &json, br#"{"MaxResults": 5, "NextToken": "t"}"#);
    let expected = oam::ListSinksRequest { max_results: Some(5), next_token: Some("t".into()) };
    assert_eq!(decode(&sinks, "oam"), Ok(Operation::ListSinks(expected)));
    assert_eq!(decode(&post("/ListSinks", &json, b""), "oam"), Ok(Operation::ListSinks(Default::default())));
    let body = br#"{"SinkIdentifier": "arn:aws:oam:us-east-1:111122223333:sink/a", "MaxResults": 5}"#;
    let links = post("/ListAttachedLinks", &json, body);
    let Ok(Operation::ListAttachedLinks(request)) = decode(&links, "oam") else { panic!("links") };
    assert_eq!((request.validate(), request.max_results), (Ok(()), Some(5)));
    let response = Response::ListSinks(oam::ListSinksResponse::default());
    check(&answer(&sinks, "oam", &response), 200, "application/json", br#"{"Items":[]}"#);
    let link = oam::AttachedLink {
        label: "l".into(),
        link_arn: "arn:aws:oam:us-east-1:111122223333:link/b".into(),
        resource_types: vec!["AWS::CloudWatch::Metric".into()],
    };
    let response = oam::ListAttachedLinksResponse { items: vec![link], next_token: Some("t".into()) };
    check(
        &answer(&links, "oam", &Response::ListAttachedLinks(response)),
        200,
        "application/json",
        br#"{"Items":[{"Label":"l","LinkArn":"arn:aws:oam:us-east-1:111122223333:link/b","ResourceTypes":["AWS::CloudWatch::Metric"]}],"NextToken":"t"}"#,
    );
}

#[test]
fn errors_over_rest_name_themselves_in_a_header() {
    let links = post("/ListAttachedLinks", &[], b"{}");
    let missing = decode(&links, "oam").expect_err("no sink");
    for (error, status, name, body) in [
        (missing, 400, "MissingRequiredParameterException", r#"{"message":"SinkIdentifier is required"}"#),
        (oam::sink_not_found(), 404, "ResourceNotFoundException", r#"{"message":"The sink does not exist"}"#),
    ] {
        let dialect = aws::route(&links, Some("oam")).expect("routed").dialect();
        let response = aws::encode_error(&dialect, "id-1", &error);
        check(&response, status, "application/json", body.as_bytes());
        assert!(response.headers.contains(&("x-amzn-errortype", name.to_owned())));
    }
    for path in ["/listsinks", "/ListSinks/", "/ListLinks"] {
        assert_eq!(decode(&post(path, &[], b"{}"), "oam").expect_err(path).shape.status, 404);
    }
    assert!(decode(&post("/ListSinks", &[], b"{}"), "xray").is_err());
}

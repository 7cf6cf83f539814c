//! Literal requests in, literal answers out, over each protocol; and bad bodies refused in its own words.

use walletscope_wire::aws::{
    self, AwsError, Dialect, HttpRequest, HttpResponse, NoOutput, Operation, Response, shapes,
};
use walletscope_wire::{cloudwatch, logs, sts};

const JSON: (&str, &str) = ("Content-Type", "application/x-amz-json-1.1");
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const QUERY_MODE: (&str, &str) = ("x-amzn-query-mode", "true");
const METRICS_TARGET: (&str, &str) = ("X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData");
const METRICS_PATH: &str = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
const EVENTS_TARGET: (&str, &str) = ("X-Amz-Target", "Logs_20140328.PutLogEvents");
const NOW: i64 = 1_440_938_160_000;

fn post<'a>(path: &'a str, headers: &'a [(&'a str, &'a str)], body: &'a [u8]) -> HttpRequest<'a> {
    HttpRequest { method: "POST", path, query: "", headers, body }
}

fn decode<'a>(request: &HttpRequest<'a>) -> Result<Operation<'a>, AwsError> {
    aws::route(request, None).and_then(|route| Operation::decode(&route, request))
}

fn answer(request: &HttpRequest<'_>, response: &Response) -> HttpResponse {
    aws::encode_response(&aws::route(request, None).expect("routed"), "id-1", response)
}

fn text(response: &HttpResponse) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
}

fn metrics(request: &HttpRequest<'_>) -> Result<Vec<cloudwatch::MetricDatum>, AwsError> {
    match decode(request)? {
        Operation::PutMetricData(shape) => shape.validate(NOW),
        other => panic!("not metrics: {other:?}"),
    }
}

/// The same two metrics in CBOR: value with time and dimension; values with counts.
const METRICS_CBOR: &[u8] = b"\xa2\x69Namespace\x61N\x6aMetricData\x9f\xa4\x6aMetricName\x61a\x69Timestamp\xc1\x1a\x55\xe2\xf8\xb0\x65Value\xf9\x3e\x00\x6aDimensions\x81\xa2\x64Name\x61d\x65Value\x61v\xa3\x6aMetricName\x61b\x66Values\x82\x01\x02\x66Counts\x82\x03\x04\xff";
const METRICS_JSON: &[u8] = br#"{"Namespace":"N","MetricData":[{"MetricName":"a","Timestamp":1440938160,"Value":1.5,"Dimensions":[{"Name":"d","Value":"v"}]},{"MetricName":"b","Values":[1,2],"Counts":[3,4]}]}"#;
const METRICS_FORM: &[u8] = b"Action=PutMetricData&Version=2010-08-01&Namespace=N&MetricData.member.1.MetricName=a&MetricData.member.1.Timestamp=2015-08-30T12%3A36%3A00Z&MetricData.member.1.Value=1.5&MetricData.member.1.Dimensions.member.1.Name=d&MetricData.member.1.Dimensions.member.1.Value=v&MetricData.member.2.MetricName=b&MetricData.member.2.Values.member.1=1&MetricData.member.2.Values.member.2=2&MetricData.member.2.Counts.member.1=3&MetricData.member.2.Counts.member.2=4";

#[test]
fn three_protocols_carry_the_same_metrics() {
    let requests = [
        post("/", &[METRICS_TARGET], METRICS_JSON),
        post(METRICS_PATH, &[], METRICS_CBOR),
        post("/", &[FORM], METRICS_FORM),
    ];
    let [json, cbor, form] = requests.map(|request| metrics(&request).expect("valid metrics"));
    assert_eq!(json.len(), 2);
    assert_eq!((json[0].name.as_str(), json[0].epoch_millis), ("a", NOW));
    assert_eq!(json[0].dimensions, [("d".to_owned(), "v".to_owned())]);
    assert_eq!(json[1].value, cloudwatch::MetricValue::Values(vec![(1.0, 3.0), (2.0, 4.0)]));
    assert_eq!(json, cbor);
    assert_eq!(json, form);
}

#[test]
fn log_events_borrow_their_text_unless_it_was_escaped() {
    let body = br#"{"logGroupName":"g","logStreamName":"s","unknown":{"deep":[1]},"logEvents":[{"timestamp":1,"message":"plain"},{"timestamp":2,"message":"a\"b\u20ac"}]}"#;
    let Ok(Operation::PutLogEvents(request)) = decode(&post("/", &[EVENTS_TARGET, JSON], body)) else {
        panic!("a batch")
    };
    assert!(matches!(&request.log_events[0].message, std::borrow::Cow::Borrowed("plain")));
    assert_eq!(request.log_events[1].message, "a\"b€");
    assert_eq!(request.validate().expect("valid").bytes(), 5 + 6 + 2 * 26);
}

#[test]
fn answers_have_the_form_of_their_protocol() {
    let nothing = Response::PutMetricData(NoOutput);
    let json = answer(&post("/", &[METRICS_TARGET], b"{}"), &nothing);
    assert_eq!((json.status, text(&json).as_str()), (200, ""));
    assert_eq!(header(&json, "content-type"), Some("application/x-amz-json-1.0"));
    assert_eq!(header(&json, "x-amzn-requestid"), Some("id-1"));
    let cbor = answer(&post(METRICS_PATH, &[], b""), &nothing);
    assert_eq!((cbor.status, text(&cbor).as_str()), (200, ""));
    assert_eq!(header(&cbor, "smithy-protocol"), Some("rpc-v2-cbor"));
    assert_eq!(header(&cbor, "content-type"), None);
    let form = answer(&post("/", &[FORM], METRICS_FORM), &nothing);
    assert_eq!(
        text(&form),
        "<PutMetricDataResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><ResponseMetadata>\
         <RequestId>id-1</RequestId></ResponseMetadata></PutMetricDataResponse>"
    );
    let identity = Response::GetCallerIdentity(sts::GetCallerIdentityResponse {
        user_id: "u".into(),
        account: "123456789012".into(),
        arn: "arn:aws:iam::123456789012:root".into(),
    });
    let sts = answer(&post("/", &[FORM], b"Action=GetCallerIdentity&Version=2011-06-15"), &identity);
    assert_eq!(header(&sts, "content-type"), Some("text/xml"));
    assert_eq!(
        text(&sts),
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <UserId>u</UserId><Account>123456789012</Account><Arn>arn:aws:iam::123456789012:root</Arn>\
         </GetCallerIdentityResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata>\
         </GetCallerIdentityResponse>"
    );
    let rejected = logs::RejectedLogEventsInfo { too_old_log_event_end_index: Some(2), ..Default::default() };
    let put = Response::PutLogEvents(logs::PutLogEventsResponse {
        next_sequence_token: "t".into(),
        rejected_log_events_info: Some(rejected),
    });
    let put = answer(&post("/", &[EVENTS_TARGET], b"{}"), &put);
    assert_eq!(
        text(&put),
        r#"{"nextSequenceToken":"t","rejectedLogEventsInfo":{"tooOldLogEventEndIndex":2}}"#
    );
}

#[test]
fn errors_have_the_form_of_their_protocol() {
    let error = AwsError::new(&cloudwatch::INVALID_PARAMETER_VALUE, "bad <value>");
    let of = |path: &str, headers: &[(&str, &str)], body: &[u8]| {
        aws::encode_error(&Dialect::guess(&post(path, headers, body)), "id-1", &error)
    };
    let json = of("/", &[METRICS_TARGET, ("Content-Type", "application/x-amz-json-1.0"), QUERY_MODE], b"{}");
    let body =
        r#"{"__type":"com.amazonaws.cloudwatch#InvalidParameterValueException","message":"bad <value>"}"#;
    assert_eq!((json.status, text(&json).as_str()), (400, body));
    assert_eq!(header(&json, "x-amzn-query-error"), Some("InvalidParameterValue;Sender"));
    let plain = of("/", &[EVENTS_TARGET, JSON], b"{}");
    assert_eq!(text(&plain), r#"{"__type":"InvalidParameterValueException","message":"bad <value>"}"#);
    assert_eq!(header(&plain, "x-amzn-errortype"), Some("InvalidParameterValueException"));
    assert_eq!(header(&plain, "x-amzn-query-error"), None);
    let cbor = of(METRICS_PATH, &[QUERY_MODE], b"");
    let expected = b"\xa2\x66__type\x78\x37com.amazonaws.cloudwatch#InvalidParameterValueException\x67message\x6bbad <value>";
    assert_eq!(cbor.body.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(header(&cbor, "smithy-protocol"), Some("rpc-v2-cbor"));
    assert_eq!(header(&cbor, "x-amzn-query-error"), Some("InvalidParameterValue;Sender"));
    let form = of("/", &[FORM], METRICS_FORM);
    assert_eq!(
        text(&form),
        "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameterValue</Code>\
         <Message>bad &lt;value&gt;</Message></Error><RequestId>id-1</RequestId></ErrorResponse>"
    );
    let rest = of("/Traces", &[], b"{}");
    assert_eq!(text(&rest), r#"{"message":"bad <value>"}"#);
    assert_eq!(header(&rest, "x-amzn-errortype"), Some("InvalidParameterValueException"));
    for response in [json, plain, cbor, form, rest] {
        assert_eq!(header(&response, "x-amzn-requestid"), Some("id-1"));
    }
}

#[test]
fn signature_errors_have_the_name_and_status_of_their_protocol() {
    let error = AwsError::new(&shapes::INVALID_SIGNATURE, "no");
    for (request, status, name) in [
        (post("/", &[EVENTS_TARGET], b"{}"), 400, "InvalidSignatureException"),
        (post("/", &[FORM], METRICS_FORM), 403, "SignatureDoesNotMatch"),
        (post(METRICS_PATH, &[], b""), 403, "InvalidSignatureException"),
    ] {
        let response = aws::encode_error(&Dialect::guess(&request), "id", &error);
        assert_eq!(response.status, status);
        assert!(text(&response).contains(name), "{}", text(&response));
    }
}

#[test]
fn bad_bodies_are_the_client_s_error_and_never_repeated() {
    const SECRET: &str = "4111111111111111";
    for (body, code) in [
        ("", "InvalidParameterException"),
        ("[]", "SerializationException"),
        ("{", "SerializationException"),
        (r#"{"logGroupName":"g","logStreamName":"s","logEvents":[]} {}"#, "SerializationException"),
        ("\u{feff}{}", "SerializationException"),
        (r#"{"logGroupName":4111111111111111}"#, "SerializationException"),
        (r#"{"logGroupName":"g","logStreamName":"s"}"#, "InvalidParameterException"),
        (
            r#"{"logGroupName":"g","logStreamName":"s","logEvents":"4111111111111111"}"#,
            "SerializationException",
        ),
        (
            r#"{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":"4111111111111111","message":"m"}]}"#,
            "SerializationException",
        ),
        (
            r#"{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1.5,"message":"m"}]}"#,
            "SerializationException",
        ),
        (
            r#"{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1}]}"#,
            "InvalidParameterException",
        ),
        (r#"{"logGroupName":"\ud800","logStreamName":"s","logEvents":[]}"#, "SerializationException"),
    ] {
        let error = decode(&post("/", &[EVENTS_TARGET], body.as_bytes())).expect_err(body);
        assert_eq!((error.shape.name, error.shape.json_status), (code, 400), "{body}: {error}");
        assert!(!error.message.contains(SECRET), "{error}");
    }
    for (request, code) in [
        (post("/", &[METRICS_TARGET], b"{}"), "MissingParameter"),
        (post("/", &[METRICS_TARGET], br#"{"Namespace":"N","MetricData":[{"MetricName":"m","Value":"4111111111111111"}]}"#), "MalformedInput"),
        (post("/", &[METRICS_TARGET], br#"{"Namespace":"N","MetricData":[{"MetricName":"m","Timestamp":"now","Value":1}]}"#), "MalformedInput"),
        (post(METRICS_PATH, &[], b"\xa0"), "MissingParameter"),
        (post(METRICS_PATH, &[], b"{}"), "MalformedInput"),
        (post("/", &[FORM], b"Action=PutMetricData&Version=2010-08-01"), "MissingParameter"),
        (post("/", &[FORM], b"Action=PutMetricData&Version=2010-08-01&Namespace=N&MetricData.member.4111111111111111.Value=4111111111111111x"), "MalformedInput"),
    ] {
        let error = metrics(&request).expect_err("refused");
        assert_eq!(error.shape.query_code, code, "{error}");
        assert!(!error.message.contains(SECRET), "{error}");
    }
}

#[test]
fn a_body_larger_than_its_service_takes_is_refused() {
    let body = vec![b' '; cloudwatch::put_metric_data::REQUEST_BYTES_MAX + 1];
    let error = decode(&post("/", &[METRICS_TARGET], &body)).expect_err("too large");
    assert_eq!(error.shape.json_status, 413);
}

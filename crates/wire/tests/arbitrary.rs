//! No bytes make a decoder panic: arbitrary bodies, and valid bodies after arbitrary changes.

use proptest::prelude::*;
use walletscope_wire::aws::{self, Dialect, HttpRequest, Operation, sigv4};

const JSON_BODY: &str = r#"{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1,"message":"a\"b"},{"timestamp":2,"message":"€"}]}"#;
const FILTER_BODY: &str = r#"{"logGroupName":"g","filterName":"f","filterPattern":"é","metricTransformations":[{"metricName":"m","metricNamespace":"n","metricValue":"1","defaultValue":1e9,"dimensions":{"d":"$.d"}}]}"#;
const READ_BODY: &str = r#"{"logGroupName":"g","logStreamName":"s","logStreamNames":["s"],"nextToken":"f/é1/s","limit":1,"startTime":1,"startFromHead":false}"#;
const METRICS_BODY: &str = r#"{"Namespace":"N","MetricData":[{"MetricName":"a","Timestamp":1440938160.5,"Value":1.5e3,"Dimensions":[{"Name":"d","Value":"v"}]},{"MetricName":"b","Values":[1,"NaN"],"Counts":[3,4]}]}"#;
const FORM_BODY: &str = "Action=PutMetricData&Version=2010-08-01&Namespace=N&MetricData.member.1.MetricName=a%20b&MetricData.member.1.Timestamp=2015-08-30T12%3A36%3A00Z&MetricData.member.1.Values.member.1=1";
const QUERIES_BODY: &str = r#"{"StartTime":1,"EndTime":2.5,"MetricDataQueries":[{"Id":"m1","MetricStat":{"Metric":{"Namespace":"N","MetricName":"é","Dimensions":[{"Name":"d","Value":"v"}]},"Period":60,"Stat":"p99"}},{"Id":"e1","Expression":"m1*2"}],"LabelOptions":{"Timezone":"+0130"}}"#;
const DASHBOARD_BODY: &str = r#"{"DashboardName":"d","DashboardBody":"{\"widgets\":[{\"type\":\"é\"},{}]}","Tags":[{"Key":"k","Value":"v"}]}"#;
const DETECTOR_BODY: &str = r#"{"SingleMetricAnomalyDetector":{"Namespace":"N","MetricName":"m","Stat":"Sum"},"Configuration":{"ExcludedTimeRanges":[{"StartTime":1,"EndTime":2}],"AdaptationSpeed":"FAST"}}"#;
const REGIONS_BODY: &str = "Action=DescribeRegions&Version=2016-11-15&RegionName.1=a&RegionName.2=b&Filter.1.Name=n&Filter.1.Value.1=v";
const METRIC_OPERATIONS: [&str; 7] = [
    "PutMetricData",
    "GetMetricData",
    "GetMetricStatistics",
    "ListMetrics",
    "PutDashboard",
    "PutAnomalyDetector",
    "DescribeAnomalyDetectors",
];
const CBOR_BODY: &[u8] = b"\xbf\x69Namespace\x7f\x61N\xff\x6aMetricData\x9f\xa3\x6aMetricName\x61a\x69Timestamp\xc1\xfb\x41\xd5\x78\xbe\x2c\x20\0\0\x65Value\xf9\x3e\x00\xff\xff";
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
const PRESIGNED: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600&X-Amz-Signature=e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d";

/// Routes, decodes, validates and answers; what matters is that it returns, and that no error is ours.
fn drive(path: &str, headers: &[(&str, &str)], body: &[u8]) {
    let request = HttpRequest { method: "POST", path, query: "", headers, body };
    let route = match aws::route(&request, None) {
        Ok(route) => route,
        Err(error) => {
            assert!(aws::encode_error(&Dialect::guess(&request), "id", &error).status < 500);
            return;
        }
    };
    let outcome = Operation::decode(&route, &request).and_then(|operation| match operation {
        Operation::PutLogEvents(request) => request.validate()?.accept(0, Some(1)).map(drop),
        Operation::PutMetricData(request) => request.validate(0).map(drop),
        Operation::PutMetricFilter(request) => request.validate().map(drop),
        Operation::GetLogEvents(request) => request.validate().map(drop),
        Operation::FilterLogEvents(request) => request.validate(),
        Operation::GetMetricData(request) => request.validate().map(drop),
        Operation::GetMetricStatistics(request) => request.validate().map(drop),
        Operation::ListMetrics(request) => request.validate().map(drop),
        Operation::PutDashboard(request) => request.validate().map(drop),
        Operation::PutAnomalyDetector(request) => request.validate().map(drop),
        Operation::DescribeAnomalyDetectors(request) => request.validate().map(drop),
        Operation::DescribeRegions(request) => request.validate().map(drop),
        Operation::GetResources(request) => request.validate(),
        _ => Ok(()),
    });
    if let Err(error) = outcome {
        assert!(aws::encode_error(&route.dialect(), "id", &error).status < 500);
    }
}

fn drive_all(body: &[u8]) {
    drive("/", &[("x-amz-target", "Logs_20140328.PutLogEvents")], body);
    for name in ["DescribeLogStreams", "PutMetricFilter", "GetLogEvents", "FilterLogEvents"] {
        drive("/", &[("x-amz-target", &format!("Logs_20140328.{name}"))], body);
    }
    for name in METRIC_OPERATIONS {
        drive("/", &[("x-amz-target", &format!("GraniteServiceVersion20100801.{name}"))], body);
        drive(&format!("/service/GraniteServiceVersion20100801/operation/{name}"), &[], body);
    }
    drive("/", &[("x-amz-target", "ResourceGroupsTaggingAPI_20170126.GetResources")], body);
    drive("/", &[("content-type", "application/x-www-form-urlencoded")], body);
    let _ = aws::inflate(Some("gzip"), body, 1 << 16);
}

fn verify(authorization: &str, date: &str, path: &str, query: &str) {
    let headers = [("host", "h"), ("x-amz-date", date), ("authorization", authorization)];
    for headers in [&headers[..], &headers[..2]] {
        let request = HttpRequest { method: "GET", path, query, headers, body: b"" };
        let _ = sigv4::verify(&request, |_| Some("secret"), 1_440_938_160);
    }
}

/// One change: a byte replaced, a run removed, or a run repeated.
fn changed(bytes: &[u8], place: usize, kind: u8, byte: u8) -> Vec<u8> {
    let place = place % bytes.len();
    let end = (place + usize::from(byte % 16) + 1).min(bytes.len());
    let (before, run, after) = (&bytes[..place], &bytes[place..end], &bytes[end..]);
    match kind % 3 {
        0 => [before, &[byte], &bytes[place + 1..]].concat(),
        1 => [before, after].concat(),
        _ => [before, run, run, after].concat(),
    }
}

#[test]
fn the_unchanged_bodies_reach_their_decoders() {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let target = [("x-amz-target", "GraniteServiceVersion20100801.PutMetricData")];
    let path = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    let queries = [("x-amz-target", "GraniteServiceVersion20100801.GetMetricData")];
    let dashboard = [("x-amz-target", "GraniteServiceVersion20100801.PutDashboard")];
    let detector = [("x-amz-target", "GraniteServiceVersion20100801.PutAnomalyDetector")];
    for (path, headers, body) in [
        ("/", &form[..], FORM_BODY.as_bytes()),
        ("/", &form[..], REGIONS_BODY.as_bytes()),
        ("/", &queries[..], QUERIES_BODY.as_bytes()),
        ("/", &dashboard[..], DASHBOARD_BODY.as_bytes()),
        ("/", &detector[..], DETECTOR_BODY.as_bytes()),
        ("/", &target[..], METRICS_BODY.as_bytes()),
        (path, &[], CBOR_BODY),
    ] {
        let request = HttpRequest { method: "POST", path, query: "", headers, body };
        let route = aws::route(&request, None).expect("routed");
        Operation::decode(&route, &request).expect("decoded");
    }
}

proptest! {
    #[test]
    fn arbitrary_bodies_never_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        drive_all(&body);
        drive("/", &[("content-type", "application/x-www-form-urlencoded")], &[b"Action=PutMetricData&Version=2010-08-01&", body.as_slice()].concat());
    }

    #[test]
    fn changed_bodies_never_panic(place: usize, kind: u8, byte: u8, again: usize) {
        let texts = [
            JSON_BODY, FILTER_BODY, READ_BODY, METRICS_BODY, FORM_BODY, QUERIES_BODY, DASHBOARD_BODY, DETECTOR_BODY,
            REGIONS_BODY,
        ];
        for body in texts.map(str::as_bytes).into_iter().chain([CBOR_BODY]) {
            let once = changed(body, place, kind, byte);
            drive_all(&once);
            drive_all(&changed(&once, again, byte, kind));
        }
    }

    #[test]
    fn arbitrary_claims_never_panic(authorization in ".*", date in ".*", path in ".*", query in ".*") {
        verify(&authorization, &date, &path, &query);
        verify(&format!("AWS4-HMAC-SHA256 {authorization}"), &date, &path, &format!("X-Amz-Signature={query}"));
    }

    #[test]
    fn changed_claims_never_panic(place: usize, kind: u8, byte in 0_u8..128) {
        let text = |whole: &str| String::from_utf8(changed(whole.as_bytes(), place, kind, byte)).expect("ASCII");
        verify(&text(AUTHORIZATION), "20150830T123600Z", &text("/a/%20/../b"), &text(PRESIGNED));
        verify(AUTHORIZATION, &text("20150830T123600Z"), "/", "");
    }

    #[test]
    fn headers_and_paths_never_panic_the_router(target in ".*", path in "/.*", media in ".*", action in ".*") {
        let headers = [("x-amz-target", target.as_str()), ("content-type", media.as_str())];
        drive(&path, &headers, action.as_bytes());
        drive(&path, &headers[1..], action.as_bytes());
        drive(&format!("/service{path}/operation/{target}"), &[], b"");
    }
}

//! Literal requests of CloudWatch in, over all three protocols; literal answers out.
//!
//! The requests are what botocore 1.44.8 writes for the same parameters; its parsers read these answers back.

use serde_json::Value;
use walletscope_wire::aws::{self, AwsError, Dialect, HttpRequest, HttpResponse, Operation, Response};
use walletscope_wire::cloudwatch;

const FORM: [(&str, &str); 1] = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")];
const CBOR: [(&str, &str); 2] = [("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor")];

/// Every protocol's request of one operation, routed: with these bodies in JSON, form and CBOR.
fn on_each<T>(name: &str, bodies: [&[u8]; 3], mut then: impl FnMut(&HttpRequest<'_>) -> T) -> [T; 3] {
    let target = format!("GraniteServiceVersion20100801.{name}");
    let path = format!("/service/GraniteServiceVersion20100801/operation/{name}");
    let json = [
        ("X-Amz-Target", target.as_str()),
        ("Content-Type", "application/x-amz-json-1.0"),
        ("x-amzn-query-mode", "true"),
    ];
    let [json_body, form_body, cbor_body] = bodies;
    let post = |path, headers, body| HttpRequest { method: "POST", path, query: "", headers, body };
    [
        then(&post("/", &json, json_body)),
        then(&post("/", &FORM, form_body)),
        then(&post(&path, &CBOR, cbor_body)),
    ]
}

fn decode<'a>(request: &HttpRequest<'a>) -> Result<Operation<'a>, AwsError> {
    aws::route(request, Some("monitoring")).and_then(|route| Operation::decode(&route, request))
}

/// The request as JSON again, and whether it is valid.
fn read_back(operation: Operation<'_>) -> (Value, Result<(), AwsError>) {
    macro_rules! each {
        ($($operation:ident)*) => {
            match operation {
                $(Operation::$operation(request) => {
                    let value = serde_json::to_value(&request).expect("JSON");
                    (value, request.validate().map(drop))
                })*
                other => panic!("not of this file: {other:?}"),
            }
        };
    }
    each! {
        DeleteAnomalyDetector DeleteDashboards DescribeAnomalyDetectors GetDashboard GetMetricData GetMetricStatistics ListDashboards ListMetrics PutAnomalyDetector PutDashboard
    }
}

fn answer(name: &str, json: &str) -> Response {
    macro_rules! each {
        ($($operation:ident)*) => {
            match name {
                $(stringify!($operation) => Response::$operation(serde_json::from_str(json).expect("answer")),)*
                other => panic!("not of this file: {other}"),
            }
        };
    }
    each! {
        DeleteAnomalyDetector DeleteDashboards DescribeAnomalyDetectors GetDashboard GetMetricData GetMetricStatistics ListDashboards ListMetrics PutAnomalyDetector PutDashboard
    }
}

/// Operation; the same request in JSON, as a form, in CBOR.
const REQUESTS: &[(&str, &str, &str, &[u8])] = &[
    (
        "GetMetricData",
        r#"{"MetricDataQueries": [{"Id": "m1", "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "m", "Dimensions": [{"Name": "d", "Value": "v w"}]}, "Period": 60, "Stat": "p99", "Unit": "Count"}, "Label": "${LABEL}", "ReturnData": false, "AccountId": "111122223333"}, {"Id": "e1", "Expression": "m1*100", "Period": 300}], "StartTime": 1767225600, "EndTime": 1767229200.5, "ScanBy": "TimestampAscending", "MaxDatapoints": 100, "NextToken": "t", "LabelOptions": {"Timezone": "+0130"}}"#,
        "Action=GetMetricData&Version=2010-08-01&MetricDataQueries.member.1.Id=m1&MetricDataQueries.member.1.MetricStat.Metric.Namespace=N&MetricDataQueries.member.1.MetricStat.Metric.MetricName=m&MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name=d&MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value=v+w&MetricDataQueries.member.1.MetricStat.Period=60&MetricDataQueries.member.1.MetricStat.Stat=p99&MetricDataQueries.member.1.MetricStat.Unit=Count&MetricDataQueries.member.1.Label=%24%7BLABEL%7D&MetricDataQueries.member.1.ReturnData=false&MetricDataQueries.member.1.AccountId=111122223333&MetricDataQueries.member.2.Id=e1&MetricDataQueries.member.2.Expression=m1%2A100&MetricDataQueries.member.2.Period=300&StartTime=2026-01-01T00%3A00%3A00Z&EndTime=2026-01-01T01%3A00%3A00.500000Z&ScanBy=TimestampAscending&MaxDatapoints=100&NextToken=t&LabelOptions.Timezone=%2B0130",
        b"\xa7qMetricDataQueries\x82\xa5bIdbm1jMetricStat\xa4fMetric\xa3iNamespaceaNjMetricNameamjDimensions\x81\xa2dNameadeValuecv wfPeriod\x18<dStatcp99dUniteCounteLabelh${LABEL}jReturnData\xf4iAccountIdl111122223333\xa3bIdbe1jExpressionfm1*100fPeriod\x19\x01,iStartTime\xc1\x1aiU\xb9\x00gEndTime\xc1\xfbA\xdaUq\xc4 \x00\x00fScanByrTimestampAscendingmMaxDatapoints\x18diNextTokenatlLabelOptions\xa1hTimezonee+0130",
    ),
    (
        "GetMetricStatistics",
        r#"{"Namespace": "N", "MetricName": "m", "Dimensions": [{"Name": "d", "Value": "v w"}], "StartTime": 1767225600, "EndTime": 1767229200, "Period": 60, "Statistics": ["Sum", "Average"], "ExtendedStatistics": ["p99"], "Unit": "Count"}"#,
        "Action=GetMetricStatistics&Version=2010-08-01&Namespace=N&MetricName=m&Dimensions.member.1.Name=d&Dimensions.member.1.Value=v+w&StartTime=2026-01-01T00%3A00%3A00Z&EndTime=2026-01-01T01%3A00%3A00Z&Period=60&Statistics.member.1=Sum&Statistics.member.2=Average&ExtendedStatistics.member.1=p99&Unit=Count",
        b"\xa9iNamespaceaNjMetricNameamjDimensions\x81\xa2dNameadeValuecv wiStartTime\xc1\x1aiU\xb9\x00gEndTime\xc1\x1aiU\xc7\x10fPeriod\x18<jStatistics\x82cSumgAveragerExtendedStatistics\x81cp99dUniteCount",
    ),
    (
        "ListMetrics",
        r#"{"Namespace": "N", "MetricName": "m", "Dimensions": [{"Name": "d", "Value": "v w"}, {"Name": "e"}], "NextToken": "t", "RecentlyActive": "PT3H", "IncludeLinkedAccounts": true, "OwningAccount": "111122223333"}"#,
        "Action=ListMetrics&Version=2010-08-01&Namespace=N&MetricName=m&Dimensions.member.1.Name=d&Dimensions.member.1.Value=v+w&Dimensions.member.2.Name=e&NextToken=t&RecentlyActive=PT3H&IncludeLinkedAccounts=true&OwningAccount=111122223333",
        b"\xa7iNamespaceaNjMetricNameamjDimensions\x82\xa2dNameadeValuecv w\xa1dNameaeiNextTokenatnRecentlyActivedPT3HuIncludeLinkedAccounts\xf5mOwningAccountl111122223333",
    ),
    (
        "PutDashboard",
        r#"{"DashboardName": "d-1", "DashboardBody": "{\"widgets\":[]}", "Tags": [{"Key": "k", "Value": "v"}]}"#,
        "Action=PutDashboard&Version=2010-08-01&DashboardName=d-1&DashboardBody=%7B%22widgets%22%3A%5B%5D%7D&Tags.member.1.Key=k&Tags.member.1.Value=v",
        b"\xa3mDashboardNamecd-1mDashboardBodyn{\"widgets\":[]}dTags\x81\xa2cKeyakeValueav",
    ),
    (
        "GetDashboard",
        r#"{"DashboardName": "d-1"}"#,
        "Action=GetDashboard&Version=2010-08-01&DashboardName=d-1",
        b"\xa1mDashboardNamecd-1",
    ),
    (
        "ListDashboards",
        r#"{"DashboardNamePrefix": "d", "NextToken": "t"}"#,
        "Action=ListDashboards&Version=2010-08-01&DashboardNamePrefix=d&NextToken=t",
        b"\xa2sDashboardNamePrefixadiNextTokenat",
    ),
    (
        "DeleteDashboards",
        r#"{"DashboardNames": ["d-1", "d-2"]}"#,
        "Action=DeleteDashboards&Version=2010-08-01&DashboardNames.member.1=d-1&DashboardNames.member.2=d-2",
        b"\xa1nDashboardNames\x82cd-1cd-2",
    ),
    (
        "PutAnomalyDetector",
        r#"{"SingleMetricAnomalyDetector": {"AccountId": "111122223333", "Namespace": "N", "MetricName": "m", "Dimensions": [{"Name": "d", "Value": "v w"}], "Stat": "Average"}, "Configuration": {"ExcludedTimeRanges": [{"StartTime": 1767225600, "EndTime": 1767229200}], "MetricTimezone": "Europe/Berlin", "AdaptationSpeed": "FAST", "OutlierFilteringStrength": "STRICT"}, "MetricCharacteristics": {"PeriodicSpikes": true}}"#,
        "Action=PutAnomalyDetector&Version=2010-08-01&SingleMetricAnomalyDetector.AccountId=111122223333&SingleMetricAnomalyDetector.Namespace=N&SingleMetricAnomalyDetector.MetricName=m&SingleMetricAnomalyDetector.Dimensions.member.1.Name=d&SingleMetricAnomalyDetector.Dimensions.member.1.Value=v+w&SingleMetricAnomalyDetector.Stat=Average&Configuration.ExcludedTimeRanges.member.1.StartTime=2026-01-01T00%3A00%3A00Z&Configuration.ExcludedTimeRanges.member.1.EndTime=2026-01-01T01%3A00%3A00Z&Configuration.MetricTimezone=Europe%2FBerlin&Configuration.AdaptationSpeed=FAST&Configuration.OutlierFilteringStrength=STRICT&MetricCharacteristics.PeriodicSpikes=true",
        b"\xa3x\x1bSingleMetricAnomalyDetector\xa5iAccountIdl111122223333iNamespaceaNjMetricNameamjDimensions\x81\xa2dNameadeValuecv wdStatgAveragemConfiguration\xa4rExcludedTimeRanges\x81\xa2iStartTime\xc1\x1aiU\xb9\x00gEndTime\xc1\x1aiU\xc7\x10nMetricTimezonemEurope/BerlinoAdaptationSpeeddFASTx\x18OutlierFilteringStrengthfSTRICTuMetricCharacteristics\xa1nPeriodicSpikes\xf5",
    ),
    (
        "DescribeAnomalyDetectors",
        r#"{"NextToken": "t", "MaxResults": 10, "Namespace": "N", "MetricName": "m", "Dimensions": [{"Name": "d", "Value": "v w"}], "AnomalyDetectorTypes": ["SINGLE_METRIC", "METRIC_MATH"]}"#,
        "Action=DescribeAnomalyDetectors&Version=2010-08-01&NextToken=t&MaxResults=10&Namespace=N&MetricName=m&Dimensions.member.1.Name=d&Dimensions.member.1.Value=v+w&AnomalyDetectorTypes.member.1=SINGLE_METRIC&AnomalyDetectorTypes.member.2=METRIC_MATH",
        b"\xa6iNextTokenatjMaxResults\x0aiNamespaceaNjMetricNameamjDimensions\x81\xa2dNameadeValuecv wtAnomalyDetectorTypes\x82mSINGLE_METRICkMETRIC_MATH",
    ),
    (
        "DescribeAnomalyDetectors",
        r#"{"AnomalyDetectorIds": ["id-1"]}"#,
        "Action=DescribeAnomalyDetectors&Version=2010-08-01&AnomalyDetectorIds.member.1=id-1",
        b"\xa1rAnomalyDetectorIds\x81did-1",
    ),
    (
        "DeleteAnomalyDetector",
        r#"{"MetricMathAnomalyDetector": {"MetricDataQueries": [{"Id": "m1", "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}, "ReturnData": false}, {"Id": "e1", "Expression": "m1*2"}]}}"#,
        "Action=DeleteAnomalyDetector&Version=2010-08-01&MetricMathAnomalyDetector.MetricDataQueries.member.1.Id=m1&MetricMathAnomalyDetector.MetricDataQueries.member.1.MetricStat.Metric.Namespace=N&MetricMathAnomalyDetector.MetricDataQueries.member.1.MetricStat.Metric.MetricName=m&MetricMathAnomalyDetector.MetricDataQueries.member.1.MetricStat.Period=60&MetricMathAnomalyDetector.MetricDataQueries.member.1.MetricStat.Stat=Sum&MetricMathAnomalyDetector.MetricDataQueries.member.1.ReturnData=false&MetricMathAnomalyDetector.MetricDataQueries.member.2.Id=e1&MetricMathAnomalyDetector.MetricDataQueries.member.2.Expression=m1%2A2",
        b"\xa1x\x19MetricMathAnomalyDetector\xa1qMetricDataQueries\x82\xa3bIdbm1jMetricStat\xa3fMetric\xa2iNamespaceaNjMetricNameamfPeriod\x18<dStatcSumjReturnData\xf4\xa2bIdbe1jExpressiondm1*2",
    ),
    (
        "DeleteAnomalyDetector",
        r#"{"AnomalyDetectorId": "id-1"}"#,
        "Action=DeleteAnomalyDetector&Version=2010-08-01&AnomalyDetectorId=id-1",
        b"\xa1qAnomalyDetectorIddid-1",
    ),
];

#[test]
fn three_protocols_carry_the_same_request_whole() {
    for (name, json, form, cbor) in REQUESTS {
        let bodies = [json.as_bytes(), form.as_bytes(), cbor];
        let read = on_each(name, bodies, |request| read_back(decode(request).expect(name)));
        let expected: Value = serde_json::from_str(json).expect("test JSON");
        for (value, valid) in read {
            assert_eq!(without_empty_lists(value), expected, "{name}");
            assert_eq!(valid, Ok(()), "{name}");
        }
    }
}

/// A metric without dimensions is written with an empty list, which clients leave out.
fn without_empty_lists(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let filled =
                members.into_iter().filter(|(_, value)| value.as_array().is_none_or(|list| !list.is_empty()));
            Value::Object(filled.map(|(name, value)| (name, without_empty_lists(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_empty_lists).collect()),
        other => other,
    }
}

#[test]
fn requests_cut_short_are_the_client_s_error() {
    for (name, json, form, cbor) in REQUESTS {
        for cut in [1, 7, cbor.len() / 2] {
            let bodies = [
                &json.as_bytes()[..json.len() - cut.min(json.len())],
                form.as_bytes(),
                &cbor[..cbor.len() - cut],
            ];
            let [json, _, cbor] =
                on_each(name, bodies, |request| decode(request).err().map(|error| error.shape.name));
            assert_eq!(cbor, Some("SerializationException"), "{name}");
            assert_eq!(json, Some("SerializationException"), "{name}");
        }
    }
}

#[test]
fn members_of_a_wrong_type_are_the_client_s_error_and_never_repeated() {
    for (name, json, form, cbor) in [
        (
            "GetMetricData",
            r#"{"StartTime":"4111111111111111"}"#,
            "StartTime=4111111111111111",
            b"\xa1iStartTimep4111111111111111".as_slice(),
        ),
        (
            "GetMetricData",
            r#"{"MetricDataQueries":{"a":4111111111111111}}"#,
            "MetricDataQueries.member.1.MetricStat.Period=x4111111111111111",
            b"\xa1qMetricDataQueries\xa0",
        ),
        (
            "GetMetricStatistics",
            r#"{"Period":"4111111111111111"}"#,
            "Period=x4111111111111111",
            b"\xa1fPeriodp4111111111111111",
        ),
        (
            "ListMetrics",
            r#"{"IncludeLinkedAccounts":4111111111111111}"#,
            "IncludeLinkedAccounts=4111111111111111",
            b"\xa1uIncludeLinkedAccounts\x01",
        ),
        (
            "PutDashboard",
            r#"{"DashboardBody":{}}"#,
            "DashboardBody.member.1=4111111111111111",
            b"\xa1mDashboardBody\xa0",
        ),
        (
            "DescribeAnomalyDetectors",
            r#"{"MaxResults":4111111111111111}"#,
            "MaxResults=4111111111111111",
            b"\xa1jMaxResults\x1b\x00\x0e\x9b\x0a\xb5\x6d\x51\xc7",
        ),
    ] {
        let form = format!("Action={name}&Version=2010-08-01&{form}");
        let errors = on_each(name, [json.as_bytes(), form.as_bytes(), cbor], |request| decode(request).err());
        for error in errors {
            let error = error.expect(name);
            assert_eq!(error.shape.name, "SerializationException", "{name}");
            assert!(!error.message.contains("4111111111111111"), "{error}");
        }
    }
}

/// Operation; its answer in JSON, the result element in XML, and CBOR.
const ANSWERS: &[(&str, &str, &str, &[u8])] = &[
    (
        "GetMetricData",
        r#"{"MetricDataResults":[{"Id":"m1","Label":"a & b","Timestamps":[1767225660,1767225600],"Values":[1.5,-2.0],"StatusCode":"PartialData","Messages":[{"Code":"MultipleUnits","Value":"Multiple units returned: '[Count, Seconds]'"}]},{"Id":"e1","Label":"e1","Timestamps":[],"Values":[],"StatusCode":"Complete"}],"Messages":[],"NextToken":"t"}"#,
        r#"<GetMetricDataResult><MetricDataResults><member><Id>m1</Id><Label>a &amp; b</Label><Timestamps><member>2026-01-01T00:01:00Z</member><member>2026-01-01T00:00:00Z</member></Timestamps><Values><member>1.5</member><member>-2.0</member></Values><StatusCode>PartialData</StatusCode><Messages><member><Code>MultipleUnits</Code><Value>Multiple units returned: '[Count, Seconds]'</Value></member></Messages></member><member><Id>e1</Id><Label>e1</Label><Timestamps></Timestamps><Values></Values><StatusCode>Complete</StatusCode></member></MetricDataResults><Messages></Messages><NextToken>t</NextToken></GetMetricDataResult>"#,
        b"\xa3qMetricDataResults\x82\xa6bIdbm1eLabelea & bjTimestamps\x82\xc1\x1aiU\xb9<\xc1\x1aiU\xb9\x00fValues\x82\xfb?\xf8\x00\x00\x00\x00\x00\x00\xfb\xc0\x00\x00\x00\x00\x00\x00\x00jStatusCodekPartialDatahMessages\x81\xa2dCodemMultipleUnitseValuex+Multiple units returned: '[Count, Seconds]'\xa5bIdbe1eLabelbe1jTimestamps\x80fValues\x80jStatusCodehCompletehMessages\x80iNextTokenat",
    ),
    (
        "GetMetricStatistics",
        r#"{"Label":"m","Datapoints":[{"Timestamp":1767225600,"SampleCount":2.0,"Average":1.5,"Sum":3.0,"Minimum":1.0,"Maximum":2.0,"Unit":"Count","ExtendedStatistics":{"p99":2.0,"tm90":1.5}},{"Timestamp":1767225660,"Sum":4.0,"Unit":"None"}]}"#,
        r#"<GetMetricStatisticsResult><Label>m</Label><Datapoints><member><Timestamp>2026-01-01T00:00:00Z</Timestamp><SampleCount>2.0</SampleCount><Average>1.5</Average><Sum>3.0</Sum><Minimum>1.0</Minimum><Maximum>2.0</Maximum><Unit>Count</Unit><ExtendedStatistics><entry><key>p99</key><value>2.0</value></entry><entry><key>tm90</key><value>1.5</value></entry></ExtendedStatistics></member><member><Timestamp>2026-01-01T00:01:00Z</Timestamp><Sum>4.0</Sum><Unit>None</Unit></member></Datapoints></GetMetricStatisticsResult>"#,
        b"\xa2eLabelamjDatapoints\x82\xa8iTimestamp\xc1\x1aiU\xb9\x00kSampleCount\xfb@\x00\x00\x00\x00\x00\x00\x00gAverage\xfb?\xf8\x00\x00\x00\x00\x00\x00cSum\xfb@\x08\x00\x00\x00\x00\x00\x00gMinimum\xfb?\xf0\x00\x00\x00\x00\x00\x00gMaximum\xfb@\x00\x00\x00\x00\x00\x00\x00dUniteCountrExtendedStatistics\xa2cp99\xfb@\x00\x00\x00\x00\x00\x00\x00dtm90\xfb?\xf8\x00\x00\x00\x00\x00\x00\xa3iTimestamp\xc1\x1aiU\xb9<cSum\xfb@\x10\x00\x00\x00\x00\x00\x00dUnitdNone",
    ),
    (
        "ListMetrics",
        r#"{"Metrics":[{"Namespace":"N","MetricName":"m","Dimensions":[{"Name":"d","Value":"v w"}]},{"Namespace":"N","MetricName":"n","Dimensions":[]}],"NextToken":"t","OwningAccounts":["111122223333","111122223333"]}"#,
        r#"<ListMetricsResult><Metrics><member><Namespace>N</Namespace><MetricName>m</MetricName><Dimensions><member><Name>d</Name><Value>v w</Value></member></Dimensions></member><member><Namespace>N</Namespace><MetricName>n</MetricName><Dimensions></Dimensions></member></Metrics><NextToken>t</NextToken><OwningAccounts><member>111122223333</member><member>111122223333</member></OwningAccounts></ListMetricsResult>"#,
        b"\xa3gMetrics\x82\xa3iNamespaceaNjMetricNameamjDimensions\x81\xa2dNameadeValuecv w\xa3iNamespaceaNjMetricNameanjDimensions\x80iNextTokenatnOwningAccounts\x82l111122223333l111122223333",
    ),
    (
        "PutDashboard",
        r#"{"DashboardValidationMessages":[]}"#,
        r#"<PutDashboardResult><DashboardValidationMessages></DashboardValidationMessages></PutDashboardResult>"#,
        b"\xa1x\x1bDashboardValidationMessages\x80",
    ),
    (
        "GetDashboard",
        r#"{"DashboardArn":"arn:aws:cloudwatch::111122223333:dashboard/d-1","DashboardBody":"{\"widgets\":[]}","DashboardName":"d-1"}"#,
        r#"<GetDashboardResult><DashboardArn>arn:aws:cloudwatch::111122223333:dashboard/d-1</DashboardArn><DashboardBody>{&quot;widgets&quot;:[]}</DashboardBody><DashboardName>d-1</DashboardName></GetDashboardResult>"#,
        b"\xa3lDashboardArnx.arn:aws:cloudwatch::111122223333:dashboard/d-1mDashboardBodyn{\"widgets\":[]}mDashboardNamecd-1",
    ),
    (
        "ListDashboards",
        r#"{"DashboardEntries":[{"DashboardName":"d-1","DashboardArn":"arn:aws:cloudwatch::111122223333:dashboard/d-1","LastModified":1767225600,"Size":14}],"NextToken":"t"}"#,
        r#"<ListDashboardsResult><DashboardEntries><member><DashboardName>d-1</DashboardName><DashboardArn>arn:aws:cloudwatch::111122223333:dashboard/d-1</DashboardArn><LastModified>2026-01-01T00:00:00Z</LastModified><Size>14</Size></member></DashboardEntries><NextToken>t</NextToken></ListDashboardsResult>"#,
        b"\xa2pDashboardEntries\x81\xa4mDashboardNamecd-1lDashboardArnx.arn:aws:cloudwatch::111122223333:dashboard/d-1lLastModified\xc1\x1aiU\xb9\x00dSize\x0eiNextTokenat",
    ),
    (
        "DeleteDashboards",
        r#"{}"#,
        r#"<DeleteDashboardsResult></DeleteDashboardsResult>"#,
        b"\xa0",
    ),
    (
        "PutAnomalyDetector",
        r#"{"AnomalyDetectorId":"id-1"}"#,
        r#"<PutAnomalyDetectorResult><AnomalyDetectorId>id-1</AnomalyDetectorId></PutAnomalyDetectorResult>"#,
        b"\xa1qAnomalyDetectorIddid-1",
    ),
    (
        "DescribeAnomalyDetectors",
        r#"{"AnomalyDetectors":[{"AnomalyDetectorId":"id-1","Namespace":"N","MetricName":"m","Dimensions":[{"Name":"d","Value":"v w"}],"Stat":"Average","Configuration":{"ExcludedTimeRanges":[{"StartTime":1767225600,"EndTime":1767229200}],"MetricTimezone":"Europe/Berlin","AdaptationSpeed":"FAST","OutlierFilteringStrength":"STRICT"},"StateValue":"PENDING_TRAINING","MetricCharacteristics":{"PeriodicSpikes":true},"SingleMetricAnomalyDetector":{"AccountId":"111122223333","Namespace":"N","MetricName":"m","Dimensions":[{"Name":"d","Value":"v w"}],"Stat":"Average"}},{"AnomalyDetectorId":"id-2","Configuration":{"AdaptationSpeed":"NORMAL","OutlierFilteringStrength":"MODERATE"},"StateValue":"TRAINED_INSUFFICIENT_DATA","MetricMathAnomalyDetector":{"MetricDataQueries":[{"Id":"m1","MetricStat":{"Metric":{"Namespace":"N","MetricName":"m","Dimensions":[]},"Period":60,"Stat":"Sum"},"ReturnData":false},{"Id":"e1","Expression":"m1*2","ReturnData":true}]}}],"NextToken":"t"}"#,
        r#"<DescribeAnomalyDetectorsResult><AnomalyDetectors><member><AnomalyDetectorId>id-1</AnomalyDetectorId><Namespace>N</Namespace><MetricName>m</MetricName><Dimensions><member><Name>d</Name><Value>v w</Value></member></Dimensions><Stat>Average</Stat><Configuration><ExcludedTimeRanges><member><StartTime>2026-01-01T00:00:00Z</StartTime><EndTime>2026-01-01T01:00:00Z</EndTime></member></ExcludedTimeRanges><MetricTimezone>Europe/Berlin</MetricTimezone><AdaptationSpeed>FAST</AdaptationSpeed><OutlierFilteringStrength>STRICT</OutlierFilteringStrength></Configuration><StateValue>PENDING_TRAINING</StateValue><MetricCharacteristics><PeriodicSpikes>true</PeriodicSpikes></MetricCharacteristics><SingleMetricAnomalyDetector><AccountId>111122223333</AccountId><Namespace>N</Namespace><MetricName>m</MetricName><Dimensions><member><Name>d</Name><Value>v w</Value></member></Dimensions><Stat>Average</Stat></SingleMetricAnomalyDetector></member><member><AnomalyDetectorId>id-2</AnomalyDetectorId><Configuration><AdaptationSpeed>NORMAL</AdaptationSpeed><OutlierFilteringStrength>MODERATE</OutlierFilteringStrength></Configuration><StateValue>TRAINED_INSUFFICIENT_DATA</StateValue><MetricMathAnomalyDetector><MetricDataQueries><member><Id>m1</Id><MetricStat><Metric><Namespace>N</Namespace><MetricName>m</MetricName><Dimensions></Dimensions></Metric><Period>60</Period><Stat>Sum</Stat></MetricStat><ReturnData>false</ReturnData></member><member><Id>e1</Id><Expression>m1*2</Expression><ReturnData>true</ReturnData></member></MetricDataQueries></MetricMathAnomalyDetector></member></AnomalyDetectors><NextToken>t</NextToken></DescribeAnomalyDetectorsResult>"#,
        b"\xa2pAnomalyDetectors\x82\xa9qAnomalyDetectorIddid-1iNamespaceaNjMetricNameamjDimensions\x81\xa2dNameadeValuecv wdStatgAveragemConfiguration\xa4rExcludedTimeRanges\x81\xa2iStartTime\xc1\x1aiU\xb9\x00gEndTime\xc1\x1aiU\xc7\x10nMetricTimezonemEurope/BerlinoAdaptationSpeeddFASTx\x18OutlierFilteringStrengthfSTRICTjStateValuepPENDING_TRAININGuMetricCharacteristics\xa1nPeriodicSpikes\xf5x\x1bSingleMetricAnomalyDetector\xa5iAccountIdl111122223333iNamespaceaNjMetricNameamjDimensions\x81\xa2dNameadeValuecv wdStatgAverage\xa4qAnomalyDetectorIddid-2mConfiguration\xa2oAdaptationSpeedfNORMALx\x18OutlierFilteringStrengthhMODERATEjStateValuex\x19TRAINED_INSUFFICIENT_DATAx\x19MetricMathAnomalyDetector\xa1qMetricDataQueries\x82\xa3bIdbm1jMetricStat\xa3fMetric\xa3iNamespaceaNjMetricNameamjDimensions\x80fPeriod\x18<dStatcSumjReturnData\xf4\xa3bIdbe1jExpressiondm1*2jReturnData\xf5iNextTokenat",
    ),
    (
        "DeleteAnomalyDetector",
        r#"{}"#,
        r#"<DeleteAnomalyDetectorResult></DeleteAnomalyDetectorResult>"#,
        b"\xa0",
    ),
];

#[test]
fn answers_have_the_form_of_their_protocol() {
    for (name, json, xml, cbor) in ANSWERS {
        let response = answer(name, json);
        let xml = format!(
            "<{name}Response xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">{xml}<ResponseMetadata>\
             <RequestId>id-1</RequestId></ResponseMetadata></{name}Response>"
        );
        let form = format!("Action={name}&Version=2010-08-01");
        let written = on_each(name, [b"{}", form.as_bytes(), b"\xa0"], |request| {
            aws::encode_response(&aws::route(request, None).expect("routed"), "id-1", &response)
        });
        for (response, expected) in written.iter().zip([json.as_bytes(), xml.as_bytes(), cbor]) {
            let (actual, expected) = (response.body.escape_ascii(), expected.escape_ascii());
            assert_eq!(actual.to_string(), expected.to_string(), "{name}");
        }
    }
}

fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
}

fn refused(name: &str, error: &AwsError) -> [HttpResponse; 3] {
    let form = format!("Action={name}&Version=2010-08-01");
    on_each(name, [b"{}", form.as_bytes(), b"\xa0"], |request| {
        let dialect =
            aws::route(request, None).map_or_else(|_| Dialect::guess(request), |route| route.dialect());
        aws::encode_error(&dialect, "id-1", error)
    })
}

#[test]
fn an_absent_dashboard_is_404_in_every_protocol() {
    let [json, form, cbor] = refused("GetDashboard", &cloudwatch::dashboard_not_found("d"));
    let body =
        br#"{"__type":"com.amazonaws.cloudwatch#DashboardNotFoundError","message":"Dashboard d does not exist"}"#;
    assert_eq!((json.status, json.body.as_slice()), (404, body.as_slice()));
    assert_eq!(header(&json, "x-amzn-query-error"), Some("ResourceNotFound;Sender"));
    let body = b"<ErrorResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><Error><Type>Sender</Type>\
        <Code>ResourceNotFound</Code><Message>Dashboard d does not exist</Message></Error>\
        <RequestId>id-1</RequestId></ErrorResponse>";
    assert_eq!((form.status, form.body.escape_ascii().to_string()), (404, body.escape_ascii().to_string()));
    assert_eq!(cbor.status, 404);
}

#[test]
fn a_bad_dashboard_body_lists_its_faults_in_every_protocol() {
    let request = cloudwatch::PutDashboardRequest {
        dashboard_name: Some("d".to_owned()),
        dashboard_body: Some("[]".to_owned()),
        tags: Vec::new(),
    };
    let [json, form, cbor] = refused("PutDashboard", &request.validate().expect_err("no object"));
    let json: Value = serde_json::from_slice(&json.body).expect("JSON");
    assert_eq!(json["__type"], "com.amazonaws.cloudwatch#DashboardInvalidInputError");
    let faults = serde_json::json!([{"DataPath": "/", "Message": "Should be object"}]);
    assert_eq!(json["dashboardValidationMessages"], faults);
    let form = String::from_utf8(form.body).expect("UTF-8");
    let faults = "<dashboardValidationMessages><member><DataPath>/</DataPath><Message>Should be object</Message>\
                  </member></dashboardValidationMessages></Error>";
    assert!(form.contains("<Code>InvalidParameterInput</Code>") && form.contains(faults), "{form}");
    let faults = b"x\x1bdashboardValidationMessages\x81\xa2hDataPatha/gMessagepShould be object";
    assert!(cbor.body.ends_with(faults), "{}", cbor.body.escape_ascii());
}

#[test]
fn a_dashboard_may_be_larger_than_other_requests() {
    let padding = " ".repeat(cloudwatch::dashboards::DASHBOARD_BODY_BYTES_MAX - 14);
    let form = format!(
        "Action=PutDashboard&Version=2010-08-01&DashboardName=d&DashboardBody=%7B%22widgets%22%3A%5B%5D{}%7D",
        padding.replace(' ', "%20")
    );
    let request = HttpRequest { method: "POST", path: "/", query: "", headers: &FORM, body: form.as_bytes() };
    let Ok(Operation::PutDashboard(dashboard)) = decode(&request) else { panic!("a dashboard") };
    assert!(dashboard.validate().is_ok());
    let large = " ".repeat(4 * cloudwatch::dashboards::DASHBOARD_BODY_BYTES_MAX + 1);
    for name in ["PutDashboard", "GetMetricData"] {
        let target = format!("GraniteServiceVersion20100801.{name}");
        let headers = [("X-Amz-Target", target.as_str())];
        let body = if name == "PutDashboard" { large.as_bytes() } else { &large.as_bytes()[..1_048_577] };
        let request = HttpRequest { method: "POST", path: "/", query: "", headers: &headers, body };
        assert_eq!(decode(&request).expect_err("too large").shape.json_status, 413, "{name}");
    }
}

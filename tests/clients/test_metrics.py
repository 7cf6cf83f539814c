"""PutMetricData over the three protocols that clients speak today, in its three shapes of a value."""

from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from cbor import encode
from error_answer import error_code
from signed_call import cbor_call, query_call, send

NAMESPACE = "TokenServices"
CLOUDWATCH_VERSION = "2010-08-01"
DIMENSIONS = [{"Name": "WalletProvider", "Value": "ApplePay"}, {"Name": "Issuer", "Value": "DEMO_Bank"}]
COMPRESSED_FROM_BYTES = 10_240


def datum(**value):
    return {"MetricName": "TokenProvisioningLatency", "Dimensions": DIMENSIONS, "Unit": "Seconds", **value}


ACCEPTED = {
    "value": datum(Value=1.245),
    "values and counts": datum(Values=[1.1, 1.2], Counts=[3.0, 1.0]),
    "values alone": datum(Values=[1.1, 1.2]),
    "statistic set": datum(StatisticValues={"SampleCount": 4.0, "Sum": 5.0, "Minimum": 1.0, "Maximum": 2.0}),
    "zero": datum(Value=0.0),
    "high resolution": datum(Value=1.0, StorageResolution=1),
}

# What is refused, and with which code. Limits and codes: API reference of PutMetricData.
REFUSED = {
    "value and statistics": (
        datum(Value=1.0, StatisticValues={"SampleCount": 1.0, "Sum": 1.0, "Minimum": 1.0, "Maximum": 1.0}),
        "InvalidParameterCombination",
    ),
    "fewer counts than values": (datum(Values=[1.0, 2.0], Counts=[1.0]), "InvalidParameterValue"),
    "151 values": (datum(Values=[float(index) for index in range(151)]), "InvalidParameterValue"),
    "beyond 2^360": (datum(Value=2.0**361), "InvalidParameterValue"),
    "over 2 h ahead": (
        datum(Value=1.0, Timestamp=datetime.now(timezone.utc) + timedelta(hours=3)),
        "InvalidParameterValue",
    ),
    "over 14 d old": (
        datum(Value=1.0, Timestamp=datetime.now(timezone.utc) - timedelta(days=15)),
        "InvalidParameterValue",
    ),
    "31 dimensions": (
        datum(Value=1.0) | {"Dimensions": [{"Name": f"d{index}", "Value": "x"} for index in range(31)]},
        "InvalidParameterValue",
    ),
}


@pytest.mark.parametrize("member", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_json_takes_each_shape_of_a_value(cloudwatch, member):
    answer = cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[member])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize("member,code", REFUSED.values(), ids=REFUSED.keys())
def test_json_refuses_what_the_service_refuses(cloudwatch, member, code):
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[member])
    error = refused.value.response
    assert error["Error"]["Code"] == code
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_large_call_is_compressed_and_taken(cloudwatch):
    seen = []
    cloudwatch.meta.events.register("before-send.cloudwatch.PutMetricData", lambda request, **_: seen.append(request))
    many = [datum(Value=float(index)) for index in range(300)]
    cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=many)
    encoding = seen[0].headers["Content-Encoding"]
    assert (encoding.decode() if isinstance(encoding, bytes) else encoding) == "gzip"
    assert len(seen[0].body) < COMPRESSED_FROM_BYTES


def test_query_takes_a_form_and_answers_xml(server):
    member = "MetricData.member.1"
    parameters = {
        "Namespace": NAMESPACE,
        f"{member}.MetricName": "TokenProvisioningRequests",
        f"{member}.Dimensions.member.1.Name": "WalletProvider",
        f"{member}.Dimensions.member.1.Value": "ApplePay",
        f"{member}.Unit": "Count",
        f"{member}.Timestamp": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        f"{member}.Value": "1.0",
    }
    answer = send(server, query_call("monitoring", "PutMetricData", CLOUDWATCH_VERSION, parameters))
    assert answer.status_code == 200, answer.text
    assert "xml" in answer.headers["Content-Type"]
    assert 'xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"' in answer.text
    assert "<RequestId>" in answer.text


def test_query_names_what_is_missing(server):
    answer = send(server, query_call("monitoring", "PutMetricData", CLOUDWATCH_VERSION))
    assert (answer.status_code, error_code(answer)) == (400, "MissingParameter"), answer.text
    assert "<Type>Sender</Type>" in answer.text


def test_cbor_takes_doubles_integers_and_timestamps(server):
    now = datetime.now(timezone.utc)
    body = {"Namespace": NAMESPACE, "MetricData": [datum(Value=1.245, Timestamp=now), datum(Value=2)]}
    answer = send(server, cbor_call("PutMetricData", encode(body)))
    assert answer.status_code == 200, answer.content
    assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"


def test_cbor_refuses_with_the_code_of_the_query_protocol_beside_its_own(server):
    member, code = REFUSED["value and statistics"]
    answer = send(server, cbor_call("PutMetricData", encode({"Namespace": NAMESPACE, "MetricData": [member]})))
    assert (answer.status_code, error_code(answer)) == (400, f"{code}Exception")
    assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"
    assert answer.headers["x-amzn-query-error"] == f"{code};Sender"

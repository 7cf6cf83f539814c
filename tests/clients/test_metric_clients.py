"""The same questions about metrics through every client: the SDKs for Python, JavaScript and Rust, the AWS CLI 2, and
CBOR written by hand. What one of them sees, all of them see, and it is right."""

import uuid

import pytest

import metric_clients
from metric_calls import DAY, HOUR, MINUTE, base_time, datum, dimensions, expression, metric, settle
from server_process import ACCOUNT
from test_aws_cli import aws_2  # noqa: F401  a fixture

CLIENTS = ["boto3", "cli", "javascript", "rust", "cbor"]
NAMED = {"WalletProvider": "ApplePay", "Issuer": "Bank & <Söhne>"}


@pytest.fixture(scope="module")
def base():
    return base_time(5 * MINUTE)


@pytest.fixture(scope="module")
def asks(request):
    """How a client is asked, by its name; the Rust client is built when it is first wanted."""
    if request.param == "cli":
        return metric_clients.cli_asks(request.getfixturevalue("aws_2"))
    if request.param == "rust":
        return metric_clients.rust_asks(metric_clients.built_rust_client())
    if request.param == "javascript" and not (metric_clients.JAVASCRIPT.parent / "node_modules").exists():
        pytest.fail(f"the SDK is missing; `npm ci --prefix {metric_clients.JAVASCRIPT.parent}` installs it")
    return {
        "boto3": metric_clients.boto3_asks,
        "javascript": metric_clients.javascript_asks,
        "cbor": metric_clients.cbor_asks,
    }[request.param]


def data(base):
    """One datum of each shape."""
    return [
        datum("Latency", base, 1.245, NAMED, Unit="Seconds"),
        datum("Latency", base + 1, 0.1, NAMED, Unit="Seconds", StorageResolution=1),
        datum("Latency", base + 61, None, NAMED, Unit="Seconds", Values=[0.2, 0.3], Counts=[1.0, 2.0]),
        datum("Summed", base, StatisticValues={"SampleCount": 4.0, "Sum": 5.5, "Minimum": 1.0, "Maximum": 2.0}),
        datum("Negative", base, -0.5),
    ]


def questions(base, namespace):
    """Every kind of answer and of refusal: the operation, its input, and what is to be seen of it."""
    return data_asked(base, namespace) | metrics_asked(base, namespace) | refused(base, namespace)


def latency(namespace, statistic, query_id="m", **more):
    return metric(query_id, namespace, "Latency", statistic, named=NAMED, **more)


def ask(base, *queries, **more):
    return {"StartTime": base, "EndTime": base + 5 * MINUTE, "MetricDataQueries": list(queries)} | more


def result(query_id, label, points, **more):
    told = {"Timestamps": [float(at) for at in points], "Values": list(points.values())} if points else {}
    return {"Id": query_id, "Label": label, "StatusCode": "Complete", **told, **more}


def data_asked(base, namespace):
    search = f"""SEARCH('{{{namespace}}} "Negative"', 'Minimum', 300)"""
    sql = f'SELECT MAX(Latency) FROM "{namespace}" GROUP BY Issuer'
    minute = base + MINUTE
    asked = {
        "data, newest first": (
            ask(
                base,
                latency(namespace, "Sum"),
                latency(namespace, "p50", "middle"),
                metric("none", namespace, "Nothing"),
            ),
            [
                result("m", "Latency Sum", {minute: 0.2 + 0.3 + 0.3, base: 1.245 + 0.1}),
                result("middle", "Latency p50", {minute: 0.3, base: 0.1}),
                result("none", "Nothing", {}),
            ],
        ),
        "math, labels and a search": (
            ask(
                base,
                latency(namespace, "SampleCount", "n", ReturnData=False),
                expression("n * 100 + 1", Label="n: ${MAX} in ${PROP('Dim.Issuer')}"),
                expression(search, "found"),
                ScanBy="TimestampAscending",
                LabelOptions={"Timezone": "+0100"},
            ),
            [
                result("e", f"n: 301 in {NAMED['Issuer']}", {base: 201.0, minute: 301.0}),
                result("found", "Negative", {base: -0.5}),
            ],
        ),
        "a query in SQL": (
            ask(base, expression(sql, "q", Period=300)),
            [result("q", NAMED["Issuer"], {base: 1.245})],
        ),
        "a page": (
            ask(base, latency(namespace, "Maximum"), MaxDatapoints=1),
            [result("m", "Latency", {minute: 0.3}, StatusCode="PartialData")],
        ),
    }
    return {
        name: ("GetMetricData", request, {"MetricDataResults": results}) for name, (request, results) in asked.items()
    }


def metrics_asked(base, namespace):
    named = [{"Name": name, "Value": value} for name, value in sorted(NAMED.items())]
    listed = [
        {"Namespace": namespace, "MetricName": "Latency", "Dimensions": named},
        *({"Namespace": namespace, "MetricName": name} for name in ("Negative", "Summed")),
    ]
    statistics = of_latency(namespace) | {
        "StartTime": base + MINUTE,
        "EndTime": base + HOUR,
        "Statistics": ["SampleCount", "Average", "Minimum", "Maximum"],
        "ExtendedStatistics": ["p99.9", "TM(:90%)"],
        "Unit": "Seconds",
    }
    point = {
        "Timestamp": float(base + MINUTE),
        "Unit": "Seconds",
        "SampleCount": 3.0,
        "Average": (0.2 + 0.3 + 0.3) / 3,
        "Minimum": 0.2,
        "Maximum": 0.3,
        # Of three samples 90 % are three.
        "ExtendedStatistics": {"p99.9": 0.3, "TM(:90%)": (0.2 + 0.3 + 0.3) / 3},
    }
    return {
        "statistics": ("GetMetricStatistics", statistics, {"Label": "Latency", "Datapoints": [point]}),
        "a list": (
            "ListMetrics",
            {"Namespace": namespace, "IncludeLinkedAccounts": True},
            {"Metrics": listed, "OwningAccounts": [ACCOUNT] * 3},
        ),
        "a list by dimension": (
            "ListMetrics",
            {"Namespace": namespace, "RecentlyActive": "PT3H", "Dimensions": [{"Name": "Issuer"}]},
            {"Metrics": listed[:1]},
        ),
    }


def of_latency(namespace):
    named = dimensions(**NAMED)
    return {"Namespace": namespace, "MetricName": "Latency", "Dimensions": named, "Period": MINUTE}


def refused(base, namespace):
    too_long = of_latency(namespace) | {"StartTime": base - DAY, "EndTime": base, "Period": 1, "Statistics": ["Sum"]}
    told_twice = {"Namespace": namespace, "MetricData": [data(base)[3] | {"Value": 1.0}]}
    asked = {
        "an expression that means nothing": (
            "GetMetricData",
            ask(base, expression("1 + nope")),
            "ValidationError",
            "Error in expression 'e': the id nope is not defined",
        ),
        "too many points": (
            "GetMetricStatistics",
            too_long,
            "InvalidParameterCombination",
            "You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may reduce the datapoints "
            "requested by increasing Period, or decreasing the time range.",
        ),
        "a token of somewhere else": (
            "ListMetrics",
            {"NextToken": "abc"},
            "InvalidParameterValue",
            "Request parameter NextToken is invalid",
        ),
        "a value and a summary": (
            "PutMetricData",
            told_twice,
            "InvalidParameterCombination",
            "The parameters MetricData.member.1.Value and MetricData.member.1.StatisticValues are mutually exclusive "
            "and you have specified both.",
        ),
    }
    return {
        name: (operation, request, {"error": {"code": code, "message": message}})
        for name, (operation, request, code, message) in asked.items()
    }


@pytest.mark.parametrize("asks", CLIENTS, indirect=True)
def test_every_client_puts_and_sees_the_same(server, base, asks):
    namespace = f"Clients/{uuid.uuid4()}"
    assert asks(server, [("PutMetricData", {"Namespace": namespace, "MetricData": data(base)})]) == [{}]
    settle(server.client("cloudwatch"))
    wanted = questions(base, namespace)
    told = asks(server, [(operation, request) for operation, request, _ in wanted.values()])
    told = dict(zip(wanted, told, strict=True))
    token = told["a page"].pop("NextToken")
    assert told == {name: expected for name, (_, _, expected) in wanted.items()}
    _, request, _ = wanted["a page"]
    [rest] = asks(server, [("GetMetricData", request | {"NextToken": token})])
    assert [(each["Values"], each["StatusCode"]) for each in rest["MetricDataResults"]] == [([1.245], "Complete")]
    assert "NextToken" not in rest


def test_what_one_client_put_every_other_sees(server, base):
    """The figures of one namespace that was put by Python, asked in the three protocols at once."""
    namespace = f"Clients/{uuid.uuid4()}"
    put = ("PutMetricData", {"Namespace": namespace, "MetricData": data(base)})
    assert metric_clients.boto3_asks(server, [put]) == [{}]
    settle(server.client("cloudwatch"))
    calls = [(operation, request) for operation, request, _ in questions(base, namespace).values()]
    seen = metric_clients.boto3_asks(server, calls)
    assert metric_clients.cbor_asks(server, calls) == seen
    assert metric_clients.javascript_asks(server, calls) == seen

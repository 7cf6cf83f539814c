"""Metric filters as stock clients put them: the brief's three over its two events, both readings, and the life cycle."""

import json
import time
import uuid

import pytest
import requests
import yaml
from botocore.exceptions import ClientError

from send_brief_events import BRIEF, LOG_STREAM, brief_events, ensure_stream
from server_process import ACCOUNT, Server
from signed_call import logs_call, send
from sql_questions import ask

NAMESPACE = "TokenProvisioning"
# A log line of a function in Python's text format, from which AWS reads fields by position.
TEXT_LINE = '2024-01-15T10:15:30.000Z a1b2c3 TOKEN_PROVISION_SUCCESS 1.245'


def brief_filters():
    """The metric filters of the brief's YAML: keyword arguments of PutMetricFilter, texts as written."""
    text = BRIEF.read_text(encoding="utf-8")
    block = text[text.index("MetricFilters:") : text.index("# CloudWatch Alarms")]
    filters = [
        {
            "filterName": name,
            "filterPattern": written["FilterPattern"],
            "metricTransformations": [
                {
                    "metricName": written["MetricName"],
                    "metricNamespace": written["MetricNamespace"],
                    "metricValue": written["MetricValue"],
                }
            ],
        }
        for name, written in yaml.safe_load(block)["MetricFilters"].items()
    ]
    assert len(filters) == 3
    return filters


def metric_points(server, group_of_names, seconds=5):
    """What SQL says of these metrics' points, once there is something or after a while."""
    names = ", ".join(f"'{name}'" for name in group_of_names)
    sql = (
        "SELECT metric_name, sum(sample_count), sum(sum), min(dimensions) FROM metric_points "
        f"WHERE provenance = 'filter' AND metric_name IN ({names}) GROUP BY 1 ORDER BY 1"
    )
    deadline = time.monotonic() + seconds
    while True:
        rows = ask(server, sql).rows
        if rows or time.monotonic() >= deadline:
            return rows
        time.sleep(0.05)


def send_brief(server, logs, group):
    ensure_stream(logs, group, LOG_STREAM)
    for put in brief_filters():
        logs.put_metric_filter(logGroupName=group, **put)
    logs.put_log_events(
        logGroupName=group, logStreamName=LOG_STREAM, logEvents=brief_events(int(time.time() * 1000))
    )


def test_the_briefs_filters_make_its_metrics(tmp_path):
    server = Server(tmp_path / "lenient")
    try:
        logs = server.client("logs")
        send_brief(server, logs, "/aws/lambda/token-provisioning-service")
        names = [put["metricTransformations"][0]["metricName"] for put in brief_filters()]
        assert metric_points(server, names) == [
            ["SuccessfulTokenProvisioning", 1.0, 1.0, "{}"],
            ["TokenProvisioningLatency", 1.0, 1.245, "{}"],
        ]
    finally:
        server.stop()


def test_a_strict_account_makes_none_and_the_test_says_why(tmp_path):
    server = Server(tmp_path / "strict", "--strict-account", ACCOUNT)
    try:
        logs = server.client("logs")
        group = "/aws/lambda/token-provisioning-service"
        send_brief(server, logs, group)
        # A filter that AWS understands as well, so that the wait has an end.
        names = ["SuccessfulTokenProvisioning", "TokenProvisioningLatency", "FailedTokenProvisioning"]
        assert metric_points(server, names, seconds=2) == []
        success = next(put for put in brief_filters() if "SUCCESS" in put["filterPattern"])
        message = brief_events(int(time.time() * 1000))[-1]["message"]
        answer = logs.test_metric_filter(filterPattern=success["filterPattern"], logEventMessages=[message])
        assert answer["matches"] == []
    finally:
        server.stop()


def test_both_readings_are_told(server, logs):
    success = next(put for put in brief_filters() if "SUCCESS" in put["filterPattern"])
    message = brief_events(int(time.time() * 1000))[-1]["message"]
    # boto3 passes over members that the service's model does not have.
    call = logs_call("TestMetricFilter", {"filterPattern": success["filterPattern"], "logEventMessages": [message]})
    [verdict] = send(server, call).json()["verdicts"]
    assert verdict["lenient"]["matches"] and not verdict["strict"]["matches"]
    assert verdict["lenient"]["extractedValues"]["$event"] == "TOKEN_PROVISION_SUCCESS"
    assert any("does not match" in why for why in verdict["strict"]["why"]), verdict
    assert any("lenient mode it would match" in why for why in verdict["strict"]["why"]), verdict
    [match] = logs.test_metric_filter(filterPattern=success["filterPattern"], logEventMessages=[TEXT_LINE])["matches"]
    assert match["extractedValues"]["$event"] == "TOKEN_PROVISION_SUCCESS"
    assert match["eventMessage"] == TEXT_LINE


def test_filters_are_put_listed_changed_and_deleted(logs, stream):
    group = stream["logGroupName"]
    transformation = {
        "metricName": "Errors",
        "metricNamespace": NAMESPACE,
        "metricValue": "$.ms",
        "unit": "Milliseconds",
        "dimensions": {"Issuer": "$.issuer"},
    }
    for number in range(3):
        logs.put_metric_filter(
            logGroupName=group,
            filterName=f"f{number}",
            filterPattern='{ $.level = "ERROR" && $.ms = * && $.issuer = * }',
            metricTransformations=[transformation],
        )
    pages = list(
        logs.get_paginator("describe_metric_filters").paginate(logGroupName=group, PaginationConfig={"PageSize": 2})
    )
    found = [each for page in pages for each in page["metricFilters"]]
    assert [each["filterName"] for each in found] == ["f0", "f1", "f2"]
    assert found[0]["metricTransformations"] == [transformation]
    assert found[0]["logGroupName"] == group
    [described] = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert described["metricFilterCount"] == 3
    by_metric = logs.describe_metric_filters(metricName="Errors", metricNamespace=NAMESPACE, filterNamePrefix="f1")
    assert group in [each["logGroupName"] for each in by_metric["metricFilters"]]
    logs.delete_metric_filter(logGroupName=group, filterName="f1")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_metric_filter(logGroupName=group, filterName="f1")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.describe_metric_filters(logGroupName="/none")


@pytest.mark.parametrize(
    "pattern, value, dimensions, expected",
    [
        ("[a, b", "1", {}, "If a filter pattern starts with '\\['"),
        ("%a!b%", "1", {}, "Invalid"),
        ("{ $.a = 1 }", "fast", {}, "metric value"),
        ("ERROR", "1", {"Issuer": "$.issuer"}, "does not support dimensions"),
    ],
)
def test_what_means_nothing_is_refused_and_nothing_is_stored(logs, stream, pattern, value, dimensions, expected):
    transformation = {"metricName": "M", "metricNamespace": NAMESPACE, "metricValue": value}
    if dimensions:
        transformation["dimensions"] = dimensions
    with pytest.raises(logs.exceptions.InvalidParameterException, match=expected):
        logs.put_metric_filter(
            logGroupName=stream["logGroupName"],
            filterName="bad",
            filterPattern=pattern,
            metricTransformations=[transformation],
        )
    assert logs.describe_metric_filters(logGroupName=stream["logGroupName"])["metricFilters"] == []


def test_retention_tags_and_deleting_a_stream(logs, stream):
    group, name = stream["logGroupName"], stream["logStreamName"]
    described = lambda: logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    logs.put_retention_policy(logGroupName=group, retentionInDays=30)
    assert described()["retentionInDays"] == 30
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.put_retention_policy(logGroupName=group, retentionInDays=31)
    logs.delete_retention_policy(logGroupName=group)
    assert "retentionInDays" not in described()
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}"
    logs.tag_log_group(logGroupName=group, tags={"team": "wallets", "tier": "1"})
    logs.tag_resource(resourceArn=arn, tags={"tier": "2"})
    assert logs.list_tags_log_group(logGroupName=group)["tags"] == {"team": "wallets", "tier": "2"}
    logs.untag_log_group(logGroupName=group, tags=["team"])
    logs.untag_resource(resourceArn=arn, tagKeys=["none"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"tier": "2"}
    with pytest.raises(ClientError) as refused:
        logs.tag_log_group(logGroupName=group, tags={f"k{number}": "v" for number in range(50)})
    assert refused.value.response["Error"]["Code"] == "TooManyTagsException"
    logs.delete_log_stream(logGroupName=group, logStreamName=name)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_log_stream(logGroupName=group, logStreamName=name)
    assert logs.describe_log_streams(logGroupName=group)["logStreams"] == []
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_log_stream(logGroupName="/none", logStreamName=str(uuid.uuid4()))
    logs.delete_log_group(logGroupName=group)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_log_group(logGroupName=group)


def test_embedded_metrics_and_lambdas_report_become_points(server, logs):
    """A document of the embedded metric format, and the line that Lambda writes after each invocation."""
    group = f"/aws/lambda/f-{uuid.uuid4()}"
    ensure_stream(logs, group, "s")
    now = int(time.time() * 1000)
    name = f"Latency{uuid.uuid4().hex[:6]}"
    embedded = {
        "_aws": {
            "Timestamp": now,
            "CloudWatchMetrics": [
                {"Namespace": "Embedded", "Dimensions": [["Issuer"]], "Metrics": [{"Name": name, "Unit": "Milliseconds"}]}
            ],
        },
        "Issuer": "ABC_Bank",
        name: [1.5, 2.5],
    }
    report = (
        "REPORT RequestId: 3f1d0d2e-6c5c-4c92-9e3b-3a0f6f6f0c11\tDuration: 120.50 ms\tBilled Duration: 121 ms\t"
        "Memory Size: 512 MB\tMax Memory Used: 87 MB\tInit Duration: 301.20 ms\t"
    )
    logs.put_log_events(
        logGroupName=group,
        logStreamName="s",
        logEvents=[{"timestamp": now, "message": json.dumps(embedded)}, {"timestamp": now, "message": report}],
    )
    function = group.removeprefix("/aws/lambda/")
    sql = (
        "SELECT provenance, metric_name, sum(sum), max(unit) FROM metric_points "
        f"WHERE metric_name = '{name}' OR dimensions LIKE '%{function}%' GROUP BY 1, 2 ORDER BY 1, 2"
    )
    deadline = time.monotonic() + 5
    while not (rows := ask(server, sql).rows) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert rows == [
        ["emf", name, 4.0, "Milliseconds"],
        ["lambda", "BilledDuration", 121.0, "Milliseconds"],
        ["lambda", "ColdStarts", 1.0, "Count"],
        ["lambda", "Duration", 120.5, "Milliseconds"],
        ["lambda", "InitDuration", 301.2, "Milliseconds"],
        ["lambda", "MaxMemoryUsed", 87.0, "Megabytes"],
        ["lambda", "MemorySize", 512.0, "Megabytes"],
    ]


def test_points_survive_kills_and_are_never_there_twice(tmp_path):
    """Killed at any moment, and with files written in between: every event is counted once."""
    folder, group, sent = tmp_path / "killed", "/killed", 0
    for round_number in range(4):
        server = Server(folder)
        logs = server.client("logs")
        ensure_stream(logs, group, "s")
        logs.put_metric_filter(
            logGroupName=group,
            filterName="all",
            filterPattern="",
            metricTransformations=[{"metricName": "All", "metricNamespace": NAMESPACE, "metricValue": "1"}],
        )
        for _ in range(5):
            event = {"timestamp": int(time.time() * 1000), "message": f"line {sent}"}
            logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event] * 10)
            sent += 10
        if round_number == 1:
            flushed = requests.post(
                f"{server.url}/api/v1/lake/flush",
                headers={"Authorization": f"Bearer {server.api_token}"},
                json={},
                timeout=30,
            )
            assert flushed.status_code == 200, flushed.text
        # Once with everything in the state, once with some of it in the journal alone.
        if round_number % 2:
            time.sleep(0.6)
        server.process.kill()
        server.process.wait()
    server = Server(folder)
    try:
        deadline = time.monotonic() + 10
        while metric_points(server, ["All"])[0][1] < sent and time.monotonic() < deadline:
            time.sleep(0.1)
        assert metric_points(server, ["All"]) == [["All", float(sent), float(sent), "{}"]]
        assert ask(server, "SELECT count(*) FROM log_events").rows == [[sent]]
    finally:
        server.stop()

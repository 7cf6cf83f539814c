"""Groups and streams: made, listed page by page, and refused where the service refuses them."""

import json
import subprocess
import sys
import time
import uuid

import pytest
from botocore.exceptions import ClientError

from server_process import ACCOUNT, REGION


@pytest.fixture
def prefix(logs):
    """The common beginning of five groups of this test's own."""
    made = f"/test/{uuid.uuid4()}/"
    for index in range(5):
        logs.create_log_group(logGroupName=f"{made}{index}")
    return made


def test_groups_are_listed_by_prefix_in_order_and_by_pages(logs, prefix):
    pages = list(
        logs.get_paginator("describe_log_groups").paginate(
            logGroupNamePrefix=prefix, PaginationConfig={"PageSize": 2}
        )
    )
    assert [len(page["logGroups"]) for page in pages] == [2, 2, 1]
    groups = [group for page in pages for group in page["logGroups"]]
    assert [group["logGroupName"] for group in groups] == [f"{prefix}{index}" for index in range(5)]
    assert "nextToken" not in pages[-1]


def test_groups_go_on_behind_whatever_the_token_says(logs, prefix):
    """The token is the last group's name, and any other text is a place in the order of names too."""
    page = logs.describe_log_groups(logGroupNamePrefix=prefix, limit=2)
    assert page["nextToken"] == f"{prefix}1"
    for token, expected in [(f"{prefix}2", ["3", "4"]), (f"{prefix}2x", ["3", "4"]), ("invented", [])]:
        found = logs.describe_log_groups(logGroupNamePrefix=prefix, nextToken=token)
        assert [group["logGroupName"] for group in found["logGroups"]] == [f"{prefix}{last}" for last in expected]


def test_a_pattern_is_a_part_of_the_name_by_case(logs, prefix):
    """The service's documentation: "a case-sensitive substring search"."""
    marked = f"/test/{uuid.uuid4()}/PaymentTokens"
    logs.create_log_group(logGroupName=marked)
    for pattern, expected in [("PaymentTokens", True), ("mentTok", True), ("paymenttokens", False), ("PAYMENT", False)]:
        found = logs.describe_log_groups(logGroupNamePattern=pattern)["logGroups"]
        assert (marked in [group["logGroupName"] for group in found]) == expected, pattern


def test_a_group_has_an_arn_and_its_creation_time(logs, prefix):
    (group,) = logs.describe_log_groups(logGroupNamePrefix=f"{prefix}0")["logGroups"]
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{prefix}0"
    assert group["logGroupArn"] == arn
    assert group["arn"] == f"{arn}:*"
    assert abs(group["creationTime"] / 1000 - time.time()) < 60
    assert group["metricFilterCount"] == 0


def test_streams_are_listed_with_the_times_of_their_events(logs, stream):
    now_ms = int(time.time() * 1000)
    events = [{"timestamp": now_ms - 500, "message": "first"}, {"timestamp": now_ms, "message": "last"}]
    logs.put_log_events(**stream, logEvents=events)
    deadline = time.monotonic() + 2
    while True:
        (found,) = logs.describe_log_streams(logGroupName=stream["logGroupName"])["logStreams"]
        if "lastEventTimestamp" in found or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    assert found["logStreamName"] == stream["logStreamName"]
    assert (found["firstEventTimestamp"], found["lastEventTimestamp"]) == (now_ms - 500, now_ms)
    assert found["uploadSequenceToken"]


def test_no_match_is_an_empty_list(logs):
    assert logs.describe_log_groups(logGroupNamePrefix=f"/test/{uuid.uuid4()}")["logGroups"] == []


REFUSED = {
    "group twice": (
        lambda logs, group: logs.create_log_group(logGroupName=group),
        "ResourceAlreadyExistsException",
    ),
    "stream twice": (
        lambda logs, group: logs.create_log_stream(logGroupName=group, logStreamName="first"),
        "ResourceAlreadyExistsException",
    ),
    "stream of no group": (
        lambda logs, group: logs.create_log_stream(logGroupName=f"{group}-missing", logStreamName="first"),
        "ResourceNotFoundException",
    ),
    "streams of no group": (
        lambda logs, group: logs.describe_log_streams(logGroupName=f"{group}-missing"),
        "ResourceNotFoundException",
    ),
    "a name with a blank": (
        lambda logs, group: logs.create_log_group(logGroupName=f"{group} blank"),
        "InvalidParameterException",
    ),
    "a name of 513 characters": (
        lambda logs, group: logs.create_log_group(logGroupName="g" * 513),
        "InvalidParameterException",
    ),
    "a stream name with a colon": (
        lambda logs, group: logs.create_log_stream(logGroupName=group, logStreamName="a:b"),
        "InvalidParameterException",
    ),
    "a page of 51": (
        lambda logs, group: logs.describe_log_groups(limit=51),
        "InvalidParameterException",
    ),
    "an invented page token": (
        lambda logs, group: logs.describe_log_streams(logGroupName=group, nextToken="invented"),
        "InvalidParameterException",
    ),
}


@pytest.mark.parametrize("call,code", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_done_is_refused_with_the_services_code(logs, stream, call, code):
    with pytest.raises(ClientError) as refused:
        call(logs, stream["logGroupName"])
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_the_aws_command_line_is_a_client_too(server, prefix):
    command = [sys.executable, "-m", "awscli", "logs", "describe-log-groups", "--endpoint-url", server.url]
    listed = subprocess.run(
        [*command, "--log-group-name-prefix", prefix, "--output", "json"],
        env=server.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert listed.returncode == 0, listed.stderr
    assert len(json.loads(listed.stdout)["logGroups"]) == 5

"""The AWS SDK for JavaScript 3 at CloudWatch Logs: tests/js-clients/logs.mjs calls, and here is what it should see."""

import json
import subprocess
import uuid

import pytest

from server_process import ACCOUNT, REGION, REPOSITORY

SCRIPT = REPOSITORY / "tests" / "js-clients" / "logs.mjs"


@pytest.fixture(scope="module")
def group():
    return f"/javascript/{uuid.uuid4()}"


@pytest.fixture(scope="module")
def seen(server, group):
    """What each step of the script got."""
    if not (SCRIPT.parent / "node_modules").exists():
        pytest.fail(f"the SDK is missing; `npm ci --prefix {SCRIPT.parent}` installs it")
    # This SDK does not read AWS_DEFAULT_REGION.
    environment = server.environment() | {"AWS_REGION": REGION}
    done = subprocess.run(["node", SCRIPT, group], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def messages(events):
    return [event["message"] for event in events]


def test_an_error_is_of_its_class(seen):
    assert seen["created"] == {
        "isOfItsClass": True,
        "name": "ResourceAlreadyExistsException",
        "message": "The specified log group already exists",
        "$fault": "client",
        "status": 400,
        "hasId": True,
    }


def test_events_are_taken_and_filtered_over_pages(seen):
    assert seen["put"] is None
    pages = seen["filtered"]
    assert [len(page) for page in pages if page] == [2, 2, 1]
    events = sum(pages, [])
    assert messages(events) == messages(seen["sent"][1::2])
    assert [event["timestamp"] for event in events] == [event["timestamp"] for event in seen["sent"][1::2]]
    assert {event["logStreamName"] for event in events} == {"s"}
    assert len({event["eventId"] for event in events}) == 5


def test_a_stream_is_read_until_the_token_stays_the_same(seen):
    pages = seen["read"]["pages"]
    assert [len(page) for page in pages if page] == [4, 4, 2]
    assert messages(sum(pages, [])) == messages(seen["sent"])
    assert messages(seen["read"]["newest"]) == messages(seen["sent"][-3:])


def test_a_metric_filter_is_put_and_described(seen, group):
    put = seen["metricFilter"]["filter"]
    [described] = seen["metricFilter"]["metricFilters"]
    assert described.pop("creationTime") > seen["sent"][0]["timestamp"]
    assert {name: value for name, value in described.items() if name in put} == put


def test_a_metric_filter_is_tested(seen):
    assert [(match["eventNumber"], match["eventMessage"]) for match in seen["tested"]] == [
        (3, seen["sent"][2]["message"]),
        (4, seen["sent"][3]["message"]),
    ]
    assert [match["extractedValues"] for match in seen["tested"]] == [
        {"$.n": "2", "$.level": "INFO"},
        {"$.n": "3", "$.level": "ERROR"},
    ]


def test_a_live_tail_shows_what_comes_while_it_is_open(seen, group):
    start = seen["tailed"]["sessionStart"]
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
    assert (start["logGroupIdentifiers"], start["logEventFilterPattern"]) == ([arn], "ERROR")
    assert start["sessionId"] and start["requestId"]
    update = seen["tailed"]["sessionUpdate"]
    assert update["sessionMetadata"] == {"sampled": False}
    [result] = update["sessionResults"]
    assert result["message"] == "ERROR seen"
    assert result["logGroupIdentifier"] == f"{ACCOUNT}:{group}" and result["logStreamName"] == "s"
    assert result["ingestionTime"] >= result["timestamp"]


def test_without_the_option_the_live_tail_asks_another_host(seen):
    assert seen["prefixed"] == "stream-127.0.0.1"

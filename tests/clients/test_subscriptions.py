"""Subscription filters: one server sends log events on to another, whatever happens to either of them."""

import time
import uuid

import pytest
import requests

from send_brief_events import ensure_stream
from server_process import Server
from test_keys import FOLLOW_SECONDS_MAX, keys, within

ARRIVES_WITHIN_SECONDS = 20


@pytest.fixture(scope="module")
def receiver(tmp_path_factory):
    """A second server, and the key that opens its door for Firehose."""
    running = Server(tmp_path_factory.mktemp("receiver") / "data")
    made = dict(line.split(": ", 1) for line in keys(running, "add", "first-server", "--kind", "ingest").splitlines())
    running.ingest_key = made["secret (shown once)"]

    def is_good():
        headers = {"Authorization": f"Bearer {running.ingest_key}"}
        answer = requests.post(f"{running.url}/ingest/logs?group=/key&stream=s", headers=headers, data='{"a":1}', timeout=5)
        assert answer.status_code == 200, answer.text

    within(FOLLOW_SECONDS_MAX, is_good)
    yield running
    assert running.stop() == 0


@pytest.fixture
def sender(tmp_path, receiver):
    keys = tmp_path / "keys"
    keys.write_text(f"# the second server\n{receiver.url} {receiver.ingest_key}\n")
    flags = ["--delivery-network", "127.0.0.1", "--delivery-keys", str(keys)]
    running = [Server(tmp_path / "data", *flags)]

    def again():
        """After a kill: the same folder, as after a crash of the machine's process."""
        running[0].process.kill()
        running[0].process.wait()
        running[0] = Server(tmp_path / "data", *flags)
        return running[0]

    yield running, again
    assert running[0].stop() == 0


def messages(server, group):
    logs = server.client("logs")
    try:
        pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName=group))
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"] for page in pages for event in page["events"]]


def arrives(server, group, expected):
    deadline = time.monotonic() + ARRIVES_WITHIN_SECONDS
    while (found := messages(server, group)) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found == expected


def put(logs, group, texts):
    events = [{"timestamp": int(time.time() * 1000), "message": text} for text in texts]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)


def subscribe(logs, group, receiver, name="copy", pattern=""):
    url = f"{receiver.url}/ingest/firehose"
    logs.put_subscription_filter(logGroupName=group, filterName=name, filterPattern=pattern, destinationArn=url)
    return url


def test_another_server_follows(sender, receiver):
    logs, group = sender[0][0].client("logs"), f"/follow/{uuid.uuid4()}"
    ensure_stream(logs, group, "s")
    url = subscribe(logs, group, receiver, pattern='{ $.event = "TOKEN_PROVISION_FAILURE" }')
    described = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    assert [(each["filterName"], each["destinationArn"], each["distribution"]) for each in described] == [
        ("copy", url, "ByLogStream")
    ]
    failure = '{"event":"TOKEN_PROVISION_FAILURE","correlationId":"%s","reason":"ISSUER_TIMEOUT"}' % uuid.uuid4()
    put(logs, group, [failure, '{"event":"TOKEN_PROVISION_START"}'])
    arrives(receiver, group, [failure])
    logs.delete_subscription_filter(logGroupName=group, filterName="copy")
    assert logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"] == []
    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="subscription filter does not exist"):
        logs.delete_subscription_filter(logGroupName=group, filterName="copy")


@pytest.mark.parametrize("pattern", ["", " ", '- "absent"'])
def test_patterns_that_take_everything(sender, receiver, pattern):
    logs, group = sender[0][0].client("logs"), f"/all/{uuid.uuid4()}"
    ensure_stream(logs, group, "s")
    subscribe(logs, group, receiver, pattern=pattern)
    put(logs, group, ["one event"])
    arrives(receiver, group, ["one event"])


def test_what_cannot_be_is_refused_in_a_sentence(sender, receiver, server):
    logs, group = sender[0][0].client("logs"), f"/refused/{uuid.uuid4()}"
    bad = lambda logs, destination: logs.put_subscription_filter(
        logGroupName=group, filterName="f", filterPattern="", destinationArn=destination
    )
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        bad(logs, f"{receiver.url}/ingest/firehose")
    ensure_stream(logs, group, "s")
    for destination, reason in [
        ("arn:aws:kinesis:us-east-1:123456789012:stream/s", "HTTP endpoints"),
        ("https://10.0.0.1/", "private"),
        (f"{receiver.url}/nothing-here", "the endpoint answered"),
        ("http://127.0.0.1:1/", "cannot connect"),
    ]:
        with pytest.raises(logs.exceptions.InvalidParameterException, match=reason):
            bad(logs, destination)
    # A server that was told nothing sends nothing to its own machine.
    logs = server.client("logs")
    ensure_stream(logs, group, "s")
    with pytest.raises(logs.exceptions.InvalidParameterException, match="--delivery-network"):
        bad(logs, f"{receiver.url}/ingest/firehose")


def test_nothing_acknowledged_is_lost_over_kills(sender, receiver):
    (first, *_), again = sender
    logs, group = first.client("logs"), f"/kills/{uuid.uuid4()}"
    ensure_stream(logs, group, "s")
    subscribe(logs, group, receiver)
    sent = []
    for round in range(3):
        for number in range(40):
            texts = [f"{round}-{number}-{part}" for part in range(3)]
            put(logs, group, texts)
            sent += texts
        logs = again().client("logs")
    put(logs, group, ["the end"])
    sent.append("the end")
    deadline = time.monotonic() + ARRIVES_WITHIN_SECONDS
    while set(found := messages(receiver, group)) != set(sent) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert sorted(set(found)) == sorted(sent)

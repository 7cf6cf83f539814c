"""Log events read back: filtered and interleaved, stream by stream with tokens both ways, followed live."""

import subprocess
import threading
import time
import uuid

import pytest

from send_brief_events import ensure_stream
from server_process import ACCOUNT, REGION

# The live tail's host prefix names a host that a test machine cannot resolve.
NO_PREFIX = {"inject_host_prefix": False}


def put(logs, group, stream, events):
    ensure_stream(logs, group, stream)
    answer = logs.put_log_events(
        logGroupName=group,
        logStreamName=stream,
        logEvents=[{"timestamp": at, "message": message} for at, message in events],
    )
    assert "rejectedLogEventsInfo" not in answer


@pytest.fixture
def group(logs):
    """Two streams whose events take turns, 40 in all, some at the same time."""
    name = f"/read/{uuid.uuid4()}"
    now = int(time.time() * 1000) - 60_000
    put(logs, name, "a", [(now + 1000 * number, f'{{"n":{2 * number},"level":"INFO"}}') for number in range(20)])
    put(logs, name, "b", [(now + 1000 * number, f"ERROR line {2 * number + 1}") for number in range(20)])
    return name, now


def filtered(logs, **arguments):
    pages = list(logs.get_paginator("filter_log_events").paginate(**arguments))
    assert all(page["searchedLogStreams"] == [] for page in pages)
    return [event for page in pages for event in page["events"]]


def test_events_of_a_group_are_interleaved_by_time_over_pages(logs, group):
    name, now = group
    events = filtered(logs, logGroupName=name, PaginationConfig={"PageSize": 7})
    assert len(events) == 40 and len({event["eventId"] for event in events}) == 40
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)
    assert {event["logStreamName"] for event in events} == {"a", "b"}
    newest_first = filtered(logs, logGroupName=name, startFromHead=False, startTime=now - 1, PaginationConfig={"PageSize": 7})
    assert [event["eventId"] for event in newest_first] == [event["eventId"] for event in reversed(events)]
    # Both ends are included.
    some = filtered(logs, logGroupName=name, startTime=now + 2000, endTime=now + 4000)
    assert sorted({event["timestamp"] for event in some}) == [now + 2000, now + 3000, now + 4000]


@pytest.mark.parametrize(
    "pattern, count",
    [("", 40), ("ERROR", 20), ("{ $.n >= 30 }", 5), ('{ $.level = "INFO" }', 20), ("ERROR -line", 0), ("?line ?INFO", 40), ("[word=ERROR, ...]", 20)],
)
def test_a_pattern_filters(logs, group, pattern, count):
    assert len(filtered(logs, logGroupName=group[0], filterPattern=pattern)) == count


def test_streams_and_identifiers_narrow(logs, group):
    name, _ = group
    assert len(filtered(logs, logGroupName=name, logStreamNames=["b"])) == 20
    assert len(filtered(logs, logGroupName=name, logStreamNamePrefix="a")) == 20
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"
    assert len(filtered(logs, logGroupIdentifier=arn)) == 40
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.filter_log_events(logGroupName="/none")
    with pytest.raises(logs.exceptions.InvalidParameterException, match="nextToken"):
        logs.filter_log_events(logGroupName=name, nextToken="no-token")
    with pytest.raises(logs.exceptions.InvalidParameterException, match="it must end with"):
        logs.filter_log_events(logGroupName=name, filterPattern="{ $.n = 1")


def test_a_stream_is_read_both_ways_and_ends_with_the_same_token(logs, group):
    name, now = group
    read = lambda **more: logs.get_log_events(logGroupName=name, logStreamName="a", limit=8, **more)
    numbers = lambda page: [event["timestamp"] - now for event in page["events"]]
    pages, page = [], read(startFromHead=True)
    while page["events"]:
        pages.append(numbers(page))
        page = read(nextToken=page["nextForwardToken"])
    assert [len(each) for each in pages] == [8, 8, 4]
    assert sum(pages, []) == [1000 * number for number in range(20)]
    end = page["nextForwardToken"]
    assert read(nextToken=end)["nextForwardToken"] == end
    # New events come behind the end.
    put(logs, name, "a", [(now + 50_000, "news")])
    assert numbers(read(nextToken=end)) == [50_000]
    back, page = [], read()
    while page["events"]:
        assert numbers(page) == sorted(numbers(page))
        back = numbers(page) + back
        page = read(nextToken=page["nextBackwardToken"])
    assert back == [1000 * number for number in range(20)] + [50_000]
    # The end is not included here.
    assert numbers(read(startFromHead=True, startTime=now + 2000, endTime=now + 4000)) == [2000, 3000]
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_log_events(logGroupName=name, logStreamName="none")


def test_fields_of_a_group(logs, group):
    fields = {field["name"]: field["percent"] for field in logs.get_log_group_fields(logGroupName=group[0])["logGroupFields"]}
    assert fields["@message"] == 100 and fields["n"] == 50 and fields["level"] == 50


def test_a_record_is_looked_up_by_the_id_of_its_event(logs, group):
    name, now = group
    event = filtered(logs, logGroupName=name, filterPattern="{ $.n = 4 }")[0]
    record = logs.get_log_record(logRecordPointer=event["eventId"])["logRecord"]
    assert record.pop("@ingestionTime") == str(event["ingestionTime"])
    assert record == {
        "@log": f"{ACCOUNT}:{name}",
        "@logStream": "a",
        "@message": '{"n":4,"level":"INFO"}',
        "@ptr": event["eventId"],
        "@timestamp": str(now + 2000),
        "level": "INFO",
        "n": "4",
    }
    for pointer in ["0-0", "999999999-0", "no-pointer", "-", "1", event["eventId"] + "9"]:
        with pytest.raises(logs.exceptions.InvalidParameterException, match="logRecordPointer is invalid"):
            logs.get_log_record(logRecordPointer=pointer)
    logs.delete_log_group(logGroupName=name)
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.get_log_record(logRecordPointer=event["eventId"])


def test_what_a_deleted_group_held_is_not_in_the_new_one(logs, group):
    name, now = group
    logs.delete_log_group(logGroupName=name)
    put(logs, name, "a", [(now, "another life")])
    deadline = time.monotonic() + 5
    while not (events := filtered(logs, logGroupName=name)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [event["message"] for event in events] == ["another life"]


def test_retention_hides_what_is_older(logs, stream):
    now = int(time.time() * 1000)
    group, name = stream["logGroupName"], stream["logStreamName"]
    put(logs, group, name, [(now - 2 * 86_400_000, "old")])
    put(logs, group, name, [(now, "new")])
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    deadline = time.monotonic() + 5
    while not (events := filtered(logs, logGroupName=group)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [event["message"] for event in events] == ["new"]
    logs.delete_retention_policy(logGroupName=group)
    assert len(filtered(logs, logGroupName=group)) == 2


def test_a_live_tail_shows_what_comes_within_a_second_or_two(server, logs):
    group = f"/tail/{uuid.uuid4()}"
    ensure_stream(logs, group, "s")
    client = server.client("logs", **NO_PREFIX)
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
    response = client.start_live_tail(logGroupIdentifiers=[arn], logEventFilterPattern="ERROR")["responseStream"]
    begun = threading.Event()

    def send():
        begun.wait(5)
        now = int(time.time() * 1000)
        logs.put_log_events(
            logGroupName=group,
            logStreamName="s",
            logEvents=[{"timestamp": now, "message": "fine"}, {"timestamp": now, "message": "ERROR seen"}],
        )

    sender = threading.Thread(target=send)
    sender.start()
    seen, updates, started = [], 0, time.monotonic()
    for event in response:
        if "sessionStart" in event:
            assert event["sessionStart"]["logGroupIdentifiers"] == [arn]
            begun.set()
        if "sessionUpdate" in event:
            updates += 1
            assert event["sessionUpdate"]["sessionMetadata"] == {"sampled": False}
            seen += event["sessionUpdate"]["sessionResults"]
        if seen or time.monotonic() > started + 5:
            break
    response.close()
    sender.join()
    [result] = seen
    assert result["message"] == "ERROR seen"
    assert result["logGroupIdentifier"] == f"{ACCOUNT}:{group}" and result["logStreamName"] == "s"
    assert updates <= 3


def test_sessions_are_limited(server, logs):
    group = f"/tail/{uuid.uuid4()}"
    ensure_stream(logs, group, "s")
    client = server.client("logs", max_pool_connections=20, **NO_PREFIX)
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
    open_sessions = []
    with pytest.raises(client.exceptions.LimitExceededException):
        for _ in range(16):
            open_sessions.append(client.start_live_tail(logGroupIdentifiers=[arn])["responseStream"])
    assert len(open_sessions) == 15
    [session.close() for session in open_sessions]


def test_the_command_line_filters(server, group):
    """awscli 1 has no `logs tail`; it has this."""
    command = ["aws", "logs", "filter-log-events", "--log-group-name", group[0], "--filter-pattern", "ERROR", "--output", "text", "--query", "length(events)"]
    import sys
    from pathlib import Path

    command[0] = str(Path(sys.executable).parent / "aws")
    done = subprocess.run(command, env=server.environment(), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "20"), done.stderr

"""PutLogEvents at its limits: what is taken, what is set aside with a note, what is refused as a whole."""

import time
import uuid

import pytest
from botocore.exceptions import ClientError

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
EVENT_OVERHEAD_BYTES = 26
BATCH_BYTES_MAX = 1_048_576


def at(offset_ms, message="text"):
    return {"timestamp": int(time.time() * 1000) + offset_ms, "message": message}


def put(logs, stream, events):
    return logs.put_log_events(**stream, logEvents=events)


TAKEN = {
    "one": lambda: [at(0)],
    "equal times": lambda: [at(0)] * 2,
    "10,000 events": lambda: [at(0, "x")] * 10_000,
    "exactly 1 MiB": lambda: [at(0, "x" * (BATCH_BYTES_MAX - EVENT_OVERHEAD_BYTES))],
    "just under 24 h apart": lambda: [at(-DAY_MS + 60_000), at(0)],
    "no JSON, not even ASCII": lambda: [at(0, "Zahlung über 5 € {"), at(0, "\x00")],
}

REFUSED = {
    "10,001 events": lambda: [at(0, "x")] * 10_001,
    "one byte over 1 MiB": lambda: [at(0, "x" * (BATCH_BYTES_MAX - EVENT_OVERHEAD_BYTES + 1))],
    "newest first": lambda: [at(0), at(-1_000)],
    "more than 24 h apart": lambda: [at(-DAY_MS - 60_000), at(0)],
}


@pytest.mark.parametrize("events", TAKEN.values(), ids=TAKEN.keys())
def test_a_legal_batch_is_taken_whole(logs, stream, events):
    answer = put(logs, stream, events())
    assert "rejectedLogEventsInfo" not in answer
    assert answer["nextSequenceToken"]


@pytest.mark.parametrize("events", REFUSED.values(), ids=REFUSED.keys())
def test_an_illegal_batch_is_refused_whole(server, logs, stream, events):
    marked = f"corr_{uuid.uuid4()}"
    batch = events()
    batch[0]["message"] = f'{{"event":"TOKEN_PROVISION_START","correlationId":"{marked}"}}'.ljust(
        len(batch[0]["message"])
    )
    with pytest.raises(ClientError) as refused:
        put(logs, stream, batch)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
    time.sleep(0.3)
    assert server.api(f"requests/{marked}").status_code == 404, "a part of a refused batch was kept"


@pytest.mark.parametrize(
    "events,noted",
    [
        (lambda: [at(0), at(3 * HOUR_MS)], {"tooNewLogEventStartIndex": 1}),
        (lambda: [at(-15 * DAY_MS), at(-15 * DAY_MS + HOUR_MS)], {"tooOldLogEventEndIndex": 2}),
    ],
    ids=["over 2 h ahead", "over 14 d old"],
)
def test_events_of_an_unlikely_time_are_set_aside_with_a_note(logs, stream, events, noted):
    assert put(logs, stream, events())["rejectedLogEventsInfo"] == noted


@pytest.mark.parametrize(
    "changed", [{"logGroupName": "/test/missing"}, {"logStreamName": "missing"}], ids=["group", "stream"]
)
def test_a_missing_group_or_stream_is_named(logs, stream, changed):
    with pytest.raises(logs.exceptions.ResourceNotFoundException) as refused:
        put(logs, stream | changed, [at(0)])
    missing = "log group" if "logGroupName" in changed else "log stream"
    assert f"The specified {missing} does not exist." in str(refused.value)


def test_a_sequence_token_is_taken_and_not_looked_at(logs, stream):
    answer = logs.put_log_events(**stream, logEvents=[at(0)], sequenceToken="invented")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200

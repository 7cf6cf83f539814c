"""The doors without signatures: every door with every kind of bad caller, exact replies, and what was stored then."""

import base64
import gzip
import http.client
import json
import socket
import struct
import threading
import time
import uuid

import pytest

from server_process import ACCOUNT
from sql_questions import ask
from test_keys import FOLLOW_SECONDS_MAX, keys, within

BODY_SECONDS_MAX = 30
HTTP_BODY_MAX = 12 * 1024 * 1024


@pytest.fixture(scope="session")
def ingest_key(server):
    made = dict(line.split(": ", 1) for line in keys(server, "add", "door-tests", "--kind", "ingest").splitlines())
    key = made["secret (shown once)"]

    def is_good():
        status, body = DOORS["lines"].call(server, str(uuid.uuid4()), key)
        assert status == 200, body

    within(FOLLOW_SECONDS_MAX, is_good)
    return key


def now_ms():
    return int(time.time() * 1000)


class Door:
    """One door: how a good call looks, and what it says to bad ones."""

    def __init__(self, path, headers, body, key_header, replies):
        self.path, self.headers, self.body, self.key_header, self.replies = path, headers, body, key_header, replies

    def call(self, server, marker, key, body=None, headers=None):
        """Sends a call whose one event says `marker`; the status and the body as they came."""
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=2 * BODY_SECONDS_MAX)
        sent = self.body(marker) if body is None else body
        name, value = self.key_header(key) if key else (None, None)
        all_headers = self.headers(marker) | ({name: value} if name else {}) | (headers or {})
        connection.request("POST", self.path, body=sent, headers=all_headers)
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        return answer.status, read


def bearer(key):
    return "Authorization", f"Bearer {key}"


def firehose_body(marker):
    envelope = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": "/doors/firehose",
        "logStream": "s",
        "subscriptionFilters": ["all"],
        "logEvents": [{"id": "1", "timestamp": now_ms(), "message": json.dumps({"marker": marker})}],
    }
    record = base64.b64encode(gzip.compress(json.dumps(envelope).encode())).decode()
    return json.dumps({"requestId": marker, "timestamp": now_ms(), "records": [{"data": record}]}).encode()


def otlp_json(marker):
    record = {"timeUnixNano": str(now_ms() * 1_000_000), "body": {"stringValue": json.dumps({"marker": marker})}}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "doors"}}]}
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}).encode()


def field(number, payload):
    """A length-delimited protobuf field."""
    length, rest = b"", len(payload)
    while rest > 127:
        length, rest = length + bytes([rest & 127 | 128]), rest >> 7
    return bytes([number << 3 | 2]) + length + bytes([rest]) + payload


def otlp_protobuf(marker):
    body = field(1, json.dumps({"marker": marker}).encode())
    record = b"\x09" + struct.pack("<Q", now_ms() * 1_000_000) + field(5, body)
    service = field(1, field(1, b"service.name") + field(2, field(1, b"doors")))
    return field(1, field(1, service) + field(2, field(2, record)))


def line(marker):
    return json.dumps({"timestamp": now_ms(), "marker": marker}).encode() + b"\n"


UNAUTHORIZED_LINES = (
    b'{"error":{"code":"unauthorized","message":"send `Authorization: Bearer` with an ingest key, from '
    b'`walletscope keys`","parameter":null}}'
)
TOO_LARGE_LINES = (
    b'{"error":{"code":"too_large","message":"the body is larger than 12 MiB, or inflates to more than 24 MiB",'
    b'"parameter":null}}'
)
SLOW = b"the body did not arrive within 30 seconds"


def firehose_reply(message):
    """The timestamp of a reply is the server's."""
    return lambda marker, body: json.loads(body) | {"timestamp": 0} == {"requestId": marker, "timestamp": 0} | (
        {"errorMessage": message} if message else {}
    )


def exactly(expected):
    return lambda marker, body: body == expected


def status_of(code, message):
    """google.rpc.Status in JSON."""
    return exactly(json.dumps({"code": code, "message": message}, separators=(",", ":")).encode())


def protobuf_status(code, message):
    return exactly(bytes([8, code]) + field(2, message))


KEY_TEXT = "the key is missing or not valid here"
LIMIT_TEXT = "the export is over a limit: send fewer log records at once"
DOORS = {
    "firehose": Door(
        "/ingest/firehose",
        lambda marker: {
            "X-Amz-Firehose-Protocol-Version": "1.0",
            "X-Amz-Firehose-Request-Id": marker,
            "X-Amz-Firehose-Source-Arn": f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/d",
            "Content-Type": "application/json",
        },
        firehose_body,
        lambda key: ("X-Amz-Firehose-Access-Key", key),
        {
            "good": (200, firehose_reply(None)),
            "no key": (401, firehose_reply("the access key is missing or not valid here")),
            "wrong key": (401, firehose_reply("the access key is missing or not valid here")),
            "oversized": (400, firehose_reply("the body is larger than 12 MiB")),
            "malformed": (400, firehose_reply("the body is no JSON object with requestId, timestamp and records")),
            "slow": (400, firehose_reply(SLOW.decode())),
            "repeated stores": 1,
        },
    ),
    "lines": Door(
        "/ingest/logs?group=/doors/lines&stream=s",
        lambda marker: {"Content-Type": "application/x-ndjson", "Idempotency-Key": marker},
        line,
        bearer,
        {
            "good": (200, exactly(b'{"accepted":1}')),
            "no key": (401, exactly(UNAUTHORIZED_LINES)),
            "wrong key": (401, exactly(UNAUTHORIZED_LINES)),
            "oversized": (413, exactly(TOO_LARGE_LINES)),
            "malformed": (400, lambda marker, body: json.loads(body)["error"]["line"] == 1),
            "slow": (400, lambda marker, body: SLOW in body),
            "repeated stores": 1,
        },
    ),
    "otlp json": Door(
        "/v1/logs",
        lambda marker: {"Content-Type": "application/json"},
        otlp_json,
        bearer,
        {
            "good": (200, exactly(b"{}")),
            "no key": (401, status_of(16, KEY_TEXT)),
            "wrong key": (401, status_of(16, KEY_TEXT)),
            "oversized": (413, status_of(8, LIMIT_TEXT)),
            "malformed": (400, lambda marker, body: json.loads(body)["code"] == 3),
            "slow": (400, lambda marker, body: SLOW in body),
            "repeated stores": 2,
        },
    ),
    "otlp protobuf": Door(
        "/v1/logs",
        lambda marker: {"Content-Type": "application/x-protobuf"},
        otlp_protobuf,
        bearer,
        {
            "good": (200, exactly(b"")),
            "no key": (401, protobuf_status(16, KEY_TEXT.encode())),
            "wrong key": (401, protobuf_status(16, KEY_TEXT.encode())),
            "oversized": (413, protobuf_status(8, LIMIT_TEXT.encode())),
            "malformed": (400, lambda marker, body: body[:2] == bytes([8, 3])),
            "slow": (400, lambda marker, body: SLOW in body),
            "repeated stores": 2,
        },
    ),
}
CASES = ["good", "no key", "wrong key", "oversized", "malformed", "repeated"]


def count(server, marker):
    return ask(server, f"SELECT count(*) FROM log_events WHERE message LIKE '%{marker}%'").rows[0][0]


def stored(server, key, marker):
    """How many events say it, once everything that was sent before has come to where SQL sees it."""
    after = str(uuid.uuid4())
    assert DOORS["lines"].call(server, after, key)[0] == 200
    deadline = time.monotonic() + 5
    while count(server, after) == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    return count(server, marker)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", DOORS)
def test_every_door_and_every_caller(server, ingest_key, name, case):
    door, marker = DOORS[name], str(uuid.uuid4())
    calls = {
        "good": lambda: door.call(server, marker, ingest_key),
        "repeated": lambda: door.call(server, marker, ingest_key),
        "no key": lambda: door.call(server, marker, None),
        "wrong key": lambda: door.call(server, marker, "wsi_" + "0" * 40),
        "oversized": lambda: door.call(
            server, marker, ingest_key, body=b"", headers={"Content-Length": str(HTTP_BODY_MAX + 1)}
        ),
        "malformed": lambda: door.call(server, marker, ingest_key, body=b"\xff\xff\xff{" + marker.encode()),
    }
    status, body = calls[case]() if case != "oversized" else oversized(server, door, marker, ingest_key)
    expected_status, is_expected = door.replies["good" if case == "repeated" else case]
    assert status == expected_status, body
    assert is_expected(marker, body), body
    expected_count = 1 if case == "good" else 0
    if case == "repeated":
        again_status, again_body = calls[case]()
        assert again_status == 200 and is_expected(marker, again_body)
        expected_count = door.replies["repeated stores"]
    assert stored(server, ingest_key, marker) == expected_count


def raw_head(server, door, marker, key, length):
    name, value = door.key_header(key)
    headers = door.headers(marker) | {name: value, "Content-Length": str(length), "Host": f"127.0.0.1:{server.port}"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {door.path} HTTP/1.1\r\n{lines}\r\n".encode()


def read_answer(connection):
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.read()


def oversized(server, door, marker, key):
    """The length alone is enough to refuse."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(raw_head(server, door, marker, key, HTTP_BODY_MAX + 1))
        return read_answer(connection)


def test_a_slow_client_is_told_and_stores_nothing(server, ingest_key):
    """All doors at once: each takes as long as a body may."""
    outcomes = {}

    def slow(name, door, marker):
        with socket.create_connection(("127.0.0.1", server.port), timeout=BODY_SECONDS_MAX + 10) as connection:
            body = door.body(marker)
            connection.sendall(raw_head(server, door, marker, ingest_key, len(body)) + body[: len(body) // 2])
            outcomes[name] = read_answer(connection)

    markers = {name: str(uuid.uuid4()) for name in DOORS}
    threads = [threading.Thread(target=slow, args=(name, door, markers[name])) for name, door in DOORS.items()]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    for name, door in DOORS.items():
        expected_status, is_expected = door.replies["slow"]
        status, body = outcomes[name]
        assert status == expected_status and is_expected(markers[name], body), (name, status, body)
        assert stored(server, ingest_key, markers[name]) == 0


def test_what_a_subscription_delivers_is_under_its_own_group_and_account(server, ingest_key, logs):
    marker = str(uuid.uuid4())
    assert DOORS["firehose"].call(server, marker, ingest_key)[0] == 200
    assert stored(server, ingest_key, marker) == 1
    rows = ask(
        server,
        f"SELECT log_group, log_stream, account, region, source FROM log_events WHERE message LIKE '%{marker}%'",
    ).rows
    assert rows == [["/doors/firehose", "s", ACCOUNT, "us-east-1", "door-tests"]]
    [group] = logs.describe_log_groups(logGroupNamePrefix="/doors/firehose")["logGroups"]
    assert group["storedBytes"] > 0


def test_a_metric_stream_becomes_points(server, ingest_key):
    name, timestamp = f"Invocations{uuid.uuid4().hex[:6]}", now_ms() // 60_000 * 60_000
    datum = {
        "metric_stream_name": "m",
        "account_id": ACCOUNT,
        "region": "us-east-1",
        "namespace": "AWS/Lambda",
        "metric_name": name,
        "dimensions": {"FunctionName": "f"},
        "timestamp": timestamp,
        "value": {"count": 3.0, "sum": 6.0, "max": 3.0, "min": 1.0},
        "unit": "Count",
    }
    record = base64.b64encode((json.dumps(datum) + "\n").encode()).decode()
    body = json.dumps({"requestId": name, "timestamp": now_ms(), "records": [{"data": record}]}).encode()
    status, answer = DOORS["firehose"].call(server, name, ingest_key, body=body)
    assert status == 200, answer
    stored(server, ingest_key, name)
    sql = f"SELECT namespace, dimensions, sample_count, sum, minimum, maximum, unit FROM metric_points WHERE metric_name = '{name}'"
    assert ask(server, sql).rows == [["AWS/Lambda", '{"FunctionName":"f"}', 3.0, 6.0, 1.0, 3.0, "Count"]]


def test_no_card_number_comes_through_a_door(server, ingest_key):
    card, run = "4111111111111111", str(uuid.uuid4())
    for name, door in DOORS.items():
        # A request id is no text, and one that could be a card number names nothing.
        marker = run if name == "firehose" else f"{run} {card}"
        body = firehose_body(f"{run} {card}").replace(f'"requestId": "{run} {card}"'.encode(), f'"requestId": "{run}"'.encode())
        status, answer = door.call(server, marker, ingest_key, body=body if name == "firehose" else None)
        assert status == 200 and card.encode() not in answer, (name, status, answer)
    assert stored(server, ingest_key, run) == len(DOORS)
    sql = f"SELECT count(*) FROM log_events WHERE message LIKE '%{run}%' AND guarded AND NOT regexp_like(message, '[0-9]{{16}}')"
    assert ask(server, sql).rows == [[len(DOORS)]]


def test_a_region_that_could_be_a_card_number_is_cut(server, ingest_key):
    """Digits and dashes make a region as far as its letters go."""
    card, name = "4111-1111-1111-1111", f"Cut{uuid.uuid4().hex[:6]}"
    datum = {
        "metric_stream_name": "m",
        "account_id": ACCOUNT,
        "region": card,
        "namespace": "AWS/Lambda",
        "metric_name": name,
        "dimensions": {},
        "timestamp": now_ms(),
        "value": {"count": 1.0, "sum": 1.0, "max": 1.0, "min": 1.0},
        "unit": "Count",
    }
    record = base64.b64encode((json.dumps(datum) + "\n").encode()).decode()
    body = json.dumps({"requestId": name, "timestamp": now_ms(), "records": [{"data": record}]}).encode()
    assert DOORS["firehose"].call(server, name, ingest_key, body=body)[0] == 200
    stored(server, ingest_key, name)
    [[region]] = ask(server, f"SELECT region FROM metric_points WHERE metric_name = '{name}'").rows
    assert card not in region and "***" in region

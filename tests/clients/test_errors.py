"""Bad input, one row each: the error the real service gives, and a server that answers the next caller.

A row is a call, how it is signed and what comes back. Where the service's own answer is not documented, several codes
are allowed and the row says only that it is the caller's fault.
"""

import gzip
import json
import socket
import time
import uuid
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import requests

from cbor import encode
from error_answer import error_code
from signed_call import Call, cbor_call, json_call, logs_call, query_call, send, send_as, signed_headers

STS_VERSION = "2011-06-15"
CLOUDWATCH_VERSION = "2010-08-01"
BODY_BYTES_MAX = 12 * 1024 * 1024
INFLATED_BYTES_MAX = 24 * 1024 * 1024
LONG_REGION = {"region": "r" * 70_000}
CARD_REGION = {"region": "4111111111111111"}
WRONG_SECRET = {"secret_key": "wrong/secret/wrong/secret/wrong/secret/0"}
UNKNOWN_KEY = {"access_key": "AKIAUNKNOWNUNKNOWN00"}
SLOW_CLOCK = {"clock_skew": timedelta(minutes=-20)}
FAST_CLOCK = {"clock_skew": timedelta(minutes=20)}

DESCRIBE = logs_call("DescribeLogGroups", {})
CREATE = logs_call("CreateLogGroup", {"logGroupName": "/test/refused"})
IDENTITY = query_call("sts", "GetCallerIdentity", STS_VERSION)
EMPTY_METRICS_CBOR = cbor_call("PutMetricData", encode({"Namespace": "N", "MetricData": []}))


@dataclass
class Bad:
    """One row. `sent_body` replaces the signed body on the way."""

    call: Call
    status: int
    codes: tuple
    signing: dict = field(default_factory=dict)
    sent_body: bytes | None = None


def bad(call, status, *codes, sent_body=None, **signing):
    return Bad(call, status, codes, signing, sent_body)


def put_metrics_gzip(raw):
    call = json_call("monitoring", "GraniteServiceVersion20100801.PutMetricData", raw, version="1.0")
    return replace(call, headers=call.headers | {"Content-Encoding": "gzip"})


GZIPPED = gzip.compress(json.dumps({"Namespace": "N", "MetricData": [{"MetricName": "m", "Value": 1}] * 500}).encode())

SIGNATURES = {
    "wrong secret, json": bad(DESCRIBE, 400, "InvalidSignatureException", **WRONG_SECRET),
    "wrong secret, query": bad(IDENTITY, 403, "SignatureDoesNotMatch", **WRONG_SECRET),
    "unknown key, json": bad(DESCRIBE, 400, "UnrecognizedClientException", **UNKNOWN_KEY),
    "unknown key, query": bad(IDENTITY, 403, "InvalidClientTokenId", **UNKNOWN_KEY),
    "clock 20 min slow, json": bad(DESCRIBE, 400, "InvalidSignatureException", **SLOW_CLOCK),
    "clock 20 min fast, json": bad(DESCRIBE, 400, "InvalidSignatureException", **FAST_CLOCK),
    "clock 20 min slow, query": bad(IDENTITY, 403, "SignatureDoesNotMatch", **SLOW_CLOCK),
    # Signed right, with a region that the journal has no room for: one such call once ended the process.
    "endless region, json": bad(DESCRIBE, 400, "InvalidSignatureException", **LONG_REGION),
    "endless region, command": bad(CREATE, 400, "InvalidSignatureException", **LONG_REGION),
    "endless region, query": bad(IDENTITY, 403, "SignatureDoesNotMatch", **LONG_REGION),
    "region in capitals": bad(DESCRIBE, 400, "InvalidSignatureException", region="US-EAST-1"),
    "card number as region, json": bad(DESCRIBE, 400, "InvalidSignatureException", **CARD_REGION),
    "card number as region, query": bad(IDENTITY, 403, "SignatureDoesNotMatch", **CARD_REGION),
    "tampered body, json": bad(DESCRIBE, 400, "InvalidSignatureException", sent_body=b'{"limit":1}'),
    "tampered body, query": bad(IDENTITY, 403, "SignatureDoesNotMatch", sent_body=IDENTITY.body + b"&A=1"),
    "tampered body, cbor": bad(EMPTY_METRICS_CBOR, 403, "InvalidSignatureException", sent_body=encode({})),
}

OPERATIONS = {
    "json": bad(logs_call("DescribeEverything", {}), 400, "UnknownOperationException"),
    "json of an unknown service": bad(
        json_call("logs", "Nowhere_20200101.DescribeLogGroups", {}), 400, "UnknownOperationException"
    ),
    "query": bad(query_call("sts", "GetEverything", STS_VERSION), 400, "InvalidAction"),
    "query with another version": bad(query_call("sts", "GetCallerIdentity", "1999-01-01"), 400, "InvalidAction"),
    "cbor": bad(cbor_call("PutEverything", encode({})), 404, "UnknownOperationException"),
    "rest": bad(
        Call("xray", b"{}", {"Content-Type": "application/json"}, "/Everything"), 404, "UnknownOperationException"
    ),
}

BODIES = {
    "no JSON": bad(logs_call("DescribeLogGroups", b"{not json"), 400, "SerializationException"),
    "JSON that ends early": bad(logs_call("DescribeLogGroups", b'{"limit":'), 400, "SerializationException"),
    "a JSON array": bad(logs_call("DescribeLogGroups", b"[]"), 400, "SerializationException"),
    "no UTF-8": bad(logs_call("CreateLogGroup", b'{"logGroupName":"\xff"}'), 400, "SerializationException"),
    "deep nesting": bad(
        # Members that the shape does not know are skipped, however deep: then the name is what is missing.
        logs_call("CreateLogGroup", b'{"x":' * 20_000 + b"1" + b"}" * 20_000),
        400,
        "SerializationException",
        "InvalidParameterException",
    ),
    "a text for a number": bad(logs_call("DescribeLogGroups", {"limit": "ten"}), 400, "SerializationException"),
    "a number for a text": bad(logs_call("CreateLogGroup", {"logGroupName": 7}), 400, "SerializationException"),
    "an object for a list": bad(
        logs_call("PutLogEvents", {"logGroupName": "g", "logStreamName": "s", "logEvents": {}}),
        400,
        "SerializationException",
    ),
    "a text for a time": bad(
        logs_call(
            "PutLogEvents",
            {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": "now", "message": "m"}]},
        ),
        400,
        "SerializationException",
    ),
    "a negative time": bad(
        logs_call(
            "PutLogEvents",
            {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": -1, "message": "m"}]},
        ),
        400,
        "InvalidParameterException",
    ),
    "nothing that is required": bad(logs_call("CreateLogGroup", {}), 400, "InvalidParameterException"),
    "gzip cut short": bad(
        put_metrics_gzip(GZIPPED[: len(GZIPPED) // 2]), 400, "SerializationException", "InvalidParameterValue"
    ),
    "gzip that is none": bad(put_metrics_gzip(b"{}"), 400, "SerializationException", "InvalidParameterValue"),
    "gzip that inflates beyond the limit": bad(
        put_metrics_gzip(gzip.compress(b" " * (INFLATED_BYTES_MAX + 1))), 413, "RequestEntityTooLargeException"
    ),
    "cbor cut short": bad(cbor_call("PutMetricData", b"\xbf\x69Name"), 400, "SerializationException"),
    "a form that is none": bad(
        Call("sts", b"%zz%=&&", {"Content-Type": "application/x-www-form-urlencoded"}),
        400,
        "MissingAction",
        "InvalidAction",
        "MalformedQueryString",
    ),
    "a member index of no list": bad(
        query_call("monitoring", "PutMetricData", CLOUDWATCH_VERSION, {"Namespace": "N", "MetricData.member.x": "1"}),
        400,
        "MalformedInput",
        "InvalidParameterValue",
        "MissingParameter",
    ),
}

ROWS = {
    f"{table}: {name}": row
    for table, rows in {"signature": SIGNATURES, "operation": OPERATIONS, "body": BODIES}.items()
    for name, row in rows.items()
}


def is_up(server):
    return requests.get(f"{server.url}/healthz", timeout=5).status_code == 200


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_bad_input_gets_the_services_error(server, row):
    headers = signed_headers(server, row.call, **row.signing)
    body = row.call.body if row.sent_body is None else row.sent_body
    answer = send_as(server, row.call, headers, body)
    assert answer.status_code == row.status, answer.text
    assert error_code(answer) in row.codes, answer.text
    assert answer.headers["x-amzn-RequestId"]
    assert is_up(server)


@pytest.mark.parametrize(
    "call,status,code",
    [(DESCRIBE, 400, "MissingAuthenticationTokenException"), (IDENTITY, 403, "MissingAuthenticationToken")],
    ids=["json", "query"],
)
def test_an_unsigned_call_is_refused(server, call, status, code):
    answer = send_as(server, call, call.headers, call.body)
    assert (answer.status_code, error_code(answer)) == (status, code), answer.text


def test_a_signature_over_too_little_is_refused(server):
    """A signature must cover the host and every x-amz header, or a copy of it could be sent elsewhere."""
    headers = signed_headers(server, DESCRIBE)
    headers["Authorization"] = headers["Authorization"].replace("host;", "")
    answer = send_as(server, DESCRIBE, headers, DESCRIBE.body)
    assert (answer.status_code, error_code(answer)) == (400, "InvalidSignatureException"), answer.text


def test_the_right_signature_is_not_refused(server):
    """The twin of every row above: the same calls, well made."""
    assert send(server, DESCRIBE).status_code == 200
    assert send(server, IDENTITY).status_code == 200


def raw_request(server, call):
    """The bytes of a signed request, head and body apart."""
    headers = signed_headers(server, call) | {"Host": f"127.0.0.1:{server.port}", "Content-Length": len(call.body)}
    lines = [f"{call.method} {call.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode(), call.body


def marked_batch(stream):
    """A PutLogEvents call with an attempt that must never be seen."""
    marked = f"corr_{uuid.uuid4()}"
    message = json.dumps({"event": "TOKEN_PROVISION_START", "correlationId": marked})
    events = [{"timestamp": int(time.time() * 1000), "message": message}] * 100
    return marked, logs_call("PutLogEvents", {**stream, "logEvents": events})


def test_a_cut_connection_stores_nothing(server, stream):
    marked, call = marked_batch(stream)
    head, body = raw_request(server, call)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head + body[: len(body) // 2])
    time.sleep(0.3)
    assert server.api(f"requests/{marked}").status_code == 404
    assert is_up(server)


def test_a_slow_connection_holds_up_nobody_and_is_served_when_it_finishes(server, stream):
    marked, call = marked_batch(stream)
    head, body = raw_request(server, call)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.settimeout(10)
        for piece in (head[:20], head[20:], body[:1], body[1:200]):
            connection.sendall(piece)
            time.sleep(0.1)
            assert is_up(server)
        assert server.api(f"requests/{marked}").status_code == 404
        connection.sendall(body[200:])
        assert connection.recv(64).startswith(b"HTTP/1.1 200")


def test_a_body_over_the_limit_is_refused_before_it_is_sent(server):
    """Only the head is sent: a server that waited for the body would hold what its limit forbids."""
    head, _ = raw_request(server, logs_call("DescribeLogGroups", b" " * (BODY_BYTES_MAX + 1)))
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.settimeout(10)
        connection.sendall(head)
        assert connection.recv(64).startswith(b"HTTP/1.1 413")
    assert is_up(server)


def test_bytes_that_are_no_http_end_the_connection_only(server):
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.settimeout(10)
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200)
        assert not connection.recv(64).startswith(b"HTTP/1.1 2")
    assert is_up(server)

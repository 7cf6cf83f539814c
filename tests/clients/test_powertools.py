"""What Powertools for AWS Lambda counts becomes points: the lines that its Metrics writes, sent as Lambda does."""

import json
import os
import subprocess
import sys
import time
import uuid
from datetime import datetime, timezone
from pathlib import Path

import pytest

from sql_questions import ask
from test_keys import within

HANDLER = Path(__file__).with_name("powertools_handler.py")
SERVICE = "tokens"
POINTS = """
    SELECT metric_name, dimensions, unit, storage_resolution, sample_count, sum, minimum, maximum
    FROM metric_points WHERE provenance = 'emf' AND namespace = '{namespace}' ORDER BY metric_name, dimensions
"""


@pytest.fixture
def written():
    """The handler's namespace and correlation id, unlike any other's, and the lines that it wrote."""
    namespace, correlation = f"Wallets-{uuid.uuid4()}", f"corr_{uuid.uuid4()}"
    own = {name: value for name, value in os.environ.items() if not name.startswith("POWERTOOLS_")}
    done = subprocess.run(
        [sys.executable, HANDLER, correlation],
        env=own | {"POWERTOOLS_METRICS_NAMESPACE": namespace, "POWERTOOLS_SERVICE_NAME": SERVICE},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return namespace, correlation, done.stdout.splitlines()


def dimensions(**named):
    return json.dumps({"service": SERVICE} | named, separators=(",", ":"), sort_keys=True)


def send(logs, stream, lines):
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": line} for line in lines]
    answer = logs.put_log_events(**stream, logEvents=events)
    assert "rejectedLogEventsInfo" not in answer, answer


def test_metrics_become_points_with_units_dimensions_and_resolution(server, logs, stream, written):
    namespace, _, lines = written
    # Of the first invocation three: the cold start, the single metric and the others. Of the second two.
    assert len(lines) == 5
    send(logs, stream, lines)
    apple = dimensions(WalletProvider="ApplePay", stage="test")
    google = dimensions(WalletProvider="GooglePay", stage="test")
    declined = ["Declined", dimensions(Issuer="ABC_Bank"), "Count", 60, 1.0, 1.0, 1.0, 1.0]
    expected = [
        ["ColdStart", dimensions(function_name="token-provisioning-service"), "Count", 60, 1.0, 1.0, 1.0, 1.0],
        declined,
        declined,
        ["Latency", apple, "Milliseconds", 60, 2.0, 26.5, 12.5, 14.0],
        ["Latency", google, "Milliseconds", 60, 2.0, 26.5, 12.5, 14.0],
        ["Requests", apple, "Count", 1, 1.0, 1.0, 1.0, 1.0],
        ["Requests", google, "Count", 1, 1.0, 1.0, 1.0, 1.0],
    ]

    def are_there():
        assert ask(server, POINTS.format(namespace=namespace)).rows == expected

    within(5, are_there)


def test_points_have_the_time_of_their_line_and_metadata_stays_in_the_event(server, logs, stream, written):
    namespace, correlation, lines = written
    send(logs, stream, lines)
    pattern = f'{{ $.correlationId = "{correlation}" }}'

    def found():
        events = logs.filter_log_events(logGroupName=stream["logGroupName"], filterPattern=pattern)["events"]
        assert len(events) == 2
        return [event["message"] for event in events]

    messages = within(5, found)
    assert messages == [line for line in lines if correlation in line]
    written_at = {json.loads(line)["_aws"]["Timestamp"] for line in messages}
    sql = f"SELECT DISTINCT timestamp FROM metric_points WHERE namespace = '{namespace}' AND metric_name = 'Latency'"

    def have_its_time():
        points_at = {datetime.fromisoformat(row[0]) for row in ask(server, sql).rows}
        assert points_at == {datetime.fromtimestamp(at / 1000, timezone.utc) for at in written_at}

    within(5, have_its_time)


def test_a_line_that_was_cut_is_an_event_and_no_point(server, logs, stream, written):
    namespace, _, lines = written
    cut = [line[:-1] for line in lines]
    # The last one, whole, is the end of the wait.
    send(logs, stream, [*cut[:-1], lines[-1]])

    def are_there():
        assert {row[1] for row in ask(server, POINTS.format(namespace=namespace)).rows} == {
            dimensions(WalletProvider="GooglePay", stage="test")
        }

    within(5, are_there)
    assert len(logs.filter_log_events(logGroupName=stream["logGroupName"])["events"]) == 5

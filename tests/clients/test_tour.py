"""The first thing a newcomer tries: the brief's two events in, one right attempt out, within a second."""

import subprocess
import sys
from pathlib import Path

import pytest

from send_brief_events import LOG_GROUP, LOG_STREAM

SCRIPT = Path(__file__).with_name("send_brief_events.py")
CORRELATION_ID = "corr_xyz789"
VISIBLE_SECONDS_MAX = 1.0


@pytest.fixture(scope="module")
def sent(server):
    """The script has run, in a process and an environment of its own."""
    subprocess.run([sys.executable, SCRIPT], env=server.environment(), check=True, timeout=30)
    return server


def test_the_two_events_of_the_brief_become_one_successful_attempt(sent):
    answer = sent.api_within(
        VISIBLE_SECONDS_MAX,
        f"requests/{CORRELATION_ID}",
        lambda body: body["detail"]["outcome"] == "SUCCESS",
    )
    detail = answer["detail"]
    assert detail["outcome"] == "SUCCESS"
    assert detail["wallet"] == "ApplePay"
    assert detail["issuer"] == "DEMO_Bank"
    assert detail["processingTimeSeconds"] == 1.245


@pytest.mark.parametrize("alias", ["a1b2c3d4-5678-90ab-cdef-EXAMPLE12345", "trm_abc123xyz"])
def test_every_id_of_the_attempt_leads_to_it(sent, alias):
    named = sent.api(f"requests/{CORRELATION_ID}").json()
    assert sent.api(f"requests/{alias}").json()["id"] == named["id"]


def test_the_attempt_shows_its_two_records(sent):
    records = sent.api(f"requests/{CORRELATION_ID}").json()["records"]
    assert len(records) == 2


def test_sending_the_same_events_again_changes_nothing(sent, logs):
    """The same texts at the same times, as a client does that lost the answer and made a new call."""
    before = sent.api("metrics").json()["metrics"]["totalRequests"]
    records = sent.api(f"requests/{CORRELATION_ID}").json()["records"]
    stored = logs.describe_log_streams(logGroupName=LOG_GROUP)["logStreams"][0]
    again = [
        {"timestamp": stored["firstEventTimestamp"], "message": records[0]["message"]},
        {"timestamp": stored["lastEventTimestamp"], "message": records[1]["message"]},
    ]
    logs.put_log_events(logGroupName=LOG_GROUP, logStreamName=LOG_STREAM, logEvents=again)
    after = sent.api_within(VISIBLE_SECONDS_MAX, "metrics", lambda body: body["metrics"]["totalRequests"] != before)
    assert after["metrics"]["totalRequests"] == before
    assert len(sent.api(f"requests/{CORRELATION_ID}").json()["records"]) == 2


def test_an_unknown_id_is_not_found(sent):
    assert sent.api("requests/corr_nobody").status_code == 404

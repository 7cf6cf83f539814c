"""What a source's telemetry was refused for is shown with the source, even if nothing else of it ever came."""

import time
import uuid

import boto3
import pytest
import requests
from botocore.config import Config

from send_brief_events import ensure_stream
from server_process import REGION
from test_keys import FOLLOW_SECONDS_MAX, keys, within


def refusals(server, name):
    found = [source for source in server.api("sources").json()["sources"] if source["name"] == name]
    return {(each["place"], each["reason"]): each["count"] for source in found for each in source["refusals"]}


def test_refused_calls_and_events_of_an_access_key(server):
    name = f"refused-{uuid.uuid4().hex[:8]}"
    made = dict(line.split(": ", 1) for line in keys(server, "add", name).splitlines())
    logs = boto3.client(
        "logs",
        endpoint_url=server.url,
        region_name=REGION,
        aws_access_key_id=made["id"],
        aws_secret_access_key=made["secret (shown once)"],
        config=Config(retries={"total_max_attempts": 1}),
    )
    within(FOLLOW_SECONDS_MAX, lambda: ensure_stream(logs, f"/{name}", "s"))
    put = lambda events: logs.put_log_events(logGroupName=f"/{name}", logStreamName="s", logEvents=events)
    now = int(time.time() * 1000)
    with pytest.raises(logs.exceptions.InvalidParameterException):
        put([{"timestamp": now, "message": "b"}, {"timestamp": now - 1, "message": "a"}])
    put([{"timestamp": now - 30 * 86_400_000, "message": "old"}])
    assert refusals(server, name) == {
        ("PutLogEvents", "InvalidParameterException"): 1,
        ("PutLogEvents", "events too old or too new"): 1,
    }
    source = next(each for each in server.api("sources").json()["sources"] if each["name"] == name)
    hint = next(hint for hint in source["hints"] if hint["code"] == "refused")
    assert hint["severity"] == "error" and hint["text"].startswith("2 calls or events were refused")


def test_refused_calls_at_the_doors(server):
    name = f"refused-{uuid.uuid4().hex[:8]}"
    made = dict(line.split(": ", 1) for line in keys(server, "add", name, "--kind", "ingest").splitlines())
    key = made["secret (shown once)"]
    bearer = {"Authorization": f"Bearer {key}"}

    def refused():
        answer = requests.post(f"{server.url}/ingest/logs", headers=bearer, data="no json", timeout=5)
        assert answer.status_code == 400, answer.text

    within(FOLLOW_SECONDS_MAX, refused)
    headers = {"X-Amz-Firehose-Access-Key": key, "X-Amz-Firehose-Protocol-Version": "1.0", "X-Amz-Firehose-Request-Id": "r"}
    assert requests.post(f"{server.url}/ingest/firehose", headers=headers, data="no json", timeout=5).status_code == 400
    otlp = bearer | {"Content-Type": "application/json"}
    assert requests.post(f"{server.url}/v1/logs", headers=otlp, data="no json", timeout=5).status_code == 400
    assert requests.post(f"{server.url}/v1/logs", headers=otlp, data="{}", timeout=5).status_code == 200
    assert refusals(server, name) == {
        ("lines of JSON", "malformed"): 1,
        ("Firehose", "malformed"): 1,
        ("OpenTelemetry", "malformed"): 1,
    }

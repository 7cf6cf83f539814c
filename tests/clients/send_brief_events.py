"""A plain boto3 script: sends the two log events of the brief, ids and texts as written, at today's times.

    AWS_ENDPOINT_URL=http://127.0.0.1:7300 AWS_SHARED_CREDENTIALS_FILE=DIR/credentials \\
        AWS_DEFAULT_REGION=us-east-1 python tests/clients/send_brief_events.py
"""

import json
import time
from pathlib import Path

import boto3

BRIEF = Path(__file__).resolve().parents[2] / "fixtures" / "brief.md"
LOG_GROUP = "/aws/lambda/token-provisioning-service"
LOG_STREAM = "2024/01/15/[$LATEST]abc123"


def brief_events(last_at_ms):
    """The events of the brief, moved in time by one shift so that the last one happens at `last_at_ms`.

    PutLogEvents takes text, so a message becomes compact JSON with its keys in the order of the brief.
    """
    brief = BRIEF.read_text(encoding="utf-8")
    events, _ = json.JSONDecoder().raw_decode(brief, brief.index("[", brief.index('"events":')))
    shift_ms = last_at_ms - events[-1]["timestamp"]
    return [
        {
            "timestamp": event["timestamp"] + shift_ms,
            "message": json.dumps(event["message"], separators=(",", ":")),
        }
        for event in events
    ]


def ensure_stream(logs, group, stream):
    """Creates what is missing, as a service would at its start."""
    for create in (
        lambda: logs.create_log_group(logGroupName=group),
        lambda: logs.create_log_stream(logGroupName=group, logStreamName=stream),
    ):
        try:
            create()
        except logs.exceptions.ResourceAlreadyExistsException:
            pass


def main():
    logs = boto3.client("logs")
    ensure_stream(logs, LOG_GROUP, LOG_STREAM)
    answer = logs.put_log_events(
        logGroupName=LOG_GROUP,
        logStreamName=LOG_STREAM,
        logEvents=brief_events(int(time.time() * 1000)),
    )
    assert "rejectedLogEventsInfo" not in answer, answer


if __name__ == "__main__":
    main()

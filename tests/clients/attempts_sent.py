"""Attempts with known ends, as a service would log them."""

import json
import time
import uuid

from send_brief_events import ensure_stream

DAY_MS = 86_400_000


class Sender:
    """Sends attempts through a log stream of its own and remembers their ids."""

    def __init__(self, server):
        self.logs = server.client("logs")
        self.stream = {"logGroupName": f"/lake/{uuid.uuid4()}", "logStreamName": "s"}
        ensure_stream(self.logs, *self.stream.values())
        self.ids = []

    def send(self, count, days_ago=0, **facts):
        """`count` attempts that ended a minute ago, every third one failed; their correlation ids."""
        at_ms = int(time.time() * 1000) - 60_000 - days_ago * DAY_MS
        ids = [f"corr_{uuid.uuid4()}" for _ in range(count)]
        events = []
        for place, correlation in enumerate(ids):
            events.extend(attempt(correlation, at_ms, is_failed=place % 3 == 2, **facts))
        events.sort(key=lambda event: event["timestamp"])
        answer = self.logs.put_log_events(**self.stream, logEvents=events)
        assert "rejectedLogEventsInfo" not in answer, answer
        self.ids.extend(ids)
        return ids


def attempt(correlation, at_ms, is_failed=False, **facts):
    """The log events of one attempt: two invocations, so that there is a further request id."""
    common = {
        "correlationId": correlation,
        "walletProvider": "ApplePay",
        "issuer": "DEMO_Bank",
        "network": "VISA",
        **facts,
    }
    start = {"event": "TOKEN_PROVISION_START", "requestId": f"first-{correlation}", **common}
    end = {"requestId": f"second-{correlation}", **common}
    if is_failed:
        end |= {"event": "TOKEN_PROVISION_FAILURE", "reasonCode": "INVALID_CVV"}
    else:
        end |= {"event": "TOKEN_PROVISION_SUCCESS", "tokenReferenceId": f"tok-{correlation}", "processingTime": "1.25"}
    return [
        {"timestamp": at_ms, "message": json.dumps(start)},
        {"timestamp": at_ms + 1_500, "message": json.dumps(end)},
    ]

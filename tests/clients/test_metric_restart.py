"""Metrics over kills: what PutMetricData acknowledged is counted once, in every statistic, however the server ended."""

import threading
import time

from botocore.exceptions import BotoCoreError, ClientError

from metric_calls import HOUR, MINUTE, base_time, datum, metric, points, put, settle, statistics
from server_process import Server

NAMESPACE = "Restart"
ROUNDS = 3
PUTTERS = 3
ACKNOWLEDGED_MIN = 20
PUT_SECONDS_MAX = 10
PAIR = {"SampleCount": 2.0, "Sum": 0.3, "Minimum": 0.1, "Maximum": 0.2}


class Putter(threading.Thread):
    """Puts 1, 2, 4 … of its own until the server is gone, and remembers which calls were answered."""

    def __init__(self, server, name, base):
        super().__init__(daemon=True)
        self.client = server.client("cloudwatch")
        self.name_put, self.base = name, base
        self.answered, self.unanswered = [], []

    def run(self):
        number = 0
        while True:
            # Each call has a minute of its own, so that its sum tells how often it was counted.
            at = self.base + MINUTE * number
            number += 1
            try:
                self.client.put_metric_data(
                    Namespace=NAMESPACE, MetricData=[datum(self.name_put, at, 7.25), datum("All", self.base, 1.0)]
                )
            except (BotoCoreError, ClientError):
                self.unanswered.append(at)
                return
            self.answered.append(at)


def killed_while_putting(folder, round_number, base):
    """One life of a server: three threads put, and it is killed in the middle of it."""
    server = Server(folder)
    putters = [Putter(server, f"m{round_number}-{number}", base) for number in range(PUTTERS)]
    for putter in putters:
        putter.start()
    deadline = time.monotonic() + PUT_SECONDS_MAX
    while any(len(putter.answered) < ACKNOWLEDGED_MIN for putter in putters) and time.monotonic() < deadline:
        time.sleep(0.005)
    server.process.kill()
    server.process.wait()
    for putter in putters:
        putter.join(timeout=PUT_SECONDS_MAX)
        assert not putter.is_alive() and len(putter.answered) >= ACKNOWLEDGED_MIN
    return putters


def test_what_was_acknowledged_is_counted_once_after_kills(tmp_path):
    base = base_time(HOUR, ago=13 * 24 * HOUR)
    putters = []
    for round_number in range(ROUNDS):
        putters += killed_while_putting(tmp_path / "killed", round_number, base)
    server = Server(tmp_path / "killed")
    try:
        client = server.client("cloudwatch")
        settle(client)
        calls = 0
        for putter in putters:
            query = metric("m", NAMESPACE, putter.name_put)
            [(_, told)] = points(client, base, base + 24 * HOUR, query)
            answered = {at - base: 7.25 for at in putter.answered}
            # The call under way at the kill may or may not be there; once, if it is.
            under_way = {at - base: 7.25 for at in putter.unanswered if at - base in told}
            assert told == answered | under_way
            calls += len(told)
            hours = statistics(
                client, NAMESPACE, putter.name_put, base, base + 24 * HOUR, HOUR, Statistics=["Sum", "SampleCount"]
            )
            assert sum(point["Sum"] for point in hours) == 7.25 * len(told)
            assert sum(point["SampleCount"] for point in hours) == len(told)
        [point] = statistics(
            client, NAMESPACE, "All", base, base + MINUTE, Statistics=["Sum", "SampleCount"]
        )
        assert (point["Sum"], point["SampleCount"]) == (calls, calls)
    finally:
        assert server.stop() == 0


def test_a_restart_changes_no_answer(tmp_path):
    base = base_time()
    day = base_time(24 * HOUR, ago=10 * 24 * HOUR)
    queries = [
        metric("sum", NAMESPACE, "Kept"),
        metric("spread", NAMESPACE, "Kept", "p90"),
        metric("hours", NAMESPACE, "Old", "Average", HOUR),
        metric("seconds", NAMESPACE, "Fine", "Maximum", 1),
    ]
    seen = []
    for life in range(2):
        server = Server(tmp_path / "data")
        client = server.client("cloudwatch")
        if life == 0:
            put(
                client,
                NAMESPACE,
                datum("Kept", base, Values=[float(number) / 7 for number in range(1, 120)]),
                datum("Kept", base + MINUTE, StatisticValues=PAIR),
                datum("Fine", base + 3, 2.5, StorageResolution=1),
                *(datum("Old", day + minute * MINUTE, minute / 3) for minute in range(120)),
            )
        seen.append([points(client, day, base + HOUR, *queries), points(client, base, base + HOUR, *queries)])
        assert server.stop() == 0
    assert seen[0] == seen[1]
    assert len(seen[0][0][2][1]) == 2 and len(seen[0][1][3][1]) == 1

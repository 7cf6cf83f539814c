"""`walletscope simulate` as a person runs it: an hour of history over the wire, its end, live traffic, and its own end."""

import subprocess
import time

import pytest

from server_process import BINARY, Server

SIMULATE_SECONDS_MAX = 60


@pytest.fixture
def own_server(tmp_path):
    running = Server(tmp_path / "data")
    yield running
    assert running.stop() == 0, running.stderr()


def simulate(server, *arguments):
    command = [BINARY, "simulate", "--endpoint", server.url, "--data", server.folder, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=SIMULATE_SECONDS_MAX)


def test_history_comes_over_the_wire_and_settles_at_once(own_server):
    began = time.monotonic()
    done = simulate(own_server, "--history", "1h", "--for", "2s", "--rate", "1")
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began >= 2, "live traffic follows the history for as long as it was asked to"
    assert done.stdout == ""
    assert "history complete" in done.stderr

    counts = own_server.api("metrics", **{"from": "now-2h"}).json()["numeric"]["counts"]
    assert counts["requests"] > 100 and counts["success"] > 50, counts
    # Told that the history is complete, the server judges it by its own times: what was quiet for a quarter of an hour
    # is ABANDONED now, not in a quarter of an hour, and what ended before that is settled.
    old = {"from": "now-2h", "to": "now-40m", "limit": 500}
    details = own_server.api("requests", **old).json()["details"]
    assert len(details) > 20
    open_ones = [one for one in details if one["outcome"] == "PENDING" and not one["flags"]["steppedUp"]]
    assert open_ones == []
    ended = [one for one in details if one["outcome"] in ("SUCCESS", "FAILED")]
    # An end may lie much later than its start where a cardholder took the time.
    settled = [one for one in ended if one["flags"]["settled"]]
    assert len(settled) >= 0.9 * len(ended), f"{len(settled)} of {len(ended)}"


def test_a_wrong_folder_is_an_error_and_nothing_is_made(own_server, tmp_path):
    """A client that made credentials of its own would be refused by the server and leave a secret behind."""
    missing = tmp_path / "mistyped"
    command = [BINARY, "simulate", "--endpoint", own_server.url, "--data", missing, "--history", "0s", "--for", "1s"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SIMULATE_SECONDS_MAX)
    assert done.returncode != 0 and "mistyped" in done.stderr, done.stderr
    assert not missing.exists()

"""What the process says of itself: on standard error, as much as it is told to, and never a card number."""

import os
import subprocess

import requests

from server_process import BINARY, STOP_SECONDS_MAX, Server

CARD = "4111111111111111"


def started_with(monkeypatch, folder, level):
    if level is None:
        monkeypatch.delenv("WALLETSCOPE_LOG", raising=False)
    else:
        monkeypatch.setenv("WALLETSCOPE_LOG", level)
    return Server(folder)


def test_the_log_is_on_standard_error_and_holds_no_card_number(tmp_path, monkeypatch):
    server = started_with(monkeypatch, tmp_path / "data", "trace")
    headers = {"Authorization": f"Bearer {server.api_token}", "User-Agent": CARD, "X-Amz-Target": CARD}
    for path in (f"/api/v1/requests/{CARD}", f"/api/v1/requests?q={CARD}", f"/{CARD}?Action={CARD}"):
        requests.get(server.url + path, headers=headers, timeout=5)
        requests.post(server.url + path, headers=headers, data=CARD, timeout=5)
    assert server.stop() == 0
    assert server.stdout_after_ready.empty()
    text = server.stderr()
    assert " INFO walletscope" in text and "DEBUG" in text
    assert CARD not in text


def test_by_default_it_says_that_it_serves_and_that_it_stopped(tmp_path, monkeypatch):
    server = started_with(monkeypatch, tmp_path / "data", None)
    assert server.stop() == 0
    lines = [line for line in server.stderr().splitlines() if " INFO walletscope" in line]
    assert len(lines) == 2 and "serving" in lines[0] and "stopped" in lines[1], server.stderr()


def test_a_filter_that_means_nothing_stops_the_start(tmp_path):
    environment = os.environ | {"WALLETSCOPE_LOG": "walletscope=loudly"}
    command = [BINARY, "serve", "--data", tmp_path / "data"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=STOP_SECONDS_MAX)
    assert done.returncode != 0 and "WALLETSCOPE_LOG" in done.stderr
    assert not (tmp_path / "data").exists()

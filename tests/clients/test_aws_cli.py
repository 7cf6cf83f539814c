"""The AWS CLI as people type it: version 2, Debian's package, tails, filters and lists; version 1 tails live."""

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest

from send_brief_events import ensure_stream
from server_process import ACCOUNT, REGION
from test_keys import within

# Debian's, not that of the Python environment, which is version 1 and has no `logs tail`.
AWS_2 = Path(os.environ.get("AWS_CLI", "/usr/bin/aws"))
AWS_1 = [sys.executable, "-m", "awscli"]
COMMAND_SECONDS_MAX = 30
# `logs tail --follow` asks every five seconds.
SHOWN_SECONDS_MAX = 20
HOUR_MS = 3_600_000


@pytest.fixture(scope="session")
def aws_2():
    if not AWS_2.exists() and not shutil.which("apt-get"):
        pytest.skip(f"no AWS CLI 2 at {AWS_2} and no apt-get to install it; AWS_CLI may name another")
    if not AWS_2.exists():
        pytest.fail(f"no AWS CLI 2 at {AWS_2}; `tests/prerequisites.sh test` installs Debian's package awscli")
    version = subprocess.run([AWS_2, "--version"], capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX).stdout
    if not version.startswith("aws-cli/2."):
        pytest.fail(f"{AWS_2} is {version.split()[0]}, not version 2; AWS_CLI may name another")
    return [AWS_2, "--color", "off"]


@pytest.fixture
def aws(server, aws_2):
    """What a command of the AWS CLI 2 prints."""

    def run(*arguments):
        # Debian 12's does not read AWS_ENDPOINT_URL yet.
        command = [*aws_2, *arguments, "--endpoint-url", server.url]
        done = subprocess.run(
            command, env=server.environment(), capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def put(logs, group, stream, at_ms, message):
    ensure_stream(logs, group, stream)
    event = {"timestamp": at_ms, "message": message}
    answer = logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])
    assert "rejectedLogEventsInfo" not in answer, answer


@pytest.fixture
def group(logs):
    """A group with one event of two hours ago and three of the last minute in two streams, and when the last were."""
    name = f"/cli/{uuid.uuid4()}"
    at_ms = int(time.time() * 1000) - 60_000
    put(logs, name, "a", at_ms - 2 * HOUR_MS, "ERROR old")
    put(logs, name, "a", at_ms, '{"level":"INFO","n":1}')
    put(logs, name, "b", at_ms + 1, "ERROR line 2")
    put(logs, name, "a", at_ms + 2, '{"level":"ERROR","n":3}')

    def is_found():
        assert len(logs.filter_log_events(logGroupName=name)["events"]) == 4

    within(5, is_found)
    return name, at_ms


def detailed(at_ms, stream, message):
    """An event as `logs tail` shows it."""
    at = datetime.fromtimestamp(at_ms / 1000, timezone.utc)
    return f"{at.isoformat(timespec='microseconds')} {stream} {message}"


def test_a_tail_shows_the_last_ten_minutes_of_all_streams(aws, group):
    name, at_ms = group
    assert aws("logs", "tail", name).splitlines() == [
        detailed(at_ms, "a", '{"level":"INFO","n":1}'),
        detailed(at_ms + 1, "b", "ERROR line 2"),
        detailed(at_ms + 2, "a", '{"level":"ERROR","n":3}'),
    ]


def test_a_tail_goes_back_and_narrows(aws, group):
    name, at_ms = group
    old = detailed(at_ms - 2 * HOUR_MS, "a", "ERROR old")
    json_error = detailed(at_ms + 2, "a", '{"level":"ERROR","n":3}')
    by_text = aws("logs", "tail", name, "--since", "3h", "--filter-pattern", "ERROR", "--log-stream-names", "a")
    assert by_text.splitlines() == [old, json_error]
    by_field = aws("logs", "tail", name, "--since", "1h", "--filter-pattern", '{ $.level = "ERROR" }')
    assert by_field.splitlines() == [json_error]


def test_a_tail_prints_json_over_lines(aws, group):
    name, at_ms = group
    shown = aws("logs", "tail", name, "--format", "json", "--filter-pattern", "{ $.n > 2 }")
    first, _, rest = shown.partition("\n")
    assert first.split()[1] == "a" and json.loads(rest) == {"level": "ERROR", "n": 3}
    assert rest.count("\n") == 4


def test_events_are_filtered_over_pages(aws, group):
    name, at_ms = group
    command = ["logs", "filter-log-events", "--log-group-name", name, "--filter-pattern", "ERROR", "--page-size", "1"]
    first = json.loads(aws(*command, "--max-items", "2"))
    assert [event["message"] for event in first["events"]] == ["ERROR old", "ERROR line 2"]
    second = json.loads(aws(*command, "--starting-token", first["NextToken"]))
    [event] = second["events"]
    assert (event["timestamp"], event["logStreamName"]) == (at_ms + 2, "a")
    assert event["eventId"] and event["ingestionTime"] >= event["timestamp"]
    assert "NextToken" not in second


def test_groups_are_listed(aws, group):
    name, at_ms = group
    [listed] = json.loads(aws("logs", "describe-log-groups", "--log-group-name-prefix", name))["logGroups"]
    assert listed["logGroupName"] == name
    assert listed["arn"] == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*"
    assert listed["creationTime"] > at_ms and listed["storedBytes"] > 0 and listed["metricFilterCount"] == 0


def test_a_tail_of_no_group_says_so(server, aws_2):
    command = [*aws_2, "logs", "tail", "/none", "--endpoint-url", server.url]
    done = subprocess.run(
        command, env=server.environment(), capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX
    )
    assert (done.returncode, done.stdout) == (254, "")
    assert "(ResourceNotFoundException)" in done.stderr and "The specified log group does not exist." in done.stderr


class Terminal:
    """What a running command has written to its terminal."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.shown = ""

    def read(self, seconds):
        """Takes in what comes within this time, at most one piece."""
        ready, _, _ = select.select([self.descriptor], [], [], seconds)
        self.shown += os.read(self.descriptor, 65_536).decode() if ready else ""

    def read_until(self, text):
        deadline = time.monotonic() + SHOWN_SECONDS_MAX
        while text not in self.shown and (left := deadline - time.monotonic()) > 0:
            self.read(left)
        assert text in self.shown, f"{text!r} is not shown: {self.shown!r}"


@contextmanager
def at_a_terminal(command, environment):
    """A command whose output goes to a terminal, where every line is seen at once; ended by Ctrl-C."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        # Tests that run in a shell's background inherit that Ctrl-C means nothing.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield Terminal(ours)
        process.send_signal(signal.SIGINT)
        # 130 where the signal comes while an event is being written.
        assert process.wait(timeout=COMMAND_SECONDS_MAX) in (0, 130)
    finally:
        process.kill()
        process.wait()
        os.close(theirs)
        os.close(ours)


def test_a_tail_that_follows_shows_what_comes_later_and_nothing_twice(server, aws_2, logs, group):
    name, _ = group
    command = [*aws_2, "logs", "tail", name, "--follow", "--filter-pattern", "ERROR", "--format", "short"]
    with at_a_terminal([*command, "--endpoint-url", server.url], server.environment()) as terminal:
        terminal.read_until('"n":3')
        now = int(time.time() * 1000)
        put(logs, name, "a", now, "fine")
        put(logs, name, "b", now + 1, "ERROR later")
        terminal.read_until("ERROR later")
    messages = [line.split(" ", 1)[1] for line in terminal.shown.splitlines()]
    assert messages == ["ERROR line 2", '{"level":"ERROR","n":3}', "ERROR later"]


def test_a_live_tail_of_version_1_shows_what_comes(server, logs, group):
    name, _ = group
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"
    command = [*AWS_1, "logs", "start-live-tail", "--log-group-identifiers", arn, "--log-event-filter-pattern", "ERROR"]
    environment = server.environment() | {"AWS_DISABLE_HOST_PREFIX_INJECTION": "true"}
    with at_a_terminal(command, environment) as terminal:
        deadline = time.monotonic() + SHOWN_SECONDS_MAX
        # The command does not say when it has begun to listen.
        while "live" not in terminal.shown and time.monotonic() < deadline:
            now = int(time.time() * 1000)
            put(logs, name, "a", now, "fine")
            put(logs, name, "a", now, "ERROR live")
            terminal.read(0.2)
    messages = terminal.shown.split("\r\n")[:-1]
    assert messages and set(messages) == {"ERROR live"}

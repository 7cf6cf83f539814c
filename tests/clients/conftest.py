"""Fixtures of the client tests: one server for all of them, and a log stream of a test's own."""

import uuid

import pytest

from send_brief_events import ensure_stream
from server_process import BINARY, Server


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is missing; `make build` makes it", returncode=2)
    running = Server(tmp_path_factory.mktemp("walletscope") / "data")
    yield running
    code = running.stop()
    assert code == 0, f"exit code {code} after SIGTERM; standard error: {running.stderr()}"
    assert running.stdout_after_ready.empty(), "more than the ready line on standard output"


@pytest.fixture
def logs(server):
    return server.client("logs")


@pytest.fixture
def cloudwatch(server):
    return server.client("cloudwatch")


@pytest.fixture
def stream(logs):
    """Names of a fresh group and stream, as keyword arguments of PutLogEvents."""
    group, name = f"/test/{uuid.uuid4()}", "first"
    ensure_stream(logs, group, name)
    return {"logGroupName": group, "logStreamName": name}

"""`walletscope lake`: compact, expire, verify and erase, asked of a running server and done alone on its folder."""

import json
import subprocess

import pytest
import requests

from attempts_sent import Sender
from lake_readers import ATTEMPTS, NAMESPACE, TABLES, arrow_rows, duckdb_connection, sql_catalog
from server_process import BINARY, Server

COMMAND_SECONDS_MAX = 60
DAYS_AGO = 3


@pytest.fixture
def lake_server(tmp_path):
    """Flushes when it is told to; day-old files are left for `compact` unless a round of its own comes first."""
    running = Server(tmp_path / "data", "--settle-after", "1s")
    yield running
    if running.process.poll() is None:
        assert running.stop() == 0, running.stderr()


def upkeep(server, task, **body):
    """Asks the running server; the lines of its answer."""
    headers = {"Authorization": f"Bearer {server.api_token}"}
    url = f"{server.url}/api/v1/lake/{task}"
    answer = requests.post(url, json=body, headers=headers, timeout=COMMAND_SECONDS_MAX)
    assert answer.status_code == 200, answer.text
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert "done" in lines[-1], lines
    return lines


def command(server, *words):
    flags = ["--data", server.folder, "--listen", f"127.0.0.1:{server.port}"]
    return subprocess.run(
        [BINARY, "lake", *words, *flags], capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, check=False
    )


def flushed(server, sender, count, **facts):
    """Sends attempts of a past day, waits until they have settled and puts them into files."""
    ids = sender.send(count, days_ago=DAYS_AGO, **facts)
    wait_settled(server, ids[-1])
    upkeep(server, "flush")
    return ids


def wait_settled(server, identifier):
    def is_settled(body):
        details = body["details"]
        return len(details) == 1 and details[0]["flags"]["settled"]

    assert is_settled(server.api_within(20, f"requests?q={identifier}", is_settled))


def table(server, name=ATTEMPTS):
    return sql_catalog(server.folder).load_table((NAMESPACE, name))


def texts_of(server, name):
    return str(arrow_rows(table(server, name)))


def test_a_running_server_compacts_verifies_and_expires(lake_server):
    sender = Sender(lake_server)
    for _ in range(3):
        flushed(lake_server, sender, 10)
    assert table(lake_server).scan().count() == 30
    done = command(lake_server, "compact")
    assert done.returncode == 0, done.stderr
    assert {line.split(":")[0] for line in done.stdout.splitlines()} == TABLES
    assert len(list(table(lake_server).scan().plan_files())) == 1
    assert table(lake_server).scan().count() == 30
    done = command(lake_server, "verify")
    assert done.returncode == 0 and f"{ATTEMPTS}: files 1, rows 30" in done.stdout, done.stdout + done.stderr
    done = command(lake_server, "expire")
    assert done.returncode == 0 and "snapshots expired" in done.stdout, done.stdout + done.stderr


def test_a_folder_that_no_server_has_open_is_looked_after_as_well(lake_server):
    sender = Sender(lake_server)
    for _ in range(2):
        flushed(lake_server, sender, 10)
    assert lake_server.stop() == 0
    assert command(lake_server, "compact").returncode == 0
    assert table(lake_server).scan().count() == 20
    assert command(lake_server, "verify").returncode == 0
    (data,) = [task.file.file_path for task in table(lake_server).scan().plan_files()]
    with open(data.removeprefix("file://"), "r+b") as file:
        file.truncate(100)
    done = command(lake_server, "verify")
    assert done.returncode == 1
    assert data.rsplit("/", 1)[1] in done.stdout


def test_a_server_elsewhere_is_told_from_none(lake_server, tmp_path):
    flags = ["--data", lake_server.folder, "--listen", "127.0.0.1:1"]
    done = subprocess.run([BINARY, "lake", "compact", *flags], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "--listen" in done.stderr, done.stderr
    done = subprocess.run(
        [BINARY, "lake", "compact", "--data", tmp_path / "none"], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1 and "--data" in done.stderr, done.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("is_running", [True, False])
def test_an_erased_attempt_is_in_no_file(lake_server, is_running):
    sender = Sender(lake_server)
    ids = flushed(lake_server, sender, 10)
    flushed(lake_server, sender, 10)
    gone = ids[4]
    for name in (ATTEMPTS, "token_provisioning_events", "log_events", "token_states"):
        assert gone in texts_of(lake_server, name) or name == "token_states"
    if not is_running:
        assert lake_server.stop() == 0
    done = command(lake_server, "erase", "--attempt", gone)
    assert done.returncode == 0, done.stderr
    assert f"{ATTEMPTS}: files deleted" in done.stdout and "not erased" in done.stdout
    for name in TABLES:
        assert gone not in texts_of(lake_server, name)
    assert table(lake_server).scan().count() == 19
    assert len(table(lake_server).snapshots()) == 1
    for path in (lake_server.folder / "lake").rglob("*"):
        # Parquet keeps ids compressed: what is left is read through the tables above; the rest is plain.
        assert not path.is_file() or gone.encode() not in path.read_bytes(), path
    rows = duckdb_connection().execute(f"SELECT count(*) FROM iceberg_scan('{table(lake_server).metadata_location}')")
    assert rows.fetchone() == (19,)
    assert command(lake_server, "verify").returncode == 0


def test_an_erased_token_is_in_no_file(lake_server):
    sender = Sender(lake_server)
    ids = flushed(lake_server, sender, 9)
    reference = f"tok-{ids[0]}"
    assert reference in texts_of(lake_server, "token_provisioning_events")
    assert command(lake_server, "erase", "--token", reference).returncode == 0
    for name in TABLES:
        assert reference not in texts_of(lake_server, name)
    assert table(lake_server).scan().count() == 8


def test_what_would_erase_too_much_is_refused(lake_server):
    done = command(lake_server, "erase", "--token", "tok")
    assert done.returncode == 1 and "too short" in done.stderr
    headers = {"Authorization": f"Bearer {lake_server.api_token}"}
    for task, body, status in (("erase", {}, 400), ("erase", {"token": "abc"}, 400), ("grow", {}, 404), ("flush", {"a": 1}, 400)):
        answer = requests.post(f"{lake_server.url}/api/v1/lake/{task}", json=body, headers=headers, timeout=10)
        assert answer.status_code == status, answer.text
    assert requests.post(f"{lake_server.url}/api/v1/lake/flush", json={}, timeout=10).status_code == 401

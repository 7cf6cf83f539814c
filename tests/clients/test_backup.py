"""A backup taken under load comes back elsewhere as the server that it was at that instant."""

import json
import shutil
import subprocess
import tarfile
import threading
import time

import pytest
import requests

from attempts_sent import Sender
from lake_readers import ATTEMPTS, NAMESPACE, TABLES, arrow_rows, check_one_row_each, duckdb_connection, sql_catalog
from server_process import BINARY, Server
from test_lake_readers import PAGE

COMMAND_SECONDS_MAX = 120
SETTINGS = ("--lake-flush-after", "1s", "--lake-merge-after", "2s", "--settle-after", "1s")
SENT_BEFORE_SECONDS = 6


def run(*words):
    return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, check=False)


def backed_up(server, target):
    return run("backup", target, "--data", server.folder, "--listen", f"127.0.0.1:{server.port}")


def pages(server):
    """Every attempt as the API tells it, by its id."""
    details, cursor = {}, {}
    while True:
        answer = server.api("requests", **{"from": "now-10d"}, limit=PAGE, **cursor).json()
        details |= {detail["attemptId"]: detail for detail in answer["details"]}
        if answer["next"] is None:
            return details
        cursor = {"cursor": answer["next"]}


def settled(server, at_least):
    """Every attempt, once that many are there and all of them have settled."""
    deadline = time.monotonic() + 30
    while True:
        details = pages(server)
        is_settled = all(detail["flags"]["settled"] for detail in details.values())
        if (is_settled and len(details) >= at_least) or time.monotonic() > deadline:
            return details
        time.sleep(0.2)


def flush(server):
    headers = {"Authorization": f"Bearer {server.api_token}"}
    answer = requests.post(f"{server.url}/api/v1/lake/flush", json={}, headers=headers, timeout=60)
    assert "done" in answer.text, answer.text


def test_a_backup_under_load_comes_back_whole(tmp_path):
    server = Server(tmp_path / "data", *SETTINGS)
    sender = Sender(server)
    stops = threading.Event()
    answered = []

    def load():
        place = 0
        while not stops.is_set():
            answered.extend((time.monotonic(), each) for each in sender.send(10, days_ago=place % 3))
            place += 1

    loading = threading.Thread(target=load)
    loading.start()
    time.sleep(SENT_BEFORE_SECONDS)
    begun = time.monotonic()
    done = backed_up(server, tmp_path)
    ended = time.monotonic()
    time.sleep(1)
    stops.set()
    loading.join()
    assert done.returncode == 0, done.stderr
    path = done.stdout.rsplit(" (", 1)[0]
    assert (tmp_path / path).stat().st_mode & 0o777 == 0o600
    assert ended - begun < COMMAND_SECONDS_MAX and len(answered) == len(sender.ids)
    everything = settled(server, len(sender.ids))
    assert len(everything) == len(sender.ids)

    # The place that the lake was copied from is gone: what was restored must not lean on it.
    assert server.stop() == 0, server.stderr()
    shutil.move(server.folder, tmp_path / "gone")
    done = run("restore", path, "--data", tmp_path / "other" / "restored")
    assert done.returncode == 0, done.stderr
    restored = Server(tmp_path / "other" / "restored", *SETTINGS)
    try:
        check_restored(restored, everything, {each for at, each in answered if at <= begun})
        assert restored.api_token == server.api_token
        assert (tmp_path / "other" / "restored" / "users.db").stat().st_mode & 0o777 == 0o600
    finally:
        assert restored.stop() == 0, restored.stderr()


def check_restored(restored, everything, before):
    """A prefix of what was sent, with all that was answered before the backup began, told as the first server does."""
    told = settled(restored, len(before))
    assert before <= {detail["correlationId"] for detail in told.values()}
    unequal = [each for each in told if {**told[each], "flags": 0} != {**everything[each], "flags": 0}]
    whole = [each for each in unequal if told[each]["tries"] == everything[each]["tries"]]
    assert not whole, [(told[each], everything[each]) for each in whole[:3]]
    measures = restored.api("metrics", **{"from": "now-10d"}).json()["metrics"]
    assert measures["totalRequests"] == len(told)
    failed = sum(detail["outcome"] == "FAILED" for detail in told.values())
    assert measures["failureRate"] == pytest.approx(100 * failed / len(told), abs=0.1)
    flush(restored)
    catalog = sql_catalog(restored.folder)
    assert {name for _, name in catalog.list_tables(NAMESPACE)} == TABLES
    table = catalog.load_table((NAMESPACE, ATTEMPTS))
    check_one_row_each(arrow_rows(table), {f"default:{each}" for each in told})
    counted = duckdb_connection().execute(f"SELECT count(*) FROM iceberg_scan('{table.metadata_location}')")
    assert counted.fetchone() == (len(told),)
    events = arrow_rows(catalog.load_table((NAMESPACE, "token_provisioning_events")), selected_fields=("correlation_id",))
    assert len(events) == 2 * len(told)
    # And it goes on: what comes in joins what was there.
    sender = Sender(restored)
    sender.send(5)
    assert len(settled(restored, len(told) + 5)) == len(told) + 5
    flush(restored)
    assert run("lake", "verify", "--data", restored.folder, "--listen", f"127.0.0.1:{restored.port}").returncode == 0


@pytest.fixture
def stopped(tmp_path):
    """The folder of a server that has stopped, with ten attempts."""
    server = Server(tmp_path / "data", *SETTINGS)
    sender = Sender(server)
    sender.send(10)
    settled(server, 10)
    flush(server)
    measures = server.api("metrics").json()["metrics"]
    assert server.stop() == 0
    return server, sender, measures


def test_a_stopped_server_is_backed_up_and_equal_afterwards(stopped, tmp_path):
    server, sender, measures = stopped
    done = backed_up(server, tmp_path / "b.tar")
    assert done.returncode == 0, done.stderr
    with tarfile.open(tmp_path / "b.tar") as archive:
        about = json.load(archive.extractfile("backup.json"))
    assert about["tables"][ATTEMPTS]["rows"] == 10 and about["applied"] == about["head"]
    assert run("restore", tmp_path / "b.tar", "--data", tmp_path / "r").returncode == 0
    restored = Server(tmp_path / "r", *SETTINGS)
    assert {detail["correlationId"] for detail in pages(restored).values()} == set(sender.ids)
    assert restored.api("metrics").json()["metrics"] == measures
    assert restored.stop() == 0


def test_a_backup_that_is_not_whole_restores_nothing(stopped, tmp_path):
    server, _, _ = stopped
    assert backed_up(server, tmp_path / "b.tar").returncode == 0
    whole = (tmp_path / "b.tar").read_bytes()
    for place, content in (("cut", whole[: len(whole) // 2]), ("changed", whole.replace(b"ApplePay", b"ApplePuy"))):
        (tmp_path / f"{place}.tar").write_bytes(content)
        done = run("restore", tmp_path / f"{place}.tar", "--data", tmp_path / place)
        assert done.returncode == 1 and "take another one" in done.stderr, done.stderr
        assert not (tmp_path / place).exists()


def test_nothing_is_written_over(stopped, tmp_path):
    server, _, _ = stopped
    assert backed_up(server, tmp_path / "b.tar").returncode == 0
    assert backed_up(server, tmp_path / "b.tar").returncode == 1
    done = run("restore", tmp_path / "b.tar", "--data", server.folder)
    assert done.returncode == 1 and "not empty" in done.stderr
    assert Server(server.folder).stop() == 0

"""`walletscope import` as a person runs it: the brief, packed lines, tables, a kill in the middle, and no card number."""

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import time
from datetime import datetime, timedelta, timezone

import pytest

from server_process import BINARY, REPOSITORY, Server

IMPORT_SECONDS_MAX = 60
BRIEF = REPOSITORY / "fixtures" / "brief.md"
# The brief's events are of 2024: a server that is to show them must not forget what is that old.
KEEPS_OLD = {"WALLETSCOPE_EVICT_AFTER": "3650d"}
CARD = "4111111111111111"


@pytest.fixture
def own_server(tmp_path, monkeypatch):
    for name, value in KEEPS_OLD.items():
        monkeypatch.setenv(name, value)
    running = Server(tmp_path / "data")
    yield running
    assert running.stop() == 0, running.stderr()


def command(server, *arguments):
    return [BINARY, "import", "--data", server.folder, "--listen", f"127.0.0.1:{server.port}", *map(str, arguments)]


def run_import(server, *arguments):
    return subprocess.run(command(server, *arguments), capture_output=True, text=True, timeout=IMPORT_SECONDS_MAX)


def imported(server, *arguments):
    done = run_import(server, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def iso(at):
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def attempt_lines(count, begin, prefix="corr"):
    """START and SUCCESS of `count` attempts, a second each, as lines of log events."""
    for number in range(count):
        at = int((begin + timedelta(seconds=number)).timestamp() * 1000)
        for event, shift, more in (
            ("TOKEN_PROVISION_START", 0, {"walletProvider": "ApplePay", "issuer": "DEMO_Bank"}),
            ("TOKEN_PROVISION_SUCCESS", 500, {"processingTime": 0.5}),
        ):
            message = {"event": event, "correlationId": f"{prefix}_{number}", **more}
            line = {"timestamp": at + shift, "message": json.dumps(message), "logGroup": "/g", "logStream": "s"}
            yield json.dumps(line) + "\n"


def yesterday():
    return (datetime.now(timezone.utc) - timedelta(days=1)).replace(microsecond=0)


def total(server, **parameters):
    answer = server.api("metrics", **{"from": "now-7d", **parameters})
    return answer.json()["numeric"]["counts"]["requests"]


def until(is_so, seconds=10):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never became so"
        time.sleep(0.05)


def test_the_brief_as_it_stands(own_server):
    said = imported(own_server, BRIEF)
    for words in (
        "JSON in Markdown",
        "stored 8 record(s)",
        "comments were left out; AWS takes no comments in JSON (first: brief.md:",
        "a message that is an object became compact JSON",
        "a trace id whose last part has not 24 digits",
        "a call that stands under SQL was read as operation and resource",
    ):
        assert words in said, said
    shown = own_server.api_within(5, "requests/corr_xyz789", lambda body: body.get("status") == "SUCCESS")
    detail = shown["detail"]
    assert shown["status"] == "SUCCESS" and detail["processingTimeSeconds"] == 1.245, shown
    assert detail["flags"]["settled"], "its history is complete"
    records = {record["signal"]: record for record in shown["records"]}
    assert [record["signal"] for record in shown["records"]] == ["log", "log", "audit"]
    audit = records["audit"]
    assert audit["joinedBy"] == {"kind": "req", "id": "a1b2c3d4-5678-90ab-cdef-EXAMPLE12345"}
    assert audit["time"] == "2024-01-15T10:25:12.000Z", "half an hour off, and not repaired"
    assert audit["message"] == "ProvisionToken at tokenization.amazonaws.com: SUCCESS, 1.245 s"
    again = imported(own_server, BRIEF)
    assert "stored 0 record(s); 8 were stored by an earlier run" in again, again


def test_packed_lines_and_a_table(own_server, tmp_path):
    packed = tmp_path / "events.dat"
    packed.write_bytes(gzip.compress("".join(attempt_lines(50, yesterday())).encode()))
    rows = io.StringIO()
    writer = csv.writer(rows, delimiter=";")
    writer.writerow(["Time", "Event", "correlation_id", "wallet_provider", "reason_code", "colour"])
    for number in range(20):
        at = yesterday() + timedelta(hours=1, seconds=number)
        writer.writerow([iso(at), "TOKEN_PROVISION_START", f"csv_{number}", "GooglePay", "", "re;d"])
        writer.writerow([iso(at), "TOKEN_PROVISION_FAILURE", f"csv_{number}", "", "ISSUER_DECLINED", ""])
    table = tmp_path / "table.txt"
    table.write_text(rows.getvalue())
    said = imported(own_server, "--source", "archive", packed, table)
    assert "stored 140 record(s)" in said and "CSV" in said and "JSON lines" in said, said
    until(lambda: total(own_server) == 70)
    assert total(own_server, wallet="GooglePay", outcome="FAILED", reason="ISSUER_DECLINED") == 20
    shown = own_server.api("requests/csv_3").json()
    assert json.loads(shown["records"][0]["message"])["colour"] == "re;d", "no column is lost"


def test_what_cannot_be_read_stops_everything_unless_it_is_to_be_left_out(own_server, tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text("".join(attempt_lines(3, yesterday(), "good")))
    lines = list(attempt_lines(30, yesterday(), "bad"))
    lines[3:3] = [f'{{"timestamp": "never", "message": "{CARD}"}}\n', '{"cut\n'] * 15
    bad.write_text("".join(lines))
    refused = run_import(own_server, good, bad)
    assert refused.returncode == 1
    assert "nothing was sent: 30 record(s) cannot be read" in refused.stderr
    assert "bad.json:5: the text has no closing quote" in refused.stderr and "and 10 more" in refused.stderr
    assert own_server.api("requests").json()["requests"] == []
    dry = imported(own_server, "--dry-run", "--skip-bad", good, bad)
    assert "nothing was sent" in dry and total(own_server) == 0
    said = imported(own_server, "--skip-bad", good, bad)
    assert "stored 66 record(s); 30 bad record(s) were left out" in said, said
    until(lambda: total(own_server) == 33)
    for text in (refused.stderr, refused.stdout, dry, said):
        assert CARD not in text, "a report goes through the guard"


def test_a_killed_import_goes_on_and_stores_nothing_twice(own_server, tmp_path):
    count = 60_000
    file = tmp_path / "long.ndjson"
    with file.open("w") as out:
        out.writelines(attempt_lines(count, yesterday(), "long"))
    progress = own_server.folder / "imports"

    def chunks():
        known = [json.loads(path.read_text()) for path in progress.glob("*.json")]
        return max((each["chunks"] for each in known), default=0)

    for end in (signal.SIGKILL, signal.SIGINT):
        before = chunks()
        process = subprocess.Popen(command(own_server, file), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until(lambda: chunks() > before or process.poll() is not None, IMPORT_SECONDS_MAX)
        process.send_signal(end)
        _, stderr = process.communicate(timeout=IMPORT_SECONDS_MAX)
        if end == signal.SIGINT:
            assert process.returncode == 130 and "the same command goes on from here" in stderr, stderr
        else:
            assert process.returncode == -signal.SIGKILL, "killed before it was done"
    said = imported(own_server, file)
    assert "were stored by an earlier run" in said, said
    until(lambda: total(own_server) == count)
    groups = own_server.client("logs").describe_log_groups(logGroupNamePrefix="/g")["logGroups"]
    sizes = [len(json.loads(line)["message"].encode()) + 26 for line in file.open()]
    assert groups[0]["storedBytes"] == sum(sizes), "every event once"


def test_without_a_server_one_runs_until_the_import_is_done(tmp_path, monkeypatch):
    for name, value in KEEPS_OLD.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "data"
    arguments = [BINARY, "import", "--data", folder, "--listen", "127.0.0.1:1", BRIEF]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=IMPORT_SECONDS_MAX)
    assert done.returncode == 0 and "stored 8 record(s)" in done.stdout, done.stderr
    assert "one does until the import is done" in done.stderr
    server = Server(folder)
    try:
        shown = server.api("requests/corr_xyz789").json()
        assert shown["status"] == "SUCCESS" and len(shown["records"]) == 3, shown
        # A server that holds the folder and is not found there is named, not fought.
        again = subprocess.run([*arguments[:-1], "--again", BRIEF], capture_output=True, text=True, timeout=IMPORT_SECONDS_MAX)
        assert again.returncode == 1 and "--server" in again.stderr, again.stderr
        # By its URL and the token of the environment it is.
        environment = os.environ | {"WALLETSCOPE_API_TOKEN": server.api_token}
        elsewhere = ["--state", tmp_path / "state", "--data", tmp_path / "none"]
        named = [BINARY, "import", "--server", server.url, *elsewhere, "--again", BRIEF]
        by_url = subprocess.run(named, capture_output=True, text=True, timeout=IMPORT_SECONDS_MAX, env=environment)
        assert by_url.returncode == 0 and "stored 8 record(s)" in by_url.stdout, by_url.stderr
        assert not (tmp_path / "none").exists()
        # The same records once more change nothing.
        assert len(server.api("requests/corr_xyz789").json()["records"]) == 3
    finally:
        assert server.stop() == 0, server.stderr()


def test_card_numbers_are_cut(own_server, tmp_path):
    """In every signal, in names too; neither the store nor the log nor any answer has them."""
    at = int(yesterday().timestamp() * 1000)
    message = {"event": "TOKEN_PROVISION_START", "correlationId": "corr_card", "pan": CARD, "cvv": "737"}
    documents = [
        {"timestamp": at, "message": message, "logGroup": f"/g/{CARD}", "logStream": CARD},
        {"MetricName": CARD, "Namespace": "N", "Timestamp": at / 1000, "Value": 1, "Dimensions": {"card": CARD}},
        {"id": CARD, "trace_id": f"1-{CARD}", "name": CARD, "start_time": at / 1000, "annotations": {"correlationId": "corr_card", "pan": CARD}},
        {"eventTime": iso(yesterday()), "eventSource": "s", "eventName": "n", "correlationId": "corr_card", "requestParameters": {"pan": CARD}},
    ]
    file = tmp_path / f"{CARD}.json"
    file.write_text("\n".join(json.dumps(document) for document in documents))
    done = run_import(own_server, file)
    assert done.returncode == 0 and "stored 4 record(s)" in done.stdout, done.stderr
    shown = own_server.api_within(5, "requests/corr_card", lambda body: len(body.get("records", [])) == 3)
    assert {record["signal"] for record in shown["records"]} == {"log", "span", "audit"}, shown
    texts = [done.stdout, done.stderr, json.dumps(shown), own_server.stderr()]
    assert not any(CARD in text for text in texts)
    for path in own_server.folder.rglob("*"):
        if path.is_file():
            assert CARD.encode() not in path.read_bytes(), path


def test_a_file_that_is_none_is_refused(own_server, tmp_path):
    words = tmp_path / "words"
    words.write_text("hello world\n")
    for path, expected in ((tmp_path / "missing", "there is no such file"), (words, "neither JSON"), (tmp_path, "folder")):
        done = run_import(own_server, path)
        assert done.returncode == 1 and expected in done.stderr, done.stderr

"""`walletscope sql`, `export` and `lake status` as people and scripts call them: over a running server, over a folder that
nobody has open, and in a shell on a terminal."""

import csv
import io
import json
import os
import pty
import re
import select
import subprocess
import time

import pyarrow.parquet
import pytest

from server_process import BINARY, Server
from test_sql import attempt, send, value, within

SECONDS_MAX = 60
ROWS = "SELECT x AS n, concat('row ', CAST(x AS VARCHAR)) AS name FROM UNNEST(sequence(1, 3)) AS t(x) ORDER BY x"


def run(*arguments, folder=None, text=None, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WALLETSCOPE_")}
    place = ["--data", folder] if folder else []
    return subprocess.run(
        [BINARY, *arguments, *place], input=text, env=clean | environment, capture_output=True, text=True, timeout=SECONDS_MAX
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The data folder of a running server with two attempts."""
    running = Server(tmp_path_factory.mktemp("cli") / "data")
    send(running, attempt("SUCCESS") + attempt("FAILURE"))
    within(5, lambda: value(running, "SELECT requests() - pending() FROM attempts"), lambda n: n == 2)
    yield running.folder
    running.stop()


def test_a_table_for_people(folder):
    done = run("sql", ROWS, folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == " n | name\n---+-------\n 1 | row 1\n 2 | row 2\n 3 | row 3\n(3 rows)\n"


def test_forms_for_programs(folder, tmp_path):
    done = run("sql", "--format", "csv", ROWS, folder=folder)
    assert list(csv.reader(io.StringIO(done.stdout))) == [["n", "name"], ["1", "row 1"], ["2", "row 2"], ["3", "row 3"]]
    done = run("sql", "--format", "json", ROWS, folder=folder)
    assert [row["n"] for row in json.loads(done.stdout)] == [1, 2, 3]
    file = tmp_path / "rows.parquet"
    done = run("sql", ROWS, "--output", file, folder=folder)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert pyarrow.parquet.read_table(file).num_rows == 3
    assert list(tmp_path.iterdir()) == [file]


def test_statements_from_a_file_and_from_standard_input(folder, tmp_path):
    script = tmp_path / "report.sql"
    script.write_text("-- two; of them\nSELECT 1 AS one;\n\nSELECT ';' AS two;\n")
    done = run("sql", "--format", "csv", "-f", script, folder=folder)
    assert (done.returncode, done.stdout) == (0, "one\n1\ntwo\n;\n"), done.stderr
    for arguments in (["sql"], ["sql", "-"]):
        done = run(*arguments, "--format", "csv", folder=folder, text="SELECT 7 AS n")
        assert (done.returncode, done.stdout) == (0, "n\n7\n"), done.stderr


def test_an_error_points_at_its_place(folder, tmp_path):
    script = tmp_path / "report.sql"
    script.write_text("SELECT 1 AS one;\nSELECT\n  walet_provider\nFROM attempts;\n")
    done = run("sql", "-f", script, folder=folder)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith("error: ") and "walet_provider" in lines[0]
    assert lines[1:4] == ["  at line 3, column 3", "  |   walet_provider", "  |   ^"]
    assert lines[4].startswith("hint: ") and "wallet_provider" in lines[4]


def test_a_file_that_is_not_whole_is_none(folder, tmp_path):
    file = tmp_path / "rows.csv"
    done = run("sql", "SELECT 1 / (x - 15000) AS n FROM UNNEST(sequence(1, 20000)) AS t(x)", "--output", file, folder=folder)
    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [["sql", "--form", "csv", "SELECT 1"], ["sql", ""], ["sql", "-f", "missing.sql"], ["export"], ["export", "attempts", "--output", "x.txt"]]
)
def test_a_command_line_that_means_nothing(folder, arguments):
    assert run(*arguments, folder=folder).returncode == 2


def test_timing_and_remarks_go_to_standard_error(folder):
    done = run("sql", "--timing", "--rows", "2", ROWS, folder=folder)
    assert "(2 rows)" in done.stdout
    assert "there are more than 2 rows" in done.stderr and re.search(r"\d\.\d{3} s; ", done.stderr)


def test_a_table_is_exported_whole(folder, tmp_path):
    file = tmp_path / "attempts.parquet"
    done = run("export", "attempts", "--output", file, folder=folder)
    assert done.returncode == 0, done.stderr
    table = pyarrow.parquet.read_table(file)
    assert sorted(table["status"].to_pylist()) == ["FAILED", "SUCCESS"]
    file = tmp_path / "failures.json"
    done = run("export", "--query", "SELECT status FROM attempts WHERE status = 'FAILED'", "--output", file, folder=folder)
    assert json.loads(file.read_text()) == [{"status": "FAILED"}], done.stderr


def test_the_server_is_found_by_its_address_and_token(folder):
    url = (folder / "address").read_text().strip()
    token = re.search(r"walletscope_api_token\s*=\s*(\S+)", (folder / "credentials").read_text()).group(1)
    done = run("sql", "--server", url, "SELECT 1", WALLETSCOPE_API_TOKEN=token)
    assert done.returncode == 0, done.stderr
    done = run("sql", "--server", url, "SELECT 1", WALLETSCOPE_API_TOKEN="wrong")
    assert done.returncode == 1 and "token" in done.stderr
    assert token not in done.stderr


def test_a_folder_that_nobody_has_open_is_opened(tmp_path):
    server = Server(tmp_path / "data")
    send(server, attempt("SUCCESS"))
    within(5, lambda: value(server, "SELECT requests() - pending() FROM attempts"), lambda n: n == 1)
    server.stop()
    assert not (tmp_path / "data" / "address").exists()
    for _ in range(2):
        done = run("sql", "--format", "csv", "SELECT status, count(*) AS n FROM attempts GROUP BY 1", folder=tmp_path / "data")
        assert (done.returncode, done.stdout) == (0, "status,n\nSUCCESS,1\n"), done.stderr
    done = run("sql", "SELECT 1", folder=tmp_path / "missing")
    assert done.returncode == 1 and "no data folder" in done.stderr
    assert not (tmp_path / "missing").exists()
    # Started again, it knows what it knew.
    server = Server(tmp_path / "data")
    assert value(server, "SELECT count(*) FROM attempts") == 1
    server.stop()


def test_the_lake_is_shown_as_a_table(folder):
    done = run("lake", "status", folder=folder)
    assert done.returncode == 0, done.stderr
    for word in ("files ", "journal ", "token_provisioning_logs", "log_events", "hot rows"):
        assert word in done.stdout


class Shell:
    """The shell on a terminal of its own."""

    def __init__(self, folder):
        self.master, slave = pty.openpty()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WALLETSCOPE_")}
        self.process = subprocess.Popen(
            [BINARY, "sql", "--data", folder], stdin=slave, stdout=slave, stderr=slave, env=clean | {"TERM": "xterm"},
            start_new_session=True, preexec_fn=take_terminal,
        )
        os.close(slave)
        self.text = ""

    def type(self, text):
        os.write(self.master, text.encode())

    def expect(self, pattern, seconds=20):
        """Reads until the pattern is there; what follows it is kept."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self.text)):
            ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{pattern!r} is not in {self.text!r}"
            self.text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", os.read(self.master, 65536).decode(errors="replace"))
        self.text = self.text[found.end():]
        return found


def take_terminal():
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_shell_on_a_terminal(folder):
    shell = Shell(folder)
    shell.expect("walletscope> ")
    shell.type("SELECT 40 +\r")
    shell.expect(r"\.\.\.> ")
    shell.type("2 AS n;\r")
    shell.expect(r"42\s+\(1 row\)")
    shell.type("\\d\r")
    shell.expect(r"token_provisioning_logs\s+\| table")
    shell.type("\\d log_events\r")
    shell.expect(r"log_group\s+\| text")
    shell.type("SELECT status FROM attempts ORDER BY 1;\r")
    shell.expect(r"FAILED\s+SUCCESS\s+\(2 rows\)")
    shell.type("\\timing\r")
    shell.expect("timing is on")
    shell.type("SELECT nothing FROM attempts;\r")
    shell.expect("error: .*nothing")
    shell.type("SELECT 4111111111111111;\r")
    shell.expect("card number")
    shell.type("\\q\r")
    assert shell.process.wait(timeout=10) == 0
    history = (folder / "sql-history").read_text()
    assert "SELECT 40 + 2 AS n;" in history and "4111111111111111" not in history
    assert (folder / "sql-history").stat().st_mode & 0o777 == 0o600

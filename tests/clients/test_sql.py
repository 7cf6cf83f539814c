"""SQL over HTTP against the real binary: the texts of the brief as they are, what is acknowledged is counted, files, saved
queries, cancelling, and what is refused."""

import io
import json
import re
import threading
import time
import uuid

import pyarrow.csv
import pyarrow.parquet
import pytest
import requests

from send_brief_events import BRIEF, LOG_GROUP, LOG_STREAM, brief_events, ensure_stream
from server_process import REGION, Server
from sql_questions import Refused, ask, post, value

CARD_NUMBER = "4111111111111111"
VISIBLE_SECONDS_MAX = 1.0
# Eight billion rows out of few in memory: nobody waits for its end.
ENDLESS = (
    "WITH n AS (SELECT x FROM UNNEST(sequence(1, 2000)) AS t(x)) "
    "SELECT count(*) FROM n a, n b, n c WHERE (a.x + b.x + c.x) % 7 = 3"
)


def brief_sql():
    """The four texts of SQL in the brief, byte for byte, by their place in it."""
    brief = BRIEF.read_text(encoding="utf-8")
    texts = {"athena": re.search(r"```sql\n(.*?)```", brief, re.DOTALL).group(1)}
    for name in ("SuccessRate", "Latency", "DailyMetrics"):
        block = re.search(rf"\n  {name}:\n    query: \|\n((?:      .*\n|\s*\n)+)", brief).group(1)
        texts[name] = "".join(line[6:] if line.startswith("      ") else line for line in block.splitlines(keepends=True))
    return texts


def send(server, messages, group="/aws/lambda/sql-tests"):
    """Events of now, acknowledged when this returns."""
    logs = server.client("logs")
    ensure_stream(logs, group, "one")
    now = int(time.time() * 1000)
    events = [{"timestamp": now + place, "message": json.dumps(message)} for place, message in enumerate(messages)]
    answer = logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)
    assert "rejectedLogEventsInfo" not in answer, answer


def attempt(end, wallet="GooglePay", **more):
    """The start and the end of an attempt."""
    known = {"correlationId": f"corr_{uuid.uuid4()}", "walletProvider": wallet, "issuer": "ACME_CU"}
    return [known | {"event": "TOKEN_PROVISION_START"}, known | {"event": f"TOKEN_PROVISION_{end}"} | more]


def within(seconds, question, is_expected):
    """Asks until the answer is the expected one; returns the last one either way."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if is_expected(answer) or time.monotonic() >= deadline:
            return answer
        time.sleep(0.02)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """A server of its own, with the events of the brief and two attempts more."""
    running = Server(tmp_path_factory.mktemp("sql") / "data")
    logs = running.client("logs")
    ensure_stream(logs, LOG_GROUP, LOG_STREAM)
    logs.put_log_events(logGroupName=LOG_GROUP, logStreamName=LOG_STREAM, logEvents=brief_events(int(time.time() * 1000)))
    send(running, attempt("FAILURE", reasonCode="ISSUER_TIMEOUT") + attempt("SUCCESS", processingTime=2.5))
    count = within(5, lambda: value(running, "SELECT count(*) FROM attempts WHERE status <> 'PENDING'"), lambda n: n == 3)
    assert count == 3
    yield running
    assert running.stop() == 0, running.stderr()


# The texts of the brief.


def test_the_athena_dataset_of_the_brief(lake):
    answer = ask(lake, brief_sql()["athena"])
    assert [name for name, _ in answer.columns] == [
        "wallet_provider", "issuer", "timestamp", "status", "request_count", "success_rate", "avg_processing_time",
    ]
    rows = {tuple(row[i] for i in (0, 1, 3)): row[4:] for row in answer.rows}
    assert rows["ApplePay", "DEMO_Bank", "SUCCESS"] == [1, 100, 1.245]
    assert rows["GooglePay", "ACME_CU", "FAILED"][:2] == [1, 0]
    assert answer.done["answeredBy"] == ["token_provisioning_logs"]
    [note] = answer.done["notes"]
    assert "one instant" in note["text"]
    better = ask(lake, note["suggestion"])
    assert better.done["notes"] == []


def test_the_daily_metrics_of_the_brief(lake):
    answer = ask(lake, brief_sql()["DailyMetrics"])
    assert answer.columns == [
        ("date", "timestamp"), ("wallet_provider", "text"), ("issuer", "text"),
        ("total_requests", "bigint"), ("successful_requests", "bigint"), ("avg_latency", "double"),
    ]
    found = {(row[1], row[2]): row[3:] for row in answer.rows}
    assert found == {("ApplePay", "DEMO_Bank"): [1, 1, 1.245], ("GooglePay", "ACME_CU"): [2, 1, 2.5]}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", row[0]) for row in answer.rows)


def test_the_success_rate_of_the_brief(lake):
    answer = ask(lake, brief_sql()["SuccessRate"])
    # Grouped by wallet, issuer and minute: a minute may part the two attempts.
    assert sorted(row[0] for row in answer.rows) in ([50, 100], [0, 100, 100])


def test_the_latency_of_the_brief(lake):
    answer = ask(lake, brief_sql()["Latency"])
    assert sorted(row[0] for row in answer.rows if row[0] is not None) == [1.245, 2.5]


# What was acknowledged.


def test_what_was_acknowledged_is_counted_within_a_second(lake):
    count = "SELECT count(*) FROM log_events WHERE log_group = '/test/visible'"
    for sent in range(1, 6):
        send(lake, [{"event": "SOMETHING"}], group="/test/visible")
        acknowledged = time.monotonic()
        found = within(VISIBLE_SECONDS_MAX, lambda: value(lake, count), lambda n: n >= sent)
        assert found == sent
        assert time.monotonic() - acknowledged < VISIBLE_SECONDS_MAX


def test_numbers_are_the_same_after_a_kill(tmp_path):
    texts = [
        "SELECT wallet_provider, status, count(*), sum(processing_time) FROM attempts GROUP BY 1, 2 ORDER BY 1, 2",
        "SELECT log_group, count(*), count(DISTINCT correlation_id) FROM log_events GROUP BY 1 ORDER BY 1",
        "SELECT success_rate(), success_rate_n(), requests() FROM attempts",
        "SELECT event, count(*) FROM token_provisioning_events GROUP BY 1 ORDER BY 1",
    ]
    server = Server(tmp_path / "data")
    for number in range(20):
        send(server, attempt("SUCCESS", processingTime=number / 8) + attempt("FAILURE", wallet="ApplePay"))
    within(5, lambda: value(server, "SELECT requests() - pending() FROM attempts"), lambda n: n == 40)
    before = [ask(server, text).rows for text in texts]
    assert before[2] == [[0.5, 40, 40]]
    server.process.kill()
    server.process.wait()
    server = Server(tmp_path / "data")
    assert [ask(server, text).rows for text in texts] == before
    assert server.stop() == 0


# Values, limits and progress.


def test_values_keep_their_types(lake):
    answer = ask(
        lake,
        "SELECT 1 AS one, CAST(2 AS INTEGER) AS two, 9007199254740993 AS big, 1.5 AS half, TRUE AS yes, NULL AS nothing, "
        "'a\"b\n€' AS words, TIMESTAMP '2026-11-22 12:04:30.812' AS at, DATE '2026-11-22' AS day, ARRAY[1, NULL, 3] AS list",
    )
    types = dict(answer.columns)
    assert (types["one"], types["two"], types["half"], types["yes"]) == ("bigint", "integer", "double", "boolean")
    assert (types["words"], types["at"], types["day"], types["list"]) == ("text", "timestamp", "date", "list")
    assert answer.rows == [
        [1, 2, "9007199254740993", 1.5, True, None, 'a"b\n€', "2026-11-22T12:04:30.812Z", "2026-11-22", [1, None, 3]]
    ]


def test_an_attempt_says_where_it_came_from(lake):
    correlation = f"corr_{uuid.uuid4()}"
    send(lake, [{"event": "TOKEN_PROVISION_START", "correlationId": correlation}])
    where = f"WHERE correlation_id = '{correlation}'"
    question = f"SELECT account, region, source FROM token_provisioning_logs {where}"
    signals = f"SELECT account, region, source FROM log_events {where}"
    rows = within(VISIBLE_SECONDS_MAX, lambda: ask(lake, question).rows, bool)
    assert rows == ask(lake, signals).rows
    account = lake.client("sts").get_caller_identity()["Account"]
    assert [row[:2] for row in rows] == [[account, REGION]]


def test_more_rows_than_asked_for_are_said_to_be_there(lake):
    rows = "SELECT x FROM UNNEST(sequence(1, 5000)) AS t(x)"
    assert [ask(lake, rows, maxRows=limit).done["truncated"] for limit in (1, 4999, 5000, 5001)] == [True, True, False, False]
    assert len(ask(lake, rows, maxRows=4999).rows) == 4999


def test_a_long_query_tells_its_progress_and_ends_when_its_reader_goes(lake):
    response = post(lake, {"sql": ENDLESS})
    lines = response.iter_lines(chunk_size=1)
    assert "columns" in json.loads(next(lines))
    progress = [json.loads(next(lines))["progress"] for _ in range(2)]
    assert progress[0]["elapsedMs"] < progress[1]["elapsedMs"]
    response.close()


def test_queries_whose_readers_went_make_room_for_others(lake):
    # More than may run at a time: were one of them still running, the last question would wait for it.
    for _ in range(3):
        responses = [post(lake, {"sql": ENDLESS}) for _ in range(4)]
        for response in responses:
            response.close()
    began = time.monotonic()
    assert value(lake, "SELECT 1") == 1
    assert time.monotonic() - began < 10


def test_the_server_stops_while_a_query_runs(tmp_path):
    server = Server(tmp_path / "data")
    said = []
    response = post(server, {"sql": ENDLESS})
    reader = threading.Thread(target=lambda: said.extend(response.iter_lines(chunk_size=1)))
    reader.start()
    time.sleep(0.5)
    assert server.stop() == 0
    reader.join(timeout=10)
    assert json.loads(said[-1])["error"]["message"] == "the server is stopping"


# What is refused.


@pytest.mark.parametrize(
    ("sql", "code", "line", "column"),
    [
        ("SELECT *\nFRM attempts", "sql_syntax", 2, 1),
        ("SELECT walet_provider\nFROM attempts", "sql_unknown_column", 1, 8),
        ("SELECT 1\nFROM  atempts", "sql_unknown_table", 2, 7),
        ("DELETE FROM attempts", "sql_read_only", 1, 1),
        ("SELECT 1; SELECT 2", "sql_unsupported", 1, 11),
        ("SELECT '" + "x" * 200_000 + "'", "sql_too_large", None, None),
        ("", "sql_syntax", None, None),
    ],
)
def test_an_error_says_where_and_what_would_be_right(lake, sql, code, line, column):
    with pytest.raises(Refused) as refused:
        ask(lake, sql)
    error = refused.value.error
    assert refused.value.status == 400
    assert set(error) == {"code", "message", "line", "column", "hint"}
    assert error["code"] == code, error
    if line:
        assert (error["line"], error["column"]) == (line, column), error
        assert error["hint"], error


def test_an_error_while_rows_come_is_the_last_line(lake):
    with pytest.raises(Refused) as refused:
        ask(lake, "SELECT 1 / (x - 5000) FROM UNNEST(sequence(1, 5000)) AS t(x)")
    assert refused.value.error["code"] == "sql_failed"


@pytest.mark.parametrize(
    ("body", "parameters", "code"),
    [
        ("", {}, "bad_body"),
        ("[]", {}, "bad_body"),
        ({"sql": 1}, {}, "bad_body"),
        ({"sql": "SELECT 1", "rows": 1}, {}, "bad_body"),
        ({"sql": "SELECT 1", "maxRows": 0}, {}, "bad_value"),
        ({"sql": "SELECT 1", "maxRows": 1_000_001}, {}, "bad_value"),
        ({"sql": "SELECT 1"}, {"format": "xlsx"}, "bad_value"),
        ({"sql": "SELECT 1"}, {"limit": "1"}, "unknown_parameter"),
    ],
)
def test_a_question_that_means_nothing_is_an_error(lake, body, parameters, code):
    answer = post(lake, body, **parameters)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_a_card_number_in_a_text_is_refused_and_repeated_nowhere(lake):
    text = f"SELECT * FROM log_events WHERE message LIKE '%{CARD_NUMBER}%'"
    answers = [
        post(lake, {"sql": text}),
        post(lake, {"sql": text}, format="csv"),
        put_saved(lake, "harmless", text),
        put_saved(lake, f"card {CARD_NUMBER}", "SELECT 1"),
        post(lake, {"sql": f"CREATE VIEW v AS {text}"}),
    ]
    for answer in answers:
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["code"] == "card_number"
        assert CARD_NUMBER not in answer.text
    assert CARD_NUMBER not in lake.stderr()
    assert saved(lake) == {}


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "sql"), ("GET", "sql/schema"), ("GET", "sql/saved"), ("PUT", "sql/saved/x"), ("DELETE", "sql/saved/x"), ("GET", "storage")],
)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_nothing_of_it_is_open(lake, method, path, headers):
    answer = requests.request(method, f"{lake.url}/api/v1/{path}", headers=headers, data='{"sql": "SELECT 1"}', timeout=5)
    assert answer.status_code == 401, answer.text


def test_a_session_asks_from_our_own_pages_only(lake):
    browser = requests.Session()
    link = re.search(r"sign in: (\S+)", lake.stderr()).group(1)
    assert browser.get(link, allow_redirects=False, timeout=5).status_code == 303
    for headers, status in (
        ({}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": lake.url, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": lake.url, "Sec-Fetch-Site": "same-origin"}, 200),
    ):
        answer = browser.post(f"{lake.url}/api/v1/sql", json={"sql": "SELECT 1"}, headers=headers, timeout=10)
        assert answer.status_code == status, headers


@pytest.mark.parametrize(("method", "path"), [("GET", "sql"), ("POST", "sql/schema"), ("POST", "storage"), ("POST", "sql/saved/x")])
def test_other_methods_are_refused(lake, method, path):
    headers = {"Authorization": f"Bearer {lake.api_token}"}
    answer = requests.request(method, f"{lake.url}/api/v1/{path}", headers=headers, timeout=5)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


# Files.

EXPORTED = (
    "SELECT x AS n, CAST(x AS DOUBLE) / 8 AS share, concat('row, \"', CAST(x AS VARCHAR), '\"') AS words, "
    "CASE WHEN x % 3 = 0 THEN NULL ELSE x END AS gaps, TIMESTAMP '2026-11-22 12:00:00.5' AS at, DATE '2026-11-22' AS day "
    "FROM UNNEST(sequence(1, 20000)) AS t(x) ORDER BY x"
)


def exported(lake, form):
    answer = post(lake, {"sql": EXPORTED}, format=form)
    assert answer.status_code == 200, answer.text
    name = re.fullmatch(rf'attachment; filename="([^"]+\.{form})"', answer.headers["Content-Disposition"])
    assert name
    return answer


def test_a_parquet_file_reads_back(lake):
    table = pyarrow.parquet.read_table(io.BytesIO(exported(lake, "parquet").content))
    assert table.num_rows == 20_000
    assert table.column_names == ["n", "share", "words", "gaps", "at", "day"]
    assert table["n"].to_pylist() == list(range(1, 20_001))
    assert table["words"][41].as_py() == 'row, "42"'
    assert table["gaps"].null_count == 6_666
    assert str(table["day"][0]) == "2026-11-22"


def test_a_csv_file_reads_back(lake):
    answer = exported(lake, "csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    options = pyarrow.csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)
    table = pyarrow.csv.read_csv(io.BytesIO(answer.content), convert_options=options)
    assert table.num_rows == 20_000
    assert sum(table["n"].to_pylist()) == 200_010_000
    assert table["words"][41].as_py() == 'row, "42"'
    assert table["gaps"].null_count == 6_666


def test_a_json_file_reads_back(lake):
    rows = exported(lake, "json").json()
    assert len(rows) == 20_000
    assert rows[2] == {
        "n": 3, "share": 0.375, "words": 'row, "3"', "gaps": None, "at": "2026-11-22T12:00:00.500Z", "day": "2026-11-22",
    }
    assert post(lake, {"sql": "SELECT 1 AS n WHERE FALSE"}, format="json").json() == []


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_what_cannot_be_answered_is_no_file(lake, form):
    for sql in ("SELECT nothing FROM attempts", "SELECT 1 / (x - 1) FROM UNNEST(sequence(1, 10)) AS t(x)"):
        answer = post(lake, {"sql": sql}, format=form)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["code"].startswith("sql_")


# Saved queries.


def put_saved(lake, name, sql):
    url = f"{lake.url}/api/v1/sql/saved/{requests.utils.quote(name, safe='')}"
    return requests.put(url, json={"sql": sql}, headers={"Authorization": f"Bearer {lake.api_token}"}, timeout=10)


def delete_saved(lake, name):
    url = f"{lake.url}/api/v1/sql/saved/{requests.utils.quote(name, safe='')}"
    return requests.delete(url, headers={"Authorization": f"Bearer {lake.api_token}"}, timeout=10).status_code


def saved(lake):
    return {query["name"]: query["sql"] for query in lake.api("sql/saved").json()["queries"]}


def test_a_saved_query_is_a_view(lake):
    assert put_saved(lake, "failures", "SELECT * FROM attempts WHERE status = 'FAILED'").status_code == 204
    assert put_saved(lake, "By wallet, today", "SELECT wallet_provider FROM attempts").status_code == 204
    assert set(saved(lake)) == {"failures", "By wallet, today"}
    assert value(lake, "SELECT count(*) FROM failures") == 1
    tables = {table["name"]: table for table in lake.api("sql/schema").json()["tables"]}
    assert tables["failures"]["kind"] == "view"
    assert "wallet_provider" in [column["name"] for column in tables["failures"]["columns"]]
    for name in ("failures", "By wallet, today", "never there"):
        assert delete_saved(lake, name) == 204
    assert saved(lake) == {}
    with pytest.raises(Refused):
        ask(lake, "SELECT count(*) FROM failures")


def test_views_are_made_and_dropped_in_sql(lake):
    assert ask(lake, "CREATE VIEW slow AS SELECT * FROM attempts WHERE processing_time > 2").rows == [["slow", "saved"]]
    assert value(lake, "SELECT count(*) FROM slow") == 1
    with pytest.raises(Refused, match="already"):
        ask(lake, "CREATE VIEW slow AS SELECT 1")
    ask(lake, "CREATE OR REPLACE VIEW slow AS SELECT * FROM attempts WHERE processing_time > 1")
    assert value(lake, "SELECT count(*) FROM slow") == 2
    with pytest.raises(Refused, match="sql_unknown_column"):
        ask(lake, "CREATE VIEW broken AS SELECT nothing FROM attempts")
    assert ask(lake, "DROP VIEW slow").rows == [["slow", "dropped"]]
    with pytest.raises(Refused, match="sql_unknown_table"):
        ask(lake, "DROP VIEW slow")
    ask(lake, "DROP VIEW IF EXISTS slow")
    assert saved(lake) == {}


@pytest.mark.parametrize("name", ["log_events", "ATTEMPTS", "TokenServices", " x", "x" * 101])
def test_names_that_cannot_be_saved(lake, name):
    assert put_saved(lake, name, "SELECT 1").status_code == 400
    assert saved(lake) == {}


def test_saved_queries_outlive_the_server(tmp_path):
    server = Server(tmp_path / "data")
    assert put_saved(server, "kept", "SELECT 42 AS n").status_code == 204
    server.process.kill()
    server.process.wait()
    server = Server(tmp_path / "data")
    assert value(server, "SELECT n FROM kept") == 42
    server.stop()


# What there is.


def test_the_schema_describes_what_can_be_asked(lake):
    schema = lake.api("sql/schema").json()
    kinds = {table["name"]: table["kind"] for table in schema["tables"]}
    assert kinds["token_provisioning_logs"] == "table"
    assert kinds["TokenServices"] == "metrics"
    assert set(kinds.values()) <= {"table", "view", "metrics", "rollup"}
    for table in schema["tables"]:
        assert table["meaning"] and table["columns"], table["name"]
        quoted = f'SELECT * FROM "{table["name"]}" LIMIT 0'
        assert ask(lake, quoted).columns == [(column["name"], column["type"]) for column in table["columns"]]
    functions = {function["name"] for function in schema["functions"]}
    assert {"success_rate", "date_add", "date_trunc"} <= functions


def test_storage_counts_what_was_sent(lake):
    storage = lake.api("storage").json()
    tables = {table["name"]: table for table in storage["tables"]}
    in_all = {name: table["rows"] + table["hotRows"] for name, table in tables.items()}
    assert in_all["log_events"] == value(lake, "SELECT count(*) FROM log_events")
    assert in_all["token_provisioning_logs"] == value(lake, "SELECT count(*) FROM attempts")
    assert 0 < tables["log_events"]["freshnessSeconds"] < 300
    assert tables["spans"]["freshnessSeconds"] is None
    assert storage["disk"]["path"] == str(lake.folder / "lake")
    assert 0 < storage["disk"]["freeBytes"] <= storage["disk"]["totalBytes"]
    assert storage["journal"]["head"] >= storage["head"] > 0
    assert storage["journal"]["limitBytes"] == 20 << 30
    assert storage["bytesWrittenPerByteReceived"] >= 1
    assert storage["maintenance"]["lastError"] is None

"""The lake belongs to its owner: pyiceberg and DuckDB read from it what the API says, with nothing of ours between."""

import datetime
import threading
import time

import pyarrow as pa
import pytest

from attempts_sent import Sender
from lake_readers import (
    ATTEMPTS,
    EVENTS,
    NAMESPACE,
    TABLES,
    arrow_rows,
    check_one_row_each,
    duckdb_connection,
    duckdb_rows,
    sql_catalog,
)
from server_process import Server

WAIT_SECONDS_MAX = 60
PAGE = 500
DAYS = 3


@pytest.fixture(scope="module")
def lake_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake") / "data"
    running = Server(folder, "--lake-flush-after", "1s", "--lake-merge-after", "2s", "--settle-after", "1s")
    yield running
    assert running.stop() == 0, running.stderr()


@pytest.fixture(scope="module")
def sent(lake_server):
    """Attempts of three days, in files, some of them compacted."""
    sender = Sender(lake_server)
    for _ in range(3):
        for day in range(DAYS):
            sender.send(30, days_ago=day)
        await_rows(lake_server, len(sender.ids))
    metric = {"MetricName": "ProcessingTime", "Values": [1.5, 2.5], "Counts": [1.0, 3.0]}
    lake_server.client("cloudwatch").put_metric_data(Namespace="Lake", MetricData=[metric])
    return sender


def await_rows(server, count, table=ATTEMPTS):
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    catalog = sql_catalog(server.folder)
    while True:
        found = catalog.load_table((NAMESPACE, table)).scan().count()
        if found >= count or time.monotonic() >= deadline:
            assert found == count
            return
        time.sleep(0.2)


def asked(server):
    """Every attempt as the API tells it, by the lake's attempt id."""
    details, cursor = {}, {}
    while True:
        answer = server.api("requests", **{"from": f"now-{DAYS + 1}d"}, limit=PAGE, **cursor).json()
        details |= {f"default:{detail['attemptId']}": detail for detail in answer["details"]}
        if answer["next"] is None:
            return details
        cursor = {"cursor": answer["next"]}


def instant(text):
    return text and datetime.datetime.fromisoformat(text)


def check_against_api(rows, details):
    check_one_row_each(rows, details)
    for row in rows:
        detail = details[row["attempt_id"]]
        assert row["correlation_id"] == detail["correlationId"]
        assert (row["status"], row["stage"]) == (detail["outcome"], detail["stage"])
        assert (row["issuer"], row["wallet_provider"], row["network"]) == ("DEMO_Bank", "ApplePay", "VISA")
        assert (row["reason_code"], row["failure_class"]) == (detail["reasonCode"], detail["class"])
        assert row["processing_time"] == detail["processingTimeSeconds"]
        assert row["timestamp"] == instant(detail["startedAt"])
        assert row["ended_at"] == instant(detail["endedAt"])
        assert row["first_arrival"] == instant(detail["firstArrival"])
        assert row["date"] == row["timestamp"].date()
        assert row["other_ids"] == [f"second-{detail['correlationId']}"]
        assert row["tries"] == detail["tries"] == 1


def test_pyiceberg_finds_every_table(lake_server, sent):
    catalog = sql_catalog(lake_server.folder)
    assert catalog.list_namespaces() == [(NAMESPACE,)]
    assert {name for _, name in catalog.list_tables(NAMESPACE)} == TABLES
    for name in TABLES:
        table = catalog.load_table((NAMESPACE, name))
        assert table.scan().count() == table.scan().to_arrow().num_rows


def test_pyiceberg_reads_what_the_api_says(lake_server, sent):
    table = sql_catalog(lake_server.folder).load_table((NAMESPACE, ATTEMPTS))
    details = asked(lake_server)
    assert len(details) == len(sent.ids)
    check_against_api(arrow_rows(table), details)


def test_duckdb_reads_what_the_api_says(lake_server, sent):
    table = sql_catalog(lake_server.folder).load_table((NAMESPACE, ATTEMPTS))
    rows = duckdb_rows(duckdb_connection(), f"SELECT * FROM iceberg_scan('{table.metadata_location}')")
    check_against_api(rows, asked(lake_server))


def test_types_are_those_of_the_specification(lake_server, sent):
    table = sql_catalog(lake_server.folder).load_table((NAMESPACE, ATTEMPTS))
    types = {field.name: str(field.field_type) for field in table.schema().fields}
    wanted = {"timestamp": "timestamptz", "date": "date", "other_ids": "list<string>", "tries": "int", "conflict": "boolean"}
    assert wanted.items() <= types.items()
    read = table.scan().to_arrow().schema
    assert read.field("timestamp").type == pa.timestamp("us", tz="UTC")
    assert read.field("date").type == pa.date32()
    described = duckdb_connection().execute(f"DESCRIBE SELECT * FROM iceberg_scan('{table.metadata_location}')")
    types = {name: kind for name, kind, *_ in described.fetchall()}
    wanted = {"timestamp": "TIMESTAMP WITH TIME ZONE", "date": "DATE", "other_ids": "VARCHAR[]", "_offset": "BIGINT"}
    assert wanted.items() <= types.items()


@pytest.mark.parametrize(
    "condition",
    [
        "status = 'FAILED'",
        "status <> 'FAILED'",
        "processing_time > 1",
        "reason_code IS NULL",
        "reason_code IS NOT NULL",
        "token_reference_id IS NULL",
        "timestamp IS NULL",
        "timestamp >= '{today}T00:00:00+00:00'",
        "timestamp < '{today}T00:00:00+00:00'",
        "date = '{today}'",
        "date < '{today}'",
        "_offset > 10",
        "_offset IS NULL",
        "correlation_id = '{one}'",
        "issuer = 'nobody'",
    ],
)
def test_conditions_prune_no_row_that_meets_them(lake_server, sent, condition):
    """Statistics, bounds, bloom filters and partitions leave files out; what they leave out must not matter."""
    table = sql_catalog(lake_server.folder).load_table((NAMESPACE, ATTEMPTS))
    written = condition.format(today=datetime.datetime.now(datetime.UTC).date(), one=sent.ids[0])
    connection = duckdb_connection()
    location = table.metadata_location
    connection.execute(f"CREATE TABLE copied AS SELECT * FROM iceberg_scan('{location}')")
    count = "SELECT count(*) FROM {} WHERE {}"
    expected = connection.execute(count.format("copied", written)).fetchone()[0]
    assert connection.execute(count.format(f"iceberg_scan('{location}')", written)).fetchone()[0] == expected
    assert table.scan(row_filter=written).to_arrow().num_rows == expected


def test_signals_are_there_as_they_were_sent(lake_server, sent):
    await_rows(lake_server, 1, "metric_points")
    catalog = sql_catalog(lake_server.folder)
    points = arrow_rows(catalog.load_table((NAMESPACE, "metric_points")))
    (point,) = [each for each in points if each["provenance"] != "source"]
    assert (point["values"], point["counts"], point["sum"]) == ([1.5, 2.5], [1.0, 3.0], 9.0)
    events = arrow_rows(catalog.load_table((NAMESPACE, EVENTS)), selected_fields=("correlation_id", "event"))
    assert len(events) == 2 * len(sent.ids)
    assert {event["correlation_id"] for event in events} == set(sent.ids)


def test_files_read_while_they_are_written_and_compacted_lose_and_repeat_nothing(lake_server, sent):
    """Each read is of one snapshot: every attempt in it once, never fewer than before."""
    catalog, connection = sql_catalog(lake_server.folder), duckdb_connection()
    stops = threading.Event()

    def write():
        while not stops.is_set():
            for day in range(DAYS):
                sent.send(5, days_ago=day)
            time.sleep(0.5)

    replaced, seen = 0, len(sent.ids)
    writing = threading.Thread(target=write)
    writing.start()
    deadline = time.monotonic() + 2 * WAIT_SECONDS_MAX
    try:
        while time.monotonic() < deadline and replaced < 3:
            table = catalog.load_table((NAMESPACE, ATTEMPTS))
            read = table.scan(selected_fields=("attempt_id",)).to_arrow()["attempt_id"].to_pylist()
            scanned = f"SELECT attempt_id FROM iceberg_scan('{table.metadata_location}')"
            also = [row[0] for row in connection.execute(scanned).fetchall()]
            assert len(read) == len(set(read)) and sorted(read) == sorted(also)
            assert len(read) >= seen
            seen = len(read)
            replaced = sum(each.summary.operation.value == "overwrite" for each in table.snapshots())
    finally:
        stops.set()
        writing.join()
    assert replaced >= 3, "no compaction happened"
    await_rows(lake_server, len(sent.ids))
    check_against_api(arrow_rows(catalog.load_table((NAMESPACE, ATTEMPTS))), asked(lake_server))


def test_history_is_in_order_and_every_kept_snapshot_can_be_read(lake_server, sent):
    table = sql_catalog(lake_server.folder).load_table((NAMESPACE, ATTEMPTS))
    snapshots = table.snapshots()
    numbers = [snapshot.sequence_number for snapshot in snapshots]
    assert numbers == sorted(numbers)
    for snapshot in snapshots[:: max(1, len(snapshots) // 10)]:
        assert str(table.scan(snapshot_id=snapshot.snapshot_id).count()) == snapshot.summary["total-records"]

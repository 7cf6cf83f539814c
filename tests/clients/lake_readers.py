"""How others read the lake: pyiceberg through the catalog's database, DuckDB through metadata files."""

from importlib.resources import files

import duckdb
from pyiceberg.catalog.sql import SqlCatalog

NAMESPACE = "walletscope"
ATTEMPTS = "token_provisioning_logs"
EVENTS = "token_provisioning_events"
TABLES = {ATTEMPTS, EVENTS, "token_states", "log_events", "metric_points", "spans", "audit_events"}


def sql_catalog(data):
    """pyiceberg over `catalog.db`; the warehouse is for new tables only, which nobody makes here."""
    return SqlCatalog("walletscope", uri=f"sqlite:///{data}/lake/catalog.db", warehouse=f"file://{data}/unused")


def duckdb_connection():
    """DuckDB with its extensions from their packages, since tests may not install them over the network."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    for name in ("avro", "httpfs", "iceberg"):
        package = files(f"duckdb_extension_{name}")
        path = package / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        connection.execute(f"LOAD '{path}'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def arrow_rows(table, **scan):
    """Every row that pyiceberg reads, as dictionaries."""
    return table.scan(**scan).to_arrow().to_pylist()


def duckdb_rows(connection, query):
    """The rows of a query as dictionaries."""
    return connection.execute(query).to_arrow_table().to_pylist()


def check_one_row_each(rows, expected_ids):
    """Every attempt is there, and once."""
    ids = [row["attempt_id"] for row in rows]
    assert len(ids) == len(set(ids)), "an attempt has more than one row"
    assert set(ids) == set(expected_ids)

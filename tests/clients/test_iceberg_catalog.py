"""The lake by URL: Iceberg's REST catalog, as pyiceberg and DuckDB speak it, for readers with the API token."""

import pytest
import requests
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import ForbiddenError, NoSuchNamespaceError, NoSuchTableError, UnauthorizedError

from attempts_sent import Sender
from lake_readers import ATTEMPTS, NAMESPACE, TABLES, duckdb_connection
from server_process import Server
from test_lake_readers import await_rows

TIMEOUT_SECONDS = 10


@pytest.fixture(scope="module")
def lake_server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("catalog") / "data", "--lake-flush-after", "1s", "--settle-after", "1s")
    yield running
    assert running.stop() == 0, running.stderr()


@pytest.fixture(scope="module")
def sent(lake_server):
    sender = Sender(lake_server)
    sender.send(30)
    await_rows(lake_server, 30)
    return sender


@pytest.fixture
def catalog(lake_server):
    return rest_catalog(lake_server)


def rest_catalog(server, **properties):
    login = properties or {"token": server.api_token}
    return RestCatalog("walletscope", uri=f"{server.url}/iceberg", **login)


def call(server, method, path, token=None, **options):
    headers = {"Authorization": f"Bearer {token or server.api_token}"}
    return requests.request(method, f"{server.url}/iceberg/v1/{path}", headers=headers, timeout=TIMEOUT_SECONDS, **options)


def test_pyiceberg_finds_the_tables(catalog):
    assert catalog.list_namespaces() == [(NAMESPACE,)]
    assert catalog.list_namespaces(NAMESPACE) == []
    assert {name for _, name in catalog.list_tables(NAMESPACE)} == TABLES
    assert catalog.namespace_exists(NAMESPACE) and not catalog.namespace_exists("other")
    assert catalog.table_exists((NAMESPACE, ATTEMPTS)) and not catalog.table_exists((NAMESPACE, "other"))
    assert catalog.list_views(NAMESPACE) == []
    assert catalog.load_namespace_properties(NAMESPACE)["comment"]


def test_pyiceberg_reads_rows(catalog, sent):
    table = catalog.load_table((NAMESPACE, ATTEMPTS))
    ids = table.scan().to_arrow()["correlation_id"].to_pylist()
    assert sorted(ids) == sorted(sent.ids)


def test_a_client_that_only_knows_oauth_gets_in(lake_server, sent):
    login = {"credential": f"anybody:{lake_server.api_token}"}
    catalog = rest_catalog(lake_server, **login | {"oauth2-server-uri": f"{lake_server.url}/iceberg/v1/oauth/tokens"})
    assert catalog.load_table((NAMESPACE, ATTEMPTS)).scan().count() == len(sent.ids)


def test_a_wrong_token_or_secret_does_not_get_in(lake_server):
    with pytest.raises(UnauthorizedError):
        rest_catalog(lake_server, token="wrong")
    answer = call(lake_server, "GET", "config", token="wrong")
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "NotAuthorizedException" and answer.json()["error"]["code"] == 401
    form = {"grant_type": "client_credentials", "client_id": "anybody", "client_secret": "wrong"}
    answer = requests.post(f"{lake_server.url}/iceberg/v1/oauth/tokens", data=form, timeout=TIMEOUT_SECONDS)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    answer = requests.post(f"{lake_server.url}/iceberg/v1/oauth/tokens", data={"grant_type": "password"}, timeout=TIMEOUT_SECONDS)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    # What an AWS client signs with is no token here.
    assert call(lake_server, "GET", "config", token=lake_server.secret_key).status_code == 401


def test_what_is_not_there_is_not_found(catalog, lake_server):
    with pytest.raises(NoSuchTableError):
        catalog.load_table((NAMESPACE, "other"))
    with pytest.raises(NoSuchNamespaceError):
        catalog.list_tables("other")
    assert call(lake_server, "GET", "nothing").json()["error"]["type"] == "NoSuchEndpointException"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "namespaces"),
        ("DELETE", f"namespaces/{NAMESPACE}"),
        ("POST", f"namespaces/{NAMESPACE}/properties"),
        ("POST", f"namespaces/{NAMESPACE}/tables"),
        ("POST", f"namespaces/{NAMESPACE}/register"),
        ("POST", f"namespaces/{NAMESPACE}/tables/{ATTEMPTS}"),
        ("DELETE", f"namespaces/{NAMESPACE}/tables/{ATTEMPTS}?purgeRequested=true"),
        ("POST", "tables/rename"),
        ("POST", "transactions/commit"),
    ],
)
def test_writers_are_turned_away(lake_server, sent, method, path):
    answer = call(lake_server, method, path, json={})
    assert answer.status_code == 403, answer.text
    assert answer.json()["error"]["type"] == "ForbiddenException"
    assert rest_catalog(lake_server).load_table((NAMESPACE, ATTEMPTS)).scan().count() == len(sent.ids)


def test_pyiceberg_cannot_drop_or_change_a_table(lake_server, catalog):
    for write in (
        lambda: catalog.drop_table((NAMESPACE, ATTEMPTS)),
        lambda: catalog.create_namespace("mine"),
        lambda: catalog.load_table((NAMESPACE, ATTEMPTS)).transaction().set_properties(a="b").commit_transaction(),
    ):
        with pytest.raises((ForbiddenError, NotImplementedError)):
            write()


def test_only_the_current_snapshot_where_a_client_asks_for_no_more(lake_server, sent):
    path = f"namespaces/{NAMESPACE}/tables/{ATTEMPTS}"
    everything = call(lake_server, "GET", path).json()
    current = call(lake_server, "GET", f"{path}?snapshots=refs").json()["metadata"]
    assert [each["snapshot-id"] for each in current["snapshots"]] == [everything["metadata"]["current-snapshot-id"]]
    assert everything["metadata-location"].endswith(".metadata.json")
    # With the namespace's name as the prefix, which some clients demand, it is the same table.
    assert call(lake_server, "GET", f"{NAMESPACE}/{path}").json()["metadata"]["table-uuid"] == current["table-uuid"]
    assert call(lake_server, "GET", f"{path}?snapshots=some").status_code == 400


def test_reports_of_scans_are_taken(lake_server):
    path = f"namespaces/{NAMESPACE}/tables/{ATTEMPTS}/metrics"
    assert call(lake_server, "POST", path, json={"report-type": "scan-report"}).status_code == 204


def test_duckdb_attaches_and_reads(lake_server, sent):
    connection = duckdb_connection()
    connection.execute(f"CREATE SECRET walletscope (TYPE iceberg, TOKEN '{lake_server.api_token}')")
    connection.execute(
        f"ATTACH 'walletscope' AS lake (TYPE iceberg, ENDPOINT '{lake_server.url}/iceberg', SECRET walletscope, "
        "ACCESS_DELEGATION_MODE 'none')"
    )
    counted = connection.execute(f"SELECT status, count(*) FROM lake.{NAMESPACE}.{ATTEMPTS} GROUP BY status")
    assert dict(counted.fetchall()) == {"SUCCESS": 20, "FAILED": 10}
    names = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake'").fetchall()
    assert {name for (name,) in names} == TABLES


def test_duckdb_logs_in_with_client_credentials(lake_server, sent):
    connection = duckdb_connection()
    connection.execute(
        "CREATE SECRET walletscope (TYPE iceberg, CLIENT_ID 'duckdb', "
        f"CLIENT_SECRET '{lake_server.api_token}', OAUTH2_SERVER_URI '{lake_server.url}/iceberg/v1/oauth/tokens')"
    )
    connection.execute(f"ATTACH 'walletscope' AS lake (TYPE iceberg, ENDPOINT '{lake_server.url}/iceberg', SECRET walletscope)")
    assert connection.execute(f"SELECT count(*) FROM lake.{NAMESPACE}.{ATTEMPTS}").fetchone() == (len(sent.ids),)

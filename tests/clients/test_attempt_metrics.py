"""What is measured of attempts, as metrics: under which names it answers and when no longer, and that it is the same
number as SQL's and the JSON API's. Each server is of a test's own, because names are shared by everything on one."""

import json
import random

import pytest
import yaml

from attempts_sent import attempt
from metric_calls import (
    HOUR,
    MINUTE,
    base_time,
    datum,
    expression,
    metric,
    points,
    put,
    rfc3339,
    settle,
    statistics,
    values,
)
from send_brief_events import BRIEF, LOG_GROUP, LOG_STREAM, brief_events, ensure_stream
from server_process import Server
from sql_questions import ask, value
from test_metric_filters import brief_filters

NAMESPACES = ["TokenServices", "TokenProvisioning"]
PAIR = {"WalletProvider": "ApplePay", "Issuer": "DEMO_Bank"}
# The brief's attempt began 1.245 seconds before it ended; its latency is written in its end.
LATENCY = 1.245
# Every name of the brief, and its value at the attempt's end: requests count at the start, failures there are none.
AT_THE_END = {
    "TokenProvisioningSuccess": 1.0,
    "SuccessfulTokenProvisioning": 1.0,
    "TokenProvisioningLatency": LATENCY,
    "ProvisioningLatency": LATENCY,
    "SuccessRate": 100.0,
}


@pytest.fixture
def own_server(tmp_path):
    running = Server(tmp_path / "data")
    yield running
    assert running.stop() == 0, running.stderr()


class World:
    """One server with the attempts that a test sends to it, and its questions over the minutes from `start`."""

    def __init__(self, server):
        self.server = server
        self.logs = server.client("logs")
        self.cloudwatch = server.client("cloudwatch")
        self.start = base_time(ago=20 * MINUTE)
        self.end = self.start + 15 * MINUTE
        ensure_stream(self.logs, LOG_GROUP, LOG_STREAM)

    def send(self, *events):
        """Log events as pairs of milliseconds since 1970 and an object."""
        told = [{"timestamp": at, "message": json.dumps(message)} for at, message in sorted(events, key=lambda e: e[0])]
        self.put_events(told)

    def put_events(self, events):
        answer = self.logs.put_log_events(logGroupName=LOG_GROUP, logStreamName=LOG_STREAM, logEvents=events)
        assert "rejectedLogEventsInfo" not in answer, answer
        settle(self.cloudwatch)

    def send_brief(self):
        """The brief's two events; the last one ends within the second minute."""
        self.put_events(brief_events((self.start + MINUTE) * 1000 + 5_000))

    def at(self, minutes, message, seconds=0):
        return (self.start + minutes * MINUTE + seconds) * 1000, message

    def value(self, name, statistic="Sum", named=None):
        """The one value over the whole range, as both operations say it."""
        period = self.end - self.start
        wanted = {"ExtendedStatistics" if statistic.startswith("p") else "Statistics": [statistic]}
        [point] = statistics(self.cloudwatch, "TokenServices", name, self.start, self.end, period, named, **wanted)
        told = (point | point.get("ExtendedStatistics", {}))[statistic]
        if self.start % period == 0:
            query = metric("m", "TokenServices", name, statistic, period, named)
            assert values(self.cloudwatch, self.start, self.end, query) == [[told]]
        return told

    def minutes(self, name, statistic="Sum", named=None, namespace="TokenServices"):
        """Values by minute."""
        query = metric("m", namespace, name, statistic, named=named)
        [(_, told)] = points(self.cloudwatch, self.start, self.end, query)
        return {at // MINUTE: value for at, value in told.items()}

    def expressed(self, text, period=MINUTE):
        """Of each series of an expression its label and its values by minute."""
        told = points(self.cloudwatch, self.start, self.end, expression(text, Period=period))
        return {label: {at // MINUTE: value for at, value in of.items()} for label, of in told}

    def listed(self, **filters):
        metrics = self.cloudwatch.list_metrics(**filters)["Metrics"]
        return {
            (each["Namespace"], each["MetricName"], tuple((one["Name"], one["Value"]) for one in each["Dimensions"]))
            for each in metrics
        }


@pytest.fixture
def world(own_server):
    return World(own_server)


def brief_queries():
    """The brief's two queries for Grafana, as written."""
    text = BRIEF.read_text(encoding="utf-8")
    block = text[text.index("GrafanaDashboardQueries:") : text.index("# QuickSight Analysis Query")]
    return {name: written["query"] for name, written in yaml.safe_load(block)["GrafanaDashboardQueries"].items()}


# Names


@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize("named", [{}, PAIR, {"WalletProvider": "ApplePay"}, {"Issuer": "DEMO_Bank"}])
def test_every_name_of_the_brief_answers_with_its_attempt(brief_world, namespace, named):
    told = {name: brief_world.minutes(name, named=named, namespace=namespace) for name in AT_THE_END}
    assert told == {name: {1: value} for name, value in AT_THE_END.items()}
    assert brief_world.minutes("TokenProvisioningRequests", named=named, namespace=namespace) == {1: 1.0}
    for name in ("TokenProvisioningFailure", "FailedTokenProvisioning"):
        assert brief_world.minutes(name, named=named, namespace=namespace) == {}
    assert brief_world.minutes("ProvisioningLatency", "p99", named, namespace) == {1: LATENCY}
    told = statistics(
        brief_world.cloudwatch,
        namespace,
        "ProvisioningLatency",
        brief_world.start,
        brief_world.end,
        named=named,
        Statistics=["Average", "SampleCount"],
        ExtendedStatistics=["p50"],
    )
    expected = {"Average": LATENCY, "SampleCount": 1.0, "ExtendedStatistics": {"p50": LATENCY}}
    assert told == [expected | {"Timestamp": MINUTE, "Unit": "Seconds"}]


@pytest.fixture(scope="module")
def brief_world(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("brief") / "data")
    world = World(server)
    world.send_brief()
    yield world
    assert server.stop() == 0, server.stderr()


def test_both_namespaces_list_every_name(brief_world):
    pair = (("Issuer", "DEMO_Bank"), ("WalletProvider", "ApplePay"))
    for namespace in NAMESPACES:
        listed = brief_world.listed(Namespace=namespace)
        for name in [*AT_THE_END, "TokenProvisioningRequests"]:
            assert {(namespace, name, ()), (namespace, name, pair)} <= listed
        assert not [each for each in listed if each[1] == "FailedTokenProvisioning"]
        by_pair = brief_world.listed(Namespace=namespace, Dimensions=[{"Name": "Issuer"}, {"Name": "WalletProvider"}])
        assert {each[2] for each in by_pair} == {pair}
    assert brief_world.listed(Namespace="Tokenprovisioning") == set()


def test_other_namespaces_and_spellings_are_nobodys(brief_world):
    told = values(
        brief_world.cloudwatch,
        brief_world.start,
        brief_world.end,
        metric("namespace", "TokenService", "SuccessRate"),
        metric("name", "TokenServices", "successRate"),
        metric("dimension", "TokenServices", "SuccessRate", named={"walletProvider": "ApplePay"}),
        metric("value", "TokenServices", "SuccessRate", named={"WalletProvider": "applepay"}),
        metric("unit", "TokenServices", "TokenProvisioningLatency", unit="Milliseconds"),
        metric("right", "TokenServices", "TokenProvisioningLatency", unit="Seconds"),
    )
    assert told == [[], [], [], [], [], [LATENCY]]


def test_a_strict_account_sees_exact_names_alone(tmp_path):
    server = Server(tmp_path / "strict", "--strict-account", "123456789012")
    try:
        world = World(server)
        world.send_brief()
        assert world.minutes("TokenProvisioningSuccess") == {1: 1.0}
        for name in ("SuccessfulTokenProvisioning", "ProvisioningLatency", "SuccessRate"):
            assert world.minutes(name) == {}
        assert world.minutes("TokenProvisioningSuccess", namespace="TokenProvisioning") == {}
        assert world.listed(Namespace="TokenProvisioning") == set()
    finally:
        assert server.stop() == 0


def test_a_name_that_is_put_answers_with_what_was_put_alone(world):
    world.send_brief()
    latency = datum("TokenProvisioningLatency", world.start + 2 * MINUTE, 9.5, PAIR, Unit="Seconds")
    put(world.cloudwatch, "TokenServices", latency)
    assert world.minutes("TokenProvisioningLatency", named=PAIR) == {2: 9.5}
    # Each identity for itself: other dimensions, names and the other namespace still tell of attempts.
    assert world.minutes("TokenProvisioningLatency") == {1: LATENCY}
    assert world.minutes("TokenProvisioningLatency", named={"WalletProvider": "ApplePay"}) == {1: LATENCY}
    assert world.minutes("ProvisioningLatency", named=PAIR) == {1: LATENCY}
    assert world.minutes("TokenProvisioningLatency", named=PAIR, namespace="TokenProvisioning") == {1: LATENCY}
    told = statistics(
        world.cloudwatch,
        "TokenServices",
        "TokenProvisioningLatency",
        world.start,
        world.end,
        named=PAIR,
        Statistics=["Sum"],
    )
    assert told == [{"Timestamp": 2 * MINUTE, "Sum": 9.5, "Unit": "Seconds"}]


def test_a_name_that_a_filter_writes_answers_from_the_filters_definition_on(world):
    world.send_brief()
    for put_filter in brief_filters():
        world.logs.put_metric_filter(logGroupName=LOG_GROUP, **put_filter)
    settle(world.cloudwatch)
    written = ["SuccessfulTokenProvisioning", "FailedTokenProvisioning", "TokenProvisioningLatency"]
    # The events came before the filters, which have matched nothing yet.
    assert [world.minutes(name) for name in written] == [{}, {}, {}]
    # A filter without dimensions writes one identity.
    assert world.minutes("SuccessfulTokenProvisioning", named=PAIR) == {1: 1.0}
    assert world.minutes("TokenProvisioningSuccess") == world.minutes("ProvisioningLatency", "SampleCount") == {1: 1.0}
    message = {"event": "TOKEN_PROVISION_SUCCESS", "correlationId": "later", "processingTime": 3.5, "requestId": "r"}
    world.send(world.at(3, message))
    assert [world.minutes(name) for name in written] == [{3: 1.0}, {}, {3: 3.5}]
    assert world.minutes("TokenProvisioningSuccess") == {1: 1.0, 3: 1.0}
    assert world.minutes("ProvisioningLatency") == {1: LATENCY, 3: 3.5}


# Measures


def test_the_rate_is_a_ratio_of_sums_however_it_is_asked(world):
    ends = {1: [True, True, True], 2: [False], 3: [True, False, False, False]}
    world.send(
        *(
            world.at(minute, json.loads(event["message"]))
            for minute, outcomes in ends.items()
            for number, is_success in enumerate(outcomes)
            for event in attempt(
                f"{minute}-{number}",
                0,
                is_failed=not is_success,
                walletProvider="ApplePay" if is_success else "GooglePay",
            )
        )
    )
    assert world.minutes("SuccessRate", "Average") == {1: 100.0, 2: 0.0, 3: 25.0}
    # 4 of 8, not the average of 100, 0 and 25.
    assert world.value("SuccessRate", "Average") == 50.0
    assert world.value("SuccessRate", "SampleCount") == 8.0
    assert world.minutes("SuccessRate", "Average", {"WalletProvider": "ApplePay"}) == {1: 100.0, 3: 100.0}
    assert world.minutes("SuccessRate", "Average", {"WalletProvider": "GooglePay"}) == {2: 0.0, 3: 0.0}
    told = points(
        world.cloudwatch,
        world.start,
        world.end,
        metric("s", "TokenServices", "SuccessfulTokenProvisioning", ReturnData=False),
        metric("f", "TokenServices", "FailedTokenProvisioning", ReturnData=False),
        expression("100 * s / (s + f)"),
    )
    assert [list(of.values()) for _, of in told] == [[100.0, 0.0, 25.0]]


def test_failures_are_told_by_class_and_reason(world):
    events = []
    for number, reason in enumerate(["ISSUER_DECLINED", "ISSUER_DECLINED", "TSP_TIMEOUT"]):
        start, end = (json.loads(event["message"]) for event in attempt(f"failed-{number}", 0, is_failed=True))
        events += [world.at(1, start), world.at(1, end | {"reasonCode": reason}, seconds=1)]
    world.send(*events)
    of = lambda family, reason: world.minutes(
        "TokenProvisioningFailure", named={"FailureClass": family, "Reason": reason}
    )
    assert of("declined", "ISSUER_DECLINED") == {1: 2.0}
    assert of("technical", "TSP_TIMEOUT") == {1: 1.0}
    assert of("technical", "ISSUER_DECLINED") == {}
    assert world.minutes("TokenProvisioningFailure") == {1: 3.0}
    assert world.minutes("SuccessRate", "Average") == {1: 0.0}


def test_a_dimension_that_is_told_late_moves_counts_out_of_unknown(world):
    unknown = {"WalletProvider": "unknown", "Issuer": "unknown"}
    late = {"WalletProvider": "SamsungPay", "Issuer": "Late_Bank"}
    success = {"event": "TOKEN_PROVISION_SUCCESS", "correlationId": "late", "processingTime": 2.5}
    world.send(world.at(2, success))
    assert world.minutes("TokenProvisioningSuccess", named=unknown) == {2: 1.0}
    assert world.minutes("SuccessRate", "Average", named={"Issuer": "unknown"}) == {2: 100.0}
    start = {"walletProvider": "SamsungPay", "issuer": "Late_Bank"}
    world.send(world.at(1, {"event": "TOKEN_PROVISION_START", "correlationId": "late", **start}))
    for name, minute in {"TokenProvisioningSuccess": 2, "TokenProvisioningRequests": 1}.items():
        assert world.minutes(name, named=unknown) == {}
        assert world.minutes(name, named={"WalletProvider": "unknown"}) == {}
        assert world.minutes(name, named=late) == world.minutes(name) == {minute: 1.0}
        assert world.minutes(name, named={"Issuer": "Late_Bank"}) == {minute: 1.0}
    assert world.minutes("SuccessRate", "Average", named={"Issuer": "unknown"}) == {}


def test_a_retry_and_a_repeated_event_count_once(world):
    start, end = (json.loads(event["message"]) for event in attempt("twice", 0))
    for _ in range(2):
        world.send(world.at(1, start), world.at(1, end, seconds=2))
    world.send(world.at(2, start | {"requestId": "again"}))
    assert world.minutes("TokenProvisioningRequests") == world.minutes("TokenProvisioningSuccess") == {1: 1.0}


# The brief's queries


def test_the_briefs_two_queries_run_as_an_expression_and_as_sql(brief_world):
    queries = brief_queries()
    assert set(queries) == {"SuccessRate", "Latency"}
    assert brief_world.expressed(queries["SuccessRate"]) == {"ApplePay DEMO_Bank": {1: 100.0}}
    assert brief_world.expressed(queries["Latency"]) == {"ApplePay DEMO_Bank": {1: LATENCY}}
    assert ask(brief_world.server, queries["SuccessRate"]).rows == [[100.0]]
    assert ask(brief_world.server, queries["Latency"]).rows == [[LATENCY]]


def test_searches_and_queries_find_the_other_names_too(brief_world):
    for namespace in NAMESPACES:
        search = f"""SEARCH('{{{namespace},WalletProvider,Issuer}} MetricName="SuccessRate"', 'Average', 60)"""
        assert list(brief_world.expressed(search).values()) == [{1: 100.0}]
        for name in ("ProvisioningLatency", "TokenProvisioningLatency"):
            sql = f"SELECT AVG({name}) FROM {namespace} GROUP BY WalletProvider"
            assert brief_world.expressed(sql) == {"ApplePay": {1: LATENCY}}
            # No dimension is named, so that every attempt counts once.
            assert list(brief_world.expressed(f"SELECT COUNT({name}) FROM {namespace}").values()) == [{1: 1.0}]


# The same number everywhere


@pytest.fixture(scope="module")
def busy_world(tmp_path_factory):
    """An hour of attempts: of three wallets and issuers, some failed, some without an end."""
    server = Server(tmp_path_factory.mktemp("busy") / "data")
    world = World(server)
    world.start = base_time(HOUR, ago=2 * HOUR)
    world.end = world.start + HOUR
    dice = random.Random(20_240_115)
    events = []
    for number in range(200):
        at = world.start + dice.randrange(HOUR - 10)
        facts = {
            "walletProvider": dice.choice(["ApplePay", "GooglePay", "SamsungPay"]),
            "issuer": dice.choice(["DEMO_Bank", "ABC_Bank"]),
            "correlationId": f"busy-{number}",
        }
        events.append((at * 1000, {"event": "TOKEN_PROVISION_START", **facts}))
        end = (at + dice.randrange(1, 9)) * 1000
        ending = dice.random()
        if ending < 0.7:
            took = dice.randrange(100, 9_999) / 1000
            events.append((end, {"event": "TOKEN_PROVISION_SUCCESS", "processingTime": took, **facts}))
        elif ending < 0.9:
            events.append((end, {"event": "TOKEN_PROVISION_FAILURE", "reasonCode": "TSP_ERROR", **facts}))
    world.send(*events)
    yield world
    assert server.stop() == 0, server.stderr()


MEASURED = {
    "requests": ("TokenProvisioningRequests", "Sum", "CAST(count(*) AS DOUBLE)"),
    "successes": ("TokenProvisioningSuccess", "Sum", "sum(CASE WHEN status = 'SUCCESS' THEN 1.0 ELSE 0 END)"),
    "failures": ("FailedTokenProvisioning", "Sum", "sum(CASE WHEN status = 'FAILED' THEN 1.0 ELSE 0 END)"),
    "rate": (
        "SuccessRate",
        "Average",
        "avg(CASE status WHEN 'SUCCESS' THEN CAST(100 AS DOUBLE) WHEN 'FAILED' THEN CAST(0 AS DOUBLE) END)",
    ),
    "latency": ("TokenProvisioningLatency", "Average", "avg(CASE WHEN status = 'SUCCESS' THEN processing_time END)"),
    "slowest": ("ProvisioningLatency", "Maximum", "max(CASE WHEN status = 'SUCCESS' THEN processing_time END)"),
}
AS_COLUMNS = {"Sum": "sum", "Average": "avg", "Maximum": "max"}
# SQL adds up seconds, CloudWatch microseconds: a sum of doubles depends on its order.
DOUBLES = 1e-14


@pytest.mark.parametrize("measure", MEASURED)
@pytest.mark.parametrize("named", [{}, {"WalletProvider": "ApplePay", "Issuer": "ABC_Bank"}])
def test_sql_and_cloudwatch_say_the_same(busy_world, measure, named):
    name, statistic, of_attempts = MEASURED[measure]
    columns = {"WalletProvider": "wallet_provider", "Issuer": "issuer"}
    within = lambda names: " AND ".join(["true", *(f"{names[key]} = '{value}'" for key, value in named.items())])
    told = busy_world.value(name, statistic, named)
    expected = pytest.approx(told, rel=DOUBLES) if measure == "latency" else told
    select = f"SELECT {AS_COLUMNS[statistic]}({name}) FROM TokenServices WHERE {within({key: key for key in named})}"
    assert value(busy_world.server, select) == expected
    select = f"SELECT {of_attempts} FROM token_provisioning_logs WHERE {within(columns)}"
    assert value(busy_world.server, select) == expected


def test_the_json_api_says_the_same_of_counts_and_rates(busy_world):
    answer = busy_world.server.api("metrics", **{"from": rfc3339(busy_world.start), "to": rfc3339(busy_world.end)})
    told = answer.json()
    assert told["metrics"]["totalRequests"] == busy_world.value("TokenProvisioningRequests") == 200
    assert told["metrics"]["successRate"] == busy_world.value("SuccessRate", "Average")
    assert told["numeric"]["counts"]["success"] == busy_world.value("TokenProvisioningSuccess")
    assert told["numeric"]["counts"]["failed"] == busy_world.value("TokenProvisioningFailure")
    latency = busy_world.value("TokenProvisioningLatency", "Average")
    assert told["numeric"]["averageTimeSeconds"] == pytest.approx(latency, rel=DOUBLES)
    for percent in (50, 95, 99):
        # Each is a sketch of its own, within 1 %.
        percentile = busy_world.value("TokenProvisioningLatency", f"p{percent}")
        assert told["numeric"][f"p{percent}Seconds"] == pytest.approx(percentile, rel=0.02)


def test_the_briefs_queries_say_the_same_by_wallet_and_issuer(busy_world):
    by_minute = "SELECT WalletProvider, Issuer, TIME, {} FROM TokenServices GROUP BY WalletProvider, Issuer, TIME"
    for text in brief_queries().values():
        selected = text[text.index("SELECT") + len("SELECT") : text.index("FROM")]
        expected = {}
        for wallet, issuer, at, number in ask(busy_world.server, by_minute.format(selected)).rows:
            if number is not None:
                expected.setdefault(f"{wallet} {issuer}", {})[at] = number
        told = {
            label: {rfc3339(busy_world.start + minute * MINUTE): number for minute, number in of.items()}
            for label, of in busy_world.expressed(text).items()
        }
        assert len(told) == 6
        assert told == {label: pytest.approx(of, rel=DOUBLES) for label, of in expected.items()}

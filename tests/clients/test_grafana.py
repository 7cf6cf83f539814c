"""Grafana's CloudWatch data source against the server: the calls that it makes, byte by byte, and every panel and variable
of the dashboards in deploy/grafana. No Grafana runs here; `grafana_backend` is what it does, read from its source."""

import itertools
import json
import subprocess
import time
from datetime import datetime, timedelta, timezone

import pytest

import grafana_dashboards as committed
from grafana_backend import (
    BUILDER,
    CODE,
    INSIGHTS,
    SEARCH,
    Query,
    batches_of,
    dimension_keys,
    dimension_values,
    list_metrics,
    metric_data_pages,
    query_data,
    query_of,
)
from grafana_wire import EC2_XML, STS_XML, Boto3, GoSdk, Refused, encode_form, go_time
from server_process import ACCOUNT, BINARY, REGION, Server

TOKENS = "TokenServices"
REQUESTS = "TokenProvisioningRequests"
WALLETS = ["ApplePay", "FitbitPay", "GarminPay", "GooglePay", "SamsungPay"]
# An operator's own metric, with names that must be quoted and escaped in a search.
ODD_NAMESPACE, ODD_DIMENSION = "Test API, by minute", "Cluster Name"
ODD_VALUES = ['it\'s "odd"', "50% & more", "plain"]
HISTORY = ["--history", "2h", "--for", "1s", "--rate", "2", "--even"]
SIMULATE_SECONDS_MAX = 60
# What is told of the end of a minute is there when the first minute is over.
MINUTE_SECONDS_MAX = 70
VISIBLE_SECONDS_MAX = 10
POINTS_OF_A_PAGE = 100_800


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """A server with two hours of invented traffic, and a metric with odd names."""
    running = Server(tmp_path_factory.mktemp("grafana") / "data")
    command = [BINARY, "simulate", "--endpoint", running.url, "--data", running.folder, *HISTORY]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SIMULATE_SECONDS_MAX)
    assert done.returncode == 0, done.stderr
    odd = [
        {"MetricName": "Odd", "Dimensions": [{"Name": ODD_DIMENSION, "Value": value}], "Value": float(number)}
        for number, value in enumerate(ODD_VALUES, start=1)
    ]
    running.client("cloudwatch").put_metric_data(Namespace=ODD_NAMESPACE, MetricData=odd)
    until(VISIBLE_SECONDS_MAX, lambda: len(list_metrics(Boto3(running), Namespace=ODD_NAMESPACE)[0]) == len(odd))
    yield running
    assert running.stop() == 0, running.stderr()


@pytest.fixture(scope="module", params=[Boto3, GoSdk], ids=["json", "query"])
def caller(request, seeded):
    return request.param(seeded)


@pytest.fixture(scope="module")
def go(seeded):
    return GoSdk(seeded)


@pytest.fixture(scope="module")
def listed(seeded):
    """Namespace, name and names of dimensions of every metric, once the first minute has been told of."""
    boto3 = Boto3(seeded)

    def names(metrics):
        return {metric["MetricName"] for metric in metrics}

    until(MINUTE_SECONDS_MAX, lambda: {"ActiveTokenCount", "SecondsSinceLastEvent"} <= names(list_metrics(boto3)[0]))
    return {
        (metric["Namespace"], metric["MetricName"], frozenset(one["Name"] for one in metric["Dimensions"]))
        for metric in list_metrics(boto3)[0]
    }


def until(seconds, is_so):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.1)


def last_hours():
    now = datetime.now(timezone.utc)
    return now - timedelta(hours=3), now


def query(**changed):
    """A query of one metric, changed in what the test is about."""
    asked = {
        "ref_id": "A",
        "id": "a",
        "type": SEARCH,
        "mode": BUILDER,
        "namespace": TOKENS,
        "metric": REQUESTS,
        "statistic": "Sum",
        "dimensions": {},
        "period": 300,
        "expression": "",
        "sql": "",
        "label": "",
        "match_exact": True,
        "returns_data": True,
    }
    return Query(**(asked | changed))


def frames_of(caller, *queries):
    """Frames by refId, each looked at as a panel would: no notice, times ascending on whole periods."""
    frames = query_data(caller, list(queries), *last_hours())
    periods = {one.ref_id: one.period for one in queries}
    for frame in itertools.chain.from_iterable(frames.values()):
        assert frame.notices == []
        seconds = [at.timestamp() for at in frame.times]
        assert seconds == sorted(set(seconds)) and len(seconds) == len(frame.values)
        assert all(at % periods[frame.ref_id] == 0 for at in seconds)
    return frames


# The calls


def test_forms_are_what_the_sdk_writes():
    """Worked out from aws-sdk-go-v2's `aws/protocol/query`: sorted keys, `+` for a blank, a field for an empty list."""
    metric = {"Namespace": "A B", "MetricName": "m", "Dimensions": []}
    queries = [{"Id": "a", "ReturnData": False, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "p99.9"}}]
    at = datetime(2026, 11, 26, 19, 3, 0, 120_000, timezone.utc)
    stat = "MetricDataQueries.member.1.MetricStat"
    assert encode_form("GetMetricData", "2010-08-01", {"MetricDataQueries": queries, "StartTime": at}).decode() == (
        "Action=GetMetricData&MetricDataQueries.member.1.Id=a"
        f"&{stat}.Metric.Dimensions=&{stat}.Metric.MetricName=m&{stat}.Metric.Namespace=A+B"
        f"&{stat}.Period=60&{stat}.Stat=p99.9&MetricDataQueries.member.1.ReturnData=false"
        "&StartTime=2026-11-26T19%3A03%3A00.12Z&Version=2010-08-01"
    )
    assert go_time(at.replace(microsecond=0)) == "2026-11-26T19:03:00Z"


def test_the_health_check_passes(caller, go):
    assert list_metrics(caller, Namespace="AWS/Billing", MetricName="EstimatedCharges") == ([], 1)
    groups = go.json("logs", "Logs_20140328.DescribeLogGroups", {"limit": 1})["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["/aws/lambda/token-provisioning-service"]


def test_a_wrong_secret_is_an_error_of_the_health_check(seeded, monkeypatch):
    monkeypatch.setattr(seeded, "secret_key", "x" * 40)
    with pytest.raises(Refused) as refused:
        GoSdk(seeded)("ListMetrics", Namespace="AWS/Billing", MetricName="EstimatedCharges")
    assert (refused.value.status, refused.value.code) == (403, "SignatureDoesNotMatch")


def test_regions_are_described(go):
    root = go.form("ec2", "DescribeRegions", "2016-11-15", {})
    regions = root.findall(f"{EC2_XML}regionInfo/{EC2_XML}item")
    assert [region.findtext(f"{EC2_XML}regionName") for region in regions] == [REGION]


def test_the_neighbours_answer(go):
    """Resources by tags, accounts that share with this one, and who is asking."""
    resources = go.json(
        "tagging", "ResourceGroupsTaggingAPI_20170126.GetResources", {"ResourceTypeFilters": ["ec2:instance"]}
    )
    assert resources["ResourceTagMappingList"] == [] and not resources.get("PaginationToken")
    assert go.rest("oam", "/ListSinks", {}) == {"Items": []}
    identity = go.form("sts", "GetCallerIdentity", "2011-06-15", {})
    assert identity.findtext(f"{STS_XML}GetCallerIdentityResult/{STS_XML}Account") == ACCOUNT


def test_a_sink_that_is_not_there_has_no_links(go):
    """Grafana asks for links of a sink that it was told of, and there is none."""
    sink = f"arn:aws:oam:{REGION}:{ACCOUNT}:sink/a1b2c3d4-5678-90ab-cdef-000000000000"
    with pytest.raises(Refused) as refused:
        go.rest("oam", "/ListAttachedLinks", {"SinkIdentifier": sink})
    assert (refused.value.status, refused.value.code) == (404, "ResourceNotFoundException")


def test_metrics_are_listed_over_pages_each_once(caller):
    metrics, pages = list_metrics(caller, Namespace=TOKENS)
    assert pages > 1 and pages == -(-len(metrics) // 500)
    assert {metric["Namespace"] for metric in metrics} == {TOKENS}
    assert len({json.dumps(metric, sort_keys=True) for metric in metrics}) == len(metrics)


def test_variables_offer_values_and_keys_of_dimensions(caller):
    assert set(WALLETS) <= set(dimension_values(caller, TOKENS, REQUESTS, "WalletProvider"))
    issuers = dimension_values(caller, TOKENS, REQUESTS, "Issuer", [("WalletProvider", "GarminPay")])
    assert "DEMO_Bank" in issuers
    assert dimension_values(caller, TOKENS, REQUESTS, "Issuer", [("WalletProvider", "NoPay")]) == []
    assert dimension_values(caller, TOKENS, REQUESTS, "Country", [("Country", None)]) == dimension_values(
        caller, TOKENS, REQUESTS, "Country"
    )
    assert dimension_keys(caller, TOKENS, REQUESTS) == ["Country", "Issuer", "WalletProvider"]
    assert dimension_values(caller, ODD_NAMESPACE, "Odd", ODD_DIMENSION) == sorted(ODD_VALUES)


def test_other_regions_are_asked_alike(seeded, go):
    elsewhere = GoSdk(seeded, region="eu-west-1")
    assert dimension_values(elsewhere, TOKENS, REQUESTS, "Country") == dimension_values(go, TOKENS, REQUESTS, "Country")


# Frames


def test_one_metric_is_one_frame_with_its_name(caller):
    frames = frames_of(
        caller,
        query(),
        query(ref_id="B", id="b", dimensions={"WalletProvider": ["ApplePay"]}),
        query(ref_id="C", id="c", label="Asked for"),
        query(ref_id="D", id="d", metric="NoSuchMetric"),
    )
    [all_of_them], [apple], [named], [none] = (frames[ref_id] for ref_id in "ABCD")
    assert (all_of_them.name, all_of_them.labels) == (REQUESTS, {"Series": REQUESTS})
    assert apple.labels == {"Series": apple.name, "WalletProvider": "ApplePay"}
    assert (named.name, named.values) == ("Asked for", all_of_them.values)
    assert none.values == [] and sum(all_of_them.values) > sum(apple.values) > 0


def test_a_wildcard_is_a_frame_for_each_value(caller):
    frames = frames_of(
        caller,
        query(metric="TokenProvisioningSuccess", dimensions={"WalletProvider": ["*"]}),
        *(
            query(ref_id=wallet, id=f"q{wallet}", metric="TokenProvisioningSuccess", dimensions={"WalletProvider": [wallet]})
            for wallet in WALLETS
        ),
    )
    found = {frame.labels["WalletProvider"]: frame for frame in frames["A"]}
    assert len(found) == len(frames["A"]) and set(WALLETS) <= set(found)
    for wallet in WALLETS:
        [alone] = frames[wallet]
        assert (found[wallet].times, found[wallet].values) == (alone.times, alone.values)
        assert found[wallet].name == wallet


def test_several_values_of_two_dimensions_are_split_at_their_labels(caller):
    dimensions = {"WalletProvider": ["ApplePay", "GooglePay"], "Issuer": ["DEMO_Bank", "ACME_CU", "NO_SUCH_Bank"]}
    label = "${PROP('Dim.Issuer')} by ${PROP('MetricName')}"
    frames = frames_of(caller, query(metric="TokenProvisioningSuccess", dimensions=dimensions, label=label))["A"]
    pairs = {(frame.labels["WalletProvider"], frame.labels["Issuer"]) for frame in frames}
    assert len(frames) == 4
    assert pairs == set(itertools.product(["ApplePay", "GooglePay"], ["DEMO_Bank", "ACME_CU"]))
    for frame in frames:
        assert frame.name == frame.labels["Series"] == f"{frame.labels['Issuer']} by TokenProvisioningSuccess"


def test_one_value_among_several_is_a_label_of_its_own(caller):
    dimensions = {"WalletProvider": ["*"], "Issuer": ["DEMO_Bank"]}
    frames = frames_of(caller, query(metric="TokenProvisioningSuccess", dimensions=dimensions, label="fixed"))["A"]
    assert {frame.name for frame in frames} == {"fixed"}
    assert {frame.labels["Issuer"] for frame in frames} == {"DEMO_Bank"}
    assert set(WALLETS) <= {frame.labels["WalletProvider"] for frame in frames}


def test_without_exact_match_further_dimensions_are_found(caller):
    found = frames_of(caller, query(dimensions={"WalletProvider": ["ApplePay"]}, match_exact=False))["A"]
    exact = frames_of(caller, query(dimensions={"WalletProvider": ["ApplePay"], "Issuer": ["*"]}))["A"]
    assert len(found) == len(exact) + 1
    everything = frames_of(caller, query(metric="Odd", namespace=ODD_NAMESPACE, match_exact=False, period=60))["A"]
    assert sorted(frame.values for frame in everything) == [[1.0], [2.0], [3.0]]


@pytest.mark.parametrize("match_exact", [True, False])
@pytest.mark.parametrize("values", [ODD_VALUES, ODD_VALUES[:1] + ["absent"], ["*"]], ids=["all", "quoted", "any"])
def test_odd_names_are_found_by_a_search(caller, values, match_exact):
    asked = query(
        namespace=ODD_NAMESPACE,
        metric="Odd",
        dimensions={ODD_DIMENSION: values},
        match_exact=match_exact,
        period=60,
    )
    frames = frames_of(caller, asked)["A"]
    expected = ODD_VALUES if values == ["*"] else [value for value in values if value in ODD_VALUES]
    assert {frame.labels[ODD_DIMENSION]: frame.values for frame in frames} == {
        value: [ODD_VALUES.index(value) + 1.0] for value in expected
    }


def test_a_search_without_a_match_has_no_frame(caller):
    frames = frames_of(caller, query(dimensions={"WalletProvider": ["NoPay", "NeverPay"]}))
    assert [frame for frame in frames.get("A", []) if frame.values] == []


def test_math_reads_what_is_hidden(caller):
    hidden = {"dimensions": {"WalletProvider": ["*"]}, "returns_data": False}
    frames = frames_of(
        caller,
        query(id="s", ref_id="S", metric="TokenProvisioningSuccess", **hidden),
        query(id="f", ref_id="F", metric="TokenProvisioningFailure", **hidden),
        query(id="e", mode=CODE, expression="100 * SUM(s) / (SUM(s) + SUM(f))", label="Success rate"),
        query(id="r", ref_id="R", metric="SuccessRate", statistic="Average"),
    )
    assert set(frames) == {"A", "R"}
    [computed], [told] = frames["A"], frames["R"]
    assert (computed.name, computed.labels) == ("Success rate", {"Series": "Success rate"})
    assert computed.times == told.times
    assert computed.values == pytest.approx(told.values)


def test_insights_queries_go_apart_and_name_their_groups(caller):
    schema = "FROM SCHEMA(TokenServices, WalletProvider) GROUP BY WalletProvider"
    two = f"SELECT SUM({REQUESTS}) {schema} ORDER BY SUM() DESC LIMIT 2"
    queries = [
        query(type=INSIGHTS, mode=CODE, sql=f"SELECT SUM(TokenProvisioningSuccess) {schema}"),
        query(type=INSIGHTS, mode=CODE, sql=two, ref_id="B", id="b"),
        query(mode=CODE, expression="SUM(a)", ref_id="C", id="c"),
    ]
    assert [[one.id for one in batch] for batch in batches_of(queries)] == [["b"], ["c", "a"]]
    frames = frames_of(caller, *queries)
    assert [frame.labels for frame in frames["B"]] == [{"Series": "ApplePay"}, {"Series": "GooglePay"}]
    assert {frame.name for frame in frames["A"]} >= set(WALLETS)
    [total] = frames["C"]
    assert sum(total.values) == sum(sum(frame.values) for frame in frames["A"])


def test_the_brief_s_own_sql_is_answered(caller):
    """Not valid in AWS: arithmetic of two metrics, and TIME among the groups."""
    sql = (
        "SELECT \n  SUM(SuccessfulTokenProvisioning) / \n  (SUM(SuccessfulTokenProvisioning) + SUM(FailedTokenProvisioning))"
        " * 100 \nFROM TokenServices \nGROUP BY WalletProvider, Issuer, TIME\n"
    )
    frames = frames_of(caller, query(type=INSIGHTS, mode=CODE, sql=sql))["A"]
    assert "ApplePay DEMO_Bank" in {frame.name for frame in frames}
    assert all(0 <= value <= 100 for frame in frames for value in frame.values)


def test_long_answers_come_in_pages_and_each_series_is_one_frame(caller):
    """Grafana asks for the next page with another end of the range, and joins parts of a series by their labels."""
    dimensions = {"WalletProvider": ["*"], "Issuer": ["*"]}
    metrics = ["TokenProvisioningSuccess", "TokenProvisioningLatency", "SuccessRate", REQUESTS]
    statistics = ["Sum", "SampleCount", "Average", "Maximum", "Minimum", "p50", "p90", "p99"]
    queries = [
        query(id=f"q{number}", ref_id=f"q{number}", metric=metric, statistic=statistic, dimensions=dimensions, period=60)
        for number, (metric, statistic) in enumerate(itertools.product(metrics, statistics))
    ]
    pages = metric_data_pages(caller, queries, *last_hours())
    points = [sum(len(result["Values"]) for result in page["MetricDataResults"]) for page in pages]
    assert len(pages) > 1 and points[0] == POINTS_OF_A_PAGE, points
    split = [page["MetricDataResults"][-1]["StatusCode"] for page in pages]
    assert split == ["PartialData"] * (len(pages) - 1) + ["Complete"]
    frames = frames_of(caller, *queries)
    for one in (queries[0], queries[-1]):
        alone = frames_of(caller, one)[one.ref_id]
        assert [(frame.labels, frame.values) for frame in frames[one.ref_id]] == [
            (frame.labels, frame.values) for frame in alone
        ]
    assert sum(len(frame.values) for frame in itertools.chain(*frames.values())) == sum(points)


def test_both_protocols_give_the_same_frames(seeded, go):
    asked = query(metric="TokenProvisioningLatency", statistic="p95", dimensions={"Country": ["*"]})
    assert frames_of(Boto3(seeded), asked) == frames_of(go, asked)


# Grafana finds the row that an error is of by the query's id between quotes, followed by a colon. AWS writes
# `Error in expression 'queryA': Invalid syntax` (github.com/grafana/grafana/issues/36139).
NOT_COUNTED = f"SELECT SUM({REQUESTS}) FROM TokenServices GROUP BY WalletProvider, Country"
BROKEN = [
    pytest.param({"mode": CODE, "expression": "nothing * 2"}, id="unknown id"),
    pytest.param({"mode": CODE, "expression": "SUM("}, id="math"),
    pytest.param({"type": INSIGHTS, "mode": CODE, "sql": "SELECT SUM(x FROM y"}, id="sql"),
    pytest.param({"type": INSIGHTS, "mode": CODE, "sql": NOT_COUNTED}, id="not counted"),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_an_error_names_the_query_that_it_is_of(caller, broken):
    with pytest.raises(Refused) as refused:
        frames_of(caller, query(), query(ref_id="B", id="broken", **broken))
    assert (refused.value.status, refused.value.code) == (400, "ValidationError")
    assert "'broken':" in refused.value.message


# The dashboards

PANELS = {panel.name: panel for panel in committed.panels()}
CHOICES = {
    "all": {},
    "one": {"wallet": ["ApplePay"], "issuer": ["DEMO_Bank"], "country": ["US"]},
    "two": {"wallet": ["ApplePay", "GooglePay"], "issuer": ["DEMO_Bank", "EXAMPLE_Savings"], "country": ["US", "GB"]},
}


def queries_of(panel, chosen, start, end):
    variables = committed.variables_of(panel.dashboard, chosen)
    queries = [query_of(target, variables, start, end, end) for target in panel.targets]
    assert None not in queries, "Grafana leaves an incomplete query out"
    return queries


def test_every_way_to_put_a_query_is_used():
    """One metric, a search made of dimensions, metric math and SQL of Metrics Insights."""
    start, end = last_hours()
    queries = [one for panel in PANELS.values() for one in queries_of(panel, {}, start, end)]
    kinds = {(one.type, one.mode, one.is_search()) for one in queries}
    assert kinds == {(SEARCH, BUILDER, False), (SEARCH, BUILDER, True), (SEARCH, CODE, False), (INSIGHTS, CODE, False)}
    assert {one.match_exact for one in queries if one.is_search()} == {True, False}


@pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS.keys())
def test_a_panel_names_metrics_that_are_listed(panel, listed):
    for one in queries_of(panel, {}, *last_hours()):
        if one.type == INSIGHTS:
            sql = committed.INSIGHTS_SQL.match(one.sql)
            assert sql, one.sql
            dimensions = frozenset(sql["dimensions"].split(", ")[1:])
            assert set(sql["groups"].split(", ")) <= dimensions
            assert (sql["namespace"], sql["metric"], dimensions) in listed, one.sql
        elif one.mode == BUILDER:
            names = frozenset(one.dimensions)
            found = {dims for namespace, metric, dims in listed if (namespace, metric) == (one.namespace, one.metric)}
            assert names in found if one.match_exact else any(names <= dims for dims in found), one


@pytest.mark.parametrize("file", committed.dashboards())
def test_every_variable_offers_something(file, seeded, go, listed):
    for one in committed.dashboards()[file]["templating"]["list"]:
        if one["type"] == "datasource":
            assert one["query"] == "cloudwatch"
        elif one["query"]["queryType"] == "regions":
            assert one["current"]["value"] == "default"
        else:
            asked = one["query"]
            assert asked["queryType"] == "dimensionValues" and asked["region"] == "$region"
            names = (asked["namespace"], asked["metricName"], asked["dimensionKey"])
            offered = dimension_values(Boto3(seeded), *names)
            assert offered and offered == dimension_values(go, *names)
            chosen = {value for choice in CHOICES.values() for value in choice.get(one["name"], [])}
            assert chosen <= set(offered)


@pytest.mark.parametrize("chosen", CHOICES.values(), ids=CHOICES.keys())
@pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS.keys())
def test_a_panel_has_data(panel, chosen, seeded, listed):
    start, end = committed.range_of(panel.dashboard, datetime.now(timezone.utc))
    queries = queries_of(panel, chosen, start, end)
    frames = query_data(Boto3(seeded), queries, start, end)
    assert set(frames) == panel.shown, "a row without an answer, or a hidden one with one"
    for ref_id, of_row in frames.items():
        assert any(frame.values for frame in of_row), f"{ref_id} has no data: {queries}"
        assert not any(frame.notices for frame in of_row)
        keys = [(frame.name, tuple(sorted(frame.labels.items()))) for frame in of_row]
        assert len(keys) == len(set(keys)), "two series that a reader cannot tell apart"

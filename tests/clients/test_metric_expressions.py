"""Metric math, searches and Metrics Insights as GetMetricData computes them. Expected values are worked out by hand;
where a table is AWS's, it says so."""

import math
import uuid

import pytest

from metric_calls import (
    CALLS,
    MINUTE,
    base_time,
    datum,
    expression,
    metric,
    points,
    put,
    put_calls,
    results,
)

# AWS's table of metric math: metric1 = 30, 20, 0, 0 and metric2 = 20, -, 20, -
# (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html).
METRIC_1 = {0: 30.0, 60: 20.0, 120: 0.0, 180: 0.0}
METRIC_2 = {0: 20.0, 120: 20.0}


@pytest.fixture(scope="module")
def base():
    return base_time()


@pytest.fixture(scope="module")
def client(server):
    return server.client("cloudwatch")


@pytest.fixture(scope="module")
def provisioned(client, base):
    return put_calls(client, base)


@pytest.fixture(scope="module")
def mathematical(client, base):
    name = f"Reads/{uuid.uuid4()}"
    told = {"metric1": METRIC_1, "metric2": METRIC_2}
    put(client, name, *(datum(each, base + at, value) for each, of in told.items() for at, value in of.items()))
    return name


# Metric math


MATH = {
    "metric1 - metric2": {0: 10.0, 60: 20.0, 120: -20.0, 180: 0.0},
    "metric1 + metric2": {0: 50.0, 60: 20.0, 120: 20.0, 180: 0.0},
    "metric1 / metric2": {0: 1.5, 120: 0.0},
    "metric1 < metric2": {0: 0.0, 60: 0.0, 120: 1.0, 180: 0.0},
    "metric1 >= 30": {0: 1.0, 60: 0.0, 120: 0.0, 180: 0.0},
    "metric1 > 15 AND metric2 > 15": {0: 1.0, 60: 0.0, 120: 0.0, 180: 0.0},
    "100 * metric1 / SUM(metric1)": {0: 60.0, 60: 40.0, 120: 0.0, 180: 0.0},
    "SUM([metric1, metric2])": {0: 50.0, 60: 20.0, 120: 20.0, 180: 0.0},
    "AVG(METRICS())": {0: 25.0, 60: 10.0, 120: 10.0, 180: 0.0},
    "MAX(METRICS())": {0: 30.0, 60: 20.0, 120: 20.0, 180: 0.0},
    "METRICS('2')": METRIC_2,
    "FILL(metric2, 0)": {0: 20.0, 60: 0.0, 120: 20.0, 180: 0.0},
    "FILL(metric2, REPEAT)": {0: 20.0, 60: 20.0, 120: 20.0, 180: 20.0},
    "FILL(metric2, LINEAR)": {0: 20.0, 60: 20.0, 120: 20.0},
    "DIFF(metric1)": {60: -10.0, 120: -20.0, 180: 0.0},
    "RATE(metric1)": {60: -10 / 60, 120: -20 / 60, 180: 0.0},
    "RUNNING_SUM(metric1)": {0: 30.0, 60: 50.0, 120: 50.0, 180: 50.0},
    "IF(metric1 > 10, metric1, metric2)": {0: 30.0, 60: 20.0, 120: 20.0},
    "CEIL(metric1 / 7)": {0: 5.0, 60: 3.0, 120: 0.0, 180: 0.0},
    "SORT(METRICS(), SUM, DESC, 1)": METRIC_1,
    "SLICE(METRICS(), 1)": METRIC_2,
    "metric1 * PERIOD(metric1)": {0: 1800.0, 60: 1200.0, 120: 0.0, 180: 0.0},
    "TIME_SERIES(METRIC_COUNT(METRICS()))": {0: 2.0, 60: 2.0, 120: 2.0, 180: 2.0},
    "(metric1 ^ 2 + 1) * (metric1 > 0)": {0: 901.0, 60: 401.0, 120: 0.0, 180: 0.0},
}


@pytest.mark.parametrize("text", MATH)
def test_math_over_several_queries(client, base, mathematical, text):
    of = [metric(name, mathematical, name, ReturnData=False) for name in ("metric1", "metric2")]
    # A constant that refers to nothing has the period that it names.
    [(_, told)] = points(client, base, base + 4 * MINUTE, *of, expression(text, Period=MINUTE))
    assert told == MATH[text]


def test_an_array_is_several_results_of_one_id(client, base, mathematical):
    of = [metric(name, mathematical, name, ReturnData=False) for name in ("metric1", "metric2")]
    told = results(client, base, base + 4 * MINUTE, *of, expression("METRICS() * 2"))
    assert [(each["Id"], each["Label"]) for each in told] == [("e", "metric1"), ("e", "metric2")]
    assert [each["Values"] for each in told] == [[60.0, 40.0, 0.0, 0.0], [40.0, 40.0]]


def test_an_expression_of_expressions_has_the_longest_period(client, base, mathematical):
    start = base // 300 * 300
    of = [
        metric("short", mathematical, "metric1", ReturnData=False),
        metric("long", mathematical, "metric2", period=300, ReturnData=False),
    ]
    [told] = results(client, start, start + 600, *of, expression("long * 2"))
    assert sum(told["Values"]) == 80.0 and all(at % 300 == 0 for at in told["Timestamps"])
    [told] = results(client, start, start + 600, *of, expression("PERIOD(short) + long - long"))
    assert all(at % 300 == 0 for at in told["Timestamps"]) and set(told["Values"]) == {60.0}


# Searches


def test_searches_find_metrics_by_their_names(client, base, provisioned):
    ask = lambda text: points(client, base, base + 2 * MINUTE, expression(text))
    every = [(f"{issuer} {wallet}", {0: value, 60: 10 * value}) for (wallet, issuer), value in CALLS.items()]
    found = ask(f"""SEARCH('{{{provisioned},Wallet,Issuer}} MetricName="Calls"', 'Sum', 60)""")
    assert sorted(found) == sorted(every)
    # The forms that Grafana sends: an exact schema, one value, several values, and no schema.
    start = f"""REMOVE_EMPTY(SEARCH('{{"{provisioned}","Wallet","Issuer"}} MetricName="Calls" """
    of_apple = [("A", {0: 1.0, 60: 10.0}), ("B", {0: 2.0, 60: 20.0})]
    assert ask(f"""{start} "Wallet"="ApplePay"', 'Sum', 60))""") == of_apple
    assert sorted(ask(f"""{start} "Issuer"=("A" OR "B")', 'Sum', 60))""")) == sorted(every)
    without = f"""REMOVE_EMPTY(SEARCH('Namespace="{provisioned}" MetricName="Calls" "Issuer"', 'Average', 60))"""
    assert sorted(ask(without)) == sorted(every)
    assert ask(f"""SEARCH('{{{provisioned}}} MetricName="Calls"', 'Sum', 60)""") == [("Calls", {0: 100.0})]
    assert ask(f"""SEARCH('{{{provisioned},Issuer}}', 'Sum', 60)""") == []


def test_searches_are_computed_with_and_labelled(client, base, provisioned):
    search = f"""SEARCH('{{{provisioned},Wallet,Issuer}} MetricName="Calls" NOT google', 'Sum', 60)"""
    [(_, told)] = points(client, base, base + 2 * MINUTE, expression(f"SUM({search})"))
    assert told == {0: 3.0, 60: 30.0}
    label = "calls|&|${PROP('Dim.Issuer')}|&|${PROP('Dim.Wallet')}"
    told = points(client, base, base + 2 * MINUTE, expression(search, Label=label))
    assert [each for each, _ in told] == ["calls|&|A|&|ApplePay", "calls|&|B|&|ApplePay"]


# Metrics Insights


def test_queries_choose_group_and_order(client, base, provisioned):
    def ask(text):
        text = text.replace("NS", provisioned)
        return points(client, base, base + 2 * MINUTE, expression(text, Period=MINUTE))

    # Without a schema every metric of the name counts, whatever its dimensions.
    [(_, told)] = ask("SELECT SUM(Calls) FROM NS")
    assert told == {0: 1115.0, 60: 150.0}
    [(_, told)] = ask("SELECT SUM(Calls) FROM SCHEMA(NS)")
    assert told == {0: 100.0}
    schema = 'SCHEMA("NS", Issuer, Wallet)'
    by_wallet = [("ApplePay", {0: 3.0, 60: 30.0}), ("GooglePay", {0: 12.0, 60: 120.0})]
    assert ask(f"SELECT SUM(Calls) FROM {schema} GROUP BY Wallet") == by_wallet
    assert ask(f"select sum(Calls) from {schema} group by Wallet order by max() desc") == by_wallet[::-1]
    assert ask(f"SELECT SUM(Calls) FROM {schema} GROUP BY Wallet ORDER BY SUM() DESC LIMIT 1") == by_wallet[1:]
    assert ask("SELECT SUM(Calls) FROM NS GROUP BY Wallet") == [
        ("ApplePay", {0: 1003.0, 60: 30.0}),
        by_wallet[1],
        ("Other", {0: 100.0}),
    ]
    where = "WHERE Issuer = 'A' AND Wallet != 'ApplePay'"
    assert ask(f"SELECT MAX(Calls) FROM {schema} {where} GROUP BY Issuer, Wallet") == [
        ("A GooglePay", {0: 4.0, 60: 40.0})
    ]
    assert ask(f"SELECT AVG(Calls) FROM {schema} WHERE Issuer != 'A' GROUP BY Issuer") == [("B", {0: 5.0, 60: 50.0})]
    assert ask(f"SELECT COUNT(Calls) FROM {schema} GROUP BY Issuer") == [
        ("A", {0: 2.0, 60: 2.0}),
        ("B", {0: 2.0, 60: 2.0}),
    ]
    [(_, told)] = ask(f"SELECT MIN(Calls) FROM {schema}")
    assert told == {0: 1.0, 60: 10.0}
    assert ask("SELECT SUM(Nothing) FROM NS") == []


def test_a_query_is_computed_with_and_may_have_arithmetic(client, base, provisioned):
    sql = f'SELECT SUM(Calls) FROM SCHEMA("{provisioned}", Wallet, Issuer) GROUP BY Issuer'
    told = points(
        client,
        base,
        base + 2 * MINUTE,
        expression(sql, "q1", Period=MINUTE, ReturnData=False),
        metric("all", provisioned, "Calls", ReturnData=False),
        expression("SUM(q1) + all"),
    )
    assert [values for _, values in told] == [{0: 115.0, 60: 150.0}]
    rate = f'SELECT SUM(Errors) / SUM(Calls) * 100 FROM SCHEMA("{provisioned}", Wallet, Issuer) GROUP BY Wallet, TIME'
    told = points(client, base, base + 2 * MINUTE, expression(rate, Period=MINUTE))
    assert [label for label, _ in told] == ["ApplePay", "GooglePay"]
    assert all(math.isclose(values[0], 25.0) and values[60] == 0.0 for _, values in told)

"""GetMetricData, GetMetricStatistics and ListMetrics over data put in every way: statistics, buckets, pages, labels,
and what is refused. Expected values are worked out by hand."""

import json
import time
import uuid

import pytest
from botocore.exceptions import ClientError

from metric_calls import (
    CALLS,
    DAY,
    HOUR,
    MINUTE,
    base_time,
    datum,
    dimensions,
    expression,
    metric,
    points,
    put,
    put_calls,
    results,
    settle,
    statistics,
    values,
)
from server_process import ACCOUNT, REGION
from test_import import imported

# 1 to 4 twice, 100 and 200 once: ten samples.
TEN = {1.0: 2.0, 2.0: 2.0, 3.0: 2.0, 4.0: 2.0, 100.0: 1.0, 200.0: 1.0}
# What a summary tells.
PLAIN = {"SampleCount": 10.0, "Sum": 320.0, "Average": 32.0, "Minimum": 1.0, "Maximum": 200.0}
# What only the samples tell: nearest ranks; a lower bound is itself outside, an upper one inside
# (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html).
SPREAD = {
    "p0": 1.0,
    "p10": 1.0,
    "p50": 3.0,
    "p90": 100.0,
    "p90.01": 200.0,
    "p99.9": 200.0,
    # Without the lowest and the highest: 1+2+2+3+3+4+4+100.
    "TS(10%:90%)": 119.0,
    "TC(10%:90%)": 8.0,
    "TM(10%:90%)": 119 / 8,
    "tm90": 120 / 9,
    "TM(150:)": 200.0,
    "TM(1:100)": 118 / 7,
    "tc80": 8.0,
    "ts80": 20.0,
    # 200 becomes 100.
    "wm90": 22.0,
    "WM(10%:90%)": 22.0,
    # Ranks 4 to 8: 2+3+3+4+4.
    "IQM": 16 / 5,
    # 1, 2 and 3 twice; 4 twice and 100.
    "PR(:3)": 60.0,
    "PR(3:100)": 30.0,
}


@pytest.fixture(scope="module")
def base():
    return base_time()


@pytest.fixture(scope="module")
def client(server):
    return server.client("cloudwatch")


@pytest.fixture
def namespace():
    return f"Reads/{uuid.uuid4()}"


@pytest.fixture(scope="module")
def shapes(client, base):
    """Metrics in every shape of a value."""
    name = f"Reads/{uuid.uuid4()}"
    ten = [value for value, count in TEN.items() for _ in range(int(count))]
    summary = {"SampleCount": 10.0, "Sum": 320.0, "Minimum": 1.0, "Maximum": 200.0}
    for value in ten[:-1]:
        client.put_metric_data(Namespace=name, MetricData=[datum("CallByCall", base, value)])
    put(
        client,
        name,
        datum("CallByCall", base + 59, ten[-1]),
        datum("Counted", base, Values=list(TEN), Counts=list(TEN.values())),
        *(datum("OneByOne", base, value) for value in ten),
        datum("Summed", base, StatisticValues=summary),
        datum("Equal", base, StatisticValues={"SampleCount": 3.0, "Sum": 6.0, "Minimum": 2.0, "Maximum": 2.0}),
        datum("Single", base, StatisticValues={"SampleCount": 1.0, "Sum": 2.5, "Minimum": 2.5, "Maximum": 2.5}),
        datum("Negative", base, Values=[-5.0, 5.0, 6.0]),
        datum("Hundred", base, Values=[float(value) for value in range(1, 101)]),
        datum("Units", base, 1.5, Unit="Seconds"),
        datum("Units", base, 2.5, Unit="Seconds"),
        datum("Units", base, 1000.0, Unit="Milliseconds"),
        datum("Units", base, 5.0),
    )
    return name


@pytest.fixture(scope="module")
def provisioned(client, base):
    return put_calls(client, base)


def told_of(client, base, namespace, name, wanted):
    queries = [metric(f"q{place}", namespace, name, statistic) for place, statistic in enumerate(wanted)]
    return dict(zip(wanted, values(client, base, base + MINUTE, *queries), strict=True))


def refused(ask, *arguments, **named):
    with pytest.raises(ClientError) as error:
        ask(*arguments, **named)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


# Statistics


@pytest.mark.parametrize("name", ["Counted", "OneByOne", "CallByCall"])
def test_every_statistic_is_the_same_however_the_samples_came(client, base, shapes, name):
    wanted = PLAIN | SPREAD
    assert told_of(client, base, shapes, name, wanted) == {statistic: [value] for statistic, value in wanted.items()}
    extended = [statistic for statistic in SPREAD if statistic not in ("p0", "TM(150:)")][:10]
    [point] = statistics(
        client, shapes, name, base, base + MINUTE, Statistics=list(PLAIN), ExtendedStatistics=extended
    )
    assert point.pop("ExtendedStatistics") == {statistic: SPREAD[statistic] for statistic in extended}
    assert point == PLAIN | {"Timestamp": 0, "Unit": "None"}


def test_a_summary_has_no_percentiles_unless_all_its_samples_are_equal(client, base, shapes):
    assert told_of(client, base, shapes, "Summed", PLAIN) == {name: [value] for name, value in PLAIN.items()}
    assert set(map(tuple, told_of(client, base, shapes, "Summed", SPREAD).values())) == {()}
    [point] = statistics(
        client, shapes, "Summed", base, base + MINUTE, Statistics=["Sum"], ExtendedStatistics=["p50", "tm90"]
    )
    assert point == {"Timestamp": 0, "Unit": "None", "Sum": 320.0}
    of_equal = {"p50": [2.0], "tm90": [2.0], "SampleCount": [3.0], "Average": [2.0]}
    assert told_of(client, base, shapes, "Equal", of_equal) == of_equal
    of_one = {"p99": [2.5], "tm90": [2.5], "SampleCount": [1.0]}
    assert told_of(client, base, shapes, "Single", of_one) == of_one


def test_a_negative_value_leaves_no_percentiles(client, base, shapes):
    plain = {"SampleCount": [3.0], "Sum": [6.0], "Average": [2.0], "Minimum": [-5.0], "Maximum": [6.0]}
    assert told_of(client, base, shapes, "Negative", plain) == plain
    assert set(map(tuple, told_of(client, base, shapes, "Negative", SPREAD).values())) == {()}


def test_percentiles_of_many_values_are_within_one_percent(client, base, shapes):
    expected = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "tm90": 45.5, "IQM": 50.5, "TC(10%:90%)": 80.0}
    told = told_of(client, base, shapes, "Hundred", expected)
    for statistic, value in expected.items():
        assert told[statistic] == pytest.approx([value], rel=0.01), statistic
    exact = {"SampleCount": [100.0], "Sum": [5050.0], "Average": [50.5], "Minimum": [1.0], "Maximum": [100.0]}
    assert told_of(client, base, shapes, "Hundred", exact) == exact


def test_units_stay_apart(client, base, shapes):
    assert statistics(client, shapes, "Units", base, base + MINUTE, Statistics=["Sum", "SampleCount"]) == [
        {"Timestamp": 0, "Sum": 1000.0, "SampleCount": 1.0, "Unit": "Milliseconds"},
        {"Timestamp": 0, "Sum": 5.0, "SampleCount": 1.0, "Unit": "None"},
        {"Timestamp": 0, "Sum": 4.0, "SampleCount": 2.0, "Unit": "Seconds"},
    ]
    [point] = statistics(client, shapes, "Units", base, base + MINUTE, Statistics=["Average"], Unit="Seconds")
    assert point == {"Timestamp": 0, "Average": 2.0, "Unit": "Seconds"}
    queries = [
        metric(f"q{place}", shapes, "Units", unit=unit)
        for place, unit in enumerate(["Seconds", "Milliseconds", "None", "Bytes"])
    ]
    assert values(client, base, base + MINUTE, *queries) == [[4.0], [1000.0], [5.0], []]


# Buckets and age


def test_buckets_of_statistics_begin_at_the_start(client, namespace):
    start = base_time(HOUR, ago=3 * HOUR)
    half_past = start + 30 * MINUTE
    at = {29: 1.0, 30: 2.0, 89: 4.0, 90: 8.0}
    put(client, namespace, *(datum("M", start + minute * MINUTE, value) for minute, value in at.items()))
    told = statistics(client, namespace, "M", half_past, half_past + 2 * HOUR, HOUR, Statistics=["Sum"])
    assert [(point["Timestamp"], point["Sum"]) for point in told] == [(0, 6.0), (HOUR, 8.0)]
    # Data before the start and at the end are out; a start within a minute counts from that minute.
    told = statistics(
        client, namespace, "M", half_past, half_past + 59 * MINUTE, HOUR, Statistics=["Sum"]
    )
    assert [point["Sum"] for point in told] == [2.0]
    told = statistics(client, namespace, "M", half_past + 30, half_past + 90, MINUTE, Statistics=["Sum"])
    assert [(point["Timestamp"], point["Sum"]) for point in told] == [(-30, 2.0)]


def test_statistics_have_at_most_1440_points(client, base):
    asked = {"Namespace": "N", "MetricName": "M", "Statistics": ["Sum"]}
    ask = client.get_metric_statistics
    text = (
        "You have requested up to {} datapoints, which exceeds the limit of 1440. You may reduce the datapoints "
        "requested by increasing Period, or decreasing the time range."
    )
    for seconds, period, count in [(DAY, 1, 86_400), (1_441 * MINUTE, MINUTE, 1_441), (2 * DAY, MINUTE, 2_880)]:
        told = refused(ask, **asked, StartTime=base - seconds, EndTime=base, Period=period)
        assert told == ("InvalidParameterCombination", text.format(count))
    answer = ask(**asked, StartTime=base - DAY, EndTime=base, Period=MINUTE)
    assert (answer["Label"], answer["Datapoints"]) == ("M", [])


def test_seconds_are_told_of_high_resolution_alone_and_for_three_hours(client, namespace):
    start, old = base_time(), base_time(ago=4 * HOUR)
    fine = {0: 1.0, 1: 2.0, 7: 4.0, 61: 8.0}
    put(
        client,
        namespace,
        *(datum("Fine", start + at, value, StorageResolution=1) for at, value in fine.items()),
        *(datum("Coarse", start + at, value, StorageResolution=60) for at, value in fine.items()),
        datum("Fine", old + 3, 16.0, StorageResolution=1),
    )
    of = lambda name, period: metric("m", namespace, name, period=period)
    ask = lambda name, period: points(client, start, start + 2 * MINUTE, of(name, period))[0][1]
    assert ask("Fine", 1) == fine
    assert ask("Fine", 5) == {0: 3.0, 5: 4.0, 60: 8.0}
    assert ask("Fine", 10) == {0: 7.0, 60: 8.0}
    assert ask("Fine", 30) == {0: 7.0, 60: 8.0}
    assert ask("Fine", MINUTE) == ask("Coarse", MINUTE) == {0: 7.0, 60: 8.0}
    assert ask("Coarse", 1) == {}
    told = statistics(client, namespace, "Fine", start, start + 10, 1, Statistics=["Maximum"])
    assert [(point["Timestamp"], point["Maximum"]) for point in told] == [(0, 1.0), (1, 2.0), (7, 4.0)]
    # What is older than three hours has minutes left.
    assert points(client, old, old + MINUTE, of("Fine", 1)) == [("Fine", {})]
    assert points(client, old, old + MINUTE, of("Fine", MINUTE)) == [("Fine", {0: 16.0})]


def test_late_data_count_in_their_own_time_under_every_period(client, namespace):
    start = base_time(DAY, ago=10 * DAY)
    first = {0: 1.0, 60: 2.0, 360: 4.0, 3_660: 8.0}
    put(client, namespace, *(datum("M", start + at, value) for at, value in first.items()))
    ask = lambda period: points(client, start, start + 2 * HOUR, metric("m", namespace, "M", period=period))[0][1]
    assert ask(MINUTE) == first
    put(client, namespace, datum("M", start + 100, 16.0))
    assert ask(MINUTE) == first | {60: 18.0}
    assert ask(5 * MINUTE) == {0: 19.0, 300: 4.0, 3_600: 8.0}
    assert ask(HOUR) == {0: 23.0, 3_600: 8.0}
    assert ask(2 * HOUR) == ask(DAY) == {0: 31.0}
    told = statistics(client, namespace, "M", start, start + DAY, DAY, Statistics=["Sum", "SampleCount", "Maximum"])
    assert told == [{"Timestamp": 0, "Sum": 31.0, "SampleCount": 5.0, "Maximum": 16.0, "Unit": "None"}]


def test_what_is_older_is_kept_more_coarsely(server, client, namespace, tmp_path):
    """Minutes for 15 days, five minutes for 63, hours for 455; imports are how data so old come in."""
    kept = {2: (MINUTE, 300, HOUR), 16: (300, HOUR), 62: (300, HOUR), 64: (HOUR,), 454: (HOUR,), 457: ()}
    starts = {days: base_time(HOUR, ago=days * DAY) for days in kept}
    expected = {MINUTE: {0: 1.0, 60: 2.0, 300: 4.0}, 300: {0: 3.0, 300: 4.0}, HOUR: {0: 7.0}}
    data = [datum("M", start + at, value) for start in starts.values() for at, value in expected[MINUTE].items()]
    file = tmp_path / "old.json"
    file.write_text(json.dumps({"Namespace": namespace, "MetricData": data}))
    imported(server, file)
    settle(client)
    for days, start in starts.items():
        for period in expected:
            query = metric("m", namespace, "M", period=period)
            [(_, told)] = points(client, start, start + HOUR, query)
            assert told == (expected[period] if period in kept[days] else {}), f"{days} days, {period} s"


# Pages, order, what comes back


@pytest.mark.parametrize("scan_by", ["TimestampAscending", "TimestampDescending", None])
def test_pages_hold_so_many_points_and_end_in_the_middle_of_a_series(client, base, namespace, scan_by):
    put(client, namespace, *(datum(name, base + 60 * at, float(at)) for name in "ab" for at in range(5)))
    asked = {
        "StartTime": base,
        "EndTime": base + 5 * MINUTE,
        "MetricDataQueries": [metric(name, namespace, name) for name in "ab"],
        "MaxDatapoints": 4,
    } | ({"ScanBy": scan_by} if scan_by else {})
    pages, token = [], None
    while not pages or token:
        answer = client.get_metric_data(**asked, **({"NextToken": token} if token else {}))
        token = answer.get("NextToken")
        pages.append([(each["Id"], each["Values"], each["StatusCode"]) for each in answer["MetricDataResults"]])
    up = scan_by == "TimestampAscending"
    ordered = lambda *of: [float(value) if up else 4.0 - value for value in of]
    assert pages == [
        [("a", ordered(0, 1, 2, 3), "PartialData")],
        [("a", ordered(4), "Complete"), ("b", ordered(0, 1, 2), "PartialData")],
        [("b", ordered(3, 4), "Complete")],
    ]
    paginated = client.get_paginator("get_metric_data").paginate(**asked)
    assert sum(len(each["Values"]) for page in paginated for each in page["MetricDataResults"]) == 10


def test_a_token_of_somewhere_else_is_refused(client, base):
    ask = lambda **more: client.get_metric_data(
        StartTime=base, EndTime=base + MINUTE, MetricDataQueries=[metric("m", "N", "M")], **more
    )
    assert refused(ask, NextToken="abc") == ("InvalidNextToken", "Request parameter NextToken is invalid")
    assert refused(ask, NextToken="9.9")[0] == "InvalidNextToken"
    told = refused(client.list_metrics, NextToken="abc")
    assert told == ("InvalidParameterValue", "Request parameter NextToken is invalid")


def test_what_is_not_to_be_returned_is_computed_with_and_other_accounts_are_forbidden(client, base, shapes):
    told = results(
        client,
        base,
        base + MINUTE,
        metric("hidden", shapes, "Counted", ReturnData=False),
        expression("hidden * 2", "double", ReturnData=False),
        expression("double + 1"),
        metric("foreign", shapes, "Counted", AccountId="999999999999"),
        metric("own", shapes, "Counted", AccountId=ACCOUNT, ReturnData=True),
    )
    assert [(each["Id"], each["Values"], each["StatusCode"]) for each in told] == [
        ("e", [641.0], "Complete"),
        ("foreign", [], "Forbidden"),
        ("own", [320.0], "Complete"),
    ]


def test_labels_hold_values_and_properties(client, base, provisioned):
    named = {"Wallet": "ApplePay", "Issuer": "B"}

    def label(text=None, **more):
        query = metric("m", provisioned, "Calls", named=named, **({"Label": text} if text else {}))
        [told] = results(client, base, base + 2 * MINUTE, query, **more)
        return told["Label"]

    assert label() == "Calls"
    assert label("mine") == "mine"
    assert label("${LABEL} ${MIN} ${MAX} ${AVG} ${SUM} ${LAST}") == "Calls 2 20 11 22 20"
    assert label("${FIRST} ${DATAPOINT_COUNT} ${MIN_MAX_RANGE} ${FIRST_LAST_TIME_RANGE}") == "2 2 18 1m"
    properties = "${PROP('Namespace')} ${PROP('MetricName')} ${PROP('Stat')} ${PROP('Period')} ${PROP('Dim.Issuer')}"
    assert label(properties) == f"{provisioned} Calls Sum 60 B"
    assert label("${PROP('Region')} ${PROP('AccountId')} ${PROP('Dim.None')}") == f"{REGION} {ACCOUNT} --"
    for zone, seconds in {"+0000": 0, "+0200": 2 * HOUR, "-0330": -3.5 * HOUR}.items():
        local = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(base + 60 + seconds))
        assert label("${MAX_TIME}", LabelOptions={"Timezone": zone}) == local


# What is refused


MATH_ERRORS = {
    "the end too early": ("m1 +", 4),
    "a parenthesis that stays open": ("SUM(m1", 6),
    "no such function": ("m1 + FOO(m1)", 5),
    "a number": ("5", 0),
    "no such kind of comparison": ("SELECT SUM(v) FROM N WHERE a > 1", 29),
    "no FROM": ("SELECT SUM(v) FRM N", 14),
    "OR": ("SELECT SUM(v) FROM N WHERE a = 'x' OR b = 'y'", 35),
}


@pytest.mark.parametrize("text,place", MATH_ERRORS.values(), ids=MATH_ERRORS.keys())
def test_an_expression_that_means_nothing_is_refused_at_its_place(client, base, text, place):
    queries = [metric("m1", "N", "M"), expression(text, "wrong", Period=60)]
    code, message = refused(results, client, base, base + MINUTE, *queries)
    assert code == "ValidationError"
    assert message.startswith(f"Error in expression 'wrong': at byte {place}: "), message


QUERY_ERRORS = {
    "an unknown id": ([expression("m1 + nope")], "Error in expression 'e': the id nope is not defined"),
    "a circle": (
        [expression("b + m1", "a"), expression("a + m1", "b")],
        "it refers to itself, by way of others or not",
    ),
    "itself": ([expression("a", "a")], "Error in expression 'a': it refers to itself, by way of others or not"),
    "two queries in SQL": (
        [expression("SELECT SUM(v) FROM N", name, Period=60) for name in "ab"],
        "A request can contain one Metrics Insights query at most",
    ),
    "a search that is none": ([expression("""SEARCH('{N} "', 'Sum')""")], "SEARCH at character 4"),
    "a label": ([metric("a", "N", "M", Label="${NOPE}")], "Error in expression 'a': at byte 0: "),
    "a statistic": (
        [metric("a", "N", "M", "p101")],
        "The value p101 for parameter MetricDataQueries.member.2.MetricStat.Stat is not a valid statistic.",
    ),
    "an id twice": (
        [metric("m1", "N", "M")],
        "The values for parameter id in MetricDataQueries are not unique.",
    ),
    "a capital id": (
        [metric("M1", "N", "M")],
        "The value M1 for parameter MetricDataQueries.member.2.Id is not matching the expected pattern "
        "^[a-z][a-zA-Z0-9_]*$.",
    ),
    "a period": ([metric("a", "N", "M", period=7)], "MetricDataQueries.member.2.MetricStat.Period"),
}


@pytest.mark.parametrize("queries,expected", QUERY_ERRORS.values(), ids=QUERY_ERRORS.keys())
def test_a_query_that_means_nothing_is_refused_by_its_id_or_place(client, base, queries, expected):
    code, message = refused(results, client, base, base + MINUTE, metric("m1", "N", "M"), *queries)
    assert code == "ValidationError"
    assert expected in message


def test_times_in_the_wrong_order_are_refused(client, base):
    query = metric("m", "N", "M")
    code, message = refused(results, client, base, base, query)
    assert (code, message.strip()) == ("ValidationError", "The parameter StartTime must not equal parameter EndTime.")
    code, message = refused(results, client, base, base - 60, query)
    assert (code, message.strip()) == ("ValidationError", "The parameter EndTime must be greater than StartTime.")
    told = refused(statistics, client, "N", "M", base, base, Statistics=["Sum"])
    assert told == ("InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime.")


def test_what_nobody_put_is_empty_and_complete(client, base):
    [told] = results(client, base, base + MINUTE, metric("m", "Nobody", "Nothing"))
    assert told == {"Id": "m", "Label": "Nothing", "Timestamps": [], "Values": [], "StatusCode": "Complete"}
    assert statistics(client, "Nobody", "Nothing", base, base + MINUTE, Statistics=["Sum"]) == []
    assert client.list_metrics(Namespace="Nobody")["Metrics"] == []


# Lists


def test_metrics_are_listed_by_name_and_dimensions(client, provisioned):
    def listed(**filters):
        told = client.list_metrics(Namespace=provisioned, **filters)
        assert "NextToken" not in told
        return [
            (each["MetricName"], tuple((one["Name"], one["Value"]) for one in each["Dimensions"]))
            for each in told["Metrics"]
        ]

    pairs = [(("Issuer", issuer), ("Wallet", wallet)) for wallet, issuer in CALLS]
    calls = [("Calls", ()), ("Calls", (("Wallet", "ApplePay"),)), *(("Calls", pair) for pair in pairs)]
    assert sorted(listed(MetricName="Calls")) == sorted(calls)
    assert sorted(listed()) == sorted(calls + [("Errors", pair) for pair in pairs])
    assert len(listed(Dimensions=[{"Name": "Wallet"}])) == 9
    assert len(listed(Dimensions=[{"Name": "Issuer"}])) == 8
    assert len(listed(Dimensions=dimensions(Wallet="ApplePay"))) == 5
    assert listed(Dimensions=dimensions(Wallet="GooglePay", Issuer="B"), MetricName="Errors") == [
        ("Errors", (("Issuer", "B"), ("Wallet", "GooglePay")))
    ]
    assert listed(Dimensions=dimensions(Wallet="Google")) == listed(Dimensions=[{"Name": "Country"}]) == []
    told = client.list_metrics(Namespace=provisioned, IncludeLinkedAccounts=True)
    assert told["OwningAccounts"] == [ACCOUNT] * len(told["Metrics"])


def test_a_page_of_a_list_has_500_metrics(client, namespace):
    now = int(time.time())
    put(client, namespace, *(datum(f"m{number}", now, 1.0) for number in range(510)), datum("m0", now, 2.0))
    first = client.list_metrics(Namespace=namespace)
    second = client.list_metrics(Namespace=namespace, NextToken=first["NextToken"])
    assert (len(first["Metrics"]), len(second["Metrics"]), "NextToken" in second) == (500, 10, False)
    names = {each["MetricName"] for each in first["Metrics"] + second["Metrics"]}
    assert names == {f"m{number}" for number in range(510)}


def test_only_what_came_lately_is_recently_active(client, namespace):
    now = int(time.time())
    ages = {"now": 0, "late": 5 * HOUR, "old": 13 * DAY}
    put(client, namespace, *(datum(name, now - age, 1.0) for name, age in ages.items()))
    # What comes late does not make a metric older.
    put(client, namespace, datum("now", now - 5 * HOUR, 1.0))
    names = lambda **more: [each["MetricName"] for each in client.list_metrics(Namespace=namespace, **more)["Metrics"]]
    assert sorted(names()) == ["late", "now", "old"]
    assert names(RecentlyActive="PT3H") == ["now"]

"""Anomaly detectors and their bands: two weeks of a metric, what is learnt of it, and what stays of that."""

import math
import random
import time
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from metric_calls import settle
from server_process import Server

NAMESPACE = "Bands"
PERIOD = 300
DAY = 86_400
DATA_PER_CALL = 1_000
TRAINED_WITHIN_SECONDS = 15


def start_of_now():
    return int(time.time()) // PERIOD * PERIOD


def usual(at):
    """Between 60 and 140, as high as it gets at six in the morning."""
    return 100 + 40 * math.sin(2 * math.pi * (at % DAY) / DAY)


def put(cloudwatch, metric, points, **members):
    """`points`: seconds since 1970 and value. Reads see them afterwards."""
    for first in range(0, len(points), DATA_PER_CALL):
        cloudwatch.put_metric_data(
            Namespace=NAMESPACE,
            MetricData=[
                {
                    "MetricName": metric,
                    "Timestamp": datetime.fromtimestamp(at, timezone.utc),
                    "Value": value,
                    **members,
                }
                for at, value in points[first : first + DATA_PER_CALL]
            ],
        )
    settle(cloudwatch)


def history(end, days=13, factor=1.0):
    chance = random.Random(7)
    return [(at, factor * (usual(at) + chance.gauss(0, 4))) for at in range(end - days * DAY, end, PERIOD)]


def metric_query(metric, identity="m1", period=PERIOD, stat="Average", returned=False):
    stat = {"Metric": {"Namespace": NAMESPACE, "MetricName": metric}, "Period": period, "Stat": stat}
    return {"Id": identity, "MetricStat": stat, "ReturnData": returned}


def band(cloudwatch, metric, expression, start, end, period=PERIOD, stat="Average"):
    """The limits by time, the upper one first."""
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[
            metric_query(metric, period=period, stat=stat),
            {"Id": "band", "Expression": expression},
        ],
        StartTime=datetime.fromtimestamp(start, timezone.utc),
        EndTime=datetime.fromtimestamp(end, timezone.utc),
        ScanBy="TimestampAscending",
    )
    results = answer["MetricDataResults"]
    assert [(each["Id"], each["StatusCode"]) for each in results] == [("band", "Complete")] * 2
    seconds = [[int(at.timestamp()) for at in each["Timestamps"]] for each in results]
    assert seconds[0] == seconds[1]
    return {at: limits for at, *limits in zip(seconds[0], *(each["Values"] for each in results))}


def target(metric, stat="Average", dimensions=()):
    return {
        "SingleMetricAnomalyDetector": {
            "Namespace": NAMESPACE,
            "MetricName": metric,
            "Dimensions": list(dimensions),
            "Stat": stat,
        }
    }


def described(cloudwatch, metric):
    return cloudwatch.describe_anomaly_detectors(Namespace=NAMESPACE, MetricName=metric)["AnomalyDetectors"]


def wait_for(cloudwatch, metric, state):
    deadline = time.monotonic() + TRAINED_WITHIN_SECONDS
    while (found := [each["StateValue"] for each in described(cloudwatch, metric)]) != [state]:
        assert found == ["PENDING_TRAINING"] and time.monotonic() < deadline, found
        time.sleep(0.1)


def check_band(limits, deviations):
    """Noise has a deviation of 4: the band is about as wide as it should, around what is usual."""
    inside = 0
    for at, (upper, lower) in limits.items():
        assert lower < usual(at) < upper
        assert 0.5 * 2 * deviations * 4 < upper - lower < 2.5 * 2 * deviations * 4
        inside += abs((upper + lower) / 2 - usual(at)) < 6
    assert inside > 0.9 * len(limits)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """A server of its own, with two weeks of `Usual`, and its end."""
    folder = tmp_path_factory.mktemp("bands") / "data"
    running = [Server(folder)]
    end = start_of_now()
    put(running[0].client("cloudwatch"), "Usual", history(end))

    def again(kill):
        if kill:
            running[0].process.kill()
            running[0].process.wait()
        else:
            assert running[0].stop() == 0
        running[0] = Server(folder)
        return running[0].client("cloudwatch")

    yield running, end, again
    assert running[0].stop() == 0


def test_a_detector_learns_within_seconds_and_knows_it_over_restarts(seeded):
    running, end, again = seeded
    cloudwatch = running[0].client("cloudwatch")
    identity = cloudwatch.put_anomaly_detector(**target("Usual"))["AnomalyDetectorId"]
    wait_for(cloudwatch, "Usual", "TRAINED")
    expression = "ANOMALY_DETECTION_BAND(m1, 2)"
    first = band(cloudwatch, "Usual", expression, end - DAY, end + DAY)
    assert sorted(first) == list(range(end - DAY, end + DAY, PERIOD)), "bands go on into the future"
    check_band(first, 2)
    # What comes late is learnt with the next training alone.
    put(cloudwatch, "Usual", [(at, 10_000.0) for at in range(end - 5 * DAY, end - 4 * DAY, 60) if at % PERIOD])
    for kill in [False, True]:
        cloudwatch = again(kill)
        [detector] = described(cloudwatch, "Usual")
        assert (detector["AnomalyDetectorId"], detector["StateValue"]) == (identity, "TRAINED")
        assert band(cloudwatch, "Usual", expression, end - DAY, end + DAY) == first
    cloudwatch.put_anomaly_detector(**target("Usual"))
    assert described(cloudwatch, "Usual")[0]["StateValue"] == "TRAINED", "the same again changes nothing"
    cloudwatch.delete_anomaly_detector(**target("Usual"))
    assert described(cloudwatch, "Usual") == []
    assert band(cloudwatch, "Usual", expression, end - DAY, end + DAY) != first, "its model is gone"
    cloudwatch = again(True)
    assert described(cloudwatch, "Usual") == []


def test_a_detector_leaves_out_what_it_is_told(seeded):
    running, end, _ = seeded
    cloudwatch = running[0].client("cloudwatch")
    points = dict(history(end))
    strange = (end - 3 * DAY, end)
    put(cloudwatch, "Strange", [(at, value if at < strange[0] else 3 * value) for at, value in points.items()])
    # The whole last three days were strange: nobody can tell that from a change that stays.
    excluded = [dict(zip(["StartTime", "EndTime"], (datetime.fromtimestamp(at, timezone.utc) for at in strange)))]
    cloudwatch.put_anomaly_detector(**target("Strange"), Configuration={"ExcludedTimeRanges": excluded})
    wait_for(cloudwatch, "Strange", "TRAINED")
    check_band(band(cloudwatch, "Strange", "ANOMALY_DETECTION_BAND(m1, 3)", end - DAY, end), 3)
    cloudwatch.delete_anomaly_detector(**target("Strange"))
    [(upper, _)] = band(cloudwatch, "Strange", "ANOMALY_DETECTION_BAND(m1, 3)", end - PERIOD, end).values()
    assert upper > 1.5 * usual(end - PERIOD), "without a detector all is learnt"


def test_bands_need_no_detector(cloudwatch):
    end = start_of_now()
    put(cloudwatch, "Free", history(end))
    two = band(cloudwatch, "Free", "ANOMALY_DETECTION_BAND(m1)", end - DAY, end)
    assert len(two) == DAY // PERIOD
    check_band(two, 2)
    for expression, factor in [("ANOMALY_DETECTION_BAND(m1 * 10)", 10), ("ANOMALY_DETECTION_BAND(FIRST([m1]))", 1)]:
        other = band(cloudwatch, "Free", expression, end - DAY, end)
        assert other == {at: pytest.approx([factor * limit for limit in limits], rel=0.05) for at, limits in two.items()}
    wide = band(cloudwatch, "Free", "ANOMALY_DETECTION_BAND(m1, 4)", end - DAY, end)
    assert all(wide[at][0] > two[at][0] and wide[at][1] < two[at][1] for at in two)
    of_sums = band(cloudwatch, "Free", "ANOMALY_DETECTION_BAND(m1)", end - DAY, end, period=3600, stat="Sum")
    middles = [(upper + lower) / 2 / 12 for upper, lower in of_sums.values()]
    assert 55 < min(middles) < 75 and 125 < max(middles) < 145, "twelve points of an hour"


def test_an_expression_takes_a_band_apart(cloudwatch):
    end = start_of_now()
    put(cloudwatch, "Apart", history(end))
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[
            metric_query("Apart"),
            {"Id": "b", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": False},
            {"Id": "upper", "Expression": "FIRST(b)"},
            {"Id": "lower", "Expression": "LAST(b)"},
            {"Id": "inner", "Expression": "FIRST(ANOMALY_DETECTION_BAND(FIRST(b), 1))"},
        ],
        StartTime=datetime.fromtimestamp(end - DAY, timezone.utc),
        EndTime=datetime.fromtimestamp(end, timezone.utc),
    )
    upper, lower, inner = (each["Values"] for each in answer["MetricDataResults"])
    assert len(upper) == len(lower) == len(inner) == DAY // PERIOD
    assert all(high > low for high, low in zip(upper, lower))
    assert inner == pytest.approx(upper, rel=0.05), "a band of a band"


@pytest.mark.parametrize("points", [[], [(-PERIOD, 1.0)], [(-PERIOD * number, 1.0) for number in range(1, 200)]])
def test_too_little_data_have_an_empty_band(cloudwatch, points):
    end, metric = start_of_now(), f"Little{len(points)}"
    if points:
        put(cloudwatch, metric, [(end + at, value) for at, value in points])
    assert band(cloudwatch, metric, "ANOMALY_DETECTION_BAND(m1, 2)", end - DAY, end) == {}
    cloudwatch.put_anomaly_detector(**target(metric))
    wait_for(cloudwatch, metric, "TRAINED_INSUFFICIENT_DATA")
    cloudwatch.delete_anomaly_detector(**target(metric))


def test_a_definition_is_told_as_it_was_put(cloudwatch):
    dimensions = [{"Name": "Issuer", "Value": "A"}, {"Name": "Wallet", "Value": "B"}]
    excluded = [{"StartTime": datetime(2026, 1, 1, tzinfo=timezone.utc), "EndTime": datetime(2026, 1, 2, tzinfo=timezone.utc)}]
    configuration = {
        "ExcludedTimeRanges": excluded,
        "MetricTimezone": "Europe/Berlin",
        "AdaptationSpeed": "FAST",
        "OutlierFilteringStrength": "STRICT",
    }
    put_one = target("Told", "p90", dimensions[::-1])
    identity = cloudwatch.put_anomaly_detector(
        **put_one, Configuration=configuration, MetricCharacteristics={"PeriodicSpikes": True}
    )["AnomalyDetectorId"]
    [found] = cloudwatch.describe_anomaly_detectors(AnomalyDetectorIds=[identity])["AnomalyDetectors"]
    assert found.pop("StateValue") in ("PENDING_TRAINING", "TRAINED_INSUFFICIENT_DATA")
    metric = {"Namespace": NAMESPACE, "MetricName": "Told", "Dimensions": dimensions, "Stat": "p90"}
    assert found == {
        **metric,
        "AnomalyDetectorId": identity,
        "SingleMetricAnomalyDetector": metric,
        "Configuration": configuration,
        "MetricCharacteristics": {"PeriodicSpikes": True},
    }
    cloudwatch.delete_anomaly_detector(AnomalyDetectorId=identity)
    assert described(cloudwatch, "Told") == []


def test_detectors_are_listed_page_by_page(cloudwatch):
    stats = ["Average", "Maximum", "Minimum", "Sum", "p50"]
    identities = [cloudwatch.put_anomaly_detector(**target("Paged", stat))["AnomalyDetectorId"] for stat in stats]
    cloudwatch.put_anomaly_detector(**target("Paged", "Sum", [{"Name": "Issuer", "Value": "A"}]))
    assert len(set(identities)) == 5
    filters = {"Namespace": NAMESPACE, "MetricName": "Paged"}
    pages = list(cloudwatch.get_paginator("describe_anomaly_detectors").paginate(**filters, PaginationConfig={"PageSize": 4}))
    assert [len(page["AnomalyDetectors"]) for page in pages] == [4, 2]
    of_dimension = cloudwatch.describe_anomaly_detectors(**filters, Dimensions=[{"Name": "Issuer", "Value": "A"}])
    assert [each["Stat"] for each in of_dimension["AnomalyDetectors"]] == ["Sum"]
    assert cloudwatch.describe_anomaly_detectors(**filters, AnomalyDetectorTypes=["METRIC_MATH"])["AnomalyDetectors"] == []
    some = cloudwatch.describe_anomaly_detectors(AnomalyDetectorIds=[identities[1], "unknown"])["AnomalyDetectors"]
    assert [each["Stat"] for each in some] == ["Maximum"]
    with pytest.raises(cloudwatch.exceptions.InvalidNextToken):
        cloudwatch.describe_anomaly_detectors(**filters, NextToken="nobody-gave-it-out")
    for page in pages:
        for each in page["AnomalyDetectors"]:
            cloudwatch.delete_anomaly_detector(AnomalyDetectorId=each["AnomalyDetectorId"])


MATH = {
    "MetricMathAnomalyDetector": {
        "MetricDataQueries": [metric_query("Any"), {"Id": "e1", "Expression": "m1 * 2", "ReturnData": True}]
    }
}


@pytest.mark.parametrize(
    "asked, code, words",
    [
        (target("Any", "Mode"), "InvalidParameterValue", "not a valid statistic"),
        (MATH, "InvalidParameterValue", "metric math are not supported"),
        (target("Any") | {"Configuration": {"MetricTimezone": "Europe/Nowhere"}}, "InvalidParameterValue", "not a time zone"),
        (target("Any") | {"Configuration": {"MetricTimezone": "+02:00"}}, "InvalidParameterValue", "not a time zone"),
    ],
)
def test_what_means_nothing_is_refused(cloudwatch, asked, code, words):
    with pytest.raises(ClientError, match=words) as refused:
        cloudwatch.put_anomaly_detector(**asked)
    assert refused.value.response["Error"]["Code"] == code
    assert described(cloudwatch, "Any") == []


def test_another_accounts_metric_is_refused(cloudwatch):
    asked = target("Any")
    asked["SingleMetricAnomalyDetector"]["AccountId"] = "999999999999"
    with pytest.raises(ClientError, match="caller's account"):
        cloudwatch.put_anomaly_detector(**asked)


def test_what_is_not_there_cannot_be_deleted(cloudwatch):
    for asked in [target("Any"), {"AnomalyDetectorId": "unknown"}]:
        with pytest.raises(cloudwatch.exceptions.ResourceNotFoundException):
            cloudwatch.delete_anomaly_detector(**asked)


def test_a_band_has_not_too_many_buckets(cloudwatch):
    end = start_of_now()
    with pytest.raises(ClientError, match="more than 100800 periods"):
        band(cloudwatch, "Any", "ANOMALY_DETECTION_BAND(m1, 2)", end - 101 * DAY, end, period=60)

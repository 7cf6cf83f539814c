"""Metrics as the tests put and ask them: queries in few words, times in seconds from a base, reads that see
every put."""

import time
import uuid
from datetime import datetime, timezone

from test_keys import within

MINUTE, HOUR, DAY = 60, 3_600, 86_400
SEEN_SECONDS_MAX = 5
# Puts are applied in the order in which they were answered, so whoever sees this one sees all before it.
MARKS = "Marks"
# Of each call its value under a wallet and an issuer, in the first minute; ten times as much in the second.
CALLS = {("ApplePay", "A"): 1.0, ("ApplePay", "B"): 2.0, ("GooglePay", "A"): 4.0, ("GooglePay", "B"): 8.0}


def base_time(period=MINUTE, ago=10 * MINUTE):
    """The start of a bucket of this length, `ago` seconds ago or up to a bucket earlier."""
    return (int(time.time()) - ago) // period * period


def put(cloudwatch, namespace, *data):
    """Puts data and waits until reads see them."""
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=list(data))
    settle(cloudwatch)


def put_calls(cloudwatch, base):
    """A namespace of its own with CALLS, errors a quarter of them, and calls under fewer dimensions; its name."""
    name = f"Calls{uuid.uuid4().hex}"
    data = [datum("Calls", base, 100.0), datum("Calls", base, 1000.0, {"Wallet": "ApplePay"})]
    for (wallet, issuer), value in CALLS.items():
        named = {"Wallet": wallet, "Issuer": issuer}
        data += [datum("Calls", base, value, named), datum("Calls", base + MINUTE, 10 * value, named)]
        data.append(datum("Errors", base, value / 4, named))
    put(cloudwatch, name, *data)
    return name


def settle(cloudwatch):
    """Waits until reads see everything that was put before."""
    name = uuid.uuid4().hex
    cloudwatch.put_metric_data(Namespace=MARKS, MetricData=[{"MetricName": name, "Value": 1.0}])

    def is_seen():
        assert cloudwatch.list_metrics(Namespace=MARKS, MetricName=name)["Metrics"], f"{name} is not seen"

    within(SEEN_SECONDS_MAX, is_seen)


def dimensions(**named):
    return [{"Name": name, "Value": value} for name, value in named.items()]


def datum(name, at, value=None, named=None, **more):
    """A datum at seconds since 1970; `named` are its dimensions, `more` its other members."""
    shaped = {"MetricName": name, "Timestamp": at, **more}
    if value is not None:
        shaped["Value"] = value
    if named:
        shaped["Dimensions"] = dimensions(**named)
    return shaped


def metric(query_id, namespace, name, statistic="Sum", period=MINUTE, named=None, unit=None, **more):
    """A query of one metric; `more` are further members of the query."""
    stat = {
        "Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions(**(named or {}))},
        "Period": period,
        "Stat": statistic,
    }
    return {"Id": query_id, "MetricStat": stat | ({"Unit": unit} if unit else {}), **more}


def expression(text, query_id="e", **more):
    return {"Id": query_id, "Expression": text, **more}


def results(cloudwatch, start, end, *queries, **more):
    """The results of all queries, times oldest first, as seconds from `start`."""
    answer = cloudwatch.get_metric_data(
        StartTime=start, EndTime=end, MetricDataQueries=list(queries), **{"ScanBy": "TimestampAscending"} | more
    )
    assert "NextToken" not in answer
    return [each | {"Timestamps": seconds_from(start, each["Timestamps"])} for each in answer["MetricDataResults"]]


def points(cloudwatch, start, end, *queries, **more):
    """Of each series its label and its values by seconds from `start`."""
    return [
        (result["Label"], dict(zip(result["Timestamps"], result["Values"], strict=True)))
        for result in results(cloudwatch, start, end, *queries, **more)
    ]


def values(cloudwatch, start, end, *queries):
    """Of each series its values, oldest first."""
    return [result["Values"] for result in results(cloudwatch, start, end, *queries)]


def statistics(cloudwatch, namespace, name, start, end, period=MINUTE, named=None, **more):
    """The data points of GetMetricStatistics in the order of their times, times as seconds from `start`."""
    answer = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=dimensions(**(named or {})),
        StartTime=start,
        EndTime=end,
        Period=period,
        **more,
    )
    assert answer["Label"] == name
    told = [point | {"Timestamp": seconds_from(start, [point["Timestamp"]])[0]} for point in answer["Datapoints"]]
    return sorted(told, key=lambda point: (point["Timestamp"], point["Unit"]))


def seconds_from(start, times):
    return [int(at.timestamp()) - start for at in times]


def rfc3339(at):
    return datetime.fromtimestamp(at, timezone.utc).isoformat().replace("+00:00", "Z")

"""What Grafana's CloudWatch data source makes of a panel: queries of GetMetricData out of its targets, frames out of the
answers. A reading of its source (github.com/grafana/grafana-cloudwatch-datasource, src/query-runner and pkg/cloudwatch)
with the switches that Grafana has on by default: labels split at `|&|`, the end rounded up, Insights queries apart.
"""

import math
import re
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

KEY_SEPARATOR = "|&|"
SEARCH, INSIGHTS = 0, 1
BUILDER, CODE = 0, 1
LIST_METRICS_PAGES_MAX = 500
DYNAMIC_LABEL = re.compile(r"\$\{.+\}")
VALID_ID = re.compile(r"^[a-z][a-zA-Z0-9_]*$")
VARIABLE = re.compile(r"\$(\w+)|\[\[(\w+?)(?::\w+)?\]\]|\$\{(\w+)(?:\.[^:^}]+)?(?::[^}]+)?\}")
PERIODS = (60, 300, 900, 3600, 21600, 86400)
POINTS_OF_A_RANGE = 2000


@dataclass
class Variable:
    """A template variable and what is chosen. `values` are several only where `is_multi`."""

    name: str
    values: list
    is_multi: bool = False


@dataclass
class Query:
    """One row of the query editor, with its variables filled in."""

    ref_id: str
    id: str
    type: int
    mode: int
    namespace: str
    metric: str
    statistic: str
    dimensions: dict
    period: int
    expression: str
    sql: str
    label: str
    match_exact: bool
    returns_data: bool

    def is_search(self):
        """Whether dimensions make a search of what looks like one metric."""
        if (self.type, self.mode) != (SEARCH, BUILDER):
            return False
        return not self.match_exact or any(not is_single(values) for values in self.dimensions.values())

    def search_expression(self):
        known = {key: values for key, values in sorted(self.dimensions.items()) if "*" not in values}
        terms = [f'MetricName="{self.metric}"']
        for key, values in known.items():
            quoted = " OR ".join(f'"{escaped(value)}"' for value in values)
            terms.append(f'"{key}"={f"({quoted})" if len(values) > 1 else quoted}')
        if self.match_exact:
            names = "".join(f',"{name}"' for name in sorted(self.dimensions))
            return f"REMOVE_EMPTY(SEARCH('{{\"{self.namespace}\"{names}}} {' '.join(terms)}', {self.tail()}"
        terms += [f'"{name}"' for name in sorted(self.dimensions) if name not in known]
        return f"REMOVE_EMPTY(SEARCH('Namespace=\"{self.namespace}\" {' '.join(terms)}', {self.tail()}"

    def tail(self):
        return f"'{self.statistic}', {self.period}))"

    def search_label(self):
        several = sorted(name for name, values in self.dimensions.items() if not is_single(values))
        return "".join([self.label or "${LABEL}", *(f"{KEY_SEPARATOR}${{PROP('Dim.{name}')}}" for name in several)])

    def metric_data_query(self):
        """The member of `MetricDataQueries`."""
        asked = {"Id": self.id, "ReturnData": self.returns_data}
        if self.label:
            asked["Label"] = self.label
        if self.type == INSIGHTS:
            return asked | {"Period": self.period, "Expression": self.sql}
        if self.mode == CODE:
            return asked | {"Period": self.period, "Expression": self.expression}
        if self.is_search():
            return asked | {"Expression": self.search_expression(), "Label": self.search_label()}
        dimensions = [{"Name": name, "Value": values[0]} for name, values in self.dimensions.items()]
        metric = {"Namespace": self.namespace, "MetricName": self.metric, "Dimensions": dimensions}
        return asked | {"MetricStat": {"Metric": metric, "Period": self.period, "Stat": self.statistic}}

    def labels_of(self, label):
        """The name and the labels of a series, out of the label that CloudWatch gave it."""
        if self.type == INSIGHTS:
            return label, {"Series": label}
        name, *parts = label.split(KEY_SEPARATOR)
        labels = {"Series": name}
        if self.mode == CODE:
            return name, labels
        for dimension, values in sorted(self.dimensions.items()):
            labels[dimension] = values[0] if is_single(values) else parts.pop(0)
        return name, labels


@dataclass
class Frame:
    """One series as a panel gets it."""

    ref_id: str
    name: str
    labels: dict
    times: list
    values: list
    notices: list = field(default_factory=list)


def is_single(values):
    return len(values) == 1 and values[0] != "*"


def escaped(value):
    return value.replace('"', '\\"').replace("'", "\\'")


def replaced(text, variables, separator=","):
    """The text with its variables filled in; what names none stays, as labels' `${PROP('Dim.x')}` do."""

    def value(match):
        name = next(group for group in match.groups() if group)
        variable = variables.get(name)
        return match.group() if variable is None else separator.join(variable.values)

    return VARIABLE.sub(value, text)


def values_of_dimension(value, variables):
    """A list stays as it is, whatever it holds; a variable of several values becomes a list of them."""
    if isinstance(value, list):
        return value
    match = VARIABLE.search(value)
    variable = variables.get(next(group for group in match.groups() if group)) if match else None
    if variable is None:
        return [value]
    return replaced(value, variables, "|").split("|") if variable.is_multi else [replaced(value, variables)]


def period_of(written, start, end, now):
    """Seconds; `auto` and nothing follow from the range."""
    if written and written != "auto":
        return int(written)
    age_days = (now - start).total_seconds() / 86_400
    kept = [period for period in PERIODS if period >= (3600 if age_days > 63 else 300 if age_days > 15 else 60)]
    needed = math.ceil((end - start).total_seconds() / POINTS_OF_A_RANGE)
    return next((period for period in kept if needed <= period), kept[-1])


def query_of(target, variables, start, end, now):
    """What a target asks for, `None` where Grafana would not send it."""
    if target.get("hide") and not target["id"]:
        return None
    kind = target["metricQueryType"], target["metricEditorMode"]
    needed = {(SEARCH, BUILDER): ("namespace", "metricName"), (SEARCH, CODE): ("expression",)}
    if not all(target[name] for name in needed.get(kind, ("sqlExpression",))):
        return None
    suffix = target["refId"] if VALID_ID.match(target["refId"]) else uuid.uuid4().hex
    return Query(
        ref_id=target["refId"],
        id=replaced(target["id"], variables) or f"query{suffix}",
        type=kind[0],
        mode=kind[1],
        namespace=replaced(target["namespace"], variables),
        metric=replaced(target["metricName"], variables),
        statistic=replaced(target["statistic"], variables),
        dimensions={
            replaced(name, variables): values_of_dimension(value, variables)
            for name, value in target["dimensions"].items()
        },
        period=period_of(replaced(target["period"], variables), start, end, now),
        expression=replaced(target["expression"], variables),
        sql=replaced(target["sqlExpression"], variables),
        label=target["label"],
        match_exact=target["matchExact"],
        returns_data=not target.get("hide", False),
    )


def batches_of(queries):
    """Queries that go together: all of them, unless two are of Insights, which allows one a call."""
    if sum(query.type == INSIGHTS for query in queries) <= 1:
        return [queries]
    by_id = {query.id: query for query in queries}
    read = {query.id: ids_read(query, by_id) for query in queries}
    roots = [query for query in queries if not any(query.id in ids for ids in read.values())]
    return [[by_id[one] for one in reached(root.id, read)] for root in roots]


def ids_read(query, by_id):
    if (query.type, query.mode) != (SEARCH, CODE):
        return []
    return [word for word in re.split(r"\W+", query.expression) if word in by_id]


def reached(first, read):
    found = [first]
    for one in found:
        found += [other for other in read[one] if other not in found]
    return found


def list_metrics(cloudwatch, **asked):
    """All metrics, page by page."""
    found, pages, token = [], 0, {}
    while pages < LIST_METRICS_PAGES_MAX:
        answer = cloudwatch("ListMetrics", **asked, **token)
        found += answer["Metrics"]
        pages += 1
        if not answer.get("NextToken"):
            break
        token = {"NextToken": answer["NextToken"]}
    return found, pages


def dimension_values(cloudwatch, namespace, metric, key, filters=()):
    """What a variable of dimension values offers."""
    asked = {"Namespace": namespace, "MetricName": metric}
    if filters:
        asked["Dimensions"] = [{"Name": name, "Value": value} if value else {"Name": name} for name, value in filters]
    metrics, _ = list_metrics(cloudwatch, **asked)
    return sorted({one["Value"] for metric in metrics for one in metric["Dimensions"] if one["Name"] == key})


def dimension_keys(cloudwatch, namespace, metric):
    metrics, _ = list_metrics(cloudwatch, Namespace=namespace, MetricName=metric)
    return sorted({one["Name"] for metric in metrics for one in metric["Dimensions"]})


def metric_data_pages(cloudwatch, queries, start, end, zone="+0200"):
    """All pages of one call. The end is rounded up to the next minute before every page, so it moves with each."""
    asked = {
        "StartTime": start,
        "EndTime": end,
        "ScanBy": "TimestampAscending",
        "LabelOptions": {"Timezone": zone},
        "MetricDataQueries": [query.metric_data_query() for query in queries],
    }
    pages = []
    while not pages or pages[-1].get("NextToken"):
        if pages:
            asked["NextToken"] = pages[-1]["NextToken"]
        asked["EndTime"] = asked["EndTime"].replace(second=0, microsecond=0) + timedelta(minutes=1)
        pages.append(cloudwatch("GetMetricData", **asked))
    return pages


def query_data(cloudwatch, queries, start, end):
    """Frames of a panel by refId. A refId that nothing was answered for has none."""
    frames = {}
    for batch in batches_of(queries):
        pages = metric_data_pages(cloudwatch, batch, start, end)
        by_id = {query.id: query for query in batch}
        for query_id, results in joined(pages).items():
            query = by_id[query_id]
            notices = [message for page in pages for message in page.get("Messages", [])]
            frames[query.ref_id] = [frame_of(query, result, notices) for result in results]
    return frames


def joined(pages):
    """Results by query. What a page left off with PartialData goes on under the same label."""
    results = {}
    for result in (result for page in pages for result in page["MetricDataResults"]):
        assert result["Label"] is not None, "Grafana drops a series without a label"
        assert not any(message["Code"] in ("ArithmeticError", "Forbidden") for message in result.get("Messages", []))
        of_query = results.setdefault(result["Id"], [])
        begun = [one for one in of_query if (one["Label"], one["StatusCode"]) == (result["Label"], "PartialData")]
        if begun:
            begun[0]["Timestamps"] = begun[0]["Timestamps"] + result["Timestamps"]
            begun[0]["Values"] = begun[0]["Values"] + result["Values"]
            begun[0]["StatusCode"] = result["StatusCode"]
        else:
            of_query.append(dict(result))
    return results


def frame_of(query, result, notices):
    name, labels = query.labels_of(result["Label"])
    if query.label and not DYNAMIC_LABEL.search(query.label):
        name = query.label
    if result["StatusCode"] != "Complete":
        notices = [*notices, {"Code": result["StatusCode"], "Value": "too many datapoints"}]
    return Frame(query.ref_id, name, labels, result["Timestamps"], result["Values"], notices)

"""The dashboards of deploy/grafana as they are committed: their panels and targets, and what is chosen above them."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta

from grafana_backend import Variable
from server_process import REPOSITORY

FOLDER = REPOSITORY / "deploy" / "grafana"
FILES = sorted((FOLDER / "dashboards").glob("*.json"))
RANGE = re.compile(r"^now-(\d+)h$")
INSIGHTS_SQL = re.compile(
    r"^SELECT (?:SUM|AVG|MAX|MIN|COUNT)\((?P<metric>\w+)\) FROM SCHEMA\((?P<namespace>\w+)(?P<dimensions>(?:, \w+)*)\)"
    r" GROUP BY (?P<groups>\w+(?:, \w+)*)(?: ORDER BY (?:SUM|AVG|MAX|MIN|COUNT)\(\) (?:ASC|DESC) LIMIT \d+)?$"
)


@dataclass
class Panel:
    """A panel and the dashboard that it is in."""

    file: str
    dashboard: dict
    panel: dict

    @property
    def name(self):
        return f"{self.file} {self.panel['id']}: {self.panel['title']}"

    @property
    def targets(self):
        return self.panel["targets"]

    @property
    def shown(self):
        """The refIds of what is drawn: what is not hidden."""
        return {target["refId"] for target in self.targets if not target["hide"]}


def dashboards():
    return {path.name: json.loads(path.read_text()) for path in FILES}


def panels():
    """Every panel that asks for something."""
    return [
        Panel(file, dashboard, panel)
        for file, dashboard in dashboards().items()
        for panel in dashboard["panels"]
        if panel["type"] != "row"
    ]


def range_of(dashboard, now):
    """The range that a dashboard opens with."""
    assert dashboard["time"]["to"] == "now"
    hours = int(RANGE.match(dashboard["time"]["from"])[1])
    return now - timedelta(hours=hours), now


def variables_of(dashboard, chosen):
    """The variables of a dashboard with what is chosen by name, or else with what they open with."""
    return {
        one["name"]: Variable(one["name"], chosen.get(one["name"]) or opened_with(one), one["multi"])
        for one in dashboard["templating"]["list"]
    }


def opened_with(variable):
    """The values that are chosen when the dashboard is opened; `All` is what the variable says it is."""
    if variable["type"] == "datasource":
        return ["walletscope"]
    values = variable["current"]["value"]
    values = values if isinstance(values, list) else [values]
    return [variable["allValue"]] if values == ["$__all"] else values


def strings_of(node):
    """Every text in a piece of JSON, keys included."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from strings_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings_of(value)
    elif isinstance(node, str):
        yield node

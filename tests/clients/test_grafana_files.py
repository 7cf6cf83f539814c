"""Are the files of deploy/grafana well made? What can be said of them without a server; `test_grafana` asks for their data."""

import itertools
import re
import subprocess

import pytest
import yaml

import grafana_dashboards as committed
from grafana_backend import VARIABLE

COLUMNS = 24
PANELS = {panel.name: panel for panel in committed.panels()}


def test_there_are_the_dashboards_of_the_readme():
    assert [path.name for path in committed.FILES] == [
        "errors.json",
        "geography.json",
        "performance.json",
        "real-time-status.json",
    ]


def test_committed_dashboards_are_what_the_generator_writes(tmp_path):
    if not (committed.FOLDER / "node_modules").exists():
        pytest.fail(f"the generator's packages are missing; `npm ci --prefix {committed.FOLDER}` installs them")
    command = ["npm", "run", "--silent", "--prefix", committed.FOLDER, "generate", "--", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    written = {path.name: path.read_text() for path in tmp_path.glob("*.json")}
    assert written == {path.name: path.read_text() for path in committed.FILES}


@pytest.mark.parametrize("file", committed.dashboards())
def test_a_dashboard_is_well_formed(file):
    dashboard = committed.dashboards()[file]
    assert dashboard["title"].startswith("Walletscope: ") and dashboard["description"]
    assert re.fullmatch(r"walletscope-[a-z]{1,28}", dashboard["uid"])
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    cells = list(itertools.chain.from_iterable(cells_of(panel["gridPos"]) for panel in dashboard["panels"]))
    assert len(cells) == len(set(cells)), "panels overlap"
    assert all(column < COLUMNS for column, _ in cells), "a panel is beyond the right edge"


def cells_of(place):
    columns, rows = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
    return itertools.product(columns, rows)


def test_uids_and_titles_are_of_one_dashboard_each():
    everything = committed.dashboards().values()
    for name in ("uid", "title"):
        assert len({dashboard[name] for dashboard in everything}) == len(committed.FILES)


@pytest.mark.parametrize("file", committed.dashboards())
def test_every_variable_is_there_and_used(file):
    dashboard = committed.dashboards()[file]
    variables = {one["name"]: one for one in dashboard["templating"]["list"]}
    texts = list(committed.strings_of([dashboard["panels"], dashboard["templating"]]))
    # `${PROP('Dim.x')}` and `${LABEL}` are CloudWatch's: no variable is read in capitals.
    named = {next(filter(None, match.groups())) for text in texts for match in VARIABLE.finditer(text)}
    named = {name for name in named if not name.isupper() and not name.startswith("__")}
    assert named == set(variables)
    for one in variables.values():
        assert one["label"]
        assert not one["includeAll"] or (one["allValue"], one["multi"]) == ("*", True)


@pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS.keys())
def test_a_panel_says_what_it_shows(panel):
    shown, defaults = panel.panel, panel.panel["fieldConfig"]["defaults"]
    assert shown["title"] and shown["description"].endswith(".")
    assert defaults["unit"] and defaults["thresholds"]["steps"][0]["value"] is None
    source = {"type": "cloudwatch", "uid": "${datasource}"}
    assert [shown["datasource"], *(target["datasource"] for target in panel.targets)] == [source] * (len(panel.targets) + 1)
    assert panel.shown
    ref_ids = [target["refId"] for target in panel.targets]
    ids = [target["id"] for target in panel.targets if target["id"]]
    assert len(ref_ids) == len(set(ref_ids)) and len(ids) == len(set(ids))
    for target in panel.targets:
        assert target["region"] == "$region" and target["queryMode"] == "Metrics" and target["statistic"]
        read = [word for word in re.findall(r"\b[a-z]\w*\b", target["expression"])]
        assert set(read) <= set(ids) - {target["id"]}, "math over what is not there"
        assert not target["hide"] or any(target["id"] in other["expression"] for other in panel.targets)


def test_the_map_looks_up_a_label_that_frames_have():
    [panel] = [panel for panel in PANELS.values() if panel.panel["type"] == "geomap"]
    [layer] = panel.panel["options"]["layers"]
    assert layer["location"]["lookup"] in panel.targets[0]["dimensions"]
    assert layer["location"]["gazetteer"] == "public/gazetteer/countries.json"


def test_provisioning_files_are_what_grafana_reads():
    files = {path.parent.name: yaml.safe_load(path.read_text()) for path in committed.FOLDER.glob("provisioning/*/*.yaml")}
    assert set(files) == {"datasources", "dashboards"}
    [source], [provider] = files["datasources"]["datasources"], files["dashboards"]["providers"]
    assert files["datasources"]["apiVersion"] == files["dashboards"]["apiVersion"] == 1
    assert (source["type"], source["jsonData"]["authType"]) == ("cloudwatch", "keys")
    assert set(source["secureJsonData"]) == {"accessKey", "secretKey"}
    assert source["jsonData"]["endpoint"].startswith("$") and source["jsonData"]["defaultRegion"]
    namespaces = {target["namespace"] for panel in PANELS.values() for target in panel.targets}
    assert namespaces <= set(source["jsonData"]["customMetricsNamespaces"].split(","))
    assert provider["type"] == "file" and provider["options"]["path"].startswith("$")

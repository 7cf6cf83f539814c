"""`walletscope apply` over the real server: the brief's files, templates, changes, mistakes."""

import json
import pathlib
import re
import subprocess

import pytest
import requests

from server_process import BINARY, Server

BRIEF = pathlib.Path(__file__).parents[2] / "fixtures" / "brief.md"
NAMESPACE = "TokenProvisioning"
GROUP = "/aws/lambda/token-provisioning-service"


@pytest.fixture(scope="module")
def own_server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("apply") / "data")
    yield running
    running.stop()


@pytest.fixture
def files(tmp_path):
    def write(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        return tmp_path

    return write


def apply(server, *arguments, data=None):
    place = ["--data", str(data)] if data else ["--server", server.url, "--api-token", server.api_token]
    command = [str(BINARY), "apply", *[str(argument) for argument in arguments], *place]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def steps(done):
    """The lines of the plan: sign, action and what it is about."""
    return [line for line in done.stdout.splitlines() if re.match(r"[+~=-] \w+ ", line)]


def brief_blocks():
    return re.findall(r"```yaml\n(.*?)```", BRIEF.read_text(), re.S)


def test_the_brief_is_planned_applied_and_then_nothing_changes(own_server, files):
    folder = files(**{f"brief{number}": text for number, text in enumerate(brief_blocks())})
    planned = apply(own_server, "-f", folder, "--plan")
    assert planned.returncode == 3, planned.stderr
    created = [line.split(None, 2)[2] for line in steps(planned) if line.startswith("+")]
    filters = ["ProvisioningSuccess", "ProvisioningFailure", "ProvisioningLatency"]
    for name in filters:
        assert f"metric filter {name} in {GROUP}" in created
    logs = own_server.client("logs")
    assert logs.describe_metric_filters()["metricFilters"] == [], "a plan changes nothing"

    applied = apply(own_server, "-f", folder, "--yes")
    assert applied.returncode == 0, applied.stderr
    found = {each["filterName"]: each for each in logs.describe_metric_filters()["metricFilters"]}
    assert sorted(found) == sorted(filters)
    assert f"dashboard {NAMESPACE}" in created
    body = json.loads(own_server.client("cloudwatch").get_dashboard(DashboardName=NAMESPACE)["DashboardBody"])
    widgets = json.dumps(body["widgets"])
    for name in ("TokenProvisioningRequests", "SuccessRate", "ProvisioningLatency"):
        assert name in widgets
    latency = found["ProvisioningLatency"]
    assert latency["filterPattern"] == '[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", processingTime]'
    assert latency["metricTransformations"][0]["metricValue"] == "$processingTime"

    again = apply(own_server, "-f", folder, "--plan")
    assert again.returncode == 0, again.stdout
    assert {line[0] for line in steps(again)} <= {"=", "-"}, again.stdout


def test_lints_say_what_the_brief_would_do_at_aws(own_server, files):
    planned = apply(own_server, "-f", files(brief=brief_blocks()[2]), "--plan")
    for code in ("delimited-pattern-over-json", "default-log-group", "alarm-count-for-rate", "dimensionless-filter"):
        assert f"[{code}]" in planned.stdout, planned.stdout


TEMPLATE = """
Parameters:
  Group: {Type: String, Default: /aws/lambda/checkout}
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Ref Group, RetentionInDays: 30}
  Errors:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: !Ref Logs
      FilterName: errors
      FilterPattern: PATTERN
      MetricTransformations: [{MetricNamespace: Checkout, MetricName: Errors, MetricValue: "1", Unit: Count}]
"""


def test_a_template_changes_what_it_names_and_nothing_else(own_server, files):
    first = apply(own_server, "-f", files(template=TEMPLATE.replace("PATTERN", "ERROR")), "--yes")
    assert first.returncode == 0, first.stderr
    changed = TEMPLATE.replace("PATTERN", "FATAL").replace("30", "14")
    planned = apply(own_server, "-f", files(template=changed), "--plan")
    assert [line for line in steps(planned) if line.startswith("~")] == [
        "~ change log group /aws/lambda/checkout",
        "~ change metric filter errors in /aws/lambda/checkout",
    ]
    assert "pattern: ERROR becomes FATAL" in planned.stdout
    assert "keeps events 14 days instead of 30 days" in planned.stdout
    assert apply(own_server, "-f", files(template=changed), "--yes").returncode == 0
    logs = own_server.client("logs")
    (found,) = logs.describe_metric_filters(logGroupName="/aws/lambda/checkout")["metricFilters"]
    assert found["filterPattern"] == "FATAL"
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/checkout")["logGroups"]
    assert group["retentionInDays"] == 14


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("MetricFilters:\n  A:\n    FilterPattern: '{ $.x = '\n    MetricNamespace: N\n    MetricName: M\n    MetricValue: '1'\n", "metric filter A"),
        ("MetricFilters: [1", "wrong.yaml:"),
        ("Resources:\n  A:\n    Type: AWS::Logs::LogGroup\n    Properties: {LogGroupName: !Ref Nobody}\n", "Nobody"),
        ("savedQueries: {}\n", "wrong.yaml:"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_nothing_is_changed(own_server, files, text, says):
    before = own_server.client("logs").describe_metric_filters()["metricFilters"]
    done = apply(own_server, "-f", files(wrong=text) / "wrong.yaml", "--yes")
    assert done.returncode == 1, done.stdout
    assert says in done.stderr and "nothing was changed" in done.stderr, done.stderr
    assert own_server.client("logs").describe_metric_filters()["metricFilters"] == before


DETECTORS = """
walletscope: 1
anomalyDetectors:
  - namespace: Checkout
    metricName: Errors
    stat: Sum
    configuration:
      metricTimezone: Europe/Berlin
"""


def test_a_detector_is_made_once_and_changed_where_it_differs(own_server, files):
    first = apply(own_server, "-f", files(bands=DETECTORS) / "bands.yaml", "--yes")
    assert first.returncode == 0, first.stderr + first.stdout
    again = apply(own_server, "-f", files(bands=DETECTORS) / "bands.yaml", "--plan")
    assert again.returncode == 0, again.stdout
    changed = apply(own_server, "-f", files(bands=DETECTORS.replace("Berlin", "Paris")) / "bands.yaml", "--yes")
    assert "learns anew" in changed.stdout
    (detector,) = own_server.client("cloudwatch").describe_anomaly_detectors(Namespace="Checkout")["AnomalyDetectors"]
    assert detector["Configuration"]["MetricTimezone"] == "Europe/Paris"
    for wrong in (DETECTORS.replace("Europe/Berlin", "Europe/Nowhere"), DETECTORS.replace("Sum", "Much")):
        assert apply(own_server, "-f", files(bands=wrong) / "bands.yaml", "--yes").returncode == 1


def test_a_card_number_is_no_definition(own_server, files):
    text = TEMPLATE.replace("PATTERN", '"4111111111111111"')
    done = apply(own_server, "-f", files(card=text), "--yes")
    assert done.returncode == 1
    assert "card number" in done.stderr
    assert "4111111111111111" not in done.stderr + done.stdout


def test_without_a_terminal_nobody_is_asked(own_server, files):
    text = TEMPLATE.replace("PATTERN", "OTHER").replace("errors", "others")
    done = apply(own_server, "-f", files(template=text))
    assert done.returncode == 1
    assert "--yes" in done.stderr


def test_a_folder_that_nobody_has_open_is_opened(tmp_path, files):
    server = Server(tmp_path / "data")
    server.stop()
    text = TEMPLATE.replace("PATTERN", "ERROR")
    assert apply(None, "-f", files(template=text) / "template.yaml", "--yes", data=tmp_path / "data").returncode == 0
    again = apply(None, "-f", files(template=text) / "template.yaml", "--plan", data=tmp_path / "data")
    assert again.returncode == 0, again.stdout + again.stderr


def test_the_command_line_is_checked(own_server, tmp_path):
    assert apply(own_server).returncode == 2
    assert apply(own_server, "-f", tmp_path / "nothing.yaml").returncode == 2
    assert apply(own_server, "-f", tmp_path).returncode == 2, "a folder without files"


def test_the_api_plans_what_the_command_does(own_server):
    text = TEMPLATE.replace("PATTERN", "ERROR").replace("checkout", "api")
    answer = requests.post(
        f"{own_server.url}/api/v1/definitions",
        json={"files": [{"name": "t.yaml", "text": text}]},
        headers={"Authorization": f"Bearer {own_server.api_token}"},
        timeout=5,
    ).json()
    assert [step["action"] for step in answer["steps"]] == ["create", "create"], json.dumps(answer)
    assert (answer["changes"], answer["done"], answer["errors"]) == (2, 0, [])

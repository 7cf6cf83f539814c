"""Dashboards: kept as they came, over restarts and kills, and never with a card number."""

import json
from datetime import datetime, timedelta, timezone

import boto3
import pytest
from botocore.exceptions import ClientError

from server_process import ACCOUNT, Server

BODY_BYTES_MAX = 1_048_576
CARD = "4111 1111 1111 1111"


def body(text="", **members):
    """White space and the order of members tell whether it is kept as it came."""
    widget = {"type": "text", "x": 0, "y": 0, "width": 6, "height": 3, "properties": {"markdown": text}}
    return json.dumps({"start": "-PT3H", "widgets": [widget], **members}, indent=1)


def put(cloudwatch, name, text=None, **members):
    return cloudwatch.put_dashboard(DashboardName=name, DashboardBody=text or body(), **members)


def names(cloudwatch, **filters):
    return [entry["DashboardName"] for entry in cloudwatch.list_dashboards(**filters)["DashboardEntries"]]


def test_a_dashboard_is_kept_as_it_came(cloudwatch):
    text = body("Tokens über alles", annotations=[1.0, 1e3])
    begun = datetime.now(timezone.utc) - timedelta(seconds=1)
    assert put(cloudwatch, "Kept_as-it-came", text)["DashboardValidationMessages"] == []
    got = cloudwatch.get_dashboard(DashboardName="Kept_as-it-came")
    arn = f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/Kept_as-it-came"
    assert (got["DashboardName"], got["DashboardArn"], got["DashboardBody"]) == ("Kept_as-it-came", arn, text)
    [entry] = cloudwatch.list_dashboards(DashboardNamePrefix="Kept_as")["DashboardEntries"]
    assert (entry["DashboardName"], entry["DashboardArn"], entry["Size"]) == ("Kept_as-it-came", arn, len(text.encode()))
    assert begun <= entry["LastModified"] <= datetime.now(timezone.utc) + timedelta(seconds=1)


def test_a_dashboard_is_replaced(cloudwatch):
    put(cloudwatch, "replaced", body("one"))
    put(cloudwatch, "replaced", body("two"))
    assert cloudwatch.get_dashboard(DashboardName="replaced")["DashboardBody"] == body("two")
    assert names(cloudwatch, DashboardNamePrefix="replaced") == ["replaced"]


def test_dashboards_are_listed_by_name(cloudwatch):
    for name in ["list-b", "list-a", "list_c", "other-list-d"]:
        put(cloudwatch, name)
    assert names(cloudwatch, DashboardNamePrefix="list") == ["list-a", "list-b", "list_c"]
    assert names(cloudwatch, DashboardNamePrefix="LIST") == []
    assert "other-list-d" in names(cloudwatch)
    pages = cloudwatch.get_paginator("list_dashboards").paginate(DashboardNamePrefix="list-")
    assert [entry["DashboardName"] for page in pages for entry in page["DashboardEntries"]] == ["list-a", "list-b"]
    with pytest.raises(ClientError) as refused:
        cloudwatch.list_dashboards(NextToken="nobody-gave-it-out")
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"


def test_all_are_deleted_or_none(cloudwatch):
    for name in ["delete-a", "delete-b"]:
        put(cloudwatch, name)
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound, match="Dashboard delete-none does not exist"):
        cloudwatch.delete_dashboards(DashboardNames=["delete-a", "delete-none"])
    assert names(cloudwatch, DashboardNamePrefix="delete-") == ["delete-a", "delete-b"]
    cloudwatch.delete_dashboards(DashboardNames=["delete-b", "delete-a"])
    assert names(cloudwatch, DashboardNamePrefix="delete-") == []
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound) as refused:
        cloudwatch.get_dashboard(DashboardName="delete-a")
    assert refused.value.response["Error"]["Message"] == "Dashboard delete-a does not exist"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_dashboards_have_no_region(server, cloudwatch):
    put(cloudwatch, "everywhere")
    keys = {"aws_access_key_id": server.access_key, "aws_secret_access_key": server.secret_key}
    elsewhere = boto3.client("cloudwatch", endpoint_url=server.url, region_name="eu-central-1", **keys)
    assert elsewhere.get_dashboard(DashboardName="everywhere")["DashboardBody"] == body()


@pytest.mark.parametrize(
    "text, path",
    [
        ("no JSON", "/"),
        ("[]", "/"),
        ("{}", "/"),
        ('{"widgets": {}}', "/widgets"),
        ('{"widgets": [{"type": "text"}, {"x": 1}]}', "/widgets/1"),
        (body("x" * BODY_BYTES_MAX), "/"),
    ],
)
def test_a_body_that_is_no_dashboard_is_refused_with_reasons(cloudwatch, text, path):
    with pytest.raises(cloudwatch.exceptions.DashboardInvalidInputError) as refused:
        put(cloudwatch, "invalid", text)
    assert [each["DataPath"] for each in refused.value.response["dashboardValidationMessages"]] == [path]
    assert "invalid" not in names(cloudwatch)


def test_a_body_may_have_a_megabyte(cloudwatch):
    text = body("x" * (BODY_BYTES_MAX - len(body())))
    assert len(text) == BODY_BYTES_MAX
    put(cloudwatch, "megabyte", text)
    assert cloudwatch.get_dashboard(DashboardName="megabyte")["DashboardBody"] == text
    cloudwatch.delete_dashboards(DashboardNames=["megabyte"])


def test_a_card_number_is_refused_not_cut(server, cloudwatch):
    for text in [body(f"The card {CARD}"), body(card=CARD.replace(" ", ""))]:
        with pytest.raises(cloudwatch.exceptions.DashboardInvalidInputError) as refused:
            put(cloudwatch, "card", text)
        [message] = refused.value.response["dashboardValidationMessages"]
        assert message == {"DataPath": "/", "Message": "Should NOT hold a card number"}
        assert "1111 1111" not in str(refused.value)
    with pytest.raises(ClientError) as refused:
        put(cloudwatch, CARD.replace(" ", "-"))
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert CARD.replace(" ", "-") not in str(refused.value)
    assert not [name for name in names(cloudwatch) if name.startswith(("card", "4111"))]


@pytest.mark.parametrize("name", ["", "with space", "a/b", "é", "x" * 256])
def test_names_are_letters_digits_dashes_and_underscores(cloudwatch, name):
    with pytest.raises(ClientError) as refused:
        put(cloudwatch, name)
    assert refused.value.response["Error"]["Code"] in ("InvalidParameterValue", "MissingParameter")


def test_dashboards_stay_over_a_restart_and_a_kill(tmp_path):
    running = Server(tmp_path / "data")
    put(running.client("cloudwatch"), "before", body("before"))
    assert running.stop() == 0
    running = Server(tmp_path / "data")
    cloudwatch = running.client("cloudwatch")
    assert cloudwatch.get_dashboard(DashboardName="before")["DashboardBody"] == body("before")
    put(cloudwatch, "before", body("changed"))
    put(cloudwatch, "after")
    cloudwatch.delete_dashboards(DashboardNames=["after"])
    put(cloudwatch, "last")
    running.process.kill()
    running.process.wait()
    running = Server(tmp_path / "data")
    cloudwatch = running.client("cloudwatch")
    assert names(cloudwatch) == ["before", "last"]
    assert cloudwatch.get_dashboard(DashboardName="before")["DashboardBody"] == body("changed")
    assert running.stop() == 0

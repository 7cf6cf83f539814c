"""How Grafana's CloudWatch data source puts its calls on the wire, and how the same calls look from boto3.

Grafana's backend is Go and pins a version of the AWS SDK whose CloudWatch client speaks the Query protocol. `GoSdk`
sends the bytes of that: forms with sorted keys, an empty list as `Dimensions=`, and every header signed but the user
agent. `Boto3` sends JSON. Both take and return the shapes of boto3, so one test reads both.

Facts: github.com/grafana/grafana-cloudwatch-datasource, github.com/aws/aws-sdk-go-v2 (`aws/protocol/query`, `aws/signer`).
"""

import json
import uuid
import xml.etree.ElementTree as ElementTree
from datetime import datetime, timezone
from urllib.parse import urlencode

import botocore.exceptions

from error_answer import error_code
from server_process import REGION
from signed_call import Call, send

CLOUDWATCH_VERSION = "2010-08-01"
CLOUDWATCH_XML = "{http://monitoring.amazonaws.com/doc/2010-08-01/}"
EC2_XML = "{http://ec2.amazonaws.com/doc/2016-11-15/}"
STS_XML = "{https://sts.amazonaws.com/doc/2011-06-15/}"
USER_AGENT = "aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.24.1 md/GOOS#linux md/GOARCH#amd64 api/cloudwatch#1.44.1"


class Refused(Exception):
    """What the service answered instead."""

    def __init__(self, status, code, message):
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message = status, code, message


class Boto3:
    """CloudWatch by boto3, in JSON."""

    name = "json"

    def __init__(self, server):
        self.client = server.client("cloudwatch")

    def __call__(self, operation, **members):
        try:
            return self.client._make_api_call(operation, members)
        except botocore.exceptions.ClientError as refused:
            error, metadata = refused.response["Error"], refused.response["ResponseMetadata"]
            raise Refused(metadata["HTTPStatusCode"], error["Code"], error["Message"]) from None


class GoSdk:
    """CloudWatch and its neighbours as Grafana's pinned SDK calls them."""

    name = "query"

    def __init__(self, server, region=REGION):
        self.server, self.region = server, region

    def __call__(self, operation, **members):
        root = self.form("monitoring", operation, CLOUDWATCH_VERSION, members)
        assert root.tag == f"{CLOUDWATCH_XML}{operation}Response", root.tag
        assert root.findtext(f"{CLOUDWATCH_XML}ResponseMetadata/{CLOUDWATCH_XML}RequestId")
        return RESULTS[operation](root.find(f"{CLOUDWATCH_XML}{operation}Result"))

    def form(self, service, action, version, members):
        """A call of the Query protocols; returns the root of the XML."""
        body = encode_form(action, version, members)
        answer = self.send(Call(service, body, {"Content-Type": "application/x-www-form-urlencoded"}))
        if answer.status_code != 200:
            message = ElementTree.fromstring(answer.content).findtext(".//{*}Message")
            raise Refused(answer.status_code, error_code(answer), message)
        assert answer.headers["Content-Type"].startswith("text/xml"), answer.headers
        return ElementTree.fromstring(answer.content)

    def json(self, service, target, members):
        """A call of awsJson 1.1, as to CloudWatch Logs and the Tagging API."""
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
        return self._json(Call(service, json.dumps(members).encode(), headers))

    def rest(self, service, path, members):
        """A call of REST JSON, as to the Access Manager."""
        return self._json(Call(service, json.dumps(members).encode(), {"Content-Type": "application/json"}, path))

    def _json(self, call):
        answer = self.send(call)
        if answer.status_code != 200:
            raise Refused(answer.status_code, error_code(answer), answer.json().get("message"))
        return answer.json()

    def send(self, call):
        """Signs and sends with the headers that the SDK adds."""
        call.headers |= {
            "Amz-Sdk-Invocation-Id": str(uuid.uuid4()),
            "Amz-Sdk-Request": "attempt=1; max=3",
            "Content-Length": str(len(call.body)),
            "User-Agent": USER_AGENT,
        }
        return send(self.server, call, region=self.region)


def encode_form(action, version, members):
    """The form of a call, its keys sorted as Go's `url.Values` sorts them."""
    fields = {"Action": action, "Version": version}
    flatten(fields, "", members)
    return urlencode(sorted(fields.items())).encode()


def flatten(fields, prefix, value):
    """Adds the fields of a value. An empty list is a field without a value, an absent member is none."""
    if isinstance(value, dict):
        for name, member in value.items():
            flatten(fields, f"{prefix}.{name}" if prefix else name, member)
    elif isinstance(value, list) and value:
        for number, member in enumerate(value, start=1):
            flatten(fields, f"{prefix}.member.{number}", member)
    elif isinstance(value, list):
        fields[prefix] = ""
    elif isinstance(value, bool):
        fields[prefix] = "true" if value else "false"
    elif isinstance(value, datetime):
        fields[prefix] = go_time(value)
    else:
        fields[prefix] = str(value)


def go_time(at):
    """RFC 3339 in UTC with milliseconds where there are any, as the SDK writes times."""
    text = at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return text.rstrip("0").rstrip(".") + "Z"


def members_of(result, name):
    return result.findall(f"{CLOUDWATCH_XML}{name}/{CLOUDWATCH_XML}member")


def text_of(element, name):
    return element.findtext(f"{CLOUDWATCH_XML}{name}")


def metrics_listed(result):
    metrics = [
        {
            "Namespace": text_of(metric, "Namespace"),
            "MetricName": text_of(metric, "MetricName"),
            "Dimensions": [
                {"Name": text_of(one, "Name"), "Value": text_of(one, "Value")} for one in members_of(metric, "Dimensions")
            ],
        }
        for metric in members_of(result, "Metrics")
    ]
    owners = [one.text for one in members_of(result, "OwningAccounts")]
    return {"Metrics": metrics, "OwningAccounts": owners} | token_of(result)


def data_got(result):
    results = [
        {
            "Id": text_of(one, "Id"),
            "Label": text_of(one, "Label"),
            "StatusCode": text_of(one, "StatusCode"),
            "Timestamps": [datetime.fromisoformat(time.text) for time in members_of(one, "Timestamps")],
            "Values": [float(value.text) for value in members_of(one, "Values")],
            "Messages": messages_of(one),
        }
        for one in members_of(result, "MetricDataResults")
    ]
    return {"MetricDataResults": results, "Messages": messages_of(result)} | token_of(result)


def messages_of(element):
    return [{name: text_of(one, name) for name in ("Code", "Value")} for one in members_of(element, "Messages")]


def token_of(result):
    """The SDK's paginators stop at an absent token and at an empty one."""
    token = text_of(result, "NextToken")
    return {"NextToken": token} if token else {}


RESULTS = {"ListMetrics": metrics_listed, "GetMetricData": data_got}

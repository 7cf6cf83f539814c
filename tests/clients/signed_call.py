"""Calls signed by hand, for bytes that no SDK would send. A `Call` is the request before signing; `send` signs it as
botocore does and returns the answer as it came."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from unittest import mock
from urllib.parse import urlencode

import botocore.auth
import requests
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from server_process import REGION

TIMEOUT_SECONDS = 10


@dataclass
class Call:
    """One request. `service` is the name in the credential scope."""

    service: str
    body: bytes
    headers: dict = field(default_factory=dict)
    path: str = "/"
    method: str = "POST"


def json_call(service, target, body, version="1.1"):
    """awsJson: the operation is in a header, the shape in the body. `body` may be bytes that are no JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Call(service, raw, {"Content-Type": f"application/x-amz-json-{version}", "X-Amz-Target": target})


def logs_call(operation, body):
    return json_call("logs", f"Logs_20140328.{operation}", body)


def query_call(service, action, version, parameters=()):
    """awsQuery: everything in a form."""
    body = urlencode({"Action": action, "Version": version, **dict(parameters)}).encode()
    return Call(service, body, {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})


def cbor_call(operation, body):
    """rpc-v2-cbor to CloudWatch, as the Rust SDK sends it."""
    headers = {
        "Content-Type": "application/cbor",
        "Accept": "application/cbor",
        "Smithy-Protocol": "rpc-v2-cbor",
        "X-Amzn-Query-Mode": "true",
    }
    path = f"/service/GraniteServiceVersion20100801/operation/{operation}"
    return Call("monitoring", body, headers, path)


def signed_headers(server, call, access_key=None, secret_key=None, clock_skew=timedelta(0), region=REGION):
    """The headers of the call with a signature, made with a wrong key, clock or region if the test says so."""
    credentials = Credentials(access_key or server.access_key, secret_key or server.secret_key)
    request = AWSRequest(call.method, server.url + call.path, headers=call.headers, data=call.body)
    now = datetime.now(timezone.utc).replace(tzinfo=None) + clock_skew
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda: now):
        botocore.auth.SigV4Auth(credentials, call.service, region).add_auth(request)
    return dict(request.headers)


def send(server, call, **signing):
    return send_as(server, call, signed_headers(server, call, **signing), call.body)


def send_as(server, call, headers, body):
    """Sends these headers with this body, whatever the signature says."""
    return requests.request(call.method, server.url + call.path, headers=headers, data=body, timeout=TIMEOUT_SECONDS)

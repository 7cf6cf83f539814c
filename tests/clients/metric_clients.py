"""Clients of CloudWatch's metrics, each asked in the same words: an operation and its input in the names of the
service's model, times in seconds since 1970. Answers come back in one form: times as such seconds, numbers as floats,
empty lists and absent members left out. A refusal is `{"error": {"code", "message"}}`."""

import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

from botocore.exceptions import ClientError
from botocore.parsers import RpcV2CBORParser

from cbor import encode
from server_process import REGION, REPOSITORY
from signed_call import cbor_call, send

COMMAND_SECONDS_MAX = 60
# Each takes the better part of a second to start.
COMMANDS_AT_A_TIME = 4
BUILD_SECONDS_MAX = 900
JAVASCRIPT = REPOSITORY / "tests" / "js-clients" / "metrics.mjs"
RUST = REPOSITORY / "tests" / "rust-client"
TIMES = ("Timestamp", "StartTime", "EndTime")
CLI_ERROR = re.compile(r"An error occurred \((\w+)\) when calling the \w+ operation: (.*)", re.DOTALL)


def boto3_asks(server, calls):
    """awsJson, by the SDK for Python."""
    client = server.client("cloudwatch")
    told = []
    for operation, request in calls:
        try:
            answer = client._make_api_call(operation, request)
        except ClientError as refused:
            error = refused.response["Error"]
            answer = {"error": {"code": error["Code"], "message": error["Message"]}}
        answer.pop("ResponseMetadata", None)
        told.append(same(answer))
    return told


def cli_asks(command):
    """awsQuery, by the AWS CLI of this command."""

    def asks(server, calls):
        def ask(call):
            operation, request = call
            name = re.sub(r"(?<!^)(?=[A-Z])", "-", operation).lower()
            arguments = ["--endpoint-url", server.url, "--output", "json", "--no-paginate"]
            done = run([*command, "cloudwatch", name, "--cli-input-json", json.dumps(request), *arguments], server)
            refused = CLI_ERROR.search(done.stderr)
            if refused:
                # The CLI ends its sentence with a line break.
                return {"error": {"code": refused.group(1), "message": refused.group(2).removesuffix("\n")}}
            assert done.returncode == 0, done.stderr
            return same(json.loads(done.stdout or "{}"))

        with ThreadPoolExecutor(COMMANDS_AT_A_TIME) as pool:
            return list(pool.map(ask, calls))

    return asks


def javascript_asks(server, calls):
    """awsJson, by the SDK for JavaScript 3."""
    return asked_by(["node", JAVASCRIPT], server, calls)


def rust_asks(program):
    """RPC v2 over CBOR, by the SDK for Rust."""
    return lambda server, calls: asked_by([program], server, calls)


def cbor_asks(server, calls):
    """RPC v2 over CBOR, written by ourselves and read by botocore."""
    told = []
    for operation, request in calls:
        answer = send(server, cbor_call(operation, encode(as_typed(request))))
        assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"
        parser = RpcV2CBORParser()
        read = parser.parse_data_item(parser.get_peekable_stream_from_bytes(answer.content)) if answer.content else {}
        if answer.status_code != 200:
            code = answer.headers["x-amzn-query-error"].split(";")[0]
            read = {"error": {"code": code, "message": read.get("message") or read.get("Message")}}
        told.append(same(read))
    return told


def built_rust_client():
    """The path of the Rust client, built beside the product if it is not yet."""
    target = os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target"
    target = os.path.join(target, "rust-client")
    done = subprocess.run(
        ["cargo", "build", "--locked", "--quiet", "--manifest-path", RUST / "Cargo.toml", "--target-dir", target],
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS_MAX,
    )
    assert done.returncode == 0, done.stderr
    return os.path.join(target, "debug", "walletscope-rust-client")


def asked_by(command, server, calls):
    written = json.dumps([{"operation": operation, "input": request} for operation, request in calls])
    done = run(command, server, input=written)
    assert done.returncode == 0, done.stderr
    return [same(answer) for answer in json.loads(done.stdout)]


def run(command, server, **more):
    environment = server.environment() | {
        # Neither the SDK for JavaScript nor that for Rust reads AWS_DEFAULT_REGION; the latter reads keys from here.
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": server.access_key,
        "AWS_SECRET_ACCESS_KEY": server.secret_key,
    }
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, **more
    )


def as_typed(value, name=None):
    """Seconds become times where the model has times, for protocols that tell them from numbers."""
    if isinstance(value, dict):
        return {key: as_typed(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [as_typed(member, name) for member in value]
    return datetime.fromtimestamp(value, timezone.utc) if name in TIMES else value


def same(value, name=None):
    """An answer in the form that all clients have in common."""
    if isinstance(value, dict):
        members = ((key, same(member, key)) for key, member in value.items())
        return {key: member for key, member in members if member not in (None, [], {})}
    if isinstance(value, list):
        return [same(member, name) for member in value]
    if isinstance(value, str) and name in ("Timestamp", "Timestamps"):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.timestamp()
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

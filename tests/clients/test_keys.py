"""Keys of further sources, from the command line to the last call: made, used by a stock client, revoked, refused."""

import subprocess
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from server_process import BINARY, REGION, STOP_SECONDS_MAX

FOLLOW_SECONDS_MAX = 5


def keys(server, *arguments):
    """What `walletscope keys` prints, run beside the server as an operator does."""
    command = [BINARY, "keys", *arguments, "--data", server.folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=STOP_SECONDS_MAX)
    assert done.returncode == 0, done.stderr
    return done.stdout


def identity_of(server, key_id, secret):
    client = boto3.client(
        "sts",
        endpoint_url=server.url,
        region_name=REGION,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )
    return client.get_caller_identity()


def within(seconds, attempt):
    """Tries until it no longer fails, or fails as it did last."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return attempt()
        except (AssertionError, ClientError, pytest.fail.Exception):
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.1)


def test_a_key_is_good_from_its_making_until_it_is_revoked(server):
    made = dict(line.split(": ", 1) for line in keys(server, "add", "wallet-gateway").splitlines())
    assert made["source"] == "wallet-gateway"
    key_id, secret = made["id"], made["secret (shown once)"]

    assert within(FOLLOW_SECONDS_MAX, lambda: identity_of(server, key_id, secret))["Account"]

    listed = keys(server, "list")
    (line,) = [line for line in listed.splitlines() if key_id in line]
    assert "wallet-gateway" in line and "good" in line
    assert secret not in listed

    assert keys(server, "revoke", key_id).startswith(f"revoked {key_id}")
    assert "revoked" in next(line for line in keys(server, "list").splitlines() if key_id in line)

    def refused():
        with pytest.raises(ClientError) as caught:
            identity_of(server, key_id, secret)
        return caught.value.response["Error"]["Code"]

    assert within(FOLLOW_SECONDS_MAX, refused) == "InvalidClientTokenId"


def test_revoking_what_is_no_key_is_an_error(server):
    command = [BINARY, "keys", "revoke", "AKIANOBODY", "--data", server.folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=STOP_SECONDS_MAX)
    assert done.returncode != 0 and "AKIANOBODY" in done.stderr

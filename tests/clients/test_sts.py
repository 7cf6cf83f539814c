"""GetCallerIdentity: who am I, by header and by a presigned address."""

from urllib.parse import parse_qs, urlsplit, urlunsplit

import requests

from error_answer import error_code
from server_process import ACCOUNT


def test_the_caller_is_of_the_account(server):
    identity = server.client("sts").get_caller_identity()
    assert identity["Account"] == ACCOUNT
    assert identity["UserId"]
    assert f":{ACCOUNT}:" in identity["Arn"]


def test_a_presigned_address_names_the_caller(server):
    address = server.client("sts").generate_presigned_url(
        "get_caller_identity", ExpiresIn=60, HttpMethod="GET"
    )
    answer = requests.get(address, timeout=5)
    assert answer.status_code == 200, answer.text
    assert f"<Account>{ACCOUNT}</Account>" in answer.text


def test_a_presigned_address_that_was_changed_is_refused(server):
    address = server.client("sts").generate_presigned_url(
        "get_caller_identity", ExpiresIn=60, HttpMethod="GET"
    )
    assert parse_qs(urlsplit(address).query)["X-Amz-Expires"] == ["60"]
    parts = urlsplit(address)
    longer = parts._replace(query=parts.query.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))
    answer = requests.get(urlunsplit(longer), timeout=5)
    assert (answer.status_code, error_code(answer)) == (403, "SignatureDoesNotMatch"), answer.text

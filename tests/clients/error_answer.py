"""What does an error answer say? Each protocol has its own shape; the tests compare the code only."""

import re

from botocore.parsers import RpcV2CBORParser


def error_code(answer):
    """The error code of an answer in any of the AWS protocols; None where it has none."""
    content_type = answer.headers.get("Content-Type", "")
    if content_type.startswith("application/cbor"):
        named = _cbor_member(answer.content, "__type")
    elif "json" in content_type:
        named = answer.json().get("__type") or answer.headers.get("x-amzn-errortype")
    else:
        found = re.search(r"<Code>([^<]+)</Code>", answer.text)
        named = found and found.group(1)
    return named and named.split("#")[-1].split(":")[0]


def _cbor_member(raw, name):
    """botocore's own reader of CBOR, so that our writer is not checked by a reader of ours."""
    parser = RpcV2CBORParser()
    return parser.parse_data_item(parser.get_peekable_stream_from_bytes(raw)).get(name)

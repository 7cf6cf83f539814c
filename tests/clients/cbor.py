"""CBOR as far as the tests write it (RFC 8949): maps, arrays, texts, integers, doubles, booleans and timestamps."""

import struct
from datetime import datetime

MAJOR_UNSIGNED, MAJOR_NEGATIVE, MAJOR_TEXT, MAJOR_ARRAY, MAJOR_MAP, MAJOR_TAG = 0, 1, 3, 4, 5, 6
TAG_EPOCH_SECONDS = 1
DOUBLE = b"\xfb"


def encode(value):
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(MAJOR_UNSIGNED, value) if value >= 0 else _head(MAJOR_NEGATIVE, -1 - value)
    if isinstance(value, float):
        return DOUBLE + struct.pack(">d", value)
    if isinstance(value, str):
        raw = value.encode()
        return _head(MAJOR_TEXT, len(raw)) + raw
    if isinstance(value, datetime):
        return _head(MAJOR_TAG, TAG_EPOCH_SECONDS) + encode(value.timestamp())
    if isinstance(value, list):
        return _head(MAJOR_ARRAY, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        pairs = (encode(key) + encode(member) for key, member in value.items())
        return _head(MAJOR_MAP, len(value)) + b"".join(pairs)
    raise TypeError(f"no CBOR here for {type(value)}")


def _head(major, argument):
    if argument < 24:
        return bytes([major << 5 | argument])
    for size, (information, limit) in {"B": (24, 1 << 8), "H": (25, 1 << 16), "I": (26, 1 << 32)}.items():
        if argument < limit:
            return bytes([major << 5 | information]) + struct.pack(f">{size}", argument)
    return bytes([major << 5 | 27]) + struct.pack(">Q", argument)

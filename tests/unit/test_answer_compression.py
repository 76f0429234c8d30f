"""Compressed answers: when they are compressed, and what their headers say."""

import base64
import gzip
from typing import Any

import pytest
from runledger.answer_compression import SHORTEST, compressed

TEXT = '{"name":"Zo\u00eb"}' * SHORTEST


def answer(body: str, **headers: str) -> dict[str, Any]:
    return {"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": False}


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("deflate, gzip ; q=0.001", True),
        ("*", True),
        ("identity, *;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip;q=0.000", False),
        ("br, deflate", False),
        ("xgzip", False),
        ("", False),
        (";;q=,", False),
    ],
)
def test_the_header_decides(accepted: str, is_packed: bool) -> None:
    made = compressed(answer(TEXT, ETag='"7"'), accepted)
    assert made["headers"]["Vary"] == "Accept-Encoding"
    assert made["isBase64Encoded"] is is_packed
    if is_packed:
        assert gzip.decompress(base64.b64decode(made["body"])).decode() == TEXT
        assert made["headers"]["Content-Encoding"] == "gzip"
    else:
        assert (made["body"], made["headers"]["ETag"]) == (TEXT, '"7"')


def test_a_strong_tag_becomes_weak_with_the_bytes() -> None:
    assert compressed(answer(TEXT, ETag='"7"'), "gzip")["headers"]["ETag"] == 'W/"7"'
    assert compressed(answer(TEXT, ETag='W/"7"'), "gzip")["headers"]["ETag"] == 'W/"7"'
    assert "ETag" not in compressed(answer(TEXT), "gzip")["headers"]


def test_a_short_answer_stays_as_it_is() -> None:
    short = answer("x" * (SHORTEST - 1))
    assert compressed(short, "gzip") == short
    assert compressed(answer("x" * SHORTEST), "gzip")["isBase64Encoded"]
    assert compressed({"statusCode": 204, "headers": {}, "body": None}, "gzip")["body"] is None


def test_what_is_encoded_already_is_left() -> None:
    already = {**answer(TEXT), "isBase64Encoded": True}
    assert compressed(already, "gzip") == already

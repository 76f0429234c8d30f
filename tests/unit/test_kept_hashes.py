"""An erasure finds every address in a kept event, in whatever format and encoding it came."""

import base64
import gzip
import json
import random
import time
import zlib
from urllib.parse import quote, quote_plus, urlencode

import pytest
from runledger.models.addresses import normalize_email, normalize_phone
from runledger.models.kept_event import KeptEvent
from runledger.services.triggers.kept_hashes import (
    MOST_HASHES,
    hash_of,
    hashes_of,
    holds,
    mention,
)

EMAIL, PHONE, ID = "ada.king@lovelace.example", "+491701234567", "cus_Nf3k"
WORKSPACE = "ws_demo"


def kept(body: bytes, content_type: str = "application/json", **headers: str) -> KeptEvent:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return KeptEvent(
        method="POST",
        headers={"content-type": content_type, **given},
        body=body,
        source="203.0.113.9",
        received_at=0,
    )


def finds(event: KeptEvent, kind: str, value: str) -> bool:
    hashes = hashes_of(WORKSPACE, event)
    assert hashes is not None
    found = hash_of(WORKSPACE, kind, value) in hashes
    # What is compared at intake and what is compared with a whole body agree.
    assert holds(event, {mention(kind, value)}) is found
    return found


DOCUMENT = {"buyer": {"mail": EMAIL, "tel": PHONE, "ref": ID}, "n": 7}
TEXT = json.dumps(DOCUMENT)
NOISE = base64.b64encode(random.Random(5).randbytes(9_000))
FORM = urlencode({"email": EMAIL, "phone": PHONE, "id": ID})
PART = '--b\r\nContent-Disposition: form-data; name="email"\r\n\r\n'
EVENTS = {
    "JSON": kept(TEXT.encode()),
    "a list": kept(json.dumps([EMAIL, PHONE, ID]).encode()),
    "JSON in JSON": kept(json.dumps({"payload": json.dumps({"inner": TEXT})}).encode()),
    "JSON with escapes": kept(
        TEXT.replace("@", "\\u0040").replace("+", "\\u002b").replace("_", "\\u005f").encode()
    ),
    "JSON that is cut": kept(TEXT.encode()[:-3]),
    "JSON in UTF-16": kept(TEXT.encode("utf-16"), "application/json; charset=utf-16"),
    "JSON in UTF-16 without a charset": kept(TEXT.encode("utf-16-le")),
    "JSON with invalid bytes": kept(b"\xff\xfe\xff" + TEXT.encode()),
    "an unknown charset": kept(TEXT.encode(), "application/json; charset=klingon"),
    "a form": kept(FORM.encode(), "application/x-www-form-urlencoded"),
    "JSON in a form": kept(
        f"payload={quote_plus(TEXT)}".encode(), "application/x-www-form-urlencoded"
    ),
    "escaped twice": kept(f"a={quote(quote(TEXT))}".encode(), "application/x-www-form-urlencoded"),
    "multipart": kept(
        f"{PART}{EMAIL}\r\n{PART}{PHONE}\r\n{PART}{ID}\r\n--b--".encode(),
        "multipart/form-data; boundary=b",
    ),
    "text": kept(f"From <{EMAIL}>, call {PHONE}. ID: {ID}.".encode(), "text/plain"),
    "HTML": kept(
        f"<a href='mailto:{EMAIL}?subject=x'>{PHONE}</a><b>{ID}</b>".encode(), "text/html"
    ),
    "CSV": kept(f"{EMAIL};{PHONE};{ID}\n".encode(), "text/csv"),
    "gzip": kept(gzip.compress(TEXT.encode()), content_encoding="gzip"),
    "gzip that nobody declared": kept(gzip.compress(TEXT.encode()), "application/octet-stream"),
    "gzip that is damaged later": kept(
        gzip.compress(TEXT.encode() + NOISE)[:-200] + bytes(300), content_encoding="gzip"
    ),
    "gzip that is cut": kept(gzip.compress(TEXT.encode())[:-5], content_encoding="x-gzip"),
    "deflate": kept(zlib.compress(TEXT.encode()), content_encoding="deflate"),
    "raw deflate": kept(zlib.compress(TEXT.encode())[2:-4], content_encoding="deflate"),
    "a header": kept(b"{}", x_from=EMAIL, x_phone=PHONE, x_id=ID),
    "the query": kept(b"{}").changed(query={"mail": EMAIL, "tel": PHONE, "id": ID}),
}


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize(("kind", "value"), [("EMAIL", EMAIL), ("PHONE", PHONE), ("EXTERNAL", ID)])
def test_an_address_is_found_in_every_format(name: str, kind: str, value: str) -> None:
    assert finds(EVENTS[name], kind, value)


@pytest.mark.parametrize(
    "written",
    [
        EMAIL.upper(),
        f"Ada <{EMAIL}>",
        f"mailto:{EMAIL}",
        f"to={EMAIL}&b=1",
        f"{EMAIL}.",
        f"{EMAIL}. Next",
        f"{EMAIL}/path",
        f"https://shop.example/?m={EMAIL}",
        f"https://{EMAIL}@shop.example/",
        f"'{EMAIL}'",
        f"(\u00ab{EMAIL})",
        f"x{EMAIL}"[1:],
    ],
)
def test_an_email_is_found_however_it_is_written(written: str) -> None:
    assert finds(kept(json.dumps({"a": written}).encode()), "EMAIL", EMAIL)


@pytest.mark.parametrize(
    "written", ["ada@bücher.example", "ada@xn--bcher-kva.example", "ADA@BÜCHER.example"]
)
def test_an_email_of_an_international_domain_is_found(written: str) -> None:
    event = kept(json.dumps({"a": written}, ensure_ascii=False).encode())
    assert finds(event, "EMAIL", normalize_email("ada@bücher.example"))


@pytest.mark.parametrize(
    "written",
    [
        *("+49 170 1234567", "0170/1234567", "0170-123-4567", "(0170) 123 45 67"),
        *(
            "0049 (0)170.1234567",
            "tel:+49-170-1234567",
            "1701234567",
            "49\u00a0170\u2011123\u20114567",
        ),
        "call 0170 1234567 today or 030 99999999",
        "0170 1234567 030 99999999",
        "+\u0664\u0669\u0661\u0667\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667",
    ],
)
def test_a_phone_number_is_found_however_it_is_written(written: str) -> None:
    number = normalize_phone("+49 170 1234567")
    assert finds(kept(json.dumps({"a": written}, ensure_ascii=False).encode()), "PHONE", number)


def test_a_phone_number_is_found_as_a_number() -> None:
    assert finds(kept(b'{"a": 491701234567}'), "PHONE", PHONE)


@pytest.mark.parametrize("written", [ID, f"id:{ID}", f"[{ID}]", f"{ID}.", f"a={ID}", f"id: {ID},"])
def test_an_id_is_found_however_it_is_written(written: str) -> None:
    assert finds(kept(written.encode(), "text/plain"), "EXTERNAL", ID)


@pytest.mark.parametrize("value", ["gid://shop/Customer/7", "7 and more", "A&B", "é-7"])
def test_an_id_with_signs_is_found_in_json(value: str) -> None:
    event = kept(json.dumps({"id": value}, ensure_ascii=False).encode())
    assert finds(event, "EXTERNAL", value)


def test_others_are_not_found() -> None:
    event = EVENTS["JSON"]
    others = [
        ("EMAIL", "king@lovelace.example.org"),
        ("PHONE", "+491707654321"),
        ("EXTERNAL", "cus_"),
    ]
    assert [pair for pair in others if finds(event, *pair)] == []
    hashes = hashes_of(WORKSPACE, event)
    assert hashes is not None
    assert hash_of("ws_other", "EMAIL", EMAIL) not in hashes


def test_an_event_with_too_many_addresses_is_read_whole() -> None:
    many = [f"user{number}@shop.example" for number in range(MOST_HASHES)]
    event = kept(json.dumps([*many, EMAIL]).encode())
    assert hashes_of(WORKSPACE, event) is None
    assert holds(event, {mention("EMAIL", EMAIL)})
    assert not holds(event, {mention("EMAIL", "nobody@shop.example")})


@pytest.mark.parametrize(
    "body",
    [
        *(b"@" * 1_000_000, b"a@" * 500_000, b"a@b.c " * 160_000, b"a" * 1_000_000),
        *(b"1 " * 500_000, b"%40" * 300_000, b"\\u0040" * 160_000, b"&#64;" * 200_000),
        *(
            b'"' * 1_000_000,
            b"1" * 1_000_000,
            b"=\r\n" * 300_000,
            b"." * 1_000_000,
            b"a@xn--a.b" * 100_000,
        ),
        gzip.compress(bytes(20_000_000)),
    ],
)
def test_the_intake_is_not_held_up_by_any_body(body: bytes) -> None:
    begun = time.process_time()
    hashes_of(WORKSPACE, kept(body, "text/plain"))
    assert time.process_time() - begun < 3

"""Redaction hides known secrets in every form in which a service may return them."""

import json
import random
import string
import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from runledger.redaction import REDACTED, Redactor, is_credential_name

from tests.support.secret_forms import forms, json_text

SECRET = 's3cr3t/+ "Käse" & <b>\\'
MARK = "{{secret.KEY}}"


@pytest.mark.parametrize("form", forms(SECRET))
def test_a_secret_is_hidden_in_every_form(form: str) -> None:
    echoed = forms(SECRET)[form]
    shown = Redactor({"KEY": SECRET}).text(f"before {echoed} after")
    assert MARK in shown
    assert echoed not in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


secrets = st.text(
    alphabet=st.characters(exclude_categories=["Cs"]), min_size=6, max_size=60
).filter(lambda text: len(text.strip()) >= 6 and text.strip().lower() not in MARK.lower())


@settings(deadline=None)
@given(secret=secrets, data=st.data())
@example(secret="\x00\x00\x00\x00\x00\x00", data=None)
@example(secret="AAAAAA", data=None)
@example(secret="line one\nline two", data=None)
@example(secret='"' * 8, data=None)
@example(secret="\\" * 8, data=None)
@example(secret="%41%42%43", data=None)
@example(secret="a&amp;b&amp;", data=None)
def test_no_secret_remains_in_any_form(secret: str, data: Any) -> None:
    every = forms(secret)
    names = list(every) if data is None else [data.draw(st.sampled_from(sorted(every)))]
    redactor = Redactor({"KEY": secret})
    for name in names:
        shown = redactor.text(f"<<{every[name]}>>")
        assert every[name] not in shown.replace(MARK, ""), name
        assert secret not in shown.replace(MARK, ""), name
        assert MARK in shown, name


@settings(deadline=None)
@given(secret=secrets, data=st.data())
def test_no_secret_remains_in_structured_values(secret: str, data: Any) -> None:
    echoed = data.draw(st.sampled_from(sorted(set(forms(secret).values()))))
    shown = Redactor({"KEY": secret}).value({"a": [{"b": f"x{echoed}x"}], f"y{echoed}": 1})
    text = json.dumps(shown, ensure_ascii=False).replace(MARK, "")
    assert echoed not in str(shown["a"][0]["b"]).replace(MARK, "")
    assert json_text(secret, ascii_only=False) not in text


def test_other_text_stays_unchanged() -> None:
    text = "The quick brown fox, 12345 times; YWJjZGVm deadbeef %20 &amp;"
    assert Redactor({"KEY": SECRET}).text(text) == text


def test_a_secret_inside_another_leaves_no_remainder() -> None:
    redactor = Redactor({"SHORT": "abcdef", "LONG": "xx-abcdef-yy"})
    assert redactor.text("xx-abcdef-yy, abcdef") == "{{secret.LONG}}, {{secret.SHORT}}"


def test_short_secrets_are_hidden_only_as_whole_values() -> None:
    redactor = Redactor({"PIN": "42"})
    assert redactor.value({"pin": "42", "note": "4242 of 42", "count": 42}) == {
        "pin": "{{secret.PIN}}",
        "note": "4242 of 42",
        "count": "{{secret.PIN}}",
    }


def test_a_secret_that_returns_as_a_number_is_hidden() -> None:
    assert Redactor({"ID": "9876543"}).value({"id": 9876543, "n": 9}) == {
        "id": "{{secret.ID}}",
        "n": 9,
    }


def test_an_empty_secret_hides_nothing() -> None:
    assert Redactor({"EMPTY": ""}).value({"a": "", "b": "text"}) == {"a": "", "b": "text"}


def test_a_secret_is_found_in_any_case() -> None:
    redactor = Redactor({"KEY": "Hunter22-Käse"})
    assert redactor.text("at hunter22-käse.example") == "at {{secret.KEY}}.example"


def test_a_credential_without_a_name_is_hidden() -> None:
    redactor = Redactor({"KEY": "hunter2222"}, ["written in full", "hunter2222", "", "pw"])
    shown = redactor.value({"a": "x written in full y hunter2222", "b": "pw", "c": "pwpw"})
    assert shown == {"a": "x [redacted] y {{secret.KEY}}", "b": "[redacted]", "c": "pwpw"}


def test_a_secret_is_found_without_its_surrounding_blanks() -> None:
    assert Redactor({"KEY": "hunter22\n"}).text("Bearer hunter22") == "Bearer {{secret.KEY}}"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Password",
        "userPassword",
        "new_password",
        "secret",
        "clientSecret",
        "client-secret",
        "token",
        "access_token",
        "refreshToken",
        "api_key",
        "apiKey",
        "APIKEY",
        "X-Api-Key",
        "Authorization",
        "Proxy-Authorization",
        "Set-Cookie",
        "privateKey",
        "AWS_SECRET_ACCESS_KEY",
        "sessionId",
        "passphrase",
        "cvv",
    ],
)
def test_password_like_names_are_credentials(name: str) -> None:
    assert is_credential_name(name)
    assert Redactor({}).value({name: "anything"}) == {name: REDACTED}


@pytest.mark.parametrize(
    "name",
    ["key", "monkey", "total_tokens", "author", "secretary", "passenger", "email", "Content-Type"],
)
def test_ordinary_names_are_not_credentials(name: str) -> None:
    assert not is_credential_name(name)
    assert Redactor({}).value({name: "anything"}) == {name: "anything"}


def test_the_value_of_a_credential_name_is_hidden_whole() -> None:
    shown = Redactor({}).value(
        {"token": {"value": "x"}, "secret": ["a"], "password": None, "otp": 123456, "jwt": True}
    )
    assert shown == {
        "token": REDACTED,
        "secret": REDACTED,
        "password": None,
        "otp": REDACTED,
        "jwt": True,
    }


def test_a_placeholder_as_value_of_a_credential_name_stays_readable() -> None:
    redactor = Redactor({"KEY": "hunter2222"})
    assert redactor.headers(
        [
            ("Authorization", "Bearer hunter2222"),
            ("X-Api-Key", "{{secret.KEY}}"),
            ("Cookie", "session=abc; key={{secret.KEY}}"),
            ("Accept", "text/plain"),
        ]
    ) == {
        "Authorization": "Bearer {{secret.KEY}}",
        "X-Api-Key": "{{secret.KEY}}",
        "Cookie": REDACTED,
        "Accept": "text/plain",
    }


def test_headers_of_one_name_are_joined() -> None:
    assert Redactor({}).headers([("Via", "a"), ("Via", "b")]) == {"Via": "a, b"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "https://x.example/a?q=1&api_key=abc&z=%20",
            "https://x.example/a?q=1&api_key=[redacted]&z=%20",
        ),
        ("https://x.example/a?q=a%20b", "https://x.example/a?q=a%20b"),
        ("https://x.example/hunter2222/a", "https://x.example/{{secret.KEY}}/a"),
        ("https://x.example/?token=hunter2222", "https://x.example/?token={{secret.KEY}}"),
        ("https://me:literal@x.example/a", "https://x.example/a"),
        ("http://[bad", "http://[bad"),
        ("http://me:literal@[bad", "http://[bad"),
    ],
)
def test_addresses_lose_credentials_in_their_query(url: str, shown: str) -> None:
    assert Redactor({"KEY": "hunter2222"}).url(url) == shown


def test_a_long_secret_is_hidden_too() -> None:
    secret = "-----BEGIN KEY-----\n" + "\n".join("Ab3/" * 16 for _ in range(40)) + "\n-----END-----"
    redactor = Redactor({"PEM": secret})
    assert redactor.text(json_text(secret)) == "{{secret.PEM}}"
    assert redactor.text(secret.replace("\n", "\r\n")) == "{{secret.PEM}}"


@pytest.mark.parametrize(
    "piece", ["\\", "&amp;", "%25", "&#0000000", '\\"', "/", "a1B2", "=41", "=\n", "0x"]
)
def test_no_text_slows_redaction_down(piece: str) -> None:
    # A pattern that backtracks would take hours here, and the test its time limit.
    text = piece * (1_000_000 // len(piece))
    assert Redactor({"KEY": SECRET}).text(text) == text


@pytest.mark.parametrize(
    "document",
    [
        [*SECRET.encode()],
        {"type": "Buffer", "data": [*SECRET.encode()]},
        {str(index): byte for index, byte in enumerate(SECRET.encode())},
        [f"{byte:02x}" for byte in SECRET.encode()],
        [f"0x{byte:02X}" for byte in SECRET.encode()],
        [*SECRET],
        [SECRET[:9], SECRET[9:]],
    ],
    ids=["bytes", "Buffer", "typed array", "hex", "0x", "characters", "parts"],
)
def test_a_secret_in_pieces_is_hidden(document: Any) -> None:
    shown = json.dumps(Redactor({"KEY": SECRET}).value({"it": document}))
    assert MARK in shown
    assert json.dumps(document) not in shown
    assert not any(f'"{part}"' in shown for part in (SECRET[:9], "115", "73"))


def test_other_lists_stay_unchanged() -> None:
    document = {"codes": [104, 117, 110], "tags": ["a", "b"], "rows": [[1], [2]], "0": 5}
    assert Redactor({"KEY": SECRET}).value(document) == document


@pytest.mark.parametrize("form", ["plain", "quote", "base64 b'' b''", "base32", "byte list"])
def test_text_beside_a_secret_stays(form: str) -> None:
    shown = Redactor({"KEY": "hunter22-Käse"}).value({"a": f"say [{forms('hunter22-Käse')[form]}]"})
    assert shown == {"a": "say [{{secret.KEY}}]"} or form == "byte list"


def test_a_short_secret_is_not_found_across_blanks_or_among_letters() -> None:
    redactor = Redactor({"PIN": "door"})
    assert redactor.text("do or do not: NRXW64Q and 64 6f") == "do or do not: NRXW64Q and 64 6f"
    assert redactor.text("the DOOR; 646F6F72") == "the {{secret.PIN}}; {{secret.PIN}}"


def test_a_megabyte_with_twenty_secrets_stays_quick() -> None:
    letters = random.Random(5)
    secrets = {f"S{n}": "".join(letters.choices(string.printable[:94], k=32)) for n in range(20)}
    redactor = Redactor(secrets)
    rows = '{"id": 12345, "name": "x\\u00e4", "url": "https:\\/\\/a.b\\/c?d=%20e&amp;"},\n'
    text = rows * (1_000_000 // len(rows))
    began = time.process_time()
    assert redactor.text(text) == text
    # One or two seconds on an idle machine.
    assert time.process_time() - began < 10

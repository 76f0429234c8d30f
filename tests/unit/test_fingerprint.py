"""Messages without their values: which are grouped, which are not, and that no value remains."""

import re
import string
import time
import uuid

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from runledger.ids import new_id
from runledger.models.failure import failure_group_id
from runledger.models.fingerprint import (
    TEXT_CHARACTERS,
    fingerprint,
    holds_words,
    normalized,
    words_of,
)
from runledger.models.run import ErrorDetail

PLACEHOLDER = re.compile(r"<[a-z]{2,9}>")
# Nothing that could be hexadecimal, so that these are words and never ids.
words = st.text("ghijklmnopqrstuvwyzé", min_size=3, max_size=10)
digits = st.integers(0, 10**12).map(str)
hosts = st.sampled_from(["shop.example.com", "mail.example.org"])
days = st.dates().map(lambda day: day.isoformat())
moments = st.datetimes(timezones=st.just(None)).map(lambda at: at.isoformat() + "Z")
values = st.one_of(
    digits,
    st.decimals(-10_000, 10_000, places=2).map(str),
    st.integers(1_000, 9_999).map(lambda n: f"{n:,}.50"),
    st.uuids().map(str),
    st.uuids().map(lambda each: each.hex),
    st.sampled_from(["run", "con", "ord"]).map(new_id),
    st.builds("{}-{}".format, st.text(string.ascii_uppercase, min_size=1, max_size=4), digits),
    st.builds("{}.{}@{}".format, words, words, hosts),
    st.builds("+44{}".format, st.integers(1_000_000, 9_999_999_999)),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
    days,
    moments,
    st.integers(10**7, 2**40).map(hex),
    st.lists(words, min_size=1, max_size=4).map(lambda found: f'"{" ".join(found)}"'),
    st.lists(words, min_size=1, max_size=4).map(lambda found: f"'{' '.join(found)}'"),
)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("Order A-1001 is too small: -5.20 EUR", "Order <id> is too small: <number> EUR"),
        ("no contact for ada@customer.example", "no contact for <email>"),
        ("nobody has +44 20 7946 0001", "nobody has <phone>"),
        (
            "https://Api.example.com/v1/orders/17?key=x answered with status 500.",
            "https://api.example.com/v1/orders/<id>?<query> answered with status 500.",
        ),
        ("http://ada:secret@10.0.0.1:8080/a broke off", "http://10.0.0.1:8080/a broke off"),
        ("the partner said HTTP 503, code 17", "the partner said HTTP 503, code <number>"),
        ("it responded with 404: order 404", "it responded with 404: order <number>"),
        ("status code: 401 in 401 ms", "status code: 401 in <number> ms"),
        ("HTTP/1.1 429 and status 5031", "HTTP/1.1 429 and status <number>"),
        ("10.0.0.1:8080, fe80::1 and ::1 did not answer", "<ip> and <ip> did not answer"),
        ("passed its deadline, 2026-11-25T19:04:26.123Z.", "passed its deadline, <date>."),
        ("since Wed, 25 Nov 2026 19:04:26 GMT", "since <date>"),
        ("the name 'Ada O'Brien' isn't \"known\"", "the name <value> isn't <value>"),
        ("it's 5 o'clock, isn't it", "it's <number> o'clock, isn't it"),
        ("`contact.plan` has no value in this run", "`contact.plan` has no value in this run"),
        ("request 123e4567-e89b-12d3-a456-426614174000", "request <id>"),
        (
            "took 300ms and 20KB of a 20-day trial",
            "took <number> and <number> of a <number>-day trial",
        ),
        ("order_17 of deadbeefcafe", "order_<number> of <id>"),
        ("missing: 1, 2, 3 and 4", "missing: <number> and <number>"),
        (" in \n two\tlines ", "in two lines"),
        ("注文 12 が見つかりません", "注文 <number> が見つかりません"),
        ("\ud800 alone", "? alone"),
    ],
)
def test_values_are_removed_from_a_message(message: str, text: str) -> None:
    assert normalized(message) == text


@given(st.one_of(st.text(), st.text("aB1-_.:,'\"@+/<>n \ud800é“”", max_size=400)))
@example('"a"b' + "x" * 400)
@example("a," * 300)
def test_a_fingerprint_is_stable_and_bounded(message: str) -> None:
    text = normalized(message)
    assert normalized(text) == text
    assert len(text) <= TEXT_CHARACTERS
    assert len(fingerprint(message)) <= TEXT_CHARACTERS
    text.encode()


@given(
    st.lists(st.lists(words, min_size=1, max_size=12), min_size=1, max_size=8),
    st.lists(st.tuples(values, values), min_size=8, max_size=8),
)
def test_messages_that_differ_in_their_values_have_one_fingerprint(
    phrases: list[list[str]], pairs: list[tuple[str, str]]
) -> None:
    one, other = (
        " ".join(
            f"{' '.join(phrase)} {pair[which]}"
            for phrase, pair in zip(phrases, pairs, strict=False)
        )
        for which in (0, 1)
    )
    assert fingerprint(one) == fingerprint(other)
    text = normalized(one)
    left = PLACEHOLDER.sub("", text).split()
    assert set(left) <= {word for phrase in phrases for word in phrase}


@given(
    st.lists(words, min_size=1, max_size=8),
    st.lists(words, min_size=1, max_size=8),
    st.lists(values, min_size=8, max_size=8),
)
def test_messages_of_different_words_have_different_fingerprints(
    some: list[str], others: list[str], found: list[str]
) -> None:
    assume(some != others)
    one, other = (
        " ".join(f"{word} {value}" for word, value in zip(each, found, strict=False))
        for each in (some, others)
    )
    assert fingerprint(one) != fingerprint(other)


@given(st.lists(st.one_of(digits, st.uuids().map(str)), min_size=4, max_size=4))
def test_the_variable_parts_of_an_address_make_no_difference(ids: list[str]) -> None:
    first, second, third, fourth = ids
    one = f"https://api.example.com/v2/orders/{first}/lines?at={second} did not answer"
    other = f"https://api.example.com/v2/orders/{third}/lines?to={fourth}&x=1 did not answer"
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(one.replace("lines", "payments"))
    assert fingerprint(one) != fingerprint(one.replace("api.", "shop."))


def test_a_group_has_one_workspace_automation_node_and_kind() -> None:
    error = ErrorDetail(node_id="bad", kind="STOP_ERROR", message="Order 17 is too small")
    alike = error.changed(message=f"Order {uuid.uuid4()} is too small")
    group = failure_group_id("ws_a", "aut_a", error)
    assert failure_group_id("ws_a", "aut_a", alike) == group
    assert re.fullmatch(r"err_[0-9A-Z]{16}", group)
    changed = [
        error.changed(node_id="other"),
        error.changed(node_id=None),
        error.changed(kind="TIMEOUT"),
        error.changed(message="small"),
    ]
    others = {failure_group_id("ws_a", "aut_a", each) for each in changed}
    others |= {failure_group_id("ws_b", "aut_a", error), failure_group_id("ws_a", "aut_b", error)}
    assert len(others | {group}) == 7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Too SMALL", ["too", "small"]),
        ("Order A-1001 is too small:", ["order", "is", "too", "small"]),
        ("A-1001", ["a-1001"]),
        ("", []),
    ],
)
def test_a_search_ignores_the_values_of_a_pasted_message(text: str, expected: list[str]) -> None:
    assert words_of(text) == expected
    assert holds_words("Order <id> is too small", words_of(text)) == ("a-1001" not in expected)
    # A placeholder for a value is not a word of the message.
    assert not holds_words("Order <id> is too small", ["id"])


@pytest.mark.parametrize(
    "evil",
    ['"a ', ".", "a.", "'", "1:", "http://", "+1 ", ":", "a@", "x'", "1 Jan ", "<ab", "'a'b"],
)
def test_no_message_takes_long(evil: str) -> None:
    began = time.process_time()
    fingerprint(evil * 100_000)
    normalized(evil * 100_000)
    assert time.process_time() - began < 1


def test_the_status_of_an_answer_is_not_a_value() -> None:
    messages = [
        f"order {uuid.uuid4()}: the partner answered {status}" for status in (401, 404, 503)
    ]
    assert len({fingerprint(message) for message in messages}) == 3
    again = f"order {uuid.uuid4()}: the partner answered 503"
    assert fingerprint(again) == fingerprint(messages[-1])

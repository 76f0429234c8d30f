"""Each e-mail address, phone number, text and time zone has one stored form."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.errors import InvalidInputError
from runledger.models.addresses import (
    ascii_email,
    nfc,
    normalize_email,
    normalize_phone,
    phone_readings,
)
from runledger.models.contact import ContactDocument
from runledger.nodes.comparison import Operator, compare
from runledger.nodes.segment_rules import HasTagRule
from runledger.services.contacts.addresses import addresses_in, pasted
from runledger.timezone_names import canonical_zone, zone_named

# ── e-mail ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "stored", "sent"),
    [
        ("Ada@Example.COM", "ada@example.com", "ada@example.com"),
        (" ada+news@x.example ", "ada+news@x.example", "ada+news@x.example"),
        ("ada@münchen.example", "ada@münchen.example", "ada@xn--mnchen-3ya.example"),
        ("ada@XN--MNCHEN-3YA.example", "ada@münchen.example", "ada@xn--mnchen-3ya.example"),
        ("ada@mu\u0308nchen.example", "ada@münchen.example", "ada@xn--mnchen-3ya.example"),
        ("ada@例え.テスト", "ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"),
    ],
)
def test_an_address_has_one_form_here_and_one_for_mail_systems(
    written: str, stored: str, sent: str
) -> None:
    assert normalize_email(written) == stored
    assert normalize_email(stored) == stored
    assert ascii_email(stored) == sent


@pytest.mark.parametrize("written", ["müller@example.com", "用户@example.com", "a\u200b@x.example"])
def test_an_address_that_cannot_get_mail_is_refused(
    written: str,
) -> None:
    with pytest.raises(ValueError, match="before the @"):
        ContactDocument(email=written)


@pytest.mark.parametrize("written", ["", "ada", "a@b@c", "@x.example", "a@", "a b@x.example"])
def test_an_invalid_address_is_refused_in_our_words(written: str) -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        normalize_email(written)


# ── phone ──────────────────────────────────────────────────────────────────────────────────────

ADA = "+4915123456789"


@pytest.mark.parametrize(
    "written",
    [
        ADA,
        "+49 1512 3456789",
        "+49 (0) 1512 3456789",
        "004915123456789",
        "0049 1512/345 67-89",
        "4915123456789",
        "49 1512 3456789",
        "\uff0b49 1512 3456789",
        "tel:+49-1512-3456789",
    ],
)
def test_a_number_with_its_country_code_has_one_form(written: str) -> None:
    assert normalize_phone(written) == ADA
    assert phone_readings(written) == (ADA,)


@pytest.mark.parametrize(
    ("one", "other", "stored"),
    [
        ("+5215512345678", "+525512345678", "+525512345678"),
        ("0052 1 55 1234 5678", "52 55 1234 5678", "+525512345678"),
        ("+551187654321", "+5511987654321", "+5511987654321"),
        ("+55 (21) 9876-5432", "5521998765432", "+5521998765432"),
    ],
)
def test_both_customary_forms_become_one_number(one: str, other: str, stored: str) -> None:
    assert normalize_phone(one) == normalize_phone(other) == stored


@pytest.mark.parametrize("landline", ["+551133334444", "+525511112222", "+12025550123"])
def test_other_numbers_stay_unchanged(landline: str) -> None:
    assert normalize_phone(landline) == landline


def test_an_ambiguous_number_is_refused_but_can_be_searched() -> None:
    with pytest.raises(ValueError, match="with its country code"):
        normalize_phone("2025550123")
    assert {"+12025550123", "+492025550123"} <= set(phone_readings("2025550123"))


@pytest.mark.parametrize(
    "written",
    ["", "12", "++49", "phone", "+49 12x", "00", "+", "+1 800 FLOWERS", "+49 1512 3456789 ext. 5"],
)
def test_an_invalid_number_is_refused_in_our_words(written: str) -> None:
    with pytest.raises(ValueError, match="phone number") as raised:
        normalize_phone(written)
    assert "(0)" not in str(raised.value)
    assert "region" not in str(raised.value)


_numbers = st.sampled_from(["+49151", "+3361", "+4477009", "+5255", "+55119", "+1202555"])


@given(_numbers, st.text("0123456789", min_size=4, max_size=8))
def test_the_stored_form_is_stable_and_found_from_every_spelling(head: str, rest: str) -> None:
    try:
        stored = normalize_phone(head + rest)
    except ValueError:
        return
    assert normalize_phone(stored) == stored
    assert normalize_phone(f"00{stored[1:]}") == stored
    assert phone_readings(f" {stored} ") == (stored,)


# ── as pasted ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ada news@x.example", "ada+news@x.example"),
        (" ada+news@x.example", "ada+news@x.example"),
        (" 4915123456789", ADA),
        ("4915123456789", ADA),
        ("004915123456789", ADA),
    ],
)
def test_an_unescaped_plus_is_understood(text: str, meant: str) -> None:
    assert addresses_in(text) == {meant}


def test_ids_stay_unchanged() -> None:
    assert pasted(" con_01 ") == "con_01"


def test_an_invalid_address_names_the_field() -> None:
    with pytest.raises(InvalidInputError) as raised:
        addresses_in("hello")
    assert raised.value.field == "address"


# ── texts ──────────────────────────────────────────────────────────────────────────────────────

COMPOSED, DECOMPOSED = "Zoë", "Zoe\u0308"


@pytest.mark.parametrize(
    ("operator", "left", "right", "holds"),
    [
        (Operator.EQUALS, COMPOSED, DECOMPOSED, True),
        (Operator.NOT_EQUALS, COMPOSED, DECOMPOSED, False),
        (Operator.CONTAINS, f"Dr. {DECOMPOSED} K.", COMPOSED, True),
        (Operator.CONTAINS, [DECOMPOSED], COMPOSED, True),
        (Operator.STARTS_WITH, f"{COMPOSED} K.", DECOMPOSED, True),
        (Operator.ENDS_WITH, f"Dr. {COMPOSED}", DECOMPOSED, True),
        (Operator.EQUALS, "ﬁ", "fi", False),
    ],
)
def test_texts_are_compared_by_their_visible_characters(
    operator: Operator, left: Any, right: Any, holds: bool
) -> None:
    assert compare(left, operator, right) is holds


def test_a_tag_is_found_from_every_spelling() -> None:
    assert ContactDocument(tags=[DECOMPOSED]).tags == [COMPOSED]
    assert HasTagRule(kind="HAS_TAG", tag=DECOMPOSED).tag == COMPOSED
    assert nfc(DECOMPOSED) == COMPOSED


# ── zones ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("asia/tokyo", "Asia/Tokyo"),
        ("EUROPE/BERLIN", "Europe/Berlin"),
        (" America/Port-au-Prince ", "America/Port-au-Prince"),
        ("utc", "UTC"),
        ("america/argentina/buenos_aires", "America/Argentina/Buenos_Aires"),
    ],
)
def test_a_zone_is_stored_as_the_database_writes_it(written: str, stored: str) -> None:
    assert canonical_zone(written) == stored
    zone = zone_named(written)
    assert zone is not None
    assert zone.key == stored


@pytest.mark.parametrize(
    "written",
    [
        "",
        "+02:00",
        "UTC+2",
        "posixrules",
        "localtime",
        "Factory",
        "posix/Asia/Tokyo",
        "right/UTC",
        "Tokyo",
        "Europe",
        "../Europe/Berlin",
        "Europe/Berlin\x00",
        "zone1970.tab",
        "tzdata.zi",
    ],
)
def test_an_invalid_zone_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        canonical_zone(written)
    assert zone_named(written) is None


@pytest.mark.parametrize("value", [None, 5, ["UTC"], {"zone": "UTC"}])
def test_a_value_that_is_not_a_text_names_no_zone(value: object) -> None:
    assert zone_named(value) is None

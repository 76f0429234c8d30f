"""The size of an attempt's row: each KB or part of one costs one unit at every write."""

from typing import Any

import pytest
from runledger.channels.registry import CHANNEL_NAMES
from runledger.errors import UnreadableError
from runledger.ids import new_id
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus, Gate, Try, TryOutcome
from runledger.store.bodies import Bodies, compress, decompress
from runledger.store.delivery_rows import delivery_from_item, delivery_to_item
from runledger.store.values import from_dynamo, to_dynamo

BODIES = Bodies(None, "bucket")  # type: ignore[arg-type]
AT = 1_795_338_000_000


def gates() -> tuple[Gate, ...]:
    reasons = {
        "consent": "transactional consent was given",
        "address": "a valid address for EMAIL",
        "suppression": "not on the suppression list",
        "frequency": "1 in the last 24 h, 3 messages allowed",
        "quiet_hours": "outside the quiet hours, 21:00 to 08:00 in Europe/Berlin",
        "template": "Thanks for your order is for EMAIL",
    }
    return tuple(Gate(name=name, passed=True, reason=why) for name, why in reasons.items())


def attempt(**more: Any) -> DeliveryAttempt:
    fields: dict[str, Any] = {
        "id": new_id("dlv"),
        "workspace_id": new_id("ws"),
        "run_id": new_id("run"),
        "node_id": "send-order-confirmation",
        "automation_id": new_id("aut"),
        "contact_id": new_id("con"),
        "channel": "EMAIL",
        "address": "ada.lovelace@customer.example",
        "status": DeliveryStatus.SENT,
        "template_id": new_id("tpl"),
        "subject": "Thanks for your order 4711, Ada",
        "body": "Hello Ada,\n\nthank you for your order 4711. It leaves us tomorrow.\n\nYour shop",
        "gates": gates(),
        "tries": 1,
        "tries_log": (Try(at=AT, outcome=TryOutcome.ACCEPTED, provider_id="0" * 60),),
        "provider_id": "0" * 60,
        "error": None,
        "created_at": AT,
        "settled_at": AT + 300,
        "sequence": 2,
        "expires_at": AT + 90 * 86_400_000,
        **more,
    }
    return DeliveryAttempt(**fields)


def size_of(item: dict[str, Any]) -> int:
    """Returns the size as DynamoDB counts it: names, texts and bytes; a number takes a byte for two
    digits."""
    total = 0
    for name, typed in to_dynamo(item).items():
        ((kind, value),) = typed.items()
        total += len(name.encode())
        total += (len(value) + 1) // 2 + 1 if kind == "N" else len(value) if kind in "SB" else 100
    return total


def test_a_short_message_fits_into_one_unit() -> None:
    item = delivery_to_item(attempt(), BODIES, listed=1)
    assert size_of(item) <= 1_024


@pytest.mark.parametrize("channel", CHANNEL_NAMES)
def test_a_row_returns_the_stored_attempt(channel: str) -> None:
    tries = (
        Try(at=AT, outcome=TryOutcome.TRANSIENT, code="Throttling", message="slow down"),
        Try(at=AT + 30_000, outcome=TryOutcome.UNKNOWN, message="read timeout"),
    )
    for made in (
        attempt(channel=channel),
        attempt(
            channel=channel, status=DeliveryStatus.PROCESSING, tries_log=tries, provider_id=None
        ),
        attempt(subject=None, body=None, gates=(), tries_log=(), known=DeliveryStatus.FAILED),
        attempt(resend_of="dlv_1", requested_by="ada@example.com", forced=True, generation=2),
        attempt(rules={"quiet_hours": {"from": "21:00", "to": "08:00"}}, due_at=AT, revision=3),
    ):
        stored = from_dynamo(to_dynamo(delivery_to_item(made, BODIES, listed=1)))
        assert delivery_from_item(stored, BODIES) == made


def test_known_words_take_no_space_and_older_rows_can_be_read() -> None:
    words = b"a long sentence that is often said"
    value = {"said": words.decode()}
    assert len(compress(value, words)) < len(compress(value)) - 20
    assert decompress(compress(value, words), words) == value
    assert decompress(compress(value), words) == value
    with pytest.raises(UnreadableError, match="cut off"):
        decompress(compress(value)[:-6])

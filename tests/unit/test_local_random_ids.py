"""The local emulator's ids are random UUIDs, and its modules draw them without a system call."""

import os
import uuid

import pytest
from ministack import app
from ministack.core import responses

from local.patches import random_ids


def test_ids_are_random_uuids() -> None:
    drawn = [random_ids.uuid4() for _ in range(1_000)]
    assert len(set(drawn)) == len(drawn)
    assert {(each.version, each.variant) for each in drawn} == {(4, uuid.RFC_4122)}


def test_the_emulator_draws_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (app, responses):
        monkeypatch.setattr(module, "uuid", uuid)
    random_ids.apply()
    monkeypatch.setattr(os, "urandom", None)
    assert uuid.UUID(responses.new_uuid()).version == 4
    assert app.uuid.uuid4().version == 4

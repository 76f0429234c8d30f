"""How often the keys of webhooks are read, and which keys are valid if an earlier version of
Runledger wrote the row."""

import pytest
from runledger.clock import HOUR, MINUTE
from runledger.services.secrets.signing import LABEL_CACHED_FOR, SigningKeys
from runledger.sources.base import SourceKeys

from tests.functional.test_webhook_keys import BY, SIGNED, STRIPE, Hooks, hooks

__all__ = ["hooks"]


# ── how often a secret is read ──────────────────────────────────────────────────────────────────


def test_a_process_reads_each_version_once(hooks: Hooks) -> None:
    automation = hooks.active(**SIGNED)
    hooks.reads.clear()
    for _ in range(50):
        assert len(hooks.keys(automation).secrets) == 1
        hooks.engine.clock.advance(MINUTE)
    assert hooks.reads.total() == 1
    # A rotation of another process: one more read, at the next event.
    hooks.set(automation, overlapMinutes=60)
    hooks.reads.clear()
    hooks.engine.signing_keys.cached.clear()
    for _ in range(50):
        assert len(hooks.keys(automation).secrets) == 2
    assert hooks.reads.total() == 2


def test_an_automation_without_keys_costs_one_read_a_minute(hooks: Hooks) -> None:
    automation = hooks.active(**STRIPE)
    hooks.engine.clock.now -= hooks.engine.clock.now % HOUR
    hooks.reads.clear()
    for _ in range(100):
        assert hooks.keys(automation) == SourceKeys()
    assert hooks.reads.total() == 1
    hooks.engine.clock.advance(LABEL_CACHED_FOR)
    assert hooks.keys(automation) == SourceKeys()
    assert hooks.reads.total() == 2
    # A key that is set now counts at once.
    hooks.set(automation, secret="whsec_of_stripe")
    assert hooks.keys(automation).secrets == ("whsec_of_stripe",)


def test_the_cache_is_bounded(hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runledger.services.secrets.signing._MAX_CACHED", 2)
    automations = [hooks.active(**SIGNED) for _ in range(5)]
    for automation in automations:
        assert len(hooks.keys(automation).secrets) == 1
        assert len(hooks.engine.signing_keys.cached) <= 2


# ── what earlier versions stored ────────────────────────────────────────────────────────────────


def test_an_old_row_means_the_current_label_and_its_overlap(hooks: Hooks) -> None:
    automation = hooks.active(**SIGNED)
    hooks.make_old(automation, "first" * 8)
    assert hooks.keys(automation).secrets == ("first" * 8,)
    assert hooks.webhook(automation).has_secret
    hooks.old_rotation(automation, "second" * 8, 60)
    hooks.engine.clock.advance(LABEL_CACHED_FOR)
    assert hooks.keys(automation).secrets == ("second" * 8, "first" * 8)
    assert hooks.webhook(automation).previous_valid_until is not None
    hooks.engine.clock.advance(HOUR)
    assert hooks.keys(automation).secrets == ("second" * 8,)
    assert hooks.webhook(automation).previous_valid_until is None


def test_the_label_of_an_old_row_is_read_once_a_minute(hooks: Hooks) -> None:
    automation = hooks.active(**SIGNED)
    hooks.make_old(automation, "first" * 8)
    hooks.engine.signing_keys.cached.clear()
    hooks.reads.clear()
    for _ in range(20):
        assert hooks.keys(automation).secrets == ("first" * 8,)
    assert hooks.reads.total() == 1


def test_the_first_rotation_of_an_old_row_writes_down_what_was_valid(hooks: Hooks) -> None:
    automation = hooks.active(**SIGNED)
    hooks.make_old(automation, "first" * 8)
    hooks.old_rotation(automation, "second" * 8, 600)
    hooks.set(automation, secret="third" * 8, overlapMinutes=60)
    assert hooks.keys(automation).secrets == ("third" * 8, "second" * 8, "first" * 8)
    row = hooks.row(automation)
    assert row.rotation is None and row.webhook_keys is not None
    hooks.engine.clock.advance(HOUR)
    assert hooks.keys(automation).secrets == ("third" * 8,)


def test_an_activation_leaves_the_secret_of_an_old_row(hooks: Hooks) -> None:
    automation = hooks.active(**SIGNED)
    hooks.make_old(automation, "first" * 8)
    hooks.save(automation, signed=True, dedupe="OFF")
    view = hooks.engine.activations.activate(hooks.engine.workspace_id, automation.id, BY)
    assert view.webhook is not None and view.webhook.secret is None
    assert hooks.keys(automation).secrets == ("first" * 8,)


def test_another_process_sees_a_rotation_at_its_next_event(hooks: Hooks) -> None:
    automation = hooks.active(**SIGNED)
    engine = hooks.engine
    other = SigningKeys(engine.secrets_manager, "runledger", engine.clock)
    first = other.of(hooks.row(automation)).secrets
    hooks.set(automation, secret="the second secret", overlapMinutes=0)
    assert other.of(hooks.row(automation)).secrets == ("the second secret",)
    assert first != ("the second secret",)

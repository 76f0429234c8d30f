"""Signing secrets: they are replaced with an overlap, and the old one is refused afterwards,
whatever fails meanwhile."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from runledger.api.automations import AutomationView, RotationDocument
from runledger.clock import HOUR, MINUTE, iso, now_ms
from runledger.errors import (
    ConflictError,
    MissingResourceError,
    NotFoundError,
    TransientError,
    UnauthorizedError,
)
from runledger.models.automation import AutomationStatus
from runledger.models.webhook_keys import KeyVersion
from runledger.services.automations.rotation import UNDER_WAY
from runledger.services.secrets.key_versions import MAX_PREVIOUS, KeyVersions

from tests.functional.test_api_handlers import CONTEXT, call, deployed, sample
from tests.functional.test_webhooks import event, hooked
from tests.support.engine import PUBLIC_URL, Engine

__all__ = ["deployed"]

BY = "ada@example.com"
BODY = b'{"a": "\xc3\xa9"}'


def signature(secret: str, body: bytes = BODY) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Signed:
    """An automation with a signed webhook, and its first secret."""

    def __init__(self, engine: Engine, **trigger: Any) -> None:
        self.engine = engine
        self.token = hooked(engine, signed=True, **trigger)
        target = engine.stores.automations.by_webhook_token(self.token)
        assert target is not None
        self.id = target.automation_id
        self.first = engine.secret_of(self.id)

    def rotate(self, minutes: int = 60) -> AutomationView:
        return self.set_keys(overlap_minutes=minutes)

    def set_keys(self, **document: Any) -> AutomationView:
        rotations = self.engine.rotations_at(PUBLIC_URL)
        wanted = RotationDocument.model_validate(document)
        return rotations.rotate(self.engine.workspace_id, self.id, wanted, BY)

    def new_secret(self, minutes: int = 60) -> str:
        shown = self.rotate(minutes).webhook
        assert shown is not None and shown.secret is not None
        return shown.secret

    def labelled(self) -> None:
        """Checks that every version that the row names has its label in Secrets Manager."""
        row = self.engine.stores.automations.get(self.engine.workspace_id, self.id).webhook_keys
        assert row is not None and row.current is not None
        described = self.engine.secrets_manager.describe_secret(
            SecretId=f"runledger/webhooks/{self.id}"
        )
        for version in (row.current, *row.previous):
            assert described["VersionIdsToStages"][version.id].count(version.label) == 1

    def takes(self, secret: str) -> bool:
        sent = event(self.token, BODY, x_runledger_signature=signature(secret))
        try:
            self.engine.webhooks.receive(sent)
        except UnauthorizedError:
            return False
        return True

    def status(self, status: AutomationStatus) -> None:
        self.engine.stopping.stop(self.engine.workspace_id, self.id, status, BY)


@pytest.fixture
def signed(engine: Engine) -> Signed:
    return Signed(engine, rateLimitPerMinute=1_000)


def test_both_secrets_are_accepted_until_the_overlap_ends(signed: Signed) -> None:
    signed.engine.clock.now -= signed.engine.clock.now % MINUTE
    second = signed.new_secret(60)
    assert second != signed.first
    assert (signed.takes(signed.first), signed.takes(second)) == (True, True)
    signed.engine.clock.advance(HOUR - MINUTE)
    assert signed.takes(signed.first)
    signed.engine.clock.advance(MINUTE)
    assert (signed.takes(signed.first), signed.takes(second)) == (False, True)


def test_without_an_overlap_the_old_secret_is_refused_at_once(signed: Signed) -> None:
    second = signed.new_secret(0)
    assert (signed.takes(signed.first), signed.takes(second)) == (False, True)


def test_a_second_rotation_keeps_the_overlap_of_the_first_unless_its_own_ends_earlier(
    signed: Signed,
) -> None:
    second = signed.new_secret(60)
    third = signed.new_secret(600)
    every = (signed.first, second, third)
    assert [signed.takes(secret) for secret in every] == [True, True, True]
    signed.engine.clock.advance(HOUR)
    assert [signed.takes(secret) for secret in every] == [False, True, True]
    fourth = signed.new_secret(5)
    signed.engine.clock.advance(5 * MINUTE)
    assert [signed.takes(secret) for secret in (*every, fourth)] == [False, False, False, True]
    fifth = signed.new_secret(60)
    sixth = signed.new_secret(0)
    assert [signed.takes(secret) for secret in (fourth, fifth, sixth)] == [False, False, True]


def test_only_a_few_replaced_secrets_are_valid(signed: Signed) -> None:
    every = [signed.first]
    for _ in range(MAX_PREVIOUS + 3):
        every.append(signed.new_secret(60))
        signed.labelled()
    taken = [signed.takes(secret) for secret in every]
    assert taken == [False] * 3 + [True] * (MAX_PREVIOUS + 1)


def test_the_new_secret_is_shown_once_and_the_overlap_until_it_ends(signed: Signed) -> None:
    shown = signed.rotate(60)
    assert shown.webhook is not None
    until = shown.webhook.previous_valid_until
    automations = signed.engine.automations

    def webhook() -> Any:
        automation = automations.store.get(signed.engine.workspace_id, signed.id)
        assert automation.updated_by == BY
        return automations.view(automation).webhook

    assert until is not None
    assert (webhook().secret, webhook().previous_valid_until) == (None, until)
    signed.engine.clock.advance(HOUR)
    assert webhook().previous_valid_until is None
    # Activating it again shows no secret and changes none.
    again = signed.engine.activations.activate(signed.engine.workspace_id, signed.id, BY)
    assert again.webhook is not None and again.webhook.secret is None


def test_a_crash_before_the_new_secret_changes_nothing(
    signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = signed.new_secret(60)
    signed.engine.clock.advance(2 * MINUTE)

    def crash(*_: Any, **named: Any) -> None:
        raise TransientError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(KeyVersions, "store", crash)
        with pytest.raises(TransientError):
            signed.rotate(10_080)
    assert (signed.takes(signed.first), signed.takes(second)) == (True, True)

    with pytest.raises(ConflictError, match="being rotated"):
        signed.rotate()
    signed.engine.clock.advance(MINUTE)
    third = signed.new_secret(60)
    assert [signed.takes(secret) for secret in (signed.first, second, third)] == [True, True, True]


def test_the_second_of_two_concurrent_rotations_is_refused(
    signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_version = KeyVersions.store
    refused: list[str] = []

    def meanwhile(self: KeyVersions, *given: Any, is_first: bool) -> KeyVersion:
        with monkeypatch.context() as once:
            once.setattr(KeyVersions, "store", store_version)
            with pytest.raises(ConflictError) as error:
                signed.rotate()
        refused.append(str(error.value))
        return store_version(self, *given, is_first=is_first)

    monkeypatch.setattr(KeyVersions, "store", meanwhile)
    second = signed.new_secret()
    assert len(refused) == 1
    assert (signed.takes(signed.first), signed.takes(second)) == (True, True)


def test_a_rotation_that_another_one_overtook_makes_no_secret_valid(
    signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_version = KeyVersions.store
    others: list[str] = []

    def overtaken(self: KeyVersions, *given: Any, is_first: bool) -> KeyVersion:
        # This process sleeps for longer than its reservation.
        signed.engine.clock.advance(UNDER_WAY)
        with monkeypatch.context() as once:
            once.setattr(KeyVersions, "store", store_version)
            others.append(signed.new_secret(60))
        return store_version(self, *given, is_first=is_first)

    with monkeypatch.context() as slow:
        slow.setattr(KeyVersions, "store", overtaken)
        with pytest.raises(ConflictError, match="at the same time"):
            signed.set_keys(secret="a secret that came too late", overlapMinutes=60)
    assert not signed.takes("a secret that came too late")
    assert [signed.takes(secret) for secret in (signed.first, *others)] == [True, True]
    signed.labelled()


def test_a_rotation_based_on_a_stale_row_is_refused(signed: Signed) -> None:
    store = signed.engine.stores.automations
    stale = store.get(signed.engine.workspace_id, signed.id)
    signed.new_secret()
    now = store.get(signed.engine.workspace_id, signed.id)
    assert stale.webhook_keys is not None and now.webhook_keys is not None
    mine = stale.webhook_keys.changed(revision=stale.webhook_keys.revision + 1)
    with pytest.raises(ConflictError):
        store.set_webhook_keys(stale, stale.changed(webhook_keys=mine))
    # The same write sent twice is our own.
    store.set_webhook_keys(stale, now)


def test_the_row_is_read_consistently(signed: Signed, monkeypatch: pytest.MonkeyPatch) -> None:
    second = signed.new_secret(60)
    store = signed.engine.stores.automations
    before = store.get(signed.engine.workspace_id, signed.id)
    third = signed.new_secret(0)
    get = type(store).get

    def late(self: Any, *ids: str, consistent: bool = True) -> Any:
        return get(self, *ids) if consistent else before

    monkeypatch.setattr(type(store), "get", late)
    assert [signed.takes(secret) for secret in (signed.first, second, third)] == [
        False,
        False,
        True,
    ]


def test_a_secret_that_was_deleted_in_secrets_manager_is_made_again_by_rotation(
    signed: Signed,
) -> None:
    name = f"runledger/webhooks/{signed.id}"
    signed.engine.secrets_manager.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    # Not the sender's fault: it is asked to come back.
    signed.engine.signing_keys.cached.clear()
    with pytest.raises(MissingResourceError):
        signed.takes(signed.first)
    assert signed.takes(signed.new_secret())


def test_an_unsigned_webhook_has_no_secret_to_rotate(engine: Engine) -> None:
    token = hooked(engine)
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    rotations = engine.rotations_at(PUBLIC_URL)
    with pytest.raises(ConflictError):
        rotations.rotate(engine.workspace_id, target.automation_id, RotationDocument(), BY)
    with pytest.raises(NotFoundError):
        rotations.rotate("ws_other", target.automation_id, RotationDocument(), BY)


def test_the_secret_of_a_paused_automation_can_be_rotated_but_not_of_an_archived_one(
    signed: Signed,
) -> None:
    signed.status(AutomationStatus.PAUSED)
    assert signed.new_secret()
    signed.status(AutomationStatus.ARCHIVED)
    with pytest.raises(ConflictError):
        signed.rotate()


@pytest.mark.parametrize(
    "bend",
    [
        lambda given: given.upper(),
        lambda given: given.removeprefix("sha256="),
        lambda given: given[:-1],
        lambda given: given + "0",
        lambda given: given[:-1] + "é",
        lambda given: "",
    ],
)
def test_any_change_of_the_signature_is_refused(signed: Signed, bend: Any) -> None:
    sent = event(signed.token, BODY)
    bent = replace(
        sent, headers={**sent.headers, "x-runledger-signature": bend(signature(signed.first))}
    )
    with pytest.raises(UnauthorizedError):
        signed.engine.webhooks.receive(bent)


@pytest.mark.parametrize("is_base64", [True, False])
def test_the_signature_covers_the_raw_bytes(deployed: Engine, is_base64: bool) -> None:
    from functions.webhook_in.handler import handler

    signed = Signed(deployed)
    sent = sample("webhook_in")
    path = f"/v1/webhooks/in/{signed.token}"
    sent["rawPath"] = sent["requestContext"]["http"]["path"] = path
    body = b'{ "a" :\t"\xc3\xa9"}\n'
    sent["body"] = base64.b64encode(body).decode() if is_base64 else body.decode()
    sent["isBase64Encoded"] = is_base64
    answers = []
    for signed_bytes in (body, sent["body"].encode() + b" ", json.dumps(json.loads(body)).encode()):
        sent["headers"] = {
            "content-type": "application/json",
            "X-Runledger-Signature": signature(signed.first, signed_bytes),
        }
        answers.append(handler(sent, CONTEXT)["statusCode"])
    assert answers == [202, 401, 401]


def test_only_an_admin_rotates_through_the_api(deployed: Engine) -> None:
    signed = Signed(deployed)
    deployed.clock.follow_the_machine()
    path = f"/v1/automations/{signed.id}/rotate-secret"
    assert call("POST", path, {}, role="member")["status"] == 403
    for wrong in (-1, 10_081, "a day", None):
        refused = call("POST", path, {"overlapMinutes": wrong}, role="admin")
        assert (refused["status"], refused["body"]["field"]) == (422, "overlapMinutes")

    answer = call("POST", path, {"overlapMinutes": 5}, role="admin")
    assert answer["status"] == 200, answer
    webhook = answer["body"]["webhook"]
    assert signature(webhook["secret"]) != signature(signed.first)
    assert iso(now_ms()) < webhook["previousValidUntil"] <= iso(now_ms() + 5 * MINUTE)
    assert signed.takes(webhook["secret"])
    again = call("POST", path, role="admin")
    assert again["status"] == 200, again
    until = again["body"]["webhook"]["previousValidUntil"]
    assert iso(now_ms() + 23 * HOUR) < until <= iso(now_ms() + 24 * HOUR)
    unsigned = deployed.stores.automations.by_webhook_token(hooked(deployed))
    assert unsigned is not None
    path = f"/v1/automations/{unsigned.automation_id}/rotate-secret"
    assert call("POST", path, {}, role="admin")["status"] == 409
    assert call("POST", "/v1/automations/aut_x/rotate-secret", {}, role="admin")["status"] == 404

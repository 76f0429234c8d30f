"""The keys of webhooks: who makes them, how often they are read, and when they are deleted."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from runledger.api.automations import AutomationView, RotationDocument
from runledger.clock import MINUTE
from runledger.errors import ConflictError, InvalidInputError
from runledger.models.automation import Automation, AutomationDocument, AutomationStatus
from runledger.sources.base import SourceKeys

from tests.support.engine import PUBLIC_URL, Engine

BY = "ada@example.com"
GITHUB = {"source": {"preset": "GITHUB"}}
STRIPE = {"source": {"preset": "STRIPE"}}
SENDGRID = {"source": {"preset": "SENDGRID"}}
META = {"source": {"preset": "META"}}
SVIX = {"source": {"preset": "STANDARD_WEBHOOKS"}}
SIGNED = {"signed": True}
# A key on the curve P-256, as SendGrid shows it: the Base64 of its DER form.
PUBLIC_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+"
    "2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
)


def document(**trigger: Any) -> AutomationDocument:
    config = {"triggerType": "WEBHOOK", **trigger}
    return AutomationDocument.model_validate(
        {
            "name": "Hook",
            "nodes": [
                {"id": "start", "type": "TRIGGER", "config": config},
                {"id": "done", "type": "END"},
            ],
            "edges": [{"source": "start", "target": "done"}],
        }
    )


class Hooks:
    """The automations of one engine, and a count of the reads of their secrets."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.reads: Counter[str] = Counter()

    def draft(self, **trigger: Any) -> Automation:
        return self.engine.automations.create(self.engine.workspace_id, document(**trigger), BY)

    def active(self, **trigger: Any) -> Automation:
        draft = self.draft(**trigger)
        self.engine.activations.activate(self.engine.workspace_id, draft.id, BY)
        return self.row(draft)

    def row(self, automation: Automation) -> Automation:
        return self.engine.stores.automations.get(self.engine.workspace_id, automation.id)

    def set(self, automation: Automation, **sent: Any) -> AutomationView:
        rotations = self.engine.rotations_at(PUBLIC_URL)
        wanted = RotationDocument.model_validate(sent)
        return rotations.rotate(self.engine.workspace_id, automation.id, wanted, BY)

    def keys(self, automation: Automation) -> SourceKeys:
        return self.engine.signing_keys.of(self.row(automation))

    def webhook(self, automation: Automation) -> Any:
        return self.engine.automations.view(self.row(automation)).webhook

    def save(self, automation: Automation, **trigger: Any) -> Automation:
        wanted = document(**trigger)
        return self.engine.automations.update(self.engine.workspace_id, automation.id, wanted, BY)

    def make_old(self, automation: Automation, secret: str) -> None:
        """Stores the data of an earlier release of Runledger: a secret as plain text, and a row
        that names no version of the secret."""
        name = f"runledger/webhooks/{automation.id}"
        manager = self.engine.secrets_manager
        manager.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        manager.create_secret(Name=name, SecretString=secret)
        self._change(automation, remove="webhookKeys")

    def old_rotation(self, automation: Automation, secret: str, minutes: int) -> None:
        """Rotates the secret as an earlier release of Runledger did: the row names only the version
        of the old secret, and the new secret gets the label AWSCURRENT."""
        name = f"runledger/webhooks/{automation.id}"
        manager = self.engine.secrets_manager
        replaced = manager.get_secret_value(SecretId=name)["VersionId"]
        now = self.engine.clock()
        rotation = {
            "previous_version": replaced,
            "valid_until": now + minutes * MINUTE,
            "begun_at": now,
        }
        manager.put_secret_value(SecretId=name, SecretString=secret)
        self._change(automation, rotation=rotation)

    def _change(self, automation: Automation, remove: str = "", **values: Any) -> None:
        (row,) = (each for each in self.engine.rows() if each["sk"] == automation.id)
        row.pop(remove, None)
        self.engine.table.put({**row, **values})


@pytest.fixture
def hooks(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    made = Hooks(engine)
    get = engine.secrets_manager.get_secret_value

    def counted(**request: Any) -> Any:
        made.reads[request["SecretId"]] += 1
        return get(**request)

    monkeypatch.setattr(engine.secrets_manager, "get_secret_value", counted)
    yield made


# ── the address and the keys of a draft ─────────────────────────────────────────────────────────


def test_a_draft_with_a_webhook_has_its_address(hooks: Hooks) -> None:
    draft = hooks.draft(**GITHUB)
    webhook = hooks.webhook(draft)
    assert webhook.url == f"{PUBLIC_URL}/v1/webhooks/in/{draft.webhook_token}"
    assert (webhook.preset, webhook.signed, webhook.has_secret) == ("GITHUB", True, False)
    target = hooks.engine.stores.automations.by_webhook_token(draft.webhook_token or "")
    assert target is not None and target.automation_id == draft.id
    # The activation and later drafts keep it.
    hooks.engine.activations.activate(hooks.engine.workspace_id, draft.id, BY)
    assert hooks.save(draft, **STRIPE).webhook_token == draft.webhook_token
    assert hooks.webhook(draft).url == webhook.url


def test_a_draft_gets_its_address_when_it_gets_a_webhook(hooks: Hooks) -> None:
    draft = hooks.draft(triggerType="MANUAL")
    assert (draft.webhook_token, hooks.webhook(draft)) == (None, None)
    saved = hooks.save(draft)
    assert saved.webhook_token is not None
    assert hooks.row(draft).webhook_token == saved.webhook_token
    target = hooks.engine.stores.automations.by_webhook_token(saved.webhook_token)
    assert target is not None and target.automation_id == draft.id


def test_an_activation_that_read_the_row_before_the_address_existed_is_refused(
    hooks: Hooks,
) -> None:
    draft = hooks.draft(triggerType="MANUAL")
    store = hooks.engine.stores.automations
    stale = store.get(hooks.engine.workspace_id, draft.id)
    hooks.save(draft)
    mine = stale.changed(status=AutomationStatus.ACTIVE, webhook_token="t" * 30)
    with pytest.raises(ConflictError):
        store.activate(stale, mine)
    assert store.by_webhook_token("t" * 30) is None


def test_the_keys_of_a_draft_can_be_set(hooks: Hooks) -> None:
    draft = hooks.draft(**META)
    hooks.set(draft, secret="the app's secret", verifyToken="a verify token")
    keys = hooks.keys(draft)
    assert (keys.secrets, keys.verify_token) == (("the app's secret",), "a verify token")
    webhook = hooks.webhook(draft)
    assert (webhook.has_secret, webhook.has_verify_token, webhook.has_public_key) == (
        True,
        True,
        False,
    )
    assert hooks.row(draft).status is AutomationStatus.DRAFT


# ── who makes a key ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("trigger", "prefix"),
    [
        (SIGNED, ""),
        (GITHUB, ""),
        (
            {
                "source": {
                    "preset": "CUSTOM",
                    "verify": {
                        "scheme": "HMAC",
                        "header": "X-Signature",
                        "secretEncoding": "BASE64",
                        "secretPrefix": "key_",
                    },
                }
            },
            "key_",
        ),
    ],
)
def test_a_secret_is_made_where_the_sender_takes_one(
    hooks: Hooks, trigger: dict[str, Any], prefix: str
) -> None:
    draft = hooks.draft(**trigger)
    view = hooks.engine.activations.activate(hooks.engine.workspace_id, draft.id, BY)
    assert view.webhook is not None and view.webhook.secret is not None
    secret = view.webhook.secret
    assert secret.startswith(prefix) and len(secret) == len(prefix) + 48
    assert secret.removeprefix(prefix).isalnum() and secret.isascii()
    assert hooks.keys(draft).secrets == (secret,)
    assert hooks.set(draft).webhook is not None
    assert hooks.keys(draft).secrets[0].startswith(prefix)


@pytest.mark.parametrize(
    ("trigger", "field", "words"),
    [(STRIPE, "secret", "makes its own"), (SENDGRID, "publicKey", "private key")],
)
def test_a_key_of_the_sender_is_not_made_here(
    hooks: Hooks, trigger: dict[str, Any], field: str, words: str
) -> None:
    automation = hooks.active(**trigger)
    assert automation.webhook_keys is None
    assert hooks.keys(automation) == SourceKeys()
    with pytest.raises(InvalidInputError, match=words) as error:
        hooks.set(automation)
    assert error.value.field == field
    warnings = {each.code for each in hooks.engine.automations.view(automation).warnings}
    assert "KEY_NOT_SET" in warnings


def test_a_senders_own_key_is_taken_and_ends_the_warning(hooks: Hooks) -> None:
    for trigger, sent in (
        (STRIPE, {"secret": "whsec_of_stripe"}),
        (SENDGRID, {"publicKey": PUBLIC_KEY}),
    ):
        automation = hooks.active(**trigger)
        shown = hooks.set(automation, **sent)
        assert shown.webhook is not None and shown.webhook.secret is None
        keys = hooks.keys(automation)
        assert [*keys.secrets, *keys.public_keys] == list(sent.values())
        assert "KEY_NOT_SET" not in {each.code for each in shown.warnings}


@pytest.mark.parametrize(
    ("trigger", "sent", "field"),
    [
        (SENDGRID, {"publicKey": "not a key at all"}, "publicKey"),
        (SENDGRID, {"secret": "a secret of SendGrid"}, "secret"),
        (STRIPE, {"publicKey": PUBLIC_KEY}, "publicKey"),
        (STRIPE, {"verifyToken": "a verify token"}, "verifyToken"),
        (SVIX, {"secret": "whsec_this is not Base64"}, "secret"),
    ],
)
def test_an_unusable_key_is_refused_and_changes_nothing(
    hooks: Hooks, trigger: dict[str, Any], sent: dict[str, str], field: str
) -> None:
    draft = hooks.draft(**trigger)
    with pytest.raises(InvalidInputError) as error:
        hooks.set(draft, **sent)
    assert error.value.field == field
    assert not set(sent.values()) & set(str(error.value).split("'"))
    assert hooks.row(draft).webhook_keys is None


def test_a_key_that_is_left_out_stays(hooks: Hooks) -> None:
    draft = hooks.draft(**META)
    hooks.set(draft, secret="the first secret", verifyToken="a verify token")
    hooks.set(draft, secret="the second secret", overlapMinutes=0)
    keys = hooks.keys(draft)
    assert (keys.secrets, keys.verify_token) == (("the second secret",), "a verify token")
    hooks.set(draft, verifyToken="another token", overlapMinutes=60)
    keys = hooks.keys(draft)
    assert (keys.secrets, keys.verify_token) == (("the second secret",), "another token")


def test_during_an_overlap_both_public_keys_are_accepted(hooks: Hooks) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = generate_private_key(SECP256R1()).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    automation = hooks.active(**SENDGRID)
    hooks.set(automation, publicKey=PUBLIC_KEY)
    hooks.set(automation, publicKey=pem, overlapMinutes=5)
    assert hooks.keys(automation).public_keys == (pem.strip(), PUBLIC_KEY)
    hooks.engine.clock.advance(5 * MINUTE)
    assert hooks.keys(automation).public_keys == (pem.strip(),)


def test_only_a_long_secret_has_a_hint(hooks: Hooks) -> None:
    automation = hooks.active(**STRIPE)
    hooks.set(automation, secret="x" * 19 + "wxyz")
    assert hooks.webhook(automation).secret_hint is None
    hooks.set(automation, secret="x" * 20 + "wxyz")
    assert hooks.webhook(automation).secret_hint == "wxyz"


def test_a_source_without_keys_has_none_to_rotate(hooks: Hooks) -> None:
    sns = {"source": {"preset": "SNS", "topicArn": "arn:aws:sns:eu-central-1:123456789012:orders"}}
    for trigger in ({}, sns, {"triggerType": "MANUAL"}):
        draft = hooks.draft(**trigger)
        with pytest.raises(ConflictError, match="has no signing keys"):
            hooks.set(draft)


# ── AWS's bounds, and the end ───────────────────────────────────────────────────────────────────


def test_too_many_rotations_in_a_day_are_answered_in_our_words(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support.fakes import client_error

    automation = hooks.active(**SIGNED)

    def refuse(**request: Any) -> Any:
        raise client_error("LimitExceededException", "PutSecretValue")

    before = hooks.keys(automation)
    monkeypatch.setattr(hooks.engine.secrets_manager, "put_secret_value", refuse)
    with pytest.raises(ConflictError, match="too often"):
        hooks.set(automation)
    assert hooks.keys(automation) == before


def test_the_keys_of_an_archived_automation_are_deleted_after_its_last_run(hooks: Hooks) -> None:
    engine = hooks.engine
    archived, other = hooks.active(**SIGNED), hooks.active(**SIGNED)
    engine.stopping.stop(engine.workspace_id, archived.id, AutomationStatus.ARCHIVED, BY)
    assert hooks.keys(archived) == SourceKeys()
    webhook = hooks.webhook(archived)
    assert (webhook.has_secret, webhook.secret_hint) == (False, None)
    with pytest.raises(ConflictError):
        hooks.set(archived, secret="a secret that comes late")
    for _ in range(4):
        engine.clock.advance(MINUTE)
        engine.due_work.settle_due(10)
    assert hooks.row(archived).drain is None
    names = [each["Name"] for each in engine.secrets_manager.list_secrets()["SecretList"]]
    assert names == [f"runledger/webhooks/{other.id}"]
    assert hooks.keys(archived) == SourceKeys()


def test_a_paused_automation_keeps_its_keys(hooks: Hooks) -> None:
    engine = hooks.engine
    automation = hooks.active(**SIGNED)
    before = hooks.keys(automation)
    engine.stopping.stop(engine.workspace_id, automation.id, AutomationStatus.PAUSED, BY)
    for _ in range(4):
        engine.clock.advance(MINUTE)
        engine.due_work.settle_due(10)
    engine.signing_keys.cached.clear()
    assert hooks.keys(automation) == before


def test_a_stored_value_is_json_with_every_key(hooks: Hooks) -> None:
    draft = hooks.draft(**META)
    hooks.set(draft, secret="the app's secret", verifyToken="a verify token")
    stored = hooks.engine.secrets_manager.get_secret_value(
        SecretId=f"runledger/webhooks/{draft.id}"
    )
    assert json.loads(stored["SecretString"]) == {
        "secret": "the app's secret",
        "public_key": None,
        "verify_token": "a verify token",
    }

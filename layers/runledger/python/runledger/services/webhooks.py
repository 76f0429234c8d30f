"""Receiving webhooks: from a token and bytes to a PENDING run, or a clear refusal."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.clock import MINUTE, Clock
from runledger.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PayloadTooLargeError,
    RateLimitedError,
    UnauthorizedError,
)
from runledger.json_body import parse_json, require_json
from runledger.models.automation import AutomationStatus
from runledger.models.run import TriggerType
from runledger.nodes.trigger import WebhookTrigger
from runledger.services.open_run import MAX_BODY_BYTES, Opened, TriggerFacts

if TYPE_CHECKING:
    from collections.abc import Callable

    from runledger.models.automation import Automation
    from runledger.models.contact import Contact
    from runledger.services.contacts import Contacts
    from runledger.services.open_run import Opener
    from runledger.store.automations import AutomationStore
    from runledger.store.rates import RateStore

MAX_KEY_CHARACTERS = 255
_INDEX = re.compile(r"[0-9]{1,6}")
SIGNATURE_HEADER = "x-runledger-signature"
IDEMPOTENCY_HEADER = "idempotency-key"


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """One HTTP request; header names in lower case, `source` the caller's address."""

    token: str
    headers: Mapping[str, str]
    body: bytes
    source: str


@dataclass(frozen=True, slots=True)
class Webhooks:
    """`signing_secret` reads the signing secret of an automation."""

    automations: "AutomationStore"
    contacts: "Contacts"
    opener: "Opener"
    rates: "RateStore"
    signing_secret: "Callable[[str], str]"
    clock: Clock

    def receive(self, event: InboundEvent) -> Opened:
        """NotFoundError for an unknown token, then what the caller may know of the automation
        behind a known one: RateLimitedError, UnauthorizedError, ConflictError (inactive),
        PayloadTooLargeError, UnsupportedMediaTypeError, InvalidInputError."""
        automation = self._automation(event.token)
        active = automation.active
        if automation.status is not AutomationStatus.ACTIVE or active is None:
            raise ConflictError(
                f"the automation is {automation.status}, so it takes no events",
                status=automation.status.value,
            )
        trigger = WebhookTrigger.model_validate(active.trigger)
        self._limit(event, trigger)
        if len(event.body) > MAX_BODY_BYTES:
            raise PayloadTooLargeError(f"the body is over {MAX_BODY_BYTES} bytes")
        if trigger.signed:
            self._verify(event, automation)
        payload = _parse(event)
        key = _dedupe_key(event, trigger, payload)
        contact = self._contact(automation.workspace_id, trigger, payload)
        facts = TriggerFacts(
            type=TriggerType.WEBHOOK,
            details={"source": event.source, "dedupeKey": key},
            body=payload,
            dedupe_key=key,
            source=event.source,
        )
        return self.opener.open(automation, contact, facts)

    def _automation(self, token: str) -> "Automation":
        target = self.automations.by_webhook_token(token)
        if target is None:
            raise NotFoundError("there is no such webhook")
        # Read eventually: the trigger state asks again, consistently, before anything runs.
        return self.automations.get(target.workspace_id, target.automation_id, consistent=False)

    def _limit(self, event: InboundEvent, trigger: WebhookTrigger) -> None:
        now = self.clock()
        minute = now // MINUTE
        limit = trigger.rate_limit_per_minute
        if self.rates.count(event.token, event.source, minute) > limit:
            left = (minute + 1) * MINUTE - now
            raise RateLimitedError(
                f"more than {limit} events in a minute from {event.source}",
                retry_after=max(1, -(-left // 1_000)),
            )

    def _verify(self, event: InboundEvent, automation: "Automation") -> None:
        given = event.headers.get(SIGNATURE_HEADER, "")
        secret = self.signing_secret(automation.id)
        expected = "sha256=" + hmac.new(secret.encode(), event.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise UnauthorizedError("X-Runledger-Signature is missing or does not match the body")

    def _contact(
        self, workspace_id: str, trigger: WebhookTrigger, payload: dict[str, Any]
    ) -> "Contact | None":
        lookup = trigger.contact_lookup
        if lookup is None:
            return None
        value = value_at(payload, lookup.path)
        if not isinstance(value, str) or not value.strip():
            raise InvalidInputError(
                f"the payload has no text at {lookup.path}, where the contact's {lookup.by} "
                "is expected",
                field=lookup.path,
            )
        try:
            if trigger.create_if_missing:
                return self.contacts.find_or_create(workspace_id, lookup.by, value)
            found = self.contacts.find(workspace_id, lookup.by, value)
        except ValueError as error:
            raise InvalidInputError(
                f"{lookup.path} is not a valid {lookup.by}: {error}", field=lookup.path
            ) from error
        if found is None:
            raise InvalidInputError(
                f"no contact has this {lookup.by}, and the trigger creates none", field=lookup.path
            )
        return found


def _parse(event: InboundEvent) -> dict[str, Any]:
    require_json(event.headers.get("content-type", ""))
    payload = parse_json(event.body)
    if not isinstance(payload, dict):
        raise InvalidInputError("the body is JSON, but not an object")
    return payload


def _dedupe_key(
    event: InboundEvent, trigger: WebhookTrigger, payload: dict[str, Any]
) -> str | None:
    """The header wins, as the caller of one request knows best; both name spaces are apart."""
    given = event.headers.get(IDEMPOTENCY_HEADER)
    if given is not None:
        if not given.strip() or len(given) > MAX_KEY_CHARACTERS:
            raise InvalidInputError(
                f"Idempotency-Key has 1 to {MAX_KEY_CHARACTERS} characters",
                field="Idempotency-Key",
            )
        return f"header:{given.strip()}"
    if trigger.dedupe_path is None:
        return None
    value = value_at(payload, trigger.dedupe_path)
    if not isinstance(value, (str, int, float)) or isinstance(value, bool) or value == "":
        raise InvalidInputError(
            f"the payload has no text or number at {trigger.dedupe_path}, which tells events apart",
            field=trigger.dedupe_path,
        )
    if isinstance(value, float) and value.is_integer():
        # 1 and 1.0 are one number to whoever sent them.
        value = int(value)
    return f"path:{value}"


def value_at(payload: Any, path: str) -> Any:
    """The value at a dotted path (digits index lists), or None."""
    value = payload
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and _INDEX.fullmatch(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value

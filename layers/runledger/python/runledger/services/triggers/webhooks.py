"""Receives webhooks: from a token and bytes to a PENDING run, or a clear refusal."""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from runledger.charsets import require_whole
from runledger.clock import MINUTE, Clock
from runledger.errors import (
    ConflictError,
    InvalidInputError,
    NoContactError,
    NotFoundError,
    PayloadTooLargeError,
    RateLimitedError,
    RunledgerError,
    TransientError,
    UnauthorizedError,
    UnsupportedMediaTypeError,
)
from runledger.json_body import parse_json, require_json
from runledger.models.event import Event
from runledger.models.refusal import RefusalReason
from runledger.models.run import TriggerType
from runledger.nodes.trigger import DateTrigger, TriggerConfig, WebhookPayloadDate
from runledger.nodes.webhook_intake import WebhookIntake
from runledger.paths import read
from runledger.services.triggers.event_dates import event_date
from runledger.services.triggers.kept_requests import kept_event
from runledger.services.triggers.open_run import (
    MAX_BODY_BYTES,
    OpenedRun,
    RunRequest,
    require_active,
)
from runledger.services.triggers.refusals import RefusedEvent
from runledger.sources.base import Received

if TYPE_CHECKING:
    from collections.abc import Callable

    from runledger.models.automation import Automation
    from runledger.models.contact import ContactIdentity
    from runledger.models.kept_event import KeptEvent
    from runledger.services.contacts.contacts import Contacts
    from runledger.services.in_parallel import Gather
    from runledger.services.triggers.open_run import RunOpener
    from runledger.sources.base import SourceKeys
    from runledger.store.automations import AutomationStore
    from runledger.store.rates import RateStore

MAX_KEY_CHARACTERS = 255
_SITE_BITS = 64
_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
SIGNATURE_HEADER = "x-runledger-signature"
IDEMPOTENCY_HEADER = "idempotency-key"


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One HTTP request. Header names are lower case; `source` is the caller's address."""

    token: str
    headers: Mapping[str, str]
    body: bytes
    source: str


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Receives webhooks. `signing_keys` returns the keys that are valid for an automation."""

    automations: "AutomationStore"
    contacts: "Contacts"
    opener: "RunOpener"
    rates: "RateStore"
    signing_keys: "Callable[[Automation], SourceKeys]"
    gather: "Gather"
    clock: Clock

    def receive(self, request: WebhookRequest) -> OpenedRun:
        """Opens the run of a webhook. Raises NotFoundError for an unknown token.

        For a known token, raises RateLimitedError, ConflictError (inactive), PayloadTooLargeError,
        UnauthorizedError, UnsupportedMediaTypeError or InvalidInputError. A request with a known
        token that opened no run leaves a refusal."""
        automation, count = self._look_up(request)
        trigger = _trigger(automation)
        kind = trigger.kind if trigger.intake else TriggerType.WEBHOOK
        try:
            intake = self._admit(request, automation, trigger, count)
        except _COUNTED as error:
            self.opener.refusals.tally(automation, _refused(request, kind, error))
            raise
        try:
            contact, run_request = self._read(request, automation, trigger, intake)
        except _RECORDED as error:
            refused = replace(_refused(request, kind, error), event=self._kept(request))
            self.opener.refusals.record(automation, refused)
            raise
        return self.opener.open(
            automation, contact, replace(run_request, kept=lambda: self._kept(request))
        )

    def replay(
        self, automation: "Automation", event: "KeptEvent", key: str, refusal_id: str
    ) -> list[OpenedRun]:
        """Sends a kept event through the trigger of an automation's active version, without checks
        of signature and rate. An event without a key of its own gets `key`, so a repeat finds the
        same runs; `key` also identifies the refusal that it may leave.

        Raises ConflictError, UnsupportedMediaTypeError or InvalidInputError if the event is refused
        again."""
        request = WebhookRequest("", event.headers, event.body, event.source)
        trigger = _trigger(automation)
        intake = trigger.intake
        if intake is None:
            raise ConflictError("the automation's active version has no webhook trigger")
        try:
            contact, read_request = self._read(request, automation, trigger, intake)
        except _RECORDED as error:
            refused = replace(_refused(request, trigger.kind, error), event=event, event_key=key)
            self.opener.refusals.record(automation, refused)
            raise
        details = {**read_request.event.details, "replayOf": refusal_id}
        run_request = replace(
            read_request,
            event=read_request.event.changed(details=details),
            dedupe_key=read_request.dedupe_key or key,
            may_repeat=True,
            kept=lambda: event,
            refusal_key=key,
        )
        return [self.opener.open(automation, contact, run_request)]

    def _kept(self, request: WebhookRequest) -> "KeptEvent":
        received = Received("POST", "", request.headers, {}, request.body, self.clock())
        return kept_event(received, source=request.source)

    def _admit(
        self,
        request: WebhookRequest,
        automation: "Automation",
        trigger: TriggerConfig,
        count: int,
    ) -> WebhookIntake:
        """Refuses requests before their body is read, because a stranger can send any number of
        them. The rate limit comes first, so it also holds for a paused automation."""
        intake = trigger.intake
        self._limit(request, intake or WebhookIntake(), count)
        require_active(automation)
        if intake is None:
            raise ConflictError("the automation's active version has no webhook trigger")
        if len(request.body) > MAX_BODY_BYTES:
            raise PayloadTooLargeError(f"the body must be at most {MAX_BODY_BYTES} bytes")
        if intake.signed:
            self._verify(request, automation)
        return intake

    def _read(
        self,
        request: WebhookRequest,
        automation: "Automation",
        trigger: TriggerConfig,
        intake: WebhookIntake,
    ) -> "tuple[ContactIdentity | None, RunRequest]":
        body = _parse(request)
        key, must_match = _dedupe_key(request, intake, body)
        details: dict[str, Any] = {"source": request.source, "dedupeKey": key}
        scheduled_for = None
        if isinstance(trigger, DateTrigger) and isinstance(intake, WebhookPayloadDate):
            value = read(body, intake.path)
            day, scheduled_for = event_date(trigger, intake.path, value, self.clock())
            details["date"] = day.isoformat()
        # Last, because it may create a contact.
        contact = self._contact(automation.workspace_id, intake, body)
        return contact, RunRequest(
            Event(trigger_type=trigger.kind, details=details, body=body),
            dedupe_key=key,
            scheduled_for=scheduled_for,
            source=request.source,
            must_match=must_match,
        )

    def _look_up(self, request: WebhookRequest) -> "tuple[Automation, int]":
        """Reads the automation of the token, and counts the event. Returns both: how many events of
        this source came in this minute."""
        target = self.automations.by_webhook_token(request.token)
        if target is None:
            raise NotFoundError("no automation has this webhook token; check the URL")
        minute = self.clock() // MINUTE
        source = rated_source(request.source)
        automation: Automation | None = None
        count = 0

        def read_automation() -> None:
            nonlocal automation
            # Read consistently, because the row says which keys are valid.
            automation = self.automations.get(target.workspace_id, target.automation_id)

        def count_event() -> None:
            nonlocal count
            count = self.rates.count(target.automation_id, source, minute)

        try:
            self.gather([read_automation, count_event])
        except NotFoundError as error:
            # Automations are never deleted, so this read was too early.
            raise TransientError("the webhook is not ready yet; send the event again") from error
        assert automation is not None
        return automation, count

    def _limit(self, request: WebhookRequest, intake: WebhookIntake, count: int) -> None:
        limit = intake.rate_limit_per_minute
        if count > limit:
            left = MINUTE - self.clock() % MINUTE
            raise RateLimitedError(
                f"more than {limit} events in one minute from {rated_source(request.source)}; "
                "send the event again later",
                retry_after=max(1, -(-left // 1_000)),
            )

    def _verify(self, request: WebhookRequest, automation: "Automation") -> None:
        given = request.headers.get(SIGNATURE_HEADER, "")
        # Read the secret only if the header looks like a signature.
        if _SIGNATURE.fullmatch(given) and any(
            _is_signed(request.body, given, secret)
            for secret in self.signing_keys(automation).secrets
        ):
            return
        raise UnauthorizedError(
            "X-Runledger-Signature is missing or does not match the body; sign the exact bytes "
            "with the automation's signing secret"
        )

    def _contact(
        self, workspace_id: str, intake: WebhookIntake, body: dict[str, Any]
    ) -> "ContactIdentity | None":
        lookup = intake.contact_lookup
        if lookup is None:
            return None
        value = lookup.read(body)
        if not isinstance(value, str) or not value.strip():
            raise InvalidInputError(
                f"the payload has no text at {lookup.path}, which should be the contact's "
                f"{lookup.by}",
                field=lookup.path,
            )
        try:
            if intake.create_if_missing:
                return self.contacts.identify_or_create(workspace_id, lookup.by, value, lookup.name)
            found = self.contacts.identify(workspace_id, lookup.by, value, lookup.name)
        except ValueError as error:
            fault = f"{lookup.path} is not a valid {lookup.by}"
            raise InvalidInputError(f"{fault}: {error}", field=lookup.path, kept=fault) from error
        except ConflictError as error:
            # The contact was created and deleted between two reads. The event itself is valid.
            raise TransientError("the contact is being changed; send the event again") from error
        if found is None:
            raise NoContactError(
                f"no contact has this {lookup.by}, and the trigger does not create contacts",
                field=lookup.path,
                kept=(
                    f"no contact has the {lookup.by} at {lookup.path}, and the trigger does "
                    "not create contacts"
                ),
            )
        return found


def _is_signed(body: bytes, given: str, secret: str) -> bool:
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(given, expected)


# Count what a stranger can cause without limit. Record one by one what needs a valid event.
_COUNTED = (RateLimitedError, ConflictError, PayloadTooLargeError, UnauthorizedError)
_RECORDED = (InvalidInputError, UnsupportedMediaTypeError)
_REASONS: dict[type[RunledgerError], RefusalReason] = {
    RateLimitedError: RefusalReason.RATE_LIMITED,
    ConflictError: RefusalReason.INACTIVE,
    PayloadTooLargeError: RefusalReason.INVALID_PAYLOAD,
    UnauthorizedError: RefusalReason.BAD_SIGNATURE,
    NoContactError: RefusalReason.NO_CONTACT,
}


def rated_source(address: str) -> str:
    """Returns the key of the rate limit: an IPv4 address, or the smallest network of one customer.

    For IPv6 that is a /64 (RFC 6177, section 2), because one sender can use any address in it. An
    IPv4 address written as IPv6 (RFC 4291, section 2.5.5.2) counts as IPv4."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed), _SITE_BITS), strict=False))


def _refused(request: WebhookRequest, kind: TriggerType, error: RunledgerError) -> RefusedEvent:
    return RefusedEvent(
        trigger_type=kind,
        reason=_REASONS.get(type(error), RefusalReason.INVALID_PAYLOAD),
        message=error.kept if isinstance(error, InvalidInputError) else str(error),
        source=request.source,
    )


def _trigger(automation: "Automation") -> TriggerConfig:
    """Returns the active version's trigger. If there is none, returns MANUAL, which accepts no
    events."""
    active = automation.active
    by_hand = {TriggerConfig.discriminator: TriggerType.MANUAL.value}
    return TriggerConfig.model_validate(active.trigger if active else by_hand)


def _parse(request: WebhookRequest) -> dict[str, Any]:
    content_type = request.headers.get("content-type", "")
    require_json(content_type)
    require_whole(request.body, request.headers)
    body = parse_json(request.body, content_type)
    if not isinstance(body, dict):
        raise InvalidInputError("the body must be a JSON object")
    return body


def _dedupe_key(
    request: WebhookRequest, intake: WebhookIntake, body: dict[str, Any]
) -> tuple[str | None, bool]:
    """Returns the key of the event, and whether the sender chose it freely. Then the same key with
    another body is a mistake.

    For a signed body, the key comes from the body. Headers are not signed, so an attacker could
    send a captured body again under another key. Each kind of key has its own prefix."""
    if intake.dedupe == "OFF":
        return None, False
    if intake.dedupe_path is not None:
        return _path_key(intake.dedupe_path, body), False
    if intake.signed:
        return f"digest:{hashlib.sha256(request.body).hexdigest()}", False
    given = request.headers.get(IDEMPOTENCY_HEADER)
    if given is None:
        return None, False
    if not given.strip() or len(given) > MAX_KEY_CHARACTERS:
        raise InvalidInputError(
            f"Idempotency-Key must have 1 to {MAX_KEY_CHARACTERS} characters",
            field="Idempotency-Key",
        )
    return f"header:{given.strip()}", True


def _path_key(path: str, body: dict[str, Any]) -> str:
    value = read(body, path)
    if not isinstance(value, (str, int, float)) or isinstance(value, bool) or value == "":
        raise InvalidInputError(
            f"the payload has no text or number at {path}, which should identify the event",
            field=path,
        )
    if isinstance(value, float) and value.is_integer():
        # 1 and 1.0 are the same number to their sender; "1" is the same id, written as text.
        value = int(value)
    return f"path:{value}"

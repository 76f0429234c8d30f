"""Answers what senders ask before they send events: whether the address is ours and wants them.

A handshake opens no run. The draft's sender gets answers, too, so a handshake works before the
automation is active. Signed handshakes are verified first.

| handshake | request | answer |
|---|---|---|
| SLACK | POST `{"type": "url_verification", "challenge"}` | the challenge as text/plain |
| META | GET `hub.mode=subscribe` with the right `hub.verify_token` | `hub.challenge` |
| SNS | POST SubscriptionConfirmation, signed | 200, after SubscribeURL was fetched from Amazon |
| CLOUDEVENTS | OPTIONS with WebHook-Request-Origin | WebHook-Allowed-Origin and -Rate |
| MICROSOFT | POST `?validationToken=…` | the token as text/plain |
| DISCORD | POST `{"type": 1}`, signed | `{"type": 1}` |
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from runledger.errors import (
    InvalidInputError,
    NodeError,
    SignatureRefusedError,
    TransientError,
)
from runledger.json_body import parse_json
from runledger.models.automation import AutomationStatus
from runledger.nodes.egress import EgressRule
from runledger.nodes.source_config import Handshake
from runledger.nodes.tools import HttpRequest
from runledger.sources.base import Answer
from runledger.sources.registry import source_of
from runledger.sources.schemes.certificates import require_amazon
from runledger.sources.schemes.refusing import is_equal

if TYPE_CHECKING:
    from runledger.nodes.tools import HttpCaller
    from runledger.nodes.webhook_intake import WebhookIntake
    from runledger.services.triggers.proving import Prover
    from runledger.services.triggers.webhook_targets import Target, WebhookTargets
    from runledger.sources.base import Received

_MAX_BODY_BYTES = 20_000
_MAX_CHALLENGE_CHARACTERS = 4_000
_PLAIN = "text/plain; charset=utf-8"
# A challenge is shown to nobody, whatever a browser thinks that it is.
_NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}
# A DNS name, with wildcards (CloudEvents HTTP Web Hooks, section 4.1.1).
_ORIGIN = re.compile(r"[A-Za-z0-9.*:-]{1,255}")
_DISCORD_PING = 1
_SNS_TYPES = frozenset({"SubscriptionConfirmation", "UnsubscribeConfirmation"})
_CONFIRM_SECONDS = 3.0


def looks_like_handshake(received: "Received") -> bool:
    """Whether a request may be a handshake of any sender. Reads nothing but the request."""
    return any(each(received) for each in _SIGNS.values())


@dataclass(frozen=True, slots=True)
class Handshakes:
    """Answers handshakes. `http` calls only public addresses. It ignores the operator's list of
    hosts with private addresses that nodes may call."""

    targets: "WebhookTargets"
    prover: "Prover"
    http: "Callable[[], HttpCaller]"

    def answer(self, live: "Target", received: "Received") -> Answer | None:
        """Returns the answer to a handshake, or None if the request is not a handshake of the
        sender that the active version or the draft names.

        Raises SignatureRefusedError if the handshake must be signed and its signature is wrong, and
        TransientError if the confirmation could not be sent."""
        for target in self._candidates(live):
            intake = target.intake
            if intake is None:
                continue
            for handshake in source_of(intake).handshakes:
                if _SIGNS[handshake](received):
                    return self._answer(handshake, target, intake, received)
        return None

    def _candidates(self, live: "Target") -> "list[Target]":
        automation = live.automation
        if automation.status is AutomationStatus.ARCHIVED:
            return []
        if automation.draft_revision == automation.active_revision:
            return [live]
        # The draft's sender may be another one than the active version's.
        return [live, self.targets.draft(automation)]

    def _answer(
        self, handshake: Handshake, target: "Target", intake: "WebhookIntake", received: "Received"
    ) -> Answer:
        match handshake:
            case Handshake.SLACK:
                return _echo(_document(received).get("challenge"))
            case Handshake.MICROSOFT:
                return _echo(received.query["validationToken"])
            case Handshake.META:
                self._check_verify_token(target, intake, received)
                return _echo(received.query["hub.challenge"])
            case Handshake.CLOUDEVENTS:
                return _allowed(intake, received)
            case Handshake.DISCORD:
                self.prover.prove(received, target.automation, intake)
                return Answer(200, body='{"type": 1}')
            case Handshake.SNS:
                self.prover.prove(received, target.automation, intake)
                return self._confirm(_document(received))

    def _check_verify_token(
        self, target: "Target", intake: "WebhookIntake", received: "Received"
    ) -> None:
        source = source_of(intake)
        wanted = self.prover.keys(target.automation, source).verify_token
        if not wanted:
            _refuse(f"{source.facts.title}: no verify token is set")
        if not is_equal(received.query["hub.verify_token"], wanted):
            _refuse(f"{source.facts.title}: the verify token does not match")

    def _confirm(self, message: dict[str, Any]) -> Answer:
        """Confirms a subscription. The message's signature was verified before. The end of a
        subscription needs no confirmation."""
        if message.get("Type") != "SubscriptionConfirmation":
            return Answer(200)
        request = HttpRequest(
            method="GET",
            url=str(message.get("SubscribeURL")),
            headers={},
            body=None,
            timeout_seconds=_CONFIRM_SECONDS,
            egress=EgressRule(check=require_amazon),
        )
        later = "the subscription could not be confirmed; send the message again"
        try:
            answer = self.http().call(request)
        except NodeError as error:
            if error.kind in ("HOST_NOT_ALLOWED", "INVALID_URL"):
                _refuse("Amazon SNS: SubscribeURL is not an address of Amazon SNS", error)
            raise TransientError(later, str(error)) from error
        if answer.status != 200:
            raise TransientError(later, f"SubscribeURL answered {answer.status}")
        return Answer(200)


def _is_slack(received: "Received") -> bool:
    return (
        received.method == "POST"
        and b"url_verification" in received.body
        and _document(received).get("type") == "url_verification"
    )


def _is_meta(received: "Received") -> bool:
    wanted = ("hub.mode", "hub.challenge", "hub.verify_token")
    return (
        received.method == "GET"
        and all(name in received.query for name in wanted)
        and received.query["hub.mode"] == "subscribe"
    )


def _is_sns(received: "Received") -> bool:
    # The type in the body is signed, the one in the header is not.
    return (
        received.method == "POST"
        and b"SubscribeURL" in received.body
        and _document(received).get("Type") in _SNS_TYPES
    )


def _is_cloud_events(received: "Received") -> bool:
    origin = received.headers.get("webhook-request-origin", "")
    return received.method == "OPTIONS" and _ORIGIN.fullmatch(origin.strip()) is not None


def _is_microsoft(received: "Received") -> bool:
    return received.method == "POST" and bool(received.query.get("validationToken"))


def _is_discord(received: "Received") -> bool:
    if received.method != "POST" or "x-signature-ed25519" not in received.headers:
        return False
    kind = _document(received).get("type")
    return isinstance(kind, int) and kind == _DISCORD_PING


_SIGNS: dict[Handshake, Callable[["Received"], bool]] = {
    Handshake.SLACK: _is_slack,
    Handshake.META: _is_meta,
    Handshake.SNS: _is_sns,
    Handshake.CLOUDEVENTS: _is_cloud_events,
    Handshake.MICROSOFT: _is_microsoft,
    Handshake.DISCORD: _is_discord,
}


def _document(received: "Received") -> dict[str, Any]:
    """Returns the body as a JSON object. Returns an empty object if the body is too large or not a
    JSON object."""
    if len(received.body) > _MAX_BODY_BYTES:
        return {}
    try:
        document = parse_json(received.body)
    except InvalidInputError:
        return {}
    return document if isinstance(document, dict) else {}


def _echo(challenge: object) -> Answer:
    if not isinstance(challenge, str) or not 0 < len(challenge) <= _MAX_CHALLENGE_CHARACTERS:
        raise InvalidInputError(
            f"a challenge must be a text of 1 to {_MAX_CHALLENGE_CHARACTERS} characters",
            field="challenge",
        )
    return Answer(200, _PLAIN, challenge, _NO_SNIFFING)


def _allowed(intake: "WebhookIntake", received: "Received") -> Answer:
    """Returns the answer that permits a sender to send events, as in CloudEvents' HTTP Web Hooks,
    section 4.2."""
    headers = {
        "Allow": "POST",
        "WebHook-Allowed-Origin": received.headers["webhook-request-origin"].strip(),
        "WebHook-Allowed-Rate": str(intake.rate_limit_per_minute),
    }
    return Answer(200, headers=headers)


def _refuse(kept: str, cause: Exception | None = None) -> NoReturn:
    raise SignatureRefusedError("the sender could not be verified", kept) from cause

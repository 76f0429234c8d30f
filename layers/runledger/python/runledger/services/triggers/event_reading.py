"""Reads an admitted event: from bytes to the events that may each open a run.

The order is format, split, filter, key. Nothing is stored before the filter has decided, and the
contact is looked for only after that.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from runledger.clock import iso
from runledger.errors import InvalidInputError, RunledgerError
from runledger.models.event import MAX_EVENT_BYTES, Event, EventFacts, event_scope
from runledger.models.kept_event import KeptProof
from runledger.nodes.trigger import DateTrigger, WebhookPayloadDate
from runledger.paths import read
from runledger.redaction import is_credential_name
from runledger.services.triggers.event_dates import event_date
from runledger.services.triggers.event_keys import EventKey, digest_of, path_key, request_key
from runledger.services.triggers.filtering import holds
from runledger.services.triggers.open_run import RunRequest
from runledger.services.triggers.proving import token_header
from runledger.sources.base import Parsed, Proof
from runledger.sources.parsing import MAX_SPLIT_BYTES, read_event, trigger_body
from runledger.sources.registry import source_of
from runledger.sources.splitting import Element, elements

if TYPE_CHECKING:
    from collections.abc import Callable

    from runledger.nodes.webhook_intake import WebhookIntake
    from runledger.services.triggers.admitted_event import AdmittedEvent
    from runledger.sources.source import Source


@dataclass(frozen=True, slots=True)
class EventPart:
    """One event that may open one run: the whole event of a request, or an element of a split
    event. If `request` is None, it opens no run: `fault` says why, or, if `fault` is None too, the
    filter ignores it."""

    index: int
    request: RunRequest | None = None
    fault: RunledgerError | None = None


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """The events of a request. `facts` are those of the request as a whole, and `key` deduplicates
    it."""

    parts: tuple[EventPart, ...]
    facts: EventFacts
    is_split: bool = False
    key: str | None = None


class EventReader:
    """Reads one event for the trigger that receives it."""

    def __init__(self, admitted: "AdmittedEvent", intake: "WebhookIntake") -> None:
        self._admitted = admitted
        self._received = admitted.received
        self._intake = intake
        self._source: Source = source_of(intake)
        proof = admitted.proof or KeptProof()
        self._signed_digest = proof.signed_digest
        self._proof = Proof(event_id=proof.event_id, covers_body=proof.covers_body)

    def read(self) -> ReadEvent:
        """Returns the request's event, or the elements of a split one. Raises PayloadTooLargeError,
        UnsupportedMediaTypeError or InvalidInputError for an event that cannot be read. An element
        that cannot be read is returned with its `fault` instead."""
        split = self._intake.split
        most = MAX_EVENT_BYTES if split is None else MAX_SPLIT_BYTES
        parsed = read_event(self._received, self._intake.preset, most=most)
        facts = self._facts(parsed)
        if split is None:
            part = self._part(0, parsed.document, facts, lambda: self._request_key(parsed))
            return ReadEvent((part,), facts)
        key = self._request_key(parsed)
        found = elements(
            parsed.document, split, self._intake.split_id, key.value, batch=parsed.batch
        )
        parts = tuple(self._element(each, facts, key) for each in found)
        return ReadEvent(parts, facts, is_split=True, key=key.value)

    def _request_key(self, parsed: Parsed) -> EventKey:
        of_event = (self._received, parsed.document, parsed, self._proof)
        key = request_key(
            self._intake,
            self._received.headers,
            event_id=self._source.event_id(*of_event),
            is_id_proved=self._source.id_is_proved(*of_event),
            signed_digest=self._signed_digest,
        )
        if key.value is not None:
            return key
        if self._intake.split is not None and self._intake.dedupe == "ON":
            # A split event is repeated as a whole after a fault, and must find its runs.
            return EventKey(f"body:{digest_of(self._received.body)}")
        if self._admitted.replaying is not None:
            return EventKey(self._admitted.replaying.key)
        return key

    def _element(self, element: Element, facts: EventFacts, key: EventKey) -> EventPart:
        if element.fault is not None:
            return EventPart(element.index, fault=element.fault)
        parsed = Parsed(element.document, element.type, element.id)
        own = self._named(parsed)
        known = EventFacts.model_construct(
            headers=facts.headers,
            query=facts.query,
            type=own.type or facts.type,
            id=own.id or facts.id,
        )
        value = None if key.value is None else element.key
        try:
            return self._part(
                element.index, element.document, known, lambda: replace(key, value=value)
            )
        except InvalidInputError as error:
            return EventPart(element.index, fault=error)

    def _part(
        self, index: int, document: Any, facts: EventFacts, key_of: "Callable[[], EventKey]"
    ) -> EventPart:
        """Filters an event, and finds its key and its date."""
        body = trigger_body(document)
        details = {"receivedAt": iso(self._received.received_at), **facts.details()}
        scope = {"trigger": body, "event": event_scope(body, details, None)}
        if self._intake.filter is not None and not holds(self._intake.filter, scope):
            return EventPart(index)
        path = self._intake.dedupe_path
        key = key_of() if path is None else path_key(path, body)
        source = self._admitted.source
        shown = {"source": source, "dedupeKey": key.value, **details}
        scheduled_for = self._scheduled_for(body, shown)
        replaying = self._admitted.replaying
        if replaying is not None:
            shown["replayOf"] = replaying.refusal_id
        is_split = self._intake.split is not None
        request = RunRequest(
            Event(trigger_type=self._admitted.target.kind, details=shown, body=body),
            dedupe_key=key.value,
            scheduled_for=scheduled_for,
            source=source,
            # A repeat of a split event finds every run again, and is no news for the operator.
            may_repeat=is_split or replaying is not None,
            must_match=key.must_match,
            # A split event is kept as a whole, with a refusal of its own.
            kept=None if is_split else self._admitted.kept,
            refusal_key=None if is_split or replaying is None else replaying.key,
        )
        return EventPart(index, request)

    def _scheduled_for(self, body: dict[str, Any], details: dict[str, Any]) -> int | None:
        """Returns the start time of the run if a date in the event sets it, otherwise None. Adds
        that date to `details`."""
        trigger, dated = self._admitted.target.trigger, self._intake
        if not (isinstance(trigger, DateTrigger) and isinstance(dated, WebhookPayloadDate)):
            return None
        value = read(body, dated.path)
        day, moment = event_date(trigger, dated.path, value, self._received.received_at)
        details["date"] = day.isoformat()
        return moment

    def _facts(self, parsed: Parsed) -> EventFacts:
        """Returns the event's type and id, its query, and those of its headers that the source or
        the trigger names, in the spelling used there. Credentials are left out."""
        given = self._received.headers
        hidden = token_header(self._source)
        names = {
            name.lower(): name for name in (*self._source.facts.headers, *self._intake.headers)
        }
        kept = {
            name: given[lower]
            for lower, name in names.items()
            if lower in given and lower != hidden and not is_credential_name(name)
        }
        query = {
            name: value
            for name, value in self._received.query.items()
            if not is_credential_name(name)
        }
        return self._named(parsed).changed(headers=kept, query=query)

    def _named(self, parsed: Parsed) -> EventFacts:
        """Returns the type and the id that the source finds in an event."""
        of_event = (self._received, parsed.document, parsed)
        return EventFacts.model_construct(
            headers={},
            query={},
            type=self._source.event_type(*of_event),
            id=self._source.event_id(*of_event, self._proof),
        )

"""What the product knows about a sender: data for the registry, the console and the docs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from runledger.nodes.source_config import EventPlace, Handshake, Preset


class Outcome(StrEnum):
    """What was done with an event. The answer to its sender depends on it."""

    ACCEPTED = "ACCEPTED"
    IGNORED = "IGNORED"
    REFUSED = "REFUSED"


class EventFormat(StrEnum):
    """A format in which a sender writes its events."""

    JSON = "JSON"
    FORM = "FORM"
    MULTIPART = "MULTIPART"
    TEXT = "TEXT"
    CLOUDEVENTS = "CLOUDEVENTS"


class ChosenBy(StrEnum):
    """Who chooses a key. SENDER: the sender shows the key, and a person enters it in Runledger.
    RUNLEDGER: Runledger makes the key, and a person enters it at the sender."""

    SENDER = "SENDER"
    RUNLEDGER = "RUNLEDGER"


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A value that proves the sender. `name` is the sender's own word for it, `where` its place in
    the sender's settings. `prefix` is how it begins."""

    name: str
    where: str
    chosen_by: ChosenBy
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Properties:
    """The parts of a request that the sender signs."""

    signs_body: bool = False
    signs_timestamp: bool = False
    signs_id: bool = False


# Stands in a sample for an id that no earlier sample had.
SAMPLE_ID = "%ID%"


@dataclass(frozen=True, slots=True)
class Sample:
    """An event as the sender would send it, without its signature. `%ID%` in the body and in the
    headers becomes a new id each time."""

    title: str
    body: str
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContactSuggestion:
    """The contact lookup that fits the sender's usual events."""

    by: Literal["email", "phone", "id", "externalId"]
    path: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """What a sender requires in an answer. None means that our standard value is used."""

    status: int | None = None
    content_type: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True)
class PresetFacts:
    """Everything about a sender that does not depend on one trigger.

    `docs` is the address of the sender's own documentation, if there is one. `steps` say what to do
    in the sender's settings, in the sender's words. `dedupe` says how repeated events are
    recognized. `event_id` and `event_type` list the places where the event's id and type may be;
    the first place with a value counts. `contact`, `split` and `split_id` are suggestions that fit
    the sender's usual events. `headers` are the headers that are worth keeping. `answers` has the
    answers that the sender needs in its own form; for all other outcomes it gets our standard
    answer."""

    preset: Preset
    title: str
    docs: str | None
    steps: tuple[str, ...]
    dedupe: str
    properties: Properties = Properties()
    secret: KeyFacts | None = None
    public_key: KeyFacts | None = None
    verify_token: KeyFacts | None = None
    event_id: tuple[EventPlace, ...] = ()
    event_type: tuple[EventPlace, ...] = ()
    contact: ContactSuggestion | None = None
    split: str | None = None
    split_id: str | None = None
    headers: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()
    answers: Mapping[Outcome, AnswerForm] = field(default_factory=dict)
    handshakes: tuple[Handshake, ...] = ()
    formats: tuple[EventFormat, ...] = (EventFormat.JSON,)
    notes: tuple[str, ...] = ()

"""What the product knows about a sender: data for the registry, the console and the docs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from runledger.nodes.source_config import EventPlace, Handshake, Preset
from runledger.sources.base import Answer


class Outcome(StrEnum):
    """What the product did with an event, as far as its answer is concerned."""

    ACCEPTED = "ACCEPTED"
    IGNORED = "IGNORED"
    REFUSED = "REFUSED"


class Format(StrEnum):
    """A format in which a sender writes its events."""

    JSON = "JSON"
    FORM = "FORM"
    MULTIPART = "MULTIPART"
    TEXT = "TEXT"
    CLOUDEVENTS = "CLOUDEVENTS"


class ChosenBy(StrEnum):
    """Who chooses a key: the sender shows it and we take it, or we make it and the sender takes
    it."""

    SENDER = "SENDER"
    RUNLEDGER = "RUNLEDGER"


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A value that proves the sender. `name` is the sender's own word for it, `where` its place in
    the sender's settings. `prefix` and `encoding` are the form in which we make one."""

    name: str
    where: str
    chosen_by: ChosenBy
    prefix: str = ""
    encoding: Literal["TEXT", "BASE64"] = "TEXT"


@dataclass(frozen=True, slots=True)
class Properties:
    """What a signature covers."""

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

    by: Literal["email", "phone", "id"]
    path: str


@dataclass(frozen=True, slots=True)
class PresetFacts:
    """Everything about a sender that does not depend on one trigger.

    `docs` is the address of the sender's own documentation. `steps` say what to do in the sender's
    settings, in the sender's words. `dedupe` says in a sentence how repeated events are told.
    `event_id` and `event_type` are the places of both, the first one that holds a value counts.
    `headers` are worth keeping. `answers` are those that the sender needs in its own form; for all
    other outcomes it gets ours. `form_field` names the field of a form that holds the event as
    JSON."""

    preset: Preset
    title: str
    docs: str
    steps: tuple[str, ...]
    dedupe: str
    properties: Properties = Properties()
    secret: KeyFacts | None = None
    public_key: KeyFacts | None = None
    verify_token: KeyFacts | None = None
    event_id: tuple[EventPlace, ...] = ()
    event_type: tuple[EventPlace, ...] = ()
    contact: ContactSuggestion | None = None
    headers: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()
    answers: Mapping[Outcome, Answer] = field(default_factory=dict)
    handshakes: tuple[Handshake, ...] = ()
    formats: tuple[Format, ...] = (Format.JSON,)
    form_field: str | None = None
    notes: tuple[str, ...] = ()

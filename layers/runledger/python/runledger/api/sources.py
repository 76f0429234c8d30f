"""The senders of webhooks as the API shows them."""

from typing import Any, Literal

from pydantic import Field

from runledger.models.base import WireModel


class SourceKeyView(WireModel):
    """A key with which a sender's events are verified."""

    name: str = Field(description="The name that the sender uses for this key.")
    where: str = Field(description="Where to find it in the sender's settings.")
    chosen_by: Literal["SENDER", "RUNLEDGER"] = Field(
        description="SENDER: copy it from the sender. RUNLEDGER: it is created here; enter it in "
        "the sender's settings."
    )
    prefix: str = Field(description="The first characters of the secret; may be empty.")


class EventPlaceView(WireModel):
    """The place of a value in an event: a header, a query parameter, or a path in the body."""

    header: str | None = Field(description="A header.")
    query: str | None = Field(description="A query parameter.")
    path: str | None = Field(description="A path in the body.")


class SignedPartsView(WireModel):
    """What a signature covers."""

    body: bool = Field(description="Whether the body is signed.")
    timestamp: bool = Field(description="Whether a time is signed, so that old events are refused.")
    id: bool = Field(description="Whether an id is signed that identifies repeated events.")


class SourceSampleView(WireModel):
    """An event as the sender would send it, without its signature."""

    title: str = Field(description="What happened.")
    content_type: str = Field(description="The `Content-Type`.")
    headers: dict[str, str] = Field(description="Other headers.")
    body: str = Field(description="The body. `%ID%` stands for an id that is new each time.")


class ContactSuggestionView(WireModel):
    """A contact lookup that works for the sender's usual events."""

    by: Literal["email", "phone", "id", "externalId"] = Field(description="The attribute.")
    name: str | None = Field(description="The name of the external id.")
    path: str = Field(description="The path of the value in the event.")


class SourcePresetView(WireModel):
    """A sender of webhooks whose rules are known."""

    preset: str = Field(description="The value of `source.preset` in a trigger.")
    title: str = Field(description="The name that people see.")
    docs_url: str | None = Field(description="The sender's own documentation.")
    steps: list[str] = Field(description="The steps of the setup, in the sender's terms.")
    notes: list[str] = Field(description="Other things to know about this sender.")
    example: dict[str, Any] = Field(description="Fields of a trigger for this sender.")
    secret: SourceKeyView | None = Field(description="The secret, if there is one.")
    public_key: SourceKeyView | None = Field(description="The public key, if there is one.")
    verify_token: SourceKeyView | None = Field(description="The verify token, if there is one.")
    signs: SignedPartsView = Field(description="What the signature covers.")
    dedupe: str = Field(description="How repeated events are recognized.")
    event_id: list[EventPlaceView] = Field(
        description="Where the event's id may be, the best place first."
    )
    event_type: list[EventPlaceView] = Field(
        description="Where the event's type may be, the best place first."
    )
    contact_lookup: ContactSuggestionView | None = Field(
        description="A contact lookup that works for most events of this sender."
    )
    split: str | None = Field(
        description="The path of the list of events, if the sender usually sends several in one "
        "request."
    )
    split_id: str | None = Field(description="The path of the id in an element of that list.")
    headers: list[str] = Field(description="The headers that are useful to keep.")
    formats: list[Literal["JSON", "FORM", "MULTIPART", "TEXT", "CLOUDEVENTS"]] = Field(
        description="The formats of its events."
    )
    handshakes: list[Literal["SLACK", "META", "SNS", "CLOUDEVENTS", "MICROSOFT", "DISCORD"]] = (
        Field(description="How the sender verifies the webhook's address.")
    )
    samples: list[SourceSampleView] = Field(description="Events to try the automation with.")
    can_sign_samples: bool = Field(
        description="Whether a sample can be signed here. If not, only the sender has the key."
    )

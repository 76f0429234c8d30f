"""The `source` of a trigger: how the sender of a webhook signs, formats and names its events.

The rules of the presets are data in `sources/`. The models here are what a client writes.
"""

import re
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, SerializeAsAny, StringConstraints, model_validator

from runledger.models.base import Config, Whole
from runledger.nodes.fields import EventPath, picks
from runledger.nodes.variants import VariantConfig

_PART = re.compile(r"\{([^{}]*)\}")
SIGNED_PARTS = ("body", "timestamp", "id", "url", "form", "method")
MAX_HEADERS = 100

# A token of RFC 9110, section 5.6.2.
HeaderName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$"),
    Field(json_schema_extra=picks("EVENT_HEADER")),
]


class Preset(StrEnum):
    """The senders with known rules, and CUSTOM for all others."""

    RUNLEDGER = "RUNLEDGER"
    STANDARD_WEBHOOKS = "STANDARD_WEBHOOKS"
    GITHUB = "GITHUB"
    GITLAB = "GITLAB"
    STRIPE = "STRIPE"
    SHOPIFY = "SHOPIFY"
    SLACK = "SLACK"
    TWILIO = "TWILIO"
    META = "META"
    HUBSPOT = "HUBSPOT"
    SENDGRID = "SENDGRID"
    MAILGUN = "MAILGUN"
    TYPEFORM = "TYPEFORM"
    CALENDLY = "CALENDLY"
    SEGMENT = "SEGMENT"
    SNS = "SNS"
    CLOUDEVENTS = "CLOUDEVENTS"
    CUSTOM = "CUSTOM"


class Handshake(StrEnum):
    """How a sender verifies an address before it sends events there."""

    SLACK = "SLACK"
    META = "META"
    SNS = "SNS"
    CLOUDEVENTS = "CLOUDEVENTS"
    MICROSOFT = "MICROSOFT"
    DISCORD = "DISCORD"


class EventPlace(Config):
    """Where an event contains a value, such as the event's own id. Set exactly one: a header, a
    query parameter, or a path in the body."""

    header: HeaderName | None = Field(default=None, description="The header that holds the value.")
    query: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        default=None, description="The query parameter that holds the value."
    )
    path: EventPath | None = Field(default=None, description="The value's path in the body.")

    @model_validator(mode="after")
    def _one(self) -> "EventPlace":
        if sum(each is not None for each in (self.header, self.query, self.path)) != 1:
            raise ValueError("write exactly one of `header`, `query` and `path`")
        return self


class VerifyConfig(VariantConfig):
    """How the sender proves that an event comes from it."""

    discriminator: ClassVar[str] = "scheme"
    scheme: Any


def _check_signed(text: str) -> str:
    for name in _PART.findall(text):
        if name not in SIGNED_PARTS:
            raise ValueError(
                f"there is no part {{{name}}}; the parts are "
                + ", ".join(f"{{{part}}}" for part in SIGNED_PARTS)
            )
    if "{" in _PART.sub("", text) or "}" in _PART.sub("", text):
        raise ValueError(
            "a brace is missing or is one too many; write each part as its name between one { and "
            "one }, such as {body}"
        )
    if not _PART.search(text):
        raise ValueError("the signed text contains no part of the request; add one, such as {body}")
    return text


SignedText = Annotated[
    str, StringConstraints(min_length=1, max_length=200), AfterValidator(_check_signed)
]
Tolerance = Annotated[
    Whole,
    Field(
        ge=1,
        le=86_400,
        description="How old a signed timestamp may be, and how far in the future, in seconds.",
    ),
]


class HmacVerify(VerifyConfig):
    """A keyed hash of the signed text, made with a secret that both sides know."""

    scheme: Literal["HMAC"] = Field(description="The scheme.")
    header: HeaderName | None = Field(
        default=None, description="The header that holds the signature."
    )
    path: EventPath | None = Field(
        default=None, description="The path of the signature, if the body holds it."
    )
    algorithm: Literal["SHA1", "SHA256", "SHA512"] = Field(
        default="SHA256", description="The hash."
    )
    encoding: Literal["HEX", "BASE64"] = Field(
        default="HEX", description="The encoding of the signature."
    )
    prefix: Annotated[str, StringConstraints(max_length=40)] = Field(
        default="", description="The text before the signature, e.g. sha256=."
    )
    separator: Literal["", " ", ","] = Field(
        default="",
        description="The separator of several signatures in one header; empty if there is only "
        "one.",
    )
    signature_key: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = Field(
        default=None,
        description="The key of the signature in a header of pairs, such as v1 in t=1,v1=ab.",
    )
    timestamp_key: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = Field(
        default=None,
        description="The key of the timestamp in a header of pairs, such as t in t=1,v1=ab.",
    )
    signed: SignedText = Field(
        default="{body}",
        description="The signed text, made of {body}, {timestamp}, {id}, {url}, {form}, {method} "
        "and other characters.",
    )
    timestamp_header: HeaderName | None = Field(
        default=None, description="The header that holds the timestamp."
    )
    timestamp_path: EventPath | None = Field(
        default=None, description="The path of the timestamp, if the body holds it."
    )
    timestamp_unit: Literal["SECONDS", "MILLISECONDS"] = Field(
        default="SECONDS", description="The unit of the timestamp, since 1970."
    )
    tolerance_seconds: Tolerance = 300
    id_header: HeaderName | None = Field(
        default=None, description="The header that holds the signed id of the event."
    )
    id_path: EventPath | None = Field(
        default=None, description="The path of the signed id, if the body holds it."
    )
    secret_encoding: Literal["TEXT", "BASE64"] = Field(
        default="TEXT", description="How the secret is decoded to bytes."
    )
    secret_prefix: Annotated[str, StringConstraints(max_length=20)] = Field(
        default="", description="A prefix of the secret that is not part of the key, e.g. whsec_."
    )

    @model_validator(mode="after")
    def _sound(self) -> "HmacVerify":
        if (self.header is None) is (self.path is None):
            raise ValueError(
                "write where the signature is, with exactly one of `header` and `path`"
            )
        if (self.signature_key or self.timestamp_key) and self.header is None:
            raise ValueError(
                "`signatureKey` and `timestampKey` are keys in a header; set `header` to the name "
                "of that header"
            )
        if self.timestamp_key is not None and self.signature_key is None:
            raise ValueError("`timestampKey` needs `signatureKey`: both are keys of one header")
        if self.signature_key is not None and self.separator:
            raise ValueError(
                "with `signatureKey`, the header contains pairs that are separated by commas; "
                "leave out `separator`"
            )
        _require_place(self.signed, "timestamp", self._timestamps())
        _require_place(self.signed, "id", {"idHeader": self.id_header, "idPath": self.id_path})
        return self

    def _timestamps(self) -> dict[str, str | None]:
        return {
            "timestampHeader": self.timestamp_header,
            "timestampPath": self.timestamp_path,
            "timestampKey": self.timestamp_key,
        }


def _require_place(signed: str, part: str, places: dict[str, str | None]) -> None:
    """Raises ValueError if a part is signed but its location is missing, or if a location is given
    but the part is not signed. `places` has the location in each field that may give it."""
    given = [f"`{field}`" for field, place in places.items() if place is not None]
    is_signed = f"{{{part}}}" in signed
    if len(given) > 1:
        raise ValueError(
            f"more than one field says where the request has the {part}; keep only one of "
            f"{' and '.join(given)}"
        )
    if is_signed and not given:
        raise ValueError(
            f"`signed` contains {{{part}}}, but no field says where the request has the {part}; "
            f"add one, such as `{next(iter(places))}`"
        )
    if given and not is_signed:
        raise ValueError(
            f"the {part} is not part of `signed`, so it is not verified; add {{{part}}} to "
            f"`signed`, or remove {given[0]}"
        )


class TokenVerify(VerifyConfig):
    """The sender sends the secret itself in a header. Nothing is signed."""

    scheme: Literal["TOKEN"] = Field(description="The scheme.")
    header: HeaderName = Field(description="The header that holds the secret.")
    prefix: Annotated[str, StringConstraints(max_length=40)] = Field(
        default="", description="The text before the secret, e.g. `Bearer `."
    )


class BasicVerify(VerifyConfig):
    """The sender sends a user name and the secret as password (RFC 7617). Nothing is signed."""

    scheme: Literal["BASIC"] = Field(description="The scheme.")
    username: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="The user name. The secret is the password."
    )


class PublicKeyVerify(VerifyConfig):
    """The sender signs with its private key. The public key is stored together with the webhook's
    secret."""

    scheme: Literal["PUBLIC_KEY"] = Field(description="The scheme.")
    algorithm: Literal["ED25519", "ECDSA_P256"] = Field(description="The kind of key.")
    header: HeaderName = Field(description="The header that holds the signature.")
    encoding: Literal["HEX", "BASE64"] = Field(
        default="BASE64", description="The encoding of the signature."
    )
    signed: SignedText = Field(
        default="{timestamp}{body}",
        description="The signed text, made of {body}, {timestamp}, {id}, {url}, {method} and other "
        "characters.",
    )
    timestamp_header: HeaderName | None = Field(
        default=None, description="The header that holds the timestamp."
    )
    tolerance_seconds: Tolerance = 300
    id_header: HeaderName | None = Field(
        default=None, description="The header that holds the signed id of the event."
    )

    @model_validator(mode="after")
    def _sound(self) -> "PublicKeyVerify":
        _require_place(self.signed, "timestamp", {"timestampHeader": self.timestamp_header})
        _require_place(self.signed, "id", {"idHeader": self.id_header})
        return self


class NoVerify(VerifyConfig):
    """The sender proves nothing: anybody who knows the address can send events."""

    scheme: Literal["NONE"] = Field(description="The scheme.")


class SourceConfig(VariantConfig):
    """The sender of a webhook."""

    discriminator: ClassVar[str] = "preset"
    preset: Any


class PresetSource(SourceConfig):
    """A sender whose rules are known."""

    preset: Literal[
        "RUNLEDGER",
        "STANDARD_WEBHOOKS",
        "GITHUB",
        "GITLAB",
        "STRIPE",
        "SHOPIFY",
        "SLACK",
        "TWILIO",
        "META",
        "HUBSPOT",
        "SENDGRID",
        "MAILGUN",
        "TYPEFORM",
        "CALENDLY",
        "SEGMENT",
    ] = Field(description="The sender.")


class SnsSource(SourceConfig):
    """Amazon SNS. Its signature proves that a message comes from SNS, and from which topic."""

    preset: Literal["SNS"] = Field(description="The sender.")
    topic_arn: Annotated[
        str,
        StringConstraints(strip_whitespace=True, pattern=r"^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:.+$"),
    ] = Field(description="The ARN of the only topic whose messages are accepted.")


class CloudEventsSource(SourceConfig):
    """Any sender of CloudEvents. The standard defines no signature, so the config says how the
    sender signs."""

    preset: Literal["CLOUDEVENTS"] = Field(description="The format.")
    verify: SerializeAsAny[VerifyConfig] | None = Field(
        default=None,
        description="How the sender proves that it sent an event. If left out, nothing is "
        "verified.",
    )


class CustomSource(SourceConfig):
    """A sender that has no preset."""

    preset: Literal["CUSTOM"] = Field(description="A sender that has no preset.")
    verify: SerializeAsAny[VerifyConfig] = Field(
        description="How the sender proves that it sent an event."
    )
    event_id: EventPlace | None = Field(
        default=None,
        description="Where the event's id is. Repeated events are recognized by it only if it is "
        "signed.",
    )
    event_type: EventPlace | None = Field(
        default=None, description="Where the event's type is; texts read it as {{event.type}}."
    )
    handshake: Handshake | None = Field(
        default=None, description="How the sender verifies the address before it sends events."
    )

"""How a trigger receives webhooks: from which sender, in which format, and for which contact."""

from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    SerializeAsAny,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticKnownError

from runledger.models.base import Config
from runledger.models.contact import ExternalIdName
from runledger.nodes.condition import ConditionConfig
from runledger.nodes.contact_field import ContactField
from runledger.nodes.fields import EventPath
from runledger.nodes.inputs import Place, liquid_places
from runledger.nodes.run_keys import KEYS_DESCRIPTION, RunKeyConfigs
from runledger.nodes.source_config import MAX_HEADERS, HeaderName, Preset, SourceConfig
from runledger.paths import read
from runledger.redaction import is_credential_name
from runledger.templating import references

# What a filter may read: nothing else is known before the contact is.
_FILTER_ROOTS = frozenset({"trigger", "event"})
MAX_CONTACT_FIELDS = 50


class ContactLookup(Config):
    """How the payload identifies the contact of the run."""

    by: Literal["email", "phone", "id", "externalId"] = Field(
        description="By what the contact is found: the value at `path` is compared with this field."
    )
    name: ExternalIdName | None = Field(
        default=None,
        validate_default=True,
        description="The name of the external id, e.g. stripe; only with `by`: externalId.",
    )
    path: EventPath = Field(
        description="The path of the value in the payload, e.g. customer.email."
    )

    @field_validator("name")
    @classmethod
    def _named(cls, name: str | None, info: ValidationInfo) -> str | None:
        by = info.data.get("by")
        if by == "externalId" and name is None:
            raise PydanticKnownError("missing")
        if by in ("email", "phone", "id") and name is not None:
            raise ValueError("is only for a lookup by externalId; remove it")
        return name

    def read(self, body: Any) -> Any:
        """Returns the value at the path. If it is an external id and a whole number, it becomes a
        text, because many systems number their records."""
        value = read(body, self.path)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return str(value) if is_number and self.by == "externalId" else value


class WebhookIntake(Config):
    """How an inbound event is received. Shared by the triggers that receive webhooks."""

    contact_lookup: ContactLookup | None = Field(
        default=None, description="How to find the contact; without it the run has no contact."
    )
    create_if_missing: bool = Field(
        default=False,
        description="true: create the contact if the lookup by email, phone or externalId finds "
        "none.",
    )
    source: SerializeAsAny[SourceConfig] | None = Field(
        default=None,
        description="The sender of the events, which decides how they are signed, formatted and "
        "identified. If left out, RUNLEDGER.",
    )
    split: EventPath | None = Field(
        default=None,
        description="The path of a list in the event, or $ if the event is a list: each element "
        "opens its own run, and all other paths begin at the element.",
    )
    split_id: EventPath | None = Field(
        default=None,
        description="The path of the id in an element. If left out, elements are identified by "
        "their index.",
    )
    headers: Annotated[list[HeaderName], Field(max_length=MAX_HEADERS)] = Field(
        default_factory=list,
        description="The headers to keep. Templates read one as {{event.headers.Name}}.",
    )
    filter: SerializeAsAny[ConditionConfig] | None = Field(
        default=None,
        description="A rule about the event. An event for which it does not hold is ignored.",
    )
    contact_fields: Annotated[
        dict[ContactField, EventPath], Field(max_length=MAX_CONTACT_FIELDS)
    ] = Field(
        default_factory=dict,
        description="The fields of a contact that is created, each with its path in the event, "
        'e.g. {"firstName": "customer.first_name", "metadata.plan": "plan"}.',
    )
    update_contact: bool = Field(
        default=False,
        description="true: `contactFields` also change a contact that exists already.",
    )
    answer_refused: Literal[200, 202, 204] | None = Field(
        default=None,
        description="The status to answer instead of 4xx, for senders that switch a webhook off "
        "after errors. 401 and 429 stay as they are.",
    )
    dedupe_path: EventPath | None = Field(
        default=None,
        description="The path of a value in the payload, e.g. orderId. Events with the same value "
        "open only one run.",
    )
    dedupe: Literal["ON", "OFF"] = Field(
        default="ON",
        description="ON: an event that is repeated opens no second run. OFF: every delivery opens "
        "a run.",
    )
    keys: RunKeyConfigs = Field(default_factory=list, description=KEYS_DESCRIPTION)
    rate_limit_per_minute: int = Field(
        default=120,
        ge=1,
        le=6_000,
        description="The most events per minute that are accepted for one token from one source "
        "address.",
    )
    signed: bool = Field(
        default=False,
        description="true: refuse events without a valid signature. Only for the source RUNLEDGER; "
        "the other sources have their own rules.",
    )

    @model_validator(mode="after")
    def _sound(self) -> "WebhookIntake":
        lookup = self.contact_lookup
        if self.dedupe == "OFF" and self.dedupe_path is not None:
            raise ValueError(
                "dedupePath deduplicates events, so dedupe cannot be OFF; remove one of the two"
            )
        if self.create_if_missing and (lookup is None or lookup.by == "id"):
            raise ValueError("createIfMissing needs a contactLookup by email, phone or externalId")
        if self.signed and self.preset is not Preset.RUNLEDGER:
            raise ValueError(
                f"`signed` belongs to the source RUNLEDGER; {self.preset} has its own rules "
                "for signatures, so leave it out"
            )
        if self.split_id is not None and self.split is None:
            raise ValueError(
                "`splitId` is a path in each element of the list at `split`; set `split` too"
            )
        if self.contact_fields and not (self.create_if_missing or self.update_contact):
            raise ValueError(
                "`contactFields` has no effect; set createIfMissing, updateContact or both"
            )
        if self.update_contact and lookup is None:
            raise ValueError("updateContact needs a contactLookup")
        if self.filter is not None and self.filter.is_about_contact():
            raise ValueError(
                "the filter is checked before the contact is known, so it cannot use the "
                "contact; use a CONDITION node"
            )
        for name in filter(is_credential_name, self.headers):
            raise ValueError(f"the header {name} holds a credential, and credentials are not kept")
        for root in self._roots_of_filter() - _FILTER_ROOTS:
            raise ValueError(
                f"the filter is checked before the run is opened, so it reads only event and "
                f"trigger, not {root}; use a CONDITION node"
            )
        return self

    def filter_places(self) -> list[tuple[Place, str]]:
        """Every Liquid text of the filter, each with its location in the filter."""
        if self.filter is None:
            return []
        return liquid_places(self.filter.model_dump(by_alias=True, exclude_none=True))

    def _roots_of_filter(self) -> set[str]:
        return {path[0] for _, text in self.filter_places() for path in references(text)}

    @property
    def preset(self) -> Preset:
        return Preset.RUNLEDGER if self.source is None else Preset(self.source.preset)

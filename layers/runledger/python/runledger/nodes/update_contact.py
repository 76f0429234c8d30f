"""UPDATE_CONTACT: changes the run's contact."""

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, model_validator

from runledger.errors import NodeError
from runledger.models.base import Config
from runledger.models.contact import ContactChange
from runledger.models.run import StepStatus
from runledger.nodes.base import NodeResult, NodeType, Visit
from runledger.nodes.claiming import Claiming
from runledger.nodes.contact_field import ContactField, is_metadata
from runledger.nodes.fields import LiquidValue
from runledger.nodes.value_types import ValueType, convert
from runledger.templating import render_value, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import JsonValue

    from runledger.models.records import ContactChangeEvidence


class WhenEmpty(StrEnum):
    KEEP = "KEEP"
    CLEAR = "CLEAR"


class FieldUpdate(Config):
    """One field of the contact and its new value."""

    field: ContactField = Field(
        description="The field to set: email, phone, firstName, lastName, metadata.<name> or "
        "externalIds.<name>."
    )
    value: LiquidValue = Field(description="Its new value. Liquid, also inside lists and objects.")
    type: ValueType = Field(
        default=ValueType.STRING,
        description="The type that the value is converted to. Only fields of metadata can have "
        "another type than STRING.",
    )
    when_empty: WhenEmpty = Field(
        default=WhenEmpty.KEEP,
        description="What an empty value does. KEEP: the field stays as it is. CLEAR: the contact "
        "loses the field.",
    )

    @model_validator(mode="after")
    def _only_metadata_is_typed(self) -> "FieldUpdate":
        if self.type is not ValueType.STRING and not is_metadata(self.field):
            raise ValueError(f"{self.field} is always text; leave `type` out")
        return self


class UpdateContactConfig(Config):
    """What to change. All values are computed before the contact is changed."""

    fields: list[FieldUpdate] = Field(
        default_factory=list, max_length=50, description="The fields to set."
    )
    add_tags: list[LiquidValue] = Field(
        default_factory=list,
        max_length=20,
        description="The tags that the contact gets. A text is one tag; Liquid whose value is a "
        "list gives several.",
    )
    remove_tags: list[LiquidValue] = Field(
        default_factory=list,
        max_length=20,
        description="The tags that the contact loses, written like `addTags`.",
    )

    @model_validator(mode="after")
    def _changes_something_once(self) -> "UpdateContactConfig":
        if not (self.fields or self.add_tags or self.remove_tags):
            raise ValueError("set at least one of `fields`, `addTags` and `removeTags`")
        count = Counter(update.field for update in self.fields)
        twice = next((field for field, times in count.items() if times > 1), None)
        if twice is not None:
            raise ValueError(f"{twice} is set twice; remove one of the entries")
        return self


class UpdateContactNode(NodeType[UpdateContactConfig]):
    """Sets fields of the run's contact, and adds or removes tags. Consents cannot be changed. If a
    value is not valid, or belongs to another contact, the run fails and the contact stays as it
    was. The step is skipped if the run has no contact, or the contact no longer exists."""

    name = "UPDATE_CONTACT"
    title = "Update contact"
    icon = "user-edit"
    example: ClassVar[dict[str, Any]] = {
        "fields": [{"field": "metadata.plan", "value": "{{trigger.plan}}"}],
        "addTags": ["customer"],
    }
    config_model = UpdateContactConfig

    def claiming(self, config: UpdateContactConfig) -> Claiming:
        return Claiming.FIRST

    def run(self, config: UpdateContactConfig, visit: Visit) -> NodeResult:
        editor = visit.tools.contact
        if editor is None:
            raise RuntimeError(
                "UPDATE_CONTACT cannot run in this function: it cannot change contacts"
            )
        values = dict(_values(config, visit.scope))
        cleared = tuple(
            update.field
            for update in config.fields
            if update.when_empty is WhenEmpty.CLEAR and update.field not in values
        )
        added = _tags(config.add_tags, visit.scope)
        removed = _tags(config.remove_tags, visit.scope)
        both = next((tag for tag in added if tag in removed), None)
        if both is not None:
            raise NodeError("INVALID_VALUE", f"the tag {both!r} cannot be both added and removed")
        change = ContactChange(
            fields=values, cleared=cleared, added_tags=added, removed_tags=removed
        )
        problem = editor.change(change)
        if problem is not None:
            return NodeResult(status=StepStatus.SKIPPED, reason=problem)
        evidence: ContactChangeEvidence = {
            "fields": list(values),
            "cleared": list(cleared),
            "addedTags": list(added),
            "removedTags": list(removed),
        }
        return NodeResult(evidence=evidence)


def _values(
    config: UpdateContactConfig, scope: "Mapping[str, Any]"
) -> "Iterator[tuple[str, JsonValue]]":
    """Yields each field that gets a value, with the value."""
    for update in config.fields:
        value = render_value(update.value, scope)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        yield update.field, convert(value, update.type, update.field)


def _tags(written: "list[JsonValue]", scope: "Mapping[str, Any]") -> tuple[str, ...]:
    """Returns the tags, each once. Empty texts are left out."""
    found: dict[str, None] = {}
    for each in written:
        value = render_value(each, scope)
        for tag in value if isinstance(value, list) else [value]:
            text = "" if tag is None else text_of(tag).strip()
            if text:
                found[text] = None
    return tuple(found)

"""The rules of segments, which select contacts by tags, external ids, consents and metadata."""

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    SerializeAsAny,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from runledger.errors import NodeError
from runledger.models.automation import Name
from runledger.models.base import Config
from runledger.models.consent import ConsentChannel, ConsentPurpose
from runledger.models.contact import Contact, ExternalIdName, Tag
from runledger.nodes.comparison import Operator, compare
from runledger.nodes.fields import ValuePath
from runledger.nodes.variants import VariantConfig
from runledger.paths import METADATA, read

MAX_RULES = 20


class SegmentRule(VariantConfig):
    """One requirement for a contact."""

    discriminator: ClassVar[str] = "kind"
    kind: Any

    @abstractmethod
    def matches(self, contact: Contact) -> bool:
        """Whether the contact meets the rule."""

    def unreadable(self, contact: Contact) -> str | None:
        """Returns a message about a value of the contact that cannot be compared, or None."""
        return None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = super().__get_pydantic_json_schema__(core_schema, handler)
        return {"description": cls.__doc__, **schema}


class HasTagRule(SegmentRule):
    """The contact has a tag."""

    kind: Literal["HAS_TAG"] = Field(description="The kind of rule.")
    tag: Tag = Field(description="The tag, spelled as on the contact.")

    def matches(self, contact: Contact) -> bool:
        return self.tag in contact.tags


class LacksTagRule(SegmentRule):
    """The contact does not have a tag."""

    kind: Literal["LACKS_TAG"] = Field(description="The kind of rule.")
    tag: Tag = Field(description="The tag, spelled as on the contact.")

    def matches(self, contact: Contact) -> bool:
        return self.tag not in contact.tags


class HasExternalIdRule(SegmentRule):
    """The contact has an id in another system."""

    kind: Literal["HAS_EXTERNAL_ID"] = Field(description="The kind of rule.")
    name: ExternalIdName = Field(description="The name of the external id, e.g. stripe.")

    def matches(self, contact: Contact) -> bool:
        return self.name in contact.external_ids


class LacksExternalIdRule(SegmentRule):
    """The contact has no id in another system."""

    kind: Literal["LACKS_EXTERNAL_ID"] = Field(description="The kind of rule.")
    name: ExternalIdName = Field(description="The name of the external id, e.g. stripe.")

    def matches(self, contact: Contact) -> bool:
        return self.name not in contact.external_ids


class ConsentRule(SegmentRule):
    """The contact gave a consent, or did not: on one channel, or for all channels."""

    kind: Literal["CONSENT"] = Field(description="The kind of rule.")
    consent: ConsentPurpose = Field(description="The consent.")
    channel: ConsentChannel | None = Field(
        default=None,
        description="The channel. null: the consent for all channels, whatever single channels "
        "have.",
    )
    given: StrictBool = Field(
        default=True, description="true: the contact gave it. false: the contact did not."
    )

    def matches(self, contact: Contact) -> bool:
        return contact.consents.allows(self.consent, self.channel) is self.given


class MetadataRule(SegmentRule):
    """Compares a value in the contact's metadata to another value. A value that cannot be compared
    does not match, and the step reports it."""

    kind: Literal["METADATA"] = Field(description="The kind of rule.")
    key: ValuePath = Field(
        description="The metadata key or a path in it, e.g. plan or address.city."
    )
    operator: Operator = Field(default=Operator.EQUALS, description="The comparison.")
    value: (
        Annotated[str, StringConstraints(max_length=1_000)]
        | StrictBool
        | StrictInt
        | StrictFloat
        | None
    ) = Field(default=None, description="The value to compare with; leave it out for IS_EMPTY.")

    @model_validator(mode="after")
    def _value_goes_with_the_operator(self) -> "MetadataRule":
        if self.operator.is_unary and self.value is not None:
            raise ValueError(f"{self.operator} takes no `value`; leave it out")
        if not self.operator.is_unary and self.value is None:
            raise ValueError(f"`value` is missing; {self.operator} needs a value to compare with")
        return self

    def matches(self, contact: Contact) -> bool:
        try:
            return compare(self._found(contact), self.operator, self.value)
        except NodeError:
            return False

    def unreadable(self, contact: Contact) -> str | None:
        """Returns a message if the contact's value cannot be compared, otherwise None. A missing or
        blank value is not unreadable."""
        found = self._found(contact)
        if compare(found, Operator.IS_EMPTY, None):
            return None
        try:
            compare(found, self.operator, self.value)
        except NodeError as error:
            return f"metadata.{self.key}: {error}"
        return None

    def _found(self, contact: Contact) -> Any:
        found = read(contact.metadata, self.key, METADATA)
        return found


class SegmentRules(Config):
    """The rules that decide which contacts belong to a segment."""

    match: Literal["ALL", "ANY"] = Field(
        default="ALL", description="ALL: a contact must match every rule. ANY: one rule is enough."
    )
    rules: list[SerializeAsAny[SegmentRule]] = Field(
        min_length=1,
        max_length=MAX_RULES,
        description="The rules that a contact is checked against.",
    )

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags by which the search for matching contacts can be limited. A matching contact has
        all of these tags if `needs_all_tags`, otherwise at least one. Empty if a contact can match
        without any of the rules' tags."""
        tags = tuple(dict.fromkeys(r.tag for r in self.rules if isinstance(r, HasTagRule)))
        is_all_tags = all(isinstance(rule, HasTagRule) for rule in self.rules)
        return tags if self.match == "ALL" or is_all_tags else ()

    @property
    def needs_all_tags(self) -> bool:
        return self.match == "ALL"

    def matches(self, contact: Contact) -> bool:
        matching = (rule.matches(contact) for rule in self.rules)
        return all(matching) if self.match == "ALL" else any(matching)

    def unreadable(self, contact: Contact) -> str | None:
        """Returns a message about a value of the contact that cannot be compared, or None. Also
        returns None if the contact matches, or if another rule already decides that it does not
        match."""
        if self.matches(contact):
            return None
        others = [rule.unreadable(contact) for rule in self.rules]
        is_decided = self.match == "ALL" and any(
            problem is None and not rule.matches(contact)
            for rule, problem in zip(self.rules, others, strict=True)
        )
        return None if is_decided else next((each for each in others if each is not None), None)


class SegmentDocument(SegmentRules):
    """A segment as a client writes it."""

    name: Name = Field(description="The segment's name.")

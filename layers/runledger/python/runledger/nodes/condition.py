"""CONDITION: checks a rule, and has the branches `true` and `false`."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, SerializeAsAny, StringConstraints, model_validator

from runledger.models.addresses import nfc, normalize_phone
from runledger.models.contact import Contact, ExternalIdName
from runledger.models.records import ConditionEvidence, RuleEvidence, RuleFacts
from runledger.nodes.base import Branching, NodeResult, NodeType, Visit
from runledger.nodes.comparison import Operator, compare, for_evidence, is_equal, read_operand
from runledger.nodes.fields import Comparable, Scalar, check_liquid
from runledger.nodes.inputs import Place, Record, liquid_places
from runledger.nodes.variants import VariantConfig
from runledger.paths import METADATA, PathError, read
from runledger.templating import evaluate, text_of

MAX_DEPTH = 5
_NO_CONTACT = "the run has no contact"

ShortLiquid = Annotated[
    str, StringConstraints(min_length=1, max_length=500), AfterValidator(check_liquid)
]
Scope = Mapping[str, Any]


class ConditionConfig(VariantConfig):
    """A rule, which holds or does not hold."""

    discriminator: ClassVar[str] = "kind"
    kind: Any

    @abstractmethod
    def verdict(self, scope: Scope, contact: Contact | None) -> RuleEvidence:
        """Returns the evidence of the decision: the rule's fields, the values it compared, and
        `verdict`."""

    def undecided(self) -> RuleEvidence:
        """The evidence of a rule that was not checked, because an earlier rule decided the result
        of its group."""
        return {
            "kind": self.kind,
            "verdict": None,
            "reason": "not evaluated: an earlier rule decided the result",
        }

    def depth(self) -> int:
        return 1

    def is_about_contact(self) -> bool:
        """Whether the rule reads the contact itself. A rule that only has texts with contact
        variables does not."""
        return False


class ContactConditionConfig(ABC):
    """Base of the rules about the contact. They never hold if the run has no contact."""

    kind: Any

    def is_about_contact(self) -> bool:
        return True

    def details(self) -> RuleFacts:
        """The rule's fields as evidence shows them."""
        return {"kind": self.kind}

    @abstractmethod
    def ask(self, contact: Contact, scope: Scope) -> tuple[Any, bool]:
        """Returns the contact's value that the rule is about, and whether the rule holds."""

    def verdict(self, scope: Scope, contact: Contact | None) -> RuleEvidence:
        rule = self.details()
        if contact is None:
            return {**rule, "verdict": False, "reason": _NO_CONTACT}
        operand, holds = self.ask(contact, scope)
        rule["operand"] = for_evidence(operand)
        return {**rule, "verdict": holds}


class HasTagConfig(ContactConditionConfig, ConditionConfig):
    """The contact has a tag."""

    kind: Literal["HAS_TAG"] = Field(description="The kind of rule.")
    tag: ShortLiquid = Field(description="The tag, e.g. vip.")

    def details(self) -> RuleFacts:
        return {"kind": self.kind, "tag": self.tag}

    def ask(self, contact: Contact, scope: Scope) -> tuple[Any, bool]:
        return list(contact.tags), nfc(text_of(evaluate(self.tag, scope))) in contact.tags


class HasEmailConfig(ContactConditionConfig, ConditionConfig):
    """The contact has an email address."""

    kind: Literal["HAS_EMAIL"] = Field(description="The kind of rule.")

    def ask(self, contact: Contact, scope: Scope) -> tuple[Any, bool]:
        return contact.email, contact.email is not None


class HasPhoneConfig(ContactConditionConfig, ConditionConfig):
    """The contact has a phone number."""

    kind: Literal["HAS_PHONE"] = Field(description="The kind of rule.")

    def ask(self, contact: Contact, scope: Scope) -> tuple[Any, bool]:
        return contact.phone, contact.phone is not None


class HasExternalIdConfig(ContactConditionConfig, ConditionConfig):
    """The contact has an id in another system."""

    kind: Literal["HAS_EXTERNAL_ID"] = Field(description="The kind of rule.")
    name: ExternalIdName = Field(description="The name of the external id, e.g. stripe.")

    def details(self) -> RuleFacts:
        return {"kind": self.kind, "name": self.name}

    def ask(self, contact: Contact, scope: Scope) -> tuple[Any, bool]:
        actual = contact.external_ids.get(self.name)
        return actual, actual is not None


class FieldEqualsConfig(ContactConditionConfig, ConditionConfig):
    """A field of the contact equals a value."""

    kind: Literal["FIELD_EQUALS"] = Field(description="The kind of rule.")
    field: Literal["id", "email", "phone", "firstName", "lastName"] = Field(
        description="The field of the contact."
    )
    value: Scalar = Field(description="The value that it must equal. Liquid.")

    def details(self) -> RuleFacts:
        return {"kind": self.kind, "field": self.field, "value": self.value}

    def ask(self, contact: Contact, scope: Scope) -> tuple[Any, bool]:
        wanted = evaluate(self.value, scope) if isinstance(self.value, str) else self.value
        fields = {
            "id": contact.id,
            "email": contact.email,
            "phone": contact.phone,
            "firstName": contact.first_name,
            "lastName": contact.last_name,
        }
        actual = fields[self.field]
        return actual, is_equal(actual, _as_stored(self.field, wanted))


class MetadataEqualsConfig(ContactConditionConfig, ConditionConfig):
    """A value in the contact's metadata equals a value."""

    kind: Literal["METADATA_EQUALS"] = Field(description="The kind of rule.")
    key: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(
        description="The metadata key or a path in it, e.g. plan or address.city."
    )
    value: Scalar = Field(description="The value that it must equal. Liquid.")

    def details(self) -> RuleFacts:
        return {"kind": self.kind, "key": self.key, "value": self.value}

    def ask(self, contact: Contact, scope: Scope) -> tuple[Any, bool]:
        wanted = evaluate(self.value, scope) if isinstance(self.value, str) else self.value
        actual = _metadata(contact, self.key)
        return actual, is_equal(actual, wanted)


class ExternalIdEqualsConfig(ContactConditionConfig, ConditionConfig):
    """An external id of the contact equals a value. Upper and lower case are different."""

    kind: Literal["EXTERNAL_ID_EQUALS"] = Field(description="The kind of rule.")
    name: ExternalIdName = Field(description="The name of the external id, e.g. stripe.")
    value: Scalar = Field(description="The value that it must equal. Liquid.")

    def details(self) -> RuleFacts:
        return {"kind": self.kind, "name": self.name, "value": self.value}

    def ask(self, contact: Contact, scope: Scope) -> tuple[Any, bool]:
        wanted = evaluate(self.value, scope) if isinstance(self.value, str) else self.value
        actual = contact.external_ids.get(self.name)
        # Ids are texts: 7 is "7" and not "007".
        text = wanted if wanted is None else text_of(wanted).strip()
        return actual, is_equal(actual, text)


def _metadata(contact: Contact, key: str) -> Any:
    """Returns the metadata entry with exactly that name, or else the value at that path."""
    if key in contact.metadata:
        return contact.metadata[key]
    try:
        return read(contact.metadata, key, METADATA)
    except PathError:
        return None


class CompareConfig(ConditionConfig):
    """Compares two values by the operator. If one side is a number, or if the operator means less
    or greater, a text that looks like a number counts as a number. Dates are ordered by time."""

    kind: Literal["COMPARE"] = Field(description="The kind of rule.")
    left: Comparable = Field(description="The value to compare. Liquid.")
    operator: Operator = Field(description="The comparison.")
    right: Comparable = Field(
        default=None, description="The value to compare with; leave it out for IS_EMPTY. Liquid."
    )

    @model_validator(mode="after")
    def _sides(self) -> "CompareConfig":
        given = "right" in self.model_fields_set
        if self.operator.is_unary and given and self.right is not None:
            raise ValueError(f"{self.operator} takes no `right`; leave it out")
        if not self.operator.is_unary and not given:
            raise ValueError(f"{self.operator} compares `left` with `right`; add `right`")
        return self

    def verdict(self, scope: Scope, contact: Contact | None) -> RuleEvidence:
        left = read_operand(self.left, self.operator, scope)
        right = read_operand(self.right, self.operator, scope)
        rule: RuleFacts = {
            "kind": self.kind,
            "left": {"source": self.left, "value": for_evidence(left)},
            "operator": self.operator.value,
        }
        if not self.operator.is_unary:
            rule["right"] = {"source": self.right, "value": for_evidence(right)}
        return {**rule, "verdict": compare(left, self.operator, right)}


class GroupConfig(ConditionConfig):
    """A group of rules: with ALL, every rule must hold; with ANY, one is enough. The rules are
    checked in order until the result is certain."""

    kind: Literal["ALL", "ANY"] = Field(
        description="ALL: every rule must hold. ANY: one is enough."
    )
    conditions: list[SerializeAsAny[ConditionConfig]] = Field(
        min_length=1, max_length=20, description="The rules; each may be a group of rules."
    )

    @model_validator(mode="after")
    def _bounded(self) -> "GroupConfig":
        if self.depth() > MAX_DEPTH:
            raise ValueError(f"groups are nested more than {MAX_DEPTH} deep; use fewer levels")
        return self

    def depth(self) -> int:
        return 1 + max(condition.depth() for condition in self.conditions)

    def is_about_contact(self) -> bool:
        return any(condition.is_about_contact() for condition in self.conditions)

    def verdict(self, scope: Scope, contact: Contact | None) -> RuleEvidence:
        settles = self.kind == "ANY"
        rules: list[RuleEvidence] = []
        settled = False
        for condition in self.conditions:
            rules.append(condition.undecided() if settled else condition.verdict(scope, contact))
            settled = settled or rules[-1]["verdict"] is settles
        return {
            "kind": self.kind,
            "conditions": rules,
            "verdict": settles if settled else not settles,
        }


def _values_seen(
    config: ConditionConfig, rule: RuleEvidence, place: Place = ()
) -> Iterator[tuple[Place, Any]]:
    """Yields the values that a rule's evidence contains, each with its place in the config. These
    are the values of both sides of each COMPARE rule. A rule that was not checked has no values, so
    its Liquid texts are yielded as written."""
    if rule["verdict"] is None:
        yield from liquid_places(config.model_dump(by_alias=True), place)
    elif isinstance(config, GroupConfig):
        for index, pair in enumerate(zip(config.conditions, rule["conditions"], strict=True)):
            yield from _values_seen(*pair, (*place, "conditions", str(index)))
    if "left" in rule:
        yield (*place, "left"), rule["left"]["value"]
    if "right" in rule:
        yield (*place, "right"), rule["right"]["value"]


def _as_stored(field: str, value: Any) -> Any:
    """Returns the value that a rule compares with this field of the contact. An email or phone is
    returned in the form in which contacts store it."""
    if not isinstance(value, str):
        return value
    if field == "email":
        return value.strip().lower()
    if field == "phone":
        try:
            return normalize_phone(value)
        except ValueError:
            return value
    return value


class ConditionNode(NodeType[ConditionConfig]):
    """Checks a rule and continues on the branch `true` or `false`. A rule can check the contact (a
    tag, an email, a phone, an external id, a field, metadata), compare two values, or combine other
    rules with ALL and ANY. The run's history shows the rule, the values it compared, and the branch
    not taken."""

    name = "CONDITION"
    title = "Condition"
    icon = "split"
    example: ClassVar[dict[str, Any]] = {
        "kind": "COMPARE",
        "left": "{{trigger.total}}",
        "operator": "GREATER_THAN",
        "right": 100,
    }
    config_model = ConditionConfig

    def branching(self, config: ConditionConfig) -> Branching:
        return Branching(("true", "false"))

    def reads_contact(self, config: ConditionConfig) -> bool:
        return config.is_about_contact() or super().reads_contact(config)

    def recorded_values(self, config: ConditionConfig, record: Record) -> dict[Place, Any]:
        """Returns the values of both sides of each COMPARE rule, because the step's evidence
        contains these values. Returns nothing for a rule about the contact: its evidence has the
        contact's value, but not the rendered value to which the rule compared it. For a rule that
        was not checked, returns its Liquid texts as written."""
        evidence = record.evidence
        rule = evidence["rule"] if evidence and "rule" in evidence else None
        return dict(_values_seen(config, rule)) if rule else {}

    def run(self, config: ConditionConfig, visit: Visit) -> NodeResult:
        rule = config.verdict(visit.scope, visit.contact)
        taken, other = ("true", "false") if rule["verdict"] else ("false", "true")
        evidence: ConditionEvidence = {
            "rule": rule,
            "verdict": rule["verdict"],
            "branchesNotTaken": [other],
        }
        return NodeResult(outcome=taken, evidence=evidence)

"""SWITCH: takes one of several branches."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, model_validator

from runledger.errors import NodeError
from runledger.models.automation import Label
from runledger.models.base import Config
from runledger.models.records import SwitchEvidence, SwitchRuleEvidence
from runledger.nodes.base import Branching, NodeResult, NodeType, Visit
from runledger.nodes.comparison import Operator, compare, for_evidence, read_operand
from runledger.nodes.fields import Comparable, Operand, operand_source
from runledger.nodes.inputs import Place, Record, liquid_places


class SwitchRule(Config):
    """One rule and the branch it leads to."""

    field: Operand = Field(description="The value to compare: a path like trigger.plan, or Liquid.")
    operator: Operator = Field(default=Operator.EQUALS, description="The comparison.")
    value: Comparable = Field(
        default=None, description="The value to compare with; leave it out for IS_EMPTY. Liquid."
    )
    label: Label = Field(description="The branch to take if the rule holds.")

    @model_validator(mode="after")
    def _sides(self) -> "SwitchRule":
        given = "value" in self.model_fields_set
        if self.operator.is_unary and given and self.value is not None:
            raise ValueError(f"{self.operator} takes no `value`; leave it out")
        if not self.operator.is_unary and not given:
            raise ValueError(f"{self.operator} compares `field` with `value`; add `value`")
        return self


class SwitchConfig(Config):
    """Rules in order, and the branch to take if no rule holds."""

    rules: list[SwitchRule] = Field(
        min_length=1,
        max_length=50,
        description="The rules, in order; the first that holds decides the branch.",
    )
    fallback_label: Label = Field(
        default="otherwise", description="The branch to take if no rule holds."
    )

    @model_validator(mode="after")
    def _labels_differ(self) -> "SwitchConfig":
        labels = [rule.label for rule in self.rules] + [self.fallback_label]
        doubled = next((label for label in labels if labels.count(label) > 1), None)
        if doubled is not None:
            raise ValueError(
                f"the label {doubled!r} is used twice; give each rule and the fallback its own "
                "label"
            )
        return self


class SwitchNode(NodeType[SwitchConfig]):
    """Tries rules in order and takes the branch of the first rule that holds, or the fallback
    branch. A rule about a missing value does not hold. The run's history shows every rule that was
    tried, the values it compared, and the branches not taken."""

    name = "SWITCH"
    title = "Switch"
    icon = "route"
    example: ClassVar[dict[str, Any]] = {
        "rules": [
            {"field": "trigger.plan", "operator": "EQUALS", "value": "pro", "label": "pro"},
            {"field": "trigger.plan", "operator": "EQUALS", "value": "team", "label": "team"},
        ],
        "fallbackLabel": "free",
    }
    config_model = SwitchConfig

    def branching(self, config: SwitchConfig) -> Branching:
        return Branching((*(rule.label for rule in config.rules), config.fallback_label))

    def places(self, config: SwitchConfig) -> list[tuple[Place, str]]:
        fields = [
            (("rules", str(index), "field"), operand_source(rule.field))
            for index, rule in enumerate(config.rules)
        ]
        others = liquid_places(config.model_dump(by_alias=True))
        return fields + [found for found in others if found[0][-1] != "field"]

    def recorded_values(self, config: SwitchConfig, record: Record) -> dict[Place, Any]:
        """Returns the values of every rule that was tried, because the evidence contains them. The
        texts of the other rules are returned as written."""
        evidence = record.evidence
        tried = evidence["rules"] if evidence and "rules" in evidence else []
        values: dict[Place, Any] = {}
        for index, rule in enumerate(config.rules if tried else []):
            is_tried = index < len(tried)
            values["rules", str(index), "field"] = (
                tried[index]["operand"] if is_tried else rule.field
            )
            values["rules", str(index), "value"] = (
                tried[index].get("value", rule.value) if is_tried else rule.value
            )
        return values

    def run(self, config: SwitchConfig, visit: Visit) -> NodeResult:
        tried: list[SwitchRuleEvidence] = []
        outcome = config.fallback_label
        for rule in config.rules:
            asked = _asked(rule, visit.scope)
            tried.append(asked)
            if asked["verdict"]:
                outcome = rule.label
                break
        labels = self.branching(config).labels
        evidence: SwitchEvidence = {
            "rules": tried,
            "matched": outcome if tried[-1]["verdict"] else None,
            "branchesNotTaken": [label for label in labels if label != outcome],
        }
        return NodeResult(outcome=outcome, evidence=evidence)


def _asked(rule: SwitchRule, scope: Mapping[str, Any]) -> SwitchRuleEvidence:
    """Returns the values that the rule compared and whether it holds. A rule about a missing value
    does not hold; its evidence names the variable."""
    evidence: SwitchRuleEvidence = {
        "label": rule.label,
        "field": rule.field,
        "operand": None,
        "operator": rule.operator.value,
    }
    if not rule.operator.is_unary:
        evidence["value"] = rule.value
    try:
        operand = read_operand(operand_source(rule.field), rule.operator, scope)
        evidence["operand"] = for_evidence(operand)
        value = read_operand(rule.value, rule.operator, scope)
    except NodeError as error:
        if error.kind != "MISSING_VARIABLE":
            raise
        return {**evidence, "verdict": False, "missing": str(error)}
    if not rule.operator.is_unary:
        evidence["value"] = for_evidence(value)
    return {**evidence, "verdict": compare(operand, rule.operator, value)}

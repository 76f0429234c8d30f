"""SET: sets variables of a run."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, StringConstraints, model_validator

from runledger.errors import NodeError
from runledger.models.base import Config
from runledger.models.run import Step, StepStatus
from runledger.nodes.base import NodeResult, NodeType, Visit
from runledger.nodes.fields import LiquidValue
from runledger.nodes.inputs import Place, Record
from runledger.nodes.literal_credentials import CredentialMasker
from runledger.nodes.unreadable import UnreadableValues
from runledger.nodes.value_types import ValueType, convert
from runledger.redaction import is_literal_credential_name
from runledger.templating import render_value

if TYPE_CHECKING:
    from runledger.models.records import SetEvidence

MAX_OUTPUT_BYTES = 64 * 1024
_PREFIX = "vars."


class SetMode(StrEnum):
    MERGE = "MERGE"
    REPLACE = "REPLACE"


class Assignment(Config):
    """One variable and its value."""

    target: Annotated[str, StringConstraints(pattern=r"^vars\.[A-Za-z_][A-Za-z0-9_]{0,63}$")] = (
        Field(description="The variable to set, e.g. vars.tier.")
    )
    value: LiquidValue = Field(description="Its value. Liquid, also inside lists and objects.")
    type: ValueType = Field(
        default=ValueType.STRING, description="The type that the value is converted to."
    )

    @property
    def variable(self) -> str:
        return self.target.removeprefix(_PREFIX)


class SetConfig(Config):
    """The assignments. All are made at the same time: none of them can read the result of
    another."""

    mode: SetMode = Field(
        default=SetMode.MERGE,
        description="MERGE keeps the variables that are not listed; REPLACE removes them.",
    )
    assignments: list[Assignment] = Field(
        min_length=1, max_length=50, description="The variables to set."
    )

    @model_validator(mode="after")
    def _targets_differ(self) -> "SetConfig":
        target, count = Counter(a.target for a in self.assignments).most_common(1)[0]
        if count > 1:
            raise ValueError(f"{target} is set twice; remove one of the assignments")
        return self


class SetNode(NodeType[SetConfig]):
    """Sets variables that later nodes read as `{{vars.name}}`. Each value is converted to its type.
    If a value cannot be converted, the run fails and the error names the variable."""

    name = "SET"
    title = "Set variables"
    icon = "variable"
    example: ClassVar[dict[str, Any]] = {
        "mode": "MERGE",
        "assignments": [
            {"target": "vars.tier", "value": "{{steps.score.score}}", "type": "NUMBER"}
        ],
    }
    config_model = SetConfig

    def with_credentials_masked(
        self, config: Mapping[str, Any], masker: CredentialMasker
    ) -> dict[str, Any]:
        """Returns the config without credentials. If a variable has a name such as `password`, its
        value counts as a credential."""
        shown: dict[str, Any] = masker.value(config, ())
        assignments = shown.get("assignments")
        for index, each in enumerate(assignments if isinstance(assignments, list) else ()):
            if not isinstance(each, dict) or "value" not in each:
                continue
            target = str(each.get("target", "")).removeprefix(_PREFIX)
            if is_literal_credential_name(target):
                place = ("assignments", str(index), "value")
                each["value"] = masker.value(each["value"], place, is_credential=True)
        return shown

    def outputs(self, config: SetConfig) -> frozenset[str]:
        return frozenset(assignment.variable for assignment in config.assignments)

    def recorded_values(self, config: SetConfig, record: Record) -> dict[Place, Any]:
        """Returns the values of STRING and JSON variables, because the output contains them
        unchanged. Variables of other types are left out, because their values were converted."""
        return {
            ("assignments", str(index), "value"): record.output[each.variable]
            for index, each in enumerate(config.assignments)
            if each.type in (ValueType.STRING, ValueType.JSON) and each.variable in record.output
        }

    def run(self, config: SetConfig, visit: Visit) -> NodeResult:
        output = {
            assignment.variable: convert(
                render_value(assignment.value, visit.scope), assignment.type, assignment.target
            )
            for assignment in config.assignments
        }
        size = len(json.dumps(output, ensure_ascii=False).encode())
        if size > MAX_OUTPUT_BYTES:
            raise NodeError(
                "OUTPUT_TOO_LARGE",
                f"the variables take {size} bytes; at most {MAX_OUTPUT_BYTES} are allowed",
            )
        evidence: SetEvidence = {"mode": config.mode.value}
        return NodeResult(output=output, evidence=evidence)


def fold_vars(steps: Iterable[Step]) -> dict[str, Any]:
    """Returns the content of `vars` after these steps, which are given in the order in which they
    ran."""
    variables: dict[str, Any] = {}
    for step in steps:
        if step.type != SetNode.name or step.status is not StepStatus.COMPLETED:
            continue
        if step.unreadable is not None:
            return UnreadableValues("vars")
        evidence = step.evidence
        replaces = (
            evidence is not None and "mode" in evidence and evidence["mode"] == SetMode.REPLACE
        )
        variables = dict(step.output) if replaces else {**variables, **step.output}
    return variables

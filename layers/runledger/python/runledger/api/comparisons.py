"""Two runs side by side, as the API shows them."""

from typing import Any

from pydantic import Field

from runledger.api.runs import StepView
from runledger.models.base import WireModel
from runledger.models.run import RunStatus


class ComparedRunView(WireModel):
    """One of two runs that are compared."""

    run_id: str = Field(description="The run's id.")
    automation_id: str = Field(description="The automation's id.")
    automation_name: str = Field(description="The automation's name.")
    version: int = Field(description="The automation's version.")
    status: RunStatus = Field(description="The run's status.")
    created_at: str = Field(description="When the run was opened.")
    duration_ms: int | None = Field(description="How long it took; null while it is open.")
    rerun_of: str | None = Field(
        description="The run that this one repeats; null if it is not a rerun."
    )


class DifferenceView(WireModel):
    """One value in which two steps, or two events, differ."""

    path: str = Field(description="The path of the value, such as `output.score`.")
    a: Any = Field(description="The value in the first run; null if there is none.")
    b: Any = Field(description="The value in the second run; null if there is none.")


class ComparedStepView(WireModel):
    """One node in the two runs that are compared."""

    node_id: str = Field(description="The node's id.")
    a: StepView | None = Field(description="The step of the first run; null if it has none.")
    b: StepView | None = Field(description="The step of the second run; null if it has none.")
    is_equal: bool = Field(description="Whether both steps are equal, except for times.")
    differences: list[DifferenceView] = Field(
        description="What differs, at most 50 values: status, outcome, reason, input, output, "
        "error, request and response, and across versions the config too."
    )
    config_differs: bool = Field(
        description="Whether the node's type or config differs between the versions."
    )


class ComparisonView(WireModel):
    """A comparison of two runs, step by step."""

    a: ComparedRunView = Field(description="The first run.")
    b: ComparedRunView = Field(description="The second run.")
    payload_differences: list[DifferenceView] = Field(
        description="The first 50 differences between the events that opened the runs."
    )
    steps: list[ComparedStepView] = Field(
        description="Every node that either run visited, in the order of the first run."
    )

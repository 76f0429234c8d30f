"""One run as the history shows it, with everything that is known of it."""

from typing import Any

from pydantic import Field

from runledger.models.automation import Graph
from runledger.models.base import WireModel
from runledger.models.delivery import DeliveryStatus
from runledger.models.run import RunStatus, StepStatus
from runledger.models.wire import UNREADABLE, ErrorView, RunView


class StepView(WireModel):
    """One visit of one node."""

    node_id: str = Field(description="The node.")
    type: str = Field(description="The node's type.")
    status: StepStatus = Field(description="Where the step is in its life.")
    order: int = Field(description="Its place in the run, counted from 1.")
    started_at: str = Field(description="When it began.")
    finished_at: str | None = Field(description="When it ended; null before.")
    duration_ms: int | None = Field(
        description="Milliseconds from its begin to its end; null before."
    )
    waited_ms: int | None = Field(
        description=(
            "The part of `durationMs` in which the run waited; null where it did not, "
            "or still does."
        )
    )
    tries: int | None = Field(
        description="How many calls it made; null for a node that makes none."
    )
    outcome: str | None = Field(
        description="The branch that was taken; null where there is one way on."
    )
    branches_not_taken: list[str] = Field(description="The labels of the other branches.")
    reason: str | None = Field(description="Why it was skipped; null unless it was.")
    wait_until: str | None = Field(
        description="When the waiting ends; null for a node that does not wait."
    )
    input: dict[str, Any] | None = Field(
        description=(
            "The node's config with the values of its expressions, secrets by their "
            "names and long values cut. A message's also has `variables`, which its "
            "templates read. Null where it was not recorded."
        )
    )
    output: dict[str, Any] = Field(description="What later nodes read as `{{steps.<nodeId>.*}}`.")
    evidence: dict[str, Any] | None = Field(
        description=(
            "The rule and the values that decided the branch; null for a node without branches."
        )
    )
    request: dict[str, Any] | None = Field(
        description="The call that it made, without secrets; null for a node that makes none."
    )
    response: dict[str, Any] | None = Field(
        description="The answer to the call, without secrets; null where there was none."
    )
    error: ErrorView | None = Field(description="Why it failed; null unless it did.")
    delivery_ids: list[str] = Field(description="The deliveries that it made.")
    unreadable: str | None = Field(default=None, description=UNREADABLE)


class DeliveryLinkView(WireModel):
    """A message that a step sent or tried to send."""

    id: str = Field(description="The delivery's id.")
    node_id: str = Field(description="The node that made it.")
    path: str = Field(description="The API's path of the delivery.")
    status: DeliveryStatus | None = Field(
        description="Where the delivery is now; null beyond the first hundred of a run."
    )
    channel: str | None = Field(description="The channel; null beyond the first hundred of a run.")
    address: str | None = Field(
        description="Where it goes; null beyond the first hundred of a run."
    )


class DownstreamRunView(WireModel):
    """A run of another automation that the end of this one opened."""

    automation_id: str = Field(description="The other automation's id.")
    automation_name: str = Field(description="The other automation's name.")
    run_id: str = Field(description="The other run's id.")
    status: RunStatus = Field(description="Where the other run is in its life.")


class UpstreamRunView(WireModel):
    """The run whose end opened this one."""

    automation_id: str = Field(description="The other automation's id.")
    automation_name: str | None = Field(
        description="The other automation's name; null once its run has expired."
    )
    run_id: str = Field(description="The other run's id.")
    status: RunStatus | None = Field(
        description="How the other run ended; null once it has expired."
    )


class RunDetailView(RunView):
    """A run with everything that is known about it."""

    payload: Any = Field(
        description="What opened the run: the body of the event, or the payload of the user."
    )
    graph: Graph = Field(description="The graph of the run's version.")
    steps: list[StepView] = Field(description="The visited nodes, in order.")
    deliveries: list[DeliveryLinkView] = Field(description="The messages of the run.")
    upstream: UpstreamRunView | None = Field(
        description="The run whose end opened this one; null for other triggers."
    )
    downstream: list[DownstreamRunView] = Field(
        description=(
            "The runs that the end of this one opened, of automations that still wait for it."
        )
    )

"""One run as the history shows it, with everything that is known of it."""

from typing import Any

from runledger.models.automation import Graph
from runledger.models.base import WireModel
from runledger.models.delivery import DeliveryStatus
from runledger.models.run import RunStatus, StepStatus
from runledger.models.wire import ErrorView, RunView


class StepView(WireModel):
    """One visit of one node; `order` counts from 1 as the run visited them.

    `waited_ms` is the part of `duration_ms` in which the run was parked until `wait_until`; null
    while it still is, and for a step that does not wait. `tries` counts the calls of a step that
    makes them; `branches_not_taken` are the labels that were passed over for `outcome`.

    `input` is what the node worked with: its config with the values that its expressions had at
    that visit, secrets by their names, long values cut; of a message also the `variables` that its
    templates read, and of the trigger what opened the run (with the run's `payload`). Null where
    it was not recorded: the graph has the config as it was written."""

    node_id: str
    type: str
    status: StepStatus
    order: int
    started_at: str
    finished_at: str | None
    duration_ms: int | None
    waited_ms: int | None
    tries: int | None
    outcome: str | None
    branches_not_taken: list[str]
    reason: str | None
    wait_until: str | None
    input: dict[str, Any] | None
    output: dict[str, Any]
    evidence: dict[str, Any] | None
    request: dict[str, Any] | None
    response: dict[str, Any] | None
    error: ErrorView | None
    delivery_ids: list[str]


class DeliveryLinkView(WireModel):
    """A message that a step sent or tried to. The status, channel and address are those of now;
    null beyond the first hundred of a run."""

    id: str
    node_id: str
    path: str
    status: DeliveryStatus | None
    channel: str | None
    address: str | None


class DownstreamRunView(WireModel):
    """A run of another automation that the end of this one opened."""

    automation_id: str
    automation_name: str
    run_id: str
    status: RunStatus


class UpstreamRunView(WireModel):
    """The run whose end opened this one. Its automation's name and its status are null once it has
    expired."""

    automation_id: str
    automation_name: str | None
    run_id: str
    status: RunStatus | None


class RunDetailView(RunView):
    """A run with everything that is known of it. `graph` is the version's, as it was; `upstream` is
    the run that opened it, where one did; `downstream` are the runs that its end opened, of
    automations that still wait for it."""

    payload: Any
    graph: Graph
    steps: list[StepView]
    deliveries: list[DeliveryLinkView]
    upstream: UpstreamRunView | None
    downstream: list[DownstreamRunView]

"""Runs as the history shows them: rows of lists, and one run in full."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from runledger.api.lists import UNREADABLE
from runledger.models.automation import Graph
from runledger.models.base import WireModel
from runledger.models.delivery import DeliveryStatus
from runledger.models.records import ShownEvidence, ShownRequest, ShownResponse
from runledger.models.run import RunStatus, StepStatus


class ErrorView(WireModel):
    """Why a run, a step or a delivery failed."""

    node_id: str | None = Field(
        description="The node that failed; null where it failed outside of any node."
    )
    kind: str = Field(
        description="A stable code, such as STOP_ERROR, MISSING_VARIABLE or OUTCOME_UNKNOWN."
    )
    message: str = Field(description="The reason in words.")
    cause: str | None = Field(
        description="The technical cause, without secrets; null where the message says it all."
    )


class CanceledView(WireModel):
    """Who canceled a run, and why."""

    by: str = Field(description="The user's e-mail, or `system`.")
    reason: str = Field(description="Why, in the words of that user.")
    at: str = Field(description="When the run was canceled.")


class HealthView(WireModel):
    """The present state of a run or delivery that has not ended."""

    state: str = Field(
        description=(
            "Of a run QUEUED, SCHEDULED, RUNNING, WAITING, RETRYING or OVERDUE; of a "
            "delivery QUEUED, SENDING, RETRYING or UNKNOWN."
        )
    )
    text: str = Field(description="The state in words.")
    until: str | None = Field(default=None, description="When the waiting ends; with WAITING only.")
    attempt: int | None = Field(
        default=None, description="The number of the present try; with RETRYING only."
    )
    last_error: str | None = Field(
        default=None, description="Why the try before failed; with RETRYING only."
    )


class RunContactView(WireModel):
    """The contact at the time the run was opened."""

    id: str = Field(description="The contact's id.")
    email: str | None = Field(
        description="The e-mail address at that time; null where there was none."
    )
    phone: str | None = Field(
        description="The phone number at that time, as E.164; null where there was none."
    )


class RunView(WireModel):
    """A run as lists show it."""

    id: str = Field(description="The run's id.")
    status: RunStatus = Field(description="Where the run is in its life.")
    health: HealthView | None = Field(description="More about an open run; null once it has ended.")
    automation_id: str = Field(description="The automation that ran.")
    automation_name: str = Field(description="The automation's name when the run was opened.")
    version: int = Field(description="The version of the automation that ran.")
    attempt: int = Field(
        description="How often the run's state machine was started; the first attempt is 1."
    )
    start_error: str | None = Field(
        description="Why the start was put off, or why the run needed another attempt."
    )
    trigger: dict[str, Any] = Field(
        description="What opened the run: its `type` and facts of that type."
    )
    contact: RunContactView | None = Field(
        description="The contact when the run was opened; null for a run without one."
    )
    created_at: str = Field(description="When the run was opened.")
    scheduled_for: str | None = Field(
        description="The moment that the run was scheduled for; null where it starts at once."
    )
    started_at: str | None = Field(description="When the first node began; null before.")
    finished_at: str | None = Field(description="When the run ended; null while it is open.")
    duration_ms: int | None = Field(
        description="Milliseconds from start to end; null while the run is open."
    )
    error: ErrorView | None = Field(description="Why the run failed; null unless it did.")
    error_group: str | None = Field(description="The id of the failure group of a failed run.")
    canceled: CanceledView | None = Field(
        description="Who canceled the run, and why; null unless it was canceled."
    )
    at: list[str] = Field(
        description=(
            "The nodes that the run is at: several in a fork, none before it begins, "
            "and the one that it ended at."
        )
    )
    erased_at: str | None = Field(
        default=None,
        description="When the contact was erased, and with it everything about the person.",
    )
    unreadable: str | None = Field(default=None, description=UNREADABLE)


class RunDocument(WireModel):
    """A run to open by hand. Name the contact by exactly one of id, e-mail and phone."""

    contact_id: str | None = Field(default=None, description="The contact's id.")
    email: str | None = Field(default=None, description="The contact's e-mail address.")
    phone: str | None = Field(
        default=None, description="The contact's phone number, with its country code."
    )
    payload: dict[str, Any] = Field(
        default_factory=dict, description="What templates and conditions read as `{{trigger.*}}`."
    )
    idempotency_key: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
        | None
    ) = Field(default=None, description="The same key opens one run, however often it is sent.")


class CancelDocument(WireModel):
    """Why a run is canceled."""

    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)
    ] = Field(description="Why, for the history.")


class OpenedView(WireModel):
    """The answer to a trigger."""

    run_id: str = Field(description="The run that was opened, now or by the same event before.")
    status: RunStatus = Field(description="Where that run is in its life.")
    duplicate: bool = Field(
        default=False, description="True where the same event had opened the run before."
    )


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
    evidence: ShownEvidence | None = Field(
        description=(
            "The rule and the values that decided the branch; null for a node without branches."
        )
    )
    request: ShownRequest | None = Field(
        description="The call that it made, without secrets; null for a node that makes none."
    )
    response: ShownResponse | None = Field(
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

"""Runs as the history shows them: rows of lists, and one run in full."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from runledger.api.contacts import ContactReference
from runledger.api.lists import UNREADABLE
from runledger.api.request_fields import IdempotencyKey
from runledger.models.automation import Graph
from runledger.models.base import WireModel
from runledger.models.delivery import DeliveryStatus
from runledger.models.event import EventFacts
from runledger.models.records import ShownEvidence, ShownRequest, ShownResponse
from runledger.models.run import RunStatus, StepStatus


class ErrorView(WireModel):
    """Why a run, a step or a delivery failed."""

    node_id: str | None = Field(
        description="The node that failed; null if the failure was outside any node."
    )
    kind: str = Field(
        description=(
            "A stable code for programs, such as STOP_ERROR, MISSING_VARIABLE or OUTCOME_UNKNOWN."
        )
    )
    message: str = Field(description="The reason, in words.")
    cause: str | None = Field(
        description="The technical cause, without secrets; null if the message says it all."
    )


class CanceledView(WireModel):
    """Who canceled a run, and why."""

    by: str = Field(description="The user's e-mail address, or `system`.")
    reason: str = Field(description="Why the run was canceled.")
    at: str = Field(description="When the run was canceled.")


class HealthView(WireModel):
    """The current state of a run or delivery that has not ended."""

    state: str = Field(
        description=(
            "For a run: QUEUED, HELD, SCHEDULED, RUNNING, WAITING, RETRYING or OVERDUE. For a "
            "delivery: QUEUED, SENDING, RETRYING or UNKNOWN."
        )
    )
    text: str = Field(description="The state, in words.")
    until: str | None = Field(
        default=None,
        description=(
            "When a SCHEDULED run starts, a WAITING run continues, a delivery is retried or an "
            "UNKNOWN delivery is given up; null otherwise."
        ),
    )
    attempt: int | None = Field(
        default=None, description="The number of the current attempt or try; null if there is none."
    )
    last_error: str | None = Field(
        default=None, description="Why the previous attempt or try failed; null if it did not."
    )


class RunContactView(WireModel):
    """The contact at the time the run was opened."""

    id: str = Field(description="The contact's id.")
    email: str | None = Field(
        description="The e-mail address at that time; null if there was none."
    )
    phone: str | None = Field(
        description="The phone number at that time, in E.164 format; null if there was none."
    )


class RunKeyView(WireModel):
    """A key of a run: a value of its event by which the run is found."""

    name: str = Field(description="The key's name, as the trigger declares it.")
    value: str = Field(description="The value, as the event contains it.")


class RunView(WireModel):
    """A run as lists show it."""

    id: str = Field(description="The run's id.")
    status: RunStatus = Field(description="The run's status.")
    health: HealthView | None = Field(
        description="Details about an open run; null once the run has ended."
    )
    automation_id: str = Field(description="The automation's id.")
    automation_name: str = Field(description="The automation's name when the run was opened.")
    version: int = Field(description="The automation's version.")
    attempt: int = Field(
        description="How many times the run's state machine was started; the first attempt is 1."
    )
    start_error: str | None = Field(
        description="Why the start was postponed, or why the run needed another attempt."
    )
    trigger: dict[str, Any] = Field(
        description="What opened the run: its `type`, and details for that type."
    )
    contact: RunContactView | None = Field(
        description="The contact when the run was opened; null for a run without one."
    )
    keys: list[RunKeyView] = Field(
        default_factory=list,
        description="The values of the event by which the run is found, in the trigger's order; "
        "empty if the trigger declares none, or after an erasure.",
    )
    created_at: str = Field(description="When the run was opened.")
    scheduled_for: str | None = Field(
        description="When the run is scheduled to start; null if it starts at once."
    )
    started_at: str | None = Field(description="When the first node started; null until then.")
    finished_at: str | None = Field(description="When the run ended; null while it is open.")
    duration_ms: int | None = Field(
        description="Milliseconds from startedAt to finishedAt; null while the run is open."
    )
    error: ErrorView | None = Field(description="Why the run failed; null unless it did.")
    error_group: str | None = Field(
        description="The id of the failure group; null unless the run failed."
    )
    canceled: CanceledView | None = Field(
        description="Who canceled the run, and why; null unless it was canceled."
    )
    rerun_of: str | None = Field(
        default=None, description="The run that this one repeats; null if it is not a rerun."
    )
    recovered_by: str | None = Field(
        default=None, description="The latest rerun of this run that completed; null if none did."
    )
    at: list[str] = Field(
        description=(
            "The ids of the current nodes, or of the node where the run ended. A fork has "
            "several; a run that has not started has none."
        )
    )
    erased_at: str | None = Field(
        default=None,
        description="When the contact was erased, together with all personal data.",
    )
    unreadable: str | None = Field(default=None, description=UNREADABLE)


class RunDocument(ContactReference):
    """A run to open by hand. Name the contact in exactly one way."""

    payload: dict[str, Any] = Field(
        default_factory=dict,
        description="The value of `{{trigger.*}}` and `{{event.body.*}}` in templates and "
        "conditions.",
    )
    event: EventFacts = Field(
        default_factory=EventFacts,
        description="What templates and conditions read as `{{event.*}}`, without the body.",
    )
    idempotency_key: IdempotencyKey | None = Field(
        default=None,
        description="Makes the request safe to repeat: the same key opens only one run.",
    )


class ElementView(WireModel):
    """The result of one element of a split event."""

    index: int = Field(description="The element's place in the list, from 0.")
    run_id: str | None = Field(
        default=None, description="The run's id; absent if the element opened none."
    )
    status: RunStatus | None = Field(default=None, description="The run's status.")
    duplicate: bool | None = Field(
        default=None, description="Whether an earlier request with the same element opened the run."
    )
    refused: str | None = Field(default=None, description="Why the element opened no run.")
    ignored: bool | None = Field(
        default=None, description="true: the trigger's filter ignored the element."
    )


class SplitView(WireModel):
    """The answer to an event whose list was split into elements."""

    runs: list[ElementView] = Field(description="The elements, in their order.")


class CancelDocument(WireModel):
    """Why a run is canceled."""

    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)
    ] = Field(description="The reason. The history shows it.")


class OpenedView(WireModel):
    """The answer to a trigger."""

    run_id: str = Field(
        description="The run that this event opened, in this request or an earlier one."
    )
    status: RunStatus = Field(description="The run's status.")
    duplicate: bool = Field(
        default=False, description="Whether an earlier request with the same event opened the run."
    )


class StepView(WireModel):
    """The record of one node in a run: its times, its outcome and the data it used."""

    node_id: str = Field(description="The node's id.")
    type: str = Field(description="The node's type.")
    status: StepStatus = Field(description="The step's status.")
    order: int = Field(description="The step's position in the run, counted from 1.")
    started_at: str = Field(description="When the step started.")
    finished_at: str | None = Field(description="When the step ended; null until then.")
    duration_ms: int | None = Field(
        description="Milliseconds from start to end; null until the step has ended."
    )
    waited_ms: int | None = Field(
        description=(
            "The part of `durationMs` that the run spent waiting; null if it did not wait, or is "
            "still waiting."
        )
    )
    tries: int | None = Field(
        description=(
            "How many times the node tried its HTTP request; null for a node that makes none."
        )
    )
    outcome: str | None = Field(
        description="The branch that was taken; null if the node does not branch."
    )
    branches_not_taken: list[str] = Field(description="The labels of the other branches.")
    reason: str | None = Field(description="Why the step was skipped or canceled; null otherwise.")
    wait_until: str | None = Field(
        description="When the wait ends; null for a node that does not wait."
    )
    input: dict[str, Any] | None = Field(
        description=(
            "The node's config, with its expressions replaced by their values, secrets by their "
            "names, and long values cut. For a SEND_MESSAGE node, `variables` has the values "
            "that the templates read. Null if it was not recorded."
        )
    )
    output: dict[str, Any] = Field(
        description="The value of `{{steps.<nodeId>.*}}` for later nodes."
    )
    evidence: ShownEvidence | None = Field(
        description=(
            "What the step is based on: the values that a CONDITION or SWITCH compared, "
            "the time that a WAIT calculated, the mode of a SET, the tries of an "
            "INTEGRATION, or the messages of a SEND_MESSAGE. Null if the node recorded "
            "none."
        )
    )
    request: ShownRequest | None = Field(
        description="The HTTP request, without secrets; null for a node that makes none."
    )
    response: ShownResponse | None = Field(
        description="The answer to the HTTP request, without secrets; null if there was none."
    )
    error: ErrorView | None = Field(description="Why the step failed; null unless it did.")
    delivery_ids: list[str] = Field(description="The ids of the messages that the step sent.")
    reused_from: str | None = Field(
        default=None,
        description="The run whose step a rerun reused here; null for any other step.",
    )
    unreadable: str | None = Field(default=None, description=UNREADABLE)


class DeliveryLinkView(WireModel):
    """A message that a step sent or tried to send."""

    id: str = Field(description="The delivery's id.")
    node_id: str = Field(description="The node that sent the message.")
    path: str = Field(description="The path of the delivery in the API.")
    status: DeliveryStatus | None = Field(
        description=(
            "The delivery's current status; null for deliveries beyond a run's first hundred."
        )
    )
    channel: str | None = Field(
        description="The channel; null for deliveries beyond a run's first hundred."
    )
    address: str | None = Field(
        description="The recipient's address; null for deliveries beyond a run's first hundred."
    )


class DownstreamRunView(WireModel):
    """A run of another automation, which was opened because this run ended."""

    automation_id: str = Field(description="The other automation's id.")
    automation_name: str = Field(description="The other automation's name.")
    run_id: str = Field(description="The other run's id.")
    status: RunStatus = Field(description="The other run's status.")


class UpstreamRunView(WireModel):
    """The run whose end opened this one."""

    automation_id: str = Field(description="The other automation's id.")
    automation_name: str | None = Field(
        description="The other automation's name; null if the other run has expired."
    )
    run_id: str = Field(description="The other run's id.")
    status: RunStatus | None = Field(description="The other run's status; null if it has expired.")


class RerunLinkView(WireModel):
    """A rerun of this run."""

    run_id: str = Field(description="The rerun's id.")
    status: RunStatus = Field(description="The rerun's status.")
    created_at: str = Field(description="When the rerun was opened.")


class RunDetailView(RunView):
    """A run with everything that is known about it."""

    payload: Any = Field(
        description=(
            "The data that opened the run: the event's body, or the payload that a user entered."
        )
    )
    graph: Graph = Field(description="The graph of the run's version.")
    steps: list[StepView] = Field(description="The steps, in order.")
    deliveries: list[DeliveryLinkView] = Field(description="The messages that the run sent.")
    upstream: UpstreamRunView | None = Field(
        description="The run whose end opened this one; null for other triggers."
    )
    reruns: list[RerunLinkView] = Field(
        default_factory=list, description="The reruns of this run, oldest first."
    )
    downstream: list[DownstreamRunView] = Field(
        description=(
            "The runs that were opened because this run ended, in automations that still start "
            "after runs of this automation."
        )
    )

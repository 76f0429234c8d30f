"""Recoveries, which rerun many runs, as the API takes and shows them."""

from typing import Annotated, Any

from pydantic import Field, StrictBool, StringConstraints

from runledger.api.filters import FilterDocument, FilterView
from runledger.api.request_fields import IdempotencyKey, Reason
from runledger.api.reruns import EffectChoiceDocument
from runledger.models.base import Whole, WireModel
from runledger.models.recovery import (
    CanaryThen,
    ItemState,
    LeftOut,
    RecoveryStatus,
)
from runledger.models.rerun import START, RerunVersion

MOST_PER_MINUTE = 600
MOST_IN_CANARY = 1_000


class CanaryDocument(WireModel):
    """A test with the first few runs, before the other runs are rerun."""

    count: Whole = Field(
        ge=1,
        le=MOST_IN_CANARY,
        description="How many runs are rerun first. The oldest runs are chosen.",
    )
    then: CanaryThen = Field(
        default=CanaryThen.WAIT,
        description="What happens when all of these reruns have completed. WAIT: the recovery "
        "waits for `continue`. CONTINUE: it continues with the other runs. If one of the "
        "reruns fails, the recovery pauses.",
    )


class RecoveryDocument(WireModel):
    """The runs to rerun, and how. Give exactly one of `filter` and `errorGroup`."""

    filter: FilterDocument | None = Field(
        default=None,
        description="Which runs to rerun, by the filters of the list of runs. Without `status`, "
        "failed runs.",
    )
    error_group: str | None = Field(
        default=None, description="The failure group whose runs are rerun."
    )
    from_: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = Field(
        default=None,
        alias="from",
        description=f"Where to begin: {START}, or a node that the runs visited. If left out, the "
        "failed node of each run.",
    )
    version: RerunVersion = Field(
        default=RerunVersion.SAME,
        description="SAME: the version that each run used. ACTIVE: the automation's active "
        "version.",
    )
    effects: Annotated[dict[str, EffectChoiceDocument], Field(max_length=50)] = Field(
        default_factory=dict, description="Choices about effects, by node id, as for one rerun."
    )
    fire_downstream: StrictBool = Field(
        default=False,
        description="Whether the ends of the reruns trigger other automations, as the ends of "
        "other runs do.",
    )
    reason: Reason | None = Field(
        default=None, description="Why the runs are rerun. Each rerun shows this reason."
    )
    canary: CanaryDocument | None = Field(
        default=None,
        description="The number of runs to rerun first, as a test; null to rerun all "
        "without a test.",
    )
    rate_per_minute: Whole = Field(
        default=60, ge=1, le=MOST_PER_MINUTE, description="How many reruns are opened per minute."
    )
    stop_after_failures: Whole = Field(
        default=10,
        ge=1,
        le=1_000_000,
        description="The recovery pauses when this many of its reruns have failed.",
    )
    idempotency_key: IdempotencyKey | None = Field(
        default=None,
        description="Makes the request safe to repeat: the same key begins only one recovery.",
    )
    dry_run: StrictBool = Field(
        default=False, description="true: only say what would happen, and change nothing."
    )


class RecoveryCountsView(WireModel):
    """The numbers of runs and reruns of a recovery."""

    eligible: int = Field(description="How many runs will be rerun, or were rerun.")
    excluded: dict[str, int] = Field(
        description="How many runs are left out, by reason: "
        + ", ".join(each.value for each in LeftOut)
        + "."
    )
    blocked: int = Field(
        description="How many eligible runs wait until another run ends: an open rerun of the same "
        "run or, if a contact may have only one open run, the contact's open run."
    )
    opened: int = Field(description="How many reruns were opened.")
    completed: int = Field(description="How many of the opened reruns have completed.")
    failed: int = Field(description="How many of the opened reruns have failed.")
    canceled: int = Field(description="How many of the opened reruns were canceled.")


class RecoveryNodeView(WireModel):
    """What the reruns do with one node: how many of them run it, reuse its recorded step, or skip
    it, and how many runs are left out because they need a choice for this node."""

    automation_id: str = Field(description="The automation's id.")
    node_id: str = Field(description="The node's id.")
    type: str = Field(description="The node's type.")
    run: int = Field(description="In how many reruns the node runs.")
    reused: int = Field(description="In how many reruns its recorded step is used.")
    suppressed: int = Field(
        description="In how many reruns it is skipped, so its effects do not happen."
    )
    undecided: int = Field(
        description="How many runs are left out, because they need a choice for this node."
    )
    effects: dict[str, int] = Field(
        description="The calls and messages that the originals made at this node, in runs whose "
        "rerun visits the node: the number of them by status. `effects` of the request can choose "
        "what happens to them."
    )
    repeated_effects: int = Field(
        description="How many calls or messages of the runs happen again."
    )


class RecoveryView(WireModel):
    """A recovery: the reruns of many runs, and their progress."""

    id: str | None = Field(description="The recovery's id; null for a dry run.")
    status: RecoveryStatus = Field(
        description="PREVIEWED: a dry run. CANARY: the first few runs are being rerun. WAITING: "
        "these have completed, and the recovery waits for `continue`. RUNNING: the other runs "
        "are being rerun. PAUSED, COMPLETED, ABORTED: as the names say."
    )
    status_at: str = Field(description="When the recovery got this status.")
    status_by: str | None = Field(
        description="The e-mail address of the user who changed the status; null if it changed "
        "automatically."
    )
    status_reason: str | None = Field(
        description="Why the recovery paused automatically: CANARY_FAILED or "
        "STOPPED_AFTER_FAILURES."
    )
    filter: FilterView = Field(description="The filters, fixed at the time of the request.")
    error_group: str | None = Field(description="The failure group whose runs are rerun, if any.")
    from_: str | None = Field(
        alias="from", description="Where the reruns begin; null if each begins at the failed node."
    )
    version: RerunVersion = Field(description="Which version of the graph the reruns use.")
    effects: dict[str, Any] = Field(description="The choices about effects, by node id.")
    fire_downstream: bool = Field(
        description="Whether the ends of the reruns trigger other automations."
    )
    reason: str | None = Field(description="Why the runs are rerun.")
    canary: CanaryDocument | None = Field(
        description="The test with the first few runs, if requested."
    )
    rate_per_minute: int = Field(description="How many reruns are opened per minute.")
    stop_after_failures: int = Field(description="How many failed reruns pause the recovery.")
    requested_by: str = Field(
        description="The e-mail address of the user who requested the recovery."
    )
    created_at: str = Field(description="When the recovery was requested.")
    finished_at: str | None = Field(
        description="When the recovery completed or was aborted; null until then."
    )
    is_selected: bool = Field(
        description="Whether all runs of the recovery have been found. Until then, `eligible` "
        "grows. For a dry run: whether all runs that match the filter were checked."
    )
    counts: RecoveryCountsView = Field(description="The numbers of runs and reruns so far.")
    nodes: list[RecoveryNodeView] = Field(
        default_factory=list, description="For a dry run: what the reruns would do, by node."
    )
    sample: list[str] = Field(
        default_factory=list, description="For a dry run: the first eligible runs, up to ten."
    )


class RecoveryItemView(WireModel):
    """One run of a recovery."""

    run_id: str = Field(description="The original.")
    state: ItemState = Field(
        description="PLANNED: the run will be rerun. BLOCKED: it waits until another run ends. "
        "OPEN: its rerun is open. ENDED: its rerun has ended. LEFT_OUT: it is not rerun."
    )
    rerun_id: str | None = Field(description="The id of its rerun; null if there is none yet.")
    result: str | None = Field(description="The status in which its rerun ended.")
    blocked_by: str | None = Field(description="The run that must end first.")
    reason: LeftOut | None = Field(description="Why the run is left out; null if it is not.")
    detail: str | None = Field(description="More about the reason.")

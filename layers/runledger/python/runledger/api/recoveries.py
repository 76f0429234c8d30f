"""Recoveries as the API takes and shows them."""

from typing import Annotated, Any

from pydantic import Field, StrictBool, StringConstraints

from runledger.api.filters import FilterDocument, FilterView
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
    """A first few reruns, before the others."""

    count: Whole = Field(
        ge=1, le=MOST_IN_CANARY, description="How many runs are rerun first, the oldest ones."
    )
    then: CanaryThen = Field(
        default=CanaryThen.WAIT,
        description="What happens when all of them have completed: WAIT for `continue`, or "
        "CONTINUE with the others. If one fails, the recovery pauses.",
    )


class RecoveryDocument(WireModel):
    """The runs to rerun, and how. Give either `filter` or `errorGroup`."""

    filter: FilterDocument | None = Field(
        default=None,
        description="Which runs, by the filters of the list of runs. Without `status`, the failed "
        "ones.",
    )
    error_group: str | None = Field(
        default=None, description="The failure group whose runs are rerun."
    )
    from_: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = Field(
        default=None,
        alias="from",
        description=f"{START}, or a node that the runs visited. Without it, the failed node of "
        "each run.",
    )
    version: RerunVersion = Field(
        default=RerunVersion.SAME,
        description="SAME: the version of each run. ACTIVE: the automation's active version.",
    )
    effects: Annotated[dict[str, EffectChoiceDocument], Field(max_length=50)] = Field(
        default_factory=dict, description="Choices about effects, by node id, as for one rerun."
    )
    fire_downstream: StrictBool = Field(
        default=False,
        description="Whether automations that wait for these get runs when the reruns end.",
    )
    reason: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
        | None
    ) = Field(default=None, description="Why the runs are rerun; each rerun shows it.")
    canary: CanaryDocument | None = Field(
        default=None, description="A first few reruns; null to begin with all."
    )
    rate_per_minute: Whole = Field(
        default=60, ge=1, le=MOST_PER_MINUTE, description="How many reruns are opened a minute."
    )
    stop_after_failures: Whole = Field(
        default=10,
        ge=1,
        le=1_000_000,
        description="The recovery pauses when this many of its reruns have failed.",
    )
    dry_run: StrictBool = Field(
        default=False, description="true: only say what would happen, and change nothing."
    )


class RecoveryCountsView(WireModel):
    """The numbers of a recovery."""

    eligible: int = Field(description="How many runs are rerun, or were.")
    excluded: dict[str, int] = Field(
        description="How many runs are left out, by reason: "
        + ", ".join(each.value for each in LeftOut)
        + "."
    )
    blocked: int = Field(
        description="How many eligible runs wait for another run: for an open rerun of the same "
        "run or, where a contact may have one open run, for that run."
    )
    opened: int = Field(description="How many reruns were opened.")
    completed: int = Field(description="How many of these have completed.")
    failed: int = Field(description="How many of these have failed.")
    canceled: int = Field(description="How many of these were canceled.")


class RecoveryNodeView(WireModel):
    """What the reruns would do at one node: in how many runs each."""

    automation_id: str = Field(description="The automation's id.")
    node_id: str = Field(description="The node's id.")
    type: str = Field(description="The node's type.")
    run: int = Field(description="How many reruns visit it.")
    reused: int = Field(description="How many take over its recorded step.")
    suppressed: int = Field(description="How many pass it without its effects.")
    undecided: int = Field(description="How many runs need a choice for it, and are left out.")
    repeated_effects: int = Field(
        description="How many calls or messages of the runs happen again."
    )


class RecoveryView(WireModel):
    """A recovery: the reruns of many runs, and their progress."""

    id: str | None = Field(description="The recovery's id; null for a dry run.")
    status: RecoveryStatus = Field(
        description="PREVIEWED: a dry run. CANARY: the first few are rerun. WAITING: they have "
        "completed, and it waits for `continue`. RUNNING: the others are rerun. PAUSED, COMPLETED "
        "or ABORTED."
    )
    status_at: str = Field(description="When it got this status.")
    status_by: str | None = Field(
        description="The e-mail address of the user who changed the status; null if the recovery "
        "did so itself."
    )
    status_reason: str | None = Field(
        description="Why it paused by itself: CANARY_FAILED or STOPPED_AFTER_FAILURES."
    )
    filter: FilterView = Field(description="The filters, fixed at the time of the request.")
    error_group: str | None = Field(description="The failure group that it recovers, if any.")
    from_: str | None = Field(
        alias="from", description="Where the reruns begin; null for the failed node of each run."
    )
    version: RerunVersion = Field(description="Which version the reruns walk.")
    effects: dict[str, Any] = Field(description="The choices about effects, by node id.")
    fire_downstream: bool = Field(description="Whether waiting automations get runs.")
    reason: str | None = Field(description="Why the runs are rerun.")
    canary: CanaryDocument | None = Field(description="The first few reruns, if asked for.")
    rate_per_minute: int = Field(description="How many reruns are opened a minute.")
    stop_after_failures: int = Field(description="How many failures pause it.")
    requested_by: str = Field(description="The e-mail address of the user who requested it.")
    created_at: str = Field(description="When it was requested.")
    finished_at: str | None = Field(description="When it completed or was aborted.")
    is_selected: bool = Field(
        description="Whether all its runs are known. Until then `eligible` grows. For a dry run: "
        "whether every run of the filter was looked at."
    )
    counts: RecoveryCountsView = Field(description="The numbers so far.")
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
        description="PLANNED: it will be rerun. BLOCKED: it waits for another run. OPEN: its rerun "
        "is open. ENDED: its rerun has ended. LEFT_OUT: it is not rerun."
    )
    rerun_id: str | None = Field(description="Its rerun, once there is one.")
    result: str | None = Field(description="The status in which its rerun ended.")
    blocked_by: str | None = Field(description="The run that must end first.")
    reason: LeftOut | None = Field(description="Why it is left out.")
    detail: str | None = Field(description="More about the reason.")

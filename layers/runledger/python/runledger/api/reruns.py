"""Rerunning a run, as the API takes and shows it."""

from typing import Annotated, Any

from pydantic import Field, StrictBool, StringConstraints

from runledger.api.request_fields import IdempotencyKey, Reason
from runledger.models.automation import Problem
from runledger.models.base import WireModel
from runledger.models.rerun import START, EffectChoice, RerunVersion
from runledger.models.run import RunStatus


class EffectChoiceDocument(WireModel):
    """What to do with the effects of one node."""

    do: EffectChoice = Field(
        description="REUSE: use the recorded step, so nothing happens again. REPEAT: the effects "
        "happen again. SUPPRESS: skip the node, so its effects do not happen."
    )
    outcome: str | None = Field(
        default=None,
        description="With SUPPRESS: the branch to follow. If left out, the branch that the "
        "original run took.",
    )
    output: dict[str, Any] | None = Field(
        default=None,
        description="With SUPPRESS: what later nodes read as the node's output. If left out, the "
        "output in the original run.",
    )


class RerunDocument(WireModel):
    """How to rerun a run."""

    from_: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = Field(
        default=None,
        alias="from",
        description=f"Where to begin: {START}, or a node that the run visited. If left out, the "
        "failed node.",
    )
    version: RerunVersion = Field(
        default=RerunVersion.SAME,
        description="SAME: the version of the original run. ACTIVE: the automation's active "
        "version.",
    )
    effects: Annotated[dict[str, EffectChoiceDocument], Field(max_length=200)] = Field(
        default_factory=dict, description="Choices about effects, by node id."
    )
    body: dict[str, Any] | None = Field(
        default=None,
        description=f"Another event body. Only with `from: {START}`.",
    )
    fire_downstream: StrictBool = Field(
        default=False,
        description="Whether the end of the rerun triggers other automations, as the end of any "
        "other run does.",
    )
    idempotency_key: IdempotencyKey | None = Field(
        default=None,
        description="Makes the request safe to repeat: the same key opens only one rerun.",
    )
    reason: Reason | None = Field(
        default=None, description="Why the run is rerun; the history shows it."
    )
    dry_run: StrictBool = Field(
        default=False, description="true: only say what would happen, and change nothing."
    )


class RerunEffectView(WireModel):
    """An effect of the original run or of an earlier rerun, and what a new rerun does to it."""

    kind: str = Field(description="The HTTP method of a call, or the channel of a message.")
    status: str = Field(
        description="How it ended: an HTTP status, a delivery's status, or OUTCOME_UNKNOWN."
    )
    at: str = Field(description="When it happened.")
    to: str | None = Field(
        description="The called address, or the recipient with most of it hidden."
    )
    then: str = Field(
        description="REUSE: the effect does not happen again. REPEAT: it happens again. SUPPRESS: "
        "it is skipped. CHOOSE: the caller must choose one of these."
    )


class RerunNodeView(WireModel):
    """What the rerun does at one node."""

    node_id: str = Field(description="The node's id.")
    type: str = Field(description="The node's type.")
    action: str = Field(
        description="REUSED: the recorded step is used. RUN: the node runs. SUPPRESSED: the node "
        "is skipped, so its effects do not happen. UNDECIDED: the caller must choose."
    )
    effects: list[RerunEffectView] = Field(
        description="The effects that the node had, newest first; at most 20."
    )
    effect_count: int = Field(
        description="The number of known effects, including those not listed."
    )


class DownstreamPlanView(WireModel):
    """An automation that is triggered when a run of the rerun's automation ends."""

    automation_id: str = Field(description="The automation's id.")
    automation_name: str = Field(description="The automation's name.")
    fires: bool = Field(description="Whether the end of the rerun opens a run of this automation.")


class RerunPreviewView(WireModel):
    """What a rerun would do."""

    from_: str = Field(alias="from", description="The node where the rerun begins, or START.")
    version: int = Field(description="The version of the graph that the rerun would use.")
    nodes: list[RerunNodeView] = Field(
        description="Every node that may be visited, in the order of the graph."
    )
    downstream: list[DownstreamPlanView] = Field(
        description="The automations that are triggered by the end of this automation's runs."
    )
    problems: list[Problem] = Field(
        description="What must be decided before the rerun can be opened; empty if nothing."
    )


class RerunView(WireModel):
    """A rerun that was opened."""

    run_id: str = Field(description="The new run.")
    rerun_of: str = Field(description="The run that the rerun repeats.")
    status: RunStatus = Field(description="The new run's status.")
    duplicate: bool = Field(
        default=False, description="Whether an earlier request with the same key opened the rerun."
    )

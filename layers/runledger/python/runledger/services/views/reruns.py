"""Reruns as the API shows them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runledger.api.reruns import (
    DownstreamPlanView,
    RerunEffectView,
    RerunNodeView,
    RerunPreviewView,
)
from runledger.clock import iso

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.models.automation import Problem
    from runledger.models.rerun import RecordedEffect

# The most effects of one node that a preview lists.
EFFECTS_SHOWN = 20


def effect_view(effect: "RecordedEffect", then: str) -> RerunEffectView:
    return RerunEffectView(
        kind=effect.kind, status=effect.status, at=iso(effect.at), to=effect.to, then=then
    )


def node_view(
    node_id: str, type_: str, action: str, effects: "list[RerunEffectView]"
) -> RerunNodeView:
    return RerunNodeView(
        node_id=node_id,
        type=type_,
        action=action,
        effects=effects[:EFFECTS_SHOWN],
        effect_count=len(effects),
    )


def preview_view(
    from_node: str,
    version: int,
    nodes: "Iterable[RerunNodeView]",
    downstream: Mapping[str | None, str],
    problems: "Iterable[Problem]",
    *,
    fires: bool,
) -> RerunPreviewView:
    return RerunPreviewView(
        from_=from_node,
        version=version,
        nodes=list(nodes),
        downstream=[
            DownstreamPlanView(automation_id=str(id_), automation_name=name, fires=fires)
            for id_, name in sorted(downstream.items(), key=lambda each: str(each[0]))
        ],
        problems=list(problems),
    )

"""Shows what a planned rerun would do."""

from typing import TYPE_CHECKING

from runledger.services.reruns.rerun import downstream_names, problems_of
from runledger.services.views.reruns import effect_view, node_view, preview_view

if TYPE_CHECKING:
    from runledger.api.reruns import RerunDocument, RerunPreviewView
    from runledger.services.reruns.rerun import PlannedRerun
    from runledger.store.stores import Stores


def preview_of(
    planned: "PlannedRerun", document: "RerunDocument", stores: "Stores"
) -> "RerunPreviewView":
    """Returns the preview. Costs one query and one batch of reads for downstream automations."""
    plan = planned.plan
    return preview_view(
        plan.from_node,
        planned.version.version,
        [
            node_view(
                node.node_id,
                node.type,
                node.action,
                [effect_view(each.effect, each.then) for each in node.effects],
            )
            for node in plan.nodes
        ],
        downstream_names(stores, planned.automation),
        problems_of(plan),
        fires=document.fire_downstream,
    )

"""Recoveries as the API shows them."""

from typing import TYPE_CHECKING

from runledger.api.recoveries import (
    CanaryDocument,
    RecoveryCountsView,
    RecoveryItemView,
    RecoveryView,
)
from runledger.api.reruns import RerunDocument
from runledger.clock import iso, optional_iso
from runledger.models.listing import ListName
from runledger.services.views.filters import filter_view

if TYPE_CHECKING:
    from runledger.models.recovery import Recovery, RecoveryItem


def recovery_view(recovery: "Recovery") -> RecoveryView:
    rerun = RerunDocument.model_validate(recovery.request)
    canary = None
    if recovery.canary:
        canary = CanaryDocument(count=recovery.canary, then=recovery.canary_then)
    return RecoveryView(
        id=recovery.id or None,
        status=recovery.status,
        status_at=iso(recovery.status_at),
        status_by=recovery.status_by,
        status_reason=recovery.status_reason,
        filter=filter_view(ListName.RUNS, recovery.filter),
        error_group=recovery.filter.error_group,
        from_=rerun.from_,
        version=rerun.version,
        effects={
            node_id: choice.model_dump(mode="json", by_alias=True, exclude_none=True)
            for node_id, choice in rerun.effects.items()
        },
        fire_downstream=rerun.fire_downstream,
        reason=rerun.reason,
        canary=canary,
        rate_per_minute=recovery.rate,
        stop_after_failures=recovery.stop_after,
        requested_by=recovery.by,
        created_at=iso(recovery.created_at),
        finished_at=optional_iso(recovery.finished_at),
        is_selected=recovery.is_read,
        counts=RecoveryCountsView(
            eligible=recovery.eligible,
            excluded=dict(sorted(recovery.excluded.items())),
            blocked=recovery.blocked,
            opened=recovery.opened,
            completed=recovery.completed,
            failed=recovery.failed,
            canceled=recovery.canceled,
        ),
    )


def recovery_item_view(item: "RecoveryItem") -> RecoveryItemView:
    return RecoveryItemView(
        run_id=item.run_id,
        state=item.state,
        rerun_id=item.rerun_id,
        result=item.result,
        blocked_by=item.blocked_by,
        reason=item.reason,
        detail=item.detail,
    )

"""Refusals as the API shows them."""

from typing import TYPE_CHECKING

from runledger.api.refusals import RefusalDetailView, RefusalView
from runledger.clock import iso, optional_iso

if TYPE_CHECKING:
    from runledger.api.refusals import KeptEventView
    from runledger.models.refusal import Refusal


def refusal_detail_view(
    refusal: "Refusal", now: int, event: "KeptEventView | None"
) -> RefusalDetailView:
    return RefusalDetailView(**dict(refusal_view(refusal, now)), event=event)


def refusal_view(refusal: "Refusal", now: int) -> RefusalView:
    replay = refusal.replay
    is_kept = refusal.kept_until is not None and refusal.kept_until > now
    return RefusalView(
        id=refusal.id,
        reason=refusal.reason,
        message=refusal.message,
        automation_id=refusal.automation_id,
        automation_name=refusal.automation_name,
        version=refusal.version,
        trigger={"type": refusal.trigger_type.value},
        contact_id=refusal.contact_id,
        run_id=refusal.run_id,
        source=refusal.source,
        count=refusal.count,
        created_at=iso(refusal.created_at),
        last_at=iso(refusal.last_at),
        kept_until=optional_iso(refusal.kept_until) if is_kept else None,
        replayed_at=iso(replay.at) if replay else None,
        replayed_by=replay.by if replay else None,
        replay_run_ids=None if replay is None or replay.run_ids is None else list(replay.run_ids),
        replay_refusal_id=replay.refusal_id if replay else None,
        erased_at=optional_iso(refusal.erased_at),
        unreadable=refusal.unreadable,
    )

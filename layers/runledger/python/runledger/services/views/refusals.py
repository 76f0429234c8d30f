"""Refusals as the API shows them."""

from typing import TYPE_CHECKING

from runledger.api.refusals import RefusalView
from runledger.clock import iso, optional_iso

if TYPE_CHECKING:
    from runledger.models.refusal import Refusal


def refusal_view(refusal: "Refusal") -> RefusalView:
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
        erased_at=optional_iso(refusal.erased_at),
        unreadable=refusal.unreadable,
    )

"""Suppressed addresses as the API shows them."""

from runledger.api.suppressions import SuppressionView
from runledger.clock import iso
from runledger.models.suppression import Suppression


def suppression_view(suppression: Suppression) -> SuppressionView:
    return SuppressionView(
        address=suppression.address,
        kind=suppression.kind,
        reason=suppression.reason,
        note=suppression.note,
        delivery_id=suppression.delivery_id,
        created_by=suppression.created_by,
        created_at=iso(suppression.created_at),
    )

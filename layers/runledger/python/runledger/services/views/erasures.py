"""Erasures as the API shows them."""

from runledger.api.erasures import ErasureView
from runledger.clock import iso, optional_iso
from runledger.models.erasure import Erasure


def erasure_view(erasure: Erasure) -> ErasureView:
    return ErasureView(
        contact_id=erasure.contact_id,
        status=erasure.status,
        reason=erasure.reason,
        requested_by=erasure.requested_by,
        requested_at=iso(erasure.requested_at),
        finished_at=optional_iso(erasure.finished_at),
    )

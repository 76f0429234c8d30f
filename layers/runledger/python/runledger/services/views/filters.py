"""A list's filters as the API shows them."""

from runledger.api.filters import FilterView
from runledger.clock import iso
from runledger.models.listing import FrozenFilter, ListName


def filter_view(name: ListName, frozen: FrozenFilter) -> FilterView:
    statuses = list(frozen.statuses)
    is_reason = name is ListName.REFUSALS
    return FilterView(
        status=[] if is_reason else statuses,
        reason=statuses if is_reason else [],
        automation_id=frozen.automation_id,
        contact=frozen.contact,
        trigger_type=list(frozen.trigger_types),
        health=list(frozen.health),
        error_group=frozen.error_group,
        recovered=frozen.recovered,
        rerun_of=frozen.rerun_of,
        recovery_id=frozen.recovery_id,
        key=frozen.key,
        channel=frozen.channel,
        run_id=frozen.run_id,
        address=frozen.address,
        error_kind=frozen.error_kind,
        bounce=frozen.bounce,
        segment_id=frozen.segment_id,
        from_=iso(frozen.since) if frozen.since else None,
        to=iso(frozen.until),
    )

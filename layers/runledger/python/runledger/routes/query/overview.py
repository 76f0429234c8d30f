"""Reading the overview."""

from runledger.api.overview import OverviewView
from runledger.composition import services
from runledger.http import make_router
from runledger.routes.callers import require_role
from runledger.routes.query.parameters import TimeZoneText

router = make_router()


@router.get("/v1/overview", tags=["Workspace"])
def get_overview(time_zone: TimeZoneText = None) -> OverviewView:
    """Returns the workspace at a glance: the runs of the last hour beside the usual numbers for
    this weekday and hour, the open runs, and what needs attention. The usual numbers are from
    earlier weeks, at the same time of day in `timeZone`."""
    return services().overview.of(require_role(router).workspace_id, time_zone)

"""Reading runs: lists, counts, statistics, one run with its steps, and the progress of a bulk
cancel."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from runledger.api.bulk_cancels import BulkCancelView, BulkSkipView
from runledger.api.comparisons import ComparisonView
from runledger.api.counts import CountsView, StatsView
from runledger.api.lists import ListView
from runledger.api.runs import RunDetailView, RunView
from runledger.composition import services
from runledger.http import answers, make_router
from runledger.routes.callers import require_role
from runledger.routes.flattening import flattened
from runledger.routes.query.parameters import (
    Page,
    RunFilters,
)

router = make_router()


@router.get("/v1/runs", tags=["Runs"])
@flattened
def list_runs(filters: RunFilters, page: Page) -> ListView[RunView]:
    """Lists runs, newest first by default."""
    return services().queries.runs(require_role(router).workspace_id, filters.request(page))


@router.get("/v1/runs/counts", tags=["Runs"])
@flattened
def count_runs(filters: RunFilters) -> CountsView:
    """Counts the runs that match the filters, by status."""
    return services().counts.runs(require_role(router).workspace_id, filters.request())


@router.get("/v1/runs/<run_id>", tags=["Runs"])
@answers({410: "The run has expired."})
def get_run(run_id: str) -> RunDetailView:
    """Returns one run with every step, in one consistent read."""
    return services().details.run(require_role(router).workspace_id, run_id)


@router.get("/v1/runs/cancel/<cancellation_id>", tags=["Runs"])
def get_cancellation(cancellation_id: str) -> BulkCancelView:
    """Returns the progress of a bulk cancel."""
    from runledger.services.bulk.bulk_cancel import bulk_cancel_view

    found = services().stores.bulk_cancels.get(
        require_role(router).workspace_id, cancellation_id, services().clock()
    )
    return bulk_cancel_view(found, services().stores.runs, services().clock())


@router.get("/v1/runs/skip-wait/<skip_id>", tags=["Runs"])
def get_skipped_waits(skip_id: str) -> BulkSkipView:
    """Returns the progress of skipping the waits of many runs."""
    from runledger.services.bulk.bulk_cancel import bulk_cancel_view, bulk_skip_view

    found = services().stores.bulk_cancels.get(
        require_role(router).workspace_id, skip_id, services().clock()
    )
    return bulk_skip_view(bulk_cancel_view(found, services().stores.runs, services().clock()))


@router.get("/v1/runs/<run_id>/compare/<other_id>", tags=["Runs"])
@answers({410: "One of the runs has expired."})
def compare_runs(run_id: str, other_id: str) -> ComparisonView:
    """Compares two runs step by step: a run with its rerun, or any two."""
    from runledger.services.reruns.compare import compare

    workspace_id = require_role(router).workspace_id
    details = services().details
    return compare(details.run(workspace_id, run_id), details.run(workspace_id, other_id))


@router.get("/v1/stats", tags=["Runs"])
@flattened
def get_stats(
    filters: RunFilters,
    version: Annotated[
        int | None,
        Query(
            ge=1,
            description="Measures only the runs of this version of the automation. The numbers of "
            "runs still include all versions.",
        ),
    ] = None,
) -> StatsView:
    """Counts the runs that match the filters, by hour and status; in a range of at most three
    hours, also by minute. Measures how long the newest finished runs took, at most 1,000 runs.
    With `automationId`, also measures each node, from up to 1,000 steps of the newest measured
    runs. `sampled` is the number of measured runs, or for a node the number of its measured visits.
    The default range is the last 24 hours. With filters other than the status and the automation,
    only the newest 1,000 runs are looked at; `isComplete` is false if there are more."""
    return services().stats.of(require_role(router).workspace_id, filters.request(), version)

"""Measures runs and deliveries by their changes in the table's stream.

The stream shows every change, in batches, so measuring costs a run nothing. A batch that is
delivered again is counted again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from runledger.metrics import (
    DELIVERIES,
    ENGINE_FAILURES,
    RUNS,
    RUNS_HANDED_BACK,
    START_DELAY,
    STARTS_REFUSED,
    Measure,
)
from runledger.models.run import ENGINE_KINDS, Run, RunStatus
from runledger.services.stream.delivery_events import DeliveryChange
from runledger.services.stream.publish import Change, RunChange
from runledger.store import keys

Image = Mapping[str, Any]
_RUN = keys.run("").sk


def measures_of(
    records: Sequence[Mapping[str, Any]], changes: Iterable[Change]
) -> Iterator[Measure]:
    """Yields the measures of stream records. `changes` are the changes of status in them."""
    for change in changes:
        if isinstance(change, RunChange):
            yield from _of_run(change.run)
        elif isinstance(change, DeliveryChange):
            facts = change.facts
            yield Measure(DELIVERIES, (facts.channel, facts.status.value))
    for record in records:
        yield from _of_attempt(record.get("dynamodb", {}))


def _of_run(run: Run) -> Iterator[Measure]:
    yield Measure(RUNS, (run.status.value,))
    if run.status is RunStatus.RUNNING and run.started_at is not None:
        yield Measure(START_DELAY, amount=max(0, run.started_at - run.ready_at))
    if run.error is not None and run.error.kind in ENGINE_KINDS:
        yield Measure(ENGINE_FAILURES)


def _of_attempt(row_change: Image) -> Iterator[Measure]:
    """Yields the measure of a run that was handed back, or whose start was refused. Neither is a
    change of status."""
    old, new = row_change.get("OldImage", {}), row_change.get("NewImage", {})
    if row_change.get("Keys", {}).get("sk", {}).get("S") != _RUN or not old or not new:
        return
    is_next = _number(old, "attempt") != _number(new, "attempt")
    # A wait that a user skips also takes the run from its execution, and ends the wait's claim.
    is_same_work = old.get("openClaims") == new.get("openClaims")
    if "execution" in old and "execution" not in new and is_same_work:
        yield Measure(RUNS_HANDED_BACK)
    is_refused = new.get("startRefused", {}).get("BOOL", False)
    if is_refused and not is_next and old.get("dueKey") != new.get("dueKey"):
        yield Measure(STARTS_REFUSED)


def _number(image: Image, name: str) -> int:
    return int(image.get(name, {}).get("N", 0))

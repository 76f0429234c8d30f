"""The state of a run and its steps, as readers see it.

This module alone derives what the rows do not say directly: the steps of TRIGGER and END (kept in
the run row), a node being visited (an open claim without a step), a wait that is over (a later node
was visited), and steps that an ended run left open.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import iso
from runledger.models.run import Run, RunHealth, RunStatus, Step, StepStatus
from runledger.services.runs.run_context import in_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.compiler.graph import GraphView
    from runledger.store.run_reads import RunHistory

_LATE = "the run ended while this step was running"


@dataclass(frozen=True, slots=True)
class Health:
    """Details about an open run; `until` is epoch milliseconds."""

    state: RunHealth
    text: str
    until: int | None = None
    attempt: int | None = None
    last_error: str | None = None


def health_of(run: Run, now: int) -> Health | None:
    """Returns the health of an open run, or None if the run has ended."""
    if run.status.is_terminal:
        return None
    if run.status is RunStatus.PENDING:
        if run.is_held:
            return Health(RunHealth.HELD, "held: starts after the automation is released")
        if run.scheduled_for is not None and now < run.scheduled_for:
            text = f"scheduled for {iso(run.scheduled_for)}"
            return Health(RunHealth.SCHEDULED, text, until=run.scheduled_for)
        if run.start_error is not None or run.attempt > 1:
            reason = run.start_error or "the execution did not start"
            text = f"the start is being retried (attempt {run.attempt}): {reason}"
            return Health(RunHealth.RETRYING, text, attempt=run.attempt, last_error=run.start_error)
        return Health(RunHealth.QUEUED, "waiting to start")
    if run.is_handed_back:
        text = f"continues soon (attempt {run.attempt}): {run.start_error}"
        return Health(RunHealth.RETRYING, text, attempt=run.attempt, last_error=run.start_error)
    if run.due_at is not None and now > run.due_at + TICK_SLACK:
        return Health(RunHealth.OVERDUE, "shows no progress; the next check will settle it")
    claims = run.open_claims.values()
    waits = [claim.wait_until for claim in claims if claim.wait_until and claim.wait_until > now]
    is_working = any(claim.wait_until is None and claim.lease_until > now for claim in claims)
    if waits and not is_working:
        until = max(waits)
        return Health(RunHealth.WAITING, f"waiting until {iso(until)}", until=until)
    return Health(RunHealth.RUNNING, "running its nodes")


# The tick looks at due rows once a minute.
TICK_SLACK = 120_000


def steps_of(history: "RunHistory", graph: "GraphView", now: int) -> list[Step]:
    """Returns every step of the run as of `now`, in the order they began."""
    run = history.run
    steps = dict(history.steps)
    for rank, claim in run.open_claims.items():
        node_id = graph.topology.node_at(rank)
        if node_id not in steps:
            steps[node_id] = Step(
                node_id=node_id,
                type=graph.nodes[node_id].node.type,
                status=StepStatus.RUNNING,
                started_at=claim.started_at,
                finished_at=None,
            )
    begun = {
        node_id: step for node_id, step in steps.items() if not _began_late(step, steps, run, graph)
    }
    walked = in_order(begun, graph)
    settled = [_settled(step, walked, run, graph, now) for step in walked]
    return [*_trigger_step(run, graph), *settled, *_end_step(run, graph)]


def _began_late(step: Step, steps: "Mapping[str, Step]", run: Run, graph: "GraphView") -> bool:
    """Whether the step was recorded after the run had ended, by a request that had read the run
    while it was open. Only nodes that are never claimed can have such a step, and it is the last
    one of its branch. If another step follows, the step was recorded in time, even if it seems to
    have begun after the run ended: different machines' clocks measured these times."""
    if run.finished_at is None or run.status is RunStatus.COMPLETED:
        return False
    is_cause = run.error is not None and run.error.node_id == step.node_id
    leads_on = any(each in steps for each in graph.topology.successors(step.node_id))
    return step.started_at > run.finished_at and not is_cause and not leads_on


def _settled(step: Step, walked: list[Step], run: Run, graph: "GraphView", now: int) -> Step:
    if step.status is StepStatus.WAITING:
        horizon = now if run.finished_at is None else run.finished_at
        after = [
            other.started_at
            for other in walked
            if other.node_id in graph.topology.successors(step.node_id)
        ]
        if run.end_node_id in graph.topology.successors(step.node_id) and run.finished_at:
            after.append(run.finished_at - (run.end_ms or 0))
        if step.wait_until is not None and step.wait_until <= horizon:
            # The wait itself is over, even if a MERGE behind it still waits for another branch.
            after.append(step.wait_until)
        if after:
            return step.changed(status=StepStatus.COMPLETED, finished_at=min(after))
    if not run.status.is_terminal or run.finished_at is None:
        return step
    if not step.status.is_finished:
        return step.changed(status=StepStatus.CANCELED, finished_at=run.finished_at, reason=_LATE)
    # Times alone do not show which step came too late, because the clocks of functions differ a
    # little. A completed run left no open step, and the step that failed a run was not canceled by
    # it.
    is_cause = run.error is not None and run.error.node_id == step.node_id
    if run.status is RunStatus.COMPLETED or is_cause or step.finished_at is None:
        return step
    if step.finished_at > run.finished_at:
        return step.changed(status=StepStatus.CANCELED, reason=_LATE)
    return step


def _trigger_step(run: Run, graph: "GraphView") -> list[Step]:
    if run.started_at is None:
        return []
    (node_id,) = graph.starts
    return [
        Step(
            node_id=node_id,
            type=graph.nodes[node_id].node.type,
            status=StepStatus.COMPLETED,
            started_at=run.started_at,
            finished_at=run.started_at + (run.trigger_ms or 0),
        )
    ]


def _end_step(run: Run, graph: "GraphView") -> list[Step]:
    if run.end_node_id is None or run.finished_at is None:
        return []
    return [
        Step(
            node_id=run.end_node_id,
            type=graph.nodes[run.end_node_id].node.type,
            status=StepStatus.COMPLETED,
            started_at=run.finished_at - (run.end_ms or 0),
            finished_at=run.finished_at,
        )
    ]

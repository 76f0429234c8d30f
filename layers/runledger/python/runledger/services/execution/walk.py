"""Walking: what a function does when a state machine comes to a node.

  OWN      the trigger: PENDING → RUNNING for this execution, or CANCELED for a paused automation
  VISIT    a node: claim → run → record → answer
  COMPLETE an end: RUNNING → COMPLETED
  FAIL     the failure state of a branch: record the caught error on the step and the run

Several walkers may work on the same run (Express walks at least once, Lambda retries). So each
operation can be repeated without a second effect: the run row names the run's owner and who is at
which node, and a recorded step is returned, not run again.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.clock import Clock, optional_iso
from runledger.compiler.timing import lease_seconds
from runledger.errors import (
    ConditionFailedError,
    NodeFailedError,
    NotFoundError,
    RunReleasedError,
    StepInProgressError,
    TransientError,
)
from runledger.ids import derived_id
from runledger.metrics import STEPS, Measure
from runledger.models.automation import AutomationStatus
from runledger.models.run import (
    Cancellation,
    Claim,
    Run,
    RunStatus,
    Step,
    StepStatus,
)
from runledger.nodes.base import Function, Operation, Visit
from runledger.nodes.claiming import Claiming
from runledger.observability import bind, logger
from runledger.services.execution.branch_failures import BranchFailures
from runledger.services.execution.branch_progress import require_finished
from runledger.services.execution.node_claims import NodeClaim
from runledger.services.execution.node_runs import input_of, run_node
from runledger.services.execution.walk_contract import WalkAnswer, WalkEvent
from runledger.services.retry_budget import MARGIN, RetryBudget
from runledger.services.runs.position import unknown_outcome_step
from runledger.services.runs.run_context import (
    RunContext,
    RunContexts,
    attempt_of,
    automation_of,
    execution_of,
    require_owner,
    scope_of,
)
from runledger.store.run_rows import run_from_item
from runledger.store.runs import Closing, PendingRun

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runledger.metrics import MetricLog
    from runledger.models.automation import Automation
    from runledger.models.base import Config
    from runledger.models.contact import Contact
    from runledger.nodes.base import NodeType
    from runledger.services.execution.lent_tools import Toolbox
    from runledger.services.in_parallel import Gather
    from runledger.store.automations import AutomationStore
    from runledger.store.row_reads import RowRead
    from runledger.store.runs import RunStore


# Part of the Lambda request id: enough to find it in the log, short enough for the run row.
CLAIM_ID_CHARACTERS = 13


@dataclass(frozen=True, slots=True)
class Walker:
    """Does the node visits that one event of the state machine asks for. `request_id` names the
    Lambda invocation in its claims; `retry_budget` ends with the invocation."""

    runs: "RunStore"
    automations: "AutomationStore"
    contexts: RunContexts
    toolbox: "Toolbox"
    gather: "Gather"
    read_rows: "Callable[[Sequence[RowRead]], None]"
    metrics: "MetricLog"
    clock: Clock
    request_id: str
    retry_budget: RetryBudget

    @property
    def failures(self) -> BranchFailures:
        return BranchFailures(self.runs, self.clock)

    def walk(self, event: WalkEvent) -> WalkAnswer:
        """Does the event's operation. Raises RunReleasedError, StepInProgressError, NodeFailedError
        or TransientError, which the machine distinguishes by name."""
        operations: dict[Operation, Callable[[WalkEvent], WalkAnswer]] = {
            Operation.OWN: self._own,
            Operation.VISIT: self._visit,
            Operation.COMPLETE: self._complete,
            Operation.FAIL: self._fail,
        }
        answer = operations[event.operation](event)
        facts: dict[str, Any] = {"operation": event.operation, "outcome": answer.outcome}
        if answer.steps is not None:
            facts |= self.metrics.fields(Measure(STEPS, amount=answer.steps))
        logger.info("walked", extra=facts)
        return answer

    # ── OWN ────────────────────────────────────────────────────────────────────────────────────

    def _own(self, event: WalkEvent) -> WalkAnswer:
        """Takes the run. In the ordinary case (the run is PENDING, the automation ACTIVE) it reads
        only the automation."""
        started_at = self.clock()
        execution = execution_of(event.run_id, event.execution)
        automation = self._find_automation(event)
        if automation is not None and automation.status is AutomationStatus.ACTIVE:
            trigger_ms = self.clock() - started_at
            attempt = attempt_of(execution)
            pending = PendingRun(event.run_id, event.workspace_id, automation.id, attempt)
            # If the condition fails, the run is not as expected and is read.
            with suppress(ConditionFailedError):
                self.runs.own(pending, execution, started_at, trigger_ms)
                bind(automationId=automation.id)
                return WalkAnswer(node_id=event.node_id)
        self._own_as_found(event, execution, started_at)
        return WalkAnswer(node_id=event.node_id)

    def _own_as_found(self, event: WalkEvent, execution: str, started_at: int) -> None:
        """Takes the run in its current state: handed back, owned by this execution already, or
        pending. If its automation is stopped, cancels it. Raises RunReleasedError if this execution
        does not get the run."""
        run = self._read_run(event)
        if run.status is RunStatus.RUNNING and run.execution == execution:
            return
        is_free = run.status is RunStatus.PENDING or run.is_handed_back
        if not is_free or run.attempt != attempt_of(execution):
            raise RunReleasedError(
                "the run ended, or another execution took it: its status is "
                f"{run.status}, its attempt {run.attempt}"
            )
        automation = self.automations.get(run.workspace_id, run.automation_id)
        try:
            if automation.status is not AutomationStatus.ACTIVE:
                reason = f"automation {automation.status.value.lower()}"
                canceled = Cancellation(by="system", reason=reason)
                self.runs.close(run, Closing(RunStatus.CANCELED, self.clock(), canceled=canceled))
                raise RunReleasedError(reason)
            if run.is_handed_back:
                self.runs.resume(run, execution, started_at)
            else:
                self.runs.own(run, execution, started_at, self.clock() - started_at)
        except ConditionFailedError as error:
            found = run_from_item(error.item) if error.item else None
            is_ours = found and found.status is RunStatus.RUNNING and found.execution == execution
            if not is_ours:
                raise RunReleasedError("the run ended, or another execution took it") from error

    def _find_automation(self, event: WalkEvent) -> "Automation | None":
        """Reads the automation that the execution's machine is named after."""
        automation_id = automation_of(event.run_id, event.execution)
        if automation_id is None:
            return None
        try:
            return self.automations.get(event.workspace_id, automation_id)
        except NotFoundError:
            return None

    # ── VISIT ──────────────────────────────────────────────────────────────────────────────────

    def _visit(self, event: WalkEvent) -> WalkAnswer:
        context = self._context(event)
        rank = context.graph.topology.rank(event.node_id)
        recorded = context.history.steps.get(event.node_id)
        prepared = context.history.prepared.get(event.node_id)
        if recorded is None and prepared is not None:
            # A rerun takes this step over from the run that it repeats.
            recorded = self.runs.record(context.run, prepared)
        if recorded is not None and recorded.status is not StepStatus.RUNNING:
            self._park(context.run, rank, context.run.open_claims.get(rank), recorded)
            return _answer(recorded)
        node_type, config = context.graph.parsed(event.node_id)
        if node_type.is_join:
            steps = context.history.steps
            require_finished(event.node_id, context.run, steps, context.graph, self.clock())
        claiming = node_type.claiming(config)
        earlier = None
        if claiming is not Claiming.NEVER:
            earlier = self._earlier_claim(context.run, rank)
        is_lost = earlier is not None and earlier.request_id != ""
        if earlier is not None and is_lost and not node_type.repeatable(config):
            return _answer(
                self.runs.record(context.run, unknown_outcome_step(context, event.node_id, earlier))
            )
        value = self._new_claim(node_type, config)
        claim = NodeClaim(self.runs, context, event.node_id, value, earlier)
        is_first = claiming is Claiming.FIRST or earlier is not None
        retry_budget = self.retry_budget.within(value.lease_until - MARGIN)
        is_done = False
        try:
            visit = self._begin_visit(claim, recorded, retry_budget, is_claimed_first=is_first)
            result = run_node(visit, node_type, config, recorded)
            step = Step(
                node_id=event.node_id,
                type=node_type.name,
                started_at=recorded.started_at if recorded else value.started_at,
                finished_at=self.clock() if result.status.is_finished else None,
                visits=recorded.visits + 1 if recorded else 1,
                input=recorded.input if recorded else input_of(visit, node_type, config, result),
                **dict(result),
            )
            is_done = True
            stored = retry_budget.retry(lambda: self.runs.record(context.run, step, after=recorded))
        except TransientError:
            # This comes from the node's own reads and writes, never from an effect's answer. If the
            # node is not done, no effect has begun, so the machine's retry need not wait for the
            # lease.
            if not is_done or node_type.repeatable(config):
                claim.give_back(self.retry_budget)
            raise
        if stored.status is StepStatus.RUNNING:
            if stored.visits != step.visits or step.status is not StepStatus.RUNNING:
                raise StepInProgressError("another request has made the next visit of this node")
            # Let the next visit start without waiting for the lease.
            claim.give_back(self.retry_budget)
        if claim.is_written:
            retry_budget.retry(lambda: self._park(context.run, rank, value, stored))
        return _answer(stored)

    def _park(self, run: Run, rank: int, claim: Claim | None, step: Step) -> None:
        """Stores the end of a waiting node's wait in the claim, unless it is stored already."""
        if step.status is not StepStatus.WAITING or step.wait_until is None or claim is None:
            return
        if claim.wait_until is None and step.wait_until > self.clock():
            self.runs.park(run, rank, claim, step.wait_until)

    def _earlier_claim(self, run: Run, rank: int) -> Claim | None:
        """Returns the claim to take over, or None if the node was never claimed."""
        if rank not in run.claimed:
            return None
        claim = run.open_claims.get(rank)
        if claim is None or claim.lease_until > self.clock():
            raise StepInProgressError("another request is working on this node")
        return claim

    def _new_claim(self, node_type: "NodeType[Any]", config: "Config") -> Claim:
        now = self.clock()
        return Claim(
            request_id=self.request_id[:CLAIM_ID_CHARACTERS],
            started_at=now,
            lease_until=now + lease_seconds(node_type, config) * 1_000,
            sends=node_type.function is Function.MESSAGE,
        )

    def _begin_visit(
        self,
        claim: NodeClaim,
        before: Step | None,
        retry_budget: RetryBudget,
        *,
        is_claimed_first: bool,
    ) -> Visit:
        """Claims the node if it must be claimed first, reads what the visit needs, and builds the
        visit. `before` is the step of an earlier visit, if the node continues."""
        context, node_id = claim.context, claim.node_id
        node_type, config = context.graph.parsed(node_id)
        lent = self.toolbox.lend(context, claim, retry_budget)
        contacts: list[Contact | None] = []
        calls: list[Callable[[], None]] = [claim.take] if is_claimed_first else []
        reads = [*lent.reads]
        if context.graph.reads_contact(node_id):
            reads += self.contexts.contact_reads(context.run, contacts.append)
        if reads:
            calls.append(lambda: self.read_rows(reads))
        self.gather(calls)
        contact = next(iter(contacts), None)
        templates = context.version.templates
        used = [
            templates[id_] for id_ in sorted(node_type.template_ids(config)) if id_ in templates
        ]
        return Visit(
            node_id=node_id,
            run_id=context.run.id,
            scope=scope_of(context, contact),
            contact=contact,
            now=self.clock(),
            effect_key=derived_id("eff", context.effect_run(node_id), node_id),
            tools=lent.tools,
            labels=frozenset(edge.label for edge in context.graph.out(node_id) if edge.label),
            texts=tuple(text for each in used for text in (each.subject, each.body) if text),
            progress=before.progress if before else None,
        )

    # ── COMPLETE ───────────────────────────────────────────────────────────────────────────────

    def _complete(self, event: WalkEvent) -> WalkAnswer:
        began = self.clock()
        run, steps = self.runs.outline(event.run_id)
        self._check_workspace(run, event)
        execution = execution_of(event.run_id, event.execution)
        answer = WalkAnswer(node_id=event.node_id)
        if run.status is RunStatus.COMPLETED and run.execution == execution:
            return answer
        require_owner(run, execution, RunStatus.RUNNING)
        require_finished(event.node_id, run, steps, self.contexts.graph(run), began)
        now = self.clock()
        closing = Closing(RunStatus.COMPLETED, now, end_node_id=event.node_id, end_ms=now - began)
        self.failures.close(run, closing)
        # The trigger and the end have no recorded step.
        return answer.changed(steps=len(steps) + 2)

    # ── FAIL ───────────────────────────────────────────────────────────────────────────────────

    def _fail(self, event: WalkEvent) -> WalkAnswer:
        answer = WalkAnswer(node_id=event.node_id)
        execution = execution_of(event.run_id, event.execution)
        if self._read_run(event).status is RunStatus.PENDING:
            # The trigger itself failed. No execution owns the run, and the tick starts it again.
            return answer
        context = self.contexts.read(event.run_id, event.workspace_id)
        try:
            require_owner(context.run, execution, RunStatus.RUNNING)
        except RunReleasedError:
            return answer
        if self.failures.settle(context, event.node_id, event.state or {}):
            return answer.changed(steps=len(context.history.steps) + 1)
        return answer

    # ── shared ─────────────────────────────────────────────────────────────────────────────────

    def _read_run(self, event: WalkEvent) -> Run:
        run = self.runs.get(event.run_id)
        self._check_workspace(run, event)
        return run

    def _check_workspace(self, run: Run, event: WalkEvent) -> None:
        if run.workspace_id != event.workspace_id:
            raise NotFoundError(f"there is no run {event.run_id}")
        bind(automationId=run.automation_id)

    def _context(self, event: WalkEvent) -> RunContext:
        context = self.contexts.read(event.run_id, event.workspace_id)
        bind(automationId=context.run.automation_id)
        execution = execution_of(event.run_id, event.execution)
        require_owner(context.run, execution, RunStatus.RUNNING)
        return context


def _answer(step: Step) -> WalkAnswer:
    if step.status is StepStatus.FAILED:
        raise NodeFailedError(step.node_id)
    return WalkAnswer(
        node_id=step.node_id,
        outcome=step.outcome,
        wait_until=optional_iso(step.wait_until),
        more=step.status is StepStatus.RUNNING,
    )

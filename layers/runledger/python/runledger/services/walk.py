"""Walking: what a function does when a state machine comes to a node.

OWN     the trigger: PENDING → RUNNING for this execution, or CANCELED for a paused automation
VISIT   a node: claim → run → record → answer
COMPLETE an end: RUNNING → COMPLETED
FAIL    the failure state of a branch: record what was caught on the step and on the run

A walker may be one of several for the same run (Express walks at least once, Lambda retries), so
each of these can be done twice without a second effect: the run row says who owns the run and who
is at which node, and a recorded step answers for itself.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from runledger.clock import Clock, optional_iso
from runledger.compiler.timing import lease_seconds
from runledger.errors import (
    ConditionFailedError,
    NodeError,
    NodeFailedError,
    NotFoundError,
    RunReleasedError,
    StepInProgressError,
    TransientError,
)
from runledger.ids import derived_id
from runledger.models.automation import AutomationStatus
from runledger.models.run import (
    Cancellation,
    Claim,
    ErrorDetail,
    Run,
    RunStatus,
    Step,
    StepStatus,
)
from runledger.nodes.base import Function, NodeResult, Operation, Tools, Visit
from runledger.observability import bind, log_failure, logger
from runledger.services.failures import (
    CAUSE_CHARACTERS,
    caught_error,
    is_for_later,
)
from runledger.services.frames import (
    Frame,
    Frames,
    attempt_of,
    execution_of,
    require_owner,
    scope_of,
)
from runledger.services.start import (
    LONGEST_PUT_OFF,
    MAX_RESUMED_ATTEMPTS,
    SHORTEST_PUT_OFF,
)
from runledger.services.walk_contract import WalkAnswer, WalkEvent
from runledger.services.whereabouts import failed_node, lost_step
from runledger.store.run_rows import run_from_item
from runledger.store.runs import Closing

if TYPE_CHECKING:
    from collections.abc import Callable

    from runledger.models.base import Config
    from runledger.nodes.base import NodeType
    from runledger.store.automations import AutomationStore
    from runledger.store.runs import RunStore


# Of the Lambda request id: enough to find it in the log, little enough for the run row.
CLAIM_ID_CHARACTERS = 13


class Toolbox(Protocol):
    """What one function may lend its nodes, made for one run."""

    def tools(self, frame: Frame, node_id: str) -> Tools: ...


class NoTools:
    """The toolbox of a function that touches nothing outside."""

    def tools(self, frame: Frame, node_id: str) -> Tools:
        return Tools()


@dataclass(frozen=True, slots=True)
class Walker:
    """`request_id` names the Lambda invocation in the claims it makes."""

    runs: "RunStore"
    automations: "AutomationStore"
    frames: Frames
    toolbox: Toolbox
    clock: Clock
    request_id: str

    def walk(self, event: WalkEvent) -> WalkAnswer:
        """Raises RunReleasedError, StepInProgressError, NodeFailedError or TransientError, which
        the machine tells apart by name."""
        operations: dict[Operation, Callable[[WalkEvent], WalkAnswer]] = {
            Operation.OWN: self._own,
            Operation.VISIT: self._visit,
            Operation.COMPLETE: self._complete,
            Operation.FAIL: self._fail,
        }
        answer = operations[event.operation](event)
        logger.info("walked", extra={"operation": event.operation, "outcome": answer.outcome})
        return answer

    # ── OWN ────────────────────────────────────────────────────────────────────────────────────

    def _own(self, event: WalkEvent) -> WalkAnswer:
        started_at = self.clock()
        execution = execution_of(event.run_id, event.execution)
        run = self._read_run(event)
        answer = WalkAnswer(node_id=event.node_id)
        if run.status is RunStatus.RUNNING and run.execution == execution:
            return answer
        is_free = run.status is RunStatus.PENDING or run.is_handed_back
        if not is_free or run.attempt != attempt_of(execution):
            raise RunReleasedError(f"the run is {run.status}, attempt {run.attempt}")
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
            if found and found.status is RunStatus.RUNNING and found.execution == execution:
                return answer
            raise RunReleasedError("the run was taken or ended meanwhile") from error
        return answer

    # ── VISIT ──────────────────────────────────────────────────────────────────────────────────

    def _visit(self, event: WalkEvent) -> WalkAnswer:
        frame = self._frame(event)
        recorded = frame.history.steps.get(event.node_id)
        if recorded is not None and recorded.status is not StepStatus.RUNNING:
            return _answer(recorded)
        node_type, config = frame.graph.parsed(event.node_id)
        rank = frame.graph.topology.rank(event.node_id)
        earlier = self._earlier_claim(frame.run, rank)
        is_lost = earlier is not None and earlier.request_id != ""
        if earlier is not None and is_lost and not node_type.repeatable(config):
            return _answer(self.runs.record(frame.run, lost_step(frame, event.node_id, earlier)))
        claim = self._claim(frame, event.node_id, rank, node_type, config, replaces=earlier)
        try:
            visit = self._visit_of(frame, event.node_id, node_type, config, recorded)
            result = _run_node(visit, node_type, config, recorded)
        except TransientError:
            # Raised by our own reads and writes, never by an effect's answer: nothing has begun,
            # and the machine's retry need not wait for the lease.
            self.runs.release(frame.run, rank, claim)
            raise
        step = Step(
            node_id=event.node_id,
            type=node_type.name,
            started_at=recorded.started_at if recorded else claim.started_at,
            finished_at=self.clock() if result.status.is_finished else None,
            visits=recorded.visits + 1 if recorded else 1,
            input=recorded.input if recorded else _input(visit, node_type, config, result),
            **dict(result),
        )
        stored = self.runs.record(frame.run, step, after=recorded)
        if stored.status is StepStatus.RUNNING:
            if stored.visits != step.visits or step.status is not StepStatus.RUNNING:
                raise StepInProgressError("another request has gone on with this node")
            # The next visit need not wait for the lease.
            self.runs.release(frame.run, rank, claim)
        if stored.status is StepStatus.WAITING and stored.wait_until is not None:
            self.runs.park(frame.run, rank, claim, stored.wait_until)
        return _answer(stored)

    def _earlier_claim(self, run: Run, rank: int) -> Claim | None:
        """The claim to take over, or None where the node was never claimed."""
        if rank not in run.claimed:
            return None
        claim = run.open_claims.get(rank)
        if claim is None or claim.lease_until > self.clock():
            raise StepInProgressError("another request is at this node")
        return claim

    def _claim(
        self,
        frame: Frame,
        node_id: str,
        rank: int,
        node_type: "NodeType[Any]",
        config: "Config",
        *,
        replaces: Claim | None,
    ) -> Claim:
        now = self.clock()
        claim = Claim(
            request_id=self.request_id[:CLAIM_ID_CHARACTERS],
            started_at=now,
            lease_until=now + lease_seconds(node_type, config) * 1_000,
            sends=node_type.function is Function.MESSAGE,
        )
        topology = frame.graph.topology
        left = [topology.rank(before) for before in topology.predecessors(node_id)]
        gone = [other for other in left if other in frame.run.open_claims]
        try:
            self.runs.claim(frame.run, rank, claim, replaces=replaces, left=gone)
        except ConditionFailedError as error:
            found = run_from_item(error.item) if error.item else None
            if found and found.open_claims.get(rank) == claim and not found.status.is_terminal:
                # Our own write, sent again below us because its answer was lost.
                return claim
            if found is None or found.execution != frame.run.execution or found.status.is_terminal:
                raise RunReleasedError("the run was taken or ended meanwhile") from error
            raise StepInProgressError("another request is at this node") from error
        return claim

    def _visit_of(
        self,
        frame: Frame,
        node_id: str,
        node_type: "NodeType[Any]",
        config: "Config",
        before: Step | None,
    ) -> Visit:
        """`before` is the step as an earlier visit left it, where the node goes on."""
        templates = frame.version.templates
        used = [
            templates[id_] for id_ in sorted(node_type.template_ids(config)) if id_ in templates
        ]
        return Visit(
            node_id=node_id,
            run_id=frame.run.id,
            scope=scope_of(frame),
            contact=frame.contact,
            now=self.clock(),
            effect_key=derived_id("eff", frame.run.id, node_id),
            tools=self.toolbox.tools(frame, node_id),
            labels=frozenset(edge.label for edge in frame.graph.out(node_id) if edge.label),
            texts=tuple(text for each in used for text in (each.subject, each.body) if text),
            progress=before.progress if before else None,
        )

    # ── COMPLETE ───────────────────────────────────────────────────────────────────────────────

    def _complete(self, event: WalkEvent) -> WalkAnswer:
        began = self.clock()
        run = self._read_run(event)
        execution = execution_of(event.run_id, event.execution)
        answer = WalkAnswer(node_id=event.node_id)
        if run.status is RunStatus.COMPLETED and run.execution == execution:
            return answer
        require_owner(run, execution, RunStatus.RUNNING)
        now = self.clock()
        closing = Closing(RunStatus.COMPLETED, now, end_node_id=event.node_id, end_ms=now - began)
        self._close(run, closing)
        return answer

    # ── FAIL ───────────────────────────────────────────────────────────────────────────────────

    def _fail(self, event: WalkEvent) -> WalkAnswer:
        answer = WalkAnswer(node_id=event.node_id)
        execution = execution_of(event.run_id, event.execution)
        state = event.state or {}
        caught = state.get("error") or {}
        if self._read_run(event).status is RunStatus.PENDING:
            # The trigger itself failed; the run is not owned and the due index starts it again.
            return answer
        frame = self.frames.read(event.run_id, event.workspace_id)
        try:
            require_owner(frame.run, execution, RunStatus.RUNNING)
        except RunReleasedError:
            return answer
        node_id = failed_node(frame, event.node_id, state, caught)
        if is_for_later(caught) and frame.run.attempt < MAX_RESUMED_ATTEMPTS:
            self._hand_back(frame.run, node_id, str(caught.get("Error")))
            return answer
        step = frame.history.steps.get(node_id) if node_id else None
        if step is not None and step.error is not None:
            error = step.error
        else:
            error = caught_error(caught, node_id)
            if node_id is not None and (step is None or step.status is StepStatus.RUNNING):
                error = self._record_failure(frame, node_id, error, step)
        self._close(frame.run, Closing(RunStatus.FAILED, self.clock(), error=error))
        return answer

    def _hand_back(self, run: Run, node_id: str | None, name: str) -> None:
        """AWS had no room for the node: the run goes on from there, as its next attempt, later."""
        now = self.clock()
        walked = (now - (run.resumed_at or run.started_at or run.created_at)) // 2
        delay = min(max(walked, SHORTEST_PUT_OFF), LONGEST_PUT_OFF)
        place = f"node {node_id}: " if node_id else ""
        try:
            self.runs.hand_back(run, now + delay, f"{place}{name}", untried=True)
        except ConditionFailedError as error:
            raise RunReleasedError("the run was taken or ended meanwhile") from error

    def _record_failure(
        self, frame: Frame, node_id: str, error: ErrorDetail, before: Step | None
    ) -> ErrorDetail:
        now = self.clock()
        if before is not None:
            ended = {"status": StepStatus.FAILED, "finished_at": now, "progress": None}
            failed = before.model_copy(
                update={**ended, "error": error, "visits": before.visits + 1}
            )
            return self.runs.record(frame.run, failed, after=before).error or error
        claim = frame.run.open_claims.get(frame.graph.topology.rank(node_id))
        step = Step(
            node_id=node_id,
            type=frame.graph.nodes[node_id].node.type,
            status=StepStatus.FAILED,
            started_at=claim.started_at if claim else now,
            finished_at=now,
            error=error,
        )
        return self.runs.record(frame.run, step).error or error

    # ── shared ─────────────────────────────────────────────────────────────────────────────────

    def _read_run(self, event: WalkEvent) -> Run:
        run = self.runs.get(event.run_id)
        if run.workspace_id != event.workspace_id:
            raise NotFoundError(f"there is no run {event.run_id}")
        bind(automationId=run.automation_id)
        return run

    def _frame(self, event: WalkEvent) -> Frame:
        frame = self.frames.read(event.run_id, event.workspace_id)
        bind(automationId=frame.run.automation_id)
        execution = execution_of(event.run_id, event.execution)
        require_owner(frame.run, execution, RunStatus.RUNNING)
        return frame

    def _close(self, run: Run, closing: Closing) -> None:
        """Where somebody else ended the run first, theirs stands. Claims come and go without
        changing what the condition looks at, so a close of the owner's fails for no other cause."""
        try:
            self.runs.close(run, closing)
        except ConditionFailedError as error:
            raise RunReleasedError("the run was taken or ended meanwhile") from error


def _run_node(
    visit: Visit, node_type: "NodeType[Any]", config: "Config", before: Step | None
) -> NodeResult:
    try:
        result = node_type.run(config, visit)
    except NodeError as error:
        detail = ErrorDetail(
            node_id=visit.node_id, kind=error.kind, message=str(error), cause=error.cause
        )
        return _failed(detail, before, visit.tools)
    except (RunReleasedError, TransientError):
        raise
    except Exception as error:
        # Not foreseen, so there is nothing to say to a person but that; what had been done until
        # then must not be lost with it.
        log_failure("node raised", error)
        cause = f"{type(error).__name__}: {error}"
        caught = caught_error({"Error": type(error).__name__, "Cause": str(error)}, visit.node_id)
        detail = caught.model_copy(update={"cause": cause[:CAUSE_CHARACTERS]})
        return _failed(detail, before, visit.tools)
    if result.error is not None and result.error.node_id is None:
        named = result.error.model_copy(update={"node_id": visit.node_id})
        return result.model_copy(update={"error": named})
    return result


def _input(
    visit: Visit, node_type: "NodeType[Any]", config: "Config", result: NodeResult
) -> dict[str, Any]:
    """What the visit worked with. The node has done its work: that must be recorded, whatever
    becomes of this."""
    try:
        return node_type.input(config, visit, result)
    except Exception as error:
        log_failure("a step's input could not be told", error)
        return {}


def _failed(error: ErrorDetail, before: Step | None, tools: Tools) -> NodeResult:
    """With what was done until then, also by earlier visits."""
    done = before.delivery_ids if before else ()
    return NodeResult(
        status=StepStatus.FAILED,
        error=error,
        output=before.output if before else {},
        evidence=before.evidence if before else None,
        delivery_ids=tuple(dict.fromkeys((*done, *tools.begun))),
    )


def _answer(step: Step) -> WalkAnswer:
    if step.status is StepStatus.FAILED:
        raise NodeFailedError(step.node_id)
    return WalkAnswer(
        node_id=step.node_id,
        outcome=step.outcome,
        wait_until=optional_iso(step.wait_until),
        more=step.status is StepStatus.RUNNING,
    )

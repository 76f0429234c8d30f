"""Step Functions in virtual time: the part of the States Language that our compiler writes.

Machines run against a clock that moves only on request, one state at a time; actions due at the
same moment run in the order in which they were requested. Functions fail with error names, as
Lambda reports them. An Express execution can be walked a second time under the same ARN, even while
the first walk is under way.
"""

import heapq
import itertools
import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from botocore.exceptions import ClientError
from runledger.clock import SECOND, from_iso

from tests.support.engine import Clock
from tests.support.states_language import (
    FunctionError,
    at_path,
    chosen,
    delay,
    matching,
    parameters,
    placed,
)

REGION_AND_ACCOUNT = "us-east-1:123456789012"


class Invoke(Protocol):
    def __call__(self, resource: str, payload: dict[str, Any]) -> Any:
        """Returns the answer of the function with this ARN. Raises FunctionError."""


@dataclass
class Execution:
    """An execution. `status` has Step Functions' names; `walks` counts how often it was begun."""

    arn: str
    name: str
    machine_arn: str
    input: str
    is_express: bool
    status: str = "RUNNING"
    error: str | None = None
    cause: str | None = None
    walks: int = 0
    ends_at: int | None = None


# Where a walk or a branch is, as JSON.
Place = dict[str, Any]


@dataclass
class _Walk:
    """One walk: of a whole execution, or of one of its branches. `over` is True if the walk must
    not continue. `place` is the position of this walk, in the form of `StepFunctions.places` but
    without `branches`: each branch is a walk with a `place` of its own."""

    execution: Execution
    states: Generator["_Pause", Any, Any]
    place: Place
    parent: "_Walk | None" = None
    branches: list["_Walk"] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    over: bool = False

    def end(self) -> None:
        self.over = True
        for branch in self.branches:
            branch.end()


@dataclass(frozen=True)
class _Until:
    """A pause that ends at the given time."""

    moment: int


@dataclass(frozen=True)
class _Branches:
    """A pause that ends when all of these branches have ended."""

    definitions: list[dict[str, Any]]
    places: list[Place]


_Pause = _Until | _Branches


class StepFunctions:
    """The service, called like its boto3 client, with additions for tests.

    `status_events` are the ends of Standard executions that did not succeed, as EventBridge reports
    them; Express executions report nothing."""

    def __init__(self, clock: Clock, invoke: Invoke) -> None:
        self.executions: dict[str, Execution] = {}
        self.machines: dict[str, dict[str, Any]] = {}
        # The trace headers of started executions, by name.
        self.traces: dict[str, str | None] = {}
        self.status_events: list[dict[str, Any]] = []
        # Why the next start is refused, by the workspace of its input; None allows it.
        self.refuses: Callable[[str], str | None] = lambda workspace_id: None
        self._clock = clock
        self._invoke = invoke
        self._order = itertools.count()
        self._agenda: list[tuple[int, int, Execution, Callable[[], None]]] = []
        self._walks: dict[str, list[_Walk]] = {}

    # ── the service ────────────────────────────────────────────────────────────────────────────

    def create_state_machine(self, *, name: str, definition: str, **more: Any) -> dict[str, Any]:
        arn = f"arn:aws:states:{REGION_AND_ACCOUNT}:stateMachine:{name}"
        machine = {"definition": json.loads(definition), "type": more.get("type", "STANDARD")}
        if self.machines.setdefault(arn, machine) != machine:
            raise refusal("StateMachineAlreadyExists", "CreateStateMachine")
        return {"stateMachineArn": arn}

    def delete_state_machine(self, *, stateMachineArn: str) -> dict[str, Any]:
        self.machines.pop(stateMachineArn, None)
        return {}

    def start_execution(
        self,
        *,
        stateMachineArn: str,
        name: str,
        input: str,
        traceHeader: str | None = None,
    ) -> dict[str, Any]:
        code = self.refuses(json.loads(input).get("workspaceId", ""))
        if code is not None:
            raise refusal(code, "StartExecution")
        machine = self.machines.get(stateMachineArn)
        if machine is None:
            raise refusal("StateMachineDoesNotExist", "StartExecution")
        is_express = machine["type"] == "EXPRESS"
        kind = "express" if is_express else "execution"
        arn = f"{stateMachineArn.replace(':stateMachine:', f':{kind}:')}:{name}"
        if is_express:
            # Each start of an Express machine is a new execution, whatever its name.
            arn += f":{next(self._order):04x}"
        present = self.executions.get(arn)
        if present is not None:
            if present.status == "RUNNING" and present.input == input:
                return {"executionArn": arn}
            raise refusal("ExecutionAlreadyExists", "StartExecution")
        execution = Execution(arn, name, stateMachineArn, input, is_express)
        self.executions[arn] = execution
        self.traces[name] = traceHeader
        self.walk_again(arn)
        seconds = machine["definition"].get("TimeoutSeconds")
        if seconds:
            self._end_at(self._clock.now + seconds * SECOND, execution)
        return {"executionArn": arn}

    def stop_execution(
        self,
        *,
        executionArn: str,
        error: str | None = None,
        cause: str | None = None,
    ) -> dict[str, Any]:
        execution = self.executions.get(executionArn)
        if execution is None or execution.is_express:
            raise refusal("ExecutionDoesNotExist", "StopExecution")
        self._close(execution, "ABORTED", error, cause)
        return {}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:
        execution = self.executions.get(executionArn)
        if execution is None or execution.is_express:
            raise refusal("ExecutionDoesNotExist", "DescribeExecution")
        # A lost execution cannot be recognized; it looks as if it were running.
        status = "RUNNING" if execution.status == "LOST" else execution.status
        return {"executionArn": executionArn, "status": status}

    # ── for tests ──────────────────────────────────────────────────────────────────────────────

    def walk_again(self, arn: str) -> None:
        """Begins the execution (again) from its first state, besides any walk that is running."""
        execution = self.executions[arn]
        execution.walks += 1
        self._begin(execution, {"data": json.loads(execution.input)})

    def places(self, arn: str) -> list[Place]:
        """Returns where each walk of an execution is: `{state, data, branches}`. `branches` are the
        places inside a Parallel. A walk before its first state has only `data`, and a branch that
        has ended has only `result`."""
        return [_place(walk) for walk in self._walks.get(arn, []) if not walk.over]

    def resume(self, execution: Execution, places: list[Place]) -> None:
        """Continues an execution of another simulation at these places."""
        self.executions[execution.arn] = execution
        for place in places:
            self._begin(execution, place)
        if execution.ends_at is not None:
            self._end_at(execution.ends_at, execution)

    def lose(self, arn: str) -> None:
        """Loses the execution without any event."""
        self.executions[arn].status = "LOST"

    def next_moment(self) -> int | None:
        """Returns the moment of the next action."""
        while self._agenda and self._agenda[0][2].status != "RUNNING":
            heapq.heappop(self._agenda)
        return self._agenda[0][0] if self._agenda else None

    def step(self) -> None:
        """Does the next action, at its moment."""
        moment, _, _, act = heapq.heappop(self._agenda)
        self._clock.now = max(self._clock.now, moment)
        act()

    def forget(self) -> None:
        """Removes all executions and actions; the machines stay."""
        self.executions.clear()
        self.status_events.clear()
        self._agenda.clear()
        self._walks.clear()
        self._order = itertools.count()

    # ── inside ─────────────────────────────────────────────────────────────────────────────────

    def _begin(self, execution: Execution, place: Place) -> None:
        definition = self.machines[execution.machine_arn]["definition"]
        walk = _Walk(execution, self._states(execution, definition, place), place)
        self._walks.setdefault(execution.arn, []).append(walk)
        self._at(self._clock.now, execution, lambda: self._go_on(walk, None))

    def _end_at(self, moment: int, execution: Execution) -> None:
        execution.ends_at = moment
        close = partial(self._close, execution, "TIMED_OUT", "States.Timeout", None)
        self._at(moment, execution, close)

    def _at(self, moment: int, execution: Execution, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (moment, next(self._order), execution, act))

    def _go_on(self, walk: _Walk, value: Any) -> None:
        if walk.over or walk.execution.status != "RUNNING":
            walk.end()
            return
        try:
            pause = walk.states.send(value)
        except StopIteration as stop:
            self._come_to_end(walk, stop.value)
        except FunctionError as error:
            self._fail(walk, error)
        else:
            self._pause(walk, pause)

    def _pause(self, walk: _Walk, pause: _Pause) -> None:
        if isinstance(pause, _Until):
            self._at(pause.moment, walk.execution, lambda: self._go_on(walk, None))
            return
        walk.branches = [
            _Walk(walk.execution, self._states(walk.execution, each, place), place, walk)
            for each, place in zip(pause.definitions, pause.places, strict=True)
        ]
        walk.results = []
        for branch in walk.branches:
            if "result" in branch.place:
                self._come_to_end(branch, branch.place["result"])
            else:
                self._at(self._clock.now, walk.execution, partial(self._go_on, branch, None))

    def _come_to_end(self, walk: _Walk, result: Any) -> None:
        walk.over = True
        walk.place = {"result": result}
        if walk.parent is None:
            self._close(walk.execution, "SUCCEEDED", None, None)
            return
        walk.parent.results.append(result)
        if len(walk.parent.results) == len(walk.parent.branches):
            parent = walk.parent
            self._at(self._clock.now, walk.execution, lambda: self._after_branches(parent))

    def _after_branches(self, walk: _Walk) -> None:
        results, walk.branches = list(walk.results), []
        self._go_on(walk, results)

    def _fail(self, walk: _Walk, error: FunctionError) -> None:
        """Fails the branch and its Parallel, and ends the other branches."""
        while walk.parent is not None:
            walk.end()
            walk = walk.parent
        walk.end()
        self._close(walk.execution, "FAILED", error.name, error.cause)

    def _close(
        self, execution: Execution, status: str, error: str | None, cause: str | None
    ) -> None:
        if execution.status != "RUNNING":
            return
        execution.status, execution.error, execution.cause = status, error, cause
        if status != "SUCCEEDED" and not execution.is_express:
            self.status_events.append(status_event(execution))

    def _states(
        self, execution: Execution, definition: dict[str, Any], place: Place
    ) -> Generator[_Pause, Any, Any]:
        """Walks the states of a machine or branch from a place, which it keeps up to date, and
        returns its output."""
        name: str | None = place.get("state", definition["StartAt"])
        data = place["data"]
        inside: list[Place] = place.pop("branches", [])
        while name is not None:
            place.update(state=name, data=data)
            state = definition["States"][name]
            match state["Type"]:
                case "Task":
                    name, data = yield from self._task(execution, state, data)
                    if name is not None:
                        place.update(state=name, data=data)
                    yield _Until(self._clock.now)
                    continue
                case "Parallel":
                    places = inside or [{"data": data} for _ in state["Branches"]]
                    inside = []
                    result = yield _Branches(state["Branches"], places)
                    data = placed(state, data, result)
                case "Choice":
                    name = chosen(state, data)
                    continue
                case "Wait":
                    moment = state.get("TimestampPath")
                    path = state.get("SecondsPath")
                    seconds = (at_path(data, path) if path else state.get("Seconds", 0)) * SECOND
                    until = from_iso(at_path(data, moment)) if moment else seconds
                    yield _Until(until if moment else self._clock.now + seconds)
                case "Pass":
                    data = placed(state, data, state.get("Result", data))
                case "Succeed":
                    return data
                case "Fail":
                    raise FunctionError(state["Error"], state.get("Cause", ""))
                case other:
                    raise AssertionError(f"no machine of ours has a state of type {other}")
            name = None if state.get("End") else state["Next"]
        return data

    def _task(
        self, execution: Execution, state: dict[str, Any], data: Any
    ) -> Generator[_Pause, Any, tuple[str | None, Any]]:
        """Returns the next state's name and the data, after as many tries as the state allows."""
        payload = parameters(state.get("Parameters", {}), data, execution.arn)
        tries = [0] * len(state.get("Retry", []))
        while True:
            try:
                result = self._invoke(state["Resource"], payload)
            except FunctionError as error:
                place = matching(state.get("Retry", []), error)
                if place is not None and tries[place] < state["Retry"][place]["MaxAttempts"]:
                    yield _Until(self._clock.now + delay(state["Retry"][place], tries[place]))
                    tries[place] += 1
                    continue
                place = matching(state.get("Catch", []), error)
                if place is None:
                    raise
                catcher = state["Catch"][place]
                caught = {"Error": error.name, "Cause": error.cause}
                return catcher["Next"], placed(catcher, data, caught)
            after = placed(state, data, json.loads(json.dumps(result)))
            return (None if state.get("End") else state["Next"]), after


def _place(walk: _Walk) -> Place:
    branches = [_place(branch) for branch in walk.branches]
    return {**walk.place, "branches": branches} if branches else dict(walk.place)


def refusal(code: str, operation: str) -> ClientError:
    """Returns the error that boto3 raises for that code."""
    return ClientError({"Error": {"Code": code, "Message": f"refused: {code}"}}, operation)


def status_event(execution: Execution) -> dict[str, Any]:
    """Returns EventBridge's event for an execution's end."""
    return {
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "detail": {
            "executionArn": execution.arn,
            "stateMachineArn": execution.machine_arn,
            "name": execution.name,
            "status": execution.status,
            "error": execution.error,
            "cause": execution.cause,
        },
    }

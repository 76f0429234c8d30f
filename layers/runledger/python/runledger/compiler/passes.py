"""The passes that turn a valid graph into a state machine.

Each pass takes the unfinished machine and returns the next one; it never changes its input. Before
the pass `nest_branches`, every scope has its own map of states, and a Parallel state refers to its
branches by their heads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runledger.compiler.arns import FunctionArns
from runledger.compiler.graph import GraphView
from runledger.compiler.scopes import (
    BRANCH_DONE,
    COMPLETED,
    FAILED,
    RECORD_FAILURE,
    RELEASED,
    Scope,
    find_scopes,
    fork_state,
)
from runledger.compiler.timing import FAILURE_TIMEOUT_SECONDS, Bound, retriers
from runledger.compiler.transitions import reachable_states
from runledger.nodes.base import Function, Operation, Placement

State = dict[str, Any]
States = dict[str, State]

CONTRACT = 1
ERROR_PATH = "$.error"
# Errors of a walk that no longer decides about the run. A walk that finds a node taken, even after
# the lease, goes to the failure state instead: there the run is handed back, so it never stays
# without a walk.
RELEASING_ERRORS = ("RunReleasedError",)


@dataclass(frozen=True)
class Machine:
    """An unfinished machine. `states` has the states of each scope, by the first node of the scope
    (None for the machine itself). `definition` is set when the machine is complete."""

    view: GraphView
    functions: FunctionArns
    bound: Bound
    scopes: tuple[Scope, ...] = ()
    states: Mapping[str | None, States] = field(default_factory=dict)
    definition: Mapping[str, Any] = field(default_factory=dict)


Pass = Callable[[Machine], Machine]


def split_scopes(machine: Machine) -> Machine:
    scopes = find_scopes(machine.view)
    return replace(machine, scopes=scopes, states={scope.head: {} for scope in scopes})


def place_nodes(machine: Machine) -> Machine:
    """Adds every node's own states, as its type defines them."""

    def states(scope: Scope) -> States:
        placed: States = {}
        for node_id in scope.nodes:
            node_type, config = machine.view.parsed(node_id)
            task = _task(
                machine.functions.of(node_type.function),
                node_type.operation,
                node_id,
                node_type.timeout_seconds(config),
            )
            placement = Placement(
                node_id=node_id,
                task=task,
                exits=_exits(machine, scope, node_id),
                released=scope.state(RELEASED),
            )
            placed.update(node_type.states(config, placement))
        return placed

    return _add_states(machine, states)


def open_forks(machine: Machine) -> Machine:
    """Adds one Parallel after each forking node. The Parallel continues to the MERGE and does not
    change the data."""

    def states(scope: Scope) -> States:
        return {
            fork_state(fork.node_id): {
                "Type": "Parallel",
                "Branches": [head for head in fork.heads if fork.branches[head]],
                "ResultPath": None,
                "Next": scope.entry(fork.meeting),
            }
            for fork in scope.forks
            if fork.meeting is not None
        }

    return _add_states(machine, states)


def add_scope_ends(machine: Machine) -> Machine:
    """Adds the states at the end of each scope. A scope ends because its work is done, because the
    execution no longer owns the run (released), or because of a failure, which is recorded
    first."""

    def states(scope: Scope) -> States:
        record = _task(
            machine.functions.of(Function.LOGIC),
            Operation.FAIL,
            scope.start,
            FAILURE_TIMEOUT_SECONDS,
        )
        record["Parameters"]["state.$"] = "$"
        return {
            scope.state(COMPLETED if scope.head is None else BRANCH_DONE): {"Type": "Succeed"},
            scope.state(RELEASED): {"Type": "Succeed"},
            scope.state(RECORD_FAILURE): {
                **record,
                "ResultPath": None,
                "Next": scope.state(FAILED),
            },
            scope.state(FAILED): {
                "Type": "Fail",
                "Error": "RunFailed",
                "Cause": "The run's own record says which node failed, and why.",
            },
        }

    return _add_states(machine, states)


def retry_tasks(machine: Machine) -> Machine:
    def retried(scope: Scope, name: str, state: State) -> State:
        retry = [retrier.to_asl() for retrier in retriers(state["TimeoutSeconds"])]
        return {**state, "Retry": retry}

    return _change_tasks(machine, retried)


def catch_failures(machine: Machine) -> Machine:
    """Makes each task that fails continue to the failure state of its branch. If the failure state
    fails too, the branch fails without a record. The run is then settled when the status event of
    its execution arrives, or by the watchdog."""

    def caught(scope: Scope, name: str, state: State) -> State:
        if name == scope.state(RECORD_FAILURE):
            return {**state, "Catch": [_catch(("States.ALL",), scope.state(FAILED))]}
        return {
            **state,
            "Catch": [
                _catch(RELEASING_ERRORS, scope.state(RELEASED)),
                _catch(("States.ALL",), scope.state(RECORD_FAILURE)),
            ],
        }

    return _change_tasks(machine, caught)


def drop_unused(machine: Machine) -> Machine:
    """Removes end states that no state leads to."""

    def used(scope: Scope, states: States) -> States:
        reachable = reachable_states(scope.start, states)
        return {name: state for name, state in states.items() if name in reachable}

    return _change_states(machine, used)


def nest_branches(machine: Machine) -> Machine:
    """Moves the states of each branch into its Parallel, inner branches first."""
    whole: dict[str | None, State] = {}
    for scope in reversed(machine.scopes):
        states = {
            name: {**state, "Branches": [whole[head] for head in state["Branches"]]}
            if state["Type"] == "Parallel"
            else state
            for name, state in machine.states[scope.head].items()
        }
        whole[scope.head] = {"StartAt": scope.start, "States": states}
    return replace(machine, definition=whole[None])


def seal(machine: Machine) -> Machine:
    nodes = len(machine.view.nodes)
    head = {
        "Comment": f"A Runledger automation of {nodes} nodes.",
        "TimeoutSeconds": machine.bound.run,
    }
    return replace(machine, definition={**head, **machine.definition})


PASSES: tuple[Pass, ...] = (
    split_scopes,
    place_nodes,
    open_forks,
    add_scope_ends,
    retry_tasks,
    catch_failures,
    drop_unused,
    nest_branches,
    seal,
)


def _task(resource: str, operation: Operation, node_id: str, timeout: int) -> State:
    return {
        "Type": "Task",
        "Resource": resource,
        "TimeoutSeconds": timeout,
        "Parameters": {
            "contract.$": "$.contract",
            "workspaceId.$": "$.workspaceId",
            "runId.$": "$.runId",
            "execution.$": "$$.Execution.Id",
            "operation": operation.value,
            "nodeId": node_id,
        },
    }


def _exits(machine: Machine, scope: Scope, node_id: str) -> dict[str | None, str]:
    node_type, _ = machine.view.parsed(node_id)
    if node_type.is_end:
        # An end that does not complete the run fails it, so only a released walk passes it.
        completes = node_type.operation is Operation.COMPLETE
        return {None: scope.state(COMPLETED if completes else RELEASED)}
    if any(fork.node_id == node_id for fork in scope.forks):
        return {None: fork_state(node_id)}
    targets = {edge.label: scope.entry(edge.target) for edge in machine.view.out(node_id)}
    branching = machine.view.nodes[node_id].branching
    labels = branching.labels if branching is not None and None not in targets else (None,)
    return {label: targets[label] for label in labels}


def _catch(errors: tuple[str, ...], target: str) -> State:
    return {"ErrorEquals": list(errors), "ResultPath": ERROR_PATH, "Next": target}


def _change_states(machine: Machine, change: Callable[[Scope, States], States]) -> Machine:
    states = {scope.head: change(scope, machine.states[scope.head]) for scope in machine.scopes}
    return replace(machine, states=states)


def _add_states(machine: Machine, more: Callable[[Scope], States]) -> Machine:
    return _change_states(machine, lambda scope, states: {**states, **more(scope)})


def _change_tasks(machine: Machine, change: Callable[[Scope, str, State], State]) -> Machine:
    def changed(scope: Scope, states: States) -> States:
        return {
            name: change(scope, name, state) if state["Type"] == "Task" else state
            for name, state in states.items()
        }

    return _change_states(machine, changed)

"""Durations of tries, leases and paths. All durations are seconds."""

from dataclasses import dataclass
from typing import Any

from runledger.compiler.graph import GraphView
from runledger.compiler.task_errors import CRASHES, TRANSIENT_ERRORS
from runledger.models.automation import MachineType
from runledger.models.base import Config
from runledger.nodes.base import NodeType
from runledger.nodes.claiming import Claiming

DAY = 86_400
MAX_WAIT_SECONDS = 364 * DAY
# Step Functions ends an Express execution at 300 s and a Standard one after a year.
EXPRESS_PATH_SECONDS = 270
EXPRESS_TIMEOUT_SECONDS = 290
STANDARD_TIMEOUT_SECONDS = 365 * DAY

FAILURE_TIMEOUT_SECONDS = 6


@dataclass(frozen=True, slots=True)
class Retrier:
    """One entry of a state's Retry."""

    errors: tuple[str, ...]
    interval: int
    rate: int
    attempts: int
    max_delay: int | None
    jitter: bool

    def longest_delay(self) -> int:
        """Returns the sum of all delays, each at the maximum that jitter allows."""
        delays = [self.interval * self.rate**attempt for attempt in range(self.attempts)]
        return sum(delays if self.max_delay is None else (min(d, self.max_delay) for d in delays))

    def to_asl(self) -> dict[str, Any]:
        state: dict[str, Any] = {
            "ErrorEquals": list(self.errors),
            "IntervalSeconds": self.interval,
            "BackoffRate": self.rate,
            "MaxAttempts": self.attempts,
        }
        if self.max_delay is not None:
            state["MaxDelaySeconds"] = self.max_delay
        if self.jitter:
            state["JitterStrategy"] = "FULL"
        return state


@dataclass(frozen=True, slots=True)
class Bound:
    """The machine type of a graph, and how long a run may take at most.

    - `machine_type` is the type that the graph needs, and `reason` explains it.
    - `path` is how long the longest path may take without its waits. It must be short enough if the
      machine is to be Express.
    - `waits` is the longest time that a run may spend in waits.
    - `run` is the time for everything: waits, all tries, all delays, and the recording of a
      failure. It is at most the timeout of the machine type.

    In `path`, a node that claims its work counts with all its tries and delays. A node that never
    claims only writes its step and ends within seconds, so it counts with one try. Nodes that never
    claim rarely need retries, and several of them hardly ever need retries in one run. So `path`
    includes the retries of only one such node: the one whose retries may take longest. If an
    execution reaches its timeout anyway, the execution ends, and the watchdog hands the run back,
    as after any execution that ends early.
    """

    machine_type: MachineType
    reason: str
    path: int
    waits: int
    run: int


def lease_of(timeout: int) -> int:
    """Returns how long a claim lasts: one second longer than the task that makes it, so a running
    task never loses its claim."""
    return timeout + 1


def lease_seconds(node_type: NodeType[Any], config: Config) -> int:
    """How long a claim on a node of this type and config lasts."""
    return lease_of(node_type.timeout_seconds(config))


def wait_seconds(node_type: NodeType[Any], config: Config) -> int:
    """How long a node of this type and config may make the run wait at most."""
    return node_type.wait_seconds(config)


def retriers(timeout: int) -> tuple[Retrier, ...]:
    """Returns the Retry of a task with that timeout.

    After a crash, or if a second execution finds a live lease, the retry must come after the end of
    the lease. So there is one delay without jitter, longer than the lease.
    """
    return (
        Retrier(TRANSIENT_ERRORS, interval=1, rate=2, attempts=2, max_delay=5, jitter=True),
        Retrier(
            (*CRASHES, "StepInProgressError"),
            interval=lease_of(timeout) + 1,
            rate=1,
            attempts=1,
            max_delay=None,
            jitter=False,
        ),
    )


def task_seconds(timeout: int) -> int:
    """How long one Task state may take at most: all tries until their timeout, and all delays in
    full."""
    retry = retriers(timeout)
    tries = 1 + sum(retrier.attempts for retrier in retry)
    return timeout * tries + sum(retrier.longest_delay() for retrier in retry)


def bound(view: GraphView) -> Bound:
    """Returns the machine type that a valid graph needs, the reason, and how long one run may
    take."""
    path = waits = whole = retries = 0
    tasks: dict[str, int] = {}
    parked: dict[str, int] = {}
    both: dict[str, int] = {}
    waiting: list[str] = []
    unsafe: list[str] = []
    for node_id in view.topology.order:
        node_type, config = view.parsed(node_id)
        before = view.topology.predecessors(node_id)
        timeout = node_type.timeout_seconds(config)
        task = task_seconds(timeout) * node_type.max_visits(config)
        wait = wait_seconds(node_type, config)
        planned = task
        if node_type.claiming(config) is Claiming.NEVER:
            planned = timeout
            retries = max(retries, task - timeout)
        tasks[node_id] = planned + max((tasks[other] for other in before), default=0)
        parked[node_id] = wait + max((parked[other] for other in before), default=0)
        both[node_id] = task + wait + max((both[other] for other in before), default=0)
        path = max(path, tasks[node_id])
        waits = max(waits, parked[node_id])
        whole = max(whole, both[node_id])
        if wait > 0:
            waiting.append(node_id)
        elif not node_type.is_express_safe(config):
            unsafe.append(node_id)
    path += retries
    is_express = path <= EXPRESS_PATH_SECONDS and not waiting and not unsafe
    limit = EXPRESS_TIMEOUT_SECONDS if is_express else STANDARD_TIMEOUT_SECONDS
    return Bound(
        machine_type=MachineType.EXPRESS if is_express else MachineType.STANDARD,
        reason=_reason(path, waits, waiting, unsafe),
        path=path,
        waits=waits,
        run=min(whole + task_seconds(FAILURE_TIMEOUT_SECONDS), limit),
    )


def _reason(path: int, waits: int, waiting: list[str], unsafe: list[str]) -> str:
    against = []
    if path > EXPRESS_PATH_SECONDS:
        against.append(
            f"the longest path needs up to {path} s, more than the {EXPRESS_PATH_SECONDS} s that "
            "Express allows"
        )
    if waiting:
        against.append(f"{_some(waiting)} may wait up to {waits} s in all")
    if unsafe:
        against.append(f"{_some(unsafe)} cannot run on Express")
    if against:
        return f"Standard, because {' and '.join(against)}."
    return (
        f"Express, because the longest path needs up to {path} s (the limit is "
        f"{EXPRESS_PATH_SECONDS} s) and no node waits."
    )


def _some(node_ids: list[str]) -> str:
    shown = ", ".join(node_ids[:3])
    more = len(node_ids) - 3
    return f"{shown} and {more} more" if more > 0 else shown

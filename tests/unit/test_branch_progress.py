"""The progress of a run's branches, and when the first of them counts as silent."""

from typing import Any

import pytest
from runledger.compiler.graph import GraphView
from runledger.compiler.timing import lease_of
from runledger.errors import BranchUnfinishedError
from runledger.models.automation import Graph
from runledger.models.run import Claim, Run, RunStatus, Step, StepStatus, TriggerType
from runledger.services.execution.branch_progress import require_finished, walked
from runledger.services.execution.silence import has_progressed, silence_of

from tests.support.graphs import (
    TEMPLATES,
    assign,
    condition,
    document,
    end,
    integration,
    merge,
    trigger,
    wait,
)

BEGAN = 1_000_000


def view(nodes: list[dict[str, Any]], *edges: str) -> GraphView:
    return GraphView(Graph.model_validate(document(nodes, *edges)), TEMPLATES)


FORK = view(
    [trigger(), assign("top"), wait("a"), wait("b"), merge("both"), end()],
    "start > top",
    "top > a",
    "top > b",
    "a > both",
    "b > both",
    "both > done",
)
EXCLUSIVE = view(
    [trigger(), condition("vip"), assign("yes"), assign("no"), end()],
    "start > vip",
    "vip > yes : true",
    "vip > no : false",
    "yes > done",
    "no > done",
)


def run(graph: GraphView, *, resumed_at: int | None = None, **claims: Claim) -> Run:
    ranks = {graph.topology.rank(node_id): claim for node_id, claim in claims.items()}
    return Run(
        id="run_1",
        workspace_id="ws_1",
        automation_id="aut_1",
        automation_name="A",
        version=1,
        status=RunStatus.RUNNING,
        attempt=1,
        execution="1",
        trigger_type=TriggerType.MANUAL,
        contact_id=None,
        contact_email=None,
        contact_phone=None,
        created_at=BEGAN,
        started_at=BEGAN,
        trigger_ms=1,
        finished_at=None,
        end_ms=None,
        end_node_id=None,
        due_at=None,
        resumed_at=resumed_at,
        sequence=2,
        expires_at=10**13,
        claimed=frozenset(ranks),
        open_claims=ranks,
        error=None,
    )


def step(
    node_id: str,
    status: StepStatus = StepStatus.COMPLETED,
    at: int = BEGAN,
    *,
    outcome: str | None = None,
    wait_until: int | None = None,
) -> Step:
    return Step(
        node_id=node_id,
        type="SET",
        status=status,
        started_at=at,
        finished_at=at + 10 if status.is_finished else None,
        outcome=outcome,
        wait_until=wait_until,
    )


def steps(*found: Step) -> dict[str, Step]:
    return {each.node_id: each for each in found}


def claim(at: int, seconds: int, request_id: str = "req") -> Claim:
    return Claim(request_id=request_id, started_at=at, lease_until=at + seconds * 1_000)


def test_a_branch_that_was_not_taken_does_not_count() -> None:
    done = steps(step("vip", outcome="true"), step("yes"))
    found = walked(run(EXCLUSIVE), done, EXCLUSIVE, BEGAN)
    assert list(found) == ["start", "vip", "yes", "done"]
    require_finished("done", run(EXCLUSIVE), done, EXCLUSIVE, BEGAN)


@pytest.mark.parametrize(
    "status", [StepStatus.RUNNING, StepStatus.WAITING, StepStatus.FAILED, StepStatus.CANCELED, None]
)
def test_an_end_needs_the_node_before_it(status: StepStatus | None) -> None:
    before = [] if status is None else [step("yes", status, wait_until=BEGAN + 60_000)]
    done = steps(step("vip", outcome="true"), *before)
    with pytest.raises(BranchUnfinishedError, match="the earlier node yes has not finished"):
        require_finished("done", run(EXCLUSIVE), done, EXCLUSIVE, BEGAN)


@pytest.mark.parametrize("missing", ["top", "a", "b"])
def test_a_merge_needs_every_node_of_its_branches(missing: str) -> None:
    over = step("b", StepStatus.WAITING, wait_until=BEGAN)
    done = steps(step("top"), step("a"), over)
    require_finished("both", run(FORK), done, FORK, BEGAN)
    del done[missing]
    with pytest.raises(BranchUnfinishedError, match=missing):
        require_finished("both", run(FORK), done, FORK, BEGAN)


def test_a_wait_counts_as_finished_at_its_moment() -> None:
    until = BEGAN + 60_000
    done = steps(step("top"), step("a"), step("b", StepStatus.WAITING, wait_until=until))
    with pytest.raises(BranchUnfinishedError):
        require_finished("both", run(FORK), done, FORK, until - 3_000)
    # Step Functions leaves the fraction of a second out.
    require_finished("both", run(FORK), done, FORK, until - 1_000)


def test_a_branch_is_silent_after_its_lease_and_the_machines_retries() -> None:
    at = BEGAN + 5_000
    done = steps(step("top"), step("b", StepStatus.WAITING, wait_until=BEGAN + 10**9))
    silence = silence_of(run(FORK, a=claim(at, 7)), done, FORK, at)
    # Two delays of the transient errors, one that outlasts the lease.
    assert (silence.node_id, silence.since) == ("a", at + 7_000 + (1 + 2 + 8) * 1_000)


def test_a_released_claim_counts_from_when_it_was_made() -> None:
    at = BEGAN + 5_000
    done = steps(step("top"), step("b", StepStatus.WAITING, wait_until=BEGAN + 10**9))
    given_back = Claim(request_id="", started_at=at, lease_until=0)
    alive = silence_of(run(FORK, a=claim(at, 7)), done, FORK, at).since
    assert silence_of(run(FORK, a=given_back), done, FORK, at).since == alive


def test_a_branch_without_a_claim_is_silent_soon_after_the_node_before() -> None:
    done = steps(step("top"), step("b", StepStatus.WAITING, wait_until=BEGAN + 10**9))
    silence = silence_of(run(FORK), done, FORK, BEGAN)
    assert (silence.node_id, silence.since) == ("a", BEGAN + 10 + 10_000 + 11_000)


def test_a_merge_is_not_silent_while_a_branch_before_it_waits() -> None:
    until = BEGAN + 10**9
    done = steps(step("top"), step("a"), step("b", StepStatus.WAITING, wait_until=until))
    silence = silence_of(run(FORK), done, FORK, BEGAN)
    assert (silence.node_id, silence.since) == ("b", until + 10_000)
    silence = silence_of(run(FORK), done, FORK, until)
    # Nothing shows when its visit began: it may take all of its time.
    assert (silence.node_id, silence.since) == ("both", until + 10_000 + 7_000 + 11_000)


def test_a_node_that_is_never_claimed_is_given_its_time_after_the_node_before() -> None:
    done = steps(step("vip", outcome="true"))
    silence = silence_of(run(EXCLUSIVE), done, EXCLUSIVE, BEGAN)
    assert (silence.node_id, silence.since) == ("yes", BEGAN + 10 + 10_000 + 7_000 + 11_000)


def test_a_call_with_long_tries_gets_the_time_for_all_of_them() -> None:
    call = integration("call", timeoutSeconds=30, retry={"maxTries": 5, "backoffSeconds": 10})
    graph = view([trigger(), call, end()], "start > call", "call > done")
    node_type, config = graph.parsed("call")
    lease = lease_of(node_type.timeout_seconds(config))
    assert lease > 150
    silence = silence_of(run(graph, call=claim(BEGAN, lease)), {}, graph, BEGAN)
    assert silence.since >= BEGAN + 2 * lease * 1_000


def test_a_later_attempt_gets_the_time_to_pass_recorded_steps() -> None:
    resumed_at = BEGAN + 10**8
    again = run(FORK, resumed_at=resumed_at, a=claim(BEGAN, 7))
    done = steps(step("top"), step("b", StepStatus.WAITING, wait_until=BEGAN + 10**9))
    silence = silence_of(again, done, FORK, resumed_at)
    assert silence.since == resumed_at + 2_000 + 10_000 + 11_000
    assert not has_progressed(again, done, FORK)
    assert has_progressed(again, {**done, **steps(step("a", at=resumed_at))}, FORK)


def test_a_walk_that_leads_nowhere_is_silent() -> None:
    done = steps(step("vip", outcome="perhaps"))
    silence = silence_of(run(EXCLUSIVE), done, EXCLUSIVE, BEGAN)
    assert (silence.node_id, silence.since) == ("vip", BEGAN + 10 + 10_000)

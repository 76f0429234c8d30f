"""The current nodes of runs, which lists read without the runs' histories."""

from runledger.clock import HOUR
from runledger.compiler.graph import GraphView
from runledger.errors import NotFoundError
from runledger.models.run import Claim, ErrorDetail, Run, RunStatus
from runledger.services.runs.position import current_nodes, current_nodes_by_run

from tests.functional.test_run_store import a_run
from tests.support.environment import START
from tests.support.graphs import TEMPLATE, end, graph, merge, trigger, wait

# start forks into two waits that meet again.
GRAPH = GraphView(
    graph(
        [trigger(), wait("one"), wait("two"), merge("both"), end()],
        "start > one",
        "start > two",
        "one > both",
        "two > both",
        "both > done",
    ),
    {TEMPLATE.id: TEMPLATE},
)
CLAIM = Claim(request_id="r", started_at=START, lease_until=START + HOUR)


def rank(node_id: str) -> int:
    return GRAPH.topology.rank(node_id)


def running(*open_at: str, claimed: tuple[str, ...] = ("start",)) -> Run:
    return a_run(
        status=RunStatus.RUNNING,
        claimed=frozenset(rank(node_id) for node_id in (*claimed, *open_at)),
        open_claims={rank(node_id): CLAIM for node_id in open_at},
    )


class CountingFrames:
    def __init__(self) -> None:
        self.read = 0

    def graph(self, run: Run) -> GraphView:
        self.read += 1
        if run.version == 404:
            raise NotFoundError("there is no such version")
        return GRAPH


def test_a_run_is_at_every_node_with_an_open_claim() -> None:
    assert sorted(current_nodes(running("one", "two"), GRAPH)) == ["one", "two"]


def test_a_run_between_two_nodes_is_at_the_last_one() -> None:
    assert current_nodes(running(claimed=("start", "one", "two", "both")), GRAPH) == ["both"]


def test_an_ended_run_is_at_the_node_in_its_row() -> None:
    error = ErrorDetail(node_id="two", kind="HTTP_STATUS", message="It answered 503")
    assert current_nodes(a_run(status=RunStatus.FAILED, error=error), None) == ["two"]
    assert current_nodes(a_run(status=RunStatus.COMPLETED, end_node_id="done"), None) == ["done"]


def test_a_canceled_run_is_at_its_last_open_node() -> None:
    canceled = running("one").changed(status=RunStatus.CANCELED, claimed=frozenset())
    assert current_nodes(canceled, GRAPH) == ["one"]


def test_a_run_that_has_not_begun_is_at_no_node() -> None:
    assert current_nodes(a_run(), GRAPH) == []


def test_a_page_reads_at_most_ten_graphs_each_once() -> None:
    contexts = CountingFrames()
    rows = [running("one").changed(automation_id=f"aut_{n % 20}") for n in range(50)]
    lost = running("one").changed(version=404)
    at = current_nodes_by_run([lost, *rows, a_run()], contexts)  # type: ignore[arg-type]
    assert contexts.read == 10
    assert len(at) == 52
    assert at[lost.id] == []
    assert sum(nodes == ["one"] for nodes in at.values()) == 9 * 3

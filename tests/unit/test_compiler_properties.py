"""Every valid graph compiles; every broken graph yields problems."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runledger.compiler.checks import find_problems
from runledger.compiler.compile import compile_graph
from runledger.compiler.examples import EXAMPLE_FUNCTIONS
from runledger.compiler.topology import Topology
from runledger.models.automation import Graph

from tests.support.depth import examples
from tests.support.graph_strategies import broken_graphs, valid_graphs
from tests.support.graphs import TEMPLATES

QUIET = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=examples(100),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@QUIET
@given(valid_graphs())
def test_a_valid_graph_has_no_problems_and_compiles(graph: Graph) -> None:
    assert find_problems(graph, TEMPLATES) == []
    compiled = compile_graph(graph, EXAMPLE_FUNCTIONS, TEMPLATES)
    assert compiled.definition["StartAt"] == "n0"
    assert compiled.definition["TimeoutSeconds"] == compiled.run_seconds


@QUIET
@given(valid_graphs(), st.randoms(use_true_random=False))
def test_the_order_of_nodes_and_edges_does_not_change_the_bytes(
    graph: Graph, shuffler: random.Random
) -> None:
    nodes, edges = list(graph.nodes), list(graph.edges)
    shuffler.shuffle(nodes)
    shuffler.shuffle(edges)
    shuffled = Graph(nodes=nodes, edges=edges)
    first = compile_graph(graph, EXAMPLE_FUNCTIONS, TEMPLATES)
    assert compile_graph(shuffled, EXAMPLE_FUNCTIONS, TEMPLATES).text == first.text


@QUIET
@given(valid_graphs())
def test_ranks_number_the_nodes_from_the_trigger(graph: Graph) -> None:
    topology = Topology.of(graph)
    assert [topology.rank(topology.node_at(rank)) for rank in range(len(graph.nodes))] == list(
        range(len(graph.nodes))
    )
    assert topology.node_at(0) == "n0"
    for edge in graph.edges:
        assert topology.rank(edge.source) < topology.rank(edge.target)
        assert edge.source in topology.predecessors(edge.target)


@settings(QUIET, max_examples=examples(300))
@given(broken_graphs())
def test_a_broken_graph_yields_only_problems(graph: Graph) -> None:
    problems = find_problems(graph, TEMPLATES)
    if problems:
        assert all(problem.code and problem.message for problem in problems)
    else:
        compile_graph(graph, EXAMPLE_FUNCTIONS, TEMPLATES)

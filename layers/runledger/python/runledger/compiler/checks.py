"""Finds all problems of a graph at once.

Each check is a small function that reads the view of the graph. Checks never raise. If a part is so
broken that a check cannot judge it, the check skips it and reports no follow-up problems.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from runledger.compiler import (
    checks_credentials,
    checks_edges,
    checks_forks,
    checks_labels,
    checks_messages,
    checks_nodes,
    checks_paths,
    checks_references,
)
from runledger.compiler.graph import GraphView
from runledger.models.automation import Graph, Problem, TemplateSnapshot

Check = Callable[[GraphView], Iterable[Problem]]

# Repeated when a frozen version is activated again.
CREDENTIAL_CHECKS: tuple[Check, ...] = (
    checks_credentials.literal_credentials,
    checks_credentials.faults,
    checks_credentials.secret_hosts,
)
CHECKS: tuple[Check, ...] = (
    checks_nodes.too_many_nodes,
    checks_nodes.duplicate_node_ids,
    checks_nodes.triggers,
    checks_nodes.unknown_types,
    checks_nodes.invalid_configs,
    checks_nodes.too_many_visits,
    checks_edges.dangling_edges,
    checks_edges.duplicate_edges,
    checks_edges.edges_into_triggers,
    checks_edges.edges_out_of_ends,
    checks_labels.missing_labels,
    checks_labels.doubled_labels,
    checks_labels.unknown_labels,
    checks_labels.unexpected_labels,
    checks_paths.cycles,
    checks_paths.unreachable_nodes,
    checks_paths.dead_ends,
    checks_paths.total_waits,
    checks_forks.too_wide,
    checks_forks.without_merge,
    checks_forks.shared_nodes,
    checks_forks.ends_inside,
    checks_forks.entered_from_outside,
    checks_forks.merge_bypassed,
    checks_references.liquid_syntax,
    checks_references.unknown_variables,
    checks_references.secrets,
    checks_references.steps,
    checks_references.unknown_templates,
    checks_references.unknown_segments,
    checks_messages.unsubscribe_links,
    *CREDENTIAL_CHECKS,
)


def find_problems(
    graph: Graph,
    templates: Mapping[str, TemplateSnapshot],
    segments: Collection[str] | None = None,
    secret_hosts: Mapping[str, Sequence[str]] | None = None,
) -> list[Problem]:
    """Returns every problem of the graph, in a fixed order; empty if it compiles. `templates` are
    the templates of the workspace that the graph may use, by id. `segments` are the ids of the
    workspace's segments; None allows any segment. `secret_hosts` are the hosts that the workspace's
    secrets may go to; None allows any host."""
    view = GraphView(graph, templates, segments=segments, secret_hosts=secret_hosts)
    return problems_of(view)


def credential_problems(view: GraphView) -> list[Problem]:
    return [problem for check in CREDENTIAL_CHECKS for problem in check(view)]


def problems_of(view: GraphView) -> list[Problem]:
    return [problem for check in CHECKS for problem in check(view)]

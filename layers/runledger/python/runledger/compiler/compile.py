"""Compiles a graph to a Step Functions machine: checks the graph, chooses the machine type, runs
the passes, checks the result."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runledger.compiler.arns import FunctionArns
from runledger.compiler.checks import problems_of
from runledger.compiler.graph import GraphView
from runledger.compiler.machine_checks import check_machine
from runledger.compiler.passes import PASSES, Machine
from runledger.compiler.timing import bound
from runledger.errors import InvalidGraphError
from runledger.models.automation import Graph, MachineType, TemplateSnapshot

__all__ = ["Compiled", "FunctionArns", "compile_graph"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A machine. `text` is its definition as JSON; the same graph always gives the same bytes.
    `reason` explains the machine type. `run_seconds` limits the duration of one run, waits
    included."""

    definition: dict[str, Any]
    machine_type: MachineType
    reason: str
    run_seconds: int
    text: str


def compile_graph(
    graph: Graph,
    functions: FunctionArns,
    templates: Mapping[str, TemplateSnapshot],
    segments: Collection[str] | None = None,
    secret_hosts: Mapping[str, Sequence[str]] | None = None,
) -> Compiled:
    """Compiles a graph. `templates` are the templates that it may use, by id. `segments` are the
    ids of the segments; None allows any segment. `secret_hosts` are the hosts that its secrets may
    go to; None allows any host.

    Raises InvalidGraphError with every problem, and CompilerError if the compiler itself is wrong.
    """
    view = GraphView(graph, templates, segments=segments, secret_hosts=secret_hosts)
    problems = problems_of(view)
    if problems:
        raise InvalidGraphError(
            [problem.model_dump(mode="json", exclude_none=True) for problem in problems]
        )
    longest = bound(view)
    machine = Machine(view=view, functions=functions, bound=longest)
    for step in PASSES:
        machine = step(machine)
    definition = dict(machine.definition)
    text = json.dumps(definition, separators=(",", ":"), ensure_ascii=False)
    check_machine(definition, text)
    return Compiled(
        definition=definition,
        machine_type=longest.machine_type,
        reason=longest.reason,
        run_seconds=longest.run,
        text=text,
    )

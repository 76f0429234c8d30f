"""The `runledger` command: compiles graphs, and operates a deployed stack."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from runledger.admin_cli import (
    add_member_command,
    add_names_command,
    add_workspace_command,
)
from runledger.compiler.arns import FunctionArns
from runledger.compiler.checks import find_problems
from runledger.compiler.compile import compile_graph
from runledger.compiler.config_errors import field_errors
from runledger.compiler.examples import (
    EXAMPLE_FUNCTIONS,
    example_text,
    trusted_templates,
    write_examples,
)
from runledger.destroy_cli import add_destroy_command
from runledger.doctor_cli import add_doctor_command
from runledger.models.automation import Graph, Problem, TemplateSnapshot
from runledger.models.validation_words import words
from runledger.prune_cli import add_prune_command
from runledger.restore_cli import add_restore_command

Subparsers = Any  # argparse keeps the class of its sub-parsers to itself.

OK, HAS_PROBLEMS, UNREADABLE = 0, 1, 2


class UnreadableError(Exception):
    """A file named on the command line cannot be used. The message is one line for a person."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one subcommand. Returns the exit status: 0 for success; 1 if problems were found or
    the command was refused; 2 for bad input, and in `prune` and `doctor` for an error of AWS."""
    parser = argparse.ArgumentParser(prog="runledger", description=__doc__)
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for add_command in COMMANDS:
        add_command(subparsers)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except UnreadableError as error:
        print(f"runledger: {error}", file=sys.stderr)
        return UNREADABLE


def add_compile(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "compile",
        help="print the state machine of an automation's graph",
        description="Compiles a graph (JSON with nodes and edges) to its Step Functions machine. "
        "The machine goes to standard output, its type and the reason to standard error.",
    )
    parser.add_argument("graph", type=Path, help="a JSON file with the graph")
    parser.add_argument(
        "--problems",
        action="store_true",
        help="do not compile: print the list of problems as JSON",
    )
    parser.add_argument(
        "--templates",
        type=Path,
        help=(
            "a JSON list of templates (id, name, channel, subject, body) to check the graph "
            "against; without it, every template id is assumed to exist"
        ),
    )
    for name in ("logic", "message", "integration"):
        default = getattr(EXAMPLE_FUNCTIONS, name)
        parser.add_argument(
            f"--{name}-arn",
            default=default,
            metavar="ARN",
            help=f"the ARN of the run_{name} function",
        )
    parser.set_defaults(run=run_compile)


def run_compile(options: argparse.Namespace) -> int:
    document = _read_json(options.graph)
    if not isinstance(document, dict) or "nodes" not in document:
        raise UnreadableError(f"{options.graph} has no graph: write an object with nodes and edges")
    graph, problems = _parse_graph(document)
    if graph is not None:
        templates = _templates(graph, options.templates)
        problems = find_problems(graph, templates)
    if options.problems:
        found = [problem.model_dump(mode="json", exclude_none=True) for problem in problems]
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return HAS_PROBLEMS if problems else OK
    if graph is None or problems:
        for problem in problems:
            print(_line(problem), file=sys.stderr)
        return HAS_PROBLEMS
    functions = FunctionArns(options.logic_arn, options.message_arn, options.integration_arn)
    compiled = compile_graph(graph, functions, templates)
    print(f"machine type: {compiled.machine_type}", file=sys.stderr)
    print(f"reason: {compiled.reason}", file=sys.stderr)
    print(f"longest run: {compiled.run_seconds} s", file=sys.stderr)
    sys.stdout.write(example_text(compiled))
    return OK


def add_examples(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "examples", help="compile the golden examples again (NAME.graph.json to NAME.asl.json)"
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path("statemachines/examples"))
    parser.set_defaults(run=run_examples)


def run_examples(options: argparse.Namespace) -> int:
    if not options.folder.is_dir():
        raise UnreadableError(f"there is no folder {options.folder}")
    for name in write_examples(options.folder):
        print(f"wrote {name}")
    return OK


COMMANDS: tuple[Callable[[Subparsers], None], ...] = (
    add_compile,
    add_examples,
    add_workspace_command,
    add_member_command,
    add_names_command,
    add_destroy_command,
    add_doctor_command,
    add_prune_command,
    add_restore_command,
)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise UnreadableError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"{path} is not JSON: {error}") from error


def _parse_graph(document: Mapping[str, Any]) -> tuple[Graph | None, list[Problem]]:
    """Returns the graph of an automation's document, or the problems that make it unreadable."""
    part = {key: document[key] for key in ("nodes", "edges", "layout") if key in document}
    try:
        return Graph.model_validate(part), []
    except ValidationError as error:
        return None, [
            Problem(code="INVALID_DOCUMENT", message=found.message, field=found.field)
            for found in field_errors(error, part)
        ]


def _templates(graph: Graph, path: Path | None) -> Mapping[str, TemplateSnapshot]:
    if path is None:
        return trusted_templates(graph)
    try:
        listed = TypeAdapter(list[TemplateSnapshot]).validate_python(_read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UnreadableError(
            f"{path} is not a list of templates: {place}: {words(first)}"
        ) from error
    return {template.id: template for template in listed}


def _line(problem: Problem) -> str:
    """Returns `CODE node or edge, field: message`."""
    place = "graph"
    if problem.node_id is not None:
        place = f"node {problem.node_id}"
    elif problem.edge is not None:
        place = f"edge {problem.edge}"
    if problem.field is not None:
        place = f"{place}, {problem.field}"
    return f"{problem.code} {place}: {problem.message}"


if __name__ == "__main__":
    sys.exit(main())

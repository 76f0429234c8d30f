"""The golden examples: one folder with graphs and the machines that they compile to."""

import json
from collections.abc import Mapping
from pathlib import Path

from runledger.compiler.arns import FunctionArns
from runledger.compiler.compile import Compiled, compile_graph
from runledger.compiler.graph import GraphView
from runledger.models.automation import Graph, TemplateSnapshot
from runledger.models.template import UNSUBSCRIBE_VARIABLE

GRAPH_SUFFIX = ".graph.json"
MACHINE_SUFFIX = ".asl.json"

_PREFIX = "arn:aws:lambda:us-east-1:000000000000:function:runledger-run"
EXAMPLE_FUNCTIONS = FunctionArns(
    logic=f"{_PREFIX}-logic", message=f"{_PREFIX}-message", integration=f"{_PREFIX}-integration"
)


def example_names(folder: Path) -> list[str]:
    return sorted(path.name.removesuffix(GRAPH_SUFFIX) for path in folder.glob(f"*{GRAPH_SUFFIX}"))


def read_example(folder: Path, name: str) -> Graph:
    return Graph.model_validate_json((folder / f"{name}{GRAPH_SUFFIX}").read_bytes())


def compile_example(graph: Graph) -> Compiled:
    return compile_graph(graph, EXAMPLE_FUNCTIONS, trusted_templates(graph))


def example_text(compiled: Compiled) -> str:
    """Returns the machine as it is written to its file: as indented JSON."""
    return json.dumps(compiled.definition, indent=2, ensure_ascii=False) + "\n"


def write_examples(folder: Path) -> list[str]:
    """Compiles every graph of the folder again. Returns the names of the machines that changed."""
    changed = []
    for name in example_names(folder):
        path = folder / f"{name}{MACHINE_SUFFIX}"
        text = example_text(compile_example(read_example(folder, name)))
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            changed.append(name)
    return changed


# Marketing messages need this link.
_TRUSTED_BODY = f"{{{{{UNSUBSCRIBE_VARIABLE}}}}}"


def trusted_templates(graph: Graph) -> Mapping[str, TemplateSnapshot]:
    """Returns a made-up e-mail template for each template id in the graph. With these, the graph
    can be compiled without a workspace."""
    return {
        use.template_id: TemplateSnapshot(
            id=use.template_id,
            name=use.template_id,
            channel="EMAIL",
            subject=None,
            body=_TRUSTED_BODY,
        )
        for use in GraphView(graph, {}).template_uses
    }

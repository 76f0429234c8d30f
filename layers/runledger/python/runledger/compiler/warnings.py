"""What a graph may do and its author should know: nothing here keeps it from being activated."""

from runledger.compiler.graph import GraphView
from runledger.models.automation import Problem


def warnings_of(view: GraphView) -> list[Problem]:
    """The warnings of every node that could be understood, in the order of the document."""
    return [
        Problem(code=each.code, message=each.message, node_id=node.id, field=each.field)
        for node in view.nodes.values()
        if node.type is not None and node.config is not None
        for each in node.type.warnings(node.config)
    ]

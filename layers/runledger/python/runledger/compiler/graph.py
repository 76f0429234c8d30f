"""The input of the checks and the compiler: a graph with parsed configs and indexed edges."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from runledger.compiler.config_errors import FieldError, field_errors
from runledger.compiler.errors import CompilerError
from runledger.compiler.references import (
    Place,
    Reference,
    SegmentUse,
    SyntaxFault,
    TemplateUse,
    config_texts,
    read_texts,
    segment_uses,
    template_texts,
    template_uses,
)
from runledger.compiler.topology import Topology
from runledger.models.automation import Graph, Node, TemplateSnapshot
from runledger.models.base import Config
from runledger.nodes.base import Branching, NodeType
from runledger.nodes.findings import SecretUse
from runledger.nodes.registry import NODE_TYPES


@dataclass(frozen=True, slots=True)
class IndexedEdge:
    """An edge and its position in the document's list."""

    index: int
    source: str
    target: str
    label: str | None


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node, parsed if possible. `type` is None if the type is unknown. `config` is None if the
    type is unknown or the config has `errors`."""

    node: Node
    type: NodeType[Any] | None
    config: Config | None
    errors: tuple[FieldError, ...]

    @property
    def id(self) -> str:
        return self.node.id

    @property
    def is_start(self) -> bool:
        return self.type is not None and self.type.is_start

    @property
    def is_end(self) -> bool:
        return self.type is not None and self.type.is_end

    @property
    def is_join(self) -> bool:
        return self.type is not None and self.type.is_join

    @property
    def texts(self) -> list[tuple[str, str]]:
        """The Liquid texts of the config, each with its field. If the config is invalid, all its
        strings."""
        if self.type is None or self.config is None:
            return list(config_texts(self.node.config))
        return self.type.sources(self.config)

    @property
    def branching(self) -> Branching | None:
        """The outcomes of the node. None if it has none, or if the config is too broken to know."""
        if self.type is None or self.config is None:
            return None
        return self.type.branching(self.config)


class GraphView:
    """An immutable view of a graph, valid or not.

    - `edges` and `topology` have only valid edges: between existing nodes, each once, none into a
      start and none out of an end.
    - If several nodes have the same id, the first counts; `all_nodes` has all of them.
    - `templates` are the known message templates by id.
    - `segments` are the ids of the known segments; if None, every segment is accepted.
    - `secret_hosts` are the allowed hosts by secret name, for secrets that have a list of allowed
      hosts; if None, secrets may go anywhere.
    """

    def __init__(
        self,
        graph: Graph,
        templates: Mapping[str, TemplateSnapshot],
        node_types: Mapping[str, NodeType[Any]] = NODE_TYPES,
        *,
        segments: Collection[str] | None = None,
        secret_hosts: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.graph = graph
        self.templates = templates
        self.segments = segments
        self.secret_hosts = secret_hosts
        self.all_nodes = tuple(_parse(node, node_types) for node in graph.nodes)
        nodes: dict[str, NodeView] = {}
        for node in self.all_nodes:
            nodes.setdefault(node.id, node)
        self.nodes: Mapping[str, NodeView] = nodes
        self.id_counts = Counter(node.id for node in graph.nodes)
        self.all_edges = tuple(
            IndexedEdge(index, edge.source, edge.target, edge.label)
            for index, edge in enumerate(graph.edges)
        )
        self.edges = _sound_edges(self.all_edges, nodes)
        self.topology = Topology(nodes, ((edge.source, edge.target) for edge in self.edges))
        out: dict[str, list[IndexedEdge]] = {node_id: [] for node_id in nodes}
        for edge in self.edges:
            out[edge.source].append(edge)
        self._out = {node_id: tuple(edges) for node_id, edges in out.items()}

    def out(self, node_id: str) -> tuple[IndexedEdge, ...]:
        """Returns the node's valid outgoing edges, in the order of the document."""
        return self._out[node_id]

    @cached_property
    def starts(self) -> tuple[str, ...]:
        return tuple(node_id for node_id, node in self.nodes.items() if node.is_start)

    @cached_property
    def reachable(self) -> frozenset[str]:
        """The nodes that a run can reach. If the graph has no start, all nodes."""
        if not self.starts:
            return frozenset(self.nodes)
        found = set(self.starts)
        for start in self.starts:
            found |= self.topology.descendants(start)
        return frozenset(found)

    def parsed(self, node_id: str) -> tuple[NodeType[Any], Config]:
        """Returns the node's type and config. Only for a graph that passed the checks."""
        node = self.nodes[node_id]
        if node.type is None or node.config is None:
            raise CompilerError(f"node {node_id} cannot be compiled: its config is not valid")
        return node.type, node.config

    def reads_contact(self, node_id: str) -> bool:
        """Whether a visit of the node may read the run's contact. Only for a valid graph."""
        return node_id in self._contact_readers

    @cached_property
    def _contact_readers(self) -> frozenset[str]:
        parsed = {node_id: self.parsed(node_id) for node_id in self.nodes}
        return frozenset(
            node_id
            for node_id, (node_type, config) in parsed.items()
            if node_type.reads_contact(config)
        )

    @cached_property
    def template_uses(self) -> tuple[TemplateUse, ...]:
        """Every use of a template. If several nodes have the same id, the first counts."""
        return tuple(
            use
            for node in self.nodes.values()
            if node.type is not None and node.config is not None
            for use in template_uses(node.id, node.node.config, node.type.template_ids(node.config))
        )

    @cached_property
    def segment_uses(self) -> tuple[SegmentUse, ...]:
        """Every use of a segment. If several nodes have the same id, the first counts."""
        return tuple(
            use
            for node in self.nodes.values()
            if node.type is not None and node.config is not None
            for use in segment_uses(node.id, node.node.config, node.type.segment_ids(node.config))
        )

    @cached_property
    def secret_uses(self) -> tuple[SecretUse, ...]:
        """Every use of a secret in a node's config, with the host that the secret is sent to."""
        return tuple(
            use
            for node in self.all_nodes
            if node.type is not None and node.config is not None
            for use in node.type.secret_uses(node.config)
        )

    @property
    def references(self) -> tuple[Reference, ...]:
        """The variables that configs and used templates read."""
        return self._read[0]

    @property
    def syntax_faults(self) -> tuple[SyntaxFault, ...]:
        return self._read[1]

    @cached_property
    def texts(self) -> list[tuple[Place, str]]:
        """Every Liquid text of configs and used templates, with its location."""
        texts = [
            (Place(node.id, field), text) for node in self.all_nodes for field, text in node.texts
        ]
        for use in self.template_uses:
            template = self.templates.get(use.template_id)
            if template is not None:
                texts.extend(template_texts(use, template))
        return texts

    @cached_property
    def _read(self) -> tuple[tuple[Reference, ...], tuple[SyntaxFault, ...]]:
        return read_texts(self.texts)

    @cached_property
    def is_acyclic(self) -> bool:
        return not self.topology.cycles


def _parse(node: Node, node_types: Mapping[str, NodeType[Any]]) -> NodeView:
    node_type = node_types.get(node.type)
    if node_type is None:
        return NodeView(node, None, None, ())
    try:
        config = node_type.config_model.model_validate(node.config)
    except ValidationError as error:
        return NodeView(node, node_type, None, field_errors(error, node.config))
    return NodeView(node, node_type, config, ())


def _sound_edges(
    edges: tuple[IndexedEdge, ...], nodes: Mapping[str, NodeView]
) -> tuple[IndexedEdge, ...]:
    sound: list[IndexedEdge] = []
    seen: set[tuple[str, str, str | None]] = set()
    for edge in edges:
        key = (edge.source, edge.target, edge.label)
        dangles = edge.source not in nodes or edge.target not in nodes
        if key in seen or dangles or nodes[edge.source].is_end or nodes[edge.target].is_start:
            continue
        seen.add(key)
        sound.append(edge)
    return tuple(sound)

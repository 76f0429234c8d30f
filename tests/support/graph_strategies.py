"""hypothesis strategies for graphs: valid by construction, or broken at random."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st
from runledger.models.automation import Graph

from tests.support import graphs

MAX_DEPTH = 3
MAX_SEGMENTS = 3
# After this many nodes no new segment begins; open segments are finished.
ENOUGH_NODES = 25

Draw = Callable[..., Any]
# An edge that still needs its target: (source, label).
Exit = tuple[str, str | None]


_BRANCHING: tuple[tuple[Callable[[str], graphs.Document], tuple[str, ...]], ...] = (
    (graphs.condition, ("true", "false")),
    (graphs.integration, ("ok", "error")),
    (graphs.message, ("sent", "partly_sent", "suppressed", "failed")),
    (lambda new: graphs.switch(new, "a", "b"), ("a", "b", "otherwise")),
)


class _Grower:
    """Grows a graph segment by segment. Every sequence has at least one entry and leaves at least
    one open exit, so the next segment can always be connected."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.nodes: list[graphs.Document] = []
        self.edges: list[graphs.Document] = []

    def add(self, make: Callable[[str], graphs.Document], entries: list[Exit]) -> str:
        node_id = f"n{len(self.nodes)}"
        self.nodes.append(make(node_id))
        for source, label in entries:
            found = {"source": source, "target": node_id}
            self.edges.append(found if label is None else {**found, "label": label})
        return node_id

    def sequence(self, entries: list[Exit], depth: int, forked: bool) -> list[Exit]:
        """Adds some segments in a row. An exit may be kept back, to join later."""
        held: list[Exit] = []
        exits = entries
        for _ in range(self.draw(st.integers(0, MAX_SEGMENTS))):
            if len(self.nodes) > ENOUGH_NODES:
                break
            if held and self.draw(st.booleans()):
                exits, held = exits + held, []
            kinds = [self.step]
            if depth < MAX_DEPTH:
                kinds += [self.branches, self.fork]
            exits = self.draw(st.sampled_from(kinds))(exits, depth, forked)
            if len(exits) > 1 and self.draw(st.booleans()):
                held.append(exits.pop())
        return exits + held

    def step(self, entries: list[Exit], depth: int, forked: bool) -> list[Exit]:
        kinds = (graphs.assign, graphs.wait, graphs.integration, graphs.message, graphs.merge)
        return [(self.add(self.draw(st.sampled_from(kinds)), entries), None)]

    def branches(self, entries: list[Exit], depth: int, forked: bool) -> list[Exit]:
        make, labels = self.draw(st.sampled_from(_BRANCHING))
        node_id = self.add(make, entries)
        exits = self.sequence([(node_id, labels[0])], depth + 1, forked)
        for label in labels[1:]:
            ends = ["goes on", "stops"] if forked else ["goes on", "stops", "ends"]
            more = self.sequence([(node_id, label)], depth + 1, forked)
            match self.draw(st.sampled_from(ends)):
                case "stops":
                    self.add(graphs.stop, more)
                case "ends":
                    self.add(graphs.end, more)
                case _:
                    exits = exits + more
        return exits

    def fork(self, entries: list[Exit], depth: int, forked: bool) -> list[Exit]:
        """Adds a fork, its branches and the node that joins the branches. The previous node forks
        if it can; otherwise a new node is added, which forks."""
        forks_itself = len(entries) == 1 and entries[0][1] is None and self.is_free(entries[0][0])
        node_id = entries[0][0] if forks_itself else self.add(graphs.assign, entries)
        exits: list[Exit] = []
        for _ in range(self.draw(st.integers(2, 3))):
            head = self.step([(node_id, None)], depth + 1, True)
            exits += self.sequence(head, depth + 1, True)
        if self.draw(st.booleans()):
            exits.append((node_id, None))
        return [(self.add(graphs.merge, exits), None)]

    def is_free(self, node_id: str) -> bool:
        return all(each["source"] != node_id for each in self.edges)


@st.composite
def valid_documents(draw: Draw) -> graphs.Document:
    """Documents that pass every check: joins anywhere, waits, nested forks, stops, several ends."""
    grower = _Grower(draw)
    start = grower.add(graphs.trigger, [])
    exits = grower.sequence([(start, None)], 0, False)
    grower.add(graphs.end, exits)
    return {
        "nodes": draw(st.permutations(grower.nodes)),
        "edges": draw(st.permutations(grower.edges)),
    }


@st.composite
def valid_graphs(draw: Draw) -> Graph:
    return Graph.model_validate(draw(valid_documents()))


@st.composite
def walks(draw: Draw) -> tuple[Graph, dict[str, str]]:
    """A valid graph and an outcome for every node that branches."""
    found = draw(valid_graphs())
    outcomes = {}
    for each in sorted(found.nodes, key=lambda each: each.id):
        labels = sorted({e.label for e in found.edges if e.source == each.id and e.label})
        if labels:
            outcomes[each.id] = draw(st.sampled_from(labels))
    return found, outcomes


_TEXTS = (
    "{{steps.n1.score}}",
    "{{steps.nowhere.x}}",
    "{{secret.KEY}}",
    "{{oops.x}}",
    "{{",
    "{% if %}",
    "",
    "tpl_2",
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(_TEXTS) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@st.composite
def broken_graphs(draw: Draw) -> Graph:
    """Valid graphs after a few random breakages; occasionally one is still valid."""
    broken = deepcopy(draw(valid_documents()))
    for _ in range(draw(st.integers(1, 4))):
        draw(st.sampled_from(_BREAKAGES))(draw, broken)
    return Graph.model_validate(broken)


def _any_id(draw: Draw, broken: graphs.Document) -> str:
    ids = [each["id"] for each in broken["nodes"]] or ["n0"]
    return str(draw(st.sampled_from([*ids, "nowhere"])))


def _drop(draw: Draw, broken: graphs.Document) -> None:
    found = broken[draw(st.sampled_from(("nodes", "edges")))]
    if found:
        found.pop(draw(st.integers(0, len(found) - 1)))


def _double(draw: Draw, broken: graphs.Document) -> None:
    found = broken[draw(st.sampled_from(("nodes", "edges")))]
    if found:
        found.append(deepcopy(draw(st.sampled_from(found))))


def _connect(draw: Draw, broken: graphs.Document) -> None:
    found = {"source": _any_id(draw, broken), "target": _any_id(draw, broken)}
    label = draw(st.sampled_from((None, "true", "false", "a", "zzz")))
    broken["edges"].append(found if label is None else {**found, "label": label})


def _relabel(draw: Draw, broken: graphs.Document) -> None:
    if broken["edges"]:
        draw(st.sampled_from(broken["edges"]))["label"] = draw(
            st.sampled_from((None, "true", "false", "zzz"))
        )


def _redirect(draw: Draw, broken: graphs.Document) -> None:
    if broken["edges"]:
        end = draw(st.sampled_from(("source", "target")))
        draw(st.sampled_from(broken["edges"]))[end] = _any_id(draw, broken)


def _retype(draw: Draw, broken: graphs.Document) -> None:
    types = ("TRIGGER", "CONDITION", "SWITCH", "WAIT", "SET", "MERGE", "STOP_ERROR", "END", "NO")
    if broken["nodes"]:
        draw(st.sampled_from(broken["nodes"]))["type"] = draw(st.sampled_from(types))


def _reconfigure(draw: Draw, broken: graphs.Document) -> None:
    if broken["nodes"]:
        config = draw(st.sampled_from(broken["nodes"]))["config"]
        key = draw(st.sampled_from([*config, "extra"]))
        config[key] = draw(_JSON)


def _refer(draw: Draw, broken: graphs.Document) -> None:
    stops = [each for each in broken["nodes"] if each["type"] == "STOP_ERROR"]
    if stops:
        step = _any_id(draw, broken)
        draw(st.sampled_from(stops))["config"] = {"message": f"{{{{steps.{step}.x}}}}"}


_BREAKAGES = (_drop, _double, _connect, _relabel, _redirect, _retype, _reconfigure, _refer)

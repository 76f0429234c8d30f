"""Builds graphs in tests, and walks them directly, without the compiler."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runledger.models.automation import Graph, TemplateSnapshot

Document = dict[str, Any]

TEMPLATE = TemplateSnapshot(
    id="tpl_1", name="Welcome", channel="EMAIL", subject="Hello", body="Hi {{contact.firstName}}"
)
TEMPLATES: Mapping[str, TemplateSnapshot] = {TEMPLATE.id: TEMPLATE}


def node(node_id: str, node_type: str, **config: Any) -> Document:
    return {"id": node_id, "type": node_type, "config": config}


def trigger(node_id: str = "start") -> Document:
    return node(node_id, "TRIGGER", triggerType="MANUAL")


def end(node_id: str = "done") -> Document:
    return node(node_id, "END")


def stop(node_id: str, message: str = "Stopped") -> Document:
    return node(node_id, "STOP_ERROR", message=message)


def merge(node_id: str) -> Document:
    return node(node_id, "MERGE")


def assign(node_id: str, value: str = "1", variable: str = "x") -> Document:
    return node(node_id, "SET", assignments=[{"target": f"vars.{variable}", "value": value}])


def condition(node_id: str, tag: str = "vip") -> Document:
    return node(node_id, "CONDITION", kind="HAS_TAG", tag=tag)


def switch(node_id: str, *labels: str, fallback: str = "otherwise") -> Document:
    rules = [{"field": "trigger.plan", "value": label, "label": label} for label in labels]
    return node(node_id, "SWITCH", rules=rules, fallbackLabel=fallback)


def wait(node_id: str, minutes: int = 5) -> Document:
    return node(node_id, "WAIT", delayMinutes=minutes)


def integration(node_id: str, **config: Any) -> Document:
    url = config.pop("url", "https://api.example.com/score")
    return node(node_id, "INTEGRATION", provider="HTTP", method="POST", url=url, **config)


def message(node_id: str, template_id: str = TEMPLATE.id) -> Document:
    return node(
        node_id,
        "SEND_MESSAGE",
        recipients={"kind": "TRIGGER_CONTACT"},
        channels=[{"channel": "EMAIL", "templateId": template_id}],
    )


def edge(text: str) -> Document:
    """Parses `a > b` or `a > b : label`."""
    way, _, label = text.partition(":")
    source, target = (part.strip() for part in way.split(">"))
    found = {"source": source, "target": target}
    return {**found, "label": label.strip()} if label else found


def document(nodes: list[Document], *edges: str) -> Document:
    return {"nodes": nodes, "edges": [edge(text) for text in edges]}


def calls_after_a_wait() -> Document:
    """Returns an automation that waits for ten hours and then makes a call."""
    nodes = [node("start", "TRIGGER", triggerType="WEBHOOK"), wait("pause", 600)]
    nodes += [integration("call"), end()]
    return {"name": "A", **document(nodes, "start > pause", "pause > call", "call > done")}


def graph(nodes: list[Document], *edges: str) -> Graph:
    return Graph.model_validate(document(nodes, *edges))


@dataclass(frozen=True, slots=True)
class PlainWalk:
    """The walk that a test expects. `nodes` are the nodes that a run reaches; `stops` are those of
    them that fail the run. If other branches are running when a stop is reached, the run may reach
    fewer nodes."""

    nodes: frozenset[str]
    stops: frozenset[str]

    @property
    def fails(self) -> bool:
        return bool(self.stops)


def plain_walk(walked: Graph, outcomes: Mapping[str, str]) -> PlainWalk:
    """Follows the edges from the trigger: all unlabeled ones, and those whose label is the node's
    outcome."""
    types = {each.id: each.type for each in walked.nodes}
    queue = [node_id for node_id, kind in types.items() if kind == "TRIGGER"]
    found = set(queue)
    while queue:
        source = queue.pop()
        for each in walked.edges:
            if each.source != source or each.label not in (None, outcomes.get(source)):
                continue
            if each.target not in found:
                found.add(each.target)
                queue.append(each.target)
    stops = frozenset(node_id for node_id in found if types[node_id] == "STOP_ERROR")
    return PlainWalk(frozenset(found), stops)

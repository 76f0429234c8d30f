"""Each problem code, with the smallest graph that has this problem and no other."""

import inspect
import re
from itertools import pairwise
from typing import Any

import pytest
from runledger.compiler.checks import CHECKS, find_problems
from runledger.models.automation import Graph, TemplateSnapshot

from tests.support.graphs import (
    TEMPLATES,
    Document,
    assign,
    condition,
    document,
    edge,
    end,
    integration,
    merge,
    message,
    node,
    stop,
    switch,
    trigger,
    wait,
)

# (code, node id, edge, field) of a problem.
Place = tuple[str, str | None, int | None, str | None]

DAY = 24 * 60


def to_tagged(node_id: str) -> Document:
    sent = message(node_id)
    sent["config"]["recipients"] = {"kind": "TAG_QUERY", "tags": ["vip"]}
    return sent


def marketing(node_id: str, recipients: Document | None = None) -> Document:
    sent = message(node_id)
    sent["config"]["consent"] = "MARKETING"
    sent["config"]["recipients"] = recipients or sent["config"]["recipients"]
    return sent


def to_segment(node_id: str, segment_id: str) -> Document:
    sent = message(node_id)
    sent["config"]["recipients"] = {"kind": "SEGMENT", "segmentId": segment_id}
    return sent


def at_node(code: str, node_id: str, field: str | None = None) -> Place:
    return (code, node_id, None, field)


def at_edge(code: str, index: int) -> Place:
    return (code, None, index, None)


def whole(code: str) -> Place:
    return (code, None, None, None)


def linear(*nodes: Document) -> Document:
    """Returns a graph: start, the nodes in a row, done."""
    chain = [trigger(), *nodes, end()]
    ids = [each["id"] for each in chain]
    return document(chain, *(f"{a} > {b}" for a, b in pairwise(ids)))


def forked(*extra_nodes: Document, edges: list[str] | None = None) -> Document:
    """Returns a graph: start forks into a and b, which meet in the MERGE m before done."""
    nodes = [trigger(), assign("a"), assign("b"), merge("m"), end(), *extra_nodes]
    sound = ["start > a", "start > b", "a > m", "b > m", "m > done"]
    return document(nodes, *(edges if edges is not None else sound))


def with_edges(broken: Document, *edges: str) -> Document:
    return {**broken, "edges": [*broken["edges"], *map(edge, edges)]}


WIDE = [f"w{index}" for index in range(11)]

CASES: dict[str, tuple[Document, set[Place]]] = {
    "nothing at all": ({"nodes": [], "edges": []}, {whole("NO_TRIGGER")}),
    "no trigger": (document([assign("a"), end()], "a > done"), {whole("NO_TRIGGER")}),
    "two triggers": (
        document([trigger(), trigger("again"), end()], "start > done", "again > done"),
        {at_node("SEVERAL_TRIGGERS", "again")},
    ),
    "one id twice": (
        document([trigger(), assign("a"), assign("a"), end()], "start > a", "a > done"),
        {at_node("DUPLICATE_NODE_ID", "a")},
    ),
    "unknown type": (linear(node("a", "TELEPORT")), {at_node("UNKNOWN_TYPE", "a")}),
    "config without a field": (
        linear(node("a", "STOP_ERROR"), assign("b")) | {"edges": [edge("start > a")]},
        {
            at_node("INVALID_CONFIG", "a", "message"),
            at_node("UNREACHABLE", "b"),
            at_node("UNREACHABLE", "done"),
        },
    ),
    "config with an unknown field": (
        linear(node("a", "MERGE", color="red")),
        {at_node("INVALID_CONFIG", "a", "color")},
    ),
    "config wrong deep inside": (
        linear(node("a", "SET", assignments=[{"target": "vars.x", "value": 1, "type": "COW"}])),
        {at_node("INVALID_CONFIG", "a", "assignments.0.type")},
    ),
    "config of a variant": (
        document(
            [
                node(
                    "start",
                    "TRIGGER",
                    triggerType="WEBHOOK",
                    contactLookup={"by": "fax", "path": "customer.fax"},
                ),
                end(),
            ],
            "start > done",
        ),
        {at_node("INVALID_CONFIG", "start", "contactLookup.by")},
    ),
    "config of an unknown variant deep inside": (
        document(
            [
                trigger(),
                node("c", "CONDITION", kind="ANY", conditions=[{"kind": "HUNCH"}, {"tag": "x"}]),
                end(),
            ],
            *("start > c", "c > done : true", "c > done : false"),
        ),
        {
            at_node("INVALID_CONFIG", "c", "conditions.0.kind"),
            at_node("INVALID_CONFIG", "c", "conditions.1.kind"),
        },
    ),
    "config whose parts do not go together": (
        linear(node("a", "WAIT")),
        {at_node("INVALID_CONFIG", "a")},
    ),
    "outcome of an integration without an edge": (
        document([trigger(), integration("i"), end()], "start > i", "i > done : ok"),
        {at_node("LABEL_MISSING", "i")},
    ),
    "integration with one edge unlabeled": (
        document([trigger(), integration("i"), end()], "start > i", "i > done : ok", "i > done"),
        {at_edge("LABEL_MISSING", 2)},
    ),
    "broken Liquid in a union of types": (
        document(
            [
                trigger(),
                node("c", "CONDITION", kind="COMPARE", left="{{", operator="IS_EMPTY"),
                end(),
            ],
            *("start > c", "c > done : true", "c > done : false"),
        ),
        {at_node("INVALID_LIQUID", "c", "left")},
    ),
    "several things wrong with one config": (
        linear(integration("call", url="ftp:", timeoutSeconds=99, color=1)),
        {
            at_node("INVALID_CONFIG", "call", "timeoutSeconds"),
            at_node("INVALID_CONFIG", "call", "color"),
        },
    ),
    "edge to nowhere": (
        with_edges(linear(), "start > nowhere"),
        {at_edge("DANGLING_EDGE", 1)},
    ),
    "edge from nowhere": (with_edges(linear(), "lost > done"), {at_edge("DANGLING_EDGE", 1)}),
    "only edge dangles": (
        document([trigger(), end()], "start > nowhere"),
        {at_edge("DANGLING_EDGE", 0), at_node("UNREACHABLE", "done")},
    ),
    "edge twice": (with_edges(linear(), "start > done"), {at_edge("DUPLICATE_EDGE", 1)}),
    "cycle": (
        with_edges(linear(assign("a"), condition("b")), "b > a : true")
        | {"edges": list(map(edge, ["start > a", "a > b", "b > a : true", "b > done : false"]))},
        {at_node("CYCLE", "a")},
    ),
    "two cycles": (
        document(
            [trigger(), condition("a"), assign("b"), condition("c"), end()],
            "start > a",
            "a > b : true",
            "b > a",
            "a > c : false",
            "c > c : true",
            "c > done : false",
        ),
        {at_node("CYCLE", "a"), at_node("CYCLE", "c")},
    ),
    "unreachable": (
        with_edges({**linear(), "nodes": [*linear()["nodes"], assign("a")]}, "a > done"),
        {at_node("UNREACHABLE", "a")},
    ),
    "no way out": (document([trigger(), assign("a")], "start > a"), {at_node("NO_END", "a")}),
    "trigger alone": (document([trigger()]), {at_node("NO_END", "start")}),
    "one branch without a way out": (
        document(
            [trigger(), condition("c"), assign("a"), end()],
            "start > c",
            "c > a : true",
            "c > done : false",
        ),
        {at_node("NO_END", "a")},
    ),
    "branching node without edges": (
        document([trigger(), condition("c")], "start > c"),
        {at_node("NO_END", "c")},
    ),
    "edge into the trigger": (
        document(
            [trigger(), condition("c"), end()],
            "start > c",
            "c > start : true",
            "c > done : false",
        ),
        {at_edge("EDGE_INTO_TRIGGER", 1)},
    ),
    "edge out of an end": (
        with_edges(linear(assign("a")), "done > a"),
        {at_edge("EDGE_OUT_OF_END", 2)},
    ),
    "edge out of a stop": (
        document([trigger(), stop("bad"), end()], "start > bad", "bad > done"),
        {at_edge("EDGE_OUT_OF_END", 1), at_node("UNREACHABLE", "done")},
    ),
    "edge without a label": (
        document([trigger(), condition("c"), end()], "start > c", "c > done : true", "c > done"),
        {at_edge("LABEL_MISSING", 2)},
    ),
    "outcome without an edge": (
        document([trigger(), condition("c"), end()], "start > c", "c > done : true"),
        {at_node("LABEL_MISSING", "c")},
    ),
    "label twice": (
        document(
            [trigger(), switch("s", "x"), assign("a"), end()],
            "start > s",
            "s > done : x",
            "s > done : otherwise",
            "s > a : x",
            "a > done",
        ),
        {at_edge("LABEL_DOUBLED", 3)},
    ),
    "label that never comes": (
        document(
            [trigger(), condition("c"), end()],
            "start > c",
            "c > done : true",
            "c > done : false",
            "c > done : maybe",
        ),
        {at_edge("LABEL_UNKNOWN", 3)},
    ),
    "label where nothing branches": (
        document([trigger(), end()], "start > done : true"),
        {at_edge("LABEL_UNEXPECTED", 0)},
    ),
    "fork that never meets": (
        forked(end("other"), edges=["start > a", "start > b", "a > m", "m > done", "b > other"]),
        {at_node("FORK_WITHOUT_MERGE", "start")},
    ),
    "fork with a branch that always stops": (
        forked(stop("bad"), edges=["start > a", "start > b", "a > m", "m > done", "b > bad"]),
        {at_node("FORK_WITHOUT_MERGE", "start")},
    ),
    "fork that meets in an END": (
        document(
            [trigger(), assign("a"), assign("b"), end()],
            *("start > a", "start > b", "a > done", "b > done"),
        ),
        {at_node("FORK_MEETS_OUTSIDE_MERGE", "done")},
    ),
    "fork whose branches meet too early": (
        forked(
            assign("c"),
            edges=["start > a", "start > b", "a > c", "b > c", "c > m", "m > done"],
        ),
        {at_node("FORK_MEETS_OUTSIDE_MERGE", "c")},
    ),
    "two of three branches share a node": (
        forked(
            *(assign("c"), assign("x"), assign("y")),
            edges=[
                *("start > a", "start > b", "start > c", "a > x", "b > x", "x > y"),
                *("y > m", "c > m", "m > done"),
            ],
        ),
        {at_node("FORK_SHARES_NODE", "x")},
    ),
    "fork with an END inside": (
        forked(
            *(condition("c"), end("early")),
            edges=[
                *("start > a", "start > b", "a > c", "c > early : true", "c > m : false"),
                *("b > m", "m > done"),
            ],
        ),
        {at_node("FORK_HOLDS_END", "early")},
    ),
    "fork entered from outside": (
        document(
            [trigger(), condition("c"), assign("f"), assign("a"), assign("b"), merge("m"), end()],
            *("start > c", "c > f : true", "c > a : false", "f > a", "f > b"),
            *("a > m", "b > m", "m > done"),
        ),
        {at_edge("FORK_ENTERED", 2)},
    ),
    "branch that goes round the MERGE": (
        forked(
            *(condition("c"), assign("after")),
            edges=[
                *("start > a", "start > b", "a > c", "c > m : true", "c > after : false"),
                *("b > m", "m > after", "after > done"),
            ],
        ),
        {at_edge("FORK_BYPASSES_MERGE", 4)},
    ),
    "fork into too many branches": (
        document(
            [trigger(), merge("m"), end(), *map(assign, WIDE)],
            *(f"start > {each}" for each in WIDE),
            *(f"{each} > m" for each in WIDE),
            "m > done",
        ),
        {at_node("FORK_TOO_WIDE", "start")},
    ),
    "waits too long": (
        linear(wait("a", 200 * DAY), wait("b", 200 * DAY)),
        {at_node("WAIT_TOO_LONG", "b")},
    ),
    "reference to no step": (
        linear(assign("a", "{{steps.ghost.x}}")),
        {at_node("UNKNOWN_STEP", "a", "assignments.0.value")},
    ),
    "reference to a later step": (
        linear(assign("a", "{{steps.b.x}}"), assign("b")),
        {at_node("STEP_NOT_BEFORE", "a", "assignments.0.value")},
    ),
    "reference to itself": (
        linear(assign("a", "{{steps.a.x}}")),
        {at_node("STEP_NOT_BEFORE", "a", "assignments.0.value")},
    ),
    "reference to a sibling branch": (
        forked(assign("c", "{{steps.a.x}}"))
        | {
            "edges": list(
                map(edge, ["start > a", "start > c", "a > m", "c > b", "b > m", "m > done"])
            )
        },
        {at_node("STEP_NOT_BEFORE", "c", "assignments.0.value")},
    ),
    "reference by a plain path": (
        document(
            [
                trigger(),
                node(
                    "s",
                    "SWITCH",
                    rules=[{"field": "steps.ghost.x", "value": 1, "label": "one"}],
                ),
                end(),
            ],
            *("start > s", "s > done : one", "s > done : otherwise"),
        ),
        {at_node("UNKNOWN_STEP", "s", "rules.0.field")},
    ),
    "reference to an output that is not there": (
        linear(assign("a", variable="tier"), assign("b", "{{steps.a.teir}}")),
        {at_node("UNKNOWN_OUTPUT", "b", "assignments.0.value")},
    ),
    "a credential that is no secret": (
        linear(integration("i", headers={"X-Api-Key": "written here"})),
        {at_node("LITERAL_CREDENTIAL", "i", "headers.X-Api-Key")},
    ),
    "a secret and an address that only the run knows": (
        linear(integration("i", url="{{trigger.cb}}", headers={"X-Key": "{{secret.KEY}}"})),
        {at_node("SECRET_WITHOUT_HOSTS", "i", "url")},
    ),
    "a secret and a host that is not its own": (
        linear(integration("i", headers={"X-Key": "{{secret.BOUND}}"})),
        {at_node("SECRET_HOST_NOT_ALLOWED", "i", "url")},
    ),
    "secret outside an integration": (
        linear(assign("a", "{{secret.KEY}}")),
        {at_node("SECRET_NOT_ALLOWED", "a", "assignments.0.value")},
    ),
    "broken Liquid": (
        linear(assign("a", "{{ trigger.")),
        {at_node("INVALID_LIQUID", "a", "assignments.0.value")},
    ),
    "variable that there is not": (
        linear(assign("a", "{{customer.name}}")),
        {at_node("UNKNOWN_VARIABLE", "a", "assignments.0.value")},
    ),
    "part that an event does not have": (
        linear(assign("a", "{{event.header.X-Topic}} {{event.headers.X-Topic}} {{event}}")),
        {at_node("UNKNOWN_VARIABLE", "a", "assignments.0.value")},
    ),
    "unknown template": (
        linear(message("mail", "tpl_404")),
        {at_node("UNKNOWN_TEMPLATE", "mail", "channels.0.templateId")},
    ),
    "marketing without a link to unsubscribe": (
        linear(marketing("mail")),
        {at_node("NO_UNSUBSCRIBE_LINK", "mail", "channels.0.templateId")},
    ),
    "marketing to addresses written in the node": (
        linear(marketing("mail", {"kind": "AD_HOC", "addresses": ["a@example.com"]})),
        {at_node("NOBODY_TO_UNSUBSCRIBE", "mail", "consent")},
    ),
    "unsubscribe link outside of a template": (
        linear(assign("a", "{{unsubscribeUrl}}")),
        {at_node("UNKNOWN_VARIABLE", "a", "assignments.0.value")},
    ),
    "unknown segment": (
        linear(to_segment("mail", "seg_404")),
        {at_node("UNKNOWN_SEGMENT", "mail", "recipients.segmentId")},
    ),
    "too many visits": (
        linear(*(to_tagged(f"n{index}") for index in range(4))),
        {at_node("TOO_MANY_VISITS", "n3")},
    ),
    "too many nodes": (
        linear(*(assign(f"n{index}") for index in range(199))),
        {whole("TOO_MANY_NODES")},
    ),
}

SOUND: dict[str, Document] = {
    "two nodes": linear(),
    "200 nodes": linear(*(assign(f"n{index}") for index in range(198))),
    "fork with an empty branch": forked(
        edges=["start > a", "start > m", "a > b", "b > m", "m > done"]
    ),
    "fork with a stop inside": forked(
        *(condition("c"), stop("bad")),
        edges=[
            *("start > a", "start > b", "a > c", "c > bad : true", "c > m : false"),
            *("b > m", "m > done"),
        ],
    ),
    "an integration that branches": document(
        [trigger(), integration("i"), end()], "start > i", "i > done : ok", "i > done : error"
    ),
    "an integration that forks": document(
        [trigger(), integration("i"), assign("a"), assign("b"), merge("m"), end()],
        *("start > i", "i > a", "i > b", "a > m", "b > m", "m > done"),
    ),
    "both outcomes lead to one node": document(
        [trigger(), condition("c"), end()], "start > c", "c > done : true", "c > done : false"
    ),
    "MERGE of a fork is also entered past the fork": document(
        [trigger(), condition("c"), assign("f"), assign("a"), assign("b"), merge("m"), end()],
        *("start > c", "c > f : true", "c > m : false", "f > a", "f > b"),
        *("a > m", "b > m", "m > done"),
    ),
    "an inner fork shares the outer MERGE": document(
        [trigger(), assign("f"), assign("a"), assign("b"), assign("c"), merge("m"), end()],
        *("start > f", "start > c", "f > a", "f > b", "a > m", "b > m", "c > m", "m > done"),
    ),
    "364 days of waiting": linear(wait("a", 200 * DAY), wait("b", 164 * DAY)),
    "waits on exclusive branches": document(
        [trigger(), condition("c"), wait("a", 200 * DAY), wait("b", 200 * DAY), end()],
        *("start > c", "c > a : true", "c > b : false", "a > done", "b > done"),
    ),
    "a secret in an integration": linear(
        integration("call", headers={"Authorization": "Bearer {{secret.KEY}}"})
    ),
    "a captured output": linear(
        integration("call", capture={"score": "data.score"}), assign("a", "{{steps.call.score}}")
    ),
    "a message": linear(message("mail")),
    "a message to a segment": linear(to_segment("mail", "seg_1")),
}


def places(found: Document, templates: Any = TEMPLATES) -> list[Place]:
    hosts = {"BOUND": ("*.partner.example",)}
    graph = Graph.model_validate(found)
    problems = find_problems(graph, templates, segments=("seg_1",), secret_hosts=hosts)
    assert all(problem.message.endswith(".") for problem in problems)
    return [(p.code, p.node_id, p.edge, p.field) for p in problems]


@pytest.mark.parametrize("case", CASES)
def test_a_broken_graph_has_exactly_these_problems(case: str) -> None:
    broken, expected = CASES[case]
    found = places(broken)
    assert sorted(map(repr, found)) == sorted(map(repr, expected))


@pytest.mark.parametrize("case", SOUND)
def test_a_valid_graph_has_no_problems(case: str) -> None:
    assert places(SOUND[case]) == []


def test_every_problem_is_reported_at_once() -> None:
    found = places(
        document(
            [trigger(), condition("c"), assign("a", "{{ghost.x}}"), node("b", "NOPE"), end()],
            *("start > c", "c > a : true", "c > b : perhaps", "a > done", "b > lost"),
        )
    )
    assert {code for code, *_ in found} == {
        "UNKNOWN_TYPE",
        "DANGLING_EDGE",
        "LABEL_MISSING",
        "LABEL_UNKNOWN",
        "UNKNOWN_VARIABLE",
    }


def test_a_template_is_checked_against_the_node_that_uses_it() -> None:
    template = TemplateSnapshot(
        id="tpl_1",
        name="Score",
        channel="EMAIL",
        subject="{{steps.later.x}}",
        body="{{steps.before.y}} {{steps.ghost.z}} {{secret.KEY}} {{oops}} {{contact.email}}",
    )
    nodes = (assign("before"), message("mail"), assign("later"))
    found = find_problems(Graph.model_validate(linear(*nodes)), {"tpl_1": template})
    assert {(p.code, p.node_id, p.field) for p in found} == {
        (code, "mail", "channels.0.templateId")
        for code in (
            "STEP_NOT_BEFORE",
            "UNKNOWN_OUTPUT",
            "UNKNOWN_STEP",
            "SECRET_NOT_ALLOWED",
            "UNKNOWN_VARIABLE",
        )
    }
    (early,) = (p for p in found if p.code == "STEP_NOT_BEFORE")
    assert early.message.startswith("In the subject of template 'Score': ")


def test_a_template_with_broken_liquid_is_named() -> None:
    template = TEMPLATES["tpl_1"].changed(body="{{ contact.")
    found = find_problems(Graph.model_validate(linear(message("mail"))), {"tpl_1": template})
    assert [(p.code, p.node_id, p.field) for p in found] == [
        ("INVALID_LIQUID", "mail", "channels.0.templateId")
    ]
    assert "body of template 'Welcome'" in found[0].message


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("Stop: {{unsubscribeUrl}}", []),
        ("{% if contact.firstName %}{{ unsubscribeUrl }}{% endif %}", []),
        ("Stop: unsubscribeUrl", ["NO_UNSUBSCRIBE_LINK"]),
        ("{{unsubscribeUrl.x}}", ["UNKNOWN_VARIABLE"]),
        ("{{ unsubscribeUrl", ["INVALID_LIQUID"]),
    ],
)
def test_a_marketing_template_has_its_link(body: str, codes: list[str]) -> None:
    template = TEMPLATES["tpl_1"].changed(body=body, subject="{{unsubscribeUrl}}")
    graph = Graph.model_validate(linear(marketing("mail")))
    assert [each.code for each in find_problems(graph, {"tpl_1": template})] == codes


def test_marketing_on_other_channels_needs_no_link() -> None:
    template = TEMPLATES["tpl_1"].changed(channel="SMS", subject=None, body="News")
    sent = marketing("text")
    sent["config"]["channels"] = [{"channel": "SMS", "templateId": "tpl_1"}]
    assert find_problems(Graph.model_validate(linear(sent)), {"tpl_1": template}) == []


def test_every_code_of_every_check_has_a_case() -> None:
    sources = {inspect.getsource(inspect.getmodule(check) or check) for check in CHECKS}
    codes = {
        code
        for source in sources
        for code in re.findall(r'(?:code=|_problem\(\s*)"([A-Z_]+)"', source)
    }
    assert codes == {code for _, expected in CASES.values() for code, *_ in expected}
    assert len(codes) >= 28

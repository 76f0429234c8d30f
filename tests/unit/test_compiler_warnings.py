"""The warnings for the author of a graph."""

import re
from itertools import pairwise
from typing import Any

import pytest
from pydantic import ValidationError
from runledger.compiler.checks import problems_of
from runledger.compiler.graph import GraphView
from runledger.compiler.warnings import warnings_of
from runledger.models.automation import Graph, TemplateSnapshot
from runledger.nodes.trigger import MAX_SAMPLE_BYTES, TriggerConfig

from local.settings import ROOT

TEMPLATE = TemplateSnapshot(
    id="tpl_1", name="Paid", channel="EMAIL", subject="Order {{trigger.id}}", body="{{trigger.nam}}"
)


def view(sample: Any, *configs: tuple[str, dict[str, Any]]) -> GraphView:
    trigger = {"triggerType": "MANUAL", **({} if sample is None else {"sampleEvent": sample})}
    nodes = [{"id": "start", "type": "TRIGGER", "config": trigger}]
    nodes += [
        {"id": f"n{index}", "type": type_, "config": config}
        for index, (type_, config) in enumerate(configs)
    ]
    nodes.append({"id": "done", "type": "END", "config": {}})
    ids = [node["id"] for node in nodes]
    edges = [{"source": a, "target": b} for a, b in pairwise(ids)]
    graph = Graph.model_validate({"nodes": nodes, "edges": edges})
    return GraphView(graph, {"tpl_1": TEMPLATE})


def set_of(value: str) -> tuple[str, dict[str, Any]]:
    return ("SET", {"mode": "MERGE", "assignments": [{"target": "vars.x", "value": value}]})


SEND = (
    "SEND_MESSAGE",
    {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": "EMAIL", "templateId": "tpl_1"}],
    },
)


def test_a_variable_that_the_sample_lacks_gives_a_warning() -> None:
    found = warnings_of(view({"id": 5}, set_of("{{trigger.idd}}"), SEND))
    assert [(each.code, each.node_id) for each in found] == [
        ("NOT_IN_SAMPLE", "n0"),
        ("NOT_IN_SAMPLE", "n1"),
    ]
    assert found[0].field == "assignments.0.value"
    assert "`trigger.idd`" in found[0].message
    assert "body of template 'Paid'" in found[1].message
    assert "`trigger.nam`" in found[1].message
    (of_event,) = warnings_of(view({"id": 5}, set_of("{{event.body.idd}} {{event.headers.A}}")))
    assert "`event.body.idd`" in of_event.message


def test_html_that_mail_clients_show_badly_gives_a_warning() -> None:
    html = '<p>{{contact.id}}</p>\n<img src="https://shop.example/a.png">' + "x" * 100_000
    template = TEMPLATE.changed(body=None, html=html)
    graph = view(None, SEND).graph
    found = warnings_of(GraphView(graph, {"tpl_1": template}))
    assert {(each.code, each.node_id, each.field) for each in found} == {
        ("HTML_EMAIL", "n0", "channels.0.templateId")
    }
    assert ["(line 2)" in found[0].message, "100 kB" in found[1].message] == [True, True]
    assert found[0].message.startswith("In the HTML of template 'Paid': An image has no text")
    small = template.changed(html="<p>x</p>")
    assert warnings_of(GraphView(graph, {"tpl_1": small})) == []


def test_a_variable_of_html_that_the_sample_lacks_gives_a_warning() -> None:
    template = TEMPLATE.changed(subject="Hi", body=None, html="<p>{{trigger.nam}}</p>")
    (found,) = warnings_of(GraphView(view({"id": 5}, SEND).graph, {"tpl_1": template}))
    assert (found.code, found.node_id) == ("NOT_IN_SAMPLE", "n0")
    assert found.message.startswith("In the HTML of template 'Paid': `trigger.nam`")


def test_the_console_still_reads_the_parts_of_this_warning() -> None:
    """The console uses other words for the warning, and takes its parts from the message."""
    source = (ROOT / "console/src/pages/automations/recordedEvents.ts").read_text()
    pattern = re.search(r"^const NOT_IN_SAMPLE = /(.*)/s;$", source, re.MULTILINE)
    assert pattern is not None
    found = warnings_of(view({"id": 5}, set_of("{{trigger.idd}}"), SEND))
    parts = [re.match(pattern[1], each.message, re.DOTALL) for each in found]
    assert [each.groups() for each in parts if each is not None] == [
        (None, None, "trigger.idd"),
        ("body", "Paid", "trigger.nam"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{{trigger.id}}",
        "{{trigger.missing | default: 'x'}}",
        "{% if trigger.missing %}x{% endif %}",
        "{{trigger.none}}",
        "{{contact.firstName}} {{steps.a.b}}",
        "no Liquid",
    ],
)
def test_a_variable_with_a_value_or_a_default_gives_no_warning(text: str) -> None:
    assert warnings_of(view({"id": 5, "none": None}, set_of(text))) == []


def test_the_sample_counts_after_other_variables_too() -> None:
    [found] = warnings_of(view({}, set_of("{{contact.firstName}} {{trigger.id}}")))
    assert "`trigger.id`" in found.message


def test_without_a_sample_there_are_no_warnings() -> None:
    assert warnings_of(view(None, set_of("{{trigger.idd}}"))) == []


def test_liquid_in_a_sample_is_the_senders_text() -> None:
    graph = view({"text": "{{ nothing | shout }} {% if"}, set_of("{{trigger.text}}"))
    assert problems_of(graph) == []
    assert warnings_of(graph) == []


def test_the_size_of_a_sample_is_limited() -> None:
    with pytest.raises(ValidationError, match="a sample event may have at most"):
        TriggerConfig.model_validate(
            {"triggerType": "MANUAL", "sampleEvent": {"text": "x" * MAX_SAMPLE_BYTES}}
        )

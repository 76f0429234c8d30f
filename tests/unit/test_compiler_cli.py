"""`runledger compile` and `runledger examples`: what they print and how they exit."""

import json
from pathlib import Path

import pytest
from runledger.cli import main

from tests.support.example_machines import FOLDER
from tests.support.graphs import assign, document, end, message, node, trigger

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def graph_file(tmp_path: Path) -> Path:
    return tmp_path / "graph.json"


def test_a_graph_becomes_the_golden_machine(capsys: Capture) -> None:
    assert main(["compile", str(FOLDER / "five_nodes.graph.json")]) == 0
    printed = capsys.readouterr()
    assert printed.out == (FOLDER / "five_nodes.asl.json").read_text()
    assert printed.err.splitlines() == [
        "machine type: EXPRESS",
        "reason: Express, because the longest path needs up to 192 s (the limit is 270 s) "
        "and no node waits.",
        "longest run: 285 s",
    ]


def test_an_automation_document_compiles_as_it_is(graph_file: Path, capsys: Capture) -> None:
    automation = document([trigger(), end()], "start > done") | {"name": "Small", "id": "aut_1"}
    graph_file.write_text(json.dumps(automation))
    assert main(["compile", str(graph_file), "--logic-arn", "arn:mine"]) == 0
    machine = json.loads(capsys.readouterr().out)
    assert machine["States"]["start"]["Resource"] == "arn:mine"


def test_every_problem_is_one_line(graph_file: Path, capsys: Capture) -> None:
    broken = document(
        [trigger(), node("a", "STOP_ERROR", message=""), assign("b")], "start > a", "a > lost"
    )
    graph_file.write_text(json.dumps(broken))
    assert main(["compile", str(graph_file)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    places = [line.split(":")[0] for line in printed.err.splitlines()]
    assert places == [
        "INVALID_CONFIG node a, message",
        "DANGLING_EDGE edge 1",
        "EDGE_OUT_OF_END edge 1",
        "UNREACHABLE node b",
    ]


def test_a_document_that_is_not_a_graph_is_a_problem(graph_file: Path, capsys: Capture) -> None:
    graph_file.write_text(json.dumps({"nodes": [{"id": "no spaces", "type": "END"}]}))
    assert main(["compile", str(graph_file)]) == 1
    assert capsys.readouterr().err.startswith("INVALID_DOCUMENT graph, nodes.0.id: ")


def test_problems_can_be_printed_as_json(graph_file: Path, capsys: Capture) -> None:
    graph_file.write_text(json.dumps(document([trigger()])))
    assert main(["compile", str(graph_file), "--problems"]) == 1
    (problem,) = json.loads(capsys.readouterr().out)
    assert (problem["code"], problem["nodeId"]) == ("NO_END", "start")
    graph_file.write_text(json.dumps(document([trigger(), end()], "start > done")))
    assert main(["compile", str(graph_file), "--problems"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_templates_are_checked_if_they_are_given(
    graph_file: Path, tmp_path: Path, capsys: Capture
) -> None:
    sending = document([trigger(), message("mail", "tpl_1"), end()], "start > mail", "mail > done")
    graph_file.write_text(json.dumps(sending))
    templates = tmp_path / "templates.json"
    templates.write_text("[]")
    assert main(["compile", str(graph_file), "--templates", str(templates)]) == 1
    expected = "UNKNOWN_TEMPLATE node mail, channels.0.templateId: There is no template 'tpl_1'."
    assert capsys.readouterr().err.strip() == expected
    known = {"id": "tpl_1", "name": "T", "channel": "EMAIL", "subject": None, "body": ""}
    templates.write_text(json.dumps([known]))
    assert main(["compile", str(graph_file), "--templates", str(templates)]) == 0
    capsys.readouterr()
    templates.write_text(json.dumps([{"id": "tpl_1"}]))
    assert main(["compile", str(graph_file), "--templates", str(templates)]) == 2
    assert "is not a list of templates: 0.name: is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "cannot read"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "has no graph"),
        ("{}", "has no graph"),
    ],
)
def test_an_unusable_file_is_one_line(
    graph_file: Path, capsys: Capture, content: str | None, expected: str
) -> None:
    if content is not None:
        graph_file.write_text(content)
    assert main(["compile", str(graph_file)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    assert printed.err.startswith("runledger: ")
    assert expected in printed.err


def test_examples_are_rewritten(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "small.graph.json").write_text(
        json.dumps(document([trigger(), end()], "start > done"))
    )
    assert main(["examples", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "wrote small\n"
    assert main(["examples", str(tmp_path / "none")]) == 2
    assert "there is no folder" in capsys.readouterr().err

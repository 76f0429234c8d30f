"""Random graphs with forks, waits, mailings and failures are run, and rerun several times.

The nodes where a rerun begins, and the choices about effects, are random too. No effect happens
that the preview did not announce."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runledger.compiler.topology import Topology
from runledger.composition import services
from runledger.errors import NodeError, NotSentError
from runledger.models.automation import Graph
from runledger.models.contact import ContactDocument
from runledger.services.contacts.contacts import Contacts
from runledger.store import keys
from runledger.store.values import Item

from tests.support.depth import examples
from tests.support.every_node import make_template
from tests.support.graph_strategies import valid_documents
from tests.support.graphs import plain_walk
from tests.support.simulation import WORKSPACE, Simulation, open_simulation

ANSWERS = ("ok", "ok", "ok", "503", "lost", "not sent")
REFUSALS = ("", "", "MessageRejected")


@dataclass
class Story:
    """A generated automation and its contact. Each HTTP call gets the next of `answers`; when they
    are used up, every call succeeds. E-mails get the next of `simulation.ses.refusals` in the same
    way."""

    simulation: Simulation
    automation_id: str
    contact_id: str
    graph: dict[str, Any]
    answers: Iterator[str]

    def answer(self, url: str) -> int:
        kind = next(self.answers, "ok")
        if kind == "not sent":
            self.simulation.http.calls.pop()
            raise NotSentError("CONNECTION_FAILED", "the connection was refused")
        if kind == "lost":
            raise NodeError("TIMEOUT", "no answer came in time")
        return 200 if kind == "ok" else int(kind)

    def open(self) -> str:
        path = f"/v1/automations/{self.automation_id}/runs"
        answer = self.simulation.request("api", "POST", path, {"contactId": self.contact_id})
        assert answer["status"] == 202, answer
        return str(answer["body"]["runId"])

    def rerun(self, run_id: str, asked: dict[str, Any]) -> dict[str, Any]:
        return self.simulation.request("api", "POST", f"/v1/runs/{run_id}/rerun", asked)

    def calls(self) -> Counter[str]:
        return Counter(call.url.rpartition("/")[2] for call in self.simulation.http.calls)

    def mails(self) -> Counter[tuple[str, str]]:
        """Counts the accepted messages by node and recipient."""
        rows = [self.simulation.table.row(keys.delivery(each)) for each in self.simulation.ses.sent]
        return Counter((row["nodeId"], row["contactId"]) for row in rows if row is not None)

    def rows_of(self, run_id: str) -> dict[str, Item]:
        """Returns the rows of a run, without the name of the rerun that recovered it."""
        items = [row for row in self.simulation.table.items() if row["pk"] == f"RUN#{run_id}"]
        kept = {row["sk"]: {**row} for row in items}
        kept["RUN"].pop("recoveredBy", None)
        return kept


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Simulation, str, str, Callable[[], None]]]:
    with open_simulation() as simulation:
        contacts = Contacts(services().stores.contacts, simulation.clock)
        ada = contacts.create(WORKSPACE, ContactDocument(email="ada@example.com", tags=["vip"]))
        for number in range(3):
            contacts.create(
                WORKSPACE, ContactDocument(email=f"a{number}@example.com", tags=["news"])
            )
        template_id = make_template(simulation)
        simulation.records.clear()
        yield simulation, ada.id, template_id, simulation.snapshot()


def has_effects(document: dict[str, Any]) -> bool:
    kinds = [each["type"] for each in document["nodes"]]
    return sum(kind in ("SEND_MESSAGE", "INTEGRATION") for kind in kinds) >= 2


def adapted(document: dict[str, Any], template_id: str, mailing: str | None) -> dict[str, Any]:
    """Returns an automation from a drawn graph. Each message gets the template, and each call an
    address of its own. The node `mailing`, if given, sends to all contacts with a tag."""
    nodes = []
    for node in document["nodes"]:
        config = dict(node["config"])
        if node["type"] == "SEND_MESSAGE":
            config["channels"] = [{"channel": "EMAIL", "templateId": template_id}]
            if node["id"] == mailing:
                config["recipients"] = {"kind": "TAG_QUERY", "tags": ["news"]}
        if node["type"] == "INTEGRATION":
            config["url"] = f"https://api.example.com/{node['id']}"
        nodes.append({**node, "config": config})
    return {"name": "Random", "nodes": nodes, "edges": document["edges"]}


def choice_for(draw: Callable[..., Any], story: Story, node_id: str) -> dict[str, Any]:
    do = draw(st.sampled_from(("REUSE", "REPEAT", "SUPPRESS")))
    if do != "SUPPRESS":
        return {"do": do}
    labels = [each.get("label") for each in story.graph["edges"] if each["source"] == node_id]
    outcome = draw(st.sampled_from(labels))
    return {"do": do, "output": {}, **({"outcome": outcome} if outcome else {})}


def decided(draw: Callable[..., Any], story: Story, run_id: str) -> dict[str, Any] | None:
    """Draws a request for a rerun whose preview has no problems. Returns None if a preview is
    refused, or if problems remain after several rounds."""
    steps = story.simulation.steps(f"RUN#{run_id}")
    asked: dict[str, Any] = {
        "from": draw(st.sampled_from(["START", *sorted(steps)])),
        "effects": {},
    }
    first = story.rerun(run_id, {**asked, "dryRun": True})
    if first["status"] == 200:
        had_effects = [each["nodeId"] for each in first["body"]["nodes"] if each["effects"]]
        for node_id in had_effects:
            if draw(st.booleans()):
                more = {**asked["effects"], node_id: choice_for(draw, story, node_id)}
                tried = story.rerun(run_id, {**asked, "effects": more, "dryRun": True})
                asked["effects"] = more if tried["status"] == 200 else asked["effects"]
    for _ in range(6):
        preview = story.rerun(run_id, {**asked, "dryRun": True})
        if preview["status"] != 200:
            assert preview["status"] in (409, 422), preview
            return None
        asked["shown"] = preview["body"]
        undecided = [each["nodeId"] for each in preview["body"]["problems"]]
        if not undecided:
            return asked
        shown = asked.pop("shown")
        assert undecided == [
            each["nodeId"] for each in shown["nodes"] if each["action"] == "UNDECIDED"
        ]
        for node_id in undecided:
            asked["effects"][node_id] = choice_for(draw, story, node_id)
    return None


@settings(
    max_examples=examples(150, quick=15),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
@pytest.mark.timeout(600)
def test_no_effect_happens_that_the_preview_did_not_announce(
    stage: tuple[Simulation, str, str, Callable[[], None]], data: st.DataObject
) -> None:
    simulation, contact_id, template_id, restore = stage
    restore()
    simulation.step_functions.machines.clear()
    document = data.draw(valid_documents().filter(has_effects))
    senders = sorted(each["id"] for each in document["nodes"] if each["type"] == "SEND_MESSAGE")
    # One mailing at most: more would need too many visits in one run.
    mailing = data.draw(st.sampled_from([None, *senders]))
    graph = adapted(document, template_id, mailing)
    simulation.http.status_of = lambda url: 200
    automation_id = simulation.activate(graph)
    answers = iter(data.draw(st.lists(st.sampled_from(ANSWERS), max_size=12)))
    story = Story(simulation, automation_id, contact_id, graph, answers)
    simulation.http.status_of = story.answer
    simulation.ses.refusals = [
        each for each in data.draw(st.lists(st.sampled_from(REFUSALS), max_size=4)) if each
    ]
    family = [story.open()]
    simulation.settle()
    for _ in range(data.draw(st.integers(1, 3))):
        run_id = data.draw(st.sampled_from(family))
        asked = decided(data.draw, story, run_id)
        if asked is None:
            continue
        announced = {each["nodeId"]: each for each in asked.pop("shown")["nodes"]}
        check_plan(story, asked["from"], announced)
        before = {each: story.rows_of(each) for each in family}
        calls, mails = story.calls(), story.mails()
        opened = story.rerun(run_id, asked)
        assert opened["status"] == 202, opened
        simulation.settle()
        check_effects(story, announced, asked, story.calls() - calls, story.mails() - mails, mails)
        assert {each: story.rows_of(each) for each in family} == before
        check_walk(story, opened["body"]["runId"])
        family.append(opened["body"]["runId"])


def check_plan(story: Story, from_node: str, announced: dict[str, Any]) -> None:
    """Checks that the preview announces RUN for each node that the rerun can reach and that has had
    no effects."""
    edges = [(each["source"], each["target"]) for each in story.graph["edges"]]
    topology = Topology([each["id"] for each in story.graph["nodes"]], edges)
    for node_id, plan in announced.items():
        is_behind = from_node == "START" or topology.reaches(from_node, node_id)
        if is_behind and not plan["effects"]:
            assert plan["action"] == "RUN", f"{node_id} is not visited again"


def check_effects(
    story: Story,
    announced: dict[str, Any],
    asked: dict[str, Any],
    calls: Counter[str],
    mails: Counter[tuple[str, str]],
    sent_before: Counter[tuple[str, str]],
) -> None:
    for node_id, count in calls.items():
        assert announced[node_id]["action"] == "RUN", f"{node_id} was called"
        announced_ends = {each["then"] for each in announced[node_id]["effects"]}
        assert announced_ends <= {"REPEAT"}, f"{node_id} was called, and was to be reused"
        assert count == 1
    for (node_id, contact_id), count in mails.items():
        assert announced[node_id]["action"] == "RUN", f"{node_id} sent a message"
        assert count == 1
        is_wanted = asked["effects"].get(node_id, {}).get("do") == "REPEAT"
        assert is_wanted or not sent_before[node_id, contact_id], f"{node_id} sent a message twice"


def check_walk(story: Story, run_id: str) -> None:
    """A completed rerun visited exactly what its recorded outcomes lead to."""
    row = story.simulation.table.row(keys.run(run_id))
    assert row is not None
    if row["status"] != "COMPLETED":
        return
    steps = story.simulation.steps(f"RUN#{run_id}")
    outcomes = {node_id: step["outcome"] for node_id, step in steps.items() if "outcome" in step}
    graph = {"nodes": story.graph["nodes"], "edges": story.graph["edges"]}
    walked = plain_walk(Graph.model_validate(graph), outcomes)
    kinds = {each["id"]: each["type"] for each in story.graph["nodes"]}
    inner = {each for each in walked.nodes if kinds[each] not in ("TRIGGER", "END")}
    assert set(steps) == inner

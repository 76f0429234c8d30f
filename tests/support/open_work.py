"""A workspace with work of every kind under way, and how it is kept for a later release.

`python -m tests.support.open_work FILE` plays the first half of the scenario with this checkout's
code and writes the workspace's state. tests/releases/ has the file of each release;
tests/functional/test_releases.py plays the second half with today's code.
"""

import json
import sys
from base64 import b64decode, b64encode
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

from runledger.clock import DAY, MINUTE, from_iso, iso
from runledger.ids import derived_id
from runledger.services.contacts import recipients

from tests.support.environment import FAN_OUT
from tests.support.every_node import brief, everything, follower, make_template, order
from tests.support.machine import Execution
from tests.support.simulation import WORKSPACE, Simulation, open_simulation

Kept = dict[str, Any]

# The first fire after the stage's clock begins, 09:00 in Berlin.
FIRE = from_iso("2023-11-15T08:00:00Z")
READERS = 12
WAIT = 90 * DAY


def work(simulation: Simulation) -> None:
    """Leaves work under way: a run before its start, one in a wait of months, one in a branch of a
    fork, one in the middle of a mailing, an Express one, and one whose execution is lost; also a
    delivery that is tried again, and a fire of a date automation. One automation starts after each
    run of the short automation has ended."""
    simulation.make_fan_out()
    template = make_template(simulation)
    all_nodes = simulation.activate(everything(template))
    short = simulation.activate(brief(template))
    simulation.activate(follower(short))
    forked = simulation.activate(_forked(template))
    months = simulation.activate(_months(template))
    news = simulation.activate(_news(template))
    birthday = simulation.activate(_birthday())
    for number in range(READERS):
        person = {
            "email": f"reader{number}@example.com",
            "tags": ["news"],
            "metadata": {"birthday": "1990-11-15"},
        }
        assert simulation.request("api", "POST", "/v1/contacts", person)["status"] == 201

    _send(simulation, months, "waits")
    simulation.run_until(FIRE - 2 * MINUTE)
    _send(simulation, all_nodes, "in the wait")
    _send(simulation, forked, "in one branch")
    _send(simulation, all_nodes, "is lost")
    simulation.run_until(FIRE - 20_000)
    simulation.step_functions.lose(_execution_of(simulation, run_key(all_nodes, "is lost")))
    simulation.ses.refusals = ["TooManyRequestsException"]
    _send(simulation, short, "mail is refused")
    simulation.run_until(FIRE - 10_000)
    with patch.object(recipients, "PAGE_CONTACTS", 2), patch.object(recipients, "_LISTED", 3):
        _mail_to_some(simulation, news)
        _send(simulation, short, "under way")
        simulation.run_while(lambda: "big" not in simulation.steps(run_key(short, "under way")))
    _fire(simulation, birthday)
    _send(simulation, short, "is not started")


def _send(simulation: Simulation, automation_id: str, number: str) -> None:
    path = simulation.webhook_path(automation_id)
    answer = simulation.request("webhook_in", "POST", path, order(number))
    assert answer["status"] == 202, answer


def run_key(automation_id: str, number: str) -> str:
    """The partition of the run that the event with this number opened."""
    return f"RUN#{derived_id('run', WORKSPACE, automation_id, f'path:{number}')}"


def _execution_of(simulation: Simulation, key: str) -> str:
    run_id = key.removeprefix("RUN#")
    return next(arn for arn in simulation.step_functions.executions if f":{run_id}-" in arn)


def _mail_to_some(simulation: Simulation, automation_id: str) -> None:
    """Opens a run that mails to several contacts, and lets it send two messages."""
    reader = next(item for item in simulation.table.items() if item["sk"].startswith("con_"))
    path = f"/v1/automations/{automation_id}/runs"
    asked = {"contactId": reader["sk"], "idempotencyKey": "mailing"}
    assert simulation.request("api", "POST", path, asked)["status"] == 202
    sent = len(simulation.ses.sent)
    simulation.run_while(lambda: len(simulation.ses.sent) < sent + 2)


def _fire(simulation: Simulation, automation_id: str) -> None:
    facts = {
        "workspaceId": WORKSPACE,
        "automationId": automation_id,
        "scheduledTime": iso(FIRE),
    }
    simulation.step_functions.start_execution(
        stateMachineArn=FAN_OUT, name="fire-1", input=json.dumps(facts)
    )


def _months(template_id: str) -> dict[str, Any]:
    trigger, mail = _nodes(everything(template_id), "start", "mail")
    pause = {"id": "pause", "type": "WAIT", "config": {"delayMinutes": WAIT // MINUTE}}
    return _line("Months", [trigger, pause, mail, {"id": "done", "type": "END", "config": {}}])


def _forked(template_id: str) -> dict[str, Any]:
    """A fork of which one branch waits before its call."""
    names = ("start", "mail", "pause", "score", "together", "done")
    edges = [
        ("start", "mail"),
        ("start", "pause"),
        ("pause", "score"),
        ("mail", "together"),
        ("score", "together"),
        ("together", "done"),
    ]
    return {
        "name": "Forked",
        "nodes": _nodes(everything(template_id), *names),
        "edges": [{"source": source, "target": target} for source, target in edges],
    }


def _nodes(document: dict[str, Any], *names: str) -> list[dict[str, Any]]:
    by_id = {node["id"]: node for node in document["nodes"]}
    return [by_id[name] for name in names]


def _news(template_id: str) -> dict[str, Any]:
    (mail,) = _nodes(everything(template_id), "mail")
    config = {
        **mail["config"],
        "recipients": {"kind": "TAG_QUERY", "tags": ["news"]},
        "frequencyCap": {"messages": 1, "hours": 1},
    }
    nodes = [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
        {"id": "news", "type": "SEND_MESSAGE", "config": config},
        {"id": "done", "type": "END", "config": {}},
    ]
    return _line("News", nodes)


def _birthday() -> dict[str, Any]:
    trigger = {
        "triggerType": "DATE",
        "source": {"kind": "CONTACT_METADATA", "key": "birthday"},
        "timeOfDay": "09:00",
        "timeZone": "Europe/Berlin",
        "repeat": "YEARLY",
    }
    nodes = [
        {"id": "start", "type": "TRIGGER", "config": trigger},
        {"id": "done", "type": "END", "config": {}},
    ]
    return _line("Birthday", nodes)


def _line(name: str, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    ids = [node["id"] for node in nodes]
    edges = [{"source": a, "target": b} for a, b in pairwise(ids)]
    return {"name": name, "nodes": nodes, "edges": edges}


def keep(simulation: Simulation) -> Kept:
    """Returns everything that AWS keeps after all Lambda functions have ended: rows, objects,
    secrets, schedules, machines, and the executions under way with their current states."""
    states = simulation.step_functions
    return {
        "now": simulation.clock.now,
        "ids": simulation.ids,
        "requests": simulation.requests,
        "rows": [_to_json(row) for row in simulation.table.items()],
        "objects": {key: b64encode(body).decode() for key, body in simulation.s3.objects.items()},
        "secrets": dict(simulation.secrets.values),
        "schedules": simulation.scheduler.schedules,
        "machines": states.machines,
        "executions": [
            {**vars(execution), "places": states.places(arn)}
            for arn, execution in states.executions.items()
            if execution.status == "RUNNING"
        ],
        "sent": simulation.ses.sent,
        "called": [request.url for request in simulation.http.calls],
    }


def restore(simulation: Simulation, kept: Kept) -> None:
    """Puts the kept state into an empty simulation. The stream has only records of changes that
    happen after this call."""
    simulation.clock.now, simulation.ids = kept["now"], kept["ids"]
    simulation.requests = kept["requests"]
    for row in kept["rows"]:
        simulation.table.put(_from_json(row))
    simulation.s3.objects = {key: b64decode(text) for key, text in kept["objects"].items()}
    for name, value in kept["secrets"].items():
        simulation.secrets.create_secret(Name=name, SecretString=value)
    simulation.scheduler.schedules = dict(kept["schedules"])
    simulation.ses.sent = list(kept["sent"])
    simulation.step_functions.machines = dict(kept["machines"])
    for each in kept["executions"]:
        facts = dict(each)
        places = facts.pop("places")
        simulation.step_functions.resume(Execution(**facts), places)
    simulation.records.clear()


def _to_json(value: Any) -> Any:
    """Bytes and sets become `{"$bytes": base64}` and `{"$set": [...]}`."""
    match value:
        case bytes():
            return {"$bytes": b64encode(value).decode()}
        case set() | frozenset():
            return {"$set": sorted(value)}
        case dict():
            return {name: _to_json(each) for name, each in value.items()}
        case list():
            return [_to_json(each) for each in value]
    return value


def _from_json(value: Any) -> Any:
    match value:
        case {"$bytes": text}:
            return b64decode(text)
        case {"$set": members}:
            return set(members)
        case dict():
            return {name: _from_json(each) for name, each in value.items()}
        case list():
            return [_from_json(each) for each in value]
    return value


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    with open_simulation() as simulation:
        work(simulation)
        kept = keep(simulation)
    Path(arguments[0]).write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

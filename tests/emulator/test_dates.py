"""Dates in every form on the deployed stack, in nodes, triggers and ranges; and invalid dates."""

import uuid
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.emulator.orders import activate, ended, fire, wait_for
from tests.emulator.test_date_triggers import api, begun, birthdays, fires, next_minute, runs
from tests.support.stack import Stack

# The fixture, which is not the one of conftest.py.
__all__ = ["api"]

FORMS: list[Any] = [
    "2026-01-02T03:04:05.0000000Z",
    "2026-01-02T05:04:05.000000000+02:00",
    "2026-01-02 03:04:05+00",
    "2026-01-02t03:04:05z",
    "2026-01-02T03:04:05,0Z",
    "20260102T030405Z",
    "Fri, 02 Jan 2026 04:04:05 +0100",
    1767323045,
    1767323045000,
    "1767323045",
    "1767323045000",
]
OTHERS: list[Any] = ["02.01.2026", "2026-02-29", "soon", 20260102, True]
FORMS_SHOWN = "2026-03-01T09:00:00Z"
ZONE = "America/Sao_Paulo"


def graph(trigger: dict[str, Any], *nodes: dict[str, Any]) -> dict[str, Any]:
    every = [{"id": "start", "type": "TRIGGER", "config": trigger}, *nodes]
    edges = [
        {
            "source": one["id"],
            "target": other["id"],
            **({"label": "true"} if one["type"] == "CONDITION" else {}),
        }
        for one, other in pairwise(every)
    ]
    return {"name": "Dates", "nodes": every, "edges": edges}


def queries() -> dict[str, Any]:
    """Returns an automation that reads trigger.at in a WAIT, a SET and a CONDITION."""
    document = graph(
        {"triggerType": "WEBHOOK"},
        {"id": "wait", "type": "WAIT", "config": {"until": {"field": "trigger.at"}}},
        {
            "id": "set",
            "type": "SET",
            "config": {
                "mode": "MERGE",
                "assignments": [{"target": "vars.at", "value": "{{trigger.at}}", "type": "DATE"}],
            },
        },
        {
            "id": "late",
            "type": "CONDITION",
            "config": {
                "kind": "COMPARE",
                "left": "{{trigger.at}}",
                "operator": "GREATER_OR_EQUAL",
                "right": "2026-01-02 03:04:05 UTC",
            },
        },
        {"id": "done", "type": "END"},
    )
    document["nodes"].append({"id": "early", "type": "END"})
    document["edges"].append({"source": "late", "target": "early", "label": "false"})
    return document


def test_nodes_read_every_form_as_the_same_moment(stack: Stack, api: httpx.Client) -> None:
    automation = activate(api, queries())
    opened = {fire(stack, automation, {"at": value}): value for value in FORMS}
    for run_id, value in opened.items():
        told = ended(api, run_id)
        steps = {step["nodeId"]: step for step in told["steps"]}
        assert told["status"] == "COMPLETED", (value, told["error"])
        assert steps["wait"]["evidence"]["until"] == "2026-01-02T03:04:05Z", value
        assert steps["set"]["output"] == {"at": "2026-01-02T03:04:05Z"}, value
        assert steps["late"]["outcome"] == "true", value


def test_nodes_show_an_invalid_date_and_the_accepted_forms(stack: Stack, api: httpx.Client) -> None:
    automation = activate(api, queries())
    opened = {fire(stack, automation, {"at": value}): value for value in OTHERS}
    for run_id, value in opened.items():
        error = ended(api, run_id)["error"]
        assert (error["nodeId"], error["kind"]) == ("wait", "INVALID_DATE")
        whole = {s["nodeId"]: s for s in api.get(f"/v1/runs/{run_id}").json()["steps"]}["wait"]
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        assert shown in whole["error"]["message"] and FORMS_SHOWN in whole["error"]["message"]


def test_an_events_date_schedules_its_run_or_is_refused(stack: Stack, api: httpx.Client) -> None:
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    source = {"kind": "WEBHOOK_PAYLOAD", "path": "at"}
    trigger = {"triggerType": "DATE", "source": source, "timeOfDay": "23:59", "timeZone": "UTC"}
    automation = activate(api, graph(trigger, {"id": "done", "type": "END"}))
    address = stack.url + automation["webhook"]["path"]
    for value in (
        tomorrow.strftime("%Y-%m-%d"),
        tomorrow.strftime("%Y-%m-%d %H:%M:%S+00"),
        tomorrow.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        int(tomorrow.timestamp()),
        str(int(tomorrow.timestamp()) * 1_000),
    ):
        answer = httpx.post(address, json={"at": value, "n": uuid.uuid4().hex}, timeout=30)
        assert answer.status_code == 202, answer.text
        told = api.get(f"/v1/runs/{answer.json()['runId']}").json()
        assert told["scheduledFor"] == tomorrow.strftime("%Y-%m-%dT23:59:00.000Z"), value
    for value in OTHERS:
        answer = httpx.post(address, json={"at": value}, timeout=30)
        assert (answer.status_code, answer.json()["field"]) == (422, "at"), value
        assert FORMS_SHOWN in answer.json()["detail"]
    query = {"automationId": automation["id"], "reason": "INVALID_PAYLOAD"}
    refused = api.get("/v1/refusals", params=query).json()["items"]
    assert len(refused) == len(OTHERS)
    assert any('"02.01.2026" is not a date' in each["message"] for each in refused)
    paused = api.post(f"/v1/automations/{automation['id']}/pause")
    assert paused.status_code in (200, 202), paused.text


def test_a_contacts_date_fires_or_is_refused_at_the_fire(stack: Stack, api: httpx.Client) -> None:
    key, moment = f"birthday{uuid.uuid4().hex[:8]}", next_minute()
    noon = datetime.combine(moment.date(), time(12), UTC).replace(year=2004)

    def person(value: Any) -> str:
        made = api.post("/v1/contacts", json={"metadata": {key: value}})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    due = {
        person(value)
        for value in (
            noon.strftime("%Y-%m-%d"),
            noon.strftime("%Y-%m-%dt%H:%M:%S.1234567z"),
            noon.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            int(noon.timestamp()),
            str(int(noon.timestamp())),
            int(noon.timestamp()) * 1_000,
        )
    }
    automation = activate(api, birthdays(key, moment, {"id": "done", "type": "END"}))
    wrong = {person(value): value for value in OTHERS}
    begun(stack, api, automation)

    def completed() -> Any:
        (found,) = fires(api, automation)
        return found if found["status"] == "COMPLETED" else None

    told = wait_for("the end of the fire", completed, 90)
    assert (told["opened"], told["refused"]) == (len(due), len(wrong))
    assert {run["contact"]["id"] for run in runs(api, automation)} == due
    refused = api.get("/v1/refusals", params={"automationId": automation["id"]}).json()["items"]
    assert {each["contactId"] for each in refused} == set(wrong)
    for each in refused:
        assert each["reason"] == "INVALID_PAYLOAD"
        assert f"metadata.{key}" in each["message"] and FORMS_SHOWN in each["message"]


def test_a_day_is_the_same_for_lists_counts_chart_and_export(
    stack: Stack, api: httpx.Client
) -> None:
    automation = activate(api, graph({"triggerType": "WEBHOOK"}, {"id": "done", "type": "END"}))
    ids = [fire(stack, automation, {"n": n}) for n in range(3)]
    for run_id in ids:
        ended(api, run_id)
    created = datetime.fromisoformat(api.get(f"/v1/runs/{ids[0]}").json()["createdAt"])
    day = created.astimezone(ZoneInfo(ZONE)).date()
    query = {"automationId": automation["id"], "timeZone": ZONE}
    for shift, count in ((-1, 0), (0, 3), (1, 0)):
        asked = (day + timedelta(days=shift)).isoformat()
        of_day = {**query, "from": asked, "to": asked}

        def total(path: str, params: dict[str, str] = of_day) -> Any:
            return api.get(path, params=params).raise_for_status().json()

        assert len(total("/v1/runs")["items"]) == count, shift
        assert total("/v1/runs/counts")["total"] == count
        if shift <= 0:
            hours = total("/v1/stats")["hours"]
            assert sum(sum(hour["counts"].values()) for hour in hours) == count
        export = {"list": "RUNS", "format": "JSONL", "filter": of_day}
        made = api.post("/v1/exports", json=export)
        assert made.status_code == 202, made.text
        path = f"/v1/exports/{made.json()['id']}"

        def finished(address: str = path) -> Any:
            told = api.get(address).raise_for_status().json()
            return told if told["status"] == "COMPLETED" else None

        assert wait_for("the export", finished, 90)["rows"] == count
    # As pasted, with an unencoded plus.
    exact = f"automationId={automation['id']}&from=2026-01-01T00:00:00+00:00&to={day}"
    assert api.get(f"/v1/runs/counts?{exact}&timeZone={ZONE}").json()["total"] == 3
    wrong = api.get("/v1/runs", params={"to": "29.11.2026"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "to")
    assert '"29.11.2026" is not a date' in wrong.json()["detail"]

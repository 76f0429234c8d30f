"""Date automations on the deployed stack: which contacts are due, and pausing during a fire."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from local.settings import STACK_NAME
from tests.emulator.orders import activate, wait_for
from tests.support.demo_users import own_workspace
from tests.support.depth import examples
from tests.support.stack import Stack

# Enough for several pages of a fire.
CROWD = examples(230, quick=120)


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx.Client]:
    """The public API, as the owner of a workspace of this file. An activation in the workspace that
    all tests share may have to wait for its turn, until after the fire that a test is about."""
    with stack.api(own_workspace(stack).owner) as client:
        yield client


def next_minute() -> datetime:
    """Returns the start of a minute: soon, but late enough to activate an automation first."""
    soon = datetime.now(UTC) + timedelta(seconds=20)
    return (soon + timedelta(minutes=1)).replace(second=0, microsecond=0)


def birthdays(key: str, moment: datetime, *nodes: dict[str, Any]) -> dict[str, Any]:
    """Returns an automation that fires at `moment` for contacts with a birthday under `key`."""
    trigger = {
        "triggerType": "DATE",
        "source": {"kind": "CONTACT_METADATA", "key": key},
        "timeOfDay": moment.strftime("%H:%M"),
        "repeat": "YEARLY",
    }
    every = [{"id": "start", "type": "TRIGGER", "config": trigger}, *nodes]
    ids = [node["id"] for node in every]
    edges = [{"source": a, "target": b} for a, b in pairwise(ids)]
    return {"name": "Birthday", "nodes": every, "edges": edges}


def contact(api: httpx.Client, key: str, day: date | str) -> str:
    document = {"email": f"{uuid.uuid4().hex}@customer.example", "metadata": {key: str(day)}}
    made = api.post("/v1/contacts", json=document)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def group(stack: Stack) -> str:
    """Returns the name of the stack's schedule group."""
    with closing(stack.aws("cloudformation")) as cloudformation:
        found = cloudformation.describe_stack_resource(
            StackName=STACK_NAME, LogicalResourceId="Schedules"
        )
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def fires(api: httpx.Client, automation: dict[str, Any]) -> list[dict[str, Any]]:
    found = api.get(f"/v1/automations/{automation['id']}/fires").raise_for_status()
    listed: list[dict[str, Any]] = found.json()["items"]
    return listed


def fire_now(stack: Stack, automation: dict[str, Any]) -> None:
    """Fires the automation's schedule for its next time, with the schedule's own role and target.
    Does nothing if that time is too far in the future."""
    name = {"name": automation["id"], "group": group(stack)}
    fired = httpx.post(f"{stack.aws_endpoint}/_local/schedules/fire", json=name, timeout=30)
    assert fired.status_code == 200 or "is in the future" in fired.text, fired.text


def begun(stack: Stack, api: httpx.Client, automation: dict[str, Any]) -> dict[str, Any]:
    """Fires the automation's schedule until the automation has a fire, and returns that fire.
    Firing several times does no harm: a schedule that comes more than a minute early does nothing,
    and a repeated one is ignored."""

    def look() -> Any:
        fire_now(stack, automation)
        return fires(api, automation)

    (fire,) = wait_for("the fire", look, 90)
    return dict(fire)


def runs(api: httpx.Client, automation: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    query = {"automationId": automation["id"], "limit": "200"}
    while True:
        page = api.get("/v1/runs", params=query).raise_for_status().json()
        found += page["items"]
        if page["nextCursor"] is None:
            return found
        query["cursor"] = page["nextCursor"]


def test_a_fire_opens_runs_for_exactly_the_due_contacts(stack: Stack, api: httpx.Client) -> None:
    key, moment = f"birthday{uuid.uuid4().hex[:8]}", next_minute()
    today = moment.date()
    due = [
        contact(api, key, today.replace(year=2000)),
        contact(api, key, f"{today}T12:00:00Z"),
    ]
    contact(api, key, today + timedelta(days=1))
    contact(api, "another", today)
    automation = activate(api, birthdays(key, moment, {"id": "done", "type": "END"}))
    shown = automation["schedule"]
    assert shown["expression"] == f"cron({moment.minute} {moment.hour} * * ? *)"
    assert datetime.fromisoformat(shown["nextFireAt"]) == moment
    # A contact added after the activation and before the fire is found too.
    due.append(contact(api, key, today.replace(year=1992)))

    begun(stack, api, automation)

    def completed() -> Any:
        (fire,) = fires(api, automation)
        return fire if fire["status"] == "COMPLETED" else None

    fire = wait_for("the end of the fire", completed)
    assert (fire["opened"], fire["refused"], fire["missed"]) == (3, 0, None)
    assert (fire["day"], fire["by"]) == (today.isoformat(), "SCHEDULE")

    def all_ended() -> bool:
        return all(each["status"] == "COMPLETED" for each in runs(api, automation))

    wait_for("the end of the runs", all_ended)
    # Once more: the same contact and date open no second run.
    fire_now(stack, automation)
    found = runs(api, automation)
    assert sorted(each["contact"]["id"] for each in found) == sorted(due)
    assert {each["trigger"]["type"] for each in found} == {"DATE"}
    told = api.get(f"/v1/automations/{automation['id']}").json()["schedule"]
    assert told["lastFire"] == fire
    assert datetime.fromisoformat(told["nextFireAt"]) == moment + timedelta(days=1)
    api.post(f"/v1/automations/{automation['id']}/pause").raise_for_status()


@pytest.mark.deep
def test_pausing_during_a_fire_leaves_no_open_run(stack: Stack, api: httpx.Client) -> None:
    key, day = f"birthday{uuid.uuid4().hex[:8]}", date(1990, 1, 1)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: contact(api, key, day), range(CROWD)))
    moment = next_minute()
    wait = {"id": "later", "type": "WAIT", "config": {"delayMinutes": 60}}
    document = birthdays(key, moment, wait, {"id": "done", "type": "END"})
    # The offset makes the contacts' birthday due today.
    offset = (moment.date() - day.replace(year=moment.year)).days
    document["nodes"][0]["config"]["offsetDays"] = offset
    automation = activate(api, document)
    begun(stack, api, automation)
    wait_for("the first runs", lambda: runs(api, automation))

    paused = api.post(f"/v1/automations/{automation['id']}/pause")
    assert (paused.status_code, paused.json()["status"]) == (200, "PAUSED")
    assert paused.json()["schedule"] is None

    def is_over() -> Any:
        (fire,) = fires(api, automation)
        return fire if fire["status"] != "RUNNING" else None

    fire = wait_for("the end of the fire", is_over)
    assert fire["status"] in ("STOPPED", "COMPLETED")

    def none_open() -> bool:
        return {each["status"] for each in runs(api, automation)} == {"CANCELED"}

    wait_for("the end of every run", none_open, 100)
    found = runs(api, automation)
    print(f"{len(found)} of {CROWD} runs were opened before the pause")
    assert len(found) == len({each["contact"]["id"] for each in found})

    def all_counted() -> bool:
        # A page that was being opened when the fire was stopped is counted at its end.
        (fire,) = fires(api, automation)
        return bool(fire["opened"] == len(found))

    wait_for("the count of the page that was under way", all_counted)
    with closing(stack.aws("scheduler")) as scheduler:
        held = scheduler.list_schedules(GroupName=group(stack))["Schedules"]
    assert automation["id"] not in [each["Name"] for each in held]


def test_the_tick_makes_up_for_a_missed_fire(stack: Stack, api: httpx.Client) -> None:
    key, moment = f"birthday{uuid.uuid4().hex[:8]}", next_minute() + timedelta(hours=1)
    due = moment - timedelta(days=1)
    contact_id = contact(api, key, due.date())
    automation = activate(api, birthdays(key, moment, {"id": "done", "type": "END"}))
    name = {"Name": automation["id"], "GroupName": group(stack)}
    with closing(stack.aws("scheduler")) as scheduler:
        before = scheduler.get_schedule(**name)
        scheduler.delete_schedule(**name)
        _expect_fire_at(stack, automation, due)

        tick(stack)

        made = wait_for("the fire", lambda: fires(api, automation))
        assert (made[0]["by"], made[0]["missed"]) == ("TICK", "SCHEDULE_MISSING")
        assert made[0]["day"] == due.date().isoformat()
        (run,) = wait_for("its run", lambda: runs(api, automation))
        assert run["contact"]["id"] == contact_id
        after = scheduler.get_schedule(**name)
    assert after["Target"] == before["Target"]
    tick(stack)
    assert len(fires(api, automation)) == len(runs(api, automation)) == 1
    api.post(f"/v1/automations/{automation['id']}/pause").raise_for_status()


def _expect_fire_at(stack: Stack, automation: dict[str, Any], moment: datetime) -> None:
    """Simulates that the schedule missed its fire at `moment`: the automation still expects it."""
    at = round(moment.timestamp() * 1_000)
    with closing(stack.aws("dynamodb")) as dynamodb:
        dynamodb.update_item(
            TableName=stack.table_name,
            Key={"pk": {"S": f"AUTOMATION#{automation['id']}"}, "sk": {"S": "SCHEDULE"}},
            UpdateExpression="SET nextDay = :day, nextFireAt = :at, dueKey = :due",
            ExpressionAttributeValues={
                ":day": {"S": moment.date().isoformat()},
                ":at": {"N": str(at)},
                ":due": {"S": f"{at:013d}#sch_{automation['id']}"},
            },
        )


def tick(stack: Stack) -> None:
    with closing(stack.aws("lambda")) as functions:
        answer = functions.invoke(FunctionName=stack.function_name("Tick"), Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()

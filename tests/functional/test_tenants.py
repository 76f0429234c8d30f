"""Nothing crosses a workspace: calls every API operation with every id, value and cursor of another
workspace.

The calls come from the OpenAPI document, so a path or parameter that this test does not know makes
it fail.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from runledger.clock import DAY, HOUR, iso, now_ms
from runledger.models.kept_event import CaptureOutcome, KeptEvent
from runledger.models.refusal import Refusal
from runledger.models.run import ErrorDetail, RunStatus
from runledger.models.run_keys import RunKey
from runledger.models.workspace import Membership, Role
from runledger.services.workspaces.workspaces import create_workspace
from runledger.store.runs import Closing

from tests.functional.test_api_handlers import an_account, call, deployed, pool
from tests.functional.test_delivery_lists import an_attempt
from tests.functional.test_refusal_lists import a_refusal
from tests.functional.test_run_store import a_run
from tests.functional.test_settle import WAITING
from tests.support.document import resolved
from tests.support.engine import Engine
from tests.support.events import an_event

__all__ = ["deployed", "pool"]

DOCUMENT = json.loads(
    (Path(__file__).parents[2] / "functions" / "query" / "openapi.json").read_text()
)
# Part of every personal value of the first workspace; it must never appear elsewhere.
CANARY = "canary7319"
EMAIL = f"ada.{CANARY}@customer.example"
PHONE = "+491707319731"
OTHERS = "ws_other"
# The other workspace's user has every right there.
STRANGER = "stranger"
# Routes that answer about the caller's own workspace, whatever the request.
OWN = (
    "/v1/me",
    "/v1/node-types",
    "/v1/source-presets",
    "/v1/settings",
    "/v1/members",
    "/v1/failure-groups/assignees",
)
# An invitation belongs to its address, which may be a user of any workspace.
BY_ADDRESS = ("/v1/invitations/{invitation_id}/accept", "/v1/invitations/{invitation_id}/decline")


@pytest.fixture
def ids(deployed: Engine, pool: str) -> dict[str, str]:
    """Creates two workspaces, the first with data of every kind. Returns its values for each path
    parameter, by the parameter's name."""
    create_workspace(
        deployed.stores.workspaces, deployed.clock, workspace_id=OTHERS, name="Other", shards=1
    )
    member = Membership(
        user_id=f"user-{STRANGER}",
        email="stranger@example.com",
        workspace_id=OTHERS,
        role=Role.OWNER,
        created_at=1,
    )
    deployed.stores.workspaces.put_member(member)
    an_account(pool, member.user_id, member.email)
    deployed.clock.follow_the_machine()
    person = {
        "email": EMAIL,
        "phone": PHONE,
        "externalIds": {"shop": CANARY},
        "firstName": CANARY,
        "tags": [CANARY],
        "metadata": {"note": CANARY},
    }
    contact = _made("POST", "/v1/contacts", person)["id"]
    mail = {"name": CANARY, "channel": "EMAIL", "subject": CANARY, "body": CANARY}
    automation_id = deployed.activate({**WAITING, "name": CANARY})
    # Two of some, so that their lists have cursors.
    _made("POST", "/v1/contacts", {"firstName": CANARY})
    _made("POST", "/v1/templates", mail)
    other, _ = _history(deployed, automation_id, contact)
    run, delivery = _history(deployed, automation_id, contact)
    refusal = a_refusal(
        deployed,
        automation_id=automation_id,
        automation_name=CANARY,
        contact_id=contact,
        message=CANARY,
        source=EMAIL,
        kept_until=deployed.clock.now + DAY,
    )
    _kept(deployed, refusal, automation_id)
    rule = {"kind": "HAS_TAG", "tag": CANARY}
    _made("PUT", f"/v1/secrets/{CANARY.upper()}", {"value": "a secret"})
    _made("POST", "/v1/suppressions", {"address": EMAIL, "note": CANARY})
    export = {"list": "RUNS", "format": "CSV", "filter": {"contact": EMAIL}}
    # It reruns nothing, because no run visited this node.
    recovery = {"filter": {"contact": EMAIL}, "from": "nowhere", "reason": CANARY}
    failed = deployed.stores.runs.get(run)
    group = failed.error_group
    assert group is not None
    _made("POST", f"/v1/failure-groups/{group}/assign", {"userId": "user-member"})
    return {
        "automation_id": automation_id,
        "contact_id": contact,
        "run_id": run,
        "delivery_id": delivery,
        "refusal_id": refusal.id,
        "group_id": group,
        "template_id": _made("POST", "/v1/templates", mail)["id"],
        "segment_id": _made("POST", "/v1/segments", {"name": CANARY, "rules": [rule]})["id"],
        "export_id": _made("POST", "/v1/exports", export)["id"],
        "import_id": _import(),
        "view_id": _made("POST", "/v1/views", _view())["id"],
        "cancellation_id": _cancellation(deployed),
        "skip_id": _made("POST", "/v1/runs/skip-wait", {"filter": {"contact": EMAIL}})["id"],
        "other_id": other,
        "recovery_id": _made("POST", "/v1/recoveries", recovery)["id"],
        "user_id": "user-viewer",
        "invitation_id": _made("POST", "/v1/invitations", {"email": EMAIL, "role": "ADMIN"})["id"],
        "name": CANARY.upper(),
        "address": EMAIL,
        "number": "1",
        "token": "no-token",
    }


def _made(method: str, path: str, body: Any) -> dict[str, Any]:
    answer = call(method, path, body)
    assert answer["status"] in (200, 201, 202, 204), answer
    return dict(answer["body"] or {})


def _history(engine: Engine, automation_id: str, contact_id: str) -> tuple[str, str]:
    """Creates a failed run with its group, and a delivery; returns their ids."""
    of = engine.stores
    run = a_run(
        automation_id=automation_id,
        automation_name=CANARY,
        contact_id=contact_id,
        contact_email=EMAIL,
        created_at=engine.clock.now - HOUR,
        expires_at=engine.clock.now + 1_000 * HOUR,
        keys=(RunKey(name="order", value=CANARY),),
    )
    run, _ = of.runs.open(run, an_event({"note": CANARY}), 1)
    of.runs.own(run, "1", run.created_at, 1)
    run = of.runs.get(run.id)
    error = ErrorDetail(node_id="start", kind="STOP_ERROR", message=CANARY)
    of.runs.close(run, Closing(RunStatus.FAILED, engine.clock.now, error=error))
    engine.failure_groups.take(run.id)
    delivery = an_attempt(
        engine,
        automation_id=automation_id,
        run_id=run.id,
        contact_id=contact_id,
        address=EMAIL,
        subject=CANARY,
        body=CANARY,
    )
    return run.id, delivery.id


def _kept(engine: Engine, refusal: Refusal, automation_id: str) -> None:
    """Keeps the event of the refusal, and captures the same event."""
    event = KeptEvent(
        method="POST",
        headers={"content-type": "text/plain"},
        body=CANARY.encode(),
        source=EMAIL,
        received_at=engine.clock.now,
    )
    engine.kept_events.keep_refused(refusal, event)
    engine.captures.begin(engine.workspace_id, automation_id)
    automation = engine.stores.automations.get(engine.workspace_id, automation_id)
    engine.captures.note(automation, event, CaptureOutcome.ACCEPTED, status=202)


def _view() -> dict[str, Any]:
    return {"list": "RUNS", "name": CANARY, "filter": {"contact": EMAIL}, "shared": True}


def _import() -> str:
    """Creates an import with the whole of its file; returns its id."""
    document = {"format": "CSV", "fileName": CANARY}
    import_id = str(_made("POST", "/v1/contacts/imports", document)["id"])
    file = f"mail,{CANARY}\r\n{EMAIL},{CANARY}\r\n".encode()
    answer = call("PUT", f"/v1/contacts/imports/{import_id}/parts/1", **as_bytes(file))
    assert answer["status"] == 200, answer
    return import_id


def as_bytes(content: bytes) -> dict[str, Any]:
    """Returns what `call` needs to send bytes."""
    return {"raw": content, "headers": {"content-type": "application/octet-stream"}}


def _cancellation(engine: Engine) -> str:
    """Creates a bulk cancel that is not complete; returns its id."""
    body = {"filter": {"contact": EMAIL}, "reason": CANARY, "dryRun": False}
    return str(_made("POST", "/v1/runs/cancel", body)["id"])


def _operations(method: str) -> list[tuple[str, list[dict[str, Any]]]]:
    return [
        (path, [dict(resolved(each)) for each in operations[method].get("parameters", [])])
        for path, operations in DOCUMENT["paths"].items()
        if method in operations
    ]


def _filled(path: str, parameters: list[dict[str, Any]], ids: dict[str, str]) -> str:
    for parameter in parameters:
        if parameter["in"] == "path":
            name = parameter["name"]
            path = path.replace(f"{{{name}}}", ids[name])
    return path


def _values(name: str, ids: dict[str, str], path: str) -> list[str]:
    """Returns the values to try for a query parameter."""
    of_others = {
        "automationId": [ids["automation_id"]],
        "contact": [ids["contact_id"], EMAIL, PHONE, f"shop:{CANARY}"],
        "runId": [ids["run_id"]],
        "errorGroup": [ids["group_id"]],
        "rerunOf": [ids["run_id"]],
        "recoveryId": [ids["recovery_id"]],
        "assignee": ["user-member"],
        "key": [f"order:{CANARY}"],
        "address": [EMAIL, PHONE],
        "text": [CANARY],
        "q": [CANARY, EMAIL, PHONE, f"shop:{CANARY}"]
        + [
            ids[f"{kind}_id"]
            for kind in ("run", "delivery", "refusal", "contact", "automation", "group")
        ],
        "cursor": _cursors(path),
    }
    harmless = {
        "status": [],
        "state": ["LEFT_OUT"],
        "recovered": ["false"],
        "health": ["WAITING"],
        "errorKind": ["BOUNCED"],
        "bounce": ["PERMANENT"],
        "reason": [],
        "triggerType": [],
        "channel": ["EMAIL"],
        "kind": [],
        "range": ["30d"],
        "timeZone": ["Europe/Berlin"],
        "from": [iso(now_ms() - 30 * DAY)],
        "to": [],
        "order": ["count" if path == "/v1/failure-groups" else "oldest"],
        "list": ["RUNS"],
        "version": [],
        "limit": ["200"],
    }
    return {**of_others, **harmless}[name]


def _is_needed(parameter: dict[str, Any]) -> bool:
    return parameter["in"] == "query" and bool(parameter.get("required"))


def _cursors(path: str) -> list[str]:
    """Returns a cursor of the first workspace's list, if the list has more than one row."""
    answer = call("GET", path, query="limit=1")
    cursor = (answer["body"] or {}).get("nextCursor")
    return [cursor] if cursor else []


def _is_closed(answer: dict[str, Any]) -> bool:
    """Whether an answer reveals nothing of the other workspace; it may repeat the requested
    value."""
    body = answer["body"]
    if answer["status"] == 200 and isinstance(body, dict) and "items" in body:
        return bool(body["items"] == [])
    return answer["status"] != 200 or CANARY not in json.dumps(body)


def test_a_reader_of_one_workspace_finds_nothing_of_another(
    deployed: Engine, ids: dict[str, str]
) -> None:
    asked = cursors = 0
    for path, parameters in _operations("get"):
        if path in OWN:
            assert CANARY not in json.dumps(call("GET", path, role=STRANGER)["body"])
            continue
        filled = _filled(path, parameters, ids)
        # A call without a parameter that it needs is refused.
        queries = [] if any(_is_needed(each) for each in parameters) else [""]
        for parameter in parameters:
            if parameter["in"] == "query":
                name = parameter["name"]
                found = _values(name, ids, filled)
                queries += [f"{name}={value}" for value in found]
        is_of_one = "{" in path
        for query in queries:
            answer = call("GET", filled, query=query, role=STRANGER)
            assert _is_closed(answer), (filled, query, answer)
            if is_of_one:
                assert answer["status"] == 404, (filled, query, answer)
            else:
                is_foreign = query.startswith("cursor=")
                wanted = (400,) if is_foreign else (200, 404)
                assert answer["status"] in wanted, (filled, query, answer)
                cursors += is_foreign
            asked += 1
        # The first workspace's own reader does find something, or this would prove nothing; only
        # its automation has no fires.
        given = "limit=50" if "limit" in str(parameters) else ""
        own = call("GET", filled, query=given if "" in queries else queries[0])
        assert own["status"] == 200, (filled, own)
        assert path.endswith("/fires") or own["body"].get("items") != [], filled
    assert asked > 60 and cursors >= 4


def test_a_caller_cannot_name_a_foreign_workspace(deployed: Engine, ids: dict[str, str]) -> None:
    for path, parameters in _operations("get"):
        if path == "/v1/health":
            continue
        filled = _filled(path, parameters, ids)
        headers = {"x-workspace-id": "ws_demo"}
        assert call("GET", filled, role=STRANGER, headers=headers)["status"] == 404, filled


def test_a_writer_of_one_workspace_changes_nothing_of_another(
    deployed: Engine, ids: dict[str, str]
) -> None:
    bodies: dict[str, Any] = {
        "/v1/automations/{automation_id}": {**WAITING, "name": "mine now"},
        "/v1/automations/{automation_id}/runs": {"contactId": ids["contact_id"], "payload": {}},
        "/v1/automations/{automation_id}/validate": WAITING,
        "/v1/automations/{automation_id}/hold": {"reason": "mine now"},
        "/v1/automations/{automation_id}/release": {"ratePerMinute": 60},
        "/v1/contacts/imports/{import_id}/start": {
            "parts": 1,
            "by": "email",
            "columns": [{"column": "mail", "field": "email"}],
        },
        "/v1/contacts/{contact_id}": {"firstName": "mine now"},
        "/v1/deliveries/{delivery_id}/resend": {"force": True},
        "/v1/failure-groups/{group_id}/assign": {"userId": None},
        "/v1/failure-groups/{group_id}/resolve": {"note": "mine now"},
        "/v1/members/{user_id}": {"role": "VIEWER"},
        "/v1/runs/{run_id}/cancel": {"reason": "mine now"},
        "/v1/runs/{run_id}/rerun": {"from": "START", "reason": "mine now"},
        "/v1/segments/{segment_id}": {"name": "mine", "rules": [{"kind": "HAS_TAG", "tag": "x"}]},
        "/v1/templates/{template_id}": {
            "name": "mine",
            "channel": "EMAIL",
            "subject": "x",
            "body": "x",
        },
        "/v1/templates/{template_id}/preview": {},
        "/v1/templates/{template_id}/test": {},
        "/v1/secrets/{name}": {"value": "mine now"},
        "/v1/views/{view_id}": {"list": "RUNS", "name": "mine now"},
    }
    before = _rows(deployed)
    asked = 0
    for method in ("post", "put", "delete"):
        for path, parameters in _operations(method):
            if "{" not in path or "{token}" in path:
                continue
            filled = _filled(path, parameters, ids)
            content = as_bytes(b"mine now") if "/parts/" in path else {"body": bodies.get(path)}
            answer = call(method.upper(), filled, role=STRANGER, **content)
            # A secret or an address of this name is the caller's own affair.
            is_by_name = path.startswith(("/v1/secrets/", "/v1/suppressions/"))
            wanted = (200, 201, 204, 404) if is_by_name else (404,)
            assert answer["status"] in wanted, (method, filled, answer)
            assert CANARY not in json.dumps(answer["body"]).replace(EMAIL, "").replace(
                CANARY.upper(), ""
            ), (filled, answer)
            asked += 1
    of_contact = ({"contact": EMAIL}, {"contact": f"shop:{CANARY}"})
    for filters in (*of_contact, {"automationId": ids["automation_id"]}, {}):
        body = {"filter": filters, "reason": "mine now", "dryRun": False}
        told = call("POST", "/v1/runs/cancel", body, role=STRANGER)["body"]
        assert (told["matched"], told["sample"]) == (0, []), filters
        skip = {"filter": filters, "dryRun": True}
        told = call("POST", "/v1/runs/skip-wait", skip, role=STRANGER)["body"]
        assert told["matched"] == 0, filters
    assert _rows(deployed) == before
    assert asked > 15


def _rows(engine: Engine) -> list[dict[str, Any]]:
    """Returns every row of the first workspace."""
    found = [row for row in engine.rows() if "ws_other" not in json.dumps(row, default=str)]
    return sorted(found, key=lambda row: (row["pk"], row["sk"]))


def test_a_run_is_not_compared_with_one_of_another_workspace(
    deployed: Engine, ids: dict[str, str]
) -> None:
    mine = a_run(workspace_id=OTHERS, created_at=deployed.clock.now, expires_at=9**15)
    deployed.stores.runs.open(mine, an_event({}), 1)
    for pair in ((mine.id, ids["run_id"]), (ids["run_id"], mine.id)):
        path = "/v1/runs/{}/compare/{}".format(*pair)
        for role in (STRANGER, "owner"):
            answer = call("GET", path, role=role)
            assert (answer["status"], CANARY in json.dumps(answer)) == (404, False), (path, role)


def test_a_preview_of_a_rerun_reveals_nothing_of_another_workspace(
    deployed: Engine, ids: dict[str, str]
) -> None:
    path = f"/v1/runs/{ids['run_id']}/rerun"
    for body in ({"dryRun": True}, {"dryRun": True, "from": "START", "idempotencyKey": "k"}):
        answer = call("POST", path, body, role=STRANGER)
        assert (answer["status"], CANARY in json.dumps(answer)) == (404, False)

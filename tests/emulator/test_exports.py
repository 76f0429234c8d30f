"""Exports on the deployed stack: the file behind the link is the list."""

import csv
import io
import json
from typing import Any

import httpx
import pytest

from tests.emulator.orders import ADMIN, activate, ended, fire
from tests.emulator.test_local_platform import until
from tests.emulator.test_upstream import paid, person
from tests.support.stack import Stack

MEMBER = "member@demo.example"
VIEWER = "viewer@demo.example"


def _listed(api: httpx.Client, asked: dict[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        params = {**asked, "limit": "200", **({"cursor": cursor} if cursor else {})}
        page = api.get("/v1/runs", params=params).raise_for_status().json()
        found += page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            return found


@pytest.fixture(scope="module")
def automation_id(stack: Stack) -> str:
    """An automation whose runs have all ended, half of them with a failure. Runs of other tests may
    end between an export and its comparison with the list."""
    with stack.api(ADMIN) as api:
        automation = activate(api, paid())
        runs = [fire(stack, automation, {"n": n, "email": person()}) for n in (20, 3, 30, 4, 40, 5)]
        for run_id in runs:
            ended(api, run_id)
    return str(automation["id"])


@pytest.mark.parametrize("format_", ["CSV", "JSONL"])
def test_the_export_of_ended_runs_equals_their_list(
    stack: Stack, automation_id: str, format_: str
) -> None:
    with stack.api(MEMBER) as api:
        filters = {"status": ["COMPLETED", "FAILED"], "automationId": automation_id}
        body = {"list": "RUNS", "format": format_, "filter": filters}
        asked = api.post("/v1/exports", json=body)
        assert asked.status_code == 202, asked.text
        path = f"/v1/exports/{asked.json()['id']}"
        export = until(
            lambda: api.get(path).json(),
            lambda told: told["status"] in ("COMPLETED", "FAILED"),
            seconds=60,
        )
        assert export["status"] == "COMPLETED", export
        query = {"status": "COMPLETED,FAILED", "automationId": automation_id}
        expected = _listed(api, {**query, "to": export["filter"]["to"]})
    with stack.api(VIEWER) as api:
        assert api.get(path).json()["url"] is None
    answer = httpx.get(export["url"]).raise_for_status()
    assert f".{format_.lower()}" in answer.headers["content-disposition"]
    assert len(expected) == export["rows"] >= 5
    if format_ == "JSONL":
        assert [json.loads(line) for line in answer.content.splitlines()] == expected
        return
    text = answer.content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["id"] for row in rows] == [run["id"] for run in expected]
    failed = [run["error"]["kind"] if run["error"] else "" for run in expected]
    assert [row["error.kind"] for row in rows] == failed

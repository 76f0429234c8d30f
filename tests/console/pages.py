"""Every page of the console, and the dialogs that they open."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from playwright.sync_api import Page

from local.settings import ROOT
from tests.console.browser import go
from tests.console.webhooks import send
from tests.support.stack import Stack

_ROUTE = re.compile(r"\{ path: '([^']+)'")


@dataclass(frozen=True)
class Address:
    path: str
    shown: str = "main h1"
    """A selector of what the page loads last."""
    dialogs: tuple[str, ...] = field(default=())
    """The buttons that open dialogs, by the start of their names."""


def routes() -> list[re.Pattern[str]]:
    """Returns the paths in console/src/app/routes.ts."""
    found = _ROUTE.findall((ROOT / "console/src/app/routes.ts").read_text())
    return [re.compile(re.sub(r":\w+", "[^/]+", f"/{path}")) for path in found]


def every_address(stack: Stack, owner: httpx.Client) -> list[Address]:
    """Returns at least one address of every route, with data on the page."""

    def listed(path: str, **filters: str) -> list[dict[str, Any]]:
        answer = owner.get(path, params=filters).raise_for_status()
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    refused = {"orderId": uuid4().hex, "total": 90, "customer": {}}
    assert send(stack.local, "Order paid", refused).status_code == 422
    rules = [{"kind": "HAS_TAG", "tag": "vip"}]
    segment = owner.post("/v1/segments", json={"name": uuid4().hex, "rules": rules})
    segment_id = segment.raise_for_status().json()["id"]
    [contact] = listed("/v1/contacts", contact="ada@customer.example")
    automations = {each["name"]: each["id"] for each in listed("/v1/automations", limit="200")}
    automation = f"/automations/{automations['Order paid']}"
    open_run = listed("/v1/runs", status="RUNNING", range="30d")[0]
    failed_run = next(
        run
        for run in listed("/v1/runs", status="FAILED", range="30d")
        if run["automationId"] == automations["Order paid"]
    )
    other_run = listed("/v1/runs", status="COMPLETED", range="30d")[0]
    delivery = listed("/v1/deliveries", status="SENT", range="30d")[0]
    refusal = listed("/v1/refusals")[0]
    template = listed("/v1/templates")[0]
    group = listed("/v1/failure-groups", range="30d")[0]
    # It selects no run, because nothing is that old.
    old = {"filter": {"to": "2020-01-01"}, "reason": "A test"}
    recovery_id = owner.post("/v1/recoveries", json=old).raise_for_status().json()["id"]
    row, node = "tr[data-row]", ".react-flow__node"
    person = f"/contacts/{contact['id']}"
    failed = f"/runs/{failed_run['id']}?step={failed_run['error']['nodeId']}"
    return [
        Address(
            "/runs",
            "figure svg.recharts-surface",
            ("Export…", "Rerun failed", "Skip waits", "Cancel open"),
        ),
        Address(f"/runs?open={open_run['id']}", "li[data-step]"),
        Address(f"/runs?range=30d&errorGroup={group['id']}", row),
        Address(f"/runs/{open_run['id']}", node, ("Cancel…",)),
        Address(failed, f"{node}, li[data-step] [aria-expanded='true']", ("Rerun…",)),
        Address(f"/runs/{failed_run['id']}/compare/{other_run['id']}", "li[data-step]"),
        Address("/recoveries", "main li"),
        Address(f"/recoveries/{recovery_id}", ".mantine-Progress-root"),
        Address("/delivery-ops", row),
        Address("/delivery-ops?tab=dead-lettered"),
        Address(f"/delivery-ops/{delivery['id']}", "[data-gate]", ("Resend",)),
        Address("/refusals", row),
        Address(f"/refusals/{refusal['id']}", "main section h2"),
        Address("/automations", row),
        Address("/automations/new", "button[data-node]"),
        Address(automation, "button[data-node]", ("Run now", "Hold…", "Pause", "Archive")),
        Address(f"{automation}?tab=test", "button[data-event]"),
        Address(f"{automation}?tab=test&event=refusal%3A{refusal['id']}", "[aria-label='Body']"),
        Address(f"{automation}?tab=versions"),
        Address(f"{automation}/edit?node=start", "input[type='radio']"),
        Address(f"{automation}/edit?node=score", "button[data-node]"),
        Address(f"{automation}/edit?view=json", "[aria-label='The automation as JSON']"),
        Address("/contacts", row),
        Address("/contacts/new", "form"),
        Address(person, "main section h2", ("Erase…",)),
        Address(f"{person}/edit", "form"),
        Address("/contacts/segments", row),
        Address("/contacts/segments/new", "form"),
        Address(f"/contacts/segments/{segment_id}", "form"),
        Address("/templates", row),
        Address("/templates/new", "form"),
        Address(f"/templates/{template['id']}?contact=ada@customer.example", "form"),
        Address("/settings?tab=workspace", "form"),
        Address("/settings?tab=members", "form", ("Remove viewer",)),
        Address("/settings?tab=secrets", "code", ("New secret", "Replace ", "Delete ")),
        Address("/account", "main section h2", ("Sign out everywhere",)),
        Address("/nowhere"),
    ]


# Checked in every frame, as `expect` only checks again after up to a second.
IS_LOADED = """() => document.querySelector('main h1:not([data-left])')?.checkVisibility()
  && !document.querySelector("[role='status'][aria-label^='Loading']")"""


def visit(page: Page, path: str, shown: str = "main h1") -> None:
    """Goes to a page of the console and waits until it has loaded."""
    if urlsplit(page.url).path == urlsplit(path).path:
        page.goto(path)
    else:
        page.locator("main h1").evaluate("title => title.dataset.left = ''")
        go(page, path)
    page.wait_for_function(IS_LOADED, timeout=15_000)
    page.locator(shown).first.wait_for(timeout=15_000)
    page.wait_for_function(IS_LOADED, timeout=15_000)

"""Every page of the console, and the dialogs that the pages open."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import httpx
from playwright.sync_api import Page, TimeoutError

from local.settings import ROOT
from tests.console.browser import go
from tests.console.webhooks import send
from tests.emulator.orders import everything
from tests.support.stack import Stack

_ROUTE = re.compile(r"\{ path: '([^']+)'")


@dataclass(frozen=True)
class Address:
    path: str
    shown: str = "main h1"
    """A selector of what the page loads last."""
    dialogs: tuple[str, ...] = field(default=())
    """The buttons that open dialogs, by the start of their names: `first > second` is opened by
    the second button, in the dialog of the first."""
    keys: tuple[str, ...] = field(default=())
    """The keys that open dialogs."""


def routes() -> list[re.Pattern[str]]:
    """Returns the paths in console/src/app/routes.ts."""
    found = _ROUTE.findall((ROOT / "console/src/app/routes.ts").read_text())
    return [re.compile(re.sub(r":\w+", "[^/]+", f"/{path}")) for path in found]


def _upload(owner: httpx.Client) -> str:
    """Uploads a file of contacts and returns the import's id."""
    document = {"format": "CSV", "fileName": "people.csv"}
    made = owner.post("/v1/contacts/imports", json=document).raise_for_status().json()
    part = f"/v1/contacts/imports/{made['id']}/parts/1"
    headers = {"Content-Type": "application/octet-stream"}
    owner.put(part, content=b"Mail,Plan\na@x.example,gold\n", headers=headers).raise_for_status()
    return str(made["id"])


def every_address(stack: Stack, owner: httpx.Client) -> list[Address]:
    """Returns at least one address of every route, with data on the page. Where a page shows one
    row, it is one of the demo data: rows of other tests may change or end meanwhile, and have
    contents of any kind."""

    def listed(path: str, **filters: str) -> list[dict[str, Any]]:
        answer = owner.get(path, params=filters).raise_for_status()
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def oldest(path: str, **filters: str) -> dict[str, Any]:
        *_, row = everything(owner, path, **filters)
        return row

    refused = {"orderId": uuid4().hex, "total": 90, "customer": {}}
    assert send(stack.local, "Order paid", refused).status_code == 422
    rules = [{"kind": "HAS_TAG", "tag": "vip"}]
    segment = owner.post("/v1/segments", json={"name": uuid4().hex, "rules": rules})
    segment_id = segment.raise_for_status().json()["id"]
    [contact] = listed("/v1/contacts", contact="ada@customer.example")
    automations = {each["name"]: each["id"] for each in everything(owner, "/v1/automations")}
    automation = f"/automations/{automations['Order paid']}"
    waiting = {"automationId": automations["Welcome"], "status": "RUNNING"}
    open_run = oldest("/v1/runs", range="30d", health="WAITING", **waiting)
    mine = {"automationId": automations["Order paid"]}
    failed_run = oldest("/v1/runs", status="FAILED", range="30d", **mine)
    other_run = oldest("/v1/runs", status="COMPLETED", range="30d", **mine)
    delivery = oldest("/v1/deliveries", status="SENT", range="30d", **mine)
    refusal = listed("/v1/refusals", **mine)[0]
    template = oldest("/v1/templates")
    group_id = failed_run["errorGroup"]
    # It selects no run, because nothing is that old.
    old = {"filter": {"to": "2020-01-01"}, "reason": "A test"}
    recovery_id = owner.post("/v1/recoveries", json=old).raise_for_status().json()["id"]
    owner.post("/v1/suppressions", json={"address": f"{uuid4().hex}@customer.example"})
    owner.post("/v1/exports", json={"list": "RUNS", "format": "CSV"}).raise_for_status()
    uploaded = _upload(owner)
    view = {"list": "RUNS", "name": uuid4().hex, "filter": {"status": ["FAILED"]}}
    owner.post("/v1/views", json=view).raise_for_status()
    row, node = "tr[data-row]", ".react-flow__node"
    person = f"/contacts/{contact['id']}"
    failed = f"/runs/{failed_run['id']}?step={failed_run['error']['nodeId']}"
    return [
        Address("/", "main section p"),
        Address(
            "/runs",
            "figure figcaption",
            ("Export…", "Rerun failed", "Skip waits", "Cancel open", "Views > Edit ", "Views"),
            ("/", "?"),
        ),
        # Only such runs, because other tests may open many newer ones.
        Address(f"/runs?range=30d&{urlencode(waiting)}&open={open_run['id']}", "li[data-step]"),
        Address(f"/runs?range=30d&errorGroup={group_id}", row),
        # A narrow page folds the graph.
        Address(f"/runs/{open_run['id']}", f"{node}, summary", ("Compare…", "Cancel…")),
        Address(failed, "li[data-step] [aria-expanded='true']", ("Rerun…",)),
        Address(f"/runs/{failed_run['id']}/compare/{other_run['id']}", "li[data-step]"),
        Address("/failures?range=30d", "li[data-group]", ("Resolve ", "Rerun the runs")),
        Address(f"/failures/{group_id}", "main section li", ("Resolve ",)),
        Address("/recoveries", "main li"),
        Address(f"/recoveries/{recovery_id}", ".mantine-Progress-root"),
        Address("/delivery-ops", row),
        Address("/delivery-ops?tab=dead-lettered"),
        Address(f"/delivery-ops/{delivery['id']}", "[data-gate]", ("Resend",)),
        Address("/refusals", row),
        Address(f"/refusals/{refusal['id']}", "main section h2"),
        Address("/suppressions", row, ("Suppress an", "Remove ")),
        Address("/exports", "main li"),
        Address("/automations", row),
        Address("/automations/new", "button[data-node]"),
        Address(automation, "button[data-node]", ("Run now", "Hold…", "Pause", "Archive")),
        Address(f"{automation}?tab=test", "button[data-event]"),
        Address(f"{automation}?tab=test&event=refusal%3A{refusal['id']}", "[aria-label='Body']"),
        Address(f"{automation}?tab=versions"),
        Address(f"{automation}/timings?range=30d", "tbody tr"),
        Address(f"{automation}/edit?node=start", "input[type='radio']"),
        Address(f"{automation}/edit?node=score", "button[data-node]"),
        Address(f"{automation}/edit?view=json", "[aria-label='The automation as JSON']"),
        Address("/contacts", row),
        Address("/contacts/new", "form"),
        Address("/contacts/import", "form"),
        Address(f"/contacts/import?import={uploaded}", "[aria-label='Columns'] select"),
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
        Address(
            "/account",
            "main section h2",
            ("Sign out everywhere", "(Search records|Open the search)"),
        ),
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
    try:
        page.wait_for_function(IS_LOADED, timeout=15_000)
        page.locator(shown).first.wait_for(timeout=15_000)
        page.wait_for_function(IS_LOADED, timeout=15_000)
    except TimeoutError as error:
        seen = page.locator("body").inner_text()
        raise AssertionError(f"{path} does not show {shown}, but: {seen}") from error

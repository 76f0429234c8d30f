"""Webhooks in the console: the sender, the last events, and a refused event that is replayed."""

import json
import re
from typing import Any
from uuid import uuid4

import httpx
from playwright.sync_api import Page, expect

from tests.console.axe import violations
from tests.console.operators import Operator
from tests.emulator.orders import ACTIVATE_SECONDS, activate


def make_automation(admin: Operator, trigger: dict[str, Any]) -> dict[str, Any]:
    """Makes an active automation with a webhook, after waiting for a pending activation."""
    draft = {
        "name": f"Shop {uuid4().hex[:8]}",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK", **trigger}},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "done"}],
    }
    made = activate(admin.api, draft)
    automation: dict[str, Any] = admin.get(f"/v1/automations/{made['id']}")
    return automation


def send(automation: dict[str, Any], event: dict[str, Any]) -> httpx.Response:
    return httpx.post(automation["webhook"]["url"], json=event, timeout=30)


def test_a_refused_event_is_looked_at_its_cause_corrected_and_replayed_once(
    admin: Operator,
) -> None:
    page = admin.page
    lookup = {"by": "email", "path": "customer.email"}
    automation = make_automation(admin, {"contactLookup": lookup})
    event = {"order": {"id": uuid4().hex}, "buyer": {"mail": "ada@customer.example"}}
    assert send(automation, event).status_code == 422

    admin.open(f"/refusals?automationId={automation['id']}")
    page.locator("tr[data-row]").get_by_role("link").first.click()
    expect(page.get_by_role("region", name="Why no run was opened")).to_contain_text(
        "no text at customer.email"
    )
    expect(page.get_by_role("group", name="Body")).to_contain_text("ada@customer.example")
    assert violations(page) == []
    refusal = page.url

    page.get_by_role("link", name="edit the trigger").click()
    page.get_by_role("button", name="Pick path from a real event").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("group", name="Fields of the event")).to_be_visible()
    assert violations(page) == []
    dialog.get_by_role("button", name=re.compile("mail:")).click()
    path = page.get_by_role("textbox", name="Path", exact=True)
    expect(path).to_have_value("buyer.mail")
    assert violations(page) == []
    page.get_by_role("button", name="Save and activate").click()
    page.get_by_role("dialog").get_by_role("button", name="Activate").click()
    activated = page.get_by_role("dialog", name="Automation activated")
    activated.get_by_role("button", name="Not now").click(timeout=1_000 * ACTIVATE_SECONDS)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()

    page.goto(refusal)
    page.get_by_role("button", name="Replay the event").click()
    replayed = page.get_by_text("This event was replayed")
    expect(replayed).to_be_visible()
    expect(page.get_by_role("button", name="Replay the event")).to_have_count(0)
    page.get_by_role("link", name=re.compile("^run_")).click()
    expect(page.locator("h1 ~ [role='status'] [data-status='COMPLETED']")).to_be_visible(
        timeout=30_000
    )
    runs = admin.get("/v1/runs", automationId=automation["id"])["items"]
    assert len(runs) == 1
    again = admin.api.post(f"/v1/refusals/{refusal.rsplit('/', 1)[1]}/replay")
    assert (again.status_code, len(runs)) == (409, 1)


def test_the_sender_is_chosen_and_its_own_secret_set(admin: Operator) -> None:
    page = admin.page
    automation = make_automation(admin, {})
    admin.open(f"/automations/{automation['id']}/edit?node=start")
    sender = page.get_by_role("group", name="Who sends this?")
    sender.get_by_text("GitHub", exact=True).click()
    expect(sender.get_by_text(re.compile("not set"))).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Save", exact=True).click()
    sender.get_by_role("button", name="Set the secret").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Enter the secret that the sender uses").check()
    dialog.locator("input[type=password]").fill(f"shared-with-github-{uuid4().hex}")
    assert violations(page) == []
    dialog.get_by_role("button", name="Set", exact=True).click()
    expect(dialog.get_by_text("The keys are set")).to_be_visible()
    dialog.get_by_role("button", name="Done").click()
    expect(sender.get_by_role("button", name="Replace the secret")).to_be_visible()
    shown = admin.get(f"/v1/automations/{automation['id']}")["webhook"]
    assert (shown["hasSecret"], shown["secret"]) == (True, None)


def chosen(page: Page, outcome: str) -> str:
    """Opens the newest event with this outcome; returns its key."""
    row = (
        page.get_by_role("list", name="Last events")
        .get_by_role("button")
        .filter(has=page.locator(f"[data-status='{outcome}']"))
    )
    row.first.click()
    return str(row.first.get_attribute("data-event"))


def test_the_test_bench_captures_events_and_sends_a_signed_sample(admin: Operator) -> None:
    page = admin.page
    automation = make_automation(admin, {"source": {"preset": "STRIPE"}})
    secret = {"secret": f"whsec_{uuid4().hex}", "overlapMinutes": 0}
    rotate = f"/v1/automations/{automation['id']}/rotate-secret"
    admin.api.post(rotate, json=secret).raise_for_status()
    admin.open(f"/automations/{automation['id']}?tab=test")
    page.get_by_role("button", name="Capture for ten minutes").click()
    expect(page.get_by_text("Events are being captured")).to_be_visible()
    page.get_by_role("button", name="Send a signed sample").click()
    expect(page.get_by_text(re.compile("accepted the sample: 2"))).to_be_visible()
    expect(page.locator("[data-event^='captured:']")).to_be_visible()
    assert chosen(page, "ACCEPTED").startswith("captured:")
    expect(page.get_by_role("group", name="Body")).to_be_visible()
    assert violations(page) == []
    # A signature is a credential, so no copy of an event has it.
    kept = json.dumps(admin.get(f"/v1/automations/{automation['id']}/captured-events"))
    assert "v1=" not in kept

    page.get_by_role("link", name="Use this event in the editor").click()
    sample = page.get_by_label("Sample event")
    expect(sample).to_have_value(re.compile(r'"type": "text"'))
    expect(page).to_have_url(re.compile(r"node=start"))
    assert violations(page) == []

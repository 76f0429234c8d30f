"""Deliveries, refusals, contacts, templates and settings against the deployed stack."""

import re
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from local.settings import PASSWORD
from tests.console.operators import Operator, User, signed_in
from tests.console.webhooks import send
from tests.emulator.orders import wait_for
from tests.support.demo_users import own_workspace
from tests.support.stack import Stack


def receipt(operator: Operator) -> dict[str, Any]:
    """A message that a run of "Order paid" sent."""
    mine = {"automationId": operator.automation_id("Order paid"), "range": "7d"}
    deliveries = operator.every("/v1/deliveries", status="SENT,DELIVERED", **mine)
    return next(each for each in deliveries if each["runId"] and each["settledAt"])


def test_a_runs_delivery_is_followed_and_leads_back_to_its_step(operator: Operator) -> None:
    page = operator.page
    delivery = receipt(operator)
    operator.open(f"/runs/{delivery['runId']}?step={delivery['nodeId']}")
    page.locator(f"a[href='/delivery-ops/{delivery['id']}']").click()
    expect(page.get_by_role("heading", name=delivery["subject"])).to_be_visible()
    expect(page.locator("[data-gate='consent'][data-passed='true']")).to_be_visible()
    expect(page.get_by_role("region", name="Activity")).to_contain_text("Try 1")

    page.get_by_role("link", name=f"{delivery['nodeId']} in {delivery['runId']}").click()
    expect(page).to_have_url(re.compile(f"/runs/{delivery['runId']}"))
    expect(page.locator(f"li[data-step='{delivery['nodeId']}']")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name=delivery["subject"])).to_be_visible()


def test_the_chips_of_deliveries_agree_with_the_api(operator: Operator) -> None:
    page = operator.page
    operator.open("/delivery-ops?channel=EMAIL")
    operator.choose_status("Sent")
    expect(page).to_have_url(re.compile(r"channel=EMAIL&status=SENT"))
    rows = page.locator("tr[data-row]")
    chips = page.get_by_role("radiogroup", name="Status").locator("[data-count]")

    # Both are read again each time, because messages of other tests may be sent meanwhile.
    def rows_agree() -> bool:
        query = {"status": "SENT", "channel": "EMAIL", "range": "7d"}
        sent = [each["id"] for each in operator.get("/v1/deliveries", **query)["items"]]
        assert sent
        return bool(rows.evaluate_all("rows => rows.map(row => row.dataset.row)") == sent)

    def counts_agree() -> bool:
        counts = operator.get("/v1/deliveries/counts", channel="EMAIL", range="7d")
        return chips.first.get_attribute("data-count") == str(counts["total"])

    wait_for("the rows of the API", rows_agree, 20)
    wait_for("the counts of the API", counts_agree, 30)
    page.reload()
    wait_for("the rows of the API", rows_agree, 20)


def test_a_delivery_is_resent(operator: Operator) -> None:
    page = operator.page
    delivery = receipt(operator)
    operator.open(f"/delivery-ops/{delivery['id']}")
    page.get_by_role("button", name="Resend").click()
    dialog = page.get_by_role("dialog")
    # Overruling gates is for an admin.
    expect(dialog.get_by_role("checkbox")).to_have_count(0)
    dialog.get_by_role("button", name="Resend").click()
    dialog.get_by_role("link", name="Open the new delivery").click()
    expect(page.get_by_role("link", name=f"Resend of {delivery['id']}")).to_be_visible()
    expect(page.get_by_text(f"Resend requested by {operator.user.email}")).to_be_visible()
    expect(page.locator("header [data-status='SENT']")).to_be_visible(timeout=60_000)


def test_a_refusal_shows_its_reason(operator: Operator, stack: Stack) -> None:
    page = operator.page
    event = {"orderId": uuid4().hex, "total": 90, "customer": {}}
    assert send(stack.local, "Order paid", event).status_code == 422
    operator.open("/refusals")
    # Mantine hides the input of a chip, so the click is on its label.
    page.get_by_role("radiogroup", name="Reason").get_by_text("Invalid payload").click()
    expect(page).to_have_url(re.compile("reason=INVALID_PAYLOAD"))
    page.locator("tr[data-row]").first.get_by_role("link").first.click()
    why = page.get_by_role("region", name="Why no run was opened")
    expect(why).to_contain_text("customer.email")
    page.get_by_role("main").get_by_role("link", name="Refused events", exact=True).click()
    expect(page).to_have_url(re.compile("reason=INVALID_PAYLOAD"))


def test_a_contact_is_created_after_its_phone_is_corrected(admin: Operator) -> None:
    page = admin.page
    email = f"{uuid4().hex}@customer.example"
    admin.open("/contacts")
    page.get_by_role("link", name="New contact").first.click()
    page.get_by_role("textbox", name="E-mail").fill(email)
    phone = page.get_by_role("textbox", name="Phone")
    phone.fill("12")
    page.get_by_role("button", name="Create contact").click()
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(phone).to_be_focused()
    expect(page.get_by_text(re.compile("phone number"))).to_be_visible()

    phone.fill(f"+49151{uuid4().int % 10**8:08}")
    page.get_by_role("button", name="Create contact").click()
    expect(page.get_by_role("heading", name=email)).to_be_visible()
    page.get_by_role("link", name="Contacts", exact=True).first.click()
    page.get_by_role("searchbox", name="Contact").fill(f" {email.upper()} ")
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.locator("tr[data-row]")).to_contain_text(email)


def test_a_contact_is_erased_permanently(stack: Stack, page: Page) -> None:
    email = f"{uuid4().hex}@customer.example"
    with signed_in(stack, page, User(own_workspace(stack).owner, PASSWORD)) as owner:
        contact = owner.api.post("/v1/contacts", json={"email": email}).raise_for_status().json()
        owner.open(f"/contacts/{contact['id']}")
        page.get_by_role("button", name="Erase…").click()
        dialog = page.get_by_role("dialog", name=f"Erase {email}?")
        expect(dialog).to_contain_text("This cannot be undone")
        expect(dialog.get_by_role("button", name="Erase")).to_be_disabled()
        dialog.get_by_label("Erase this contact permanently").check()
        dialog.get_by_role("button", name="Erase").click()
        expect(page.get_by_role("heading", name="This contact was erased")).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="This contact was erased")).to_be_visible()
        expect(page.get_by_text(email)).to_have_count(0)


def test_a_template_is_previewed_while_it_is_written(admin: Operator) -> None:
    page = admin.page
    admin.open("/templates/new?contact=ada@customer.example")
    page.get_by_role("textbox", name="Name").fill(f"Offer {uuid4().hex[:8]}")
    page.get_by_role("textbox", name="Subject").fill("For {{contact.firstName}}")
    body = page.get_by_role("textbox", name="Plain text")
    body.fill("{{trigger.plan}} <b>{{contact.lastName}}</b>")
    expect(page.get_by_text("In this preview: `trigger.plan` has no value")).to_be_visible()
    page.get_by_role("textbox", name="trigger (JSON)").fill('{"plan": "pro"}')
    page.get_by_role("tab", name="Plain text").click()
    preview = page.get_by_role("region", name="Body preview")
    expect(preview).to_have_text("pro <b>Lovelace</b>")
    expect(page.get_by_text("For Ada")).to_be_visible()
    page.get_by_role("button", name="Create template").click()
    expect(page).to_have_url(re.compile("/templates/tpl_"))


def test_leaving_unsaved_work_asks_first(admin: Operator) -> None:
    page = admin.page
    admin.open("/contacts")
    page.get_by_role("link", name="Templates", exact=True).click()
    page.get_by_role("link", name="New template").click()
    name = page.get_by_role("textbox", name="Name")
    name.fill("Half a template")
    leaving = page.get_by_role("dialog", name="Leave without saving?")
    page.get_by_role("link", name="Run history", exact=True).click()
    expect(leaving).to_contain_text("Your changes will be lost.")
    leaving.get_by_role("button", name="Stay").click()
    page.evaluate("history.back()")
    expect(leaving).to_be_visible()
    expect(page).to_have_url(re.compile("/templates/new$"))
    leaving.get_by_role("button", name="Stay").click()
    expect(name).to_have_value("Half a template")
    # Twice, before the first step was undone.
    page.evaluate("history.back(); history.back()")
    expect(leaving).to_be_visible()
    expect(page).to_have_url(re.compile("/templates/new$"))
    leaving.get_by_role("button", name="Stay").click()
    expect(name).to_have_value("Half a template")
    page.evaluate("history.back()")
    leaving.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", name="Templates")).to_be_visible()
    expect(page).to_have_url(re.compile("/templates$"))


@pytest.mark.deep
def test_leaving_saved_work_does_not_ask(admin: Operator) -> None:
    page = admin.page
    document = {"name": uuid4().hex, "channel": "SMS", "body": "Hello"}
    made = admin.api.post("/v1/templates", json=document).raise_for_status().json()
    admin.open(f"/templates/{made['id']}")
    page.get_by_role("textbox", name="Body").fill("Hello again")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main").get_by_text("Saved", exact=True)).to_be_visible()
    page.get_by_role("link", name="Run history", exact=True).click()
    expect(page.get_by_role("heading", name="Run history")).to_be_visible()

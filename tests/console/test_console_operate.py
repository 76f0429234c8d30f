"""Deliveries, refusals, contacts, templates and settings against the deployed stack."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.axe import grave_violations
from tests.console.browser import DESKTOP, PHONE, ColorScheme, new_context, watch_policy
from tests.console.operators import Operator, user_of
from tests.console.webhooks import send
from tests.support.stack import Stack


@pytest.fixture
def admin(stack: Stack, page: Page) -> Iterator[Operator]:
    user = user_of(stack, 0, "ADMIN")
    with stack.api(user.email) as api:
        yield Operator(user, page, api)


def receipt(operator: Operator) -> dict[str, Any]:
    """A message that a run of "Order paid" sent."""
    deliveries = operator.get("/v1/deliveries", range="7d", limit=100)["items"]
    return next(
        each
        for each in deliveries
        if each["automationName"] == "Order paid" and each["runId"] and each["settledAt"]
    )


def test_a_runs_delivery_is_followed_and_leads_back_to_its_step(operator: Operator) -> None:
    page = operator.page
    delivery = receipt(operator)
    operator.open(f"/runs/{delivery['runId']}?step={delivery['nodeId']}")
    page.locator(f"a[href='/delivery-ops/{delivery['id']}']").click()
    expect(page.get_by_role("heading", name=delivery["subject"])).to_be_visible()
    expect(page.locator("[data-gate='consent'][data-passed='true']")).to_be_visible()
    expect(page.get_by_role("region", name="What happened")).to_contain_text("Try 1")

    page.get_by_role("link", name=f"{delivery['nodeId']} of {delivery['runId']}").click()
    expect(page).to_have_url(re.compile(f"/runs/{delivery['runId']}"))
    expect(page.locator(f"li[data-step='{delivery['nodeId']}']")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name=delivery["subject"])).to_be_visible()


def test_the_chips_of_deliveries_agree_with_the_api(operator: Operator) -> None:
    page = operator.page
    operator.open("/delivery-ops?channel=EMAIL")
    operator.choose_status("Sent")
    expect(page).to_have_url(re.compile(r"channel=EMAIL&status=SENT"))
    sent = operator.get("/v1/deliveries", status="SENT", channel="EMAIL", range="7d")["items"]
    assert sent
    rows = page.locator("tr[data-row]")
    expect(rows).to_have_count(len(sent))
    ids = rows.evaluate_all("rows => rows.map(row => row.dataset.row)")
    assert ids == [each["id"] for each in sent]
    counts = operator.get("/v1/deliveries/counts", channel="EMAIL", range="7d")
    chips = page.get_by_role("radiogroup", name="Status").locator("[data-count]")
    expect(chips.first).to_have_attribute("data-count", str(counts["total"]))
    page.reload()
    expect(rows).to_have_count(len(sent))


def test_a_delivery_is_sent_again(operator: Operator) -> None:
    page = operator.page
    delivery = receipt(operator)
    operator.open(f"/delivery-ops/{delivery['id']}")
    page.get_by_role("button", name="Resend").click()
    dialog = page.get_by_role("dialog")
    # Overruling gates is for an admin.
    expect(dialog.get_by_role("checkbox")).to_have_count(0)
    dialog.get_by_role("button", name="Send again").click()
    dialog.get_by_role("link", name="Open the new delivery").click()
    expect(page.get_by_role("link", name=f"Resend of {delivery['id']}")).to_be_visible()
    expect(page.get_by_text(f"Asked for by {operator.user.email}")).to_be_visible()
    expect(page.locator("header [data-status='SENT']")).to_be_visible(timeout=60_000)


def test_why_nothing_ran_is_found(operator: Operator, stack: Stack) -> None:
    page = operator.page
    event = {"orderId": uuid4().hex, "total": 90, "customer": {}}
    assert send(stack.local, "Order paid", event).status_code == 422
    operator.open("/refusals")
    reasons = page.get_by_role("list", name="Refusals by reason")
    reasons.get_by_role("link", name=re.compile("^Invalid payload")).click()
    expect(page).to_have_url(re.compile("reason=INVALID_PAYLOAD"))
    page.locator("tr[data-row]").first.get_by_role("link").first.click()
    why = page.get_by_role("region", name="Why nothing ran")
    expect(why).to_contain_text("customer.email")
    page.get_by_role("main").get_by_role("link", name="Refusals", exact=True).click()
    expect(page).to_have_url(re.compile("reason=INVALID_PAYLOAD"))


def test_a_contact_is_created_once_its_phone_is_mended(admin: Operator) -> None:
    page = admin.page
    email = f"{uuid4().hex}@customer.example"
    admin.open("/contacts")
    page.get_by_role("link", name="New contact").click()
    page.get_by_role("textbox", name="E-mail").fill(email)
    phone = page.get_by_role("textbox", name="Phone")
    phone.fill("12")
    page.get_by_role("button", name="Create the contact").click()
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(phone).to_be_focused()
    expect(page.get_by_text(re.compile("phone number"))).to_be_visible()

    phone.fill(f"+49151{uuid4().int % 10**8:08}")
    page.get_by_role("button", name="Create the contact").click()
    expect(page.get_by_role("heading", name=email)).to_be_visible()
    page.get_by_role("link", name="Contacts", exact=True).first.click()
    page.get_by_role("searchbox", name="Contact").fill(f" {email.upper()} ")
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.locator("tr[data-row]")).to_contain_text(email)


def test_a_person_is_erased_for_good(admin: Operator) -> None:
    page = admin.page
    email = f"{uuid4().hex}@customer.example"
    contact = admin.api.post("/v1/contacts", json={"email": email}).raise_for_status().json()
    admin.open(f"/contacts/{contact['id']}")
    page.get_by_role("button", name="Erase…").click()
    dialog = page.get_by_role("dialog", name=f"Erase {email}?")
    expect(dialog).to_contain_text("This cannot be undone")
    expect(dialog.get_by_role("button", name="Erase")).to_be_disabled()
    dialog.get_by_label("Erase this person for good").check()
    dialog.get_by_role("button", name="Erase").click()
    expect(page.get_by_role("heading", name="This contact was erased")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="This contact was erased")).to_be_visible()
    expect(page.get_by_text(email)).to_have_count(0)


def test_a_template_is_previewed_for_a_contact_as_it_is_written(admin: Operator) -> None:
    page = admin.page
    admin.open("/templates/new?contact=ada@customer.example")
    page.get_by_role("textbox", name="Name").fill(f"Offer {uuid4().hex[:8]}")
    page.get_by_role("textbox", name="Subject").fill("For {{contact.firstName}}")
    body = page.get_by_role("textbox", name="Body")
    body.fill("{{trigger.plan}} <b>{{contact.lastName}}</b>")
    expect(page.get_by_text("In this preview: `trigger.plan` has no value")).to_be_visible()
    page.get_by_role("textbox", name="Payload of the trigger").fill('{"plan": "pro"}')
    preview = page.get_by_role("region", name="Preview of the body")
    expect(preview).to_have_text("pro <b>Lovelace</b>")
    expect(page.get_by_text("For Ada")).to_be_visible()
    page.get_by_role("button", name="Create the template").click()
    expect(page).to_have_url(re.compile("/templates/tpl_"))


def test_a_viewer_reads_and_is_shown_no_actions(stack: Stack, page: Page) -> None:
    user = user_of(stack, 0, "VIEWER")
    with stack.api(user.email) as api:
        viewer = Operator(user, page, api)
        [contact] = viewer.get("/v1/contacts", contact="ada@customer.example")["items"]
        template = viewer.get("/v1/templates")["items"][0]
        delivery = receipt(viewer)
    for path, heading in (
        (f"/delivery-ops/{delivery['id']}", delivery["subject"]),
        ("/delivery-ops?tab=dead-lettered", "Delivery ops"),
        (f"/contacts/{contact['id']}", "Ada Lovelace"),
        ("/contacts", "Contacts"),
        (f"/templates/{template['id']}", template["name"]),
        ("/templates", "Templates"),
        ("/settings", "Settings"),
    ):
        viewer.open(path)
        main = page.get_by_role("main")
        expect(main.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        expect(page.get_by_text("Viewer", exact=True)).to_be_visible()
        words = "Resend|Edit|Erase|New|Save|Set anew|Delete|Export"
        expect(main.get_by_role("button", name=re.compile(words))).to_have_count(0)
        expect(main.get_by_role("link", name=re.compile("^(New|Edit)"))).to_have_count(0)


FITS = "width => document.documentElement.scrollWidth === width"


def addresses(owner: Operator, stack: Stack) -> dict[str, bool]:
    """Of every kind of page that has no walk of its own, and whether axe looks at it on a phone
    too: one page of each layout."""
    refused = {"orderId": uuid4().hex, "total": 90, "customer": {}}
    assert send(stack.local, "Order paid", refused).status_code == 422
    rules = [{"kind": "HAS_TAG", "tag": "vip"}]
    segment = owner.api.post("/v1/segments", json={"name": uuid4().hex, "rules": rules})
    [contact] = owner.get("/v1/contacts", contact="ada@customer.example")["items"]
    refusal, template, group = (
        owner.get(path)["items"][0]
        for path in ("/v1/refusals", "/v1/templates", "/v1/failure-groups")
    )
    return {
        f"/runs?range=30d&errorGroup={group['id']}": False,
        "/automations/new": False,
        "/delivery-ops": True,
        "/delivery-ops?tab=dead-lettered": False,
        f"/delivery-ops/{receipt(owner)['id']}": True,
        "/refusals": False,
        f"/refusals/{refusal['id']}": False,
        "/contacts": True,
        "/contacts/new": False,
        f"/contacts/{contact['id']}": False,
        f"/contacts/{contact['id']}/edit": False,
        "/contacts/segments": False,
        "/contacts/segments/new": False,
        f"/contacts/segments/{segment.raise_for_status().json()['id']}": False,
        "/templates": False,
        "/templates/new": False,
        f"/templates/{template['id']}?contact=ada@customer.example": False,
        "/settings?tab=workspace": True,
        "/settings?tab=members": False,
        "/settings?tab=secrets": False,
        "/nowhere": False,
    }


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_everybody_can_use_these_pages(
    browser: Browser, stack: Stack, color_scheme: ColorScheme
) -> None:
    user = user_of(stack, 0, "OWNER")
    with (
        new_context(browser, stack.url, color_scheme=color_scheme) as context,
        stack.api(user.email) as api,
    ):
        page = context.new_page()
        owner = Operator(user, page, api)
        refused_by_policy = watch_policy(page)
        for path, is_checked_small in addresses(owner, stack).items():
            owner.open(path)
            expect(page.get_by_role("main").get_by_role("heading", level=1)).to_be_visible()
            expect(page.get_by_role("status", name=re.compile("^Loading"))).to_have_count(0)
            assert grave_violations(page) == [], path
            page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
            # What draws itself anew, as a chart, does so a moment after.
            page.wait_for_function(FITS, arg=PHONE[0])
            if is_checked_small:
                assert grave_violations(page) == [], f"{path} on a phone"
            page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        assert refused_by_policy == []

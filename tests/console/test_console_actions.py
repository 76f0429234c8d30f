"""Actions on many runs, overruled gates, and the actions that each role sees."""

import re
from uuid import uuid4

from playwright.sync_api import BrowserContext, expect

from tests.console.browser import open_page
from tests.console.operators import Operator, at_work, user_of
from tests.console.pages import Address, every_address, visit
from tests.console.webhooks import fire
from tests.support.depth import sample
from tests.support.stack import Stack


def test_every_open_run_of_a_list_is_canceled(operator: Operator, stack: Stack) -> None:
    page = operator.page
    email = f"{uuid4().hex}@customer.example"
    automation_id = operator.automation_id("Welcome")
    ended = fire(stack.local, "Welcome", {"email": email, "plan": "free"})
    opened = {fire(stack.local, "Welcome", {"email": email, "plan": "team"}) for _ in range(3)}
    operator.open(f"/runs?contact={email}&automationId={automation_id}")
    expect(page.locator("tr[data-row] [data-status='WAITING']")).to_have_count(3, timeout=30_000)
    expect(page.locator(f"tr[data-row='{ended}'] [data-status='COMPLETED']")).to_be_visible()

    page.get_by_role("button", name="Cancel open runs…").click()
    dialog = page.get_by_role("dialog", name="Cancel all open runs in this list?")
    expect(dialog).to_contain_text("This stops 3 runs where they are.")
    sample = dialog.get_by_role("list", name="Examples").get_by_role("listitem")
    expect(sample).to_have_text([re.compile(f"Waiting.*Welcome · {email}")] * 3)
    cancel = dialog.get_by_role("button", name="Cancel 3 runs")
    expect(cancel).to_be_disabled()
    dialog.get_by_label("Reason").fill("A test, not customers")
    cancel.click()
    expect(dialog.get_by_role("status")).to_contain_text("3 runs canceled")
    dialog.get_by_role("button", name="Close").last.click()
    expect(page.locator("tr[data-row] [data-status='CANCELED']")).to_have_count(3)
    expect(page.locator(f"tr[data-row='{ended}'] [data-status='COMPLETED']")).to_be_visible()

    found = operator.get("/v1/runs", contact=email)["items"]
    canceled = {run["id"]: run["canceled"] for run in found if run["status"] == "CANCELED"}
    assert canceled.keys() == opened
    assert {(each["by"], each["reason"]) for each in canceled.values()} == {
        (operator.user.email, "A test, not customers")
    }


def test_an_admin_overrules_a_gate(admin: Operator, stack: Stack) -> None:
    page = admin.page
    email = f"{uuid4().hex}@customer.example"
    event = {"orderId": uuid4().hex, "total": 90, "customer": {"email": email}}
    run_id = fire(stack.local, "Order paid", event)
    admin.open(f"/delivery-ops?runId={run_id}")
    page.locator("tr[data-row] [data-status='SENT']").wait_for(timeout=30_000)
    [contact] = admin.get("/v1/contacts", contact=email)["items"]
    given = ("email", "phone", "firstName", "lastName", "tags", "metadata")
    without = {"marketing": False, "transactional": False}
    document = {name: contact[name] for name in given} | {"consents": without}
    admin.api.put(f"/v1/contacts/{contact['id']}", json=document).raise_for_status()
    try:
        overrule_the_gate(admin)
    finally:
        # Other tests resend this message.
        document["consents"] = contact["consents"]
        admin.api.put(f"/v1/contacts/{contact['id']}", json=document).raise_for_status()


def test_an_admin_withdraws_a_consent_on_one_channel(admin: Operator) -> None:
    page = admin.page
    person = {"email": f"{uuid4().hex}@customer.example", "consents": {"marketing": True}}
    made = admin.api.post("/v1/contacts", json=person)
    made.raise_for_status()
    address = f"/contacts/{made.json()['id']}"
    admin.open(f"{address}/edit")
    page.get_by_role("checkbox", name="Marketing messages by SMS").uncheck()
    page.get_by_role("button", name="Save").click()

    consents = page.get_by_role("region", name="Consents")
    expect(consents.locator("[data-channel='SMS']")).to_have_text("SMSGivenWithdrawn")
    expect(consents.locator("[data-channel='EMAIL']")).to_have_text("E-mailGivenGiven")
    changes = consents.get_by_role("list").get_by_role("listitem")
    expect(changes).to_have_count(2)
    expect(changes.first).to_contain_text("Marketing consent withdrawn for SMS")
    expect(changes.first).to_contain_text(f"In the console, by {admin.user.email}")
    expect(changes.last).to_contain_text(f"Through the API, by {admin.user.email}")


def overrule_the_gate(admin: Operator) -> None:
    """Resends the only delivery in the list. A gate stops the message, until the dialog's checkbox
    overrules the gates."""
    page = admin.page
    page.locator("tr[data-row]").get_by_role("link").first.click()
    expect(page.locator("[data-gate]").first).to_be_visible()
    page.get_by_role("button", name="Resend").click()
    dialog = page.get_by_role("dialog", name="Resend this message?")
    dialog.get_by_role("button", name="Resend").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Nothing was sent.")
    dialog.get_by_role("button", name="Close").last.click()

    page.get_by_role("button", name="Resend").click()
    overrule = dialog.get_by_role("checkbox", name="Overrule gates")
    expect(overrule).not_to_be_checked()
    expect(dialog).to_contain_text("Sends the message even if consent, suppression")
    overrule.check()
    dialog.get_by_role("button", name="Resend").click()
    expect(dialog.get_by_role("status")).to_contain_text("Resend started")
    dialog.get_by_role("link", name="Open the new delivery").click()
    consent = page.locator("[data-gate='consent']")
    expect(consent).to_contain_text(admin.user.email)
    expect(page.locator("header [data-status='SENT']")).to_be_visible(timeout=30_000)


# Buttons and links by the lowest role that sees them.
ACTIONS = {
    "MEMBER": {
        *(
            "Export…",
            "Cancel…",
            "Cancel open runs…",
            "Rerun…",
            "Rerun failed runs…",
            "Skip waits…",
            "Resend",
            "Run now",
            "Hold…",
        ),
    },
    "ADMIN": {
        *("New automation", "New contact", "New segment", "New template", "New secret"),
        *("Edit", "Erase…", "Pause", "Archive", "Replace value", "Delete"),
        *("Save", "Create contact", "Create segment", "Create template"),
    },
    "OWNER": {"Send invitation", "Remove"},
}


def test_each_role_sees_only_its_actions(profile: BrowserContext, stack: Stack) -> None:
    with stack.api(user_of(stack, 0, "OWNER").email) as owner:
        addresses = one_of_each_page(every_address(stack, owner))
    to_owner = offered(profile, stack, "OWNER", addresses)
    assert set().union(*to_owner.values()) == set().union(*ACTIONS.values())
    # Enough of the pages to hold every action.
    some = sample(addresses, lambda address: to_owner[address.path], story="roles")
    may: set[str] = set()
    for role in ("VIEWER", "MEMBER"):
        may |= ACTIONS.get(role, set())
        assert set().union(*offered(profile, stack, role, some).values()) == may, role
    # Only the settings differ between admins and owners.
    settings = [each for each in addresses if each.path.startswith("/settings")]
    to_admin = set().union(*offered(profile, stack, "ADMIN", settings).values())
    assert not to_admin - may - ACTIONS["ADMIN"]


def one_of_each_page(addresses: list[Address]) -> list[Address]:
    found: dict[str, Address] = {}
    for address in addresses:
        name = address.path.partition("?")[0]
        found.setdefault(address.path if name == "/settings" else name, address)
    return list(found.values())


def offered(
    profile: BrowserContext, stack: Stack, role: str, addresses: list[Address]
) -> dict[str, set[str]]:
    """The actions that each of the pages shows to this role."""
    known = set().union(*ACTIONS.values())
    found: dict[str, set[str]] = {}
    with open_page(profile) as page, at_work(stack, page, role) as reader:
        main = page.get_by_role("main")
        reader.open("/nowhere")
        expect(page.get_by_text(reader.user.email, exact=True)).to_be_visible()
        for address in addresses:
            visit(page, address.path)
            shown = {text.strip() for text in main.locator("button, a").all_inner_texts()}
            found[address.path] = shown & known
    return found

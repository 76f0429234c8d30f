"""An operator works through the failure inbox: who was hit, and who looks after it."""

import re
import uuid
from typing import Any

from playwright.sync_api import Page, expect

from tests.console.operators import Operator
from tests.console.test_console_recovery import expect_usable
from tests.emulator.orders import ADMIN, activate, fire, wait_for
from tests.support.stack import Stack

# The widest that the list of errors may be.
PICKER = 480


def refusing(name: str) -> dict[str, Any]:
    """An automation that fails for every event of a contact."""
    return {
        "name": name,
        "nodes": [
            {
                "id": "start",
                "type": "TRIGGER",
                "config": {
                    "triggerType": "WEBHOOK",
                    "contactLookup": {"by": "email", "path": "email"},
                    "createIfMissing": True,
                },
            },
            {
                "id": "bad",
                "type": "STOP_ERROR",
                "config": {"message": "Order {{trigger.order}} is too small to be shipped"},
            },
        ],
        "edges": [{"source": "start", "target": "bad"}],
    }


def fail(stack: Stack, automation: dict[str, Any], email: str) -> None:
    fire(stack, automation, {"order": str(uuid.uuid4().int)[:6], "email": email})


def group_of(operator: Operator, automation_id: str, **wanted: Any) -> Any:
    """Waits until the automation's failure group has these values; returns it."""

    def look() -> Any:
        found = operator.get("/v1/failure-groups", automationId=automation_id)["items"]
        return [each for each in found if wanted.items() <= each.items()]

    [group] = wait_for(f"a group with {wanted}", look)
    return group


def item_of(page: Page, group: dict[str, Any]) -> Any:
    return page.locator(f"li[data-group='{group['id']}']")


def test_a_failure_is_assigned_and_shows_who_was_hit(operator: Operator, stack: Stack) -> None:
    page = operator.page
    ada, bob = (f"{each}.{uuid.uuid4().hex[:6]}@customer.example" for each in ("ada", "bob"))
    with stack.api(ADMIN) as api:
        automation = activate(api, refusing(f"Refuses {uuid.uuid4().hex[:6]}"))
    for email in (ada, bob, ada):
        fail(stack, automation, email)
    group = group_of(operator, automation["id"], count=3)
    assert (group["contacts"], group["firstVersion"]) == (2, 1)

    # Two clicks to the people: the entry of the navigation, and the failure.
    operator.open("/runs")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Failures").click()
    item = item_of(page, group)
    expect(item).to_contain_text("3 runs")
    expect(item).to_contain_text("2 people")
    expect(item).to_contain_text("in version 1")
    assignee = item.get_by_role("combobox")
    assignee.select_option(label=operator.user.email)
    group_of(operator, automation["id"], assignedBy=operator.user.email)
    expect_usable(page)
    item.get_by_role("link", name=group["title"]).click()
    people = page.get_by_role("list", name=re.compile("^People"))
    expect(people.get_by_role("listitem")).to_have_count(2)
    expect(people).to_contain_text(ada)
    expect(people).to_contain_text(bob)
    expect_usable(page)
    page.get_by_role("button", name=re.compile("^Rerun the runs")).click()
    expect(page.get_by_role("dialog", name="Rerun the failed runs?")).to_be_visible()


def test_the_errors_of_the_history_fit_and_say_what_was_chosen(operator: Operator) -> None:
    page = operator.page
    operator.open("/runs?range=30d")
    groups = operator.get("/v1/failure-groups", range="30d", order="count", limit=50)["items"]
    assert len(groups) > 1
    field = page.get_by_role("combobox", name="Error", exact=True)
    field.click()
    # Other filters have options of their own.
    listbox = page.get_by_role("listbox")
    options = listbox.get_by_role("option")
    expect(options).to_have_count(len(groups))
    box = listbox.bounding_box()
    assert box is not None
    assert box["width"] <= PICKER
    texts = options.all_inner_texts()
    counts = [int(text.partition(" ")[0].strip("+").replace(",", "")) for text in texts]
    assert counts == sorted(counts, reverse=True)
    options.first.click()
    expect(field).to_have_value(re.compile(re.escape(groups[0]["title"])))
    page.reload()
    expect(field).to_have_value(re.compile(re.escape(groups[0]["title"])))

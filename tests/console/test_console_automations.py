"""Automations in the console: created, fixed, activated and run, and shown as a graph."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.console.operators import Operator, at_work
from tests.emulator.orders import ACTIVATE_SECONDS
from tests.support.stack import Stack


def press(target: Locator, key: str = "Enter") -> None:
    """Presses a key on the focused element, like a keyboard user."""
    target.focus()
    target.press(key)


def node(page: Page, node_id: str) -> Locator:
    return page.locator(f"button[data-node='{node_id}']")


def exit_of(page: Page, name: str) -> Locator:
    return page.get_by_role("combobox", name=name, exact=True)


def open_editor(admin: Operator, name: str) -> str:
    """Opens the editor of the demo's automation with this name; returns its id."""
    automation_id = admin.automation_id(name)
    admin.open(f"/automations/{automation_id}/edit")
    expect(node(admin.page, "start")).to_be_visible()
    return automation_id


def test_an_automation_is_created_fixed_activated_and_run(admin: Operator) -> None:
    """Everything is done by keyboard."""
    page = admin.page
    admin.open("/automations")
    press(page.get_by_role("link", name="New automation"))
    name = page.get_by_label("Name").first
    problems = page.get_by_role("region", name="Problems")
    expect(problems).to_contain_text("Name")

    press(node(page, "start"))
    press(page.get_by_role("region", name="Add a node").get_by_role("button", name="Condition"))
    expect(node(page, "condition")).to_have_attribute(
        "aria-label", re.compile("condition, Condition, 1 problem")
    )
    press(problems.get_by_role("button", name=re.compile("Condition “condition”, tag")))
    tag = page.get_by_role("textbox", name="Tag", exact=True)
    expect(tag).to_be_focused()
    tag.fill("vip")
    press(page.get_by_role("button", name="Undo"))
    expect(tag).to_have_value("")
    page.get_by_label("Kind").select_option("HAS_EMAIL")
    exit_of(page, "If false").select_option("New: Stop with an error")
    expect(node(page, "stopError")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Message").fill("There is no address")
    press(problems.get_by_role("button", name=re.compile("^Name")))
    expect(name).to_be_focused()
    name.fill("Made in the editor")
    expect(problems).to_contain_text("No problems")

    press(page.get_by_role("button", name="Save and activate"))
    press(page.get_by_role("dialog").get_by_role("button", name="Activate"))
    activated = page.get_by_role("dialog", name="Automation activated")
    expect(activated).to_be_visible(timeout=1_000 * ACTIVATE_SECONDS)
    press(activated.get_by_role("button", name="Run now"))
    dialog = page.get_by_role("dialog", name="Run “Made in the editor” now")
    dialog.get_by_label("Contact").fill("ada@customer.example")
    press(dialog.get_by_role("button", name="Run now"))
    press(dialog.get_by_role("link", name="Open the run"))
    expect(page.locator("h1 ~ [role='status'] [data-status='COMPLETED']")).to_be_visible(
        timeout=30_000
    )
    for node_id, words in (
        ("condition", "Completed"),
        ("done", "Completed"),
        ("stopError", "Not reached"),
    ):
        expect(node(page, node_id)).to_have_attribute("aria-label", re.compile(words))


def test_both_views_show_one_document_and_unsaved_work_is_kept(admin: Operator) -> None:
    page = admin.page
    open_editor(admin, "Support ticket")
    page.get_by_role("link", name="JSON").click()
    code = page.get_by_label("The automation as JSON")
    expect(code).to_contain_text("Support ticket")
    code.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text('{"name": "Half')
    expect(page.get_by_role("alert")).to_contain_text("Not a valid automation")
    document: dict[str, Any] = {
        "name": "From JSON",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
            {"id": "over", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "over"}],
    }
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(str(document).replace("'", '"'))
    page.get_by_role("link", name="Visual").click()
    expect(node(page, "over")).to_be_visible()
    expect(page.get_by_label("Name").first).to_have_value("From JSON")
    expect(page.get_by_text("Unsaved changes")).to_be_visible()

    page.get_by_role("link", name="Run history").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", name="Run history")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Continue editing").click()
    expect(node(page, "over")).to_be_visible()
    page.get_by_role("button", name="Undo").click(trial=True, force=True)
    page.get_by_label("Name").first.fill("Another")
    page.evaluate("sessionStorage.clear()")


def test_another_users_save_is_not_overwritten_silently(admin: Operator, stack: Stack) -> None:
    page = admin.page
    automation_id = open_editor(admin, "CRM sync")
    page.get_by_label("Name").first.fill("CRM sync of mine")
    shown = admin.get(f"/v1/automations/{automation_id}")
    document = {key: shown[key] for key in ("name", "reentry", "nodes", "edges", "layout")}
    try:
        theirs = admin.api.put(f"/v1/automations/{automation_id}", json=document)
        assert theirs.status_code == 200, theirs.text
        page.get_by_role("button", name="Save", exact=True).click()
        dialog = page.get_by_role("dialog", name="This automation was changed by someone else")
        expect(dialog).to_contain_text(admin.user.email)
        assert admin.get(f"/v1/automations/{automation_id}")["name"] == "CRM sync"
        dialog.get_by_role("button", name="Overwrite their changes").click()
        expect(page.get_by_text("Saved, not active")).to_be_visible()
        assert admin.get(f"/v1/automations/{automation_id}")["name"] == "CRM sync of mine"
    finally:
        admin.api.put(f"/v1/automations/{automation_id}", json=document).raise_for_status()


def test_a_viewer_reads_and_changes_nothing(page: Page, stack: Stack) -> None:
    with at_work(stack, page, "VIEWER") as viewer:
        open_editor(viewer, "Order paid")
        expect(page.get_by_text("Read-only")).to_be_visible()
        node(page, "big").click()
        expect(page.get_by_label("Kind")).to_be_disabled()
        expect(page.get_by_role("button", name="Save")).to_have_count(0)
        page.get_by_role("link", name="Automation", exact=True).click()
        expect(page.get_by_role("heading", name="Trigger")).to_be_visible()
        for action in ("Run now", "Pause", "Archive", "Activate", "Replace the secret"):
            expect(page.get_by_role("button", name=action)).to_have_count(0)

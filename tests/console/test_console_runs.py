"""The run history and a run's page against the deployed stack."""

import re
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.console.operators import Operator, user_of
from tests.console.webhooks import fire
from tests.support.stack import Stack


def expect_rows(page: Page, runs: list[dict[str, Any]]) -> None:
    """The table comes to show exactly these runs, from the top."""
    rows = page.locator("tr[data-run]")
    expect(rows).to_have_count(len(runs))
    for position, run in enumerate(runs):
        expect(rows.nth(position)).to_have_attribute("data-run", run["id"])


def test_filtering_by_failed_shows_failed_runs_only_and_agrees_with_the_api(
    operator: Operator,
) -> None:
    page = operator.page
    operator.open("/runs")
    page.get_by_text("Failed", exact=True).first.wait_for()
    page.get_by_role("radiogroup", name="Status").get_by_text("Failed").click()
    expect(page).to_have_url(re.compile(r"/runs\?status=FAILED$"))

    failed = operator.get("/v1/runs", status="FAILED", range="7d", limit=50)["items"]
    assert failed
    expect_rows(page, failed)
    statuses = page.locator("tr[data-run] [data-status]")
    assert set(statuses.all_text_contents()) == {"Failed"}


def test_automation_contact_and_range_narrow_the_list_together(operator: Operator) -> None:
    page = operator.page
    operator.open("/runs")
    page.get_by_role("textbox", name="Automation").or_(
        page.get_by_role("combobox", name="Automation")
    ).click()
    page.get_by_role("option", name="Order paid").click()
    page.get_by_role("searchbox", name="Contact").fill(" Ada@customer.example ")
    page.keyboard.press("Enter")
    page.get_by_text("24h", exact=True).click()
    expect(page).to_have_url(re.compile("automationId=.*&contact=.*&range=24h"))

    listed = operator.get("/v1/runs", contact="ada@customer.example", range="24h", limit=100)
    wanted = [run for run in listed["items"] if run["automationName"] == "Order paid"]
    assert wanted
    expect_rows(page, wanted)
    page.reload()
    expect_rows(page, wanted)


def test_which_node_failed_and_why_is_found_within_three_clicks(operator: Operator) -> None:
    page = operator.page
    run = next(
        run
        for run in operator.get("/v1/runs", status="FAILED", range="7d")["items"]
        if run["automationName"] == "Order paid"
    )
    operator.open("/runs")
    page.get_by_role("radiogroup", name="Status").get_by_text("Failed").click()
    page.locator(f"tr[data-run='{run['id']}']").get_by_role("link").click()
    error = page.get_by_role("region", name="Error")
    expect(error).to_contain_text(f"Failed at {run['error']['nodeId']}")
    expect(error).to_contain_text(run["error"]["message"])
    error.get_by_role("link", name="Open the step").click()
    step = page.locator(f"li[data-step='{run['error']['nodeId']}']")
    expect(step.locator("[data-status]")).to_have_text("Failed")
    expect(step).to_contain_text(run["error"]["kind"])


def test_a_fired_webhook_appears_and_completes_without_a_reload(
    operator: Operator, stack: Stack
) -> None:
    page = operator.page
    operator.open("/runs")
    expect(page.locator("tr[data-run]").first).to_be_visible()
    page.evaluate("window.sameDocument = true")

    email = f"{uuid4().hex}@customer.example"
    event = {"orderId": uuid4().hex, "total": 120, "customer": {"email": email}}
    run_id = fire(stack.local, "Order paid", event)

    page.get_by_role("button", name="1 new").click(timeout=30_000)
    row = page.locator(f"tr[data-run='{run_id}']")
    expect(row).to_be_visible(timeout=30_000)
    expect(row.locator("[data-status='COMPLETED']")).to_be_visible(timeout=30_000)
    expect(row).to_contain_text(email)
    assert page.evaluate("window.sameDocument") is True

    row.get_by_role("link").click()
    steps = page.locator("li[data-step]")
    expect(steps).to_have_count(6)
    nodes = steps.evaluate_all("items => items.map(item => item.dataset.step)")
    assert nodes == ["start", "big", "score", "remember", "receipt", "done"]
    page.get_by_role("button", name=re.compile("^score")).click()
    expect(page.get_by_role("region", name="Output")).to_contain_text('"score"')
    page.get_by_role("button", name=re.compile("^receipt")).click()
    expect(page.locator("li[data-step='receipt']")).to_contain_text("Deliveries")


def test_what_a_payload_holds_is_text_and_never_markup(operator: Operator, stack: Stack) -> None:
    markup = "<img src=x onerror='window.pwned = true'>"
    event = {
        "orderId": f"{markup}{uuid4().hex}",
        "total": 1,
        "customer": {"email": "ada@customer.example"},
    }
    run_id = fire(stack.local, "Order paid", event)
    operator.open(f"/runs/{run_id}")
    expect(operator.page.get_by_role("region", name="Payload")).to_contain_text(markup)
    # The node's own message quotes the order's id.
    expect(operator.page.get_by_role("region", name="Error")).to_contain_text(markup)
    assert operator.page.evaluate("window.pwned") is None


def test_a_run_is_opened_and_its_steps_unfolded_by_keyboard(operator: Operator) -> None:
    page = operator.page
    operator.open("/runs?status=COMPLETED")
    link = page.locator("tr[data-run]").first.get_by_role("link")
    link.focus()
    page.keyboard.press("Enter")
    step = page.locator("li[data-step]").first.get_by_role("button").first
    step.focus()
    page.keyboard.press("Space")
    expect(step).to_have_attribute("aria-expanded", "true")
    expect(page).to_have_url(re.compile(r"/runs/run_\w+\?step=start$"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/runs\?status=COMPLETED$"))


def test_another_workspaces_run_is_not_there(operator: Operator, stack: Stack) -> None:
    with stack.api(user_of(stack, 1, "MEMBER").email) as other:
        response = other.get("/v1/runs", params={"range": "30d"})
    run_id = response.raise_for_status().json()["items"][0]["id"]
    operator.open(f"/runs/{run_id}")
    heading = operator.page.get_by_role("heading", name="There is no such run in this workspace")
    expect(heading).to_be_visible()


def test_an_unknown_address_has_its_page(operator: Operator) -> None:
    operator.open("/nowhere/at/all")
    expect(operator.page.get_by_role("heading", name="There is no page here")).to_be_visible()


def test_an_unreachable_server_is_told_and_recovered_from(operator: Operator) -> None:
    page = operator.page
    operator.open("/runs")
    expect(page.locator("tr[data-run]").first).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_text("No answer from the server")).to_be_visible(timeout=30_000)
    expect(page.locator("tr[data-run]").first).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("No answer from the server")).to_be_hidden()

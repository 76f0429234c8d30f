"""The run history and a run's page against the deployed stack."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.console.axe import violations
from tests.console.browser import PHONE
from tests.console.operators import Operator, user_of
from tests.console.test_console_inbox import fail, group_of, refusing
from tests.console.webhooks import fire
from tests.emulator.orders import ADMIN, activate, wait_for
from tests.support.stack import Stack

Runs = list[dict[str, Any]]


def expect_rows(page: Page, read: Callable[[], Runs]) -> None:
    """Waits until the table shows exactly the runs that `read` returns, from the top. Reads them
    again each time, because runs of other tests may end meanwhile."""
    rows = page.locator("tr[data-row]")

    def both() -> tuple[list[str], list[str]]:
        shown = rows.evaluate_all("rows => rows.map(row => row.dataset.row)")
        return shown, [run["id"] for run in read()]

    def agree() -> bool:
        shown, wanted = both()
        return shown == wanted

    try:
        wait_for("the rows of the API", agree, 20)
    except AssertionError:
        shown, wanted = both()
        assert shown == wanted
        raise


def listed(operator: Operator, **filters: str) -> Runs:
    """Returns the API's first page of runs, with the console's page size."""
    runs: Runs = operator.get("/v1/runs", limit=50, **filters)["items"]
    return runs


def expect_counts(operator: Operator, **filters: str) -> None:
    """Waits until the chips show the API's counts. Reads them again each time, like
    `expect_rows`."""
    chips = operator.page.get_by_role("radiogroup", name="Status")

    def agree() -> bool:
        counted = operator.get("/v1/runs/counts", **filters)
        assert counted["isComplete"]
        names = [f"{status.capitalize()} {count}" for status, count in counted["counts"].items()]
        return all(
            chips.get_by_role("radio", name=name, exact=True).count() == 1
            for name in (f"All {counted['total']}", *names)
        )

    wait_for("the counts of the API", agree, 30)


def test_every_chip_alone_agrees_with_the_api(operator: Operator) -> None:
    page = operator.page
    operator.open("/runs?range=30d")
    for status in ("PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELED"):
        operator.choose_status(status.capitalize())
        expect(page).to_have_url(re.compile(rf"/runs\?range=30d&status={status}$"))
        expect_rows(page, partial(listed, operator, status=status, range="30d"))
    assert listed(operator, status="FAILED", range="30d")
    operator.choose_status("All")
    expect_rows(page, partial(listed, operator, range="30d"))
    expect_counts(operator, range="30d")
    page.go_back()
    expect_rows(page, partial(listed, operator, status="CANCELED", range="30d"))


def test_automation_contact_and_range_narrow_the_list_together(operator: Operator) -> None:
    page = operator.page
    operator.open("/runs")
    page.get_by_role("textbox", name="Automation").or_(
        page.get_by_role("combobox", name="Automation")
    ).click()
    page.get_by_role("option", name="Order paid", exact=True).click()
    page.get_by_role("searchbox", name="Contact").fill(" Ada@customer.example ")
    page.keyboard.press("Enter")
    page.get_by_text("24h", exact=True).click()
    expect(page).to_have_url(re.compile("automationId=.*&contact=.*&range=24h"))

    found = operator.every("/v1/runs", contact="ada@customer.example", range="24h")
    wanted = [run for run in found if run["automationName"] == "Order paid"]
    assert wanted
    expect_rows(page, lambda: wanted)
    page.reload()
    expect_rows(page, lambda: wanted)
    expect_counts(
        operator,
        contact="ada@customer.example",
        range="24h",
        automationId=wanted[0]["automationId"],
    )
    operator.choose_status("Failed")
    expect_rows(page, lambda: [run for run in wanted if run["status"] == "FAILED"])


def test_the_runs_of_one_error_agree_with_the_api(operator: Operator, stack: Stack) -> None:
    page = operator.page
    with stack.api(ADMIN) as api:
        automation = activate(api, refusing(f"Refuses {uuid4().hex[:6]}"))
    # The field offers the errors with the most runs, and other tests leave many with one or two.
    for _ in range(4):
        fail(stack, automation, f"{uuid4().hex}@customer.example")
    group = group_of(operator, automation["id"], count=4)
    operator.open("/runs?range=30d")
    page.get_by_label("Error", exact=True).first.click()
    words = f"{group['automationName']}, {group['nodeId']}: {group['title']}"
    page.get_by_role("option").filter(has_text=words).first.click()
    expect(page).to_have_url(re.compile(rf"[?&]errorGroup={group['id']}"))
    wanted = {"errorGroup": group["id"], "range": "30d"}
    runs = listed(operator, **wanted)
    assert {run["errorGroup"] for run in runs} == {group["id"]}
    assert len(runs) < len(listed(operator, range="30d"))
    assert len(runs) == 4
    expect_rows(page, lambda: runs)
    expect_counts(operator, **wanted)
    page.reload()
    expect_rows(page, lambda: runs)


@pytest.mark.deep
def test_a_custom_period_is_kept_in_the_address(operator: Operator) -> None:
    page = operator.page
    runs = listed(operator, range="30d")
    operator.open("/runs")
    page.get_by_role("button", name="Custom…").click()
    form = page.get_by_role("form", name="Custom period")
    form.get_by_label("To").fill("2026-01-01T12:00")
    form.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"\?to=2026-01-01T11%3A00%3A00.000Z$"))
    old = [run for run in runs if run["createdAt"] <= "2026-01-01T11:00:00.000Z"]
    expect_rows(page, lambda: old)
    expect(page.get_by_text("Europe/Berlin (GMT+").first).to_be_visible()


@pytest.mark.deep
def test_dragging_over_the_chart_zooms_in(operator: Operator) -> None:
    page = operator.page
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [
        {
            "start": (now - timedelta(hours=ago)).isoformat(),
            "counts": {"COMPLETED": ago, "FAILED": 2},
        }
        for ago in range(24)
    ]
    stats = {
        "from": (now - timedelta(hours=23)).isoformat(),
        "to": (now + timedelta(hours=1)).isoformat(),
        "isComplete": True,
        "hours": hours,
        "minutes": [],
        "duration": {"p50Ms": 1_200, "p95Ms": 61_000},
    }
    page.route("**/v1/stats?*", lambda route: route.fulfill(json=stats))
    operator.open("/runs?range=24h")
    expect(page.locator("figcaption")).to_contain_text("Failed 48")
    chart = page.locator("figure [data-part='plot']")
    expect(page.locator("figure")).to_contain_text("median 1.2 s, p95 1 min 1 s")
    box = chart.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=5)
    expect(chart.locator("[data-part='chosen']")).to_be_visible()
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"\?from=.*&to=.*"))


def test_the_failed_node_and_its_error_are_three_clicks_away(operator: Operator) -> None:
    page = operator.page
    run = operator.newest_run("Order paid", "FAILED")
    operator.open(f"/runs?automationId={run['automationId']}")
    operator.choose_status("Failed")
    page.locator(f"tr[data-row='{run['id']}'] td").last.click()
    error = page.get_by_role("region", name="Error")
    expect(error).to_contain_text(re.compile(rf"Failed at step \d+, {run['error']['nodeId']} "))
    expect(error).to_contain_text(run["error"]["message"])
    error.get_by_role("link", name="Open the step").click()
    step = page.locator(f"li[data-step='{run['error']['nodeId']}']")
    expect(step.locator("[data-status]")).to_have_text("Failed")
    expect(step).to_contain_text(run["error"]["kind"])


def test_a_fired_webhook_appears_and_completes_without_a_reload(
    operator: Operator, stack: Stack
) -> None:
    page = operator.page
    # Only this automation's, because runs of other tests may be opened meanwhile.
    operator.open(f"/runs?automationId={operator.automation_id('Order paid')}")
    expect(page.locator("tr[data-row]").first).to_be_visible()
    page.evaluate("window.sameDocument = true")

    email = f"{uuid4().hex}@customer.example"
    event = {"orderId": uuid4().hex, "total": 120, "customer": {"email": email}}
    run_id = fire(stack.local, "Order paid", event)

    page.get_by_role("button", name="1 new").click(timeout=30_000)
    row = page.locator(f"tr[data-row='{run_id}']")
    expect(row).to_be_visible(timeout=30_000)
    expect(row.locator("[data-status='COMPLETED']")).to_be_visible(timeout=30_000)
    expect(row).to_contain_text(email)
    assert page.evaluate("window.sameDocument") is True

    row.get_by_role("button", name=re.compile("^Show the steps")).click()
    expect(page.get_by_role("region", name="Steps").locator("li[data-step]")).to_have_count(7)
    page.reload()
    expect(page.get_by_role("region", name="Steps").locator("li[data-step]")).to_have_count(7)
    row.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(rf"/runs/{run_id}$"))
    # The list stays, with the same steps open, until the run's page has loaded.
    expect(page.get_by_role("heading", level=1, name="Order paid")).to_be_visible()
    steps = page.locator("li[data-step]")
    expect(steps).to_have_count(7)
    nodes = steps.evaluate_all("items => items.map(item => item.dataset.step)")
    assert nodes == ["start", "big", "score", "remember", "customer", "receipt", "done"]
    page.locator("li[data-step='score']").get_by_role("button").first.click()
    score = page.locator("li[data-step='score']")
    expect(score.get_by_role("rowheader", name="score")).to_be_visible()
    receipt = page.locator("li[data-step='receipt']")
    receipt.get_by_role("link", name=f"E-mail to {email}").click()
    expect(page).to_have_url(re.compile(r"/delivery-ops/dlv_\w+$"))
    expect(page.locator("[data-gate]").first).to_be_visible()
    page.go_back()
    expect(receipt.get_by_role("link", name=f"E-mail to {email}")).to_be_visible()


def test_a_waiting_run_is_canceled_with_a_reason(operator: Operator, stack: Stack) -> None:
    page = operator.page
    email = f"{uuid4().hex}@customer.example"
    run_id = fire(stack.local, "Welcome", {"email": email, "plan": "team"})
    operator.open(f"/runs/{run_id}")
    expect(page.get_by_text("waiting until").first).to_be_visible(timeout=30_000)
    expect(page.locator("li[data-step='nextDay'] [data-status='WAITING']")).to_be_visible()
    page.get_by_role("button", name="Cancel…").click()
    dialog = page.get_by_role("dialog", name="Cancel this run?")
    expect(dialog.get_by_role("button", name="Cancel run")).to_be_disabled()
    dialog.get_by_label("Reason").fill("Signed up twice")
    dialog.get_by_role("button", name="Cancel run").click()
    canceled = page.get_by_role("region", name="Canceled")
    expect(canceled).to_contain_text(f"Canceled by {operator.user.email}")
    expect(canceled).to_contain_text("Signed up twice")
    expect(page.get_by_role("button", name="Cancel…")).to_be_hidden()


def test_a_node_of_the_graph_leads_to_its_step(operator: Operator) -> None:
    page = operator.page
    run = operator.newest_run("Order paid", "FAILED")
    node_id = run["error"]["nodeId"]
    operator.open(f"/runs/{run['id']}")
    graph = page.get_by_role("region", name="Path through the graph")
    graph.get_by_role("button", name=re.compile(f"^{node_id},")).click()
    expect(page).to_have_url(re.compile(rf"\?step={node_id}$"))
    step = page.locator(f"li[data-step='{node_id}']").get_by_role("button").first
    expect(step).to_have_attribute("aria-expanded", "true")
    page.get_by_role("button", name="Previous step").click()
    expect(page).not_to_have_url(re.compile(rf"\?step={node_id}$"))


@pytest.mark.deep
def test_parallel_paths_are_side_by_side_if_there_is_room(operator: Operator) -> None:
    page = operator.page
    run = operator.newest_run("Support ticket", "COMPLETED")
    operator.open(f"/runs/{run['id']}")
    steps = [page.locator(f"li[data-step='{node_id}']") for node_id in ("alert", "history")]

    def places() -> tuple[dict[str, float], dict[str, float]]:
        """Returns the positions of the steps `alert` and `history`, both measured at the same
        moment."""
        alert, history = page.evaluate(
            "steps => steps.map(step => step.getBoundingClientRect().toJSON())",
            [step.element_handle() for step in steps],
        )
        return alert, history

    expect(steps[0]).to_be_visible()
    alert, history = places()
    assert alert["y"] == history["y"]
    assert alert["x"] < history["x"]
    steps[0].get_by_role("button").first.focus()
    page.keyboard.press("ArrowDown")
    second = steps[1].get_by_role("button").first
    expect(second).to_be_focused()
    page.keyboard.press("Enter")
    steps[1].get_by_role("tab", name="Request").click()
    expect(steps[1].get_by_role("tabpanel")).to_contain_text("/slow")
    assert violations(page) == []

    width, height = PHONE
    page.set_viewport_size({"width": width, "height": height})
    alert, history = places()
    assert alert["x"] == history["x"]
    assert alert["y"] < history["y"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert violations(page) == []


def test_a_payload_is_shown_as_text_never_as_markup(operator: Operator, stack: Stack) -> None:
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


def test_a_run_is_opened_and_its_steps_expanded_by_keyboard(operator: Operator) -> None:
    page = operator.page
    # Of a demo automation, whose first node is named `start`.
    address = f"/runs?status=COMPLETED&automationId={operator.automation_id('Order paid')}"
    operator.open(address)
    page.locator("tr[data-row]").first.get_by_role("link").first.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Run history")).to_be_hidden()
    step = page.locator("li[data-step]").first.get_by_role("button").first
    step.press("Space")
    expect(step).to_have_attribute("aria-expanded", "true")
    expect(page).to_have_url(re.compile(r"/runs/run_\w+\?step=start$"))
    page.go_back()
    expect(page).to_have_url(re.compile(f"{re.escape(address)}$"))


def test_a_run_of_another_workspace_is_not_found(operator: Operator, stack: Stack) -> None:
    with stack.api(user_of(stack, 1, "MEMBER").email) as other:
        response = other.get("/v1/runs", params={"range": "30d"})
    run_id = response.raise_for_status().json()["items"][0]["id"]
    operator.open(f"/runs/{run_id}")
    heading = operator.page.get_by_role("heading", name="Run not found")
    expect(heading).to_be_visible()


def test_an_unknown_address_has_its_page(operator: Operator) -> None:
    operator.open("/nowhere/at/all")
    expect(operator.page.get_by_role("heading", name="Page not found")).to_be_visible()


def test_an_unreachable_server_is_reported_and_can_be_retried(operator: Operator) -> None:
    page = operator.page
    operator.open("/runs")
    expect(page.locator("tr[data-row]").first).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_text("No answer from the server")).to_be_visible(timeout=30_000)
    expect(page.locator("tr[data-row]").first).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("No answer from the server")).to_be_hidden()

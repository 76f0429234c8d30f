"""The rules for the operator's pages. Each rule is the name of the test that checks it."""

import re
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.console.operators import Operator


def run_of(operator: Operator, automation: str, status: str) -> dict[str, Any]:
    """Returns the newest run with this status of a demo automation, including its steps."""
    newest = operator.newest_run(automation, status)
    run: dict[str, Any] = operator.get(f"/v1/runs/{newest['id']}")
    return run


def step_of(run: dict[str, Any], node_type: str) -> dict[str, Any]:
    step: dict[str, Any] = next(step for step in run["steps"] if step["type"] == node_type)
    return step


def open_run(operator: Operator, run: dict[str, Any], *open_steps: str) -> Page:
    search = "&".join(f"step={quote(node_id)}" for node_id in open_steps)
    operator.open(f"/runs/{run['id']}?{search}")
    expect(operator.page.locator("li[data-step]").first).to_be_visible()
    return operator.page


def test_the_chips_all_running_completed_failed_canceled_lead(operator: Operator) -> None:
    operator.open("/runs")
    chips = operator.page.get_by_role("radiogroup", name="Status").get_by_role("radio")
    expect(chips.first).to_be_attached()
    names = chips.evaluate_all(NAMES)
    assert [name.split()[0] for name in names[:5]] == [
        "All",
        "Running",
        "Completed",
        "Failed",
        "Canceled",
    ]


# The words of each chip; a chip is a label with a radio button inside or before it.
NAMES = "radios => radios.map(radio => radio.labels[0].textContent.trim())"


def test_a_row_opens_the_page_of_its_run(operator: Operator) -> None:
    page = operator.page
    operator.open("/runs?range=30d")
    row = page.locator("tr[data-row]").first
    run_id = row.get_attribute("data-row")
    row.locator(f"a[href^='/runs/{run_id}']").first.click()
    expect(page).to_have_url(re.compile(rf"/runs/{run_id}$"))


def test_the_page_shows_every_step_in_order_with_its_duration(operator: Operator) -> None:
    run = run_of(operator, "Order paid", "COMPLETED")
    page = open_run(operator, run)
    steps = page.get_by_role("region", name="Steps").locator("li[data-step]")
    expect(steps).to_have_count(len(run["steps"]))
    for position, step in enumerate(run["steps"]):
        assert step["order"] == position + 1
        row = steps.nth(position)
        expect(row).to_have_attribute("data-step", step["nodeId"])
        summary = row.get_by_role("button").first
        took = r"took .*\d+ (ms|s|min|h|d)|took .*\d+ (ms|s|min|h|d) \d+"
        words = re.compile(rf"^Step {position + 1} {step['nodeId']}.*({took})", re.DOTALL)
        expect(summary).to_have_text(words)


def test_send_message_links_its_delivery(operator: Operator) -> None:
    run = run_of(operator, "Order paid", "COMPLETED")
    step = step_of(run, "SEND_MESSAGE")
    page = open_run(operator, run)
    links = page.locator(f"li[data-step='{step['nodeId']}']").get_by_role("link")
    expect(links).to_have_count(len(step["deliveryIds"]))
    for position, delivery_id in enumerate(step["deliveryIds"]):
        expect(links.nth(position)).to_have_attribute("href", f"/delivery-ops/{delivery_id}")
    links.first.click()
    expect(page.locator("[data-gate]").first).to_be_visible()


def test_integration_shows_request_and_response_with_struck_secrets_and_captured_fields(
    operator: Operator,
) -> None:
    run = run_of(operator, "Order paid", "COMPLETED")
    integration = step_of(run, "INTEGRATION")
    page = open_run(operator, run, integration["nodeId"])
    step = page.locator(f"li[data-step='{integration['nodeId']}']")
    expect(step.get_by_role("heading", name="Captured fields")).to_be_visible()
    for name, value in integration["output"].items():
        row = step.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))
        expect(row).to_contain_text(str(value))

    status = integration["response"]["status"]
    response = step.get_by_role("tabpanel", name=f"Response {status}")
    expect(response).to_contain_text(f"{status} in ")
    expect(response.get_by_role("region", name="Body of the response")).to_be_visible()
    expect(response.get_by_role("region", name="Headers of the response")).to_be_visible()

    step.get_by_role("tab", name="Request").click()
    request = step.get_by_role("tabpanel", name="Request")
    expect(request).to_contain_text(f"{integration['request']['method']} ")
    headers = request.get_by_role("region", name="Headers of the request")
    struck = [
        value for value in integration["request"]["headers"].values() if "{{secret." in str(value)
    ]
    assert struck
    marks = headers.locator("mark")
    expect(marks).to_have_count(len(struck))
    expect(marks.first).to_have_text(re.compile(r"^\{\{\s*secret\.\w+\s*\}\}$"))
    # The settings beside the request do not repeat it.
    expect(step.get_by_role("region", name="Input", exact=True)).to_have_count(0)


def test_a_failed_run_shows_its_error(operator: Operator) -> None:
    run = run_of(operator, "Order paid", "FAILED")
    page = open_run(operator, run)
    error = page.get_by_role("region", name="Error")
    expect(error).to_contain_text(run["error"]["message"])
    expect(error).to_contain_text(run["error"]["kind"])
    failed = next(step for step in run["steps"] if step["status"] == "FAILED")
    expect(error).to_contain_text(f"Failed at step {failed['order']}, {failed['nodeId']} (")


def test_delivery_ops_stands_under_operate_and_links_both_ways(operator: Operator) -> None:
    page = operator.page
    run = run_of(operator, "Order paid", "COMPLETED")
    operator.open("/runs")
    operate = page.get_by_role("navigation").get_by_role("region", name="Operate")
    operate.get_by_role("link", name="Delivery ops").click()
    expect(page).to_have_url(re.compile(r"/delivery-ops"))
    expect(page.locator("main h1")).to_have_text(re.compile("^Deliver"))

    step = step_of(run, "SEND_MESSAGE")
    open_run(operator, run)
    page.locator(f"li[data-step='{step['nodeId']}']").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/delivery-ops/dlv_\w+$"))
    back = page.get_by_role("link", name=re.compile(f"{step['nodeId']}"))
    back.first.click()
    expect(page).to_have_url(re.compile(rf"/runs/{run['id']}\?step={step['nodeId']}$"))

"""A partner's outage in the console: its failed runs are recovered, its held runs are released."""

import re
import uuid
from itertools import pairwise
from typing import Any, get_args

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.console.axe import grave_violations
from tests.console.browser import DESKTOP, PHONE, ColorScheme
from tests.console.operators import Operator
from tests.emulator.orders import ADMIN, activate, demo_service, fire, wait_for
from tests.emulator.test_stranded_runs import tick
from tests.emulator.time_travel import let_pass_for_recovery
from tests.support.stack import Stack

EVENTS = 34
CANARY = 3
MINUTE = 60_000


def expect_usable(page: Page, within: str = "html") -> None:
    """Expects no serious violation, and nothing wider than the screen, in any theme and size."""
    for scheme in get_args(ColorScheme):
        page.emulate_media(color_scheme=scheme)
        for width, height in (PHONE, DESKTOP):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function(
                "width => document.documentElement.scrollWidth === width", arg=width
            )
            assert grave_violations(page, within) == [], f"{scheme} at {width}"
    page.emulate_media(color_scheme="light")


def automation(api: httpx.Client, url: str) -> dict[str, Any]:
    """Returns an active automation that calls the partner at this URL."""
    nodes: list[dict[str, Any]] = [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
        {"id": "score", "type": "INTEGRATION", "config": {"url": url, "body": {}}},
        {"id": "done", "type": "END"},
    ]
    names = [node["id"] for node in nodes]
    return activate(
        api,
        {
            "name": f"Score orders {uuid.uuid4().hex[:6]}",
            "nodes": nodes,
            "edges": [{"source": a, "target": b} for a, b in pairwise(names)],
        },
    )


def failure_group(operator: Operator, automation_id: str) -> Any:
    """Waits until all failures of the automation have joined their group; returns the group."""

    def look() -> Any:
        groups = operator.get("/v1/failure-groups", automationId=automation_id, range="7d")
        return [group for group in groups["items"] if group["count"] == EVENTS]

    [group] = wait_for("the group of all failures", look)
    return group


def rerun_and_compare(page: Page) -> None:
    """Reruns the run on the page, and compares it with its rerun."""
    page.get_by_role("button", name="Rerun…").click()
    dialog = page.get_by_role("dialog", name="Rerun this run")
    score = dialog.locator("tr[data-node='score']")
    expect(score).to_contain_text("Runs again")
    expect(score).to_contain_text("503")
    expect_usable(page, "[role='dialog']")
    dialog.get_by_role("button", name="Rerun", exact=True).click()
    dialog.get_by_role("link", name="Open the new run").click()
    expect(state_of(page, "COMPLETED")).to_be_visible()
    page.get_by_role("link", name="Compare").click()
    for name, status in (("Original", "FAILED"), ("Rerun", "COMPLETED")):
        side = page.get_by_role("region", name=name, exact=True)
        expect(side.locator(f"[data-status='{status}']")).to_be_visible()
    start, score = (page.locator(f"li[data-step='{node}']") for node in ("start", "score"))
    expect(start).to_contain_text("Equal")
    differences = page.get_by_role("region", name="Differences of score")
    expect(differences.get_by_role("row", name=re.compile("^status"))).to_contain_text("COMPLETED")
    expect_usable(page)
    page.get_by_label("Differences only").check()
    expect(start).to_have_count(0)
    expect(score).to_be_visible()


def state_of(page: Page, status: str) -> Locator:
    return page.locator(f"h1 ~ [role='status'] [data-status='{status}']")


def go_on(stack: Stack, page: Page, status: str) -> None:
    """Lets time pass for the recovery on the page, until it has this status."""
    recovery_id = page.url.rpartition("/")[2]

    def look() -> bool:
        let_pass_for_recovery(stack, recovery_id, MINUTE)
        tick(stack)
        return state_of(page, status).is_visible()

    wait_for(f"status {status} of {recovery_id}", look)


def test_the_failed_runs_of_an_outage_are_recovered(operator: Operator, stack: Stack) -> None:
    page = operator.page
    with stack.api(ADMIN) as api:
        # It is away for exactly as many calls as there are events.
        partner = f"{demo_service(api)}/flaky?failures={EVENTS}&key={uuid.uuid4().hex}"
        made = automation(api, partner)
    for number in range(EVENTS):
        fire(stack, made, {"order": number})
    group = failure_group(operator, made["id"])
    assert httpx.post(partner).status_code == 200

    operator.open(f"/automations/{made['id']}")
    failures = page.get_by_role("region", name="Failures, last 7 days")
    failures.get_by_role("link", name=group["title"]).click()
    expect(page).to_have_url(re.compile(f"errorGroup={group['id']}"))
    page.locator("tr[data-row]").first.get_by_role("link").first.click()
    rerun_and_compare(page)

    operator.open(f"/automations/{made['id']}")
    failures.get_by_role("button", name=re.compile("^Mended")).click()
    dialog = page.get_by_role("dialog", name="Rerun the failed runs?")
    expect(dialog.get_by_role("list", name="Left out")).to_contain_text("Recovered: 1 run")
    expect(dialog.get_by_role("list", name="By node")).to_contain_text("score: runs in 33")
    expect(dialog.get_by_label("Canary", exact=True)).to_have_value(str(CANARY))
    dialog.get_by_label("Reason").fill("The partner is back")
    expect_usable(page, "[role='dialog']")
    dialog.get_by_role("button", name="Rerun 33 runs").click()

    expect(page).to_have_url(re.compile("/recoveries/rcv_"))
    expect(page.get_by_role("heading", name="The partner is back")).to_be_visible()
    go_on(stack, page, "WAITING")
    expect(fact(page, "Completed")).to_have_text(str(CANARY))
    expect_usable(page)
    page.get_by_role("button", name="Continue").click()
    expect(fact(page, "Reruns opened")).to_have_text(str(EVENTS - 1))
    go_on(stack, page, "COMPLETED")
    expect(fact(page, "Completed")).to_have_text(str(EVENTS - 1))
    expect(fact(page, "Failed")).to_have_text("0")
    runs = page.get_by_role("list", name="Runs of the recovery").get_by_role("listitem")
    expect(runs.filter(has_text="Completed")).to_have_count(EVENTS - 1)
    expect(runs.filter(has_text="Left out: recovered")).to_have_count(1)
    expect(fact(page, "Failure")).to_contain_text("Resolved")
    expect_usable(page)

    page.get_by_role("link", name="Recoveries", exact=True).first.click()
    first = page.get_by_role("list", name="Recoveries, newest first").get_by_role("listitem").first
    expect(first).to_contain_text("33 of 33 completed")
    expect_usable(page)
    operator.open(f"/automations/{made['id']}")
    expect(failures).to_contain_text("Resolved")
    expect(failures.get_by_role("button")).to_have_count(0)
    assert operator.get(f"/v1/failure-groups/{group['id']}")["status"] == "RESOLVED"
    every = {"automationId": made["id"], "limit": 200}
    reruns = [run for run in operator.get("/v1/runs", **every)["items"] if run["rerunOf"]]
    assert len(reruns) == len({run["rerunOf"] for run in reruns}) == EVENTS
    assert {run["status"] for run in reruns} == {"COMPLETED"}


def fact(page: Page, name: str) -> Locator:
    return page.locator("dl > div", has=page.locator("dt", has_text=re.compile(f"^{name}$"))).locator(
        "dd"
    )

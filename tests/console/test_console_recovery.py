"""A partner's outage in the console: failed runs are recovered, and held runs released. Waits are
skipped. The tests let time pass, and invoke the tick like its schedule would."""

import re
import uuid
from functools import partial
from itertools import pairwise, product
from typing import Any, get_args

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.console.axe import violations
from tests.console.browser import DESKTOP, PHONE, ColorScheme
from tests.console.operators import Operator
from tests.emulator.orders import ADMIN, activate, fire, wait_for
from tests.emulator.time_travel import let_pass_for_recovery
from tests.support.depth import is_deep
from tests.support.stack import Stack

EVENTS = 34
CANARY = 3
MINUTE = 60_000


def expect_usable(page: Page, within: str = "html") -> None:
    """Expects no accessibility violation, and nothing wider than the screen. A deep session checks
    both themes in both sizes. Other sessions check each theme once and each size once."""
    both = zip(get_args(ColorScheme), (PHONE, DESKTOP), strict=True)
    for scheme, size in product(get_args(ColorScheme), (PHONE, DESKTOP)) if is_deep() else both:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_function(FITS, arg=[within, size[0]])
        assert violations(page, within) == [], f"{scheme} at {size}"
    page.emulate_media(color_scheme="light")


# Within a dialog, nothing may scroll sideways either.
FITS = """([within, width]) => document.documentElement.scrollWidth === width
  && [...document.querySelectorAll(`${within} form, ${within} form *`)]
    .every(({scrollWidth, clientWidth}) => clientWidth === 0 || scrollWidth <= clientWidth + 1)"""


def call(url: str) -> dict[str, Any]:
    return {"id": "score", "type": "INTEGRATION", "config": {"url": url, "body": {}}}


def automation(stack: Stack, node: dict[str, Any]) -> dict[str, Any]:
    """Returns an active automation with this node."""
    nodes: list[dict[str, Any]] = [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
        node,
        {"id": "done", "type": "END"},
    ]
    names = [node["id"] for node in nodes]
    document = {
        "name": f"Orders {uuid.uuid4().hex[:6]}",
        "nodes": nodes,
        "edges": [{"source": a, "target": b} for a, b in pairwise(names)],
    }
    with stack.api(ADMIN) as api:
        return activate(api, document)


def failure_group(operator: Operator, automation_id: str) -> Any:
    """Waits until all failures of the automation have joined their group; returns the group."""

    def look() -> Any:
        groups = operator.get("/v1/failure-groups", automationId=automation_id, range="7d")
        return [group for group in groups["items"] if group["count"] == EVENTS]

    [group] = wait_for("the group of all failures", look)
    return group


def try_choices(page: Page, dialog: Locator) -> None:
    """Chooses in the dialog to skip the failed node: first without an output, then with one. Then
    undoes the choice."""
    choice = dialog.get_by_label("Effects of score")
    start = dialog.get_by_role("button", name=re.compile("^Rerun"))
    choice.select_option(label="Suppress")
    expect(dialog.get_by_role("list", name="Left out")).to_contain_text("Not applicable: 33 runs")
    expect(start).to_be_disabled()
    dialog.get_by_label("Output of score").fill('{"score": 7}')
    score = dialog.get_by_role("list", name="By node").locator("[data-node='score']")
    expect(score).to_contain_text("Skipped in 33 runs")
    expect_usable(page, "[role='dialog']")
    choice.select_option(label="As shown")
    expect(score).to_contain_text("Executed again in 33 runs")


def rerun_and_compare(page: Page) -> None:
    """Reruns the run on the page, and compares it with its rerun."""
    page.get_by_role("button", name="Rerun…").click()
    dialog = page.get_by_role("dialog", name="Rerun this run")
    score = dialog.locator("li[data-node='score']")
    expect(score).to_contain_text("Executed again")
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
    # The page's address keeps it, so it may be drawn a moment later.
    page.get_by_label("Differences only").click()
    expect(start).to_have_count(0)
    expect(score).to_be_visible()


def state_of(page: Page, status: str) -> Locator:
    return page.locator(f"h1 ~ [role='status'] [data-status='{status}']")


def go_on(stack: Stack, page: Page, status: str) -> None:
    """Lets time pass for the recovery on the page, until it has this status."""
    recovery_id = page.url.rpartition("/")[2]

    def look() -> bool:
        let_pass_for_recovery(stack, recovery_id, MINUTE)
        stack.tick()
        return state_of(page, status).is_visible()

    wait_for(f"status {status} of {recovery_id}", look)


def test_the_failed_runs_of_an_outage_are_recovered(operator: Operator, stack: Stack) -> None:
    page = operator.page
    # It is away for exactly as many calls as there are events.
    partner = f"{stack.local['demoService']}/flaky?failures={EVENTS}&key={uuid.uuid4().hex}"
    made = automation(stack, call(partner))
    for number in range(EVENTS):
        fire(stack, made, {"order": number})
    group = failure_group(operator, made["id"])
    assert httpx.post(partner).status_code == 200

    operator.open(f"/automations/{made['id']}")
    failures = page.get_by_role("region", name="Failures, last 7 days")
    failures.get_by_role("link", name=group["title"]).click()
    expect(page).to_have_url(re.compile(f"/failures/{group['id']}"))
    page.get_by_role("list", name="Runs, newest first").get_by_role("link").first.click()
    rerun_and_compare(page)

    operator.open(f"/automations/{made['id']}")
    failures.get_by_role("button", name=re.compile("^Fixed")).click()
    dialog = page.get_by_role("dialog", name="Rerun the failed runs?")
    expect(dialog.get_by_role("list", name="Left out")).to_contain_text("Recovered: 1 run")
    score = dialog.get_by_role("list", name="By node").locator("[data-node='score']")
    expect(score).to_contain_text("Executed again in 33 runs")
    expect(score).to_contain_text("33 of these calls and messages happen again")
    try_choices(page, dialog)
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
    expect(fact(page, "Reruns opened")).to_have_text(re.compile(f"^{EVENTS - 1}\\D"))
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
    term = page.locator("dt", has_text=re.compile(f"^{name}$"))
    return page.locator("dl > div", has=term).locator("dd")


def rows(page: Page, status: str) -> Locator:
    return page.locator(f"tr[data-row] [data-status='{status}']")


def tick_until_completed(stack: Stack, page: Page, count: int) -> None:
    """Invokes the tick until the list on the page shows so many completed runs."""

    def look() -> bool:
        stack.tick()
        return rows(page, "COMPLETED").count() == count

    wait_for(f"the end of {count} runs", look)


def test_a_held_automation_is_released_and_every_event_is_done(
    operator: Operator, stack: Stack
) -> None:
    page = operator.page
    made = automation(stack, call(f"{stack.local['demoService']}/echo"))
    operator.open(f"/automations/{made['id']}")
    page.get_by_role("button", name="Hold…").click()
    dialog = page.get_by_role("dialog", name="Hold this automation?")
    dialog.get_by_label("Reason").fill("The partner is away")
    expect_usable(page, "[role='dialog']")
    dialog.get_by_role("button", name="Hold", exact=True).click()
    notice = page.get_by_role("status").filter(has_text="This automation is held")
    expect(notice).to_contain_text("The partner is away")
    expect_usable(page)
    events = {fire(stack, made, {"order": number}) for number in range(5)}
    notice.get_by_role("link", name="Pending runs").click()
    expect(rows(page, "PENDING")).to_have_count(5)
    stack.tick()
    expect(rows(page, "PENDING")).to_have_count(5)

    operator.open(f"/automations/{made['id']}")
    notice.get_by_role("button", name="Release…").click()
    dialog = page.get_by_role("dialog", name="Release this automation?")
    expect_usable(page, "[role='dialog']")
    dialog.get_by_role("button", name="Release").click()
    expect(notice).to_have_count(0)
    operator.open(f"/runs?automationId={made['id']}")
    tick_until_completed(stack, page, 5)
    shown = page.locator("tr[data-row]").evaluate_all("rows => rows.map(row => row.dataset.row)")
    assert set(shown) == events


def test_the_waits_of_all_runs_in_a_list_are_skipped(operator: Operator, stack: Stack) -> None:
    page = operator.page
    wait = {"id": "pause", "type": "WAIT", "config": {"delayMinutes": 24 * 60}}
    made, other = automation(stack, wait), automation(stack, wait)
    waiting = {fire(stack, made, {"order": number}) for number in range(3)}
    untouched = fire(stack, other, {})
    for run_id in (*waiting, untouched):
        wait_for(f"the wait of {run_id}", partial(is_waiting, operator, run_id))
    operator.open(f"/runs?automationId={made['id']}")
    expect(rows(page, "WAITING")).to_have_count(3)
    page.get_by_role("button", name="Skip waits…").click()
    dialog = page.get_by_role("dialog", name="Skip the waits of all runs in this list?")
    expect(dialog.get_by_role("list", name="Examples").get_by_role("listitem")).to_have_count(3)
    expect_usable(page, "[role='dialog']")
    dialog.get_by_role("button", name="Skip the waits of 3 runs").click()
    expect(dialog).to_contain_text("The waits of 3 runs were skipped")
    dialog.get_by_role("button", name="Close").last.click()
    tick_until_completed(stack, page, 3)
    assert is_waiting(operator, untouched)


def is_waiting(operator: Operator, run_id: str) -> bool:
    run = operator.get(f"/v1/runs/{run_id}")
    return run["health"] is not None and run["health"]["state"] == "WAITING"

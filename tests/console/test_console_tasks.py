"""An operator's tasks. Each task is done twice: with a mouse and a limited number of clicks, and
with the keyboard alone."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console.mouse_and_keyboard import Hands, Keyboard, Mouse, count_pointer, pointed
from tests.console.operators import Operator
from tests.console.webhooks import fire, send
from tests.emulator.orders import ADMIN, activate, ended, wait_for
from tests.emulator.orders import fire as fire_automation
from tests.support.stack import Stack

WAYS = ("mouse", "keyboard")


@pytest.fixture(params=WAYS)
def hands(request: pytest.FixtureRequest, operator: Operator) -> Iterator[Hands]:
    """A mouse or a keyboard at the first page."""
    page = operator.page
    count_pointer(page)
    operator.open("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if request.param == "mouse":
        yield Mouse(page)
        return
    yield Keyboard(page)
    assert pointed(page) == 0


def expect_clicks(hands: Hands, most: int) -> None:
    if isinstance(hands, Mouse):
        assert pointed(hands.page) == hands.clicks
        assert hands.clicks <= most


def search(hands: Hands, text: str, found: str) -> None:
    """Types into the search field that every page has, and opens the first result with this
    name."""
    page = hands.page
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Search records, pages and actions")
    expect(field).to_be_focused()
    page.keyboard.type(text)
    option = page.get_by_role("group", name="Found").get_by_role("option", name=found).first
    option.wait_for()
    if isinstance(hands, Mouse):
        hands.press(option)
        return
    for _ in range(page.get_by_role("option").count()):
        if option.get_attribute("aria-selected") == "true":
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def tile(page: Page, group: str, name: str) -> Locator:
    """The link of a number on the overview. It leads to the list of what the number counts."""
    region = page.get_by_role("region", name=group, exact=True)
    return region.get_by_role("link", name=re.compile(f"^{name}"))


def row(page: Page, row_id: str) -> Locator:
    """The link of a list's row."""
    return page.locator(f"tr[data-row='{row_id}']").get_by_role("link").first


def order(number: str, email: str, total: float = 90) -> dict[str, Any]:
    return {"orderId": number, "total": total, "customer": {"email": email}}


def new_email() -> str:
    return f"{uuid.uuid4().hex[:12]}@customer.example"


def test_the_last_hour_is_shown_at_once(operator: Operator) -> None:
    page = operator.page
    count_pointer(page)
    operator.open("/")
    hour = page.get_by_role("region", name="Last hour", exact=True)
    overview = operator.get("/v1/overview")["lastHour"]
    assert overview["runs"] > 0
    expect(hour).to_contain_text(re.compile(r"Runs\d"))
    expect(hour).to_contain_text(re.compile(r"Failed\d"))
    assert pointed(page) == 0


def test_the_last_run_of_a_contact(hands: Hands, operator: Operator, stack: Stack) -> None:
    email = new_email()
    run_ids = [fire(stack.local, "Order paid", order(uuid.uuid4().hex, email)) for _ in range(2)]
    page = hands.page
    search(hands, email, email)
    expect(page.get_by_role("heading", name=email)).to_be_visible()
    hands.press(page.get_by_role("main").locator(f"a[href='/runs/{run_ids[-1]}']").first)
    expect(page).to_have_url(re.compile(f"/runs/{run_ids[-1]}$"))
    expect_clicks(hands, 2)


def test_the_run_of_an_order_number(hands: Hands, stack: Stack) -> None:
    number = f"B-{uuid.uuid4().int % 10**9}"
    run_id = fire(stack.local, "Order paid", order(number, new_email()))
    search(hands, number.lower(), number)
    expect(hands.page).to_have_url(re.compile(f"/runs/{run_id}"))
    expect_clicks(hands, 1)


def failing(stack: Stack, partner: str) -> dict[str, Any]:
    """Returns an active automation that calls a partner for its contact."""
    lookup = {"by": "email", "path": "email"}
    trigger = {"triggerType": "WEBHOOK", "contactLookup": lookup, "createIfMissing": True}
    with stack.api(ADMIN) as api:
        return activate(
            api,
            {
                "name": f"Partner {uuid.uuid4().hex[:6]}",
                "nodes": [
                    {"id": "start", "type": "TRIGGER", "config": trigger},
                    {"id": "score", "type": "INTEGRATION", "config": {"url": partner, "body": {}}},
                    {"id": "done", "type": "END"},
                ],
                "edges": [
                    {"source": "start", "target": "score"},
                    {"source": "score", "target": "done"},
                ],
            },
        )


def test_who_was_hit_by_a_failure_and_their_rerun(
    hands: Hands, operator: Operator, stack: Stack
) -> None:
    emails = [new_email(), new_email()]
    partner = f"{stack.local['demoService']}/flaky?failures=2&key={uuid.uuid4().hex}"
    made = failing(stack, partner)
    for email in emails:
        fire_automation(stack, made, {"email": email})

    def look() -> Any:
        groups = operator.get("/v1/failure-groups", automationId=made["id"])["items"]
        return [group for group in groups if group["count"] == len(emails)]

    [group] = wait_for("the group of both failures", look)
    # The partner is mended.
    assert httpx.post(partner).status_code == 200
    page = hands.page
    operator.open("/")
    hands.press(tile(page, "Last 24 hours", "Open failure groups"))
    people = re.compile("people")
    hands.press(page.locator(f"[data-group='{group['id']}']").get_by_role("link", name=people))
    hit = page.get_by_role("region", name="Who was hit")
    for email in emails:
        expect(hit).to_contain_text(email)
    hands.press(page.get_by_role("button", name=re.compile("^Rerun the runs of")))
    dialog = page.get_by_role("dialog", name="Rerun the failed runs?")
    hands.write(dialog.get_by_label("Reason"), "The partner is back")
    hands.press(dialog.get_by_role("button", name="Rerun 2 runs"))
    expect(page).to_have_url(re.compile("/recoveries/rcv_"))
    expect_clicks(hands, 5)


def waiting(stack: Stack) -> dict[str, Any]:
    with stack.api(ADMIN) as api:
        return activate(
            api,
            {
                "name": f"Pause {uuid.uuid4().hex[:6]}",
                "nodes": [
                    {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
                    {"id": "pause", "type": "WAIT", "config": {"delayMinutes": 600}},
                    {"id": "done", "type": "END"},
                ],
                "edges": [
                    {"source": "start", "target": "pause"},
                    {"source": "pause", "target": "done"},
                ],
            },
        )


def test_the_waiting_runs_of_an_automation_are_canceled(
    hands: Hands, operator: Operator, stack: Stack
) -> None:
    made = waiting(stack)
    run_ids = [fire_automation(stack, made, {"n": number}) for number in range(2)]

    def parked() -> bool:
        found = operator.get("/v1/runs", automationId=made["id"], health="WAITING")["items"]
        return {each["id"] for each in found} == set(run_ids)

    wait_for("two waiting runs", parked)
    page = hands.page
    operator.open(f"/runs?automationId={made['id']}")
    hands.choose(page.get_by_role("radiogroup", name="Status"), "Waiting")
    expect(page.locator("tr[data-row]")).to_have_count(2)
    hands.press(page.get_by_role("button", name="Cancel open runs…"))
    dialog = page.get_by_role("dialog")
    hands.write(dialog.get_by_label("Reason"), "A wrong list")
    hands.press(dialog.get_by_role("button", name="Cancel 2 runs"))
    expect(dialog).to_contain_text("2 runs")

    def canceled() -> bool:
        found = operator.get("/v1/runs", automationId=made["id"], status="CANCELED")["items"]
        return {each["id"] for each in found} == set(run_ids)

    wait_for("two canceled runs", canceled)
    expect_clicks(hands, 4)


def test_a_bounced_message_is_sent_again(hands: Hands, operator: Operator, stack: Stack) -> None:
    run_id = fire(stack.local, "Order paid", order(uuid.uuid4().hex, new_email()))
    [link] = ended(operator.api, run_id)["deliveries"]
    report = {"deliveryId": link["id"], "kind": "BOUNCED", "permanent": False}
    httpx.post(f"{stack.aws_endpoint}/_local/feedback", json=report).raise_for_status()

    def bounced() -> bool:
        found = operator.get(f"/v1/deliveries/{link['id']}")
        return bool(found["error"] and found["error"]["kind"] == "BOUNCED")

    wait_for("the bounce", bounced)
    page = hands.page
    operator.open("/")
    hands.press(tile(page, "Last 24 hours", "Bounce"))
    hands.press(row(page, link["id"]))
    hands.press(page.get_by_role("button", name="Resend"))
    dialog = page.get_by_role("dialog")
    hands.press(dialog.get_by_role("button", name="Resend"))
    expect(dialog.get_by_role("link", name="Open the new delivery")).to_be_visible()
    expect_clicks(hands, 4)


def test_a_refused_event_is_replayed(hands: Hands, operator: Operator, stack: Stack) -> None:
    number = uuid.uuid4().hex
    answer = send(stack.local, "Order paid", {"orderId": number, "total": 90, "customer": {}})
    assert answer.status_code == 422
    mine = {"automationId": operator.automation_id("Order paid")}
    refusal_id = operator.get("/v1/refusals", **mine)["items"][0]["id"]
    page = hands.page
    operator.open("/")
    hands.press(tile(page, "Last 24 hours", "Refused events"))
    hands.press(row(page, refusal_id))
    hands.press(page.get_by_role("button", name=re.compile("^Replay")))
    replay = page.get_by_role("region", name="Replay", exact=True)
    expect(replay).to_contain_text(f"This event was replayedBy {operator.user.email}")
    assert operator.get(f"/v1/refusals/{refusal_id}")["replayedBy"] == operator.user.email
    expect_clicks(hands, 4)


def test_two_runs_are_compared(hands: Hands, operator: Operator) -> None:
    mine = {"automationId": operator.automation_id("Order paid"), "status": "COMPLETED"}
    first, second = operator.get("/v1/runs", range="30d", limit=2, **mine)["items"]
    page = hands.page
    operator.open(f"/runs/{first['id']}")
    hands.press(page.get_by_role("button", name="Compare…"))
    dialog = page.get_by_role("dialog")
    hands.press(dialog.locator(f"a[href$='/compare/{second['id']}']"))
    expect(page).to_have_url(re.compile(f"/runs/{first['id']}/compare/{second['id']}"))
    expect(page.get_by_role("heading", name="Compare two runs")).to_be_visible()
    expect_clicks(hands, 3)


def test_a_view_is_saved(hands: Hands, operator: Operator) -> None:
    page = hands.page
    name = f"Failed {uuid.uuid4().hex[:6]}"
    operator.open("/runs?status=FAILED")
    hands.press(page.get_by_role("button", name="Views"))
    hands.write(page.get_by_label("Save the current filters as"), name)
    hands.press(page.get_by_role("button", name="Save view"))
    expect(page.get_by_role("button", name=f"View: {name}")).to_be_visible()
    [view] = [each for each in operator.get("/v1/views")["items"] if each["name"] == name]
    assert view["filter"]["status"] == ["FAILED"]
    operator.api.delete(f"/v1/views/{view['id']}").raise_for_status()
    expect_clicks(hands, 2)

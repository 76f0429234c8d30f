"""Every filter of the three lists, alone through its control and combined through the address. All
rows of the list and the counts of the chips match the API."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, Response, TimeoutError, expect
from runledger.channels.registry import CHANNEL_NAMES

from tests.console.browser import go
from tests.console.history import History, Person, write_history
from tests.console.operators import Operator, at_work, user_of
from tests.emulator.orders import everything, wait_for
from tests.support.stack import Stack

Filters = dict[str, str]

RUN_STATUSES = ("PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELED")
DELIVERY_STATUSES = {
    "QUEUED": "Queued",
    "PROCESSING": "Processing",
    "RETRYING": "Retrying",
    "SENT": "Sent",
    "DELIVERED": "Delivered",
    "FAILED": "Failed",
    "DEAD_LETTERED": "Dead-lettered",
    "SUPPRESSED": "Suppressed",
}
REASONS = {
    "DUPLICATE": "Duplicate",
    "NO_CONTACT": "No contact",
    "BAD_SIGNATURE": "Bad signature",
    "INACTIVE": "Inactive",
    "INVALID_PAYLOAD": "Invalid payload",
    "REENTRY_BLOCKED": "Re-entry blocked",
    "RATE_LIMITED": "Rate limited",
    "CHAIN_TOO_DEEP": "Chain too deep",
}

# Long lists draw only the visible rows, so scroll through the list and start again.
SHOWN = """({ids}) => {
  const results = document.querySelector("section[aria-label='Results']");
  if (results?.ariaBusy !== 'false') return {ids: null, counts: null};
  const count = Number(results.querySelector('table')?.ariaRowCount ?? 1) - 1;
  const seen = (window.seenRows ??= new Map());
  for (const index of [...seen.keys()]) if (index >= count) seen.delete(index);
  for (const body of results.querySelectorAll('tbody[data-index]'))
    seen.set(Number(body.dataset.index), body.querySelector('tr[data-row]').dataset.row);
  if (seen.size < ids.length) {
    const isAtEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
    window.scrollTo(0, isAtEnd ? 0 : scrollY + innerHeight);
  }
  const chips = document.querySelectorAll("[role='radiogroup'] input:has(~ label [data-count])");
  return {
    ids: [...seen].toSorted(([one], [other]) => one - other).map(([, id]) => id),
    counts: Object.fromEntries([...chips].map((chip) => [
      chip.value, Number(chip.parentElement.querySelector('[data-count]').dataset.count)])),
  };
}"""
AGREES = f"""(wanted) => {{
  const {{ids, counts}} = ({SHOWN})(wanted);
  return ids !== null && JSON.stringify(ids) === JSON.stringify(wanted.ids)
    && Object.entries(wanted.counts).every(([status, count]) => counts[status] === count);
}}"""


@dataclass(frozen=True)
class ListPage:
    """A list of the console, and the API's answers for it."""

    operator: Operator
    path: str
    """`/runs`"""
    api_path: str
    kind: str
    """The filter of the chips."""

    counted: dict[str, dict[str, int]] = field(default_factory=dict)
    """Cached answers: no rows are added to these lists."""

    @property
    def page(self) -> Page:
        return self.operator.page

    def counts(self, **filters: str) -> dict[str, int]:
        """The count of every chip."""
        name = urlencode(filters)
        if name not in self.counted:
            answer = self.operator.get(f"{self.api_path}/counts", **filters)
            assert answer["isComplete"]
            self.counted[name] = {"ALL": answer["total"], **answer["counts"]}
        return self.counted[name]

    def expect(self, asked: Filters, has_chips: bool = True) -> list[str]:
        """Waits until the list matches the API's answer; returns the ids of its rows."""
        ids: list[str] = []
        cursor: Filters = {}
        while True:
            answer = self.operator.get(self.api_path, **asked, **cursor, limit=100)
            ids += [each["id"] for each in answer["items"]]
            if answer["nextCursor"] is None:
                break
            cursor = {"cursor": answer["nextCursor"]}
        others = {name: value for name, value in asked.items() if name != self.kind}
        wanted = {"ids": ids, "counts": self.counts(**others) if has_chips else {}}
        try:
            self.page.wait_for_function(AGREES, arg=wanted, timeout=10_000)
        except TimeoutError:
            assert self.page.evaluate(SHOWN, wanted) == wanted, asked
            raise
        return ids

    def narrow(self, asked: Filters, act: Callable[..., object], *arguments: Any) -> list[str]:
        """Uses a control and checks the list. The list must then have some of the rows of the last
        30 days, but not all of them."""
        with self.page.expect_response(self._is_about(asked)):
            act(*arguments)
        ids = self.expect(asked)
        assert 0 < len(ids) < self.counts(range="30d")["ALL"]
        return ids

    def combine(self, written: Filters, **asked: str) -> list[str]:
        """Opens the list with the filters `written` in the address. `asked` has the filters that
        have another name in the API."""
        filters = {name: value for name, value in written.items() if name != "tab"} | asked
        if not {"from", "to"} & filters.keys():
            filters = {"range": "7d"} | filters
        with self.page.expect_response(self._is_about(filters)):
            self.page.evaluate("window.scrollTo(0, 0); window.seenRows = undefined")
            go(self.page, f"{self.path}?{urlencode(written)}")
        return self.expect(filters, has_chips="tab" not in written)

    def _is_about(self, asked: Filters) -> Callable[[Response], bool]:
        """Returns a function that tells whether a response answers the list's own request with
        these filters. A test waits for such a response, so that it does not take earlier rows for
        the answer."""

        def is_it(response: Response) -> bool:
            parts = urlsplit(response.url)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            query.pop("limit", None)
            return parts.path == self.api_path and query == asked

        return is_it

    # ── the controls ────────────────────────────────────────────────────────────────────────────

    def choose_chip(self, word: str) -> None:
        group = self.page.get_by_role("radiogroup", name=self.kind.capitalize())
        group.locator("label").filter(has_text=re.compile(rf"^{word}\b")).click()

    def choose_automation(self, name: str) -> None:
        self.page.get_by_role("combobox", name="Automation").click()
        self.page.get_by_role("option", name=name, exact=True).click()

    def clear_automation(self) -> None:
        self.page.get_by_role("button", name="Show all automations").click()

    def write(self, label: str, text: str) -> None:
        field = self.page.get_by_role("searchbox", name=label)
        field.fill(text)
        if text:
            field.press("Enter")

    def choose_range(self, word: str) -> None:
        self.page.get_by_role("search").get_by_text(word, exact=True).click()

    def choose_period(self, begin: datetime, end: datetime) -> None:
        """Chooses a custom period. Its times are in the browser's time zone."""
        self.page.get_by_role("button", name="Custom…").click()
        form = self.page.get_by_role("form", name="Custom period")
        form.get_by_label("From").fill(begin.strftime("%Y-%m-%dT%H:%M"))
        form.get_by_label("To").fill(end.strftime("%Y-%m-%dT%H:%M"))
        form.get_by_role("button", name="Apply").click()


@pytest.fixture(scope="module")
def history(stack: Stack) -> History:
    """The history, as soon as the counts of every list have all of it."""
    made = write_history(stack)
    with stack.api(user_of(stack, 1, "MEMBER").email) as api:
        for path in ("/v1/runs", "/v1/deliveries", "/v1/refusals"):

            def are_counted(path: str = path) -> bool:
                counts = api.get(f"{path}/counts", params={"range": "30d"}).raise_for_status()
                rows = everything(api, path, range="30d")
                return bool(counts.json()["total"] == len(list(rows)))

            wait_for(f"the counts of {path}", are_counted)
    return made


@pytest.fixture
def member(stack: Stack, page: Page, history: History) -> Iterator[Operator]:
    with at_work(stack, page, "MEMBER", workspace=1) as operator:
        yield operator


def runs_of(operator: Operator) -> ListPage:
    """Returns the list of runs. Other requests of its page, which have the same filters, are
    answered with 404, so that they are not mistaken for the list's."""
    operator.page.route(
        re.compile(r"/v1/(stats|failure-groups)\?"), lambda route: route.fulfill(status=404)
    )
    return ListPage(operator, "/runs", "/v1/runs", "status")


def deliveries_of(operator: Operator) -> ListPage:
    return ListPage(operator, "/delivery-ops", "/v1/deliveries", "status")


def refusals_of(operator: Operator) -> ListPage:
    return ListPage(operator, "/refusals", "/v1/refusals", "reason")


def spellings(person: Person) -> list[str]:
    """Returns a contact's addresses and id as people paste them."""
    local, domain = person.email.split("@")
    country, number = person.phone[:3], person.phone[3:]
    return [
        f" {local.upper()}@{domain.capitalize()} ",
        f"({country}) {number[:2]}-{number[2:6]}-{number[6:]}",
        f"00{country[1:]} {number}",
        f"0{number[:2]} {number[2:]}",
        person.id,
    ]


def period_of(begin: datetime, end: datetime) -> Filters:
    """Returns the period as the console sends it."""
    return {
        name: moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00.000Z")
        for name, moment in (("from", begin), ("to", end))
    }


def week_before_last() -> tuple[datetime, datetime]:
    """A custom period in the browser's time zone that only contains rows of twenty days ago."""
    now = datetime.now(ZoneInfo("Europe/Berlin")).replace(second=0, microsecond=0)
    return now - timedelta(days=21), now - timedelta(days=15)


def narrow_by_what_all_lists_have(
    rows: ListPage, history: History, label: str, filter_name: str
) -> None:
    """Checks the filters for automation, contact and period. Text in the field `label` is sent as
    `filter_name`, but the id of a contact is sent as `contact`."""
    month = {"range": "30d"}
    for name, automation_id in history.automations.items():
        rows.narrow(month | {"automationId": automation_id}, rows.choose_automation, name)
    rows.clear_automation()
    for written in spellings(history.people[0]):
        name = "contact" if written.startswith("con_") else filter_name
        rows.narrow(month | {name: written.strip()}, rows.write, label, written)
    rows.write(label, "")
    day, week = (rows.narrow({"range": word}, rows.choose_range, word) for word in ("24h", "7d"))
    assert set(day) < set(week)
    begin, end = week_before_last()
    custom = rows.narrow(period_of(begin, end), rows.choose_period, begin, end)
    assert not set(custom) & set(week)


def test_every_filter_of_runs_alone(member: Operator, history: History) -> None:
    rows = runs_of(member)
    member.open("/runs?range=30d")
    # More rows than are drawn at once, and more than one page of the API.
    assert len(rows.expect({"range": "30d"})) > 60
    for status in RUN_STATUSES:
        asked = {"range": "30d", "status": status}
        rows.narrow(asked, rows.choose_chip, status.capitalize())
    rows.choose_chip("All")
    narrow_by_what_all_lists_have(rows, history, "Contact", "contact")


def test_a_contact_is_pasted_to_find_its_runs(member: Operator, history: History) -> None:
    page, rows = member.page, runs_of(member)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    member.open("/runs?range=30d")
    pasted = f"  {history.people[1].email}\t"
    page.evaluate("text => navigator.clipboard.writeText(text)", pasted)
    asked = {"range": "30d", "contact": pasted.strip()}
    box = page.get_by_role("searchbox", name="Contact")
    rows.narrow(asked, box.press, "ControlOrMeta+V")


def test_every_filter_of_deliveries_alone(member: Operator, history: History) -> None:
    page, rows = member.page, deliveries_of(member)
    member.open("/delivery-ops?range=30d")
    rows.expect({"range": "30d"})
    for status, word in DELIVERY_STATUSES.items():
        rows.narrow({"range": "30d", "status": status}, rows.choose_chip, word)
    rows.choose_chip("All")
    channel = page.get_by_role("combobox", name="Channel")
    for name in CHANNEL_NAMES:
        rows.narrow({"range": "30d", "channel": name}, channel.select_option, name)
    channel.select_option("")
    narrow_by_what_all_lists_have(rows, history, "Address or contact", "address")


def test_dead_lettered_deliveries_have_a_tab(member: Operator, history: History) -> None:
    page, rows = member.page, deliveries_of(member)
    member.open("/delivery-ops?range=30d&status=SENT")
    counted = member.get("/v1/deliveries/counts", range="30d")["counts"]["DEAD_LETTERED"]
    page.get_by_role("link", name=f"Dead-lettered ({counted})").click()
    expect(page).to_have_url(re.compile(r"\?range=30d&tab=dead-lettered$"))
    dead = rows.expect({"range": "30d", "status": "DEAD_LETTERED"}, has_chips=False)
    assert len(dead) == counted > 0
    expect(page.get_by_role("button", name="Resend")).to_have_count(counted)
    page.get_by_role("link", name="All", exact=True).click()
    rows.expect({"range": "30d"})


def test_every_filter_of_refusals_alone(member: Operator, history: History) -> None:
    rows = refusals_of(member)
    member.open("/refusals?range=30d")
    rows.expect({"range": "30d"})
    for reason, word in REASONS.items():
        rows.narrow({"range": "30d", "reason": reason}, rows.choose_chip, word)
    rows.choose_chip("All")
    narrow_by_what_all_lists_have(rows, history, "Contact", "contact")


def combinations(**values: Sequence[str | None]) -> Iterator[Filters]:
    """Returns every combination of filter values with at least two filters set."""
    for chosen in product(*values.values()):
        filters = dict(zip(values, chosen, strict=True))
        found = {name: value for name, value in filters.items() if value is not None}
        if len(found) > 1:
            yield found


@pytest.mark.deep
def test_filters_of_runs_together(member: Operator, history: History) -> None:
    rows = runs_of(member)
    member.open("/runs")
    automation_id = history.automations["Renewal"]
    contact = history.people[0].phone
    common = {"automationId": [None, automation_id], "contact": [None, contact]}
    periods = [None, "30d"]
    found = 0
    for filters in combinations(status=[None, *RUN_STATUSES], **common, range=periods):
        found += len(rows.combine(filters)) > 0
    for filters in combinations(
        errorGroup=history.error_groups[:1], **common, status=[None, "FAILED", "COMPLETED"]
    ):
        found += len(rows.combine(filters | {"range": "30d"})) > 0
    period = period_of(*week_before_last())
    for filters in combinations(status=["RUNNING", "CANCELED"], **common):
        found += len(rows.combine(filters | period)) > 0
    assert found > 40


@pytest.mark.deep
def test_filters_of_deliveries_together(member: Operator, history: History) -> None:
    rows = deliveries_of(member)
    member.open("/delivery-ops")
    person = history.people[1]
    common = {
        "channel": [None, "SMS"],
        "automationId": [None, history.automations["Renewal"]],
        "range": [None, "30d"],
    }
    found = 0
    for filters in combinations(status=[None, "SENT", "SUPPRESSED"], **common):
        found += len(rows.combine(filters)) > 0
    for filters in combinations(tab=["dead-lettered"], **common, address=[None, person.phone]):
        found += len(rows.combine(filters, status="DEAD_LETTERED")) > 0
    for filters in combinations(
        status=[None, "RETRYING"], address=[None, person.email], contact=[None, person.email]
    ):
        found += len(rows.combine(filters | {"range": "30d"})) > 0
    assert found > 20


@pytest.mark.deep
def test_filters_of_refusals_together(member: Operator, history: History) -> None:
    rows = refusals_of(member)
    member.open("/refusals")
    found = 0
    for filters in combinations(
        reason=[None, "NO_CONTACT", "RATE_LIMITED"],
        automationId=[None, history.automations["Renewal"]],
        contact=[None, history.people[0].id],
        range=[None, "30d"],
    ):
        found += len(rows.combine(filters)) > 0
    assert found > 10


def test_every_filtered_list_names_the_filters_that_it_does_not_know(member: Operator) -> None:
    page = member.page
    for path in (
        "/runs",
        "/delivery-ops",
        "/refusals",
        "/failures",
        "/suppressions",
        "/automations",
    ):
        member.open(f"{path}?colour=red")
        notice = page.get_by_role("status").filter(has_text="colour=red")
        expect(
            notice.get_by_text("The URL has filters that this page does not know")
        ).to_be_visible()
        notice.get_by_role("button", name="Remove them").click()
        expect(notice).to_have_count(0)
        assert urlsplit(page.url).query == ""

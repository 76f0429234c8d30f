"""The format and the time zone that a person chose, and motion that they do not want."""

import re

from playwright.sync_api import Browser, expect

from tests.console.browser import new_context, open_page
from tests.console.motion import moving
from tests.console.operators import at_work
from tests.console.pages import visit
from tests.support.stack import Stack


def test_a_chosen_format_and_zone_hold_on_every_page(browser: Browser, stack: Stack) -> None:
    with (
        new_context(browser, stack.url) as context,
        open_page(context) as page,
        at_work(stack, page, "MEMBER") as operator,
    ):
        operator.open("/account")
        page.get_by_label("Format").select_option("de-DE")
        page.get_by_label("Time zone").select_option("Asia/Kathmandu")
        expect(page.get_by_text("1.234,5")).to_be_visible()
        operator.open("/runs?range=30d")
        written = page.locator("tr[data-row] time").first
        expect(written).to_have_attribute("title", re.compile(r",\d{3} GMT\+5:45 · "))
        page.get_by_role("button", name="Custom…").click()
        form = page.get_by_role("form", name="Custom period")
        form.get_by_label("To").fill("2026-01-01T12:00")
        form.get_by_role("button", name="Apply").click()
        expect(page).to_have_url(re.compile(r"to=2026-01-01T06%3A15%3A00.000Z$"))
        expect(page.get_by_text("Asia/Kathmandu (GMT+5:45)").first).to_be_visible()
        page.get_by_role("button", name=re.compile("^until")).click()
        expect(form.get_by_label("To")).to_have_value("2026-01-01T12:00")


def test_nothing_moves_for_people_who_want_less_motion(browser: Browser, stack: Stack) -> None:
    with (
        new_context(browser, stack.url) as context,
        open_page(context) as page,
        at_work(stack, page, "MEMBER") as operator,
    ):
        operator.open("/runs")
        run = operator.newest_run("Welcome", "RUNNING")
        page.emulate_media(reduced_motion="no-preference")
        visit(page, f"/runs/{run['id']}", ".react-flow__node")
        # The node where the run is.
        page.wait_for_function(
            "() => document.getAnimations().some(({animationName}) => animationName)"
        )
        page.emulate_media(reduced_motion="reduce")
        assert moving(page) == []

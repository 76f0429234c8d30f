"""Pictures of every page of the running stack: `python -m tests.console.screenshots OUTDIR`."""

import json
import sys
from pathlib import Path
from typing import Any, get_args

from playwright.sync_api import Page

from local.settings import default_state_dir
from tests.console.browser import DESKTOP, PHONE, ColorScheme, new_context, open_browser, sign_in
from tests.console.pages import IS_LOADED


def visit(page: Page, user: dict[str, Any], directory: Path, suffix: str) -> None:
    def shoot(name: str) -> None:
        page.screenshot(path=directory / f"{name}-{suffix}.png")

    page.goto("/runs")
    page.get_by_label("E-mail address").wait_for()
    shoot("sign-in")
    sign_in(page, user["email"], user["password"])
    page.locator("tr[data-row]").first.wait_for()
    page.goto("/")
    page.get_by_role("list", name="Slowest nodes").wait_for()
    shoot("overview")
    page.goto("/runs")
    page.locator("tr[data-row]").first.wait_for()
    if suffix.endswith(str(DESKTOP[0])):
        # A small screen shows the chart on request.
        page.locator("figure figcaption").first.wait_for()
    shoot("runs")
    page.locator("tr[data-row] button").first.click()
    page.locator("li[data-step]").first.wait_for()
    shoot("runs-open")
    page.goto("/runs?range=30d")
    page.locator("tr[data-row]").first.wait_for()
    page.get_by_role("button", name="Views", exact=True).click()
    page.get_by_role("form", name="Save the current filters").wait_for()
    shoot("views-menu")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.keyboard.press("/")
    page.get_by_role("listbox", name="Results").wait_for()
    shoot("palette")
    page.get_by_role("combobox", name="Search records, pages and actions").fill("ada")
    page.get_by_role("group", name="Found").wait_for()
    shoot("palette-found")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()
    shoot("shortcuts")
    page.goto("/runs?status=FAILED")
    page.locator("tr[data-row]").first.get_by_role("link").first.click()
    page.get_by_role("link", name="Open the step").click()
    page.locator("li[data-step] [aria-expanded='true']").wait_for()
    # A narrow page folds the graph.
    page.locator(".react-flow__node, summary").first.wait_for()
    # Icons come with the node types.
    page.wait_for_load_state("networkidle")
    shoot("run-step")
    page.evaluate("window.scrollTo(0, 0)")
    shoot("run")
    page.goto("/nowhere")
    page.get_by_role("heading", name="Page not found").wait_for()
    shoot("not-found")


def visit_operate(page: Page, user: dict[str, Any], directory: Path, suffix: str) -> None:
    """Takes pictures of all pages as an owner, who sees every action."""

    def open_first() -> None:
        page.locator("tr[data-row]").first.get_by_role("link").first.click()
        page.locator("article h1").wait_for()

    def shoot(name: str, path: str | None = None) -> None:
        if path is not None:
            page.goto(path)
        page.wait_for_function(IS_LOADED)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=directory / f"{name}-{suffix}.png")

    def open_first_of_any(name: str) -> None:
        """Opens the first row of the list and takes a picture, unless the list is empty."""
        if page.locator("tr[data-row]").count() > 0:
            open_first()
            shoot(name)

    page.goto("/delivery-ops")
    sign_in(page, user["email"], user["password"])
    page.locator("tr[data-row]").first.wait_for()
    shoot("delivery-ops")
    shoot("dead-lettered", "/delivery-ops?tab=dead-lettered")
    page.goto("/delivery-ops")
    open_first()
    shoot("delivery")
    shoot("refusals", "/refusals?range=30d")
    open_first_of_any("refusal")
    shoot("suppressions", "/suppressions")
    shoot("exports", "/exports")
    shoot("failures", "/failures?range=30d")
    page.locator("li[data-group] a[href^='/failures/']").first.click()
    page.get_by_role("list", name="Runs, newest first").get_by_role("link").first.wait_for()
    shoot("failure")
    shoot("import", "/contacts/import")
    shoot("contacts", "/contacts")
    page.goto("/contacts?contact=ada@customer.example")
    open_first()
    page.get_by_role("list", name="Activity").wait_for()
    shoot("contact")
    shoot("contact-edit", f"{page.url.partition('?')[0]}/edit")
    shoot("contact-new", "/contacts/new")
    shoot("segments", "/contacts/segments")
    open_first_of_any("segment")
    shoot("segment-new", "/contacts/segments/new")
    shoot("template-new", "/templates/new?contact=ada@customer.example")
    shoot("templates", "/templates")
    open_first()
    shoot("template", f"{page.url}?contact=ada@customer.example")
    for tab in ("workspace", "members", "secrets"):
        shoot(f"settings-{tab}", f"/settings?tab={tab}")
    shoot("automation-new", "/automations/new")
    shoot("automations", "/automations")
    page.get_by_role("link", name="Order paid").click()
    page.locator(".react-flow__node").first.wait_for()
    own = page.url
    shoot("automation")
    shoot("automation-test", f"{own}?tab=test")
    events = page.get_by_role("list", name="Last events").get_by_role("button")
    if events.count() > 0:
        events.first.click()
        page.get_by_role("group", name="Body").wait_for()
        shoot("automation-test-event")
    shoot("automation-versions", f"{own}?tab=versions")
    shoot("timings", f"{own}/timings?range=30d")
    shoot("editor-trigger", f"{own}/edit?node=start")
    shoot("editor", f"{own}/edit?node=big")
    shoot("editor-json", f"{own}/edit?view=json")
    page.goto(f"{own}/edit?activate=true")
    page.get_by_role("dialog").wait_for()
    shoot("activate")


def main(directory: Path) -> None:
    local = json.loads((default_state_dir() / "local.json").read_text())
    users = {user["role"]: user for user in local["workspaces"][0]["users"]}
    directory.mkdir(parents=True, exist_ok=True)
    with open_browser() as browser:
        for size in (DESKTOP, PHONE):
            for color_scheme in get_args(ColorScheme):
                with new_context(browser, local["url"], size, color_scheme) as context:
                    suffix = f"{color_scheme}-{size[0]}"
                    visit(context.new_page(), users["MEMBER"], directory, suffix)
                with new_context(browser, local["url"], size, color_scheme) as context:
                    visit_operate(context.new_page(), users["OWNER"], directory, suffix)
    print(f"{len(list(directory.glob('*.png')))} pictures in {directory}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))

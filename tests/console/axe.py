"""What axe finds wrong with a page."""

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

# What is found alone comes back: whole results are large, and of many pages.
RUN = """async (within) => {
  const {violations} = await axe.run(within, {resultTypes: ['violations']});
  return violations
    .filter(({impact}) => impact === 'serious' || impact === 'critical')
    .map(({id, nodes}) => `${id}: ${JSON.stringify(nodes.map(({target}) => target))}`);
}"""


def grave_violations(page: Page, within: str = "html") -> list[str]:
    """Serious and critical ones, each with the elements it is about."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found: list[str] = page.evaluate(RUN, within)
    return found

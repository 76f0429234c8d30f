"""The accessibility violations that axe finds on a page."""

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

# Only violations are returned: complete results are large.
RUN = """async (within) => {
  const {violations} = await axe.run(within, {resultTypes: ['violations']});
  const places = nodes => JSON.stringify(nodes.map(({target}) => target));
  return violations.map(({id, nodes}) => `${id}: ${places(nodes)}`);
}"""


def violations(page: Page, within: str = "html") -> list[str]:
    """Returns the violations of every impact, each with its elements."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found: list[str] = page.evaluate(RUN, within)
    return found

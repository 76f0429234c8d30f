"""Two ways to use the console: with a mouse, whose clicks are counted, and with the keyboard alone.

Each task is written once. The tests do the task in both ways.
"""

import re
from dataclasses import dataclass, field
from typing import Protocol

from playwright.sync_api import Locator, Page, expect

# The most presses of Tab to reach one thing from another. A page that needs more has no short way.
MOST_TABS = 40

# Counts what a pointer does, also after a page load.
# A press on a place from which its target has just moved is stopped at the window and repeated by
# Playwright, so the document counts only those that the page gets.
COUNT_POINTER = """() => {
  const key = 'tests.pointer';
  document.addEventListener('pointerdown', event => {
    if (!event.isTrusted) return;
    sessionStorage.setItem(key, String(Number(sessionStorage.getItem(key) ?? 0) + 1));
  }, { capture: true });
}"""
POINTED = "Number(sessionStorage.getItem('tests.pointer') ?? 0)"
HAS_FOCUS = "element => element === document.activeElement"
IS_BEFORE = """element => document.activeElement !== document.body
  && (element.compareDocumentPosition(document.activeElement) & Node.DOCUMENT_POSITION_FOLLOWING)"""


class Hands(Protocol):
    page: Page

    def press(self, target: Locator) -> None:
        """Activates a link or a button."""

    def choose(self, group: Locator, name: str) -> None:
        """Chooses one of the chips of a radio group, by the start of its name."""

    def write(self, target: Locator, text: str) -> None:
        """Writes into a field."""


@dataclass
class Mouse:
    """Clicks, and types only into fields. `clicks` counts the clicks."""

    page: Page
    clicks: int = field(default=0, init=False)

    def press(self, target: Locator) -> None:
        self.clicks += 1
        target.click()

    def choose(self, group: Locator, name: str) -> None:
        self.press(group.locator("label", has_text=re.compile(f"^{name}")))

    def write(self, target: Locator, text: str) -> None:
        target.wait_for()
        if not target.evaluate(HAS_FOCUS):
            self.press(target)
        target.press_sequentially(text)


@dataclass
class Keyboard:
    """Moves with Tab and the arrows, and presses Enter."""

    page: Page

    def press(self, target: Locator) -> None:
        self._reach(target)
        self.page.keyboard.press("Enter")

    def choose(self, group: Locator, name: str) -> None:
        chosen = group.get_by_role("radio", name=re.compile(f"^{name}"))
        self._reach(group.locator("input:checked"))
        for _ in range(group.get_by_role("radio").count()):
            if chosen.is_checked():
                return
            self.page.keyboard.press("ArrowRight")
            # The page draws the choice a moment later.
            expect(self.page.locator("input:focus")).to_be_checked()
        expect(chosen).to_be_checked()

    def write(self, target: Locator, text: str) -> None:
        self._reach(target)
        self.page.keyboard.type(text)

    def _reach(self, target: Locator) -> None:
        # The input of a chip is hidden; its label is what people see.
        target.wait_for(state="attached")
        # As a person would, towards the target.
        key = "Shift+Tab" if target.evaluate(IS_BEFORE) else "Tab"
        for _ in range(MOST_TABS):
            if target.evaluate(HAS_FOCUS):
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"{MOST_TABS} presses of Tab do not reach {target}")


def count_pointer(page: Page) -> None:
    page.add_init_script(f"({COUNT_POINTER})()")


def pointed(page: Page) -> int:
    """Returns how often a pointer was pressed in the tab."""
    return int(page.evaluate(POINTED))

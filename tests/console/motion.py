"""Finds the animations and transitions that move parts of a page by themselves."""

from playwright.sync_api import Page

# theme.css leaves no transitions to people who want less motion, and animations of a hundredth of a
# millisecond.
MOVING = """() => document.getAnimations()
  .filter((animation) => animation.effect.getComputedTiming().activeDuration > 1)
  .map(({animationName, transitionProperty, effect}) =>
    `${animationName ?? transitionProperty} of ${effect.target.className}`)"""


def moving(page: Page) -> list[str]:
    """Returns the animations and transitions of the page, with their elements."""
    found: list[str] = page.evaluate(MOVING)
    return found

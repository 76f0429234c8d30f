"""What the bench asks of a side, whichever product it is."""

from dataclasses import dataclass
from typing import Protocol


class RunFailed(Exception):
    """A run of the bench did not complete."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A run: when it finished, in milliseconds since 1970; None while it is open."""

    finished_at: float | None


class Side(Protocol):
    @property
    def hook(self) -> str:
        """The address of the webhook that starts a run."""

    def ended(self, count: int) -> list[Ended]:
        """Returns the newest `count` runs, oldest first."""

    def history_page(self, rows: int) -> float:
        """Returns the milliseconds of a page with the newest runs."""

    def fill(self, runs: int) -> None:
        """Writes finished runs until the history that `history_page` reads has `runs` of them."""

    def processor_seconds(self) -> float:
        """Returns the processor time of all processes so far."""

    def stored_bytes(self) -> int: ...

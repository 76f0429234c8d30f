"""The interface of a side: one of the two products that the bench compares, Runledger or n8n."""

from dataclasses import dataclass
from typing import Protocol


class RunFailed(Exception):
    """A run of the bench did not complete."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The time at which a run finished, in milliseconds since 1970, or None while it is open."""

    finished_at: float | None


class Side(Protocol):
    @property
    def hook(self) -> str:
        """The address of the webhook that starts a run."""

    def ended(self, count: int) -> list[Ended]:
        """Returns the newest `count` runs, oldest first."""

    def history_page(self, rows: int) -> float:
        """Reads a page with the newest `rows` runs. Returns how many milliseconds this took."""

    def fill(self, runs: int) -> None:
        """Writes finished runs until the history that `history_page` reads has `runs` of them."""

    def processor_seconds(self) -> float:
        """Returns the processor seconds that all processes of the product have used so far."""

    def stored_bytes(self) -> int: ...

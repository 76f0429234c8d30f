"""Sends pulses through the table's stream, which show how far it was read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, Clock

if TYPE_CHECKING:
    from runledger.store.freshness import FreshnessStore

# 64 pulses a minute would cost more than everything else in a stack at rest. At rest nothing
# changes, so counts that are some minutes old are still right.
RESTING_MINUTES = 10
# A stack rests if nothing was due for so long. A changed hour is due for its recount within five
# minutes.
RESTS_AFTER = 15 * MINUTE


@dataclass(slots=True)
class Pulses:
    """The tick's pulses. While the stack is at rest, pulses are sent every tenth minute. They are
    sent every minute if rows were due lately, if the process is new, or if this process has not yet
    seen every pulse come through the stream."""

    freshness: "FreshnessStore"
    clock: Clock
    _sent_before: bool = False
    _busy_until: int = 0
    _are_seen: bool = False

    def send(self) -> None:
        """Sends pulses if they are due: every minute, or every tenth minute at rest."""
        now = self.clock()
        is_turn = now // MINUTE % RESTING_MINUTES == 0
        is_busy = now < self._busy_until
        if is_turn or is_busy or not self._sent_before or not self._have_come(now):
            self.freshness.write_pulses(now)
            self._sent_before = True

    def _have_come(self, now: int) -> bool:
        """Whether every pulse has come through the stream. Once they have, the process does not
        read the pulses again."""
        self._are_seen = self._are_seen or self.freshness.read(now).until is not None
        return self._are_seen

    def note_due(self, rows: int) -> None:
        """Notes how many rows were due in this minute."""
        if rows:
            self._busy_until = self.clock() + RESTS_AFTER

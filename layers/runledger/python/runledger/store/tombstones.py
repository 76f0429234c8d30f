"""Tombstones: small rows that remain when an expired run, delivery or refusal is deleted.

A tombstone is in the partition of the deleted row and records when that row expired. So a link to
an expired row can be distinguished from a wrong link.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import DAY
from runledger.store import keys
from runledger.store.table import key_attributes, ttl

if TYPE_CHECKING:
    from runledger.store.keys import Key
    from runledger.store.table import Table

# How long a tombstone is kept after the expiry.
TOMBSTONE_LIFE = 365 * DAY


@dataclass(frozen=True, slots=True)
class Expiry:
    """The workspace of an expired row, and when it expired, in epoch milliseconds."""

    workspace_id: str
    expired_at: int


class TombstoneStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def leave(self, of: "Key", expiry: Expiry) -> None:
        """Writes the tombstone of the row with that key. A repeated call writes the same
        tombstone."""
        self._table.put(
            {
                **key_attributes(keys.tombstone(of)),
                "workspaceId": expiry.workspace_id,
                "expiredAt": expiry.expired_at,
                "ttl": ttl(expiry.expired_at + TOMBSTONE_LIFE),
            }
        )

    def find(self, of: "Key", now: int) -> Expiry | None:
        """Returns the expiry of the row with that key, if it has expired by `now`: from the row
        itself while it exists (DynamoDB deletes days late), otherwise from its tombstone."""
        stone = keys.tombstone(of)
        found = self._table.batch_get([of, stone])
        row = found.get(of)
        if row is not None:
            expired_at = row["ttl"] * 1_000
            return Expiry(row["workspaceId"], expired_at) if expired_at <= now else None
        left = found.get(stone)
        if left is None or left["ttl"] * 1_000 <= now:
            return None
        return Expiry(left["workspaceId"], left["expiredAt"])

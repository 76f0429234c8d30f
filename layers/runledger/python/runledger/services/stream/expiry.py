"""Cleans up after DynamoDB deleted an expired row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.clock import SECOND
from runledger.observability import log_failure
from runledger.store import keys
from runledger.store.tombstones import Expiry
from runledger.store.values import from_dynamo

if TYPE_CHECKING:
    from runledger.store.bodies import Bodies
    from runledger.store.tombstones import TombstoneStore

# The sort keys of rows that links lead to.
_LINKED = frozenset({keys.run("").sk, keys.delivery("").sk, keys.refusal("").sk})
# The attributes to read. The binary one is left out: an event holds bytes as base64, and they are
# not needed here.
_LOOKED_AT = ("pk", "sk", "workspaceId", "ttl", "objects")
# The user identity of time-to-live deletions in a stream record.
_TIME_TO_LIVE = ("Service", "dynamodb.amazonaws.com")


@dataclass(frozen=True, slots=True)
class ExpiredRow:
    """A row that expired. `expiry` is what its tombstone stores, or None if neither the console nor
    the API links to such rows. `objects` is the prefix of the keys of the row's objects in S3."""

    key: keys.Key
    expiry: Expiry | None
    objects: str | None


def expired_rows(records: Iterable[Mapping[str, Any]]) -> list[tuple[str, ExpiredRow]]:
    """Returns the rows that DynamoDB deleted by their time to live, each with its position in the
    stream. Leaves out rows that our own code deleted, because that code records the deletion
    itself.

    A record that cannot be read is logged and skipped, because it will never be readable."""
    found = []
    for record in records:
        if record.get("eventName") != "REMOVE" or not _is_expired(record):
            continue
        change = record.get("dynamodb", {})
        try:
            found.append((change["SequenceNumber"], expired_row(change["OldImage"])))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            key = change.get("Keys", {}).get("pk", {}).get("S", "unknown")
            log_failure("stream record cannot be read", error, row=str(key))
    return found


def _is_expired(record: Mapping[str, Any]) -> bool:
    who = record.get("userIdentity") or {}
    return (who.get("type"), who.get("principalId")) == _TIME_TO_LIVE


def expired_row(image: Mapping[str, Any]) -> ExpiredRow:
    """Reads a deleted row from its image in a stream record."""
    row = from_dynamo({name: image[name] for name in _LOOKED_AT if name in image})
    expiry = None
    if row["sk"] in _LINKED:
        expiry = Expiry(row["workspaceId"], row["ttl"] * SECOND)
    return ExpiredRow(keys.Key(row["pk"], row["sk"]), expiry, row.get("objects"))


@dataclass(frozen=True, slots=True)
class ExpiryFollower:
    tombstones: "TombstoneStore"
    bodies: "Bodies"

    def bury(self, row: ExpiredRow) -> None:
        """Leaves a tombstone if links led to the row, and deletes the row's objects. Safe to
        repeat.

        All rows of a run expire together, and readers no longer see them. So when DynamoDB deletes
        the first of these rows, all objects of the run are deleted.
        """
        if row.expiry is not None:
            self.tombstones.leave(row.key, row.expiry)
        if row.objects is not None:
            self.bodies.delete_all(row.objects)

"""What is left to do once DynamoDB has deleted a row that expired."""

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

# The rows that links lead to, by their sort key.
_LINKED = frozenset({keys.run("").sk, keys.delivery("").sk, keys.refusal("").sk})
# What is looked at. An event holds bytes as base64, and here they tell nothing.
_LOOKED_AT = ("pk", "sk", "workspaceId", "ttl", "objects")
# Who deletes by time to live, as a stream record names them.
_TIME_TO_LIVE = ("Service", "dynamodb.amazonaws.com")


@dataclass(frozen=True, slots=True)
class ExpiredRow:
    """`expiry` where links led to the row, `objects` what the keys of its objects begin with."""

    key: keys.Key
    expiry: Expiry | None
    objects: str | None


def expired_rows(records: Iterable[Mapping[str, Any]]) -> list[tuple[str, ExpiredRow]]:
    """The rows that DynamoDB deleted by their time to live, each with its position in the stream.
    Whoever else deletes a row leaves their own word of it.

    A record that cannot be read will never be: it is logged and left out."""
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
    """Of the image of a deleted row, as a stream record holds it."""
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
        """Leaves a tombstone where links led to the row, and deletes the objects that it pointed
        to. May be done again.

        A run's objects go with the first of its rows to be deleted: all of them have expired by
        then, and no reader is shown any."""
        if row.expiry is not None:
            self.tombstones.leave(row.key, row.expiry)
        if row.objects is not None:
            self.bodies.delete_all(row.objects)

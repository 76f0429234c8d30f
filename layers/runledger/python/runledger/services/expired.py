"""What is left to do once DynamoDB has deleted a row that expired."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.store import keys
from runledger.store.tombstones import Expiry
from runledger.store.values import from_dynamo

if TYPE_CHECKING:
    from runledger.store.bodies import Bodies
    from runledger.store.tombstones import TombstoneStore
    from runledger.store.values import Item

# The rows that links lead to, by their sort key.
_LINKED = frozenset({keys.run("").sk, keys.delivery("").sk, keys.refusal("").sk})
# What is looked at. An event holds bytes as base64, and here they tell nothing.
_LOOKED_AT = ("pk", "sk", "workspaceId", "ttl", "objects")


def expired_row(image: Mapping[str, Any]) -> "Item":
    """Of the image of a deleted row, as a stream record holds it."""
    return from_dynamo({name: image[name] for name in _LOOKED_AT if name in image})


@dataclass(frozen=True, slots=True)
class Expired:
    tombstones: "TombstoneStore"
    bodies: "Bodies"

    def bury(self, row: "Item") -> None:
        """Leaves a tombstone where links led to the row, and deletes the objects that it pointed
        to. May be done again.

        A run's objects go with the first of its rows to be deleted: all of them have expired by
        then, and no reader is shown any."""
        if row["sk"] in _LINKED:
            of = keys.Key(row["pk"], row["sk"])
            self.tombstones.leave(of, Expiry(row["workspaceId"], row["ttl"] * 1_000))
        if "objects" in row:
            self.bodies.delete_all(row["objects"])

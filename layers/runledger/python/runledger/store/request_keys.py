"""Rows that a request with an idempotency key writes only once.

A second item, written in the same transaction, leads from the key to the row. A key counts only for
one kind of request in one workspace. Exports, bulk actions and recoveries are listed by their ids,
which sort by time, so their ids cannot be derived from the key.
"""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, KeyReusedError
from runledger.store.table import Put, key_attributes, ttl

if TYPE_CHECKING:
    from runledger.models.base import WireModel
    from runledger.store.keys import Key
    from runledger.store.table import Table
    from runledger.store.values import Item

_DIGEST_CHARACTERS = 20


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The idempotency key that a caller sent, and a digest of the whole request."""

    key: str
    digest: str


def request_key(document: "WireModel", key: str | None) -> RequestKey | None:
    """Returns this idempotency key with the digest of the request's document, or None if `key` is
    None."""
    if key is None:
        return None
    digest = hashlib.sha256(document.model_dump_json(by_alias=True).encode()).hexdigest()
    return RequestKey(key, digest[:_DIGEST_CHARACTERS])


def put_once(
    table: "Table",
    row: "Item",
    place: "Key",
    name: tuple[str, str],
    digest: str,
    *,
    now: int,
    until: int,
) -> str:
    """Writes a new row, and an item at `place` that leads to the row until `until`. Returns the
    row's id. `name` is a pair: the name of the field in which the item stores the row's id, and the
    row's id.

    If an earlier request with the same key and digest wrote a row, writes nothing and returns the
    id of that earlier row. Raises KeyReusedError if the earlier request had another digest.
    """
    field, row_id = name
    leading: Item = {
        **key_attributes(place),
        field: row_id,
        "request": digest,
        "ttl": ttl(until),
    }
    is_new = Attr("pk").not_exists()
    is_expired = Attr("ttl").lte(ttl(now))
    try:
        table.transact([Put(row), Put(leading, is_new | is_expired)])
    except ConditionFailedError as error:
        known = table.get(place, consistent=True)
        if known is None:
            raise
        if known["request"] != digest:
            raise KeyReusedError(
                "this idempotency key was already used with another request"
            ) from error
        return str(known[field])
    return row_id

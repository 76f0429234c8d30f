"""Kept events: those of refusals and of captures, and the items by which an erasure finds them.

An event's item is written before the event, so each event and each of its objects always has an
item. If the event is never written, its item expires like the others.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, NotFoundError, UnreadableError
from runledger.models.base import Model
from runledger.models.kept_event import Capture, CapturedEvent, KeptEvent
from runledger.observability import log_failure
from runledger.store import keys
from runledger.store.keys import Key
from runledger.store.salvage import DAMAGES
from runledger.store.table import Change, SortRange, key_attributes, ttl

if TYPE_CHECKING:
    from runledger.models.erasure import Erasure
    from runledger.store.bodies import Bodies
    from runledger.store.table import Table
    from runledger.store.values import Item

HASH_BYTES = 6


class KeptPlace(Model):
    """Where a kept event is stored. `id` is the id of the refusal or of the captured event, `row`
    is the key of the event's row, and `objects` is the key prefix of the event's objects. `hashes`
    are the hashes of the addresses and ids in the event, or None if there are too many."""

    id: str
    workspace_id: str
    kept_at: int
    expires_at: int
    row: Key
    objects: str
    hashes: frozenset[bytes] | None

    @property
    def position(self) -> str:
        """The position of the event among all kept events of its workspace."""
        return keys.created_key(self.kept_at, self.id)


def refused_place(
    workspace_id: str,
    refusal_id: str,
    kept_at: int,
    expires_at: int,
    hashes: frozenset[bytes] | None,
) -> KeptPlace:
    return KeptPlace(
        id=refusal_id,
        workspace_id=workspace_id,
        kept_at=kept_at,
        expires_at=expires_at,
        row=keys.refused_event(refusal_id),
        objects=refused_objects(refusal_id),
        hashes=hashes,
    )


def refused_objects(refusal_id: str) -> str:
    """Returns the key prefix of the objects of a refusal's event."""
    return f"refusals/{refusal_id}/"


def captured_place(
    workspace_id: str,
    automation_id: str,
    event_id: str,
    kept_at: int,
    expires_at: int,
    hashes: frozenset[bytes] | None,
) -> KeptPlace:
    return KeptPlace(
        id=event_id,
        workspace_id=workspace_id,
        kept_at=kept_at,
        expires_at=expires_at,
        row=keys.captured_event(automation_id, kept_at, event_id),
        objects=f"captured/{event_id}/",
        hashes=hashes,
    )


class KeptEventStore:
    def __init__(self, table: "Table", bodies: "Bodies") -> None:
        self._table = table
        self._bodies = bodies

    def keep(
        self, place: KeptPlace, event: KeptEvent, facts: "Mapping[str, Any] | None" = None
    ) -> None:
        """Stores an event at its place. `facts` are the other fields of a captured event, which are
        stored with it. Safe to repeat."""
        self._table.put(_place_item(place))
        body = self._bodies.pack(
            {"event": _document(event), **(facts or {})}, f"{place.objects}event"
        )
        self._table.put(
            {
                **key_attributes(place.row),
                "workspaceId": place.workspace_id,
                "body": body,
                # The stream's follower deletes these with the row.
                "objects": place.objects if isinstance(body, Mapping) else None,
                "ttl": ttl(place.expires_at),
            }
        )

    def of_refusal(self, refusal_id: str, now: int) -> KeptEvent | None:
        """Returns the event of a refusal, or None if it was not kept or was deleted."""
        item = self._table.get(keys.refused_event(refusal_id), consistent=True)
        if item is None or item["ttl"] * 1_000 <= now:
            return None
        found = self._unpacked(item)
        return None if found is None else _event(found["event"])

    def captured(self, automation_id: str, since: int, now: int, most: int) -> list[CapturedEvent]:
        """Returns up to `most` events that were captured from `since` to `now`, newest first."""
        low = keys.captured_event(automation_id, since, "")
        high = keys.captured_event(automation_id, now, "\uffff")
        page = self._table.query(
            low.pk, SortRange(low.sk, high.sk), ascending=False, limit=most, consistent=True
        )
        found = []
        for item in page.items:
            if item["ttl"] * 1_000 <= now:
                continue
            document = self._unpacked(item)
            if document is not None:
                event = _event(document.pop("event"))
                found.append(CapturedEvent(id=keys.id_of(item["sk"]), event=event, **document))
        return found

    def count_captured(self, automation_id: str, capture: Capture, most: int) -> bool:
        """Counts one more event of a capture. Returns whether it is among the first `most` events,
        and so must be kept."""
        is_one_of_the_first = Attr("events").not_exists() | Attr("events").lt(most)
        change = Change(add={"events": 1}, set={"ttl": ttl(capture.until)})
        key = keys.capture_count(automation_id, capture.id)
        try:
            self._table.change(key, change, is_one_of_the_first)
        except ConditionFailedError:
            return False
        return True

    def captured_count(self, automation_id: str, capture: Capture) -> int:
        item = self._table.get(keys.capture_count(automation_id, capture.id), consistent=True)
        return int(item["events"]) if item else 0

    # ── Erasing ───────────────────────────────────────────────────────────────────────────────
    def places(
        self, workspace_id: str, after: str | None, until: int, limit: int
    ) -> tuple[list[KeptPlace], bool]:
        """Returns a page of the keys and hashes of events that the workspace kept before `until`,
        oldest first, after the position `after`. Also returns whether it is the last page."""
        low = keys.after_created(after) if after else keys.kept_event(workspace_id, 0, "").sk
        bound = keys.kept_event(workspace_id, until, "\uffff")
        page = self._table.query(bound.pk, SortRange(low, bound.sk), limit=limit, consistent=True)
        return [_place(item) for item in page.items], not page.items or page.next is None

    def read_at(self, place: KeptPlace) -> KeptEvent | None:
        """Returns the event at a place, or None if it is gone or damaged."""
        item = self._table.get(place.row, consistent=True)
        found = None if item is None else self._unpacked(item)
        return None if found is None else _event(found["event"])

    def delete(self, place: KeptPlace) -> bool:
        """Deletes an event with its objects, but not the item by which an erasure finds it. Returns
        whether there was an event or an object."""
        was_there = self._table.get(place.row, consistent=True) is not None
        self._table.delete(place.row)
        return bool(self._bodies.delete_all(place.objects)) or was_there

    def delete_of_refusal(self, refusal_id: str) -> None:
        """Deletes a refusal's event: its row and its objects. The item by which an erasure finds
        the event stays until it expires."""
        self._table.delete(keys.refused_event(refusal_id))
        self._bodies.delete_all(refused_objects(refusal_id))

    def forget(self, place: KeptPlace) -> None:
        """Deletes the item by which an erasure finds an event, after the event was deleted."""
        self._table.delete(keys.kept_event(place.workspace_id, place.kept_at, place.id))

    def searched(self, erasure: "Erasure") -> str | None:
        """Returns the position up to which an erasure has searched the kept events. Returns None if
        the erasure must search them from the beginning: it has not searched yet, or has found more
        addresses since."""
        key = keys.kept_search(erasure.workspace_id, erasure.contact_id)
        item = self._table.get(key, consistent=True)
        if item is None or item["for"] != _digest(erasure):
            return None
        return str(item["position"])

    def search_on(self, erasure: "Erasure", position: str, until: int) -> None:
        """Stores the position of an erasure's search. The position is kept until `until`."""
        key = keys.kept_search(erasure.workspace_id, erasure.contact_id)
        self._table.put(
            {
                **key_attributes(key),
                "position": position,
                "for": _digest(erasure),
                "ttl": ttl(until),
            }
        )

    def _unpacked(self, item: "Item") -> dict[str, Any] | None:
        """Returns the stored document, or None if its object was just deleted or the document is
        damaged. So callers treat a damaged event like a deleted one."""
        try:
            found = self._bodies.unpack(item["body"])
            _event(found["event"])
        except NotFoundError:
            return None
        except (UnreadableError, *DAMAGES) as error:
            log_failure("a kept event is damaged", error, row=str(item.get("pk")))
            return None
        return dict(found)


def _digest(erasure: "Erasure") -> str:
    text = "\x1f".join("#".join(each) for each in sorted(erasure.addresses))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _document(event: KeptEvent) -> dict[str, Any]:
    """Returns the event as JSON. Its body is stored as text if that keeps every byte, because text
    is smaller."""
    try:
        body = {"text": event.body.decode()}
    except UnicodeDecodeError:
        body = {"base64": base64.b64encode(event.body).decode()}
    return {**event.model_dump(mode="python", exclude={"body"}), "body": body}


def _event(document: "Mapping[str, Any]") -> KeptEvent:
    body = document["body"]
    data = body["text"].encode() if "text" in body else base64.b64decode(body["base64"])
    return KeptEvent(**{**document, "body": data})


def _place_item(place: KeptPlace) -> "Item":
    hashes = None if place.hashes is None else b"".join(sorted(place.hashes))
    return {
        **key_attributes(keys.kept_event(place.workspace_id, place.kept_at, place.id)),
        "row": list(place.row),
        "objects": place.objects,
        "hashes": hashes,
        "ttl": ttl(place.expires_at),
    }


def _place(item: "Item") -> KeptPlace:
    hashes = item.get("hashes")
    return KeptPlace(
        id=keys.id_of(item["sk"]),
        workspace_id=item["pk"].split("#")[1],
        kept_at=keys.created_at_of(item["sk"]),
        expires_at=item["ttl"] * 1_000,
        row=Key(*item["row"]),
        objects=item["objects"],
        hashes=None
        if hashes is None
        else frozenset(
            hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES)
        ),
    )

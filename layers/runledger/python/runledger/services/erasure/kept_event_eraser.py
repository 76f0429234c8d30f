"""Erases kept events that mention a person: events of refusals, and captured events.

Such an event may have no contact: it may have been refused because no contact was found. So the
erasure reads the items of all events that the workspace kept until a minute after the erasure
began, and compares their hashes with the person's addresses and id. If an event has more hashes
than its item can store, its body is read. The position is stored, so that a search through many
bodies can continue over several ticks.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import DAY, MINUTE, Clock
from runledger.services.erasure.erasers import LONGEST_INVOCATION
from runledger.services.triggers.kept_events import REFUSED_LIFE
from runledger.services.triggers.kept_hashes import hash_of, holds, mention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runledger.models.erasure import Erasure
    from runledger.store.kept_events import KeptEventStore, KeptPlace
    from runledger.store.refusals import RefusalStore

_PAGE = 100
_REFUSAL_PREFIX = "ref_"


@dataclass(frozen=True, slots=True)
class KeptEventEraser:
    events: "KeptEventStore"
    refusals: "RefusalStore"
    clock: Clock

    def __call__(self, erasure: "Erasure", until: int) -> int:
        """Continues the search. Returns how long the erasure must wait before it may end: 0 if the
        search is complete and no process that was running when the erasure began can still add an
        event, otherwise MINUTE."""
        last = erasure.requested_at + LONGEST_INVOCATION
        begun = self.events.searched(erasure)
        settled, is_whole, has_begun = begun, True, False
        for place in self._places(erasure, begun, last):
            now = self.clock()
            if has_begun and now > until:
                is_whole = False
                break
            has_begun = True
            self._search(erasure, place, now)
            if place.kept_at + LONGEST_INVOCATION <= now:
                # Nothing is written before this place any more.
                settled = place.position
        now = self.clock()
        if settled is not None and settled != begun:
            self.events.search_on(erasure, settled, now + REFUSED_LIFE + DAY)
        return 0 if is_whole and now > last + LONGEST_INVOCATION else MINUTE

    def _places(self, erasure: "Erasure", after: str | None, last: int) -> "Iterator[KeptPlace]":
        while True:
            page, is_last = self.events.places(erasure.workspace_id, after, last, _PAGE)
            yield from page
            if is_last:
                return
            after = page[-1].position

    def _search(self, erasure: "Erasure", place: "KeptPlace", now: int) -> None:
        if not self._may_mention(erasure, place, now):
            return
        self.events.delete(place)
        if place.id.startswith(_REFUSAL_PREFIX):
            self.refusals.erase(place.id, now)
        if place.kept_at + LONGEST_INVOCATION <= now:
            self.events.forget(place)

    def _may_mention(self, erasure: "Erasure", place: "KeptPlace", now: int) -> bool:
        named = [*erasure.addresses, ("ID", erasure.contact_id)]
        if place.hashes is not None:
            workspace_id = erasure.workspace_id
            return any(hash_of(workspace_id, kind, value) in place.hashes for kind, value in named)
        event = self.events.read_at(place)
        if event is None:
            # It is being written, or the process that wrote it died and may have left an object, or
            # it is damaged.
            return place.kept_at + LONGEST_INVOCATION <= now
        return holds(event, {mention(kind, value) for kind, value in named})

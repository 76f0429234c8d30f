"""Erasing a contact: at once what finds the person, then whatever happened about them.

One transaction deletes the contact with all that leads to it and writes its erasure, which is in
the due index: from then on no trigger finds the contact, and whatever crashes, the tick goes on. A
look goes through everything in the contact's index; two in a row that find nothing, a minute apart
and not sooner than a minute after the contact was deleted, are the end. By then whoever had still
read the contact has written what it was to write, and the index tells it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, SECOND, Clock, iso, optional_iso
from runledger.errors import ConditionFailedError, ConflictError, NotFoundError
from runledger.models.erasure import Address, Erasure, ErasureStatus, ErasureView
from runledger.store import keys
from runledger.store.table import SortRange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runledger.models.contact import Contact
    from runledger.services.erasers import Eraser, RowEraser
    from runledger.store.contacts import ContactStore
    from runledger.store.due import DueRow
    from runledger.store.erasures import ErasureStore
    from runledger.store.table import Table
    from runledger.store.values import Item

PAGE = 25
# Of the request, and of one tick, for one contact.
FIRST_TIME = 8 * SECOND
TICK_TIME = 20 * SECOND
# Each lost try means that the contact was changed in between.
_TRIES = 4


def known_contact(
    contacts: "ContactStore", erasures: "ErasureStore", workspace_id: str, contact_id: str
) -> "Contact":
    """GoneError where the contact was erased, NotFoundError where there never was one."""
    try:
        return contacts.get(workspace_id, contact_id)
    except NotFoundError:
        erasures.require_not_erased(workspace_id, contact_id)
        raise


@dataclass(frozen=True, slots=True)
class Erasing:
    """`rows` by the prefix of the ids in the contact's index, `others` for what is not in it."""

    table: "Table"
    contacts: "ContactStore"
    erasures: "ErasureStore"
    rows: "Mapping[str, RowEraser]"
    others: "tuple[Eraser, ...]"
    clock: Clock

    def erase(self, workspace_id: str, contact_id: str, reason: str | None, by: str) -> Erasure:
        """The erasure, as far as it came within a few seconds; asked again, it goes on, and in the
        end is told. NotFoundError where there never was such a contact."""
        erasure = self.erasures.find(workspace_id, contact_id)
        if erasure is None:
            erasure = self._begin(workspace_id, contact_id, reason, by)
        try:
            return self._go_on(erasure, self.clock() + FIRST_TIME)
        except ConditionFailedError:
            # The tick, or another request, is at it too.
            return self.erasures.find(workspace_id, contact_id) or erasure

    def settle(self, row: "DueRow") -> None:
        """Goes on for a while, when the erasure is due; ConditionFailedError where somebody else
        moved it on meanwhile."""
        erasure = self.erasures.at(row.key)
        now = self.clock()
        if erasure is None or erasure.due_at is None or erasure.due_at > now:
            # The index has yet to tell that it moved.
            return
        self._go_on(erasure, now + TICK_TIME)

    def _begin(self, workspace_id: str, contact_id: str, reason: str | None, by: str) -> Erasure:
        for _ in range(_TRIES):
            try:
                contact = self.contacts.get(workspace_id, contact_id)
            except NotFoundError:
                # Somebody else asked for the same at this very moment.
                begun = self.erasures.find(workspace_id, contact_id)
                if begun is None:
                    raise
                return begun
            now = self.clock()
            addresses = [("EMAIL", contact.email), ("PHONE", contact.phone)]
            erasure = Erasure(
                workspace_id=workspace_id,
                contact_id=contact_id,
                reason=reason,
                requested_by=by,
                requested_at=now,
                addresses=frozenset(Address(kind, each) for kind, each in addresses if each),
                due_at=now + MINUTE,
            )
            try:
                self.contacts.erase(contact, self.erasures.first(erasure))
            except ConflictError:
                continue
            return erasure
        raise ConflictError("the contact kept changing; ask again")

    def _go_on(self, erasure: Erasure, until: int) -> Erasure:
        """A look, or as much of one as there is time for."""
        while erasure.status is ErasureStatus.ERASING:
            partition = keys.by_contact(erasure.workspace_id, erasure.contact_id)
            low = keys.after_created(erasure.position) if erasure.position else None
            page = self.table.query(
                partition, SortRange(low=low), index=keys.Index.BY_CONTACT, limit=PAGE
            )
            wanted = [keys.Key(item["pk"], item["sk"]) for item in page.items]
            found = self.table.batch_get(wanted, consistent=True)
            # The index may lag behind: a row that is not the contact's any more is done.
            rows = [row for row in found.values() if row.get("gsi3pk") == partition]
            erasure = self._note(erasure, rows)
            again = [self._eraser(row).erase(erasure, row) for row in rows]
            has_found = erasure.found_something or any(again)
            if page.next is None:
                return self._end_look(erasure, has_found)
            now = self.clock()
            is_late = now > until
            moved = {
                "position": page.items[-1]["createdKey"],
                "found_something": has_found,
                "due_at": now if is_late else now + MINUTE,
            }
            erasure = self.erasures.move_on(erasure, erasure.model_copy(update=moved))
            if is_late:
                break
        return erasure

    def _note(self, erasure: Erasure, rows: "Sequence[Item]") -> Erasure:
        """Remembers the addresses that rows tell before they are blanked: the person may have had
        others than the last."""
        told = {each for row in rows for each in self._eraser(row).addresses(row)}
        if told <= erasure.addresses:
            return erasure
        known = {"addresses": erasure.addresses | told}
        return self.erasures.move_on(erasure, erasure.model_copy(update=known))

    def _eraser(self, row: "Item") -> "RowEraser":
        """LookupError for a kind that nobody erases: a contact is not told as erased then."""
        return self.rows[keys.id_of(row["createdKey"]).partition("_")[0]]

    def _end_look(self, erasure: Erasure, has_found: bool) -> Erasure:
        for eraser in self.others:
            eraser(erasure)
        now = self.clock()
        quiet_since = erasure.quiet_since
        if has_found or now < erasure.requested_at + MINUTE:
            quiet_since = None
        elif quiet_since is None:
            quiet_since = now
        elif now >= quiet_since + MINUTE:
            over = {
                "status": ErasureStatus.ERASED,
                "erased_at": now,
                "addresses": frozenset(),
                "due_at": None,
            }
            return self._next_look(erasure, over)
        due_at = now + MINUTE if quiet_since is None else quiet_since + MINUTE
        return self._next_look(erasure, {"quiet_since": quiet_since, "due_at": due_at})

    def _next_look(self, erasure: Erasure, changes: dict[str, object]) -> Erasure:
        from_start = {"position": None, "found_something": False}
        after = erasure.model_copy(update={"quiet_since": None, **from_start, **changes})
        return self.erasures.move_on(erasure, after)


def erasure_view(erasure: Erasure) -> ErasureView:
    return ErasureView(
        contact_id=erasure.contact_id,
        status=erasure.status,
        reason=erasure.reason,
        requested_by=erasure.requested_by,
        requested_at=iso(erasure.requested_at),
        erased_at=optional_iso(erasure.erased_at),
    )

"""Erases a contact: first the contact and its lookup rows, then everything that happened to it.

One transaction deletes the contact with all its lookup rows and writes its erasure, which is in the
due index. From then on no trigger finds the contact, and after any crash the tick continues.

A look is one pass over everything in the contact's index. The erasure ends after two looks in a row
that find nothing, a minute apart and at least a minute after the contact was deleted. After that
minute, every process that had read the contact has finished its writes, and the index shows them.
The request begins the first look. Only the tick ends a look and erases data that is not in the
index.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, SECOND, Clock
from runledger.errors import ConditionFailedError, ConflictError, NotFoundError
from runledger.models.erasure import Erasure, ErasureStatus
from runledger.store import keys
from runledger.store.table import SortRange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runledger.services.bulk.import_removal import ImportRemoval
    from runledger.services.erasure.erasers import Eraser, RowEraser
    from runledger.store.contacts import ContactStore
    from runledger.store.due import DueRow
    from runledger.store.erasures import ErasureStore
    from runledger.store.table import Table
    from runledger.store.values import Item

PAGE = 25
# The time of the request, and of one tick, for one contact.
FIRST_TIME = 8 * SECOND
TICK_TIME = 20 * SECOND
# A try is lost only if the contact was changed in between.
_TRIES = 4


@dataclass(frozen=True, slots=True)
class ContactEraser:
    """Erases contacts. `rows` has an eraser for each id prefix in the contact's index. `others` are
    the erasers of data that is not in the index."""

    table: "Table"
    contacts: "ContactStore"
    erasures: "ErasureStore"
    rows: "Mapping[str, RowEraser]"
    others: "tuple[Eraser, ...]"
    imports: "ImportRemoval"
    clock: Clock

    def erase(self, workspace_id: str, contact_id: str, reason: str | None, by: str) -> Erasure:
        """Begins the erasure and returns it after a few seconds of work; the tick continues it. If
        the erasure was requested before, returns the existing one. Raises NotFoundError if there
        never was such a contact."""
        erasure = self.erasures.find(workspace_id, contact_id)
        if erasure is not None:
            return erasure
        begun = self._begin(workspace_id, contact_id, reason, by)
        try:
            return self._look(begun, self.clock() + FIRST_TIME)[0]
        except ConditionFailedError:
            # The tick works on it too.
            return self.erasures.find(workspace_id, contact_id) or begun

    def settle(self, row: "DueRow") -> None:
        """Continues a due erasure for a while. Raises ConditionFailedError if another process
        changed it meanwhile."""
        erasure = self.erasures.at(row.key)
        now = self.clock()
        if erasure is None or erasure.due_at is None or erasure.due_at > now:
            # The erasure has changed, and the index does not show that yet.
            return
        until = now + TICK_TIME
        looked, is_whole = self._look(erasure, until)
        if is_whole:
            self._end_look(looked, until)

    def _begin(self, workspace_id: str, contact_id: str, reason: str | None, by: str) -> Erasure:
        for _ in range(_TRIES):
            try:
                contact = self.contacts.get(workspace_id, contact_id)
            except NotFoundError:
                # Another request for the same erasure came at the same time.
                begun = self.erasures.find(workspace_id, contact_id)
                if begun is None:
                    raise
                return begun
            # First: an import could create the person again from its file.
            self.imports.end_all(workspace_id)
            now = self.clock()
            erasure = Erasure(
                workspace_id=workspace_id,
                contact_id=contact_id,
                reason=reason,
                requested_by=by,
                requested_at=now,
                blanked_at=now,
                not_before=now + MINUTE,
                addresses=frozenset(contact.addresses),
                due_at=now + MINUTE,
            )
            try:
                self.contacts.erase(contact, self.erasures.first(erasure))
            except ConflictError:
                continue
            return erasure
        raise ConflictError("the contact kept changing; try again")

    def _look(self, erasure: Erasure, until: int) -> tuple[Erasure, bool]:
        """Continues the current look (one pass over everything in the contact's index) until the
        time `until`. Returns the erasure with its progress, and whether the look is complete."""
        partition = keys.by_contact(erasure.workspace_id, erasure.contact_id)
        while erasure.status is ErasureStatus.ERASING:
            low = keys.after_created(erasure.position) if erasure.position else None
            page = self.table.query(
                partition, SortRange(low=low), index=keys.Index.BY_CONTACT, limit=PAGE
            )
            wanted = [keys.Key(item["pk"], item["sk"]) for item in page.items]
            found = self.table.batch_get(wanted, consistent=True)
            # The index may lag behind: a row that is no longer the contact's is done.
            rows = {key: row for key, row in found.items() if row.get("gsi3pk") == partition}
            erasure = self._note(erasure, list(rows.values()))
            if not page.items:
                return erasure, True
            has_found, position = erasure.found_something, page.items[-1]["createdKey"]
            for item in page.items:
                row = rows.get(keys.Key(item["pk"], item["sk"]))
                if row is not None and self._eraser(row).erase(erasure, row):
                    has_found = True
                if self.clock() > until:
                    position = item["createdKey"]
                    break
            now = self.clock()
            is_late = now > until
            moved = erasure.changed(
                position=position,
                found_something=has_found,
                due_at=now if is_late else now + MINUTE,
            )
            erasure = self.erasures.move_on(erasure, moved)
            if page.next is None and position == page.items[-1]["createdKey"]:
                return erasure, True
            if is_late:
                break
        return erasure, False

    def _note(self, erasure: Erasure, rows: "Sequence[Item]") -> Erasure:
        """Stores the addresses that rows contain, before the rows are blanked: the person may have
        had other addresses earlier."""
        named = {each for row in rows for each in self._eraser(row).addresses(row)}
        if named <= erasure.addresses:
            return erasure
        return self.erasures.move_on(erasure, erasure.changed(addresses=erasure.addresses | named))

    def _eraser(self, row: "Item") -> "RowEraser":
        """Returns the eraser of a row. Raises LookupError for an unknown kind, so that the contact
        is not reported as erased."""
        return self.rows[keys.id_of(row["createdKey"]).partition("_")[0]]

    def _end_look(self, erasure: Erasure, until: int) -> None:
        """Runs the erasers in `others`, then ends the current look (one pass over everything in the
        contact's index). Each eraser in `others` does at least a little work, even if the time
        `until` has passed. If an eraser has work left then, it continues at the end of the next
        look."""
        has_found = erasure.found_something
        blanked_at = self.clock() if has_found else erasure.blanked_at
        looked = erasure.changed(blanked_at=blanked_at)
        waits = [eraser(looked, until) for eraser in self.others]
        now = self.clock()
        not_before = erasure.not_before
        if any(waits):
            not_before = max(not_before, now + max(waits))
        quiet_since = None if has_found else erasure.quiet_since or now
        after = looked.changed(
            not_before=not_before,
            quiet_since=quiet_since,
            position=None,
            found_something=False,
            due_at=now + MINUTE,
        )
        if quiet_since is not None:
            ends_at = max(quiet_since + MINUTE, not_before)
            after = after.changed(due_at=ends_at)
            if now >= ends_at:
                after = after.changed(
                    status=ErasureStatus.ERASED,
                    finished_at=now,
                    addresses=frozenset(),
                    due_at=None,
                )
        self.erasures.move_on(erasure, after)

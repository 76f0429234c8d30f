"""Finds the contacts that match a query, page by page, in the order of their ids.

The pages only suggest contacts: each recipient is read again, and must match at that time. A
contact that starts to match during the search is found if its page has not been read yet.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.nodes.segment_rules import SegmentRules
from runledger.nodes.tools import ContactPage, ContactQuery

if TYPE_CHECKING:
    from runledger.models.automation import SegmentSnapshot
    from runledger.models.contact import Contact
    from runledger.store.contacts import ContactStore

PAGE_CONTACTS = 50
# The most contacts to look at for one page, if few match.
_LISTED = 200
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Recipients:
    """Finds recipients. `segments` are those that the run's version pinned, by id."""

    contacts: "ContactStore"
    workspace_id: str
    segments: "Mapping[str, SegmentSnapshot]"

    def page(self, query: ContactQuery, after: str | None) -> ContactPage:
        cursor = after
        for _ in range(_ROUNDS):
            ids, cursor = self._tagged(query, cursor) if query.tags else self._all(query, cursor)
            if ids or cursor is None:
                if len(ids) > PAGE_CONTACTS:
                    ids = ids[:PAGE_CONTACTS]
                    cursor = ids[-1]
                return ContactPage(ids=tuple(ids), cursor=cursor)
        return ContactPage(ids=(), cursor=cursor)

    def read(self, contact_ids: Iterable[str]) -> "Mapping[str, Contact]":
        return self.contacts.get_many(self.workspace_id, contact_ids)

    def segment(self, segment_id: str) -> ContactQuery:
        return SegmentRules.model_validate(self.segments[segment_id].query)

    def _all(self, query: ContactQuery, after: str | None) -> tuple[list[str], str | None]:
        found, cursor = self.contacts.in_order(self.workspace_id, _LISTED, after)
        matching = [
            contact.id
            for contact in found
            if query.matches(contact) or query.unreadable(contact) is not None
        ]
        return matching, cursor

    def _tagged(self, query: ContactQuery, after: str | None) -> tuple[list[str], str | None]:
        """Merges the listings of the tags. If a listing was not read to its end, ids after the last
        one read are left for the next page."""
        listings = [
            self.contacts.tagged(self.workspace_id, tag, _LISTED, after) for tag in query.tags
        ]
        ends = [ids[-1] for ids, has_more in listings if has_more]
        horizon = min(ends, default=None)
        sets = [set(ids) for ids, _ in listings]
        found = set.intersection(*sets) if query.needs_all_tags else set.union(*sets)
        return sorted(each for each in found if horizon is None or each <= horizon), horizon

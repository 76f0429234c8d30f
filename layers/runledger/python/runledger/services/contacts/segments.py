"""Segments: writing them, and looking at who belongs to one."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from runledger.api.documents import merge_patch, validated
from runledger.api.segments import SegmentPreviewView, UnreadableContactView
from runledger.clock import Clock
from runledger.errors import InvalidInputError
from runledger.ids import new_id
from runledger.models.segment import Segment
from runledger.nodes.comparison import has_order
from runledger.nodes.segment_rules import MetadataRule, SegmentDocument, SegmentRules
from runledger.nodes.written_dates import not_a_date
from runledger.services.contacts.recipients import Recipients
from runledger.services.revisions import ANY_REVISION, Expected, edit
from runledger.services.views.contacts import contact_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from runledger.models.contact import Contact
    from runledger.store.contacts import ContactStore
    from runledger.store.segments import SegmentStore

# A preview looks through so many pages at most, and shows so many contacts.
_PAGES = 20
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Segments:
    store: "SegmentStore"
    contacts: "ContactStore"
    clock: Clock

    def create(self, workspace_id: str, document: SegmentDocument) -> Segment:
        now = self.clock()
        segment = Segment(
            workspace_id=workspace_id,
            id=new_id("seg"),
            name=document.name,
            query=_query(document),
            created_at=now,
            updated_at=now,
        )
        self.store.create(segment)
        return segment

    def replace(
        self,
        workspace_id: str,
        segment_id: str,
        document: SegmentDocument,
        expected: Expected = ANY_REVISION,
    ) -> Segment:
        """Versions that pinned the segment as it was keep it so. A stale edit fails as in
        `Expected`."""
        return self._edit(workspace_id, segment_id, lambda before: document, expected)

    def patch(
        self,
        workspace_id: str,
        segment_id: str,
        changes: dict[str, Any],
        expected: Expected = ANY_REVISION,
    ) -> Segment:
        """As `replace`, with the segment as it is and `changes` applied as a JSON merge patch."""

        def patched(before: Segment) -> SegmentDocument:
            now = {"name": before.name, **before.query}
            return validated(SegmentDocument, merge_patch(now, changes))

        return self._edit(workspace_id, segment_id, patched, expected)

    def _edit(
        self,
        workspace_id: str,
        segment_id: str,
        document_of: "Callable[[Segment], SegmentDocument]",
        expected: Expected,
    ) -> Segment:
        def change(before: Segment) -> Segment:
            document = document_of(before)
            after = Segment(
                workspace_id=workspace_id,
                id=segment_id,
                name=document.name,
                query=_query(document),
                created_at=before.created_at,
                updated_at=max(self.clock(), before.updated_at + 1),
            )
            self.store.replace(before, after)
            return after

        read = partial(self.store.get, workspace_id, segment_id)
        return edit(read, change, lambda segment: segment.revision, expected)

    def preview(self, workspace_id: str, segment_id: str) -> SegmentPreviewView:
        """Who belongs to it now: the first of them, and how many, where they can be counted."""
        rules = SegmentRules.model_validate(self.store.get(workspace_id, segment_id).query)
        finder = Recipients(self.contacts, workspace_id, {})
        found: list[Contact] = []
        unreadable: list[UnreadableContactView] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            page = finder.page(rules, cursor)
            listed = finder.read(page.ids)
            members = [listed[each] for each in page.ids if each in listed]
            found += [contact for contact in members if rules.matches(contact)]
            for contact in members:
                problem = rules.unreadable(contact)
                if problem is not None:
                    unreadable.append(UnreadableContactView(contact_id=contact.id, problem=problem))
            cursor = page.cursor
            if cursor is None:
                break
        return SegmentPreviewView(
            contacts=[contact_view(contact) for contact in found[:_SHOWN]],
            count=len(found),
            is_whole=cursor is None,
            unreadable_count=len(unreadable),
            unreadable=unreadable[:_SHOWN],
        )


def _query(document: SegmentDocument) -> dict[str, Any]:
    for place, rule in enumerate(document.rules):
        if isinstance(rule, MetadataRule) and rule.operator.is_ordering:
            _check_order(rule, place)
    return document.model_dump(mode="json", by_alias=True, include=set(SegmentRules.model_fields))


def _check_order(rule: MetadataRule, place: int) -> None:
    """Here and not in the rule, so that segments of before are still read."""
    if not has_order(rule.value):
        raise InvalidInputError(
            f"{rule.operator} compares to a number or a date: {not_a_date(rule.value)}",
            field=f"rules.{place}.value",
        )

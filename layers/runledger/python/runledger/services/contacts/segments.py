"""Writes segments, and shows who belongs to one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.api.documents import merge_patch, validated
from runledger.api.segments import SegmentPreviewView, UnreadableContactView
from runledger.errors import InvalidInputError
from runledger.ids import new_id
from runledger.models.segment import Segment
from runledger.nodes.comparison import has_order
from runledger.nodes.segment_rules import MetadataRule, SegmentDocument, SegmentRules
from runledger.nodes.written_dates import not_a_date
from runledger.services.contacts.recipients import Recipients
from runledger.services.editing import Editing
from runledger.services.views.contacts import contact_view

if TYPE_CHECKING:
    from runledger.models.contact import Contact
    from runledger.store.contacts import ContactStore
    from runledger.store.segments import SegmentStore

# The most pages that a preview reads, and the most contacts it shows.
_PAGES = 20
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Segments(Editing[Segment, SegmentDocument]):
    """Creates, edits and previews segments. A version of an automation keeps its segments as they
    were when the version was made."""

    store: "SegmentStore"
    contacts: "ContactStore"

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

    def _patched(self, before: Segment, changes: dict[str, Any]) -> SegmentDocument:
        now = {"name": before.name, **before.query}
        return validated(SegmentDocument, merge_patch(now, changes))

    def _changed(self, before: Segment, document: SegmentDocument, now: int) -> Segment:
        return Segment(
            workspace_id=before.workspace_id,
            id=before.id,
            name=document.name,
            query=_query(document),
            created_at=before.created_at,
            updated_at=now,
        )

    def preview(self, workspace_id: str, segment_id: str) -> SegmentPreviewView:
        """Returns who belongs to the segment now: the first contacts, and how many, if all could be
        counted."""
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
    """Raises InvalidInputError if the value of a comparing rule is neither a number nor a date. The
    model of the rule does not check this, so that older segments can still be read."""
    if not has_order(rule.value):
        raise InvalidInputError(
            f"{rule.operator} needs a number or a date: {not_a_date(rule.value)}",
            field=f"rules.{place}.value",
        )

"""Stores a list's filters and time range for work that continues after the request. Reads the list
page by page, with the code that also answers requests for the list."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runledger.api.contacts import ContactRowView
from runledger.api.deliveries import DeliveryRowView
from runledger.api.lists import ListView
from runledger.api.refusals import RefusalView
from runledger.api.runs import RunView
from runledger.channels.registry import CHANNEL_NAMES
from runledger.clock import MINUTE, iso
from runledger.errors import InvalidInputError, NotFoundError
from runledger.models.delivery import DeliveryStatus
from runledger.models.listing import FrozenFilter, ListName
from runledger.models.refusal import RefusalReason
from runledger.models.report import BounceKind
from runledger.models.run import RunHealth, RunStatus, TriggerType
from runledger.nodes.segment_rules import SegmentRules
from runledger.services.contacts.addresses import addresses_in
from runledger.services.contacts.recipients import Recipients
from runledger.services.lists.key_filters import key_in
from runledger.services.lists.requests import ListRequest
from runledger.services.lists.windows import window
from runledger.services.views.contacts import contact_row_view

if TYPE_CHECKING:
    from runledger.api.filters import FilterDocument
    from runledger.services.lists.queries import Queries

RowView = RunView | DeliveryRowView | RefusalView | ContactRowView

# The filters of each list, besides those that all lists have.
OWN_FILTERS: dict[ListName, frozenset[str]] = {
    ListName.RUNS: frozenset(
        {
            *("status", "trigger_type", "health", "error_group", "recovered", "rerun_of"),
            *("recovery_id", "key"),
        }
    ),
    ListName.DELIVERIES: frozenset(
        {"status", "channel", "run_id", "address", "error_kind", "bounce"}
    ),
    ListName.REFUSALS: frozenset({"reason", "trigger_type"}),
    ListName.CONTACTS: frozenset({"segment_id"}),
}
_STATUSES: dict[ListName, frozenset[str]] = {
    ListName.RUNS: frozenset(RunStatus),
    ListName.DELIVERIES: frozenset(DeliveryStatus),
    ListName.REFUSALS: frozenset(RefusalReason),
    ListName.CONTACTS: frozenset(),
}
# How far the indexes of the lists may lag behind. Work on a whole list reads it again after this
# time. The list then shows every row that was written before the work began.
INDEX_LAG = MINUTE
_WIRE_NAMES = {
    "status": "status",
    "reason": "reason",
    "trigger_type": "triggerType",
    "health": "health",
    "error_group": "errorGroup",
    "recovered": "recovered",
    "rerun_of": "rerunOf",
    "recovery_id": "recoveryId",
    "key": "key",
    "channel": "channel",
    "run_id": "runId",
    "address": "address",
    "error_kind": "errorKind",
    "bounce": "bounce",
    "segment_id": "segmentId",
}


@dataclass(frozen=True, slots=True)
class SnapshotPage:
    """A page of a snapshot. `next` is the cursor of the next page, or None at the end."""

    rows: Sequence[RowView]
    next: str | None


@dataclass(frozen=True, slots=True)
class ListSnapshots:
    """Makes snapshots of lists and reads them. `queries` may sign cursors with any key, because
    these cursors are only stored in rows and no client gets them."""

    queries: "Queries"

    def freeze(
        self, workspace_id: str, name: ListName, asked: "FilterDocument", now: int
    ) -> FrozenFilter:
        """Returns the list's filters and time range, fixed as of `now`. Raises InvalidInputError
        for a filter that the list would refuse."""
        try:
            return self._freeze(workspace_id, name, asked, now)
        except InvalidInputError as error:
            raise InvalidInputError(str(error), field=f"filter.{error.field}") from error

    def _freeze(
        self, workspace_id: str, name: ListName, asked: "FilterDocument", now: int
    ) -> FrozenFilter:
        statuses = check_statuses(name, asked)
        since, until = window(asked.range, asked.from_, asked.to, now, asked.time_zone)
        contact = asked.contact
        is_nobody = False
        if contact is not None:
            found = self.queries.contacts.look_up(workspace_id, contact)
            # Do not store text about an unknown contact: an erasure could not find it.
            contact, is_nobody = found, found is None
        if asked.address is not None:
            addresses_in(asked.address)
        if asked.key is not None:
            key_in(asked.key)
        return FrozenFilter(
            statuses=tuple(sorted(statuses)),
            automation_id=asked.automation_id,
            contact=contact,
            trigger_types=tuple(sorted(set(asked.trigger_type))),
            health=tuple(sorted(set(asked.health))),
            error_group=asked.error_group,
            recovered=asked.recovered,
            rerun_of=asked.rerun_of,
            recovery_id=asked.recovery_id,
            key=asked.key,
            channel=asked.channel,
            run_id=asked.run_id,
            address=asked.address,
            error_kind=asked.error_kind,
            bounce=asked.bounce,
            segment_id=asked.segment_id,
            segment_rules=self._rules(workspace_id, asked.segment_id),
            since=since,
            until=max(since, min(until, now)),
            is_empty=is_nobody or since > now,
        )

    def _rules(self, workspace_id: str, segment_id: str | None) -> str | None:
        """Returns the rules of a segment as they are now, as JSON."""
        if segment_id is None:
            return None
        try:
            segment = self.queries.stores.segments.get(workspace_id, segment_id)
        except NotFoundError as error:
            raise InvalidInputError(str(error), field="segmentId") from error
        return json.dumps(segment.query)

    def runs(
        self,
        workspace_id: str,
        frozen: FrozenFilter,
        limit: int,
        cursor: str | None,
        *,
        newest_first: bool = True,
    ) -> ListView[RunView]:
        if frozen.is_empty:
            return ListView(items=[], next_cursor=None)
        request = replace(_request(frozen, limit, cursor), newest_first=newest_first)
        return self.queries.runs(workspace_id, request)

    def page(
        self,
        workspace_id: str,
        name: ListName,
        frozen: FrozenFilter,
        limit: int,
        cursor: str | None,
    ) -> SnapshotPage:
        """Returns the rows after `cursor`, newest first, but contacts oldest first. A page may be
        short or empty although the list continues."""
        if frozen.is_empty:
            return SnapshotPage([], None)
        request = _request(frozen, limit, cursor)
        match name:
            case ListName.RUNS:
                runs = self.runs(workspace_id, frozen, limit, cursor)
                return SnapshotPage(runs.items, runs.next_cursor)
            case ListName.DELIVERIES:
                deliveries = self.queries.deliveries(workspace_id, request)
                return SnapshotPage(deliveries.items, deliveries.next_cursor)
            case ListName.REFUSALS:
                refusals = self.queries.refusals(workspace_id, request)
                return SnapshotPage(refusals.items, refusals.next_cursor)
            case ListName.CONTACTS:
                return self._contacts(workspace_id, frozen, limit, cursor)

    def _contacts(
        self, workspace_id: str, frozen: FrozenFilter, limit: int, after: str | None
    ) -> SnapshotPage:
        """Returns contacts, oldest first, as they are now, with the records of their consents. The
        cursor is a contact's id."""
        store = self.queries.stores.contacts
        rules = None
        if frozen.segment_rules is None:
            found, following = store.in_order(workspace_id, limit, after)
        else:
            rules = SegmentRules.model_validate(json.loads(frozen.segment_rules))
            recipients = Recipients(store, workspace_id, {})
            page = recipients.page(rules, after)
            read = recipients.read(page.ids)
            found = [read[each] for each in page.ids if each in read]
            following = page.cursor
        shown = [
            each
            for each in found
            if frozen.since <= each.created_at <= frozen.until
            and (rules is None or rules.matches(each))
        ]
        records = store.consent_records(workspace_id, [each.id for each in shown])
        rows = [contact_row_view(each, records[each.id]) for each in shown]
        return SnapshotPage(rows, following)


def _request(frozen: FrozenFilter, limit: int, cursor: str | None) -> ListRequest:
    return ListRequest(
        statuses=frozenset(frozen.statuses),
        automation_id=frozen.automation_id,
        contact=frozen.contact,
        range=None,
        since=iso(frozen.since),
        until=iso(frozen.until),
        limit=limit,
        cursor=cursor,
        channel=frozen.channel,
        run_id=frozen.run_id,
        address=frozen.address,
        error_kind=frozen.error_kind,
        bounce=frozen.bounce,
        trigger_types=frozenset(frozen.trigger_types),
        health=frozenset(frozen.health),
        error_group=frozen.error_group,
        recovered=frozen.recovered,
        rerun_of=frozen.rerun_of,
        recovery_id=frozen.recovery_id,
        key=frozen.key,
    )


def check_statuses(name: ListName, asked: "FilterDocument") -> frozenset[str]:
    """Returns the wanted statuses or reasons. Raises InvalidInputError for filters that the list
    does not have."""
    for field in _WIRE_NAMES:
        if getattr(asked, field) not in (None, (), "") and field not in OWN_FILTERS[name]:
            there = ", ".join(sorted(_WIRE_NAMES[each] for each in OWN_FILTERS[name]))
            raise InvalidInputError(
                f"{name.lower()} do not have this filter; the filters specific to {name.lower()} "
                f"are {there}",
                field=_WIRE_NAMES[field],
            )
    if name is ListName.CONTACTS:
        unknown = {"automationId": asked.automation_id, "contact": asked.contact}
        for field, value in unknown.items():
            if value is not None:
                raise InvalidInputError(
                    "contacts do not have this filter; their only filter is segmentId", field=field
                )
    field = "reason" if name is ListName.REFUSALS else "status"
    wanted = asked.reason if name is ListName.REFUSALS else asked.status
    require_known(wanted, _STATUSES[name], field)
    require_known(asked.trigger_type, frozenset(TriggerType), "triggerType")
    require_known(asked.health, frozenset(RunHealth), "health")
    if asked.channel is not None:
        require_known([asked.channel], CHANNEL_NAMES, "channel")
    if asked.bounce is not None:
        require_known([asked.bounce], frozenset(BounceKind), "bounce")
    return frozenset(wanted)


def require_known(wanted: Iterable[str], known: Iterable[str], field: str) -> None:
    for each in wanted:
        if each not in known:
            choices = ", ".join(sorted(known))
            raise InvalidInputError(f"{each!r} is not one of {choices}", field=field)

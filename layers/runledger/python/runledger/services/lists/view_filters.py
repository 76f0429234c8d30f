"""Checks the filters of saved views."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.errors import InvalidInputError
from runledger.models.automation import AutomationStatus
from runledger.models.failure import GroupStatus
from runledger.models.listing import ListName
from runledger.models.saved_view import ViewList
from runledger.services.lists.snapshots import OWN_FILTERS, check_statuses, require_known
from runledger.services.lists.windows import window

if TYPE_CHECKING:
    from runledger.api.saved_views import ViewFilter
    from runledger.services.contacts.contacts import Contacts

_PERIOD = frozenset({"range", "from_", "to", "time_zone"})
_HISTORY = _PERIOD | {"automation_id", "contact", "order"}
_FILTERS: dict[ViewList, frozenset[str]] = {
    **{
        ViewList(name): own | _HISTORY
        for name, own in OWN_FILTERS.items()
        if name is not ListName.CONTACTS
    },
    ViewList.FAILURES: _PERIOD | {"status", "automation_id", "assignee", "text", "order"},
    ViewList.AUTOMATIONS: frozenset({"status", "search"}),
}
_STATUSES: dict[ViewList, frozenset[str]] = {
    ViewList.FAILURES: frozenset(GroupStatus),
    ViewList.AUTOMATIONS: frozenset(AutomationStatus),
}
# Values that name a person or a person's affairs. An erasure could not find them in a view.
_NEVER_KEPT = {"address": "an address", "key": "a key"}
_ORDERS = {ViewList.FAILURES: frozenset({"newest", "count"})}
_BY_TIME = frozenset({"newest", "oldest"})


@dataclass(frozen=True, slots=True)
class ViewFilters:
    contacts: "Contacts"

    def checked(
        self, workspace_id: str, name: ViewList, asked: "ViewFilter", now: int
    ) -> dict[str, Any]:
        """Returns the filters that are set, as they are stored. A contact is replaced by its id.
        Raises InvalidInputError for a filter that the list would refuse, and for one that a view
        cannot keep."""
        try:
            return self._checked(workspace_id, name, asked, now)
        except InvalidInputError as error:
            raise InvalidInputError(str(error), field=f"filter.{error.field}") from error

    def _checked(
        self, workspace_id: str, name: ViewList, asked: "ViewFilter", now: int
    ) -> dict[str, Any]:
        kept = asked.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        _require_own(name, asked)
        window(asked.range, asked.from_, asked.to, now, asked.time_zone)
        if asked.order is not None:
            require_known([asked.order], _ORDERS.get(name, _BY_TIME), "order")
        if name in _STATUSES:
            require_known(asked.status, _STATUSES[name], "status")
        else:
            check_statuses(ListName(name), asked)
        if asked.contact is not None:
            found = self.contacts.look_up(workspace_id, asked.contact)
            if found is None:
                raise InvalidInputError(
                    "the workspace has no such contact; a view can keep only a contact that exists",
                    field="contact",
                )
            kept["contact"] = found
        return kept


def _require_own(name: ViewList, asked: "ViewFilter") -> None:
    """Raises InvalidInputError for a filter that the list does not have, or that a saved view
    cannot keep."""
    fields = type(asked).model_fields
    for field, info in fields.items():
        if getattr(asked, field) == info.default:
            continue
        if field not in _FILTERS[name]:
            there = ", ".join(sorted(fields[each].alias or each for each in _FILTERS[name]))
            raise InvalidInputError(
                f"{name.lower()} do not have this filter; their filters are {there}",
                field=info.alias or field,
            )
        if field in _NEVER_KEPT:
            raise InvalidInputError(
                f"a view cannot keep {_NEVER_KEPT[field]}, because the erasure of a contact could "
                "not find it in the view; remove this filter, or filter by a contact",
                field=info.alias or field,
            )

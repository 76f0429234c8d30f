"""Lets people read and change the suppression list."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.api.lists import ListView
from runledger.api.suppressions import SuppressionDocument, SuppressionView
from runledger.clock import Clock
from runledger.errors import InvalidInputError, NotFoundError
from runledger.models.suppression import Suppression, SuppressionReason
from runledger.services.contacts.addresses import pasted
from runledger.services.views.suppressions import suppression_view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.channels.base import Channel
    from runledger.store.suppressions import SuppressionStore


@dataclass(frozen=True, slots=True)
class Suppressions:
    store: "SuppressionStore"
    channels: "Mapping[str, Channel]"
    clock: Clock

    def add(
        self, workspace_id: str, document: SuppressionDocument, by: str
    ) -> tuple[Suppression, bool]:
        """Adds an address and returns the entry and whether it is new. An address on the list keeps
        its reason."""
        kind, address = self._addressed(document.address)
        wanted = Suppression(
            workspace_id=workspace_id,
            kind=kind,
            address=address,
            reason=SuppressionReason.MANUAL,
            note=document.note,
            delivery_id=None,
            created_by=by,
            created_at=self.clock(),
        )
        there = self.store.add(wanted)
        return (wanted, True) if there is None else (there, False)

    def remove(self, workspace_id: str, address: str) -> None:
        """Removes an address. Raises NotFoundError if it is not on the list."""
        self.get(workspace_id, address)
        self.store.remove(workspace_id, *self._addressed(address))

    def get(self, workspace_id: str, address: str) -> Suppression:
        """Returns an address's entry. Raises NotFoundError if it is not on the list."""
        kind, normal = self._addressed(address)
        found = self.store.find(workspace_id, kind, normal, consistent=True)
        if found is None:
            raise NotFoundError(f"{normal} is not on the suppression list")
        return found

    def one(
        self, workspace_id: str, address: str, reason: SuppressionReason | None = None
    ) -> ListView[SuppressionView]:
        """Returns a list with the address's entry; an empty list if there is none, or if it has
        another reason."""
        try:
            found = [self.get(workspace_id, address)]
        except NotFoundError:
            found = []
        wanted = [each for each in found if reason is None or each.reason is reason]
        return ListView(items=[suppression_view(each) for each in wanted], next_cursor=None)

    def _addressed(self, given: str) -> tuple[str, str]:
        """Returns the kind and normal form of an address, by the first channel that accepts it."""
        written = pasted(given)
        for channel in self.channels.values():
            try:
                return channel.address_kind, channel.normalize(written)
            except ValueError:
                continue
        raise InvalidInputError(
            f"{given!r} is neither an email address nor a phone number", field="address"
        )

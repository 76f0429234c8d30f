"""Puts the services of `services/contacts/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.runs import RunsRoom

if TYPE_CHECKING:
    from runledger.services.contacts.contacts import Contacts
    from runledger.services.contacts.segments import Segments


class ContactsRoom(RunsRoom):
    @cached_property
    def contacts(self) -> "Contacts":
        from runledger.services.contacts.contacts import Contacts

        return Contacts(self.stores.contacts, self.clock)

    @cached_property
    def segments(self) -> "Segments":
        from runledger.services.contacts.segments import Segments

        return Segments(self.stores.segments, self.clock, self.stores.contacts)

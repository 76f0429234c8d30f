"""The contacts of one workspace, without the rest of the engine."""

from dataclasses import dataclass, field

from runledger.services.contacts.contacts import Contacts
from runledger.store.contacts import ContactStore

from tests.support.boundary import Boundary
from tests.support.memory_table import MemoryTable


@dataclass
class ContactBook:
    """The service and the store of contacts, with a table in memory whose calls can be broken and
    interleaved. Its clock moves by a millisecond at each reading."""

    boundary: Boundary = field(default_factory=Boundary)
    now: int = 0

    def __post_init__(self) -> None:
        self.table = MemoryTable(self.boundary)
        self.store = ContactStore(self.table)
        self.contacts = Contacts(self.store, self._clock)

    def _clock(self) -> int:
        self.now += 1
        return self.now

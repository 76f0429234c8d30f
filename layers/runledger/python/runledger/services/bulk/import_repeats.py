"""Remembers the addresses of the earlier rows in a dry run.

A dry run writes nothing. So if the result of a row depends on an earlier row, however far above,
the dry run cannot know that result. It recognizes such a row by an address that an earlier row had.
The addresses are kept as hashes of eight bytes: in memory during a visit, and between visits in
objects beside the import's file. For a file of half a million rows these are a few megabytes, and
reading them takes less than a second. Two different addresses with the same hash are improbable,
and would only make a row REPEATED.
"""

from array import array
from hashlib import blake2b
from typing import TYPE_CHECKING

from runledger.models.contact_import import ContactImport
from runledger.store.import_files import folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.models.addresses import Address
    from runledger.store.import_files import ImportFiles

# After so many rows the addresses are stored. A visit that ends without storing its last ones makes
# the next visit plan these rows again.
STORED_ROWS = 5_000
_CONTENT_TYPE = "application/octet-stream"
_NAME = "seen-"


class SeenAddresses:
    """The addresses of the rows so far."""

    def __init__(self) -> None:
        self._all: set[int] = set()
        self._unstored = array("Q")

    def read(self, made: ContactImport, files: "ImportFiles") -> int:
        """Adds the addresses that earlier visits stored. Returns the number of the last row whose
        addresses were stored, or 0."""
        start = folder(made.workspace_id, made.id)
        for name in made.seen:
            self._all.update(array("Q", files.read(f"{start}{name}")))
        return int(made.seen[-1].removeprefix(_NAME)[:7]) if made.seen else 0

    def has(self, addresses: "Iterable[Address]") -> bool:
        return any(_hash(address) in self._all for address in addresses)

    def add(self, addresses: "Iterable[Address]") -> None:
        for address in addresses:
            hashed = _hash(address)
            if hashed not in self._all:
                self._all.add(hashed)
                self._unstored.append(hashed)

    def stored(self, made: ContactImport, files: "ImportFiles") -> ContactImport:
        """Stores the addresses that were added since the last call. Call it when the addresses of
        all rows up to `made.row`, and of no later row, were added. Returns the import with the name
        of the stored object."""
        start = folder(made.workspace_id, made.id)
        data = self._unstored.tobytes()
        key = files.put(f"{start}{_NAME}{made.row:07}-", data, _CONTENT_TYPE)
        self._unstored = array("Q")
        return made.changed(seen=(*made.seen, key.removeprefix(start)))


def _hash(address: "Address") -> int:
    text = f"{address.kind}\0{address.value}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")

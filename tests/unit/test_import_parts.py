"""The beginning of an import's file is made of the uploaded parts before the first missing part."""

from typing import TYPE_CHECKING, cast

import pytest
from runledger.models.contact_import import ContactImport, FilePart, ImportFormat
from runledger.services.bulk.import_parts import beginning

if TYPE_CHECKING:
    from runledger.store.import_files import ImportFiles


class Parts:
    """Has one object for each part, whose content is the part's own key."""

    def read(self, key: str) -> bytes:
        return key.encode()


def beginning_of(*numbers: int) -> tuple[bytes, bool]:
    parts = {number: f"part {number};" for number in numbers}
    made = ContactImport(
        workspace_id="wsp_1",
        id="imp_1",
        format=ImportFormat.CSV,
        file_name="people.csv",
        requested_by="ada@demo.example",
        created_at=1,
        expires_at=2,
        parts={number: FilePart(key=key, size=len(key)) for number, key in parts.items()},
    )
    return beginning(made, cast("ImportFiles", Parts()))


@pytest.mark.parametrize(
    ("numbers", "data", "is_whole"),
    [
        ((1, 2, 3), b"part 1;part 2;part 3;", True),
        ((1, 2, 4), b"part 1;part 2;", False),
        ((1, 3, 4), b"part 1;", False),
        ((2, 3), b"", False),
    ],
)
def test_it_ends_at_the_first_missing_part(
    numbers: tuple[int, ...], data: bytes, is_whole: bool
) -> None:
    assert beginning_of(*numbers) == (data, is_whole)

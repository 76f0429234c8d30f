"""How the cells of a row become the fields of a contact."""

from typing import Any

import pytest
from runledger.clock import from_iso, iso
from runledger.models.addresses import Address
from runledger.models.consent import ConsentChannel, ConsentPurpose, ConsentSetting
from runledger.models.contact_import import (
    ContactImport,
    ImportFormat,
    ImportMapping,
    MappedColumn,
    ValueKind,
)
from runledger.models.contact_row import BadRow, ContactRow
from runledger.services.bulk.import_mapping import contact_row, suggested_field
from runledger.services.bulk.import_records import Record

STARTED = from_iso("2026-03-01T12:00:00Z")


def read(
    cells: dict[str, str],
    by: str = "email",
    tags: tuple[str, ...] = (),
    kind: ValueKind = ValueKind.TEXT,
) -> ContactRow | BadRow:
    """Reads a row of a CSV whose columns are named as the fields that they fill. If `cells` lacks
    the column `by`, it is put first, with an e-mail address. `kind` is that of `metadata.x`."""
    values = cells if by in cells else {by: "ada@example.com", **cells}
    columns = tuple(
        MappedColumn(
            column=field,
            field=field,
            place=place,
            kind=kind if field == "metadata.x" else ValueKind.TEXT,
        )
        for place, field in enumerate(values)
    )
    mapping = ImportMapping(by=by, columns=columns, tags=tags)  # type: ignore[arg-type]
    made = ContactImport(
        workspace_id="ws_demo",
        id="imp_1",
        format=ImportFormat.CSV,
        file_name="people.csv",
        requested_by="ada@example.com",
        created_at=STARTED,
        expires_at=STARTED,
        mapping=mapping,
        width=len(columns),
        started_at=STARTED,
        started_by="bob@example.com",
    )
    return contact_row(Record(2, 0, list(values.values())), made)


def fields(cells: dict[str, str], kind: ValueKind = ValueKind.TEXT) -> dict[str, Any]:
    row = read(cells, kind=kind)
    assert isinstance(row, ContactRow), row
    return {name: value for name, value in row.change.fields.items() if name != "email"}


def test_a_row_is_found_by_its_normalized_value() -> None:
    row = read({"email": " Ada@Example.COM "})
    assert isinstance(row, ContactRow)
    assert row.by == Address("EMAIL", "ada@example.com")
    row = read({"phone": "'+49 1512 3456789"}, by="phone")
    assert isinstance(row, ContactRow)
    assert row.by == Address("PHONE", "+4915123456789")


def test_the_apostrophe_of_our_exports_is_removed() -> None:
    assert fields({"firstName": "'=SUM(A1)", "lastName": "'t Hooft"}) == {
        "firstName": "=SUM(A1)",
        "lastName": "'t Hooft",
    }


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (" 12 ", ValueKind.NUMBER, 12),
        ("-1.50", ValueKind.NUMBER, -1.5),
        ("1e3", ValueKind.NUMBER, 1_000.0),
        ("YES", ValueKind.BOOLEAN, True),
        ("0", ValueKind.BOOLEAN, False),
        ("0012", ValueKind.TEXT, "0012"),
    ],
)
def test_a_kind_makes_a_value_of_a_text(text: str, kind: ValueKind, value: Any) -> None:
    found = fields({"metadata.x": text}, kind)
    assert found == {"metadata.x": value}
    assert type(found["metadata.x"]) is type(value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1,5", ValueKind.NUMBER),
        ("1e999", ValueKind.NUMBER),
        ("nan", ValueKind.NUMBER),
        ("٣", ValueKind.NUMBER),
        ("maybe", ValueKind.BOOLEAN),
    ],
)
def test_a_text_of_another_kind_fails_its_row(text: str, kind: ValueKind) -> None:
    row = read({"metadata.x": text}, kind=kind)
    assert isinstance(row, BadRow) and row.field == "metadata.x"


def test_empty_cells_fill_nothing() -> None:
    assert fields({"firstName": " ", "metadata.x": "", "consents.marketing": ""}) == {}


def test_tags_are_separated_and_those_of_the_file_are_added() -> None:
    row = read({"tags": "a, b;;c "}, tags=("all",))
    assert isinstance(row, ContactRow)
    assert row.change.added_tags == ("a", "b", "c", "all")
    assert row.change.fields.keys() == {"email"}


def test_consents_of_all_channels_come_first() -> None:
    row = read({"consents.channels.SMS.marketing": "no", "consents.marketing": "1"})
    assert isinstance(row, ContactRow)
    marketing = ConsentPurpose.MARKETING
    assert row.consents == (
        ConsentSetting(marketing, None, True),
        ConsentSetting(marketing, ConsentChannel.SMS, False),
    )


def test_consents_undo_a_withdrawal_only_with_source_and_date() -> None:
    both = {"consents.source": "Fair", "consents.date": "2026-02-01"}
    row = read({"consents.marketing": "true", **both})
    assert isinstance(row, ContactRow)
    assert (row.source.detail, row.source.by) == ("Fair (imp_1)", "bob@example.com")
    assert row.source.given_at == from_iso("2026-02-01T00:00:00Z")
    for missing in both:
        row = read({"consents.marketing": "true", **both, missing: ""})
        assert isinstance(row, ContactRow)
        assert row.source.given_at == 0
    for wrong in ("1.2.2026", iso(STARTED + 1)):
        row = read({"consents.marketing": "true", **both, "consents.date": wrong})
        assert isinstance(row, BadRow) and row.field == "consents.date"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("E-Mail", "email"),
        ("Phone number", "phone"),
        ("first_name", "firstName"),
        ("Surname", "lastName"),
        ("metadata.plan", "metadata.plan"),
        ("externalIds.stripe", "externalIds.stripe"),
        ("consents.channels.SMS.marketing", "consents.channels.SMS.marketing"),
        ("Newsletter", None),
        ("consents.channels.FAX.marketing", None),
    ],
)
def test_a_column_is_suggested_for_the_field_of_its_name(name: str, field: str | None) -> None:
    assert suggested_field(name) == field

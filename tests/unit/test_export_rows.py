"""An export's file: it has the values of the list, and no cell is a formula."""

import csv
import io
import json
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from runledger.api.contacts import ContactRowView
from runledger.api.deliveries import DeliveryRowView
from runledger.api.refusals import RefusalView
from runledger.api.runs import RunView
from runledger.models.export import Export, ExportFormat
from runledger.models.listing import FrozenFilter, ListName
from runledger.services.bulk.export_rows import COLUMNS, file_name, head, lines
from runledger.texts import without_controls

VIEWS: dict[ListName, type[BaseModel]] = {
    ListName.RUNS: RunView,
    ListName.DELIVERIES: DeliveryRowView,
    ListName.REFUSALS: RefusalView,
    ListName.CONTACTS: ContactRowView,
}


def an_export(name: ListName, format_: ExportFormat) -> Export:
    return Export(
        workspace_id="ws_demo",
        id="exp_1",
        list=name,
        format=format_,
        filter=FrozenFilter(until=1),
        requested_by="ada@example.com",
        created_at=1_769_852_100_000,
        expires_at=1_769_852_100_001,
    )


def a_refusal(**changes: Any) -> RefusalView:
    given: dict[str, Any] = {
        "id": "ref_1",
        "reason": "NO_CONTACT",
        "message": "nobody",
        "automation_id": "aut_1",
        "automation_name": "Order paid",
        "version": 3,
        "trigger": {"type": "WEBHOOK"},
        "contact_id": None,
        "run_id": None,
        "source": "203.0.113.9",
        "count": 2,
        "created_at": "2026-01-31T09:30:00.000Z",
        "last_at": "2026-01-31T09:30:00.000Z",
        **changes,
    }
    return RefusalView.model_validate(given)


def read(data: bytes) -> list[dict[str, str]]:
    text = data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def paths(model: type[BaseModel], before: str = "") -> list[str]:
    """Returns the path of every field of a row."""
    found: list[str] = []
    for name, field in model.model_fields.items():
        path = f"{before}{field.alias or name}"
        kinds = field.annotation
        parts = get_args(kinds) if get_origin(kinds) in (Union, UnionType) else (kinds,)
        inner = [each for each in parts if isinstance(each, type) and issubclass(each, BaseModel)]
        if inner:
            found += paths(inner[0], f"{path}.")
        else:
            # Lists show only the type of a trigger.
            found.append(f"{path}.type" if path == "trigger" else path)
    return found


@pytest.mark.parametrize("name", list(ListName))
def test_every_field_of_a_row_has_a_column(name: ListName) -> None:
    assert sorted(COLUMNS[name]) == sorted(paths(VIEWS[name])), "a new field needs a column, last"


def test_a_file_has_a_header_and_one_line_a_row() -> None:
    export = an_export(ListName.REFUSALS, ExportFormat.CSV)
    data = head(export) + lines(export, [a_refusal(message='say "hi",\nthen go')])
    assert (
        data
        == (
            "\ufeffid,reason,message,automationId,automationName,version,trigger.type,contactId,"
            "runId,source,count,createdAt,lastAt,erasedAt,unreadable,keptUntil,replayedAt,"
            "replayedBy,replayRunIds,replayRefusalId\r\n"
            'ref_1,NO_CONTACT,"say ""hi"",\nthen go",aut_1,Order paid,3,WEBHOOK,,,203.0.113.9,2,'
            "2026-01-31T09:30:00.000Z,2026-01-31T09:30:00.000Z,,,,,,,\r\n"
        ).encode()
    )
    assert file_name(export) == "runledger-refusals-2026-01-31-093500.csv"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_a_formula(start: str) -> None:
    export = an_export(ListName.REFUSALS, ExportFormat.CSV)
    evil = f'{start}HYPERLINK("http://example.com")'
    data = head(export) + lines(export, [a_refusal(message=evil, source=evil)])
    (row,) = read(data)
    assert (row["message"], row["source"]) == (f"'{evil}", f"'{evil}")


def test_a_control_character_hides_no_formula() -> None:
    export = an_export(ListName.REFUSALS, ExportFormat.CSV)
    (row,) = read(head(export) + lines(export, [a_refusal(message="\0\x1b=1+1", source="a\0b")]))
    assert (row["message"], row["source"]) == ("'=1+1", "ab")


def test_several_values_share_one_cell() -> None:
    export = an_export(ListName.RUNS, ExportFormat.CSV)
    fields: dict[str, Any] = dict.fromkeys(RunView.model_fields)
    run = RunView.model_construct(**{**fields, "id": "run_1", "at": ["score", "mail"]})
    (row,) = read(head(export) + lines(export, [run]))
    assert (row["id"], row["at"], row["contact.id"]) == ("run_1", "score mail", "")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(TEXTS, TEXTS)
def test_a_file_that_is_read_back_has_the_rows_values(message: str, name: str) -> None:
    view = a_refusal(message=message, automation_name=name)
    export = an_export(ListName.REFUSALS, ExportFormat.CSV)
    (row,) = read(head(export) + lines(export, [view]))
    for column, text in (("message", message), ("automationName", name)):
        # A NUL ends the file for some readers of CSV, and no sheet shows the other controls.
        assert row[column].removeprefix("'") == without_controls(text).removeprefix("'")
        assert row[column][:1] not in tuple("=+-@\t\r\n")
    file = lines(an_export(ListName.REFUSALS, ExportFormat.JSONL), [view, view])
    assert file.count(b"\n") == 2
    (first, _, rest) = file.partition(b"\n")
    assert rest == first + b"\n"
    assert json.loads(first) == view.model_dump(mode="json")

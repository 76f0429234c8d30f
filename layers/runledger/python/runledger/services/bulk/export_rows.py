"""The form of an export's file: its columns, lines and name.

A CSV follows RFC 4180 with a header, in UTF-8 with a byte order mark, which spreadsheets need to
detect it. Columns are named by the paths of the fields in the API's rows; a new field comes last. A
line of JSON Lines is a row as the API shows it.
"""

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from runledger.models.export import Export, ExportFormat
from runledger.models.listing import ListName
from runledger.texts import clean_text, without_controls

if TYPE_CHECKING:
    from runledger.services.lists.snapshots import RowView

# Never rename or move a column: people's sheets and scripts depend on them.
COLUMNS: dict[ListName, tuple[str, ...]] = {
    ListName.RUNS: (
        "id",
        "status",
        "automationId",
        "automationName",
        "version",
        "trigger.type",
        "contact.id",
        "contact.email",
        "contact.phone",
        "createdAt",
        "scheduledFor",
        "startedAt",
        "finishedAt",
        "durationMs",
        "error.kind",
        "error.nodeId",
        "error.message",
        "error.cause",
        "errorGroup",
        "canceled.by",
        "canceled.reason",
        "canceled.at",
        "attempt",
        "startError",
        "health.state",
        "health.text",
        "health.until",
        "health.attempt",
        "health.lastError",
        "at",
        "erasedAt",
        "unreadable",
        "rerunOf",
        "recoveredBy",
        "keys",
    ),
    ListName.DELIVERIES: (
        "id",
        "status",
        "channel",
        "address",
        "contactId",
        "automationId",
        "automationName",
        "runId",
        "nodeId",
        "resendOf",
        "templateId",
        "subject",
        "tries",
        "nextTryAt",
        "error",
        "complained",
        "createdAt",
        "settledAt",
        "erasedAt",
        "unreadable",
        "bounce",
    ),
    ListName.REFUSALS: (
        "id",
        "reason",
        "message",
        "automationId",
        "automationName",
        "version",
        "trigger.type",
        "contactId",
        "runId",
        "source",
        "count",
        "createdAt",
        "lastAt",
        "erasedAt",
        "unreadable",
        "keptUntil",
        "replayedAt",
        "replayedBy",
        "replayRunIds",
        "replayRefusalId",
    ),
    ListName.CONTACTS: (
        "id",
        "revision",
        "email",
        "phone",
        "firstName",
        "lastName",
        "tags",
        "externalIds",
        "consents.marketing",
        "consents.transactional",
        "consents.channels",
        "metadata",
        "createdAt",
        "updatedAt",
        "consentChanges",
    ),
}
_BYTE_ORDER_MARK = "\ufeff"
# Characters that make a spreadsheet read a cell as a formula, or that may come before one.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
# Between several values of a cell, if not a space. An import separates tags by commas.
_SEPARATORS = {"tags": ", "}
# Lists of objects, which are JSON in a cell.
_JSON_COLUMNS = frozenset({"consentChanges"})
_CONTENT_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.JSONL: "application/x-ndjson; charset=utf-8",
}


def content_type(export: Export) -> str:
    return _CONTENT_TYPES[export.format]


def file_name(export: Export) -> str:
    """Returns a name such as `runledger-runs-2026-01-31-093000.csv`, with the list's time in
    UTC."""
    moment = datetime.fromtimestamp(export.created_at / 1_000, UTC)
    suffix = export.format.value.lower()
    return f"runledger-{export.list.value.lower()}-{moment:%Y-%m-%d-%H%M%S}.{suffix}"


def head(export: Export) -> bytes:
    """Returns the beginning of the file: a CSV's byte order mark and header, nothing for JSON
    Lines."""
    if export.format is ExportFormat.JSONL:
        return b""
    return (_BYTE_ORDER_MARK + csv_text([COLUMNS[export.list]])).encode()


def lines(export: Export, rows: "Iterable[RowView]") -> bytes:
    if export.format is ExportFormat.JSONL:
        text = "".join(f"{row.model_dump_json()}\n" for row in rows)
    else:
        columns = COLUMNS[export.list]
        documents = (row.model_dump(mode="json") for row in rows)
        text = csv_text([_cell(document, path) for path in columns] for document in documents)
    return clean_text(text).encode()


def csv_text(rows: Iterable[Iterable[str]]) -> str:
    """Returns the lines of a CSV."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()


def _at(document: dict[str, Any], path: str) -> Any:
    found: Any = document
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _cell(document: dict[str, Any], path: str) -> str:
    value = _at(document, path)
    if path in _JSON_COLUMNS:
        return json.dumps(value, ensure_ascii=False) if value else ""
    return cell(value, _SEPARATORS.get(path, " "))


def _item(value: Any) -> str:
    """Returns one item of a list as a text. A run's key becomes `name:value`, the form in which the
    filter of the list takes it."""
    return f"{value['name']}:{value['value']}" if isinstance(value, dict) else str(value)


def cell(value: Any, separator: str = " ") -> str:
    """Returns a JSON value as the text of a cell. An object becomes JSON. No spreadsheet takes the
    text for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return cell(separator.join(map(_item, value)))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    if isinstance(value, str):
        # CSV readers do not accept NUL, and spreadsheets refuse the other control characters.
        value = without_controls(value)
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return str(value)

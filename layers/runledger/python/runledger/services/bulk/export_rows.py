"""The form of an export's file: its columns, lines and name.

A CSV follows RFC 4180 with a header, in UTF-8 with a byte order mark, which spreadsheets need to
detect it. Columns are named by the paths of the fields in the API's rows; a new field comes last. A
line of JSON Lines is a row as the API shows it.
"""

import csv
import io
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
}
_BYTE_ORDER_MARK = "\ufeff"
# Characters that make a spreadsheet read a cell as a formula, or that may come before one.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
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
    """Returns the beginning of the file."""
    if export.format is ExportFormat.JSONL:
        return b""
    return (_BYTE_ORDER_MARK + _csv([COLUMNS[export.list]])).encode()


def lines(export: Export, rows: "Iterable[RowView]") -> bytes:
    if export.format is ExportFormat.JSONL:
        text = "".join(f"{row.model_dump_json()}\n" for row in rows)
    else:
        columns = COLUMNS[export.list]
        documents = (row.model_dump(mode="json") for row in rows)
        text = _csv([_cell(_at(document, path)) for path in columns] for document in documents)
    return clean_text(text).encode()


def _csv(rows: Iterable[Iterable[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()


def _at(document: dict[str, Any], path: str) -> Any:
    found: Any = document
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return _cell(" ".join(value))
    if isinstance(value, str):
        # CSV readers do not accept NUL, and spreadsheets refuse the other control characters.
        value = without_controls(value)
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return str(value)

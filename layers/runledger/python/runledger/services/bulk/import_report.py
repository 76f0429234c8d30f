"""The report of an import: a CSV with a line for each row of the file.

It names rows, columns and contacts by their ids, and contains no value of the file.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from runledger.models.contact_import import ContactImport, RowOutcome, RowProblem
from runledger.models.contact_row import BadRow
from runledger.services.bulk.export_rows import cell, csv_text
from runledger.services.contacts.contact_rows import RowResult

CONTENT_TYPE = "text/csv; charset=utf-8"
# The problems that the import's row keeps, to show them without the report.
_SHOWN = 20
_SHOWN_CHARACTERS = 300
_COLUMNS = ("row", "outcome", "contactId", "column", "problem")
# A byte-order mark, without which Excel assumes another encoding.
_START = "\ufeff"


def head() -> bytes:
    return (_START + csv_text([_COLUMNS])).encode()


def result_lines(made: ContactImport, results: Iterable[RowResult]) -> bytes:
    """Returns the lines of the report for some rows."""
    columns = _columns_by_field(made)
    return csv_text(
        (
            str(each.number),
            each.outcome.value,
            each.contact_id or "",
            cell(_column(columns, each.problem)),
            cell(each.problem.text if each.problem is not None else None),
        )
        for each in results
    ).encode()


def unknown_lines(row: int, count: int) -> bytes:
    """Returns the lines of the `count` rows that were being written when the import failed. They
    follow the row with the number `row`. Their own numbers are not known, because there may be
    blank rows between them."""
    text = f"one of the {count} rows after row {row}; import the file again"
    return csv_text([("", RowOutcome.UNKNOWN.value, "", "", text)] * count).encode()


def without_results(made: ContactImport) -> ContactImport:
    """Returns the import without the counts, problems and planned outcomes of a dry run that was
    canceled or failed. The import then has the status CANCELED or FAILED, like one that wrote rows.
    So readers would take these counts for contacts that were written."""
    return made.changed(counts={}, problems=(), planned="", planned_at=None)


def with_results(made: ContactImport, results: Iterable[RowResult]) -> ContactImport:
    """Returns the import with its counts and problems after these rows."""
    counts, problems = dict(made.counts), list(made.problems)
    columns = _columns_by_field(made)
    for each in results:
        counts[each.outcome] = counts.get(each.outcome, 0) + 1
        if each.problem is not None and len(problems) < _SHOWN:
            column = _column(columns, each.problem)
            text = each.problem.text[:_SHOWN_CHARACTERS]
            problems.append(RowProblem(row=each.number, column=column, text=text))
    return made.changed(counts=counts, problems=tuple(problems))


def report_name(made: ContactImport) -> str:
    """Returns a name such as `runledger-import-2026-01-31-093000.csv`, with the time in UTC at
    which the import was created."""
    moment = datetime.fromtimestamp(made.created_at / 1_000, UTC)
    return f"runledger-import-{moment:%Y-%m-%d-%H%M%S}.csv"


def _columns_by_field(made: ContactImport) -> dict[str, str]:
    mapping = made.mapping
    return {} if mapping is None else {each.field: each.column for each in mapping.columns}


def _column(columns: Mapping[str, str], problem: BadRow | None) -> str | None:
    """Returns the column that a problem is about. The problem's field may be inside the field that
    the column fills: `tags.0` is inside `tags`."""
    field = problem.field if problem is not None else None
    while field:
        if field in columns:
            return columns[field]
        field = field.rpartition(".")[0]
    return None

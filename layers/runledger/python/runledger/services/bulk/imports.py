"""Imports of contacts, as operators create, start and see them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from runledger.api.contact_imports import (
    MAX_PARTS,
    ImportColumnView,
    ImportPreviewView,
    ImportView,
)
from runledger.api.lists import ListView
from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import DAY, MINUTE, SECOND, Clock
from runledger.errors import (
    ConditionFailedError,
    ConflictError,
    InvalidInputError,
    PayloadTooLargeError,
)
from runledger.ids import new_id
from runledger.models.contact_import import (
    ContactImport,
    FilePart,
    ImportFormat,
    ImportStatus,
)
from runledger.observability import logger
from runledger.services.bulk.import_contract import ImportPlace
from runledger.services.bulk.import_mapping import mapping_of, suggested_field
from runledger.services.bulk.import_parts import beginning
from runledger.services.bulk.import_records import (
    MAX_COLUMNS,
    Header,
    UnreadableFileError,
    paths_in,
    read_header,
    read_records,
    shown,
)
from runledger.services.bulk.import_report import report_name
from runledger.services.runs.body_links import LINK_SECONDS
from runledger.services.views.contact_imports import import_view
from runledger.store.import_files import folder

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from runledger.api.contact_imports import ImportDocument, ImportStartDocument
    from runledger.services.lists.cursors import Cursors
    from runledger.store.import_files import ImportFiles
    from runledger.store.imports import ImportStore

IMPORT_PREFIX = "imp"
MAX_PART_BYTES = 4 * 1024 * 1024
MAX_FILE_BYTES = 50 * 1024 * 1024
# How long files are kept; the bucket's own rule deletes them some hours later.
KEPT = 7 * DAY
# How long the execution has to begin before the tick starts another.
BEGIN_TIME = 2 * MINUTE
# Rows that a preview reads, and values of a column that it shows.
_PREVIEW_ROWS = 100
_SAMPLES = 3
_SAMPLE_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class ImportMachine:
    """Starts executions of statemachines/contact_import.asl.json."""

    stepfunctions: "SFNClient"
    arn: str

    def start(self, made: ContactImport) -> None:
        """Starts an execution for the import. If this fails, the tick starts one later."""
        place = ImportPlace(workspace_id=made.workspace_id, import_id=made.id, attempt=made.attempt)
        try:
            self.stepfunctions.start_execution(
                stateMachineArn=self.arn,
                name=f"{made.id}-{made.attempt}",
                input=json.dumps(place.model_dump(mode="json")),
            )
        except AWS_ERRORS as error:
            reason = domain_error(error).for_log()
            logger.warning("import not started", extra={"importId": made.id, "reason": reason})


@dataclass(frozen=True, slots=True)
class ImportRequests:
    store: "ImportStore"
    files: "ImportFiles"
    machine: ImportMachine
    clock: Clock

    def create(self, workspace_id: str, document: "ImportDocument", by: str) -> ContactImport:
        """Creates an import, which then takes the parts of its file."""
        now = self.clock()
        made = ContactImport(
            workspace_id=workspace_id,
            id=new_id(IMPORT_PREFIX, now),
            format=document.format,
            file_name=document.file_name,
            requested_by=by,
            created_at=now,
            expires_at=now + KEPT,
        )
        self.store.create(made)
        return made

    def put_part(
        self, workspace_id: str, import_id: str, number: int, data: bytes
    ) -> ContactImport:
        """Stores a part of the file; a repeated part replaces the earlier one. Raises ConflictError
        after the start, InvalidInputError for a wrong number or an empty part, and
        PayloadTooLargeError if the part or the file is too large."""
        if not 1 <= number <= MAX_PARTS:
            raise InvalidInputError(f"a part's number must be 1 to {MAX_PARTS}", field="number")
        if not data:
            raise InvalidInputError("the part is empty; send at least one byte")
        if len(data) > MAX_PART_BYTES:
            raise PayloadTooLargeError(
                f"a part has at most {MAX_PART_BYTES} bytes; this one has {len(data)}"
            )
        made = self._get(workspace_id, import_id)
        if made.status is not ImportStatus.UPLOADING:
            raise ConflictError("the import no longer accepts parts", status=made.status.value)
        before = made.parts.get(number)
        size = made.size - (before.size if before is not None else 0) + len(data)
        if size > MAX_FILE_BYTES:
            raise PayloadTooLargeError(
                f"a file has at most {MAX_FILE_BYTES} bytes; split it into several imports"
            )
        key = self.files.put(
            f"{folder(workspace_id, import_id)}part-{number:03}-", data, "application/octet-stream"
        )
        after = self.store.add_part(made, number, FilePart(key=key, size=len(data)))
        if before is not None and before.key != key:
            self.files.delete([before.key])
        return after

    def start(
        self, workspace_id: str, import_id: str, document: "ImportStartDocument", by: str
    ) -> ContactImport:
        """Starts the import or a dry run of it. Raises ConflictError if it was started before, or
        the file is not whole, and InvalidInputError, with the field, if the file has no such
        columns or cannot be read."""
        made = self._get(workspace_id, import_id)
        now = self.clock()
        if not made.status.can_start:
            raise ConflictError("the import has already been started", status=made.status.value)
        if now >= made.expires_at - DAY:
            raise ConflictError("the file is about to be deleted; upload it again")
        missing = [each for each in range(1, document.parts + 1) if each not in made.parts]
        if missing or len(made.parts) > document.parts:
            has = ", ".join(map(str, sorted(made.parts))) or "none"
            raise ConflictError(
                f"the file should have the parts 1 to {document.parts}, but it has {has}",
                field="parts",
            )
        if made.size > MAX_FILE_BYTES:
            raise PayloadTooLargeError(f"a file has at most {MAX_FILE_BYTES} bytes")
        header = self._header(made)
        mapping = mapping_of(document, made.format, header.names if header else ())
        started = made.changed(
            status=ImportStatus.CHECKING if document.dry_run else ImportStatus.RUNNING,
            attempt=made.attempt + 1,
            stalls=0,
            mapping=mapping,
            delimiter=header.delimiter if header else None,
            width=len(header.names) if header else None,
            offset=header.end if header else 0,
            row=1 if header else 0,
            planned="",
            planned_at=None,
            counts={},
            problems=(),
            chunks=(),
            seen=(),
            report_key=None,
            started_at=now,
            started_by=by,
            finished_at=None,
        )
        try:
            started = self.store.change(made, started, now + BEGIN_TIME)
        except ConditionFailedError as error:
            raise ConflictError("the import was changed meanwhile; read it again") from error
        self.machine.start(started)
        return started

    def cancel(self, workspace_id: str, import_id: str, by: str) -> ContactImport:
        """Cancels the import. If it is running, it first finishes the rows that it is writing.
        Raises ConflictError if it has ended."""
        made = self._get(workspace_id, import_id)
        if made.status is ImportStatus.CANCELED:
            return made
        try:
            if made.status.is_at_work:
                return self.store.ask_to_cancel(made, by)
            if made.status.can_start:
                now = self.clock()
                canceled = made.changed(
                    status=ImportStatus.CANCELED, finished_at=now, attempt=made.attempt + 1
                )
                canceled = self.store.change(made, canceled, now + BEGIN_TIME)
                # It deletes the file.
                self.machine.start(canceled)
                return canceled
        except ConditionFailedError as error:
            raise ConflictError("the import was changed meanwhile; read it again") from error
        raise ConflictError("the import has ended", status=made.status.value)

    def _get(self, workspace_id: str, import_id: str) -> ContactImport:
        return self.store.get(workspace_id, import_id, self.clock())

    def _header(self, made: ContactImport) -> Header | None:
        """Returns the header of a CSV. Raises InvalidInputError if it cannot be read."""
        if made.format is ImportFormat.JSONL:
            return None
        return read_header(beginning(made, self.files)[0])


@dataclass(frozen=True, slots=True)
class ImportQueries:
    """Reads imports. `may_link` says whether the caller may download the reports."""

    store: "ImportStore"
    files: "ImportFiles"
    cursors: "Cursors"
    clock: Clock

    def page(
        self, workspace_id: str, limit: int, cursor: str | None, *, may_link: bool
    ) -> ListView[ImportView]:
        """Returns a page of imports, newest first."""

        def read(size: int, after: str | None) -> tuple[list[ContactImport], str | None]:
            return self.store.newest(workspace_id, size, after, self.clock())

        def views(imports: Sequence[ContactImport]) -> list[ImportView]:
            return [self.view(each, may_link=may_link) for each in imports]

        binding = {"workspace": workspace_id, "list": "imports"}
        # An empty cursor begins the list.
        return self.cursors.page(binding, limit, cursor or None, read, views)

    def one(self, workspace_id: str, import_id: str, *, may_link: bool) -> ImportView:
        """Returns one import. Raises NotFoundError also for an import of another workspace."""
        made = self.store.get(workspace_id, import_id, self.clock())
        return self.view(made, may_link=may_link)

    def view(self, made: ContactImport, *, may_link: bool) -> ImportView:
        now = self.clock()
        seconds = min(LINK_SECONDS, (made.expires_at - now) // SECOND)
        url = None
        if may_link and made.report_key is not None and seconds > 0:
            url = self.files.link(made.report_key, seconds, report_name(made))
        return import_view(made, url, now + seconds * SECOND)

    def preview(self, workspace_id: str, import_id: str) -> ImportPreviewView:
        """Returns the columns of the file with their first values. Raises InvalidInputError if its
        beginning cannot be read, and ConflictError if the first part is missing."""
        made = self.store.get(workspace_id, import_id, self.clock())
        if 1 not in made.parts:
            raise ConflictError("the first part of the file is missing; upload it")
        data, is_whole = beginning(made, self.files)
        if made.format is ImportFormat.CSV:
            header = read_header(data)
            rows = _first_rows(made.format, data, header.delimiter, is_whole)[1:]
            samples = {
                place: [row[place] for row in rows if place < len(row) and row[place].strip()]
                for place in range(len(header.names))
            }
            columns = [_column(name, samples[place]) for place, name in enumerate(header.names)]
            return ImportPreviewView(columns=columns, rows=len(rows), delimiter=header.delimiter)
        documents = _first_rows(made.format, data, None, is_whole)
        values: dict[str, list[str]] = {}
        for document in documents:
            for path, value in paths_in(document):
                values.setdefault(path, []).append(shown(value))
        columns = [_column(path, found) for path, found in list(values.items())[:MAX_COLUMNS]]
        return ImportPreviewView(columns=columns, rows=len(documents), delimiter=None)


def _first_rows(
    format_: ImportFormat, data: bytes, delimiter: str | None, is_whole: bool
) -> list[Any]:
    """Returns the values of the first valid rows. If `data` is only the beginning of the file, its
    last row may be cut off, so an error after the first row is ignored."""
    rows = []
    try:
        records = read_records(format_, [data], delimiter)
        for record in islice(records, _PREVIEW_ROWS + 1):
            if record.value is not None:
                rows.append(record.value)
    except UnreadableFileError:
        if is_whole or not rows:
            raise
    return rows


def _column(name: str, values: list[str]) -> ImportColumnView:
    samples = [each.strip()[:_SAMPLE_CHARACTERS] for each in values[:_SAMPLES]]
    return ImportColumnView(name=name, field=suggested_field(name), samples=samples)

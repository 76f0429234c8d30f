"""Does the work of an import, one visit at a time.

A visit works in chunks of rows. Before it writes any contact of a chunk, it stores a plan: what
each row will do. After that, it stores the outcomes. If a process dies in between, the next one
repeats the chunk, and may find contacts that are already written. It reports each of them as the
stored plan says: created or changed. The id of a new contact depends only on the import, the time
of the plan and the row, so no row makes two contacts.

A chunk ends before a row that has an address or a contact in common with an earlier row of the
chunk. So the rows of a chunk do not depend on each other, and can be written in parallel. The
addresses of a row are those that it names and those that its contact has: a row may give away an
address that a later one takes.
"""

from collections import deque
from dataclasses import dataclass
from functools import partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from runledger.clock import HOUR, MINUTE, Clock
from runledger.errors import ConditionFailedError, NotFoundError
from runledger.ids import dated_id
from runledger.models.contact_import import ContactImport, ImportStatus, RowOutcome
from runledger.models.contact_row import BadRow, ContactRow
from runledger.observability import logger
from runledger.services.bulk import import_report
from runledger.services.bulk.import_contract import ImportEvent, ImportOperation, ImportPlace
from runledger.services.bulk.import_mapping import contact_row
from runledger.services.bulk.import_parts import bytes_from, records_of
from runledger.services.bulk.import_records import Record, UnreadableFileError, read_records
from runledger.services.bulk.import_repeats import STORED_ROWS, SeenAddresses
from runledger.services.bulk.visits import EXECUTION_VISITS, STALL, Caught, own_message
from runledger.services.contacts.contact_rows import RowPlan, RowResult
from runledger.store import keys
from runledger.store.contacts import CONTACT_PREFIX
from runledger.store.import_files import folder

if TYPE_CHECKING:
    from runledger.models.addresses import Address
    from runledger.services.contacts.contact_rows import ContactRows
    from runledger.services.in_parallel import Gather
    from runledger.store.import_files import ImportFiles
    from runledger.store.imports import ImportStore

# Rows of a chunk, and of these the rows that are written before the import's row is read again.
CHUNK_ROWS = 250
GROUP_ROWS = 50
# The import's row lists the report of each chunk and must stay below 400 KB.
MAX_ROWS = 500_000
MAX_TIME = 12 * HOUR
# The letters of the outcomes in a stored plan.
_LETTERS = {
    "C": RowOutcome.CREATED,
    "U": RowOutcome.UPDATED,
    "N": RowOutcome.UNCHANGED,
    "F": RowOutcome.FAILED,
    "R": RowOutcome.REPEATED,
}
_LETTER_OF = {outcome: letter for letter, outcome in _LETTERS.items()}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that are done together. `rows` has the plan of each row, or its problem if it is not
    valid. `last` is the last of these rows as it was read from the file."""

    rows: tuple[RowPlan | BadRow, ...]
    last: Record
    planned_at: int


class _Reader:
    """Reads the rows of an import, beginning with the first that is not done."""

    def __init__(self, made: ContactImport, files: "ImportFiles") -> None:
        chunks = bytes_from(made, files, made.offset)
        self._records = read_records(made.format, chunks, made.delimiter, made.offset, made.row)
        self._left: deque[Record] = deque()

    def take(self, count: int) -> list[Record]:
        while len(self._left) < count:
            record = next(self._records, None)
            if record is None:
                break
            self._left.append(record)
        return [self._left.popleft() for _ in range(min(count, len(self._left)))]

    def put_back(self, records: list[Record]) -> None:
        self._left.extendleft(reversed(records))


@dataclass(frozen=True, slots=True)
class ImportVisits:
    store: "ImportStore"
    files: "ImportFiles"
    contacts: "ContactRows"
    gather: "Gather"
    clock: Clock

    def handle(self, event: ImportEvent, until: int) -> ImportPlace:
        """Works on the import for one call of its machine, which should end by `until` (epoch
        milliseconds)."""
        place = event.place
        made = self.store.at(keys.contact_import(place.workspace_id, place.import_id))
        over = place.changed(goes_on=False)
        if made is None or made.attempt > place.attempt:
            # It was deleted, or the tick has started another execution. Only that one continues.
            return over
        try:
            if event.operation is ImportOperation.FAIL:
                self._end(made, ImportStatus.FAILED, _reason(event.caught))
                return over
            if not made.status.is_at_work:
                self._clean_up(made)
                return over
            visits = place.visits + 1
            is_full = visits >= EXECUTION_VISITS
            made = self._visit(made, until, is_last=is_full)
        except ConditionFailedError:
            # Another visit was faster, or the import was deleted. The process that changed it
            # continues it; if none does, the tick restarts it.
            logger.info("another process changed the import meanwhile", extra={"importId": made.id})
            return over
        except NotFoundError:
            now = self.store.at(keys.contact_import(place.workspace_id, place.import_id))
            if now is not None and now.status.is_at_work:
                raise
            # A visit that ends an import deletes the objects that this one reads.
            logger.info("another process ended the import meanwhile", extra={"importId": made.id})
            return over
        # After its last visit, an execution leaves the rest to the next one, which the tick starts
        # at once.
        return place.changed(visits=visits, goes_on=made.status.is_at_work and not is_full)

    def _visit(self, made: ContactImport, until: int, *, is_last: bool) -> ContactImport:
        if self.clock() >= (made.started_at or 0) + MAX_TIME:
            hours = MAX_TIME // HOUR
            return self._end(made, ImportStatus.FAILED, f"the import did not end in {hours} hours")
        try:
            if made.total is None:
                made = self._read_through(made)
            return self._go_on(made, until, is_last=is_last)
        except UnreadableFileError as error:
            return self._end(made, ImportStatus.FAILED, str(error))

    def _read_through(self, made: ContactImport) -> ContactImport:
        """Reads the whole file and stores its number of rows, before the first row is written.
        Raises UnreadableFileError if the file cannot be read, or has no rows or too many."""
        total = sum(1 for _ in records_of(made, self.files))
        if total == 0:
            raise UnreadableFileError("the file has no rows")
        if total > MAX_ROWS:
            raise UnreadableFileError(
                f"the file has {total} rows; an import takes at most {MAX_ROWS}; split the file"
            )
        return self._stored(made, made.changed(total=total))

    def _go_on(self, made: ContactImport, until: int, *, is_last: bool) -> ContactImport:
        reader, unstored = _Reader(made, self.files), 0
        seen = self._seen(made) if made.is_dry else SeenAddresses()
        if made.planned and not made.is_dry:
            chunk: Chunk | None = self._planned_before(made, reader)
        else:
            chunk = None if self._is_canceled(made) else self._next_chunk(made, reader, seen)
            made = self._stored(made, _with_plan(made, chunk))
        while chunk is not None:
            results = self._results(made, chunk)
            lines = import_report.result_lines(made, results)
            name = f"{folder(made.workspace_id, made.id)}rows-{made.row:07}-"
            key = self.files.put(name, lines, import_report.CONTENT_TYPE)
            after = import_report.with_results(made, results).changed(
                offset=chunk.last.end,
                row=chunk.last.number,
                chunks=(*made.chunks, key.removeprefix(folder(made.workspace_id, made.id))),
                stalls=0,
            )
            is_late = self.clock() >= until
            unstored += len(results)
            if made.is_dry and (is_late or unstored >= STORED_ROWS):
                # Before the next rows are added.
                after, unstored = seen.stored(after, self.files), 0
            is_over = is_late or self._is_canceled(made)
            chunk = None if is_over else self._next_chunk(after, reader, seen)
            due_at = self.clock() + (0 if is_late and is_last else STALL)
            made = self._stored(made, _with_plan(after, chunk), due_at)
            if is_late and made.done < (made.total or 0):
                return made
        if self._is_canceled(made):
            return self._end(made, ImportStatus.CANCELED)
        return self._end(made, ImportStatus.CHECKED if made.is_dry else ImportStatus.COMPLETED)

    # ── Planning ──────────────────────────────────────────────────────────────────────────────
    def _next_chunk(
        self, made: ContactImport, reader: _Reader, seen: SeenAddresses
    ) -> Chunk | None:
        """Returns the next rows with their plans; None after the last row. In a dry run, `seen` has
        the addresses of all earlier rows; those of the returned rows are added to it."""
        records = reader.take(CHUNK_ROWS)
        if not records:
            return None
        now = self.clock()
        planned = self._plans(made, records, now)
        taken = seen if made.is_dry else SeenAddresses()
        rows: list[RowPlan | BadRow] = []
        for each in planned:
            touched = _addresses(each)
            if taken.has(touched):
                if not made.is_dry:
                    break
                # A row without a contact is not valid, whatever the earlier rows do.
                if isinstance(each, RowPlan) and each.after is not None:
                    each = RowPlan(each.row, RowOutcome.REPEATED, each.before)
            rows.append(each)
            taken.add(touched)
        reader.put_back(records[len(rows) :])
        return Chunk(tuple(rows), records[len(rows) - 1], now)

    def _planned_before(self, made: ContactImport, reader: _Reader) -> Chunk:
        """Returns the rows that an earlier visit planned. They get new plans, because some of the
        rows may be done already."""
        records = reader.take(len(made.planned))
        planned_at = made.planned_at or self.clock()
        return Chunk(tuple(self._plans(made, records, planned_at)), records[-1], planned_at)

    def _plans(
        self, made: ContactImport, records: list[Record], now: int
    ) -> list[RowPlan | BadRow]:
        assert made.mapping is not None
        read = [contact_row(record, made) for record in records]
        good = [each for each in read if isinstance(each, ContactRow)]
        new_id = partial(_new_id, made, now)
        plans = iter(self.contacts.plan(made.workspace_id, good, new_id, now))
        return [each if isinstance(each, BadRow) else next(plans) for each in read]

    def _seen(self, made: ContactImport) -> SeenAddresses:
        """Returns the addresses of the rows so far, for a dry run."""
        seen = SeenAddresses()
        known = seen.read(made, self.files)
        if known < made.row:
            # The last visit ended too early to store these.
            rows = (each for each in records_of(made, self.files) if each.number > known)
            unstored = takewhile(lambda each: each.number <= made.row, rows)
            while records := list(islice(unstored, CHUNK_ROWS)):
                for plan in self._plans(made, records, self.clock()):
                    seen.add(_addresses(plan))
        return seen

    # ── Writing ───────────────────────────────────────────────────────────────────────────────
    def _results(self, made: ContactImport, chunk: Chunk) -> list[RowResult]:
        planned = [_LETTERS[letter] for letter in made.planned]
        results: list[RowResult] = []
        for start in range(0, len(chunk.rows), GROUP_ROWS):
            group = slice(start, start + GROUP_ROWS)
            if start and not made.is_dry:
                self._require_own(made)
            calls = [
                partial(self._result, made, chunk.planned_at, row, outcome)
                for row, outcome in zip(chunk.rows[group], planned[group], strict=True)
            ]
            results += self.gather(calls)
        return results

    def _result(
        self, made: ContactImport, planned_at: int, plan: RowPlan | BadRow, planned: RowOutcome
    ) -> RowResult:
        """Writes a row, unless it is written already, and returns its outcome. `planned` is the
        outcome that was stored before the first try. In a dry run, nothing is written."""
        if isinstance(plan, BadRow):
            return RowResult(plan.number, RowOutcome.FAILED, None, plan)
        before = plan.before
        contact_id = None if before is None else before.id
        if made.is_dry:
            return RowResult(plan.row.number, plan.outcome, contact_id, plan.problem)
        own_id = _new_id(made, planned_at, plan.row)
        if planned is RowOutcome.CREATED and contact_id == own_id:
            return RowResult(plan.row.number, RowOutcome.CREATED, contact_id)
        result = self.contacts.write(plan)
        if planned is RowOutcome.UPDATED and result.outcome is RowOutcome.UNCHANGED:
            # An earlier try has changed it.
            return RowResult(result.number, RowOutcome.UPDATED, result.contact_id)
        return result

    def _require_own(self, made: ContactImport) -> None:
        """Raises ConditionFailedError if another process has changed the import, or if the import
        was deleted because its file may contain an erased person."""
        now = self.store.at(keys.contact_import(made.workspace_id, made.id))
        if now is None or now.version != made.version:
            raise ConditionFailedError

    def _is_canceled(self, made: ContactImport) -> bool:
        now = self.store.at(keys.contact_import(made.workspace_id, made.id))
        return now is not None and now.canceled_by is not None

    def _stored(
        self, before: ContactImport, after: ContactImport, due_at: int | None = None
    ) -> ContactImport:
        return self.store.change(before, after, due_at or self.clock() + STALL)

    # ── Ending ────────────────────────────────────────────────────────────────────────────────
    def _end(
        self, made: ContactImport, status: ImportStatus, error: str | None = None
    ) -> ContactImport:
        """Ends the import, or its dry run, and writes the report. A dry run that was canceled or
        failed gets no report. The import stays due until the objects that it no longer needs are
        deleted."""
        if not made.status.is_at_work:
            return made
        if made.is_dry and status is not ImportStatus.CHECKED:
            ended = import_report.without_results(made).changed(
                status=status, finished_at=self.clock(), error=error
            )
            return self._clean_up(self._stored(made, ended, self.clock() + MINUTE))
        start = folder(made.workspace_id, made.id)
        parts = self.gather([partial(self.files.read, f"{start}{name}") for name in made.chunks])
        # A dry run writes no rows, and knows them all.
        unsure = 0 if made.is_dry else len(made.planned)
        unknown = import_report.unknown_lines(made.row, unsure)
        key = self.files.put(
            f"{start}report-",
            b"".join([import_report.head(), *parts, unknown]),
            import_report.CONTENT_TYPE,
        )
        counts = dict(made.counts)
        if unsure:
            counts[RowOutcome.UNKNOWN] = unsure
        ended = made.changed(
            status=status,
            report_key=key,
            counts=counts,
            planned="",
            planned_at=None,
            finished_at=self.clock(),
            error=error,
        )
        return self._clean_up(self._stored(made, ended, self.clock() + MINUTE))

    def _clean_up(self, made: ContactImport) -> ContactImport:
        """Deletes the objects that an ended import no longer needs."""
        start = folder(made.workspace_id, made.id)
        gone = [f"{start}{name}" for name in (*made.chunks, *made.seen)]
        if made.status.is_terminal:
            gone += [part.key for part in made.parts.values()]
        if gone:
            self.files.delete(gone)
        parts = {} if made.status.is_terminal else made.parts
        return self.store.change(made, made.changed(chunks=(), seen=(), parts=parts), None)


def _with_plan(made: ContactImport, chunk: Chunk | None) -> ContactImport:
    if chunk is None:
        return made.changed(planned="", planned_at=None)
    outcomes = (
        RowOutcome.FAILED if isinstance(each, BadRow) else each.outcome for each in chunk.rows
    )
    letters = "".join(_LETTER_OF[outcome] for outcome in outcomes)
    return made.changed(planned=letters, planned_at=chunk.planned_at)


def _addresses(plan: RowPlan | BadRow) -> "set[Address]":
    """Returns the addresses of a row: the one by which the row finds its contact, and those that
    the contact has before and after the row. A row that is not valid has no addresses."""
    if isinstance(plan, BadRow):
        return set()
    contacts = [each for each in (plan.before, plan.after) if each is not None]
    return {plan.row.by, *(address for each in contacts for address in each.addresses)}


def _new_id(made: ContactImport, planned_at: int, row: ContactRow) -> str:
    """Returns the id of the contact that a row creates."""
    return dated_id(CONTACT_PREFIX, planned_at, made.id, str(row.number))


def _reason(caught: Caught | None) -> str:
    """Returns why the import failed, for people."""
    if caught is None:
        return "the import's execution failed; import the file again"
    message = own_message(caught)
    if message is not None:
        return message
    logger.warning("import failed", extra={"error": caught.error})
    return "the import failed unexpectedly; the log of import_contacts has the details"

"""Writes an export's file, one visit at a time.

A visit reads pages of the list and uploads them as parts of the file. Its work counts only when the
export's row records it. Each part has its own number, so a repeated or concurrent visit does no
harm. If the data left at the end of a visit is too short for a part, it is stored as a left-over
object for the next visit. When all rows are in parts, the row lists the parts, and only then is the
file made from them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger import errors
from runledger.clock import HOUR, MINUTE, Clock
from runledger.errors import ConditionFailedError, NotFoundError, RunledgerError, TransientError
from runledger.ids import new_token
from runledger.models.export import Export, ExportStatus
from runledger.observability import logger
from runledger.services.bulk.export_contract import ExportEvent, ExportOperation, ExportPlace
from runledger.services.bulk.export_rows import content_type, head, lines
from runledger.services.bulk.visits import EXECUTION_VISITS, STALL, Caught, own_message
from runledger.store import keys
from runledger.store.export_files import MAX_PARTS, folder

if TYPE_CHECKING:
    from runledger.services.lists.snapshots import ListSnapshots
    from runledger.store.export_files import ExportFiles
    from runledger.store.exports import ExportStore

# Rows read at once.
PAGE_ROWS = 500
# The size of a part, and so the memory a visit needs. The row lists every part and must stay below
# 400 KB.
PART_BYTES = 16 * 1024 * 1024
ROW_PARTS = 4_000
# The bucket deletes uploads after a day.
MAX_TIME = 12 * HOUR


@dataclass(frozen=True, slots=True)
class ExportPages:
    store: "ExportStore"
    files: "ExportFiles"
    lists: "ListSnapshots"
    clock: Clock

    def handle(self, event: ExportEvent, until: int) -> ExportPlace:
        """Works on the export for one call of its machine, which should end by `until` (epoch
        milliseconds)."""
        place = event.export
        export = self.store.at(keys.export(place.workspace_id, place.export_id))
        over = place.changed(goes_on=False)
        if export is None or export.attempt > place.attempt:
            # It was deleted, or the tick has started another execution. Only that one continues,
            # because two would keep overwriting each other's row.
            return over
        if event.operation is ExportOperation.FAIL:
            fail_export(self.store, self.files, export, _reason(event.caught), self.clock())
            return over
        if export.status.is_terminal:
            return over
        if self.clock() >= export.created_at + MAX_TIME:
            reason = (
                f"the export did not end within {MAX_TIME // HOUR} hours; request a shorter range"
            )
            fail_export(self.store, self.files, export, reason, self.clock())
            return over
        visits = place.visits + 1
        is_full = visits >= EXECUTION_VISITS
        try:
            export = self._visit(export, until, is_last=is_full)
        except ConditionFailedError:
            # Another visit was faster, or the export was ended or deleted. The process that changed
            # it continues it; if none does, the tick restarts it.
            logger.info(
                "another process changed the export while this one wrote a part of it",
                extra={"exportId": export.id},
            )
            return over
        # After its last visit, an execution leaves the rest to the next one, which the tick starts
        # at once.
        goes_on = not export.status.is_terminal and not is_full
        return place.changed(visits=visits, goes_on=goes_on)

    def _visit(self, export: Export, until: int, *, is_last: bool) -> Export:
        running = export.changed(status=ExportStatus.RUNNING)
        export = self.store.change(export, running, self.clock() + STALL)
        data = bytearray(self._left_over(export))
        cursor, rows = export.cursor, export.rows
        while not export.is_read:
            page = self.lists.page(
                export.workspace_id, export.list, export.filter, PAGE_ROWS, cursor
            )
            data += lines(export, page.rows)
            cursor, rows = page.next, rows + len(page.rows)
            reached = export.changed(cursor=cursor, rows=rows)
            if cursor is None:
                return self._finish(export, reached, bytes(data))
            if len(data) >= PART_BYTES:
                export = self._upload(export, reached, bytes(data))
                data.clear()
            if self.clock() >= until:
                due_at = self.clock() + (0 if is_last else STALL)
                return self._keep(export, reached, bytes(data), due_at)
        return self._complete(export)

    def _left_over(self, export: Export) -> bytes:
        """Returns the data with which the next part of the file begins: what the last visit stored
        in a left-over object. Without such an object, the first part begins with the head of the
        file, and every other part begins empty. Raises TransientError if the object is gone,
        because another process changed the export."""
        if export.left_over is not None:
            try:
                return self.files.read(export.left_over)
            except NotFoundError as error:
                raise TransientError("another process changed the export; read it again") from error
        return b"" if export.parts or export.is_read else head(export)

    def _keep(self, export: Export, reached: Export, data: bytes, due_at: int) -> Export:
        """Ends the visit. If the data left is too short for a part, stores it for the next
        visit."""
        kept = None
        if data:
            kept = self.files.put(_left_overs(export), data, content_type(export))
        # Builds on the row as last stored, with the progress of this visit.
        after = export.changed(
            cursor=reached.cursor,
            rows=reached.rows,
            left_over=kept,
            stalls=0,
        )
        return self._stored(export, after, due_at)

    def _upload(self, export: Export, reached: Export, data: bytes) -> Export:
        if len(export.parts) >= ROW_PARTS:
            raise errors.PayloadTooLargeError(
                f"the file would be larger than {ROW_PARTS * PART_BYTES // 2**30} GB; "
                "request a shorter range"
            )
        export = self._begun(export)
        assert export.object_key is not None and export.upload_id is not None
        number = self.store.part_number(export)
        if number > MAX_PARTS:
            raise errors.PayloadTooLargeError(
                "the file needs more parts than an upload may have; request a shorter range"
            )
        part = self.files.upload(export.object_key, export.upload_id, number, data)
        after = export.changed(
            cursor=reached.cursor,
            rows=reached.rows,
            is_read=reached.is_read,
            parts=(*export.parts, part),
            left_over=None,
            stalls=0,
        )
        return self._stored(export, after, self.clock() + STALL)

    def _begun(self, export: Export) -> Export:
        """Returns the export with a multipart upload, and begins one if there is none. Each upload
        has its own object key."""
        if export.upload_id is not None:
            return export
        key = f"{folder(export.workspace_id, export.id)}{new_token(20)}"
        upload_id = self.files.begin(key, content_type(export))
        after = export.changed(object_key=key, upload_id=upload_id)
        try:
            return self.store.change(export, after, self.clock() + STALL)
        except ConditionFailedError:
            self.files.abort(key, upload_id)
            raise

    def _finish(self, export: Export, reached: Export, data: bytes) -> Export:
        """Finishes the file after all rows are read: a short file is written at once, a long one is
        made from its parts."""
        if export.upload_id is None:
            key = self.files.put(folder(export.workspace_id, export.id), data, content_type(export))
            return self._end(export, reached.changed(object_key=key))
        reached = reached.changed(is_read=True)
        if data:
            return self._complete(self._upload(export, reached, data))
        after = export.changed(cursor=None, rows=reached.rows, is_read=True)
        return self._complete(self.store.change(export, after, self.clock() + STALL))

    def _complete(self, export: Export) -> Export:
        assert export.object_key is not None and export.upload_id is not None
        self.files.complete(export.object_key, export.upload_id, export.parts)
        return self._end(export, export)

    def _end(self, export: Export, reached: Export) -> Export:
        after = reached.changed(
            status=ExportStatus.COMPLETED,
            finished_at=self.clock(),
            upload_id=None,
            parts=(),
            left_over=None,
        )
        return self._stored(export, after, None)

    def _stored(self, before: Export, after: Export, due_at: int | None) -> Export:
        """Stores `after` with its place in the due index, and deletes the left-over object that it
        no longer needs."""
        stored = self.store.change(before, after, due_at)
        if before.left_over is not None and before.left_over != after.left_over:
            try:
                self.files.delete(before.left_over)
            except RunledgerError as error:
                # The bucket deletes it some days later.
                reason = error.for_log()
                logger.warning(
                    "a left-over object was not deleted",
                    extra={"exportId": before.id, "reason": reason},
                )
        return stored


def fail_export(
    store: "ExportStore", files: "ExportFiles", export: Export, reason: str, now: int
) -> None:
    """Ends an export as FAILED and deletes its upload. The export stays due until the upload is
    deleted. A COMPLETED export is not changed."""
    if export.status is ExportStatus.COMPLETED:
        return
    if export.status is not ExportStatus.FAILED:
        failed = export.changed(status=ExportStatus.FAILED, error=reason, finished_at=now)
        export = store.change(export, failed, now + MINUTE)
    if export.upload_id is not None and export.object_key is not None:
        files.abort(export.object_key, export.upload_id)
    bare = export.changed(upload_id=None, object_key=None, parts=(), left_over=None, cursor=None)
    store.change(export, bare, None)


def _left_overs(export: Export) -> str:
    return f"{folder(export.workspace_id, export.id)}left-over-"


def _reason(caught: Caught | None) -> str:
    """Returns why the export failed, for people."""
    if caught is None:
        return "the export's execution failed; request it again"
    message = own_message(caught)
    if message is not None:
        return message
    logger.warning("export failed", extra={"error": caught.error})
    return "the export failed unexpectedly; the log of export_page has the details"

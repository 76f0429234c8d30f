"""Exports of lists, as operators request and see them."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.api.exports import ExportView
from runledger.api.lists import ListView
from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import DAY, MINUTE, SECOND, Clock
from runledger.ids import new_id
from runledger.models.export import Export, ExportStatus
from runledger.observability import logger
from runledger.services.bulk.export_contract import ExportPlace
from runledger.services.bulk.export_rows import file_name
from runledger.services.runs.body_links import LINK_SECONDS
from runledger.services.views.exports import export_view
from runledger.store.request_keys import request_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_stepfunctions import SFNClient

    from runledger.api.exports import ExportDocument
    from runledger.services.lists.cursors import Cursors
    from runledger.services.lists.snapshots import ListSnapshots
    from runledger.store.export_files import ExportFiles
    from runledger.store.exports import ExportStore

EXPORT_PREFIX = "exp"
# How long a file is kept; the bucket's own rule deletes it some hours later.
KEPT = 7 * DAY
# How long the execution has to begin before the tick starts another.
BEGIN_TIME = 2 * MINUTE


@dataclass(frozen=True, slots=True)
class ExportMachine:
    """Starts executions of statemachines/export.asl.json."""

    stepfunctions: "SFNClient"
    arn: str

    def start(self, export: Export) -> None:
        """Starts an execution for the export. If this fails, the tick starts one later."""
        place = ExportPlace(
            workspace_id=export.workspace_id, export_id=export.id, attempt=export.attempt
        )
        try:
            self.stepfunctions.start_execution(
                stateMachineArn=self.arn,
                name=f"{export.id}-{export.attempt}",
                input=json.dumps(place.model_dump(mode="json")),
            )
        except AWS_ERRORS as error:
            reason = domain_error(error).for_log()
            logger.warning("export not started", extra={"exportId": export.id, "reason": reason})


@dataclass(frozen=True, slots=True)
class ExportRequests:
    store: "ExportStore"
    lists: "ListSnapshots"
    machine: ExportMachine
    clock: Clock

    def create(self, workspace_id: str, document: "ExportDocument", by: str) -> Export:
        """Creates an export of the list as it is now. Raises InvalidInputError for a filter that
        the list would refuse. The same idempotency key returns the same export, or raises
        KeyReusedError for another request."""
        now = self.clock()
        export = Export(
            workspace_id=workspace_id,
            id=new_id(EXPORT_PREFIX),
            list=document.list,
            format=document.format,
            filter=self.lists.freeze(workspace_id, document.list, document.filter, now),
            requested_by=by,
            created_at=now,
            expires_at=now + KEPT,
        )
        request = request_key(document, document.idempotency_key)
        stored = self.store.create(export, now + BEGIN_TIME, request)
        if stored.id == export.id:
            self.machine.start(export)
        return stored


@dataclass(frozen=True, slots=True)
class ExportQueries:
    """Reads exports. `may_link` says whether the caller may download the files."""

    store: "ExportStore"
    files: "ExportFiles"
    cursors: "Cursors"
    clock: Clock

    def page(
        self, workspace_id: str, limit: int, cursor: str | None, *, may_link: bool
    ) -> ListView[ExportView]:
        """Returns a page of exports, newest first."""

        def read(size: int, after: str | None) -> tuple[list[Export], str | None]:
            return self.store.newest(workspace_id, size, after, self.clock())

        def views(exports: "Sequence[Export]") -> list[ExportView]:
            return [self.view(each, may_link=may_link) for each in exports]

        binding = {"workspace": workspace_id, "list": "exports"}
        # An empty cursor begins the list.
        return self.cursors.page(binding, limit, cursor or None, read, views)

    def one(self, workspace_id: str, export_id: str, *, may_link: bool) -> ExportView:
        """Returns one export. Raises NotFoundError also for an export of another workspace."""
        export = self.store.get(workspace_id, export_id, self.clock())
        return self.view(export, may_link=may_link)

    def view(self, export: Export, *, may_link: bool) -> ExportView:
        now = self.clock()
        seconds = min(LINK_SECONDS, (export.expires_at - now) // SECOND)
        url = None
        is_there = export.status is ExportStatus.COMPLETED and seconds > 0
        if may_link and is_there and export.object_key is not None:
            url = self.files.link(export.object_key, seconds, file_name(export))
        return export_view(export, url, now + seconds * SECOND)

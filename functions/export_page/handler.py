"""Writes one part of an export's file per invocation. The state machine `export` calls it until the
file is complete."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.clock import SECOND
from runledger.composition import preload, services
from runledger.observability import begin, bind
from runledger.services.bulk.export_contract import ExportEvent

# Time of the function kept back for uploading what was read and completing the file.
LAST_SECONDS = 60 * SECOND

preload("services.bulk.export_pages")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context.aws_request_id)
    asked = ExportEvent.model_validate(event)
    bind(workspaceId=asked.export.workspace_id, exportId=asked.export.export_id)
    until = services().clock() + context.get_remaining_time_in_millis() - LAST_SECONDS
    return services().export_pages.handle(asked, until).model_dump(mode="json")

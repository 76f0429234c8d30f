"""Writes some of the contacts of a file per invocation. The state machine `contact_import` calls it
until all rows have their outcome."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.clock import SECOND
from runledger.composition import preload, services
from runledger.observability import begin, bind
from runledger.services.bulk.import_contract import ImportEvent

# Time of the function kept back for the rows at work and for the report.
LAST_SECONDS = 60 * SECOND

preload("services.bulk.import_visits", "services.contacts.contact_rows")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context.aws_request_id)
    asked = ImportEvent.model_validate(event)
    bind(workspaceId=asked.place.workspace_id, importId=asked.place.import_id)
    until = services().clock() + context.get_remaining_time_in_millis() - LAST_SECONDS
    return services().import_visits.handle(asked, until).model_dump(mode="json")

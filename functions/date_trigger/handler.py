"""Handles one fire of a date automation: opens its runs page by page (contact_fan_out)."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.composition import services
from runledger.observability import begin, bind
from runledger.services.schedules.fire_contract import FireEvent


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context.aws_request_id)
    asked = FireEvent.model_validate(event)
    about = asked.input or asked.fire
    if about is not None:
        bind(workspaceId=about.workspace_id, automationId=about.automation_id)
    return services().date_fires.handle(asked).model_dump(mode="json")

"""Serves the run history. Read-only."""

from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.http import make_app, needs, resolve
from runledger.observability import begin
from runledger.routes.callers import admit
from runledger.routes.paths import DOCUMENT_PATH, methods_of
from runledger.routes.query import (
    automations,
    contacts,
    deliveries,
    exports,
    failures,
    recoveries,
    refusals,
    runs,
    secrets,
    segments,
    suppressions,
    templates,
    workspace,
)

app = make_app(methods=methods_of, identify=admit)
for resource in (
    workspace,
    runs,
    recoveries,
    failures,
    refusals,
    deliveries,
    exports,
    automations,
    contacts,
    segments,
    templates,
    suppressions,
    secrets,
):
    app.include_router(resource.router)


@app.get(DOCUMENT_PATH, include_in_schema=False)
@needs(None)
def openapi() -> Response[str]:
    """Returns the API's OpenAPI document, which is generated from the models of all handlers."""
    return Response(200, "application/json", Path(__file__).with_name("openapi.json").read_text())


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context.aws_request_id)
    return resolve(app, event, context)

"""Serves the run history. Read-only."""

from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.http import make_app, needs, resolve
from runledger.observability import begin
from runledger.routes.callers import admit
from runledger.routes.paths import DOCUMENT_PATH, methods_of
from runledger.routes.query_routers import include_router

app = make_app(methods=methods_of, identify=admit)


@app.get(DOCUMENT_PATH, include_in_schema=False)
@needs(None)
def openapi() -> Response[str]:
    """Returns the API's OpenAPI document, which is generated from the models of all handlers."""
    return Response(200, "application/json", Path(__file__).with_name("openapi.json").read_text())


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context.aws_request_id)
    include_router(app, event["rawPath"])
    return resolve(app, event, context)

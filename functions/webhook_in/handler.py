"""Turns a webhook into a PENDING run."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.api.runs import OpenedView
from runledger.composition import preload, services
from runledger.http import answers, caller_address, make_app, raw_body, resolve, sent_headers
from runledger.observability import begin, bind, logger
from runledger.services.triggers.webhooks import WebhookRequest

PREFIX = "/v1/webhooks/in/"
# Senders give up after 5 to 30 seconds. API Gateway gives up after 30, with its own answer that
# does not say when to try again. So if AWS has not finished by this time, before this function's
# own timeout, the answer is 503 with Retry-After. The last call may still connect (2 s).
ANSWER_SECONDS = 8.0
OPENED: Any = {"model": OpenedView}

# No validation by the resolver, because the service reads the raw bytes itself.
app = make_app(methods=lambda _: ["POST"], validate=False)

preload("services.triggers.webhooks", "services.secrets.signing", "store.rates")


@app.post(
    f"{PREFIX}<token>",
    tags=["Webhooks"],
    status_code=202,
    responses={202: {"description": "", "content": {"application/json": OPENED}}},
)
@answers(
    {
        200: "An earlier request with the same event opened the run.",
        202: "A run was opened.",
        401: "The signature is missing or does not match the body.",
        404: "No automation has this token.",
        409: (
            "The automation is not active, the contact may not enter it again, or the same "
            "`Idempotency-Key` came with another body."
        ),
    }
)
def receive_webhook(
    token: Annotated[str, Path(description="The token in the webhook's URL.")],
) -> Response[str]:
    """Opens a run of the automation that the token belongs to."""
    event = app.current_event
    raw = event.raw_event
    opened = services().webhooks.receive(
        WebhookRequest(
            token=app.context["token"],
            headers=sent_headers(app),
            body=raw_body(raw),
            source=caller_address(app),
        )
    )
    run = opened.run
    bind(workspaceId=run.workspace_id, automationId=run.automation_id, runId=run.id)
    logger.info("event received", extra={"duplicate": opened.is_duplicate})
    view = OpenedView(run_id=run.id, status=run.status, duplicate=opened.is_duplicate)
    return Response(
        status_code=200 if opened.is_duplicate else 202,
        content_type="application/json",
        body=view.model_dump_json(by_alias=True),
    )


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context.aws_request_id)
    token = event["rawPath"].removeprefix(PREFIX)
    # Look up every text the same way: the router would give its own answer for a character that it
    # does not allow in a path.
    app.context["token"] = token
    return resolve(app, {**event, "rawPath": f"{PREFIX}token"}, context, ANSWER_SECONDS)

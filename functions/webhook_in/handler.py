"""Turns a webhook into a PENDING run."""

from typing import Annotated, Any
from urllib.parse import parse_qsl

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.api.runs import OpenedView
from runledger.composition import preload, services
from runledger.http import (
    answers,
    caller_address,
    make_app,
    public_url,
    raw_body,
    resolve,
    sent_headers,
)
from runledger.observability import begin, bind, logger
from runledger.services.triggers.event_opening import TakenEvent
from runledger.services.triggers.webhook_request import WebhookRequest

PREFIX = "/v1/webhooks/in/"
# Senders give up after 5 to 30 seconds. API Gateway gives up after 30, with its own answer that
# does not say when to try again. So if AWS has not finished by this time, before this function's
# own timeout, the answer is 503 with Retry-After. The last call may still connect (2 s).
ANSWER_SECONDS = 8.0
OPENED: Any = {"model": OpenedView}

# No validation by the resolver, because the service reads the raw bytes itself.
app = make_app(methods=lambda _: ["POST"], validate=False)

preload(
    "services.triggers.webhooks",
    "services.triggers.event_contact",
    "services.triggers.proving",
    "services.secrets.signing",
    "services.triggers.captures",
    "services.triggers.kept_events",
    "store.rates",
)


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
    return _answered()


@app.route(
    f"{PREFIX}<token>",
    method=["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"],
    include_in_schema=False,
)
def answer_other_methods(token: str) -> Response[str]:
    return _answered()


def _answered() -> Response[str]:
    raw = app.current_event.raw_event
    answered = services().webhooks.answer(
        WebhookRequest(
            token=app.context["token"],
            headers=sent_headers(app),
            body=raw_body(raw),
            source=caller_address(app),
            method=app.current_event.http_method,
            url=_url(raw),
            query=_query(raw),
        )
    )
    _log(answered.taken)
    answer = answered.answer
    return Response(
        status_code=answer.status,
        content_type=answer.content_type,
        body=answer.body,
        headers=dict(answer.headers),
    )


def _url(event: dict[str, Any]) -> str:
    """Returns the address as the sender wrote it."""
    query = event.get("rawQueryString", "")
    return f"{public_url(app)}{PREFIX}{app.context['token']}{'?' if query else ''}{query}"


def _query(event: dict[str, Any]) -> dict[str, str]:
    """Returns the decoded parameters. If a name is repeated, its values are joined with commas, as
    for headers."""
    found: dict[str, list[str]] = {}
    pairs = parse_qsl(event.get("rawQueryString", ""), keep_blank_values=True)
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: ",".join(values) for name, values in found.items()}


def _log(taken: TakenEvent | None) -> None:
    if taken is None:
        return
    automation = taken.target.automation
    runs = [each.opened.run.id for each in taken.results if each.opened is not None]
    bind(workspaceId=automation.workspace_id, automationId=automation.id)
    if len(runs) == 1:
        bind(runId=runs[0])
    logger.info("event received", extra={"runs": len(runs), "duplicate": taken.is_duplicate})


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context.aws_request_id)
    token = event["rawPath"].removeprefix(PREFIX)
    # Look up every text the same way: the router would give its own answer for a character that it
    # does not allow in a path.
    app.context["token"] = token
    return resolve(app, {**event, "rawPath": f"{PREFIX}token"}, context, ANSWER_SECONDS)

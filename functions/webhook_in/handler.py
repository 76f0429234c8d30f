"""Answers requests that come without a sign-in: webhooks, and the unsubscribe links of messages."""

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.api.runs import OpenedView
from runledger.composition import preload, services
from runledger.errors import RunledgerError
from runledger.http import (
    answers,
    caller_address,
    lower_headers,
    make_app,
    needs,
    public_url,
    raw_body,
    resolve,
    sent_headers,
)
from runledger.observability import begin, bind, logger
from runledger.problem_details import answer_error
from runledger.services.triggers.event_opening import TakenEvent
from runledger.services.triggers.webhook_request import WebhookRequest

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "/v1/webhooks/in/"
UNSUBSCRIBE = "/v1/unsubscribe/"
# Senders give up after 5 to 30 seconds. API Gateway gives up after 30, with its own answer that
# does not say when to try again. So if AWS has not finished by this time, before this function's
# own timeout, the answer is 503 with Retry-After. The last call may still connect (2 s).
ANSWER_SECONDS = 8.0
OPENED: Any = {"model": OpenedView}

HTML = "text/html; charset=utf-8"
# The distribution has its own policy, which replaces this one. Its address is not the only one: at
# the API's own, nobody else says that the page may not be framed.
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    # The address of the page has the token.
    "Referrer-Policy": "no-referrer",
}


def _methods(path: str) -> list[str]:
    return ["GET", "HEAD", "POST"] if path.startswith(UNSUBSCRIBE) else ["POST"]


# No validation by the resolver, because the service reads the raw bytes itself.
app = make_app(methods=_methods, validate=False)

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


@app.route(f"{UNSUBSCRIBE}<token>", method=["GET", "HEAD"], include_in_schema=False)
def show_unsubscribe_page(token: str) -> Response[str]:
    from runledger.services.messages.unsubscribe_page import offer_page

    return _page(lambda: offer_page(services().unsubscribe.look(app.context["token"])))


@app.post(
    f"{UNSUBSCRIBE}<token>",
    tags=["Deliveries"],
    responses={200: {"description": "", "content": {"text/html": {}}}},
)
@answers(
    {
        200: "The consent is withdrawn. The body is a page for people.",
        404: "The link is not one of this stack, or was changed.",
        410: "The link has expired.",
        422: "The form is not the one of RFC 8058.",
    }
)
@needs(None)
def unsubscribe(
    token: Annotated[str, Path(description="The token at the end of a message's link.")],
) -> Response[str]:
    """Withdraws the marketing consent of a message's recipient, as RFC 8058 describes it. A GET of
    the same address answers with a page and changes nothing."""
    from runledger.services.messages.unsubscribe_page import done_page

    content_type = lower_headers(app).get("content-type", "")
    body = raw_body(app.current_event.raw_event)
    return _page(
        lambda: done_page(services().unsubscribe.withdraw(app.context["token"], body, content_type))
    )


def _page(write: "Callable[[], str]") -> Response[str]:
    """Returns the page that `write` returns. If it raises an error, a browser gets a page about the
    error."""
    from runledger.services.messages.unsubscribe_page import refused_page

    try:
        return Response(200, HTML, write(), headers={**PAGE_HEADERS})
    except RunledgerError as error:
        if "text/html" not in lower_headers(app).get("accept", ""):
            raise
        refused = answer_error(error)
        body = refused_page(str(error), refused.status_code)
        headers = {**refused.headers, **PAGE_HEADERS, "Content-Type": HTML}
        return Response(refused.status_code, HTML, body, headers=headers)


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
    path = event["rawPath"]
    prefix = UNSUBSCRIBE if path.startswith(UNSUBSCRIBE) else PREFIX
    # Look up every text the same way: the router would give its own answer for a character that it
    # does not allow in a path.
    app.context["token"] = path.removeprefix(prefix)
    return resolve(app, {**event, "rawPath": f"{prefix}token"}, context, ANSWER_SECONDS)

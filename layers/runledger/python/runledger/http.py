"""HTTP for all functions: powertools' resolver, the declarations of routes, and the identity of the
person who makes a request."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as RouteNotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from runledger.answer_compression import compressed
from runledger.aws import answer_within, client, read_secret
from runledger.charsets import require_whole
from runledger.errors import InvalidInputError, RunledgerError, UnsupportedMediaTypeError
from runledger.json_body import parse_json, require_json
from runledger.models.workspace import Role
from runledger.observability import bind, log_failure
from runledger.problem_details import answer_error, answer_validation, problem
from runledger.services.workspaces.identity import Caller, Identity, Person, require_role
from runledger.settings import CallSettings, EdgeSettings, read_settings
from runledger.texts import clean, clean_text

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
    from aws_lambda_powertools.utilities.typing import LambdaContext


HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])
# A router has access to the request of the app that includes it.
HttpApp = APIGatewayHttpResolver | APIGatewayHttpRouter
# The minimum role of each route's handler, if it is not VIEWER. None if anybody may call it.
_NEEDED: dict[Callable[..., Any], Role | None] = {}
# The handlers of routes that act in no workspace.
_PERSONAL: set[Callable[..., Any]] = set()
# The handlers of routes whose body is bytes.
_TAKES_BYTES: set[Callable[..., Any]] = set()
# The context keys under which `caller` and `person` keep their result during a request.
_CALLER, _PERSON = "caller", "person"
# Methods that change nothing: RFC 9110, section 9.2.1.
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_BYTES = "application/octet-stream"
# The statuses that a handler declares besides its result and the answers common to all routes.
_ANSWERS: dict[Callable[..., Any], Mapping[int, str]] = {}

_OF_EVERY_ANSWER = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

# API Gateway waits at most 30 seconds for an integration, and this cannot be changed; the functions
# have 29: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
ANSWER_SECONDS = 24.0


def needs(role: Role | None) -> Callable[[HandlerT], HandlerT]:
    """Declares the minimum role for a route. None opens the route to everybody."""

    def note(handler: HandlerT) -> HandlerT:
        _NEEDED[handler] = role
        return handler

    return note


def personal(handler: HandlerT) -> HandlerT:
    """Declares that a route is open to every signed-in person, even without a workspace."""
    _PERSONAL.add(handler)
    return handler


def is_personal(handler: Callable[..., Any]) -> bool:
    return handler in _PERSONAL


def takes_bytes(handler: HandlerT) -> HandlerT:
    """Declares that a route takes bytes (application/octet-stream), which it reads itself with
    `raw_body`. API Gateway passes only such bodies unchanged: it decodes text."""
    _TAKES_BYTES.add(handler)
    return handler


def has_bytes(handler: Callable[..., Any]) -> bool:
    return handler in _TAKES_BYTES


def needed_role(handler: Callable[..., Any]) -> Role | None:
    return _NEEDED.get(handler, Role.VIEWER)


def answers(statuses: Mapping[int, str]) -> Callable[[HandlerT], HandlerT]:
    """Declares the additional statuses that a route may return, each with its meaning. The route's
    success status and the errors common to all routes are not declared here. The OpenAPI document
    is generated from these declarations. An answer with a declared status below 300 has the same
    body as the success status."""

    def note(handler: HandlerT) -> HandlerT:
        _ANSWERS[handler] = statuses
        return handler

    return note


def own_answers(handler: Callable[..., Any]) -> Mapping[int, str]:
    return _ANSWERS.get(handler, {})


def make_app(
    *,
    methods: Callable[[str], Sequence[str]],
    validate: bool = True,
    identify: Callable[[HttpApp], object] | None = None,
) -> APIGatewayHttpResolver:
    """Returns a resolver that validates requests with the handlers' models and returns errors as
    problem documents.

    `methods` returns all methods of a path, whichever function serves them; it returns none if the
    path does not exist. `identify` identifies the caller, and raises if the caller may not use the
    route. It runs before the request is validated, so that a refused caller learns nothing else.
    """
    app = APIGatewayHttpResolver(enable_validation=validate, serializer=_serialize)
    if validate:
        app.use(middlewares=[_refuse_unknown_query])
    if identify is not None:
        # The resolver validates before our middlewares run, but this one has to run first.
        app._request_validation_middleware = _admitting(
            identify, app._request_validation_middleware
        )

    def answer_request(error: RequestValidationError) -> Response[str]:
        return answer_validation(error, _document(app.current_event.raw_event))

    def answer_route(error: RouteNotFoundError) -> Response[str]:
        event = app.current_event
        taken = methods(event.path)
        # A path with characters that ids never contain matches no route, even if its shape fits.
        if taken and event.http_method not in taken:
            # RFC 9110, section 15.5.6: the answer names the allowed methods.
            allowed = ", ".join(taken)
            detail = f"{event.path} does not allow {event.http_method}; use {allowed}"
            return problem(405, "Method not allowed", detail, {"Allow": allowed})
        return problem(
            404, "Not found", f"no resource at {event.http_method} {event.path}; check the path"
        )

    app.exception_handler(RunledgerError)(answer_error)
    app.exception_handler(RequestValidationError)(answer_request)
    app.exception_handler(RouteNotFoundError)(answer_route)
    app.exception_handler(Exception)(_answer_unexpected)
    return app


def _admitting(identify: Callable[[HttpApp], object], validate: Any) -> Any:
    """Returns a middleware that checks the caller's role first, then the type of the body, and last
    the body itself with `validate`."""

    def admit(app: APIGatewayHttpResolver, next_middleware: "NextMiddleware") -> "Response[Any]":
        route: Any = app.context["_route"]
        if _leads_somewhere(app, route):
            if needed_role(route.func) is not None:
                identify(app)
            if has_bytes(route.func):
                _require_bytes(app.current_event.raw_event)
            elif app.current_event.http_method != "GET":
                _require_sound_body(app.current_event.raw_event)
        answer: Response[Any] = validate(app, next_middleware)
        return answer

    return admit


def _document(event: Mapping[str, Any]) -> Any:
    """Returns the JSON document in the request, or None."""
    try:
        return json.loads(raw_body(event) or b"null")
    except ValueError:
        # A GET with a body, which is not read.
        return None


def _leads_somewhere(app: APIGatewayHttpResolver, route: Any) -> bool:
    """Whether a path has a route. For other paths the resolver makes a temporary route."""
    return route in app._static_routes or route in app._dynamic_routes


def _require_sound_body(event: dict[str, Any]) -> None:
    """Raises an error if there is a body and it is not one JSON document that can be stored."""
    body = raw_body(event)
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    # Also without a body: a form would be read as a document without any fields.
    if body or "content-type" in headers:
        require_json(headers.get("content-type", ""))
    if not body:
        return
    require_whole(body, headers)
    document = parse_json(body, headers.get("content-type", ""))
    if isinstance(document, list):
        # The resolver would take the first item and drop the others.
        raise InvalidInputError("the body must be one JSON object, not a list")
    # Store the decoded and cleaned document: the resolver reads the body again.
    event["body"], event["isBase64Encoded"] = json.dumps(document, ensure_ascii=False), False
    # The resolver knows only this name for JSON; a merge patch has another.
    event["headers"] = {**headers, "content-type": "application/json"}


def _require_bytes(event: Mapping[str, Any]) -> None:
    """Raises UnsupportedMediaTypeError if the body is not declared as bytes."""
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _BYTES:
        said = repr(media_type) if media_type else "no content type"
        raise UnsupportedMediaTypeError(f"the content type must be {_BYTES}, not {said}")


def make_router() -> APIGatewayHttpRouter:
    """Returns a router for one resource. An app includes it."""
    return APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


def _serialize(value: Any) -> str:
    """Returns compact JSON, because the answer of a Lambda function may have at most 6 MB."""
    return clean_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _refuse_unknown_query(
    app: APIGatewayHttpResolver, next_middleware: "NextMiddleware"
) -> "Response[Any]":
    """Refuses unknown query parameters: an ignored filter would look like an applied one."""
    route: Any = app.context["_route"]
    if not _leads_somewhere(app, route):
        return next_middleware(app)
    known = {parameter.alias for parameter in route.dependant.query_params}
    for name in app.current_event.query_string_parameters or {}:
        if name not in known:
            there = f"this path has {', '.join(sorted(known))}" if known else "this path has none"
            raise InvalidInputError(f"there is no query parameter {name!r}; {there}", field=name)
    return next_middleware(app)


def resolve(
    app: APIGatewayHttpResolver,
    event: dict[str, Any],
    context: "LambdaContext",
    seconds: float = ANSWER_SECONDS,
) -> dict[str, Any]:
    """Cleans the texts of one request (runledger.texts) and answers it within about `seconds`.
    After that time, calls to AWS fail with TransientError. A long answer is compressed if the
    caller accepts that.

    Two headers of the answer say that it must not be cached, because it is for one caller, and that
    its type must not be guessed. They are set here, because at the API's own address there is no
    distribution that could add them."""
    with answer_within(seconds):
        cleaned = clean(event)
        answer: dict[str, Any] = _refusal(cleaned) or app.resolve(cleaned, context)
    answer["headers"] = {**answer.get("headers", {}), **_OF_EVERY_ANSWER}
    sent = {name.lower(): value for name, value in event.get("headers", {}).items()}
    return compressed(answer, sent.get("accept-encoding", ""))


def _refusal(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns the answer to a request that went around the distribution, if the stack refuses such
    requests."""
    if read_settings(CallSettings).direct_calls == "Allowed":
        return None
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    try:
        if _has_edge_key(headers):
            return None
        detail = "This API is reached at the console's address only."
        refused = problem(403, "Forbidden", detail)
    except RunledgerError as error:
        refused = answer_error(error)
    return {
        "statusCode": refused.status_code,
        "headers": {**refused.headers, "Content-Type": refused.content_type},
        "body": refused.body,
        "isBase64Encoded": False,
    }


def _answer_unexpected(error: Exception) -> Response[str]:
    log_failure("request failed unexpectedly", error)
    return problem(
        500,
        "Internal error",
        "The request failed because of a fault in the server. The log has the details.",
    )


def raw_body(event: Mapping[str, Any]) -> bytes:
    """Returns the body's bytes. API Gateway passes them as text or as base64.

    Base64 keeps the bytes exactly. A body of a text type comes as text, in which invalid bytes were
    replaced; `require_whole` detects this. The distribution makes every webhook come as base64.
    """
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else clean_text(body).encode()


def lower_headers(app: HttpApp) -> dict[str, str]:
    return {name.lower(): value for name, value in app.current_event.headers.items()}


def sent_headers(app: HttpApp) -> dict[str, str]:
    """Returns the headers as the sender wrote them, by lower-case name, without those that the
    distribution adds."""
    headers = lower_headers(app)
    # During an upgrade, the distribution may still send the content type itself.
    if headers.get("content-type") == _AS_BINARY and is_from_distribution(app):
        del headers["content-type"]
        if SENT_CONTENT_TYPE in headers:
            headers["content-type"] = headers[SENT_CONTENT_TYPE]
    return {name: value for name, value in headers.items() if name not in _EDGE_HEADERS}


# Headers that the distribution in front of the API adds to a request. It sends webhooks on as
# binary, with their content type beside them.
EDGE_KEY = "x-runledger-edge"
VIEWER_ADDRESS = "x-viewer-address"
SENT_CONTENT_TYPE = "x-sent-content-type"
_AS_BINARY = _BYTES
_EDGE_HEADERS = frozenset({EDGE_KEY, VIEWER_ADDRESS, SENT_CONTENT_TYPE, "x-forwarded-host"})


def is_from_distribution(app: HttpApp) -> bool:
    """Whether the request came through the CloudFront distribution, which sends a secret key.
    Anybody can call the API's own address and send any other header."""
    return _has_edge_key(lower_headers(app))


def _has_edge_key(headers: Mapping[str, str]) -> bool:
    given = headers.get(EDGE_KEY)
    return bool(given) and hmac.compare_digest(str(given).encode(), _edge_key().encode())


@cache
def _edge_key() -> str:
    return read_secret(client("secretsmanager"), read_settings(EdgeSettings).edge_secret_arn)


def public_url(app: HttpApp) -> str:
    """Returns the address to give to other systems: the distribution's if the request came through
    it, otherwise the API's own."""
    if not is_from_distribution(app):
        return f"https://{app.current_event.request_context.domain_name}"
    headers = lower_headers(app)
    host = headers.get("x-forwarded-host") or app.current_event.request_context.domain_name
    return f"{headers.get('x-forwarded-proto', 'https')}://{host}"


def caller_address(app: HttpApp) -> str:
    """Returns the IP address of the caller, if it can be known.

    For a request through the distribution, API Gateway only sees the distribution, which adds the
    viewer's address in a header. X-Forwarded-For is never used, because callers can write its
    beginning.
    """
    viewer = lower_headers(app).get(VIEWER_ADDRESS)
    if viewer and is_from_distribution(app):
        return viewer
    return str(app.current_event.request_context.http.source_ip)


def caller(app: HttpApp, identity: Identity, needed: Role | None = None) -> Caller:
    """Returns the signed-in caller. Checks that they have at least the role `needed`; if it is
    None, the role that the route needs. The caller is read from the store once per request."""
    known: Caller | None = app.context.get(_CALLER)
    if needed is None and known is not None:
        return known
    if needed is None:
        needed = needed_role(app.context["_route"].func) or Role.VIEWER
    if known is not None:
        require_role(known.membership, needed)
        return known
    is_change = app.current_event.http_method not in _SAFE_METHODS
    who = identity.caller(_claims(app), lower_headers(app), needed, is_change=is_change)
    bind(workspaceId=who.workspace_id)
    app.context[_CALLER] = who
    return who


def person(app: HttpApp, identity: Identity) -> Person:
    """Returns the signed-in person, for a route outside workspaces. The person is read from the
    store once per request."""
    known: Person | None = app.context.get(_PERSON)
    if known is None:
        known = app.context[_PERSON] = identity.person(_claims(app))
    return known


def needs_no_workspace(app: HttpApp) -> bool:
    return is_personal(app.context["_route"].func)


def _claims(app: HttpApp) -> Mapping[str, Any]:
    """Returns the claims of the token, which the authorizer has verified."""
    authorizer = app.current_event.raw_event.get("requestContext", {}).get("authorizer", {})
    claims: Mapping[str, Any] = authorizer.get("jwt", {}).get("claims", {})
    return claims

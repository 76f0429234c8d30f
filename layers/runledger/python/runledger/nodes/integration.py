"""INTEGRATION: a call to another service."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from runledger.errors import NodeError
from runledger.models.base import Config
from runledger.models.run import ErrorDetail, StepStatus
from runledger.nodes.base import (
    Branching,
    Function,
    HttpCaller,
    NodeResult,
    NodeType,
    Visit,
)
from runledger.nodes.fields import LiquidValue, Scalar, check_liquid
from runledger.nodes.http_exchange import (
    build_request,
    capture,
    parse_json,
    stored_request,
    stored_response,
)
from runledger.redaction import Redactor, is_credential_name, placeholder
from runledger.templating import evaluate, filter_names, has_liquid, references, render_value

_START_SECONDS = 5
_BODILESS = ("GET", "HEAD")
# The client's own to set: a config that could would confuse where a request ends or goes.
_OWN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"}
)
# Filters whose result redaction can still recognise as the secret.
_SECRET_FILTERS = frozenset(
    {
        "append",
        "prepend",
        "base64_encode",
        "base64_url_safe_encode",
        "url_encode",
        "escape",
        "strip",
        "json",
    }
)


def _check_expression(expression: str) -> str:
    try:
        jmespath.compile(expression)
    except JMESPathError as error:
        raise ValueError(f"not a JMESPath expression: {error}".splitlines()[0]) from error
    return expression


def _status_text(status: Any) -> Any:
    return str(status) if isinstance(status, int) and not isinstance(status, bool) else status


def _capture_path(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


Expression = Annotated[
    str, StringConstraints(min_length=1, max_length=500), AfterValidator(_check_expression)
]
HeaderName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", max_length=100)
]
ShortLiquid = Annotated[str, StringConstraints(max_length=4_000), AfterValidator(check_liquid)]
CaptureName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
Status = Annotated[
    str,
    StringConstraints(pattern=r"^[1-5](xx|[0-9][0-9])$"),
    BeforeValidator(_status_text, json_schema_input_type=int | str),
]


class Capture(Config):
    """One value to take from the response."""

    path: Expression = Field(description="JMESPath into the response's JSON, e.g. data.score.")
    required: bool = Field(
        default=False, description="Fails the node when the response has no such value."
    )


CaptureOrPath = Annotated[
    Capture, BeforeValidator(_capture_path, json_schema_input_type=str | Capture)
]


class IntegrationConfig(Config):
    """The call, what counts as success, and what to keep of the answer."""

    provider: Literal["HTTP"] = Field(default="HTTP", description="The kind of integration.")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] = Field(
        default="POST", description="The HTTP method."
    )
    url: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000),
        AfterValidator(check_liquid),
    ] = Field(description="An http or https address on the public internet. Liquid.")
    headers: dict[HeaderName, ShortLiquid] = Field(
        default_factory=dict, max_length=50, description="Request headers. Liquid in the values."
    )
    query: dict[str, Scalar] = Field(
        default_factory=dict,
        max_length=50,
        description="Query parameters, added to those in the address; null leaves one out. Liquid.",
    )
    body: LiquidValue = Field(
        default=None,
        description="Sent as JSON, or as text when it is a text. Liquid in every text inside.",
    )
    timeout_seconds: int = Field(
        default=10, ge=1, le=30, description="The longest the whole call may take."
    )
    expected_status: list[Status] = Field(
        default=["2xx"],
        min_length=1,
        max_length=20,
        description="What counts as success: codes like 404, or ranges like 2xx.",
    )
    capture: dict[CaptureName, CaptureOrPath] = Field(
        default_factory=dict,
        max_length=50,
        description="Names and where to find their values: JMESPath, or {path, required}.",
    )
    idempotent: bool = Field(
        default=False,
        description="The service does the same thing once however often it is asked (it honours "
        "Idempotency-Key), so an uncertain call may be repeated.",
    )

    @model_validator(mode="after")
    def _sound(self) -> "IntegrationConfig":
        if not has_liquid(self.url[:8]) and not self.url.lower().startswith(
            ("http://", "https://")
        ):
            raise ValueError("`url` must begin with http:// or https://")
        if self.body is not None and self.method in _BODILESS:
            raise ValueError(f"a {self.method} has no body")
        own = next((name for name in self.headers if name.lower() in _OWN_HEADERS), None)
        if own is not None:
            raise ValueError(f"the header {own} is set by the call itself")
        credential = next((name for name in self.capture if is_credential_name(name)), None)
        if credential is not None:
            raise ValueError(
                f"`{credential}` reads like a credential, and what is captured is kept in the "
                "run's history; store it as a secret instead"
            )
        for source in self.secret_sources():
            _check_secret_use(source)
        return self

    def sources(self) -> list[str]:
        """Every Liquid text of the request."""
        found: list[str] = []
        _collect([self.url, self.headers, self.query, self.body], found)
        return found

    def secret_sources(self) -> list[str]:
        return [
            source
            for source in self.sources()
            if any(path[0] == "secret" for path in references(source))
        ]

    def secret_names(self) -> frozenset[str]:
        return frozenset(
            path[1]
            for source in self.secret_sources()
            for path in references(source)
            if path[0] == "secret"
        )


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, str):
        if has_liquid(value):
            found.append(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            _collect(item, found)
    elif isinstance(value, list):
        for item in value:
            _collect(item, found)


def _check_secret_use(source: str) -> None:
    if any(path[0] == "secret" and len(path) != 2 for path in references(source)):
        raise ValueError("name the secret itself: {{secret.NAME}}")
    unsafe = sorted(filter_names(source) - _SECRET_FILTERS)
    if unsafe:
        raise ValueError(
            f"the filter `{unsafe[0]}` cannot be used in a text with a secret: its result could "
            "not be recognised and struck from the history"
        )


class IntegrationNode(NodeType[IntegrationConfig]):
    """Calls another service over HTTP. Values captured from the answer are read later as
    `{{steps.<node id>.<name>}}`. Credentials are written as `{{secret.NAME}}` and never stored.
    With branches labelled `ok` and `error` the automation goes on after a failed call; without
    them it fails the run. An uncertain call is repeated only when it is a GET or HEAD, or declared
    idempotent."""

    name = "INTEGRATION"
    title = "Call a service"
    icon = "plug"
    example: ClassVar[dict[str, Any]] = {
        "provider": "HTTP",
        "method": "POST",
        "url": "https://api.example.com/score",
        "headers": {"Authorization": "Bearer {{secret.SCORE_KEY}}"},
        "body": {"email": "{{contact.email}}"},
        "timeoutSeconds": 10,
        "capture": {"score": "data.score"},
    }
    function = Function.INTEGRATION
    effect = True
    reads_secrets = True
    config_model = IntegrationConfig

    def branching(self, config: IntegrationConfig) -> Branching:
        return Branching(("ok", "error"), required=False)

    def outputs(self, config: IntegrationConfig) -> frozenset[str]:
        return frozenset(config.capture)

    def timeout_seconds(self, config: IntegrationConfig) -> int:
        return config.timeout_seconds + _START_SECONDS

    def repeatable(self, config: IntegrationConfig) -> bool:
        return config.method in _BODILESS or config.idempotent

    def run(self, config: IntegrationConfig, visit: Visit) -> NodeResult:
        http, reader = visit.tools.http, visit.tools.secrets
        if http is None or reader is None:
            raise RuntimeError("INTEGRATION runs where the internet and secrets can be reached")
        secrets = {name: reader.get(name) for name in sorted(config.secret_names())}
        redactor = Redactor(secrets)
        try:
            return self._exchange(config, visit, http, secrets, redactor)
        except NodeError:
            raise
        except Exception as error:
            # Its words may quote the request, and nobody further out knows the secrets in it.
            cause = redactor.text(f"{type(error).__name__}: {error}")
            message = "The call stopped with an unexpected error; it may have been made."
            raise NodeError("INTERNAL_ERROR", message, cause) from None

    def _exchange(
        self,
        config: IntegrationConfig,
        visit: Visit,
        http: HttpCaller,
        secrets: Mapping[str, str],
        redactor: Redactor,
    ) -> NodeResult:
        try:
            request = build_request(config, _rendered(config, visit, secrets), visit.effect_key)
            stored = stored_request(
                build_request(
                    config,
                    _rendered(config, visit, {name: placeholder(name) for name in secrets}),
                    visit.effect_key,
                ),
                redactor,
            )
        except NodeError as error:
            raise _redacted(error, redactor) from None
        try:
            response = http.call(request)
        except NodeError as error:
            return _failure(visit, _redacted(error, redactor), stored, None)
        document = parse_json(response)
        received = stored_response(response, document, redactor)
        if not _is_expected(response.status, config.expected_status):
            expected = ", ".join(config.expected_status)
            unexpected = NodeError(
                "HTTP_STATUS",
                f"{config.method} {stored['url']} answered {response.status}; expected {expected}",
            )
            return _failure(visit, unexpected, stored, received)
        try:
            output = capture(_captures(config), response, document, redactor)
        except NodeError as error:
            return _failure(visit, _redacted(error, redactor), stored, received)
        return NodeResult(
            outcome="ok" if visit.labels else None,
            output=output,
            request=stored,
            response=received,
        )


def _rendered(
    config: IntegrationConfig, visit: Visit, secrets: Mapping[str, str]
) -> dict[str, Any]:
    scope = {**visit.scope, "secret": secrets}
    return {
        "url": evaluate(config.url, scope),
        "headers": render_value(config.headers, scope),
        "query": render_value(config.query, scope),
        "body": render_value(config.body, scope),
    }


def _captures(config: IntegrationConfig) -> dict[str, tuple[str, bool]]:
    return {name: (each.path, each.required) for name, each in config.capture.items()}


def _is_expected(status: int, expected: list[str]) -> bool:
    return str(status) in expected or f"{status // 100}xx" in expected


def _redacted(error: NodeError, redactor: Redactor) -> NodeError:
    cause = None if error.cause is None else redactor.text(error.cause)
    return NodeError(error.kind, redactor.text(str(error)), cause)


def _failure(
    visit: Visit,
    error: NodeError,
    request: dict[str, Any],
    response: dict[str, Any] | None,
) -> NodeResult:
    """The `error` branch where the graph has one, else a failed step."""
    if "error" in visit.labels:
        return NodeResult(
            outcome="error",
            request=request,
            response=response,
            evidence={"error": {"kind": error.kind, "message": str(error)}},
        )
    detail = ErrorDetail(
        node_id=visit.node_id, kind=error.kind, message=str(error), cause=error.cause
    )
    return NodeResult(status=StepStatus.FAILED, error=detail, request=request, response=response)

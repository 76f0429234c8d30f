"""INTEGRATION: a call to another service."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, SerializeAsAny, StringConstraints, model_validator

from runledger.clock import SECOND
from runledger.errors import NodeError, TransientError
from runledger.models.base import Config
from runledger.models.rerun import RecordedEffect
from runledger.models.run import ErrorDetail, Step, StepStatus
from runledger.nodes.base import Branching, Function, NodeResult, NodeType, Visit
from runledger.nodes.fields import LiquidValue, check_liquid
from runledger.nodes.findings import ConfigWarning, SecretUse
from runledger.nodes.http_answer import header, read_body
from runledger.nodes.http_auth import (
    Auth,
    HeaderName,
    ShortLiquid,
)
from runledger.nodes.http_capture import CaptureName, CaptureOrPath, capture
from runledger.nodes.http_credentials import credentials_in, known_credentials
from runledger.nodes.http_effects import call_effect
from runledger.nodes.http_exchange import build_request
from runledger.nodes.http_headers import refusal_of
from runledger.nodes.http_literals import with_call_masked
from runledger.nodes.http_record import Recorder
from runledger.nodes.http_retry import NO_RETRY, Retry, is_repeatable
from runledger.nodes.http_secrets import (
    check_address,
    check_secret_use,
    constant_address,
    egress_of,
)
from runledger.nodes.http_status import Status, is_among
from runledger.nodes.http_target import failed_call
from runledger.nodes.http_tries import Calling, make
from runledger.nodes.inputs import Place, Record, is_within, liquid_places, recorded
from runledger.nodes.literal_credentials import CredentialMasker
from runledger.nodes.secret_use import hidden_uses
from runledger.nodes.tools import REDIRECTS, HttpCaller, HttpResponse
from runledger.redaction import Redactor, is_credential_name, placeholder
from runledger.template_markup import has_liquid
from runledger.templating import references, render_value, text_of

# For a cold start, reading the call's data, and recording the call.
_START_SECONDS = 5
# Limit of one visit, for all tries together. The function's own timeout is longer.
MAX_CALL_SECONDS = 290
_BODILESS = ("GET", "HEAD")
# The name of the error in the output of a step whose call failed.
_ERROR = "error"


class IntegrationConfig(Config):
    """The call, what counts as success, and what to keep from the answer."""

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
    query: dict[str, LiquidValue] = Field(
        default_factory=dict,
        max_length=50,
        description="Query parameters, added to those in the address. A list repeats the name; an "
        "object is sent as JSON. A parameter that is written as null is left out. A "
        "parameter whose Liquid gives null is sent empty. Liquid.",
    )
    auth: SerializeAsAny[Auth] | None = Field(
        default=None, description="How the call authenticates at the service."
    )
    body: LiquidValue = Field(
        default=None,
        description="The request body. A text is sent as text, anything else as JSON. Liquid in "
        "every text inside.",
    )
    timeout_seconds: int = Field(
        default=10, ge=1, le=30, description="Seconds that one try may take."
    )
    expected_status: list[Status] = Field(
        default=["2xx"],
        min_length=1,
        max_length=20,
        description="The statuses that count as success, like 404, 2xx or 200-204.",
    )
    capture: dict[CaptureName, CaptureOrPath] = Field(
        default_factory=dict,
        max_length=50,
        description="The values to capture from the response, by name. Each is a JMESPath "
        "expression, or an object {path, required, default}.",
    )
    idempotent: bool = Field(
        default=False,
        description="true: repeating the call has no further effect at the service (it honors "
        "Idempotency-Key), so a call with an unknown outcome may be repeated.",
    )
    retry: Retry | None = Field(
        default=None, description="How a failed call is retried; without it, it is not retried."
    )

    @model_validator(mode="after")
    def _sound(self) -> "IntegrationConfig":
        if not has_liquid(self.url[:8]) and not self.url.lower().startswith(
            ("http://", "https://")
        ):
            raise ValueError("`url` must begin with http:// or https://")
        if self.body is not None and self.method in _BODILESS:
            raise ValueError(f"a {self.method} request has no body; leave out `body`")
        signing = [self.auth.header_name] if self.auth else []
        for name in (*self.headers, *signing):
            refusal = refusal_of(name)
            if refusal is not None:
                raise ValueError(refusal)
        signed = self.auth.header_name.lower() if self.auth else None
        if signed in {name.lower() for name in self.headers}:
            raise ValueError(f"the header {signed} is set by `auth`; remove it from `headers`")
        if _ERROR in self.capture:
            raise ValueError(
                f"`{_ERROR}` is reserved for the error of a failed call; choose another name"
            )
        if self.longest_seconds() > MAX_CALL_SECONDS:
            raise ValueError(
                f"all tries and the waits between them can take {self.longest_seconds()} s; at "
                f"most {MAX_CALL_SECONDS} s are allowed; lower `timeoutSeconds`, `maxTries` or "
                "`maxDelaySeconds`"
            )
        credential = next((name for name in self.capture if is_credential_name(name)), None)
        if credential is not None:
            raise ValueError(
                f"`{credential}` looks like a credential, but captured values stay readable in the "
                "run's history; store it as a secret instead"
            )
        for source in self.secret_sources():
            check_secret_use(source)
        return self

    def sources(self) -> list[str]:
        """Returns every Liquid text of the request."""
        signing = self.auth.texts() if self.auth else {}
        texts = [self.url, self.headers, self.query, self.body, signing]
        return [source for _, source in liquid_places(texts)]

    def longest_seconds(self) -> int:
        """Returns the longest time for all tries: their timeouts and the longest waits between
        them."""
        policy = self.retry or NO_RETRY
        return policy.max_tries * self.timeout_seconds + policy.longest_wait()

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


class IntegrationNode(NodeType[IntegrationConfig]):
    """Calls another service over HTTP. Later nodes read values captured from the answer as
    `{{steps.<node id>.<name>}}`. Write credentials as `{{secret.NAME}}`; they are never stored.
    Without branches, a failed call fails the run. If the node has branches labeled `ok` and
    `error`, the run continues after a failed call, and `{{steps.<node id>.error.kind}}`, `.status`
    and `.message` describe the failure. A call with an unknown outcome is repeated only if it is a
    GET or HEAD, or declared idempotent. Every try has the same Idempotency-Key."""

    name = "INTEGRATION"
    title = "Call a service"
    icon = "plug"
    example: ClassVar[dict[str, Any]] = {
        "provider": "HTTP",
        "method": "POST",
        "url": "https://api.example.com/score",
        "auth": {"type": "BEARER", "token": "{{secret.SCORE_KEY}}"},
        "body": {"email": "{{contact.email}}"},
        "timeoutSeconds": 10,
        "idempotent": True,
        "retry": {"maxTries": 3, "backoffSeconds": 1, "maxDelaySeconds": 10},
        "capture": {"score": "data.score", "tier": {"path": "data.tier", "default": "basic"}},
    }
    function = Function.INTEGRATION
    effect = True
    reads_secrets = True
    config_model = IntegrationConfig

    def branching(self, config: IntegrationConfig) -> Branching:
        return Branching(("ok", "error"), required=False)

    def with_credentials_masked(
        self, config: Mapping[str, Any], masker: CredentialMasker
    ) -> dict[str, Any]:
        return with_call_masked(config, masker)

    def secret_uses(self, config: IntegrationConfig) -> list[SecretUse]:
        constant = constant_address(config.url)
        host = None if constant is None else constant[1]
        return [SecretUse(name, "url", host) for name in sorted(config.secret_names())]

    def faults(self, config: IntegrationConfig) -> list[ConfigWarning]:
        return [
            ConfigWarning("UNSAFE_SECRET_USE", field, message)
            for field, source in self.sources(config)
            for message in hidden_uses(source)
        ]

    def outputs(self, config: IntegrationConfig) -> frozenset[str]:
        return frozenset({*config.capture, _ERROR})

    def timeout_seconds(self, config: IntegrationConfig) -> int:
        return config.longest_seconds() + _START_SECONDS

    def repeatable(self, config: IntegrationConfig) -> bool:
        return is_repeatable(config.method, config.idempotent)

    def recorded_values(self, config: IntegrationConfig, record: Record) -> dict[Place, Any]:
        """Returns the values that the recorded request contains: everything that was sent. `auth`
        is returned as written, with the names of secrets instead of their values. If no request was
        recorded, the URL and the body are returned as written too."""
        places = dict(self.places(config))
        known: dict[Place, Any] = {
            place: text for place, text in places.items() if place[0] == "auth"
        }
        sent = record.request
        if sent is None:
            # Inside an address or a text, no name marks a value as a credential.
            known |= {(name,): places[name,] for name in ("url", "body") if (name,) in places}
            return known
        if is_within(("url",), places):
            known["url",] = sent["url"]
        for place in places:
            if place[0] in ("headers", "query"):
                given = sent["headers"] if place[0] == "headers" else sent["query"]
                known[place[:2]] = given.get(place[1])
            elif place[0] == "body":
                known["body",] = f"{sent['body']}…" if "note" in sent else sent["body"]
        return known

    def redactor(self, config: IntegrationConfig, visit: Visit) -> Redactor:
        secrets = _secrets(config, visit)
        return Redactor(secrets, known_credentials(config, {**visit.scope, "secret": secrets}))

    def input(self, config: IntegrationConfig, visit: Visit, record: Record) -> dict[str, Any]:
        try:
            return super().input(config, visit, record)
        except NodeError:
            # The secret does not exist, so its value cannot be recognized in a rendered text.
            return recorded(dict(self.places(config)))

    def recorded_effects(self, config: IntegrationConfig, step: Step) -> list[RecordedEffect]:
        evidence, request = step.evidence, step.request
        tries = evidence["tries"] if evidence and "tries" in evidence else None
        url = config.url if request is None else request["url"]
        kind = None if step.error is None else step.error.kind
        is_lost = tries is None and step.status in (StepStatus.RUNNING, StepStatus.CANCELED)
        return call_effect(
            config.method, url, tries, "OUTCOME_UNKNOWN" if is_lost else kind, step.started_at
        )

    def run(self, config: IntegrationConfig, visit: Visit) -> NodeResult:
        http = visit.tools.http
        if http is None:
            raise RuntimeError(
                "INTEGRATION cannot run in this function: it has no access to the internet"
            )
        secrets = _secrets(config, visit)
        redactor = Redactor(secrets)
        try:
            return self._exchange(config, visit, http, secrets, redactor)
        except (NodeError, TransientError):
            raise
        except Exception as error:
            # The message may quote the request, and no caller knows the secrets in it.
            cause = redactor.text(f"{type(error).__name__}: {error}")
            message = "The call stopped with an unexpected error; the service may have received it."
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
            unsafe = self.faults(config)
            if unsafe:
                # A version activated before this check existed may still fail it.
                raise NodeError(unsafe[0].code, unsafe[0].message)
            rendered = _rendered(config, visit, secrets)
            check_address(text_of(rendered["url"]), secrets)
            scope = {**visit.scope, "secret": secrets}
            redactor = Redactor(secrets, credentials_in(config, rendered, scope))
            request = build_request(config, rendered, visit.effect_key)
            reader = visit.tools.secrets
            if secrets and reader is not None:
                egress = egress_of(config.url, secrets, lambda name: reader.hosts(name))
                request = request.changed(egress=egress)
            placeholders = {name: placeholder(name) for name in secrets}
            shown = build_request(config, _rendered(config, visit, placeholders), visit.effect_key)
        except NodeError as error:
            raise _redacted(error, redactor) from None
        recorder = Recorder(redactor, visit.tools.bodies)
        stored = recorder.request(shown, config.auth.kind if config.auth else None)
        calling = Calling(
            request=request,
            expected=config.expected_status,
            policy=config.retry or NO_RETRY,
            repeatable=self.repeatable(config),
            until=visit.now + self.timeout_seconds(config) * SECOND,
            spread=visit.effect_key,
        )
        tries = make(calling, http, visit.tools, redactor)
        parts: dict[str, Any] = {"request": stored, "evidence": tries.evidence()}
        if tries.response is None:
            assert tries.error is not None
            return _failure(config, visit, _redacted(tries.error, redactor), None, parts)
        response = tries.response
        reading = read_body(
            response.body,
            header(response.headers, "content-type"),
            wants_json=bool(config.capture),
        )
        parts["response"] = recorder.response(response, reading)
        if not is_among(response.status, config.expected_status):
            expected = ", ".join(config.expected_status)
            unexpected = NodeError(
                "HTTP_STATUS",
                f"{config.method} {stored['url']} answered {response.status}; expected {expected}"
                f"{_redirected(config, response, redactor)}",
            )
            return _failure(config, visit, unexpected, response.status, parts)
        try:
            fault = (
                "the answer was too long and was cut off" if response.truncated else reading.fault
            )
            output = capture(config.capture, redactor.value(reading.document), fault, redactor)
        except NodeError as error:
            return _failure(config, visit, _redacted(error, redactor), response.status, parts)
        return NodeResult(outcome="ok" if visit.labels else None, output=output, **parts)


def _redirected(config: IntegrationConfig, response: HttpResponse, redactor: Redactor) -> str:
    """Describes a redirect that was not followed."""
    if response.status not in REDIRECTS:
        return ""
    if response.redirects_to is None:
        return "; it is a redirect without a target"
    target = redactor.url(response.redirects_to)
    return f"; it redirects to {target}, but a {config.method} does not follow redirects"


def _secrets(config: IntegrationConfig, visit: Visit) -> dict[str, str]:
    """Returns the secrets by name. Raises NodeError `MISSING_SECRET` if one does not exist."""
    reader = visit.tools.secrets
    if reader is None:
        raise RuntimeError("INTEGRATION cannot run in this function: it has no access to secrets")
    return {name: reader.get(name) for name in sorted(config.secret_names())}


def _rendered(
    config: IntegrationConfig, visit: Visit, secrets: Mapping[str, str]
) -> dict[str, Any]:
    scope = {**visit.scope, "secret": secrets}
    return {
        name: render_value(value, scope, as_json=True)
        for name, value in (
            ("url", config.url),
            ("headers", config.headers),
            # A parameter written as null is left out; one whose value is null is empty.
            ("query", {name: each for name, each in config.query.items() if each is not None}),
            ("body", config.body),
            ("auth", config.auth.texts() if config.auth else {}),
        )
    }


def _redacted(error: NodeError, redactor: Redactor) -> NodeError:
    cause = None if error.cause is None else redactor.text(error.cause)
    return NodeError(error.kind, redactor.text(str(error)), cause)


def _failure(
    config: IntegrationConfig,
    visit: Visit,
    error: NodeError,
    status: int | None,
    parts: dict[str, Any],
) -> NodeResult:
    """Returns the `error` branch if the graph has one, otherwise a failed step."""
    if "error" in visit.labels:
        what = {"kind": error.kind, "status": status, "message": str(error)}
        return NodeResult(outcome="error", output={_ERROR: what}, **parts)
    detail = ErrorDetail(
        node_id=visit.node_id,
        kind=error.kind,
        message=str(error),
        cause=error.cause,
        call=failed_call(config.method, config.url, str(parts["request"]["url"]), status),
    )
    return NodeResult(status=StepStatus.FAILED, error=detail, **parts)

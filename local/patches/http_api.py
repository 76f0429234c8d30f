"""API Gateway: an HTTP API's OpenAPI body becomes its routes, integrations and authorizers.

SAM writes the routes of `AWS::Serverless::HttpApi` into the Body property of
`AWS::ApiGatewayV2::Api`. The emulator ignores it, so every call would answer 404. Also, a greedy
path parameter of the emulator ends at a line break, which a path may contain as %0A.

The emulator answers every OPTIONS itself. API Gateway does so only for an API with a CORS
configuration ("Configure CORS for HTTP APIs in API Gateway"); without one, the request goes to the
API's own route for OPTIONS.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from ministack.services import apigateway
from ministack.services.cloudformation import provisioners

from local.patches import guard

Props = dict[str, Any]

_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
_ANY = "x-amazon-apigateway-any-method"
_TYPE = "AWS::ApiGatewayV2::Api"
# From the private use area: none of our paths contains it.
_LINE_BREAK = "\ue00a"


class OpenApiBodyError(ValueError):
    """The body of an HTTP API cannot be expanded. The deployment fails with this reason."""


def apply() -> None:
    guard.expect(provisioners, "_apigw_v2_api_create", "0002e18b41984434")
    guard.expect(provisioners, "_apigw_v2_api_update", "d12d60c12ed7d9aa")
    guard.wrap(apigateway, "_extract_path_params", "d3aaa9aa2c53a65e", _with_line_breaks)
    guard.wrap(apigateway, "_handle_execute_in_scope", "aa60b8b0dfaafaa2", _with_own_options)
    handlers = provisioners._RESOURCE_HANDLERS[_TYPE]
    create: Callable[..., tuple[str, Props]] = handlers["create"]
    update: Callable[..., tuple[str, Props]] = handlers["update"]

    def create_with_body(logical_id: str, props: Props, stack_name: str) -> tuple[str, Props]:
        api_id, attributes = create(logical_id, props, stack_name)
        expand(api_id, props)
        return api_id, attributes

    def update_with_body(
        physical_id: str, old_props: Props, new_props: Props, stack_name: str, *rest: Any
    ) -> tuple[str, Props]:
        api_id, attributes = update(physical_id, old_props, new_props, stack_name, *rest)
        expand(api_id, new_props)
        return api_id, attributes

    handlers["create"] = create_with_body
    handlers["update"] = update_with_body


def _with_own_options(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps the function, so that it answers OPTIONS itself only if the API has a CORS
    configuration."""
    source = guard.replace_text(
        inspect.getsource(original),
        'if method == "OPTIONS":',
        'if method == "OPTIONS" and cors_cfg:',
    )
    changed: dict[str, Any] = {}
    exec(compile(source, apigateway.__file__, "exec"), apigateway.__dict__, changed)
    found: Callable[..., Any] = changed[original.__name__]
    return found


def _with_line_breaks(original: Callable[..., Any]) -> Callable[..., Any]:
    def extract(route_path: str, request_path: str) -> dict[str, str] | None:
        found = original(route_path, request_path.replace("\n", _LINE_BREAK))
        if found is None:
            return None
        return {name: value.replace(_LINE_BREAK, "\n") for name, value in found.items()}

    return extract


def expand(api_id: str, props: Props) -> None:
    """Creates the routes, integrations and authorizers of an API from its Body, if it has one.
    Existing ones are replaced."""
    body = props.get("Body")
    if not body:
        return
    authorizers = _authorizers(body)
    routes: dict[str, Props] = {}
    integrations: dict[str, Props] = {}
    for number, (route_key, operation) in enumerate(_operations(body)):
        integration_id = f"int{number}"
        integrations[integration_id] = _integration(route_key, operation, integration_id)
        routes[f"route{number}"] = {
            "routeId": f"route{number}",
            "routeKey": route_key,
            "target": f"integrations/{integration_id}",
            "apiKeyRequired": False,
            **_authorization(operation.get("security", body.get("security")), authorizers),
        }
    if not routes:
        raise OpenApiBodyError("the OpenAPI body of the HTTP API holds no route")
    apigateway._routes[api_id] = routes
    apigateway._integrations[api_id] = integrations
    apigateway._authorizers[api_id] = authorizers


def _operations(body: Props) -> Iterator[tuple[str, Props]]:
    for path, item in body.get("paths", {}).items():
        for method, operation in item.items():
            if method == _ANY and path == "/$default":
                yield "$default", operation
            elif method == _ANY:
                yield f"ANY {path}", operation
            elif method in _METHODS:
                yield f"{method.upper()} {path}", operation


def _integration(route_key: str, operation: Props, integration_id: str) -> Props:
    extension = operation.get("x-amazon-apigateway-integration")
    if not extension or not isinstance(extension.get("uri"), str):
        raise OpenApiBodyError(f"the route {route_key} has no integration with a resolved uri")
    return {
        "integrationId": integration_id,
        "integrationType": extension.get("type", "aws_proxy").upper(),
        "integrationUri": extension["uri"],
        "integrationMethod": extension.get("httpMethod", "POST"),
        "payloadFormatVersion": extension.get("payloadFormatVersion", "2.0"),
        "timeoutInMillis": extension.get("timeoutInMillis", 30_000),
    }


def _authorizers(body: Props) -> dict[str, Props]:
    """Returns the JWT authorizers by name. The name is also their id."""
    schemes = body.get("components", {}).get("securitySchemes", {})
    authorizers: dict[str, Props] = {}
    for name, scheme in schemes.items():
        extension = scheme.get("x-amazon-apigateway-authorizer") or {}
        if extension.get("type") != "jwt":
            raise OpenApiBodyError(f"the authorizer {name} is not a JWT authorizer")
        jwt = extension.get("jwtConfiguration") or {}
        source = extension.get("identitySource", "$request.header.Authorization")
        authorizers[name] = {
            "authorizerId": name,
            "name": name,
            "authorizerType": "JWT",
            "identitySource": [source] if isinstance(source, str) else source,
            "jwtConfiguration": {"audience": jwt["audience"], "issuer": jwt["issuer"]},
        }
    return authorizers


def _authorization(security: list[Props] | None, authorizers: dict[str, Props]) -> Props:
    """Returns the authorization of a route. It is NONE if the route names no security: this is how
    SAM writes `Authorizer: NONE`."""
    names = [(name, scopes) for entry in security or [] for name, scopes in entry.items()]
    if not names or names == [("NONE", [])]:
        return {"authorizationType": "NONE", "authorizerId": None, "authorizationScopes": []}
    name, scopes = names[0]
    if name not in authorizers:
        raise OpenApiBodyError(f"a route names the unknown authorizer {name}")
    return {"authorizationType": "JWT", "authorizerId": name, "authorizationScopes": scopes}

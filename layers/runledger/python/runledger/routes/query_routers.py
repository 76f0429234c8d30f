"""The routers of the query function, each imported with the first request that needs it.

Together they declare about 250 models, and importing them all would take a third of the time that a
new instance needs to start.
"""

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

# The first part of every path behind /v1 that has a router.
RESOURCES = (
    "automations",
    "contacts",
    "deliveries",
    "exports",
    "failure-groups",
    "health",
    "invitations",
    "me",
    "members",
    "node-types",
    "overview",
    "recoveries",
    "refusals",
    "runs",
    "search",
    "secrets",
    "segments",
    "settings",
    "source-presets",
    "stats",
    "suppressions",
    "templates",
    "views",
)


def include_router(app: APIGatewayHttpResolver, path: str) -> None:
    """Adds the routes of the path's resource to the app. Does nothing if the app has them already
    or if there is no such resource."""
    match path.split("/"):
        case ["", "v1", resource, *_]:
            router = _router(resource)
        case _:
            return
    if router is not None and router.api_resolver is not app:
        app.include_router(router)


def include_all_routers(app: APIGatewayHttpResolver) -> None:
    """Adds the routes of every resource to the app."""
    for resource in RESOURCES:
        include_router(app, f"/v1/{resource}")


def _router(resource: str) -> APIGatewayHttpRouter | None:
    match resource:
        case "automations" | "node-types" | "source-presets":
            from runledger.routes.query.automations import router
        case "contacts":
            from runledger.routes.query.contacts import router
        case "deliveries":
            from runledger.routes.query.deliveries import router
        case "exports":
            from runledger.routes.query.exports import router
        case "failure-groups":
            from runledger.routes.query.failures import router
        case "overview":
            from runledger.routes.query.overview import router
        case "recoveries":
            from runledger.routes.query.recoveries import router
        case "refusals":
            from runledger.routes.query.refusals import router
        case "runs" | "stats":
            from runledger.routes.query.runs import router
        case "views":
            from runledger.routes.query.saved_views import router
        case "search":
            from runledger.routes.query.search import router
        case "secrets":
            from runledger.routes.query.secrets import router
        case "segments":
            from runledger.routes.query.segments import router
        case "suppressions":
            from runledger.routes.query.suppressions import router
        case "templates":
            from runledger.routes.query.templates import router
        case "health" | "invitations" | "me" | "members" | "settings":
            from runledger.routes.query.workspace import router
        case _:
            return None
    return router

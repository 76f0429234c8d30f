"""The query function imports the routes of a resource at the first request for this resource."""

import pkgutil
import sys
from importlib import import_module

import pytest
from runledger.http import make_app
from runledger.routes import query
from runledger.routes.paths import methods_of
from runledger.routes.query_routers import RESOURCES, include_all_routers, include_router


@pytest.fixture(autouse=True)
def own_routers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets each test import the routers anew. A router serves only the app that included it last,
    so otherwise the tests would take the routers from the function's app."""
    for name in [name for name in sys.modules if name.startswith(f"{query.__name__}.")]:
        monkeypatch.delitem(sys.modules, name)


def routes_of_all_modules() -> dict[str, set[str]]:
    """Returns the paths of every module of the package, by their resource."""
    found: dict[str, set[str]] = {}
    for each in pkgutil.iter_modules(query.__path__):
        module = import_module(f"{query.__name__}.{each.name}")
        if not hasattr(module, "router"):
            continue
        for path, *_ in module.router._routes:
            found.setdefault(path.split("/")[2], set()).add(path)
    return found


def included(*paths: str) -> list[str]:
    app = make_app(methods=methods_of)
    for path in paths:
        include_router(app, path)
    return [route.path for route in (*app._static_routes, *app._dynamic_routes)]


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_first_request_of_a_resource_finds_all_its_routes(resource: str) -> None:
    assert routes_of_all_modules()[resource] <= set(included(f"/v1/{resource}/some/more"))


def test_every_route_has_its_resource() -> None:
    assert sorted(routes_of_all_modules()) == sorted(RESOURCES)
    app = make_app(methods=methods_of)
    include_all_routers(app)
    found = [route.path for route in (*app._static_routes, *app._dynamic_routes)]
    assert sorted(found) == sorted(set().union(*routes_of_all_modules().values()))


def test_routes_are_included_once() -> None:
    once = included("/v1/runs")
    assert once and included("/v1/runs", "/v1/runs/1", "/v1/stats", "/v1/runs") == once


@pytest.mark.parametrize("path", ["/", "", "/v1", "/v1/", "/v2/runs", "/v1/nothing", "v1/runs/x"])
def test_a_path_without_a_resource_adds_no_routes(path: str) -> None:
    assert included(path) == []

"""Which methods each path of the API takes, across the functions that answer them.

A function answers some of the methods, and has to name the others where it refuses one.
"""

import re
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

# Served by the function `query` itself, as it lies beside its code.
DOCUMENT_PATH = "/v1/openapi.json"
_PARAMETER = re.compile(r"<[^>]+>")


def methods_of(path: str) -> list[str]:
    """In alphabetic order; empty where there is no such path."""
    return sorted({method for pattern, method in _routes() if pattern.fullmatch(path)})


@cache
def _routes() -> list[tuple[re.Pattern[str], str]]:
    # Asked about refused requests alone: nobody else waits for the other function's modules.
    from runledger.routes import api, query

    found = [(re.compile(re.escape(DOCUMENT_PATH)), "GET")]
    for module in (*_modules(api), *_modules(query)):
        for rule, methods, *_ in module.router._routes:
            parts = [re.escape(part) for part in _PARAMETER.split(rule)]
            found += [(re.compile("[^/]+".join(parts)), method) for method in methods]
    return found


def _modules(package: "ModuleType") -> "list[ModuleType]":
    names = [each.name for each in iter_modules(package.__path__)]
    modules = [import_module(f"{package.__name__}.{name}") for name in names]
    return [module for module in modules if hasattr(module, "router")]

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
_PARAMETER = r"<[^>]+>"
# What a whole path has to match, and a method that it takes.
_Rule = tuple[re.Pattern[str], str]


def methods_of(path: str) -> list[str]:
    """In alphabetic order; empty where there is no such path. A rule without parameters comes
    before one with them: /v1/runs/cancel is the id of no run."""
    for rules in _rules():
        found = {method for pattern, method in rules if pattern.fullmatch(path)}
        if found:
            return sorted(found)
    return []


@cache
def _rules() -> tuple[list[_Rule], list[_Rule]]:
    """Those without parameters, and those with them."""
    # Asked about refused requests alone: nobody else waits for the other function's modules.
    from runledger.routes import api, query

    plain: list[_Rule] = [(re.compile(re.escape(DOCUMENT_PATH)), "GET")]
    open_: list[_Rule] = []
    for module in (*_modules(api), *_modules(query)):
        for rule, methods, *_ in module.router._routes:
            parts = [re.escape(part) for part in re.split(_PARAMETER, rule)]
            rules = plain if len(parts) == 1 else open_
            rules += [(re.compile("[^/]+".join(parts)), method) for method in methods]
    return plain, open_


def _modules(package: "ModuleType") -> "list[ModuleType]":
    names = [each.name for each in iter_modules(package.__path__)]
    modules = [import_module(f"{package.__name__}.{name}") for name in names]
    return [module for module in modules if hasattr(module, "router")]

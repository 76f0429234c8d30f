"""The methods that each path of the API takes, across all functions.

Each function serves only some of a path's methods. When it refuses a method, its answer has to name
all methods that the path takes.
"""

import re
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

# The function `query` serves it itself, because the file is beside its code.
DOCUMENT_PATH = "/v1/openapi.json"
_PARAMETER = r"<[^>]+>"
# A pattern for the whole path, and a method that the path takes.
_Rule = tuple[re.Pattern[str], str]


def methods_of(path: str) -> list[str]:
    """Returns the methods in alphabetical order; empty if the path does not exist. Rules without
    parameters come first, so that `cancel` in /v1/runs/cancel is not taken for a run's id."""
    for rules in _rules():
        found = {method for pattern, method in rules if pattern.fullmatch(path)}
        if found:
            return sorted(found)
    return []


@cache
def _rules() -> tuple[list[_Rule], list[_Rule]]:
    """Returns the rules without parameters and the rules with them."""
    # Only refused requests need the rules, so only they wait for the other function's modules.
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

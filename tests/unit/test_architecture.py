"""Imports go one way: handlers → routes → services → compiler, store, channels → nodes → models."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "runledger" / "python" / "runledger"

# A room may import from rooms of a lower floor, and from itself where it is a folder.
FLOORS = {
    "cli": 6,
    "routes": 6,
    "operating": 5,
    "http": 5,
    "services": 4,
    "compiler": 3,
    "store": 3,
    "channels": 3,
    "outbound": 2,
    "nodes": 2,
    "templating": 1,
    "liquid_filters": 0,
    "template_limits": 0,
    "template_markup": 0,
    "template_places": 0,
    "redaction": 1,
    "models": 1,
    "aws": 1,
    "observability": 1,
    "settings": 0,
    "json_body": 1,
    "charsets": 0,
    "paths": 0,
    "texts": 0,
    "zones": -1,
    "clock": 0,
    "ids": 0,
    "errors": -1,
}
# On one floor, where the other side is what a room implements.
BESIDE = {"outbound": {"nodes"}}


def room_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_from_lower_floors_only(path: Path) -> None:
    here = room_of(path)
    for module in imported(path):
        parts = module.split(".")
        if parts[0] in ("functions", "local", "tests", "bench"):
            pytest.fail(f"{path.name} imports {module}, which lies outside the layer")
        if parts[0] != "runledger" or len(parts) < 2 or parts[1] == here:
            continue
        there = parts[1]
        below = FLOORS[there] < FLOORS[here] or there in BESIDE.get(here, set())
        assert below, f"{here} may not import {module}"


def test_every_room_has_a_floor() -> None:
    assert {room_of(path) for path in FILES} == set(FLOORS)


def test_handlers_never_import_each_other() -> None:
    for path in sorted((ROOT / "functions").glob("*/*.py")):
        strangers = {
            module
            for module in imported(path)
            if module.split(".")[0] in ("functions", "local", "tests", "bench")
        }
        assert strangers == set(), path


def test_reads_and_changes_never_import_each_other() -> None:
    for here, there in (("query", "api"), ("api", "query")):
        for path in sorted((PACKAGE / "routes" / here).glob("*.py")):
            strange = [each for each in imported(path) if f"routes.{there}" in each]
            assert strange == [], path


def test_only_keys_builds_keys() -> None:
    prefixes = ("RUN#", "STEP#", "DELIVERY#", "AUTOMATION#", "WORKSPACE#", "WEBHOOK#", "DUE#")
    for path in FILES:
        if path.name == "keys.py":
            continue
        text = path.read_text()
        assert not any(f'"{prefix}' in text for prefix in prefixes), path


def test_no_settings_are_read_at_import(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    for name in [name for name in dict(__import__("os").environ) if name.startswith("RUNLEDGER_")]:
        monkeypatch.delenv(name)
    for path in sorted((ROOT / "functions").glob("*/handler.py")):
        assert importlib.import_module(f"functions.{path.parent.name}.handler").handler


NODE_TYPES = (
    "TRIGGER",
    "CONDITION",
    "SWITCH",
    "WAIT",
    "SET",
    "MERGE",
    "SEND_MESSAGE",
    "INTEGRATION",
    "STOP_ERROR",
    "END",
)
CHANNELS = ("EMAIL", "SMS", "WHATSAPP")


@pytest.mark.parametrize(("room", "names"), [("nodes", NODE_TYPES), ("channels", CHANNELS)])
def test_no_code_asks_for_the_type_of_a_node_or_the_name_of_a_channel(
    room: str, names: tuple[str, ...]
) -> None:
    """What each of them is lies in its own file; everybody else asks the registry's entry."""
    for path in FILES:
        if room_of(path) == room:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Compare):
                continue
            compared = [
                value.value
                for value in [node.left, *node.comparators]
                if isinstance(value, ast.Constant)
            ]
            assert not set(compared) & set(names), f"{path.name}:{node.lineno}"

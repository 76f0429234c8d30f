"""Lambda functions that start from a snapshot. The tests check which functions may do so, what the
snapshots cost, and that environments started from one snapshot make different ids and tokens.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
"""

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from runledger.ids import new_id, new_token

from local.expand_template import expanded_template
from tests.support.expanded_template import of_type

ROOT = Path(__file__).parents[2]
TEMPLATE = expanded_template()
FUNCTIONS = of_type(TEMPLATE, "AWS::Lambda::Function")
# People wait for the console, senders for the answer to a webhook.
WAITED_FOR = {"Api", "Query", "WebhookIn"}
# Python, us-east-1, per GB and second of a cached version, and per GB of a restore:
# https://aws.amazon.com/lambda/pricing/
CACHE_DOLLARS, RESTORE_DOLLARS = 0.0000015046, 0.0001397998
MONTH_SECONDS = 30 * 86_400
# These make unique values, or read the time.
UNIQUE = {
    *("random", "secrets", "uuid", "urandom", "ULID", "new_id", "new_token"),
    *("now", "utcnow", "now_ms", "time", "time_ns", "monotonic"),
}
SOURCES = sorted((ROOT / "layers/runledger/python").rglob("*.py")) + sorted(
    (ROOT / "functions").rglob("*.py")
)


def test_functions_that_somebody_waits_for_may_start_from_a_snapshot() -> None:
    settings = {
        name: function["Properties"]["SnapStart"]
        for name, function in FUNCTIONS.items()
        if "SnapStart" in function["Properties"]
    }
    chosen = {"Fn::If": ["HasSnapStart", {"ApplyOn": "PublishedVersions"}, {"Ref": "AWS::NoValue"}]}
    assert settings == dict.fromkeys(WAITED_FOR, chosen)
    assert TEMPLATE["Parameters"]["SnapStart"]["Default"] == "Off"


@pytest.mark.parametrize("name", sorted(WAITED_FOR))
def test_lambda_can_take_the_snapshot(name: str) -> None:
    """SnapStart takes neither provisioned concurrency nor more than 512 MB of ephemeral storage."""
    properties = FUNCTIONS[name]["Properties"]
    assert properties["Runtime"] in ("python3.12", "python3.13", "python3.14")
    assert properties.get("EphemeralStorage", {}).get("Size", 512) <= 512
    assert "FileSystemConfigs" not in properties
    alias = TEMPLATE["Resources"][f"{name}Aliaslive"]["Properties"]
    assert "ProvisionedConcurrencyConfig" not in alias


def test_the_page_says_what_snapshots_cost() -> None:
    page = (ROOT / "docs/costs.md").read_text()
    gigabytes = [FUNCTIONS[name]["Properties"]["MemorySize"] / 1_024 for name in WAITED_FOR]
    month = sum(gigabytes) * MONTH_SECONDS * CACHE_DOLLARS
    assert f"| `SnapStart=On`: the snapshots of three functions | {month:.2f} a month |" in page
    restores = 1_000 * max(gigabytes) * RESTORE_DOLLARS
    assert f"| a thousand starts from a snapshot | {restores:.2f} |" in page


def calls_at_import(tree: ast.Module) -> Iterator[ast.Call]:
    """Yields the calls that run when a module is imported: those outside of functions, and the
    defaults and decorators of functions."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [*node.decorator_list, *node.args.defaults]
            waiting += [each for each in node.args.kw_defaults if each is not None]
            continue
        if isinstance(node, ast.Call):
            yield node
        waiting += ast.iter_child_nodes(node)


def names_of(call: ast.Call) -> set[str]:
    return {
        name
        for each in ast.walk(call.func)
        for name in [getattr(each, "id", None) or getattr(each, "attr", None)]
        if isinstance(name, str)
    }


def test_no_module_keeps_a_unique_value_from_its_import() -> None:
    """If a module kept one, all environments started from one snapshot would have the same value:
    https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html"""
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in SOURCES
        for call in calls_at_import(ast.parse(path.read_text()))
        if names_of(call) & UNIQUE
    ]
    assert len(SOURCES) > 200
    assert found == []


@pytest.mark.parametrize(
    "source", ["KEY = secrets.token_hex()", "def f(a=uuid.uuid4()): ...", "class A:\n x = ULID()"]
)
def test_a_unique_value_at_import_is_noticed(source: str) -> None:
    assert any(names_of(call) & UNIQUE for call in calls_at_import(ast.parse(source)))


def test_ids_and_tokens_come_from_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda gives every environment that starts from a snapshot different random numbers of the
    system. The random numbers of the module `random` continue from the snapshot, the same in every
    environment."""

    def always_the_same(size: int) -> bytes:
        return b"\x07" * size

    monkeypatch.setattr(os, "urandom", always_the_same)
    monkeypatch.setattr("random._urandom", always_the_same)
    made: list[Any] = [new_id("run", moment) for moment in (1_700_000_000_000, 1_700_000_000_001)]
    assert made[0][-16:] == made[1][-16:]
    assert new_token() == new_token()


def test_only_the_waits_between_tries_use_the_module_random() -> None:
    using = {
        path.name
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        if "random" in {each.name for each in node.names} | {getattr(node, "module", None)}
    }
    assert using == {"table.py"}

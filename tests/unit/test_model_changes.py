"""`changed` accepts only the names of a model's fields, and mypy checks the names and values."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from runledger.models.base import Model, WireModel

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "pyproject.toml"


class Base(Model):
    number: int


class Fruit(Base):
    name: str = "apple"


class Basket(WireModel):
    first_fruit: Fruit


def test_a_copy_has_the_changes_and_the_original_stays() -> None:
    fruit = Fruit(number=1)
    after = fruit.changed(number=2, name="pear")
    assert (after, fruit) == (Fruit(number=2, name="pear"), Fruit(number=1))
    basket = Basket(first_fruit=fruit).changed(first_fruit=after)
    assert basket.first_fruit is after


def test_an_unknown_field_is_refused() -> None:
    basket = Basket(first_fruit=Fruit(number=1))
    for wrong in ("firstFruit", "second_fruit", "model_config", "changed"):
        with pytest.raises(TypeError, match=f"Basket has no field {wrong}"):
            basket.changed(**{wrong: None})  # type: ignore[misc, arg-type]


def test_values_are_not_validated_again() -> None:
    with pytest.raises(ValidationError):
        Fruit.model_validate({"number": "many"})
    after = Fruit(number=1).changed(number="many")  # type: ignore[arg-type]
    assert repr(after.number) == "'many'"


SNIPPET = """
from typing import Any, Generic, TypeVar

from runledger.models.base import Model, WireModel

T = TypeVar("T")


class Base(Model):
    number: int = 1


class Fruit(Base):
    name: str | None = None
    tags: tuple[str, ...] = ()


class Page(WireModel, Generic[T]):
    items: list[T]


FruitT = TypeVar("FruitT", bound=Fruit)


def right(fruit: Fruit, page: Page[int], either: Fruit | Base) -> Fruit:
    page.changed(items=[1])
    either.changed(number=3)
    return fruit.changed(number=2, name=None, tags=())


def wrong(fruit: Fruit, page: Page[int], some: FruitT, more: dict[str, Any]) -> None:
    fruit.changed(numbr=2)  # name
    fruit.changed(number="2")  # value
    fruit.changed(tags=["a"])  # value
    page.changed(items=["a"])  # value
    some.changed(name="a")  # unknown class
    fruit.changed(**more)  # unpacked
    fruit.changed(model_config=None)  # name
"""
FINDINGS = {
    "name": "Unexpected keyword argument",
    "value": "has incompatible type",
    "unknown class": 'expected "Never"',
    "unpacked": "unpacked fields cannot be checked",
}


def test_mypy_finds_wrong_names_and_values(tmp_path: Path) -> None:
    snippet = tmp_path / "snippet.py"
    snippet.write_text(SNIPPET)
    command = [sys.executable, "-m", "mypy", "--config-file", str(CONFIG)]
    options = ["--cache-dir", str(tmp_path / "cache"), "--no-error-summary", "--hide-error-context"]
    done = subprocess.run(
        [*command, *options, str(snippet)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    found: dict[int, str] = {}
    for line in done.stdout.splitlines():
        _, place, kind, text = line.split(":", maxsplit=3)
        if kind == " error":
            found[int(place)] = found.get(int(place), "") + text
    expected = {
        number: FINDINGS[line.rpartition("  # ")[2]]
        for number, line in enumerate(SNIPPET.splitlines(), start=1)
        if "  # " in line
    }
    assert found.keys() == expected.keys(), done.stdout
    for number, text in expected.items():
        assert text in found[number], done.stdout

"""A patch of the emulator applies only to the code that it was written for."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from local.patches import guard

CODE = '''
STEP = 1


def following(number):
    """Returns the next number."""
    return number + STEP
'''


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    path = tmp_path / "emulated.py"
    path.write_text(CODE)
    spec = importlib.util.spec_from_file_location("emulated", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_an_edit_changes_only_what_it_names(module: ModuleType) -> None:
    expected = guard.fingerprint(module.following)
    guard.edit(module, "following", expected, "number + STEP", "number + 2 * STEP")
    assert module.following(1) == 3
    vars(module)["STEP"] = 5
    assert module.following(1) == 11


def test_other_code_is_not_edited(module: ModuleType) -> None:
    with pytest.raises(guard.PatchError, match="fingerprint"):
        guard.edit(module, "following", "0123456789abcdef", "number", "other")
    assert module.following(1) == 2


def test_a_text_that_is_not_there_once_is_not_edited(module: ModuleType) -> None:
    expected = guard.fingerprint(module.following)
    for text in ("number", "nothing"):
        with pytest.raises(guard.PatchError, match="exactly once"):
            guard.edit(module, "following", expected, text, "other")
    assert module.following(1) == 2


def test_other_code_is_not_wrapped(module: ModuleType) -> None:
    with pytest.raises(guard.PatchError, match="fingerprint"):
        guard.wrap(module, "following", "0123456789abcdef", lambda original: original)

"""Replaces code of the emulator only if it is exactly the code that a patch was written for."""

import hashlib
import inspect
from collections.abc import Callable
from importlib.metadata import version
from types import ModuleType
from typing import Any

MINISTACK_VERSION = "1.5.33"


class PatchError(RuntimeError):
    """The emulator does not have the code that a patch was written for."""


def require_version() -> None:
    """Raises PatchError if another version of the emulator is installed than the pinned one."""
    found = version("ministack")
    if found != MINISTACK_VERSION:
        raise PatchError(
            f"the patches in local/patches are written for ministack {MINISTACK_VERSION}, but "
            f"{found} is installed; check each patch against that version before you change the pin"
        )


def fingerprint(target: Any) -> str:
    """Returns the first 16 hex digits of the SHA-256 of a function's source."""
    return hashlib.sha256(inspect.getsource(target).encode()).hexdigest()[:16]


def wrap(
    owner: ModuleType | type,
    name: str,
    expected: str,
    make: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> None:
    """Replaces `owner.name` by `make(original)` if its source has the expected fingerprint."""
    original = getattr(owner, name)
    expect(owner, name, expected)
    setattr(owner, name, make(original))


def edit(owner: ModuleType, name: str, expected: str, old: str, new: str) -> None:
    """Replaces `old` by `new` in the source of a module's function, which must have the expected
    fingerprint and contain `old` exactly once."""
    expect(owner, name, expected)
    source = replace_text(inspect.getsource(getattr(owner, name)), old, new)
    exec(compile(source, f"<{owner.__name__}.{name}, edited>", "exec"), vars(owner))


def expect(owner: ModuleType | type, name: str, expected: str) -> None:
    """Raises PatchError if the source of `owner.name` does not have the expected fingerprint."""
    found = fingerprint(getattr(owner, name))
    if found != expected:
        raise PatchError(
            f"{owner.__name__}.{name} has fingerprint {found}, the patch expects {expected}"
        )


def replace_text(text: str, old: str, new: str) -> str:
    """Returns `text` with `old` replaced. Raises PatchError if `old` does not occur exactly
    once."""
    if text.count(old) != 1:
        raise PatchError(f"expected the emulator's code to contain exactly once: {old!r}")
    return text.replace(old, new)

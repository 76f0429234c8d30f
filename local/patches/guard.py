"""Changes the emulator's internals only if they are what the change was written for."""

import hashlib
import inspect
from collections.abc import Callable
from importlib.metadata import version
from types import ModuleType
from typing import Any

MINISTACK_VERSION = "1.5.33"


class PatchError(RuntimeError):
    """The emulator is not the one that a patch was written for."""


def require_version() -> None:
    """Raises PatchError unless the pinned emulator is installed."""
    found = version("ministack")
    if found != MINISTACK_VERSION:
        raise PatchError(
            f"local/patches are written for ministack {MINISTACK_VERSION}, found {found}; "
            "check each patch against the new version before changing the pin"
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


def expect(owner: ModuleType | type, name: str, expected: str) -> None:
    """Raises PatchError unless the source of `owner.name` has the expected fingerprint."""
    found = fingerprint(getattr(owner, name))
    if found != expected:
        raise PatchError(
            f"{owner.__name__}.{name} has fingerprint {found}, the patch expects {expected}"
        )


def replace_text(text: str, old: str, new: str) -> str:
    """Returns `text` with its one occurrence of `old` replaced. Raises PatchError if there is not
    exactly one."""
    if text.count(old) != 1:
        raise PatchError(f"expected the emulator's worker script to hold once: {old!r}")
    return text.replace(old, new)

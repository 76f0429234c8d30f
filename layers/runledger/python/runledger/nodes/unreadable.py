"""Replaces values that a run recorded but that are damaged in the store."""

from typing import Any, NoReturn

from runledger.errors import NodeError


class UnreadableValues(dict[str, Any]):
    """Replaces unreadable values in a scope. Reading a value in it raises an error, because a
    template's default must not replace a value that existed."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def _raise(self, *_: object) -> NoReturn:
        raise NodeError(
            "UNREADABLE_VALUE", f"`{self._path}` was recorded, but the stored value is damaged"
        )

    __getitem__ = __contains__ = __iter__ = __len__ = _raise
    get = keys = values = items = _raise

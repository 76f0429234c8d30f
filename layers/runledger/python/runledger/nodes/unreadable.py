"""Values that a run recorded and that are damaged in the store."""

from typing import Any, NoReturn

from runledger.errors import NodeError


class UnreadableValues(dict[str, Any]):
    """Stands in a scope for values that cannot be read: empty to whoever passes it on, an error to
    whoever looks inside. A default must not stand in for a value that was there."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def _raise(self, *_: object) -> NoReturn:
        raise NodeError(
            "UNREADABLE_VALUE", f"`{self._path}` was recorded, but is damaged and cannot be read"
        )

    __getitem__ = __contains__ = __iter__ = __len__ = _raise
    get = keys = values = items = _raise

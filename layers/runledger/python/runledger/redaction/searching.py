"""Searches a text for many needles at once. The time depends on the length of the text, and hardly
on the number of needles.

Needles of eight characters or more are found by overlapping pieces of five characters. The index
has the pieces that start at the first four characters of each needle. Only the piece at every
fourth character of the text is looked up, which is enough to miss no occurrence. Shorter needles
are few and are searched one by one.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

_PIECE = 5
_STRIDE = 4

T = TypeVar("T", bound=Hashable)


class Search(Generic[T]):
    """Finds needles in a text. Each needle stands for a value, which a match returns."""

    def __init__(self, wanted: Iterable[tuple[str, T]]) -> None:
        self._short: list[tuple[str, T]] = []
        self._pieces: dict[str, list[tuple[int, str, T]]] = defaultdict(list)
        self._shortest = 0
        for text, what in wanted:
            self._shortest = min(self._shortest or len(text), len(text))
            if len(text) < _PIECE + _STRIDE - 1:
                self._short.append((text, what))
                continue
            for offset in range(_STRIDE):
                self._pieces[text[offset : offset + _PIECE]].append((offset, text, what))

    def find(self, text: str) -> Iterator[tuple[int, int, T]]:
        """Yields (start, end, value) of every occurrence."""
        if not self._shortest or len(text) < self._shortest:
            return
        for needle, what in self._short:
            place = text.find(needle)
            while place >= 0:
                yield place, place + len(needle), what
                place = text.find(needle, place + len(needle))
        pieces = self._pieces
        if not pieces:
            return
        places = range(0, len(text) - _PIECE + 1, _STRIDE)
        for place in [each for each in places if text[each : each + _PIECE] in pieces]:
            for offset, needle, what in pieces[text[place : place + _PIECE]]:
                if text.startswith(needle, place - offset) and place >= offset:
                    yield place - offset, place - offset + len(needle), what

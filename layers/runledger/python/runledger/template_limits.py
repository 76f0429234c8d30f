"""The limits of rendering one template: the number of steps, and the size of every value.

Liquid limits the output and the number of loop turns. It does not limit the work in a turn, nor the
size of values: a list that doubles in every turn contains the same text ten thousand times before
anything is written.

The main limit is a number of steps and not a time, so that the same text with the same values
always has the same result. Processor time is limited too, because a single step may be slow.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from liquid.exceptions import ResourceLimitError
from liquid.undefined import is_undefined

MAX_OUTPUT_BYTES = 256 * 1024
MAX_LOOP_ITERATIONS = 10_000
MAX_STEPS = 500_000
MAX_SECONDS = 2.0
# The largest weight of a filter's result: its characters, plus one for each item in it.
MAX_WEIGHT = 4 * MAX_OUTPUT_BYTES
_MAX_BITS = 4_096
_MAX_DIGITS = 1_000
_CHARACTERS_A_STEP = 256
_DATE_CHARACTERS = 200
_CLOCK_EVERY = 256


class Meter:
    """Counts the steps of rendering one template."""

    __slots__ = ("_ends_at", "_looks_at", "_steps")

    def __init__(self) -> None:
        self._steps = 0
        self._looks_at = _CLOCK_EVERY
        self._ends_at = time.thread_time() + MAX_SECONDS

    def take(self, steps: int = 1) -> None:
        """Counts steps. Raises ResourceLimitError if there are too many, or if they took too
        long."""
        self._steps += steps
        if self._steps < self._looks_at:
            return
        self._looks_at = self._steps + _CLOCK_EVERY
        if self._steps > MAX_STEPS:
            raise ResourceLimitError("step limit reached", token=None)
        if time.thread_time() > self._ends_at:
            raise ResourceLimitError("time limit reached", token=None)


def weigh(values: Iterable[object], meter: Meter) -> int:
    """Returns the total size of all values. A value counts each time it occurs: a list that
    contains one text a thousand times would be written as a thousand texts. Counts one step on the
    meter for each value, including the values inside lists and mappings. Raises ResourceLimitError
    if a limit is reached."""
    weight = 0
    stack = list(values)
    while stack:
        value = stack.pop()
        weight += 1
        if isinstance(value, str):
            weight += len(value)
        elif isinstance(value, range):
            if len(value) > MAX_LOOP_ITERATIONS:
                raise ResourceLimitError("loop iteration limit reached", token=None)
            weight += 10 * len(value)
        elif isinstance(value, Mapping) and not is_undefined(value):
            stack.extend(value.keys())
            stack.extend(value.values())
        elif isinstance(value, list | tuple):
            stack.extend(value)
        elif isinstance(value, int):
            if value.bit_length() > _MAX_BITS:
                raise ResourceLimitError("number limit reached", token=None)
        elif isinstance(value, Decimal) and abs(value.adjusted()) > _MAX_DIGITS:
            raise ResourceLimitError("number limit reached", token=None)
        meter.take()
        if weight + len(stack) > MAX_WEIGHT:
            raise ResourceLimitError("value size limit reached", token=None)
    return weight


def bounded(name: str, filter_: Callable[..., Any], meter: Meter) -> Callable[..., Any]:
    """Returns the filter with limits: it counts steps by the size of its input, and never makes a
    value that is too large.

    The result of most filters is at most a few times larger than the input. Filters that may
    multiply two sizes are checked before the call.
    """

    def guarded(value: Any, *args: Any, **kwargs: Any) -> Any:
        weight = weigh((value, *args, *kwargs.values()), meter)
        meter.take(1 + weight // _CHARACTERS_A_STEP)
        makes = _MULTIPLYING.get(name)
        if makes is not None and weight + makes(value, *args) > MAX_WEIGHT:
            raise ResourceLimitError("value size limit reached", token=None)
        if name == "uniq":
            # It compares each item with each other.
            count = len(value) if isinstance(value, list | tuple | range) else 1
            meter.take(count * weight // 16)
        if name == "date" and isinstance(value, str) and len(value) > _DATE_CHARACTERS:
            return value
        made = filter_(value, *args, **kwargs)
        weigh((made,), meter)
        return made

    return guarded


def _replaced(value: Any, old: Any = "", new: Any = "", *_: Any) -> int:
    return str(value).count(str(old)) * len(str(new))


def _joined(value: Any, separator: Any = " ", *_: Any) -> int:
    return _count(value) * len(str(separator))


def _count(value: Any) -> int:
    """Returns the number of items in nested lists."""
    count, stack = 0, [value]
    while stack:
        each = stack.pop()
        count += len(each) if isinstance(each, list | tuple | range) else 1
        stack.extend(each if isinstance(each, list | tuple) else ())
    return count


_MULTIPLYING: dict[str, Callable[..., int]] = {"replace": _replaced, "join": _joined}

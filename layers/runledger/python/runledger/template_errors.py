"""A mistake in a text: its position, and the message of Liquid's parser about it."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from runledger.errors import RunledgerError

if TYPE_CHECKING:
    from liquid.exceptions import LiquidError

MAX_SOURCE_CHARACTERS = 200_000

_MARKUP = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# How many pieces of a text are searched for a mistake without a position.
_PIECES_SEARCHED = 200
_OPENING = re.compile(r"\{\{|\{%")
_MESSAGE_CHARACTERS = 300


class TemplateSyntaxError(RunledgerError):
    """A text is not valid Liquid. The message is for a person. `line` and `column` count from 1;
    they are None if the position is unknown."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        place = f" (line {line}, column {column})" if line is not None else ""
        super().__init__(f"{message}{place}")
        self.line = line
        self.column = column


def first_line(error: "LiquidError") -> str:
    """Returns the message of the error. It is cut, because it may contain a value of the event."""
    lines = str(error.message or "").splitlines()
    return lines[0][:_MESSAGE_CHARACTERS] if lines else type(error).__name__


def bracket_depth(source: str) -> int:
    """Returns how deep brackets are nested in the Liquid of a text."""
    deepest = 0
    for piece in _OPENING.split(source)[1:]:
        ends = [end for end in (piece.find("}}"), piece.find("%}")) if end >= 0]
        depth = 0
        for character in piece[: min(ends, default=len(piece))]:
            if character == "[":
                depth += 1
                deepest = max(deepest, depth)
            elif character == "]":
                depth -= 1
    return deepest


def position(
    error: "LiquidError", source: str, parse: Callable[[str], object]
) -> tuple[int | None, int | None]:
    """Returns the line and column, from 1, of a mistake that `parse` found. None if unknown."""
    # Inside an expression, Liquid counts from the expression's start in `source`, which the token
    # gives. A token of another text has no position here.
    token = error.token
    if token is None or token.source != source or not 0 <= token.start_index <= len(source):
        index = _searched(source, first_line(error), parse)
        return (None, None) if index is None else line_and_column(source, index)
    return line_and_column(source, token.start_index)


def _searched(source: str, message: str, parse: Callable[[str], object]) -> int | None:
    """Returns the position of a mistake that Liquid only notices at the end of the text. Returns
    None if the position is not found.

    Parses the beginning of the text: first up to the end of the first markup, then up to the end of
    the second markup, and so on. Returns the position of the markup with which the mistake first
    appears. If the mistake is a block without an end, no beginning that ends inside that block can
    be parsed. So the function then returns the position of the first markup after the longest
    beginning that can be parsed."""
    from liquid.exceptions import LiquidError

    pieces = [(piece.start(), piece.end()) for piece in _MARKUP.finditer(source)]
    if len(pieces) > _PIECES_SEARCHED:
        return None
    is_unclosed = message.startswith(("expected tag", "unexpected tag 'end of"))
    found: int | None = None
    for start, end in pieces:
        try:
            parse(source[:end])
        except LiquidError as error:
            if found is None and (is_unclosed or first_line(error) == message):
                found = start
                if not is_unclosed:
                    break
        else:
            found = None
    return found


def line_and_column(source: str, index: int) -> tuple[int, int]:
    """Returns the line and column of a character, both from 1."""
    before = source[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1

"""Where in a text a mistake is, and what Liquid says of it."""

import re
from collections.abc import Callable

from liquid.exceptions import LiquidError

_MARKUP = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# Of a text with a mistake that does not say where it is.
_PIECES_SEARCHED = 200
_OPENING = re.compile(r"\{\{|\{%")
_MESSAGE_CHARACTERS = 300


def first_line(error: LiquidError) -> str:
    """The message, for a person. It may name a variable by a value of the event, so it is cut."""
    lines = str(error.message or "").splitlines()
    return lines[0][:_MESSAGE_CHARACTERS] if lines else type(error).__name__


def bracket_depth(source: str) -> int:
    """How deep the brackets of a text's Liquid stand within each other."""
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
    error: LiquidError, source: str, parse: Callable[[str], object]
) -> tuple[int | None, int | None]:
    """Line and column of a mistake that `parse` found, from 1; None where they are unknown."""
    # Inside an expression Liquid counts from the expression's start in `source`, as its token
    # says; a token of another text has no position here.
    token = error.token
    if token is None or token.source != source or not 0 <= token.start_index <= len(source):
        index = _searched(source, first_line(error), parse)
        return (None, None) if index is None else line_and_column(source, index)
    return line_and_column(source, token.start_index)


def _searched(source: str, message: str, parse: Callable[[str], object]) -> int | None:
    """Where a mistake is that Liquid notices at an end only: the first markup which, as the last
    of a text, makes it. A block that is never closed is one that begins after the longest text
    without a mistake."""
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
    """Of a character of a text, both from 1."""
    before = source[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1

"""The filters of templates: the arguments that each one takes, and our own versions of some
filters. We replace a filter if the Python library differs from Shopify's Liquid
(https://shopify.github.io/liquid).

A wrong argument is refused when a text is saved. The message of an error in a run names the filter
and the kinds of its values. It uses Liquid's terms and not Python's.
"""

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from liquid import Environment, Markup, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import (
    FilteredExpression,
    KeywordArgument,
    PositionalArgument,
    StringLiteral,
    TernaryFilteredExpression,
)
from liquid.builtin.expressions.filtered import Filter
from liquid.builtin.filters.misc import date as library_date
from liquid.exceptions import (
    FilterArgumentError,
    LiquidError,
    ResourceLimitError,
    UndefinedError,
)
from liquid.expression import Expression
from liquid.template import BoundTemplate
from liquid.undefined import is_undefined

from runledger.liquid_values import compact_json, plain_number, scalar_text
from runledger.timezone_names import canonical_zone

# The most digits that a number may be rounded to, after or before the decimal point.
_MOST_PLACES = 100
_EXACT = Context(prec=2_000)
_ENTITY = re.compile(r"&(?!(?:[a-zA-Z]+|#[0-9]+|#[xX][0-9a-fA-F]+);)")


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments that a filter takes: from `least` to `most` values, and the names in `named`.
    `numbers` are the positions of values that must be numbers."""

    least: int = 0
    most: int = 0
    numbers: frozenset[int] = frozenset()
    named: frozenset[str] = frozenset()


# Filters that work on texts. If they get an object, they work on its JSON.
_OF_TEXTS = frozenset(
    {
        *("append", "prepend", "base64_decode", "base64_encode", "base64_url_safe_decode"),
        *("base64_url_safe_encode", "capitalize", "downcase", "upcase", "escape", "escape_once"),
        *("escapejs", "lstrip", "rstrip", "strip", "squish", "strip_html", "strip_newlines"),
        *("newline_to_br", "url_decode", "url_encode", "remove", "remove_first", "remove_last"),
        *("replace", "replace_first", "replace_last", "split", "truncate", "truncatewords"),
    }
)
_NONE = Arguments()
_ONE = Arguments(1, 1)
_MAY_ONE = Arguments(0, 1)
_NUMBER = Arguments(1, 1, frozenset({0}))
_ONE_OR_TWO = Arguments(1, 2)

ARGUMENTS: Mapping[str, Arguments] = {
    **dict.fromkeys(
        (
            *("abs", "ceil", "floor", "first", "last", "reverse", "size", "json", "safe"),
            *("base64_decode", "base64_encode", "base64_url_safe_decode"),
            *("base64_url_safe_encode", "capitalize", "downcase", "upcase", "escape"),
            *("escape_once", "escapejs", "lstrip", "rstrip", "strip", "squish", "strip_html"),
            *("strip_newlines", "newline_to_br", "url_decode", "url_encode"),
        ),
        _NONE,
    ),
    **dict.fromkeys(
        ("append", "prepend", "concat", "map", "remove", "remove_first", "remove_last", "split"),
        _ONE,
    ),
    **dict.fromkeys(("compact", "join", "sort", "sort_natural", "sum", "uniq"), _MAY_ONE),
    **dict.fromkeys(
        ("at_least", "at_most", "plus", "minus", "times", "divided_by", "modulo"), _NUMBER
    ),
    **dict.fromkeys(
        ("where", "reject", "find", "find_index", "has", "replace", "replace_first"), _ONE_OR_TWO
    ),
    "replace_last": Arguments(2, 2),
    "round": Arguments(0, 1, frozenset({0})),
    "slice": Arguments(1, 2, frozenset({0, 1})),
    "truncate": Arguments(0, 2, frozenset({0})),
    "truncatewords": Arguments(0, 2, frozenset({0})),
    "default": Arguments(0, 1, named=frozenset({"allow_false"})),
    "date": Arguments(1, 2),
}


# ── what differs from the library ──────────────────────────────────────────────────────────────


def _round(value: object, places: object = 0) -> int | float:
    """Rounds half away from zero, in decimal: 2.5 becomes 3, -2.5 becomes -3."""
    number = decimal_of(value)
    digits = int(decimal_of(places))
    if abs(digits) > _MOST_PLACES:
        raise ValueError(places)
    rounded = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _EXACT)
    if digits <= 0 or (number == number.to_integral_value() and isinstance(value, int)):
        return int(rounded)
    return float(rounded)


def _split(value: object, separator: object) -> list[str]:
    """Splits as Ruby does: a space means any white space, and empty texts at the end are
    removed."""
    text = "" if value is None else plain(value)
    by = "" if separator is None else plain(separator)
    parts = list(text) if by == "" else text.split(None if by == " " else by)
    while parts and parts[-1] == "":
        parts.pop()
    return parts


def _escape(value: object) -> str:
    return html.escape(plain(value)).replace("&#x27;", "&#39;")


def _escape_once(value: object) -> str:
    text = _ENTITY.sub("&amp;", plain(value))
    for character, entity in (("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(character, entity)
    return text


def _escape_html(value: object) -> Markup:
    return Markup(_escape(value))


def _escape_html_once(value: object) -> Markup:
    return Markup(_escape_once(value))


def _date(value: Any, pattern: Any, zone: Any = None, *, environment: Environment) -> str:
    """Formats a time by a strftime pattern. With a time zone, it shows the local time there. A time
    without an offset is read as UTC."""
    if zone is None or is_undefined(value):
        return str(library_date(value, pattern, environment=environment))
    place = ZoneInfo(canonical_zone(str(zone)))
    written = str(library_date(value, "%Y-%m-%dT%H:%M:%S.%f%z", environment=environment))
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        # Not a date: like Liquid, return the text unchanged.
        return plain(value)
    there = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(place)
    # Not with the library: it caches what it read, and treats equal instants in two zones as the
    # same.
    return there.strftime(plain(pattern))


_date.with_environment = True  # type: ignore[attr-defined]

_OWN: Mapping[str, Callable[..., Any]] = {
    "round": _round,
    "split": _split,
    "escape": _escape,
    "escape_once": _escape_once,
    "date": _date,
}
# In HTML, what these filters escaped is marked, so that it is not escaped again.
_OWN_FOR_HTML: Mapping[str, Callable[..., Any]] = {
    "escape": _escape_html,
    "escape_once": _escape_html_once,
}


def decimal_of(value: object) -> Decimal:
    """Returns a number, or the number that a text contains. As in Liquid, the result for any other
    value is 0."""
    if isinstance(value, bool) or value is None:
        return Decimal(0)
    try:
        return Decimal(str(value).strip() or "0")
    except InvalidOperation:
        return Decimal(0)


def plain(value: object) -> str:
    """Returns a value as a text. Numbers are written without an exponent, true and false in lower
    case."""
    if is_structured(value):
        return compact_json(value)
    if isinstance(value, list | tuple):
        # Liquid writes a list this way.
        return "".join(plain(item) for item in value)
    return scalar_text(value)


def is_structured(value: object) -> bool:
    """Whether a value is an object, or a list that contains lists or objects. Liquid has no text
    for these, so they are written as JSON."""
    if isinstance(value, list | tuple):
        return any(isinstance(item, Mapping | list | tuple) for item in value)
    return isinstance(value, Mapping) and not is_undefined(value)


class _PlainObject(dict[str, Any]):
    """An object that text filters write as JSON."""

    def __str__(self) -> str:
        return compact_json(self)


class _PlainFloat(float):
    """A float that text filters write without an exponent."""

    def __str__(self) -> str:
        return plain_number(float(self))


def _plain_items(value: Any) -> Any:
    """Returns a value as a text, or a list with each item as a text. The library's `join` alone
    would write `True` for true."""
    if isinstance(value, list | tuple):
        return [_plain_items(item) for item in value]
    return plain(value)


def _as_json(value: Any) -> Any:
    return compact_json(value) if is_structured(value) else value


def _plain(value: Any) -> Any:
    if type(value) is float:
        return _PlainFloat(value)
    if type(value) is dict:
        return _PlainObject(value)
    if type(value) is list:
        return [_plain(item) for item in value]
    return value


# ── in the words of Liquid ─────────────────────────────────────────────────────────────────────


def install(environment: Environment) -> None:
    """Adds our filters to an environment, which already has the library's."""
    own_filters = {**_OWN, **_OWN_FOR_HTML} if environment.autoescape else _OWN
    for name, own in own_filters.items():
        environment.add_filter(name, own)
    for name, function in list(environment.filters.items()):
        environment.add_filter(name, _in_liquids_words(name, function))


def _in_liquids_words(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the filter, changed so that its errors name the filter and the kinds of its
    values."""

    @wraps(function)
    def filter_(value: Any, *arguments: Any, **named: Any) -> Any:
        try:
            if name == "join" and isinstance(value, list | tuple):
                value = _plain_items(value)
            elif name in _OF_TEXTS:
                value, *arguments = (_as_json(each) for each in (value, *arguments))  # type: ignore[assignment]
            return function(_plain(value), *map(_plain, arguments), **named)
        except (ResourceLimitError, UndefinedError):
            raise
        except ZeroDivisionError as error:
            raise FilterArgumentError(f"`{name}` cannot divide by 0", token=None) from error
        except (LiquidError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            given = ", ".join(kind_of(argument) for argument in arguments)
            with_ = f" with {given}" if given else ""
            message = f"the filter `{name}` cannot be used on {kind_of(value)}{with_}"
            raise FilterArgumentError(message, token=None) from error

    return filter_


def kind_of(value: object) -> str:
    """Returns the kind of a value, in the terms of JSON."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float() | Decimal():
            return "a number"
        case str():
            return "a text"
        case list() | tuple() | range():
            return "a list"
        case Mapping():
            return "an object"
    return "this value"


def argument_problems(template: BoundTemplate) -> Iterator[tuple[str, int]]:
    """Yields the problems with filter arguments in a text, each with its position."""
    for each in _filters(template.nodes, RenderContext(template)):
        message = _argument_problem(each)
        if message is not None:
            yield message, each.token.start_index


def _argument_problem(used: Filter) -> str | None:
    takes = ARGUMENTS.get(used.name)
    if takes is None:
        return None
    values = [each.value for each in used.args if isinstance(each, PositionalArgument)]
    for each in used.args:
        if isinstance(each, KeywordArgument) and each.name not in takes.named:
            return f"the filter `{used.name}` takes no argument named `{each.name}`"
    if not takes.least <= len(values) <= takes.most:
        return f"the filter `{used.name}` takes {_count(takes)}, not {len(values)}"
    for place in takes.numbers:
        if place < len(values) and _is_no_number(values[place]):
            return f"argument {place + 1} of the filter `{used.name}` must be a number"
    if used.name == "date" and len(values) == 2 and isinstance(values[1], StringLiteral):
        try:
            canonical_zone(values[1].value)
        except ValueError as error:
            return str(error)
    return None


def _is_no_number(value: Expression) -> bool:
    """Whether a value is a literal that is not a number. The value of a variable is only known in a
    run."""
    if not isinstance(value, StringLiteral):
        return False
    try:
        return not Decimal(value.value.strip()).is_finite()
    except InvalidOperation:
        return True


def _count(takes: Arguments) -> str:
    if takes.most == 0:
        return "no arguments"
    if takes.least == takes.most:
        return f"{takes.most} argument{'s' if takes.most > 1 else ''}"
    if takes.least == 0:
        return f"at most {takes.most} argument{'s' if takes.most > 1 else ''}"
    return f"{takes.least} to {takes.most} arguments"


def _filters(nodes: Iterable[Node], context: RenderContext) -> Iterator[Filter]:
    for node in nodes:
        for expression in node.expressions():
            yield from _filters_of(expression)
        yield from _filters(node.children(context, include_partials=False), context)


def _filters_of(expression: Expression) -> Iterator[Filter]:
    if isinstance(expression, FilteredExpression):
        yield from expression.filters or ()
    elif isinstance(expression, TernaryFilteredExpression):
        yield from _filters_of(expression.left)
        yield from expression.filters or ()
        yield from expression.tail_filters or ()
    for child in expression.children():
        yield from _filters_of(child)

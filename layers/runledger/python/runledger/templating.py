"""Liquid, the language of templates and of all configurable texts.

It is strict: a variable without a value is an error that names the variable. Only a test (`{% if …
%}`) and the `default` filter may use a missing variable. Values are escaped only in HTML
(`render_html`), no file can be included, and the work of a template is limited.

This is the interface. Liquid itself (`liquid_engine`) loads slowly, so it is imported for the first
text that contains Liquid. Functions that render in most invocations preload it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runledger.liquid_values import compact_json, scalar_text
from runledger.template_errors import MAX_SOURCE_CHARACTERS, TemplateSyntaxError
from runledger.template_markup import has_liquid

if TYPE_CHECKING:
    from liquid import BoundTemplate

__all__ = [
    "TemplateSyntaxError",
    "evaluate",
    "filter_names",
    "missing_variables",
    "parsed",
    "references",
    "render",
    "render_html",
    "render_value",
    "text_of",
]


def parsed(source: str) -> "BoundTemplate":
    """Returns the parsed text. Raises TemplateSyntaxError."""
    from runledger.liquid_engine import parse

    return parse(source)


def references(source: str) -> list[tuple[str, ...]]:
    """Returns the path of every variable that the text reads from the scope, e.g. ("steps",
    "score", "score").

    A path ends before a part that is only known in a run: `trigger[vars.key]` gives ("trigger",)
    and ("vars", "key"). Each path is returned once. Paths with the same first part stand together,
    and the first parts are in the order in which they appear in the text. Raises
    TemplateSyntaxError.
    """
    if _is_short_and_plain(source):
        return []
    from runledger.liquid_engine import references

    return list(references(source))


def filter_names(source: str) -> frozenset[str]:
    """Returns the filters that the text uses. Raises TemplateSyntaxError."""
    if _is_short_and_plain(source):
        return frozenset()
    from runledger.liquid_engine import filter_names

    return filter_names(source)


def render(source: str, scope: Mapping[str, Any], *, as_json: bool = False) -> str:
    """Returns the text with the values of its variables. `as_json` writes lists as JSON; otherwise
    Liquid writes their items without separators.

    Raises NodeError `MISSING_VARIABLE`, `TEMPLATE_LIMIT` or `TEMPLATE_ERROR`.
    """
    if not has_liquid(source):
        return source
    from runledger.liquid_engine import render

    return render(source, scope, as_json=as_json)


def render_html(source: str, scope: Mapping[str, Any]) -> str:
    """Returns HTML with the values of its variables. Values are escaped, except those that the
    filter `safe` marks as HTML. Raises the same errors as `render`."""
    if not has_liquid(source):
        return source
    from runledger.liquid_engine import render_html

    return render_html(source, scope)


def missing_variables(source: str, scope: Mapping[str, Any]) -> list[str]:
    """Returns the variables that make rendering fail because they have no value, in order. Each
    variable is given an empty value once it is found, so that the next one can be found. Variables
    that only a test or `default` uses are not included."""
    if not has_liquid(source):
        return []
    from runledger.liquid_engine import missing_variables

    return missing_variables(source, scope)


def evaluate(source: str, scope: Mapping[str, Any], *, as_json: bool = False) -> Any:
    """Returns the value (number, list, true, …) of one `{{ … }}`, if that is the whole text;
    otherwise the rendered text, with lists as JSON if `as_json`. Raises the same errors as
    `render`."""
    if not has_liquid(source):
        return source
    from runledger.liquid_engine import evaluate

    return evaluate(source, scope, as_json=as_json)


def render_value(value: Any, scope: Mapping[str, Any], *, as_json: bool = False) -> Any:
    """Returns a JSON-like value with every string in it evaluated, except keys."""
    if isinstance(value, str):
        return evaluate(value, scope, as_json=as_json)
    if isinstance(value, Mapping):
        return {key: render_value(item, scope, as_json=as_json) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [render_value(item, scope, as_json=as_json) for item in value]
    return value


def text_of(value: Any) -> str:
    """Returns a whole value as a text. Nil is empty, booleans are lower case, numbers have no
    exponent, lists and objects are JSON."""
    return compact_json(value) if isinstance(value, Mapping | list | tuple) else scalar_text(value)


def _is_short_and_plain(source: str) -> bool:
    """Whether a text has at most the allowed length and contains no Liquid."""
    return not has_liquid(source) and len(source) <= MAX_SOURCE_CHARACTERS

"""Liquid itself: parses and renders. `templating` is its interface and imports it for the first
text that contains Liquid, because it loads slowly."""

import json
import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar, TextIO, TypeVar

from liquid import BoundTemplate, Environment, RenderContext, escape
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.echo_tag import EchoTag
from liquid.exceptions import LiquidError, ResourceLimitError, UndefinedError
from liquid.stringify import to_liquid_string
from liquid.token import Token
from liquid.undefined import UNDEFINED, FalsyStrictUndefined

from runledger.errors import NodeError
from runledger.liquid_filters import argument_problems, install, is_structured, plain
from runledger.liquid_values import compact_json, plain_number
from runledger.template_errors import (
    MAX_SOURCE_CHARACTERS,
    TemplateSyntaxError,
    bracket_depth,
    first_line,
    line_and_column,
    position,
)
from runledger.template_limits import (
    MAX_LOOP_ITERATIONS,
    MAX_OUTPUT_BYTES,
    MAX_SECONDS,
    MAX_STEPS,
    Meter,
    bounded,
    weigh,
)
from runledger.template_words import in_words

# How many texts a process keeps in parsed form, and what it found out about them.
_TEXTS_CACHED = 512
# Brackets within brackets, as in `a[b[c]]`.
MAX_BRACKETS = 50
# Reserved words: they cannot be a name after a dot.
_UNSAFE_TAGS = ("include", "render")

# How many missing variables of one text are reported.
_MISSING_SHOWN = 20
# The errors that a filter may raise, besides Liquid's own.
_FAILURES = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)

T = TypeVar("T")


class _Missing(FalsyStrictUndefined):
    """A variable without a value: false in a test, replaced by `default`, an error elsewhere."""

    __slots__ = ()
    force_liquid_default = True


class _Context(RenderContext):
    """The state of rendering one template. It names a missing variable by its whole path, and
    limits the steps and loop iterations of the whole template."""

    __slots__ = ("as_json", "iterations", "meter")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.as_json = False
        self.iterations = 0
        self.meter = Meter()
        super().__init__(*args, **kwargs)

    # Only nodes read this, each before it renders.
    @property
    def disabled_tags(self) -> list[str]:
        self.meter.take()
        return []

    @disabled_tags.setter
    def disabled_tags(self, tags: list[str]) -> None:
        pass

    def get(
        self, path: list[object], *, token: Token | None, default: object = UNDEFINED
    ) -> object:
        self.meter.take()
        value = super().get(path, token=token, default=_Missing)
        if value is not _Missing:
            return value
        if default is not UNDEFINED:
            return default
        name = ".".join(str(segment) for segment in path)
        return _Missing(name, token=token, hint=name)

    def get_item(self, obj: Any, key: Any) -> Any:
        # Liquid's own `size`, `first` and `last` would give values for fields that a body lacks.
        if isinstance(obj, Mapping):
            return obj[key]
        return super().get_item(obj, key)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        return bounded(name, super().filter(name, token), self.meter)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        super().raise_for_loop_limit(length)
        self.iterations += length
        if self.iterations > MAX_LOOP_ITERATIONS:
            raise ResourceLimitError("loop iteration limit reached", token=None)


class _OutputNode(OutputNode):
    """Writes objects, and lists that contain lists or objects, as JSON, because Liquid has no text
    for them. In a text for another system, it writes every list as JSON."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = self.expression.evaluate(context)
        if isinstance(context, _Context):
            weigh((value,), context.meter)
        text = _output_text(value, as_json=isinstance(context, _Context) and context.as_json)
        return buffer.write(escape(text) if context.autoescape else text)


class _Output(Output):
    node_class = _OutputNode


class _Echo(EchoTag):
    node_class = _OutputNode  # type: ignore[assignment]


class _Template(BoundTemplate):
    context_class = _Context


class _Environment(Environment):
    output_stream_limit: ClassVar[int | None] = MAX_OUTPUT_BYTES
    local_namespace_limit: ClassVar[int | None] = 4 * MAX_OUTPUT_BYTES
    loop_iteration_limit: ClassVar[int | None] = MAX_LOOP_ITERATIONS
    template_class = _Template


def _output_text(value: object, *, as_json: bool) -> str:
    """Returns a value as a text. A text that is marked as HTML keeps its mark."""
    if isinstance(value, float | Decimal):
        return plain_number(value)
    is_json = isinstance(value, list | tuple) or is_structured(value)
    if is_json and as_json:
        return compact_json(_native(value))
    if isinstance(value, _Missing) or not is_structured(value):
        return to_liquid_string(_plain_items(value), autoescape=False)
    return _json(value)


def _plain_items(value: object) -> object:
    """Returns a list with each item as the text that Liquid writes for it, such as `true`. Python
    itself would write `True` or `None`. A value that is not a list is returned unchanged."""
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def _json(value: object) -> str:
    if isinstance(value, _Missing):
        raise UndefinedError(str(value.hint), token=None)
    return json.dumps(_native(value), ensure_ascii=False)


def _environment(*, autoescape: bool) -> Environment:
    environment = _Environment(undefined=_Missing, autoescape=autoescape, strict_filters=True)
    for tag in _UNSAFE_TAGS:
        del environment.tags[tag]
    environment.add_tag(_Output)
    environment.add_tag(_Echo)
    environment.add_filter("json", _json)
    install(environment)
    return environment


_ENVIRONMENT = _environment(autoescape=False)
# For HTML: values are escaped, except those that the filter `safe` marks as HTML.
_HTML_ENVIRONMENT = _environment(autoescape=True)


@lru_cache(maxsize=_TEXTS_CACHED)
def references(source: str) -> tuple[tuple[str, ...], ...]:
    """Returns the paths that `templating.references` describes."""
    paths: dict[tuple[str, ...], None] = {}
    for variables in parse(source).analyze(include_partials=False).globals.values():
        for variable in variables:
            path: list[str] = []
            for segment in variable.segments:
                if isinstance(segment, list):
                    break
                path.append(str(segment))
            if not path:
                raise TemplateSyntaxError("a variable must begin with a name, such as trigger")
            paths[tuple(path)] = None
    return tuple(paths)


@lru_cache(maxsize=_TEXTS_CACHED)
def filter_names(source: str) -> frozenset[str]:
    """Returns the names that `templating.filter_names` describes."""
    return frozenset(parse(source).filter_names(include_partials=False))


def render(source: str, scope: Mapping[str, Any], *, as_json: bool = False) -> str:
    """Renders a text that contains Liquid."""
    template = _parsed(source, parse)
    if not as_json:
        return _guarded(lambda: template.render(**dict(scope)))

    def rendered() -> str:
        context = _Context(template, globals=template.make_globals(dict(scope)))
        context.as_json = True
        buffer = template._get_buffer()
        template.render_with_context(context, buffer)
        return buffer.getvalue()

    return _guarded(rendered)


def render_html(source: str, scope: Mapping[str, Any]) -> str:
    """Renders HTML that contains Liquid, with its values escaped."""
    template = _parsed(source, _parse_html)
    return _guarded(lambda: template.render(**dict(scope)))


def missing_variables(source: str, scope: Mapping[str, Any]) -> list[str]:
    """Returns the variables that `templating.missing_variables` describes."""
    template = _parsed(source, parse)
    values: dict[str, Any] = dict(scope)
    found: list[str] = []
    ends_at = time.thread_time() + MAX_SECONDS
    while len(found) < _MISSING_SHOWN and time.thread_time() < ends_at:
        try:
            template.render(**values)
        except UndefinedError as error:
            name = first_line(error)
            if name in found:
                return found
            found.append(name)
            if not _give_value(values, name.split(".")):
                return found
        except (LiquidError, *_FAILURES):
            return found
        else:
            return found
    return found


def _give_value(values: dict[str, Any], path: list[str]) -> bool:
    """Sets the value at a path to an empty text. Returns whether that was possible. Objects on the
    path are copied, so that the scope does not change."""
    for name in path[:-1]:
        inner = values.get(name, {})
        if not isinstance(inner, Mapping):
            return False
        values[name] = dict(inner)
        values = values[name]
    if path[-1] in values:
        return False
    values[path[-1]] = ""
    return True


def evaluate(source: str, scope: Mapping[str, Any], *, as_json: bool = False) -> Any:
    """Evaluates a text that contains Liquid."""
    template = _parsed(source.strip(), parse)
    if len(template.nodes) != 1 or not isinstance(template.nodes[0], OutputNode):
        return render(source, scope, as_json=as_json)
    expression = template.nodes[0].expression

    def value() -> Any:
        context = _Context(template, globals=template.make_globals(dict(scope)))
        found = expression.evaluate(context)
        if isinstance(found, _Missing):
            raise UndefinedError(str(found.hint), token=None)
        return _native(found)

    return _guarded(value)


def _native(value: Any) -> Any:
    """Returns a Liquid value as a JSON value."""
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ArithmeticError("the result is not a finite number")
        return value
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _native(item) for key, item in value.items()}
    if isinstance(value, range) and len(value) > MAX_LOOP_ITERATIONS:
        raise ResourceLimitError("loop iteration limit reached", token=None)
    if isinstance(value, list | tuple | range | set | frozenset):
        return [_native(item) for item in value]
    return str(value)


@lru_cache(maxsize=_TEXTS_CACHED)
def parse(source: str) -> BoundTemplate:
    """Returns the parsed text. Raises TemplateSyntaxError."""
    if len(source) > MAX_SOURCE_CHARACTERS:
        raise TemplateSyntaxError(f"the text is longer than {MAX_SOURCE_CHARACTERS} characters")
    if bracket_depth(source) > MAX_BRACKETS:
        # Refused by depth: how deep the parser itself can recurse depends on the stack of its
        # caller.
        raise TemplateSyntaxError("the text is nested too deeply")
    try:
        template = _ENVIRONMENT.from_string(source)
    except LiquidError as error:
        line, column = position(error, source, _ENVIRONMENT.from_string)
        raise TemplateSyntaxError(in_words(first_line(error)), line, column) from error
    except RecursionError as error:
        raise TemplateSyntaxError("the text is nested too deeply") from error
    for name, spans in sorted(template.analyze(include_partials=False).filters.items()):
        if name not in _ENVIRONMENT.filters:
            line, column = line_and_column(source, spans[0].index)
            raise TemplateSyntaxError(f"there is no filter `{name}`", line, column)
    for message, index in argument_problems(template):
        raise TemplateSyntaxError(message, *line_and_column(source, index))
    return template


@lru_cache(maxsize=_TEXTS_CACHED)
def _parse_html(source: str) -> BoundTemplate:
    """Returns the parsed HTML, whose values are escaped. Raises TemplateSyntaxError."""
    parse(source)
    return _HTML_ENVIRONMENT.from_string(source)


def _parsed(source: str, parse_: Callable[[str], BoundTemplate]) -> BoundTemplate:
    """Returns the parsed text. Raises NodeError `TEMPLATE_ERROR` if the text is not valid Liquid.
    This fails the node, if a run renders the text."""
    try:
        return parse_(source)
    except TemplateSyntaxError as error:
        raise NodeError("TEMPLATE_ERROR", f"a template is not valid Liquid: {error}") from error


def _guarded(action: Callable[[], T]) -> T:
    """Calls `action`, and turns errors of Liquid or of a filter into a NodeError whose message is
    for people."""
    try:
        return action()
    except UndefinedError as error:
        raise NodeError(
            "MISSING_VARIABLE", f"`{first_line(error)}` has no value in this run"
        ) from error
    except ResourceLimitError as error:
        raise NodeError(
            "TEMPLATE_LIMIT",
            f"a template needs too much work: {first_line(error)} (the limits are "
            f"{MAX_OUTPUT_BYTES // 1024} KB of text, {MAX_LOOP_ITERATIONS} loop iterations "
            f"and {MAX_STEPS} steps)",
        ) from error
    except LiquidError as error:
        raise NodeError(
            "TEMPLATE_ERROR", f"a template failed: {first_line(error)}", cause=repr(error)
        ) from error
    except _FAILURES as error:
        message = "a template failed: an operation got a value of the wrong kind"
        raise NodeError("TEMPLATE_ERROR", message, cause=repr(error)) from error

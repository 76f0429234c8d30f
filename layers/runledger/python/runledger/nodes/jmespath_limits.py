"""Evaluates JMESPath with two limits: the number of steps of an evaluation, and the size of every
value that it creates.

An expression is short, but its result may be huge: `[@,@]|[@,@]|…` doubles with every level. The
lists share their members, so making them costs almost nothing. The cost comes when other code walks
through the result. So every value that an expression makes is weighed, and each member counts as
often as it occurs.

The limit is a number of steps and not a time, so that the same expression on the same answer always
has the same result.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.parser import ParsedResult
from jmespath.visitor import Options, TreeInterpreter

# Limits of one evaluation, and of all evaluations on one answer.
MAX_STEPS = 100_000
MAX_STEPS_IN_ALL = 500_000
# Limit of a value that an expression makes: its characters, plus one for each item in it.
MAX_WEIGHT = 2 * 1024 * 1024
# Levels of an expression, or of a value that it makes.
MAX_DEPTH = 100
_WEIGHT_A_STEP = 64
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
# Node types that make new values; all others select existing ones.
_MAKING = frozenset(
    {
        "multi_select_list",
        "multi_select_dict",
        "flatten",
        "projection",
        "filter_projection",
        "value_projection",
        "slice",
        "function_expression",
    }
)
# What goes wrong on any answer also goes wrong on the smallest, so these probes find it when an
# automation is saved.
_PROBE_STEPS = 10_000
_PROBES: tuple[Any, ...] = ({}, 1, [1], {"a": [1]})


class LimitError(JMESPathError):
    """The expression exceeds a limit, which the message names."""


class Budget:
    """The steps that are left for all expressions on one answer."""

    __slots__ = ("left",)

    def __init__(self, steps: int = MAX_STEPS_IN_ALL) -> None:
        self.left = steps


def check(expression: str) -> None:
    """Raises ValueError if the text is not JMESPath, is nested too deeply, or would exceed
    the limits whatever the answer is."""
    try:
        parsed = compiled(expression)
    except JMESPathError as error:
        raise ValueError(f"not a JMESPath expression: {error}".splitlines()[0]) from error
    for probe in _PROBES:
        try:
            _Interpreter(_PROBE_STEPS).run(parsed, probe)
        except LimitError as error:
            raise ValueError(f"this JMESPath needs too much work: {error}") from error
        except (JMESPathError, ArithmeticError, LookupError, TypeError, ValueError):
            # The expression needs values that this probe does not have.
            continue


def search(expression: str, document: Any, budget: Budget) -> tuple[Any, int]:
    """Returns the value that the expression finds, and the weight of the value. The weight measures
    the size of the value, and is never more than the length of its JSON. Raises LimitError, and the
    errors of jmespath."""
    interpreter = _Interpreter(min(MAX_STEPS, budget.left))
    try:
        return interpreter.run(compiled(expression), document)
    finally:
        budget.left = max(budget.left - interpreter.steps, 0)


@lru_cache(maxsize=512)
def compiled(expression: str) -> ParsedResult:
    """Parses an expression. Raises JMESPathError, also if the expression is nested too deeply."""
    if _brackets(expression) > MAX_DEPTH:
        raise LimitError("the expression is nested too deeply")
    try:
        parsed = jmespath.compile(expression)
    except RecursionError as error:
        raise LimitError("the expression is nested too deeply") from error
    if _levels(parsed.parsed) > MAX_DEPTH:
        raise LimitError("the expression is nested too deeply")
    return parsed


def _brackets(expression: str) -> int:
    """Returns an upper bound for the depth of brackets and negations. This is checked first,
    because the depth that the parser can handle depends on the call stack."""
    depth = deepest = 0
    for character in expression:
        if character in _OPENING or character == "!":
            depth += 1
            deepest = max(deepest, depth)
        elif character in _CLOSING:
            depth -= 1
    return deepest


def _levels(node: Mapping[str, Any]) -> int:
    level, depth = [node], 0
    while level:
        depth += 1
        level = [
            child
            for each in level
            for child in each.get("children", ())
            if isinstance(child, Mapping)
        ]
    return depth


class _Weights:
    """The weights and depths of values; each list and object is examined once."""

    def __init__(self) -> None:
        # Keeps the value too, so that no other value can get its id.
        self._known: dict[int, tuple[int, int, Any]] = {}

    def of(self, value: Any) -> tuple[int, int]:
        """Returns the weight and the depth of a value. Raises LimitError if one of them is too
        large."""
        if isinstance(value, str):
            return 1 + len(value), 0
        if isinstance(value, bool) or value is None or isinstance(value, float):
            return 1, 0
        if isinstance(value, int):
            return 1 + value.bit_length() // 8, 0
        if not isinstance(value, dict | list):
            # A reference to an expression (`&name`).
            raise TypeError("a reference to an expression (`&…`) is not a value")
        known = self._known.get(id(value))
        if known is not None:
            return known[0], known[1]
        weight, depth = 1, 0
        if isinstance(value, dict):
            weight += sum(1 + len(key) for key in value)
            parts: Any = value.values()
        else:
            parts = value
        for part in parts:
            part_weight, part_depth = self.of(part)
            weight += part_weight
            depth = max(depth, part_depth)
            if weight > MAX_WEIGHT:
                raise LimitError("the expression makes a value that is too large")
        if depth >= MAX_DEPTH:
            raise LimitError("the expression makes a value that is nested too deeply")
        self._known[id(value)] = (weight, depth + 1, value)
        return weight, depth + 1


class _Functions(Functions):
    """The functions of JMESPath. Arguments are weighed before the call, because the result of some
    functions is the product of two sizes."""

    def __init__(self, interpreter: "_Interpreter") -> None:
        self._interpreter = interpreter

    def call_function(self, function_name: str, resolved_args: Any) -> Any:
        weigh = self._interpreter.weigh
        weight = sum(weigh(each) for each in resolved_args if not _is_reference(each))
        self._interpreter.take(weight // _WEIGHT_A_STEP)
        if function_name == "join" and len(resolved_args) == 2:
            separator, parts = resolved_args
            if isinstance(separator, str) and isinstance(parts, list):
                if len(separator) * len(parts) + weight > MAX_WEIGHT:
                    raise LimitError("the expression makes a value that is too large")
        return super().call_function(function_name, resolved_args)


class _Interpreter(TreeInterpreter):
    def __init__(self, most_steps: int) -> None:
        super().__init__(Options(custom_functions=_Functions(self)))
        self.steps = 0
        self._most_steps = most_steps
        self._weights = _Weights()

    def run(self, expression: ParsedResult, document: Any) -> tuple[Any, int]:
        try:
            found = self.visit(expression.parsed, document)
            return found, self.weigh(found)
        except RecursionError as error:
            raise LimitError("the expression is nested too deeply") from error

    def take(self, steps: int) -> None:
        self.steps += steps
        if self.steps > self._most_steps:
            raise LimitError("the expression takes too many steps")

    def weigh(self, value: Any) -> int:
        return self._weights.of(value)[0]

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self.take(1)
        made = super().visit(node, *args, **kwargs)
        if node["type"] in _MAKING and made is not None:
            self.weigh(made)
            if isinstance(made, list | dict):
                self.take(len(made) // 4)
        return made

    def visit_comparator(self, node: Any, value: Any) -> Any:
        left, right = (self.visit(child, value) for child in node["children"])
        if not _is_reference(left) and not _is_reference(right):
            self.take((self.weigh(left) + self.weigh(right)) // _WEIGHT_A_STEP)
        literals = [{"type": "literal", "children": [], "value": each} for each in (left, right)]
        compared: Any = {**node, "children": literals}
        return super().visit_comparator(compared, value)


def _is_reference(value: Any) -> bool:
    return not isinstance(value, str | bool | int | float | dict | list) and value is not None

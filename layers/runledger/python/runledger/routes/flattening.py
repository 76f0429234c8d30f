"""Parameters that several routes have in common, said once as a dataclass.

The resolver knows models of parameters too. But it documents their lists, choices and bounds as
plain strings and numbers, and of a value that is given twice it takes the first in silence. So a
route that takes a dataclass has a parameter for each of its fields, read, checked and documented
as any other.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

AnswerT = TypeVar("AnswerT")


def flattened(handler: Callable[..., AnswerT]) -> Callable[..., AnswerT]:
    """`handler`, but for each dataclass that it takes, it takes the fields."""
    signature = inspect.signature(handler)
    groups: dict[str, Any] = {}
    flat: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        if is_dataclass(parameter.annotation):
            groups[name] = parameter.annotation
            flat += _parameters(parameter.annotation)
        else:
            flat.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(handler)
    def call(**values: Any) -> AnswerT:
        for name, group in groups.items():
            values[name] = group(**{each.name: values.pop(each.name) for each in fields(group)})
        return handler(**values)

    # What the resolver asks for.
    call.__signature__ = signature.replace(parameters=flat)  # type: ignore[attr-defined]
    return call


def _parameters(group: Any) -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if each.default is MISSING else each.default,
            annotation=each.type,
        )
        for each in fields(group)
    ]

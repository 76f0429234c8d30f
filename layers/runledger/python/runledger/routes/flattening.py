"""Parameters that several routes share, written once as a dataclass.

The resolver supports parameter models too. But it documents their lists, choices and limits as
plain strings and numbers, and if a parameter is sent twice, it silently takes the first value. So a
route that takes a dataclass gets one parameter for each field of the dataclass. These parameters
are read, checked and documented like any other.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

AnswerT = TypeVar("AnswerT")


def flattened(handler: Callable[..., AnswerT]) -> Callable[..., AnswerT]:
    """Returns `handler` with each dataclass parameter replaced by the dataclass's fields."""
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

    # The resolver reads this signature.
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

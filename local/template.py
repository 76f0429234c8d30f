"""Reads template.yaml as data."""

from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from local.settings import ROOT

if TYPE_CHECKING:
    from yaml import SafeLoader as Loader
else:
    # LibYAML's is seven times as fast. PyYAML's own stands in where PyYAML was built without it.
    Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _ShortForm(Loader):
    """Reads CloudFormation's short tags by their own names: `!Sub x` becomes {"Sub": x}."""


class _LongForm(Loader):
    """Reads short tags as the functions that they stand for: `!Sub x` becomes {"Fn::Sub": x}."""


def _as_written(loader: Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    return {tag: _value(loader, node)}


def _as_function(loader: Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value = _value(loader, node)
    if tag in ("Ref", "Condition"):
        return {tag: value}
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{tag}": value}


def _value(loader: Loader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    raise TypeError(f"YAML 1.1 has no such node: {node}")


_ShortForm.add_multi_constructor("!", _as_written)
_LongForm.add_multi_constructor("!", _as_function)


def load_template() -> dict[str, Any]:
    """Returns the template with functions in their short form, as `_ShortForm` reads them; a
    separate copy for each caller. Reads the file only once, because that is slow."""
    return deepcopy(_read((ROOT / "template.yaml").read_text(), _ShortForm))


def load_long_template() -> dict[str, Any]:
    """Returns the template with functions in their long form, which JSON can hold; a separate copy
    for each caller."""
    return deepcopy(_read((ROOT / "template.yaml").read_text(), _LongForm))


@cache
def _read(text: str, loader: type[Loader]) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(text, loader)
    return document

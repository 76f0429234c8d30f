"""Reads template.yaml as data. CloudFormation's short tags stay as they are written."""

from copy import deepcopy
from functools import cache
from typing import Any

import yaml

from local.settings import ROOT


class _Loader(yaml.SafeLoader):
    pass


def _tagged(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {suffix: loader.construct_mapping(node, deep=True)}
    raise TypeError(f"YAML 1.1 has no such node: {node}")


_Loader.add_multi_constructor("!", _tagged)


def load_template() -> dict[str, Any]:
    """Returns the template, a separate copy for each caller. Reads the file only once, because that
    is slow."""
    return deepcopy(_read((ROOT / "template.yaml").read_text()))


@cache
def _read(text: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(text, _Loader)
    return document

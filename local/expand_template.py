"""Expands template.yaml as the SAM transform does, without AWS: `python -m local.expand_template
FILE`. `make lint` checks the result in every supported region."""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from local.settings import REGION, ROOT

# The transform accepts only the address of an uploaded file.
_UPLOADED = "s3://bucket/key"
_FILES = ("CodeUri", "ContentUri", "DefinitionUri")


class _Loader(yaml.SafeLoader):
    """Reads short tags as the functions that they stand for: `!Sub` as `Fn::Sub`."""


def _function(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        raise TypeError(f"YAML 1.1 has no such node: {node}")
    if tag in ("Ref", "Condition"):
        return {tag: value}
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _function)


def expanded_template() -> dict[str, Any]:
    """Returns the template as CloudFormation gets it, a separate copy for each caller."""
    document: dict[str, Any] = json.loads(_expand((ROOT / "template.yaml").read_text()))
    return document


@cache
def _expand(text: str) -> str:
    document = yaml.load(text, _Loader)
    for resource in document["Resources"].values():
        properties = resource.get("Properties", {})
        properties.update({name: _UPLOADED for name in _FILES if name in properties})
    session = boto3.Session(region_name=REGION)
    translator = Translator({}, Parser(), boto_session=session)
    return json.dumps(translator.translate(document, {}))


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    path = Path(arguments[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(expanded_template(), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

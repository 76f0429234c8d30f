"""Expands template.yaml as the SAM transform does, without AWS: `python -m local.expand_template
FILE`. `make lint` checks the result in every supported region."""

import json
import logging
import sys
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from local.settings import REGION, ROOT
from local.template import load_long_template

# The transform accepts only the address of an uploaded file.
_FILES = ("CodeUri", "ContentUri", "DefinitionUri")

Template = dict[str, Any]


def expanded_template() -> Template:
    """Returns the template as CloudFormation gets it, a separate copy for each caller."""
    document: Template = json.loads(_expanded((ROOT / "template.yaml").read_text()))
    return document


@cache
def _expanded(_text: str) -> str:
    return json.dumps(expand(load_long_template()))


def expand(template: Template, parameters: Mapping[str, str] | None = None) -> Template:
    """Returns the transformed template. `template` is in its long form. The transform accepts only
    uploaded files, so each file gets the address `s3://bucket/` with its own path. A test can see
    from this address which file is meant."""
    asked = deepcopy(template)
    for resource in asked["Resources"].values():
        properties = resource.get("Properties", {})
        for name in _FILES:
            if name in properties:
                properties[name] = f"s3://bucket/{str(properties[name]).lstrip('/')}"
    # It reports its own unset feature flags.
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    session = boto3.Session(region_name=REGION)
    translator = Translator({}, Parser(), boto_session=session)
    # The answer has some parts twice, as the same object.
    answer: Template = json.loads(json.dumps(translator.translate(asked, dict(parameters or {}))))
    return answer


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

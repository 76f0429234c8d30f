"""The bill of materials of a build is valid CycloneDX and lists what the lock files pin."""

import json
import re
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest

from local.sbom import SbomError, console, layer, validate

ROOT = Path(__file__).parents[2]
# Cached, because the external tool takes seconds.
made_layer = cache(layer)


def test_the_layer_lists_the_pinned_requirements() -> None:
    document = made_layer()
    validate(document)
    requirements = (ROOT / "layers/dependencies/requirements.txt").read_text()
    pinned = set(re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", requirements, re.MULTILINE))
    assert len(pinned) > 10
    found = {(each["name"], each["version"]) for each in document["components"]}
    assert found == pinned


def test_the_console_lists_the_packages_pinned_for_the_build() -> None:
    document = console()
    validate(document)
    packages = json.loads((ROOT / "console/package-lock.json").read_text())["packages"]
    pinned = {
        (path.rsplit("node_modules/", 1)[-1], of["version"])
        for path, of in packages.items()
        if path and not of.get("dev") and not of.get("devOptional")
    }
    named = [(each.get("group"), each["name"], each["version"]) for each in document["components"]]
    found = {(f"{group}/{name}" if group else name, version) for group, name, version in named}
    manifest = json.loads((ROOT / "console/package.json").read_text())
    assert {name for name, _ in found} >= set(manifest["dependencies"])
    assert found == pinned


@pytest.mark.deep
def test_the_same_lock_files_give_the_same_document() -> None:
    assert layer() == layer()
    assert console() == console()


def test_an_invalid_document_is_refused() -> None:
    document = deepcopy(made_layer())
    del document["components"][0]["name"]
    with pytest.raises(SbomError, match=r"not valid CycloneDX 1\.6"):
        validate(document)

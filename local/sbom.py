"""Writes what a build contains as CycloneDX documents: `make sbom`.

Both documents are made from the lock files: layers/dependencies/requirements.txt, which the
dependency layer installs, and the console's package-lock.json without its development packages.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.exception import MissingOptionalDependencyException
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from local.settings import ROOT

_SECONDS = 120


class SbomError(RuntimeError):
    """A document is not valid CycloneDX, or lacks a locked package."""


def layer() -> dict[str, Any]:
    """The packages of the dependency layer."""
    command = ["cyclonedx-py", "requirements", "layers/dependencies/requirements.txt"]
    command += ["--output-reproducible", "--spec-version", "1.6", "--output-format", "JSON"]
    return _document(command, ROOT)


def console() -> dict[str, Any]:
    """The packages whose code is in the console's build."""
    folder = ROOT / "console"
    command = ["npm", "sbom", "--sbom-format", "cyclonedx", "--package-lock-only"]
    found = _document(command, folder)
    # npm's own `--omit dev` also omits react: the lock file says which packages are only for
    # development.
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    built = {
        (path.rpartition("node_modules/")[2], of.get("version"))
        for path, of in packages.items()
        if not of.get("dev") and not of.get("devOptional")
    }
    dropped = {
        each["bom-ref"]
        for each in found["components"]
        if (_name(each), each["version"]) not in built
    }
    found["components"] = [each for each in found["components"] if each["bom-ref"] not in dropped]
    found["dependencies"] = [
        {**each, "dependsOn": [ref for ref in each.get("dependsOn", []) if ref not in dropped]}
        for each in found["dependencies"]
        if each["ref"] not in dropped
    ]
    # New with each call, and not part of the build.
    found.pop("serialNumber", None)
    found.get("metadata", {}).pop("timestamp", None)
    return found


def _name(component: dict[str, Any]) -> str:
    group = component.get("group")
    return f"{group}/{component['name']}" if group else str(component["name"])


def _document(command: list[str], folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def validate(document: dict[str, Any]) -> None:
    """Raises SbomError if the document does not follow the version of CycloneDX that it names."""
    version = SchemaVersion.from_version(document["specVersion"])
    try:
        fault = JsonStrictValidator(version).validate_str(json.dumps(document))
    except MissingOptionalDependencyException as error:
        raise SbomError("a part of the validator is not installed") from error
    if fault is not None:
        raise SbomError(f"the document is not valid CycloneDX {document['specVersion']}: {fault}")


def main(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in (("layer", layer()), ("console", console())):
        validate(document)
        target = folder / f"{name}.cdx.json"
        target.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
        sys.stdout.write(f"{target}: {len(document['components'])} packages\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

"""The template as the emulator gets it: template.yaml without CodeDeploy, which the emulator lacks.
So an alias moves to its new version at once."""

import json
from pathlib import Path
from typing import Any

from local.settings import ROOT
from local.template import load_long_template

# Files beside template.yaml. The written template lies elsewhere.
_FILES = ("CodeUri", "ContentUri", "DefinitionUri")


def deployable() -> dict[str, Any]:
    """Returns the template without gradual deployments, and with absolute paths."""
    template = load_long_template()
    template["Globals"]["Function"].pop("DeploymentPreference", None)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        properties.pop("DeploymentPreference", None)
        for name in _FILES:
            if name in properties:
                properties[name] = str(ROOT / properties[name])
    return template


def write(path: Path) -> Path:
    """Writes the template to `path` as JSON, and returns the path."""
    path.write_text(json.dumps(deployable(), indent=1))
    return path

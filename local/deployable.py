"""The template as the emulator gets it: template.yaml without CodeDeploy, which the emulator lacks.
So an alias moves to its new version at once."""

from typing import Any

from local.packaging import FILES
from local.settings import ROOT
from local.template import load_long_template


def deployable() -> dict[str, Any]:
    """Returns the template without gradual deployments, and with absolute paths."""
    template = load_long_template()
    template["Globals"]["Function"].pop("DeploymentPreference", None)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        properties.pop("DeploymentPreference", None)
        for name in FILES:
            if name in properties:
                properties[name] = str(ROOT / properties[name])
    return template

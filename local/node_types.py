"""Writes the node types as the API returns them, for the tests of the console's forms."""

import json
import sys
from pathlib import Path

from runledger.services.automations.catalogue import node_type_views

TARGET = Path(__file__).parents[1] / "console" / "src" / "test" / "nodeTypes.json"


def rendered() -> str:
    views = [view.model_dump(mode="json", by_alias=True) for view in node_type_views()]
    return json.dumps(views, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(rendered(), encoding="utf-8")
    sys.stdout.write(f"wrote {TARGET.name}\n")

"""Writes the senders of webhooks as the API returns them, for the tests of the console's forms."""

import json
import sys
from pathlib import Path

from runledger.services.views.sources import source_preset_views

TARGET = Path(__file__).parents[1] / "console" / "src" / "test" / "sourcePresets.json"


def rendered() -> str:
    views = [view.model_dump(mode="json", by_alias=True) for view in source_preset_views()]
    return json.dumps(views, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(rendered(), encoding="utf-8")
    sys.stdout.write(f"wrote {TARGET.name}\n")

"""Writes docs/events.schema.json from the model of the events."""

import json
import sys
from pathlib import Path
from typing import Any

from runledger.models.events import RunEvent

TARGET = Path(__file__).parents[1] / "docs" / "events.schema.json"


def document() -> dict[str, Any]:
    schema = RunEvent.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def rendered() -> str:
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(rendered())
    sys.stdout.write(f"wrote {TARGET.name}\n")

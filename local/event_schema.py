"""Writes the JSON Schemas of the events from their models."""

import json
import sys
from pathlib import Path
from typing import Any

from runledger.api.delivery_events import DeliveryEvent
from runledger.api.operation_events import HoldEvent, RecoveryEvent, RerunEvent
from runledger.api.run_events import EventPart, RunEvent

_DOCS = Path(__file__).parents[1] / "docs"
TARGETS: dict[Path, type[EventPart]] = {
    _DOCS / "events.schema.json": RunEvent,
    _DOCS / "delivery-events.schema.json": DeliveryEvent,
    _DOCS / "rerun-events.schema.json": RerunEvent,
    _DOCS / "recovery-events.schema.json": RecoveryEvent,
    _DOCS / "hold-events.schema.json": HoldEvent,
}


def document(model: type[EventPart]) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def rendered(model: type[EventPart]) -> str:
    return json.dumps(document(model), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for target, model in TARGETS.items():
        target.write_text(rendered(model))
        sys.stdout.write(f"wrote {target.name}\n")

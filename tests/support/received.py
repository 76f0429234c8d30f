"""Webhook requests, in the form in which the code of a source gets them."""

from runledger.nodes.source_config import Preset
from runledger.sources.base import Parsed, Received
from runledger.sources.parsing import MAX_SPLIT_BYTES, read_event

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def received(body: bytes | str = b"", content_type: str | None = JSON, **headers: str) -> Received:
    """Returns a request; `headers` have underscores for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if content_type is not None:
        named["content-type"] = content_type
    data = body.encode() if isinstance(body, str) else body
    return Received("POST", "https://api.example/v1/webhooks/in/t", named, {}, data, 0)


def read(request: Received, preset: Preset = Preset.CUSTOM, most: int = MAX_SPLIT_BYTES) -> Parsed:
    return read_event(request, preset, most=most)

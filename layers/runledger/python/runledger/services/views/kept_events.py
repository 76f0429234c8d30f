"""Kept events as the API shows them: readable, and without credentials."""

from typing import TYPE_CHECKING, Any, NamedTuple

from runledger.api.kept_events import CapturedEventView
from runledger.api.refusals import BodyFormat, KeptEventView
from runledger.clock import iso
from runledger.errors import InvalidInputError
from runledger.json_body import parse_json
from runledger.redaction import Redactor
from runledger.sources.kept_bodies import BodyText, read_body
from runledger.texts import clean_text

if TYPE_CHECKING:
    from runledger.models.kept_event import CapturedEvent, KeptEvent

# Lambda answers with at most 6 MB, and a character may take six bytes as an escape.
MOST_CHARACTERS = 600_000


class _Shown(NamedTuple):
    format: BodyFormat
    body: Any
    is_truncated: bool


def kept_event_view(event: "KeptEvent", most: int = MOST_CHARACTERS) -> KeptEventView:
    """Returns the view of an event. A body of more than `most` characters is cut, and shown as text
    even if it is JSON."""
    shown = _shown(read_body(event), most)
    return KeptEventView(
        method=event.method,
        headers=event.headers,
        query=event.query,
        content_type=event.headers.get("content-type"),
        format=shown.format,
        body=shown.body,
        truncated=shown.is_truncated,
        received_at=iso(event.received_at),
    )


def captured_event_view(captured: "CapturedEvent", most: int) -> CapturedEventView:
    return CapturedEventView(
        id=captured.id,
        outcome=captured.outcome,
        status=captured.status,
        run_ids=list(captured.run_ids),
        refusal_id=captured.refusal_id,
        message=captured.message,
        type=captured.type,
        event_id=captured.event_id,
        **dict(kept_event_view(captured.event, most)),
    )


def _shown(read: BodyText, most: int) -> _Shown:
    text = clean_text(read.text)
    is_truncated = not read.is_whole or len(text) > most
    if read.is_exact and not is_truncated:
        try:
            # `read_body` has decoded it, so no charset is given.
            document = parse_json(text.encode())
        except InvalidInputError:
            return _Shown(BodyFormat.TEXT, text, is_truncated=False)
        return _Shown(BodyFormat.JSON, Redactor({}).value(document), is_truncated=False)
    kind = BodyFormat.TEXT if read.is_exact else BodyFormat.BINARY
    return _Shown(kind, text[:most], is_truncated)

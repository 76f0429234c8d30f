"""Records a call's request and response for the history: redacted, and limited in size.

Text is kept; a long text is stored completely beside the step. Of a binary body, only size and hash
are kept.
"""

import hashlib
import json
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode

from runledger.errors import RunledgerError
from runledger.models.records import (
    KEPT_FILE,
    Body,
    CallRequest,
    CallResponse,
    RequestHead,
    ResponseHead,
)
from runledger.nodes.http_answer import Reading, header, media_type, read_body
from runledger.nodes.http_exchange import FORM
from runledger.nodes.tools import BodyKeeper, HttpRequest, HttpResponse
from runledger.observability import log_failure
from runledger.redaction import Redactor
from runledger.texts import clean_text

# The most of a text body that the step itself shows.
MAX_STORED_BYTES = 16 * 1024
# Dropped from the end of a truncated body, where part of a secret may stand in a long encoding.
_TORN_CHARACTERS = 128 * 1024
_JSON, _TEXT = "application/json", "text/plain; charset=utf-8"


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Returns parameters by name. A name that occurs several times has a list of its values."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


class Recorder:
    """Records the exchange of one visit. `bodies` stores long texts; if None, they are cut."""

    def __init__(self, redactor: Redactor, bodies: BodyKeeper | None) -> None:
        self._redactor = redactor
        self._bodies = bodies

    def request(self, request: HttpRequest, auth: str | None) -> CallRequest:
        """Records the request. It was built with placeholders for secrets, so the recorded sizes
        are those of the shown text. `auth` is how the call authenticates, if it does."""
        shown = self._redactor
        body = request.body or b""
        content_type = header(request.headers.items(), "content-type")
        reading = read_body(body, content_type)
        head: RequestHead = {
            "method": request.method,
            "url": shown.url(request.url),
            "headers": shown.headers(request.headers.items()),
        }
        if auth:
            head["auth"] = auth
        return {
            **head,
            "query": shown.value(_by_name(request.query)),
            "size": len(body),
            **self._body("request", body, content_type, reading),
        }

    def response(self, response: HttpResponse, reading: Reading) -> CallResponse:
        """Records the response. `reading` is the content of its body."""
        shown = self._redactor
        content_type = header(response.headers, "content-type")
        target = response.redirects_to
        head: ResponseHead = {
            "status": response.status,
            "headers": shown.headers(response.headers),
            "size": len(response.body),
            "truncated": response.truncated,
            "durationMs": response.duration_ms,
        }
        if target:
            head["redirectsTo"] = shown.url(target)
        if reading.notes:
            head["notes"] = [shown.text(note) for note in reading.notes]
        body = self._body("response", response.body, content_type, reading, response.truncated)
        return {**head, **body}

    def _body(
        self,
        name: str,
        body: bytes,
        content_type: str,
        reading: Reading,
        truncated: bool = False,
    ) -> Body:
        if not body:
            return {"body": None}
        document = self._redactor.value(reading.shown)
        if reading.is_json and len(body) <= MAX_STORED_BYTES:
            return {"body": document}
        text = reading.text
        if text is None:
            return {
                "body": None,
                "binary": {
                    "contentType": self._redactor.text(media_type(content_type)) or None,
                    "bytes": len(body),
                    "sha256": hashlib.sha256(body).hexdigest(),
                },
            }
        # Redact before cutting, so that no part of a secret stays at the end.
        if reading.is_json:
            text = json.dumps(document, ensure_ascii=False)
        elif media_type(content_type) == FORM:
            text = urlencode(self._redactor.pairs(parse_qsl(text, keep_blank_values=True)))
        else:
            text = self._redactor.text(text)
        if truncated:
            text = text[: max(len(text) - _TORN_CHARACTERS, MAX_STORED_BYTES)]
        encoded = clean_text(text).encode()
        if len(encoded) <= MAX_STORED_BYTES:
            return {"body": text}
        kept = encoded[:MAX_STORED_BYTES].decode(errors="ignore")
        cut: Body = {"body": kept, "note": f"cut after {MAX_STORED_BYTES} bytes"}
        self._keep(cut, name, text, len(encoded), _JSON if reading.is_json else _TEXT)
        return cut

    def _keep(self, cut: Body, name: str, text: str, size: int, content_type: str) -> None:
        """Stores the whole of a body that was cut, and records its key."""
        if self._bodies is None:
            return
        try:
            key = self._bodies.keep(name, text, content_type)
            cut[KEPT_FILE] = {"key": key, "bytes": size}
        except RunledgerError as error:
            # The call was made: a body that cannot be kept must not lose its record or cause a
            # second call.
            log_failure("a body could not be stored", error)
            cut["rest"] = "could not be stored"

"""API Gateway: a body in a charset other than UTF-8 reaches a function as base64.

The emulator passes every body of a text type on as UTF-8, and replaces invalid bytes. An HTTP API
of AWS sends `text/plain; charset=iso-8859-1` as base64 (measured on AWS: github.com/floci-io/floci,
issue 2172). AWS's page "Create AWS Lambda proxy integrations for HTTP APIs" says only that a binary
body is base64.
"""

from collections.abc import Callable
from email.message import Message

from ministack.services import apigateway

from local.patches import guard


def apply() -> None:
    guard.wrap(apigateway, "_v2_request_body_is_text", "507d7acaf07fb2e4", utf8_alone)


def utf8_alone(is_text: Callable[[str | None], bool]) -> Callable[[str | None], bool]:
    """Returns `is_text`, limited to content types that name UTF-8 or no charset."""

    def is_text_in_utf8(content_type: str | None) -> bool:
        header = Message()
        header["content-type"] = content_type or ""
        charsets = {
            str(value).lower() for name, value in header.get_params([]) if name == "charset"
        }
        return is_text(content_type) and charsets <= {"utf-8", "utf8"}

    return is_text_in_utf8

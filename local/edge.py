"""What CloudFront does on AWS, read from template.yaml for the local gateway."""

from typing import Any

from local.settings import REGION, LocalError
from local.template import load_template

# Headers that the distribution adds for the API: two by a function, one by the API's origin.
VIEWER_ADDRESS = "x-viewer-address"
SENT_CONTENT_TYPE = "x-sent-content-type"
EDGE_KEY = "x-runledger-edge"
_PSEUDO_PARAMETERS = {"AWS::Region": REGION, "AWS::URLSuffix": "amazonaws.com"}


def response_headers(policy_id: str) -> dict[str, str]:
    """Returns the headers of one of the template's response headers policies, as CloudFront sends
    them."""
    resource = load_template()["Resources"][policy_id]["Properties"]
    policy = resource["ResponseHeadersPolicyConfig"]
    security = policy["SecurityHeadersConfig"]
    transport = security.pop("StrictTransportSecurity")
    headers = {
        "Content-Security-Policy": _text(
            security.pop("ContentSecurityPolicy")["ContentSecurityPolicy"]
        ),
        "Strict-Transport-Security": f"max-age={transport['AccessControlMaxAgeSec']}",
        "X-Frame-Options": security.pop("FrameOptions")["FrameOption"],
        "Referrer-Policy": security.pop("ReferrerPolicy")["ReferrerPolicy"],
    }
    if security.pop("ContentTypeOptions", None) is not None:
        headers["X-Content-Type-Options"] = "nosniff"
    if security:
        raise LocalError(
            "the local gateway does not support these security headers of template.yaml: "
            f"{sorted(security)}"
        )
    headers.update(
        (item["Header"], item["Value"]) for item in policy["CustomHeadersConfig"]["Items"]
    )
    return headers


def webhook_headers(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Returns the headers of a webhook as the distribution's function passes them on: with a binary
    content type, so that API Gateway keeps the body's bytes. The content type that was sent is in a
    second header."""
    own = (b"content-type", SENT_CONTENT_TYPE.encode())
    passed = [(name, value) for name, value in headers if name not in own]
    sent = [value for name, value in headers if name == b"content-type"]
    if sent:
        passed.append((SENT_CONTENT_TYPE.encode(), sent[0]))
    return [*passed, (b"content-type", b"application/octet-stream")]


def _text(value: Any) -> str:
    """Returns a text of the template, with its pseudo parameters (`AWS::Region` …) replaced by
    their values."""
    text: str = value["Sub"] if isinstance(value, dict) else value
    for name, filled in _PSEUDO_PARAMETERS.items():
        text = text.replace(f"${{{name}}}", filled)
    return text

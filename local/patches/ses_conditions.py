"""SES: SendEmail is authorized on the sender's identity, with the request's condition keys.

The emulator authorizes it on `*` without any, so a policy that names identities or
`ses:FromAddress` would refuse every message.
"""

import json
from collections.abc import Callable
from email.utils import parseaddr
from typing import Any

from ministack import app
from ministack.core.responses import get_account_id
from ministack.core.router import extract_region

from local.patches import guard

_SEND_PATH = "/v2/email/outbound-emails"


def apply() -> None:
    guard.expect(app, "_enforce_data_plane", "1e54bcf1421bb5d8")
    guard.wrap(app, "_enforce_ses_v2", "5dc09e3bd48720ae", _with_sender)


def _with_sender(enforce: Callable[..., Any]) -> Callable[..., Any]:
    def enforce_with_sender(
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
        request_id: str,
    ) -> Any:
        if method != "POST" or path.rstrip("/") != _SEND_PATH:
            return enforce(method, path, headers, body, query_params, request_id)
        sender = parseaddr(str(json.loads(body or b"{}").get("FromEmailAddress", "")))[1]
        region = extract_region(headers, query_params)
        identity = f"arn:aws:ses:{region}:{get_account_id()}:identity/{sender}"
        return app._enforce_data_plane(
            "sesv2",
            "ses:SendEmail",
            headers,
            query_params,
            request_id,
            resource_arn=identity,
            service_context={"ses:FromAddress": sender},
            named_resource=identity,
        )

    return enforce_with_sender

"""SES: SendEmail is authorized for the sender's identity and for the configuration set, with the
request's condition keys.

The emulator authorizes it for `*` without condition keys. So a policy that names identities or
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
        asked = json.loads(body or b"{}")
        sender = parseaddr(str(asked.get("FromEmailAddress", "")))[1]
        account, region = get_account_id(), extract_region(headers, query_params)
        resources = [f"arn:aws:ses:{region}:{account}:identity/{sender}"]
        if configuration_set := asked.get("ConfigurationSetName"):
            resources.append(
                f"arn:aws:ses:{region}:{account}:configuration-set/{configuration_set}"
            )
        for resource in resources:
            denied = app._enforce_data_plane(
                "sesv2",
                "ses:SendEmail",
                headers,
                query_params,
                request_id,
                resource_arn=resource,
                service_context={"ses:FromAddress": sender},
                named_resource=resource,
            )
            if denied:
                return denied
        return None

    return enforce_with_sender

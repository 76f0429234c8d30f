"""Secrets Manager: the first version of a secret has the id that its creator chose.

The emulator ignores CreateSecret's ClientRequestToken, which "becomes the VersionId of the new
version" (AWS's API reference of CreateSecret).
"""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import json_response
from ministack.services import secretsmanager

from local.patches import guard

Answer = tuple[int, dict[str, str], bytes]


def apply() -> None:
    guard.wrap(secretsmanager, "_create_secret", "d3de7fac76ba4232", _with_chosen_version)


def _with_chosen_version(create: Callable[[dict[str, Any]], Answer]) -> Callable[..., Answer]:
    def create_with_chosen_version(data: dict[str, Any]) -> Answer:
        answer = create(data)
        chosen = data.get("ClientRequestToken")
        if answer[0] != 200 or not chosen:
            return answer
        secret = secretsmanager._secrets[data["Name"]]
        (made,) = secret["Versions"].values()
        secret["Versions"] = {chosen: made}
        named = {"ARN": secret["ARN"], "Name": data["Name"], "VersionId": chosen}
        chosen_answer: Answer = json_response(named)
        return chosen_answer

    return create_with_chosen_version

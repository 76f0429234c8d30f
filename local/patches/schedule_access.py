"""EventBridge Scheduler: who may change which schedule, and with which role.

The emulator authorizes every schedule as if it were in the group `default`, so a policy for another
group would not apply to its own schedules. It also lets anyone give a schedule any role.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.core import iam_actions
from ministack.services import scheduler

from local.patches import guard
from local.schedule_targets import SERVICE

_SCHEDULES = "/schedules/"


def apply() -> None:
    guard.expect(app, "_enforce_data_plane", "1e54bcf1421bb5d8")
    guard.wrap(iam_actions, "extract_resource_arn", "82f51700695c62fd", _with_group)
    guard.wrap(scheduler, "handle_request", "5379852d6e1c281b", _passing_role)


def _with_group(extract: Callable[..., str]) -> Callable[..., str]:
    def extract_with_group(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
        region: str,
        account_id: str,
    ) -> str:
        if service != "scheduler" or not path.startswith(_SCHEDULES):
            return extract(service, method, path, headers, body, query_params, region, account_id)
        asked = query_params.get("groupName") or _document(body).get("GroupName") or "default"
        group = asked[0] if isinstance(asked, list) else asked
        name = path.removeprefix(_SCHEDULES).strip("/")
        return f"arn:aws:scheduler:{region}:{account_id}:schedule/{group}/{name}"

    return extract_with_group


def _passing_role(handle: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def handle_if_role_may_pass(
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
    ) -> Any:
        if method in ("POST", "PUT") and path.startswith(_SCHEDULES):
            role = (_document(body).get("Target") or {}).get("RoleArn")
            denied = role and app._enforce_data_plane(
                "scheduler",
                "iam:PassRole",
                headers,
                query_params,
                "",
                resource_arn=role,
                service_context={"iam:PassedToService": SERVICE},
                named_resource=role,
            )
            if denied:
                return denied
        return await handle(method, path, headers, body, query_params)

    return handle_if_role_may_pass


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}

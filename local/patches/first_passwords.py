"""Cognito: the first password that an invited user chooses has to meet the pool's policy.

The emulator takes whatever is chosen. A policy of the template that is silent about symbols asks
for none; the emulator's own check would ask for one.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import cognito

from local.patches import guard


def apply() -> None:
    guard.expect(cognito, "_password_policy_errors", "e30097903fd9bd6a")
    guard.expect(cognito, "_find_pool_by_client_id", "56a4a31aee985d11")
    guard.wrap(cognito, "_respond_to_auth_challenge", "9dae007b5620600a", _with_policy)


def _with_policy(respond: Callable[..., Any]) -> Callable[..., Any]:
    def respond_with_policy(data: dict[str, Any]) -> Any:
        if data.get("ChallengeName") == "NEW_PASSWORD_REQUIRED":
            _, pool, _ = cognito._find_pool_by_client_id(data.get("ClientId", ""))
            chosen = data.get("ChallengeResponses", {}).get("NEW_PASSWORD", "")
            if pool is not None and (refused := _refusal(pool, chosen)):
                return refused
        return respond(data)

    return respond_with_policy


def _refusal(pool: dict[str, Any], password: str) -> Any:
    policy = {"RequireSymbols": False, **pool.get("Policies", {}).get("PasswordPolicy", {})}
    return cognito._validate_password({"Policies": {"PasswordPolicy": policy}}, password)

"""Cognito: a challenge needs the session for which it was issued, and follows its rules.

In the emulator, the name of a user is enough to get tokens: by setting a first password, by giving
the second factor without the first, or by MFA_SETUP without any proof. AWS requires the session of
the previous step (RespondToAuthChallenge, `Session`), which proves the password. The emulator also
accepts any first password. The patch checks it by the template's policy, not by the emulator's own
function, which requires a symbol even if the policy does not mention symbols.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cognito

from local.patches import guard

_BOUND_TO_SESSION = ("NEW_PASSWORD_REQUIRED", "SOFTWARE_TOKEN_MFA", "MFA_SETUP")
# AuthSessionValidity of a client without a setting, in minutes.
_LIFE_MINUTES = 3


@dataclass(frozen=True)
class _Given:
    """The owner of a session, its challenge, and when it ends."""

    client_id: str
    username: str
    challenge: str
    ends_at: float


_SESSIONS: dict[str, _Given] = {}


def apply() -> None:
    guard.expect(cognito, "_password_policy_errors", "e30097903fd9bd6a")
    guard.expect(cognito, "_find_pool_by_client_id", "56a4a31aee985d11")
    guard.wrap(cognito, "_password_auth_result", "b88268f483e45012", _noting_sessions)
    guard.wrap(cognito, "_respond_to_auth_challenge", "9dae007b5620600a", _by_the_rules)


def _noting_sessions(ask: Callable[..., Any]) -> Callable[..., Any]:
    def ask_and_note(
        pool: dict[str, Any],
        pool_id: str,
        client_id: str,
        user: dict[str, Any],
        *rest: Any,
        **more: Any,
    ) -> Any:
        answer = ask(pool, pool_id, client_id, user, *rest, **more)
        body = json.loads(answer[2])
        if "ChallengeName" in body:
            client = pool["_clients"].get(client_id, {})
            ends_at = time.time() + client.get("AuthSessionValidity", _LIFE_MINUTES) * 60
            given = _Given(client_id, user["Username"], body["ChallengeName"], ends_at)
            _SESSIONS[body["Session"]] = given
        return answer

    return ask_and_note


def _by_the_rules(respond: Callable[..., Any]) -> Callable[..., Any]:
    def respond_by_the_rules(data: dict[str, Any]) -> Any:
        challenge = data.get("ChallengeName")
        if challenge not in _BOUND_TO_SESSION:
            return respond(data)
        client_id, session = str(data.get("ClientId")), str(data.get("Session"))
        _, pool, _ = cognito._find_pool_by_client_id(client_id)
        given = _SESSIONS.get(session)
        answers = data.get("ChallengeResponses", {})
        user = None if pool is None else cognito._resolve_user(pool, answers.get("USERNAME"))[0]
        is_its_own = (
            given is not None
            and user is not None
            and (given.client_id, given.username, given.challenge)
            == (client_id, user["Username"], challenge)
            and time.time() < given.ends_at
        )
        if not is_its_own:
            return _refuse("Invalid session for the user, session is expired.")
        if challenge == "NEW_PASSWORD_REQUIRED" and (
            refused := _refused_password(pool, answers.get("NEW_PASSWORD", ""))
        ):
            return refused
        answer = respond(data)
        if answer[0] == 200:
            # After a wrong code, the right one may follow.
            del _SESSIONS[session]
        return answer

    return respond_by_the_rules


def _refused_password(pool: dict[str, Any], password: str) -> Any:
    policy = {"RequireSymbols": False, **pool.get("Policies", {}).get("PasswordPolicy", {})}
    return cognito._validate_password({"Policies": {"PasswordPolicy": policy}}, password)


def _refuse(message: str) -> Any:
    return error_response_json("NotAuthorizedException", message, 400)

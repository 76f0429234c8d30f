"""Cognito: mails and first passwords, as on AWS.

- `AdminCreateUser` with RESEND makes a new temporary password, and is refused after the user chose
  their own (API reference: UnsupportedUserStateException). The emulator mails the user's current
  password again, even one that the user chose.
- A temporary password expires after `TemporaryPasswordValidityDays`. In the emulator it never does.
- The trigger CustomMessage also writes the mail for a forgotten password. The emulator calls this
  trigger only for first passwords.
- A pool with deletion protection cannot be deleted.

Mails of Cognito are in the list of `local.messages` too.
"""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cognito

from local.messages import MESSAGES
from local.patches import guard

Data = dict[str, Any]
Answer = Any

_TEMPORARY = "FORCE_CHANGE_PASSWORD"
_DAY = 86_400
_DEFAULT_DAYS = 7
# When the temporary password was made. Kept with the user, and so with the emulator's state.
_SINCE = "_temporary_since"


def apply() -> None:
    guard.expect(cognito, "_apply_custom_message_trigger", "b0404daf9e7ff3f3")
    guard.expect(cognito, "_custom_message_error", "ab2da74a3baab135")
    guard.expect(cognito, "_generate_temp_password", "2dd9263564ffde1f")
    guard.wrap(cognito, "_admin_create_user", "b6be9f9333ac6842", _with_a_new_password)
    guard.wrap(cognito, "_admin_set_user_password", "66032a3f29c9635a", _noting_the_time)
    guard.wrap(cognito, "_initiate_auth", "df32da882d664732", _in_time)
    guard.wrap(cognito, "_send_verification_email", "bceed599b45c0f9e", _as_the_trigger_writes)
    guard.wrap(cognito, "_deliver_cognito_email", "ab26c35cdb68bd1e", _listing)
    guard.wrap(cognito, "_delete_user_pool", "4a78aff687efde46", _unless_protected)


def make_older(email: str, seconds: float) -> bool:
    """Makes the account's temporary password older by this many seconds. Returns whether the
    account has one."""
    for pool in cognito._user_pools.values():
        user, _ = cognito._resolve_user(pool, email)
        if user is not None and user["UserStatus"] == _TEMPORARY:
            user[_SINCE] = _since(user) - seconds
            return True
    return False


def _since(user: Data) -> float:
    """Returns when the user's temporary password was made. If the saved state is from an emulator
    that did not record this, it is the time at which this function is first called for the user."""
    since: float = user.setdefault(_SINCE, time.time())
    return since


def _user(data: Data) -> Data | None:
    pool = cognito._user_pools.get(data.get("UserPoolId"))
    found: Data | None = None
    if pool is not None:
        found, _ = cognito._resolve_user(pool, data.get("Username"))
    return found


def _note(user: Data | None) -> None:
    if user is not None and user["UserStatus"] == _TEMPORARY:
        user[_SINCE] = time.time()


def _with_a_new_password(create: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def create_or_renew(data: Data) -> Answer:
        before = _user(data)
        if before is None or data.get("MessageAction") != "RESEND":
            answer = create(data)
            if answer[0] == 200:
                _note(_user(data))
            return answer
        if before["UserStatus"] != _TEMPORARY:
            return error_response_json(
                "UnsupportedUserStateException",
                f"Resend not possible. Current status is {before['UserStatus']}",
                400,
            )
        kept = before["_password"]
        before["_password"] = data.get("TemporaryPassword") or cognito._generate_temp_password()
        answer = create(data)
        if answer[0] == 200:
            _note(before)
        else:
            before["_password"] = kept
        return answer

    return create_or_renew


def _noting_the_time(set_password: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def set_and_note(data: Data) -> Answer:
        answer = set_password(data)
        if answer[0] == 200:
            _note(_user(data))
        return answer

    return set_and_note


def _in_time(sign_in: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def sign_in_in_time(data: Data) -> Answer:
        answer = sign_in(data)
        body = json.loads(answer[2] or b"{}")
        if body.get("ChallengeName") != "NEW_PASSWORD_REQUIRED":
            return answer
        _, pool, _ = cognito._find_pool_by_client_id(data["ClientId"])
        user, _ = cognito._resolve_user(pool, data["AuthParameters"]["USERNAME"])
        policy = pool.get("Policies", {}).get("PasswordPolicy", {})
        days = policy.get("TemporaryPasswordValidityDays", _DEFAULT_DAYS)
        if time.time() < _since(user) + int(days) * _DAY:
            return answer
        return error_response_json(
            "NotAuthorizedException",
            "Temporary password has expired and must be reset by an administrator.",
            400,
        )

    return sign_in_in_time


def _as_the_trigger_writes(send: Callable[..., Any]) -> Callable[..., Any]:
    def send_as_written(
        pool: Data, username: str, attributes: Data, code: str, attribute_name: str = "email"
    ) -> Any:
        if attribute_name != "password":
            return send(pool, username, attributes, code, attribute_name)
        written = cognito._apply_custom_message_trigger(
            pool, "CustomMessage_ForgotPassword", username, attributes, username_parameter=""
        )
        template = {
            "EmailSubject": written.get("emailSubject"),
            "EmailMessage": written.get("emailMessage"),
        }
        as_written = {**pool, "VerificationMessageTemplate": template}
        return send(as_written, username, attributes, code, attribute_name)

    return send_as_written


def _listing(deliver: Callable[..., Any]) -> Callable[..., Any]:
    def deliver_and_list(
        pool: Data, to: str, subject: str, body: str, type_name: str, extra: Data | None = None
    ) -> Any:
        sender, _, _ = cognito._resolve_email_sender(pool)
        MESSAGES.add("EMAIL", str(uuid.uuid4()), to, body, subject=subject, sender=sender)
        return deliver(pool, to, subject, body, type_name, extra)

    return deliver_and_list


def _unless_protected(delete: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def delete_unless_protected(data: Data) -> Answer:
        pool = cognito._user_pools.get(data.get("UserPoolId"))
        if pool is not None and pool.get("DeletionProtection") == "ACTIVE":
            return error_response_json(
                "InvalidParameterException",
                "The user pool cannot be deleted because deletion protection is activated. "
                "Deletion protection must be inactivated first.",
                400,
            )
        return delete(data)

    return delete_unless_protected

"""Cognito: what people may do with their own accounts, as on AWS.

The emulator lets people write every attribute, sign up although only administrators may create
accounts, reset any password with a code that never changes, and turn on a second factor before they
verified it. A renewed token looks as if they had signed in again. According to AWS's documentation:

- UpdateUserAttributes and GetUser obey the client's WriteAttributes and ReadAttributes ("Working
  with user attributes": without a list, all standard attributes). Nobody can write whether an
  address is verified.
- An e-mail address belongs to one account. With AttributesRequireVerificationBeforeUpdate it is
  replaced only after it is verified, or if an administrator declares it verified.
- SignUp is refused with AllowAdminCreateUserOnly. ForgotPassword needs a verified address and a
  user who has signed in once, and mails a new code each time.
- VerifySoftwareToken alone does not turn on the second factor. A later SetUserMFAPreference does.
- `auth_time` is "the time when the user's authentication occurred" ("Understanding the access
  token"). It stays the same in renewed tokens.
"""

import json
import secrets
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import cognito

from local.patches import guard

Data = dict[str, Any]
Answer = Any

# No client can get write access to these.
_NEVER_WRITTEN = frozenset({"sub", "email_verified", "phone_number_verified", "identities"})
_ALWAYS_READ = frozenset({"sub"})
_TOTP = "SOFTWARE_TOKEN_MFA"


def apply() -> None:
    guard.expect(cognito, "_token_claims", "f36cb7fb045bce0a")
    guard.expect(cognito, "_signed_jwt", "b9dfceb8b4398de1")
    guard.expect(cognito, "_user_pool_for_access_token", "e0126455e8b401f7")
    guard.wrap(cognito, "_update_user_attributes", "f2dcbe6711fd7b22", _writing_what_may_be)
    guard.wrap(cognito, "_admin_update_user_attributes", "97a3aa75318e6f1f", _keeping_addresses)
    guard.wrap(cognito, "_get_user", "c4acfcec27bdf917", _reading_what_may_be)
    guard.wrap(cognito, "_refresh_auth_result", "7cb88db405d895cd", _as_old_as_the_sign_in)
    guard.wrap(cognito, "_verify_software_token", "dfdccbaa6151906d", _switching_nothing_on)
    guard.wrap(cognito, "_set_user_mfa_preference", "81ac37e86ff09279", _only_once_verified)
    guard.wrap(cognito, "_sign_up", "7c18b40cc0808ff8", _where_people_may)
    guard.wrap(cognito, "_forgot_password", "2c3b97e277d599ff", _with_a_code_of_its_own)


def _error(code: str, message: str) -> Answer:
    return error_response_json(code, message, 400)


def _names(data: Data) -> dict[str, str]:
    return {each["Name"]: each.get("Value", "") for each in data.get("UserAttributes", [])}


def _client(token: str, pool: Data) -> Data:
    client: Data = pool["_clients"].get(cognito._token_claims(token).get("client_id"), {})
    return client


def _is_taken(pool: Data, user: Data, email: str | None) -> bool:
    others = (each for each in pool["_users"].values() if each is not user)
    addresses = (cognito._attr_list_to_dict(each["Attributes"]).get("email") for each in others)
    return email is not None and email in addresses


def _writing_what_may_be(update: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def update_what_may_be(data: Data) -> Answer:
        token = data.get("AccessToken", "")
        user, pool = cognito._user_pool_for_access_token(token)
        if user is None:
            return update(data)
        asked = _names(data)
        may = _client(token, pool).get("WriteAttributes")
        if _NEVER_WRITTEN & asked.keys() or (may and not asked.keys() <= set(may)):
            return _error(
                "NotAuthorizedException", "A client attempted to write unauthorized attribute"
            )
        if _is_taken(pool, user, asked.get("email")):
            return _error("AliasExistsException", "An account with the email already exists.")
        return update(data)

    return update_what_may_be


def _keeping_addresses(update: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def update_addresses_by_the_rules(data: Data) -> Answer:
        pool = cognito._user_pools.get(data.get("UserPoolId"))
        user = None if pool is None else cognito._resolve_user(pool, data.get("Username"))[0]
        asked = _names(data)
        if user is None or "email" not in asked:
            return update(data)
        if _is_taken(pool, user, asked["email"]):
            return _error("AliasExistsException", "An account with the email already exists.")
        settings = pool.get("UserAttributeUpdateSettings") or {}
        if asked.get("email_verified") != "true":
            if "email" in settings.get("AttributesRequireVerificationBeforeUpdate", []):
                kept = [each for each in data["UserAttributes"] if each["Name"] != "email"]
                return update({**data, "UserAttributes": kept})
            unverified = [{"Name": "email_verified", "Value": "false"}]
            return update({**data, "UserAttributes": [*data["UserAttributes"], *unverified]})
        return update(data)

    return update_addresses_by_the_rules


def _reading_what_may_be(read: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def read_what_may_be(data: Data) -> Answer:
        token = data.get("AccessToken", "")
        user, pool = cognito._user_pool_for_access_token(token)
        may = None if user is None else _client(token, pool).get("ReadAttributes")
        answer = read(data)
        if not may or answer[0] != 200:
            return answer
        body = json.loads(answer[2])
        allowed = _ALWAYS_READ | set(may)
        body["UserAttributes"] = [
            each for each in body["UserAttributes"] if each["Name"] in allowed
        ]
        return json_response(body)

    return read_what_may_be


def _as_old_as_the_sign_in(renew: Callable[..., Answer]) -> Callable[..., Answer]:
    def renew_as_old(pool: Data, pool_id: str, client_id: str, refresh_token: str) -> Answer:
        result, error = renew(pool, pool_id, client_id, refresh_token)
        if error is not None:
            return result, error
        signed_in_at = cognito._token_claims(refresh_token)["iat"]
        for name, use in (("AccessToken", "access"), ("IdToken", "id")):
            claims = {**cognito._token_claims(result[name]), "auth_time": signed_in_at}
            result[name] = cognito._signed_jwt(claims, pool_id, use)
        return result, None

    return renew_as_old


def _switching_nothing_on(verify: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def verify_alone(data: Data) -> Answer:
        user, _ = cognito._user_pool_for_access_token(data.get("AccessToken"))
        before = (
            None
            if user is None
            else (list(user.get("_mfa_enabled", [])), user.get("_preferred_mfa"))
        )
        answer = verify(data)
        if user is not None and before is not None:
            user["_mfa_enabled"], user["_preferred_mfa"] = before[0], before[1] or ""
        return answer

    return verify_alone


def _only_once_verified(prefer: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def prefer_what_is_verified(data: Data) -> Answer:
        user, _ = cognito._user_pool_for_access_token(data.get("AccessToken"))
        wants = data.get("SoftwareTokenMfaSettings", {}).get("Enabled")
        if user is not None and wants and not user.get("_totp_secret"):
            return _error("InvalidParameterException", "User has not verified software token mfa")
        return prefer(data)

    return prefer_what_is_verified


def _where_people_may(sign_up: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def sign_up_where_people_may(data: Data) -> Answer:
        _, pool, _ = cognito._find_pool_by_client_id(data.get("ClientId", ""))
        if pool and pool.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly"):
            return _error("NotAuthorizedException", "SignUp is not permitted for this user pool")
        return sign_up(data)

    return sign_up_where_people_may


def _with_a_code_of_its_own(forget: Callable[[Data], Answer]) -> Callable[[Data], Answer]:
    def forget_with_a_code(data: Data) -> Answer:
        username = data.get("Username")
        _, pool, _ = cognito._find_pool_by_client_id(data.get("ClientId", ""))
        user = None if pool is None else cognito._resolve_user(pool, username)[0]
        if user is None:
            # Answered as if the user existed: PreventUserExistenceErrors.
            return forget(data)
        if user.get("UserStatus") == "FORCE_CHANGE_PASSWORD":
            return _error(
                "NotAuthorizedException",
                "User password cannot be reset in the current state.",
            )
        attributes = cognito._attr_list_to_dict(user["Attributes"])
        if attributes.get("email_verified") != "true":
            return _error(
                "InvalidParameterException",
                "Cannot reset password for the user as there is no registered/verified email or "
                "phone_number",
            )
        code = f"{secrets.randbelow(1_000_000):06d}"
        try:
            cognito._send_verification_email(
                pool, username, attributes, code, attribute_name="password"
            )
        except cognito._CustomMessageRejected as error:
            return cognito._custom_message_error(error)
        user["_reset_code"] = code
        return cognito._code_delivery_response(
            cognito._masked_destination(attributes.get("email") or username)
        )

    return forget_with_a_code

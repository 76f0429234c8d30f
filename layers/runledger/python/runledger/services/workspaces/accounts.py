"""Accounts in the stack's Cognito user pool."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runledger.aws import AWS_ERRORS, domain_error
from runledger.errors import InvalidInputError, ServiceError, UnauthorizedError
from runledger.models.addresses import normalize_email
from runledger.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AdminGetUserResponseTypeDef

# How long to remember that a person has a second factor, and for how many people. A missing one is
# never remembered, so a person can continue right after switching it on.
MFA_CACHED_SECONDS = 300
_CACHED_PEOPLE = 4_096

_NO_FIRST_PASSWORD_YET = "FORCE_CHANGE_PASSWORD"
_TOTP = "SOFTWARE_TOKEN_MFA"
# Cognito could not mail a first password, has mailed too many today, or got no text for the mail
# from the function that writes it:
# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html
_NOT_MAILED = frozenset(
    {
        "CodeDeliveryFailureException",
        "InvalidLambdaResponseException",
        "LimitExceededException",
        "UnexpectedLambdaException",
        "UserLambdaValidationException",
    }
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account. `user_id` is its `sub`. `email` is normalized; only a verified one proves who
    owns the account."""

    user_id: str
    email: str
    is_verified: bool
    has_mfa: bool

    @property
    def proven_email(self) -> str | None:
        return self.email if self.is_verified else None


@dataclass(slots=True)
class Accounts:
    """Reads and creates accounts. `age` is a clock that only goes forward, in seconds."""

    cognito: "CognitoIdentityProviderClient"
    user_pool_id: str
    age: Callable[[], float] = time.monotonic
    _mfa_seen: dict[str, float] = field(default_factory=dict)

    def find(self, user_id: str) -> Account:
        """Returns the account. Raises UnauthorizedError if it was deleted, because a token can
        outlive its account."""
        found = self._get(user_id)
        if found is None:
            raise UnauthorizedError("your account no longer exists")
        return _account(found)

    def has_mfa(self, user_id: str) -> bool:
        """Whether the person has a second factor. A positive answer may be up to MFA_CACHED_SECONDS
        old."""
        now = self.age()
        seen_at = self._mfa_seen.get(user_id)
        if seen_at is not None and now - seen_at < MFA_CACHED_SECONDS:
            return True
        has_mfa = self.find(user_id).has_mfa
        if not has_mfa:
            self._mfa_seen.pop(user_id, None)
            return False
        if len(self._mfa_seen) >= _CACHED_PEOPLE:
            self._mfa_seen.clear()
        self._mfa_seen[user_id] = now
        return True

    def prepare(self, email: str, password: str | None = None) -> Account | None:
        """Returns the account of a normalized address, and creates it if there is none. With
        `password`, the person can sign in at once, and no mail is sent. Without `password`, Cognito
        mails a first password with a new account, and another one if the person never signed in.

        Returns None if there was no account and Cognito cannot mail the first password now. Each
        failure to mail is logged, and a later try may succeed."""
        is_new = self._create(email, password)
        if is_new is None:
            return None
        if password is not None:
            self._call("admin_set_user_password", Username=email, Password=password, Permanent=True)
        found = self._get(email)
        if found is None:
            return None
        if not is_new and password is None and found["UserStatus"] == _NO_FIRST_PASSWORD_YET:
            self._mail_again(email)
        return _account(found)

    def sign_out(self, user_id: str) -> None:
        """Ends every refresh token of the account."""
        self._call("admin_user_global_sign_out", Username=user_id)

    def _create(self, email: str, password: str | None) -> bool | None:
        """Creates the account. Returns False if it existed before, or None if its mail could not be
        sent."""
        attributes = [
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": "true"},
        ]
        quietly = {} if password is None else {"MessageAction": "SUPPRESS"}
        try:
            self._call(
                "admin_create_user",
                Username=email,
                UserAttributes=attributes,
                DesiredDeliveryMediums=["EMAIL"],
                **quietly,
            )
        except ServiceError as error:
            if error.code == "UsernameExistsException":
                return False
            if error.code == "InvalidParameterException":
                raise InvalidInputError(
                    "Cognito does not accept this address for an account", "email"
                ) from error
            if error.code not in _NOT_MAILED:
                raise
            logger.error("no first password was sent", extra={"reason": error.code})
            return None
        return True

    def _mail_again(self, email: str) -> None:
        try:
            self._call(
                "admin_create_user",
                Username=email,
                MessageAction="RESEND",
                DesiredDeliveryMediums=["EMAIL"],
            )
        except ServiceError as error:
            # They signed in meanwhile, and need no password.
            if error.code == "UnsupportedUserStateException":
                return
            if error.code not in _NOT_MAILED:
                raise
            logger.error("no first password was sent", extra={"reason": error.code})

    def _get(self, username: str) -> "AdminGetUserResponseTypeDef | None":
        """Returns Cognito's record of the account with this address or `sub`, or None if there is
        none."""
        try:
            found: AdminGetUserResponseTypeDef = self._call("admin_get_user", Username=username)
        except ServiceError as error:
            if error.code == "UserNotFoundException":
                return None
            raise
        return found

    def _call(self, operation: str, **request: Any) -> Any:
        try:
            return getattr(self.cognito, operation)(UserPoolId=self.user_pool_id, **request)
        except AWS_ERRORS as error:
            raise domain_error(error) from error


def _account(found: "AdminGetUserResponseTypeDef") -> Account:
    attributes = {each["Name"]: each.get("Value", "") for each in found["UserAttributes"]}
    address = attributes.get("email", "")
    try:
        email, is_address = normalize_email(address), True
    except ValueError:
        # It was created by other means; an address that we cannot compare proves nothing.
        email, is_address = address, False
    return Account(
        user_id=attributes["sub"],
        email=email,
        is_verified=is_address and attributes.get("email_verified") == "true",
        has_mfa=_TOTP in found.get("UserMFASettingList", []),
    )

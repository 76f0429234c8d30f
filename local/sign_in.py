"""Signs in to a stack as the console does."""

from typing import Any

import httpx

from local.settings import LocalError


def access_token(url: str, email: str, password: str) -> str:
    """Returns a bearer token for the API. Raises LocalError with Cognito's reason."""
    token: str = sign_in(url, email, password)["AccessToken"]
    return token


def sign_in(url: str, email: str, password: str) -> dict[str, Any]:
    """Returns `{AccessToken, RefreshToken, ExpiresIn, …}`. `ExpiresIn` is in seconds. Raises
    LocalError with Cognito's reason."""
    config = httpx.get(f"{url}/config.json").raise_for_status().json()
    response = httpx.post(
        # An address on AWS, a path at the local gateway.
        httpx.URL(url).join(config["cognitoEndpoint"]),
        headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
        },
        json={
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": config["userPoolClientId"],
            "AuthParameters": {"USERNAME": email, "PASSWORD": password},
        },
    )
    if not response.is_success:
        reason = response.json().get("message", response.text)
        raise LocalError(f"{email} could not sign in: {reason}")
    granted: dict[str, Any] = response.json()["AuthenticationResult"]
    return granted

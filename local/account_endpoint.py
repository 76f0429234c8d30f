"""Lets the first password of an account grow older.

`POST /_local/accounts/age` with `{"email", "days"}` answers 204, or 404 if the account has no
temporary password.
"""

import json

from local.asgi import Answer, App, Receive, Scope, Send, json_answer, read_body, send_answer
from local.patches import account_mails

PATH = "/_local/accounts/age"
_DAY_SECONDS = 86_400


def with_accounts(app: App) -> App:
    """Wraps the app: answers PATH."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["method"], scope["path"]) == ("POST", PATH):
            await send_answer(send, _age(await read_body(receive)))
        else:
            await app(scope, receive, send)

    return wrapped


def _age(body: bytes) -> Answer:
    try:
        asked = json.loads(body)
        email, seconds = str(asked["email"]), float(asked["days"]) * _DAY_SECONDS
    except (ValueError, KeyError, TypeError) as error:
        return json_answer(400, {"message": f"send {{email, days}}: {error!r}"})
    if not account_mails.make_older(email, seconds):
        return json_answer(404, {"message": f"{email} has no temporary password"})
    return 204, {}, b""

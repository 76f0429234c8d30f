"""Makes the temporary password of an account older, so that it can expire.

`POST /_local/accounts/age` with `{"email", "days"}` answers 204, or 404 if the account has no
temporary password.
"""

import json

from local.asgi import Answer, App, json_answer
from local.local_endpoint import with_endpoint
from local.patches import account_mails

PATH = "/_local/accounts/age"
_DAY_SECONDS = 86_400


def with_accounts(app: App) -> App:
    """Wraps the app, so that it also answers requests to PATH."""
    return with_endpoint(app, "POST", PATH, _age)


def _age(body: bytes) -> Answer:
    try:
        asked = json.loads(body)
        email, seconds = str(asked["email"]), float(asked["days"]) * _DAY_SECONDS
    except (ValueError, KeyError, TypeError) as error:
        return json_answer(400, {"message": f"send {{email, days}}: {error!r}"})
    if not account_mails.make_older(email, seconds):
        return json_answer(404, {"message": f"{email} has no temporary password"})
    return 204, {}, b""

"""Writes the mails that the user pool sends: first passwords, and codes for new ones."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.composition import preload, services
from runledger.observability import begin

preload("services.workspaces.account_mails")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context.aws_request_id)
    asked = event["request"]
    mail = services().account_mails.write(
        event["triggerSource"], asked["codeParameter"], asked.get("usernameParameter") or ""
    )
    if mail is not None:
        event["response"].update(emailSubject=mail.subject, emailMessage=mail.html)
    return event

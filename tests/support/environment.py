"""The account, the names and the environment that functions have in tests."""

from typing import Any

import runledger.settings
from runledger.settings import Settings

ACCOUNT = "123456789012"
REGION = "us-east-1"
PREFIX = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:runledger-"
FAN_OUT = f"{PREFIX}fan-out"
DELIVERY_RETRY = f"{PREFIX}delivery-retry"
EXPORT = f"{PREFIX}export"
IMPORT = f"{PREFIX}contact-import"
SCHEDULE_GROUP = "runledger-schedules"
STACK = "runledger"
TABLE = "runledger"
BUCKET = "runledger-bodies"
SENDER = "no-reply@example.com"
# The user pool whose tokens a function accepts.
USER_POOL = f"{REGION}_operators"
CLIENT_ID = "the-client-of-the-console"
LAMBDA = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
START = 1_700_000_000_000

_KNOWN = {
    "RUNLEDGER_TABLE": TABLE,
    "RUNLEDGER_BUCKET": BUCKET,
    "RUNLEDGER_STACK": STACK,
    "RUNLEDGER_MACHINE_PREFIX": PREFIX,
    "RUNLEDGER_LOGIC_ARN": f"{LAMBDA}run_logic",
    "RUNLEDGER_MESSAGE_ARN": f"{LAMBDA}run_message",
    "RUNLEDGER_INTEGRATION_ARN": f"{LAMBDA}run_integration",
    "RUNLEDGER_FAN_OUT_ARN": FAN_OUT,
    "RUNLEDGER_SCHEDULE_GROUP": SCHEDULE_GROUP,
    "RUNLEDGER_LOST_EVENTS_ARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:lost",
    "RUNLEDGER_DELIVERY_RETRY_ARN": DELIVERY_RETRY,
    "RUNLEDGER_EXPORT_ARN": EXPORT,
    "RUNLEDGER_IMPORT_ARN": IMPORT,
    "RUNLEDGER_BUS": "runledger",
    "RUNLEDGER_SENDER_EMAIL": SENDER,
    "RUNLEDGER_ALLOW_HOSTS": "",
    "RUNLEDGER_INDEX_SHARDS": "1",
    "RUNLEDGER_USER_POOL_ID": USER_POOL,
    "RUNLEDGER_USER_POOL_CLIENT_ID": CLIENT_ID,
}


# What the senders of SMS and WhatsApp need, in a stack that has them.
SENDERS = {
    "RUNLEDGER_SMS_ORIGINATION_IDENTITY": f"arn:aws:sms-voice:{REGION}:{ACCOUNT}:sender-id/demo/DE",
    "RUNLEDGER_SMS_CONFIGURATION_SET": "sms-events",
    "RUNLEDGER_WHATSAPP_PHONE_NUMBER_ID": "phone-number-id-demo",
}


def environment() -> dict[str, str]:
    """Returns every variable that some function needs."""
    required = {
        f"RUNLEDGER_{name.upper()}"
        for model in _models()
        for name, field in model.model_fields.items()
        if field.is_required()
    }
    others = {name: f"arn:aws:iam::{ACCOUNT}:role/{name.lower()}" for name in required}
    return {**others, **_KNOWN, "AWS_DEFAULT_REGION": REGION}


def _models() -> list[type[Settings]]:
    found: list[Any] = [
        value for value in vars(runledger.settings).values() if isinstance(value, type)
    ]
    return [each for each in found if issubclass(each, Settings)]

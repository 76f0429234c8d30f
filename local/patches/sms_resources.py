"""CloudFormation: `AWS::SMSVOICE::ConfigurationSet`, which the emulator lacks.

The service itself is in `local/messages.py`. The set is only a name that is sent with each message.
"""

from typing import Any

from ministack.services import sns
from ministack.services.cloudformation import provisioners

from local.patches import guard

Props = dict[str, Any]

_TYPE = "AWS::SMSVOICE::ConfigurationSet"


def apply() -> None:
    guard.expect(provisioners, "_provision_resource", "3b8f01fb187141b6")
    # The place where local/messages.py stores sent messages.
    guard.expect(sns, "_sms_log_for", "8211ebc019336b64")
    if _TYPE in provisioners._RESOURCE_HANDLERS:
        raise guard.PatchError(f"the emulator now supports {_TYPE} itself; remove this patch")
    provisioners._RESOURCE_HANDLERS[_TYPE] = {"create": _create, "delete": _delete}


def _create(logical_id: str, props: Props, stack_name: str) -> tuple[str, Props]:
    name = props.get("ConfigurationSetName") or provisioners._physical_name(
        stack_name, logical_id, max_len=64
    )
    return name, {"Arn": f"arn:aws:sms-voice:::configuration-set/{name}"}


def _delete(physical_id: str, props: Props) -> None:
    """Does nothing, because nothing is stored for a set."""

"""Deploys template.yaml to the emulator if something changed."""

import hashlib
import os
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from local import deployable
from local.packaging import Package, pack, upload
from local.settings import (
    ROOT,
    SENDER_EMAIL,
    SENDER_IDENTITY_ARN,
    SMS_POOL_ARN,
    STACK_NAME,
    WHATSAPP_NUMBER_ARN,
    LocalError,
    Stack,
)

_NOTE = "deployed.json"
_SOURCES = ("functions", "layers", "statemachines")
_DEPLOY_SECONDS = 120
_POLL_SECONDS = 0.05
# A stack that no change set was applied to yet.
_NEW = (None, "REVIEW_IN_PROGRESS")
_UNDER_WAY = ("_PENDING", "_IN_PROGRESS")
_UNCHANGED = "didn't contain changes"


def parameters(stack: Stack) -> dict[str, str]:
    """The stack's parameters. The parameter AllowHosts names hosts that calls may reach although
    their address is private; on AWS it stays empty."""
    hosts = [stack.demo_url.removeprefix("http://")]
    hosts += [host for host in os.environ.get("RUNLEDGER_ALLOW_HOSTS", "").split(",") if host]
    return {
        "AllowHosts": ",".join(hosts),
        "SenderEmail": SENDER_EMAIL,
        "SenderIdentityArn": SENDER_IDENTITY_ARN,
        "SmsOriginationIdentity": SMS_POOL_ARN,
        "WhatsAppPhoneNumberId": WHATSAPP_NUMBER_ARN,
    }


def fingerprint(stack: Stack) -> str:
    """Returns a hash of everything that is deployed: template, code, parameters, emulator."""
    digest = hashlib.sha256(repr((parameters(stack), version("ministack"))).encode())
    files = [ROOT / "template.yaml", Path(deployable.__file__)]
    for folder in _SOURCES:
        files += (path for path in sorted((ROOT / folder).rglob("*")) if _is_source(path))
    for path in files:
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_source(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def changes(stack: Stack) -> Package | None:
    """Returns the package to deploy, or None if nothing has changed since the last deployment."""
    if stack.read_note(_NOTE).get("fingerprint") == fingerprint(stack):
        return None
    return pack(deployable.deployable())


def outputs(stack: Stack, name: str = STACK_NAME) -> dict[str, str] | None:
    """Returns the stack's outputs, or None if the stack is missing or incomplete."""
    cloudformation = boto3.client("cloudformation", endpoint_url=stack.aws_endpoint)
    try:
        found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    if found["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return None
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def deploy(stack: Stack, name: str = STACK_NAME, package: Package | None = None) -> dict[str, str]:
    """Deploys the unbuilt template with a change set, as `sam deploy` does, and returns the stack's
    outputs. `package` is what `changes` returned. The emulator can have several stacks with
    different names. Raises LocalError with the first reason if the deployment fails.

    `local/deployable.py` leaves out what the emulator lacks. The template is not built, because
    here the functions run on this machine's interpreter. The built dependency layer would have
    wheels for Lambda's interpreter; the emulator's site-packages are used instead.
    """
    deployed = fingerprint(stack)
    with closing(boto3.client("s3", endpoint_url=stack.aws_endpoint)) as s3:
        address = upload(s3, package or pack(deployable.deployable()))
    with closing(boto3.client("cloudformation", endpoint_url=stack.aws_endpoint)) as cloudformation:
        _change(cloudformation, name, address, parameters(stack))
    found = outputs(stack, name)
    if found is None:
        raise LocalError(f"the deployment failed: {_reason(stack, name)}")
    if name == STACK_NAME:
        stack.write_note(_NOTE, {"fingerprint": deployed})
    return found


def _change(cloudformation: Any, name: str, address: str, values: dict[str, str]) -> None:
    """Applies the template to the stack, and returns when the stack does not change any more. Does
    nothing if the template and the values are those of the stack."""
    status = _status(cloudformation, name)
    change = {
        "StackName": name,
        "ChangeSetName": f"local-{uuid.uuid4().hex}",
    }
    cloudformation.create_change_set(
        **change,
        ChangeSetType="CREATE" if status in _NEW else "UPDATE",
        TemplateURL=address,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in values.items()
        ],
        Tags=[{"Key": "application", "Value": "runledger"}],
    )
    made = _await(lambda: cloudformation.describe_change_set(**change), "Status")
    if made["Status"] == "FAILED":
        if _UNCHANGED not in made.get("StatusReason", ""):
            raise LocalError(f"the deployment failed: {made.get('StatusReason')}")
        cloudformation.delete_change_set(**change)
        return
    cloudformation.execute_change_set(**change)
    _await(lambda: cloudformation.describe_stacks(StackName=name)["Stacks"][0], "StackStatus")


def _status(cloudformation: Any, name: str) -> str | None:
    try:
        status: str = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    return status


def _await(describe: Callable[[], dict[str, Any]], status: str) -> dict[str, Any]:
    """Waits until the description's field `status` is a final status, and returns the description.
    Raises LocalError if this takes too long."""
    deadline = time.monotonic() + _DEPLOY_SECONDS
    while True:
        described = describe()
        if not described[status].endswith(_UNDER_WAY):
            return described
        if time.monotonic() > deadline:
            raise LocalError(
                f"the deployment is still {described[status]} after {_DEPLOY_SECONDS} s"
            )
        time.sleep(_POLL_SECONDS)


def _reason(stack: Stack, name: str) -> str:
    """Returns why the first resource failed."""
    with closing(boto3.client("cloudformation", endpoint_url=stack.aws_endpoint)) as cloudformation:
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    if not failed:
        return f"see {stack.emulator_log}"
    first = failed[-1]
    return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason')}"

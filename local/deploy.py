"""Deploys template.yaml to the emulator if something changed."""

import hashlib
import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from local import deployable
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


def parameters(stack: Stack) -> dict[str, str]:
    """The stack's parameters. On AWS, AllowHosts is empty."""
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


def is_current(stack: Stack) -> bool:
    """Whether the emulator has exactly the stack that the working tree describes."""
    return outputs(stack) is not None and (
        stack.read_note(_NOTE).get("fingerprint") == fingerprint(stack)
    )


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


def deploy(stack: Stack, name: str = STACK_NAME) -> dict[str, str]:
    """Runs `sam deploy` on the unbuilt template and returns the stack's outputs. The emulator can
    have several stacks with different names.

    `local/deployable.py` leaves out what the emulator lacks. The template is not built, because
    here the functions run on this machine's interpreter. The built dependency layer would have
    wheels for Lambda's interpreter; the emulator's site-packages are used instead.
    """
    deployed = fingerprint(stack)
    values = [f"{name}={value}" for name, value in parameters(stack).items()]
    template = deployable.write(stack.state_dir / "template.json")
    command = [str(_sam()), "deploy", "--template-file", str(template)]
    # By default, it is looked for beside the template.
    command += ["--config-file", str(ROOT / "samconfig.toml")]
    command += ["--stack-name", name, "--parameter-overrides", *values]
    environment = {**os.environ, **stack.aws_environment(), "SAM_CLI_TELEMETRY": "0"}
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    log = stack.state_dir / "logs" / "deploy.log"
    log.write_text(result.stdout + result.stderr)
    found = outputs(stack, name)
    if result.returncode != 0 or found is None:
        last = (result.stderr or result.stdout).strip().splitlines()[-1:]
        raise LocalError(f"the deployment failed; see {log}: {' '.join(last)}")
    if name == STACK_NAME:
        stack.write_note(_NOTE, {"fingerprint": deployed})
    return found


def _sam() -> Path:
    path = ROOT / ".tools" / "bin" / "sam"
    if not path.exists():
        raise LocalError("the SAM CLI is missing; `make run` installs it")
    return path

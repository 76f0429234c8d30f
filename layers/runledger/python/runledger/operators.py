"""What the commands for operators of a deployed stack share."""

import sys

import boto3

from runledger.aws import AWS_ERRORS, domain_error
from runledger.errors import RunledgerError


def outputs_of(stack: str) -> dict[str, str]:
    """Returns the outputs of a deployed stack, by name."""
    try:
        answer = boto3.client("cloudformation").describe_stacks(StackName=stack)
    except AWS_ERRORS as error:
        raise domain_error(error) from error
    outputs = answer["Stacks"][0].get("Outputs", [])
    return {each["OutputKey"]: each["OutputValue"] for each in outputs}


def refused(error: Exception) -> int:
    """Says why a command failed, and returns its exit status. Operators see AWS's own message,
    because they have to fix the problem."""
    said = error.for_log() if isinstance(error, RunledgerError) else str(error)
    print(f"runledger: {said}", file=sys.stderr)
    return 1

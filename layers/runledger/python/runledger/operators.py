"""Helpers of the commands for operators of a deployed stack."""

import sys

import boto3

from runledger.aws import AWS_ERRORS, domain_error
from runledger.errors import InvalidInputError, RunledgerError

# Every stack of Runledger has these outputs.
OUTPUTS = frozenset({"TableName", "BucketName", "ConsoleBucketName", "UserPoolId"})


def outputs_of(stack: str, region: str | None = None) -> dict[str, str]:
    """Returns the outputs of a deployed stack, by name. If `region` is None, the region of the AWS
    profile is used. Raises InvalidInputError if the stack is not one of Runledger."""
    try:
        cloudformation = boto3.client("cloudformation", region_name=region)
        answer = cloudformation.describe_stacks(StackName=stack)
    except AWS_ERRORS as error:
        raise domain_error(error) from error
    found = answer["Stacks"][0].get("Outputs", [])
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found}
    if missing := OUTPUTS - outputs.keys():
        raise InvalidInputError(
            f"{stack} is not a stack of Runledger: it has no output {min(missing)}"
        )
    return outputs


def refused(error: Exception) -> int:
    """Says why a command failed, and returns its exit status. Operators see AWS's own message,
    because they have to fix the problem."""
    said = error.for_log() if isinstance(error, RunledgerError) else str(error)
    print(f"runledger: {said}", file=sys.stderr)
    return 1

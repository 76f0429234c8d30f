"""Error names that Step Functions reports of a Lambda task, each with what is to be done.

Sources:
- https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html names those
  of the Lambda service that pass, and says that other errors of Invoke come as `Lambda.<name>`;
  the names are those of https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, which
  tests/unit/test_task_errors.py reads from botocore's model.
- https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html has the names
  that begin with `States.`.
- A function that ended without an answer of its own has an errorType of Lambda's:
  `internal/lambda/fatalerror` of github.com/aws/aws-lambda-runtime-interface-emulator, and
  github.com/aws/aws-lambda-python-runtime-interface-client for what its bootstrap raises.
"""

from enum import StrEnum


class Handling(StrEnum):
    """PASSING: the same task may succeed in a moment. It is retried, and the run handed back where
    that does not help.
    CRASH: the function was running and answered nothing. Its claim is live still: it is retried
    once the lease is over, and then the node has failed.
    FOR_LATER: AWS cannot run the function now, and will not in a moment: something of the
    installation is to be repaired first. The run is handed back.
    LASTING: the same call fails again; the node has failed."""

    PASSING = "PASSING"
    CRASH = "CRASH"
    FOR_LATER = "FOR_LATER"
    LASTING = "LASTING"


_BY_HANDLING: dict[Handling, tuple[str, ...]] = {
    Handling.PASSING: (
        # The engine's own: an AWS service that the function called was busy or away.
        "TransientError",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        # Of the client in Step Functions: its call timed out or its connection broke. The function
        # may be at work, which its claim tells the next visit.
        "Lambda.SdkClientException",
        "Lambda.ClientExecutionTimeoutException",
        # No room: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
        "Lambda.TooManyRequestsException",
        "Lambda.EC2ThrottledException",
        "Lambda.EC2UnexpectedException",
        # Being created, updated or woken up.
        "Lambda.ResourceNotReadyException",
        "Lambda.ResourceConflictException",
    ),
    Handling.CRASH: (
        # "Unhandled errors in Lambda": out of memory and timeouts, where nothing better is known.
        "Lambda.Unknown",
        "States.Timeout",
        "States.HeartbeatTimeout",
        "Runtime.ExitError",
        "Runtime.OutOfMemory",
        "Runtime.TruncatedResponse",
        "Runtime.Unknown",
        "Sandbox.Failure",
        "Sandbox.Timedout",
        "Sandbox.Timeout",
        "Extension.Crash",
        "Extension.ExitError",
        "Function.Unknown",
    ),
    Handling.FOR_LATER: (
        # The function, or its deployment, is broken or gone.
        "Lambda.ResourceNotFoundException",
        "Lambda.NoPublishedVersionException",
        "Lambda.InvalidRuntimeException",
        "Lambda.InvalidZipFileException",
        "Lambda.ServiceQuotaExceededException",
        "Runtime.HandlerNotFound",
        "Runtime.ImportModuleError",
        "Runtime.InvalidEntrypoint",
        "Runtime.InvalidTaskConfig",
        "Runtime.InvalidWorkingDir",
        "Runtime.MalformedHandlerName",
        "Runtime.UserCodeSyntaxError",
        "Extension.InitError",
        "Extension.LaunchError",
        "States.Permissions",
        # Where an owner puts the functions into a VPC, under a key of theirs, and so on.
        "Lambda.EC2AccessDeniedException",
        "Lambda.ENILimitReachedException",
        "Lambda.ENINotReadyException",
        "Lambda.InvalidSecurityGroupIDException",
        "Lambda.InvalidSubnetIDException",
        "Lambda.SubnetIPAddressLimitReachedException",
        "Lambda.KMSAccessDeniedException",
        "Lambda.KMSDisabledException",
        "Lambda.KMSInvalidStateException",
        "Lambda.KMSNotFoundException",
        "Lambda.SnapStartException",
        "Lambda.SnapStartNotReadyException",
        "Lambda.SnapStartRegenerationFailureException",
        "Lambda.SnapStartTimeoutException",
        "Lambda.EFSIOException",
        "Lambda.EFSMountConnectivityException",
        "Lambda.EFSMountFailureException",
        "Lambda.EFSMountTimeoutException",
        "Lambda.S3FilesMountConnectivityException",
        "Lambda.S3FilesMountFailureException",
        "Lambda.S3FilesMountTimeoutException",
        "Lambda.CodeArtifactUserDeletedException",
        "Lambda.CodeArtifactUserFailedException",
        "Lambda.CodeArtifactUserPendingException",
    ),
    Handling.LASTING: (
        # The call itself is wrong, or what the function answered.
        "Lambda.DurableExecutionAlreadyStartedException",
        "Lambda.InvalidParameterValueException",
        "Lambda.InvalidRequestContentException",
        "Lambda.ModeNotSupportedException",
        "Lambda.RecursiveInvocationException",
        "Lambda.RequestTooLargeException",
        "Lambda.SerializedRequestEntityTooLargeException",
        "Lambda.UnsupportedMediaTypeException",
        "Function.ResponseSizeTooLarge",
        "Runtime.InvalidResponseModeHeader",
        "Runtime.MarshalError",
        "Runtime.UnmarshalError",
        "States.DataLimitExceeded",
        "States.ParameterPathFailure",
        "States.ResultPathMatchFailure",
        "States.Runtime",
    ),
}

TASK_ERRORS: dict[str, Handling] = {
    name: handling for handling, names in _BY_HANDLING.items() for name in names
}

TRANSIENT_ERRORS = _BY_HANDLING[Handling.PASSING]
CRASHES = _BY_HANDLING[Handling.CRASH]

# Every error of the Lambda service is reported under this prefix.
_OF_LAMBDA = "Lambda."


def handling_of(name: str) -> Handling:
    """What to do about an error of that name. What a function raised under a name of its own is
    LASTING. A name of the Lambda service that is not known yet is FOR_LATER, as the call did not
    come to a result of the node."""
    found = TASK_ERRORS.get(name)
    if found is not None:
        return found
    return Handling.FOR_LATER if name.startswith(_OF_LAMBDA) else Handling.LASTING

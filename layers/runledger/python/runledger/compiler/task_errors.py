"""Error names that Step Functions reports for a Lambda task, and how each is handled.

Sources:

- https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html lists the
  temporary errors of the Lambda service, and says that other errors of Invoke are named
  `Lambda.<name>`. The names are those of
  https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, which
  tests/unit/test_task_errors.py reads from botocore's model.
- https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html has the names
  that begin with `States.`.
- If a function ends without an answer, Lambda sets the errorType: see `internal/lambda/fatalerror`
  of github.com/aws/aws-lambda-runtime-interface-emulator, and
  github.com/aws/aws-lambda-python-runtime-interface-client for the errors of its bootstrap.
"""

from enum import StrEnum


class Handling(StrEnum):
    """How an error of a task is handled.

    - PASSING: the same task may succeed in a moment. It is retried. If all retries fail, the run is
      handed back.
    - CRASH: the function was running and gave no answer. Its claim may still be live, so the task
      is retried after the lease has ended; if that fails, the node fails.
    - FOR_LATER: AWS cannot run the function until somebody repairs the installation. The run is
      handed back.
    - LASTING: the same call would fail again, so the node fails.
    """

    PASSING = "PASSING"
    CRASH = "CRASH"
    FOR_LATER = "FOR_LATER"
    LASTING = "LASTING"


_BY_HANDLING: dict[Handling, tuple[str, ...]] = {
    Handling.PASSING: (
        # Raised by the engine: an AWS service that the function called was busy or unavailable.
        "TransientError",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        # From the client in Step Functions: its call timed out or its connection broke. The
        # function may still be running; its claim shows that to the next visit.
        "Lambda.SdkClientException",
        "Lambda.ClientExecutionTimeoutException",
        # No capacity: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
        "Lambda.TooManyRequestsException",
        "Lambda.EC2ThrottledException",
        "Lambda.EC2UnexpectedException",
        # The function is being created, updated or woken up.
        "Lambda.ResourceNotReadyException",
        "Lambda.ResourceConflictException",
    ),
    Handling.CRASH: (
        # "Unhandled errors in Lambda": out of memory and timeouts, if no better name is known.
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
        # The function, or its deployment, is broken or missing.
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
        # For owners who put the functions into a VPC, use their own key, and so on.
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
        # The call itself is wrong, or the function's answer is.
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

# Every error of the Lambda service has this prefix.
_OF_LAMBDA = "Lambda."


def handling_of(name: str) -> Handling:
    """Returns how to handle an error with this name. An error that a function raised itself is
    LASTING. An unknown error of the Lambda service is FOR_LATER, because the node did not run."""
    found = TASK_ERRORS.get(name)
    if found is not None:
        return found
    return Handling.FOR_LATER if name.startswith(_OF_LAMBDA) else Handling.LASTING

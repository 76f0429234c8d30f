"""Error names as Step Functions tells them of a task."""

# Errors after which the same task may succeed at once: codes of AWS services and the engine's own
# TransientError. What a node raises for a person is never repeated.
TRANSIENT_ERRORS = (
    "TransientError",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
)

# A function that died leaves a live claim behind: its retry comes after the lease, not into it.
CRASHES = ("Lambda.Unknown", "States.Timeout", "Runtime.ExitError", "Sandbox.Timedout")

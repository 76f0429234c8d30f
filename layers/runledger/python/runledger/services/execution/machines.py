"""State machines of automation versions: making and deleting them, never faster than AWS allows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import SECOND, Clock
from runledger.errors import RateLimitedError
from runledger.services.execution.start import machine_name

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from runledger.compiler.compile import Compiled
    from runledger.store.throttle import ThrottleStore

# Step Functions grants an account and region a bucket of 100 CreateStateMachine, refilled by one a
# second, and another of the same size for DeleteStateMachine ("Step Functions service quotas",
# quotas related to API action throttling). Half of it is ours: other stacks have machines too.
INTERVAL = 1 * SECOND
ROOM = 50
# What one workspace may have of it.
WORKSPACE_INTERVAL = 3 * SECOND
WORKSPACE_ROOM = 20


@dataclass(frozen=True, slots=True)
class MachineThrottle:
    """Who may make or delete a machine now. Nobody waits for a turn: who has none comes again."""

    throttle: "ThrottleStore"
    clock: Clock

    def reserve(self, action: str, workspace_id: str) -> None:
        """Takes a turn at an `action`; RateLimitedError where the workspace has used up its own, or
        all workspaces together theirs.

        A workspace's turn number n is given only while n are free for everybody, so the crowd of
        one leaves turns to those who come seldom."""
        own = f"{action} {workspace_id}"
        taken = self.throttle.reserve(own, self.clock(), WORKSPACE_INTERVAL, WORKSPACE_ROOM)
        try:
            self.throttle.reserve(action, self.clock(), INTERVAL, ROOM - taken + 1)
        except RateLimitedError:
            self.throttle.give_back(own, WORKSPACE_INTERVAL)
            raise


@dataclass(frozen=True, slots=True)
class MachineRemover:
    """`arn_prefix` is the ARN of any of the stack's machines up to the automation id."""

    stepfunctions: "SFNClient"
    arn_prefix: str
    throttle: MachineThrottle

    def delete(self, workspace_id: str, automation_id: str, version: int) -> None:
        """Deleting a machine that is gone is no error, to AWS nor to us. RateLimitedError where
        it is not the workspace's turn."""
        self.throttle.reserve("deletions of machines", workspace_id)
        arn = machine_name(self.arn_prefix, automation_id, version)
        try:
            self.stepfunctions.delete_state_machine(stateMachineArn=arn)
        except AWS_ERRORS as error:
            raise domain_error(error) from error


@dataclass(frozen=True, slots=True)
class Machines(MachineRemover):
    """Makes machines as well; they run as `role_arn` and log to `log_group_arn`."""

    role_arn: str
    log_group_arn: str

    def take_turn(self, workspace_id: str) -> None:
        """To be taken before each `create`; RateLimitedError where it is not the workspace's."""
        self.throttle.reserve("activations", workspace_id)

    def create(self, automation_id: str, version: int, compiled: "Compiled") -> None:
        """Creating the same machine again is no error, to AWS nor to us."""
        arn = machine_name(self.arn_prefix, automation_id, version)
        try:
            self._create(arn, compiled)
        except AWS_ERRORS as error:
            raise domain_error(error) from error

    def _create(self, arn: str, compiled: "Compiled") -> None:
        self.stepfunctions.create_state_machine(
            name=arn.rpartition(":")[2],
            definition=compiled.text,
            roleArn=self.role_arn,
            type=compiled.machine_type.value,
            tracingConfiguration={"enabled": True},
            loggingConfiguration={
                "level": "ERROR",
                # Executions hold ids only, but what a node raised may quote a contact.
                "includeExecutionData": False,
                "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": self.log_group_arn}}],
            },
        )

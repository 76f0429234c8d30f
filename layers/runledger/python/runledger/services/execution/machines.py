"""Creates and deletes the state machines of automation versions, within AWS's rate limits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import SECOND, Clock
from runledger.errors import RateLimitedError, ServiceError
from runledger.services.execution.start import machine_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_stepfunctions import SFNClient

    from runledger.compiler.compile import Compiled
    from runledger.store.throttle import ThrottleStore

# Step Functions allows an account and region 100 CreateStateMachine calls at once, refilled by one
# a second, and the same for DeleteStateMachine ("Step Functions service quotas", quotas related to
# API action throttling). We use half, because other stacks have machines too.
INTERVAL = 1 * SECOND
ROOM = 50
# The share of one workspace.
WORKSPACE_INTERVAL = 3 * SECOND
WORKSPACE_ROOM = 20


@dataclass(frozen=True, slots=True)
class MachineThrottle:
    """Limits how often machines are made or deleted. A caller without a turn does not wait; it
    tries again later."""

    throttle: "ThrottleStore"
    clock: Clock

    def reserve(self, action: str, workspace_id: str) -> None:
        """Takes a turn at an `action`. Raises RateLimitedError if no turn is left for the
        workspace, or for all workspaces together.

        The more turns a workspace has taken, the more turns must be free for all workspaces
        together: at least n for its n-th turn. So a busy workspace leaves turns for the others."""
        own = f"{action} {workspace_id}"
        taken = self.throttle.reserve(own, self.clock(), WORKSPACE_INTERVAL, WORKSPACE_ROOM)
        try:
            self.throttle.reserve(action, self.clock(), INTERVAL, ROOM - taken + 1)
        except RateLimitedError:
            self.throttle.give_back(own, WORKSPACE_INTERVAL)
            raise


@dataclass(frozen=True, slots=True)
class MachineRemover:
    """Deletes machines. `arn_prefix` is the ARN of the stack's machines, up to the automation
    id."""

    stepfunctions: "SFNClient"
    arn_prefix: str
    throttle: MachineThrottle

    def delete(self, workspace_id: str, automation_id: str, version: int) -> None:
        """Deletes a version's machine; a machine that does not exist is not an error. Raises
        RateLimitedError if the workspace must wait for its turn."""
        self.throttle.reserve("deletions of machines", workspace_id)
        arn = machine_name(self.arn_prefix, automation_id, version)
        try:
            self.stepfunctions.delete_state_machine(stateMachineArn=arn)
        except AWS_ERRORS as error:
            raise domain_error(error) from error


@dataclass(frozen=True, slots=True)
class Machines(MachineRemover):
    """Creates and deletes machines. A machine runs as `role_arn`, logs to `log_group_arn`, records
    traces if `is_traced`, and has the `tags`."""

    role_arn: str
    log_group_arn: str
    is_traced: bool
    tags: "Mapping[str, str]"

    def take_turn(self, workspace_id: str) -> None:
        """Takes the workspace's turn to create a machine. Call it before each `create`. Raises
        RateLimitedError if no turn is left."""
        self.throttle.reserve("activations", workspace_id)

    def create(self, automation_id: str, version: int, compiled: "Compiled") -> None:
        """Creates a version's machine, unless it exists.

        AWS refuses the name if a machine with another definition has it. In that case, another
        release of Runledger created the machine for the same version of the automation, but did not
        receive AWS's answer. That machine can be used, because every release can run machines that
        another release compiled."""
        arn = machine_name(self.arn_prefix, automation_id, version)
        try:
            self._create(arn, compiled)
        except AWS_ERRORS as error:
            ours = domain_error(error)
            if isinstance(ours, ServiceError) and ours.code == "StateMachineAlreadyExists":
                return
            raise ours from error

    def _create(self, arn: str, compiled: "Compiled") -> None:
        self.stepfunctions.create_state_machine(
            name=arn.rpartition(":")[2],
            definition=compiled.text,
            roleArn=self.role_arn,
            type=compiled.machine_type.value,
            tracingConfiguration={"enabled": self.is_traced},
            loggingConfiguration={
                "level": "ERROR",
                # Executions hold only ids, but an error that a node raised may quote a contact.
                "includeExecutionData": False,
                "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": self.log_group_arn}}],
            },
            # A machine that exists keeps its own: AWS compares names and definitions, not tags.
            # https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
            tags=[{"key": key, "value": value} for key, value in self.tags.items()],
        )

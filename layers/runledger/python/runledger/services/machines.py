"""State machines of automation versions: made before a version is frozen, unmade when it isn't."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import SECOND, Clock
from runledger.services.start import machine_name

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from runledger.compiler.compile import Compiled
    from runledger.store.pace import PaceStore

# Step Functions grants one CreateStateMachine and one DeleteStateMachine a second (its service
# quotas); one turn for both stays below either, in whatever process.
INTERVAL = 1 * SECOND
LONGEST_WAIT = 10 * SECOND


@dataclass(frozen=True, slots=True)
class MachineTurns:
    """Who may make or unmake a machine, one a second; `sleep` takes seconds."""

    pace: "PaceStore"
    clock: Clock
    sleep: Callable[[float], None]

    def wait(self, longest: int) -> None:
        """Returns when it is the caller's turn; RateLimitedError where that is more than `longest`
        milliseconds away."""
        now = self.clock()
        turn = self.pace.turn("machines", now, INTERVAL, longest)
        if turn > now:
            self.sleep((turn - now) / 1_000)


@dataclass(frozen=True, slots=True)
class MachineRemover:
    """`arn_prefix` is the ARN of any of the stack's machines up to the automation id."""

    stepfunctions: "SFNClient"
    arn_prefix: str
    turns: MachineTurns

    def delete(self, automation_id: str, version: int, longest_wait: int = LONGEST_WAIT) -> None:
        """Deleting a machine that is gone is no error, to AWS nor to us. RateLimitedError where
        its turn is more than `longest_wait` milliseconds away."""
        self.turns.wait(longest_wait)
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

    def create(self, automation_id: str, version: int, compiled: "Compiled") -> None:
        """Creating the same machine again is no error, to AWS nor to us. RateLimitedError where
        too many are being made."""
        self.turns.wait(LONGEST_WAIT)
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

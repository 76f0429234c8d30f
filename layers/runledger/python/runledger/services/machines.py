"""State machines of automation versions: made before a version is frozen, unmade when it isn't."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from runledger.aws import domain_error
from runledger.errors import ConflictError, ServiceError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from runledger.compiler.compile import Compiled


@dataclass(frozen=True, slots=True)
class Machines:
    """`arn_prefix` is the ARN of any of the stack's machines up to the automation id."""

    stepfunctions: "SFNClient"
    arn_prefix: str
    role_arn: str
    log_group_arn: str

    def create(self, automation_id: str, version: int, compiled: "Compiled") -> str:
        """The machine's ARN. Creating the same machine again is no error; one of the same name
        left by an activation that failed is replaced, as no run can use it yet."""
        arn = f"{self.arn_prefix}{automation_id}-v{version}"
        try:
            self._create(arn, compiled)
        except (ClientError, BotoCoreError) as error:
            ours = domain_error(error)
            if isinstance(ours, ServiceError) and ours.code == "StateMachineAlreadyExists":
                self._replace(arn, compiled)
            else:
                raise ours from error
        return arn

    def delete(self, arn: str) -> None:
        """Deleting a machine that is gone is no error, to AWS nor to us."""
        try:
            self.stepfunctions.delete_state_machine(stateMachineArn=arn)
        except (ClientError, BotoCoreError) as error:
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

    def _replace(self, arn: str, compiled: "Compiled") -> None:
        try:
            left = self.stepfunctions.describe_state_machine(stateMachineArn=arn)
            if left["type"] == compiled.machine_type.value:
                self.stepfunctions.update_state_machine(
                    stateMachineArn=arn, definition=compiled.text, roleArn=self.role_arn
                )
                return
            # A machine's type cannot be changed, and deleting one takes AWS a while.
            self.stepfunctions.delete_state_machine(stateMachineArn=arn)
        except (ClientError, BotoCoreError) as error:
            raise domain_error(error) from error
        raise ConflictError(
            "a state machine left by an earlier activation is being removed; activate again "
            "in a minute"
        )

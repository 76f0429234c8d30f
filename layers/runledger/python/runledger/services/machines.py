"""State machines of automation versions: made before a version is frozen, unmade when it isn't."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from runledger.aws import domain_error
from runledger.services.start import machine_name

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

    def create(self, automation_id: str, version: int, compiled: "Compiled") -> None:
        """Creating the same machine again is no error, to AWS nor to us."""
        try:
            self._create(self._arn(automation_id, version), compiled)
        except (ClientError, BotoCoreError) as error:
            raise domain_error(error) from error

    def delete(self, automation_id: str, version: int) -> None:
        """Deleting a machine that is gone is no error, to AWS nor to us."""
        try:
            self.stepfunctions.delete_state_machine(
                stateMachineArn=self._arn(automation_id, version)
            )
        except (ClientError, BotoCoreError) as error:
            raise domain_error(error) from error

    def _arn(self, automation_id: str, version: int) -> str:
        return machine_name(self.arn_prefix, automation_id, version)

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

"""The delivery-retry machine: it waits and asks for a try, until the attempt is settled."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.aws import AWS_ERRORS, domain_error
from runledger.errors import ServiceError
from runledger.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from runledger.models.delivery import DeliveryAttempt

CONTRACT = 1


@dataclass(frozen=True, slots=True)
class RetryMachine:
    """Starts executions of `machine_arn`, the one machine of all attempts. The client tries each
    call once."""

    stepfunctions: "SFNClient"
    machine_arn: str

    def start(self, attempt: "DeliveryAttempt") -> None:
        """Starts an execution for a waiting attempt. The execution is named after the attempt and
        its generation. If this fails, the tick starts it when the attempt is due."""
        claim_check = {
            "contract": CONTRACT,
            "workspaceId": attempt.workspace_id,
            "deliveryId": attempt.id,
        }
        try:
            self.stepfunctions.start_execution(
                stateMachineArn=self.machine_arn,
                name=f"{attempt.id}-{attempt.generation}",
                input=json.dumps(claim_check),
            )
        except AWS_ERRORS as error:
            ours = domain_error(error)
            if isinstance(ours, ServiceError) and ours.code == "ExecutionAlreadyExists":
                return
            facts = {"deliveryId": attempt.id, "reason": ours.for_log()}
            logger.warning("retry machine not started", extra=facts)

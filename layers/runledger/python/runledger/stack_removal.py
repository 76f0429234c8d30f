"""Removes a deployed stack with everything that it made at run time, which CloudFormation does not
know: the machines of automations, their executions and schedules, and secrets."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from runledger.errors import ServiceError

# How long a secret can be restored if the stack's data is kept.
RECOVERY_DAYS = 30
_WAIT = {"Delay": 5, "MaxAttempts": 720}
_CAUSE = "the stack is being deleted"
_START = "aws lambda delete-function-concurrency --function-name"
_FUNCTION, _MACHINE = "AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"
_SCHEDULE_GROUP = "AWS::Scheduler::ScheduleGroup"
# The resources that CloudFormation keeps, and the outputs with their names.
_KEPT = {
    "Table": "TableName",
    "BodyBucket": "BucketName",
    "ConsoleBucket": "ConsoleBucketName",
    "UserPool": "UserPoolId",
}
# Nothing has this name (any more).
_MISSING = frozenset(
    {"ResourceNotFoundException", "NoSuchBucket", "NoSuchUpload", "StateMachineDoesNotExist"}
)
# CloudFormation puts the id of the owner on what it makes, and it stays on what it keeps:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
_OWNER = "aws:cloudformation:stack-id"


@dataclass(frozen=True, slots=True)
class RuntimeResources:
    """What the stack made at run time: ARNs of machines, group and name of schedules, ARNs of
    secrets."""

    machines: tuple[str, ...]
    schedules: tuple[tuple[str, str], ...]
    secrets: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{len(self.machines)} state machines, {len(self.schedules)} schedules and "
            f"{len(self.secrets)} secrets"
        )


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack's id, its outputs, and the physical ids of its resources by type. If the stack is
    `gone`, CloudFormation has deleted it, and nothing but its data can be left."""

    name: str
    id: str
    outputs: Mapping[str, str]
    resources: Mapping[str, tuple[str, ...]]
    gone: bool = False

    @property
    def table(self) -> str:
        return self.outputs["TableName"]

    @property
    def bodies(self) -> str:
        return self.outputs["BucketName"]

    @property
    def console(self) -> str:
        return self.outputs["ConsoleBucketName"]

    @property
    def user_pool(self) -> str:
        return self.outputs["UserPoolId"]


@dataclass(frozen=True, slots=True)
class StackRemoval:
    """Finds a deployed stack and removes it. The methods raise the errors of AWS, and can be
    repeated after an error. `client` returns the client of a service, and `report` gets one line
    after each step."""

    client: Callable[[str], Any]
    report: Callable[[str], None]

    def find(self, name: str) -> DeployedStack:
        """Returns the stack with this name or ARN, or the one of this name that was deleted last.
        Raises a ClientError if there was none in the last 90 days, and ServiceError if
        CloudFormation would refuse to delete it now."""
        stacks = self.client("cloudformation")
        try:
            stack = stacks.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            is_missing = error.response["Error"]["Code"] == "ValidationError"
            deleted = self._find_deleted(name) if is_missing else None
            if deleted is None:
                raise
            return deleted
        _refuse_undeletable(stack)
        resources: dict[str, tuple[str, ...]] = {}
        for page in stacks.get_paginator("list_stack_resources").paginate(StackName=name):
            for each in page["StackResourceSummaries"]:
                # A resource that was never made has no physical id.
                if "PhysicalResourceId" in each:
                    known = resources.get(each["ResourceType"], ())
                    resources[each["ResourceType"]] = (*known, each["PhysicalResourceId"])
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
        return DeployedStack(stack["StackName"], stack["StackId"], outputs, resources)

    def _find_deleted(self, name: str) -> DeployedStack | None:
        """Returns the stack of this name that was deleted last, or None. CloudFormation describes a
        deleted stack, by its id, for 90 days:
        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html
        """
        stacks = self.client("cloudformation")
        listed = stacks.get_paginator("list_stacks")
        found = [
            each
            for page in listed.paginate(StackStatusFilter=["DELETE_COMPLETE"])
            for each in page["StackSummaries"]
            if each["StackName"] == name
        ]
        if not found:
            return None
        last = max(found, key=lambda each: each["DeletionTime"])["StackId"]
        outputs = {
            _KEPT[each["LogicalResourceId"]]: each["PhysicalResourceId"]
            for page in stacks.get_paginator("list_stack_resources").paginate(StackName=last)
            for each in page["StackResourceSummaries"]
            if each["LogicalResourceId"] in _KEPT and "PhysicalResourceId" in each
        }
        return DeployedStack(name, last, outputs, {}, gone=True)

    def runtime_resources(
        self, stack: DeployedStack, *, with_planned: bool = False
    ) -> RuntimeResources:
        """Returns what is left. With `with_planned`, this includes the secrets that are already
        deleted but can still be restored."""
        return RuntimeResources(
            tuple(self._machines(stack)),
            tuple(self._schedules(stack)),
            tuple(self._secrets(stack, with_planned=with_planned)),
        )

    def remove(self, stack: DeployedStack, *, with_data: bool) -> None:
        """Removes everything of the stack that still exists. Without `with_data`, keeps the table,
        the objects and the accounts, and deletes secrets so that they can be restored for 30 days.
        Raises ServiceError before it removes anything if a name now belongs to another stack."""
        self._refuse_foreign(stack, with_data=with_data)
        if not stack.gone:
            self._stop_functions(stack)
            self._remove_runtime_resources(stack, is_final=with_data)
            self._empty(stack.console)
            if with_data:
                self._empty(stack.bodies)
            self._delete_stack(stack)
        # What invocations made that were under way when the functions stopped. Lambda makes a log
        # group again for the lines of such an invocation.
        self._remove_runtime_resources(stack, is_final=with_data)
        for group in stack.resources.get("AWS::Logs::LogGroup", ()):
            _unless_missing(self.client("logs").delete_log_group, logGroupName=group)
        self._delete_bucket(stack.console)
        if with_data:
            self._delete_table(stack.table)
            self._delete_bucket(stack.bodies)
            self._delete_user_pool(stack.user_pool)

    def _refuse_foreign(self, stack: DeployedStack, *, with_data: bool) -> None:
        """Raises ServiceError if something that would be deleted belongs to another stack. That
        stack may have imported the kept data, or created a resource with the same name."""
        owners = {stack.console: self._bucket_owner(stack.console)}
        if with_data:
            owners[stack.table] = self._table_owner(stack.table)
            owners[stack.bodies] = self._bucket_owner(stack.bodies)
            owners[stack.user_pool] = self._pool_owner(stack.user_pool)
        for name, owner in owners.items():
            if owner not in (None, stack.id):
                raise ServiceError(
                    f"{name} belongs to another stack, {owner}; nothing was deleted", "ForeignData"
                )

    def _table_owner(self, name: str) -> str | None:
        tables = self.client("dynamodb")
        try:
            arn = tables.describe_table(TableName=name)["Table"]["TableArn"]
            pages = tables.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
            return _owner(tag for page in pages for tag in page["Tags"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
            return None

    def _bucket_owner(self, name: str) -> str | None:
        try:
            return _owner(self.client("s3").get_bucket_tagging(Bucket=name)["TagSet"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in {*_MISSING, "NoSuchTagSet"}:
                raise
            return None

    def _pool_owner(self, pool: str) -> str | None:
        try:
            found = self.client("cognito-idp").describe_user_pool(UserPoolId=pool)["UserPool"]
            owner: str | None = found.get("UserPoolTags", {}).get(_OWNER)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
            return None
        return owner

    def _stop_functions(self, stack: DeployedStack) -> None:
        """Refuses every new invocation, so that nothing is made again while the rest is removed:
        https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""
        functions = stack.resources.get(_FUNCTION, ())
        for name in functions:
            _unless_missing(
                self.client("lambda").put_function_concurrency,
                FunctionName=name,
                ReservedConcurrentExecutions=0,
            )
        self.report(f"stopped {len(functions)} functions")

    def _remove_runtime_resources(self, stack: DeployedStack, *, is_final: bool) -> None:
        found = self.runtime_resources(stack, with_planned=is_final)
        scheduler, machines = self.client("scheduler"), self.client("stepfunctions")
        for group, name in found.schedules:
            _unless_missing(scheduler.delete_schedule, GroupName=group, Name=name)
        stopped = 0
        for arn in (*found.machines, *stack.resources.get(_MACHINE, ())):
            for execution in self._executions(arn):
                machines.stop_execution(executionArn=execution, cause=_CAUSE)
                stopped += 1
        for arn in found.machines:
            _unless_missing(machines.delete_state_machine, stateMachineArn=arn)
        how: dict[str, Any] = {"RecoveryWindowInDays": RECOVERY_DAYS}
        if is_final:
            how = {"ForceDeleteWithoutRecovery": True}
        for arn in found.secrets:
            _unless_missing(self.client("secretsmanager").delete_secret, SecretId=arn, **how)
        if stopped or found.machines or found.schedules or found.secrets:
            self.report(f"stopped {stopped} executions; deleted {found}")

    def _machines(self, stack: DeployedStack) -> Iterator[str]:
        # No stack's name has an underscore, so no other stack's machines begin like this.
        prefix = f"{stack.name}-aut_"
        pages = self.client("stepfunctions").get_paginator("list_state_machines").paginate()
        for page in pages:
            for each in page["stateMachines"]:
                if each["name"].startswith(prefix):
                    yield each["stateMachineArn"]

    def _executions(self, machine: str) -> Iterator[str]:
        """Yields the running executions. Those of an Express machine end by themselves within five
        minutes, and cannot be listed."""
        machines = self.client("stepfunctions")
        try:
            if machines.describe_state_machine(stateMachineArn=machine)["type"] == "EXPRESS":
                return
            found = machines.get_paginator("list_executions").paginate(
                stateMachineArn=machine, statusFilter="RUNNING"
            )
            for page in found:
                yield from (each["executionArn"] for each in page["executions"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise

    def _schedules(self, stack: DeployedStack) -> Iterator[tuple[str, str]]:
        pages = self.client("scheduler").get_paginator("list_schedules")
        for group in stack.resources.get(_SCHEDULE_GROUP, ()):
            try:
                for page in pages.paginate(GroupName=group):
                    yield from ((group, each["Name"]) for each in page["Schedules"])
            except ClientError as error:
                # The group is deleted with the stack, and its schedules with it.
                if error.response["Error"]["Code"] not in _MISSING:
                    raise

    def _secrets(self, stack: DeployedStack, *, with_planned: bool) -> Iterator[str]:
        """Yields the secrets of workspaces and webhooks. CloudFormation deletes those in the
        template."""
        prefix = f"{stack.name}/"
        pages = self.client("secretsmanager").get_paginator("list_secrets")
        named = [{"Key": "name", "Values": [prefix]}]
        for page in pages.paginate(Filters=named, IncludePlannedDeletion=with_planned):
            for each in page["SecretList"]:
                if each["Name"].startswith(prefix):
                    yield each["ARN"]

    def _delete_stack(self, stack: DeployedStack) -> None:
        """Raises ServiceError with CloudFormation's reasons if it cannot delete the stack."""
        stacks = self.client("cloudformation")
        stacks.delete_stack(StackName=stack.id)
        self.report("deleting the stack; its distribution takes some minutes")
        try:
            stacks.get_waiter("stack_delete_complete").wait(StackName=stack.id, WaiterConfig=_WAIT)
        except WaiterError as error:
            events = stacks.describe_stack_events(StackName=stack.id)["StackEvents"]
            reasons = [
                f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason', '')}"
                for each in events
                if each["ResourceStatus"] == "DELETE_FAILED"
            ]
            functions = stack.resources.get(_FUNCTION, ())
            raise ServiceError(
                f"CloudFormation did not delete {stack.name}: {'; '.join(reasons) or error}. "
                "Its functions are stopped (reserved concurrency 0). Remove the cause and repeat "
                "the command, or start them again: "
                f"{'; '.join(f'{_START} {name}' for name in functions)}",
                "StackNotDeleted",
            ) from error
        self.report(f"deleted the stack {stack.name}")

    def _empty(self, bucket: str) -> None:
        """Deletes every version of every object, and uploads that were never completed."""
        s3 = self.client("s3")
        count = 0
        try:
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
                found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
                if keys:
                    answer = s3.delete_objects(
                        Bucket=bucket, Delete={"Objects": keys, "Quiet": True}
                    )
                    if answer.get("Errors"):
                        kept = answer["Errors"][0]
                        raise ServiceError(f"S3 did not delete {kept['Key']}", kept["Code"])
                count += len(keys)
            for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
                for upload in page.get("Uploads", []):
                    s3.abort_multipart_upload(
                        Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
        self.report(f"deleted {count} objects of {bucket}")

    def _delete_bucket(self, bucket: str) -> None:
        # Late log deliveries or uploads of invocations that were under way.
        self._empty(bucket)
        _unless_missing(self.client("s3").delete_bucket, Bucket=bucket)

    def _delete_table(self, name: str) -> None:
        """Deletes the table. DynamoDB itself keeps a last backup for 35 days, because point-in-time
        recovery is on:
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html
        """
        tables = self.client("dynamodb")
        try:
            if tables.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
                tables.update_table(TableName=name, DeletionProtectionEnabled=False)
                tables.get_waiter("table_exists").wait(TableName=name)
            tables.delete_table(TableName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
        self.report(f"deleted the table {name}")

    def _delete_user_pool(self, pool: str) -> None:
        cognito = self.client("cognito-idp")
        try:
            found = cognito.describe_user_pool(UserPoolId=pool)["UserPool"]
            if found.get("DeletionProtection") == "ACTIVE":
                # Resets every other setting of the pool, which is deleted next.
                cognito.update_user_pool(UserPoolId=pool, DeletionProtection="INACTIVE")
            cognito.delete_user_pool(UserPoolId=pool)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
        self.report(f"deleted the user pool {pool}")


def _refuse_undeletable(stack: Mapping[str, Any]) -> None:
    name, status = stack["StackName"], stack["StackStatus"]
    if status == "DELETE_COMPLETE":
        # CloudFormation answers this to an ARN alone. The name may be another stack's by now.
        raise ServiceError(
            f"CloudFormation has already deleted {name}; to delete its data, give the stack's "
            "name instead of its ARN",
            "StackDeleted",
        )
    if status.endswith("_IN_PROGRESS"):
        raise ServiceError(
            f"{name} is {status}; repeat the command when this operation has ended", "StackBusy"
        )
    if stack.get("EnableTerminationProtection"):
        raise ServiceError(
            f"{name} cannot be deleted: its termination protection is on", "StackProtected"
        )


def _owner(tags: Iterable[Mapping[str, str]]) -> str | None:
    """Returns the id of the stack that a resource belongs to."""
    return next((tag["Value"] for tag in tags if tag["Key"] == _OWNER), None)


def _unless_missing(call: Callable[..., Any], **request: Any) -> None:
    """Makes a call; a resource that is already gone is not an error."""
    try:
        call(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise

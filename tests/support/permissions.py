"""The permissions that each function needs by its code, and those that its role has.

A permission is an action on a resource, as template.yaml writes it. `within` is the part of the
resource that a condition allows: a pattern of partition keys or of object keys, or "" without one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from tests.support.call_graph import CallGraph, Reached
from tests.support.call_reader import SdkCall, operation_name


class Permission(NamedTuple):
    action: str
    resource: str
    within: str = ""


# The actions that an operation needs. From "Actions, resources, and condition keys" of each
# service, https://docs.aws.amazon.com/service-authorization/latest/reference/, and for S3 from
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_ACTIONS = {
    ("s3", "abort_multipart_upload"): "s3:AbortMultipartUpload",
    ("s3", "complete_multipart_upload"): "s3:PutObject",
    ("s3", "copy_object"): "s3:GetObject s3:PutObject",
    ("s3", "create_multipart_upload"): "s3:PutObject",
    ("s3", "delete_objects"): "s3:DeleteObject",
    ("s3", "head_object"): "s3:GetObject",
    ("s3", "list_multipart_uploads"): "s3:ListBucketMultipartUploads",
    ("s3", "list_objects_v2"): "s3:ListBucket",
    ("s3", "upload_part"): "s3:PutObject",
    # The machine and the schedule get a role.
    ("stepfunctions", "create_state_machine"): "states:CreateStateMachine iam:PassRole",
    ("scheduler", "create_schedule"): "scheduler:CreateSchedule iam:PassRole",
    ("scheduler", "update_schedule"): "scheduler:UpdateSchedule iam:PassRole",
}
# How IAM writes the service, if not as botocore does.
_PREFIXES = {
    "stepfunctions": "states",
    "sesv2": "ses",
    "pinpoint-sms-voice-v2": "sms-voice",
    "socialmessaging": "social-messaging",
}
# TransactWriteItems needs the action of each write in it:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
_WRITES = {
    "Put": "dynamodb:PutItem",
    "Modify": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "Check": "dynamodb:ConditionCheckItem",
}
# Parameters that need a further action. For tags:
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
# and, for a state machine, CloudFormation's schema of AWS::StepFunctions::StateMachine, which lists
# the actions of its creation.
_EXTRA = {"tags": "TagResource", "Tags": "TagResource", "KmsKeyId": "", "kmsKeyId": ""}

_TABLE = "runledger.store.table."
# General code: it makes calls for whatever its callers name.
GENERAL = (
    "runledger.aws.read_secret",
    "runledger.store.bodies.Bodies.",
    "runledger.store.checkpoints.",
    "runledger.store.export_files.ExportFiles.",
    "runledger.store.import_files.ImportFiles.",
    "runledger.store.kept_events.KeptEventStore.",
    "runledger.store.objects.",
    "runledger.store.row_reads.",
    _TABLE,
)


def _arn(service: str, rest: str) -> str:
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{rest}"


_RUNS, _DELIVERIES, _AUTOMATIONS = "runs/", "deliveries/", "automations/"
_KEPT = "refusals/ captured/"
_SECRETS_OF_USERS = _arn("secretsmanager", "secret:${AWS::StackName}/workspaces/*")
_LINK_KEYS = _arn("secretsmanager", "secret:${AWS::StackName}/links/*")
_WEBHOOK_KEYS = _arn("secretsmanager", "secret:${AWS::StackName}/webhooks/*")
_MACHINES = _arn("states", "stateMachine:${AWS::StackName}-aut_*")
_EXECUTIONS = _arn("states", "execution:${AWS::StackName}-aut_*")
_IDENTITIES = _arn("ses", "identity/*")

# Where the objects are with which a site works, by the beginning of the site's name.
_OBJECTS = {
    "services.bulk.export": "exports/",
    "services.bulk.import": "imports/",
    "services.erasure.erasers.DeliveryEraser": _DELIVERIES,
    "services.erasure.erasers.RunEraser": _RUNS,
    "services.erasure.erasers.RefusalEraser": "refusals/",
    "services.erasure.kept_event_eraser": _KEPT,
    "services.execution.integration_tools.StepBodies": _RUNS,
    "services.lists.details": "refusals/",
    "nodes.http_record.Recorder": _RUNS,
    "services.reruns.rerun.Reruns": _RUNS,
    "services.runs.body_links": _RUNS,
    # Its reader of certificates has the shape of the reader of exports.
    "sources.schemes.sns.SnsScheme": "",
    "services.stream.expiry.ExpiryFollower": f"{_RUNS} {_DELIVERIES} {_KEPT}",
    "store.activations": _AUTOMATIONS,
    "store.automations": _AUTOMATIONS,
    "store.delivery_rows": _DELIVERIES,
    "store.erased_runs": _RUNS,
    "services.triggers.captures": "captured/",
    "services.triggers.kept_events.KeptEvents.keep_captured": "captured/",
    "services.triggers.kept_events.KeptEvents.keep_refused": "refusals/",
    "services.triggers.replays": "refusals/",
    "services.triggers.sample_events": "captured/",
    "store.run_opening": _RUNS,
    "store.run_rows": _RUNS,
}
# What a site works with, in the other services.
_RESOURCES = {
    "channels.email.EmailChannel": (
        f"{_IDENTITIES} {_arn('ses', 'configuration-set/${EmailConfigurationSet}')}"
    ),
    "channels.sms.SmsChannel": (
        "${SmsOriginationIdentity} " + _arn("sms-voice", "configuration-set/${SmsConfigurationSet}")
    ),
    "channels.whatsapp.WhatsAppChannel": "${WhatsAppPhoneNumberId}",
    "composition.edges.Edges.cursor_key": "${CursorSecret.Id}",
    "http._edge_key": "${EdgeSecret.Id}",
    "services.messages.unsubscribe_links.LinkKeys": _LINK_KEYS,
    "services.bulk.exports.ExportMachine": "${Export}",
    "services.bulk.imports.ImportMachine": "${ContactImport}",
    "services.execution.cancel.Canceler": _EXECUTIONS,
    "services.execution.machines.": _MACHINES,
    "services.execution.start.Starter": _MACHINES,
    "services.execution.watchdog.Watchdog": _EXECUTIONS,
    "services.messages.retry_machine.RetryMachine": "${DeliveryRetry}",
    "services.schedules.missed_fires.MissedFires": "${ContactFanOut}",
    "services.schedules.schedules.Schedules": _arn("scheduler", "schedule/${Schedules}/*"),
    "services.secrets.key_versions.KeyVersions": _WEBHOOK_KEYS,
    "services.secrets.secrets.Secrets": _SECRETS_OF_USERS,
    "services.secrets.signing.SigningKeys": _WEBHOOK_KEYS,
    "services.secrets.values.SecretValues": _SECRETS_OF_USERS,
    # ListRules has no resource smaller than all.
    "services.stream.bus_rules.BusRules": "*",
    "services.stream.publish.Publisher": "${EventBus.Arn}",
    "services.workspaces.console_address.ConsoleAddress": _arn(
        "ssm", "parameter/runledger/${AWS::StackName}/console-address"
    ),
    "services.workspaces.accounts.Accounts": "${UserPool.Arn}",
    "services.workspaces.invitation_mail.InvitationMail": _IDENTITIES,
}
# The partitions of a site's rows. Only for functions whose policies name partitions.
_PARTITIONS = {
    "store.automations.AutomationStore.has_downstream": "AUTOMATION#*",
    "store.contacts.": (
        "WORKSPACE#*#ADDRESS WORKSPACE#*#TAG#* WORKSPACE#*#DATE#* WORKSPACE#*#NODATE#*"
    ),
    "store.deliveries.DeliveryStore.forget_sent": "SENT#*",
    "store.exports.": "WORKSPACE#*#EXPORT",
    "store.imports.": "WORKSPACE#*#IMPORT",
    "store.freshness.": "FRESHNESS",
    "store.run_reads.RunReads.": "RUN#*",
    "store.runs.RunStore.": "RUN#*",
    "store.tombstones.": "RUN#* DELIVERY#* REFUSAL#*",
    "store.totals.": "TOTALS#*",
}
_PASSED_ROLES = {"stepfunctions": "${MachineRole.Arn}", "scheduler": "${ScheduleRole.Arn}"}


def needed(graph: CallGraph, function: "Function") -> dict[Permission, str]:
    """Returns what a function needs, each with a site that needs it."""
    bounded = frozenset(each.action for each in function.granted() if each.within)
    return _needed_by_code(graph, f"functions.{function.folder}.handler", bounded)


@cache
def _needed_by_code(graph: CallGraph, root: str, bounded: frozenset[str]) -> dict[Permission, str]:
    """Returns the permissions that the function needs by its code, each with a site that needs it.
    `bounded` are the actions that policies allow only on certain partitions of the table."""
    found: dict[Permission, str] = {}
    for reached in sorted(graph.reached_calls(root, GENERAL), key=lambda each: each.site):
        for action in _actions(graph, root, reached.call):
            for resource, within in _resources(graph, root, reached, action, bounded):
                found.setdefault(Permission(action, resource, within), reached.site)
    return found


def _actions(graph: CallGraph, root: str, call: SdkCall) -> list[str]:
    prefix = _PREFIXES.get(call.service, call.service)
    extra = [f"{prefix}:{more}" for name, more in _EXTRA.items() if name in call.parameters]
    if call.operation == "transact_write_items":
        classes = graph.reached_classes(root)
        return [each for name, each in _WRITES.items() if f"{_TABLE}{name}" in classes]
    own = f"{prefix}:{operation_name(call)}"
    return [*_ACTIONS.get((call.service, call.operation), own).split(), *extra]


def _resources(
    graph: CallGraph, root: str, reached: Reached, action: str, bounded: frozenset[str]
) -> Iterator[tuple[str, str]]:
    site = reached.site.removeprefix("runledger.")
    if action == "iam:PassRole":
        yield _PASSED_ROLES[reached.call.service], ""
    elif reached.call.service == "dynamodb":
        partitions = _by_site(_PARTITIONS, site).split() if action in bounded else [""]
        yield from (
            (table, partition)
            for table in _table_and_indexes(graph, root, action)
            for partition in partitions
        )
    elif reached.call.service == "s3":
        for folder in _by_site(_OBJECTS, site).split():
            match action:
                case "s3:ListBucketMultipartUploads":
                    yield "${BodyBucket.Arn}", ""
                case "s3:ListBucket":
                    yield "${BodyBucket.Arn}", f"{folder}*"
                case _:
                    yield f"${{BodyBucket.Arn}}/{folder}*", ""
    else:
        yield from ((each, "") for each in _by_site(_RESOURCES, site).split())


def _table_and_indexes(graph: CallGraph, root: str, action: str) -> Iterator[str]:
    queries = graph.reached_names(root, f"{_TABLE}Table", "query")
    if action != "dynamodb:Query" or any("index" not in names for names in queries):
        yield "${Table.Arn}"
    if action == "dynamodb:Query" and any("index" in names for names in queries):
        yield "${Table.Arn}/index/*"


def _by_site(table: dict[str, str], site: str) -> str:
    found = [value for start, value in table.items() if site.startswith(start)]
    if len(found) != 1:
        raise AssertionError(
            f"tests/support/permissions.py has no entry for the resource that {site} uses"
        )
    return found[0]


# ── The template ────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Function:
    """A function of the template."""

    name: str
    properties: dict[str, Any]
    resources: dict[str, Any]

    @property
    def folder(self) -> str:
        return str(self.properties["CodeUri"]).removeprefix("functions/")

    def statements(self) -> Iterator[dict[str, Any]]:
        """Yields the statements of this function's own policies, and of the template's policies
        that the function uses. The statements are not copies: a test may change one to see the
        effect."""
        for policy in self.properties.get("Policies", ()):
            if "Ref" in policy:
                policy = self.resources[policy["Ref"]]["Properties"]["PolicyDocument"]
            for statement in policy["Statement"]:
                yield statement["If"][1] if "If" in statement else statement

    def granted(self) -> list[Permission]:
        return [each for statement in self.statements() for each in _granted(statement)]


def functions(template: dict[str, Any]) -> list[Function]:
    resources = template["Resources"]
    kind = "AWS::Serverless::Function"
    return [
        Function(name, each["Properties"], resources)
        for name, each in resources.items()
        if each["Type"] == kind
    ]


def _granted(statement: dict[str, Any]) -> Iterator[Permission]:
    patterns: list[str] = []
    for condition in statement.get("Condition", {}).values():
        patterns += listed(condition.get("dynamodb:LeadingKeys", []))
        # Which rows the objects of a folder belong to is more than the code's calls tell.
        folders = (each.partition("/")[0] for each in listed(condition.get("s3:prefix", [])))
        patterns += [f"{folder}/*" for folder in folders]
    for action in listed(statement["Action"]):
        for resource in listed(statement["Resource"]):
            for pattern in patterns or [""]:
                yield Permission(action, text(resource), pattern)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text(resource: Any) -> str:
    """Returns a resource as one text: `!GetAtt Table.Arn` as `${Table.Arn}`."""
    match resource:
        case {"GetAtt": name} | {"Ref": name}:
            return f"${{{name}}}"
        case {"Sub": name}:
            return str(name)
    return str(resource)

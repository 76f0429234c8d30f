"""AWS and other services in memory, limited to the calls of the engine. Nothing here takes time."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError
from runledger.nodes.tools import HttpRequest, HttpResponse

from tests.support.boundary import Boundary, Call


def client_error(code: str, operation: str, status: int = 400) -> ClientError:
    """Returns the error that boto3 raises for that code."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": f"refused: {code}"},
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]
        },
        operation,
    )


class _Events:
    """Accepts the handlers of a client's events. No event comes, because there is no connection."""

    def register(self, event: str, handler: Callable[..., object]) -> None:
        assert callable(handler)

    register_first = register
    unregister = register


class _Meta:
    events = _Events()


class Client:
    """A boto3 client: every method is a call across the boundary to a service in memory.

    `tries` is the client's configuration: with more than one, the client itself repeats a call
    whose answer is lost."""

    def __init__(self, service: str, backend: Any, boundary: Boundary, tries: int) -> None:
        self.meta = _Meta()
        self._service = service
        self._backend = backend
        self._boundary = boundary
        self._repeats = tries > 1

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._backend, name)
        operation = "".join(part.capitalize() for part in name.split("_"))

        def made(**request: Any) -> Any:
            target = str(next(iter(request.values()), ""))[:80]
            call = Call(self._service, operation, target, self._repeats)
            return self._boundary(call, lambda: method(**request))

        return made


@dataclass
class Ses:
    """E-mail. `sent` are the ids of the accepted deliveries, in the order of acceptance. `contents`
    are the contents of their messages, by delivery id. `refusals` are the error codes with which
    the next messages are refused."""

    sent: list[str] = field(default_factory=list)
    contents: dict[str, Any] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def send_email(
        self, *, EmailTags: list[dict[str, str]], Content: Any = None, **more: Any
    ) -> dict[str, Any]:
        if self.refusals:
            raise client_error(self.refusals.pop(0), "SendEmail")
        tags = {tag["Name"]: tag["Value"] for tag in EmailTags}
        self.sent.append(tags["deliveryId"])
        self.contents[tags["deliveryId"]] = Content
        return {"MessageId": f"message-{len(self.sent)}"}


@dataclass(frozen=True)
class SecretVersion:
    """One version of a secret. It never changes, except for its staging labels."""

    value: str
    labels: frozenset[str]


@dataclass
class Secrets:
    """Secrets Manager. `secrets` are the versions by the secret's name and their own id."""

    secrets: dict[str, dict[str, SecretVersion]] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, str]:
        """The current value of each secret, by its name."""
        return {
            name: version.value
            for name, versions in self.secrets.items()
            for version in versions.values()
            if "AWSCURRENT" in version.labels
        }

    def create_secret(
        self, *, Name: str, SecretString: str, ClientRequestToken: str = "", **more: Any
    ) -> dict[str, Any]:
        versions = self.secrets.get(Name)
        token = ClientRequestToken or "first"
        if versions is not None:
            self._refuse_another(versions, token, SecretString, "CreateSecret")
            return {"ARN": Name}
        self.secrets[Name] = {token: SecretVersion(SecretString, frozenset({"AWSCURRENT"}))}
        return {"ARN": Name}

    def delete_secret(self, *, SecretId: str, **more: Any) -> dict[str, Any]:
        self.secrets.pop(SecretId, None)
        return {}

    def describe_secret(self, *, SecretId: str) -> dict[str, Any]:
        versions = self._versions(SecretId, "DescribeSecret")
        return {
            "VersionIdsToStages": {
                each: sorted(version.labels) for each, version in versions.items() if version.labels
            }
        }

    def put_secret_value(
        self,
        *,
        SecretId: str,
        SecretString: str,
        ClientRequestToken: str,
        VersionStages: list[str],
    ) -> dict[str, Any]:
        versions = self._versions(SecretId, "PutSecretValue")
        if ClientRequestToken in versions:
            self._refuse_another(versions, ClientRequestToken, SecretString, "PutSecretValue")
            return {"ARN": SecretId}
        moved = frozenset(VersionStages)
        changed = {
            each: replace(version, labels=version.labels - moved)
            for each, version in versions.items()
        }
        changed[ClientRequestToken] = SecretVersion(SecretString, moved)
        self.secrets[SecretId] = changed
        return {"ARN": SecretId}

    def get_secret_value(
        self, *, SecretId: str, VersionId: str | None = None, VersionStage: str = "AWSCURRENT"
    ) -> dict[str, Any]:
        """Returns a version. A version without a label counts as deleted, because AWS may delete it
        at any time."""
        for each, version in self._versions(SecretId, "GetSecretValue").items():
            is_meant = VersionStage in version.labels if VersionId is None else each == VersionId
            if is_meant and version.labels:
                return {"SecretString": version.value, "VersionId": each}
        raise client_error("ResourceNotFoundException", "GetSecretValue")

    def _versions(self, name: str, operation: str) -> dict[str, SecretVersion]:
        if name not in self.secrets:
            raise client_error("ResourceNotFoundException", operation)
        return self.secrets[name]

    def _refuse_another(
        self, versions: dict[str, SecretVersion], token: str, value: str, operation: str
    ) -> None:
        """Checks a request to create a secret or version that exists already. Raises
        ResourceExistsException, unless a version of the secret has this token and this value: then
        the request only repeats an earlier one."""
        found = versions.get(token)
        if found is None or found.value != value:
            raise client_error("ResourceExistsException", operation)


@dataclass
class S3:
    objects: dict[str, bytes] = field(default_factory=dict)

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **more: Any) -> dict[str, Any]:
        self.objects[Key] = Body
        return {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self.objects:
            raise client_error("NoSuchKey", "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}

    def copy_object(self, *, Bucket: str, Key: str, CopySource: dict[str, str]) -> dict[str, Any]:
        if CopySource["Key"] not in self.objects:
            raise client_error("NoSuchKey", "CopyObject", 404)
        self.objects[Key] = self.objects[CopySource["Key"]]
        return {}

    def list_multipart_uploads(self, **request: Any) -> dict[str, Any]:
        return {}

    def list_objects_v2(self, *, Bucket: str, Prefix: str, **more: Any) -> dict[str, Any]:
        found = sorted(key for key in self.objects if key.startswith(Prefix))
        return {"Contents": [{"Key": key} for key in found], "IsTruncated": False}

    def delete_objects(self, *, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        for each in Delete["Objects"]:
            self.objects.pop(each["Key"], None)
        return {}

    def generate_presigned_url(self, *, ClientMethod: str, Params: Any, ExpiresIn: int) -> str:
        return f"https://{Params['Bucket']}/{Params['Key']}?for={ExpiresIn}"


def rule(name: str, pattern: dict[str, Any], state: str = "ENABLED") -> dict[str, Any]:
    return {"Name": name, "State": state, "EventPattern": json.dumps(pattern)}


@dataclass
class Bus:
    """EventBridge. `entries` are the published events. Its only rule matches all of our events."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(
        default_factory=lambda: [rule("all", {"source": ["runledger"]})]
    )

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        self.entries += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "event"} for _ in Entries]}

    def list_rules(self, *, EventBusName: str) -> dict[str, Any]:
        return {"Rules": self.rules}


@dataclass
class Scheduler:
    """EventBridge Scheduler; it stores schedules but fires none by itself."""

    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)

    def create_schedule(self, *, Name: str, **more: Any) -> dict[str, Any]:
        if Name in self.schedules:
            raise client_error("ConflictException", "CreateSchedule", 409)
        self.schedules[Name] = {"Name": Name, "State": "ENABLED", **more}
        return {"ScheduleArn": Name}

    def update_schedule(self, *, Name: str, **more: Any) -> dict[str, Any]:
        self._found(Name, "UpdateSchedule")
        self.schedules[Name] = {"Name": Name, "State": "ENABLED", **more}
        return {"ScheduleArn": Name}

    def get_schedule(self, *, Name: str, **more: Any) -> dict[str, Any]:
        return self._found(Name, "GetSchedule")

    def delete_schedule(self, *, Name: str, **more: Any) -> dict[str, Any]:
        self._found(Name, "DeleteSchedule")
        del self.schedules[Name]
        return {}

    def _found(self, name: str, operation: str) -> dict[str, Any]:
        if name not in self.schedules:
            raise client_error("ResourceNotFoundException", operation, 404)
        return self.schedules[name]


@dataclass
class Ssm:
    """Parameter Store, in which every parameter has the same value, `value`."""

    value: str

    def get_parameter(self, *, Name: str) -> dict[str, Any]:
        return {"Parameter": {"Name": Name, "Value": self.value}}


class Anything:
    """A service that accepts every call and answers nothing."""

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        return lambda **request: {}


@dataclass
class Http:
    """Stands for third-party services: answers every call with the same document, and remembers the
    calls."""

    boundary: Boundary
    answer: Any = field(default_factory=lambda: {"data": {"score": 42}})
    calls: list[HttpRequest] = field(default_factory=list)
    status_of: Callable[[str], int] = lambda url: 200

    def call(self, request: HttpRequest) -> HttpResponse:
        def act() -> HttpResponse:
            self.calls.append(request)
            return HttpResponse(
                status=self.status_of(request.url),
                headers=(("content-type", "application/json"),),
                body=json.dumps(self.answer).encode(),
                truncated=False,
                duration_ms=5,
            )

        made: HttpResponse = self.boundary(Call("http", request.method, request.url, False), act)
        return made

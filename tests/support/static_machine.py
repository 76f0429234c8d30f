"""The static state machines of statemachines/, in their deployed form, walked by moto with one
function for all their tasks."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend
from pydantic import BaseModel

from tests.support.environment import REGION
from tests.support.template import load_template

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

ROOT = Path(__file__).parents[2]
# Takes the body of an invocation and returns the function's answer.
Function = Callable[[str], BaseModel]


@dataclass(frozen=True, slots=True)
class StaticMachine:
    """A state machine of the template. `resource` is the machine's logical id, `function` the
    logical id of the function that the machine calls, and `arn` the machine's ARN in tests."""

    resource: str
    function: str
    arn: str

    def definition(self) -> dict[str, Any]:
        resource = load_template()["Resources"][self.resource]["Properties"]
        text = (ROOT / resource["DefinitionUri"]).read_text()
        arn = f"arn:aws:lambda:{REGION}:123456789012:function:{self.function}"
        for name in resource["DefinitionSubstitutions"]:
            text = text.replace("${" + name + "}", arn)
        assert "${" not in text
        parsed: dict[str, Any] = json.loads(text)
        return parsed

    def function_seconds(self) -> int:
        """Returns how long the machine's function may take."""
        timeout: int = load_template()["Resources"][self.function]["Properties"]["Timeout"]
        return timeout

    def task_seconds(self) -> list[int]:
        """Returns how long each task of the machine waits for an answer."""
        states = self.definition()["States"].values()
        return [each["TimeoutSeconds"] for each in states if each["Type"] == "Task"]

    def create(self, states: "SFNClient") -> None:
        states.create_state_machine(
            name=self.arn.rpartition(":")[2],
            definition=json.dumps(self.definition()),
            roleArn="arn:aws:iam::123456789012:role/machine",
        )


def last_status(states: "SFNClient", execution_arn: str) -> str:
    """Returns the status of an execution when it has ended."""
    deadline = time.monotonic() + 60
    while True:
        status = states.describe_execution(executionArn=execution_arn)["status"]
        if status != "RUNNING":
            return str(status)
        assert time.monotonic() < deadline, "the execution does not end"
        time.sleep(0.01)


@contextmanager
def walked_by_moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Function], None]]:
    """Opens an AWS account in moto that runs state machines. Yields `deploy`: after
    `deploy(function)`, every task of every machine invokes `function`. If `function` raises an
    exception, the task fails as it does when a Lambda function raises one."""
    config: Any = {
        "stepfunctions": {"execute_state_machine": True},
        "lambda": {"use_docker": False},
    }
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }

    def deploy(function: Function) -> None:
        def invoke(
            backend: Any, name: str, qualifier: str, body: Any, headers: Any, answer: Any
        ) -> bytes:
            try:
                return function(body).model_dump_json(by_alias=True).encode()
            except Exception as error:
                answer["x-amz-function-error"] = "Unhandled"
                cause = {"errorType": type(error).__name__, "errorMessage": str(error)}
                return json.dumps(cause).encode()

        monkeypatch.setattr(LambdaSimpleBackend, "invoke", invoke)

    with patch.dict("os.environ", environment), mock_aws(config=config):
        yield deploy

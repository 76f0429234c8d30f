"""The processor time that a new instance of the query function needs to start."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Of a start and the first request. Most of it are the descriptions of the models' fields.
MOST = 1.4
ROUNDS = 20
# What the function cannot do without.
LIBRARIES = ("boto3", "botocore", "pydantic", "pydantic_core", "aws_lambda_powertools")
IMPORT = "import sys; sys.path.insert(0, 'functions/query'); import handler"
# The resource with the most models.
FIRST = f"{IMPORT}; handler.include_router(handler.app, '/v1/runs')"
LIST = f"import json; print(json.dumps([m for m in sys.modules if m.split('.')[0] in {LIBRARIES}]))"


def run(code: str, compiled: Path) -> tuple[float, str]:
    """Returns the seconds of processor time of a new interpreter, and its output.

    Modules are compiled once, into a separate folder, so that this machine's own cache makes no
    difference.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "layers/runledger/python"),
        "PYTHONPYCACHEPREFIX": str(compiled),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, done.stdout


def test_the_query_function_takes_little_longer_than_its_libraries(
    report_figure: Callable[[str], None], tmp_path: Path
) -> None:
    _, printed = run(f"{FIRST}; {LIST}", tmp_path)
    used = json.loads(printed)
    resolver = "aws_lambda_powertools.event_handler.APIGatewayHttpResolver(enable_validation=True)"
    libraries = (
        f"import importlib, aws_lambda_powertools.event_handler\n"
        f"for name in {used}: importlib.import_module(name)\n{resolver}"
    )
    run(libraries, tmp_path)
    bare, whole = [], []
    ratio = 0.0
    # The least of several is what the code itself takes; other work on the machine only adds.
    for _ in range(ROUNDS):
        bare.append(run(libraries, tmp_path)[0])
        whole.append(run(FIRST, tmp_path)[0])
        ratio = min(whole) / min(bare)
        if len(whole) >= 3 and ratio <= MOST:
            break
    report_figure(
        f"importing the query function with its runs: {min(whole):.2f} s of processor time, "
        f"{ratio:.2f} times its libraries' {min(bare):.2f} s"
    )
    assert ratio <= MOST


# What loads slowly, and the functions whose invocations need it from the first on.
SLOW = {
    "liquid": {"run_logic", "run_message", "run_integration"},
    "babel": {"run_logic", "run_message", "run_integration"},
    # For e-mails: SES needs HTML, which most templates have or have made from their text.
    "css_inline": {"run_message"},
    "markdown_it": {"run_message"},
    # Only for a template without a plain text.
    "markdownify": set[str](),
    "httpcore": {"run_integration"},
    "phonenumbers": set[str](),
    "email_validator": set[str](),
}
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_new_instance_imports_only_what_its_invocations_need(name: str, tmp_path: Path) -> None:
    _, printed = run(
        f"import json, sys; sys.path.insert(0, 'functions/{name}'); import handler; "
        f"print(json.dumps(sorted(set({list(SLOW)}) & set(sys.modules))))",
        tmp_path,
    )
    assert json.loads(printed) == sorted(each for each in SLOW if name in SLOW[each])

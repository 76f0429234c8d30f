"""The start time and memory of a new instance of each function, and of its libraries alone (`make
bench`).

Both are measured in a new interpreter on this machine: the processor time until the handler is
loaded, and the most memory until then. On AWS the time depends on the function's memory; the ratio
between functions stays the same.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.support.environment import environment

ROOT = Path(__file__).parents[1]
# The least of several: other work on the machine only adds.
_ROUNDS = 5
_LIBRARIES = ("boto3", "botocore", "pydantic", "pydantic_core", "aws_lambda_powertools", "liquid")
_REPORT = """
import json, resource, sys
used = resource.getrusage(resource.RUSAGE_SELF)
libraries = [name for name in sys.modules if name.split(".")[0] in {libraries}]
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, libraries]))
"""


@dataclass(frozen=True, slots=True)
class Start:
    """Processor time in milliseconds, memory in MB, and the library modules that were loaded."""

    milliseconds: float
    megabytes: float
    libraries: tuple[str, ...]


def functions() -> list[str]:
    return sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))


def start_of(code: str, compiled: Path) -> Start:
    """Runs the code in several new interpreters and returns the fastest start. Modules are compiled
    once, into a folder of their own."""
    variables = {
        **os.environ,
        **environment(),
        "PYTHONPATH": str(ROOT / "layers/runledger/python"),
        "PYTHONPYCACHEPREFIX": str(compiled),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    found = []
    for _ in range(_ROUNDS):
        done = subprocess.run(
            [sys.executable, "-c", code + _REPORT.format(libraries=_LIBRARIES)],
            cwd=ROOT,
            env=variables,
            check=True,
            capture_output=True,
            text=True,
        )
        found.append(json.loads(done.stdout.splitlines()[-1]))
    least = min(found, key=lambda each: float(each[0]))
    return Start(1_000 * least[0], least[1], tuple(least[2]))


def main() -> None:
    print(
        f"{'new instance of':<20}{'ms':>8}{'libraries':>11}{'ratio':>8}{'MB':>8}{'libraries':>11}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in functions():
            imported = f"import sys; sys.path.insert(0, 'functions/{name}'); import handler"
            whole = start_of(imported, Path(folder))
            modules = list(whole.libraries)
            bare = start_of(
                f"import importlib\nfor name in {modules}: importlib.import_module(name)",
                Path(folder),
            )
            print(
                f"{name:<20}{whole.milliseconds:>8.0f}{bare.milliseconds:>11.0f}"
                f"{whole.milliseconds / bare.milliseconds:>8.2f}"
                f"{whole.megabytes:>8.0f}{bare.megabytes:>11.0f}"
            )


if __name__ == "__main__":
    main()

"""The built dependency layer has exactly the packages that the functions import, for Lambda's
platform.

The local functions use the emulator's own interpreter and its packages. So a package that the layer
lacks would only be missed on AWS.
"""

import ast
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "dependencies"
# Lambda takes 250 MB of a function and all its layers, unzipped; the cold start grows with it.
# cryptography, which verifies public keys, takes a quarter of it, and css-inline 4 MB.
MOST_MEGABYTES = 50
# Commands, which no function runs. They use the whole of botocore.
ON_AN_OPERATORS_MACHINE = {"doctor", "prune_cli", "stack_removal"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("layer")
    environment = {
        **os.environ,
        "ARTIFACTS_DIR": str(target),
        "UV": str(Path(sys.executable).with_name("uv")),
    }
    command = ["make", "--silent", "-C", str(LAYER), "build-DependenciesLayer"]
    subprocess.run(command, env=environment, check=True)
    return target / "python"


def third_party() -> set[str]:
    """Returns the top-level names that the functions and the domain layer import at run time."""
    found: set[str] = set()
    for folder in (ROOT / "functions", ROOT / "layers" / "runledger" / "python"):
        for path in folder.rglob("*.py"):
            tree = ast.parse(path.read_text())
            typing_only = {
                child
                for node in ast.walk(tree)
                if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
                for child in ast.walk(node)
            }
            for node in ast.walk(tree):
                if node in typing_only:
                    continue
                if isinstance(node, ast.Import):
                    found |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"runledger"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_imported_package_is_in_the_layer(built: Path) -> None:
    names = third_party()
    assert {"boto3", "pydantic", "liquid", "httpcore"} <= names
    missing = {
        name
        for name in names
        if not (built / name).exists() and not (built / f"{name}.py").exists()
    }
    assert missing == set()


def test_every_direct_dependency_is_imported(built: Path) -> None:
    """The project lists no package that it does not use."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {normal(re.split(r"\[|==", each)[0]) for each in project["dependencies"]}
    owners = packages_distributions()
    used = {normal(owner) for name in third_party() for owner in owners.get(name, [])}
    # zoneinfo reads it, but no code imports it.
    assert asked - {"tzdata"} <= used
    assert used - asked <= {"botocore", "pydantic-core"}


def test_compiled_modules_are_built_for_lambda(built: Path) -> None:
    compiled = [path.name for path in built.rglob("*.so")]
    assert any("pydantic_core" in name for name in compiled)
    assert all("cpython-313-aarch64" in name or "abi3" in name for name in compiled), compiled


def test_the_layer_has_the_service_models_that_are_used(built: Path) -> None:
    text = "\n".join(
        path.read_text()
        for folder in (ROOT / "functions", ROOT / "layers" / "runledger" / "python")
        for path in folder.rglob("*.py")
        if not ON_AN_OPERATORS_MACHINE & {*path.parts, path.stem}
    )
    called = set(re.findall(r'(?<!boto3\.)(?:\b|_)client\("([a-z0-9-]+)"\)', text))
    channels = {"sesv2", "pinpoint-sms-voice-v2", "socialmessaging"}
    assert {"dynamodb", "s3", "ssm", "stepfunctions"} | channels <= called
    for service in called:
        assert (built / "botocore" / "data" / service).is_dir(), service


def test_the_layer_is_small(built: Path) -> None:
    size = sum(path.stat().st_size for path in built.rglob("*") if path.is_file())
    print(f"dependency layer: {size / 1e6:.1f} MB unzipped")
    assert size < MOST_MEGABYTES * 1_000_000

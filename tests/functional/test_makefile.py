"""What `make` runs for a target."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("typed", "set_before", "asked_for"),
    [
        (["token"], {}, ""),
        (["token", "AS=viewer@demo.example"], {}, " viewer@demo.example"),
        (["token"], {"AS": "admin@demo.example"}, " admin@demo.example"),
    ],
)
def test_make_token_passes_on_the_named_user_if_there_is_one(
    typed: list[str], set_before: dict[str, str], asked_for: str
) -> None:
    assert commands(*typed, **set_before)[-1] == f".venv/bin/python -m local.token{asked_for}"


@pytest.mark.parametrize(
    ("typed", "of_sam", "of_ours"),
    [
        ([], "", ""),
        (["STACK=acme"], " --stack-name acme", " --stack acme"),
        (
            ["STACK=acme", "REGION=eu-west-1"],
            " --stack-name acme --region eu-west-1",
            " --stack acme --region eu-west-1",
        ),
    ],
)
def test_every_step_of_a_deployment_is_about_the_same_stack(
    typed: list[str], of_sam: str, of_ours: str
) -> None:
    check, deploy, publish, prune, _ = commands("deploy", *typed)[-5:]
    assert check == f".venv/bin/python -m local.target{of_ours}"
    tags = f'"$(.venv/bin/python -m local.target --tags{of_ours})"'
    assert deploy.replace(" )", ")") == f".tools/bin/sam deploy{of_sam} --tags {tags}"
    assert publish == f".venv/bin/python -m local.publish_console{of_ours}"
    assert f"local.target{of_ours}" in prune
    assert "runledger prune $target ||" in prune


def test_a_guided_deployment_asks_for_the_stack_first() -> None:
    ran = commands("deploy", "SAM_ARGS=--guided")[-4:-2]
    assert ran == [
        ".tools/bin/sam deploy --guided",
        ".venv/bin/python -m local.publish_console",
    ]


@pytest.mark.parametrize(
    ("typed", "asked_for"),
    [
        (["STACK=acme"], " --stack acme"),
        (["LOCAL=1"], " --local"),
        (["COMPARED=https://a.example"], " --compared https://a.example"),
    ],
)
def test_the_smoke_test_is_about_the_named_stack(typed: list[str], asked_for: str) -> None:
    ran = commands("smoke", *typed)
    assert ran[-1] == f".venv/bin/python -m local.smoke_stack{asked_for}"


@pytest.mark.parametrize("target", ["destroy", "doctor"])
def test_no_stack_is_removed_or_checked_if_the_target_is_refused(target: str) -> None:
    ran = subprocess.run(
        ["make", "-o", ".venv/.synced", target, "STACK=a_b", "REGION=us-east-1"],
        cwd=ROOT,
        env={**os.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert ran.stderr.startswith("a stack cannot be called 'a_b'")
    assert "runledger:" not in ran.stderr + ran.stdout


def commands(*typed: str, **set_before: str) -> list[str]:
    """Returns what make would run, with single spaces."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    for name in ("AS", "STACK", "REGION", "SAM_ARGS", "LOCAL", "COMPARED"):
        inherited.pop(name, None)
    printed = subprocess.run(
        ["make", "--dry-run", *typed],
        cwd=ROOT,
        env={**inherited, **set_before},
        capture_output=True,
        text=True,
        check=True,
    )
    return [" ".join(line.split()) for line in printed.stdout.splitlines() if line.strip()]

"""docs/sources.md is generated, and its commands send what the sources accept."""

import subprocess
import time
from pathlib import Path

import pytest
from runledger.sources.base import Received, SourceKeys
from runledger.sources.registry import all_sources
from runledger.sources.source import Source

from local.sample_commands import sample_command
from local.source_presets import TARGET as PRESETS
from local.source_presets import rendered as rendered_presets
from local.sources_page import TARGET, rendered

ADDRESS = "https://hooks.example.com/v1/webhooks/in/token"
SECRET = "aB3d" * 12
# Writes its arguments, each ended by a zero byte.
RECORDING_CURL = 'curl() { printf "%s\\0" "$@"; }\n'
COMMANDS = [each for each in all_sources() if sample_command(each) is not None]


def test_the_page_is_up_to_date() -> None:
    assert TARGET.read_text(encoding="utf-8") == rendered(), "run `make generate`"


def test_only_senders_with_a_private_key_have_no_command() -> None:
    without = {each.facts.preset for each in all_sources()} - {
        each.facts.preset for each in COMMANDS
    }
    assert without == {"SENDGRID", "SNS"}


@pytest.mark.parametrize("source", COMMANDS, ids=lambda each: each.facts.preset)
def test_a_command_sends_a_sample_that_is_accepted(source: Source, tmp_path: Path) -> None:
    command = sample_command(source)
    script = f"{RECORDING_CURL}URL={ADDRESS}\nSECRET={SECRET}\nset -euo pipefail\n{command}"
    ran = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, timeout=30, check=True
    )
    received = _received(ran.stdout.split(b"\0")[:-1])
    proof = source.scheme.verify(received, SourceKeys(secrets=(SECRET,)))
    assert proof.covers_body is source.facts.properties.signs_body
    assert b"%" not in received.body.replace(b"%2B", b"")


def _received(arguments: list[bytes]) -> Received:
    """Returns the request that curl would make."""
    url, *rest = (each.decode() for each in arguments)
    headers: dict[str, str] = {}
    body = ""
    for option, value in zip(rest[::2], rest[1::2], strict=True):
        if option == "--header":
            name, _, text = value.partition(": ")
            headers[name.lower()] = text
        elif option == "--data-binary":
            body = value
        else:
            raise AssertionError(f"curl is called with {option}")
    return Received("POST", url, headers, {}, body.encode(), time.time_ns() // 1_000_000)


def test_the_senders_in_the_console_tests_are_up_to_date() -> None:
    assert PRESETS.read_text(encoding="utf-8") == rendered_presets(), "run `make generate`"

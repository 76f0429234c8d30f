"""Which stack and region the commands of `make` are about."""

from argparse import ArgumentParser
from pathlib import Path

import pytest

from local import target
from local.settings import LocalError

CONFIG = """
[default.global.parameters]
stack_name = "acme"
region = "eu-west-1"

[default.deploy.parameters]
region = "eu-central-1"
"""


@pytest.fixture(autouse=True)
def no_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))


def found(tmp_path: Path, text: str, *arguments: str) -> tuple[str, str]:
    config = tmp_path / "samconfig.toml"
    config.write_text(text)
    parser = ArgumentParser()
    target.add_options(parser)
    named = target.target_of(parser.parse_args(arguments), config)
    return named.stack, named.region


def test_the_file_of_the_sam_cli_names_both(tmp_path: Path) -> None:
    assert found(tmp_path, CONFIG) == ("acme", "eu-central-1")


def test_the_stacks_own_tags_follow_those_of_the_file(tmp_path: Path) -> None:
    config = tmp_path / "samconfig.toml"
    config.write_text("[default.deploy.parameters]\ntags = 'team=\"a b\" stack=old'")
    acme = target.Target("acme", "eu-west-1")
    # `sam deploy` takes the last of two tags with the same key.
    assert target.tags_of(acme, config) == 'team="a b" stack=old application=runledger stack=acme'
    config.write_text("")
    assert target.tags_of(acme, config) == "application=runledger stack=acme"


def test_the_tags_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert target.main(["--stack", "acme", "--region", "eu-west-1", "--tags"]) == 0
    assert capsys.readouterr().out.split()[-2:] == ["application=runledger", "stack=acme"]


def test_an_option_wins(tmp_path: Path) -> None:
    options = ("--stack", "other", "--region", "us-west-2")
    assert found(tmp_path, CONFIG, *options) == ("other", "us-west-2")


def test_the_region_of_the_profile_is_the_last_resort(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-2")
    assert found(tmp_path, "") == ("runledger", "us-east-2")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name the region"),
        (("--region", "ap-east-1"), "ap-east-1"),
        (("--region", "us-east-1", "--stack", "a_b"), "'a_b'"),
    ],
)
def test_what_cannot_be_deployed_is_refused_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    with pytest.raises(LocalError, match=words) as refused:
        found(tmp_path, "", *arguments)
    assert len(str(refused.value).splitlines()) == 1


def test_the_command_exits_with_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert target.main(["--region", "mars-1"]) == 1
    assert "mars-1" in capsys.readouterr().err
    assert target.main(["--region", "us-east-1", "--stack", "acme"]) == 0
    assert capsys.readouterr().out == "--stack acme --region us-east-1\n"

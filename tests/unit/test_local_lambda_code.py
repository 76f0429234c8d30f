"""Local Lambda workers share their unpacked code."""

import tempfile
import zipfile
from pathlib import Path

import pytest

from local.patches.lambda_code import SharedArchive


def _archive(path: Path, text: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("python/module.py", text)
    return path


def _unpacked(archive: Path, folder: Path) -> Path:
    folder.mkdir()
    with SharedArchive(archive) as opened:
        opened.extractall(folder)
    return folder / "python" / "module.py"


def test_an_archive_is_unpacked_once_for_all_its_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    code = _archive(tmp_path / "code.zip", "A = 1")
    other = _archive(tmp_path / "other.zip", "A = 2")
    again = tmp_path / "again.zip"
    again.write_bytes(code.read_bytes())
    first = _unpacked(code, tmp_path / "first")
    second = _unpacked(again, tmp_path / "second")
    assert first.read_text() == "A = 1"
    assert first.samefile(second)
    assert _unpacked(other, tmp_path / "third").read_text() == "A = 2"
    assert first.read_text() == "A = 1"

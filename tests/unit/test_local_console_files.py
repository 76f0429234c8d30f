"""The local gateway reads and compresses each file of the console once."""

import gzip
import os
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from local.console_files import COMPRESSED_FROM, ConsoleFiles

SCRIPT = b"export const a = 1;\n" * COMPRESSED_FROM


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "small.js").write_bytes(b"1;")
    (tmp_path / "assets" / "logo.png").write_bytes(bytes(2 * COMPRESSED_FROM))
    return tmp_path


def ask(files: ConsoleFiles, path: str, **headers: str) -> Response:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return files.answer(path, Request({"type": "http", "method": "GET", "headers": named}))


def test_a_file_is_compressed_for_callers_who_accept_that(folder: Path) -> None:
    files = ConsoleFiles(folder)
    plain = ask(files, "assets/index.js")
    packed = ask(files, "assets/index.js", accept_encoding="gzip, br")
    assert bytes(plain.body) == SCRIPT == gzip.decompress(packed.body)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    assert packed.headers["content-length"] == str(len(packed.body))
    assert plain.headers["content-type"] == packed.headers["content-type"]
    assert "javascript" in plain.headers["content-type"]


@pytest.mark.parametrize("name", ["small.js", "logo.png"])
def test_a_short_file_and_a_picture_stay_as_they_are(folder: Path, name: str) -> None:
    answer = ask(ConsoleFiles(folder), f"assets/{name}", accept_encoding="gzip")
    assert "content-encoding" not in answer.headers
    assert bytes(answer.body) == (folder / "assets" / name).read_bytes()


def test_a_known_file_is_not_sent_again_until_it_changes(folder: Path) -> None:
    files = ConsoleFiles(folder)
    etag = ask(files, "assets/index.js").headers["etag"]
    known = ask(files, "assets/index.js", if_none_match=etag)
    assert (known.status_code, bytes(known.body)) == (304, b"")
    path = folder / "assets" / "index.js"
    path.write_bytes(SCRIPT[::-1])
    os.utime(path, ns=(1, 1))
    changed = ask(files, "assets/index.js", if_none_match=etag)
    assert (changed.status_code, bytes(changed.body)) == (200, SCRIPT[::-1])


@pytest.mark.parametrize(
    "path", ["assets/none.js", "assets", "../secret.txt", "a\0b.js", "", "a" * 300, "a/" * 5_000]
)
def test_everything_else_is_not_found(folder: Path, path: str) -> None:
    (folder.parent / "secret.txt").write_text("secret")
    with pytest.raises(HTTPException) as error:
        ask(ConsoleFiles(folder), path)
    assert error.value.status_code == 404

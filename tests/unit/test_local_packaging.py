"""The code that the local stack uploads: the same archive for the same files."""

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

from local.packaging import BUCKET, content, pack, upload


class Objects:
    """The parts of a client of S3 that an upload uses."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}

    def create_bucket(self, **request: str) -> None:
        assert request == {"Bucket": BUCKET}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        self.stored[f"s3://{Bucket}/{Key}"] = Body


def _code(folder: Path, text: str) -> Path:
    (folder / "package" / "__pycache__").mkdir(parents=True)
    (folder / "handler.py").write_text(text)
    (folder / "package" / "inner.py").write_text("INNER = 1\n")
    (folder / "package" / "__pycache__" / "inner.pyc").write_bytes(os.urandom(8))
    return folder


def test_a_folder_is_packed_without_compiled_modules(tmp_path: Path) -> None:
    packed = content(_code(tmp_path / "one", "HANDLER = 1\n"))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["handler.py", "package/inner.py"]
        assert archive.read("handler.py") == b"HANDLER = 1\n"


def test_equal_files_make_an_equal_archive(tmp_path: Path) -> None:
    one = _code(tmp_path / "one", "HANDLER = 1\n")
    two = _code(tmp_path / "two", "HANDLER = 1\n")
    os.utime(two / "handler.py", (0, 0))
    assert content(one) == content(two)
    (two / "handler.py").write_text("HANDLER = 2\n")
    assert content(one) != content(two)


def test_the_template_names_what_was_uploaded(tmp_path: Path) -> None:
    machine = tmp_path / "machine.asl.json"
    machine.write_text("{}")
    code = _code(tmp_path / "one", "HANDLER = 1\n")
    template: dict[str, Any] = {
        "Resources": {
            "Run": {"Properties": {"CodeUri": str(code), "Handler": "handler.handler"}},
            "Machine": {"Properties": {"DefinitionUri": str(machine)}},
            "Queue": {},
        }
    }
    objects = Objects()
    address = upload(objects, pack(template))
    stored = objects.stored[f"s3://{BUCKET}/{address.rsplit('/', 1)[-1]}"]
    resources = json.loads(stored)["Resources"]
    assert objects.stored[resources["Run"]["Properties"]["CodeUri"]] == content(code)
    assert objects.stored[resources["Machine"]["Properties"]["DefinitionUri"]] == b"{}"
    assert resources["Run"]["Properties"]["Handler"] == "handler.handler"
    # The template itself stays as it is.
    assert template["Resources"]["Run"]["Properties"]["CodeUri"] == str(code)

"""Uploads the code that the template names to the emulator, as `sam deploy` does on AWS.

The SAM CLI would take ten seconds, most of them to start itself.
"""

import hashlib
import io
import json
import zipfile
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.settings import REGION

BUCKET = "runledger-local-code"
# Properties with the path of a folder, which is packed, or of a file.
FILES = ("CodeUri", "ContentUri", "DefinitionUri")
# Equal files make an equal archive, whenever they were written.
_WRITTEN = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16


@dataclass(frozen=True, slots=True)
class Package:
    """The objects to upload, by key. A key is the digest of the object's content. `template` is the
    template's key."""

    objects: dict[str, bytes]
    template: str


def pack(template: dict[str, Any]) -> Package:
    """Packs a template with the files that it names. An object's key is the digest of its content,
    so a function gets a new version only if its code changed."""
    objects: dict[str, bytes] = {}
    packed = deepcopy(template)
    for resource in packed["Resources"].values():
        properties = resource.get("Properties", {})
        for name in FILES:
            if name in properties:
                key = _add(objects, content(Path(properties[name])))
                properties[name] = f"s3://{BUCKET}/{key}"
    return Package(objects, _add(objects, json.dumps(packed).encode()))


def upload(s3: Any, package: Package) -> str:
    """Uploads the objects and returns the template's address."""
    s3.create_bucket(Bucket=BUCKET)
    for key, body in package.objects.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    return f"https://s3.{REGION}.amazonaws.com/{BUCKET}/{package.template}"


def content(path: Path) -> bytes:
    """Returns a file's content, or the archive of a folder without compiled modules."""
    if path.is_file():
        return path.read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(path.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                entry = zipfile.ZipInfo(file.relative_to(path).as_posix(), _WRITTEN)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = _MODE
                archive.writestr(entry, file.read_bytes())
    return packed.getvalue()


def _add(objects: dict[str, bytes], body: bytes) -> str:
    key = hashlib.sha256(body).hexdigest()
    objects[key] = body
    return key

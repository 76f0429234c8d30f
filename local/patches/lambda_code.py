"""Lambda: the workers share their code.

The emulator unpacks the layers for each worker, and each worker compiles them: hundreds of files at
every cold start. With this patch, an archive is unpacked once, and a worker's folder is a link to
it.
"""

import hashlib
import io
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace

from ministack.core import lambda_runtime

from local.patches import guard

_unpacking = threading.Lock()


def apply() -> None:
    guard.expect(lambda_runtime.Worker, "_spawn", "c55febf956565c5e")
    lambda_runtime.zipfile = SimpleNamespace(
        ZipFile=SharedArchive,
        BadZipFile=zipfile.BadZipFile,
        LargeFileError=zipfile.LargeZipFile,
    )


class SharedArchive:
    """An archive that is unpacked once, below the scratch folder. It has the parts of
    zipfile.ZipFile that the emulator uses."""

    def __init__(self, file: str | Path) -> None:
        self._content = Path(file).read_bytes()

    def __enter__(self) -> "SharedArchive":
        return self

    def __exit__(self, *_: object) -> None:
        """Does nothing: no file is open."""

    def namelist(self) -> list[str]:
        """Returns no names. For each worker, the emulator would check that each name is inside the
        folder. That is not needed: zipfile never writes outside of it."""
        return []

    def extractall(self, path: str | Path) -> None:
        """Replaces the empty folder `path` by a link to the unpacked archive."""
        folder = Path(path)
        folder.rmdir()
        folder.symlink_to(unpacked(self._content), target_is_directory=True)


def unpacked(archive: bytes) -> Path:
    """Returns the folder with the archive's files."""
    shared = (
        Path(tempfile.gettempdir()).resolve() / "lambda-code" / hashlib.sha256(archive).hexdigest()
    )
    with _unpacking:
        if not shared.exists():
            draft = shared.with_suffix(".part")
            with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                opened.extractall(draft)
            draft.rename(shared)
    return shared

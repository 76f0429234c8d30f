"""Lambda: the workers share their code.

The emulator unpacks the layers for each worker, and each worker compiles them: hundreds of files at
every cold start. With this patch, an archive is unpacked once, and a worker's folder is a link to
it.
"""

import hashlib
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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


class SharedArchive(zipfile.ZipFile):
    """An archive that is unpacked once, below the scratch folder."""

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        """Replaces the empty folder `path` by a link to the unpacked archive."""
        assert self.filename is not None and members is None and pwd is None
        digest = hashlib.sha256(Path(self.filename).read_bytes()).hexdigest()
        shared = Path(tempfile.gettempdir(), "lambda-code", digest)
        with _unpacking:
            if not shared.exists():
                draft = shared.with_suffix(".part")
                super().extractall(draft)
                draft.rename(shared)
        folder = Path(path)
        folder.rmdir()
        folder.symlink_to(shared, target_is_directory=True)

"""The console's files, each read and compressed once: a page loads about a hundred of them."""

import gzip
import stat
from dataclasses import dataclass
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

# The distribution compresses files from this length on, in bytes.
COMPRESSED_FROM = 1_000
# Pictures are compressed already.
_COMPRESSED_TYPES = ("text/", "application/javascript", "application/json", "image/svg+xml")


@dataclass(frozen=True, slots=True)
class _File:
    media_type: str
    etag: str
    content: bytes
    # The content compressed with gzip, or None if that makes no sense.
    packed: bytes | None


class ConsoleFiles:
    """Serves the files of a folder. A file that has changed is read again."""

    def __init__(self, directory: Path) -> None:
        self._found = StaticFiles(directory=directory, check_dir=False)
        self._read: dict[tuple[str, int, int], _File] = {}

    def answer(self, path: str, request: Request) -> Response:
        """Returns the file at a path, compressed if the caller accepts it. Raises HTTPException
        404 if there is none."""
        try:
            full_path, found = self._found.lookup_path(path)
        except (OSError, ValueError):
            # No file can have such a name: it is too long, or contains NUL.
            raise HTTPException(404) from None
        if found is None or not stat.S_ISREG(found.st_mode):
            raise HTTPException(404)
        key = (full_path, found.st_mtime_ns, found.st_size)
        if key not in self._read:
            self._read[key] = _read(Path(full_path))
        file = self._read[key]
        headers = {"ETag": file.etag}
        if file.packed is not None:
            headers["Vary"] = "Accept-Encoding"
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if file.packed is None or "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(file.content, headers=headers, media_type=file.media_type)
        headers["Content-Encoding"] = "gzip"
        return Response(file.packed, headers=headers, media_type=file.media_type)


def _read(path: Path) -> _File:
    content = path.read_bytes()
    media_type = guess_type(path.name)[0] or "application/octet-stream"
    is_packed = len(content) >= COMPRESSED_FROM and media_type.startswith(_COMPRESSED_TYPES)
    return _File(
        media_type,
        f'"{sha256(content).hexdigest()[:32]}"',
        content,
        gzip.compress(content, mtime=0) if is_packed else None,
    )

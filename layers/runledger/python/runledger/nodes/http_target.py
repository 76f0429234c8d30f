"""The address of a call as its failure group stores it: the host and the parts of the path that are
not values."""

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from runledger.models.fingerprint import is_fixed_part, is_word_part
from runledger.models.run import FailedCall

if TYPE_CHECKING:
    import httpx

_VALUE = "{id}"
_PATH_CHARACTERS = 160
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# Replaces Liquid in a template; never part of a word.
_MARK = "%"


def failed_call(method: str, template: str, url: str, status: int | None) -> FailedCall | None:
    """Returns the failed call. `template` is the address in the node's config. `url` is the
    rendered address, with secrets removed. `status` is the status of the answer, or None if there
    was no answer.

    `url` is the address that was called first, because redirects may lead to another address each
    time. Returns None if `url` is not an address, because then nothing was called.
    """
    import httpx

    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError):
        return None
    if not parsed.host:
        return None
    return FailedCall(method=method, host=_host(parsed), path=_path(template, url), status=status)


def _host(url: "httpx.URL") -> str:
    """Returns the host in lower case and in Unicode, with the port if it is not the default."""
    host = url.host.rstrip(".")
    shown = f"[{ip_address(host).compressed}]" if ":" in host else host
    return shown if url.port is None else f"{shown}:{url.port}"


def _path(template: str, url: str) -> str:
    """Returns the path with `{id}` in place of each part that may differ from call to call: each
    part of `template` that contains Liquid, is long, or looks like a token or an address.

    If a value contains slashes or is empty, `template` and `url` have different numbers of parts.
    Then the path of `url` is returned, with `{id}` in place of each part that does not look like a
    word. A long path is cut."""
    written, made = _parts(_LIQUID.sub(_MARK, template)), _parts(url)
    if len(written) == len(made):
        shape = "".join(f"/{part if is_fixed_part(part) else _VALUE}" for part in written)
    else:
        shape = "".join(f"/{part if is_word_part(part) else _VALUE}" for part in made)
    return shape if len(shape) <= _PATH_CHARACTERS else f"{shape[:_PATH_CHARACTERS]}…"


def _parts(address: str) -> list[str]:
    """Returns the parts of the path, without parameters. Empty parts are ignored."""
    rest = address.strip().partition("://")[2] or address.strip()
    path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")[2]
    return [part.partition(";")[0] for part in path.split("/") if part.partition(";")[0]]

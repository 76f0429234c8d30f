"""Where code hosts and the site read a table differently."""

import re

_ROW = re.compile(r"^\|.*$", re.MULTILINE)
_CODE = re.compile(r"`[^`]+`")


def with_plain_pipes(text: str) -> str:
    """The page with `\\|` in a table's code as a plain pipe: code hosts need the backslash, and the
    site would show it."""
    return _ROW.sub(lambda row: _CODE.sub(lambda code: code[0].replace("\\|", "|"), row[0]), text)

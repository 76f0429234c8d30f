"""Replaces the Liquid of a text by marks, so that a parser of HTML can read the text."""

import re

# Stands for a value. No author types this character: it is for private use.
VALUE = "\ue000"

_MARKUP = re.compile(
    r"\{%-?\s*raw\s*-?%\}(?P<raw>.*?)\{%-?\s*endraw\s*-?%\}"
    r"|\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}"
    r"|(?P<output>\{\{.*?\}\})"
    r"|(?P<tag>\{%.*?%\})",
    re.DOTALL,
)
# Tags that write values.
_WRITING = re.compile(r"\{%-?\s*(echo|cycle|increment|decrement|liquid|tablerow)\b")


def with_marks(source: str) -> str:
    """Returns the text with `VALUE` for everything that writes a value, and without other Liquid.
    Lines keep their numbers."""
    return _MARKUP.sub(_mark, source)


def _mark(found: re.Match[str]) -> str:
    if found["raw"] is not None:
        return found["raw"]
    writes = found["output"] is not None or (
        found["tag"] is not None and _WRITING.match(found["tag"]) is not None
    )
    return (VALUE if writes else "") + "\n" * found[0].count("\n")

"""How a Liquid text may use a secret, so that redaction recognizes its value if it comes back.

A secret may only be inserted by `{{ … }}`, with at most one encoding. Redaction does not recognize
a value that was encoded twice in different ways.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from runledger.templating import parsed

_ENCODINGS = frozenset({"base64_encode", "base64_url_safe_encode", "url_encode", "escape", "json"})
_BASE64 = frozenset({"base64_encode", "base64_url_safe_encode"})
_BESIDE = frozenset({"append", "prepend", "strip"})
# Base64 may be followed by URL encoding, as an address needs it: redaction knows this form.
_CHAINS: frozenset[tuple[str, ...]] = frozenset(
    {*((encoding,) for encoding in _ENCODINGS), *((each, "url_encode") for each in _BASE64)}
)


@lru_cache(maxsize=512)
def hidden_uses(source: str) -> tuple[str, ...]:
    """Describes the uses of a secret in the text that redaction would not recognize; empty if there
    are none. Raises TemplateSyntaxError."""
    template = parsed(source)
    return tuple(dict.fromkeys(_hidden(template.nodes, template)))


def _hidden(nodes: Iterable[Any], template: Any, *, is_captured: bool = False) -> Iterator[str]:
    # Imported here, because Liquid loads slowly and most functions that know this module need none.
    from liquid.builtin.output import OutputNode
    from liquid.builtin.tags.capture_tag import CaptureNode
    from liquid.builtin.tags.echo_tag import EchoNode

    for node in nodes:
        is_output = isinstance(node, OutputNode | EchoNode)
        for expression in node.expressions():
            if not _reads_secret(expression):
                continue
            if is_captured or not is_output:
                yield (
                    "a secret may stand only in {{secret.NAME}}; a tag ({% … %}) must not read or "
                    "capture it"
                )
            else:
                yield from _chain(expression)
        inside = is_captured or isinstance(node, CaptureNode)
        yield from _hidden(node.children(template), template, is_captured=inside)


def _chain(expression: Any) -> Iterator[str]:
    names = [each.name for each in getattr(expression, "filters", None) or ()]
    if not hasattr(expression, "filters") or _is_key(expression):
        yield "write the secret as {{secret.NAME}}, without a condition and not as a key"
        return
    unknown = next((name for name in names if name not in _ENCODINGS | _BESIDE), None)
    if unknown is not None:
        yield (
            f"the filter `{unknown}` cannot be used with a secret: the secret could no longer be "
            "recognized and hidden in the history"
        )
        return
    encodings = tuple(name for name in names if name in _ENCODINGS)
    if encodings and encodings not in _CHAINS:
        yield (
            f"encode a secret only once, not by {' and then '.join(f'`{e}`' for e in encodings)}: "
            "the secret could no longer be recognized and hidden in the history"
        )


def _is_key(expression: Any, *, is_inside: bool = False) -> bool:
    """Whether the value of a secret selects which variable is read, as in trigger[secret.KEY]."""
    path = getattr(expression, "path", None)
    if path and path[0] == "secret" and is_inside:
        return True
    inside = is_inside or path is not None
    return any(_is_key(each, is_inside=inside) for each in expression.children())


def _reads_secret(expression: Any) -> bool:
    path = getattr(expression, "path", None)
    if path and path[0] == "secret":
        return True
    return any(_reads_secret(each) for each in expression.children())

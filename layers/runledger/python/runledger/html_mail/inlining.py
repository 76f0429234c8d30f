"""Writes CSS rules into the elements of an e-mail."""

from css_inline import CSSInliner, InlineError

from runledger.errors import NodeError

_DOCTYPE = "<!doctype html>"
# A style sheet could come from a file or from another host.
_INLINER = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def with_inlined_css(html: str) -> str:
    """Moves CSS rules into the elements of an e-mail; `parts.with_inlined_css` has the details."""
    try:
        whole = _INLINER.inline(html)
    except InlineError as error:
        raise NodeError(
            "TEMPLATE_ERROR", "the CSS of the HTML is not valid", cause=str(error)
        ) from error
    return whole if whole[: len(_DOCTYPE)].lower() == _DOCTYPE else f"{_DOCTYPE}{whole}"

"""The pages of an unsubscribe link, as HTML. They need no script, cookie or redirect."""

from html import escape
from http import HTTPStatus

from runledger.services.messages.unsubscribe import ONE_CLICK

# The console's files have it at this address; a page has no styles of its own, because the
# Content-Security-Policy allows none.
_STYLES = "/unsubscribe.css"
# The link itself is the problem: it is not ours, or it has expired.
_BAD_LINK = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{styles}">
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""
# Without an action, a form goes to the address of its page.
_FORM = """\
<p>You will get no more marketing messages from {workspace}. Messages about your own orders and your
account still arrive.</p>
<form method="post">
<input type="hidden" name="{name}" value="{value}">
<button type="submit">Unsubscribe</button>
</form>"""


def offer_page(workspace: str) -> str:
    """Returns the page that asks for confirmation."""
    name, value = ONE_CLICK
    content = _FORM.format(workspace=escape(workspace), name=name, value=value)
    return _page(f"Unsubscribe from {workspace}?", content)


def done_page(workspace: str) -> str:
    text = (
        f"<p>You get no more marketing messages from {escape(workspace)}. One that is being sent "
        "at this moment may still arrive.</p>"
    )
    return _page("You are unsubscribed", text)


def refused_page(reason: str, status: int) -> str:
    """Returns the page that answers a refused request with `status`. It shows `reason`, except for
    a fault on our side, such as a wrong setting."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        reason = "something went wrong on our side"
    if status in _BAD_LINK:
        advice = "To unsubscribe, use the link in a newer message, or answer the message."
    else:
        advice = "Your link stays valid. Try it again in a few minutes."
    text = f"<p>{escape(reason[:1].upper() + reason[1:])}.</p>\n<p>{advice}</p>"
    return _page("Nothing was changed", text)


def _page(title: str, content: str) -> str:
    return _PAGE.format(title=escape(title), styles=_STYLES, content=content)

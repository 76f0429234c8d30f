"""Writes docs/api.md: every route of the API's document, by subject."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.openapi import Document, document

TARGET = Path(__file__).parents[1] / "docs" / "api.md"

_HEAD = """# The API

Generated from the API's OpenAPI document by `make generate`; do not edit.

The document itself, with every field, is `GET /v1/openapi.json` of a running stack. How to call:
[tokens](tokens.md), [your first automation](first-automation.md), [editing](editing.md).

{description}

*Role* is the lowest role that may make the call; *none* means any token. *Query* lists the
parameters of the address; `cursor` takes the `nextCursor` of the previous page. *Body* names the
schema of the request's body, which is in the OpenAPI document.
"""
_ROLE = "\n\nFor "
_METHODS = ("get", "post", "put", "patch", "delete")


def rendered(api: Document) -> str:
    """Returns the page for an OpenAPI document, with one table for each of its tags."""
    parts = [_HEAD.format(description=api["info"]["description"])]
    for tag in api["tags"]:
        rows = list(_rows(api, tag["name"]))
        parts.append(f"## {tag['name']}\n{tag['description']}\n")
        parts.append("| call | role | query | body | what it does |\n|---|---|---|---|---|")
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _rows(api: Document, tag: str) -> Iterator[str]:
    for path, item in api["paths"].items():
        for method in _METHODS:
            if tag in item.get(method, {}).get("tags", []):
                yield _row(method.upper(), path, item[method])


def _row(method: str, path: str, operation: Document) -> str:
    text, _, role = operation["description"].partition(_ROLE)
    least = role.split()[0].rstrip(".") if role else "VIEWER"
    if operation.get("security") == []:
        least = "no token"
    elif "403" not in operation["responses"]:
        least = "none"
    query = [each["name"] for each in operation.get("parameters", []) if each.get("in") == "query"]
    cells = [
        f"`{method} {path}`",
        least,
        " ".join(f"`{name}`" for name in query),
        _body(operation),
        " ".join(text.split()).replace("|", "\\|"),
    ]
    return f"| {' | '.join(cells)} |"


def _body(operation: Document) -> str:
    content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    for media in content.values():
        name = media["schema"].get("$ref", "").rpartition("/")[2]
        return f"`{name}`" if name else "JSON"
    return ""


if __name__ == "__main__":
    TARGET.write_text(rendered(document()))
    sys.stdout.write(f"wrote {TARGET.name}\n")

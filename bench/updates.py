"""Applies an update to a row in DynamoDB's typed form, for the updates that this project writes.

The answer to an update does not contain the new row. To count units, the new row is calculated from
the old one.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

Row = dict[str, Any]
_CLAUSE = re.compile(r"(SET|ADD|REMOVE) (.*?)(?= (?:SET|ADD|REMOVE) |$)")


def updated(before: Mapping[str, Any], request: Mapping[str, Any]) -> Row:
    """Returns the row after a successful UpdateItem request."""
    row: Row = {**deepcopy(dict(before)), **request["Key"]}
    names = request.get("ExpressionAttributeNames", {})
    values = request.get("ExpressionAttributeValues", {})
    for keyword, body in _CLAUSE.findall(request["UpdateExpression"]):
        for path, value in _parts(keyword, body):
            *outer, last = [names[part] for part in path.split(".")]
            place = row
            for name in outer:
                place = place.setdefault(name, {"M": {}})["M"]
            if keyword == "REMOVE":
                place.pop(last, None)
            elif keyword == "SET":
                place[last] = values[value]
            else:
                place[last] = _added(place.get(last), values[value])
    return row


def _parts(keyword: str, body: str) -> Iterator[tuple[str, str]]:
    for part in body.split(", "):
        path, _, value = part.partition(" = " if keyword == "SET" else " ")
        yield path, value


def _added(before: Mapping[str, Any] | None, more: Mapping[str, Any]) -> Row:
    ((kind, added),) = more.items()
    if before is None:
        return dict(more)
    if kind == "N":
        return {"N": str(int(before["N"]) + int(added))}
    return {kind: sorted({*before[kind], *added})}

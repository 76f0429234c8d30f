"""The parameters of lists: a list and its counts take the same filters."""

from dataclasses import dataclass
from inspect import signature
from typing import Annotated, Any

import pytest
from aws_lambda_powertools.event_handler.openapi.params import Query
from runledger.http import make_app
from runledger.routes.flattening import flattened
from runledger.routes.query.parameters import Order, Page, RunFilters

from tests.support.document import api_document


def parameters(path: str) -> list[dict[str, Any]]:
    found = api_document()["paths"][path]["get"]["parameters"]
    return [each for each in found if each.get("in") == "query"]


@pytest.mark.parametrize("name", ["runs", "refusals", "deliveries"])
def test_a_list_and_its_counts_take_the_same_filters(name: str) -> None:
    of_page = ("order", "limit", "cursor")
    listed = parameters(f"/v1/{name}")
    assert [each["name"] for each in listed[-3:]] == list(of_page)
    assert parameters(f"/v1/{name}/counts") == listed[:-3]


def test_filters_become_one_request_with_the_page_or_without() -> None:
    filters = RunFilters(automation_id="aut_1", range_="7d")
    request = filters.request(Page(order=Order.OLDEST, limit=20, cursor="next"))
    assert (request.automation_id, request.range) == ("aut_1", "7d")
    assert (request.newest_first, request.limit, request.cursor) == (False, 20, "next")
    counted = filters.request()
    assert (counted.newest_first, counted.limit, counted.cursor) == (True, 1, None)


@dataclass(frozen=True)
class Filters:
    needed: Annotated[int, Query(ge=1)]
    words: Annotated[list[str] | None, Query(alias="word")] = None


@flattened
def show(shelf: str, filters: Filters) -> dict[str, Any]:
    return {"shelf": shelf, "needed": filters.needed, "words": filters.words}


def ask(query: str, values: dict[str, str]) -> tuple[int, str]:
    app = make_app(methods=lambda _: [])
    app.get("/shelves/<shelf>")(show)
    event = {
        "version": "2.0",
        "rawPath": "/shelves/a",
        "rawQueryString": query,
        "queryStringParameters": values,
        "headers": {},
        "requestContext": {"http": {"method": "GET", "path": "/shelves/a"}, "stage": "$default"},
    }
    answer = app.resolve(event, None)  # type: ignore[arg-type]
    return answer["statusCode"], answer["body"]


def test_a_handler_takes_a_dataclasss_fields_beside_its_own_parameters() -> None:
    assert list(signature(show).parameters) == ["shelf", "needed", "words"]
    assert show.__name__ == "show"
    status, body = ask("needed=2&word=x&word=y", {"needed": "2", "word": "x,y"})
    assert (status, body) == (200, '{"shelf":"a","needed":2,"words":["x","y"]}')


@pytest.mark.parametrize(
    ("query", "values", "message"),
    [
        ("", {}, "needed: is missing"),
        ("needed=0", {"needed": "0"}, "needed: must be at least 1"),
        ("needed=1&needed=2", {"needed": "1,2"}, "needed: must be a whole number"),
        ("needed=1&words=x", {"needed": "1", "words": "x"}, "no query parameter 'words'"),
    ],
)
def test_a_wrong_field_is_named_as_a_parameter(
    query: str, values: dict[str, str], message: str
) -> None:
    status, body = ask(query, values)
    assert status == 422
    assert message in body

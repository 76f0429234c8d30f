"""No expression takes long or makes large values, on any answer."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError
from pydantic import ValidationError
from runledger.models.run import StepStatus
from runledger.nodes.integration import IntegrationConfig
from runledger.nodes.jmespath_limits import MAX_STEPS, Budget, LimitError, check, search

from tests.support.depth import examples
from tests.unit.test_node_integration import FakeHttp, call

# Seconds of processor time, with room for a slow and busy machine.
SECONDS = 1.5
ANSWER: dict[str, Any] = {
    "items": [{"price": n, "name": f"n{n}", "tags": ["a", "b"]} for n in range(6_000)],
    "text": "x" * 300_000,
    "texts": ["y"] * 100_000,
}
# On any answer.
BOMBS = [
    "|".join(["[@,@]"] * 60),
    "|".join(["{a:@,b:@}"] * 40),
    "|".join(["[@,@,@,@,@]"] * 30),
    "|".join(["[@,@][]"] * 50),
    "|".join(["to_string([@,@])"] * 25),
    "|".join(["[@,@]|map(&[@,@],@)"] * 20),
    "|".join(["merge({a:@},{b:@})"] * 20),
]
# Bombs that need a matching answer.
BOMBS_ON_ANSWER = [
    "items|" + "|".join(["[@,@]"] * 60),
    "join(text, texts)",
    "texts[*].[@,@,@,@,@,@,@,@,@,@]",
    "texts | map(&map(&[@,@], [@,@,@]), @)",
    "items[*].to_string([@,@,@,@,@,@,@,@,@])|[@,@,@,@,@,@,@,@]|[*].to_string(@)|to_string(@)",
    "sort(texts)|sort(@)|sort(@)|sort(@)|sort(@)|sort(@)",
    "[items,items,items,items,items,items][?@ == @]|[?@ == @]|[?@ == @]|[?@ == @]|[?@ == @]",
    "sort_by(items, &to_string([price,price,price,name])) | sort_by(@, &to_string(@))",
]
FINE = {
    "items[-1].name": "n5999",
    "length(items)": 6_000,
    "items[?price > `5990`].name | [0]": "n5991",
    "sort_by(items, &price)[-1].price": 5_999,
    "max_by(items, &price).name": "n5999",
    "sum(items[*].price)": 17_997_000,
    "items[0].{n: name, all: tags[]}": {"n": "n0", "all": ["a", "b"]},
    "join('-', items[:3].name)": "n0-n1-n2",
    "items[].tags[] | length(@)": 12_000,
    "contains(text, 'x') && !contains(text, 'z')": True,
    "not_null(nothing, items[0].name)": "n0",
}


def timed(expression: str, document: Any, budget: Budget | None = None) -> Any:
    began = time.thread_time()
    try:
        return search(expression, document, budget or Budget())[0]
    finally:
        assert time.thread_time() - began < SECONDS


@pytest.mark.parametrize("expression", BOMBS)
def test_an_expression_bomb_is_refused_on_save(expression: str) -> None:
    began = time.thread_time()
    with pytest.raises(ValidationError, match="needs too much work"):
        IntegrationConfig.model_validate({"url": "https://x.example", "capture": {"a": expression}})
    assert time.thread_time() - began < SECONDS
    with pytest.raises(LimitError):
        timed(expression, ANSWER)


@pytest.mark.parametrize("expression", BOMBS_ON_ANSWER)
def test_an_expression_bomb_that_needs_an_answer_fails_the_node(expression: str) -> None:
    check(expression)
    began = time.thread_time()
    result = call(FakeHttp(json.dumps(ANSWER).encode()), capture={"a": expression})
    assert time.thread_time() - began < 2 * SECONDS
    assert result.status is StepStatus.FAILED and result.error is not None
    assert result.error.kind in ("CAPTURE_LIMIT", "OUTPUT_TOO_LARGE")


def test_the_error_names_the_exceeded_limit() -> None:
    result = call(FakeHttp(json.dumps(ANSWER).encode()), capture={"a": BOMBS_ON_ANSWER[0]})
    assert result.error is not None
    assert result.error.message == (
        f"`a` could not be captured with the expression `{BOMBS_ON_ANSWER[0]}`: the expression "
        "makes a value that is too large (an expression may take at most "
        f"{MAX_STEPS} steps and 2 MB)"
    )


@pytest.mark.parametrize("expression", FINE)
def test_usual_expressions_stay_within_the_limits(expression: str) -> None:
    check(expression)
    assert timed(expression, ANSWER) == FINE[expression]


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 240 + "a" + ")" * 240,
        "[" * 240 + "a" + "]" * 240,
        "!" * 480 + "a",
        "{a:" * 120 + "b" + "}" * 120,
        "not_null(" * 50 + "a" + ")" * 50 + "[*]" * 20,
        "|".join(["a"] * 200),
        "a" + "[*]" * 160,
        "a" + "[]" * 240,
        "a" + "||a" * 160,
    ],
)
def test_a_deep_expression_never_crashes(expression: str) -> None:
    try:
        check(expression)
    except ValueError as error:
        assert "nested too deeply" in str(error)
        return
    timed(expression, {"a": ANSWER["items"][:3]})


def test_a_deep_value_is_refused() -> None:
    deep: Any = 1
    for _ in range(95):
        deep = [deep]
    assert timed("[[@]]", deep) == [[deep]]
    with pytest.raises(LimitError, match="nested too deeply"):
        timed("[[[[[[@]]]]]]", deep)


def test_all_captures_of_an_answer_share_a_budget() -> None:
    budget = Budget(60_000)
    with pytest.raises(LimitError, match="too many steps"):
        for _ in range(10):
            timed("items[*].price", ANSWER, budget)
    assert budget.left == 0


@pytest.mark.parametrize("expression", ["&a", "[&a]", "to_array(&a)", "{a: &a}"])
def test_a_reference_to_an_expression_is_not_a_value(expression: str) -> None:
    result = call(FakeHttp(b'{"a": 1}'), capture={"x": expression})
    assert result.error is not None and result.error.kind == "CAPTURE_FAILED"


PICKING = ("[]", "[*]", "@", "a", "[?@]", "*", "values(@)", "keys(@)", "sort(@)", "reverse(@)")
MAKING = ("[@,@]", "{a:@}", "to_string(@)", "map(&[@,@],@)", "join(',',@)", "[@,@,@,@]")
PIECES = st.sampled_from([*PICKING, *MAKING])


@settings(deadline=None, max_examples=examples(150))
@given(st.lists(PIECES, min_size=1, max_size=40).map("|".join))
def test_no_chain_takes_long_or_makes_large_values(expression: str) -> None:
    document = {"a": [1, "b", {"a": ["c"] * 50}], "b": "x" * 1_000}
    try:
        made = timed(expression, document)
    except (JMESPathError, TypeError, ValueError, LookupError, ArithmeticError):
        return
    began = time.thread_time()
    assert len(json.dumps(made)) < 16 * 2**20
    assert time.thread_time() - began < SECONDS

"""A template's work is limited: its text, its values and its time."""

import sys
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runledger.errors import NodeError
from runledger.template_limits import MAX_OUTPUT_BYTES, MAX_SECONDS
from runledger.templating import evaluate, render

from tests.support.depth import examples

SCOPE: dict[str, Any] = {
    "trigger": {
        "big": "x" * 50_000,
        "angles": "<" * 200_000,
        "needle": "<" * 100_000 + "x",
        "words": " ".join(map(str, range(20_000))),
        "numbers": list(range(50_000)),
        "items": [{"k": list(range(2_000))} for _ in range(20)],
    }
}


def _doubled(start: str, step: str, times: int) -> str:
    return f"{{% assign a = {start} %}}{{% for i in (1..{times}) %}}{step}{{% endfor %}}"


ATTACKS = {
    "squared number": _doubled("9", "{% assign a = a | times: a %}", 40),
    "number of many digits": "{{ '1e9999999' | at_least: 1 }}",
    "doubled list": _doubled("trigger.big | split: '~'", "{% assign a = a | concat: a %}", 16),
    "doubled list, joined": _doubled(
        "trigger.big | split: '~'", "{% assign a = a | concat: a %}", 4
    )
    + "{{ a | join: trigger.big | size }}",
    "lists of lists": _doubled("trigger.items", "{% assign a = a | concat: a %}", 10)
    + "{{ a | map: 'k' | sort | size }}",
    "doubled JSON": _doubled(
        "trigger.items", "{% assign a = a | json | split: 'zz' | concat: a %}", 30
    ),
    "doubled capture": "{% capture a %}{{ trigger.big }}{% endcapture %}"
    "{% for i in (1..30) %}{% capture a %}{{ a }}{{ a }}{% endcapture %}{% endfor %}",
    "doubled append": _doubled("trigger.big", "{% assign a = a | append: a %}", 60),
    "multiplying replace": "{{ trigger.big | replace: 'x', trigger.big | size }}",
    "nested loops": "{% for i in (1..9999) %}{% for j in (1..9999) %}{% endfor %}{% endfor %}",
    "nested table rows": "{% tablerow i in (1..9999) %}{% tablerow j in (1..9999) %}"
    "{% endtablerow %}{% endtablerow %}",
    "huge range": "{% for i in (1..99999999999) %}{% endfor %}",
    "huge range, joined": "{{ (1..99999999999) | join: ',' }}",
    "much within a turn": "{% for i in (1..10000) %}"
    + "{% if true %}{% endif %}" * 3_000
    + "{% endfor %}",
    "many names": "{% for i in (1..10000) %}"
    + "".join(f"{{% assign a{i} = 1 %}}" for i in range(3_000))
    + "{% endfor %}",
    "long conditions": "{% for i in (1..10000) %}{% if "
    + "true and " * 400
    + "true %}{% endif %}{% endfor %}",
    "long cases": "{% for i in (1..10000) %}{% case 1 %}{% when "
    + ", ".join(map(str, range(2, 9_000)))
    + " %}{% endcase %}{% endfor %}",
    "long paths": "{% for i in (1..10000) %}{% if trigger."
    + "items." * 9_000
    + "x %}{% endif %}{% endfor %}",
    "large comparisons": "{% assign a = trigger.words | split: ' ' %}"
    "{% assign b = trigger.words | split: ' ' %}"
    "{% for i in (1..10000) %}{% if a == b %}{% endif %}{% endfor %}",
    "large searches": "{% for i in (1..10000) %}"
    "{% if trigger.angles contains trigger.needle %}{% endif %}{% endfor %}",
    "each with each": "{{ trigger.words | split: ' ' | uniq | size }}",
    "markup taken out": "{% for i in (1..5000) %}{% assign a = trigger.angles | strip_html %}"
    "{% endfor %}",
    "large filters": "{% for i in (1..10000) %}{{ trigger.big | url_encode | size }}{% endfor %}",
    "moments of long texts": "{% for i in (1..10000) %}{{ trigger.big | date: '%Y' }}{% endfor %}",
    "deep blocks": "{% if true %}" * 3_000 + "{% endif %}" * 3_000,
    "deep brackets": "{{ trigger" + "[trigger" * 3_000 + "]" * 3_000 + " }}",
    "a file": "{% include 'a' %}",
    "itself": "{% render 'a' %}",
}


@pytest.mark.parametrize("source", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_is_refused_in_time(source: str) -> None:
    begun = time.thread_time()
    with pytest.raises(NodeError) as caught:
        evaluate(source, SCOPE)
    assert caught.value.kind in ("TEMPLATE_LIMIT", "TEMPLATE_ERROR")
    assert time.thread_time() - begun < 2 * MAX_SECONDS + 1


def test_useful_templates_stay_far_below_the_limits() -> None:
    rows = "{% for i in trigger.numbers limit: 2000 %}{{ i | times: 2 | append: ', ' }}{% endfor %}"
    assert render(rows, SCOPE).startswith("0, 2, 4, ")
    assert render("{{ trigger.numbers | reverse | first }}.", SCOPE) == "49999."
    few = {"words": " ".join(map(str, [*range(500), *range(500)]))}
    assert evaluate("{{ words | split: ' ' | uniq | size }}", few) == 500
    assert evaluate("{{ t | replace: 'a', big }}", {"t": "a" + "b" * 2_000, "big": "c" * 2_000})


def test_a_text_that_is_not_a_date_stays_unchanged() -> None:
    assert render("{{ t | date: '%Y' }}.", {"t": "x" * 300}) == "x" * 300 + "."
    assert render("{{ '2026-03-01' | date: '%Y' }}.", {}) == "2026."


_expressions = st.sampled_from(
    ["a", "b", "trigger.big", "trigger.numbers", "trigger.items", "(1..3000)", "'x'", "7"]
)
_filters = st.sampled_from(
    [
        "concat: b",
        "append: a",
        "join: a",
        "json",
        "replace: 'x', a",
        "split: ''",
        "times: 99999",
        "escape",
        "url_encode",
        "map: 'k'",
        "uniq",
        "sort",
        "reverse",
        "base64_encode",
    ]
)
_statements = st.builds(
    lambda name, value, filters: f"{{% assign {name} = {' | '.join([value, *filters])} %}}",
    st.sampled_from(["a", "b"]),
    _expressions,
    st.lists(_filters, max_size=4),
) | _expressions.map(lambda value: f"{{{{ {value} }}}}")
_blocks = st.recursive(
    _statements,
    lambda inner: st.builds(
        lambda turns, parts: f"{{% for i in (1..{turns}) %}}{''.join(parts)}{{% endfor %}}",
        st.sampled_from([2, 50, 10_000]),
        st.lists(inner, min_size=1, max_size=4),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=examples(60))
@given(blocks=st.lists(_blocks, min_size=1, max_size=5))
def test_every_template_ends_in_time_with_a_small_result(blocks: list[str]) -> None:
    source = "{% assign a = 'x' %}{% assign b = trigger.numbers %}" + "".join(blocks) + "."
    begun = time.thread_time()
    try:
        text = render(source, SCOPE)
    except NodeError as error:
        assert error.kind in ("MISSING_VARIABLE", "TEMPLATE_ERROR", "TEMPLATE_LIMIT")
    else:
        assert len(text.encode()) <= MAX_OUTPUT_BYTES
    assert time.thread_time() - begun < 2 * MAX_SECONDS + 1


@pytest.mark.parametrize("limit", [1_000, 50_000])
def test_brackets_are_counted_at_every_recursion_limit(limit: int) -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        with pytest.raises(NodeError) as caught:
            evaluate("{{ trigger" + "[trigger" * 51 + "]" * 51 + " }}", SCOPE)
    finally:
        sys.setrecursionlimit(before)
    assert caught.value.kind == "TEMPLATE_ERROR"
    assert "nested too deeply" in str(caught.value)
    assert (
        render("[" * 60 + "{{ trigger.numbers[0] }}" + "]" * 60, SCOPE) == f"{'[' * 60}0{']' * 60}"
    )


def test_a_missing_variable_with_a_long_name_is_shortened() -> None:
    with pytest.raises(NodeError) as caught:
        evaluate("{{ trigger[trigger] }}", SCOPE)
    assert caught.value.kind == "MISSING_VARIABLE"
    assert len(str(caught.value)) < 400

"""Merge patches, by the examples of RFC 7396, and documents derived from models."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.api.automations import AutomationView
from runledger.api.contacts import ContactView
from runledger.api.documents import merge_patch
from runledger.api.segments import SegmentView
from runledger.api.templates import TemplateView
from runledger.models.automation import AutomationDocument
from runledger.models.base import WireModel
from runledger.models.contact import ContactDocument
from runledger.models.template import TemplateDocument
from runledger.nodes.segment_rules import SegmentDocument
from runledger.routes.api import documents

# RFC 7396, appendix A: original, patch, result.
EXAMPLES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("original", "patch", "result"), EXAMPLES)
def test_the_published_examples(original: Any, patch: Any, result: Any) -> None:
    assert merge_patch(original, patch) == result


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_json, _json)
def test_a_patch_applied_twice_gives_the_same_result(target: Any, patch: Any) -> None:
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once


@given(st.dictionaries(st.text(max_size=3), _json, max_size=3))
def test_an_empty_patch_changes_nothing(target: dict[str, Any]) -> None:
    assert merge_patch(target, {}) == target


RESOURCES: list[tuple[type[WireModel], type[WireModel], str]] = [
    (ContactDocument, ContactView, "Contact"),
    (TemplateDocument, TemplateView, "Template"),
    (SegmentDocument, SegmentView, "Segment"),
    (AutomationDocument, AutomationView, "Automation"),
]


@pytest.mark.parametrize(("document", "view", "name"), RESOURCES)
def test_a_replacement_accepts_every_field_of_the_answer(
    document: type[WireModel], view: type[WireModel], name: str
) -> None:
    replacement = getattr(documents, f"{name}Replacement")
    fields = set(replacement.model_fields)
    assert fields == set(document.model_fields) | set(view.model_fields) | {"id", "revision"}


@pytest.mark.parametrize(("document", "view", "name"), RESOURCES)
def test_a_patch_requires_nothing_and_has_every_writable_field(
    document: type[WireModel], view: type[WireModel], name: str
) -> None:
    patch = getattr(documents, f"{name}Patch")
    assert set(patch.model_fields) == set(document.model_fields) | {"revision"}
    assert not any(field.is_required() for field in patch.model_fields.values())
    assert "required" not in patch.model_json_schema()
